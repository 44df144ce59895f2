/// A status message without the id of the instance that it names: ids are others in each run.
pub(crate) fn without_instance(text: &str) -> String {
    let name = text.split_once("the instance ").and_then(|(_, rest)| rest.split(' ').next());
    name.filter(|name| !name.is_empty()).map_or_else(|| text.to_owned(), |name| text.replace(name, "X"))
}
