//! What else becomes of a withdrawal: what it costs, how it is cancelled, fails, and comes back.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::rejection::Problem;

use crate::paying::balances;
use crate::paying::history;
use crate::paying::with_landlord;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;
use crate::support::slow;

#[test]
fn a_fee_is_held_and_posted_beside_the_amount() {
    let (mut play, landlord) = with_landlord(Play::new());
    let set = play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", "15.5");
    let listed = play
        .get("control.outgoing_list_fees", &[("sandbox", "default")], &[])
        .unwrap();
    assert_eq!(listed.body, set.body);
    assert_eq!(field(&set.body, "amount"), "15.5");

    let all = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "1000")
        .unwrap();
    assert_eq!(
        play.accept_withdrawal(&all).unwrap_err(),
        Problem::new("INSUFFICIENT_FUNDS", "Account `ACME_USD` has 1000 FIAT_TESTNET_USD available; the withdrawal needs 1015.5.")
            .at("withdrawal_id")
            .received("1015.5")
            .expected("at most 1000")
            .hint("Held and pending money is not available, and amounts are in units of the asset, never in cents. In a sandbox, let money arrive through the control API.")
            .bad_request()
    );
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "100")
        .unwrap();
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.balances("ACME_USD"), balances("884.5", "884.5"));
    assert_eq!(
        play.platform_side(),
        balances("900", "0"),
        "the fee stays in custody"
    );
    assert_eq!(
        history(&play)[1..],
        ["TRANSFER_OUT POSTED -100", "FEE POSTED -15.5"]
    );
    assert!(play.balanced());
    let path = [("withdrawal_id", id.as_str())];
    let receipt = play
        .get("payments.withdrawals_get_receipt", &path, &[])
        .unwrap()
        .body;
    assert!(receipt.contains("15.5 FIAT_TESTNET_USD"), "{receipt}");

    let free = play.withdraw("ACH", "ACME_USD", &landlord, "84.5").unwrap();
    play.accept_withdrawal(&free).unwrap();
    assert_eq!(
        play.balances("ACME_USD"),
        balances("800", "800"),
        "other rails are free"
    );
    play.decide_withdrawal(&id, "RETURNED").unwrap();
    assert_eq!(
        play.balances("ACME_USD"),
        balances("900", "900"),
        "the fee is not given back"
    );
    assert!(play.balanced());
}

#[test]
fn a_fee_is_the_one_of_the_acceptance() {
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
    play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", "10");
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "100")
        .unwrap();
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.balances("ACME_USD"), balances("1000", "890"));
    play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", "99");
    play.advance(SignedDuration::from_hours(1));
    assert_eq!(play.balances("ACME_USD"), balances("890", "890"));
    assert!(play.balanced());
}

#[test]
fn a_cancellation_gives_the_money_back_until_the_rail_has_it() {
    for steps in 0..3 {
        let (mut play, landlord) = with_landlord(slow(Platform::Union));
        play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", "10");
        play.subscribe("TRANSACTION_CANCELLED");
        let id = play
            .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
            .unwrap();
        play.accept_withdrawal(&id).unwrap();
        play.advance(SignedDuration::from_secs(20 * steps));
        let reply = play.cancel_withdrawal(&id).unwrap();
        assert_eq!(field(&reply.body, "status"), "CANCELLING");
        assert_eq!(
            play.balances("ACME_USD"),
            balances("1000", "590"),
            "not decided yet"
        );
        play.advance(SignedDuration::from_secs(20));
        assert_eq!(play.withdrawal_status(&id), "CANCELLED");
        assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
        assert_eq!(
            history(&play)[1..],
            ["TRANSFER_OUT CANCELLED -400", "FEE CANCELLED -10"]
        );
        assert_eq!(
            play.told(),
            ["TRANSACTION_CANCELLED", "TRANSACTION_CANCELLED"]
        );
        play.advance(SignedDuration::from_hours(48));
        assert_eq!(play.withdrawal_status(&id), "CANCELLED", "nothing goes on");
        assert!(play.balanced());
    }
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
        .unwrap();
    play.accept_withdrawal(&id).unwrap();
    play.advance(SignedDuration::from_mins(1));
    assert_eq!(play.withdrawal_status(&id), "IN_PROGRESS");
    play.cancel_withdrawal(&id).unwrap();
    play.advance(SignedDuration::from_mins(1));
    assert_eq!(play.withdrawal_status(&id), "CANCELLING");
    play.advance(SignedDuration::from_mins(15));
    assert_eq!(play.withdrawal_status(&id), "EXECUTED", "it came too late");
    assert_eq!(play.balances("ACME_USD"), balances("600", "600"));
    assert!(play.balanced());
}

#[test]
fn a_request_that_is_cancelled_holds_nothing_and_does_not_expire() {
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "400").unwrap();
    play.cancel_withdrawal(&id).unwrap();
    let refused = play.accept_withdrawal(&id).unwrap_err();
    assert_eq!(codes(&refused), ["WITHDRAWAL_NOT_ACCEPTABLE"]);
    play.advance(SignedDuration::from_hours(2));
    assert_eq!(play.withdrawal_status(&id), "CANCELLED");
    assert_eq!(history(&play).len(), 1);
    assert!(play.balanced());
}

