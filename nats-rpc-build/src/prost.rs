use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use prost_build::{Module, ServiceGenerator};
use prost_reflect::FileDescriptor;

use crate::check;
use crate::comments::Comments;
use crate::config::Config;
use crate::error::Error;
use crate::load::Loaded;
use crate::paragraphs::Paragraphs;

/// What prost has made.
pub(crate) struct ByProst {
    /// The messages of each package.
    pub(crate) code: BTreeMap<Module, String>,
    /// The services with the types that it resolved, by full name.
    pub(crate) services: BTreeMap<String, prost_build::Service>,
}

impl ByProst {
    /// Makes the messages of these files, and takes their comments aside.
    pub(crate) fn run<'a>(
        config: &mut Config,
        files: impl Iterator<Item = (&'a Module, &'a FileDescriptor)> + Clone,
        comments: &mut Comments,
        loaded: &Loaded,
    ) -> Result<Self, Error> {
        let requests = files.clone().map(|(module, file)| {
            let paragraphs =
                loaded.sources.text(file.name()).map(|text| Paragraphs::of(&text)).unwrap_or_default();
            let mut file = file.file_descriptor_proto().clone();
            comments.take(&mut file, &paragraphs);
            (module.clone(), file)
        });
        let requests = requests.collect();
        let services = Rc::default();
        let collector = Collector { services: Rc::clone(&services), others: mem::take(&mut config.others) };
        config.prost.service_generator(Box::new(collector));
        let code = without_panic(|| config.prost.generate(requests))
            .and_then(|code| code.map_err(|error| error.to_string()))
            .map_err(|error| {
                let reports: Vec<_> = files.flat_map(|(_, file)| check::values(file, loaded)).collect();
                Error::of_any(&reports).err().unwrap_or_else(|| {
                    Error::plain(format!("prost can't generate the messages: {error}"), "see `Config::prost`")
                })
            })?;
        let services = services.take();
        Ok(Self { code: code.into_iter().collect(), services })
    }
}

/// What `run` returns, or the text with which it panics: prost reports names that clash so.
pub(crate) fn without_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(hook);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Keeps the services that prost has read, and writes only what other generators do.
struct Collector {
    services: Rc<RefCell<BTreeMap<String, prost_build::Service>>>,
    others: Vec<Box<dyn ServiceGenerator>>,
}

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: prost_build::Service, buf: &mut String) {
        for other in &mut self.others {
            other.generate(service.clone(), buf);
        }
        self.services.borrow_mut().insert(full_name(&service), service);
    }

    fn finalize(&mut self, buf: &mut String) {
        for other in &mut self.others {
            other.finalize(buf);
        }
    }

    fn finalize_package(&mut self, package: &str, buf: &mut String) {
        for other in &mut self.others {
            other.finalize_package(package, buf);
        }
    }
}

/// The name of a service with its package.
pub(crate) fn full_name(service: &prost_build::Service) -> String {
    let package = if service.package.is_empty() { String::new() } else { format!("{}.", service.package) };
    format!("{package}{}", service.proto_name)
}
