//! Money that names nobody waits in suspense until it is assigned or returned, and money that was credited can be taken
//! back. The books balance after each step.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::rejection::code;

use crate::deposits::arrive;
use crate::deposits::deposit_status;
use crate::deposits::history;
use crate::deposits::inbound_status;
use crate::deposits::open;
use crate::deposits::push;
use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;
use crate::support::slow;

fn assign(play: &mut Play, inbound: &str, account: &str) -> Result<Reply, Rejection> {
    let path = [("sandbox", "default"), ("inbound_id", inbound)];
    let body = format!(r#"{{"account_id":"{account}"}}"#);
    play.post("control.inbound_assign", &path, &body)
}

fn send_back(play: &mut Play, inbound: &str) -> Result<Reply, Rejection> {
    let path = [("sandbox", "default"), ("inbound_id", inbound)];
    let body = r#"{"reason":"Unknown to the sending bank"}"#;
    play.post("control.inbound_return", &path, body)
}

fn listed(play: &Play, status: &str) -> Vec<String> {
    let path = [("sandbox", "default")];
    let list = play
        .get("control.inbound_list", &path, &[("status", status)])
        .unwrap();
    fields(&list.body, "id")
}

/// What stands in suspense of an asset, by the last entry that touched it.
fn suspended(play: &Play, asset: &str) -> String {
    let account = format!("suspense:{asset}");
    let query = [("account_id", account.as_str()), ("page_size", "1000")];
    let entries = play
        .get("control.ledger_entries", &[("sandbox", "default")], &query)
        .unwrap()
        .body;
    let accounts = fields(&entries, "account");
    let last = accounts
        .iter()
        .rposition(|name| name.starts_with("suspense:"))
        .unwrap();
    fields(&entries, "balance_after")[last].clone()
}

fn lost_wire(play: &mut Play) -> String {
    let body = r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":75.5,"originator_name":"Globex"}"#;
    field(&arrive(play, body).unwrap().body, "id")
}

#[test]
fn money_that_names_nobody_is_assigned() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let lost = lost_wire(&mut play);
        assert_eq!(listed(&play, "UNASSIGNED"), [lost.as_str()]);
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "75.5");
        assert!(play.balanced());

        let reply = assign(&mut play, &lost, "ACME_USD").unwrap().body;
        assert_eq!(field(&reply, "status"), "PENDING");
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "0");
        assert_eq!(
            play.balances("ACME_USD").0,
            "0",
            "it is screened like any other"
        );
        assert!(play.balanced());

        play.advance(SignedDuration::from_mins(3));
        assert_eq!(play.balances("ACME_USD").1, "75.5");
        assert_eq!(history(&play, "ACME_USD", "name"), ["Globex"]);
        assert_eq!(
            deposit_status(&play, &field(&reply, "deposit_id")),
            "EXECUTED"
        );
        assert_eq!(listed(&play, "UNASSIGNED"), Vec::<String>::new());
        assert_eq!(listed(&play, "POSTED"), [lost]);
        assert!(play.balanced());
    }
}

#[test]
fn money_that_names_nobody_is_returned() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let lost = lost_wire(&mut play);
        let reply = send_back(&mut play, &lost).unwrap().body;
        assert_eq!(field(&reply, "status"), "RETURNED");
        assert!(!reply.contains("account_id"), "it never had one: {reply}");
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "0");
        assert!(play.balanced());
        assert_eq!(history(&play, "ACME_USD", "id"), Vec::<String>::new());
    }
}

#[test]
fn every_way_to_name_nobody_ends_in_suspense() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        open(&mut play, "ACME_ETH", "ETHEREUM_SEPOLIA_ETH");
        let instructions = push(&mut play, "ACME_ETH").unwrap().body;
        let address = field(&instructions, "address");
        let wire = push(&mut play, "ACME_USD").unwrap().body;
        let memo = field(&wire, "memo");
        let cases = [
        r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":1}"#.to_owned(),
        r#"{"account_number":"700000000000","asset_type_id":"FIAT_TESTNET_USD","amount":1}"#.to_owned(),
        // The number that all share, and no memo.
        r#"{"account_number":"591427090743","asset_type_id":"FIAT_TESTNET_USD","amount":1}"#.to_owned(),
        r#"{"address":"0x00000000000000000000000000000000000000aa","asset_type_id":"ETHEREUM_SEPOLIA_ETH","amount":1}"#.to_owned(),
        // An asset that nobody holds yet.
        r#"{"address":"tb1qnobody","asset_type_id":"BITCOIN_TESTNET_BTC","amount":1}"#.to_owned(),
        // Another token than that of the account, at its address.
        format!(r#"{{"address":"{address}","asset_type_id":"ETHEREUM_SEPOLIA_USDC","amount":1}}"#),
        // A memo that is not exact, and one of another account's currency.
        format!(r#"{{"memo":"{memo} ","asset_type_id":"FIAT_TESTNET_USD","amount":1}}"#),
        format!(r#"{{"memo":"{memo}","asset_type_id":"FIAT_TESTNET_EUR","amount":1}}"#),
    ];
        for (n, body) in cases.iter().enumerate() {
            let reply = arrive(&mut play, body).unwrap().body;
            assert_eq!(field(&reply, "status"), "UNASSIGNED", "{body}");
            assert_eq!(listed(&play, "UNASSIGNED").len(), n + 1);
            assert!(play.balanced(), "{body}");
        }
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "4");
        assert_eq!(play.balances("ACME_USD").0, "0");
        assert_eq!(play.balances("ACME_ETH").0, "0");
    }
}

