//! The golden models, compiled and used: what a reader of the generated code can rely on.
//!
//! `golden.rs` makes and compares the files; this one is apart from it, so that files can be made
//! anew when they no longer fit the code below.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by failing"
)]

use layer2_types::operation::{Platform, PlatformVersion};
use layer2_types::{Amount, Patch, Project, QueryParams, UnknownVariant};
use serde_json::value::RawValue;

// The golden models speak of their support code as the generated ones do: by `crate::` paths.
#[allow(unused_imports, reason = "each model uses the ones that it needs")]
use layer2_types::{
    amount, id, json, object, open_enum, patch, project, query, redact, tagged, timestamp, update,
};
mod operation {
    pub(crate) use layer2_types::operation::{Platform, PlatformVersion};
}
// The macros are private to the crate of the types, as nobody else is to write models in them. So the file is read here
// once more, and the golden models are built by the very macros that the generated ones are built by.
#[macro_use]
#[rustfmt::skip]
#[allow(unused_macros, reason = "the table and the codes can be built in their own crate only")]
#[path = "../../sdk/types/src/model/mod.rs"]
mod model;
#[allow(
    unreachable_pub,
    dead_code,
    reason = "what is public in a library is not in a test"
)]
#[path = "golden/shop/sdk/types/src/generated/shop"]
mod shop {
    mod events;
    mod params;
    mod types;
    pub use self::events::*;
    pub use self::params::*;
    pub use self::types::*;
}

use shop::{
    Event, EventPayload, Order, OrderStatus, OrderUpdateRequest, OrdersListParams, Payment,
    PaymentCard,
};

/// An order in wire form, with 28 digits of money in three places and things nobody knows.
const SENT: &str = r#"{
    "id": "A-1", "total": 123456789012345678.1234567891, "note": null, "self": "me", "type": "big",
    "status": "LOST_AT_SEA", "createdAt": "2026-01-05T09:00:00.000001-05:00", "buyer": "Ada",
    "phone": "+16175550100", "gate": "open sesame", "nickname": null, "due": "2026-02-01",
    "labels": {"tax": 0.0000000000000000000000000001}, "extra": {"b": 1e-7, "a": [1.50]},
    "payment": {"kind": "CARD", "amount": 987654321098765432.1098765432, "number": "4111"},
    "replaces": {"id": "A-0", "total": 1, "note": "first", "createdAt": "2026-01-04T09:00:00Z",
                 "payment": {"kind": "BARTER", "goats": 123456789012345678.1234567891}},
    "invented_tomorrow": {"deep": true}
}"#;

fn order() -> Order {
    serde_json::from_str(SENT).expect("an order decodes, whatever else it says")
}

#[test]
fn money_keeps_every_digit_in_every_place() {
    let text = serde_json::to_string(&order()).expect("json");
    for digits in [
        r#""total":123456789012345678.1234567891"#,
        r#""tax":0.0000000000000000000000000001"#,
        r#""amount":987654321098765432.1098765432"#,
        r#""goats": 123456789012345678.1234567891"#,
    ] {
        assert!(text.contains(digits), "{digits} is not in {text}");
    }
}

