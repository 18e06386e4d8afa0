//! Onboarding, from the first field to a customer that can open an account.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::Settings;
use layer2_world::World;
use serde_json::Value;
use serde_json::json;

use crate::support::Play;
use crate::support::TAKEN;
use crate::support::codes;
use crate::support::field;
use crate::support::genesis;
use crate::support::request;

const CREATE: &str = "payments.applications_create";
const UPDATE: &str = "payments.applications_update";
const SUBMIT: &str = "payments.applications_submit";
const DECIDE: &str = "control.decisions_application";
const UPLOAD: &str = "payments.documents_upload";
const ADD: &str = "payments.applications_add_individual";
const CHANGE: &str = "payments.applications_update_individual";
const DELETE: &str = "payments.applications_delete_individual";

/// What a person has to tell besides its name.
const TOLD: &[(&str, &str)] = &[
    ("email_address", "ada@example.com"),
    ("mailing_address.address_line1", "1 Example Street"),
    ("mailing_address.city", "Boston"),
    ("mailing_address.postal_code", "02135"),
    ("mailing_address.country_code", "US"),
    ("telephone_number", "+16175550100"),
    ("tax_reference_number", "123-45-6789"),
    ("nationality", "GB"),
    ("date_of_birth", "1980-12-10"),
    ("us_residency_status", "RESIDENT_ALIEN"),
    ("employment_status", "SELF_EMPLOYED"),
    ("primary_source_of_funds", "SAVINGS"),
    ("total_assets", "TEN_TO_100K"),
    ("terms_and_conditions_accepted", "true"),
    ("information_attested", "true"),
];

fn account(id: &str) -> Value {
    json!({"account_id": id, "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"})
}

fn ada() -> Value {
    json!({
        "application_type": "INDIVIDUAL",
        "customer_id": "ADA",
        "account_to_open": account("ADA_USD"),
        "terms_and_conditions_accepted": false,
        "customer_details": {"first_name": "Ada", "last_name": "Example"},
    })
}

/// A company that lacks nothing but its persons and its papers.
fn globex() -> Value {
    json!({
        "application_type": "CORPORATION",
        "customer_id": "GLOBEX",
        "account_to_open": account("GLOBEX_USD"),
        "terms_and_conditions_accepted": true,
        "information_attested": true,
        "customer_details": {
            "registered_name": "Globex Corporation",
            "registered_number": "12-3456789",
            "registered_address": {"address_line1": "1 Example Street", "city": "Boston", "state": "MA",
                "postal_code": "02135", "country_code": "US"},
            "telephone_number": "+16175550100",
            "state_of_incorporation": "DE",
            "country_of_incorporation": "US",
            "corporate_entity_type": "LLC",
            "investment_profile": {"primary_source_of_funds": "COMPANY", "total_assets": "ONE_TO_10M",
                "trade_internationally": false},
            "kyc_profile": {"primary_business": "SOFTWARE", "is_charitable": false,
                "engage_in_activities": ["NONE"], "vendors_and_counterparties": ["CUSTOMERS", "EMPLOYEES"]},
        },
    })
}

fn grace() -> Value {
    json!({
        "individual_type": ["BENEFICIAL_OWNER", "OFFICER", "CONTROL_PERSON", "AUTHORIZED_PERSON"],
        "first_name": "Grace", "last_name": "Example", "percentage_ownership": 60,
        "mailing_address": {"address_line1": "2 Example Street", "city": "Boston", "postal_code": "02135",
            "country_code": "US"},
        "nationality": "US", "date_of_birth": "1980-12-09", "us_residency_status": "US_CITIZEN",
    })
}

fn updates(pairs: &[(&str, &str)]) -> Value {
    let updates: Vec<Value> = pairs
        .iter()
        .map(|(field, value)| json!({"field": field, "value": value}))
        .collect();
    json!({ "updates": updates })
}

fn file(name: &str, media_type: &str, length: u64) -> Value {
    json!({"file_name": name, "media_type": media_type, "length": length, "sha256": "ab".repeat(32)})
}

fn proof() -> Value {
    file("proof.pdf", "application/pdf", 9)
}

/// The calls of onboarding, with what they give.
impl Play {
    fn apply(&mut self, body: &Value) -> String {
        let reply = self.post(CREATE, &[], &body.to_string()).unwrap();
        field(&reply.body, "id")
    }

