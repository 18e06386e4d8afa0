//! Every operation of the documents is called by hand over HTTP and answers what the bundles say.
//!
//! Nothing of the SDK and none of the generated validators takes part: requests are written out, and replies are held
//! against the schemas of the bundles in `openapi/`, so that an error of the generator cannot agree with itself.
//!
//! What is not built yet is called too, with the example of its document, and must say so and do nothing;
//! `tests/data/not-built.txt` names these operations, no more and no fewer.

use std::collections::BTreeSet;

use layer2_mock::SandboxServer;
use layer2_types::operations;
use serde_json::{Value, json};

use crate::tree::read;
use client::Contract;

mod client;
mod control;
mod deposits;
mod exchanges;
mod money_out;
mod onboarding;

#[tokio::test]
async fn every_operation_answers_as_its_document_says() {
    let server = SandboxServer::start()
        .await
        .expect("a server on a free port");
    let mut contract = Contract::with(&server).await;

    payments(&mut contract).await;
    onboarding::onboarding(&mut contract).await;
    exchanges::exchanges(&mut contract).await;
    money_out::money_out(&mut contract).await;
    control::control(&mut contract).await;
    plaid_and_accounting(&mut contract).await;
    deposits::statements(&mut contract).await;

    let before = server.journal("default").map(|rows| rows.len());
    let not_built = the_rest(&contract).await;
    let after = server.journal("default").map(|rows| rows.len());
    assert_eq!(before, after, "what is not built leaves no trace");
    let pinned = read("tests/data/not-built.txt");
    assert!(
        pinned.lines().is_sorted(),
        "tests/data/not-built.txt is not sorted"
    );
    let listed: BTreeSet<String> = pinned.lines().map(str::to_owned).collect();
    assert_eq!(
        listed.difference(&not_built).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "these are built: take them out of tests/data/not-built.txt"
    );
    assert_eq!(
        not_built.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "these answer that they are not built"
    );
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

/// Calls what was not called by hand with the example of its document: the operations that are not built.
async fn the_rest(contract: &Contract) -> BTreeSet<String> {
    let mut not_built = BTreeSet::new();
    for operation in operations().filter(|operation| !contract.called.contains(&operation.key())) {
        let key = operation.key();
        let names: Vec<_> = operation.path_parameters().collect();
        let path: Vec<[&str; 2]> = names
            .iter()
            .filter(|name| **name != "sandbox")
            .map(|name| [*name, "905666e7-2d5b-4ac4-bd96-e02675fc678f"])
            .collect();
        let body = contract.example(operation);
        let (status, text) = contract.send(operation, &path, "", body).await;
        assert_eq!(
            status, 501,
            "{key} is built, so call it by hand in this file: {text}"
        );
        let reply: Value = serde_json::from_str(&text).expect(&key);
        let error = &reply["errors"][0];
        assert_eq!(error["code"], "NOT_BUILT", "{key}: {text}");
        assert!(error["hint"].is_string(), "{key}: {text}");
        not_built.insert(key);
    }
    not_built
}

async fn payments(contract: &mut Contract) {
    let customer = contract.info.customers[0].id.to_string();
    accounts(contract, &customer).await;
    transfers(contract).await;
    transactions(contract).await;
    deposits::deposits(contract, &customer).await;
    let freeze = json!({"updates": [{"field": "status", "value": "FROZEN"}], "reason": "a test"});
    let account = ["account_id", "CONTRACT_B"];
    contract
        .tell("payments.accounts_update", &[account], freeze)
        .await;
    subscriptions(contract).await;
}

/// A customer with two accounts, and money on the first.
async fn accounts(contract: &mut Contract, customer: &str) {
    let key = ["customer_id", customer];
    contract
        .list("payments.customers_list", "?page_size=1")
        .await;
    contract.ask("payments.customers_get", &[key]).await;
    let update = json!({"updates": [{"field": "status", "value": "EDD"}], "reason": "a review"});
    contract
        .tell("payments.customers_update", &[key], update)
        .await;

    for account in ["CONTRACT_A", "CONTRACT_B"] {
        let open = json!({"customer_id": customer, "account_to_open": {
            "account_id": account, "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"}});
        contract.tell("payments.accounts_open", &[], open).await;
    }
    let inbound = json!({"account_id": "CONTRACT_A", "amount": 100.25});
    contract.tell("control.inbound_create", &[], inbound).await;
    contract.ask("control.clock_settle", &[]).await;
    contract
        .list("payments.accounts_list", "?status=OPEN")
        .await;
    let account = ["account_id", "CONTRACT_A"];
    let read = contract.ask("payments.accounts_get", &[account]).await;
    assert_eq!(read["data"]["available_balance"].to_string(), "100.25");
}

async fn transfers(contract: &mut Contract) {
    let transfer = json!({"source_account_id": "CONTRACT_A", "destination_account_id": "CONTRACT_B",
        "amount": 0.25, "description": "contract"});
    let requested = contract
        .tell("payments.transfers_create", &[], transfer)
        .await;
    let transfer = ["transfer_id", text(&requested["data"]["id"])];
    contract.ask("payments.transfers_accept", &[transfer]).await;
    let read = contract.ask("payments.transfers_get", &[transfer]).await;
    assert_eq!(read["data"]["status"], "EXECUTED");
}

async fn transactions(contract: &mut Contract) {
    contract
        .list("payments.transactions_list", "?category_type=TRANSFER")
        .await;
    let account = ["account_id", "CONTRACT_A"];
    let list = "payments.transactions_list_for_account";
    let rows = contract.call(list, &[account], "?order=ASC", None).await;
    let transaction = [
        "transaction_id",
        text(&rows["data"]["transactions"][0]["id"]),
    ];
    contract
        .ask("payments.transactions_get", &[transaction])
        .await;
    let get = "payments.transactions_get_for_account";
    contract.ask(get, &[account, transaction]).await;
}

async fn subscriptions(contract: &mut Contract) {
    let subscription =
        json!({"event_type": "ACCOUNT_OPEN", "callback_url": "http://127.0.0.1:9/events"});
    let made = contract
        .tell("payments.subscriptions_create", &[], subscription)
        .await;
    contract.ask("payments.subscriptions_list", &[]).await;
    let subscription = ["subscription_id", text(&made["data"]["id"])];
    contract
        .ask("payments.subscriptions_delete", &[subscription])
        .await;
}

async fn plaid_and_accounting(contract: &mut Contract) {
    let made = json!({"institution_id": "ins_109508", "initial_products": ["transactions"]});
    let made = contract
        .tell("plaid.sandbox_public_token_create", &[], made)
        .await;
    let exchange = json!({"public_token": made["public_token"]});
    contract
        .tell("plaid.items_public_token_exchange", &[], exchange)
        .await;

    contract.renew_tokens().await;
    let business = json!({"external_id": "acme-1", "legal_name": "Acme Trading Inc",
        "us_state": "MA", "entity_type": "C_CORP", "phone_number": "+16175550100"});
    let made = contract
        .tell("accounting.businesses_create", &[], business)
        .await;
    let business = ["business_id", text(&made["data"]["id"])];
    contract.ask("accounting.businesses_get", &[business]).await;
}

/// A text of a reply, such as an id.
fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
