//! Money comes in, moves and is counted; nothing is made or lost.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Command;
use layer2_world::Internal;
use layer2_world::Rejection;
use layer2_world::Reply;

use crate::deposits::history;
use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;
use crate::support::request;
use crate::support::slow;

#[test]
fn the_whole_flow_from_outside_to_the_second_account() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let reply = play.inbound("ACME_USD", "1000").unwrap();
        assert_eq!(field(&reply.body, "status"), "PENDING");
        assert_eq!(
            play.balances("ACME_USD"),
            ("1000".to_owned(), "1000".to_owned())
        );

        let transfer = play.transfer("ACME_USD", "JANE_USD", "125.50").unwrap();
        assert_eq!(play.transfer_status(&transfer), "REQUESTED");
        assert_eq!(
            play.balances("ACME_USD"),
            ("1000".to_owned(), "1000".to_owned())
        );

        let accepted = play.accept(&transfer).unwrap();
        assert_eq!(
            field(&accepted.body, "status"),
            "ACCEPTED",
            "the reply is older than the work"
        );
        assert_eq!(
            play.transfer_status(&transfer),
            "EXECUTED",
            "the next read is not"
        );
        assert_eq!(
            play.balances("ACME_USD"),
            ("874.5".to_owned(), "874.5".to_owned())
        );
        assert_eq!(
            play.balances("JANE_USD"),
            ("125.5".to_owned(), "125.5".to_owned())
        );

        let path = [("account_id", "ACME_USD")];
        let list = play
            .get("payments.transactions_list_for_account", &path, &[])
            .unwrap()
            .body;
        assert_eq!(fields(&list, "value"), ["1000", "-125.5"]);
        assert_eq!(
            fields(&list, "transaction_type"),
            ["TRANSFER_IN", "INTERNAL_TRANSFER"]
        );
        assert_eq!(fields(&list, "transaction_status"), ["POSTED", "POSTED"]);
        assert_eq!(
            fields(&list, "name"),
            ["Globex"],
            "money from outside names its sender"
        );
        assert!(list.contains("-05:00\""), "times are New York's: {list}");
        assert!(play.balanced());
    }
}

#[test]
fn held_money_is_not_available_and_counts_in_no_second_transfer() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        play.inbound("ACME_USD", "100").unwrap();
        assert_eq!(
            play.balances("ACME_USD"),
            ("0".to_owned(), "0".to_owned()),
            "still screened"
        );
        assert!(play.balanced(), "custody and in flight cancel out");
        play.advance(SignedDuration::from_mins(3));
        assert_eq!(
            play.balances("ACME_USD"),
            ("100".to_owned(), "100".to_owned())
        );

        let first = play.transfer("ACME_USD", "JANE_USD", "80").unwrap();
        let second = play.transfer("ACME_USD", "JANE_USD", "80").unwrap();
        play.accept(&first).unwrap();
        assert_eq!(
            play.balances("ACME_USD"),
            ("100".to_owned(), "20".to_owned())
        );
        let refused = play.accept(&second).unwrap_err();
        assert_eq!(codes(&refused), ["INSUFFICIENT_FUNDS"]);
        assert_eq!(refused.problems[0].expected.as_deref(), Some("at most 20"));
        assert_eq!(play.transfer_status(&second), "REQUESTED", "nothing moved");

        play.advance(SignedDuration::from_secs(3));
        assert_eq!(play.transfer_status(&first), "EXECUTED");
        assert_eq!(
            play.balances("ACME_USD"),
            ("20".to_owned(), "20".to_owned())
        );
        assert!(play.balanced());
    }
}

#[test]
fn a_transfer_waits_an_hour_to_the_microsecond() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        play.inbound("ACME_USD", "10").unwrap();
        let early = play.transfer("ACME_USD", "JANE_USD", "1").unwrap();
        let late = play.transfer("ACME_USD", "JANE_USD", "1").unwrap();
        // The clock stands at the request of `late`, a microsecond after that of `early`.
        play.advance(SignedDuration::from_mins(60) - SignedDuration::from_micros(1));
        assert_eq!(
            play.transfer_status(&early),
            "REQUESTED",
            "valid_until is the last good instant"
        );
        play.accept(&early).unwrap();
        play.advance(SignedDuration::from_micros(1));
        assert_eq!(play.transfer_status(&late), "REQUESTED");
        play.advance(SignedDuration::from_micros(1));
        assert_eq!(play.transfer_status(&late), "EXPIRED");
        assert_eq!(
            codes(&play.accept(&late).unwrap_err()),
            ["TRANSFER_EXPIRED"]
        );
        assert_eq!(
            codes(&play.accept(&early).unwrap_err()),
            ["TRANSFER_NOT_ACCEPTABLE"]
        );
    }
}