    fn on(&mut self, op: &str, id: &str, body: &Value) -> Result<Reply, Rejection> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.post(op, &[("application_id", id)], &body)
    }

    fn on_person(
        &mut self,
        op: &str,
        id: &str,
        person: &str,
        body: &str,
    ) -> Result<Reply, Rejection> {
        let path = [("application_id", id), ("individual_id", person)];
        self.post(op, &path, body)
    }

    fn upload(&mut self, document: &str, file: &Value) -> Result<Reply, Rejection> {
        self.post(UPLOAD, &[("document_id", document)], &file.to_string())
    }

    fn decide_on(&mut self, id: &str, body: &Value) -> Result<Reply, Rejection> {
        let path = [("sandbox", "default"), ("application_id", id)];
        self.post(DECIDE, &path, &body.to_string())
    }

    fn review(&self, id: &str) -> Value {
        let path = [("application_id", id)];
        let reply = self.get("payments.applications_get_status", &path, &[]);
        let reply: Value = serde_json::from_str(&reply.unwrap().body).unwrap();
        reply["data"].clone()
    }

    fn stage(&self, id: &str) -> String {
        text(&self.review(id)["status"])
    }

    /// Uploads whatever the status call asks for and cannot be done without.
    fn upload_all(&mut self, id: &str) {
        let review = self.review(id);
        let of_persons = members(&review["application_individual_errors"]);
        let of_persons = of_persons.flat_map(|person| members(&person["document_errors"]));
        let asked: Vec<Value> = members(&review["application_document_errors"])
            .chain(of_persons)
            .collect();
        for document in asked
            .iter()
            .filter(|document| document["mandatory"] == true)
        {
            self.upload(&text(&document["document_id"]), &proof())
                .unwrap();
        }
    }

    /// An application of a person that can be submitted.
    fn ready(&mut self) -> String {
        let id = self.apply(&ada());
        self.on(UPDATE, &id, &updates(TOLD)).unwrap();
        self.upload_all(&id);
        assert_eq!(self.stage(&id), "READY_FOR_SUBMISSION");
        id
    }

    /// The same under review.
    fn reviewed(&mut self) -> String {
        let id = self.ready();
        self.on(SUBMIT, &id, &Value::Null).unwrap();
        assert_eq!(self.stage(&id), "PROCESSING");
        id
    }

    fn told(&mut self) -> Vec<String> {
        let due = self.deliver(TAKEN);
        due.iter()
            .map(|due| field(&due.body, "event_type"))
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = Value> + use<> {
    value.as_array().unwrap().clone().into_iter()
}

fn names(value: &Value, name: &str) -> Vec<String> {
    members(value).map(|row| text(&row[name])).collect()
}

fn only(rejection: Rejection, status: u16) -> Problem {
    assert_eq!(rejection.status, status, "{rejection:?}");
    let [problem] = <[Problem; 1]>::try_from(rejection.problems).unwrap();
    problem
}

/// The whole of a problem: code, description, pointer, received, expected, hint.
fn whole(problem: &Problem) -> [Option<&str>; 6] {
    [
        Some(problem.code),
        Some(&problem.description),
        problem.pointer.as_deref(),
        problem.received.as_deref(),
        problem.expected.as_deref(),
        problem.hint.as_deref(),
    ]
}

const EDITABLE: &str =
    "an application that is INCOMPLETE, READY_FOR_SUBMISSION or CHANGES_REQUESTED";
const REPEAT: &str = "To repeat a request whose reply was lost, send it with its idempotency key.";

#[test]
fn a_person_is_onboarded_from_the_first_field_to_the_second_account() {
    let mut play = Play::new();
    for event in [
        "APPLICATION_INCOMPLETE",
        "APPLICATION_READY_FOR_SUBMISSION",
        "APPLICATION_SUBMITTED",
        "APPLICATION_PROCESSING",
        "APPLICATION_CHANGE_REQUESTED",
        "APPLICATION_APPROVED",
        "CUSTOMER_ACTIVE",
        "ACCOUNT_OPEN",
    ] {
        play.subscribe(event);
    }
    let id = play.apply(&ada());
    assert_eq!(play.told(), ["APPLICATION_INCOMPLETE"]);
    let review = play.review(&id);
    let lacking = names(&review["validation_errors"], "field_name");
    assert!(lacking.contains(&"date_of_birth".to_owned()), "{lacking:?}");
    let needed = TOLD.iter().map(|(name, _)| *name);
    let needed: Vec<&str> = needed
        .filter(|name| *name != "terms_and_conditions_accepted")
        .collect();
    assert_eq!(lacking, needed);
    assert_eq!(
        review["application_errors"],
        json!(["TERMS_AND_CONDITIONS_NOT_ACCEPTED"])
    );
    assert_eq!(
        names(&review["application_document_errors"], "document"),
        ["GOVERNMENT_ID_FRONT", "GOVERNMENT_ID_BACK", "UTILITY_BILL"]
    );

    play.on(UPDATE, &id, &updates(TOLD)).unwrap();
    let review = play.review(&id);
    assert_eq!(review["validation_errors"], json!([]));
    assert_eq!(review["application_errors"], json!([]));
    assert_eq!(review["status"], "INCOMPLETE");
    play.upload_all(&id);
    assert_eq!(play.stage(&id), "READY_FOR_SUBMISSION");
    assert_eq!(play.told(), ["APPLICATION_READY_FOR_SUBMISSION"]);

    play.on(SUBMIT, &id, &Value::Null).unwrap();
    assert_eq!(
        play.told(),
        ["APPLICATION_SUBMITTED", "APPLICATION_PROCESSING"]
    );
    let bill = text(&play.review(&id)["application_document_errors"][2]["document_id"]);
    let changes = json!({"decision": "CHANGES_REQUESTED", "changes": [
        {"field": "mailing_address.address_line1", "description": "Not the street of the bill."},
        {"document_id": bill},
    ]});
    let decided = play.decide_on(&id, &changes).unwrap();
    assert_eq!(field(&decided.body, "previous_status"), "PROCESSING");
    assert_eq!(field(&decided.body, "status"), "CHANGES_REQUESTED");
    assert_eq!(play.told(), ["APPLICATION_CHANGE_REQUESTED"]);
    let review = play.review(&id);
    assert_eq!(
        review["validation_errors"],
        json!([{"field_name": "mailing_address.address_line1", "status": "CHANGES_REQUESTED",
            "field_status": "CHANGES_REQUESTED", "description": "Not the street of the bill."}])
    );
    let questioned = &review["application_document_errors"][2];
    assert_eq!(questioned["status"], "CHANGES_REQUESTED");
    assert_eq!(
        questioned["description"],
        "A reviewer asks for another file."
    );

    let street = updates(&[("mailing_address.address_line1", "9 Example Street")]);
    play.on(UPDATE, &id, &street).unwrap();
    assert_eq!(play.stage(&id), "CHANGES_REQUESTED", "the bill is awaited");
    play.upload(&bill, &proof()).unwrap();
    assert_eq!(play.told(), ["APPLICATION_READY_FOR_SUBMISSION"]);
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    let _ = play.told();
    play.decide_on(&id, &json!({"decision": "APPROVED"}))
        .unwrap();
    assert_eq!(
        play.told(),
        ["CUSTOMER_ACTIVE", "ACCOUNT_OPEN", "APPLICATION_APPROVED"]
    );

    let path = [("customer_id", "ADA")];
    let customer = play.get("payments.customers_get", &path, &[]).unwrap().body;
    let customer: Value = serde_json::from_str(&customer).unwrap();
    assert_eq!(customer["data"]["status"], "ACTIVE");
    assert_eq!(
        customer["data"]["mailing_address"]["address_line1"],
        "9 Example Street"
    );
    assert_eq!(
        customer["data"]["investment_profile"]["total_assets"],
        "TEN_TO_100K"
    );
    assert_eq!(play.account_status("ADA_USD"), "OPEN");
    assert_eq!(
        names(&play.review(&id)["application_document_errors"], "status"),
        ["APPROVED", "MISSING", "APPROVED"]
    );
    let second = json!({"customer_id": "ADA", "account_to_open": account("ADA_2")}).to_string();
    play.post("payments.accounts_open", &[], &second).unwrap();
    play.inbound("ADA_2", "12.50").unwrap();
    play.transfer("ADA_2", "ADA_USD", "2").unwrap();
    assert!(play.balanced());
}

#[test]
fn a_company_needs_its_persons_and_each_of_them_a_paper() {
    let mut play = Play::new();
    let id = play.apply(&globex());
    let review = play.review(&id);
    assert_eq!(
        review["application_errors"],
        json!([
            "MISSING_INDIVIDUAL",
            "MISSING_PERSON",
            "MISSING_BENEFICIAL_OWNER",
            "MISSING_OFFICER",
            "MISSING_CONTROL_PERSON",
            "MISSING_AUTHORIZED_PERSON"
        ])
    );
    assert_eq!(review["validation_errors"], json!([]));
    let mut half = grace();
    half["individual_type"] = json!(["BENEFICIAL_OWNER", "CONTROL_PERSON"]);
    half.as_object_mut().unwrap().remove("nationality");
    let person = field(&play.on(ADD, &id, &half).unwrap().body, "id");
    let review = play.review(&id);
    assert_eq!(
        review["application_errors"],
        json!(["MISSING_OFFICER", "MISSING_AUTHORIZED_PERSON"])
    );
    let of_person = &review["application_individual_errors"][0];
    assert_eq!(of_person["individual_id"], person.as_str());
    assert_eq!(
        names(&of_person["validation_errors"], "field_name"),
        ["nationality"]
    );
    assert_eq!(
        names(&of_person["document_errors"], "document"),
        ["GOVERNMENT_ID_FRONT", "GOVERNMENT_ID_BACK"]
    );
    assert_eq!(
        review["individual_errors"],
        review["application_individual_errors"]
    );

    let rest = updates(&[
        (
            "individual_type",
            "BENEFICIAL_OWNER, OFFICER, CONTROL_PERSON, AUTHORIZED_PERSON",
        ),
        ("nationality", "US"),
    ]);
    play.on_person(CHANGE, &id, &person, &rest.to_string())
        .unwrap();
    play.upload_all(&id);
    assert_eq!(play.stage(&id), "READY_FOR_SUBMISSION");

    // Ready is left as soon as something is missing, and reached again.
    let second = field(&play.on(ADD, &id, &grace()).unwrap().body, "id");
    assert_eq!(play.stage(&id), "INCOMPLETE");
    let paper = text(&play.review(&id)["individual_errors"][1]["document_errors"][0]["id"]);
    play.on_person(DELETE, &id, &second, "").unwrap();
    assert_eq!(play.stage(&id), "READY_FOR_SUBMISSION");
    assert_eq!(
        codes(&play.upload(&paper, &proof()).unwrap_err()),
        ["NOT_FOUND"]
    );
    for (field, empty, full) in [
        ("registered_number", "", "12-3456789"),
        ("terms_and_conditions_accepted", "false", "true"),
        ("information_attested", "false", "true"),
    ] {
        play.on(UPDATE, &id, &updates(&[(field, empty)])).unwrap();
        assert_eq!(play.stage(&id), "INCOMPLETE", "{field}");
        play.on(UPDATE, &id, &updates(&[(field, full)])).unwrap();
        assert_eq!(play.stage(&id), "READY_FOR_SUBMISSION", "{field}");
    }

    play.on(SUBMIT, &id, &Value::Null).unwrap();
    let title = json!({"decision": "CHANGES_REQUESTED",
        "changes": [{"individual_id": person, "field": "person_role"}]});
    play.decide_on(&id, &title).unwrap();
    let role = updates(&[(
        "individual_type",
        "BENEFICIAL_OWNER,OFFICER,CONTROL_PERSON,AUTHORIZED_PERSON",
    )]);
    play.on_person(CHANGE, &id, &person, &role.to_string())
        .unwrap();
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    play.decide_on(&id, &json!({"decision": "APPROVED"}))
        .unwrap();
    let path = [
        ("customer_id", "GLOBEX"),
        ("individual_id", person.as_str()),
    ];
    let kept = play
        .get("payments.customers_get_individual", &path, &[])
        .unwrap();
    assert_eq!(field(&kept.body, "first_name"), "Grace");
}

#[test]
fn a_refusal_is_final_and_frees_the_ids() {
    let mut play = Play::new();
    let id = play.reviewed();
    play.decide_on(&id, &json!({"decision": "REJECTED", "reason": "a test"}))
        .unwrap();
    assert_eq!(play.stage(&id), "REJECTED");
    let problem = only(
        play.decide_on(&id, &json!({"decision": "APPROVED"}))
            .unwrap_err(),
        400,
    );
    assert_eq!(
        whole(&problem),
        [
            Some("STATUS_CHANGE_NOT_ALLOWED"),
            Some("An application that is REJECTED cannot become APPROVED."),
            Some("/decision"),
            Some("APPROVED"),
            Some("nothing: the status is final"),
            None
        ]
    );
    let again = play.apply(&ada());
    assert_ne!(again, id);
    let path = [("customer_id", "ADA")];
    assert!(play.get("payments.customers_get", &path, &[]).is_err());
}

#[test]
fn the_review_begins_after_a_while_where_work_takes_time() {
    let mut settings = Settings::default();
    settings.profile = Profile::Realistic;
    let mut play = Play::with(settings);
    let id = play.ready();
    play.on(SUBMIT, &id, &Value::Null).unwrap();
    assert_eq!(play.stage(&id), "SUBMITTED");
    let problem = only(
        play.decide_on(&id, &json!({"decision": "APPROVED"}))
            .unwrap_err(),
        400,
    );
    assert_eq!(
        whole(&problem),
        [
            Some("STATUS_CHANGE_NOT_ALLOWED"),
            Some("An application that is SUBMITTED cannot become APPROVED."),
            Some("/decision"),
            Some("APPROVED"),
            Some("PROCESSING"),
            Some("Its review begins by itself; settle the sandbox or advance its clock.")
        ]
    );
    play.advance(SignedDuration::from_secs(61));
    assert_eq!(play.stage(&id), "PROCESSING");
}

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
    let cases: &[(&[(&str, &str)], &[&str])] = &[
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

#[test]
fn each_version_has_its_own_names() {
    let review = |platform: Platform| {
        let mut settings = Settings::default();
        settings.platform = platform;
        let mut play = Play::with(settings);
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
    };
    let (old, left, stage) = review(Platform::Layer2V1_0_5);
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
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

    let (new, left, stage) = review(Platform::RailV1_1_2);
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
    let (both, _, _) = review(Platform::Union);
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
        let mut settings = Settings::default();
        settings.platform = platform;
        let mut play = Play::with(settings);
        let mut body = globex();
        body["terms_and_conditions_accepted"] = json!(false);
        let id = play.apply(&body);
        assert_eq!(play.review(&id)["application_errors"], expected);
    }
}

#[test]
fn ids_that_are_taken_are_refused_together() {
    let mut play = Play::new();
    play.apply(&globex());
    let mut body = ada();
    for (customer, wanted) in [
        ("JANE", "JANE_USD"),
        ("GLOBEX", "GLOBEX_USD"),
        ("SELF", "JANE_USD"),
    ] {
        body["customer_id"] = json!(customer);
        body["account_to_open"]["account_id"] = json!(wanted);
        let rejection = play.post(CREATE, &[], &body.to_string()).unwrap_err();
        let [of_customer, of_account] = rejection.problems.as_slice() else {
            panic!("{rejection:?}");
        };
        assert_eq!(rejection.status, 400);
        assert_eq!(
            whole(of_customer),
            [
                Some("ALREADY_EXISTS"),
                Some("There is a customer, or an application for one, with this id."),
                Some("/customer_id"),
                Some(customer),
                Some("an id that no customer and no open application has"),
                Some(REPEAT)
            ]
        );
        assert_eq!(
            whole(of_account),
            [
                Some("ALREADY_EXISTS"),
                Some("There is an account, or an application for one, with this id."),
                Some("/account_to_open/account_id"),
                Some(wanted),
                Some("an id that no account and no open application has"),
                Some(REPEAT)
            ]
        );
    }
    // An open application keeps its account id from whoever opens accounts.
    let opening =
        json!({"customer_id": "ACME", "account_to_open": account("GLOBEX_USD")}).to_string();
    let taken = play
        .post("payments.accounts_open", &[], &opening)
        .unwrap_err();
    assert_eq!(codes(&taken), ["ALREADY_EXISTS"]);
}

#[test]
fn an_application_is_refused_with_the_place_of_what_is_wrong() {
    let mut play = Play::new();
    let change = |at: &str, value: Value| {
        let mut body = ada();
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    let product = change("/account_to_open/product_id", json!("SAVINGS"));
    let asset = change("/account_to_open/asset_type_id", json!("USD"));
    let id = change("/customer_id", json!("a b"));
    let kind = change("/application_type", json!("TRUST"));
    let rows = [
        (
            product,
            "PRODUCT_ASSET_NOT_SUPPORTED",
            "/account_to_open/product_id",
            "SAVINGS",
        ),
        (
            asset,
            "PRODUCT_ASSET_NOT_SUPPORTED",
            "/account_to_open/asset_type_id",
            "USD",
        ),
        (id, "VALIDATION_FAILED", "/customer_id", "a b"),
        (kind, "VALIDATION_FAILED", "/application_type", "TRUST"),
    ];
    for (body, code, pointer, received) in rows {
        let before = play.world.snapshot();
        let problem = only(play.post(CREATE, &[], &body.to_string()).unwrap_err(), 400);
        assert_eq!(problem.code, code);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
        assert_eq!(problem.received.as_deref(), Some(received), "{problem:?}");
        assert!(problem.expected.is_some(), "{problem:?}");
        assert!(before == play.world.snapshot());
    }
}

#[test]
fn an_unknown_application_is_not_found_by_any_call() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let near = format!("{}x", &id[..id.len() - 1]);
    let hint = format!("Did you mean `{id}`?");
    let expected = [
        Some("NOT_FOUND"),
        Some("There is no application with this id in this sandbox."),
        Some("application_id"),
        Some(near.as_str()),
        Some("the id of one application of this sandbox"),
        Some(hint.as_str()),
    ];
    let path = [
        ("application_id", near.as_str()),
        ("individual_id", "x"),
        ("sandbox", "default"),
    ];
    for op in [
        "payments.applications_get",
        "payments.applications_get_status",
    ] {
        let problem = only(play.get(op, &path, &[]).unwrap_err(), 404);
        assert_eq!(whole(&problem), expected, "{op}");
    }
    let grace = grace();
    let none = Value::Null;
    let decision = json!({"decision": "APPROVED"});
    let change = updates(&[("title", "CEO")]);
    for (op, body) in [
        (UPDATE, &change),
        (SUBMIT, &none),
        (ADD, &grace),
        (CHANGE, &change),
        (DELETE, &none),
        (DECIDE, &decision),
        ("payments.applications_create_access_code", &none),
    ] {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let problem = only(play.post(op, &path, &body).unwrap_err(), 404);
        assert_eq!(whole(&problem), expected, "{op}");
    }
}

#[test]
fn persons_are_a_companys_alone() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let change = updates(&[("title", "CEO")]).to_string();
    for (op, body) in [
        (ADD, grace().to_string()),
        (CHANGE, change.clone()),
        (DELETE, String::new()),
    ] {
        let problem = only(play.on_person(op, &id, "x", &body).unwrap_err(), 400);
        assert_eq!(
            whole(&problem),
            [
                Some("NOT_A_CORPORATION"),
                Some("The applicant is a person; only a company has persons."),
                Some("application_id"),
                Some("INDIVIDUAL"),
                Some("CORPORATION"),
                Some("Change the fields of the person with the update of the applicant itself.")
            ],
            "{op}"
        );
    }
    let company = play.apply(&globex());
    for (op, body) in [(CHANGE, change), (DELETE, String::new())] {
        let problem = only(play.on_person(op, &company, "x", &body).unwrap_err(), 404);
        assert_eq!(problem.code, "NOT_FOUND");
        assert_eq!(problem.pointer.as_deref(), Some("individual_id"));
    }
    let mut odd = grace();
    odd["individual_type"] = json!(["OFFICER", "KING"]);
    odd["percentage_ownership"] = json!(101);
    let rejection = play.on(ADD, &company, &odd).unwrap_err();
    let [kind, share] = rejection.problems.as_slice() else {
        panic!("{rejection:?}");
    };
    assert_eq!(
        whole(kind),
        [
            Some("VALIDATION_FAILED"),
            Some("A person cannot be of this kind."),
            Some("/individual_type/1"),
            Some("KING"),
            Some("INDIVIDUAL, OFFICER, BENEFICIAL_OWNER, CONTROL_PERSON, AUTHORIZED_PERSON"),
            None
        ]
    );
    assert_eq!(share.pointer.as_deref(), Some("/percentage_ownership"));
    assert_eq!(share.received, None);
}

