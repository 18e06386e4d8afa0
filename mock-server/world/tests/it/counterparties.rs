//! Counterparties: registered, screened, changed, and refused.

mod refusals;

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::machines::standing::COUNTERPARTY;
use layer2_world::machines::standing::Standing;
use layer2_world::rejection::Problem;
use serde_json::Value;

use crate::paying::bank_account;
use crate::paying::registration;
use crate::paying::us_bank;
use crate::paying::wallet;
use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;
use crate::support::slow;

const WALLET: &str = "0x00000000000000000000000000000000000000aa";

fn subscribe(play: &mut Play) {
    for status in ["ACTIVE", "CLOSED", "FROZEN", "EDD", "PENDING", "FROZEN_L2F"] {
        play.subscribe(&format!("COUNTERPARTY_{status}"));
    }
}

#[test]
fn a_new_counterparty_is_screened_and_then_active() {
    let mut play = slow(Platform::Union);
    subscribe(&mut play);
    let id = play.register(&us_bank("ACME")).unwrap();
    assert_eq!(play.counterparty_status(&id), "PENDING");
    assert_eq!(play.told(), ["COUNTERPARTY_PENDING"]);
    play.advance(SignedDuration::from_secs(119));
    assert_eq!(play.counterparty_status(&id), "PENDING");
    play.advance(SignedDuration::from_secs(1));
    assert_eq!(play.counterparty_status(&id), "ACTIVE");
    assert_eq!(play.told(), ["COUNTERPARTY_ACTIVE"]);

    let mut play = Play::new();
    let id = play.register(&us_bank("ACME")).unwrap();
    assert_eq!(
        play.counterparty_status(&id),
        "ACTIVE",
        "at once under fast"
    );
}

#[test]
fn a_screening_that_finds_a_name_closes_the_counterparty() {
    let mut play = Play::new();
    subscribe(&mut play);
    let body = us_bank("ACME").replace("Harbor Estates", "Harbor Screening Hit");
    let id = play.register(&body).unwrap();
    assert_eq!(play.counterparty_status(&id), "CLOSED");
    assert_eq!(play.told(), ["COUNTERPARTY_PENDING", "COUNTERPARTY_CLOSED"]);
}

#[test]
fn control_decides_before_the_screening_does() {
    let mut play = slow(Platform::Union);
    subscribe(&mut play);
    let found = play.register(&us_bank("ACME")).unwrap();
    let listed = us_bank("ACME").replace("Harbor Estates", "SCREENING HIT");
    let freed = play.register(&listed).unwrap();
    let held = play.register(&us_bank("ACME")).unwrap();
    play.decide_counterparty(&found, "CLOSED").unwrap();
    let reply = play.decide_counterparty(&freed, "ACTIVE").unwrap();
    assert_eq!(field(&reply.body, "previous_status"), "PENDING");
    assert_eq!(field(&reply.body, "status"), "ACTIVE");
    play.decide_counterparty(&held, "PENDING_L2F").unwrap();
    play.told();
    play.advance(SignedDuration::from_hours(1));
    assert_eq!(play.counterparty_status(&found), "CLOSED");
    assert_eq!(play.counterparty_status(&freed), "ACTIVE");
    assert_eq!(play.counterparty_status(&held), "PENDING_L2F");
    assert_eq!(
        play.told(),
        Vec::<String>::new(),
        "nothing was left to decide"
    );
}

