//! Many at once, over real connections: duplicates, sandboxes side by side, money between a few accounts, clients that
//! go away.
//!
//! Nothing here waits for a time to pass: where something has to have happened, another call is answered first.

use std::sync::Arc;

use crate::{
    socket::{write, write_but},
    support::{self, Caller, Reply, TestServer, Watched as _},
};
use layer2_mock::{ClockMode, Row, SandboxServer, replay};
use reqwest::{Method, header::HeaderName};
#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::{sync::Barrier, task::JoinSet};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().clock(ClockMode::Manual).watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

/// Sums of the default asset, by the ledger itself.
async fn books_balance(caller: &Caller) {
    let told = caller
        .control(Method::GET, "/ledger/trial-balance", None)
        .await
        .ok();
    assert_eq!(told["balanced"], true, "{told}");
}

/// So many requests are under way at the same moment.
const AT_ONCE: usize = 1_000;

/// Files that the process may have open: both ends of every connection are in it, and the rest of the tests.
#[cfg(unix)]
const FILES: u64 = 2 * AT_ONCE as u64 + 500;

/// Asks the system for as many open files as a thousand connections need. Many give a process 1,024 until it asks.
#[cfg(unix)]
fn make_room() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= FILES) {
        return;
    }
    let raised = Rlimit {
        current: Some(FILES),
        maximum: limit.maximum,
    };
    let raised = setrlimit(Resource::Nofile, raised);
    assert!(
        raised.is_ok(),
        "{FILES} files are open at once: raise the limit, as root with `ulimit -Hn 4096`: {raised:?}"
    );
}

#[cfg(not(unix))]
fn make_room() {}

/// Sends the same request a thousand times at the very same moment, each over a connection of its own.
async fn a_thousand(request: impl Fn() -> reqwest::RequestBuilder) -> Vec<Reply> {
    make_room();
    let start = Arc::new(Barrier::new(AT_ONCE));
    let mut calls = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (request, start) = (request(), Arc::clone(&start));
        calls.spawn(async move {
            start.wait().await;
            Reply::read(request.send().await.expect("sent")).await
        });
    }
    calls.join_all().await
}

/// One reply is the first one, and all are equal.
fn assert_one_effect(replies: &[Reply]) {
    assert_eq!(replies.len(), AT_ONCE);
    let replayed = HeaderName::from_static("idempotent-replayed");
    let first: Vec<_> = replies
        .iter()
        .filter(|reply| !reply.headers.contains_key(&replayed))
        .collect();
    assert_eq!(first.len(), 1, "{} were carried out", first.len());
    for reply in replies {
        assert_eq!(
            (reply.status, &reply.text),
            (first[0].status, &first[0].text)
        );
    }
}

#[tokio::test]
async fn a_thousand_duplicates_at_once_have_one_effect() {
    let (server, caller) = server().await;
    caller.fund("100").await;
    let rows = || server.journal("default").expect("journal");
    let before = rows().len();

    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":12.5}"#;
    let key = [("x-l2f-idempotency-id", "made-once")];
    let path = "/api/v1/transfers";
    let replies = a_thousand(|| caller.request(Method::POST, path, Some(body), &key)).await;
    assert_one_effect(&replies);
    assert_eq!(rows().len(), before + 1);

    let id = replies[0].json()["data"]["id"]
        .as_str()
        .expect("id")
        .to_owned();
    let path = format!("/api/v1/transfers/{id}/accept");
    let replies = a_thousand(|| caller.signed(&path, "accepted-once")).await;
    assert_one_effect(&replies);
    caller.settle().await;
    assert_eq!(caller.balances("ACME_USD").await, (8_750, 8_750));
    assert_eq!(caller.balances("JANE_USD").await, (1_250, 1_250));
    books_balance(&caller).await;
}

/// Everything that one sandbox does for itself; its number is how much money it has.
async fn lead_a_life(caller: Caller, dollars: i64) -> (Caller, String) {
    caller.fund(&dollars.to_string()).await;
    let transfer = caller.transfer("1").await;
    let path = format!("/api/v1/transfers/{transfer}/accept");
    // All use the same key.
    caller.post_signed(&path, "the-same-key").await.ok();
    caller.settle().await;
    (caller, transfer)
}

