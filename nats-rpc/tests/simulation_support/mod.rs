//! What deterministic simulations share: the processes of a run, what goes wrong in it, and how seeds are tried.

pub(crate) mod chaos;
pub(crate) mod log;
pub(crate) mod scene;
pub(crate) mod seeds;
pub(crate) mod tap;
pub(crate) mod totals;
pub(crate) mod wording;
