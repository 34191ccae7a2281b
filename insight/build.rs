//! Gives the judge a name: the SHA-256 of the sources of this crate that it has a part of, and of `domain`, whose
//! words it judges in, in the order of their paths. An answer of other rules is no answer to today's question.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const SOURCES: [&str; 2] = ["src", "../domain/src"];
/// What comes before a question, or after an answer.
const OTHERS: [&str; 5] = ["src/archive.rs", "src/compare", "src/manifest", "src/oci", "src/suite"];
/// What the judge says is in it too.
const EXPLANATIONS: &str = "../docs/EXPLAIN.md";

fn main() -> std::io::Result<()> {
    for source in SOURCES.iter().chain([&EXPLANATIONS]) {
        println!("cargo:rerun-if-changed={source}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = vec![PathBuf::from(EXPLANATIONS)];
    for folder in SOURCES {
        collect(Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut rules = Sha256::new();
    for file in files {
        let text = std::fs::read(&file)?;
        // Lengths keep text from moving between a path and a file, or between two files.
        rules.update(format!("{} {}\n", file.display(), text.len()));
        rules.update(text);
    }
    println!("cargo:rustc-env=INSIGHT_RULES={}", hex::encode(rules.finalize()));
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if OTHERS.iter().any(|other| path == Path::new(other)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
