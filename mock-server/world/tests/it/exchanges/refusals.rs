//! Every refusal of an exchange or a rate, word for word; each leaves no trace.

mod orders;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Settings;

use super::Order;
use super::PURCHASE;
use super::SALE;
use super::play;
use super::play_with;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;
use crate::support::request;
use orders::Refused;
use orders::orders;

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";
const OTHER_IDS: &str = "Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.";

fn play_on(platform: Platform) -> Play {
    let mut settings = Settings::default();
    settings.platform = platform;
    play_with(settings)
}

/// The order as the version takes it: the newer one has no quotes, and its market does the same.
fn known_to(platform: Platform, order: Order<'static>) -> Order<'static> {
    match platform {
        Platform::RailV1_1_2 => Order {
            pricing: "market",
            ..order
        },
        Platform::Layer2V1_0_5 | Platform::Union => order,
    }
}

/// A refused order and its refusal under a version. Without quotes none is refused for being one, and none is named.
fn asked_on(platform: Platform, (order, mut expected): Refused) -> Option<Refused> {
    if platform == Platform::RailV1_1_2 {
        let problem = &mut expected.problems[0];
        match problem.received.as_deref() {
            Some("QUOTE FIX_SOURCE") => return None,
            Some("MARKET FIX_SOURCE") => {
                problem.expected = Some("no order at all between these two accounts".to_owned());
            }
            _ => {}
        }
    }
    Some((known_to(platform, order), expected))
}

/// Acme with accounts behind every custodian.
fn prepared(platform: Platform) -> Play {
    let mut play = play_on(platform);
    play.open("ACME_EUR", "DEPOSIT_BASIC", "FIAT_TESTNET_EUR");
    play.open("FORT_USD", "DEPOSIT_FORT_FIAT", "FIAT_TESTNET_USD");
    play.open("FORT_USDC", "DEPOSIT_FORT_CRYPTO", "ETHEREUM_SEPOLIA_USDC");
    play.open("ANCH_USDC", "DEPOSIT_ANCH_CRYPTO", "ETHEREUM_SEPOLIA_USDC");
    play
}

#[test]
fn each_order_that_is_refused_is_told_why() {
    for &platform in Platform::ALL {
        for (order, expected) in orders()
            .into_iter()
            .filter_map(|row| asked_on(platform, row))
        {
            let mut play = prepared(platform);
            let rejection = play
                .post(&order.operation(), &[], &order.body())
                .unwrap_err();
            assert_eq!(rejection, expected, "{platform} {}", order.body());
        }
    }
}

#[test]
fn money_of_an_account_that_is_frozen_cannot_be_exchanged() {
    for &platform in Platform::ALL {
        let frozen = |account: &str, pointer: &str| {
            Problem::new(
                "ACCOUNT_NOT_USABLE",
                format!("Money of account `{account}` cannot move: the account is FROZEN."),
            )
            .at(pointer)
            .received("FROZEN")
            .expected("an account that may transact: its own status and its customer's allow it")
            .hint("Change the status, or let control decide it, and try again.")
            .bad_request()
        };
        for (account, pointer) in [
            ("ACME_USD", "/source_account_id"),
            ("ACME_USDC", "/destination_account_id"),
        ] {
            for order in [SALE, PURCHASE] {
                let order = known_to(platform, order);
                let mut play = play_on(platform);
                let id = field(&play.exchange(order).unwrap().body, "id");
                play.patch_account(account, "FROZEN").unwrap();
                let rejection = play
                    .post(&order.operation(), &[], &order.body())
                    .unwrap_err();
                assert_eq!(rejection, frozen(account, pointer));
                let rejection = refused_acceptance(&mut play, &id, "0.01");
                assert_eq!(rejection, frozen(account, "exchange_id"));
            }
        }
    }
}

fn refused_acceptance(play: &mut Play, id: &str, slippage: &str) -> Rejection {
    let body = format!(r#"{{"maximum_slippage":{slippage}}}"#);
    let path = [("exchange_id", id)];
    play.post("payments.exchanges_accept", &path, &body)
        .unwrap_err()
}

#[test]
fn an_exchange_that_is_not_known_cannot_be_read_or_accepted() {
    for &platform in Platform::ALL {
        let mut play = play_on(platform);
        let expected = Problem::new(
            "NOT_FOUND",
            "There is no exchange with this id in this sandbox.",
        )
        .at("exchange_id")
        .received(UNKNOWN)
        .expected("the id of one exchange of this sandbox")
        .hint(OTHER_IDS)
        .not_found();
        let read = play.get("payments.exchanges_get", &[("exchange_id", UNKNOWN)], &[]);
        assert_eq!(read.unwrap_err(), expected);
        assert_eq!(refused_acceptance(&mut play, UNKNOWN, "0.01"), expected);
    }
}

#[test]
fn an_exchange_is_accepted_once() {
    for &platform in Platform::ALL {
        let mut play = play_on(platform);
        let id = field(&play.exchange(SALE).unwrap().body, "id");
        play.accept_exchange(&id, "0.01").unwrap();
        assert_eq!(
        refused_acceptance(&mut play, &id, "0.01"),
        Problem::new(
            "EXCHANGE_NOT_ACCEPTABLE",
            "The exchange is EXECUTED; only a REQUESTED one can be accepted.",
        )
        .at("exchange_id")
        .received("EXECUTED")
        .expected("REQUESTED")
        .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.")
        .bad_request()
    );
    }
}

#[test]
fn an_exchange_that_ran_out_says_until_when_it_could_be_accepted() {
    for &platform in Platform::ALL {
        let mut settings = Settings::default();
        settings.platform = platform;
        settings.timestamps = layer2_world::TimestampStyle::Utc;
        let mut play = play_with(settings);
        let id = field(&play.exchange(SALE).unwrap().body, "id");
        play.advance(SignedDuration::from_mins(16));
        let rejection = refused_acceptance(&mut play, &id, "0.01");
        assert_eq!(
            rejection,
            Problem::new(
                "EXCHANGE_EXPIRED",
                "The exchange could be accepted until 2026-01-05T14:18:00.000003+00:00.",
            )
            .at("exchange_id")
            .received("2026-01-05T14:19:00.000003+00:00")
            .expected("an acceptance by 2026-01-05T14:18:00.000003+00:00")
            .hint("Request a new exchange and accept it in time.")
            .bad_request()
        );
    }
}

#[test]
fn money_that_is_not_there_is_not_held() {
    for &platform in Platform::ALL {
        let mut play = play_on(platform);
        let missing = |available: &str, needed: &str, hint: &str| {
            Problem::new(
            "INSUFFICIENT_FUNDS",
            format!(
                "Account `ACME_USD` has {available} FIAT_TESTNET_USD available; the exchange needs {needed}."
            ),
        )
        .at("exchange_id")
        .received(needed)
        .expected(format!("at most {available}"))
        .hint(hint)
        .bad_request()
        };
        let sale = Order {
            amount: "1000.01",
            ..SALE
        };
        let id = field(&play.exchange(sale).unwrap().body, "id");
        assert_eq!(
            refused_acceptance(&mut play, &id, "0.01"),
            missing(
                "1000",
                "1000.01",
                "Held and pending money is not available, and amounts are in units of the asset, never in cents. In a sandbox, let money arrive through the control API."
            )
        );
        // It costs 999.9, but 1009.9 (a part of a cent is held whole) has to be there.
        let purchase = Order {
            amount: "990",
            ..PURCHASE
        };
        let id = field(
            &play.exchange(known_to(platform, purchase)).unwrap().body,
            "id",
        );
        assert_eq!(
            refused_acceptance(&mut play, &id, "0.01"),
            missing(
                "1000",
                "1009.9",
                "FIX_DESTINATION holds 1 % more than its estimate; what the trade does not need comes back."
            )
        );
        assert_eq!(play.balances("ACME_USD").1, "1000");
    }
}

#[test]
fn a_slippage_in_percent_is_refused() {
    for &platform in Platform::ALL {
        let mut play = play_on(platform);
        let id = field(&play.exchange(SALE).unwrap().body, "id");
        for slippage in ["1", "-0.01"] {
            assert_eq!(
            refused_acceptance(&mut play, &id, slippage),
            Problem::new(
                "VALIDATION_FAILED",
                "The slippage is a fraction of the accepted amount.",
            )
            .at("/maximum_slippage")
            .received(slippage)
            .expected("a number from 0 on and below 1")
            .hint("0.01 is one percent, 0.001 ten basis points; 1 would accept the loss of everything.")
            .bad_request()
        );
        }
    }
}

#[test]
fn a_key_gives_its_old_quote_and_serves_no_other_request() {
    let mut play = play();
    let to_bitcoin = Order {
        to: "ACME_BTC",
        ..SALE
    };
    for pricing in ["market", "quote"] {
        let order = Order {
            pricing,
            ..to_bitcoin
        };
        let ask = |order: Order<'_>| request(&order.operation(), &[], &[], Some(order.body()));
        let first = play.send(ask(order), Some("k")).unwrap();
        play.advance(SignedDuration::from_mins(1));
        let again = play.send(ask(order), Some("k")).unwrap();
        assert_eq!(again.reply, first.reply, "old as it is by then");
        let other = Order {
            amount: "731",
            ..order
        };
        let rejection = play.send(ask(other), Some("k")).unwrap_err();
        assert_eq!(
            rejection,
            reused(&format!("exchanges_create_{pricing}"), "body differs")
        );
    }
    let accept = |id: &str, slippage: &str| {
        request(
            "payments.exchanges_accept",
            &[("exchange_id", id)],
            &[],
            Some(format!(r#"{{"maximum_slippage":{slippage}}}"#)),
        )
    };
    let id = field(&play.exchange(SALE).unwrap().body, "id");
    let first = play.send(accept(&id, "0.01"), Some("k")).unwrap();
    let again = play.send(accept(&id, "0.01"), Some("k")).unwrap();
    assert_eq!(again.reply, first.reply, "it still says ACCEPTED");
    assert_eq!(play.balances("ACME_USD").0, "270", "traded once");
    let rejection = play.send(accept(&id, "0.02"), Some("k")).unwrap_err();
    assert_eq!(rejection, reused("exchanges_accept", "body differs"));
}

fn reused(operation: &str, what: &str) -> Rejection {
    Problem::new(
        "IDEMPOTENCY_KEY_REUSED",
        format!("This idempotency key was used for another request of `{operation}`: the {what}."),
    )
    .at("x-l2f-idempotency-id")
    .received("k")
    .expected("the same request as the first time, or a key that was not used yet")
    .hint("Make one key per logical operation and keep it for its retries alone.")
    .bad_request()
}

#[test]
fn a_version_without_quotes_names_no_order_that_it_does_not_have() {
    let mut play = play_on(Platform::RailV1_1_2);
    play.open("ANCH_USDC", "DEPOSIT_ANCH_CRYPTO", "ETHEREUM_SEPOLIA_USDC");
    let order = Order {
        to: "ANCH_USDC",
        ..SALE
    };
    let rejection = play
        .post(&order.operation(), &[], &order.body())
        .unwrap_err();
    assert_eq!(
        rejection.problems[0].expected.as_deref(),
        Some("no order at all between these two accounts")
    );
    let rejection = play.exchange(PURCHASE).unwrap_err();
    assert_eq!(
        (rejection.status, codes(&rejection)),
        (404, vec!["NOT_FOUND"])
    );
}

/// A rate of an asset that is misspelt.
fn unknown(pointer: &str) -> Rejection {
    Problem::new("ASSET_NOT_SUPPORTED", "There is no such asset type.")
            .at(pointer)
            .received("FIAT_TESTNET_USB")
            .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD, ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL")
            .hint("Did you mean `FIAT_TESTNET_USD`?")
            .bad_request()
}

/// A rate of two assets that cannot be exchanged for each other.
fn no_pair(pointer: &str) -> Rejection {
    Problem::new(
            "PAIR_NOT_SUPPORTED",
            "FIAT_TESTNET_EUR cannot be exchanged for FIAT_TESTNET_USD.",
        )
        .at(pointer)
        .received("FIAT_TESTNET_USD")
        .expected("ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL")
        .hint("An exchange leads from fiat to crypto or back; change twice to go further.")
        .bad_request()
}

fn out_of_range(rate: &str) -> Rejection {
    Problem::new("RATE_OUT_OF_RANGE", "The rate cannot be pinned.")
        .at("/rate")
        .received(rate)
        .expected("a number above 0 and up to 1000000000000, with at most 18 decimals")
        .hint(
            "It is told in units of the asset that is bought for one unit of the one that is sold.",
        )
        .bad_request()
}

#[test]
fn each_rate_that_is_refused_is_told_why() {
    for &platform in Platform::ALL {
        let pin = |source: &str, destination: &str, rate: &str| {
            format!(
                r#"{{"source_asset_type_id":"{source}","destination_asset_type_id":"{destination}","rate":{rate}}}"#
            )
        };
        let (usd, eur, btc) = (super::USD, "FIAT_TESTNET_EUR", super::BTC);
        let mut play = play_on(platform);
        for (body, expected) in [
            (
                pin("FIAT_TESTNET_USB", btc, "1"),
                unknown("/source_asset_type_id"),
            ),
            (
                pin(btc, "FIAT_TESTNET_USB", "1"),
                unknown("/destination_asset_type_id"),
            ),
            (pin(eur, usd, "1"), no_pair("/destination_asset_type_id")),
            (pin(usd, btc, "0"), out_of_range("0")),
            (pin(usd, btc, "-1"), out_of_range("-1")),
            (
                pin(usd, btc, "1000000000001"),
                out_of_range("1000000000001"),
            ),
            (
                pin(usd, btc, "0.0000000000000000001"),
                out_of_range("0.0000000000000000001"),
            ),
        ] {
            let rejection = play.post("control.rates_pin", &[], &body).unwrap_err();
            assert_eq!(rejection, expected, "{body}");
        }
        for (source, destination, expected) in [
            ("FIAT_TESTNET_USB", btc, unknown("source_asset_type_id")),
            (
                btc,
                "FIAT_TESTNET_USB",
                unknown("destination_asset_type_id"),
            ),
            (eur, usd, no_pair("destination_asset_type_id")),
        ] {
            let path = [
                ("source_asset_type_id", source),
                ("destination_asset_type_id", destination),
            ];
            let rejection = play.post("control.rates_unpin", &path, "").unwrap_err();
            assert_eq!(rejection, expected, "{source} {destination}");
        }
    }
}

#[test]
fn every_code_that_a_request_lists_is_met_here() {
    let mut met: BTreeSet<&str> = orders()
        .iter()
        .flat_map(|(_, rejection)| codes(rejection))
        .collect();
    // These two need more than an order: a freeze, a key.
    met.extend(["ACCOUNT_NOT_USABLE", "IDEMPOTENCY_KEY_REUSED"]);
    for order in [SALE, PURCHASE] {
        let operation = request(&order.operation(), &[], &[], None).op.operation();
        for code in operation.errors {
            assert!(met.contains(code), "{operation}: {code}");
        }
    }
}
