//! Deposits: instructions are given once and serve for good, money that follows them is the deposit's, and an account in
//! a crypto asset has an address.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::rejection::code;

use crate::support::Play;
use crate::support::TAKEN;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;
use crate::support::slow;

pub(crate) fn open(play: &mut Play, account: &str, asset: &str) {
    let body = format!(
        r#"{{"customer_id":"ACME","account_to_open":{{"account_id":"{account}","product_id":"DEPOSIT_BASIC","asset_type_id":"{asset}"}}}}"#
    );
    play.post("payments.accounts_open", &[], &body).unwrap();
}

/// The deposit by which an account is paid.
pub(crate) fn push(play: &mut Play, account: &str) -> Result<Reply, Rejection> {
    let body = format!(
        r#"{{"deposit_type":"PUSH","deposit_destination":{{"destination_account_id":"{account}"}}}}"#
    );
    play.post("payments.deposits_create", &[], &body)
}

/// Lets money arrive as a request tells it.
pub(crate) fn arrive(play: &mut Play, body: &str) -> Result<Reply, Rejection> {
    play.post("control.inbound_create", &[("sandbox", "default")], body)
}

pub(crate) fn deposit_status(play: &Play, deposit: &str) -> String {
    let reply = play
        .get("payments.deposits_get", &[("deposit_id", deposit)], &[])
        .unwrap();
    field(&reply.body, "status")
}

/// One member of all rows of an account.
pub(crate) fn history(play: &Play, account: &str, member: &str) -> Vec<String> {
    let reply = play
        .get(
            "payments.transactions_list_for_account",
            &[("account_id", account)],
            &[],
        )
        .unwrap();
    fields(&reply.body, member)
}

fn address(play: &mut Play, account: &str) -> Result<Reply, Rejection> {
    play.post(
        "payments.accounts_request_address",
        &[("account_id", account)],
        "",
    )
}

#[test]
fn a_wire_that_follows_its_instructions_is_the_deposits() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let asked = push(&mut play, "ACME_USD").unwrap().body;
        let deposit = field(&asked, "id");
        assert_eq!(field(&asked, "status"), "REQUESTED");
        assert!(play.balanced());

        let memo = &fields(&asked, "memo")[0];
        let body = format!(
            r#"{{"memo":"{memo}","amount":250.75,"originator_name":"Globex Corporation"}}"#
        );
        let money = arrive(&mut play, &body).unwrap().body;
        assert_eq!(field(&money, "status"), "PENDING");
        assert_eq!(field(&money, "rail"), "FEDWIRE", "the rail of the memo");
        assert_eq!(field(&money, "account_id"), "ACME_USD");
        assert_eq!(field(&money, "deposit_id"), deposit);
        assert_eq!(play.balances("ACME_USD").0, "0", "it is being screened");
        assert_eq!(deposit_status(&play, &deposit), "REQUESTED");
        assert!(play.balanced());

        play.advance(SignedDuration::from_mins(3));
        assert_eq!(deposit_status(&play, &deposit), "EXECUTED");
        assert_eq!(play.balances("ACME_USD").1, "250.75");
        assert_eq!(history(&play, "ACME_USD", "category_type"), ["DEPOSIT"]);
        assert_eq!(history(&play, "ACME_USD", "category_id"), [deposit]);
        assert_eq!(
            history(&play, "ACME_USD", "id"),
            [field(&money, "transaction_id")]
        );
        assert_eq!(history(&play, "ACME_USD", "originator_type"), ["FIAT_US"]);
        assert_eq!(history(&play, "ACME_USD", "name"), ["Globex Corporation"]);
        assert!(play.balanced());
    }
}

