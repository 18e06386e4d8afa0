//! The same commands give the same world; when the network answers changes nothing that anybody can see.

mod tour;

use jiff::SignedDuration;
use layer2_world::Seed;
use layer2_world::World;

use crate::deposits::arrive;
use crate::deposits::open;
use crate::deposits::push;
use crate::support::FAILED;
use crate::support::Play;
use crate::support::TAKEN;
use crate::support::fields;
use crate::support::genesis;

fn busy_day(play: &mut Play) {
    for event in [
        "TRANSACTION_POSTED",
        "TRANSACTION_PENDING",
        "ACCOUNT_FROZEN",
    ] {
        play.subscribe(event);
    }
    play.inbound("ACME_USD", "100").unwrap();
    push(play, "JANE_USD").unwrap();
    open(play, "ACME_BTC", "BITCOIN_TESTNET_BTC");
    push(play, "ACME_BTC").unwrap();
    let lost = r#"{"memo":"Rent","asset_type_id":"FIAT_TESTNET_EUR","amount":5}"#;
    arrive(play, lost).unwrap();
    let transfer = play.transfer("ACME_USD", "JANE_USD", "30").unwrap();
    play.accept(&transfer).unwrap();
    let _ = play.accept(&transfer).unwrap_err();
    play.patch_customer("JANE", "FROZEN").unwrap();
    play.advance(SignedDuration::from_hours(2));
}

#[test]
fn replaying_the_journal_gives_the_same_world() {
    let mut play = Play::new();
    busy_day(&mut play);
    play.deliver(FAILED);
    play.advance(SignedDuration::from_hours(1));
    play.deliver(TAKEN);

    let mut again = World::new(genesis(Default::default()));
    for (command, context) in &play.journal {
        again.execute(command, *context).unwrap();
    }
    assert!(again.snapshot().unwrap() == play.world.snapshot().unwrap());
}

#[test]
fn a_snapshot_is_the_world() {
    let mut play = Play::new();
    busy_day(&mut play);
    let restored = World::restore(&play.world.snapshot().unwrap()).unwrap();
    assert!(restored.snapshot().unwrap() == play.world.snapshot().unwrap());
    let mut other = Play {
        world: restored,
        now: play.now,
        journal: play.journal.clone(),
        eager: true,
        watchful: true,
    };
    play.inbound("ACME_USD", "1").unwrap();
    other.inbound("ACME_USD", "1").unwrap();
    assert!(
        other.world.snapshot().unwrap() == play.world.snapshot().unwrap(),
        "it goes on as the original does"
    );
    assert!(
        World::restore("{}")
            .unwrap_err()
            .to_string()
            .contains("use the version that made it")
    );
}

#[test]
fn the_journal_survives_as_text() {
    let mut play = Play::new();
    busy_day(&mut play);
    play.deliver(FAILED);
    let mut again = World::new(genesis(Default::default()));
    for (command, context) in &play.journal {
        let text = serde_json::to_string(command).unwrap();
        again
            .execute(&serde_json::from_str(&text).unwrap(), *context)
            .unwrap();
    }
    assert!(again.snapshot().unwrap() == play.world.snapshot().unwrap());
}

/// What anybody can see of a run: every webhook as it was due, and the lists at the end.
fn visible(seed: u64) -> (Vec<(String, u32, String, String)>, String) {
    let dice = Seed::new([0; 32]);
    let mut play = Play::new();
    let mut pending = Vec::new();
    let mut sent = Vec::new();
    let mut throws = 0_u64;
    let mut throw = |below: u8| {
        throws += 1;
        dice.derive("shuffle", &[&seed.to_le_bytes(), &throws.to_le_bytes()])[0] % below
    };
    play.subscribe("TRANSACTION_POSTED");
    play.subscribe("TRANSACTION_PENDING");
    for round in 0..12_i64 {
        play.inbound("ACME_USD", "10").unwrap();
        let transfer = play.transfer("ACME_USD", "JANE_USD", "3").unwrap();
        play.accept(&transfer).unwrap();
        // The receiver answers whatever it has, in any order, or later; whether it takes an attempt depends on the
        // attempt alone.
        for due in play.world.due_deliveries(play.now) {
            if !pending.contains(&due) {
                pending.push(due);
            }
        }
        while !pending.is_empty() && throw(4) != 0 {
            let place = usize::from(throw(250)) % pending.len();
            let due = pending.swap_remove(place);
            let refused = due.attempt < 3;
            sent.push((
                due.delivery.to_string(),
                due.attempt,
                due.due.to_string(),
                due.body.clone(),
            ));
            play.finish(&due, if refused { FAILED } else { TAKEN });
        }
        play.now = super::support::start()
            .checked_add(SignedDuration::from_mins(round * 7))
            .unwrap();
    }
    loop {
        for due in play.world.due_deliveries(play.now) {
            if !pending.contains(&due) {
                pending.push(due);
            }
        }
        let Some(due) = pending.pop() else { break };
        sent.push((
            due.delivery.to_string(),
            due.attempt,
            due.due.to_string(),
            due.body.clone(),
        ));
        play.finish(&due, if due.attempt < 3 { FAILED } else { TAKEN });
    }
    sent.sort();
    let list = play
        .get("payments.transactions_list", &[], &[("page_size", "100")])
        .unwrap()
        .body;
    (sent, list)
}

#[test]
fn a_receiver_that_answers_at_random_moments_changes_nothing() {
    let (sent, list) = visible(1);
    assert!(sent.len() > 100, "{}", sent.len());
    for seed in 2..8 {
        let (sent_again, list_again) = visible(seed);
        assert_eq!(sent_again, sent, "seed {seed}");
        assert_eq!(list_again, list, "seed {seed}");
    }
}

#[test]
fn due_work_that_runs_early_or_late_gives_the_same_replies() {
    let run = |eager: bool| {
        let mut play = Play::new();
        play.eager = eager;
        busy_day(&mut play);
        let list = play
            .get("payments.transactions_list", &[], &[])
            .unwrap()
            .body;
        let ids: Vec<_> = play
            .world
            .due_deliveries(play.now)
            .into_iter()
            .map(|due| (due.event_id, due.body))
            .collect();
        (list, ids)
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn two_sandboxes_share_no_id() {
    let mut one = Play::new();
    busy_day(&mut one);
    let mut two = Play::new();
    let other = layer2_world::Genesis {
        seed: Seed::new([8; 32]),
        ..genesis(Default::default())
    };
    two.world = World::new(other);
    busy_day(&mut two);
    let ids = |play: &Play| {
        fields(
            &play
                .get("payments.transactions_list", &[], &[])
                .unwrap()
                .body,
            "id",
        )
    };
    assert!(ids(&one).iter().all(|id| !ids(&two).contains(id)));
    assert!(!ids(&one).is_empty());
}