#[tokio::test]
async fn two_hundred_sandboxes_do_not_see_each_other() {
    const SANDBOXES: i64 = 200;
    let (server, caller) = server().await;
    let untouched = server.snapshot("default");
    let start = Arc::new(Barrier::new(usize::try_from(SANDBOXES).expect("small")));
    let mut lives = JoinSet::new();
    for number in 1..=SANDBOXES {
        let url = format!("{}/_control/v1/sandboxes", server.url());
        let (http, control) = (caller.http.clone(), server.control_token().to_owned());
        let start = Arc::clone(&start);
        lives.spawn(async move {
            start.wait().await;
            let body = json!({"name": format!("team-{number}")}).to_string();
            let made = http
                .post(&url)
                .bearer_auth(&control)
                .header("content-type", "application/json")
                .body(body);
            let made = Reply::read(made.send().await.expect("sent")).await.ok();
            let caller = Caller::over(http, &made["data"]).await;
            let (caller, transfer) = lead_a_life(caller, number + 1).await;
            (number, caller, transfer)
        });
    }
    let mut lives = lives.join_all().await;
    lives.sort_by_key(|(number, ..)| *number);

    for (number, caller, transfer) in &lives {
        let left = 100 * number;
        assert_eq!(caller.balances("ACME_USD").await, (left, left));
        assert_eq!(caller.balances("JANE_USD").await, (100, 100));
        let own = caller
            .get(&format!("/api/v1/transfers/{transfer}"))
            .await
            .ok();
        assert_eq!(own["data"]["status"], "EXECUTED");
        // That of the next one is unknown here.
        let next = usize::try_from(*number).expect("small") % lives.len();
        let other = format!("/api/v1/transfers/{}", lives[next].2);
        assert_eq!(caller.get(&other).await.code(), "NOT_FOUND");
        let rows = server.journal(&caller.sandbox).expect("journal");
        let genesis = server.genesis(&caller.sandbox).expect("genesis");
        let again = replay(genesis, &rows).expect("the same world");
        assert!(Some(again.snapshot().unwrap()) == server.snapshot(&caller.sandbox));
    }
    assert!(server.snapshot("default") == untouched);
}

/// The accounts between which money moves.
async fn ten_accounts(caller: &Caller) -> Vec<String> {
    let mut accounts = vec!["ACME_USD".to_owned(), "JANE_USD".to_owned()];
    for number in 3..=10 {
        let account = format!("ACME_{number}");
        let body = json!({"customer_id": "ACME", "account_to_open": {"account_id": account,
            "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"}});
        let path = "/api/v1/accounts/deposits";
        caller.post(path, &body.to_string()).await.ok();
        accounts.push(account);
    }
    for account in &accounts {
        let body = json!({"account_id": account, "amount": 50}).to_string();
        caller
            .control(Method::POST, "/inbound", Some(&body))
            .await
            .ok();
    }
    caller.settle().await;
    accounts
}

/// What one task moves: from, to, cents. Some of it no account can cover at once.
fn plan(task: usize) -> impl Iterator<Item = (usize, usize, i64)> {
    (0..12).map(move |turn| {
        let from = (task * 7 + turn * 3) % 10;
        let to = (from + 1 + (task + turn) % 9) % 10;
        let cents = 1 + (task * 131 + turn * 977) % 2_900;
        (from, to, i64::try_from(cents).expect("small"))
    })
}

