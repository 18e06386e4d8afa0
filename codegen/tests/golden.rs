//! Golden files: a small document with every shape there is, and everything that is made from it.
//!
//! The files below `golden/shop/` are compared with what the emitters make now.
//! `UPDATE_GOLDEN=1 cargo nextest run -p layer2-codegen --test golden` accepts what is made. The
//! models among them are compiled and used by `golden_models.rs`, the validators by this file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by failing"
)]

use std::fs;
use std::path::{Path, PathBuf};

use layer2_codegen::model::Model;
use layer2_codegen::prepare::server::{self, Side};
use layer2_codegen::{bundle, emit, source};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read_model() -> Model {
    let text = fs::read_to_string(here().join("shop.yaml")).expect("the document is there");
    let node = source::parse("openapi/shop/shop.yaml", &text).expect("good YAML");
    let document = bundle::merge("shop", vec![node]).expect("one fragment");
    Model::build(&document).unwrap_or_else(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", problems.join("\n"))
    })
}

#[test]
fn every_emitter_makes_what_it_made() {
    let files = emit::all(&[read_model()]).expect("everything can be emitted");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let root = here().join("shop");
    let mut different = Vec::new();
    for file in &files {
        let path = root.join(&file.path);
        if update {
            fs::create_dir_all(path.parent().expect("a folder")).expect("can make folders");
            fs::write(&path, &file.contents).expect("can write");
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(file.contents.as_str()) {
            different.push(file.path.as_str());
        }
    }
    assert_eq!(
        different, [""; 0],
        "look at them, then accept them with UPDATE_GOLDEN=1"
    );
    let made: Vec<_> = files.iter().map(|file| root.join(&file.path)).collect();
    let stale: Vec<_> = files_below(&root)
        .into_iter()
        .filter(|path| !made.contains(path))
        .collect();
    assert!(
        stale.is_empty(),
        "nothing makes these any more; delete them: {stale:?}"
    );
}

#[test]
fn a_success_without_a_body_is_told_with_its_operation() {
    let problems = emit::server::unanswerable(&read_model());
    let [problem] = &problems[..] else {
        panic!("one operation of the shop has none: {problems:?}");
    };
    assert_eq!(problem.rule, "reply-without-body");
    assert!(
        problem.message.contains("`orders_delete_line`"),
        "{problem}"
    );
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The messages of a validator for an instance.
fn messages(name: &str, side: Side, instance: &str) -> Vec<String> {
    let schema = server::of_named(&read_model(), name, side);
    let validator = jsonschema::validator_for(&schema).expect("a schema of the dialect it names");
    let instance = serde_json::from_str(instance).expect("json");
    validator
        .iter_errors(&instance)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[test]
fn validators_tell_request_from_reply() {
    let sent = r#"{"id": "A", "total": "1.5", "note": null, "nickname": null,
                   "payment": {"kind": "CASH", "amount": 1}}"#;
    assert_eq!(messages("Order", Side::Request, sent), [""; 0]);
    let replied = messages("Order", Side::Reply, sent);
    assert_eq!(
        replied.len(),
        3,
        "text as money, no createdAt, no status: {replied:?}"
    );
}

#[test]
fn a_validator_lets_a_caller_send_back_what_it_read() {
    let read_back = r#"{"id": "A", "progress": "HALF", "note": "soon"}"#;
    assert_eq!(
        messages("OrderUpdateRequest", Side::Request, read_back),
        [""; 0]
    );
    let without = r#"{"note": "soon"}"#;
    assert_eq!(
        messages("OrderUpdateRequest", Side::Request, without),
        [""; 0]
    );
    let wrong = r#"{"progress": "LOST"}"#;
    assert_eq!(
        messages("OrderUpdateRequest", Side::Request, wrong).len(),
        1
    );
}

#[test]
fn a_validator_speaks_of_the_variant_that_was_meant() {
    let wrong = r#"{"kind": "CARD", "number": 4111, "amount": 1}"#;
    let messages = messages("Payment", Side::Request, wrong);
    assert_eq!(messages, [r#"/number: 4111 is not of type "string""#]);
}

#[test]
fn limits_of_the_document_are_kept() {
    let order = |more: &str| {
        format!(
            r#"{{"id": "A", "total": 1, "note": null, "payment": {{"kind": "CASH", "amount": 1}}, {more}}}"#
        )
    };
    let faults = |more: &str| -> Vec<String> {
        let messages = messages("Order", Side::Request, &order(more));
        let places = messages.iter().filter_map(|told| told.split_once(": "));
        places.map(|(place, _)| place.to_owned()).collect()
    };
    assert_eq!(faults(r#""phone": "1""#), [""; 0]);
    let long = r#""phone": "123456789012345678901""#;
    assert_eq!(faults(long), ["/phone"], "an alias keeps its limits");
    assert_eq!(faults(r#""total": 0"#), ["/total"], "an exclusive bound");
    let text = r#""total": "ten""#;
    assert_eq!(faults(text), ["/total"], "text that is no number");
    assert_eq!(faults(r#""lines": [{}, {}, {}, {}]"#), ["/lines"]);
    let lost = r#""status": "LOST""#;
    assert_eq!(faults(lost), ["/status"], "closed for what a caller sends");
    assert_eq!(
        faults(r#""buyer": null"#),
        ["/buyer"],
        "null is not allowed"
    );
}
