//! The layers of `docs/design.md`, held: a module uses what stands above it, as the table says, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the crate, bottom to top, and what it may use besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("metadata", &[]),
    ("status", &["metadata"]),
    ("spec", &["status"]),
    ("call", &["metadata", "spec", "status"]),
    ("codec", &["spec", "status"]),
    ("subject", &["spec", "status"]),
    ("wire", &["call", "metadata", "spec", "status"]),
    ("transport", &["status", "subject", "wire"]),
    ("raw", &["call", "metadata", "spec", "status", "subject", "transport", "wire"]),
    ("layer", &["call", "metadata", "raw", "spec", "status", "transport"]),
    ("client", &["call", "codec", "layer", "metadata", "raw", "spec", "status", "subject", "transport"]),
    (
        "server",
        &["call", "codec", "layer", "metadata", "raw", "spec", "status", "subject", "transport", "wire"],
    ),
    ("codegen", &["call", "client", "codec", "raw", "server", "spec", "status"]),
];

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The top-level module that a file belongs to; `None` for the crate's root.
fn module_of(path: &Path, source: &Path) -> Option<String> {
    let first = path.strip_prefix(source).unwrap().components().next().unwrap();
    let name = Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap();
    (name != "lib").then(|| name.to_owned())
}

/// What follows each `crate::` in code: comments may link anywhere.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    let lines = code.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.flat_map(|line| line.split("crate::").skip(1))
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

/// Each module's uses of others, and in which file.
fn uses() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 50, "only {} files found below {}", files.len(), source.display());
    let mut uses: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for file in files {
        let Some(module) = module_of(&file, &source) else { continue };
        let code = fs::read_to_string(&file).unwrap();
        let used = uses.entry(module.clone()).or_default();
        for path in paths(&code) {
            if word(path) != module {
                used.insert(word(path).to_owned(), file.clone());
            }
        }
    }
    uses
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let found: Vec<String> = uses().into_keys().collect();
    let mut rows: Vec<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    rows.sort_unstable();
    assert_eq!(found, rows);
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, used) in uses() {
        for (other, file) in used {
            if !allowed[&*module].contains(&&*other) {
                wrong.push(format!("{module} uses {other:?} in {}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "import by module path, and only from layers below:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    for (position, (module, allowed)) in LAYERS.iter().enumerate() {
        for other in *allowed {
            let below = LAYERS[..position].iter().any(|(name, _)| name == other);
            assert!(below, "{module} may use {other}, which is not below it");
        }
    }
}

#[test]
fn the_design_has_the_same_table() {
    let design = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/design.md");
    let Ok(design) = fs::read_to_string(design) else { return };
    for (module, allowed) in LAYERS {
        let row = design.lines().find(|line| {
            let mut cells = line.split('|').map(str::trim);
            cells.next() == Some("") && cells.next().is_some_and(|cell| cell == format!("`{module}`"))
        });
        let row = row.unwrap_or_else(|| panic!("docs/design.md has no row for `{module}`"));
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let mut named: Vec<&str> = last.split(',').map(str::trim).filter(|name| *name != "-").collect();
        named.sort_unstable();
        assert_eq!(named, *allowed, "the row of `{module}` in docs/design.md");
    }
}