#[test]
fn instructions_are_given_once_and_serve_any_number_of_payments() {
    let mut play = Play::new();
    let first = push(&mut play, "ACME_USD").unwrap().body;
    let memos = fields(&first, "memo");
    assert_eq!(memos.len(), 2, "Fedwire and ACH have one each: {first}");
    for (memo, rail) in memos.iter().zip(["FEDWIRE", "ACH"]) {
        let body = format!(r#"{{"memo":"{memo}","amount":10}}"#);
        let money = arrive(&mut play, &body).unwrap().body;
        assert_eq!(field(&money, "rail"), rail);
        assert!(play.balanced());
    }
    // Another amount than before, on another rail than the memo's: it is credited as it came.
    let body = format!(r#"{{"memo":"{}","amount":0.01,"rail":"SWIFT"}}"#, memos[1]);
    arrive(&mut play, &body).unwrap();
    assert_eq!(play.balances("ACME_USD").0, "20.01");

    play.advance(SignedDuration::from_hours(24 * 100));
    let again = push(&mut play, "ACME_USD").unwrap().body;
    assert_eq!(
        again,
        first.replace("REQUESTED", "EXECUTED"),
        "the same deposit, older than its payments"
    );
    assert!(play.balanced());
}

#[test]
fn each_rail_is_told_as_its_sender_needs_it() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let body = push(&mut play, "ACME_USD").unwrap().body;
        assert_eq!(
            fields(&body, "instruction_type"),
            ["FEDWIRE", "ACH", "SWIFT"]
        );
        assert_eq!(
            fields(&body, "account_holder_name"),
            vec!["Acme Corporation"; 3]
        );
        let numbers = fields(&body, "account_number");
        assert_eq!(numbers[..2], ["591427090743", "591427090743"]);
        assert_eq!(numbers[2].len(), 12);
        assert_ne!(numbers[2], numbers[0], "SWIFT has no memo to tell by");
        assert_eq!(
            body.contains("customer_name"),
            platform != Platform::Layer2V1_0_5
        );

        // By SWIFT the number alone names the account.
        let money = format!(r#"{{"account_number":"{}","amount":5}}"#, numbers[2]);
        let money = arrive(&mut play, &money).unwrap().body;
        assert_eq!(field(&money, "rail"), "SWIFT");
        assert_eq!(field(&money, "deposit_id"), field(&body, "id"));
        // At the number that all share, the memo does.
        let memo = &fields(&body, "memo")[1];
        let money = format!(r#"{{"account_number":"591427090743","memo":"{memo}","amount":5}}"#);
        assert_eq!(
            field(&arrive(&mut play, &money).unwrap().body, "rail"),
            "ACH"
        );
        assert_eq!(play.balances("ACME_USD").0, "10");
        assert!(play.balanced());
    }
}

#[test]
fn persons_and_the_client_itself_are_named_as_receivers() {
    let mut play = Play::new();
    let jane = push(&mut play, "JANE_USD").unwrap().body;
    assert_eq!(field(&jane, "customer_name"), "Jane Doe");
    assert!(jane.contains("2 Example Street"));
    let treasury = push(&mut play, "TREASURY_USD").unwrap().body;
    assert_eq!(field(&treasury, "customer_name"), "Client of this sandbox");
    assert_ne!(fields(&jane, "memo")[0], fields(&treasury, "memo")[0]);
}

#[test]
fn euros_come_by_swift_and_coins_by_their_chain() {
    let mut play = Play::new();
    for (account, asset, kind) in [
        ("EUR", "FIAT_TESTNET_EUR", "SWIFT"),
        ("CAD", "FIAT_TESTNET_CAD", "SWIFT"),
        ("BTC", "BITCOIN_TESTNET_BTC", "CRYPTO"),
    ] {
        open(&mut play, account, asset);
        let body = push(&mut play, account).unwrap().body;
        assert_eq!(fields(&body, "instruction_type"), [kind]);
    }
    let body = push(&mut play, "BTC").unwrap().body;
    assert_eq!(field(&body, "blockchain"), "bitcoin");
    assert_eq!(field(&body, "network"), "testnet");
    let address = field(&body, "address");
    assert!(address.starts_with("tb1q"), "{address}");

    // In capitals it is the same address (BIP 173).
    let money = format!(
        r#"{{"address":"{}","amount":0.00000001}}"#,
        address.to_uppercase()
    );
    let money = arrive(&mut play, &money).unwrap().body;
    assert_eq!(field(&money, "rail"), "CRYPTO");
    assert_eq!(deposit_status(&play, &field(&body, "id")), "EXECUTED");
    assert_eq!(play.balances("BTC").0, "0.00000001");
    assert_eq!(history(&play, "BTC", "originator_type"), ["CRYPTO"]);
    assert!(play.balanced());
}

#[test]
fn an_address_belongs_to_its_account_for_good() {
    for platform in [Platform::Layer2V1_0_5, Platform::Union] {
        let mut play = fast(platform);
        for (account, asset, start) in [
            ("ETH", "ETHEREUM_SEPOLIA_ETH", "0x"),
            ("USDC", "ETHEREUM_SEPOLIA_USDC", "0x"),
            ("BTC", "BITCOIN_TESTNET_BTC", "tb1q"),
            ("SOL", "SOLANA_DEVNET_SOL", ""),
        ] {
            open(&mut play, account, asset);
            let lease = address(&mut play, account).unwrap().body;
            assert_eq!(field(&lease, "asset_type_id"), asset);
            assert_eq!(field(&lease, "lease_enforced"), "false");
            assert!(!lease.contains("lease_end_date"), "{lease}");
            let text = field(&lease, "wallet_address");
            assert!(text.starts_with(start), "{text}");
            assert_eq!(
                address(&mut play, account).unwrap().body,
                lease,
                "asked again"
            );
            let instructions = push(&mut play, account).unwrap().body;
            assert_eq!(field(&instructions, "address"), text);

            let money = format!(r#"{{"address":"{text}","amount":2}}"#);
            arrive(&mut play, &money).unwrap();
            assert_eq!(play.balances(account).0, "2");
            assert!(play.balanced());
        }
    }
}

#[test]
fn money_that_comes_in_another_way_belongs_to_the_standing_deposit() {
    let mut play = Play::new();
    let money = play.inbound("ACME_USD", "3").unwrap().body;
    let deposit = field(&money, "deposit_id");
    assert_eq!(deposit_status(&play, &deposit), "EXECUTED");
    let body = push(&mut play, "ACME_USD").unwrap().body;
    assert_eq!(field(&body, "id"), deposit);
    assert_eq!(field(&body, "status"), "EXECUTED");
}

#[test]
fn a_payment_that_cannot_be_credited_fails_the_deposit_until_one_can() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let asked = push(&mut play, "ACME_USD").unwrap().body;
        let (deposit, memo) = (field(&asked, "id"), field(&asked, "memo"));
        play.patch_account("ACME_USD", "FROZEN").unwrap();
        // A bank does not ask whether the account is frozen.
        let wire = format!(r#"{{"memo":"{memo}","amount":7}}"#);
        let money = arrive(&mut play, &wire).unwrap().body;
        play.advance(SignedDuration::from_mins(3));
        assert_eq!(deposit_status(&play, &deposit), "FAILURE");
        assert_eq!(
            history(&play, "ACME_USD", "transaction_status"),
            ["CANCELLED"]
        );
        assert_eq!(inbound_status(&play, &field(&money, "id")), "RETURNED");
        assert!(play.balanced());

        play.patch_account("ACME_USD", "OPEN").unwrap();
        arrive(&mut play, &wire).unwrap();
        play.advance(SignedDuration::from_mins(3));
        assert_eq!(deposit_status(&play, &deposit), "EXECUTED");
        assert_eq!(play.balances("ACME_USD").0, "7");
        assert!(play.balanced());
    }
}

/// Status of money from outside.
pub(crate) fn inbound_status(play: &Play, id: &str) -> String {
    let list = play
        .get("control.inbound_list", &[("sandbox", "default")], &[])
        .unwrap()
        .body;
    let ids = fields(&list, "id");
    let place = ids.iter().position(|known| known == id).unwrap();
    fields(&list, "status")[place].clone()
}

fn not_found(resource: &str, id: &str, place: &str, hint: &str) -> Rejection {
    Problem::new(
        code::NOT_FOUND,
        format!("There is no {resource} with this id in this sandbox."),
    )
    .at(place)
    .received(id)
    .expected(format!("the id of one {resource} of this sandbox"))
    .hint(hint)
    .not_found()
}

fn unknown() -> &'static str {
    "Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it."
}

fn frozen(place: &str) -> Rejection {
    Problem::new(
        code::ACCOUNT_NOT_USABLE,
        "Money of account `ACME_USD` cannot move: the account is FROZEN.",
    )
    .at(place)
    .received("FROZEN")
    .expected("an account that may transact: its own status and its customer's allow it")
    .hint("Change the status, or let control decide it, and try again.")
    .bad_request()
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn what_a_push_deposit_refuses() {
    let destination = "/deposit_destination/destination_account_id";
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        assert_eq!(
            push(&mut play, "ACME_UDS").unwrap_err(),
            not_found(
                "account",
                "ACME_UDS",
                destination,
                "Did you mean `ACME_USD`?"
            )
        );
        play.patch_account("ACME_USD", "FROZEN").unwrap();
        assert_eq!(
            push(&mut play, "ACME_USD").unwrap_err(),
            frozen(destination)
        );
        let other = r#"{"deposit_type":"DRAG","deposit_destination":{"destination_account_id":"ACME_USD"}}"#;
        let refused = play
            .post("payments.deposits_create", &[], other)
            .unwrap_err();
        assert_eq!(codes(&refused), ["VALIDATION_FAILED"]);

        assert_eq!(
            play.get("payments.deposits_get", &[("deposit_id", NOBODY)], &[])
                .unwrap_err(),
            not_found("deposit", NOBODY, "deposit_id", unknown())
        );
        assert_eq!(
            play.post("payments.deposits_accept", &[("deposit_id", NOBODY)], "")
                .unwrap_err(),
            not_found("deposit", NOBODY, "deposit_id", unknown())
        );
    }
}

#[test]
fn a_push_deposit_is_not_accepted() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let deposit = field(&push(&mut play, "ACME_USD").unwrap().body, "id");
        let refused = play
            .post("payments.deposits_accept", &[("deposit_id", &deposit)], "")
            .unwrap_err();
        let expected = Problem::new(
            code::DEPOSIT_NOT_ACCEPTABLE,
            "A PUSH deposit needs no acceptance: its money comes when somebody sends it.",
        )
        .at("deposit_id")
        .received("PUSH")
        .expected("PULL")
        .hint(
            "Send money by the instructions of the deposit; in a sandbox, through the control API.",
        );
        assert_eq!(refused, expected.bad_request());
    }
}

