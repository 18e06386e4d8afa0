//! What is refused because of how far an application has come, and which files and decisions are none.

use serde_json::Value;
use serde_json::json;

use super::ADD;
use super::CHANGE;
use super::DELETE;
use super::EDITABLE;
use super::SUBMIT;
use super::TOLD;
use super::UPDATE;
use super::ada;
use super::file;
use super::globex;
use super::grace;
use super::only;
use super::proof;
use super::text;
use super::updates;
use super::whole;
use crate::support::Play;
use crate::support::field;

#[test]
fn what_was_handed_over_cannot_be_changed() {
    let mut play = Play::new();
    let id = play.reviewed();
    let document = text(&play.review(&id)["application_document_errors"][0]["id"]);
    let change = updates(&[("last_name", "Lovelace")]);
    let code = "payments.applications_create_access_code";
    for (stage, hint) in [
        (
            "PROCESSING",
            "It can be changed when a reviewer asks for changes; in a sandbox, decide so through the control API.",
        ),
        (
            "APPROVED",
            "Change the customer that the approval has made.",
        ),
    ] {
        if stage == "APPROVED" {
            play.decide_on(&id, &json!({"decision": "APPROVED"}))
                .unwrap();
        }
        for (op, body) in [(UPDATE, &change), (code, &Value::Null)] {
            let problem = only(play.on(op, &id, body).unwrap_err(), 400);
            assert_eq!(
                whole(&problem),
                [
                    Some("APPLICATION_NOT_EDITABLE"),
                    Some(format!("The application is {stage}; it cannot be changed.").as_str()),
                    Some("application_id"),
                    Some(stage),
                    Some(EDITABLE),
                    Some(hint)
                ],
                "{op}"
            );
        }
        let problem = only(play.upload(&document, &proof()).unwrap_err(), 400);
        assert_eq!(
            whole(&problem),
            [
                Some("DOCUMENT_LOCKED"),
                Some(
                    format!("The document belongs to an application that is {stage}; it cannot be replaced.")
                        .as_str()
                ),
                Some("document_id"),
                Some(stage),
                Some("a document of an application that is INCOMPLETE, READY_FOR_SUBMISSION or CHANGES_REQUESTED"),
                Some("The file that is there stays; a reviewer may ask for another one.")
            ]
        );
    }
    // Nor can the persons of a company.
    let company = play.apply(&globex());
    let person = field(&play.on(ADD, &company, &grace()).unwrap().body, "id");
    play.upload_all(&company);
    play.on(SUBMIT, &company, &Value::Null).unwrap();
    let title = updates(&[("title", "CEO")]).to_string();
    for (op, body) in [
        (ADD, grace().to_string()),
        (CHANGE, title),
        (DELETE, String::new()),
    ] {
        let problem = only(
            play.on_person(op, &company, &person, &body).unwrap_err(),
            400,
        );
        assert_eq!(problem.code, "APPLICATION_NOT_EDITABLE", "{op}");
    }
}

#[test]
fn only_what_is_ready_is_submitted_and_only_once() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let problem = only(play.on(SUBMIT, &id, &Value::Null).unwrap_err(), 400);
    assert_eq!(
        whole(&problem),
        [
            Some("APPLICATION_NOT_READY"),
            Some(
                "The application is INCOMPLETE: it lacks terms_and_conditions_accepted, email_address, \
                 mailing_address.address_line1, mailing_address.city, mailing_address.postal_code and 12 more."
            ),
            Some("application_id"),
            Some("INCOMPLETE"),
            Some("READY_FOR_SUBMISSION"),
            Some(
                format!(
                    "GET /v1/applications/{id}/status lists all that is missing; \
                     the application becomes READY_FOR_SUBMISSION by itself."
                )
                .as_str()
            )
        ]
    );
    play.on(UPDATE, &id, &updates(TOLD)).unwrap();
    play.upload_all(&id);
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    let problem = only(play.on(SUBMIT, &id, &Value::Null).unwrap_err(), 400);
    assert_eq!(
        whole(&problem),
        [
            Some("APPLICATION_NOT_READY"),
            Some("The application was submitted before: it is PROCESSING."),
            Some("application_id"),
            Some("PROCESSING"),
            Some("READY_FOR_SUBMISSION"),
            Some("To repeat a submission whose reply was lost, send it with its idempotency key.")
        ]
    );
}

