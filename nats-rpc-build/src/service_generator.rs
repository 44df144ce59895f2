use std::collections::BTreeMap;
use std::fmt;

use nats_rpc_codegen::tokens;
use prost_reflect::{DescriptorPool, ServiceDescriptor};

use crate::comments::Comments;
use crate::error::Error;
use crate::format;
use crate::links::{Links, Place};
use crate::lower::{Settings, Source, lower};
use crate::package::{descriptor_set, parse};
use crate::prost::full_name;
use crate::switches::Switches;

/// Adds clients and servers to the messages that a build script generates with prost itself, or with another generator
/// around prost. [`Config::service_generator`](crate::Config::service_generator) makes it.
pub struct ServiceGenerator {
    pool: DescriptorPool,
    runtime: syn::Path,
    switches: Switches,
    others: Vec<Box<dyn prost_build::ServiceGenerator>>,
}

impl ServiceGenerator {
    pub(crate) fn new(pool: DescriptorPool, runtime: syn::Path, switches: Switches) -> Self {
        Self { pool, runtime, switches, others: Vec::new() }
    }

    /// Runs another generator too: prost takes one only.
    #[must_use]
    pub fn and(mut self, other: Box<dyn prost_build::ServiceGenerator>) -> Self {
        self.others.push(other);
        self
    }

    fn code(&self, service: &prost_build::Service, descriptor: &ServiceDescriptor) -> Result<String, Error> {
        let settings = Settings {
            runtime: self.runtime.clone(),
            switches: &self.switches,
            descriptor_set: descriptor_set(descriptor.package_name()),
            comments: &Comments::default(),
            // What prost writes is not known here.
            links: &Links::new(&self.pool, self.switches.parts, false, &BTreeMap::new()),
            place: Place { package: descriptor.package_name(), modules: &[] },
        };
        let source = Source { prost: service, descriptor };
        let items = parse(tokens::service(&lower(&source, &settings)?))?;
        Ok(format::items(items))
    }
}

impl prost_build::ServiceGenerator for ServiceGenerator {
    fn generate(&mut self, service: prost_build::Service, buf: &mut String) {
        let name = full_name(&service);
        let code = match self.pool.get_service_by_name(&name) {
            Some(descriptor) => self.code(&service, &descriptor).map_err(|error| error.to_string()),
            None => {
                Err(format!("`{name}` is in none of the files that `Config::service_generator` was given"))
            }
        };
        // prost takes no errors from here, but rustc does.
        buf.push_str(&code.unwrap_or_else(|error| format!("::core::compile_error!({error:?});\n")));
        for other in &mut self.others {
            other.generate(service.clone(), buf);
        }
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

impl fmt::Debug for ServiceGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceGenerator").field("switches", &self.switches).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use prost_build::ServiceGenerator as _;
    use prost_reflect::DescriptorPool;

    use super::ServiceGenerator;
    use crate::switches::Switches;

    #[test]
    fn what_was_not_read_is_an_error_of_rustc() {
        let path = syn::parse_quote!(::nats_rpc);
        let mut generator = ServiceGenerator::new(DescriptorPool::new(), path, Switches::default());
        let mut code = String::new();
        let service = prost_build::Service {
            name: "Greeter".to_owned(),
            proto_name: "Greeter".to_owned(),
            package: "greeter.v1".to_owned(),
            comments: prost_build::Comments::default(),
            methods: Vec::new(),
            options: prost_types::ServiceOptions::default(),
        };
        generator.generate(service, &mut code);
        let message =
            "`greeter.v1.Greeter` is in none of the files that `Config::service_generator` was given";
        assert_eq!(code, format!("::core::compile_error!({message:?});\n"));
    }
}