#[test]
fn work_is_reported_when_it_runs_and_an_accepted_transfer_expires_no_more() {
    let mut play = Play::new();
    play.inbound("ACME_USD", "5").unwrap();
    play.eager = false;
    let transfer = play.transfer("ACME_USD", "JANE_USD", "5").unwrap();
    let accept = request(
        "payments.transfers_accept",
        &[("transfer_id", &transfer)],
        &[],
        None,
    );
    let accepted = play.send(accept, None).unwrap();
    let due = play.world.business_now(play.now);
    assert_eq!(accepted.wake_at, Some(due), "there is work at once");

    let run_due = || Command::Internal(Internal::RunDue);
    let ran = play.execute(run_due()).unwrap().ran;
    assert_eq!(ran.len(), 1);
    assert_eq!(
        (ran[0].name, &ran[0].subject, ran[0].due),
        ("execute_transfer", &transfer, due)
    );
    play.now = due.checked_add(SignedDuration::from_hours(2)).unwrap();
    assert_eq!(play.execute(run_due()).unwrap().ran, []);
}

#[test]
fn what_becomes_impossible_before_execution_is_rejected_and_given_back() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        play.inbound("ACME_USD", "50").unwrap();
        play.advance(SignedDuration::from_mins(3));
        let transfer = play.transfer("ACME_USD", "JANE_USD", "50").unwrap();
        play.accept(&transfer).unwrap();
        play.decide("JANE", "FROZEN_L2F").unwrap();
        play.advance(SignedDuration::from_secs(3));
        assert_eq!(play.transfer_status(&transfer), "REJECTED");
        assert_eq!(
            play.balances("ACME_USD"),
            ("50".to_owned(), "50".to_owned())
        );
        for (account, expected) in [
            ("ACME_USD", &["POSTED", "CANCELLED"][..]),
            ("JANE_USD", &["CANCELLED"]),
        ] {
            assert_eq!(history(&play, account, "transaction_status"), expected);
        }
        assert!(play.balanced());
    }
}

#[test]
fn money_for_an_account_that_froze_meanwhile_goes_back() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let platform_side = |play: &Play| {
            let balance = play.get("control.ledger_trial_balance", &[], &[]);
            let balance = balance.unwrap().body;
            (field(&balance, "custody"), field(&balance, "in_flight"))
        };
        play.inbound("JANE_USD", "50").unwrap();
        let (custody, in_flight) = platform_side(&play);
        assert_eq!((custody.as_str(), in_flight.as_str()), ("50", "-50"));
        play.decide("JANE", "FROZEN").unwrap();
        play.advance(SignedDuration::from_mins(3));
        assert_eq!(play.balances("JANE_USD"), ("0".to_owned(), "0".to_owned()));
        let (custody, in_flight) = platform_side(&play);
        assert_eq!((custody.as_str(), in_flight.as_str()), ("0", "0"));
        assert!(play.balanced());
    }
}

#[test]
fn eighteen_decimals_survive() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let body = r#"{"customer_id":"ACME","account_to_open":{"account_id":"ACME_ETH","product_id":"DEPOSIT_BASIC","asset_type_id":"ETHEREUM_SEPOLIA_ETH"}}"#;
        play.post("payments.accounts_open", &[], body).unwrap();
        play.inbound("ACME_ETH", "0.123456789012345678").unwrap();
        assert_eq!(play.balances("ACME_ETH").0, "0.123456789012345678");
        play.inbound("ACME_ETH", "1e-18").unwrap();
        assert_eq!(play.balances("ACME_ETH").0, "0.123456789012345679");
        assert!(play.balanced());
    }
}

