//! Money leaves, is held back, fails and comes back; and the books know where it is at every step.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Settings;
use layer2_world::rejection::Problem;
use layer2_world::rights::Standing;

use crate::paying::bank_account;
use crate::paying::on;
use crate::paying::realistic;
use crate::paying::registration;
use crate::paying::us_bank;
use crate::paying::wallet;
use crate::paying::withdrawal;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;
use crate::support::fields;

const WALLET: &str = "0x00000000000000000000000000000000000000aa";

/// A customer with 1,000 dollars, and the account of its landlord.
fn with_landlord(mut play: Play) -> (Play, String) {
    play.inbound("ACME_USD", "1000").unwrap();
    let landlord = play.register(&us_bank("ACME")).unwrap();
    play.advance(SignedDuration::from_mins(5));
    assert_eq!(play.balances("ACME_USD").0, "1000");
    (play, landlord)
}

fn with_information_requests() -> Play {
    let mut settings = Settings::default();
    settings.information_requests = true;
    Play::with(settings)
}

fn balances(current: &str, available: &str) -> (String, String) {
    (current.to_owned(), available.to_owned())
}

/// Type, status and value of each transaction of the account, oldest first.
fn history(play: &Play) -> Vec<String> {
    let path = [("account_id", "ACME_USD")];
    let list = play
        .get("payments.transactions_list_for_account", &path, &[])
        .unwrap()
        .body;
    fields(&list, "transaction_type")
        .iter()
        .zip(fields(&list, "transaction_status"))
        .zip(fields(&list, "value"))
        .map(|((kind, status), value)| format!("{kind} {status} {value}"))
        .collect()
}

#[test]
fn money_is_sent_and_a_receipt_says_so() {
    let (mut play, landlord) = with_landlord(Play::new());
    for event in ["AUTHORIZED", "PENDING", "POSTED", "CANCELLED"] {
        play.subscribe(&format!("TRANSACTION_{event}"));
    }
    let id = play
        .withdraw("ACH", "ACME_USD", &landlord, "250.25")
        .unwrap();
    assert_eq!(play.withdrawal_status(&id), "REQUESTED");
    assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
    assert_eq!(play.told(), Vec::<String>::new(), "a request is not told");
    assert!(play.balanced());

    let accepted = play.accept_withdrawal(&id).unwrap();
    assert_eq!(
        field(&accepted.body, "status"),
        "ACCEPTED",
        "the reply is older than the work"
    );
    assert_eq!(
        play.withdrawal_status(&id),
        "EXECUTED",
        "the next read is not"
    );
    assert_eq!(play.balances("ACME_USD"), balances("749.75", "749.75"));
    assert_eq!(play.platform_side(), balances("749.75", "0"));
    assert_eq!(
        play.told(),
        [
            "TRANSACTION_AUTHORIZED",
            "TRANSACTION_PENDING",
            "TRANSACTION_POSTED"
        ]
    );
    assert!(play.balanced());
    assert_eq!(history(&play)[1..], ["TRANSFER_OUT POSTED -250.25"]);

    let path = [("withdrawal_id", id.as_str())];
    let shown = play
        .get("payments.withdrawals_get", &path, &[])
        .unwrap()
        .body;
    for (name, value) in [
        ("withdrawal_rail", "ACH"),
        ("source_account_id", "ACME_USD"),
        ("destination_counterparty_id", landlord.as_str()),
        ("amount", "250.25"),
        ("purpose", "RENTAL_PROPERTY"),
        ("description", "Rent of March"),
        ("memo", "RENT03"),
    ] {
        assert_eq!(field(&shown, name), value, "{shown}");
    }
    let receipt = play
        .get("payments.withdrawals_get_receipt", &path, &[])
        .unwrap()
        .body;
    assert!(receipt.contains(&format!("receipt-{id}.txt")), "{receipt}");
    for line in ["250.25 FIAT_TESTNET_USD", "Harbor Estates LLC", "RENT03"] {
        assert!(receipt.contains(line), "{receipt}");
    }
    assert!(!receipt.contains("Fee"), "{receipt}");
    let path = [("account_id", "ACME_USD")];
    let list = play
        .get("payments.transactions_list_for_account", &path, &[])
        .unwrap()
        .body;
    assert_eq!(fields(&list, "category_type")[1..], ["WITHDRAWAL"]);
    assert_eq!(fields(&list, "category_id")[1..], [id]);
    let log = format!("{:?}", play.world);
    assert!(!log.contains("RENT03"), "the memo is in the log");
}

