//! The persons and payors of customers, and who makes customers: applications, or a regulated client.

use layer2_world::Settings;
use serde_json::Value;
use serde_json::json;

use super::REPEAT;
use super::grace;
use super::only;
use super::updates;
use super::whole;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;

#[test]
fn customers_are_made_by_applications_alone() {
    let mut play = Play::new();
    let body = json!({"customer_type": "INDIVIDUAL", "id": "ADA", "first_name": "Ada", "last_name": "Example"});
    let refused = play.post("payments.customers_create", &[], &body.to_string());
    assert_eq!(
        whole(&only(refused.unwrap_err(), 400)),
        [
            Some("CUSTOMER_CREATION_NOT_ALLOWED"),
            Some(
                "Only clients that are regulated themselves make customers without an application, \
                 and this sandbox's is not."
            ),
            None,
            None,
            Some("an application for the customer"),
            Some(
                "Start one with POST /v1/applications; its approval makes the customer and opens its first account. \
                 The setting `regulated_client` of a sandbox makes its client a regulated one."
            )
        ]
    );
}

#[test]
fn a_regulated_client_makes_customers_that_are_screened() {
    let mut settings = Settings::default();
    settings.regulated_client = true;
    let mut play = Play::with(settings);
    for event in ["CUSTOMER_PENDING", "CUSTOMER_ACTIVE", "CUSTOMER_CLOSED"] {
        play.subscribe(event);
    }
    let create = "payments.customers_create";
    let person = |id: &str, last_name: &str| {
        json!({"customer_type": "INDIVIDUAL", "id": id, "first_name": "Ada", "last_name": last_name,
            "date_of_birth": "1980-12-09"})
        .to_string()
    };
    let company = |id: &str, name: &str| {
        json!({"customer_type": "CORPORATION", "id": id, "registered_name": name}).to_string()
    };
    let status = |play: &Play, id: &str| {
        let read = play
            .get("payments.customers_get", &[("customer_id", id)], &[])
            .unwrap();
        field(&read.body, "status")
    };
    play.eager = false;
    let made = play.post(create, &[], &person("ADA", "Example")).unwrap();
    assert_eq!(field(&made.body, "id"), "ADA");
    assert_eq!(status(&play, "ADA"), "PENDING");
    play.settle();
    assert_eq!(status(&play, "ADA"), "ACTIVE");
    assert_eq!(play.told(), ["CUSTOMER_PENDING", "CUSTOMER_ACTIVE"]);

    play.eager = true;
    for (id, name, ends) in [
        ("INITECH", "Initech LLC", "ACTIVE"),
        ("LISTED", "Screening Hit Ltd", "CLOSED"),
    ] {
        play.post(create, &[], &company(id, name)).unwrap();
        assert_eq!(status(&play, id), ends);
        let end = format!("CUSTOMER_{ends}");
        assert_eq!(play.told(), ["CUSTOMER_PENDING", &end]);
    }
    for taken in ["ADA", "ACME", "SELF"] {
        let refused = play.post(create, &[], &person(taken, "Example"));
        assert_eq!(codes(&refused.unwrap_err()), ["ALREADY_EXISTS"], "{taken}");
    }
    let account = r#"{"customer_id":"ADA","account_to_open":{"account_id":"ADA_USD","product_id":"DEPOSIT_BASIC","asset_type_id":"FIAT_TESTNET_USD"}}"#;
    play.post("payments.accounts_open", &[], account).unwrap();
    assert_eq!(play.account_status("ADA_USD"), "OPEN");
}

const ADD: &str = "payments.customers_add_individual";
const CHANGE: &str = "payments.customers_update_individual";
const READ: &str = "payments.customers_get_individual";
const PAY: &str = "payments.customers_add_payor";

