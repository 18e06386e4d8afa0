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

/// A line of a file and its number.
type Line<'t> = (usize, &'t str);

/// The lines of a file that are code, apart from comments: those outside of its unit tests, and those inside. What else
/// is for tests alone (a function, an import) counts as outside.
fn code_and_tests(text: &str) -> (Vec<Line<'_>>, Vec<Line<'_>>) {
    let (mut code, mut tests) = (Vec::new(), Vec::new());
    let mut for_tests = false;
    let mut closing = None;
    for (index, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        if bare.starts_with("//") {
            continue;
        }
        if bare.starts_with("#[cfg(test)]") {
            for_tests = true;
        } else if for_tests && !bare.starts_with("#[") {
            for_tests = false;
            if bare.starts_with("mod ") && bare.ends_with('{') {
                // The formatter puts the end of a module where its beginning is.
                let indent = &line[..line.len() - bare.len()];
                closing = Some(format!("{indent}}}"));
            }
        }
        let place = if closing.is_some() {
            &mut tests
        } else {
            &mut code
        };
        place.push((index + 1, bare));
        if closing.as_deref() == Some(line) {
            closing = None;
        }
    }
    (code, tests)
}

/// Fails with every place at which one of `words` stands in a file that `concerns` picks. Unit tests are left out: they
/// may name what they prove to be refused.
fn ban(words: &[&str], why: &str, concerns: impl Fn(&Path) -> bool) {
    let mut found = Vec::new();
    for path in hand_written().into_iter().filter(|path| concerns(path)) {
        let text = read(&path);
        let (code, _) = code_and_tests(&text);
        for (number, line) in code {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{why}\n{}", found.join("\n"));
}

#[test]
fn only_the_module_of_tests_is_left_out() {
    let text = "\
        #[cfg(test)]\n\
        const FOR_TESTS: u8 = 1;\n\
        fn before() {}\n\
        #[cfg(test)]\n\
        #[allow(dead_code)]\n\
        mod tests {\n    fn inside() {\n    }\n}\n\
        // A remark.\n\
        fn after() {}\n";
    let (code, tests) = code_and_tests(text);
    let of = |lines: &[Line<'_>], word: &str| lines.iter().any(|(_, line)| line.contains(word));
    for outside in ["FOR_TESTS", "before", "after"] {
        assert!(of(&code, outside) && !of(&tests, outside), "{outside}");
    }
    assert!(of(&tests, "inside") && !of(&code, "inside"));
    assert!(!of(&code, "remark"));
    assert_eq!(code.last(), Some(&(11, "fn after() {}")));
}

#[test]
fn nothing_is_left_unfinished() {
    ban(
        &["todo!(", "unimplemented!(", "dbg!(", "#[ignore"],
        "finish it, or say in the docs that it is not there",
        |_| true,
    );
}

/// Whether a line waits on a clock by the function of that name, however it was imported.
fn sleeps(line: &str) -> bool {
    line.match_indices("sleep(").any(|(at, _)| {
        let before = &line[..at];
        // An injected clock has it as a method; others have longer names.
        !before.ends_with("fn ")
            && !before.ends_with('.')
            && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn no_test_waits_on_the_wall_clock() {
    let mut found = Vec::new();
    for path in hand_written() {
        let text = read(&path);
        let (code, unit_tests) = code_and_tests(&text);
        let is_test = path.components().any(|part| {
            let name = part.as_os_str();
            name == "tests" || name == "tests.rs"
        });
        let lines = if is_test { code } else { Vec::new() };
        for (number, line) in lines.into_iter().chain(unit_tests) {
            if sleeps(line) {
                found.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "inject a clock instead\n{}",
        found.join("\n")
    );
    assert!(sleeps("tokio::time::sleep(second).await") && sleeps("sleep(second)"));
    assert!(!sleeps("fn sleep(&self)") && !sleeps("no_sleep(1)") && !sleeps("clock.sleep(1)"));
}

/// The options that the attributes of serde in a text set, by name.
fn serde_options(text: &str) -> Vec<&str> {
    let mut options = Vec::new();
    for (at, opening) in text.match_indices("serde(") {
        let attribute = &text[at + opening.len()..];
        let (mut depth, mut begin) = (0_usize, 0);
        for (index, character) in attribute.char_indices() {
            let ends = match character {
                '(' => {
                    depth += 1;
                    false
                }
                ')' | ',' => depth == 0,
                _ => false,
            };
            if ends {
                let option = attribute[begin..index].trim();
                options.push(option.split(['=', '(']).next().unwrap_or_default().trim());
                begin = index + 1;
            }
            if character == ')' {
                match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => break,
                }
            }
        }
    }
    options
}

/// The options under which serde decodes through a buffer.
fn buffering(text: &str) -> Vec<&str> {
    serde_options(text)
        .into_iter()
        .filter(|option| ["tag", "content", "untagged", "flatten"].contains(option))
        .collect()
}

#[test]
fn exact_money_never_meets_the_serde_attributes_that_buffer_through_floats() {
    let wire = |path: &Path| {
        path.starts_with("sdk/src")
            || path.starts_with("sdk/types/src")
            || path.starts_with("mock-server")
    };
    for path in hand_written().into_iter().filter(|path| wire(path)) {
        let text = read(&path);
        let (code, _) = code_and_tests(&text);
        // An attribute may go over several lines.
        let code: String = code
            .into_iter()
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let found = buffering(&code);
        assert!(
            found.is_empty(),
            "{}: {found:?} decodes through a buffer that turns a long decimal into a float",
            path.display()
        );
    }
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
        assert_eq!(buffering(&text), [""; 0], "{}", path.display());
        for banned in ["serde_json::Value", "f64"] {
            assert!(!text.contains(banned), "{}: {banned}", path.display());
        }
    }
}

/// What is generated is read in reviews and by whoever steps into it: a rule that every row repeats belongs into a
/// macro or a function by hand, and the rows say what differs. Lines are what `cargo fmt` makes of them, which leaves the
/// rows of macros as they are; so their width counts too, or a line could hold a page.
#[test]
fn generated_rust_stays_within_what_one_can_read() {
    const LIMIT: usize = 20_000;
    const WIDTH: usize = 100;
    let checked_in = |path: &Path| {
        let parts: Vec<_> = path
            .components()
            .map(std::path::Component::as_os_str)
            .collect();
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
    let mut lines = 0;
    let mut wide = Vec::new();
    for path in &files {
        for (index, line) in read(path).lines().enumerate() {
            lines += 1;
            if line.chars().count() > WIDTH {
                wide.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    assert!(wide.is_empty(), "over {WIDTH} columns: {}", wide.join(", "));
    assert!(
        lines < LIMIT,
        "{lines} lines of generated Rust, the limit is {LIMIT}"
    );
}

#[test]
fn a_banned_attribute_is_found_wherever_it_stands() {
    let rows = [
        (r#"#[serde(tag = "type")]"#, &["tag"][..]),
        (
            r#"#[serde(rename_all = "snake_case", tag = "type", content="c")]"#,
            &["tag", "content"],
        ),
        ("#[serde(\n    default,\n    flatten,\n)]", &["flatten"]),
        (
            "#[cfg_attr(feature = \"serde\", serde(default, untagged))]",
            &["untagged"],
        ),
        (
            r#"#[serde(rename(serialize = "tag"), bound(serialize = "flatten"))]"#,
            &[],
        ),
        (r#"#[serde(rename = "content", with = "tag")]"#, &[]),
    ];
    for (attribute, expected) in rows {
        assert_eq!(buffering(attribute), expected, "{attribute}");
    }
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
        // Few files are included by their path, so that all others are read for few.
        let is_included = || {
            files.iter().any(|other| {
                let text = read(other);
                text.contains(&format!("/{name}\"")) || text.contains(&format!("\"{name}\""))
            })
        };
        assert!(
            declared || is_included(),
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
