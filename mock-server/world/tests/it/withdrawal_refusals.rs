//! Withdrawals and fees that are refused, each with the whole refusal.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Rejection;
use layer2_world::rejection::Problem;

use crate::paying::registration;
use crate::paying::us_bank;
use crate::paying::with_landlord;
use crate::paying::withdrawal;
use crate::support::Play;
use crate::support::codes;
use crate::support::request;
use crate::support::slow;

fn frozen_account(place: &str) -> Rejection {
    Problem::new(
        "ACCOUNT_NOT_USABLE",
        "Money of account `ACME_USD` cannot move: the account is FROZEN.",
    )
    .at(place)
    .received("FROZEN")
    .expected("an account that may transact: its own status and its customer's allow it")
    .hint("Change the status, or let control decide it, and try again.")
    .bad_request()
}

/// Amounts that no account takes, and why.
fn amounts() -> [(&'static str, Problem); 4] {
    let not_positive = |received: &str| {
        Problem::new("AMOUNT_NOT_POSITIVE", "The amount must be more than zero.")
            .received(received)
            .expected("a number above 0")
            .hint("The direction of a movement is given by its accounts, never by a sign.")
    };
    let decimals = "FIAT_TESTNET_USD has 2 decimals; nothing is rounded.";
    let too_large = Problem::new(
        "AMOUNT_TOO_LARGE",
        "The amount is more than the books can hold.",
    )
    .expected("at most 28 digits, all money of the asset in the sandbox together")
        .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.");
    [
        ("0", not_positive("0")),
        ("-1", not_positive("-1")),
        (
            "0.001",
            Problem::new("TOO_MANY_DECIMALS", decimals)
                .received("0.001")
                .expected("at most 2 decimals")
                .hint("Cut the amount before you send it; a sum computed in binary floating point often has a tail of digits."),
        ),
        (LARGE, too_large.received(LARGE)),
    ]
}

/// 28 digits: as dollars and cents there would be 30.
const LARGE: &str = "1234567890123456789012345678";

/// Sends a withdrawal of a customer that has a landlord, and wants it refused without a trace.
fn refusal(prepare: impl Fn(&mut Play, &str) -> String) -> Rejection {
    let (mut play, landlord) = with_landlord(Play::new());
    let body = prepare(&mut play, &landlord);
    play.post("payments.withdrawals_create", &[], &body)
        .unwrap_err()
}

#[test]
fn requests_are_refused_with_what_would_have_done() {
    let unknown = |resource: &str, id: &str, pointer: &str| {
        Problem::new(
            "NOT_FOUND",
            format!("There is no {resource} with this id in this sandbox."),
        )
        .at(pointer)
        .received(id)
        .expected(format!("the id of one {resource} of this sandbox"))
    };
    assert_eq!(
        refusal(|_, landlord| withdrawal("ACH", "ACME_USB", landlord, "1")),
        unknown("account", "ACME_USB", "/source_account_id")
            .hint("Did you mean `ACME_USD`?")
            .not_found()
    );
    assert_eq!(
        refusal(|_, _| withdrawal("ACH", "ACME_USD", "nope", "1")),
        unknown("counterparty", "nope", "/destination_counterparty_id")
            .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
            .not_found()
    );
    assert_eq!(
        refusal(|play, landlord| {
            play.patch_account("ACME_USD", "FROZEN").unwrap();
            withdrawal("ACH", "ACME_USD", landlord, "1")
        }),
        frozen_account("/source_account_id")
    );
    for (amount, problem) in amounts() {
        let rejection = refusal(|_, landlord| withdrawal("ACH", "ACME_USD", landlord, amount));
        assert_eq!(rejection, problem.at("/amount").bad_request(), "{amount}");
    }
    let (mut play, landlord) = with_landlord(Play::new());
    assert_eq!(
        play.withdraw("EFT", "ACME_USD", &landlord, "1")
            .unwrap_err(),
        Problem::new(
            "RAIL_NOT_SUPPORTED",
            format!("Counterparty `{landlord}` was not registered for rail EFT.")
        )
        .at("/withdrawal_rail")
        .received("EFT")
        .expected("ACH, FEDWIRE, SWIFT")
        .hint("The rails of a counterparty are those of its registration; register it again with this one.")
        .bad_request()
    );
    assert_eq!(
        refusal(|_, landlord| withdrawal("ACH", "ACME_USD", landlord, "1")
            .replace("RENTAL_PROPERTY", "PERSONAL_ACCOUNT")),
        Problem::new(
            "PURPOSE_NOT_ALLOWED",
            "PERSONAL_ACCOUNT is for money that a customer sends to an account of its own."
        )
        .at("/purpose")
        .received("PERSONAL_ACCOUNT")
        .expected("another purpose, or a counterparty with the relationship SELF")
        .hint("What the owner is to the customer stands in the counterparty's `profile.relationship_to_customer`.")
        .bad_request()
    );
    let rejection = refusal(|_, landlord| withdrawal("PIGEON", "ACME_USD", landlord, "1"));
    assert_eq!(codes(&rejection), ["VALIDATION_FAILED"]);
    assert_eq!(
        rejection.problems[0].pointer.as_deref(),
        Some("/withdrawal_rail")
    );
}

#[test]
fn a_counterparty_is_refused_with_the_reason() {
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
    let fresh = play.register(&us_bank("ACME")).unwrap();
    let linked = registration(
        "FIAT_US_LINKED",
        "ACME",
        r#"["ACH"]"#,
        r#""account_information":{"asset_type_id":"FIAT_TESTNET_USD"}"#,
    );
    let linked = play.register(&linked).unwrap();
    play.decide_counterparty(&linked, "ACTIVE").unwrap();
    let refused = |description: String| {
        Problem::new("COUNTERPARTY_NOT_USABLE", description).at("/destination_counterparty_id")
    };
    assert_eq!(
        play.withdraw("ACH", "JANE_USD", &landlord, "1").unwrap_err(),
        refused(format!("Counterparty `{landlord}` belongs to customer `ACME`, account `JANE_USD` to customer `JANE`."))
            .received("ACME")
            .expected("JANE")
            .hint("A counterparty is registered for one customer; register it again for the other one.")
            .bad_request()
    );
    assert_eq!(
        play.withdraw("ACH", "ACME_USD", &fresh, "1").unwrap_err(),
        refused(format!("Money cannot go to counterparty `{fresh}`: it is PENDING."))
            .received("PENDING")
            .expected("ACTIVE, EDD or DORMANT")
            .hint("A new counterparty is PENDING until it has been screened; read it, or wait for COUNTERPARTY_ACTIVE.")
            .bad_request()
    );
    assert_eq!(
        play.withdraw("ACH", "ACME_USD", &linked, "1").unwrap_err(),
        refused(format!(
            "The account of counterparty `{linked}` is not linked yet."
        ))
        .received("an account that is not linked")
        .expected("a counterparty whose owner has linked the account")
        .hint("Finish the linking, or register the account with its numbers.")
        .bad_request()
    );
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    play.patch_counterparty(&landlord, "status", "FROZEN")
        .unwrap();
    let refused = play.accept_withdrawal(&id).unwrap_err();
    assert_eq!(codes(&refused), ["COUNTERPARTY_NOT_USABLE"]);
    assert_eq!(
        refused.problems[0].pointer.as_deref(),
        Some("withdrawal_id")
    );
}

#[test]
fn what_comes_too_late_or_too_early_is_refused() {
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    let path = [("withdrawal_id", id.as_str())];
    assert_eq!(
        play.get("payments.withdrawals_get_receipt", &path, &[])
            .unwrap_err(),
        Problem::new(
            "RECEIPT_NOT_READY",
            "The withdrawal is REQUESTED; there is a receipt once it is EXECUTED."
        )
        .at("withdrawal_id")
        .received("REQUESTED")
        .expected("EXECUTED")
        .hint(
            "Wait for TRANSACTION_POSTED with the category WITHDRAWAL and the id of the withdrawal."
        )
        .bad_request()
    );
    for outcome in ["SETTLED", "FAILED"] {
        let refused = play.decide_withdrawal(&id, outcome).unwrap_err();
        assert_eq!(codes(&refused), ["STATUS_CHANGE_NOT_ALLOWED"], "{outcome}");
        assert_eq!(
            refused.problems[0].expected.as_deref(),
            Some("a withdrawal that was accepted and has no outcome yet")
        );
    }
    play.accept_withdrawal(&id).unwrap();
    play.cancel_withdrawal(&id).unwrap();
    let cancellable = "REQUESTED, CHANGES_REQUESTED, ACCEPTED, AUTHORIZED, APPROVED, IN_PROGRESS";
    let refused = |status: &str, hint: &str| {
        Problem::new(
            "WITHDRAWAL_NOT_CANCELLABLE",
            format!("A withdrawal that is {status} cannot be cancelled."),
        )
        .at("withdrawal_id")
        .received(status)
        .expected(cancellable)
        .hint(hint)
        .bad_request()
    };
    assert_eq!(
        play.cancel_withdrawal(&id).unwrap_err(),
        refused(
            "CANCELLING",
            "Read the withdrawal until it is CANCELLED or EXECUTED."
        )
    );
    play.advance(SignedDuration::from_mins(1));
    assert_eq!(
        play.cancel_withdrawal(&id).unwrap_err(),
        refused("CANCELLED", "Nothing was sent and nothing is held.")
    );
    let sent = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    play.accept_withdrawal(&sent).unwrap();
    play.decide_withdrawal(&sent, "SETTLED").unwrap();
    assert_eq!(
        play.cancel_withdrawal(&sent).unwrap_err(),
        refused(
            "EXECUTED",
            "The money has left; it comes back only if its receiver, or the rail, returns it."
        )
    );
}

#[test]
fn a_withdrawal_that_is_not_there_is_a_404() {
    let mut play = Play::new();
    let path = [("withdrawal_id", "nope")];
    let outcome = r#"{"outcome":"SETTLED"}"#;
    let answers = [
        play.post("payments.withdrawals_accept", &path, ""),
        play.post("payments.withdrawals_cancel", &path, ""),
        play.post("control.outgoing_decide_withdrawal", &path, outcome),
        play.get("payments.withdrawals_get", &path, &[]),
        play.get("payments.withdrawals_get_status", &path, &[]),
        play.get("payments.withdrawals_get_receipt", &path, &[]),
    ];
    let unknown = Problem::new("NOT_FOUND", "There is no withdrawal with this id in this sandbox.")
        .at("withdrawal_id")
        .received("nope")
        .expected("the id of one withdrawal of this sandbox")
        .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
        .not_found();
    for answer in answers {
        assert_eq!(answer.unwrap_err(), unknown);
    }
}

#[test]
fn an_acceptance_is_refused_for_what_has_changed_since() {
    let (mut play, landlord) = with_landlord(Play::new());
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    play.patch_account("ACME_USD", "FROZEN").unwrap();
    assert_eq!(
        play.accept_withdrawal(&id).unwrap_err(),
        frozen_account("withdrawal_id")
    );
    play.patch_account("ACME_USD", "OPEN").unwrap();
    play.patch_counterparty(&landlord, "status", "FROZEN")
        .unwrap();
    assert_eq!(
        play.accept_withdrawal(&id).unwrap_err(),
        Problem::new(
            "COUNTERPARTY_NOT_USABLE",
            format!("Money cannot go to counterparty `{landlord}`: it is FROZEN.")
        )
        .at("withdrawal_id")
        .received("FROZEN")
        .expected("ACTIVE, EDD or DORMANT")
        .hint("Change the status, or let control decide it, and try again.")
        .bad_request()
    );
    play.advance(SignedDuration::from_mins(61));
    // Five minutes in the beginning, an hour, and the microseconds of the commands.
    let until = "2026-01-05T10:05:00.000002-05:00";
    assert_eq!(
        play.accept_withdrawal(&id).unwrap_err(),
        Problem::new(
            "WITHDRAWAL_EXPIRED",
            format!("The withdrawal could be accepted until {until}.")
        )
        .at("withdrawal_id")
        .received("2026-01-05T10:06:00.000005-05:00")
        .expected(format!("an acceptance by {until}"))
        .hint("Request a new withdrawal and accept it in time.")
        .bad_request()
    );
}

#[test]
fn money_cannot_come_back_to_where_it_has_no_place() {
    let (mut play, landlord) = with_landlord(Play::new());
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "1000").unwrap();
    play.accept_withdrawal(&id).unwrap();
    // All that custody can ever hold.
    play.inbound("JANE_USD", "99999999999999999999999999.99")
        .unwrap();
    let before = play.world.snapshot().unwrap();
    assert_eq!(
        play.decide_withdrawal(&id, "RETURNED").unwrap_err(),
        Problem::new(
            "AMOUNT_TOO_LARGE",
            "The amount is more than the books can hold."
        )
        .at("withdrawal_id")
        .expected("at most 28 digits, all money of the asset in the sandbox together")
        .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.")
        .bad_request()
    );
    play.patch_account("ACME_USD", "FROZEN").unwrap();
    assert!(play.world.snapshot().unwrap() != before);
    assert_eq!(
        play.decide_withdrawal(&id, "RETURNED").unwrap_err(),
        frozen_account("withdrawal_id")
    );
}