#[test]
fn what_a_request_for_an_address_refuses() {
    for platform in [Platform::Layer2V1_0_5, Platform::Union] {
        let mut play = fast(platform);
        assert_eq!(
            address(&mut play, "NOPE").unwrap_err(),
            not_found("account", "NOPE", "account_id", unknown())
        );
        let fiat = Problem::new(
            code::ADDRESS_NOT_AVAILABLE,
            "Account `ACME_USD` holds FIAT_TESTNET_USD, which is on no blockchain.",
        )
        .at("account_id")
        .received("FIAT_TESTNET_USD")
        .expected("an account that holds one of ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL")
        .hint("Ask for deposit instructions with `POST /v1/deposits`.");
        assert_eq!(
            address(&mut play, "ACME_USD").unwrap_err(),
            fiat.bad_request()
        );

        open(&mut play, "ACME_BTC", "BITCOIN_TESTNET_BTC");
        play.patch_account("ACME_BTC", "CLOSED").unwrap();
        let closed = Problem::new(
            code::ACCOUNT_NOT_USABLE,
            "Money of account `ACME_BTC` cannot move: the account is CLOSED.",
        )
        .at("account_id")
        .received("CLOSED")
        .expected("an account that may transact: its own status and its customer's allow it")
        .hint("CLOSED is final; use another account.");
        assert_eq!(
            address(&mut play, "ACME_BTC").unwrap_err(),
            closed.bad_request()
        );
    }
    let refused = address(&mut fast(Platform::RailV1_1_2), "ACME_USD").unwrap_err();
    assert_eq!((refused.status, codes(&refused)), (404, vec!["NOT_FOUND"]));
}

