//! Money leaves: asked for, accepted, handed to its rail and gone; and the books know where it is at every step.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::Settings;
use layer2_world::machines::standing::Standing;
use layer2_world::rejection::Problem;

use crate::paying::balances;
use crate::paying::bank_account;
use crate::paying::history;
use crate::paying::registration;
use crate::paying::us_bank;
use crate::paying::wallet;
use crate::paying::with_landlord;
use crate::paying::withdrawal;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;
use crate::support::slow;

const WALLET: &str = "0x00000000000000000000000000000000000000aa";

fn with_information_requests(platform: Platform) -> Play {
    let mut settings = Settings::default();
    settings.platform = platform;
    settings.information_requests = true;
    Play::with(settings)
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
    what_was_sent_is_shown(&play, &id, &landlord);

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

/// The withdrawal tells what was sent to whom, and so does its receipt.
fn what_was_sent_is_shown(play: &Play, id: &str, landlord: &str) {
    let path = [("withdrawal_id", id)];
    let shown = play
        .get("payments.withdrawals_get", &path, &[])
        .unwrap()
        .body;
    for (name, value) in [
        ("withdrawal_rail", "ACH"),
        ("source_account_id", "ACME_USD"),
        ("destination_counterparty_id", landlord),
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
}

#[test]
fn each_step_takes_its_time_and_shows() {
    let (mut play, landlord) = with_landlord(slow(Platform::Union));
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
            .at("withdrawal_id")
            .received("EXECUTED")
            .expected("REQUESTED")
            .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.")
            .bad_request()
    );
}

#[test]
fn a_large_amount_calls_for_an_invoice_first() {
    for platform in [Platform::Union, Platform::RailV1_1_2] {
        ask_for_an_invoice(platform);
    }
}

fn ask_for_an_invoice(platform: Platform) {
    let (mut play, landlord) = with_landlord(with_information_requests(platform));
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
    let sent = play.deliver(TAKEN);
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
    give_the_invoice(&mut play, &id, &document);
    assert_eq!(fields(&status(&play), "status"), ["REQUESTED", "SUBMITTED"]);
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.withdrawal_status(&id), "EXECUTED");
    assert_eq!(play.balances("ACME_USD"), balances("10999.99", "10999.99"));
    assert!(play.balanced());
    assert_eq!(
        upload_invoice(&mut play, &document).unwrap_err(),
        Problem::new(
            "DOCUMENT_LOCKED",
            "The document belongs to a withdrawal that is EXECUTED; it cannot be replaced."
        )
        .at("document_id")
        .received("EXECUTED")
        .expected("a document of a withdrawal that is CHANGES_REQUESTED or REQUESTED")
        .hint("The file that is there stays; a reviewer may ask for another one.")
        .bad_request()
    );
}

/// The withdrawal waits for the invoice however long it takes, and goes on when it is there.
fn give_the_invoice(play: &mut Play, id: &str, document: &str) {
    assert_eq!(
        play.accept_withdrawal(id).unwrap_err(),
        Problem::new("WITHDRAWAL_NOT_ACCEPTABLE", "The withdrawal is CHANGES_REQUESTED: it waits for a document.")
            .at("withdrawal_id")
            .received("CHANGES_REQUESTED")
            .expected("REQUESTED")
            .hint(format!("Upload the file with `POST /v1/documents/{document}`; the status call of the withdrawal says what is asked for."))
            .bad_request()
    );

    play.advance(SignedDuration::from_hours(3));
    assert_eq!(
        play.withdrawal_status(id),
        "CHANGES_REQUESTED",
        "papers take their time"
    );
    upload_invoice(play, document).unwrap();
    let path = [("document_id", document)];
    let kept = play.get("payments.documents_download", &path, &[]).unwrap();
    assert_eq!(field(&kept.body, "file_name"), "invoice.pdf");
}

fn upload_invoice(play: &mut Play, document: &str) -> Result<Reply, Rejection> {
    let invoice = format!(
        r#"{{"file_name":"invoice.pdf","media_type":"application/pdf","length":9,"sha256":"{}"}}"#,
        "ab".repeat(32)
    );
    let path = [("document_id", document)];
    play.post("payments.documents_upload", &path, &invoice)
}