#[test]
fn a_key_belongs_to_one_request() {
    let (mut play, landlord) = with_landlord(Play::new());
    let other = play.register(&us_bank("ACME")).unwrap();
    let update = |description: &str| {
        format!(r#"{{"updates":[{{"field":"description","value":"{description}"}}]}}"#)
    };
    let first = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    let second = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    let rent = |amount: &str| Some(withdrawal("ACH", "ACME_USD", &landlord, amount));
    let ask = |op: &str, path: &[(&str, &str)], body: Option<String>| {
        request(&format!("payments.{op}"), path, &[], body)
    };
    let at = |id| [("counterparty_id", id)];
    let of = |id| [("withdrawal_id", id)];
    let cases = [
        (
            ask("counterparties_create", &[], Some(us_bank("ACME"))),
            ask("counterparties_create", &[], Some(us_bank("JANE"))),
            "body differs",
        ),
        (
            ask("counterparties_update", &at(&*landlord), Some(update("a"))),
            ask("counterparties_update", &at(&*other), Some(update("a"))),
            "path differs",
        ),
        (
            ask("withdrawals_create", &[], rent("1")),
            ask("withdrawals_create", &[], rent("2")),
            "body differs",
        ),
        (
            ask("withdrawals_accept", &of(&*first), None),
            ask("withdrawals_accept", &of(&*second), None),
            "path differs",
        ),
    ];
    for (asked, other, what) in cases {
        let op = asked.op.operation().id;
        play.send(asked, Some("k")).unwrap();
        assert_eq!(
            play.send(other, Some("k")).unwrap_err(),
            Problem::new(
                "IDEMPOTENCY_KEY_REUSED",
                format!("This idempotency key was used for another request of `{op}`: the {what}.")
            )
            .at("x-l2f-idempotency-id")
            .received("k")
            .expected("the same request as the first time, or a key that was not used yet")
            .hint("Make one key per logical operation and keep it for its retries alone.")
            .bad_request()
        );
    }
}

#[test]
fn fees_are_refused_with_what_would_have_done() {
    let mut play = Play::new();
    let fee = |rail: &str, asset: &str, amount: &str| {
        format!(r#"{{"rail":"{rail}","asset_type_id":"{asset}","amount":{amount}}}"#)
    };
    let of = |amount: &str| fee("ACH", "FIAT_TESTNET_USD", amount);
    let amounts = amounts().map(|(amount, problem)| {
        let problem = problem.at("/withdrawal_fees/0/amount");
        let problem = match problem.code {
            "AMOUNT_NOT_POSITIVE" => {
                problem.hint("To take no fee on a rail, leave it out of the list.")
            }
            _ => problem,
        };
        (of(amount), problem)
    });
    let others = [
        (
            fee("PIGEON", "FIAT_TESTNET_USD", "1"),
            Problem::new("RAIL_NOT_SUPPORTED", "No withdrawal goes by this rail.")
                .at("/withdrawal_fees/0/rail")
                .received("PIGEON")
                .expected("ACH, FEDWIRE, SWIFT, CRYPTO, EFT, SEPA_CT, CHAPS, FPS, IMPS, SPEI, UAEFTS")
                .hint("Rails are spelt as in the `withdrawal_rail` of a withdrawal."),
        ),
        (
            fee("ACH", "USD", "1"),
            Problem::new("ASSET_NOT_SUPPORTED", "There is no such asset type.")
                .at("/withdrawal_fees/0/asset_type_id")
                .received("USD")
                .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD, ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL")
                .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none."),
        ),
        (
            format!("{},{}", of("1"), of("2")),
            Problem::new("VALIDATION_FAILED", "A rail has one fee for an asset.")
                .at("/withdrawal_fees/1")
                .received("ACH and FIAT_TESTNET_USD again")
                .expected("each pair of rail and asset at most once"),
        ),
    ];
    for (fees, problem) in amounts.into_iter().chain(others) {
        let body = format!(r#"{{"withdrawal_fees":[{fees}]}}"#);
        let path = [("sandbox", "default")];
        let refused = play.post("control.outgoing_set_fees", &path, &body);
        assert_eq!(refused.unwrap_err(), problem.bad_request(), "{body}");
    }
}
