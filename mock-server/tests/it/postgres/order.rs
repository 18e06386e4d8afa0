//! One total order: whatever is sent to three servers at once, they all have the same ledger, which is the right one.
//!
//! Many clients at once each tell some stories. The calls of a story go to one server after the other, so that each server
//! goes on from what another one has just done. A story puts down what was accepted and what that moves; together that is
//! the record that the journal and the books are held against. Reads and repeats are sent as well, and are on no record.

mod stories;

use std::{collections::BTreeMap, ops::AddAssign};

use layer2_mock::{Row, replay};
use layer2_world::command::Command;
use reqwest::Method;
use tokio::task::JoinSet;

use super::{balance, servers};
use crate::postgres::database::Database;
use stories::{STORIES, set_up};

/// Who sends at once. Each tells four of the stories, and no two neighbours the same four.
const CLIENTS: usize = 126;

/// Stories of each client.
const EACH: usize = 4;

/// What was accepted, and what of it moves money, in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    accepted: usize,
    acme_usd: i64,
    acme_usdc: i64,
    jane_usd: i64,
}

impl AddAssign for Record {
    fn add_assign(&mut self, other: Record) {
        self.accepted += other.accepted;
        self.acme_usd += other.acme_usd;
        self.acme_usdc += other.acme_usdc;
        self.jane_usd += other.jane_usd;
    }
}

/// How often each operation was accepted.
fn operations(journal: &[Row]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for row in journal {
        if let Command::Client(command) = &row.command {
            *counted.entry(command.request.op.key()).or_default() += 1;
        }
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_commands_over_three_servers_have_one_order_and_the_right_ledger() {
    let database = Database::new().await;
    let servers = servers::<3>(&database).await;
    let callers = [0, 1, 2].map(|index: usize| servers[index].1.clone());
    let (payee, mut record) = set_up(&callers[0]).await;
    let before = record.accepted;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (callers, payee) = (callers.clone(), payee.clone());
        clients.spawn(async move {
            let mut record = Record::default();
            for turn in 0..EACH {
                let story = STORIES[(number + turn) % STORIES.len()];
                let mut callers = callers.clone();
                callers.rotate_left((number + turn) % 3);
                let name = format!("{number}-{turn}");
                record += story.tell(callers, &payee, &name).await;
            }
            record
        });
    }
    for of_one in clients.join_all().await {
        record += of_one;
    }
    assert!(record.accepted - before >= 1_000, "{record:?}");

    for (_, caller) in &servers {
        let held = Record {
            accepted: record.accepted,
            acme_usd: balance(caller, "ACME_USD").await,
            acme_usdc: balance(caller, "ACME_USDC").await,
            jane_usd: balance(caller, "JANE_USD").await,
        };
        assert_eq!(held, record);
        let books = caller.control(Method::GET, "/ledger/trial-balance", None);
        assert_eq!(books.await.ok()["balanced"], true);
    }
    let journal = servers[0].0.journal("default").expect("journal");
    let snapshot = servers[0].0.snapshot("default").expect("snapshot");
    let positions: Vec<u64> = journal.iter().map(|row| row.seq).collect();
    assert!(positions.iter().copied().eq(1..=positions.len() as u64));
    let operations = operations(&journal);
    assert_eq!(
        operations.values().sum::<usize>(),
        record.accepted,
        "what was accepted is there once: {operations:?}"
    );
    assert_eq!(operations.len(), 17, "{operations:?}");
    let genesis = servers[0].0.genesis("default").expect("genesis");
    let again = replay(genesis, &journal).expect("the order that was");
    assert_eq!(again.snapshot().expect("text"), snapshot);
    for (server, _) in &servers {
        assert_eq!(server.journal("default").expect("journal"), journal);
        assert_eq!(server.snapshot("default").expect("snapshot"), snapshot);
        assert_eq!(server.contract_violations(), Vec::<String>::new());
    }
}
