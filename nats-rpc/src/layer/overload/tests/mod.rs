//! The parts on their own; the layer as a whole is shown in `tests/overload`.

mod gradient;
mod model;
mod pace;
mod queue;
mod seats;
