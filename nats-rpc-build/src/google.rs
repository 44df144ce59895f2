use prost_reflect::{DescriptorPool, FileDescriptor};

/// The package of the well-known types.
const PACKAGE: &str = "google.protobuf";

/// Messages that prost makes Rust's own types of.
const PLAIN: [(&str, &str); 10] = [
    ("BoolValue", "bool"),
    ("BytesValue", "::prost::alloc::vec::Vec<u8>"),
    ("DoubleValue", "f64"),
    ("Empty", "()"),
    ("FloatValue", "f32"),
    ("Int32Value", "i32"),
    ("Int64Value", "i64"),
    ("StringValue", "::prost::alloc::string::String"),
    ("UInt32Value", "u32"),
    ("UInt64Value", "u64"),
];

/// Lets prost generate what is in the package of the well-known types, or below it, and is none of them. By itself it
/// looks for everything there in `prost_types`.
pub(crate) fn share_package(prost: &mut prost_build::Config, pool: &DescriptorPool, runtime: &str) {
    if !pool.files().any(|file| is_in_package(&file) && !is_well_known(&file)) {
        return;
    }
    prost.compile_well_known_types();
    for file in pool.files().filter(|file| is_in_package(file) && is_well_known(file)) {
        let messages = file.messages().map(|message| message.full_name().to_owned());
        for name in messages.chain(file.enums().map(|item| item.full_name().to_owned())) {
            prost.extern_path(format!(".{name}"), rust_path(&name, runtime));
        }
    }
}

fn is_in_package(file: &FileDescriptor) -> bool {
    let rest = file.package_name().strip_prefix(PACKAGE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether it is one of the files that come with protobuf, whose types are in `prost_types`.
fn is_well_known(file: &FileDescriptor) -> bool {
    DescriptorPool::global().get_file_by_name(file.name()).is_some()
}

fn rust_path(full_name: &str, runtime: &str) -> String {
    let name = full_name.strip_prefix(PACKAGE).unwrap_or(full_name).trim_start_matches('.');
    match PLAIN.iter().find(|(plain, _)| *plain == name) {
        Some((_, rust)) => rust.replace("::prost::", &format!("{runtime}::codegen::prost::")),
        None => format!("{runtime}::codegen::prost_types::{}", name.replace('.', "::")),
    }
}

#[cfg(test)]
mod tests {
    use super::rust_path;

    #[test]
    fn types_are_where_prost_has_them() {
        for (name, path) in [
            ("Timestamp", "::n::codegen::prost_types::Timestamp"),
            ("compiler.Version", "::n::codegen::prost_types::compiler::Version"),
            ("StringValue", "::n::codegen::prost::alloc::string::String"),
            ("Empty", "()"),
        ] {
            assert_eq!(rust_path(&format!("google.protobuf.{name}"), "::n"), path);
        }
    }
}
