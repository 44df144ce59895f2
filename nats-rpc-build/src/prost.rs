use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use prost_build::{Module, ServiceGenerator};
use prost_reflect::FileDescriptor;

use crate::check;
use crate::comments::Comments;
use crate::error::Error;
use crate::load::Loaded;
use crate::paragraphs::Paragraphs;
use crate::source;

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
        prost: &mut prost_build::Config,
        files: impl Iterator<Item = (&'a Module, &'a FileDescriptor)> + Clone,
        comments: &mut Comments,
        loaded: &Loaded,
    ) -> Result<Self, Error> {
        let requests = files.clone().map(|(module, file)| {
            let paragraphs = source::text(file, loaded).map(|text| Paragraphs::of(&text)).unwrap_or_default();
            let mut file = file.file_descriptor_proto().clone();
            comments.take(&mut file, &paragraphs);
            (module.clone(), file)
        });
        let requests = requests.collect();
        let collected = Collector::default();
        prost.service_generator(Box::new(collected.clone()));
        let code = without_panic(|| prost.generate(requests))
            .and_then(|code| code.map_err(|error| error.to_string()))
            .map_err(|error| {
                let reports: Vec<_> = files.flat_map(|(_, file)| check::values(file, loaded)).collect();
                Error::of_any(&reports).err().unwrap_or_else(|| {
                    Error::plain(format!("prost can't generate the messages: {error}"), "see `Config::prost`")
                })
            })?;
        let services = mem::take(&mut *collected.0.borrow_mut());
        Ok(Self { code: code.into_iter().collect(), services })
    }
}

/// What `run` returns, or the text with which it panics: prost reports names that clash so.
fn without_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(hook);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Keeps the services that prost has read, and writes nothing.
#[derive(Clone, Default)]
struct Collector(Rc<RefCell<BTreeMap<String, prost_build::Service>>>);

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: prost_build::Service, _: &mut String) {
        let package =
            if service.package.is_empty() { String::new() } else { format!("{}.", service.package) };
        self.0.borrow_mut().insert(format!("{package}{}", service.proto_name), service);
    }
}