#[test]
fn documents_may_come_by_another_way_than_an_upload() {
    let (mut play, landlord) = with_landlord(with_information_requests(Platform::Union));
    play.inbound("ACME_USD", "20000").unwrap();
    let id = play
        .withdraw("FEDWIRE", "ACME_USD", &landlord, "10000.01")
        .unwrap();
    let decided = play.decide_withdrawal(&id, "DOCUMENTS_RECEIVED").unwrap();
    assert_eq!(field(&decided.body, "previous_status"), "CHANGES_REQUESTED");
    assert_eq!(field(&decided.body, "status"), "REQUESTED");
    play.accept_withdrawal(&id).unwrap();
    assert_eq!(play.withdrawal_status(&id), "EXECUTED");
    let refused = play
        .decide_withdrawal(&id, "DOCUMENTS_RECEIVED")
        .unwrap_err();
    assert_eq!(codes(&refused), ["STATUS_CHANGE_NOT_ALLOWED"]);
}

#[test]
fn what_waits_for_documents_can_be_cancelled() {
    let (mut play, landlord) = with_landlord(with_information_requests(Platform::Union));
    let id = play
        .withdraw("ACH", "ACME_USD", &landlord, "20000")
        .unwrap();
    play.cancel_withdrawal(&id).unwrap();
    assert_eq!(play.withdrawal_status(&id), "CANCELLED");
    assert!(play.balanced());
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
            let (mut play, landlord) = with_landlord(fast(*platform));
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
fn version_1_0_5_does_not_ask_whose_a_personal_account_is() {
    let (mut play, landlord) = with_landlord(fast(Platform::Layer2V1_0_5));
    let body = withdrawal("ACH", "ACME_USD", &landlord, "1")
        .replace("RENTAL_PROPERTY", "PERSONAL_ACCOUNT");
    assert!(play.post("payments.withdrawals_create", &[], &body).is_ok());
}

#[test]
fn an_amount_that_only_its_fee_makes_too_long_is_refused_like_any_other() {
    let (mut play, landlord) = with_landlord(Play::new());
    play.set_fee("ACH", "FIAT_TESTNET_USD", "0.25");
    let id = play
        .withdraw(
            "ACH",
            "ACME_USD",
            &landlord,
            "99999999999999999999999999.99",
        )
        .unwrap();
    let refused = play.accept_withdrawal(&id).unwrap_err();
    assert_eq!(codes(&refused), ["INSUFFICIENT_FUNDS"]);
    let required = refused.problems[0].received.as_deref();
    assert_eq!(
        required,
        Some("10000000000000000000000000024 of the smallest unit")
    );
    assert!(play.balanced());
}

#[test]
fn each_version_has_its_rails_and_purposes() {
    for platform in Platform::ALL {
        let old = *platform == Platform::Layer2V1_0_5;
        let (mut play, landlord) = with_landlord(fast(*platform));
        let sepa = play.withdraw("SEPA_CT", "ACME_USD", &landlord, "1");
        let problem = sepa.unwrap_err().problems.remove(0);
        if old {
            assert_eq!(problem.code, "VALIDATION_FAILED", "{platform}");
            let rails = "ACH, FEDWIRE, SWIFT, CRYPTO, EFT";
            assert_eq!(problem.expected.as_deref(), Some(rails));
        } else {
            assert_eq!(problem.code, "RAIL_NOT_SUPPORTED", "{platform}");
        }
        let body =
            withdrawal("ACH", "ACME_USD", &landlord, "1").replace("RENTAL_PROPERTY", "OTHER");
        let other = play.post("payments.withdrawals_create", &[], &body);
        if *platform == Platform::RailV1_1_2 {
            assert_eq!(
                other.unwrap_err(),
                Problem::new(
                    "VALIDATION_FAILED",
                    "A withdrawal cannot have this purpose."
                )
                .at("/purpose")
                .received("OTHER")
                .expected("a purpose of version rail-1.1.2 of the platform")
                .bad_request()
            );
        } else {
            assert!(other.is_ok(), "{platform}: {other:?}");
        }
    }
}
