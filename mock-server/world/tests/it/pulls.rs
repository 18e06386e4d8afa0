//! Pulls: money is fetched from a linked bank account once the pull is accepted, and may come back.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::World;
use layer2_world::rejection::code;

use crate::deposits::deposit_status;
use crate::deposits::history;
use crate::deposits::open;
use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::request;
use crate::support::slow;

/// Registers a bank account that its owner links, for ACME.
fn register(play: &mut Play, country: &str, rail: &str, asset: &str) -> String {
    let body = format!(
        r#"{{"counterparty_type":"FIAT_{country}_LINKED","customer_id":"ACME","supported_rails":["{rail}"],
        "profile":{{"profile_type":"CORPORATION","name":"Acme Operations","relationship_to_customer":"SELF",
        "address":{{"address_line1":"1 Example Street","city":"Boston","state":"MA","postal_code":"02135","country_code":"US"}}}},
        "account_information":{{"asset_type_id":"{asset}"}}}}"#
    );
    let reply = play
        .post("payments.counterparties_create", &[], &body)
        .unwrap();
    play.advance(SignedDuration::from_mins(10));
    field(&reply.body, "id")
}

/// What the owner does at the bank in the widget of the link's provider.
fn link(play: &mut Play) {
    let snapshot = play.world.snapshot().unwrap();
    assert!(snapshot.contains(r#""connected":false"#));
    let linked = snapshot.replace(r#""connected":false"#, r#""connected":true"#);
    play.world = World::restore(&linked).unwrap();
}

fn linked(play: &mut Play) -> String {
    let id = register(play, "US", "ACH", "FIAT_TESTNET_USD");
    link(play);
    id
}

fn body(account: &str, counterparty: &str, amount: &str) -> String {
    format!(
        r#"{{"deposit_type":"PULL","deposit_destination":{{"destination_account_id":"{account}"}},
        "deposit_source":{{"source_counterparty_id":"{counterparty}"}},
        "deposit_details":{{"amount":{amount},"reference":"Top up"}}}}"#
    )
}

fn pull(
    play: &mut Play,
    account: &str,
    counterparty: &str,
    amount: &str,
) -> Result<Reply, Rejection> {
    let body = body(account, counterparty, amount);
    play.post("payments.deposits_create", &[], &body)
}

fn accept(play: &mut Play, deposit: &str) -> Result<Reply, Rejection> {
    play.post("payments.deposits_accept", &[("deposit_id", deposit)], "")
}

#[test]
fn accepted_money_comes_after_some_minutes() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let source = linked(&mut play);
        let asked = pull(&mut play, "ACME_USD", &source, "250.75").unwrap().body;
        let deposit = field(&asked, "id");
        assert_eq!(field(&asked, "status"), "REQUESTED");
        assert_eq!(field(&asked, "source_counterparty_id"), source);
        assert_eq!(field(&asked, "amount"), "250.75");
        assert_eq!(field(&asked, "reference"), "Top up");
        play.advance(SignedDuration::from_hours(24));
        assert_eq!(
            deposit_status(&play, &deposit),
            "REQUESTED",
            "it waits for its acceptance and does not run out"
        );

        let accepted = accept(&mut play, &deposit).unwrap().body;
        assert_eq!(field(&accepted, "status"), "REQUESTED");
        assert_eq!(
            history(&play, "ACME_USD", "transaction_status"),
            ["PENDING"]
        );
        assert_eq!(play.balances("ACME_USD").0, "0");
        assert!(play.balanced());

        play.advance(SignedDuration::from_mins(5));
        assert_eq!(deposit_status(&play, &deposit), "EXECUTED");
        assert_eq!(play.balances("ACME_USD").1, "250.75");
        assert_eq!(history(&play, "ACME_USD", "category_id"), [deposit]);
        assert_eq!(
            history(&play, "ACME_USD", "originator_type"),
            ["FIAT_US_LINKED"]
        );
        assert_eq!(history(&play, "ACME_USD", "name"), ["Acme Operations"]);
        assert!(play.balanced());
    }
}