/// One registration of each type: its rails and its account.
fn every_type() -> Vec<String> {
    let dollars = |numbers: &str| bank_account("FIAT_TESTNET_USD", numbers);
    let number = r#""account_number":"42","swift_bic":"DEUTDEFF""#;
    let american = r#""account_number":"42","routing_number":"021001208","type":"SAVING""#;
    let linked = r#""account_information":{"asset_type_id":"FIAT_TESTNET_USD"}"#;
    let iban = r#""iban":"DE89370400440532013000","swift_bic":"DEUTDEFF""#;
    let canadian = r#""account_number":"42","institution_number":"003","transit_number":"00010""#;
    let british = r#""account_number":"42","sort_code":"200000""#;
    let indian = r#""account_number":"42","ifsc":"HDFC0000060""#;
    let clabe = r#""account_number":"032180000118359719""#;
    let accno = r#""account_number":"42","routing_number":"021001208","swift_bic":"DEUTDEFF""#;
    let swift = r#"["SWIFT"]"#;
    let through = r#","intermediary_information":{"intermediary_type":"FIAT_US","institution_name":"Middle Bank","routing_number":"021001208"}"#;
    let mut all: Vec<String> = ["CN", "HK", "SG", "JP", "MY", "PA"]
        .into_iter()
        .map(|country| {
            registration(
                &format!("FIAT_{country}"),
                "ACME",
                swift,
                &(dollars(number) + through),
            )
        })
        .collect();
    for (kind, rails, account) in [
        ("FIAT_US", r#"["ACH","FEDWIRE"]"#, dollars(american)),
        ("FIAT_US_LINKED", r#"["ACH"]"#, linked.to_owned()),
        ("FIAT_CA", r#"["EFT"]"#, dollars(canadian)),
        ("FIAT_CA_LINKED", r#"["EFT"]"#, linked.to_owned()),
        (
            "FIAT_EU",
            r#"["SEPA_CT","SWIFT"]"#,
            bank_account("FIAT_TESTNET_EUR", iban),
        ),
        ("FIAT_GB", r#"["FPS","CHAPS"]"#, dollars(british)),
        ("FIAT_IN", r#"["IMPS","NFT","UP"]"#, dollars(indian)),
        (
            "FIAT_BS",
            r#"["ACH"]"#,
            dollars(r#""account_number":"42","type":"CHECKING""#),
        ),
        ("FIAT_MX", r#"["SPEI"]"#, dollars(clabe)),
        (
            "FIAT_AE",
            r#"["UAEFTS"]"#,
            dollars(r#""iban":"AE070331234567890123456""#),
        ),
        ("FIAT_IBAN", swift, dollars(iban)),
        ("FIAT_ACCNO", swift, dollars(accno)),
    ] {
        all.push(registration(kind, "ACME", rails, &account));
    }
    all.push(wallet("ACME", "ETHEREUM_SEPOLIA_USDC", WALLET));
    let basic = r#"{"counterparty_type":"BASIC","customer_id":"ACME","profile":{"profile_type":"INDIVIDUAL","name":"Ada Example","address":{"country_code":"GB"}}}"#;
    all.push(basic.to_owned());
    all
}

/// Whether every member of `sent` came back as it was.
fn is_part_of(sent: &Value, back: &Value) -> bool {
    match (sent, back) {
        (Value::Object(sent), Value::Object(back)) => sent
            .iter()
            .all(|(name, value)| back.get(name).is_some_and(|other| is_part_of(value, other))),
        _ => sent == back,
    }
}

#[test]
fn every_type_is_kept_as_it_was_sent() {
    let mut play = Play::new();
    let bodies = every_type();
    assert_eq!(bodies.len(), 20);
    let mut banks_between = 0;
    for body in &bodies {
        let id = play
            .register(body)
            .unwrap_or_else(|rejection| panic!("{body}: {rejection:?}"));
        let sent: Value = serde_json::from_str(body).unwrap();
        let back: Value = serde_json::from_str(&play.counterparty(&id)).unwrap();
        assert!(is_part_of(&sent, &back["data"]), "{body}\n{back}");
        assert_eq!(back["data"]["id"], id.as_str());
        assert_eq!(back["data"]["status"], "ACTIVE");
        if let Some(bank) = back["data"].get("intermediary_information") {
            assert_eq!(
                bank["asset_type_id"], "FIAT_TESTNET_USD",
                "set by the platform"
            );
            banks_between += 1;
        }
    }
    assert!(banks_between > 0, "some go by a bank between");
    let log = format!("{:?}", play.world);
    for personal in [
        "Harbor Estates",
        "Ada Example",
        "DE8937",
        "032180000118359719",
        WALLET,
    ] {
        assert!(!log.contains(personal), "{personal} is in the log");
    }
}

#[test]
fn what_the_platform_sets_is_ignored_in_a_request() {
    let mut play = slow(Platform::Union);
    let body = us_bank("ACME").replacen('{', r#"{"id":"mine","status":"ACTIVE","#, 1);
    let id = play.register(&body).unwrap();
    assert_ne!(id, "mine");
    assert_eq!(field(&play.counterparty(&id), "id"), id);
    assert_eq!(play.counterparty_status(&id), "PENDING");
}

#[test]
fn lists_are_oldest_first_and_can_be_those_of_one_customer() {
    let mut play = Play::new();
    let mut ids = Vec::new();
    for customer in ["ACME", "JANE", "ACME", "SELF"] {
        ids.push(play.register(&us_bank(customer)).unwrap());
    }
    let list = |query: &[(&str, &str)]| {
        let reply = play
            .get("payments.counterparties_list", &[], query)
            .unwrap();
        fields(&reply.body, "id")
    };
    assert_eq!(list(&[]), ids);
    assert_eq!(list(&[("customer_id", "ACME")]), [&*ids[0], &*ids[2]]);
    assert_eq!(list(&[("page_size", "3"), ("page", "1")]), [&*ids[3]]);
    assert_eq!(list(&[("customer_id", "NOPE")]), Vec::<String>::new());
    let query = [("page_size", "1"), ("customer_id", "ACME")];
    let reply = play
        .get("payments.counterparties_list", &[], &query)
        .unwrap();
    let next = field(&reply.body, "next");
    assert!(next.starts_with("/v1/counterparties?"), "{next}");
    assert!(next.contains("customer_id=ACME"), "{next}");
}

#[test]
fn the_owner_can_be_corrected_until_the_counterparty_is_approved() {
    let mut play = slow(Platform::Union);
    let id = play.register(&us_bank("ACME")).unwrap();
    play.patch_counterparty(&id, "profile.name", "Harbor Homes LLC")
        .unwrap();
    play.patch_counterparty(&id, "profile.address.city", "Salem")
        .unwrap();
    play.patch_counterparty(&id, "profile.relationship_to_customer", "SELF")
        .unwrap();
    let shown = play.counterparty(&id);
    assert_eq!(field(&shown, "name"), "Harbor Homes LLC");
    assert_eq!(field(&shown, "relationship_to_customer"), "SELF");
    let refused = play.patch_counterparty(&id, "profile.line_of_business", "GUILD");
    assert_eq!(codes(&refused.unwrap_err()), ["VALIDATION_FAILED"]);

    play.advance(SignedDuration::from_mins(3));
    assert_eq!(play.counterparty_status(&id), "ACTIVE");
    play.patch_counterparty(&id, "description", "Landlord of Salem")
        .unwrap();
    assert_eq!(
        field(&play.counterparty(&id), "description"),
        "Landlord of Salem"
    );
    let refused = play.patch_counterparty(&id, "profile.name", "Harbor Estates LLC");
    assert_eq!(
        refused.unwrap_err(),
        Problem::new(
            "FIELD_NOT_UPDATABLE",
            "This field of a counterparty cannot be changed."
        )
        .at("/updates/0/field")
        .received("profile.name")
        .expected("status, description")
        .hint(
            "The owner is fixed since the counterparty was approved; register another counterparty."
        )
        .bad_request()
    );
}

#[test]
fn a_name_that_is_corrected_is_screened_as_it_is_then() {
    let mut play = slow(Platform::Union);
    let id = play.register(&us_bank("ACME")).unwrap();
    play.patch_counterparty(&id, "profile.name", "a screening hit")
        .unwrap();
    play.advance(SignedDuration::from_mins(3));
    assert_eq!(play.counterparty_status(&id), "CLOSED");
}

/// A client cannot approve its own counterparty: neither a clean one before its time, nor one in whose name the screening
/// is about to find something.
#[test]
fn no_client_steps_over_the_screening() {
    for (name, found) in [
        ("Harbor Estates LLC", "ACTIVE"),
        ("a screening hit", "CLOSED"),
    ] {
        let mut play = slow(Platform::Union);
        let id = play.register(&us_bank("ACME")).unwrap();
        play.patch_counterparty(&id, "profile.name", name).unwrap();
        for to in ["ACTIVE", "CLOSED"] {
            let refused = play.patch_counterparty(&id, "status", to).unwrap_err();
            assert_eq!(
                refused,
                Problem::new(
                    "STATUS_CHANGE_NOT_ALLOWED",
                    "The counterparty is PENDING: its next step is the platform's, not the client's."
                )
                .at("/updates/0/value")
                .received(to)
                .expected("no other status")
                .hint("In a sandbox, decide it through the control API.")
                .bad_request()
            );
        }
        assert_eq!(play.counterparty_status(&id), "PENDING");
        play.advance(SignedDuration::from_mins(3));
        assert_eq!(play.counterparty_status(&id), found, "{name}");
    }
}

/// Every step that a client can ask for, by asking.
#[test]
fn clients_can_take_the_steps_of_the_table_and_no_other() {
    for from in Standing::ALL {
        for to in Standing::ALL {
            let mut play = slow(Platform::Union);
            let id = play.register(&us_bank("ACME")).unwrap();
            // Control reaches every status, most of them by way of ACTIVE.
            if from != Standing::Pending {
                if from != Standing::PendingL2f {
                    play.decide_counterparty(&id, "ACTIVE").unwrap();
                }
                if from != Standing::Active {
                    play.decide_counterparty(&id, from.name("ACTIVE")).unwrap();
                }
            }
            let outcome = play.patch_counterparty(&id, "status", to.name("ACTIVE"));
            assert_eq!(
                outcome.is_ok(),
                COUNTERPARTY.allows(from, to),
                "{from} to {to}: {outcome:?}"
            );
            if let Err(rejection) = outcome {
                assert_eq!(
                    codes(&rejection),
                    ["STATUS_CHANGE_NOT_ALLOWED"],
                    "{from} to {to}"
                );
            }
        }
    }
}

#[test]
fn a_customer_registers_while_it_may_be_updated() {
    for status in Standing::ALL {
        for platform in Platform::ALL {
            let mut play = fast(*platform);
            if status != Standing::Active {
                play.decide("JANE", status.name("ACTIVE")).unwrap();
            }
            let outcome = play.register(&us_bank("JANE"));
            assert_eq!(
                outcome.is_ok(),
                status.rights(*platform).update,
                "{status}: {outcome:?}"
            );
        }
    }
}

#[test]
fn each_version_tells_what_it_knows() {
    let mut play = fast(Platform::Layer2V1_0_5);
    let id = play.register(&us_bank("ACME")).unwrap();
    play.decide_counterparty(&id, "FROZEN_L2F").unwrap();
    assert_eq!(play.counterparty_status(&id), "FROZEN_L2F");
    let body = r#"{"event_type":"COUNTERPARTY_ACTIVE","callback_url":"http://127.0.0.1:9/h"}"#;
    let refused = play
        .post("payments.subscriptions_create", &[], body)
        .unwrap_err();
    assert_eq!(codes(&refused), ["VALIDATION_FAILED"]);

    let iban = r#""iban":"DE89370400440532013000","swift_bic":"DEUTDEFF""#;
    let account = bank_account("FIAT_TESTNET_EUR", iban);
    let newer = registration("FIAT_IBAN", "ACME", r#"["SWIFT"]"#, &account);
    let refused = play.register(&newer).unwrap_err();
    assert_eq!(
        refused.problems[0].pointer.as_deref(),
        Some("/counterparty_type")
    );

    let mut play = fast(Platform::RailV1_1_2);
    subscribe(&mut play);
    let id = play.register(&us_bank("ACME")).unwrap();
    play.decide_counterparty(&id, "FROZEN_L2F").unwrap();
    assert_eq!(play.counterparty_status(&id), "FROZEN");
    assert_eq!(
        play.told(),
        [
            "COUNTERPARTY_PENDING",
            "COUNTERPARTY_ACTIVE",
            "COUNTERPARTY_FROZEN_L2F"
        ]
    );
    let account = bank_account(
        "FIAT_TESTNET_USD",
        r#""account_number":"42","routing_number":"021001208""#,
    );
    let stateless =
        registration("FIAT_US", "ACME", r#"["ACH"]"#, &account).replace(r#""state":"MA","#, "");
    let refused = play.register(&stateless).unwrap_err();
    assert_eq!(
        refused.problems[0].pointer.as_deref(),
        Some("/profile/address/state")
    );
    assert!(fast(Platform::Union).register(&stateless).is_ok());
}