/// Moves what is planned and tells what was accepted.
async fn move_money(caller: Caller, accounts: Arc<Vec<String>>, task: usize) -> Vec<i64> {
    let mut moved = vec![0; accounts.len()];
    for (turn, (from, to, cents)) in plan(task).enumerate() {
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let body = format!(
            r#"{{"source_account_id":"{}","destination_account_id":"{}","amount":{amount}}}"#,
            accounts[from], accounts[to]
        );
        let made = caller.post("/api/v1/transfers", &body).await.ok();
        let id = made["data"]["id"].as_str().expect("id");
        let path = format!("/api/v1/transfers/{id}/accept");
        let key = format!("{task}-{turn}");
        let accepted = caller.post_signed(&path, &key).await;
        if accepted.status.is_success() {
            moved[from] -= cents;
            moved[to] += cents;
            // Each is sent twice, as by a client that did not get the reply.
            let again = caller.post_signed(&path, &key).await;
            assert_eq!(again.text, accepted.text);
        } else {
            assert_eq!(accepted.code(), "INSUFFICIENT_FUNDS", "{}", accepted.text);
        }
    }
    moved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_between_ten_accounts_end_with_the_right_sums() {
    let (server, caller) = server().await;
    let accounts = Arc::new(ten_accounts(&caller).await);
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        tasks.spawn(move_money(caller.clone(), Arc::clone(&accounts), task));
    }
    let moved = tasks.join_all().await;
    caller.settle().await;

    let mut all = 0;
    for (place, account) in accounts.iter().enumerate() {
        let expected = 5_000 + moved.iter().map(|moved| moved[place]).sum::<i64>();
        assert_eq!(
            caller.balances(account).await,
            (expected, expected),
            "{account}"
        );
        assert!(expected >= 0);
        all += expected;
    }
    assert_eq!(all, 50_000, "nothing is lost and nothing is made");
    let accepted = moved.iter().flatten().filter(|moved| **moved != 0).count();
    assert!(accepted > 100, "{accepted}");
    books_balance(&caller).await;
    let rows = server.journal("default").expect("journal");
    let again = replay(server.genesis("default").expect("genesis"), &rows).expect("the same world");
    assert!(Some(again.snapshot().unwrap()) == server.snapshot("default"));
}

/// Looks at other things until the journal has so many rows.
async fn answered_until(server: &SandboxServer, caller: &Caller, rows: usize) -> Vec<Row> {
    for _ in 0..10_000 {
        let journal = server.journal("default").expect("journal");
        if journal.len() >= rows {
            return journal;
        }
        caller.get("/api/v1/customers").await.ok();
    }
    panic!("a request without a client was not carried out");
}

/// The requests of one story: funds, then transfers that are made and accepted.
async fn story(caller: &Caller, mut call: impl AsyncFnMut(reqwest::RequestBuilder)) {
    caller.fund("100").await;
    for number in 0..6 {
        let body = format!(
            r#"{{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":{number}.75}}"#
        );
        let made_key = format!("made-{number}");
        let key = [("x-l2f-idempotency-id", made_key.as_str())];
        let path = "/api/v1/transfers";
        call(caller.request(Method::POST, path, Some(&body), &key)).await;
        // By now it is made, whoever asked for it; the key tells its id.
        let made = caller.send(Method::POST, path, Some(&body), &key).await;
        assert_eq!(made.header("idempotent-replayed"), Some("true"));
        let id = made.json()["data"]["id"].as_str().expect("id").to_owned();
        let path = format!("/api/v1/transfers/{id}/accept");
        call(caller.signed(&path, &format!("accepted-{number}"))).await;
        caller.settle().await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_changes_nothing_about_the_outcome() {
    let (stays, caller) = server().await;
    story(&caller, async |request| {
        Reply::read(request.send().await.expect("sent")).await.ok();
    })
    .await;

    let (leaves, caller) = server().await;
    let server = &leaves;
    story(&caller.clone(), async |request| {
        let before = server.journal("default").expect("journal").len();
        // It has asked, and is gone before it has read one byte of the reply.
        let socket = write(server, &request.build().expect("request"));
        answered_until(server, &caller, before + 1).await;
        drop(socket);
    })
    .await;

    let rows = |server: &SandboxServer| server.journal("default").expect("journal");
    assert_eq!(
        rows(&leaves),
        rows(&stays),
        "the same rows with the same digests"
    );
    assert!(leaves.snapshot("default") == stays.snapshot("default"));
}

#[tokio::test]
async fn half_a_request_is_none() {
    let (server, caller) = server().await;
    caller.fund("100").await;
    let before = server.snapshot("default");
    let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":5}"#;
    let key = [("x-l2f-idempotency-id", "half")];
    let path = "/api/v1/transfers";
    let request = || caller.request(Method::POST, path, Some(body), &key);
    let whole = request().build().expect("request");
    // All but the last byte, half of the body, nearly nothing of it; then without the end of the headers.
    let missing = [1, body.len() / 2, body.len() - 1, body.len() + 2];
    for missing in missing {
        drop(write_but(&server, &whole, missing));
    }
    // The server has answered others since, and nothing was made.
    for _ in 0..50 {
        caller.get("/api/v1/customers").await.ok();
    }
    assert!(server.snapshot("default") == before);
    // The key was not used.
    let made = Reply::read(request().send().await.expect("sent")).await;
    assert_eq!(made.header("idempotent-replayed"), None);
    made.ok();
}
