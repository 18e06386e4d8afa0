//! What is refused, with which code, and that a refusal leaves no trace.

use layer2_types::operation::Platform;

use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::request;
use crate::support::transfer_body;

/// A world in which there is something to be refused about.
fn play() -> Play {
    let mut play = Play::new();
    play.inbound("ACME_USD", "10").unwrap();
    let opening = r#"{"customer_id":"ACME","account_to_open":{"account_id":"ACME_EUR","product_id":"DEPOSIT_BASIC","asset_type_id":"FIAT_TESTNET_EUR"}}"#;
    play.post("payments.accounts_open", &[], opening).unwrap();
    play
}

fn opening(customer: &str, account: &str, product: &str, asset: &str) -> String {
    format!(
        r#"{{"customer_id":"{customer}","account_to_open":{{"account_id":"{account}","product_id":"{product}","asset_type_id":"{asset}"}}}}"#
    )
}

fn update(field: &str, value: &str) -> String {
    format!(r#"{{"updates":[{{"field":"{field}","value":"{value}"}}]}}"#)
}

/// Operation, path, body; then status, codes and the pointer of the first problem.
type Case = (
    &'static str,
    Vec<(&'static str, &'static str)>,
    String,
    u16,
    &'static [&'static str],
    Option<&'static str>,
);

