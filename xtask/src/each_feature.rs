//! Every published library must compile without features and with each one alone.

use crate::{
    cargo::{self, items},
    error::Error,
};
use serde_json::Value;

pub(crate) fn run() -> Result<(), Error> {
    for (name, features) in libraries(&cargo::metadata(&["--no-deps"])?) {
        let check = ["check", "--quiet", "--package", &name, "--no-default-features"];
        println!("{name} without features");
        cargo::run(&check)?;
        for feature in features {
            println!("{name} with {feature}");
            cargo::run(&[&check[..], &["--features", &feature]].concat())?;
        }
    }
    Ok(())
}

/// The published libraries with their features.
fn libraries(metadata: &Value) -> Vec<(String, Vec<String>)> {
    let is_library =
        |target: &Value| items(&target["kind"]).any(|kind| kind == "lib" || kind == "proc-macro");
    items(&metadata["packages"])
        // `publish = false` is an empty list of registries here.
        .filter(|package| package["publish"].is_null())
        .filter(|package| items(&package["targets"]).any(is_library))
        .filter_map(|package| {
            let features = package["features"].as_object()?.keys().cloned().collect();
            Some((package["name"].as_str()?.to_owned(), features))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::libraries;
    use serde_json::json;

    #[test]
    fn private_crates_and_programs_are_left_out() {
        let metadata = json!({"packages": [
            {"name": "a", "publish": null, "targets": [{"kind": ["lib"]}], "features": {"x": [], "default": ["x"]}},
            {"name": "b", "publish": null, "targets": [{"kind": ["proc-macro"]}], "features": {}},
            {"name": "c", "publish": null, "targets": [{"kind": ["bin"]}], "features": {}},
            {"name": "d", "publish": [], "targets": [{"kind": ["lib"]}], "features": {}},
        ]});
        let list = libraries(&metadata);
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].0, "a");
        assert_eq!(list[0].1.len(), 2);
        assert_eq!(list[1].0, "b");
    }
}
