//! Exchanges that are not traded, or only just: the slippage, what was held, the time, the accounts, the books.

use jiff::SignedDuration;

use super::BTC;
use super::Order;
use super::PURCHASE;
use super::SALE;
use super::SETTLED;
use super::USD;
use super::pair;
use super::play;
use super::realistic;
use crate::support::Play;
use crate::support::field;
use crate::support::fields;

/// An exchange of an order at a first rate that is due for its execution at a second one.
fn moved(order: Order<'_>, rates: [&str; 2], slippage: &str) -> (Play, String) {
    let mut play = realistic();
    play.pin(USD, BTC, rates[0]);
    let order = Order {
        to: "ACME_BTC",
        ..order
    };
    let id = play.accepted(order, slippage);
    play.pin(USD, BTC, rates[1]);
    play.advance(SETTLED);
    play.assert_sound();
    (play, id)
}

#[test]
fn a_sale_is_traded_up_to_its_slippage_and_rejected_beyond() {
    let sale = Order {
        amount: "500",
        ..SALE
    };
    let (play, id) = moved(sale, ["0.00002", "0.0000199"], "0.005");
    assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
    assert_eq!(play.balances("ACME_BTC").0, "0.00995", "the limit itself");
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-500", "0.00995"],
        "the estimate became final"
    );

    let (play, id) = moved(sale, ["0.00002", "0.0000199"], "0.0049");
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "status"), "REJECTED");
    assert_eq!(field(&body, "amount_to_debit"), "500");
    assert!(!body.contains("amount_to_credit"), "{body}");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert_eq!(play.balances("ACME_BTC"), pair("0", "0"));
    let list = play.transactions_of(&id);
    assert_eq!(
        fields(&list, "transaction_status"),
        ["CANCELLED", "CANCELLED"]
    );
}

#[test]
fn a_purchase_is_traded_up_to_its_slippage_and_never_beyond_what_was_held() {
    let purchase = Order {
        amount: "0.01",
        ..PURCHASE
    };
    // Half a percent dearer: 500 becomes 502.52, since a part of a cent is paid whole.
    let (play, id) = moved(purchase, ["0.00002", "0.0000199"], "0.00504");
    assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
    assert_eq!(play.balances("ACME_USD"), pair("497.48", "497.48"));
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01", "2.48"]
    );
    let (play, id) = moved(purchase, ["0.00002", "0.0000199"], "0.00503");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));

    let (play, id) = moved(purchase, ["0.00002", "0.00001980198019802"], "0.5");
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01"],
        "all that was held was needed, so nothing comes back"
    );
    let (play, id) = moved(purchase, ["0.0000204", "0.00002"], "0.5");
    assert_eq!(
        field(&play.exchange_now(&id), "status"),
        "REJECTED",
        "two percent dearer"
    );
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
}

#[test]
fn a_better_price_is_always_taken() {
    let sale = Order {
        amount: "500",
        ..SALE
    };
    let (play, _) = moved(sale, ["0.00002", "0.00003"], "0");
    assert_eq!(play.balances("ACME_BTC").0, "0.015");
    let purchase = Order {
        amount: "0.01",
        ..PURCHASE
    };
    let (play, id) = moved(purchase, ["0.00002", "0.000025"], "0");
    assert_eq!(play.balances("ACME_USD"), pair("600", "600"));
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01", "105"]
    );
}

#[test]
fn a_price_that_gives_nothing_is_no_price() {
    let sale = Order {
        amount: "0.01",
        ..SALE
    };
    let (play, id) = moved(sale, ["0.000001", "0.0000001"], "0.999");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
}

#[test]
fn an_exchange_waits_a_quarter_of_an_hour_to_the_microsecond() {
    let mut play = play();
    let early = play.requested(SALE);
    let late = play.requested(SALE);
    // The clock stands at the request of `late`, a microsecond after that of `early`.
    play.advance(SignedDuration::from_mins(15) - SignedDuration::from_micros(1));
    play.accept_exchange(&early, "0").unwrap();
    play.advance(SignedDuration::from_micros(1));
    assert_eq!(field(&play.exchange_now(&late), "status"), "REQUESTED");
    play.advance(SignedDuration::from_micros(1));
    let body = play.exchange_now(&late);
    assert_eq!(field(&body, "status"), "EXPIRED");
    assert_eq!(field(&body, "amount_to_credit"), "722.772277");
    play.advance(SignedDuration::from_mins(15));
    assert_eq!(field(&play.exchange_now(&early), "status"), "EXECUTED");
    play.assert_sound();
}

#[test]
fn an_account_that_froze_meanwhile_neither_pays_nor_is_paid() {
    for frozen in ["ACME_USD", "ACME_USDC"] {
        let mut play = realistic();
        let id = play.accepted(PURCHASE, "0.01");
        play.patch_account(frozen, "FROZEN").unwrap();
        play.advance(SETTLED);
        assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
        assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"), "{frozen}");
        assert_eq!(play.balances("ACME_USDC"), pair("0", "0"), "{frozen}");
        assert_eq!(
            fields(&play.transactions_of(&id), "transaction_status"),
            ["CANCELLED", "CANCELLED"]
        );
        play.assert_sound();
    }
}

#[test]
fn books_that_are_full_take_no_more() {
    let mut play = play();
    play.inbound("ACME_USDC", "9999999999999999999999.5")
        .unwrap();
    let id = play.accepted(SALE, "0.01");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert_eq!(play.balances("ACME_USDC").0, "9999999999999999999999.5");
    play.assert_sound();
}