#[test]
fn a_key_gives_one_deposit_and_another_request_with_it_is_refused() {
    use crate::support::request;
    for (op, path, body, other_path, other_body) in [
        (
            "payments.deposits_create",
            vec![],
            Some(
                r#"{"deposit_type":"PUSH","deposit_destination":{"destination_account_id":"ACME_USD"}}"#,
            ),
            vec![],
            Some(
                r#"{"deposit_type":"PUSH","deposit_destination":{"destination_account_id":"JANE_USD"}}"#,
            ),
        ),
        (
            "payments.accounts_request_address",
            vec![("account_id", "ACME_BTC")],
            None,
            vec![("account_id", "ACME_ETH")],
            None,
        ),
    ] {
        let mut play = Play::new();
        open(&mut play, "ACME_BTC", "BITCOIN_TESTNET_BTC");
        open(&mut play, "ACME_ETH", "ETHEREUM_SEPOLIA_ETH");
        let sent = |path: &[(&str, &str)], body: Option<&str>| {
            request(op, path, &[], body.map(str::to_owned))
        };
        let first = play.send(sent(&path, body), Some("key-1")).unwrap();
        let again = play.send(sent(&path, body), Some("key-1")).unwrap();
        assert!(again.replayed);
        assert_eq!(again.reply.unwrap().body, first.reply.unwrap().body);
        let refused = play
            .send(sent(&other_path, other_body), Some("key-1"))
            .unwrap_err();
        let operation = op.strip_prefix("payments.").unwrap();
        let what = if body.is_some() { "body" } else { "path" };
        let expected = Problem::new(
            code::IDEMPOTENCY_KEY_REUSED,
            format!("This idempotency key was used for another request of `{operation}`: the {what} differs."),
        )
        .at("x-l2f-idempotency-id")
        .received("key-1")
        .expected("the same request as the first time, or a key that was not used yet")
        .hint("Make one key per logical operation and keep it for its retries alone.");
        assert_eq!(refused, expected.bad_request());
    }
}

