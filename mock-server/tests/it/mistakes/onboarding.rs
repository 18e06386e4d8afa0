//! Applications, documents and customers.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::setting::{Call, Mistake, Setting, control, delete, get, patch, post, update};

const APPLICATIONS: &str = "/api/v1/applications";

pub(super) async fn set_up(at: &mut Setting) {
    at.make(
        "application",
        post(APPLICATIONS, person("ADA")).key("applied"),
    )
    .await;
    let document = awaited(at, "application").await.expect("a document");
    at.remember("document", &document);
    let change = update("last_name", "Example");
    at.ok(patch("/api/v1/applications/{application}", change).key("changed"))
        .await;
    at.ok(post("/api/v1/applications/{application}/accesscode", "").key("code"))
        .await;
    company(at).await;
    submitted(at).await;
    customers(at).await;
    at.regulate().await;
    let made = at.regulated_customer("HOOLI", "first").send().await;
    assert!(made.expect("sent").status().is_success());
}

async fn company(at: &mut Setting) {
    at.make("company", post(APPLICATIONS, company_of("GLOBEX")))
        .await;
    let persons = "/api/v1/applications/{company}/individual";
    at.make("person", post(persons, individual()).key("person"))
        .await;
    at.make("gone", post(persons, individual())).await;
    let gone = "/api/v1/applications/{company}/individual/{gone}";
    at.ok(delete(gone).key("deleted")).await;
    let person = "/api/v1/applications/{company}/individual/{person}";
    at.ok(patch(person, update("title", "CFO")).key("titled"))
        .await;
}

/// An application of a person and one of a company that are under review.
async fn submitted(at: &mut Setting) {
    at.make("submitted", post(APPLICATIONS, person("GRACE")))
        .await;
    let updates: Vec<Value> = TOLD
        .iter()
        .map(|(field, value)| json!({"field": field, "value": value}))
        .collect();
    let path = "/api/v1/applications/{submitted}";
    at.ok(patch(path, json!({ "updates": updates }))).await;
    at.make("reviewed", post(APPLICATIONS, company_of("INITECH")))
        .await;
    let persons = "/api/v1/applications/{reviewed}/individual";
    at.make("owner", post(persons, individual())).await;
    upload_all(at, "submitted").await;
    upload_all(at, "reviewed").await;
    let proof = upload(at, "{locked}", "%PDF-1.7", "uploaded").send().await;
    assert!(proof.expect("sent").status().is_success());
    let submit = "/api/v1/applications/{submitted}/submit";
    at.ok(post(submit, "").key("submitted")).await;
    at.ok(post("/api/v1/applications/{reviewed}/submit", ""))
        .await;
}

/// Uploads what an application waits for; the last document is the one that will be locked.
async fn upload_all(at: &mut Setting, application: &str) {
    while let Some(document) = awaited(at, application).await {
        at.remember("locked", &document);
        let proof = upload(at, "{locked}", "%PDF-1.7", "").send().await;
        assert!(proof.expect("sent").status().is_success());
    }
}

async fn customers(at: &mut Setting) {
    let acme = "/api/v1/customers/ACME";
    at.ok(patch(acme, update("telephone_number", "+16175550111")).key("moved"))
        .await;
    let persons = "/api/v1/customers/ACME/individuals";
    let officer = json!({"individual_type": ["OFFICER"], "first_name": "Grace", "last_name": "Example", "title": "Treasurer", "email_address": "grace@acme.example"});
    at.make("officer", post(persons, officer).key("officer"))
        .await;
    let officer = "/api/v1/customers/ACME/individuals/{officer}";
    at.ok(patch(officer, update("title", "CFO")).key("titled"))
        .await;
    let payors = "/api/v1/customers/ACME/payor";
    at.ok(post(payors, payor("PAYOR-7")).key("payor")).await;
    let closed = json!({"status": "CLOSED"});
    at.ok(post(&control("/customers/JANE/status"), closed))
        .await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(applying());
    all.extend(at.requests(persons_of_applications()));
    all.extend(documents(at));
    all.extend(at.requests(changing_customers()));
    all.extend(at.requests(persons_of_customers()));
    all.push((
        "customer_made_twice",
        at.regulated_customer("HOOLI", "second"),
    ));
    all.push((
        "customer_made_with_key_of_another",
        at.regulated_customer("HOOLI_TOO", "first"),
    ));
    all
}

