use std::fmt;
use std::sync::Arc;

use super::{Places, Remote};
use crate::spec::Method;

/// So many services are found without a lock; hardly any process calls more.
const PLACES: usize = 64;

/// What a channel knows of the services that it calls.
pub(crate) struct Remotes(Places<Arc<Remote>, PLACES>);

impl Remotes {
    pub(crate) fn new() -> Self {
        Self(Places::new())
    }

    /// The service of a method, which is made when it is called for the first time.
    pub(crate) fn of(&self, method: &Method, make: impl Fn() -> Remote) -> Arc<Remote> {
        let is = |remote: &Arc<Remote>| remote.service() == method.service();
        Arc::clone(self.0.of(method.service_hash(), is, || Arc::new(make())))
    }
}

impl fmt::Debug for Remotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.known().map(|remote| remote.service())).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PLACES, Remote, Remotes};
    use crate::spec::{Kind, Method};

    #[tokio::test]
    async fn each_service_is_one_however_many_there_are() {
        let remotes = Remotes::new();
        let of = |n: usize| {
            let method = Method::dynamic(format!("a.S{n}"), "Do", Kind::Unary);
            remotes.of(&method, || Remote::new(method.service(), "svc.a"))
        };
        let first: Vec<_> = (0..PLACES * 2).map(of).collect();
        for (n, remote) in first.iter().enumerate() {
            assert_eq!(remote.service(), format!("a.S{n}"));
            assert!(Arc::ptr_eq(remote, &of(n)));
        }
    }
}
