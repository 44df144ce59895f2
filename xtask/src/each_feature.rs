//! Every published library must compile without features and with each one alone. So must the generated code, which can
//! be behind features.

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

/// The published libraries, and private ones that have features, with their features.
fn libraries(metadata: &Value) -> Vec<(String, Vec<String>)> {
    let is_library =
        |target: &Value| items(&target["kind"]).any(|kind| kind == "lib" || kind == "proc-macro");
    items(&metadata["packages"])
        // `publish = false` is an empty list of registries here.
        .filter(|package| package["publish"].is_null() || has_features(package))
        .filter(|package| items(&package["targets"]).any(is_library))
        .filter_map(|package| {
            let features = package["features"].as_object()?.keys().cloned().collect();
            Some((package["name"].as_str()?.to_owned(), features))
        })
        .collect()
}

fn has_features(package: &Value) -> bool {
    package["features"].as_object().is_some_and(|features| !features.is_empty())
}

#[cfg(test)]
mod tests {
    use super::libraries;
    use serde_json::json;

    #[test]
    fn programs_and_private_crates_without_features_are_left_out() {
        let metadata = json!({"packages": [
            {"name": "a", "publish": null, "targets": [{"kind": ["lib"]}], "features": {"x": [], "default": ["x"]}},
            {"name": "b", "publish": null, "targets": [{"kind": ["proc-macro"]}], "features": {}},
            {"name": "c", "publish": null, "targets": [{"kind": ["bin"]}], "features": {}},
            {"name": "d", "publish": [], "targets": [{"kind": ["lib"]}], "features": {}},
            {"name": "e", "publish": [], "targets": [{"kind": ["lib"]}], "features": {"x": []}},
        ]});
        let list = libraries(&metadata);
        let names: Vec<_> = list.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "e"]);
        assert_eq!(list[0].1.len(), 2);
    }
}