fn cases() -> Vec<Case> {
    let create = "payments.transfers_create";
    let open = "payments.accounts_open";
    let acme = || vec![("customer_id", "ACME")];
    let account = || vec![("account_id", "ACME_USD")];
    vec![
        (create, vec![], transfer_body("NOPE", "JANE_USD", "1"), 404, &["NOT_FOUND"], Some("/source_account_id")),
        (create, vec![], transfer_body("ACME_USD", "NOPE", "1"), 404, &["NOT_FOUND"], Some("/destination_account_id")),
        (create, vec![], transfer_body("ACME_USD", "ACME_USD", "1"), 400, &["SAME_ACCOUNT"], Some("/destination_account_id")),
        (create, vec![], transfer_body("ACME_USD", "ACME_EUR", "1"), 400, &["ASSET_MISMATCH"], Some("/destination_account_id")),
        (create, vec![], transfer_body("ACME_USD", "JANE_USD", "0"), 400, &["AMOUNT_NOT_POSITIVE"], Some("/amount")),
        (create, vec![], transfer_body("ACME_USD", "JANE_USD", "-1"), 400, &["AMOUNT_NOT_POSITIVE"], Some("/amount")),
        (create, vec![], transfer_body("ACME_USD", "JANE_USD", "1.001"), 400, &["TOO_MANY_DECIMALS"], Some("/amount")),
        (create, vec![], "{".to_owned(), 400, &["VALIDATION_FAILED"], None),
        (create, vec![], String::new(), 400, &["VALIDATION_FAILED"], None),
        ("payments.transfers_accept", vec![("transfer_id", "00000000-0000-4000-8000-000000000000")], String::new(), 404, &["NOT_FOUND"], Some("transfer_id")),
        (open, vec![], opening("NOPE", "X", "DEPOSIT_BASIC", "FIAT_TESTNET_USD"), 404, &["NOT_FOUND"], Some("/customer_id")),
        (open, vec![], opening("ACME", "X", "SAVINGS", "FIAT_TESTNET_USD"), 400, &["PRODUCT_ASSET_NOT_SUPPORTED"], Some("/account_to_open/product_id")),
        (open, vec![], opening("ACME", "X", "DEPOSIT_BASIC", "USD"), 400, &["PRODUCT_ASSET_NOT_SUPPORTED"], Some("/account_to_open/asset_type_id")),
        (open, vec![], opening("ACME", "X", "DEPOSIT_FORT_FIAT", "BITCOIN_TESTNET_BTC"), 400, &["PRODUCT_ASSET_NOT_SUPPORTED"], Some("/account_to_open/asset_type_id")),
        (open, vec![], opening("ACME", "a b", "DEPOSIT_BASIC", "FIAT_TESTNET_USD"), 400, &["VALIDATION_FAILED"], Some("/account_to_open/account_id")),
        (open, vec![], opening("ACME", "ACME_USD", "DEPOSIT_BASIC", "FIAT_TESTNET_USD"), 400, &["ALREADY_EXISTS"], Some("/account_to_open/account_id")),
        ("payments.accounts_update", vec![("account_id", "NOPE")], update("status", "FROZEN"), 404, &["NOT_FOUND"], Some("account_id")),
        ("payments.accounts_update", account(), update("product_id", "X"), 400, &["FIELD_NOT_UPDATABLE"], Some("/updates/0/field")),
        ("payments.accounts_update", account(), update("status", "PENDING"), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/updates/0/value")),
        ("payments.accounts_update", account(), update("status", "OPEN"), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/updates/0/value")),
        ("payments.accounts_update", account(), update("status", "FROZEN_L2F"), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/updates/0/value")),
        ("payments.accounts_update", account(), r#"{"updates":[]}"#.to_owned(), 400, &["VALIDATION_FAILED"], Some("/updates")),
        ("payments.customers_update", acme(), "{}".to_owned(), 400, &["VALIDATION_FAILED"], Some("/updates")),
        ("payments.customers_update", acme(), update("status", "PENDING"), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/updates/0/value")),
        ("payments.customers_update", acme(), update("status", "GONE"), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/updates/0/value")),
        // The good update before the bad one is not carried out either, and both bad ones are told.
        (
            "payments.customers_update",
            acme(),
            r#"{"updates":[{"field":"trading_name","value":"A"},{"field":"id","value":"B"},{"field":"corporate_entity_type","value":"GUILD"}]}"#.to_owned(),
            400,
            &["FIELD_NOT_UPDATABLE", "VALIDATION_FAILED"],
            Some("/updates/1/field"),
        ),
        ("payments.subscriptions_create", vec![], r#"{"event_type":"TRANSACTION_POSTD","callback_url":"http://h/"}"#.to_owned(), 400, &["VALIDATION_FAILED"], Some("/event_type")),
        ("payments.subscriptions_create", vec![], r#"{"event_type":"TRANSACTION_POSTED","callback_url":"/hook"}"#.to_owned(), 400, &["CALLBACK_NOT_ALLOWED"], Some("/callback_url")),
        ("payments.subscriptions_delete", vec![("subscription_id", "nope")], String::new(), 404, &["NOT_FOUND"], Some("subscription_id")),
        (
            "control.inbound_create",
            vec![],
            r#"{"account_id":"../x","amount":1}"#.to_owned(),
            404,
            &["NOT_FOUND"],
            Some("/account_id"),
        ),
        (
            "payments.transfers_create",
            vec![],
            transfer_body("../x", "JANE_USD", "1"),
            404,
            &["NOT_FOUND"],
            Some("/source_account_id"),
        ),
        ("control.inbound_create", vec![], r#"{"account_id":"NOPE","amount":1}"#.to_owned(), 404, &["NOT_FOUND"], Some("/account_id")),
        ("control.inbound_create", vec![], r#"{"account_id":"ACME_USD","amount":1,"rail":"CRYPTO"}"#.to_owned(), 400, &["RAIL_NOT_SUPPORTED"], Some("/rail")),
        ("control.inbound_create", vec![], r#"{"account_id":"ACME_USD","amount":0.001}"#.to_owned(), 400, &["TOO_MANY_DECIMALS"], Some("/amount")),
        ("control.decisions_customer_status", vec![("customer_id", "NOPE")], r#"{"status":"EDD"}"#.to_owned(), 404, &["NOT_FOUND"], Some("customer_id")),
        ("control.decisions_customer_status", acme(), r#"{"status":"ACTIVE"}"#.to_owned(), 400, &["STATUS_CHANGE_NOT_ALLOWED"], Some("/status")),
        ("plaid.sandbox_public_token_create", vec![], r#"{"institution_id":"ins_0","initial_products":["auth"]}"#.to_owned(), 400, &["INVALID_INSTITUTION"], Some("/institution_id")),
        ("plaid.sandbox_public_token_create", vec![], r#"{"institution_id":"ins_109508","initial_products":[]}"#.to_owned(), 400, &["INVALID_PRODUCT"], Some("/initial_products")),
        ("plaid.items_public_token_exchange", vec![], r#"{"public_token":"public-sandbox-x"}"#.to_owned(), 400, &["INVALID_PUBLIC_TOKEN"], Some("/public_token")),
        ("plaid.items_public_token_exchange", vec![], "[]".to_owned(), 400, &["INVALID_FIELD"], None),
        ("accounting.businesses_create", vec![], r#"{"us_state":"MA"}"#.to_owned(), 400, &["SpecifiedBadRequest"], None),
        ("accounting.businesses_create", vec![], r#"{"us_state":"MA","entity_type":"LLC","plaid_processor_tokens":[{"processor_token":"processor-sandbox-x"}]}"#.to_owned(), 400, &["InvalidProcessorToken"], Some("/plaid_processor_tokens/0/processor_token")),
    ]
}

#[test]
fn each_refusal_has_its_code_and_place_and_leaves_no_trace() {
    for (op, path, body, status, expected, pointer) in cases() {
        let mut play = play();
        let before = play.world.snapshot().unwrap();
        let journal = play.journal.len();
        let rejection = play.post(op, &path, &body).unwrap_err();
        assert_eq!(rejection.status, status, "{op} {body}: {rejection:?}");
        assert_eq!(codes(&rejection), expected, "{op} {body}");
        assert_eq!(
            rejection.problems[0].pointer.as_deref(),
            pointer,
            "{op} {body}"
        );
        assert!(
            play.world.snapshot().unwrap() == before,
            "{op} {body} left a trace"
        );
        assert_eq!(play.journal.len(), journal);
    }
}

#[test]
fn every_code_that_is_sent_is_one_that_the_operation_lists() {
    for (op, path, body, _, _, _) in cases() {
        let rejection = play().post(op, &path, &body).unwrap_err();
        let operation = request(op, &[], &[], None).op.operation();
        for code in codes(&rejection) {
            assert!(
                operation.error_codes().any(|listed| listed == code),
                "{op} does not list {code}: {:?}",
                operation.errors
            );
        }
    }
}

#[test]
fn operations_of_another_version_do_not_exist() {
    let play = fast(Platform::Layer2V1_0_5);
    let rejection = play
        .get("payments.transactions_list", &[], &[])
        .unwrap_err();
    assert_eq!(
        (rejection.status, codes(&rejection)),
        (404, vec!["NOT_FOUND"])
    );
    assert!(play.get("payments.accounts_list", &[], &[]).is_ok());
}

#[test]
fn reads_and_writes_go_their_own_ways() {
    let mut play = Play::new();
    let before = play.world.snapshot().unwrap();
    assert_eq!(
        play.post("payments.accounts_list", &[], "")
            .unwrap_err()
            .status,
        500
    );
    assert_eq!(
        play.get("payments.transfers_create", &[], &[])
            .unwrap_err()
            .status,
        500
    );
    assert!(play.world.snapshot().unwrap() == before);
}

#[test]
fn personal_values_are_not_repeated() {
    let mut play = play();
    let rejection = play
        .post(
            "payments.customers_update",
            &[("customer_id", "JANE")],
            &update("date_of_birth", "31.12.1969"),
        )
        .unwrap_err();
    assert!(!format!("{rejection:?}").contains("1969"), "{rejection:?}");
    let rejection = play
        .post(
            "plaid.items_public_token_exchange",
            &[],
            r#"{"public_token":"public-sandbox-secret"}"#,
        )
        .unwrap_err();
    assert!(
        !format!("{rejection:?}").contains("secret"),
        "{rejection:?}"
    );
}
