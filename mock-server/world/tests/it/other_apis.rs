//! Accounting and Plaid: making a business, linking a bank.

use jiff::SignedDuration;

use crate::support::Play;
use crate::support::codes;
use crate::support::field;

fn business(
    play: &mut Play,
    external_id: &str,
    phone: &str,
) -> Result<layer2_world::Reply, layer2_world::Rejection> {
    let body = format!(
        r#"{{"us_state":"MA","entity_type":"LLC","legal_name":"Bakery","external_id":"{external_id}","phone_number":"{phone}"}}"#
    );
    play.post("accounting.businesses_create", &[], &body)
}

#[test]
fn a_business_is_made_once_for_its_external_id() {
    let mut play = Play::new();
    let made = business(&mut play, "b-1", "+16175550199").unwrap();
    assert_eq!(
        (made.status, field(&made.body, "previously_imported")),
        (201, "false".to_owned())
    );
    let again = business(&mut play, "b-1", "+16175550100").unwrap();
    assert_eq!(
        (again.status, field(&again.body, "previously_imported")),
        (200, "true".to_owned())
    );
    assert_eq!(field(&again.body, "id"), field(&made.body, "id"));
    assert_eq!(
        field(&again.body, "phone_number"),
        "+16175550199",
        "it is given back as it was"
    );

    let id = field(&made.body, "id");
    let read = play
        .get("accounting.businesses_get", &[("business_id", &id)], &[])
        .unwrap();
    assert_eq!(read.body, made.body);
    assert!(
        field(&read.body, "imported_at").ends_with('Z')
            || field(&read.body, "imported_at").ends_with("+00:00"),
        "{}",
        read.body
    );
}

#[test]
fn a_telephone_number_belongs_to_one_live_business() {
    let mut play = Play::new();
    business(&mut play, "b-1", "+16175550199").unwrap();
    let refused = business(&mut play, "b-2", "+16175550199").unwrap_err();
    assert_eq!(
        (refused.status, codes(&refused)),
        (400, vec!["PhoneNumberInUse"])
    );
    assert!(
        !format!("{refused:?}").contains("6175550199"),
        "personal data is not repeated"
    );
    let unknown = play
        .get("accounting.businesses_get", &[("business_id", "nope")], &[])
        .unwrap_err();
    assert_eq!(
        (unknown.status, codes(&unknown)),
        (404, vec!["SpecifiedIdNotFound"])
    );
}

fn public_token(play: &mut Play) -> String {
    let body = r#"{"institution_id":"ins_109508","initial_products":["auth","transactions"]}"#;
    field(
        &play
            .post("plaid.sandbox_public_token_create", &[], body)
            .unwrap()
            .body,
        "public_token",
    )
}

fn exchange(play: &mut Play, token: &str) -> Result<layer2_world::Reply, layer2_world::Rejection> {
    play.post(
        "plaid.items_public_token_exchange",
        &[],
        &format!(r#"{{"public_token":"{token}"}}"#),
    )
}

#[test]
fn a_public_token_is_exchanged_once() {
    let mut play = Play::new();
    let token = public_token(&mut play);
    assert!(
        token.starts_with("public-sandbox-") && token.len() == 15 + 36,
        "{token}"
    );
    let reply = exchange(&mut play, &token).unwrap();
    assert!(field(&reply.body, "access_token").starts_with("access-sandbox-"));
    assert_eq!(field(&reply.body, "item_id").len(), 37);
    let refused = exchange(&mut play, &token).unwrap_err();
    assert!(
        refused.problems[0].description.contains("exchanged before"),
        "{refused:?}"
    );
    let access = field(&reply.body, "access_token");
    let refused = exchange(&mut play, &access).unwrap_err();
    assert!(
        refused.problems[0].description.contains("access token"),
        "{refused:?}"
    );
}

#[test]
fn a_public_token_lives_thirty_minutes() {
    let mut play = Play::new();
    let (early, late) = (public_token(&mut play), public_token(&mut play));
    play.advance(SignedDuration::from_mins(29));
    assert!(exchange(&mut play, &early).is_ok());
    play.advance(SignedDuration::from_mins(2));
    let refused = exchange(&mut play, &late).unwrap_err();
    assert_eq!(codes(&refused), ["INVALID_PUBLIC_TOKEN"]);
    assert!(
        refused.problems[0].description.contains("30 minutes"),
        "{refused:?}"
    );
}

#[test]
fn tokens_stay_out_of_debug_output() {
    let mut play = Play::new();
    let token = public_token(&mut play);
    assert!(!format!("{:?}", play.world).contains(&token));
}
