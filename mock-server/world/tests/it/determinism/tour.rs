//! One long scenario through all verticals, twice: the same bytes; and whenever its webhooks are answered, the same
//! things to be seen.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::DueDelivery;
use layer2_world::RULES_VERSION;
use layer2_world::Seed;
use sha2::Digest as _;
use sha2::Sha256;

use crate::applications::walk::Onboarding;
use crate::deposits::arrive;
use crate::deposits::push;
use crate::exchanges::Order;
use crate::paying::us_bank;
use crate::support::FAILED;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::field;
use crate::support::fields;
use crate::support::slow;

const EVENTS: [&str; 8] = [
    "APPLICATION_APPROVED",
    "CUSTOMER_ACTIVE",
    "ACCOUNT_FROZEN",
    "COUNTERPARTY_ACTIVE",
    "TRANSACTION_AUTHORIZED",
    "TRANSACTION_PENDING",
    "TRANSACTION_POSTED",
    "TRANSACTION_CANCELLED",
];
const ACCOUNTS: [&str; 4] = ["ACME_USD", "ACME_USDC", "JANE_USD", "WALKER_0_USD"];

/// What happens between two acts: the clock moves, and webhooks are answered or not.
type Pause<'a> = &'a mut dyn FnMut(&mut Play, SignedDuration);

/// All acts, in each of which something also goes wrong.
fn tour(play: &mut Play, pause: Pause<'_>) {
    for event in EVENTS {
        play.subscribe(event);
    }
    onboard(play, pause);
    for round in 1..=6 {
        receive(play, pause);
        move_between(play, pause, round);
        exchange(play, pause);
        withdraw(play, pause);
    }
    play.patch_customer("JANE", "FROZEN").unwrap();
    pause(play, SignedDuration::from_hours(400 * 24));
    play.inbound("ACME_USD", "1").unwrap();
    pause(play, SignedDuration::from_hours(1));
}

fn onboard(play: &mut Play, pause: Pause<'_>) {
    let mut onboarding = Onboarding::default();
    for step in [5, 0, 2, 4, 1, 3, 3, 3, 4, 6, 4, 1, 4, 5] {
        onboarding.take(play, step);
        pause(play, SignedDuration::from_mins(2));
    }
    assert_eq!(play.account_status("WALKER_0_USD"), "OPEN");
    play.open("ACME_USDC", "DEPOSIT_BASIC", "ETHEREUM_SEPOLIA_USDC");
}

