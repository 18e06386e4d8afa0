//! A server that is killed in the middle of its work: nothing that it has acknowledged is lost, and nothing happens twice.
//!
//! Each round runs the real program on one store and works it from all sides: transfers under idempotency keys
//! (`transfers`), and clients that reset, restore, upload and move clocks (`witnesses`), while webhooks are sent to a
//! receiver here and, in a file, snapshots are taken every few commands. Then it is killed (SIGKILL); when and in the middle
//! of what is drawn from the number of the round: after so many acknowledgements, at some moment, while it ends in order,
//! or while it starts again. What was acknowledged is on record here. The next start must know it all, byte by byte;
//! whatever got no answer is sent again under its key, and then has happened once. At the end the books are those of the
//! record, and of each posting the receiver was told.
//!
//! The store is a file, or a database where `TEST_STORE` is `postgres`. A database dies in rounds of its own, at once and
//! under the same load, and comes back while transfers are asked for; the server then goes on by itself.
//!
//! `KILL_ROUNDS` says how many rounds are run; a few are run with all the other tests. `scripts/kill-rounds.sh` runs as
//! many as one likes, over either.

mod home;
mod transfers;
mod witnesses;

use std::{
    collections::BTreeSet,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use reqwest::Method;
use serde_json::{Value, json};
#[cfg(feature = "postgres")]
use tokio::sync::watch;
use tokio::task::JoinSet;

#[cfg(feature = "postgres")]
use crate::postgres::database::{Cluster, Database};
use crate::{
    program::{self, Running},
    support::Caller,
};
use home::{Dies, Home};
use transfers::Record;
use witnesses::Witness;

/// Rounds of a run with all the other tests: each way to be killed twice.
const ROUNDS: usize = 8;

/// The same where the database dies: once after so many acknowledgements, once at some moment.
#[cfg(feature = "postgres")]
const OUTAGES: usize = 2;

/// Who sends transfers at once.
const SENDERS: usize = 6;

/// Acknowledged replies to transfers after which a round is over at the latest.
const MOST: usize = 60;

/// Milliseconds after which one is over at the latest that is over at some moment.
const MOST_MILLIS: u64 = 250;

/// When a round is over.
#[derive(Clone, Copy, Debug)]
enum End {
    /// After so many acknowledged replies to transfers.
    Replies(usize),
    /// At some moment.
    Moment(Duration),
    /// Some moment after it was asked to end in order, which it does by writing snapshots.
    WhileEnding(Duration),
    /// At some moment, and again some moment after it was started.
    WhileStarting(Duration),
}

impl End {
    fn of_round(round: usize) -> End {
        // Knuth's multiplicative hash spreads the rounds over all lengths.
        let drawn = round.wrapping_mul(2_654_435_761) >> 7;
        let millis = Duration::from_millis(drawn as u64 % MOST_MILLIS);
        match round % 4 {
            0 => End::Replies(1 + drawn % MOST),
            1 => End::Moment(millis),
            2 => End::WhileEnding(millis / 4),
            _ => End::WhileStarting(millis / 4),
        }
    }
}

/// Everything that outlives a server.
struct Play {
    home: Home,
    dies: Dies,
    record: Record,
    witnesses: Vec<Witness>,
    /// Ids of the events that the receiver was told.
    told: Arc<Mutex<BTreeSet<String>>>,
}

impl Play {
    async fn new(home: Home, dies: Dies) -> (Play, Running) {
        let play = Play {
            home,
            dies,
            record: Record::new(dies),
            witnesses: witnesses::all(dies),
            told: Arc::default(),
        };
        let server = play.start().await;
        let hook = receiver(Arc::clone(&play.told)).await;
        let body = json!({"event_type": "TRANSACTION_POSTED", "callback_url": hook}).to_string();
        let subscribed = server.caller.post("/api/v1/subscriptions", &body).await;
        subscribed.ok();
        server.caller.fund("100000").await;
        for witness in &play.witnesses {
            witness.set_up(&server.caller).await;
        }
        (play, server)
    }

    async fn start(&self) -> Running {
        self.home.settled().await;
        let mut command = program::command(&self.home.store(), self.home.folder());
        if self.dies != Dies::Server {
            // Its log tells of every request that the outage met, and the senders do not wait.
            command.stderr(Stdio::null());
        }
        Running::start_by(command, self.home.folder()).await
    }

    /// Works the server from all sides until it is dead, which it is after a time.
    async fn work(&mut self, mut server: Running, round: usize) {
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (caller, record) = (server.caller.clone(), self.record.clone());
            let prefix = format!("round-{round}-{sender}");
            senders.spawn(async move { record.send_until_dead(&caller, &prefix).await });
        }
        let clients = self.clients(&server);
        let end = End::of_round(round);
        match end {
            End::Replies(replies) => self.more(replies).await,
            End::Moment(moment) | End::WhileStarting(moment) => pass(moment).await,
            End::WhileEnding(moment) => {
                pass(moment).await;
                server.ask_to_end();
                pass(moment).await;
            }
        }
        server.kill();
        senders.join_all().await;
        self.witnesses = clients.join_all().await;
        if let End::WhileStarting(moment) = end {
            self.home.settled().await;
            let mut child = program::command(&self.home.store(), self.home.folder())
                .stdout(Stdio::null())
                .spawn()
                .expect("start");
            pass(moment).await;
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// Works the server from all sides while the database below it dies and comes back.
    #[cfg(feature = "postgres")]
    async fn work_through_outage(&mut self, server: &Running, round: usize) {
        let (wanted, is_wanted) = watch::channel(true);
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (caller, record) = (server.caller.clone(), self.record.clone());
            let (prefix, wanted) = (format!("round-{round}-{sender}"), is_wanted.clone());
            senders.spawn(async move { record.send_while(&wanted, &caller, &prefix).await });
        }
        let clients = self.clients(server);
        match End::of_round(round) {
            End::Replies(replies) => self.more(replies).await,
            End::Moment(moment) | End::WhileEnding(moment) | End::WhileStarting(moment) => {
                pass(moment).await;
            }
        }
        self.home.change(Cluster::stop);
        self.witnesses = clients.join_all().await;
        self.home.change(Cluster::start_again);
        // Nobody tells the server that it is back.
        self.more(SENDERS).await;
        wanted.send_replace(false);
        senders.join_all().await;
    }

    /// Sets the witnesses to work.
    fn clients(&mut self, server: &Running) -> JoinSet<Witness> {
        let mut clients = JoinSet::new();
        for witness in self.witnesses.drain(..) {
            clients.spawn(witness.work_until_dead(server.caller.clone()));
        }
        clients
    }

    /// Waits for so many more acknowledged replies to transfers.
    async fn more(&self, replies: usize) {
        let mut acknowledged = self.record.acknowledged();
        let most = *acknowledged.borrow() + replies;
        let enough = acknowledged.wait_for(|count| *count >= most).await;
        enough.expect("the record is here");
    }

    /// Holds what there is against the records.
    async fn compare(&mut self, caller: &Caller, since: &str) {
        self.record.compare(caller, since).await;
        for witness in &mut self.witnesses {
            witness.compare(caller).await;
        }
        self.record.settle_all(caller).await;
        let moved = i64::try_from(self.record.len()).expect("few");
        assert_eq!(books(caller).await, (10_000_000 - moved, moved));
    }

    /// Of each transfer two postings were told, each under one id however often.
    async fn compare_deliveries(&self, caller: &Caller) {
        let settled = caller.settle().await;
        assert_eq!(settled["complete"], true, "{settled}");
        // The deposit posts too.
        let postings = 2 * self.record.len() + 1;
        assert_eq!(self.told.lock().expect("told").len(), postings);
    }
}

/// Lets a moment pass; nothing that is asserted rests on how long it was.
async fn pass(moment: Duration) {
    let never = std::future::pending::<()>();
    let _ = tokio::time::timeout(moment, never).await;
}

/// A receiver of webhooks that puts down the id of each event.
async fn receiver(told: Arc<Mutex<BTreeSet<String>>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("bind");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let hook = move |body: Bytes| async move {
        let event: Value = serde_json::from_slice(&body).expect("JSON");
        let id = event["event_id"].as_str().expect("an id").to_owned();
        told.lock().expect("told").insert(id);
        StatusCode::OK
    };
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// What two accounts hold, in cents, in books that balance.
async fn books(caller: &Caller) -> (i64, i64) {
    let path = "/ledger/trial-balance";
    let trial = caller.control(Method::GET, path, None).await.ok();
    assert_eq!(trial["balanced"], true, "{trial}");
    let held = async |account: &str| {
        let (_, available) = caller.balances(account).await;
        available
    };
    (held("ACME_USD").await, held("JANE_USD").await)
}

/// How many rounds are asked for.
fn rounds(few: usize) -> usize {
    let rounds = std::env::var("KILL_ROUNDS").ok();
    rounds.map_or(few, |rounds| rounds.parse().expect("KILL_ROUNDS"))
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let (mut play, mut server) = Play::new(Home::new().await, Dies::Server).await;
    for round in 0..rounds(ROUNDS) {
        play.work(server, round).await;
        server = play.start().await;
        let since = format!("round-{round}-");
        play.compare(&server.caller, &since).await;
    }
    play.compare(&server.caller, "round-").await;
    play.compare_deliveries(&server.caller).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_and_comes_back_loses_and_repeats_nothing() {
    let home = Home::over(Database::alone().await);
    let (mut play, mut server) = Play::new(home, Dies::Database).await;
    for round in 0..rounds(OUTAGES) {
        play.work_through_outage(&server, round).await;
        let since = format!("round-{round}-");
        play.compare(&server.caller, &since).await;
    }
    play.compare(&server.caller, "round-").await;
    play.compare_deliveries(&server.caller).await;
    // It has held all of this in memory; what it wrote down leads to the same.
    server.kill();
    let server = play.start().await;
    play.compare(&server.caller, "round-").await;
}
