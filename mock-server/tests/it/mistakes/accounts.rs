//! Accounts, their statements and transactions, and subscriptions.

use serde_json::json;

use super::setting::{Call, Mistake, Setting, control, delete, get, opening, patch, post, update};

const ACCOUNTS: &str = "/api/v1/accounts/deposits";
const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

pub(super) async fn set_up(at: &mut Setting) {
    let euros = opening(&at.server, "ACME_EUR", "FIAT_TESTNET_EUR");
    at.ok(post(ACCOUNTS, euros).key("euros")).await;
    let address = "/api/v1/accounts/deposits/JANE_BTC/address";
    at.ok(post(address, "").key("address")).await;
    let quiet = r#"{"event_type":"ACCOUNT_DORMANT","callback_url":"http://127.0.0.1:1/hook"}"#;
    at.make("subscription", post(SUBSCRIPTIONS, quiet).key("subscribed"))
        .await;
    at.make("deleted", post(SUBSCRIPTIONS, quiet)).await;
    let deleted = delete("/api/v1/subscriptions/{deleted}");
    at.ok(deleted.key("unsubscribed")).await;
    let closed = json!({"status": "CLOSED"});
    at.ok(post(&control("/customers/JANE/status"), closed))
        .await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(opening_and_reading(at));
    all.extend(at.requests(changing()));
    all
}

fn opening_and_reading(at: &Setting) -> Vec<(&'static str, Call)> {
    let open = |account: &str, asset: &str| post(ACCOUNTS, opening(&at.server, account, asset));
    let open_for = |customer: &str| {
        let body = opening(&at.server, "MINE", "FIAT_TESTNET_USD");
        post(
            ACCOUNTS,
            body.replace("\"ACME\"", &format!("\"{customer}\"")),
        )
    };
    let of = |rest: &str| get(&format!("{ACCOUNTS}/ACME_USB{rest}"));
    vec![
        ("account_opened_twice", open("ACME_USD", "FIAT_TESTNET_USD")),
        ("account_of_unknown_customer", open_for("ACMEE")),
        ("account_of_closed_customer", open_for("JANE")),
        (
            "account_with_key_of_another",
            open("MINE", "FIAT_TESTNET_EUR").key("euros"),
        ),
        ("account_misspelled", of("")),
        ("statements_of_unknown_account", of("/statements")),
        ("statement_of_unknown_account", of("/statements/x")),
        (
            "statement_unknown",
            get("/api/v1/accounts/deposits/ACME_USD/statements/2026-13"),
        ),
        ("transactions_of_unknown_account", of("/transactions")),
        ("transaction_of_unknown_account", of("/transactions/x")),
        (
            "transaction_of_account_unknown",
            get("/api/v1/accounts/deposits/ACME_USD/transactions/{foreign}"),
        ),
        ("transaction_unknown", get("/api/v1/transactions/{foreign}")),
    ]
}

fn changing() -> Vec<(&'static str, Call)> {
    let set = |account: &str, field: &str, value: &str| {
        patch(&format!("{ACCOUNTS}/{account}"), update(field, value))
    };
    let address = |account: &str| post(&format!("{ACCOUNTS}/{account}/address"), "");
    let subscribe = |url: &str| {
        let body = json!({"event_type": "ACCOUNT_DORMANT", "callback_url": url});
        post(SUBSCRIPTIONS, body)
    };
    vec![
        (
            "status_that_only_the_platform_sets",
            set("ACME_USD", "status", "FROZEN_L2F"),
        ),
        (
            "status_from_frozen_to_pending",
            set("ACME_BTC", "status", "PENDING"),
        ),
        ("status_unknown", set("ACME_USD", "status", "FROZE")),
        (
            "status_of_unknown_account",
            set("ACME_USB", "status", "FROZEN"),
        ),
        (
            "account_field_not_updatable",
            set("ACME_USD", "asset_type_id", "FIAT_TESTNET_EUR"),
        ),
        ("address_of_unknown_account", address("ACME_BTD")),
        ("address_of_frozen_account", address("ACME_BTC")),
        ("address_of_dollars", address("ACME_USD")),
        (
            "address_with_key_of_another",
            address("ACME_USD").key("address"),
        ),
        (
            "subscription_with_key_of_another",
            subscribe("http://127.0.0.1:2/hook").key("subscribed"),
        ),
        (
            "subscription_unknown",
            delete("/api/v1/subscriptions/{foreign}"),
        ),
        (
            "subscription_deleted_with_key_of_another",
            delete("/api/v1/subscriptions/{subscription}").key("unsubscribed"),
        ),
    ]
}