fn receive(play: &mut Play, pause: Pause<'_>) {
    let told = push(play, "ACME_USD").unwrap().body;
    let memo = &fields(&told, "memo")[0];
    arrive(play, &format!(r#"{{"memo":"{memo}","amount":900.10}}"#)).unwrap();
    let lost = r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_USD","amount":50}"#;
    let lost = field(&arrive(play, lost).unwrap().body, "id");
    pause(play, SignedDuration::from_mins(4));
    let path = [("sandbox", "default"), ("inbound_id", lost.as_str())];
    let owner = r#"{"account_id":"WALKER_0_USD"}"#;
    play.post("control.inbound_assign", &path, owner).unwrap();
    pause(play, SignedDuration::from_mins(4));
    play.post("control.inbound_return", &path, "{}").unwrap();
}

fn move_between(play: &mut Play, pause: Pause<'_>, round: u32) {
    let amount = format!("{}.25", 10 * round);
    let transfer = play.transfer("ACME_USD", "JANE_USD", &amount).unwrap();
    play.accept(&transfer).unwrap();
    play.accept(&transfer).unwrap_err();
    // One that is on its way while its account is frozen is rejected.
    let stopped = play.transfer("ACME_USD", "JANE_USD", "1").unwrap();
    play.accept(&stopped).unwrap();
    play.patch_account("JANE_USD", "FROZEN").unwrap();
    pause(play, SignedDuration::from_secs(5));
    play.patch_account("JANE_USD", "OPEN").unwrap();
    let forgotten = play.transfer("ACME_USD", "JANE_USD", "2").unwrap();
    pause(play, SignedDuration::from_hours(2));
    play.accept(&forgotten).unwrap_err();
}

fn exchange(play: &mut Play, pause: Pause<'_>) {
    for (pricing, action, slippage) in [
        ("market", "FIX_SOURCE", "0.01"),
        ("quote", "FIX_DESTINATION", "0.01"),
        ("market", "FIX_SOURCE", "0"),
    ] {
        let order = Order {
            pricing,
            from: "ACME_USD",
            to: "ACME_USDC",
            action,
            amount: "40",
        };
        let id = field(&play.exchange(order).unwrap().body, "id");
        play.accept_exchange(&id, slippage).unwrap();
        pause(play, SignedDuration::from_secs(40));
    }
}

fn withdraw(play: &mut Play, pause: Pause<'_>) {
    let bank = play.register(&us_bank("ACME")).unwrap();
    pause(play, SignedDuration::from_mins(3));
    play.set_fee("FEDWIRE", "FIAT_TESTNET_USD", "2.50");
    let mut ids = Vec::new();
    for amount in ["100", "20.01", "7"] {
        let id = play.withdraw("FEDWIRE", "ACME_USD", &bank, amount).unwrap();
        play.accept_withdrawal(&id).unwrap();
        ids.push(id);
    }
    play.cancel_withdrawal(&ids[1]).unwrap();
    play.decide_withdrawal(&ids[2], "FAILED").unwrap();
    pause(play, SignedDuration::from_hours(1));
    play.decide_withdrawal(&ids[0], "RETURNED").unwrap();
}

/// An attempt as its receiver sees it.
type Attempt = (String, u32, String, String);

fn attempt(due: &DueDelivery) -> Attempt {
    (
        due.delivery.to_string(),
        due.attempt,
        due.due.to_string(),
        due.body.clone(),
    )
}

/// Answers an attempt; whether it is taken depends on the attempt alone.
fn answer(play: &mut Play, due: &DueDelivery) {
    play.finish(due, if due.attempt < 3 { FAILED } else { TAKEN });
}

/// A tour whose receiver answers at once, with every attempt and the whole journal as text.
fn told() -> (Play, Vec<Attempt>, String) {
    let mut play = slow(Platform::Union);
    let mut sent = Vec::new();
    tour(&mut play, &mut |play, span| {
        play.advance(span);
        for due in play.world.due_deliveries(play.now) {
            sent.push(attempt(&due));
            answer(play, &due);
        }
    });
    let journal: Vec<String> = play
        .journal
        .iter()
        .map(|(command, context)| {
            let command = serde_json::to_string(command).unwrap();
            format!("{} {} {command}\n", context.seq, context.now)
        })
        .collect();
    (play, sent, journal.concat())
}

#[test]
fn a_tour_of_everything_is_the_same_byte_for_byte() {
    let (one, sent, journal) = told();
    let (two, sent_again, journal_again) = told();
    assert!(sent.len() > 300, "{} attempts", sent.len());
    assert!(journal.lines().count() > 500);
    assert!(journal == journal_again);
    assert!(sent == sent_again);
    assert!(one.world.snapshot().unwrap() == two.world.snapshot().unwrap());
    assert!(one.balanced());
}

/// What the tour led to when the present rules got their number, as SHA-256.
const RULES: u32 = 2;
const LED_TO: [(&str, &str); 4] = [
    (
        "commands",
        "b34fc8df53d9aa6db62c9f3eb4b65ce5f90f432a556bdf6e269b0daa6f20a34d",
    ),
    (
        "webhooks",
        "d2ad3826726e3a48d8c8f8af30f1cc05556339e20e359d0c98b6543b3baecf64",
    ),
    (
        "lists",
        "ea99f613aa70639d8839e6abd1bef95d9c7c48a6b0dfcad231c21e5a3504efb4",
    ),
    (
        "state",
        "5d3676eb775b8cf32203e8e645ee15529f78d2f2cd240a8fa96e69c917a6f1b6",
    ),
];

/// The same in every build and on every machine.
#[test]
fn a_tour_leads_where_it_led_when_the_rules_got_their_number() {
    let (play, sent, journal) = told();
    let digest = |text: String| hex::encode(Sha256::digest(text));
    let leads_to = [
        ("commands", digest(journal)),
        ("webhooks", digest(format!("{sent:?}"))),
        ("lists", digest(pages(&play).concat())),
        ("state", digest(play.world.snapshot().unwrap())),
    ];
    let told = leads_to.each_ref().map(|(what, to)| (*what, to.as_str()));
    assert_eq!(
        (RULES_VERSION, told),
        (RULES, LED_TO),
        "if the tour itself has changed, put these here; if not, the rules have: raise RULES_VERSION first (CONTRIBUTING.md)"
    );
}

/// What anybody can see of a tour whose receiver answers at moments that a seed chooses.
fn seen(seed: u64) -> (Vec<Attempt>, Vec<String>) {
    let dice = Seed::new([1; 32]);
    let mut throws = 0_u64;
    let mut throw = |below: usize| {
        throws += 1;
        let bytes = dice.derive("moment", &[&seed.to_le_bytes(), &throws.to_le_bytes()]);
        usize::from(bytes[0]) % below
    };
    let mut play = slow(Platform::Union);
    let (mut open, mut sent): (Vec<DueDelivery>, Vec<Attempt>) = (Vec::new(), Vec::new());
    tour(&mut play, &mut |play, span| {
        play.advance(span);
        take_up(play, &mut open);
        while !open.is_empty() && throw(5) != 0 {
            let due = open.swap_remove(throw(open.len().min(250)));
            sent.push(attempt(&due));
            answer(play, &due);
        }
    });
    loop {
        take_up(&play, &mut open);
        let Some(due) = open.pop() else { break };
        sent.push(attempt(&due));
        answer(&mut play, &due);
    }
    sent.sort();
    (sent, pages(&play))
}

fn take_up(play: &Play, open: &mut Vec<DueDelivery>) {
    for due in play.world.due_deliveries(play.now) {
        if !open.contains(&due) {
            open.push(due);
        }
    }
}

/// Every list that a client can read.
fn pages(play: &Play) -> Vec<String> {
    let all = [("page_size", "1000")];
    let mut pages: Vec<String> = ACCOUNTS
        .iter()
        .flat_map(|account| {
            let path = [("account_id", *account)];
            [
                play.get("payments.accounts_get", &path, &[]),
                play.get("payments.transactions_list_for_account", &path, &all),
            ]
        })
        .map(|reply| reply.unwrap().body)
        .collect();
    for op in [
        "payments.customers_list",
        "payments.counterparties_list",
        "payments.transactions_list",
        "payments.applications_list",
    ] {
        pages.push(play.get(op, &[], &all).unwrap().body);
    }
    let path = [("sandbox", "default")];
    for op in ["control.inbound_list", "control.ledger_trial_balance"] {
        pages.push(play.get(op, &path, &[]).unwrap().body);
    }
    pages
}

#[test]
fn whenever_webhooks_are_answered_a_tour_looks_the_same() {
    let (sent, pages) = seen(1);
    assert!(sent.len() > 300, "{} attempts", sent.len());
    for seed in 2..6 {
        let (sent_again, pages_again) = seen(seed);
        assert!(sent_again == sent, "attempts of seed {seed}");
        assert!(pages_again == pages, "lists of seed {seed}");
    }
}