#[test]
fn money_that_is_screened_can_go_back_before_it_is_credited() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let money = play.inbound("ACME_USD", "20").unwrap().body;
        send_back(&mut play, &field(&money, "id")).unwrap();
        assert_eq!(
            history(&play, "ACME_USD", "transaction_status"),
            ["CANCELLED"]
        );
        assert_eq!(
            deposit_status(&play, &field(&money, "deposit_id")),
            "FAILURE"
        );
        assert!(play.balanced());
        // The job that would have credited it finds nothing to do.
        play.advance(SignedDuration::from_hours(1));
        assert_eq!(play.balances("ACME_USD").0, "0");
        assert_eq!(inbound_status(&play, &field(&money, "id")), "RETURNED");
        assert!(play.balanced());
    }
}

#[test]
fn money_that_was_credited_is_taken_back_by_a_correction() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let money = play.inbound("ACME_USD", "20").unwrap().body;
        let deposit = field(&money, "deposit_id");
        let reply = send_back(&mut play, &field(&money, "id")).unwrap().body;
        assert!(!reply.contains("uncovered_amount"), "{reply}");
        assert_eq!(history(&play, "ACME_USD", "value"), ["20", "-20"]);
        assert_eq!(
            history(&play, "ACME_USD", "transaction_type"),
            ["TRANSFER_IN", "DEBIT_CORRECTION"]
        );
        assert_eq!(
            history(&play, "ACME_USD", "transaction_status"),
            ["POSTED", "POSTED"]
        );
        assert_eq!(
            history(&play, "ACME_USD", "id")[1],
            field(&reply, "correction_id")
        );
        assert_eq!(
            history(&play, "ACME_USD", "category_id"),
            [deposit.clone(), deposit.clone()]
        );
        assert_eq!(
            history(&play, "ACME_USD", "description"),
            ["Unknown to the sending bank"]
        );
        assert_eq!(deposit_status(&play, &deposit), "EXECUTED", "it serves on");
        assert_eq!(play.balances("ACME_USD").0, "0");
        assert!(play.balanced());
    }
}

#[test]
fn what_the_account_has_spent_stands_in_suspense_against_the_platform() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let money = play.inbound("ACME_USD", "20").unwrap().body;
        let transfer = play.transfer("ACME_USD", "JANE_USD", "12.5").unwrap();
        play.accept(&transfer).unwrap();
        let reply = send_back(&mut play, &field(&money, "id")).unwrap().body;
        assert_eq!(field(&reply, "uncovered_amount"), "12.5");
        assert_eq!(history(&play, "ACME_USD", "value"), ["20", "-12.5", "-7.5"]);
        assert_eq!(play.balances("ACME_USD").1, "0");
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "-12.5");
        assert!(play.balanced());

        // With nothing left there is nothing to correct.
        let money = play.inbound("ACME_USD", "5").unwrap().body;
        let transfer = play.transfer("ACME_USD", "JANE_USD", "5").unwrap();
        play.accept(&transfer).unwrap();
        let reply = send_back(&mut play, &field(&money, "id")).unwrap().body;
        assert_eq!(field(&reply, "uncovered_amount"), "5");
        assert!(!reply.contains("correction_id"), "{reply}");
        assert_eq!(suspended(&play, "FIAT_TESTNET_USD"), "-17.5");
        assert!(play.balanced());
    }
}

#[test]
fn held_money_stays_held_when_money_is_taken_back() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let money = play.inbound("ACME_USD", "20").unwrap().body;
        play.advance(SignedDuration::from_mins(3));
        let transfer = play.transfer("ACME_USD", "JANE_USD", "15").unwrap();
        play.accept(&transfer).unwrap();
        let reply = send_back(&mut play, &field(&money, "id")).unwrap().body;
        assert_eq!(field(&reply, "uncovered_amount"), "15");
        assert_eq!(play.balances("ACME_USD"), ("15".to_owned(), "0".to_owned()));
        play.advance(SignedDuration::from_secs(3));
        assert_eq!(play.transfer_status(&transfer), "EXECUTED");
        assert!(play.balanced());
    }
}

