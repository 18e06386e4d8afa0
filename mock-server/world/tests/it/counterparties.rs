//! Counterparties: registered, screened, changed, and refused.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Rejection;
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

fn refusal(body: &str) -> Rejection {
    let mut play = Play::new();
    let rejection = play.register(body).unwrap_err();
    rejection
}

#[test]
fn refusals_say_what_is_wrong_and_what_would_do() {
    assert_eq!(
        refusal(&us_bank("NOPE")),
        Problem::new("NOT_FOUND", "There is no customer with this id in this sandbox.")
            .at("/customer_id")
            .received("NOPE")
            .expected("the id of one customer of this sandbox")
            .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
            .not_found()
    );
    assert_eq!(
        refusal(&us_bank("ACME").replace("\"FEDWIRE\"", "\"EFT\"")),
        Problem::new("RAIL_NOT_SUPPORTED", "Rail EFT is not one of type FIAT_US.")
            .at("/supported_rails/1")
            .received("EFT")
            .expected("ACH, FEDWIRE, SWIFT")
            .hint("Leave the rail out, or register a counterparty of a type that has it.")
            .bad_request()
    );
    assert_eq!(
        refusal(&us_bank("ACME").replace("FIAT_TESTNET_USD", "BITCOIN_TESTNET_BTC")),
        Problem::new("ASSET_NOT_SUPPORTED", "A counterparty of type FIAT_US does not hold this asset.")
            .at("/account_information/asset_type_id")
            .received("BITCOIN_TESTNET_BTC")
            .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD")
            .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none.")
            .bad_request()
    );
    let mut play = Play::new();
    play.patch_customer("JANE", "CLOSED").unwrap();
    assert_eq!(
        play.register(&us_bank("JANE")).unwrap_err(),
        Problem::new(
            "CUSTOMER_NOT_USABLE",
            "Customer `JANE` cannot be changed: it is CLOSED."
        )
        .at("/customer_id")
        .received("CLOSED")
        .expected("a customer whose status allows updates")
        .hint("CLOSED is final; use another customer.")
        .bad_request()
    );
}