#[test]
fn each_step_takes_its_time_and_shows() {
    let (mut play, landlord) = with_landlord(realistic());
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
        .unwrap();
    play.accept_withdrawal(&id).unwrap();
    let held = balances("1000", "600");
    let step = SignedDuration::from_secs(20);
    for (status, transaction, wait) in [
        ("ACCEPTED", "AUTHORIZED", step),
        ("AUTHORIZED", "AUTHORIZED", step),
        ("APPROVED", "AUTHORIZED", step),
        ("IN_PROGRESS", "PENDING", SignedDuration::from_mins(15)),
    ] {
        assert_eq!(play.withdrawal_status(&id), status);
        assert_eq!(
            history(&play)[1..],
            [format!("TRANSFER_OUT {transaction} -400")]
        );
        assert_eq!(play.balances("ACME_USD"), held, "{status}");
        assert!(play.balanced(), "{status}");
        play.advance(wait - SignedDuration::from_micros(1));
        assert_eq!(play.withdrawal_status(&id), status);
        play.advance(SignedDuration::from_micros(1));
    }
    assert_eq!(play.withdrawal_status(&id), "EXECUTED");
    assert_eq!(play.balances("ACME_USD"), balances("600", "600"));
    assert!(play.balanced());

    let slow = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    play.accept_withdrawal(&slow).unwrap();
    play.advance(SignedDuration::from_hours(24));
    assert_eq!(play.withdrawal_status(&slow), "IN_PROGRESS");
    play.advance(SignedDuration::from_mins(1));
    assert_eq!(play.withdrawal_status(&slow), "EXECUTED");
}

#[test]
fn version_1_0_5_shows_nothing_between_acceptance_and_execution() {
    let mut settings = Settings::default();
    settings.platform = Platform::Layer2V1_0_5;
    settings.profile = Profile::Realistic;
    settings.information_requests = true;
    let (mut play, landlord) = with_landlord(Play::with(settings));
    play.inbound("ACME_USD", "20000").unwrap();
    play.advance(SignedDuration::from_mins(5));
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "15000")
        .unwrap();
    assert_eq!(
        play.withdrawal_status(&id),
        "REQUESTED",
        "no document is asked for"
    );
    play.accept_withdrawal(&id).unwrap();
    for _ in 0..4 {
        assert_eq!(play.withdrawal_status(&id), "ACCEPTED");
        play.advance(SignedDuration::from_secs(20));
    }
    play.advance(SignedDuration::from_mins(15));
    assert_eq!(play.withdrawal_status(&id), "EXECUTED");
    assert!(play.balanced());
    assert_eq!(
        codes(&play.cancel_withdrawal(&id).unwrap_err()),
        ["NOT_FOUND"]
    );
}

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
            .received("1015.5")
            .expected("at most 1000")
            .hint("Held and pending money is not available. In a sandbox, let money arrive through the control API.")
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
    let (mut play, landlord) = with_landlord(realistic());
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
        let (mut play, landlord) = with_landlord(realistic());
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
    let (mut play, landlord) = with_landlord(realistic());
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
    let (mut play, landlord) = with_landlord(realistic());
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
        let (mut play, landlord) = with_landlord(realistic());
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
        Problem::new("STATUS_CHANGE_NOT_ALLOWED", "A withdrawal that is EXECUTED cannot become RETURNED now.")
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
    let before = play.world.snapshot();
    let refused = play.decide_withdrawal(&id, "RETURNED").unwrap_err();
    assert_eq!(codes(&refused), ["ACCOUNT_NOT_USABLE"]);
    assert!(play.world.snapshot() == before);
    play.patch_account("ACME_USD", "OPEN").unwrap();
    play.decide_withdrawal(&id, "RETURNED").unwrap();
    assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
}

