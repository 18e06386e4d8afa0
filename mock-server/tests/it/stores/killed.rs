//! A server that is killed in the middle of its work: nothing that it has acknowledged is lost, and nothing happens twice.
//!
//! Each round runs the real program on one file, sends it transfers from several sides at once, each under its own
//! idempotency key, and kills it (SIGKILL) as soon as so many have been acknowledged; how many is drawn from the number
//! of the round. What was acknowledged is on record here. The next start must know it all, byte by byte; whatever got no
//! answer is sent again under its key, and then has happened once. At the end the books are those of the record.
//!
//! `KILL_ROUNDS` says how many rounds are run; a few are run with all the other tests.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use super::Kept;
use crate::{binary::BINARY, support::Caller};

/// Rounds of a run with all the other tests.
const ROUNDS: usize = 3;

/// Who sends at once.
const SENDERS: usize = 8;

/// Acknowledgements after which a round ends at the latest.
const MOST: usize = 60;

/// The program on a file.
struct Running {
    child: Child,
    caller: Caller,
}

impl Running {
    async fn start(kept: &Kept) -> Running {
        let ready = kept.folder.0.join("ready.json");
        let mut child = Command::new(BINARY)
            .args(["--listen", "127.0.0.1:0", "--clock", "manual", "--store"])
            .arg(super::in_file(&kept.path(), "").to_string())
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("start");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout"))
            .read_line(&mut line)
            .expect("banner");
        assert!(line.contains("listens at"), "it does not start: {line}");
        let info = std::fs::read(&ready).expect("ready file");
        let info: Value = serde_json::from_slice(&info).expect("JSON");
        Running {
            caller: Caller::of(&info).await,
            child,
        }
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One transfer of one cent: requested under one key, accepted under another.
#[derive(Clone, Debug, Default)]
struct Sent {
    /// The whole reply to the request, once it came.
    requested: Option<String>,
    /// The whole reply to the acceptance, once it came.
    accepted: Option<String>,
}

type Record = Arc<Mutex<BTreeMap<String, Sent>>>;

fn id_of(reply: &str) -> String {
    let reply: Value = serde_json::from_str(reply).expect("JSON");
    reply["data"]["id"].as_str().expect("id").to_owned()
}

/// Sends what is missing of a transfer and puts down what is acknowledged; says whether all of it is.
async fn settle(caller: &Caller, key: &str, record: &Record, acknowledged: &AtomicUsize) -> bool {
    let known = record
        .lock()
        .expect("record")
        .entry(key.to_owned())
        .or_default()
        .clone();
    let requested = match known.requested {
        Some(reply) => reply,
        None => {
            let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;
            let headers = [("x-l2f-idempotency-id", key)];
            let request = caller.request(Method::POST, "/api/v1/transfers", Some(body), &headers);
            let Some(reply) = answer(request).await else {
                return false;
            };
            record
                .lock()
                .expect("record")
                .entry(key.to_owned())
                .or_default()
                .requested = Some(reply.clone());
            acknowledged.fetch_add(1, Ordering::AcqRel);
            reply
        }
    };
    if known.accepted.is_some() {
        return true;
    }
    let path = format!("/api/v1/transfers/{}/accept", id_of(&requested));
    let Some(reply) = answer(caller.signed(&path, &format!("{key}-accept"))).await else {
        return false;
    };
    record
        .lock()
        .expect("record")
        .entry(key.to_owned())
        .or_default()
        .accepted = Some(reply);
    acknowledged.fetch_add(1, Ordering::AcqRel);
    true
}

/// The body of a good reply that came whole; nothing where the server died first.
async fn answer(request: reqwest::RequestBuilder) -> Option<String> {
    let reply = request.send().await.ok()?;
    let status = reply.status();
    let text = reply.text().await.ok()?;
    assert!(status.is_success(), "{status} {text}");
    Some(text)
}

/// Sends from all sides until the server is dead, and kills it after so many acknowledgements.
async fn load_and_kill(server: &mut Running, round: usize, after: usize, record: &Record) {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (caller, record) = (server.caller.clone(), Arc::clone(record));
        let acknowledged = Arc::clone(&acknowledged);
        senders.spawn(async move {
            for number in 0.. {
                let key = format!("round-{round}-{sender}-{number}");
                if !settle(&caller, &key, &record, &acknowledged).await {
                    return;
                }
            }
        });
    }
    while acknowledged.load(Ordering::Acquire) < after {
        tokio::task::yield_now().await;
    }
    server.kill();
    senders.join_all().await;
}

/// Everything that was acknowledged is there, byte by byte, and the saved replies are too.
async fn compare(caller: &Caller, record: &Record, since: &str) {
    let known: Vec<_> = record.lock().expect("record").clone().into_iter().collect();
    for (key, sent) in known.iter().filter(|(key, _)| key.starts_with(since)) {
        if let Some(requested) = &sent.requested {
            let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;
            let headers = [("x-l2f-idempotency-id", key.as_str())];
            let again = caller
                .send(Method::POST, "/api/v1/transfers", Some(body), &headers)
                .await;
            assert_eq!(&again.text, requested, "{key} was acknowledged and is lost");
            assert_eq!(
                again.header("idempotent-replayed"),
                Some("true"),
                "{key} happened twice"
            );
        }
        if let Some(accepted) = &sent.accepted {
            let id = id_of(accepted);
            let path = format!("/api/v1/transfers/{id}/accept");
            let again = caller.post_signed(&path, &format!("{key}-accept")).await;
            assert_eq!(&again.text, accepted, "{key} was accepted and is lost");
            let now = caller.get(&format!("/api/v1/transfers/{id}")).await.ok();
            assert_eq!(now["data"]["status"], "EXECUTED", "{key}");
        }
    }
}

/// What two accounts hold, in cents, in books that balance.
async fn books(caller: &Caller) -> (i64, i64) {
    let trial = caller
        .control(Method::GET, "/ledger/trial-balance", None)
        .await
        .ok();
    assert_eq!(trial["balanced"], true, "{trial}");
    let held = async |account: &str| {
        let path = format!("/api/v1/accounts/deposits/{account}");
        cents(&caller.get(&path).await.ok()["data"]["available_balance"])
    };
    (held("ACME_USD").await, held("JANE_USD").await)
}

/// An amount of the wire in cents.
fn cents(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().expect("cents")
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let rounds = std::env::var("KILL_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("KILL_ROUNDS"));
    let kept = Kept::new("killed");
    let record = Record::default();
    let mut server = Running::start(&kept).await;
    server.caller.fund("100000").await;
    for round in 0..rounds {
        // Knuth's multiplicative hash spreads the rounds over all lengths.
        let after = 1 + (round.wrapping_mul(2_654_435_761) >> 7) % MOST;
        load_and_kill(&mut server, round, after, &record).await;
        server = Running::start(&kept).await;
        let caller = &server.caller;
        compare(caller, &record, &format!("round-{round}-")).await;
        // Whatever got no answer is sent again under its key.
        let open: Vec<String> = {
            let record = record.lock().expect("record");
            let open = record.iter().filter(|(_, sent)| sent.accepted.is_none());
            open.map(|(key, _)| key.clone()).collect()
        };
        for key in open {
            assert!(settle(caller, &key, &record, &AtomicUsize::new(0)).await);
        }
        let moved = i64::try_from(record.lock().expect("record").len()).expect("few");
        assert_eq!(books(caller).await, (10_000_000 - moved, moved));
    }
    compare(&server.caller, &record, "round-").await;
}
