//! Exchanges that are traded: what is held, what is posted, what comes back, and who hears of it.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Settings;

use super::Order;
use super::PURCHASE;
use super::SALE;
use super::SETTLED;
use super::pair;
use super::play;
use super::play_with;
use super::realistic;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::field;
use crate::support::fields;

#[test]
fn a_sale_moves_money_once_it_is_accepted_and_not_before() {
    let mut play = realistic();
    let reply = play.exchange(SALE).unwrap();
    let id = field(&reply.body, "id");
    let created = field(&reply.body, "created_timestamp");
    assert_eq!(
        reply.body,
        format!(
            r#"{{"data":{{"id":"{id}","status":"REQUESTED","created_timestamp":"{created}","exchange_type":"MARKET","action":"FIX_SOURCE","source_details":{{"source_account_id":"ACME_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_debit":730}},"destination_details":{{"destination_account_id":"ACME_USDC","asset_type_id":"ETHEREUM_SEPOLIA_USDC","amount_to_credit":722.772277}}}}}}"#
        )
    );
    assert_eq!(play.exchange_now(&id), reply.body);
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert!(fields(&play.transactions_of(&id), "id").is_empty());
    play.assert_sound();

    let accepted = play.accept_exchange(&id, "0.001").unwrap();
    assert_eq!(
        accepted.body,
        reply
            .body
            .replace("REQUESTED", "ACCEPTED")
            .replace(r#","amount_to_credit":722.772277"#, ""),
        "the estimate is not told any more"
    );
    assert_eq!(play.balances("ACME_USD"), pair("1000", "270"));
    assert_eq!(play.balances("ACME_USDC"), pair("0", "0"));
    let list = play.transactions_of(&id);
    assert_eq!(
        fields(&list, "transaction_status"),
        ["AUTHORIZED", "PENDING"]
    );
    assert_eq!(fields(&list, "value"), ["-730", "722.772277"]);
    play.assert_sound();

    play.advance(SETTLED);
    assert_eq!(
        play.exchange_now(&id),
        reply.body.replace("REQUESTED", "EXECUTED")
    );
    assert_eq!(play.balances("ACME_USD"), pair("270", "270"));
    assert_eq!(play.balances("ACME_USDC"), pair("722.772277", "722.772277"));
    let list = play.transactions_of(&id);
    assert_eq!(fields(&list, "transaction_status"), ["POSTED", "POSTED"]);
    assert_eq!(fields(&list, "transaction_type"), ["TRADE", "TRADE"]);
    assert_eq!(fields(&list, "category_type"), ["EXCHANGE", "EXCHANGE"]);
    assert_eq!(fields(&list, "description"), ["Treasury", "Treasury"]);
    play.assert_sound();
}

#[test]
fn what_was_observed_on_the_platform_comes_out_here() {
    let mut play = play();
    for (from, to, debit, credit) in [
        ("ACME_USD", "ACME_USDC", "1", "0.990099"),
        ("ACME_USD", "ACME_USDC", "730", "722.772277"),
        ("ACME_USDC", "ACME_USD", "0.5", "0.49"),
    ] {
        let order = Order {
            from,
            to,
            amount: debit,
            ..SALE
        };
        let id = play.accepted(order, "0");
        let body = play.exchange_now(&id);
        assert_eq!(field(&body, "status"), "EXECUTED");
        assert_eq!(field(&body, "amount_to_debit"), debit);
        assert_eq!(field(&body, "amount_to_credit"), credit);
    }
    assert_eq!(play.balances("ACME_USD").0, "269.49");
    assert_eq!(play.balances("ACME_USDC").0, "723.262376");
}

#[test]
fn a_purchase_holds_one_percent_more_and_gives_it_back() {
    let mut play = realistic();
    let id = play.requested(PURCHASE);
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "exchange_type"), "QUOTE");
    assert_eq!(field(&body, "amount_to_debit"), "101");
    assert_eq!(field(&body, "amount_to_credit"), "100");

    let accepted = play.accept_exchange(&id, "0").unwrap().body;
    assert!(!accepted.contains("amount_to_debit"), "{accepted}");
    assert_eq!(field(&accepted, "amount_to_credit"), "100");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "897.99"));
    play.assert_sound();

    play.advance(SETTLED);
    assert_eq!(play.balances("ACME_USD"), pair("899", "899"));
    assert_eq!(play.balances("ACME_USDC"), pair("100", "100"));
    let list = play.transactions_of(&id);
    assert_eq!(fields(&list, "value"), ["-102.01", "100", "1.01"]);
    assert_eq!(
        fields(&list, "transaction_type"),
        ["TRADE", "TRADE", "CREDIT_CORRECTION"]
    );
    assert_eq!(
        fields(&list, "transaction_status"),
        ["POSTED", "POSTED", "POSTED"]
    );
    assert_eq!(fields(&list, "transaction_posted_date").len(), 3);
    assert_eq!(field(&play.exchange_now(&id), "amount_to_debit"), "101");
    play.assert_sound();
}