#[test]
fn a_withdrawal_waits_an_hour_to_the_microsecond() {
    let (mut play, landlord) = with_landlord(Play::new());
    let early = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    let late = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    // The clock stands at the request of `late`, a microsecond after that of `early`.
    play.advance(SignedDuration::from_mins(60) - SignedDuration::from_micros(1));
    play.accept_withdrawal(&early).unwrap();
    play.advance(SignedDuration::from_micros(2));
    assert_eq!(play.withdrawal_status(&late), "EXPIRED");
    let refused = play.accept_withdrawal(&late).unwrap_err();
    let problem = &refused.problems[0];
    assert_eq!(codes(&refused), ["WITHDRAWAL_EXPIRED"]);
    assert!(
        problem
            .description
            .starts_with("The withdrawal could be accepted until 2026-")
    );
    assert_eq!(
        problem.hint.as_deref(),
        Some("Request a new withdrawal and accept it in time.")
    );
    assert_eq!(
        play.accept_withdrawal(&early).unwrap_err(),
        Problem::new("WITHDRAWAL_NOT_ACCEPTABLE", "The withdrawal is EXECUTED; only a REQUESTED one can be accepted.")
            .received("EXECUTED")
            .expected("REQUESTED")
            .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.")
            .bad_request()
    );
}

#[test]
fn a_large_amount_calls_for_an_invoice_first() {
    let (mut play, landlord) = with_landlord(with_information_requests());
    play.inbound("ACME_USD", "20000").unwrap();
    play.subscribe("WITHDRAWAL_CHANGES_REQUESTED");
    let small = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "10000")
        .unwrap();
    assert_eq!(play.withdrawal_status(&small), "REQUESTED");
    assert_eq!(play.told(), Vec::<String>::new());
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "10000.01")
        .unwrap();
    assert_eq!(play.withdrawal_status(&id), "CHANGES_REQUESTED");
    let sent = play.deliver(crate::support::TAKEN);
    assert_eq!(field(&sent[0].body, "id"), id);
    assert_eq!(field(&sent[0].body, "status"), "CHANGES_REQUESTED");

    let path = [("withdrawal_id", id.as_str())];
    let status = |play: &Play| {
        play.get("payments.withdrawals_get_status", &path, &[])
            .unwrap()
            .body
    };
    let asked = status(&play);
    assert_eq!(fields(&asked, "status"), ["CHANGES_REQUESTED", "MISSING"]);
    assert_eq!(field(&asked, "document"), "INVOICE");
    let document = fields(&asked, "id")[1].clone();
    assert_eq!(
        play.accept_withdrawal(&id).unwrap_err(),
        Problem::new("WITHDRAWAL_NOT_ACCEPTABLE", "The withdrawal is CHANGES_REQUESTED: it waits for a document.")
            .received("CHANGES_REQUESTED")
            .expected("REQUESTED")
            .hint(format!("Upload the file with `POST /v1/documents/{document}`; the status call of the withdrawal says what is asked for."))
            .bad_request()
    );

    play.advance(SignedDuration::from_hours(3));
    assert_eq!(
        play.withdrawal_status(&id),
        "CHANGES_REQUESTED",
        "papers take their time"
    );
    let decided = play.decide_withdrawal(&id, "DOCUMENTS_RECEIVED").unwrap();
    assert_eq!(field(&decided.body, "previous_status"), "CHANGES_REQUESTED");
    assert_eq!(field(&decided.body, "status"), "REQUESTED");
    assert_eq!(fields(&status(&play), "status"), ["REQUESTED", "SUBMITTED"]);
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.withdrawal_status(&id), "EXECUTED");
    assert_eq!(play.balances("ACME_USD"), balances("10999.99", "10999.99"));
    assert!(play.balanced());
    let refused = play
        .decide_withdrawal(&id, "DOCUMENTS_RECEIVED")
        .unwrap_err();
    assert_eq!(codes(&refused), ["STATUS_CHANGE_NOT_ALLOWED"]);
}

#[test]
fn what_waits_for_documents_can_be_cancelled() {
    let (mut play, landlord) = with_landlord(with_information_requests());
    let id = play
        .withdraw("ACH", "ACME_USD", &landlord, "20000")
        .unwrap();
    play.cancel_withdrawal(&id).unwrap();
    assert_eq!(play.withdrawal_status(&id), "CANCELLED");
    assert!(play.balanced());
}