#[test]
fn the_books_take_no_more_than_the_wire_can_tell() {
    let mut play = Play::new();
    play.inbound("ACME_USD", "99999999999999999999999999.99")
        .unwrap();
    let refused = play.inbound("JANE_USD", "0.01").unwrap_err();
    assert_eq!(codes(&refused), ["AMOUNT_TOO_LARGE"]);
    assert_eq!(play.balances("ACME_USD").0, "99999999999999999999999999.99");
}

/// The transactions of an account, as a version lists them.
struct Listing {
    op: &'static str,
    path: &'static [(&'static str, &'static str)],
    filter: &'static [(&'static str, &'static str)],
    link: &'static str,
}

/// In the path: both versions have it.
const BY_PATH: Listing = Listing {
    op: "payments.transactions_list_for_account",
    path: &[("account_id", "JANE_USD")],
    filter: &[],
    link: "/v1/accounts/deposits/JANE_USD/transactions?page=",
};

/// As a filter of the list of all: the newer one alone.
const BY_FILTER: Listing = Listing {
    op: "payments.transactions_list",
    path: &[],
    filter: &[("account_id", "JANE_USD")],
    link: "/v1/transactions?page=",
};

#[test]
fn lists_page_filter_and_turn_round() {
    let newer = [BY_PATH, BY_FILTER];
    for (platform, listings) in [
        (Platform::Layer2V1_0_5, &newer[..1]),
        (Platform::RailV1_1_2, &newer),
        (Platform::Union, &newer),
    ] {
        let mut play = fast(platform);
        for _ in 0..5 {
            play.inbound("ACME_USD", "1").unwrap();
            play.inbound("JANE_USD", "2").unwrap();
        }
        for listing in listings {
            listing.turn_round(&play);
        }
    }
}

impl Listing {
    fn get(&self, play: &Play, query: &[(&str, &str)]) -> Result<Reply, Rejection> {
        play.get(self.op, self.path, query)
    }

    fn turn_round(&self, play: &Play) {
        let query = [self.filter, &[("page_size", "2"), ("order", "DESC")]].concat();
        let mut page = self.get(play, &query).unwrap().body;
        let mut seen = Vec::new();
        loop {
            seen.extend(fields(&page, "transaction_date"));
            assert!(fields(&page, "value").iter().all(|value| value == "2"));
            let next = field(&page, "next");
            if next.is_empty() {
                break;
            }
            assert!(next.starts_with(self.link), "{next}");
            let (_, pairs) = next.split_once('?').unwrap();
            let pairs: Vec<_> = pairs
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .collect();
            assert!(query.iter().all(|pair| pairs.contains(pair)), "{next}");
            page = self.get(play, &pairs).unwrap().body;
        }
        assert_eq!(seen.len(), 5);
        assert!(
            seen.windows(2).all(|pair| pair[0] > pair[1]),
            "newest first: {seen:?}"
        );
        let later = self.get(play, &[("start_date", "2026-01-06")]);
        let later = later.unwrap().body;
        assert!(later.contains(r#""transactions":[]"#), "{later}");
        let refused = self.get(play, &[("page_size", "1001")]);
        assert_eq!(codes(&refused.unwrap_err()), ["VALIDATION_FAILED"]);
    }
}

#[test]
fn entries_tell_what_they_are_for_and_the_balance_after() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        play.inbound("ACME_USD", "10").unwrap();
        let transfer = play.transfer("ACME_USD", "JANE_USD", "4").unwrap();
        play.accept(&transfer).unwrap();
        let query = [("account_id", "ACME_USD")];
        let entries = play
            .get("control.ledger_entries", &[("sandbox", "default")], &query)
            .unwrap()
            .body;
        let descriptions = fields(&entries, "description");
        assert!(descriptions[0].starts_with("inbound "), "{descriptions:?}");
        assert_eq!(descriptions[1], format!("transfer {transfer}"));
        assert!(entries.contains(r#""account":"ACME_USD","kind":"customer","asset_type_id":"FIAT_TESTNET_USD","side":"DEBIT","amount":4,"balance_after":6"#), "{entries}");
        let unknown = play
            .get("control.ledger_entries", &[], &[("account_id", "ACNE_USD")])
            .unwrap_err();
        assert_eq!(
            unknown.problems[0].hint.as_deref(),
            Some("Did you mean `ACME_USD`?")
        );
    }
}
