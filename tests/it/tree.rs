//! Reads the checkout: its files, and what cargo says about its packages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The folder that holds the workspace manifest.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests crate lies in the workspace")
        .into()
}

/// Every hand-written or generated Rust file of the project, as a path relative to the root, in order.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [
        "sdk",
        "mock-server",
        "codegen",
        "examples",
        "tests",
        "benches",
    ] {
        collect(&root().join(folder), &mut found);
    }
    let mut relative: Vec<_> = found
        .into_iter()
        .map(|path| {
            path.strip_prefix(root())
                .expect("below the root")
                .to_path_buf()
        })
        .collect();
    relative.sort();
    assert!(
        relative.len() > 50,
        "the walk found only {} files",
        relative.len()
    );
    relative
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text of a file named relative to the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `cargo tree` prints, without indentation, for the arguments given.
pub(crate) fn cargo_tree(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root())
        .args(["tree", "--locked", "--prefix", "none"])
        .args(arguments);
    run(command)
}

/// The whole of `cargo metadata`.
pub(crate) fn cargo_metadata() -> Value {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--locked"]);
    serde_json::from_str(&run(command)).expect("cargo metadata prints JSON")
}

fn run(mut command: Command) -> String {
    let output = command.output().expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}