#[test]
fn updates_are_all_made_or_none_and_personal_values_are_not_repeated() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let before = play.world.snapshot();
    let wrong = updates(&[
        ("email_address", "ada@example.com"),
        ("customer_id", "BEN"),
        ("date_of_birth", "10.12.1980"),
        ("frist_name", "Eve"),
        ("email_address", "eve@example.com"),
        ("last_name", ""),
        ("terms_and_conditions_accepted", "yes"),
    ]);
    let rejection = play.on(UPDATE, &id, &wrong).unwrap_err();
    let places: Vec<_> = rejection
        .problems
        .iter()
        .map(|problem| (problem.code, problem.pointer.as_deref().unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            ("FIELD_NOT_UPDATABLE", "/updates/1/field"),
            ("VALIDATION_FAILED", "/updates/2/value"),
            ("FIELD_NOT_UPDATABLE", "/updates/3/field"),
            ("VALIDATION_FAILED", "/updates/4/field"),
            ("VALIDATION_FAILED", "/updates/5/value"),
            ("VALIDATION_FAILED", "/updates/6/value"),
        ]
    );
    let [_, day, name, ..] = rejection.problems.as_slice() else {
        panic!("{rejection:?}");
    };
    assert_eq!(
        whole(day),
        [
            Some("VALIDATION_FAILED"),
            Some("`date_of_birth` cannot have this value."),
            Some("/updates/2/value"),
            None,
            Some("a day as YYYY-MM-DD"),
            None
        ]
    );
    assert_eq!(name.received.as_deref(), Some("frist_name"));
    assert_eq!(name.hint.as_deref(), Some("Did you mean `first_name`?"));
    assert!(!format!("{rejection:?}").contains("1980"));
    assert!(before == play.world.snapshot());
    let nothing = only(play.on(UPDATE, &id, &json!({})).unwrap_err(), 400);
    assert_eq!(nothing.pointer.as_deref(), Some("/updates"));

    let company = play.apply(&globex());
    let person = field(&play.on(ADD, &company, &grace()).unwrap().body, "id");
    let title = updates(&[("titles", "CEO")]).to_string();
    let problem = only(
        play.on_person(CHANGE, &company, &person, &title)
            .unwrap_err(),
        400,
    );
    assert_eq!(problem.code, "FIELD_NOT_UPDATABLE");
    assert_eq!(problem.hint.as_deref(), Some("Did you mean `title`?"));
}

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
fn a_submission_with_a_key_is_made_once() {
    let mut play = Play::new();
    let id = play.ready();
    let submit = request(SUBMIT, &[("application_id", &id)], &[], None);
    let first = play.send(submit.clone(), Some("k-1")).unwrap();
    let again = play.send(submit, Some("k-1")).unwrap();
    assert!(again.replayed && again.reply == first.reply);
    let other = request(SUBMIT, &[("application_id", "x")], &[], None);
    assert_eq!(
        codes(&play.send(other, Some("k-1")).unwrap_err()),
        ["IDEMPOTENCY_KEY_REUSED"]
    );
}

