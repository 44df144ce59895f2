use std::collections::{BTreeMap, HashSet};

use ::prost::DecodeError;
use ::prost::encoding::{self, DecodeContext, WireType};
use prost_reflect::{DescriptorPool, FileDescriptor};

/// Number of `FileDescriptorSet.file`.
const FILE: u32 = 1;

/// Number of `FileDescriptorProto.source_code_info`.
const SOURCE_CODE_INFO: u32 = 9;

/// The serialized descriptors of files, from which sets of them are put together. Custom options are in them; comments
/// and positions are not.
pub(crate) struct Descriptors(BTreeMap<String, Vec<u8>>);

impl Descriptors {
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        let serialized = |file: FileDescriptor| {
            // prost's own type would lose the custom options.
            let all = file.encode_to_vec();
            let bare = without_source_code_info(&all).unwrap_or(all);
            (file.name().to_owned(), bare)
        };
        Self(pool.files().map(serialized).collect())
    }

    /// The serialized `FileDescriptorSet` of some files and all that they import, each after its imports.
    pub(crate) fn set(&self, files: &[FileDescriptor]) -> Vec<u8> {
        let mut set = Vec::new();
        let mut seen = HashSet::new();
        for file in files {
            self.add(file, &mut seen, &mut set);
        }
        set
    }

    /// The serialized set of all files, in an order that does not depend on how they were read.
    pub(crate) fn all(&self, pool: &DescriptorPool) -> Vec<u8> {
        let mut files: Vec<_> = pool.files().collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        self.set(&files)
    }

    fn add(&self, file: &FileDescriptor, seen: &mut HashSet<String>, set: &mut Vec<u8>) {
        if !seen.insert(file.name().to_owned()) {
            return;
        }
        for import in file.dependencies() {
            self.add(&import, seen, set);
        }
        if let Some(serialized) = self.0.get(file.name()) {
            encoding::bytes::encode(FILE, serialized, set);
        }
    }
}

fn without_source_code_info(file: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut bare = Vec::with_capacity(file.len());
    let mut rest = file;
    while !rest.is_empty() {
        let start = rest;
        let (field, wire_type): (u32, WireType) = encoding::decode_key(&mut rest)?;
        encoding::skip_field(wire_type, field, &mut rest, DecodeContext::default())?;
        if field != SOURCE_CODE_INFO {
            bare.extend_from_slice(&start[..start.len() - rest.len()]);
        }
    }
    Ok(bare)
}
