//! `cargo xtask schemas`: generates, compiles and documents what public packages have as `.proto` files.

mod compile;
mod count;
mod fetch;
mod files;
mod sets;

use crate::{error::Error, executable};
use nats_server::Cache;
use sets::{MORE, SETS, Set, Source};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// What one set came to.
#[derive(Default)]
struct Row {
    name: String,
    files: usize,
    /// Services and methods found, and those that the set is known to have.
    found: count::Found,
    known: Option<(usize, usize)>,
    generate: f64,
    /// In MB.
    memory: String,
    compile: f64,
    document: f64,
    failure: Option<String>,
}

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let (mut only, mut more, mut dirs) = (Vec::new(), false, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| Error::Usage(format!("{word} needs a value")));
        match word.as_str() {
            "--only" => only.push(value()?.as_str()),
            "--more" => more = true,
            "--dir" => dirs.push(PathBuf::from(value()?).canonicalize()?),
            _ => return Err(Error::unknown(word)),
        }
    }
    if let Some(name) = only.iter().find(|name| !SETS.iter().chain(MORE).any(|set| set.name == **name)) {
        return Err(Error::Usage(format!("no set is called `{name}`")));
    }
    let wanted = |set: &&Set| match only.is_empty() {
        true => dirs.is_empty(),
        false => only.contains(&set.name),
    };
    let sets = SETS.iter().chain(MORE.iter().filter(|_| more || !only.is_empty())).filter(wanted);

    let generator = executable::build("generate", &[])?;
    let cache = Cache::named("schemas")?;
    let _lock = cache.lock()?;
    let mut rows = Vec::new();
    for set in sets {
        println!("== {}", set.name);
        rows.push(match fetch::fetch(set, cache.dir()) {
            Ok(root) => row(set, &root, &generator),
            Err(error) => {
                Row { name: set.name.to_owned(), failure: Some(error.text().to_owned()), ..Row::default() }
            }
        });
    }
    for dir in &dirs {
        println!("== {}", dir.display());
        rows.push(row(&Set { name: "dir", source: Source::Dir, ..Set::DEFAULT }, dir, &generator));
    }
    table(&rows);
    match rows.iter().filter(|row| row.failure.is_some()).count() {
        0 => Ok(()),
        failed => Err(Error::Failed(format!("{failed} of {} sets failed", rows.len()))),
    }
}

fn row(set: &Set, root: &Path, generator: &Path) -> Row {
    let mut row = Row { name: set.name.to_owned(), known: set.known, ..Row::default() };
    row.failure = attempt(set, root, generator, &mut row).err().map(|error| error.text().to_owned());
    if row.failure.is_none()
        && row.known.is_some_and(|known| known != (row.found.services, row.found.methods))
    {
        row.failure = Some("other services or methods than known".to_owned());
    }
    row
}

fn attempt(set: &Set, root: &Path, generator: &Path, row: &mut Row) -> Result<(), Error> {
    let includes = set.includes(root)?;
    let protos = files::protos(set, root, &includes)?;
    row.files = protos.len();
    let dir = compile::scratch(set.name)?;
    let (begin, out) = (Instant::now(), dir.join("all"));
    fs::create_dir_all(&out)?;
    row.memory = compile::generate(generator, &out, &includes, &protos)?;
    row.generate = begin.elapsed().as_secs_f64();
    row.found = count::services(&out)?;
    let parts = files::parts(protos)?;
    let alone = parts.len() == 1;
    for (number, part) in parts.iter().enumerate() {
        println!("part {} of {}: {} files", number + 1, parts.len(), part.len());
        let krate = compile::Crate::new(&dir.join(format!("part{}", number + 1)))?;
        if alone {
            krate.take(&out)?;
        } else {
            compile::generate(generator, &krate.code(), &includes, part)?;
        }
        row.compile += krate.check(alone)?;
        row.document += krate.document()?;
        krate.remove()?;
    }
    Ok(())
}

fn table(rows: &[Row]) {
    println!(
        "\n{:24} {:>6} {:>9} {:>8} {:>9} {:>8} {:>8} {:>8}  result",
        "package", "files", "services", "methods", "generate", "memory", "check", "doc"
    );
    for row in rows {
        let Row { name, files, found, generate, memory, compile, document, failure, .. } = row;
        let result = failure.as_deref().unwrap_or("ok");
        println!(
            "{name:24} {files:6} {:9} {:8} {generate:7.1} s {memory:>8} {compile:6.1} s {document:6.1} s  {result}",
            found.services, found.methods
        );
    }
}