#[test]
fn a_file_that_is_no_document_is_refused_with_all_that_is_wrong() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let document = text(&play.review(&id)["application_document_errors"][0]["id"]);
    let empty = only(
        play.upload(&document, &file("a.pdf", "application/pdf", 0))
            .unwrap_err(),
        400,
    );
    assert_eq!(
        whole(&empty),
        [
            Some("DOCUMENT_REFUSED"),
            Some("The file is empty."),
            Some("/file"),
            Some("0 bytes"),
            Some("a PDF, JPEG or PNG"),
            Some("Check that the file was read before it was sent.")
        ]
    );
    let bad = file("Jane Doe's papers", "text/html", 31_457_281);
    let rejection = play.upload(&document, &bad).unwrap_err();
    let [kind, length, name] = rejection.problems.as_slice() else {
        panic!("{rejection:?}");
    };
    assert_eq!(
        whole(kind),
        [
            Some("DOCUMENT_REFUSED"),
            Some("The file is of a kind that no document has."),
            Some("/file"),
            Some("text/html"),
            Some("application/pdf, image/jpeg, image/png"),
            Some("Name the media type of the part, or send a file that begins as its kind does.")
        ]
    );
    assert_eq!(
        whole(length),
        [
            Some("DOCUMENT_REFUSED"),
            Some("The file is too long."),
            Some("/file"),
            Some("31457281 bytes"),
            Some("at most 31457280 bytes"),
            Some("Send a smaller scan.")
        ]
    );
    assert_eq!(
        whole(name),
        [
            Some("DOCUMENT_REFUSED"),
            Some("The file name cannot be used."),
            Some("/file"),
            None,
            Some("letters from a to z, digits, spaces, `-`, `_` and `.`, with an extension"),
            Some("Name the file plainly, such as `passport.pdf`.")
        ]
    );
    assert!(!format!("{rejection:?}").contains("Jane"));
}

#[test]
fn every_call_tells_of_a_document_that_is_not_there() {
    let mut play = Play::new();
    play.apply(&ada());
    let path = [("document_id", "nothing")];
    let unknown = [
        play.upload("nothing", &proof()),
        play.get("payments.documents_download", &path, &[]),
    ];
    for refused in unknown {
        assert_eq!(
            whole(&only(refused.unwrap_err(), 404)),
            [
                Some("NOT_FOUND"),
                Some("There is no document with this id in this sandbox."),
                Some("document_id"),
                Some("nothing"),
                Some("the id of one document of this sandbox"),
                Some(
                    "Ids of another sandbox, and of another kind of resource, are not known here; list what there is, \
                     or take the id from the reply that told of it."
                ),
            ]
        );
    }
}

#[test]
fn a_decision_names_what_can_be_changed() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let early = only(
        play.decide_on(&id, &json!({"decision": "REJECTED"}))
            .unwrap_err(),
        400,
    );
    assert_eq!(
        early.hint.as_deref(),
        Some("The applicant has to complete and submit it first.")
    );
    play.on(UPDATE, &id, &updates(TOLD)).unwrap();
    play.upload_all(&id);
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    let changes = |changes: Value| json!({"decision": "CHANGES_REQUESTED", "changes": changes});
    let rows = [
        (changes(json!([])), 400, "/changes"),
        (json!({"decision": "CHANGES_REQUESTED"}), 400, "/changes"),
        (
            json!({"decision": "APPROVED", "changes": [{"field": "last_name"}]}),
            400,
            "/changes",
        ),
        (json!({"decision": "MAYBE"}), 400, "/decision"),
        (changes(json!([{}])), 400, "/changes/0"),
        (
            changes(json!([{"field": "last_name", "document_id": "x"}])),
            400,
            "/changes/0",
        ),
        (
            changes(json!([{"field": "last_name"}, {"field": "lst_name"}])),
            400,
            "/changes/1/field",
        ),
        (
            changes(json!([{"field": "naics"}])),
            400,
            "/changes/0/field",
        ),
        (
            changes(json!([{"document_id": "x"}])),
            404,
            "/changes/0/document_id",
        ),
        (
            changes(json!([{"document_id": "x"}, {}])),
            400,
            "/changes/0/document_id",
        ),
        (
            changes(json!([{"field": "title", "individual_id": "x"}])),
            404,
            "/changes/0/individual_id",
        ),
    ];
    for (body, status, pointer) in rows {
        let rejection = play.decide_on(&id, &body).unwrap_err();
        let problem = &rejection.problems[0];
        assert_eq!(rejection.status, status, "{body}");
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{body}");
        assert!(problem.expected.is_some(), "{body}");
    }
}
