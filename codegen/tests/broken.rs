//! Documents that cannot be used: each gives the committed message, with its place, and no panic.
//!
//! A case is a folder of fragments in `broken/`; `broken/<case>.expected` holds the messages.
//! `UPDATE_GOLDEN=1` writes these files anew, to be read before they are committed.

#![expect(clippy::expect_used, reason = "a helper of a test fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use layer2_codegen::problem::Problem;
use layer2_codegen::{bundle, lint};

mod expected;

#[test]
fn every_broken_document_gives_its_message() {
    let mut cases = 0;
    for entry in fs::read_dir(folder()).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let problems = problems(&path);
            assert!(!problems.is_empty(), "{} is not broken", path.display());
            expected::matches(&path.with_extension("expected"), &problems);
            cases += 1;
        }
    }
    assert_eq!(
        cases,
        expected::names(&folder(), "expected").count(),
        "a message without its case"
    );
}

/// What reading, merging and checking say about the fragments of a folder.
fn problems(case: &Path) -> Vec<Problem> {
    let root = scratch(case);
    let problems = match bundle::read(&root, "payments") {
        Ok(document) => lint::check(&document),
        Err(problems) => problems,
    };
    fs::remove_dir_all(&root).expect("the scratch folder can be removed");
    problems
}

/// A project with the fragments of a case as its only document.
fn scratch(case: &Path) -> PathBuf {
    let name = case
        .file_name()
        .expect("a case has a name")
        .to_string_lossy()
        .into_owned();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("broken-{name}"));
    let fragments = root.join("openapi/payments");
    fs::create_dir_all(&fragments).expect("a scratch folder");
    for file in fs::read_dir(case).expect("a case") {
        let file = file.expect("a fragment");
        fs::copy(file.path(), fragments.join(file.file_name())).expect("a copy");
    }
    root
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}