#[test]
fn what_becomes_impossible_before_the_rail_has_it_is_rejected() {
    type Stop = fn(&mut Play, &str);
    let stops: [Stop; 3] = [
        |play, landlord| {
            drop(
                play.patch_counterparty(landlord, "status", "CLOSED")
                    .unwrap(),
            )
        },
        |play, _| drop(play.patch_account("ACME_USD", "FROZEN").unwrap()),
        |play, _| drop(play.decide("ACME", "PENDING").unwrap()),
    ];
    for stop in stops {
        let (mut play, landlord) = with_landlord(realistic());
        let id = play
            .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
            .unwrap();
        play.accept_withdrawal(&id).unwrap();
        stop(&mut play, &landlord);
        play.advance(SignedDuration::from_mins(1));
        assert_eq!(play.withdrawal_status(&id), "REJECTED");
        assert_eq!(play.balances("ACME_USD"), balances("1000", "1000"));
        assert!(play.balanced());

        let (mut play, landlord) = with_landlord(realistic());
        let id = play
            .withdraw("FEDWIRE", "ACME_USD", &landlord, "400")
            .unwrap();
        play.accept_withdrawal(&id).unwrap();
        play.advance(SignedDuration::from_mins(1));
        stop(&mut play, &landlord);
        play.advance(SignedDuration::from_mins(15));
        assert_eq!(play.withdrawal_status(&id), "EXECUTED", "the rail had it");
        assert!(play.balanced());
    }
}

#[test]
fn a_lost_reply_costs_nothing() {
    let (mut play, landlord) = with_landlord(Play::new());
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "100").unwrap();
    let first = play.accept_withdrawal_with_key(&id, "k1").unwrap();
    let again = play.accept_withdrawal_with_key(&id, "k1").unwrap();
    assert!(again.replayed && first.reply == again.reply);
    assert_eq!(play.balances("ACME_USD"), balances("900", "900"));
}

#[test]
fn coins_go_to_a_wallet_of_their_asset() {
    let mut play = Play::new();
    let opening = r#"{"customer_id":"ACME","account_to_open":{"account_id":"ACME_USDC","product_id":"DEPOSIT_BASIC","asset_type_id":"ETHEREUM_SEPOLIA_USDC"}}"#;
    play.post("payments.accounts_open", &[], opening).unwrap();
    play.inbound("ACME_USDC", "5").unwrap();
    let to = play
        .register(&wallet("ACME", "ETHEREUM_SEPOLIA_USDC", WALLET))
        .unwrap();
    let other = play
        .register(&wallet("ACME", "ETHEREUM_SEPOLIA_ETH", WALLET))
        .unwrap();
    let id = play
        .withdraw("CRYPTO", "ACME_USDC", &to, "1.000001")
        .unwrap();
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.balances("ACME_USDC"), balances("3.999999", "3.999999"));
    let path = [("withdrawal_id", id.as_str())];
    let shown = play
        .get("payments.withdrawals_get", &path, &[])
        .unwrap()
        .body;
    assert!(!shown.contains("memo"), "a chain carries none: {shown}");
    let refused = play
        .withdraw("CRYPTO", "ACME_USDC", &other, "1")
        .unwrap_err();
    assert_eq!(
        refused,
        Problem::new("ASSET_MISMATCH", format!("Account `ACME_USDC` holds ETHEREUM_SEPOLIA_USDC and counterparty `{other}` ETHEREUM_SEPOLIA_ETH."))
            .at("/destination_counterparty_id")
            .received("ETHEREUM_SEPOLIA_ETH")
            .expected("ETHEREUM_SEPOLIA_USDC")
            .hint("Withdraw from an account in the counterparty's asset; an exchange changes one asset into another.")
            .bad_request()
    );
    assert!(play.balanced());
}