#[test]
fn canadian_dollars_are_pulled_by_eft() {
    let mut play = Play::new();
    open(&mut play, "ACME_CAD", "FIAT_TESTNET_CAD");
    let source = register(&mut play, "CA", "EFT", "FIAT_TESTNET_CAD");
    link(&mut play);
    let asked = pull(&mut play, "ACME_CAD", &source, "10").unwrap().body;
    accept(&mut play, &field(&asked, "id")).unwrap();
    assert_eq!(play.balances("ACME_CAD").0, "10");
    assert_eq!(
        history(&play, "ACME_CAD", "originator_type"),
        ["FIAT_CA_LINKED"]
    );
    assert!(play.balanced());
}

#[test]
fn a_pull_that_the_other_bank_refuses_is_a_failure_before_and_after_it_is_posted() {
    for (platform, minutes, row) in [
        (Platform::Union, 1, "CANCELLED"),
        (Platform::RailV1_1_2, 5, "POSTED"),
    ] {
        let mut play = slow(platform);
        let source = linked(&mut play);
        let asked = pull(&mut play, "ACME_USD", &source, "40").unwrap().body;
        let deposit = field(&asked, "id");
        accept(&mut play, &deposit).unwrap();
        play.advance(SignedDuration::from_mins(minutes));
        let list = play
            .get("control.inbound_list", &[("sandbox", "default")], &[])
            .unwrap()
            .body;
        let path = [("sandbox", "default"), ("inbound_id", &field(&list, "id"))];
        play.post("control.inbound_return", &path, r#"{"reason":"R01"}"#)
            .unwrap();
        assert_eq!(deposit_status(&play, &deposit), "FAILURE");
        assert_eq!(history(&play, "ACME_USD", "transaction_status")[0], row);
        assert_eq!(play.balances("ACME_USD").0, "0");
        assert!(play.balanced());
    }
}

const SOURCE: &str = "/deposit_source/source_counterparty_id";

fn not_usable(source: &str, place: &str, status: &str) -> Rejection {
    Problem::new(
        code::COUNTERPARTY_NOT_USABLE,
        format!("Money cannot come from counterparty `{source}`: it is {status}."),
    )
    .at(place)
    .received(status)
    .expected("ACTIVE, EDD or DORMANT")
    .hint(match status {
        "PENDING" => "A new counterparty is PENDING until it has been screened; read it, or wait for COUNTERPARTY_ACTIVE.",
        "CLOSED" => "CLOSED is final; register another counterparty.",
        _ => "Change the status, or let control decide it, and try again.",
    })
    .bad_request()
}

fn patch(play: &mut Play, counterparty: &str, status: &str) {
    let body = format!(r#"{{"updates":[{{"field":"status","value":"{status}"}}]}}"#);
    let path = [("counterparty_id", counterparty)];
    play.post("payments.counterparties_update", &path, &body)
        .unwrap();
}

#[test]
fn what_a_pull_refuses_of_its_counterparty() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let nobody = "00000000-0000-4000-8000-000000000000";
        let unknown = pull(&mut play, "ACME_USD", nobody, "1").unwrap_err();
        let expected = Problem::new(
            code::NOT_FOUND,
            "There is no counterparty with this id in this sandbox.",
        )
        .at(SOURCE)
        .received(nobody)
        .expected("the id of one counterparty of this sandbox")
        .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.");
        assert_eq!(unknown, expected.not_found());

        let source = register(&mut play, "US", "ACH", "FIAT_TESTNET_USD");
        let not_linked = Problem::new(
            code::COUNTERPARTY_NOT_LINKED,
            "Money can be pulled from a bank account that its owner has linked, and this one is not.",
        )
        .at(SOURCE)
        .received(&source)
        .expected("a counterparty of type FIAT_US_LINKED or FIAT_CA_LINKED that is connected")
        .hint("Finish the linking of the counterparty, or ask for a PUSH deposit.");
        assert_eq!(
            pull(&mut play, "ACME_USD", &source, "1").unwrap_err(),
            not_linked.bad_request()
        );

        link(&mut play);
        let foreign = Problem::new(
            code::COUNTERPARTY_NOT_USABLE,
            format!("Counterparty `{source}` belongs to customer `ACME`, account `JANE_USD` to customer `JANE`."),
        )
        .at(SOURCE)
        .received("ACME")
        .expected("JANE")
        .hint("A counterparty is registered for one customer; register it again for the other one.");
        assert_eq!(
            pull(&mut play, "JANE_USD", &source, "1").unwrap_err(),
            foreign.bad_request()
        );

        patch(&mut play, &source, "FROZEN");
        assert_eq!(
            pull(&mut play, "ACME_USD", &source, "1").unwrap_err(),
            not_usable(&source, SOURCE, "FROZEN")
        );
    }
}