#[test]
fn a_file_that_is_no_document_is_refused_with_all_that_is_wrong() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let document = text(&play.review(&id)["application_document_errors"][0]["id"]);
    let before = play.world.snapshot();
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
            Some("letters, digits, spaces, `-`, `_` and `.`, with an extension"),
            Some("Name the file plainly, such as `passport.pdf`.")
        ]
    );
    assert!(!format!("{rejection:?}").contains("Jane"));
    assert!(before == play.world.snapshot());
    let unknown = only(play.upload("nothing", &proof()).unwrap_err(), 404);
    assert_eq!(unknown.pointer.as_deref(), Some("document_id"));
    let path = [("document_id", "nothing")];
    let unknown = play.get("payments.documents_download", &path, &[]);
    assert_eq!(codes(&unknown.unwrap_err()), ["NOT_FOUND"]);
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
    let before = play.world.snapshot();
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
            changes(json!([{"field": "title", "individual_id": "x"}])),
            404,
            "/changes/0/individual_id",
        ),
    ];
    for (body, status, pointer) in rows {
        let problem = only(play.decide_on(&id, &body).unwrap_err(), status);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{body}");
        assert!(problem.expected.is_some(), "{body}");
        assert!(before == play.world.snapshot(), "{body}");
    }
}

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
                "Start one with POST /v1/applications; its approval makes the customer and opens its first account."
            )
        ]
    );
}

