//! The calls of onboarding: applications, their persons and papers, the decision, and who belongs to a customer.

use layer2_types::operation;
use serde_json::{Value, json};

use super::{
    client::{Body, Contract},
    text,
};

const FILE: &str = "%PDF-1.7 of the contract";

/// Calls every operation of applications, documents and the persons and payors of customers.
pub(super) async fn onboarding(contract: &mut Contract) {
    let id = person(contract).await;
    company(contract).await;
    people_of_a_customer(contract).await;

    let application = ["application_id", &id];
    contract
        .ask("payments.applications_submit", &[application])
        .await;
    contract.ask("control.clock_settle", &[]).await;
    let approval = json!({"decision": "APPROVED", "reason": "a contract"});
    let decided = contract
        .tell("control.decisions_application", &[application], approval)
        .await;
    assert_eq!(decided["data"]["status"], "APPROVED");
    let read = contract
        .ask("payments.applications_get", &[application])
        .await;
    assert_eq!(read["data"]["status"], "APPROVED");
    contract
        .ask("payments.customers_get", &[["customer_id", "CONTRACT_P"]])
        .await;
}

/// A person whose application lacks nothing, with a file sent as a form and one as bytes.
async fn person(contract: &mut Contract) -> String {
    let mut body = application("INDIVIDUAL", "CONTRACT_P");
    body["customer_details"] = json!({
        "first_name": "Ada", "last_name": "Example", "email_address": "ada@example.com",
        "mailing_address": {"address_line1": "1 Example Street", "city": "Boston", "postal_code": "02135",
            "country_code": "US"},
        "telephone_number": "+16175550100", "tax_reference_number": "123-45-6789", "nationality": "GB",
        "us_residency_status": "RESIDENT_ALIEN", "employment_status": "SELF_EMPLOYED",
        "investment_profile": {"primary_source_of_funds": "SAVINGS", "total_assets": "TEN_TO_100K"},
    });
    let id = created(contract, body).await;
    let application = ["application_id", id.as_str()];
    let update = json!({"updates": [{"field": "date_of_birth", "value": "1980-12-10"}]});
    contract
        .tell("payments.applications_update", &[application], update)
        .await;
    let review = contract
        .ask("payments.applications_get_status", &[application])
        .await;
    let asked = review["data"]["application_document_errors"]
        .as_array()
        .expect("a list")
        .clone();
    let raw = || Body::raw(FILE);
    for (document, body) in asked.iter().zip([Body::form(FILE), raw(), raw()]) {
        let document = ["document_id", text(&document["id"])];
        let upload = operation::find("payments.documents_upload").expect("an upload");
        let (status, reply) = contract.send(upload, &[document], "", Some(body)).await;
        assert_eq!(status, 200, "{reply}");
        let reply: Value = serde_json::from_str(&reply).expect("JSON");
        contract.check(upload, status, &reply);
        contract.called.insert(upload.key());

        let download = operation::find("payments.documents_download").expect("a download");
        let (status, bytes) = contract.send(download, &[document], "", None).await;
        assert_eq!((status, bytes.as_str()), (200, FILE));
        contract.called.insert(download.key());
    }
    let found = contract
        .list(
            "payments.applications_list",
            "?status=READY_FOR_SUBMISSION&customer_name=ada",
        )
        .await;
    assert_eq!(found["data"]["applications"][0]["id"], id.as_str());
    contract
        .ask("payments.applications_create_access_code", &[application])
        .await;
    id
}

/// A company with the example of its document, and a person who comes and goes.
async fn company(contract: &mut Contract) {
    let mut body = application("CORPORATION", "CONTRACT_C");
    body["customer_details"] = json!({"registered_name": "Globex Corporation"});
    let id = created(contract, body).await;
    let application = ["application_id", id.as_str()];
    let added = contract
        .tell(
            "payments.applications_add_individual",
            &[application],
            grace(),
        )
        .await;
    let person = ["individual_id", text(&added["data"]["id"])];
    contract
        .ask("payments.applications_get_status", &[application])
        .await;
    contract
        .tell(
            "payments.applications_update_individual",
            &[application, person],
            title(),
        )
        .await;
    contract
        .ask(
            "payments.applications_delete_individual",
            &[application, person],
        )
        .await;
}

/// The persons and payors of a customer; a customer without an application is refused.
async fn people_of_a_customer(contract: &mut Contract) {
    let customers = contract.info.customers.clone();
    let company = ["customer_id", customers[0].id.as_str()];
    let added = contract
        .tell("payments.customers_add_individual", &[company], grace())
        .await;
    let person = ["individual_id", text(&added["data"]["id"])];
    contract
        .tell(
            "payments.customers_update_individual",
            &[company, person],
            title(),
        )
        .await;
    let read = contract
        .ask("payments.customers_get_individual", &[company, person])
        .await;
    assert_eq!(read["data"]["title"], "CFO");
    let payor =
        json!({"id": "PAYOR", "company_name": "Initech", "state": "MA", "country_code": "US"});
    contract
        .tell("payments.customers_add_payor", &[company], payor)
        .await;

    let create = operation::find("payments.customers_create").expect("an operation");
    let body = contract.example(create);
    let (status, reply) = contract.send(create, &[], "", body).await;
    let reply: Value = serde_json::from_str(&reply).expect("JSON");
    assert_eq!(status, 400, "{reply}");
    contract.check(create, status, &reply);
    assert_eq!(reply["errors"][0]["code"], "CUSTOMER_CREATION_NOT_ALLOWED");
    contract.called.insert(create.key());
}

async fn created(contract: &mut Contract, body: Value) -> String {
    let made = contract
        .tell("payments.applications_create", &[], body)
        .await;
    text(&made["data"]["id"]).to_owned()
}

fn application(kind: &str, customer: &str) -> Value {
    json!({
        "application_type": kind,
        "customer_id": customer,
        "account_to_open": {"account_id": format!("{customer}_USD"), "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "information_attested": true,
    })
}

fn grace() -> Value {
    json!({"individual_type": ["OFFICER"], "first_name": "Grace", "last_name": "Example"})
}

fn title() -> Value {
    json!({"updates": [{"field": "title", "value": "CFO"}]})
}
