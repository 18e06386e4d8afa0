//! Many exchanges at once, at rates and accounts that change under them: each ends as its transactions say, and the
//! journal replays to the same text.

use jiff::SignedDuration;
use layer2_world::Profile;
use layer2_world::Settings;
use layer2_world::World;
use proptest::prelude::*;

use super::BTC;
use super::Order;
use super::USD;
use super::USDC;
use super::play_with;
use crate::support::Play;
use crate::support::field;
use crate::support::fields;
use crate::support::genesis;

const ACCOUNTS: [&str; 3] = ["ACME_USD", "ACME_USDC", "ACME_BTC"];
const PAIRS: [(&str, &str); 4] = [
    ("ACME_USD", "ACME_USDC"),
    ("ACME_USDC", "ACME_USD"),
    ("ACME_USD", "ACME_BTC"),
    ("ACME_BTC", "ACME_USD"),
];
const RATES: [(&str, &str, &str); 6] = [
    (USD, USDC, "0.98"),
    (USD, USDC, "1.003"),
    (USDC, USD, "0.995"),
    (USD, BTC, "0.0000154"),
    (BTC, USD, "65000"),
    (BTC, USD, "63999.99"),
];

#[derive(Clone, Debug)]
enum Step {
    Exchange(usize, u32, bool, bool),
    Accept(usize, u8),
    Pin(usize),
    Advance(u32),
    Freeze(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PAIRS.len(), 1..5_000_u32, any::<bool>(), any::<bool>())
            .prop_map(|(pair, amount, quote, buys)| Step::Exchange(pair, amount, quote, buys)),
        4 => (0..3_usize, 0..40_u8).prop_map(|(back, permille)| Step::Accept(back, permille)),
        1 => (0..RATES.len()).prop_map(Step::Pin),
        2 => (0..90_u32).prop_map(Step::Advance),
        1 => (0..ACCOUNTS.len(), prop::bool::weighted(0.3))
            .prop_map(|(account, freeze)| Step::Freeze(account, freeze)),
    ]
}

/// Takes a step; one that is refused changes nothing, which the other walk checks.
fn take(play: &mut Play, exchanges: &mut Vec<String>, step: &Step) {
    match step {
        Step::Exchange(pair, amount, quote, buys) => {
            let (from, to) = PAIRS[*pair];
            // Dollars and their coin in cents, bitcoin in millionths of a hundredth.
            let fixed = if *buys { to } else { from };
            let amount = if fixed == "ACME_BTC" {
                format!("0.{amount:06}")
            } else {
                format!("{}.{:02}", amount / 100, amount % 100)
            };
            let order = Order {
                pricing: if *quote { "quote" } else { "market" },
                from,
                to,
                action: if *buys {
                    "FIX_DESTINATION"
                } else {
                    "FIX_SOURCE"
                },
                amount: &amount,
            };
            if let Ok(reply) = play.exchange(order) {
                exchanges.push(field(&reply.body, "id"));
            }
        }
        Step::Accept(back, permille) => {
            if let Some(id) = exchanges.iter().rev().nth(*back).cloned() {
                let _ = play.accept_exchange(&id, &format!("0.{permille:03}"));
            }
        }
        Step::Pin(rate) => {
            let (source, destination, rate) = RATES[*rate];
            play.pin(source, destination, rate);
        }
        Step::Advance(seconds) => play.advance(SignedDuration::from_secs(i64::from(*seconds))),
        Step::Freeze(account, freeze) => {
            let status = if *freeze { "FROZEN" } else { "OPEN" };
            let _ = play.patch_account(ACCOUNTS[*account], status);
        }
    }
}

/// An amount of the wire as a whole number of 10^-8: no asset of the walk is finer.
fn units(text: &str) -> i128 {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{part:0<8}").parse::<i128>().unwrap()
}

/// What an exchange tells of itself, against what its transactions tell.
fn check_exchange(play: &Play, id: &str) {
    let told = play.exchange_now(id);
    let list = play.transactions_of(id);
    let status = field(&told, "status");
    let stages = fields(&list, "transaction_status");
    let values: Vec<i128> = fields(&list, "value")
        .iter()
        .map(|value| units(value))
        .collect();
    match status.as_str() {
        "REQUESTED" | "EXPIRED" => assert!(values.is_empty(), "{told} {list}"),
        "ACCEPTED" => assert_eq!(stages, ["AUTHORIZED", "PENDING"], "{told}"),
        "REJECTED" => assert_eq!(stages, ["CANCELLED", "CANCELLED"], "{told}"),
        "EXECUTED" => {
            assert!(stages.iter().all(|stage| stage == "POSTED"), "{list}");
            let returned = values.get(2).copied().unwrap_or_default();
            assert_eq!(
                -values[0] - returned,
                units(&field(&told, "amount_to_debit")),
                "{told} {list}"
            );
            assert_eq!(
                values[1],
                units(&field(&told, "amount_to_credit")),
                "{told} {list}"
            );
            assert!(returned >= 0 && values[0] < 0 && values[1] > 0, "{list}");
        }
        other => panic!("no way leads to {other}"),
    }
}

/// What the accounts tell, against what all transactions add up to.
fn check_balances(play: &Play) {
    for account in ACCOUNTS {
        let path = [("account_id", account)];
        let query = [("page_size", "1000")];
        let list = play
            .get("payments.transactions_list_for_account", &path, &query)
            .unwrap()
            .body;
        let (mut current, mut available) = (0, 0);
        let stages = fields(&list, "transaction_status");
        for (value, stage) in fields(&list, "value").iter().zip(stages) {
            let value = units(value);
            current += if stage == "POSTED" { value } else { 0 };
            let counts = stage == "POSTED" || (stage == "AUTHORIZED" && value < 0);
            available += if counts { value } else { 0 };
        }
        let told = play.balances(account);
        assert_eq!(
            (units(&told.0), units(&told.1)),
            (current, available),
            "{account}"
        );
        assert!(available >= 0, "{account} is overdrawn");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_exchange_ends_as_its_transactions_say(
        steps in prop::collection::vec(step(), 1..80),
        fast in any::<bool>(),
    ) {
        let mut settings = Settings::default();
        settings.profile = if fast { Profile::Fast } else { Profile::Realistic };
        let mut play = play_with(settings.clone());
        play.watchful = false;
        for (account, amount) in [("ACME_USDC", "1000"), ("ACME_BTC", "0.05")] {
            play.inbound(account, amount).unwrap();
        }
        play.advance(SignedDuration::from_mins(3));
        let mut exchanges = Vec::new();
        for step in &steps {
            take(&mut play, &mut exchanges, step);
            play.assert_sound();
        }
        for id in &exchanges {
            check_exchange(&play, id);
        }
        check_balances(&play);

        let mut again = World::new(genesis(settings));
        for (command, context) in &play.journal {
            again.execute(command, *context).unwrap();
        }
        prop_assert!(again.snapshot().unwrap() == play.world.snapshot().unwrap());
    }
}
