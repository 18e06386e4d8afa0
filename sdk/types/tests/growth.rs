//! The platform grows, and whoever uses this crate does not notice: models, enums and unions are used here as another
//! crate would, in the ways that stay right when a field, a value or a variant is added.

#![cfg(feature = "payments")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by failing"
)]

use layer2_types::payments::{
    AccountId, Address, Application, CustomersListParams, TransferRequest, TransferStatus,
};
use layer2_types::{Amount, Patch};

#[test]
fn a_model_is_built_of_what_it_needs_and_then_of_what_one_likes() {
    let request = TransferRequest::new(
        AccountId::new("A").expect("an id"),
        AccountId::new("B").expect("an id"),
        Amount::from(5),
    )
    .with_description("rent".to_owned());
    // Fields can be read and set; only a struct literal, which would name them all, is not to be had.
    let mut changed = request.clone();
    changed.description = None;
    assert_eq!(changed.with_description("rent".to_owned()), request);
}

#[test]
fn what_needs_nothing_has_a_default() {
    assert_eq!(Address::default(), Address::new());
    assert_eq!(CustomersListParams::default(), CustomersListParams::new());
    assert_eq!(Patch::<String>::default(), Patch::Absent);
    let Address { city, .. } = Address::default().with_city("Boston".to_owned());
    assert_eq!(city.as_deref(), Some("Boston"));
}

#[test]
fn a_value_of_tomorrow_has_an_arm_today() {
    let say = |status: &TransferStatus| match status {
        TransferStatus::Executed => "done".to_owned(),
        TransferStatus::Unknown(value) => format!("unheard of: {}", value.as_str()),
        other => format!("known, and not of interest: {other}"),
    };
    let read = |json: &str| serde_json::from_str::<TransferStatus>(json).expect("a status");
    assert_eq!(say(&read(r#""EXECUTED""#)), "done");
    assert_eq!(say(&read(r#""PAUSED""#)), "unheard of: PAUSED");
    assert_eq!(
        serde_json::to_string(&read(r#""PAUSED""#)).expect("text"),
        r#""PAUSED""#
    );
}

#[test]
fn a_variant_of_tomorrow_goes_back_as_it_came() {
    let json = r#"{"application_type":"TRUST", "id":"T-1", "limit":12.50000000000000000001}"#;
    let application: Application = serde_json::from_str(json).expect("an application");
    match &application {
        Application::Individual(_) | Application::Corporation(_) => panic!("it is neither"),
        Application::Unknown(unknown) => assert_eq!(unknown.tag(), "TRUST"),
        other => panic!("{other:?} is not what was sent"),
    }
    assert_eq!(serde_json::to_string(&application).expect("JSON"), json);
}

/// A field that this version does not have is left out and harms nobody; one that is set to null is as good as absent.
#[test]
fn a_field_of_tomorrow_is_passed_over() {
    let address: Address =
        serde_json::from_str(r#"{"planet":{"name":"Earth"},"city":"Boston","state":null}"#)
            .expect("an address");
    assert_eq!(address, Address::new().with_city("Boston".to_owned()));
}