/// Goal: whoever follows the event knows when senders have to be told something new, and is not woken otherwise.
#[test]
fn instructions_tell_when_they_come_and_when_they_change() {
    const EVENT: &str = "ACCOUNT_DEPOSIT_INSTRUCTIONS_UPDATE";
    let mut play = fast(Platform::Union);
    open(&mut play, "ACME_USDC", "ETHEREUM_SEPOLIA_USDC");
    play.subscribe(EVENT);

    push(&mut play, "ACME_USD").unwrap();
    let sent = play.deliver(TAKEN);
    let bodies: Vec<&str> = sent.iter().map(|due| due.body.as_str()).collect();
    let [body] = bodies.as_slice() else {
        panic!("{bodies:?}");
    };
    assert_eq!(field(body, "event_type"), EVENT);
    assert!(
        body.contains(r#""event_data":{"account":{"id":"ACME_USD","status":"OPEN"}}"#),
        "{body}"
    );
    // They are there already, whoever asks for them.
    push(&mut play, "ACME_USD").unwrap();
    play.inbound("ACME_USD", "10").unwrap();
    assert!(play.told().is_empty());

    // The first address of an account, and the first money that comes to one.
    let path = [("account_id", "ACME_USDC")];
    play.post("payments.accounts_request_address", &path, "")
        .unwrap();
    assert_eq!(play.told(), [EVENT]);
    play.inbound("JANE_USD", "10").unwrap();
    assert_eq!(play.told(), [EVENT]);

    let changed = |play: &mut Play, name: &str, value: &str| {
        let body = format!(r#"{{"updates":[{{"field":"{name}","value":"{value}"}}]}}"#);
        play.post(
            "payments.customers_update",
            &[("customer_id", "ACME")],
            &body,
        )
        .unwrap();
        let sent = play.deliver(TAKEN);
        sent.iter()
            .map(|due| {
                let account = due.body.split(r#""account":"#).nth(1).unwrap();
                field(account, "id")
            })
            .collect::<Vec<_>>()
    };
    // Coins go to an address, whoever owns it.
    assert_eq!(
        changed(&mut play, "registered_name", "Acme Two Inc"),
        ["ACME_USD"]
    );
    assert_eq!(
        changed(&mut play, "registered_address.city", "Salem"),
        ["ACME_USD"]
    );
    assert!(changed(&mut play, "registered_address.city", "Salem").is_empty());
    assert!(changed(&mut play, "website_address", "https://acme.example").is_empty());
}

#[test]
fn layer2_does_not_tell_of_instructions() {
    let mut play = fast(Platform::Layer2V1_0_5);
    let body = r#"{"event_type":"ACCOUNT_DEPOSIT_INSTRUCTIONS_UPDATE","callback_url":"http://127.0.0.1:9/h"}"#;
    let refused = play.post("payments.subscriptions_create", &[], body);
    assert_eq!(codes(&refused.unwrap_err()), ["VALIDATION_FAILED"]);
    play.subscribe("APPLICATION_APPROVED");
    push(&mut play, "ACME_USD").unwrap();
    assert!(play.told().is_empty());
}
