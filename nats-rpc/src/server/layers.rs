use std::fmt;

use tower_layer::Layer;

use super::{Mount, Route};
use crate::raw::CallService;

/// The layers around all services of a server, the one that sees calls first at the end.
#[derive(Default)]
pub(super) struct Layers(Vec<Box<dyn Fn(Mount) -> Mount + Send + Sync>>);

impl Layers {
    pub(super) fn add<L>(&mut self, layer: L)
    where
        L: Layer<Route> + Send + Sync + 'static,
        L::Service: CallService,
    {
        self.0.push(Box::new(move |mount| mount.layer(&layer)));
    }

    /// Puts them around a service, outside of its own.
    pub(super) fn around(&self, mount: Mount) -> Mount {
        self.0.iter().fold(mount, |mount, layer| layer(mount))
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} layers", self.0.len())
    }
}
