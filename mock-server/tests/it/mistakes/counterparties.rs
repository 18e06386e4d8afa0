//! Counterparties, and what a closed customer cannot do any more.

use serde_json::{Value, json};

use super::setting::{Call, Mistake, Setting, control, get, patch, post, update};

const COUNTERPARTIES: &str = "/api/v1/counterparties";

pub(super) async fn set_up(at: &mut Setting) {
    at.make(
        "landlord",
        post(COUNTERPARTIES, bank("ACME")).key("registered"),
    )
    .await;
    let landlord = "/api/v1/counterparties/{landlord}";
    let renamed = update("description", "Landlord of the office");
    at.ok(patch(landlord, renamed).key("renamed")).await;
    let officer = json!({"individual_type": ["OFFICER"], "first_name": "Grace", "last_name": "Example", "title": "Treasurer"});
    at.make(
        "officer",
        post("/api/v1/customers/ACME/individuals", officer),
    )
    .await;
    at.caller.settle().await;
    let closed = json!({"status": "CLOSED"});
    at.ok(post(&control("/customers/ACME/status"), closed))
        .await;
    at.caller.settle().await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(registering());
    all.extend(at.requests(changing()));
    all.extend(at.requests(of_closed_customer()));
    all
}

fn registering() -> Vec<(&'static str, Call)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = bank("JANE");
        change(&mut body);
        post(COUNTERPARTIES, body)
    };
    vec![
        (
            "counterparty_of_unknown_customer",
            post(COUNTERPARTIES, bank("ACMEE")),
        ),
        (
            "rail_of_another_country",
            with(&|body| body["supported_rails"] = json!(["SEPA_CT"])),
        ),
        (
            "intermediary_without_swift",
            with(&|body| {
                body["intermediary_information"] = json!({"intermediary_type": "FIAT_US",
                    "routing_number": "021001208", "institution_name": "Example Bank"});
            }),
        ),
        (
            "counterparty_asset_usd",
            with(&|body| body["account_information"]["asset_type_id"] = json!("USD")),
        ),
        (
            "routing_number_cut_short",
            with(&|body| body["account_information"]["routing_number"] = json!("21001208")),
        ),
        (
            "counterparty_with_key_of_another",
            post(COUNTERPARTIES, bank("JANE")).key("registered"),
        ),
    ]
}

fn changing() -> Vec<(&'static str, Call)> {
    let set = |id: &str, field: &str, value: &str| {
        patch(&format!("{COUNTERPARTIES}/{id}"), update(field, value))
    };
    vec![
        (
            "counterparty_unknown",
            get("/api/v1/counterparties/{foreign}"),
        ),
        (
            "counterparty_change_unknown",
            set("{foreign}", "description", "Mine"),
        ),
        (
            "counterparty_account_changed",
            set("{landlord}", "account_information.account_number", "1"),
        ),
        (
            "counterparty_status_pending",
            set("{landlord}", "status", "PENDING"),
        ),
        (
            "counterparty_changed_with_key_of_another",
            set("{landlord}", "description", "Mine").key("renamed"),
        ),
    ]
}

fn of_closed_customer() -> Vec<(&'static str, Call)> {
    let officer = json!({"individual_type": ["OFFICER"], "first_name": "Ada", "last_name": "Example", "title": "Clerk"});
    vec![
        (
            "counterparty_of_closed_customer",
            post(COUNTERPARTIES, bank("ACME")),
        ),
        (
            "officer_of_closed_customer",
            post("/api/v1/customers/ACME/individuals", officer),
        ),
        (
            "officer_of_closed_customer_changed",
            patch(
                "/api/v1/customers/ACME/individuals/{officer}",
                update("title", "CEO"),
            ),
        ),
        (
            "transfer_of_closed_customer",
            post("/api/v1/transfers", super::setting::TRANSFER),
        ),
    ]
}

/// A bank account in the United States.
pub(super) fn bank(customer: &str) -> Value {
    json!({
        "counterparty_type": "FIAT_US", "customer_id": customer, "description": "Landlord",
        "supported_rails": ["ACH", "FEDWIRE"],
        "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "relationship_to_customer": "SUPPLIER",
            "address": {"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA", "postal_code": "02110", "country_code": "US"}},
        "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789", "type": "CHECKING",
            "routing_number": "021001208", "institution_name": "Example Bank",
            "institution_address": {"address_line1": "1 Example Square", "city": "Boston", "state": "MA", "postal_code": "02110", "country_code": "US"}},
    })
}