fn expect(problem: Problem) -> Rejection {
    problem.bad_request()
}

#[test]
fn what_an_assignment_refuses() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        open(&mut play, "ACME_EUR", "FIAT_TESTNET_EUR");
        let lost = lost_wire(&mut play);
        assert_eq!(
            codes(&assign(&mut play, "nothing", "ACME_USD").unwrap_err()),
            ["NOT_FOUND"]
        );
        let unknown = assign(&mut play, &lost, "ACME_UDS").unwrap_err();
        assert_eq!(codes(&unknown), ["NOT_FOUND"]);
        assert_eq!(unknown.problems[0].pointer.as_deref(), Some("/account_id"));
        let mismatch = Problem::new(
            code::ASSET_MISMATCH,
            "Account `ACME_EUR` holds FIAT_TESTNET_EUR and the money is FIAT_TESTNET_USD.",
        )
        .at("/account_id")
        .received("FIAT_TESTNET_EUR")
        .expected("FIAT_TESTNET_USD")
        .hint("Choose an account of the same asset, or return the money.");
        assert_eq!(
            assign(&mut play, &lost, "ACME_EUR").unwrap_err(),
            expect(mismatch)
        );

        play.patch_account("ACME_USD", "FROZEN").unwrap();
        let unusable = assign(&mut play, &lost, "ACME_USD").unwrap_err();
        assert_eq!(codes(&unusable), ["ACCOUNT_NOT_USABLE"]);

        assign(&mut play, &lost, "JANE_USD").unwrap();
        let twice = Problem::new(
            code::INBOUND_NOT_ASSIGNABLE,
            "The money is POSTED; only what is UNASSIGNED waits for an account.",
        )
        .at("inbound_id")
        .received("POSTED")
        .expected("UNASSIGNED")
        .hint("Money in suspense waits for an account; list it with `status=UNASSIGNED`.");
        assert_eq!(
            assign(&mut play, &lost, "JANE_USD").unwrap_err(),
            expect(twice)
        );
    }
}

#[test]
fn money_goes_back_once() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        assert_eq!(
            codes(&send_back(&mut play, "nothing").unwrap_err()),
            ["NOT_FOUND"]
        );
        let lost = lost_wire(&mut play);
        send_back(&mut play, &lost).unwrap();
        let twice = Problem::new(
            code::INBOUND_NOT_RETURNABLE,
            "The money was returned already.",
        )
        .at("inbound_id")
        .received("RETURNED")
        .expected("UNASSIGNED, PENDING, POSTED")
        .hint("Money goes back once; let it arrive again if it has to.");
        assert_eq!(send_back(&mut play, &lost).unwrap_err(), expect(twice));
    }
}

#[test]
fn what_an_arrival_refuses() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let places = arrivals_of_no_place().into_iter();
        let assets = arrivals_of_wrong_assets().into_iter();
        let amounts = arrivals_of_wrong_rails_and_amounts().into_iter();
        for (body, expected) in places.chain(assets).chain(amounts) {
            assert_eq!(
                arrive(&mut play, body).unwrap_err(),
                expect(expected),
                "{body}"
            );
        }
    }
}