#[test]
fn the_persons_and_payors_of_a_customer_are_kept() {
    let mut play = Play::new();
    let add = "payments.customers_add_individual";
    let change = "payments.customers_update_individual";
    let read = "payments.customers_get_individual";
    let acme = [("customer_id", "ACME")];
    let added = play.post(add, &acme, &grace().to_string()).unwrap();
    let id = field(&added.body, "id");
    let person = [("customer_id", "ACME"), ("individual_id", id.as_str())];
    let title = updates(&[("title", "CFO")]).to_string();
    play.post(change, &person, &title).unwrap();
    assert_eq!(
        field(&play.get(read, &person, &[]).unwrap().body, "title"),
        "CFO"
    );
    let unknown = [("customer_id", "ACME"), ("individual_id", "x")];
    for refused in [
        play.get(read, &unknown, &[]),
        play.post(change, &unknown, &title),
    ] {
        let problem = only(refused.unwrap_err(), 404);
        assert_eq!(problem.pointer.as_deref(), Some("individual_id"));
    }
    let wrong = updates(&[("id", "x")]).to_string();
    assert_eq!(
        codes(&play.post(change, &person, &wrong).unwrap_err()),
        ["FIELD_NOT_UPDATABLE"]
    );
    let jane = [("customer_id", "JANE"), ("individual_id", "x")];
    let alone = [
        play.post(add, &jane, &grace().to_string()),
        play.get(read, &jane, &[]),
        play.post(change, &jane, &title),
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

    let pay = "payments.customers_add_payor";
    let payor = json!({"id": "P1", "company_name": "Initech", "state": "MA", "country_code": "US"});
    play.post(pay, &acme, &payor.to_string()).unwrap();
    let taken = only(play.post(pay, &acme, &payor.to_string()).unwrap_err(), 400);
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
    play.post(pay, &[("customer_id", "JANE")], &payor.to_string())
        .unwrap();
    let mut nameless = payor.clone();
    nameless["id"] = json!("P2");
    nameless["first_name"] = json!("Peter");
    let refused = only(
        play.post(pay, &acme, &nameless.to_string()).unwrap_err(),
        400,
    );
    assert_eq!(
        refused.expected.as_deref(),
        Some("`first_name` and `last_name`, or `company_name` alone")
    );
    assert_eq!(refused.received, None);

    play.decide("ACME", "CLOSED").unwrap();
    let closed = [
        play.post(add, &acme, &grace().to_string()),
        play.post(change, &person, &title),
        play.post(pay, &acme, &payor.to_string()),
    ];
    for refused in closed {
        assert_eq!(
            whole(&only(refused.unwrap_err(), 400)),
            [
                Some("CUSTOMER_NOT_USABLE"),
                Some("Customer `ACME` cannot be changed: it is CLOSED."),
                None,
                Some("CLOSED"),
                Some("a customer whose status allows updates"),
                Some("CLOSED is final; use another customer.")
            ]
        );
    }
}

#[test]
fn every_code_that_is_sent_is_listed_and_the_journal_replays() {
    let mut play = Play::new();
    let id = play.reviewed();
    play.decide_on(&id, &json!({"decision": "APPROVED"}))
        .unwrap();
    let mut again = World::new(genesis(Settings::default()));
    for (command, context) in &play.journal {
        again.execute(command, *context).unwrap();
    }
    assert!(again.snapshot() == play.world.snapshot());
    let restored = World::restore(&play.world.snapshot()).unwrap();
    assert!(restored.snapshot() == play.world.snapshot());

    let company = play.apply(&globex());
    let sent = [
        (CREATE, play.post(CREATE, &[], &ada().to_string())),
        (UPDATE, play.on(UPDATE, &id, &updates(TOLD))),
        (SUBMIT, play.on(SUBMIT, &company, &Value::Null)),
        (ADD, play.on(ADD, &id, &grace())),
        (DELETE, play.on_person(DELETE, &company, "x", "")),
        (UPLOAD, play.upload("x", &proof())),
        (
            DECIDE,
            play.decide_on(&company, &json!({"decision": "APPROVED"})),
        ),
    ];
    for (op, refused) in sent {
        let operation = request(op, &[], &[], None).op.operation();
        for code in codes(&refused.unwrap_err()) {
            let mut listed = operation.error_codes();
            assert!(
                listed.any(|listed| listed == code),
                "{op} does not list {code}"
            );
        }
    }
    assert!(
        !format!("{:?}", play.world).contains("Example"),
        "names are logged"
    );
}
