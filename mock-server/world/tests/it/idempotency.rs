//! A key gives its first reply for ever, and only an accepted command uses it up.

use crate::support::Play;
use crate::support::codes;
use crate::support::field;
use crate::support::request;
use crate::support::transfer_body;

fn create(from: &str, amount: &str) -> layer2_world::Request {
    request(
        "payments.transfers_create",
        &[],
        &[],
        Some(transfer_body(from, "JANE_USD", amount)),
    )
}

#[test]
fn a_repeat_gets_the_first_reply_and_does_nothing() {
    let mut play = Play::new();
    play.inbound("ACME_USD", "10").unwrap();
    let transfer = play
        .send(create("ACME_USD", "4"), Some("k"))
        .unwrap()
        .reply
        .unwrap();
    let id = field(&transfer.body, "id");
    let accept = || {
        request(
            "payments.transfers_accept",
            &[("transfer_id", &id)],
            &[],
            None,
        )
    };
    let first = play.send(accept(), Some("k")).unwrap();
    assert!(!first.replayed, "another operation is another scope");
    let before = play.world.snapshot().unwrap();
    for _ in 0..3 {
        let again = play.send(accept(), Some("k")).unwrap();
        assert!(again.replayed);
        assert_eq!(again.reply, first.reply, "it still says ACCEPTED");
    }
    assert!(play.world.snapshot().unwrap() == before);
    assert_eq!(play.balances("JANE_USD").0, "4");
}

#[test]
fn another_request_with_the_key_is_refused_with_what_differs() {
    let mut play = Play::new();
    play.send(create("ACME_USD", "4"), Some("k")).unwrap();
    let rejection = play.send(create("ACME_USD", "5"), Some("k")).unwrap_err();
    assert_eq!(codes(&rejection), ["IDEMPOTENCY_KEY_REUSED"]);
    assert!(
        rejection.problems[0]
            .description
            .contains("the body differs"),
        "{rejection:?}"
    );

    play.post(
        "payments.subscriptions_create",
        &[],
        r#"{"event_type":"ACCOUNT_OPEN","callback_url":"http://h/"}"#,
    )
    .unwrap();
    let other = request(
        "payments.subscriptions_delete",
        &[("subscription_id", "a")],
        &[],
        None,
    );
    assert_eq!(
        codes(&play.send(other, Some("k")).unwrap_err()),
        ["NOT_FOUND"],
        "a new scope"
    );
}

#[test]
fn a_refused_request_does_not_use_its_key_up() {
    let mut play = Play::new();
    assert_eq!(
        codes(&play.send(create("NOPE", "4"), Some("k")).unwrap_err()),
        ["NOT_FOUND"]
    );
    let accepted = play.send(create("ACME_USD", "4"), Some("k")).unwrap();
    assert!(!accepted.replayed);
}

#[test]
fn operations_without_a_key_ignore_it() {
    let mut play = Play::new();
    let freeze = r#"{"updates":[{"field":"status","value":"FROZEN"}]}"#.to_owned();
    let patch = || {
        request(
            "payments.accounts_update",
            &[("account_id", "JANE_USD")],
            &[],
            Some(freeze.clone()),
        )
    };
    play.send(patch(), Some("k")).unwrap();
    assert_eq!(
        codes(&play.send(patch(), Some("k")).unwrap_err()),
        ["STATUS_CHANGE_NOT_ALLOWED"]
    );
}
