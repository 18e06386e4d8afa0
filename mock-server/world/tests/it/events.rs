//! What is told, to whom, and how often.

use jiff::SignedDuration;
use layer2_types::operation::Platform;

use crate::support::FAILED;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;

/// An event that a version knows, and how to make it happen once.
struct Happening {
    event: &'static str,
    bring_about: fn(&mut Play),
}

impl Happening {
    /// The older version tells of applications alone.
    const fn known_to(platform: Platform) -> Self {
        match platform {
            Platform::Layer2V1_0_5 => Self {
                event: "APPLICATION_READY_FOR_SUBMISSION",
                bring_about: |play| drop(play.ready()),
            },
            Platform::RailV1_1_2 | Platform::Union => Self {
                event: "ACCOUNT_FROZEN",
                bring_about: |play| drop(play.patch_account("JANE_USD", "FROZEN").unwrap()),
            },
        }
    }
}

#[test]
fn a_transfer_is_told_in_the_documented_order() {
    // The older version tells of no transactions.
    for platform in [Platform::RailV1_1_2, Platform::Union] {
        let mut play = fast(platform);
        play.inbound("ACME_USD", "10").unwrap();
        for event in [
            "TRANSACTION_AUTHORIZED",
            "TRANSACTION_PENDING",
            "TRANSACTION_POSTED",
        ] {
            play.subscribe(event);
        }
        let transfer = play.transfer("ACME_USD", "JANE_USD", "4").unwrap();
        assert!(
            play.world.due_deliveries(play.now).is_empty(),
            "a request is not told"
        );
        play.accept(&transfer).unwrap();
        let sent = play.deliver(TAKEN);
        let told: Vec<_> = sent
            .iter()
            .map(|due| {
                (
                    field(&due.body, "event_type"),
                    field(&due.body, "account_id"),
                )
            })
            .collect();
        let told: Vec<_> = told
            .iter()
            .map(|(event, account)| (event.as_str(), account.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("TRANSACTION_AUTHORIZED", "ACME_USD"),
                ("TRANSACTION_PENDING", "JANE_USD"),
                ("TRANSACTION_POSTED", "ACME_USD"),
                ("TRANSACTION_POSTED", "JANE_USD"),
            ]
        );
        assert!(
            sent.iter()
                .all(|due| field(&due.body, "category_id") == transfer)
        );
        assert!(play.deliver(TAKEN).is_empty(), "each is sent once");
    }
}

#[test]
fn each_subscription_has_its_own_key_and_can_be_deleted() {
    for &platform in Platform::ALL {
        let (mut play, happening) = (fast(platform), Happening::known_to(platform));
        let first = play.subscribe(happening.event);
        let second = play.subscribe(happening.event);
        let list = play
            .get("payments.subscriptions_list", &[], &[])
            .unwrap()
            .body;
        let keys = fields(&list, "signature_verification_key");
        assert_eq!(fields(&list, "id"), [first.as_str(), second.as_str()]);
        assert!(keys[0] != keys[1] && keys.iter().all(|key| key.len() == 64));

        (happening.bring_about)(&mut play);
        let due = play.world.due_deliveries(play.now);
        assert_eq!(due.len(), 2);
        assert_eq!(due[0].body, due[1].body, "one event, two receivers");
        for (delivery, key) in due.iter().zip(&keys) {
            assert_eq!(delivery.signing_seed.verify_key_hex(), *key);
        }
        let path = [("subscription_id", first.as_str())];
        play.post("payments.subscriptions_delete", &path, "")
            .unwrap();
        let due = play.deliver(TAKEN);
        assert_eq!(
            due.iter()
                .map(|due| due.subscription.as_str())
                .collect::<Vec<_>>(),
            [second.as_str()]
        );
        assert_eq!(
            codes(
                &play
                    .post("payments.subscriptions_delete", &path, "")
                    .unwrap_err()
            ),
            ["NOT_FOUND"]
        );
        let log = play
            .get("control.deliveries_list", &[("sandbox", "default")], &[])
            .unwrap()
            .body;
        assert_eq!(fields(&log, "state"), ["dropped", "delivered"]);
    }
}

#[test]
fn a_failed_delivery_comes_again_and_says_why() {
    for &platform in Platform::ALL {
        let (mut play, happening) = (fast(platform), Happening::known_to(platform));
        let subscription = play.subscribe(happening.event);
        (happening.bring_about)(&mut play);
        let first = play.deliver(FAILED).remove(0);
        assert!(play.world.due_deliveries(play.now).is_empty());
        play.advance(SignedDuration::from_secs(6));
        let second = play.deliver(FAILED).remove(0);
        assert_eq!(
            (second.attempt, &second.body, &second.event_id),
            (2, &first.body, &first.event_id)
        );

        let log = play
            .get("control.deliveries_list", &[], &[("status", "pending")])
            .unwrap()
            .body;
        assert_eq!(fields(&log, "outcome"), ["refused", "refused"]);
        assert!(
            field(&log, "hint").starts_with("The receiver answered 500;"),
            "{log}"
        );
        for hours in [1, 1, 2, 4, 20] {
            play.advance(SignedDuration::from_hours(hours));
            play.deliver(FAILED);
        }
        play.advance(SignedDuration::from_hours(48));
        while !play.deliver(FAILED).is_empty() {}
        let log = play.get("control.deliveries_list", &[], &[]).unwrap().body;
        assert_eq!(field(&log, "state"), "failed");
        assert_eq!(
            fields(&log, "attempt"),
            ["1", "2", "3", "4", "5", "6", "7", "8"]
        );
        assert!(!log.contains("next_attempt"));
        let failing: Vec<_> = play
            .world
            .failing_subscriptions()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(failing, [subscription]);
    }
}

#[test]
fn version_1_0_5_has_none_of_these_events() {
    let mut play = fast(Platform::Layer2V1_0_5);
    let body = r#"{"event_type":"ACCOUNT_FROZEN","callback_url":"http://127.0.0.1:9/h"}"#;
    let rejection = play
        .post("payments.subscriptions_create", &[], body)
        .unwrap_err();
    assert_eq!(codes(&rejection), ["VALIDATION_FAILED"]);
}

#[test]
fn bodies_decode_as_typed_events() {
    let mut play = Play::new();
    play.subscribe("CUSTOMER_FROZEN_L2F");
    play.decide("ACME", "FROZEN_L2F").unwrap();
    let sent = play.deliver(TAKEN);
    let event: layer2_types::payments::Event = serde_json::from_str(&sent[0].body).unwrap();
    let layer2_types::payments::EventPayload::CustomerFrozenL2f(data) = event.event_data else {
        panic!("{}", sent[0].body);
    };
    assert_eq!(data.customer.id, "ACME");
}
