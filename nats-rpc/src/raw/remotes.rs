use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Remote;
use crate::spec::Method;

/// So many services are found without a lock; hardly any process calls more.
const PLACES: usize = 64;

/// What a channel knows of the services that it calls.
pub(crate) struct Remotes {
    places: [OnceLock<Arc<Remote>>; PLACES],
    more: Mutex<HashMap<String, Arc<Remote>>>,
}

impl Remotes {
    pub(crate) fn new() -> Self {
        Self { places: [const { OnceLock::new() }; PLACES], more: Mutex::default() }
    }

    /// The service of a method, which is made when it is called for the first time.
    pub(crate) fn of(&self, method: &Method, make: impl Fn() -> Remote) -> Arc<Remote> {
        let service = method.service();
        let first = method.service_hash() as usize;
        for place in (0..PLACES).map(|step| &self.places[(first + step) % PLACES]) {
            let remote = place.get_or_init(|| Arc::new(make()));
            if remote.service() == service {
                return Arc::clone(remote);
            }
        }
        let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        let remote = more.entry(service.to_owned()).or_insert_with(|| Arc::new(make()));
        Arc::clone(remote)
    }
}

impl fmt::Debug for Remotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.places.iter().filter_map(OnceLock::get).map(|remote| remote.service());
        f.debug_set().entries(known).finish()
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
