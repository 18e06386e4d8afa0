//! What can be read back: lists, files, access codes.

use serde_json::Value;
use serde_json::json;

use super::TOLD;
use super::UPDATE;
use super::account;
use super::ada;
use super::file;
use super::globex;
use super::names;
use super::only;
use super::proof;
use super::text;
use super::updates;
use super::whole;
use crate::support::Play;
use crate::support::field;

#[test]
fn a_file_comes_back_as_it_was_described_and_a_later_one_replaces_it() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let document = text(&play.review(&id)["application_document_errors"][0]["id"]);
    let path = [("document_id", document.as_str())];
    let download = |play: &Play| play.get("payments.documents_download", &path, &[]);
    let problem = only(download(&play).unwrap_err(), 404);
    assert_eq!(
        whole(&problem),
        [
            Some("NOT_FOUND"),
            Some("Nothing was uploaded for this document yet."),
            Some("document_id"),
            Some(document.as_str()),
            Some("a document with a file"),
            Some(format!("Upload one with POST /v1/documents/{document}.").as_str()),
        ]
    );
    play.upload(&document, &file("first.png", "image/png", 3))
        .unwrap();
    play.upload(&document, &proof()).unwrap();
    let reply: Value = serde_json::from_str(&download(&play).unwrap().body).unwrap();
    assert_eq!(
        reply,
        json!({"file_name": "proof.pdf", "media_type": "application/pdf",
            "content": {"blob": {"sha256": "ab".repeat(32)}}})
    );
    assert_eq!(
        play.review(&id)["application_document_errors"][0],
        json!({"document_id": document, "id": document, "document": "GOVERNMENT_ID_FRONT",
            "status": "SUBMITTED", "mandatory": true})
    );
}

#[test]
fn an_access_code_works_for_a_day() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let op = "payments.applications_create_access_code";
    let first = play.on(op, &id, &Value::Null).unwrap().body;
    let second = play.on(op, &id, &Value::Null).unwrap().body;
    assert_eq!(field(&first, "id"), id);
    assert_eq!(field(&first, "access_code").len(), 32);
    assert_ne!(field(&first, "access_code"), field(&second, "access_code"));
    assert_eq!(field(&first, "expiry"), "2026-01-06T09:00:00.000002-05:00");
}

/// The query, and the ids of what it lists.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn lists_are_filtered_ordered_and_paged() {
    let mut play = Play::new();
    let ada_id = play.apply(&ada());
    let globex_id = play.apply(&globex());
    let mut third = ada();
    third["customer_id"] = json!("BEN");
    third["account_to_open"] = account("BEN_USD");
    third["customer_details"] =
        json!({"first_name": "Ben", "last_name": "Sample", "email_address": "ben@example.com"});
    let ben_id = play.apply(&third);
    play.on(UPDATE, &ada_id, &updates(TOLD)).unwrap();
    play.upload_all(&ada_id);

    let list = |query: &[(&str, &str)]| {
        let reply = play.get("payments.applications_list", &[], query).unwrap();
        let reply: Value = serde_json::from_str(&reply.body).unwrap();
        names(&reply["data"]["applications"], "id")
    };
    let (ada_id, globex_id, ben_id) = (ada_id.as_str(), globex_id.as_str(), ben_id.as_str());
    let cases: &[Case<'_>] = &[
        (&[], &[ada_id, globex_id, ben_id]),
        (&[("order", "DESC")], &[ben_id, globex_id, ada_id]),
        (
            &[("order_by", "status_update_date")],
            &[globex_id, ben_id, ada_id],
        ),
        (
            &[("order_by", "status_update_date"), ("order", "DESC")],
            &[ada_id, ben_id, globex_id],
        ),
        (&[("status", "READY_FOR_SUBMISSION")], &[ada_id]),
        (&[("application_type", "CORPORATION")], &[globex_id]),
        (&[("terms_and_conditions_accepted", "false")], &[ben_id]),
        (&[("information_attested", "true")], &[ada_id, globex_id]),
        (&[("customer_id", "BEN")], &[ben_id]),
        (&[("customer_name", "a exam")], &[ada_id]),
        (&[("customer_name", "globex")], &[globex_id]),
        (&[("email_address", "ben@example.com")], &[ben_id]),
        (&[("status", "INCOMPLETE"), ("customer_name", "ada")], &[]),
        (&[("page_size", "2"), ("page", "1")], &[ben_id]),
    ];
    for (query, expected) in cases {
        assert_eq!(list(query), *expected, "{query:?}");
    }
    let problem = only(
        play.get("payments.applications_list", &[], &[("order_by", "name")])
            .unwrap_err(),
        400,
    );
    assert_eq!(
        whole(&problem),
        [
            Some("VALIDATION_FAILED"),
            Some("Applications cannot be ordered by this."),
            Some("order_by"),
            Some("name"),
            Some("created_date, status_update_date"),
            None
        ]
    );
}