#[test]
fn a_bank_between_and_an_address_of_another_chain_are_refused() {
    let account = bank_account(
        "FIAT_TESTNET_USD",
        r#""account_number":"42","routing_number":"021001208""#,
    ) + r#","intermediary_information":{"intermediary_type":"FIAT_GB","institution_name":"Middle Bank","swift_bic":"BARCGB22"}"#;
    assert_eq!(
        refusal(&registration("FIAT_US", "ACME", r#"["ACH"]"#, &account)),
        Problem::new(
            "INTERMEDIARY_NOT_ALLOWED",
            "A bank between two banks is for SWIFT alone, which is not among the rails."
        )
        .at("/intermediary_information")
        .expected("SWIFT in `supported_rails`, or no intermediary")
        .hint("Add SWIFT with the BIC of the account's bank, or leave the intermediary out.")
        .bad_request()
    );
    assert_eq!(
        refusal(&wallet(
            "ACME",
            "ETHEREUM_SEPOLIA_USDC",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
        )),
        Problem::new(
            "VALIDATION_FAILED",
            "This is no address for ETHEREUM_SEPOLIA_USDC."
        )
        .at("/wallet_information/blockchain_address")
        .expected("0x and 40 hexadecimal digits")
        .hint("Coins that are sent to an address of another chain are lost.")
        .bad_request()
    );
}

#[test]
fn all_that_a_registration_lacks_is_told_at_once() {
    let body = r#"{"counterparty_type":"FIAT_US","customer_id":"ACME","supported_rails":["FEDWIRE","SWIFT"],
        "profile":{"profile_type":"INDIVIDUAL","name":" ","address":{"address_line1":"1 A","city":"B","country_code":"US"}},
        "account_information":{"asset_type_id":"USD","account_number":"42","routing_number":"12"},
        "intermediary_information":{"intermediary_type":"FIAT_GB","institution_name":"M","routing_number":"021001208"}}"#;
    let rejection = refusal(body);
    let places: Vec<_> = rejection
        .problems
        .iter()
        .filter_map(|problem| problem.pointer.as_deref())
        .collect();
    assert_eq!(
        places,
        [
            "/account_information/asset_type_id",
            "/profile/name",
            "/profile/address/state",
            "/profile/address/postal_code",
            "/account_information/routing_number",
            "/account_information/swift_bic",
            "/account_information/institution_name",
            "/account_information/institution_address",
            "/intermediary_information/routing_number",
            "/intermediary_information/swift_bic",
        ]
    );
}

#[test]
fn numbers_of_accounts_are_not_repeated() {
    let iban = r#""iban":"DE00370400440532013000","swift_bic":"DEUTDEFF""#;
    let body = registration(
        "FIAT_IBAN",
        "ACME",
        r#"["SWIFT"]"#,
        &bank_account("FIAT_TESTNET_EUR", iban),
    );
    let rejection = refusal(&body);
    assert_eq!(
        rejection,
        Problem::new(
            "VALIDATION_FAILED",
            "The check digits of `iban` do not match the rest of it."
        )
        .at("/account_information/iban")
        .expected("an IBAN without spaces, with its check digits (ISO 13616)")
        .hint("It is mistyped, or was made up; DE89370400440532013000 is one whose check digits are right.")
        .bad_request()
    );
    let spaced = body.replace("DE00", "DE89 ");
    let problem = &refusal(&spaced).problems[0];
    assert_eq!(problem.description, "`iban` does not have its form.");
    let bic = body.replace("DE00", "DE89").replace("DEUTDEFF", "DEUT");
    assert_eq!(refusal(&bic).problems[0].received.as_deref(), Some("DEUT"));
}

#[test]
fn changes_are_refused_with_what_could_be_changed() {
    let mut play = Play::new();
    let id = play.register(&us_bank("ACME")).unwrap();
    assert_eq!(
        play.patch_counterparty(&id, "account_information.account_number", "1")
            .unwrap_err(),
        Problem::new(
            "FIELD_NOT_UPDATABLE",
            "This field of a counterparty cannot be changed."
        )
        .at("/updates/0/field")
        .received("account_information.account_number")
        .expected("status, description")
        .hint("An account is never changed; register another counterparty.")
        .bad_request()
    );
    assert_eq!(
        play.patch_counterparty(&id, "status", "PENDING")
            .unwrap_err(),
        Problem::new(
            "STATUS_CHANGE_NOT_ALLOWED",
            "The counterparty is ACTIVE and cannot become PENDING."
        )
        .at("/updates/0/value")
        .received("PENDING")
        .expected("EDD, DORMANT, CLOSED, FROZEN")
        .hint(
            "Go by one of these statuses; what a client cannot set, control decides in a sandbox."
        )
        .bad_request()
    );
    play.patch_counterparty(&id, "status", "CLOSED").unwrap();
    assert_eq!(
        play.patch_counterparty(&id, "description", "x")
            .unwrap_err(),
        Problem::new(
            "FIELD_NOT_UPDATABLE",
            "Nothing of a counterparty that is CLOSED can be changed."
        )
        .at("/updates/0/field")
        .received("description")
        .expected("a counterparty whose status allows updates")
        .hint("CLOSED is final; register another counterparty.")
        .bad_request()
    );
    assert_eq!(
        play.decide_counterparty(&id, "ACTIVE").unwrap_err(),
        Problem::new(
            "STATUS_CHANGE_NOT_ALLOWED",
            "The counterparty is CLOSED and cannot become ACTIVE."
        )
        .at("/status")
        .received("ACTIVE")
        .expected("no other status")
        .hint("CLOSED is final; use another counterparty.")
        .bad_request()
    );
    let path = [("counterparty_id", id.as_str())];
    let twice =
        r#"{"updates":[{"field":"description","value":"a"},{"field":"description","value":"b"}]}"#;
    let refused = play
        .post("payments.counterparties_update", &path, twice)
        .unwrap_err();
    assert_eq!(
        refused.problems.len(),
        2,
        "closed, and named twice: {refused:?}"
    );
}

#[test]
fn every_call_tells_of_a_counterparty_that_is_not_there() {
    let mut play = Play::new();
    play.register(&us_bank("ACME")).unwrap();
    let nope = [("counterparty_id", "nope")];
    let body = r#"{"status":"EDD","updates":[{"field":"status","value":"EDD"}]}"#;
    let answers = [
        play.get("payments.counterparties_get", &nope, &[]),
        play.post("payments.counterparties_update", &nope, body),
        play.post("control.decisions_counterparty_status", &nope, body),
    ];
    for answer in answers {
        assert_eq!(
            answer.unwrap_err(),
            Problem::new("NOT_FOUND", "There is no counterparty with this id in this sandbox.")
                .at("counterparty_id")
                .received("nope")
                .expected("the id of one counterparty of this sandbox")
                .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
                .not_found()
        );
    }
}
