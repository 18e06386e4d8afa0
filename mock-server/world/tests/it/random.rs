//! Any sequence of commands leaves a sound world: the books balance, balances are what transactions say, refusals leave
//! no trace, and the journal replays to the same text.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use layer2_world::Profile;
use layer2_world::Settings;
use layer2_world::World;
use proptest::prelude::*;

use crate::applications::walk::Onboarding;
use crate::applications::walk::STEPS;
use crate::exchanges::Order;
use crate::paying::us_bank;
use crate::support::FAILED;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::field;
use crate::support::fields;
use crate::support::genesis;

const ACCOUNTS: [&str; 6] = [
    "ACME_USD",
    "JANE_USD",
    "TREASURY_USD",
    "ACME_EUR",
    "ACME_USDC",
    "ACME_BTC",
];
/// Accounts that are opened for the walk, with their assets.
const OPENED: [(&str, &str); 3] = [
    ("ACME_EUR", "FIAT_TESTNET_EUR"),
    ("ACME_USDC", "ETHEREUM_SEPOLIA_USDC"),
    ("ACME_BTC", "BITCOIN_TESTNET_BTC"),
];
/// What a dollar coin may be made to cost.
const RATES: [&str; 4] = ["0.990099", "0.985", "1.5", "0.0001"];
const STATUSES: [&str; 6] = [
    "ACTIVE",
    "EDD",
    "FROZEN",
    "FROZEN_L2F",
    "DORMANT",
    "PENDING_L2F",
];

const OUTCOMES: [&str; 3] = ["SETTLED", "FAILED", "RETURNED"];

#[derive(Clone, Debug)]
enum Step {
    Inbound(usize, u32),
    /// By the n-th mark of the account's instructions; with none, by one that nobody knows.
    Follow(usize, Option<usize>, u32),
    Address(usize),
    Assign(usize, usize),
    Return(usize),
    Transfer(usize, usize, u32),
    Accept(usize),
    Exchange(usize, usize, u32, bool, bool),
    AcceptExchange(usize, u8),
    Pin(usize),
    Withdraw(u32),
    AcceptWithdrawal(usize),
    Cancel(usize),
    Outcome(usize, usize),
    Fee(u32),
    Counterparty(usize),
    Decide(bool, usize),
    Freeze(usize, bool),
    Advance(u32),
    Deliver(bool),
    Onboard(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..ACCOUNTS.len(), 0..50_000_u32)
            .prop_map(|(account, cents)| Step::Inbound(account, cents)),
        (
            0..ACCOUNTS.len(),
            prop::option::of(0..3_usize),
            0..50_000_u32
        )
            .prop_map(|(account, mark, cents)| Step::Follow(account, mark, cents)),
        (0..ACCOUNTS.len()).prop_map(Step::Address),
        (0..6_usize, 0..ACCOUNTS.len()).prop_map(|(back, account)| Step::Assign(back, account)),
        (0..6_usize).prop_map(Step::Return),
        (0..ACCOUNTS.len(), 0..ACCOUNTS.len(), 0..50_000_u32)
            .prop_map(|(from, to, cents)| Step::Transfer(from, to, cents)),
        (0..8_usize).prop_map(Step::Accept),
        (0..8_usize).prop_map(Step::Accept),
        exchange(),
        (0..3_usize, 0..100_u8).prop_map(|(back, percent)| Step::AcceptExchange(back, percent)),
        (0..3_usize, 0..100_u8).prop_map(|(back, percent)| Step::AcceptExchange(back, percent)),
        (0..RATES.len()).prop_map(Step::Pin),
        (0..50_000_u32).prop_map(Step::Withdraw),
        (0..4_usize).prop_map(Step::AcceptWithdrawal),
        (0..4_usize).prop_map(Step::AcceptWithdrawal),
        (0..4_usize).prop_map(Step::Cancel),
        (0..4_usize, 0..OUTCOMES.len()).prop_map(|(back, outcome)| Step::Outcome(back, outcome)),
        (1..500_u32).prop_map(Step::Fee),
        (0..STATUSES.len()).prop_map(Step::Counterparty),
        (any::<bool>(), 0..STATUSES.len()).prop_map(|(acme, status)| Step::Decide(acme, status)),
        (0..ACCOUNTS.len(), any::<bool>())
            .prop_map(|(account, freeze)| Step::Freeze(account, freeze)),
        (0..4_000_u32).prop_map(Step::Advance),
        any::<bool>().prop_map(Step::Deliver),
        (0..STEPS).prop_map(Step::Onboard),
        (0..STEPS).prop_map(Step::Onboard),
    ]
}

/// Mostly from an account of fiat money to one of coins or back, sometimes between any two.
fn exchange() -> impl Strategy<Value = Step> {
    let accounts = prop_oneof![
        2 => (0..4_usize, 4..6_usize),
        2 => (4..6_usize, 0..4_usize),
        1 => (0..ACCOUNTS.len(), 0..ACCOUNTS.len()),
    ];
    (accounts, 0..50_000_u32, any::<bool>(), any::<bool>())
        .prop_map(|((from, to), cents, quote, buys)| Step::Exchange(from, to, cents, quote, buys))
}

