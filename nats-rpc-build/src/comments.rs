use nats_rpc_codegen::docs::Docs;
use prost_types::FileDescriptorProto;

use crate::links::{Links, Place};
use crate::paragraphs::Paragraphs;

/// Comments, kept aside while prost generates code.
///
/// prost would print them with changes of its own. So it gets a mark in place of each, and the marks are replaced by
/// documentation afterwards.
#[derive(Debug, Default)]
pub(crate) struct Comments(Vec<String>);

const MARK: &str = "nats-rpc-comment-";

impl Comments {
    /// Puts marks in place of all comments of a file; `paragraphs` are those of its text.
    pub(crate) fn take(&mut self, file: &mut FileDescriptorProto, paragraphs: &Paragraphs) {
        for location in file.source_code_info.iter_mut().flat_map(|info| &mut info.location) {
            location.leading_detached_comments.clear();
            let parts = [location.leading_comments.take(), location.trailing_comments.take()];
            let parts: Vec<_> =
                parts.into_iter().flatten().map(|comment| paragraphs.restore(comment)).collect();
            if !parts.is_empty() {
                location.leading_comments = Some(format!(" {MARK}{}\n", self.0.len()));
                self.0.push(parts.join("\n\n"));
            }
        }
    }

    /// The documentation that a line of a comment stands for, if it is a mark, with links as they are at a place.
    pub(crate) fn docs(&self, line: &str, links: &Links<'_>, place: Place<'_>) -> Option<Docs> {
        let index: usize = line.trim().strip_prefix(MARK)?.parse().ok()?;
        self.0.get(index).map(|comment| Docs::linked(comment, &|name| links.path(name, place)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nats_rpc_codegen::ir::Parts;
    use prost_reflect::DescriptorPool;
    use prost_types::source_code_info::Location;
    use prost_types::{FileDescriptorProto, SourceCodeInfo};

    use super::Comments;
    use crate::links::{Links, Place};
    use crate::paragraphs::Paragraphs;

    #[test]
    fn a_mark_stands_for_what_was_before_and_behind() {
        let location = Location {
            leading_detached_comments: vec![" Detached.\n".to_owned()],
            leading_comments: Some(" Before.\n".to_owned()),
            trailing_comments: Some(" Behind.\n".to_owned()),
            ..Location::default()
        };
        let source_code_info = Some(SourceCodeInfo { location: vec![location, Location::default()] });
        let mut file = FileDescriptorProto { source_code_info, ..FileDescriptorProto::default() };
        let mut comments = Comments::default();
        comments.take(&mut file, &Paragraphs::default());
        let locations = file.source_code_info.expect("kept").location;
        assert_eq!(locations[1], Location::default());
        assert_eq!(
            (&locations[0].leading_detached_comments, &locations[0].trailing_comments),
            (&vec![], &None)
        );
        let pool = DescriptorPool::new();
        let links = Links::new(&pool, Parts::default(), true, &BTreeMap::new());
        let docs = |line| comments.docs(line, &links, Place { package: "", modules: &[] });
        let mark = docs(locations[0].leading_comments.as_deref().expect("a mark")).expect("docs");
        assert_eq!(mark.lines(), [" Before.", "", " Behind."]);
        assert_eq!(docs(" Something else."), None);
    }
}
