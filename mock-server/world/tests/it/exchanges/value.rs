//! Exchanges never make value: whatever is traded, at whatever rate, custody changes by what the customer gives and
//! takes, and the customer never gets more than the price.

use proptest::prelude::*;

use super::Order;
use super::SALE;
use super::USD;
use super::USDC;
use super::play;
use crate::support::Play;
use crate::support::field;

/// A decimal of the wire as a whole number of 10^-`scale`.
fn units(text: &str, scale: usize) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<scale$}").parse().unwrap()
}

fn decimal(units: u64, scale: u32) -> String {
    let base = 10_u64.pow(scale);
    let width = usize::try_from(scale).unwrap();
    format!("{}.{:0width$}", units / base, units % base)
}

/// Custody of an asset, from the trial balance.
fn custody(play: &Play, asset: &str, scale: usize) -> i128 {
    let balance = play
        .get("control.ledger_trial_balance", &[], &[])
        .unwrap()
        .body;
    let place = balance.find(&format!("\"{asset}\""));
    place.map_or(0, |place| {
        units(&field(&balance[place..], "custody"), scale)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_customer_never_gets_more_than_the_price(
        rate in 1..3_000_000_u64,
        amount in 1..5_000_000_u64,
        sells in any::<bool>(),
    ) {
        let mut play = play();
        play.inbound("ACME_USD", "100000000000").unwrap();
        play.pin(USD, USDC, &decimal(rate, 6));
        // Cents are sold, or millionths are bought.
        let (action, amount) = if sells {
            ("FIX_SOURCE", decimal(amount, 2))
        } else {
            ("FIX_DESTINATION", decimal(amount, 6))
        };
        let before = (custody(&play, USD, 2), custody(&play, USDC, 6));
        let Ok(requested) = play.exchange(Order { action, amount: &amount, ..SALE }) else {
            prop_assert!(sells && rate * 10_000 < 10_000_000_000, "only too little is refused");
            return Ok(());
        };
        let id = field(&requested.body, "id");
        play.accept_exchange(&id, "0").unwrap();
        play.assert_sound();

        let body = play.exchange_now(&id);
        prop_assert_eq!(field(&body, "status"), "EXECUTED");
        let debit = units(&field(&body, "amount_to_debit"), 2);
        let credit = units(&field(&body, "amount_to_credit"), 6);
        prop_assert!(debit > 0 && credit > 0);
        // debit / 10^2 * rate / 10^6 is what the price gives, credit / 10^6 what was got.
        let (given, got) = (debit * i128::from(rate), credit * 100);
        prop_assert!(got <= given, "{got} for {given}");
        // Less than one smallest unit of what is not fixed is lost.
        let lost = given - got;
        prop_assert!(lost < if sells { 100 } else { i128::from(rate) }, "{lost} lost");
        let after = (custody(&play, USD, 2), custody(&play, USDC, 6));
        prop_assert_eq!(after, (before.0 - debit, before.1 + credit));
        let charged = units("100000001000", 2) - units(&play.balances("ACME_USD").0, 2);
        prop_assert_eq!(charged, debit);
        prop_assert_eq!(units(&play.balances("ACME_USDC").0, 6), credit);
    }

    #[test]
    fn there_and_back_never_pays(amount in 1..90_000_u64, minutes in 0..14_i64) {
        let mut play = play();
        let there = Order { to: "ACME_BTC", amount: &decimal(amount, 2), ..SALE };
        let Ok(requested) = play.exchange(there) else {
            return Ok(());
        };
        let id = field(&requested.body, "id");
        play.accept_exchange(&id, "0.5").unwrap();
        let bought = field(&play.exchange_now(&id), "amount_to_credit");
        let back = Order { from: "ACME_BTC", to: "ACME_USD", amount: &bought, ..SALE };
        let Ok(requested) = play.exchange(back) else {
            return Ok(());
        };
        play.advance(jiff::SignedDuration::from_mins(minutes));
        play.accept_exchange(&field(&requested.body, "id"), "0.5").unwrap();
        play.assert_sound();
        prop_assert_eq!(play.balances("ACME_BTC").0, "0");
        // The course of a quarter of an hour is less than the two percent that two exchanges cost.
        prop_assert!(units(&play.balances("ACME_USD").0, 2) < 100_000);
    }
}