#[test]
fn what_a_pull_refuses_of_its_assets_and_rails() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        for (account, asset) in [
            ("ACME_EUR", "FIAT_TESTNET_EUR"),
            ("ACME_CAD", "FIAT_TESTNET_CAD"),
        ] {
            open(&mut play, account, asset);
        }
        let dollars = register(&mut play, "US", "ACH", "FIAT_TESTNET_USD");
        // A Canadian bank account in US dollars: ACH does not reach it, and EFT does not carry them.
        let abroad = register(&mut play, "CA", "EFT", "FIAT_TESTNET_USD");
        link(&mut play);

        let mismatch = Problem::new(
            code::ASSET_MISMATCH,
            "Account `ACME_CAD` holds FIAT_TESTNET_CAD and the counterparty holds FIAT_TESTNET_USD.",
        )
        .at(SOURCE)
        .received("FIAT_TESTNET_USD")
        .expected("FIAT_TESTNET_CAD")
        .hint("Pull into an account of the counterparty's asset, then exchange.");
        assert_eq!(
            pull(&mut play, "ACME_CAD", &dollars, "1").unwrap_err(),
            mismatch.bad_request()
        );
        let euros = Problem::new(
            code::PULL_NOT_SUPPORTED,
            "FIAT_TESTNET_EUR cannot be pulled.",
        )
        .at("/deposit_destination/destination_account_id")
        .received("FIAT_TESTNET_EUR")
        .expected("an account that holds one of FIAT_TESTNET_USD, FIAT_TESTNET_CAD")
        .hint("Ask for a PUSH deposit.");
        assert_eq!(
            pull(&mut play, "ACME_EUR", &dollars, "1").unwrap_err(),
            euros.bad_request()
        );
        let rail = Problem::new(
            code::PULL_NOT_SUPPORTED,
            "No rail of the counterparty can pull FIAT_TESTNET_USD.",
        )
        .at(SOURCE)
        .received("EFT")
        .expected("ACH")
        .hint("Ask for a PUSH deposit, or use a counterparty with such a rail.");
        assert_eq!(
            pull(&mut play, "ACME_USD", &abroad, "1").unwrap_err(),
            rail.bad_request()
        );
    }
}