/// The body of an arrival that is refused, and what is wrong with it.
type Refused = (&'static str, Problem);

fn arrivals_of_no_place() -> [Refused; 2] {
    [
        (
            r#"{"amount":1}"#,
            Problem::new(
                code::VALIDATION_FAILED,
                "Nothing says where the money goes.",
            )
            .at("")
            .expected("one of account_id, address, account_number and memo")
            .hint("The memo of deposit instructions is enough; `POST /v1/deposits` gives them."),
        ),
        (
            r#"{"account_id":"ACME_USD","account_number":"700000000000","amount":1}"#,
            Problem::new(
                code::VALIDATION_FAILED,
                "Money goes to one place, and two are named.",
            )
            .at("/account_number")
            .received("/account_id, /account_number")
            .expected("one of account_id, address and account_number")
            .hint("A memo may stand beside either of them."),
        ),
    ]
}

fn arrivals_of_wrong_assets() -> [Refused; 5] {
    let coins = "ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL";
    let fiat = "FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD";
    let asset = |problem: &str, received: &str, expected: &str| {
        Problem::new(code::ASSET_NOT_SUPPORTED, problem)
            .at("/asset_type_id")
            .received(received)
            .expected(expected)
            .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none.")
    };
    [
        (
            r#"{"memo":"Rent","amount":1}"#,
            Problem::new(
                code::VALIDATION_FAILED,
                "Nothing is known of what `/memo` names, so the asset has to be told.",
            )
            .at("/asset_type_id")
            .expected(fiat)
            .hint("With the asset, the money goes into suspense, as at a bank that does not know its receiver."),
        ),
        (
            r#"{"memo":"Rent","asset_type_id":"USD","amount":1}"#,
            asset("There is no such asset type.", "USD", fiat),
        ),
        (
            r#"{"memo":"Rent","asset_type_id":"SOLANA_DEVNET_SOL","amount":1}"#,
            asset(
                "Money on a blockchain is sent to an address, not to a bank account or by a memo.",
                "SOLANA_DEVNET_SOL",
                fiat,
            ),
        ),
        (
            r#"{"address":"0x00","asset_type_id":"FIAT_TESTNET_USD","amount":1}"#,
            asset(
                "Money of a bank is not sent to a blockchain address.",
                "FIAT_TESTNET_USD",
                coins,
            ),
        ),
        (
            r#"{"account_id":"ACME_USD","asset_type_id":"FIAT_TESTNET_EUR","amount":1}"#,
            asset(
                "Account `ACME_USD` holds FIAT_TESTNET_USD.",
                "FIAT_TESTNET_EUR",
                "FIAT_TESTNET_USD",
            ),
        ),
    ]
}

fn arrivals_of_wrong_rails_and_amounts() -> [Refused; 3] {
    [
        (
            r#"{"account_id":"ACME_USD","rail":"EFT","amount":1}"#,
            Problem::new(
                code::RAIL_NOT_SUPPORTED,
                "Rail EFT does not carry FIAT_TESTNET_USD.",
            )
            .at("/rail")
            .received("EFT")
            .expected("FEDWIRE, ACH, SWIFT")
            .hint("Name one of these rails, or none: the usual one of the asset is taken then."),
        ),
        (
            r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":0}"#,
            Problem::new(
                code::AMOUNT_NOT_POSITIVE,
                "The amount must be more than zero.",
            )
            .at("/amount")
            .received("0")
            .expected("a number above 0")
            .hint("The direction of a movement is given by its accounts, never by a sign."),
        ),
        (
            r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":0.001}"#,
            Problem::new(
                code::TOO_MANY_DECIMALS,
                "FIAT_TESTNET_USD has 2 decimals; nothing is rounded.",
            )
            .at("/amount")
            .received("0.001")
            .expected("at most 2 decimals")
            .hint("Cut the amount before you send it; a sum computed in binary floating point often has a tail of digits."),
        ),
    ]
}

#[test]
fn the_books_take_no_more_in_suspense_than_the_wire_can_tell() {
    let mut play = Play::new();
    let most = r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":99999999999999999999999999.99}"#;
    arrive(&mut play, most).unwrap();
    let more = r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":0.01}"#;
    let refused = Problem::new(
        code::AMOUNT_TOO_LARGE,
        "The amount is more than the books can hold.",
    )
    .at("/amount")
    .expected("at most 28 digits, all money of the asset in the sandbox together")
        .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.");
    assert_eq!(arrive(&mut play, more).unwrap_err(), expect(refused));
    assert!(play.balanced());
}

#[test]
fn what_arrived_is_listed_page_by_page() {
    let mut play = Play::new();
    for amount in ["1", "2", "3"] {
        play.inbound("ACME_USD", amount).unwrap();
    }
    let path = [("sandbox", "default")];
    let query = [("status", "POSTED"), ("page_size", "2")];
    let page = play
        .get("control.inbound_list", &path, &query)
        .unwrap()
        .body;
    assert_eq!(fields(&page, "amount"), ["1", "2"]);
    assert_eq!(
        field(&page, "next"),
        "/_control/v1/sandboxes/default/inbound?page=1&page_size=2&status=POSTED&as_of=3-2"
    );
    let refused = play
        .get("control.inbound_list", &path, &[("page_size", "0")])
        .unwrap_err();
    assert_eq!(codes(&refused), ["VALIDATION_FAILED"]);
}

#[test]
fn money_that_went_back_uncovered_leaves_no_room_for_more_than_an_amount_can_tell() {
    let mut play = Play::new();
    let all = "99999999999999999999999999.99";
    let arrived = play.inbound("ACME_USD", all).unwrap().body;
    let id = play.transfer("ACME_USD", "JANE_USD", all).unwrap();
    play.accept(&id).unwrap();
    let path = [
        ("sandbox", "default"),
        ("inbound_id", &*field(&arrived, "id")),
    ];
    play.post("control.inbound_return", &path, "{}").unwrap();
    // Custody is empty, and the customer still has it all.
    assert_eq!(play.balances("JANE_USD").0, all);
    let refused = play.inbound("ACME_USD", "0.01").unwrap_err();
    assert_eq!(codes(&refused), ["AMOUNT_TOO_LARGE"]);
    assert!(play.balanced());
}