#[test]
fn the_persons_and_payors_of_a_customer_are_kept() {
    let mut play = Play::new();
    let person = a_person_is_kept(&mut play);
    a_customer_who_is_a_person_has_no_persons(&mut play);
    let payor = payors_are_kept(&mut play);

    play.decide("ACME", "CLOSED").unwrap();
    let acme = [("customer_id", "ACME")];
    let path = [("customer_id", "ACME"), ("individual_id", person.as_str())];
    let closed = [
        play.post(ADD, &acme, &grace().to_string()),
        play.post(CHANGE, &path, &title()),
        play.post(PAY, &acme, &payor.to_string()),
    ];
    for refused in closed {
        assert_eq!(
            whole(&only(refused.unwrap_err(), 400)),
            [
                Some("CUSTOMER_NOT_USABLE"),
                Some("Customer `ACME` cannot be changed: it is CLOSED."),
                Some("customer_id"),
                Some("CLOSED"),
                Some("a customer whose status allows updates"),
                Some("CLOSED is final; use another customer.")
            ]
        );
    }
}

fn title() -> String {
    updates(&[("title", "CFO")]).to_string()
}

/// Adds a person to Acme, changes it, and gives its id.
fn a_person_is_kept(play: &mut Play) -> String {
    let added = play.post(ADD, &[("customer_id", "ACME")], &grace().to_string());
    let id = field(&added.unwrap().body, "id");
    let person = [("customer_id", "ACME"), ("individual_id", id.as_str())];
    play.post(CHANGE, &person, &title()).unwrap();
    assert_eq!(
        field(&play.get(READ, &person, &[]).unwrap().body, "title"),
        "CFO"
    );
    let unknown = [("customer_id", "ACME"), ("individual_id", "x")];
    for refused in [
        play.get(READ, &unknown, &[]),
        play.post(CHANGE, &unknown, &title()),
    ] {
        let problem = only(refused.unwrap_err(), 404);
        assert_eq!(problem.pointer.as_deref(), Some("individual_id"));
    }
    let wrong = updates(&[("id", "x")]).to_string();
    assert_eq!(
        codes(&play.post(CHANGE, &person, &wrong).unwrap_err()),
        ["FIELD_NOT_UPDATABLE"]
    );
    id
}

fn a_customer_who_is_a_person_has_no_persons(play: &mut Play) {
    let jane = [("customer_id", "JANE"), ("individual_id", "x")];
    let alone = [
        play.post(ADD, &jane, &grace().to_string()),
        play.get(READ, &jane, &[]),
        play.post(CHANGE, &jane, &title()),
    ];
    for refused in alone {
        assert_eq!(
            whole(&only(refused.unwrap_err(), 400)),
            [
                Some("NOT_A_CORPORATION"),
                Some("The customer is a person; only a company has persons."),
                Some("customer_id"),
                Some("INDIVIDUAL"),
                Some("CORPORATION"),
                Some("Change the fields of the person with the update of the customer itself.")
            ]
        );
    }
}

/// Adds a payor to Acme and gives it.
fn payors_are_kept(play: &mut Play) -> Value {
    let acme = [("customer_id", "ACME")];
    let payor = json!({"id": "P1", "company_name": "Initech", "state": "MA", "country_code": "US"});
    play.post(PAY, &acme, &payor.to_string()).unwrap();
    let taken = only(play.post(PAY, &acme, &payor.to_string()).unwrap_err(), 400);
    assert_eq!(
        whole(&taken),
        [
            Some("ALREADY_EXISTS"),
            Some("The customer has a payor with this id."),
            Some("/id"),
            Some("P1"),
            Some("an id that no payor of this customer has"),
            Some(REPEAT)
        ]
    );
    // Another customer's payor may have the same id.
    play.post(PAY, &[("customer_id", "JANE")], &payor.to_string())
        .unwrap();
    let mut nameless = payor.clone();
    nameless["id"] = json!("P2");
    nameless["first_name"] = json!("Peter");
    let refused = only(
        play.post(PAY, &acme, &nameless.to_string()).unwrap_err(),
        400,
    );
    assert_eq!(
        refused.expected.as_deref(),
        Some("`first_name` and `last_name`, or `company_name` alone")
    );
    assert_eq!(refused.received, None);
    payor
}
