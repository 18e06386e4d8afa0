//! How generated files meet the disk: written where they differ, removed when no longer made, and
//! compared with a readable difference.

#![expect(clippy::expect_used, reason = "a helper of a test fails the test")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use layer2_codegen::output::{File, Files, HEADER, Written};

const RUST: &str = "sdk/src/generated/payments/facade.rs";
const BUNDLE: &str = "openapi/payments.json";

#[test]
fn writing_touches_what_differs_and_nothing_else() {
    let root = scratch("writing");
    let made = made(&[(RUST, "// header\nfn a() {}\n"), (BUNDLE, "{}\n")]);
    assert_eq!(
        made.write(&root),
        Ok(Written {
            changed: 2,
            removed: 0
        })
    );
    assert_eq!(made.write(&root), Ok(Written::default()));
    fs::write(root.join(BUNDLE), "{ }\n").expect("write");
    assert_eq!(
        made.write(&root),
        Ok(Written {
            changed: 1,
            removed: 0
        })
    );
    assert_eq!(read(&root, BUNDLE), "{}\n");
}

#[test]
fn a_file_that_is_no_longer_made_is_removed_if_it_is_ours() {
    let root = scratch("removing");
    let ours = format!("// {HEADER}\n");
    let stale = "sdk/types/src/generated/plaid/types.rs";
    let by_hand = "sdk/types/src/generated/notes.rs";
    let asset = "mock-server/assets/inspector.html";
    for (path, text) in [
        (stale, ours.as_str()),
        (by_hand, "// mine\n"),
        (asset, "<html>"),
    ] {
        fs::create_dir_all(root.join(path).parent().expect("a folder")).expect("create");
        fs::write(root.join(path), text).expect("write");
    }
    let made = made(&[(BUNDLE, "{}\n")]);
    let drift = made.check(&root).expect("readable");
    let paths: Vec<_> = drift.iter().map(|drift| drift.path.as_str()).collect();
    assert_eq!(paths, [BUNDLE, stale]);
    assert_eq!(
        made.write(&root),
        Ok(Written {
            changed: 1,
            removed: 1
        })
    );
    assert!(!root.join(stale).exists());
    assert!(root.join(by_hand).exists() && root.join(asset).exists());
}

#[test]
fn checking_changes_nothing_and_shows_the_difference() {
    let root = scratch("checking");
    let old = made(&[(RUST, "fn a() {}\nfn b() {}\n")]);
    old.write(&root).expect("written");
    assert_eq!(old.check(&root), Ok(Vec::new()));
    let drift = made(&[(RUST, "fn a() {}\nfn c() {}\n")])
        .check(&root)
        .expect("readable");
    assert_eq!(
        drift[0].diff,
        format!(
            "--- {RUST}\n+++ {RUST}\n@@ -1,2 +1,2 @@\n fn a() {{}}\n-fn b() {{}}\n+fn c() {{}}\n"
        )
    );
    assert_eq!(read(&root, RUST), "fn a() {}\nfn b() {}\n");
}

#[test]
fn a_long_difference_is_cut() {
    let root = scratch("cutting");
    let long: String = (0..500).map(|line| format!("// {line}\n")).collect();
    let drift = made(&[(RUST, &long)]).check(&root).expect("readable");
    assert_eq!(drift[0].diff.lines().count(), 41);
    assert!(drift[0].diff.starts_with("--- /dev/null\n"));
    assert!(
        drift[0].diff.ends_with("… 463 more lines differ\n"),
        "{}",
        drift[0].diff
    );
}

#[test]
fn two_emitters_cannot_make_one_file() {
    let mut files = made(&[(RUST, "")]);
    let problems = files.add([File::new(RUST, "")]).expect_err("claimed twice");
    assert_eq!(problems[0].place.file(), RUST);
}

#[test]
fn a_project_without_a_document_says_which() {
    let root = scratch("empty");
    let problems = layer2_codegen::run(&root, true).expect_err("no documents");
    let places: Vec<_> = problems
        .iter()
        .map(|problem| problem.place.to_string())
        .collect();
    let expected: Vec<_> = layer2_codegen::APIS
        .iter()
        .map(|api| format!("openapi/{api}"))
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn the_program_says_what_is_wrong_and_leaves_with_its_code() {
    let root = scratch("program");
    let ran = Command::new(env!("CARGO_BIN_EXE_layer2-codegen"))
        .args([
            OsStr::new("--check"),
            OsStr::new("--root"),
            root.as_os_str(),
        ])
        .output()
        .expect("the program runs");
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8(ran.stderr).expect("text");
    assert!(
        said.starts_with("error[fragments]: this cannot be read"),
        "{said}"
    );
    assert!(
        said.ends_with("4 problems; nothing was written\n"),
        "{said}"
    );
}

#[test]
fn the_committed_files_are_what_the_documents_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match layer2_codegen::run(&root, true) {
        Ok(outcome) => {
            let diffs: String = outcome.drift.into_iter().map(|drift| drift.diff).collect();
            assert!(
                diffs.is_empty(),
                "run `cargo run -p layer2-codegen`:\n{diffs}"
            );
        }
        Err(problems) => {
            let text: String = problems
                .iter()
                .map(|problem| format!("{problem}\n"))
                .collect();
            panic!("the documents have problems:\n{text}");
        }
    }
}

fn made(files: &[(&str, &str)]) -> Files {
    let mut made = Files::default();
    let files = files.iter().map(|(path, text)| File::new(*path, *text));
    made.add(files).expect("different paths");
    made
}

/// An empty project of its own for each test.
fn scratch(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{name}"));
    if root.exists() {
        fs::remove_dir_all(&root).expect("the scratch folder can be removed");
    }
    fs::create_dir_all(&root).expect("a scratch folder");
    root
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).expect("the file is there")
}