fn applying() -> Vec<(&'static str, Call)> {
    let of = |id: &str, rest: &str| format!("{APPLICATIONS}/{id}{rest}");
    let name = || update("last_name", "Example");
    vec![
        (
            "customer_applied_for_twice",
            post(APPLICATIONS, person("ACME")),
        ),
        (
            "application_for_an_asset_that_is_none",
            post(
                APPLICATIONS,
                person("LIN").replace("FIAT_TESTNET_USD", "USD"),
            ),
        ),
        (
            "application_with_key_of_another",
            post(APPLICATIONS, person("LIN")).key("applied"),
        ),
        ("application_unknown", get(&of("{foreign}", ""))),
        (
            "application_status_unknown",
            get(&of("{foreign}", "/status")),
        ),
        (
            "application_change_unknown",
            patch(&of("{foreign}", ""), name()),
        ),
        (
            "application_field_misspelled",
            patch(
                &of("{application}", ""),
                update("mailing_adress.city", "Boston"),
            ),
        ),
        (
            "application_changed_under_review",
            patch(&of("{submitted}", ""), name()),
        ),
        (
            "application_changed_with_key_of_another",
            patch(&of("{application}", ""), update("first_name", "Eve")).key("changed"),
        ),
        ("submission_unknown", post(&of("{foreign}", "/submit"), "")),
        (
            "submission_too_early",
            post(&of("{application}", "/submit"), ""),
        ),
        ("submission_twice", post(&of("{submitted}", "/submit"), "")),
        (
            "submission_with_key_of_another",
            post(&of("{application}", "/submit"), "").key("submitted"),
        ),
        (
            "access_code_unknown",
            post(&of("{foreign}", "/accesscode"), ""),
        ),
        (
            "access_code_under_review",
            post(&of("{submitted}", "/accesscode"), ""),
        ),
        (
            "access_code_with_key_of_another",
            post(&of("{company}", "/accesscode"), "").key("code"),
        ),
    ]
}

fn persons_of_applications() -> Vec<(&'static str, Call)> {
    let add = |id: &str| post(&format!("{APPLICATIONS}/{id}/individual"), individual());
    let at = |id: &str, person: &str| format!("{APPLICATIONS}/{id}/individual/{person}");
    let change = |id: &str, person: &str| patch(&at(id, person), update("title", "CEO"));
    let remove = |id: &str, person: &str| delete(&at(id, person));
    vec![
        ("person_of_unknown_application", add("{foreign}")),
        ("person_of_a_person", add("{application}")),
        ("person_with_key_of_another", {
            let other = individual().replace("Grace", "Eve");
            let persons = format!("{APPLICATIONS}/{{company}}/individual");
            post(&persons, other).key("person")
        }),
        ("person_added_under_review", add("{reviewed}")),
        (
            "person_changed_under_review",
            change("{reviewed}", "{owner}"),
        ),
        (
            "person_deleted_under_review",
            remove("{reviewed}", "{owner}"),
        ),
        ("person_unknown", change("{company}", "{foreign}")),
        (
            "person_of_a_person_changed",
            change("{application}", "{person}"),
        ),
        (
            "person_field_misspelled",
            patch(&at("{company}", "{person}"), update("titel", "CEO")),
        ),
        (
            "person_changed_with_key_of_another",
            change("{company}", "{person}").key("titled"),
        ),
        ("person_deleted_unknown", remove("{company}", "{foreign}")),
        (
            "person_of_a_person_deleted",
            remove("{application}", "{person}"),
        ),
        (
            "person_deleted_with_key_of_another",
            remove("{company}", "{person}").key("deleted"),
        ),
    ]
}

fn documents(at: &Setting) -> Vec<Mistake> {
    let none = "";
    vec![
        (
            "document_unknown",
            upload(at, "{foreign}", "%PDF-1.7", none),
        ),
        ("document_empty", upload(at, "{document}", "", none)),
        (
            "document_that_is_text",
            upload(at, "{document}", "Dear bank,", none),
        ),
        (
            "document_under_review",
            upload(at, "{locked}", "%PDF-1.7", none),
        ),
        (
            "document_with_key_of_another",
            upload(at, "{document}", "%PDF-1.7", "uploaded"),
        ),
        (
            "document_not_uploaded_yet",
            at.get("/api/v1/documents/{document}/download"),
        ),
    ]
}

fn changing_customers() -> Vec<(&'static str, Call)> {
    let set = |customer: &str, field: &str, value: &str| {
        patch(
            &format!("/api/v1/customers/{customer}"),
            update(field, value),
        )
    };
    let customer = json!({"customer_type": "INDIVIDUAL", "id": "EVE", "first_name": "Eve", "last_name": "Example",
        "telephone_number": "+16175550122", "date_of_birth": "1980-12-09", "nationality": "US",
        "mailing_address": {"address_line1": "1 Example Street", "city": "Boston", "state": "MA", "postal_code": "02135", "country_code": "US"}});
    vec![
        (
            "customer_without_application",
            post("/api/v1/customers", customer),
        ),
        ("customer_unknown", get("/api/v1/customers/ACMEE")),
        (
            "customer_change_unknown",
            set("ACMEE", "telephone_number", "+16175550122"),
        ),
        ("customer_field_not_updatable", set("ACME", "id", "x")),
        ("customer_status_pending", set("ACME", "status", "PENDING")),
        ("customer_closed_reopened", set("JANE", "status", "ACTIVE")),
        (
            "customer_closed_changed",
            set("JANE", "telephone_number", "+16175550122"),
        ),
        (
            "customer_changed_with_key_of_another",
            set("ACME", "telephone_number", "+16175550122").key("moved"),
        ),
    ]
}