#[test]
fn what_is_not_known_goes_back_as_it_came() {
    let order = order();
    assert_eq!(
        order.status.as_ref().map(OrderStatus::as_str),
        Some("LOST_AT_SEA")
    );
    assert!(
        order
            .status
            .as_ref()
            .is_some_and(|status| !status.is_known())
    );
    let before = order.replaces.as_ref().expect("an order before");
    let Payment::Unknown(unknown) = &before.payment else {
        panic!("BARTER is not known")
    };
    assert_eq!(unknown.tag(), "BARTER");
    let text = serde_json::to_string(&order).expect("json");
    assert!(text.contains(r#"{"kind": "BARTER", "goats": 123456789012345678.1234567891}"#));
    assert!(text.contains(r#""extra":{"b": 1e-7, "a": [1.50]}"#));
    assert!(
        !text.contains("invented_tomorrow"),
        "a field that is not known is dropped"
    );
    assert_eq!(
        serde_json::from_str::<Order>(&text).expect("its own text"),
        order
    );
}

#[test]
fn a_tag_that_is_known_with_a_wrong_body_is_an_error() {
    let wrong = r#"{"kind": "CARD", "amount": "a lot"}"#;
    assert!(serde_json::from_str::<Payment>(wrong).is_err());
}

#[test]
fn names_that_rust_reserves_keep_their_wire_form() {
    let order = order();
    assert_eq!(order.r#type.as_deref(), Some("big"));
    assert_eq!(order.self_.as_deref(), Some("me"));
    let text = serde_json::to_string(&order).expect("json");
    assert!(text.contains(r#""type":"big""#) && text.contains(r#""self":"me""#));
    assert!(text.contains(r#""createdAt":"2026-01-05T09:00:00.000001-05:00""#));
    assert!(
        format!("{order:?}").contains("type: "),
        "Debug shows the plain name"
    );
}

#[test]
fn debug_withholds_what_is_sensitive() {
    let shown = format!("{:?}", order());
    for secret in ["Ada", "+16175550100", "open sesame", "4111"] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    assert!(shown.contains("A-1"), "ids are shown");
}

#[test]
fn constants_are_filled_in_and_null_is_not_absent() {
    let amount: Amount = "12.5".parse().expect("an amount");
    let payment = PaymentCard::new(amount).into();
    let sent = "2026-01-05T09:00:00Z".parse().expect("a time");
    let order = Order::new("A-2".parse().expect("an id"), amount, None, sent, payment);
    let text = serde_json::to_string(&order).expect("json");
    assert!(
        text.contains(r#""payment":{"kind":"CARD","amount":12.5}"#),
        "{text}"
    );
    assert!(
        text.contains(r#""note":null"#) && !text.contains("nickname"),
        "{text}"
    );
    let cleared = serde_json::to_string(&order.clone().with_nickname(Patch::Null)).expect("json");
    assert!(cleared.contains(r#""nickname":null"#));
    let set = serde_json::to_string(&order.with_nickname("Al".to_owned())).expect("json");
    assert!(set.contains(r#""nickname":"Al""#));
}

#[test]
fn a_request_has_no_field_that_the_shop_ignores() {
    let read_back = r#"{"id": "A-1", "progress": "HALF", "note": "soon"}"#;
    let update: OrderUpdateRequest = serde_json::from_str(read_back).expect("an update");
    assert_eq!(
        update,
        OrderUpdateRequest::new().with_note("soon".to_owned())
    );
    let text = serde_json::to_string(&update).expect("json");
    assert_eq!(text, r#"{"note":"soon"}"#);
}

#[test]
fn variants_share_accessors() {
    let order = order();
    assert_eq!(
        order.payment.amount().map(ToString::to_string).as_deref(),
        Some("987654321098765432.1098765432")
    );
    assert_eq!(
        order.replaces.expect("an order before").payment.amount(),
        None
    );
    assert_eq!(order.payment.tag(), "CARD");
    assert_eq!(order.payment.memo(), None);
    let amount: Amount = "12.5".parse().expect("an amount");
    let paid: Payment = PaymentCard::new(amount).with_memo("tea".to_owned()).into();
    assert_eq!(paid.memo().map(String::as_str), Some("tea"));
}

#[test]
fn a_version_lacks_what_the_other_has() {
    let mut whole = order()
        .with_status(OrderStatus::OpenL2f)
        .with_coupon("TEN".to_owned());
    whole.project(Platform::Union);
    assert_eq!(
        (whole.status.clone(), whole.coupon.is_some()),
        (Some(OrderStatus::OpenL2f), true)
    );
    let mut old = whole.clone();
    old.project(Platform::Layer2V1_0_5);
    assert_eq!(old, whole);
    whole.project(Platform::RailV1_1_2);
    assert_eq!(
        (whole.status, whole.coupon),
        (Some(OrderStatus::Open), None)
    );
    assert!(!Platform::RailV1_1_2.includes(&[PlatformVersion::Layer2V1_0_5]));
}

#[test]
fn query_parameters_survive_the_way_there_and_back() {
    let amount: Amount = "0.0000001".parse().expect("an amount");
    let params = OrdersListParams::new()
        .with_page(2)
        .with_type(OrderStatus::UnknownValue)
        .with_buyer("Ada".to_owned())
        .with_above(amount);
    let pairs: Vec<_> = params
        .to_pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let names: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        names,
        ["page=2", "type=UNKNOWN", "buyer=Ada", "above=0.0000001"]
    );
    let shown = format!("{params:?}");
    assert!(
        !shown.contains("Ada") && shown.contains("page: Some(2)"),
        "{shown}"
    );
    assert_eq!(
        OrdersListParams::from_pairs(&pairs).expect("its own pairs"),
        params
    );
    let twice = vec![("page".to_owned(), "x".to_owned())];
    assert!(OrdersListParams::from_pairs(&twice).is_err());
}

#[test]
fn an_event_is_decoded_by_its_type() {
    let text = |kind: &str| {
        format!(
            r#"{{"event_id":"e-1","event_date":"2026-01-05T09:00:00Z","event_type":"{kind}","event_data":{{"order":{SENT}}}}}"#
        )
    };
    let opened: Event = serde_json::from_str(&text("ORDER_OPENED")).expect("an event");
    let EventPayload::OrderOpened(data) = &opened.event_data else {
        panic!("{opened:?}")
    };
    assert_eq!(
        data.order.total.to_string(),
        "123456789012345678.1234567891"
    );
    let again = serde_json::to_string(&opened).expect("json");
    assert_eq!(
        serde_json::from_str::<Event>(&again).expect("its own text"),
        opened
    );

    let strange: Event = serde_json::from_str(&text("ORDER_EATEN")).expect("an event");
    assert_eq!(strange.event_type.as_str(), "ORDER_EATEN");
    let raw = RawValue::from_string(format!(r#"{{"order":{SENT}}}"#)).expect("json");
    let unknown = EventPayload::Unknown(UnknownVariant::new("ORDER_EATEN", raw));
    assert_eq!(strange.event_data, unknown);
}