#[test]
fn every_rail_sends() {
    let iban = r#""iban":"DE89370400440532013000","swift_bic":"DEUTDEFF""#;
    let numbers = r#""account_number":"032180000118359719","routing_number":"021001208","swift_bic":"CHASUS33","institution_number":"003""#;
    for (kind, rails) in [
        ("FIAT_US", &["ACH", "FEDWIRE", "SWIFT"][..]),
        ("FIAT_CA", &["EFT"]),
        ("FIAT_GB", &["FPS", "CHAPS"]),
        ("FIAT_IN", &["IMPS"]),
        ("FIAT_MX", &["SPEI"]),
        ("FIAT_AE", &["UAEFTS"]),
        ("FIAT_EU", &["SEPA_CT"]),
    ] {
        for rail in rails {
            let mut play = Play::new();
            play.inbound("ACME_USD", "10").unwrap();
            let numbers = if kind == "FIAT_EU" { iban } else { numbers };
            let account = bank_account("FIAT_TESTNET_USD", numbers);
            let to = play
                .register(&registration(
                    kind,
                    "ACME",
                    &format!(r#"["{rail}"]"#),
                    &account,
                ))
                .unwrap();
            let id = play.withdraw(rail, "ACME_USD", &to, "4").unwrap();
            play.accept_withdrawal(&id).unwrap();
            let path = [("withdrawal_id", id.as_str())];
            let shown = play
                .get("payments.withdrawals_get", &path, &[])
                .unwrap()
                .body;
            assert_eq!(field(&shown, "withdrawal_rail"), *rail);
            assert_eq!(field(&shown, "status"), "EXECUTED", "{rail}");
            assert_eq!(
                shown.contains("RENT03"),
                *rail != "EFT",
                "{rail} and its memo: {shown}"
            );
            assert!(play.balanced());
        }
    }
}

#[test]
fn swift_reaches_other_currencies_from_dollars_alone() {
    let mut play = Play::new();
    let iban = r#""iban":"DE89370400440532013000","swift_bic":"DEUTDEFF""#;
    let euros = registration(
        "FIAT_EU",
        "ACME",
        r#"["SEPA_CT","SWIFT"]"#,
        &bank_account("FIAT_TESTNET_EUR", iban),
    );
    let to = play.register(&euros).unwrap();
    assert!(play.withdraw("SWIFT", "ACME_USD", &to, "1").is_ok());
    assert_eq!(
        codes(&play.withdraw("SEPA_CT", "ACME_USD", &to, "1").unwrap_err()),
        ["ASSET_MISMATCH"]
    );
}

#[test]
fn money_goes_to_a_counterparty_while_its_status_allows_it() {
    for status in Standing::ALL {
        for platform in Platform::ALL {
            let (mut play, landlord) = with_landlord(on(*platform));
            if status != Standing::Active {
                play.decide_counterparty(&landlord, status.name("ACTIVE"))
                    .unwrap();
            }
            let usable = matches!(
                status,
                Standing::Active | Standing::Dormant | Standing::Edd | Standing::EddL2f
            );
            let outcome = play.withdraw("ACH", "ACME_USD", &landlord, "1");
            assert_eq!(
                outcome.is_ok(),
                usable,
                "{status} under {platform}: {outcome:?}"
            );
        }
    }
}

/// Sends a withdrawal of a customer that has a landlord, and wants it refused without a trace.
fn refusal(prepare: impl Fn(&mut Play, &str) -> String) -> Rejection {
    let (mut play, landlord) = with_landlord(Play::new());
    let body = prepare(&mut play, &landlord);
    let before = play.world.snapshot();
    let rejection = play
        .post("payments.withdrawals_create", &[], &body)
        .unwrap_err();
    assert!(play.world.snapshot() == before, "{body} left a trace");
    rejection
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
            .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or use the id that the creation of the counterparty returned.")
            .not_found()
    );
    assert_eq!(
        refusal(|play, landlord| {
            play.patch_account("ACME_USD", "FROZEN").unwrap();
            withdrawal("ACH", "ACME_USD", landlord, "1")
        }),
        Problem::new(
            "ACCOUNT_NOT_USABLE",
            "Money of account `ACME_USD` cannot move: the account is FROZEN."
        )
        .at("/source_account_id")
        .received("FROZEN")
        .expected("an account that may transact: its own status and its customer's allow it")
        .hint("Change the status, or let control decide it, and try again.")
        .bad_request()
    );
    for (amount, code, expected) in [
        ("0", "AMOUNT_NOT_POSITIVE", "a number above 0"),
        ("-1", "AMOUNT_NOT_POSITIVE", "a number above 0"),
        ("0.001", "TOO_MANY_DECIMALS", "at most 2 decimals"),
        (
            "1234567890123456789012345678",
            "AMOUNT_TOO_LARGE",
            "at most 28 digits, all money of the asset in the sandbox together",
        ),
    ] {
        let rejection = refusal(|_, landlord| withdrawal("ACH", "ACME_USD", landlord, amount));
        let problem = &rejection.problems[0];
        assert_eq!((rejection.status, problem.code), (400, code), "{amount}");
        assert_eq!(problem.pointer.as_deref(), Some("/amount"));
        assert_eq!(problem.received.as_deref(), Some(amount));
        assert_eq!(problem.expected.as_deref(), Some(expected));
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
fn a_personal_account_is_the_customers_own() {
    let mut play = Play::new();
    let own = play
        .register(&us_bank("ACME").replace("SUPPLIER", "SELF"))
        .unwrap();
    let body =
        withdrawal("ACH", "ACME_USD", &own, "1").replace("RENTAL_PROPERTY", "PERSONAL_ACCOUNT");
    assert!(play.post("payments.withdrawals_create", &[], &body).is_ok());
}

#[test]
fn a_counterparty_is_refused_with_the_reason() {
    let (mut play, landlord) = with_landlord(realistic());
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
    let (mut play, landlord) = with_landlord(realistic());
    let id = play.withdraw("ACH", "ACME_USD", &landlord, "1").unwrap();
    let path = [("withdrawal_id", id.as_str())];
    assert_eq!(
        play.get("payments.withdrawals_get_receipt", &path, &[])
            .unwrap_err(),
        Problem::new(
            "RECEIPT_NOT_READY",
            "The withdrawal is REQUESTED; there is a receipt once it is EXECUTED."
        )
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
    for op in ["withdrawals_accept", "withdrawals_cancel"] {
        let refused = play
            .post(&format!("payments.{op}"), &[("withdrawal_id", "nope")], "")
            .unwrap_err();
        assert_eq!(
            (refused.status, codes(&refused)),
            (404, vec!["NOT_FOUND"]),
            "{op}"
        );
    }
    for op in [
        "withdrawals_get",
        "withdrawals_get_status",
        "withdrawals_get_receipt",
    ] {
        let refused = play
            .get(&format!("payments.{op}"), &[("withdrawal_id", "nope")], &[])
            .unwrap_err();
        assert_eq!(
            (refused.status, codes(&refused)),
            (404, vec!["NOT_FOUND"]),
            "{op}"
        );
    }
}

#[test]
fn fees_are_refused_with_what_would_have_done() {
    let mut play = Play::new();
    let fee = |rail: &str, asset: &str, amount: &str| {
        format!(r#"{{"rail":"{rail}","asset_type_id":"{asset}","amount":{amount}}}"#)
    };
    let good = fee("ACH", "FIAT_TESTNET_USD", "1");
    for (fees, code, pointer) in [
        (
            fee("PIGEON", "FIAT_TESTNET_USD", "1"),
            "RAIL_NOT_SUPPORTED",
            "/withdrawal_fees/0/rail",
        ),
        (
            fee("ACH", "USD", "1"),
            "ASSET_NOT_SUPPORTED",
            "/withdrawal_fees/0/asset_type_id",
        ),
        (
            fee("ACH", "FIAT_TESTNET_USD", "0"),
            "AMOUNT_NOT_POSITIVE",
            "/withdrawal_fees/0/amount",
        ),
        (
            fee("ACH", "FIAT_TESTNET_USD", "0.001"),
            "TOO_MANY_DECIMALS",
            "/withdrawal_fees/0/amount",
        ),
        (
            fee("ACH", "FIAT_TESTNET_USD", "1234567890123456789012345678"),
            "AMOUNT_TOO_LARGE",
            "/withdrawal_fees/0/amount",
        ),
        (
            format!("{good},{good}"),
            "VALIDATION_FAILED",
            "/withdrawal_fees/1",
        ),
    ] {
        let before = play.world.snapshot();
        let body = format!(r#"{{"withdrawal_fees":[{fees}]}}"#);
        let refused = play
            .post(
                "control.outgoing_set_fees",
                &[("sandbox", "default")],
                &body,
            )
            .unwrap_err();
        let problem = &refused.problems[0];
        assert_eq!(
            (problem.code, problem.pointer.as_deref()),
            (code, Some(pointer)),
            "{body}"
        );
        assert!(
            problem.received.is_some() && problem.expected.is_some(),
            "{problem:?}"
        );
        assert!(play.world.snapshot() == before);
    }
}
