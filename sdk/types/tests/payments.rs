//! Goal: what the hand-written parts promise holds in the generated models of payments too: every
//! digit, every unknown value, and no personal data in `Debug`. Method: decode replies as they come
//! over the wire, look, and write them again.
#![cfg(feature = "payments")]

use layer2_types::payments::{
    Account, AccountId, AccountStatus, Customer, Event, EventPayload, OperationId, Transaction,
    TransactionsListParams, Transfer, TransferRequest,
};
use layer2_types::{Amount, QueryParams, RetryRule, SignatureRule, find};

const LONGEST: &str = "123456789012345678.1234567891";

#[test]
fn every_digit_survives_in_every_place() {
    let transaction: Transaction =
        serde_json::from_str(&format!(r#"{{"id":"t1","value":-{LONGEST}}}"#)).expect("valid");
    assert_eq!(
        transaction.value.map(|value| value.to_string()),
        Some(format!("-{LONGEST}"))
    );

    let transfer: Transfer = serde_json::from_str(&format!(
        r#"{{"id":"t1","source_details":{{"amount_to_debit":{LONGEST}}},
            "destination_details":{{"amount_to_credit":{LONGEST}}}}}"#
    ))
    .expect("valid");
    let json = serde_json::to_string(&transfer).expect("serializes");
    assert_eq!(json.matches(LONGEST).count(), 2, "{json}");

    let account: Account = serde_json::from_str(&format!(
        r#"{{"id":"ACME_USD","current_balance":{LONGEST},"available_balance":"{LONGEST}"}}"#
    ))
    .expect("a numeric string is read as well");
    assert_eq!(account.current_balance, account.available_balance);
}

#[test]
fn a_request_is_written_as_the_documents_show_it() {
    let request = TransferRequest::new(
        AccountId::new("ACME_USD").expect("valid"),
        AccountId::new("ACME_PAYROLL_USD").expect("valid"),
        "125.50".parse::<Amount>().expect("valid"),
    );
    assert_eq!(
        serde_json::to_string(&request).expect("serializes"),
        r#"{"source_account_id":"ACME_USD","destination_account_id":"ACME_PAYROLL_USD","amount":125.5}"#
    );
}

#[test]
fn what_is_new_is_kept() {
    let json = r#"{"id":"a1","status":"HIBERNATING"}"#;
    let account: Account = serde_json::from_str(json).expect("valid");
    assert!(
        account
            .status
            .as_ref()
            .is_some_and(|status| !status.is_known())
    );
    assert_ne!(account.status, Some(AccountStatus::Open));
    assert_eq!(serde_json::to_string(&account).expect("serializes"), json);

    let json = r#"{"id":"c1","customer_type":"TRUST","trustee":"Jane Roe"}"#;
    let customer: Customer = serde_json::from_str(json).expect("valid");
    assert_eq!(customer.tag(), "TRUST");
    assert_eq!(serde_json::to_string(&customer).expect("serializes"), json);
    assert!(!format!("{customer:?}").contains("Jane"));

    let error = serde_json::from_str::<Customer>(r#"{"id":"c1"}"#)
        .expect_err("no tag")
        .to_string();
    assert!(
        error.contains("Customer: the tag `customer_type` is missing"),
        "{error}"
    );
}

#[test]
fn an_event_without_a_zone_or_of_a_new_type_is_read() {
    let json = r#"{"event_id":"e1","event_date":"2022-11-08T19:53:09","event_type":"PARTY_STARTED","event_data":{"cake":1.10}}"#;
    let event: Event = serde_json::from_str(json).expect("valid");
    assert!(event.event_date.as_ref().unwrap().zone_was_missing());
    assert!(
        matches!(&event.event_data, EventPayload::Unknown(unknown) if unknown.tag() == "PARTY_STARTED")
    );
    assert_eq!(serde_json::to_string(&event).expect("serializes"), json);
}

#[test]
fn personal_data_does_not_show() {
    let json = r#"{"customer_type":"INDIVIDUAL","id":"c1","first_name":"Jane"}"#;
    let customer: Customer = serde_json::from_str(json).expect("valid");
    let shown = format!("{customer:?}");
    assert!(
        shown.contains("first_name: Some(** redacted **)"),
        "{shown}"
    );
    assert!(shown.contains("middle_name: None"), "{shown}");
    assert!(!shown.contains("Jane"), "{shown}");
    assert_eq!(serde_json::to_string(&customer).expect("serializes"), json);
}

#[test]
fn query_parameters_come_back() {
    let given = [
        ("page".to_owned(), "2".to_owned()),
        ("page_size".to_owned(), "50".to_owned()),
    ];
    let params = TransactionsListParams::from_pairs(&given).expect("valid");
    let written: Vec<_> = params
        .to_pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    assert_eq!(written, given);
    let wrong = [("page".to_owned(), "two".to_owned())];
    let error = TransactionsListParams::from_pairs(&wrong).expect_err("not a number");
    assert_eq!(error.name(), "page");
}

#[test]
fn the_table_tells_how_to_accept_a_transfer() {
    let accept = find("payments.transfers_accept").expect("in the documents");
    assert_eq!(accept, OperationId::TransfersAccept.operation());
    assert_eq!(accept.signature, SignatureRule::Required);
    assert_eq!(accept.retry, RetryRule::Keyed);
    assert_eq!(
        accept.path_parameters().collect::<Vec<_>>(),
        ["transfer_id"]
    );
    // Platform fact: the account PATCH takes no idempotency key.
    let update = find("payments.accounts_update").expect("in the documents");
    assert_eq!(update.retry, RetryRule::Never);
}

#[test]
fn an_event_of_the_first_form_has_no_date() {
    let json = r#"{"event_id":"e1","event_type":"TRANSACTION_POSTED","event_data":{"transaction":{"id":"t1"}}}"#;
    let event: Event = serde_json::from_str(json).unwrap();
    assert_eq!(event.event_date, None);
    assert_eq!(serde_json::to_string(&event).unwrap(), json);
}
