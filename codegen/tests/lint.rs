//! Each rule of the lint fails on one document and on that rule alone.
//!
//! A failing document is a patch (RFC 7396: maps are merged, `null` removes) of `lint/good.yaml`, so
//! that it shows the deviation and nothing else. The message that it must give stands beside it in
//! `<rule>.expected`; `UPDATE_GOLDEN=1` writes these files anew, to be read before they are
//! committed.

#![expect(clippy::expect_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::path::Path;

use layer2_codegen::lint::{self, RULES};
use layer2_codegen::source::{self, Document, Entry, Node, Value};

mod expected;

const GOOD: &str = include_str!("lint/good.yaml");

#[test]
fn the_good_document_keeps_every_rule() {
    assert_eq!(lint::check(&document(good())), []);
}

#[test]
fn every_rule_has_one_failing_document() {
    let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(rules.len(), RULES.len(), "two rules share an id");
    let fixtures: BTreeSet<_> = expected::names(&folder(), "yaml")
        .filter(|name| name != "good")
        .collect();
    assert_eq!(fixtures, rules);
}

#[test]
fn every_failing_document_breaks_its_own_rule_alone() {
    let mut faults = String::new();
    for rule in RULES {
        let problems = lint::check(&document(patched(rule.id)));
        if problems.is_empty() {
            faults += &format!("`{}` is not broken\n", rule.id);
        }
        for other in problems.iter().filter(|problem| problem.rule != rule.id) {
            faults += &format!("`{}` is not broken alone: {other}\n", rule.id);
        }
        expected::matches(&folder().join(format!("{}.expected", rule.id)), &problems);
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn a_write_that_may_be_repeated_freely_is_of_control_and_says_why() {
    let safe = |api: &str, member: &str| {
        let change = format!(
            "paths: {{ /v1/transfers: {{ post: {{ x-retry: safe, x-idempotency: none, {member} }} }} }}"
        );
        let mut root = good();
        let change = source::parse("change.yaml", &change).expect("a patch is YAML");
        patch(&mut root, change);
        let api = api.to_owned();
        let problems = lint::check(&Document { api, root });
        problems
            .iter()
            .filter(|problem| problem.rule == "retry-safe")
            .count()
    };
    let reason = "x-retry-reason: A repeat finds nothing more to do.";
    assert_eq!(safe("control", reason), 0);
    assert_eq!(safe("control", "x-retry-reason: harmless"), 1);
    assert_eq!(safe("control", ""), 1);
    assert_eq!(safe("payments", reason), 1);
    assert_eq!(safe("control", &format!("x-effect: read, {reason}")), 1);
}

#[test]
fn a_rule_is_told_in_one_sentence() {
    for rule in RULES {
        assert!(
            rule.says.ends_with('.') && rule.says.len() < 100,
            "{}",
            rule.id
        );
    }
}

fn good() -> Node {
    source::parse("good.yaml", GOOD).expect("the good document is YAML")
}

fn patched(rule: &str) -> Node {
    let file = format!("{rule}.yaml");
    let text = std::fs::read_to_string(folder().join(&file)).expect("a failing document");
    let mut root = good();
    patch(
        &mut root,
        source::parse(&file, &text).expect("a patch is YAML"),
    );
    root
}

/// Applies a patch; what it brings keeps its place in the patch.
fn patch(target: &mut Node, change: Node) {
    let Value::Map(changes) = change.value else {
        *target = change;
        return;
    };
    if target.as_map().is_none() {
        *target = Node::new(change.place, Value::Map(source::Map::default()));
    }
    let map = target.as_map_mut().expect("made above");
    for entry in changes {
        if matches!(entry.node.value, Value::Null) && map.get(&entry.key).is_some() {
            map.remove(&entry.key);
        } else if let Some(present) = map.get_mut(&entry.key) {
            patch(present, entry.node);
        } else {
            insert(map, entry);
        }
    }
}

fn insert(map: &mut source::Map, entry: Entry) {
    map.insert(entry).expect("the key is new");
}

fn document(root: Node) -> Document {
    Document {
        api: "payments".to_owned(),
        root,
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}
