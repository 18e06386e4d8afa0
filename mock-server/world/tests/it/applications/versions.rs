//! What each version of the platform calls what is missing.

use layer2_types::operation::Platform;
use serde_json::Value;
use serde_json::json;

use super::ADD;
use super::SUBMIT;
use super::TOLD;
use super::UPDATE;
use super::ada;
use super::globex;
use super::grace;
use super::members;
use super::names;
use super::only;
use super::proof;
use super::text;
use super::updates;
use crate::support::fast;

/// What a version tells of a company that lacks something, what fields it still wants of a person that has told all but
/// its attestation, and the status of that person's application.
fn reviewed_on(platform: Platform) -> (Value, Value, String) {
    let mut play = fast(platform);
    for event in ["APPLICATION_INCOMPLETE", "APPLICATION_READY_FOR_SUBMISSION"] {
        let body = json!({"event_type": event, "callback_url": "http://127.0.0.1:9/h"});
        let subscribed = play.post("payments.subscriptions_create", &[], &body.to_string());
        let known = platform != Platform::Layer2V1_0_5 || event != "APPLICATION_INCOMPLETE";
        assert_eq!(subscribed.is_ok(), known, "{event}");
    }
    let id = play.apply(&globex());
    let body = grace();
    play.on(ADD, &id, &body).unwrap();
    let review = play.review(&id);
    let mut plain = ada();
    plain["terms_and_conditions_accepted"] = json!(true);
    let told = updates(&TOLD[..13]);
    let person = play.apply(&plain);
    play.on(UPDATE, &person, &told).unwrap();
    let (name, ids) = if platform == Platform::Layer2V1_0_5 {
        ("application_validation_errors", "id")
    } else {
        ("validation_errors", "document_id")
    };
    let left = play.review(&person);
    for document in members(&left["application_document_errors"]) {
        play.upload(&text(&document[ids]), &proof()).unwrap();
    }
    (review, left[name].clone(), play.stage(&person))
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn each_version_has_its_own_names() {
    let (old, left, stage) = reviewed_on(Platform::Layer2V1_0_5);
    assert_eq!(
        keys(&old),
        [
            "account_to_open",
            "application_document_errors",
            "application_errors",
            "application_type",
            "application_validation_errors",
            "customer_id",
            "id",
            "individual_errors",
            "status",
            "terms_and_conditions_accepted"
        ]
    );
    assert_eq!(
        keys(&old["individual_errors"][0]),
        [
            "id",
            "individual_document_errors",
            "individual_validation_errors"
        ]
    );
    // 1.0.5 knows no attestation, so its absence holds nothing up.
    assert_eq!((left, stage.as_str()), (json!([]), "READY_FOR_SUBMISSION"));

    let (new, left, stage) = reviewed_on(Platform::RailV1_1_2);
    assert_eq!(
        keys(&new),
        [
            "application_document_errors",
            "application_errors",
            "application_individual_errors",
            "created_date",
            "id",
            "status",
            "status_update_date",
            "validation_errors"
        ]
    );
    assert_eq!(
        keys(&new["application_individual_errors"][0]),
        ["document_errors", "individual_id", "validation_errors"]
    );
    assert_eq!(names(&left, "field_name"), ["information_attested"]);
    assert_eq!(keys(&left[0]), ["description", "field_name", "status"]);
    assert_eq!(stage, "INCOMPLETE");
    let (both, _, _) = reviewed_on(Platform::Union);
    for key in keys(&old).iter().chain(&keys(&new)) {
        assert!(both.get(key).is_some(), "{key}");
    }
}

#[test]
fn each_version_has_its_own_words_for_missing_persons() {
    for (platform, expected) in [
        (
            Platform::Layer2V1_0_5,
            json!([
                "MISSING_PERSON",
                "MISSING_BENEFICIAL_OWNER",
                "MISSING_OFFICER"
            ]),
        ),
        (
            Platform::RailV1_1_2,
            json!([
                "MISSING_INDIVIDUAL",
                "MISSING_BENEFICIAL_OWNER",
                "MISSING_OFFICER",
                "MISSING_CONTROL_PERSON",
                "MISSING_AUTHORIZED_PERSON",
                "TERMS_AND_CONDITIONS_NOT_ACCEPTED"
            ]),
        ),
    ] {
        let mut play = fast(platform);
        let mut body = globex();
        body["terms_and_conditions_accepted"] = json!(false);
        let id = play.apply(&body);
        assert_eq!(play.review(&id)["application_errors"], expected);
    }
}

#[test]
fn version_1_0_5_tells_of_applications_and_not_of_what_they_make() {
    let mut play = fast(Platform::Layer2V1_0_5);
    for event in [
        "APPLICATION_READY_FOR_SUBMISSION",
        "APPLICATION_SUBMITTED",
        "APPLICATION_PROCESSING",
        "APPLICATION_APPROVED",
    ] {
        play.subscribe(event);
    }
    for event in ["APPLICATION_INCOMPLETE", "CUSTOMER_ACTIVE", "ACCOUNT_OPEN"] {
        let body = json!({"event_type": event, "callback_url": "http://127.0.0.1:9/h"});
        let refused = play.post("payments.subscriptions_create", &[], &body.to_string());
        let problem = only(refused.unwrap_err(), 400);
        assert_eq!(problem.pointer.as_deref(), Some("/event_type"), "{event}");
    }
    let mut body = ada();
    body["terms_and_conditions_accepted"] = json!(true);
    let id = play.apply(&body);
    play.on(UPDATE, &id, &updates(&TOLD[..13])).unwrap();
    for document in members(&play.review(&id)["application_document_errors"]) {
        play.upload(&text(&document["id"]), &proof()).unwrap();
    }
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    play.decide_on(&id, &json!({"decision": "APPROVED"}))
        .unwrap();
    assert_eq!(
        play.told(),
        [
            "APPLICATION_READY_FOR_SUBMISSION",
            "APPLICATION_SUBMITTED",
            "APPLICATION_PROCESSING",
            "APPLICATION_APPROVED"
        ]
    );
}
