//! Compares nats-rpc with what else one could use; `cargo xtask bench` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    compare::main()
}
