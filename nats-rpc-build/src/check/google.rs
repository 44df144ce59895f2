use prost_reflect::FileDescriptor;

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Refuses packages below `google.protobuf`: prost would look for all their types in `prost_types`.
pub(crate) fn google(file: &FileDescriptor, loaded: &Loaded) -> Option<Report> {
    let package = file.package_name().strip_prefix("google.protobuf.")?;
    (package != "compiler").then(|| {
        let message =
            format!("the package `{}` is below `google.protobuf`, which is Google's", file.package_name());
        report(loaded, message, "take a package of another name", &Declared::new(file, &[2]), None)
    })
}