#[test]
fn what_a_pull_refuses_of_its_amount() {
    let mut play = Play::new();
    let source = linked(&mut play);
    let amount = "/deposit_details/amount";
    let cases = [
        (
            "-1",
            Problem::new(
                code::AMOUNT_NOT_POSITIVE,
                "The amount must be more than zero.",
            )
            .at(amount)
            .received("-1")
            .expected("a number above 0")
            .hint("The direction of a movement is given by its accounts, never by a sign."),
        ),
        (
            "0.001",
            Problem::new(
                code::TOO_MANY_DECIMALS,
                "FIAT_TESTNET_USD has 2 decimals; nothing is rounded.",
            )
            .at(amount)
            .received("0.001")
            .expected("at most 2 decimals")
            .hint("Cut the amount before you send it; a sum computed in binary floating point often has a tail of digits."),
        ),
        (
            "1000000000000000000000000000",
            Problem::new(
                code::AMOUNT_TOO_LARGE,
                "The amount is more than the books can hold.",
            )
            .at(amount)
            .received("1000000000000000000000000000")
            .expected("at most 28 digits, all money of the asset in the sandbox together")
            .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox."),
        ),
    ];
    for (sent, expected) in cases {
        assert_eq!(
            pull(&mut play, "ACME_USD", &source, sent).unwrap_err(),
            expected.bad_request(),
            "{sent}"
        );
    }
    // Each fits by itself, both do not: what is too much is found when the money is ordered.
    let most = "99999999999999999999999999";
    let first = pull(&mut play, "ACME_USD", &source, most).unwrap().body;
    let second = pull(&mut play, "ACME_USD", &source, most).unwrap().body;
    accept(&mut play, &field(&first, "id")).unwrap();
    let too_large = Problem::new(
        code::AMOUNT_TOO_LARGE,
        "The amount is more than the books can hold.",
    )
    .at("deposit_id")
    .expected("at most 28 digits, all money of the asset in the sandbox together")
        .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.");
    assert_eq!(
        accept(&mut play, &field(&second, "id")).unwrap_err(),
        too_large.bad_request()
    );
    assert!(play.balanced());
}

#[test]
fn what_changed_since_the_request_stops_the_acceptance() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let source = linked(&mut play);
        let asked = pull(&mut play, "ACME_USD", &source, "5").unwrap().body;
        let deposit = field(&asked, "id");

        patch(&mut play, &source, "FROZEN");
        assert_eq!(
            accept(&mut play, &deposit).unwrap_err(),
            not_usable(&source, "deposit_id", "FROZEN")
        );
        patch(&mut play, &source, "ACTIVE");
        play.patch_account("ACME_USD", "FROZEN").unwrap();
        let frozen = Problem::new(
            code::ACCOUNT_NOT_USABLE,
            "Money of account `ACME_USD` cannot move: the account is FROZEN.",
        )
        .at("deposit_id")
        .received("FROZEN")
        .expected("an account that may transact: its own status and its customer's allow it")
        .hint("Change the status, or let control decide it, and try again.");
        assert_eq!(
            accept(&mut play, &deposit).unwrap_err(),
            frozen.bad_request()
        );
        play.patch_account("ACME_USD", "OPEN").unwrap();
        accept(&mut play, &deposit).unwrap();

        let again = Problem::new(
            code::DEPOSIT_NOT_ACCEPTABLE,
            "The deposit was accepted already; it is EXECUTED now.",
        )
        .at("deposit_id")
        .received("a second acceptance")
        .expected("one acceptance")
        .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.");
        assert_eq!(
            accept(&mut play, &deposit).unwrap_err(),
            again.bad_request()
        );
        assert_eq!(play.balances("ACME_USD").0, "5", "it was pulled once");
    }
}

#[test]
fn a_key_pulls_once() {
    let mut play = Play::new();
    let source = linked(&mut play);
    let asked = pull(&mut play, "ACME_USD", &source, "5").unwrap().body;
    let other = pull(&mut play, "ACME_USD", &source, "5").unwrap().body;
    let ids = [field(&asked, "id"), field(&other, "id")];
    assert_ne!(ids[0], ids[1], "without a key a repeat is a second deposit");
    let sent = |id: &str| request("payments.deposits_accept", &[("deposit_id", id)], &[], None);
    play.send(sent(&ids[0]), Some("key-1")).unwrap();
    let again = play.send(sent(&ids[0]), Some("key-1")).unwrap();
    assert!(again.replayed);
    let refused = play.send(sent(&ids[1]), Some("key-1")).unwrap_err();
    assert_eq!(codes(&refused), ["IDEMPOTENCY_KEY_REUSED"]);
    assert_eq!(play.balances("ACME_USD").0, "5");
    assert!(play.balanced());
}
