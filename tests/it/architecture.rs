//! The arrows between the crates, proven by what cargo resolves rather than by a convention.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::tree::{cargo_metadata, cargo_tree, read};

/// Crates that do I/O, own a clock or own chance: none may stand below the pure crates.
const IMPURE: [&str; 9] = [
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "rand",
    "rand_core",
    "getrandom",
    "mio",
    "socket2",
];

const PUBLISHED: [&str; 5] = [
    "layer2-types",
    "layer2-ledger",
    "layer2-world",
    "layer2-mock",
    "layer2-sdk",
];

fn below(package: &str) -> BTreeSet<String> {
    cargo_tree(&["-p", package, "-e", "normal"])
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn ledger_world_and_types_are_pure() {
    for package in ["layer2-types", "layer2-ledger", "layer2-world"] {
        let below = below(package);
        for impure in IMPURE {
            assert!(!below.contains(impure), "{package} reaches {impure}");
        }
    }
}

#[test]
fn arrows_point_one_way() {
    let ours = |package: &str| -> BTreeSet<String> {
        let mut names: BTreeSet<_> = below(package)
            .into_iter()
            .filter(|name| name.starts_with("layer2-"))
            .collect();
        names.remove(package);
        names
    };
    let expect = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(ours("layer2-types"), expect(&[]));
    assert_eq!(ours("layer2-ledger"), expect(&[]));
    assert_eq!(
        ours("layer2-world"),
        expect(&["layer2-types", "layer2-ledger"])
    );
    assert_eq!(
        ours("layer2-mock"),
        expect(&["layer2-types", "layer2-ledger", "layer2-world"])
    );
    assert_eq!(
        ours("layer2-sdk"),
        expect(&["layer2-types"]),
        "the mock is an opt-in feature"
    );
}

#[test]
fn the_mock_server_never_names_the_sdk() {
    let manifest = read("mock-server/Cargo.toml");
    assert!(
        !manifest.contains("layer2-sdk"),
        "not even as a dev-dependency: cargo refuses the cycle"
    );
}

#[test]
fn nothing_turns_on_the_features_that_change_json_for_everybody() {
    let features = cargo_tree(&[
        "--workspace",
        "-e",
        "features,normal,dev,build",
        "-i",
        "serde_json",
    ]);
    assert!(
        features.contains("serde_json feature \"raw_value\""),
        "the query shows features"
    );
    for banned in ["arbitrary_precision", "preserve_order"] {
        assert!(
            !features.contains(&format!("serde_json feature \"{banned}\"")),
            "{banned} is on"
        );
    }
}

#[test]
fn the_stated_rust_version_is_the_highest_that_a_published_crate_needs() {
    let metadata = cargo_metadata();
    let packages: BTreeMap<&str, &Value> = array(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = array(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), node))
        .collect();

    let mut todo: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| PUBLISHED.contains(&text(&package["name"])))
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(todo.len(), PUBLISHED.len());
    let mut seen = BTreeSet::new();
    let mut highest = ((0, 0), "");
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let package = packages[id];
        if let Some(version) = package["rust_version"].as_str()
            && !PUBLISHED.contains(&text(&package["name"]))
        {
            highest = highest.max((minor(version), text(&package["name"])));
        }
        for dependency in array(&nodes[id]["deps"]) {
            let shipped = array(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"] != "dev");
            if shipped {
                todo.push(text(&dependency["pkg"]));
            }
        }
    }
    let stated = packages
        .values()
        .find(|package| package["name"] == "layer2-sdk")
        .and_then(|package| package["rust_version"].as_str())
        .expect("the SDK states its Rust version");
    assert_eq!(
        minor(stated),
        highest.0,
        "stated {stated}, but {} needs another",
        highest.1
    );
}

fn minor(version: &str) -> (u32, u32) {
    let mut parts = version
        .split('.')
        .map(|part| part.parse().expect("a version number"));
    (
        parts.next().expect("a major version"),
        parts.next().expect("a minor version"),
    )
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array in cargo's output")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string in cargo's output")
}