fn persons_of_customers() -> Vec<(&'static str, Call)> {
    let officer = json!({"individual_type": ["OFFICER"], "first_name": "Ada", "last_name": "Example", "title": "Clerk", "email_address": "ada@acme.example"});
    let add = |customer: &str| {
        post(
            &format!("/api/v1/customers/{customer}/individuals"),
            &officer,
        )
    };
    let at =
        |customer: &str, person: &str| format!("/api/v1/customers/{customer}/individuals/{person}");
    let change =
        |customer: &str, person: &str| patch(&at(customer, person), update("title", "CEO"));
    let pay =
        |customer: &str, id: &str| post(&format!("/api/v1/customers/{customer}/payor"), payor(id));
    vec![
        ("officer_of_unknown_customer", add("ACMEE")),
        ("officer_of_a_person", add("JANE")),
        ("officer_with_key_of_another", add("ACME").key("officer")),
        ("officer_unknown", get(&at("ACME", "{foreign}"))),
        ("officer_of_a_person_read", get(&at("JANE", "{officer}"))),
        ("officer_change_unknown", change("ACME", "{foreign}")),
        ("officer_of_a_person_changed", change("JANE", "{officer}")),
        (
            "officer_field_misspelled",
            patch(&at("ACME", "{officer}"), update("titel", "CEO")),
        ),
        (
            "officer_changed_with_key_of_another",
            change("ACME", "{officer}").key("titled"),
        ),
        ("payor_of_unknown_customer", pay("ACMEE", "PAYOR-8")),
        ("payor_twice", pay("ACME", "PAYOR-7")),
        ("payor_of_closed_customer", pay("JANE", "PAYOR-8")),
        (
            "payor_with_key_of_another",
            pay("ACME", "PAYOR-8").key("payor"),
        ),
    ]
}

/// An upload of raw bytes.
fn upload(at: &Setting, document: &str, bytes: &'static str, key: &str) -> RequestBuilder {
    let request = at
        .request(&post(&format!("/api/v1/documents/{document}"), ""))
        .header("content-type", "application/octet-stream")
        .header("content-disposition", r#"attachment; filename="proof.pdf""#)
        .body(bytes);
    match key {
        "" => request,
        key => request.header("x-l2f-idempotency-id", key),
    }
}

/// The first document that an application waits for, its own or that of one of its persons.
async fn awaited(at: &Setting, application: &str) -> Option<String> {
    let status = format!("{APPLICATIONS}/{{{application}}}/status");
    let review = at.ok(get(&status)).await["data"].clone();
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let persons = rows(&review["application_individual_errors"]);
    let of_persons = persons
        .iter()
        .flat_map(|person| rows(&person["document_errors"]));
    let mut asked = rows(&review["application_document_errors"])
        .into_iter()
        .chain(of_persons);
    let awaited =
        asked.find(|document| document["mandatory"] == true && document["status"] == "MISSING")?;
    awaited["document_id"].as_str().map(str::to_owned)
}

fn person(customer: &str) -> String {
    json!({
        "application_type": "INDIVIDUAL",
        "customer_id": customer,
        "account_to_open": {"account_id": format!("{customer}_SAVINGS"), "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "customer_details": {"first_name": "Ada", "last_name": "Example"},
    })
    .to_string()
}

/// An application that lacks nothing but its persons and its papers.
fn company_of(customer: &str) -> String {
    json!({
        "application_type": "CORPORATION",
        "customer_id": customer,
        "account_to_open": {"account_id": format!("{customer}_USD"), "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "information_attested": true,
        "customer_details": {
            "registered_name": "Globex Corporation", "registered_number": "12-3456789",
            "registered_address": {"address_line1": "1 Example Street", "city": "Boston", "state": "MA",
                "postal_code": "02135", "country_code": "US"},
            "telephone_number": "+16175550100", "state_of_incorporation": "DE", "country_of_incorporation": "US",
            "corporate_entity_type": "LLC",
            "investment_profile": {"primary_source_of_funds": "COMPANY", "total_assets": "ONE_TO_10M",
                "trade_internationally": false},
            "kyc_profile": {"primary_business": "SOFTWARE", "is_charitable": false,
                "engage_in_activities": ["NONE"], "vendors_and_counterparties": ["CUSTOMERS", "EMPLOYEES"]},
        },
    })
    .to_string()
}

/// A person that is all that a company needs.
fn individual() -> String {
    json!({
        "individual_type": ["BENEFICIAL_OWNER", "OFFICER", "CONTROL_PERSON", "AUTHORIZED_PERSON"],
        "first_name": "Grace", "last_name": "Example", "percentage_ownership": 40,
        "mailing_address": {"address_line1": "2 Example Street", "city": "Boston", "postal_code": "02135",
            "country_code": "US"},
        "nationality": "US", "date_of_birth": "1980-12-09", "us_residency_status": "US_CITIZEN",
    })
    .to_string()
}

fn payor(id: &str) -> String {
    json!({"id": id, "company_name": "Initech LLC", "email_address": "payables@initech.example", "state": "TX", "country_code": "US"})
        .to_string()
}

/// What a person has to tell besides its name.
const TOLD: &[(&str, &str)] = &[
    ("email_address", "grace@example.com"),
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
    ("information_attested", "true"),
];