#[test]
fn control_ends_a_withdrawal_either_way() {
    for minutes in [0, 1] {
        let (mut play, landlord) = with_landlord(slow(Platform::Union));
        let good = play.withdraw("ACH", "ACME_USD", &landlord, "100").unwrap();
        let bad = play.withdraw("ACH", "ACME_USD", &landlord, "200").unwrap();
        for id in [&good, &bad] {
            play.accept_withdrawal(id).unwrap();
        }
        play.advance(SignedDuration::from_mins(minutes));
        assert_eq!(play.balances("ACME_USD"), balances("1000", "700"));
        let settled = play.decide_withdrawal(&good, "SETTLED").unwrap();
        assert_eq!(field(&settled.body, "status"), "EXECUTED");
        assert_eq!(play.balances("ACME_USD"), balances("900", "700"));
        assert!(play.balanced());
        let failed = play.decide_withdrawal(&bad, "FAILED").unwrap();
        assert_eq!(field(&failed.body, "status"), "REJECTED");
        assert_eq!(play.balances("ACME_USD"), balances("900", "900"));
        play.advance(SignedDuration::from_hours(48));
        assert_eq!(play.withdrawal_status(&bad), "REJECTED");
        assert_eq!(
            history(&play)[1..],
            ["TRANSFER_OUT POSTED -100", "TRANSFER_OUT CANCELLED -200"]
        );
        assert!(play.balanced());
    }
}

#[test]
fn money_that_comes_back_is_a_correction_of_its_own() {
    let (mut play, landlord) = with_landlord(Play::new());
    play.subscribe("TRANSACTION_POSTED");
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "100").unwrap();
    play.accept_withdrawal(&id).unwrap();
    play.told();
    let returned = play.decide_withdrawal(&id, "RETURNED").unwrap();
    assert_eq!(field(&returned.body, "previous_status"), "EXECUTED");
    assert_eq!(
        field(&returned.body, "status"),
        "EXECUTED",
        "the status is final"
    );
    assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
    assert_eq!(play.platform_side(), balances("1000", "0"));
    assert_eq!(play.told(), ["TRANSACTION_POSTED"]);
    assert_eq!(
        history(&play)[1..],
        ["TRANSFER_OUT POSTED -100", "CREDIT_CORRECTION POSTED 100"]
    );
    let transaction = field(&returned.body, "transaction_id");
    let path = [("transaction_id", transaction.as_str())];
    let row = play
        .get("payments.transactions_get", &path, &[])
        .unwrap()
        .body;
    assert_eq!(field(&row, "category_id"), id);
    assert!(row.contains("transaction_posted_date"), "{row}");
    let entries = play.get("control.ledger_entries", &[], &[]).unwrap().body;
    assert!(
        entries.contains(&format!("return of withdrawal {id}")),
        "{entries}"
    );
    assert_eq!(
        play.decide_withdrawal(&id, "RETURNED").unwrap_err(),
        Problem::new("STATUS_CHANGE_NOT_ALLOWED", "The withdrawal is EXECUTED and cannot become RETURNED now.")
            .at("/outcome")
            .received("RETURNED")
            .expected("a withdrawal that is EXECUTED and did not come back yet")
            .hint("Under the profile `fast` an accepted withdrawal is executed at once; `realistic` gives each step its time.")
            .bad_request()
    );
    assert!(play.balanced());
}

#[test]
fn a_return_needs_an_account_that_can_take_it() {
    let (mut play, landlord) = with_landlord(Play::new());
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "100").unwrap();
    play.accept_withdrawal(&id).unwrap();
    play.patch_account("ACME_USD", "FROZEN").unwrap();
    let refused = play.decide_withdrawal(&id, "RETURNED").unwrap_err();
    assert_eq!(codes(&refused), ["ACCOUNT_NOT_USABLE"]);
    play.patch_account("ACME_USD", "OPEN").unwrap();
    play.decide_withdrawal(&id, "RETURNED").unwrap();
    assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
}

#[test]
fn what_becomes_impossible_before_the_rail_has_it_is_rejected() {
    type Stop = fn(&mut Play, &str) -> bool;
    let stops: [Stop; 3] = [
        |play, landlord| {
            play.patch_counterparty(landlord, "status", "CLOSED")
                .is_ok()
        },
        |play, _| play.patch_account("ACME_USD", "FROZEN").is_ok(),
        |play, _| play.decide("ACME", "PENDING").is_ok(),
    ];
    for stop in stops {
        let (mut play, landlord) = with_landlord(slow(Platform::Union));
        let id = play
            .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
            .unwrap();
        play.accept_withdrawal(&id).unwrap();
        assert!(stop(&mut play, &landlord));
        play.advance(SignedDuration::from_mins(1));
        assert_eq!(play.withdrawal_status(&id), "REJECTED");
        assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
        assert!(play.balanced());

        let (mut play, landlord) = with_landlord(slow(Platform::Union));
        let id = play
            .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
            .unwrap();
        play.accept_withdrawal(&id).unwrap();
        play.advance(SignedDuration::from_mins(1));
        assert!(stop(&mut play, &landlord));
        play.advance(SignedDuration::from_mins(15));
        assert_eq!(play.withdrawal_status(&id), "EXECUTED", "the rail had it");
        assert!(play.balanced());
    }
}