#[test]
fn both_types_take_both_actions() {
    for pricing in ["market", "quote"] {
        for (action, debit, credit) in [
            ("FIX_SOURCE", "20", "19.80198"),
            ("FIX_DESTINATION", "20.2", "20"),
        ] {
            let mut play = play();
            let order = Order {
                pricing,
                action,
                amount: "20",
                ..SALE
            };
            let id = play.accepted(order, "0.001");
            let body = play.exchange_now(&id);
            assert_eq!(field(&body, "status"), "EXECUTED", "{pricing} {action}");
            assert_eq!(field(&body, "action"), action);
            assert_eq!(field(&body, "amount_to_debit"), debit);
            assert_eq!(
                field(&body, "amount_to_credit"),
                credit,
                "{pricing} {action}"
            );
        }
    }
}

#[test]
fn an_exchange_wakes_the_accounts_that_it_uses() {
    let mut play = play();
    play.advance(SignedDuration::from_hours(24 * 366));
    for account in ["ACME_USD", "ACME_USDC"] {
        assert_eq!(play.account_status(account), "DORMANT", "{account}");
    }
    play.accepted(PURCHASE, "0.01");
    for account in ["ACME_USD", "ACME_USDC"] {
        assert_eq!(play.account_status(account), "OPEN", "{account}");
    }
    assert_eq!(play.account_status("ACME_BTC"), "DORMANT");
}

#[test]
fn an_accepted_exchange_leaves_no_work_behind() {
    let mut play = play();
    let waiting = |play: &Play| play.world.pending_jobs().count();
    let before = waiting(&play);
    let id = play.requested(SALE);
    assert_eq!(waiting(&play), before + 1, "it may expire");
    play.accept_exchange(&id, "0").unwrap();
    assert_eq!(waiting(&play), before);
}

#[test]
fn what_was_bought_can_be_spent_and_entries_say_what_they_are_for() {
    let mut play = play();
    let id = play.accepted(PURCHASE, "0.01");
    let query = [("account_id", "ACME_USD")];
    let entries = play
        .get("control.ledger_entries", &[], &query)
        .unwrap()
        .body;
    let descriptions = fields(&entries, "description");
    assert_eq!(
        descriptions[1..],
        [
            format!("exchange {id}"),
            format!("market adjustment of exchange {id}")
        ]
    );
    let all = play.get("control.ledger_entries", &[], &[]).unwrap().body;
    assert_eq!(
        fields(&all, "description").last(),
        Some(&format!("settlement of exchange {id}"))
    );
    let back = Order {
        from: "ACME_USDC",
        to: "ACME_USD",
        amount: "100",
        ..SALE
    };
    play.accepted(back, "0.01");
    assert_eq!(play.balances("ACME_USDC"), pair("0", "0"));
    assert_eq!(play.balances("ACME_USD").0, "998", "1 % each way, cut");
}

/// What a subscriber may hear of an exchange, but not under the older version.
const TOLD: &[&str] = &[
    "TRANSACTION_AUTHORIZED",
    "TRANSACTION_PENDING",
    "TRANSACTION_POSTED",
    "TRANSACTION_CANCELLED",
];

#[test]
fn an_exchange_is_told_in_the_documented_order_on_each_platform() {
    for (platform, quotes, tells) in [
        (Platform::Union, true, true),
        (Platform::Layer2V1_0_5, true, false),
        (Platform::RailV1_1_2, false, true),
    ] {
        let mut settings = Settings::default();
        settings.platform = platform;
        let mut play = play_with(settings);
        for event in TOLD {
            let body =
                format!(r#"{{"event_type":"{event}","callback_url":"http://127.0.0.1:9/h"}}"#);
            let subscribed = play.post("payments.subscriptions_create", &[], &body);
            assert_eq!(subscribed.is_ok(), tells, "{platform} {event}");
        }
        assert_eq!(play.exchange(PURCHASE).is_ok(), quotes, "{platform}");
        let purchase = Order {
            pricing: "market",
            ..PURCHASE
        };
        let id = play.requested(purchase);
        assert!(play.deliver(TAKEN).is_empty(), "a request is not told");
        play.accept_exchange(&id, "0").unwrap();
        assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
        let sent = play.deliver(TAKEN);
        let told: Vec<_> = sent
            .iter()
            .map(|due| {
                assert_eq!(field(&due.body, "category_id"), id);
                assert_eq!(field(&due.body, "category_type"), "EXCHANGE");
                let event = field(&due.body, "event_type");
                (event, field(&due.body, "account_id"))
            })
            .collect();
        let expected = [
            ("TRANSACTION_AUTHORIZED", "ACME_USD"),
            ("TRANSACTION_PENDING", "ACME_USDC"),
            ("TRANSACTION_POSTED", "ACME_USD"),
            ("TRANSACTION_POSTED", "ACME_USDC"),
            ("TRANSACTION_POSTED", "ACME_USD"),
        ]
        .map(|(event, account)| (event.to_owned(), account.to_owned()));
        assert_eq!(told, if tells { &expected[..] } else { &[] }, "{platform}");
    }
}
