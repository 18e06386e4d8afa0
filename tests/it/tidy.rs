//! Rules of the house that a linter cannot see.

use std::{collections::BTreeSet, path::Path};

use crate::tree::{read, root, rust_files};

/// Files whose subject is the rule itself, so that they must name what it bans.
const NAMES_THE_BANNED: [&str; 1] = ["tests/it/tidy.rs"];

fn is_generated(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "generated" || part.as_os_str() == "golden")
}

fn hand_written() -> Vec<std::path::PathBuf> {
    rust_files()
        .into_iter()
        .filter(|path| !is_generated(path))
        .filter(|path| !NAMES_THE_BANNED.iter().any(|name| path == Path::new(name)))
        .collect()
}

/// Fails with every place at which one of `words` stands in a file that `concerns` picks.
fn ban(words: &[&str], why: &str, concerns: impl Fn(&Path) -> bool) {
    let mut found = Vec::new();
    for path in hand_written().into_iter().filter(|path| concerns(path)) {
        let text = read(&path);
        // Unit tests stand at the bottom and may name what they prove to be refused.
        let code_alone = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code_alone.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for word in words.iter().filter(|word| code.contains(**word)) {
                found.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{why}\n{}", found.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    ban(
        &["todo!(", "unimplemented!(", "dbg!(", "#[ignore"],
        "finish it, or say in the docs that it is not there",
        |_| true,
    );
}

#[test]
fn no_test_waits_on_the_wall_clock() {
    ban(
        &["thread::sleep(", "tokio::time::sleep("],
        "inject a clock instead",
        |path| path.to_string_lossy().contains("tests") || path.starts_with("tests"),
    );
}

#[test]
fn exact_money_never_meets_the_serde_attributes_that_buffer_through_floats() {
    let wire = |path: &Path| {
        path.starts_with("sdk/src")
            || path.starts_with("sdk/types/src")
            || path.starts_with("mock-server")
    };
    ban(
        &[
            "serde(tag",
            "serde(untagged",
            "serde(flatten",
            "#[serde(content",
        ],
        "these decode through a buffer that turns a long decimal into a float",
        wire,
    );
    let generated: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| is_generated(path))
        .collect();
    assert!(
        generated.len() > 8,
        "the generated files are part of the walk"
    );
    for path in generated {
        let text = read(&path);
        for banned in [
            "serde(tag",
            "serde(untagged",
            "serde(flatten",
            "serde_json::Value",
            "f64",
        ] {
            assert!(!text.contains(banned), "{}: {banned}", path.display());
        }
    }
}

/// What is generated is read in reviews and by whoever steps into it: a rule that every row repeats belongs into a
/// macro or a function by hand, and the rows say what differs.
#[test]
fn generated_rust_stays_within_what_one_can_read() {
    const LIMIT: usize = 20_000;
    let checked_in = |path: &Path| {
        let parts: Vec<_> = path.components().map(|part| part.as_os_str()).collect();
        parts.iter().any(|part| *part == "generated") && !parts.iter().any(|part| *part == "golden")
    };
    let files: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| checked_in(path))
        .collect();
    for folder in [
        "sdk/src",
        "sdk/types/src",
        "mock-server/src",
        "mock-server/world/src",
    ] {
        let below = format!("{folder}/generated");
        assert!(
            files.iter().any(|path| path.starts_with(&below)),
            "{below} is part of the walk"
        );
    }
    let lines: usize = files.iter().map(|path| read(path).lines().count()).sum();
    assert!(
        lines < LIMIT,
        "{lines} lines of generated Rust, the limit is {LIMIT}"
    );
}

#[test]
fn no_float_stands_near_money() {
    ban(
        &["f64", "f32"],
        "money is an integer or an exact decimal",
        |path| {
            path.starts_with("mock-server/ledger/src") || path.starts_with("mock-server/world/src")
        },
    );
}

#[test]
fn json_values_of_serde_json_stay_out_of_what_is_stored_or_sent() {
    ban(
        &["serde_json::Value", "Value::Object", "json!("],
        "`serde_json::Value` calls two amounts one unit apart equal",
        |path| {
            (path.starts_with("sdk/types/src")
                || path.starts_with("sdk/src")
                || path.starts_with("mock-server/world/src")
                || path.starts_with("mock-server/src/journal"))
                && !path.to_string_lossy().contains("tests")
        },
    );
}

#[test]
fn every_file_opens_with_its_subject() {
    for path in hand_written() {
        let text = read(&path);
        let opens = text
            .lines()
            .find(|line| !line.trim().is_empty() && !line.starts_with("#!["));
        let documented = opens.is_some_and(|line| line.starts_with("//!"))
            || text.contains("#![doc = include_str!");
        assert!(documented, "{} has no module doc", path.display());
    }
}

#[test]
fn a_file_fits_in_a_head() {
    for path in hand_written() {
        let lines = read(&path).lines().count();
        assert!(
            lines <= 700,
            "{} has {lines} lines: it has more than one subject",
            path.display()
        );
    }
}

#[test]
fn generated_files_say_so() {
    for path in rust_files().into_iter().filter(|path| {
        path.components()
            .any(|part| part.as_os_str() == "generated")
    }) {
        let text = read(&path);
        assert!(
            text.starts_with("// @generated"),
            "{} lacks the header",
            path.display()
        );
    }
}

#[test]
fn no_file_is_dead() {
    let files: BTreeSet<_> = rust_files().into_iter().collect();
    for path in &files {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a UTF-8 file name");
        let folder = path.parent().expect("a file lies in a folder");
        let is_root = ["lib.rs", "main.rs", "build.rs"].contains(&name)
            || folder.ends_with("bin")
            || folder.ends_with("tests")
            || folder.ends_with("benches")
            || folder.components().any(|part| part.as_os_str() == "golden");
        if is_root {
            continue;
        }
        let (module, home) = if name == "mod.rs" {
            let module = folder
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a folder name");
            (
                module,
                folder.parent().expect("a module folder has a parent"),
            )
        } else {
            (name.trim_end_matches(".rs"), folder)
        };
        let parents = [
            home.join("mod.rs"),
            home.join("lib.rs"),
            home.join("main.rs"),
            home.with_extension("rs"),
        ];
        let declared = parents
            .iter()
            .filter(|parent| files.contains(*parent))
            .any(|parent| {
                let text = read(parent);
                text.contains(&format!("mod {module};"))
                    || text.contains(&format!("mod {module} {{"))
            });
        let included = files.iter().any(|other| {
            read(other).contains(&format!("/{name}\""))
                || read(other).contains(&format!("\"{name}\""))
        });
        assert!(
            declared || included,
            "{} is reached from nowhere",
            path.display()
        );
    }
}

#[test]
fn no_text_carries_the_path_of_a_machine() {
    let mut texts = rust_files();
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "test.sh",
        "openapi/house-rules.md",
    ] {
        assert!(root().join(name).exists(), "{name} is missing");
        texts.push(name.into());
    }
    for path in texts
        .iter()
        .filter(|path| *path != Path::new("tests/it/tidy.rs"))
    {
        let text = read(path);
        for banned in ["/work/", "/root/", "/home/"] {
            assert!(!text.contains(banned), "{}: {banned}", path.display());
        }
    }
}