fn decimal(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// An amount that the wire told, as a whole number of 10^-8: no asset of the walk is finer.
fn units(text: &str) -> i128 {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{part:0<8}").parse::<i128>().unwrap()
}

/// An arrival by the instructions of an account, or by what nobody knows.
fn follow(play: &mut Play, account: &str, mark: Option<usize>, amount: u32) -> bool {
    let body = format!(
        r#"{{"deposit_type":"PUSH","deposit_destination":{{"destination_account_id":"{account}"}}}}"#
    );
    let Ok(deposit) = play.post("payments.deposits_create", &[], &body) else {
        return true;
    };
    let asset = field(&deposit.body, "asset_type_id");
    let mut marks: Vec<(&str, String)> = fields(&deposit.body, "memo")
        .into_iter()
        .map(|memo| ("memo", memo))
        .collect();
    if deposit.body.contains("swift_bic") {
        let numbers = fields(&deposit.body, "account_number");
        marks.push(("account_number", numbers[numbers.len() - 1].clone()));
    }
    if !asset.starts_with("FIAT_") {
        marks.push(("address", field(&deposit.body, "address")));
    }
    let (name, mark) = match mark {
        Some(n) => marks[n % marks.len()].clone(),
        None => (marks[0].0, "nobody".to_owned()),
    };
    let amount = decimal(amount);
    let body = format!(r#"{{"{name}":"{mark}","asset_type_id":"{asset}","amount":{amount}}}"#);
    let before = play.world.snapshot();
    let refused = play
        .post("control.inbound_create", &[("sandbox", "default")], &body)
        .is_err();
    assert!(!refused || before == play.world.snapshot(), "{body}");
    false
}

/// The id of the n-th last money that arrived.
fn arrived(play: &Play, back: usize) -> Option<String> {
    let query = [("page_size", "1000")];
    let list = play
        .get("control.inbound_list", &[("sandbox", "default")], &query)
        .unwrap()
        .body;
    fields(&list, "id").iter().rev().nth(back).cloned()
}

fn of_inbound(play: &mut Play, op: &str, id: &str, body: &str) -> bool {
    let path = [("sandbox", "default"), ("inbound_id", id)];
    play.post(op, &path, body).is_err()
}

/// What the walk has made so far.
#[derive(Debug, Default)]
struct Made {
    transfers: Vec<String>,
    exchanges: Vec<String>,
    onboarding: Onboarding,
    counterparty: String,
    withdrawals: Vec<String>,
}

impl Made {
    fn withdrawal(&self, back: usize) -> Option<String> {
        self.withdrawals.iter().rev().nth(back).cloned()
    }
}

fn take(play: &mut Play, made: &mut Made, step: &Step) {
    let before = play.world.clone();
    let refused = match step {
        Step::Inbound(account, amount) => {
            play.inbound(ACCOUNTS[*account], &decimal(*amount)).is_err()
        }
        Step::Follow(account, mark, amount) => follow(play, ACCOUNTS[*account], *mark, *amount),
        Step::Address(account) => {
            let path = [("account_id", ACCOUNTS[*account])];
            play.post("payments.accounts_request_address", &path, "")
                .is_err()
        }
        Step::Assign(back, account) => match arrived(play, *back) {
            Some(id) => {
                let body = format!(r#"{{"account_id":"{}"}}"#, ACCOUNTS[*account]);
                of_inbound(play, "control.inbound_assign", &id, &body)
            }
            None => return,
        },
        Step::Return(back) => match arrived(play, *back) {
            Some(id) => of_inbound(play, "control.inbound_return", &id, "{}"),
            None => return,
        },
        Step::Transfer(from, to, amount) => {
            match play.transfer(ACCOUNTS[*from], ACCOUNTS[*to], &decimal(*amount)) {
                Ok(id) => {
                    made.transfers.push(id);
                    false
                }
                Err(_) => true,
            }
        }
        Step::Accept(back) => match made.transfers.iter().rev().nth(*back).cloned() {
            Some(id) => play.accept(&id).is_err(),
            None => return,
        },
        Step::Exchange(from, to, amount, quote, buys) => {
            let order = Order {
                pricing: if *quote { "quote" } else { "market" },
                from: ACCOUNTS[*from],
                to: ACCOUNTS[*to],
                action: if *buys {
                    "FIX_DESTINATION"
                } else {
                    "FIX_SOURCE"
                },
                amount: &decimal(*amount),
            };
            match play.exchange(order) {
                Ok(reply) => {
                    made.exchanges.push(field(&reply.body, "id"));
                    false
                }
                Err(_) => true,
            }
        }
        Step::Withdraw(amount) => {
            match play.withdraw("FEDWIRE", "ACME_USD", &made.counterparty, &decimal(*amount)) {
                Ok(id) => {
                    made.withdrawals.push(id);
                    false
                }
                Err(_) => true,
            }
        }
        Step::AcceptExchange(back, percent) => {
            match made.exchanges.iter().rev().nth(*back).cloned() {
                Some(id) => play
                    .accept_exchange(&id, &format!("0.{percent:02}"))
                    .is_err(),
                None => return,
            }
        }
        Step::Pin(rate) => {
            play.pin("FIAT_TESTNET_USD", "ETHEREUM_SEPOLIA_USDC", RATES[*rate]);
            return;
        }
        Step::AcceptWithdrawal(back) => match made.withdrawal(*back) {
            Some(id) => play.accept_withdrawal(&id).is_err(),
            None => return,
        },
        Step::Cancel(back) => match made.withdrawal(*back) {
            Some(id) => play.cancel_withdrawal(&id).is_err(),
            None => return,
        },
        Step::Outcome(back, outcome) => match made.withdrawal(*back) {
            Some(id) => play.decide_withdrawal(&id, OUTCOMES[*outcome]).is_err(),
            None => return,
        },
        Step::Fee(cents) => {
            play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", &decimal(*cents));
            return;
        }
        Step::Counterparty(status) => play
            .decide_counterparty(&made.counterparty, STATUSES[*status])
            .is_err(),
        Step::Decide(acme, status) => play
            .decide(if *acme { "ACME" } else { "JANE" }, STATUSES[*status])
            .is_err(),
        Step::Freeze(account, freeze) => play
            .patch_account(ACCOUNTS[*account], if *freeze { "FROZEN" } else { "OPEN" })
            .is_err(),
        Step::Onboard(step) => match made.onboarding.take(play, *step) {
            Some(refused) => refused,
            None => return,
        },
        Step::Advance(seconds) => {
            play.advance(SignedDuration::from_secs(i64::from(*seconds)));
            return;
        }
        Step::Deliver(taken) => {
            play.deliver(if *taken { TAKEN } else { FAILED });
            return;
        }
    };
    if refused {
        // Each step runs what is due before it ends, so nothing but the refused command lies between the two.
        assert!(
            before.snapshot() == play.world.snapshot(),
            "{step:?} left a trace"
        );
    }
}

/// Balances told by the accounts against the transactions told by the lists.
fn check_balances(play: &Play) {
    let list = play
        .get("payments.transactions_list", &[], &[("page_size", "1000")])
        .unwrap()
        .body;
    assert_eq!(
        fields(&list, "value").len(),
        fields(&list, "transaction_status").len()
    );
    let mut current: BTreeMap<&str, i128> = BTreeMap::new();
    let mut available: BTreeMap<&str, i128> = BTreeMap::new();
    for account in ACCOUNTS {
        let path = [("account_id", account)];
        let query = [("page_size", "1000")];
        let list = play
            .get("payments.transactions_list_for_account", &path, &query)
            .unwrap()
            .body;
        for (value, status) in fields(&list, "value")
            .iter()
            .zip(fields(&list, "transaction_status"))
        {
            let value = units(value);
            let posted = status == "POSTED";
            let held = matches!(status.as_str(), "AUTHORIZED" | "PENDING") && value < 0;
            *current.entry(account).or_default() += if posted { value } else { 0 };
            *available.entry(account).or_default() += if posted || held { value } else { 0 };
        }
        let told = play.balances(account);
        assert_eq!(
            units(&told.0),
            current.get(account).copied().unwrap_or(0),
            "{account}"
        );
        assert_eq!(
            units(&told.1),
            available.get(account).copied().unwrap_or(0),
            "{account}"
        );
        assert!(units(&told.1) >= 0, "{account} is overdrawn");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_a_sound_world(steps in prop::collection::vec(step(), 1..60), fast in any::<bool>()) {
        let mut settings = Settings::default();
        settings.profile = if fast { Profile::Fast } else { Profile::Realistic };
        let mut play = Play::with(settings.clone());
        play.subscribe("TRANSACTION_POSTED");
        for (account, asset) in OPENED {
            play.open(account, "DEPOSIT_BASIC", asset);
        }
        for account in ["ACME_USD", "ACME_USDC", "ACME_BTC"] {
            play.inbound(account, "1000").unwrap();
        }
        let mut made = Made {
            counterparty: play.register(&us_bank("ACME")).unwrap(),
            ..Made::default()
        };
        for step in &steps {
            take(&mut play, &mut made, step);
            prop_assert!(play.balanced(), "{step:?}");
        }
        check_balances(&play);

        let mut again = World::new(genesis(settings));
        for (command, context) in &play.journal {
            again.execute(command, *context).unwrap();
        }
        prop_assert!(again.snapshot() == play.world.snapshot());
    }
}
