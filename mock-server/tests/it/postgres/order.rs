//! One total order: whatever is sent to three servers at once, they all have the same ledger, which is the right one.

use std::collections::BTreeSet;

use layer2_mock::replay;
use reqwest::Method;
use tokio::task::JoinSet;

use super::{balance, servers};
use crate::{postgres::database::Database, support::Caller};

/// Customers' transfers that are sent side by side.
const STORIES: usize = 125;

/// Of each story: two inbound deposits, a transfer that two servers are asked for under one key, its acceptance by two
/// servers under one key, and two reads. The reads are no commands, so eight calls of which each must tell the truth.
async fn tell(callers: [Caller; 3], number: usize) -> String {
    let at = |turn: usize| &callers[(number + turn) % 3];
    at(0).fund("0.02").await;
    at(1).fund("0.01").await;
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.02}"#;
    let key = format!("story-{number}");
    let headers = [("x-l2f-idempotency-id", key.as_str())];
    let path = "/api/v1/transfers";
    let (first, second) = tokio::join!(
        at(0).send(Method::POST, path, Some(body), &headers),
        at(1).send(Method::POST, path, Some(body), &headers),
    );
    assert_eq!(first.text, second.text, "one key has one reply");
    let id = first.ok()["data"]["id"].as_str().expect("id").to_owned();
    // What one server has answered the next one knows.
    let seen = at(2).get(&format!("{path}/{id}")).await.ok();
    assert_eq!(seen["data"]["id"], id.as_str());
    let accept = format!("{path}/{id}/accept");
    let key = format!("{key}-accept");
    let (first, second) = tokio::join!(
        at(1).post_signed(&accept, &key),
        at(2).post_signed(&accept, &key),
    );
    assert_eq!(first.text, second.text, "one key has one reply");
    first.ok();
    let seen = at(0).get(&format!("{path}/{id}")).await.ok();
    assert_eq!(seen["data"]["status"], "EXECUTED");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_commands_over_three_servers_have_one_order_and_the_right_ledger() {
    let database = Database::new().await;
    let servers = servers::<3>(&database).await;
    let callers = || [0, 1, 2].map(|index: usize| servers[index].1.clone());
    let mut stories = JoinSet::new();
    for number in 0..STORIES {
        stories.spawn(tell(callers(), number));
    }
    let ids: BTreeSet<String> = stories.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), STORIES, "each story has a transfer of its own");

    let stories = i64::try_from(STORIES).expect("a small number");
    for (_, caller) in &servers {
        assert_eq!(balance(caller, "ACME_USD").await, stories);
        assert_eq!(balance(caller, "JANE_USD").await, 2 * stories);
        let books = caller.control(Method::GET, "/ledger/trial-balance", None);
        assert_eq!(books.await.ok()["balanced"], true);
    }
    let journal = servers[0].0.journal("default").expect("journal");
    let snapshot = servers[0].0.snapshot("default").expect("snapshot");
    let positions: Vec<u64> = journal.iter().map(|row| row.seq).collect();
    assert!(positions.iter().copied().eq(1..=positions.len() as u64));
    let genesis = servers[0].0.genesis("default").expect("genesis");
    let again = replay(genesis, &journal).expect("the order that was");
    assert_eq!(again.snapshot().expect("text"), snapshot);
    for (server, _) in &servers {
        assert_eq!(server.journal("default").expect("journal"), journal);
        assert_eq!(server.snapshot("default").expect("snapshot"), snapshot);
        assert_eq!(server.contract_violations(), Vec::<String>::new());
    }
}
