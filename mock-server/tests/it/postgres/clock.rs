//! One call at a time moves the clock of a sandbox, whichever server it came to.

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::post};
use layer2_mock::Profile;
use reqwest::Method;
use serde_json::json;
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinHandle, JoinSet},
};

use super::{builder, servers};
use crate::{
    postgres::database::Database,
    support::{Caller, Reply, Watched as _},
    webhooks::sent::OnTheirWay,
};

/// Asks whether the clock may be moved, and moves nothing: a number beyond the years is refused after that question.
const PROBE: &str = r#"{"seconds":99999999999}"#;

const HOUR: &str = r#"{"seconds":3600}"#;

async fn advance(caller: &Caller, seconds: &str) -> Reply {
    caller
        .control(Method::POST, "/clock/advance", Some(seconds))
        .await
}

async fn offset(caller: &Caller) -> serde_json::Value {
    let clock = caller.control(Method::GET, "/clock", None).await.ok();
    clock["data"]["offset_seconds"].clone()
}

/// An advance by an hour that waits for a receiver until the gate is opened.
struct Held {
    gate: Arc<Semaphore>,
    advance: JoinHandle<Reply>,
}

impl Held {
    async fn by(caller: &Caller) -> Held {
        let gate = Arc::new(Semaphore::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("bind");
        let url = format!("http://{}/hook", listener.local_addr().expect("address"));
        let (arrived, mut arrivals) = mpsc::unbounded_channel();
        let held = Arc::clone(&gate);
        let hook = move || async move {
            // Whoever waits for the first one does not wait for others.
            let _ = arrived.send(());
            held.acquire().await.expect("open").forget();
            StatusCode::OK
        };
        let app = Router::new().route("/hook", post(hook));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let body = json!({"event_type": "TRANSACTION_POSTED", "callback_url": url}).to_string();
        let made = caller.post("/api/v1/subscriptions", &body).await;
        made.ok();
        caller.fund("5").await;
        arrivals.recv().await.expect("the delivery is on its way");
        let by = caller.clone();
        let advance = tokio::spawn(async move { advance(&by, HOUR).await });
        while self::advance(caller, PROBE).await.code() != "CLOCK_BUSY" {
            assert!(!advance.is_finished(), "it waits for nobody");
        }
        Held { gate, advance }
    }

    fn open(&self) {
        self.gate.add_permits(100);
    }
}

#[tokio::test]
async fn whoever_comes_while_it_is_moved_is_refused_on_every_server() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let file = first.export().await;
    let held = Held::by(&first).await;
    for caller in [&first, &second] {
        for refused in [
            advance(caller, HOUR).await,
            caller.control(Method::POST, "/settle", None).await,
            caller.control(Method::POST, "/reset", None).await,
            caller.restore(&file).await,
        ] {
            let told = (refused.status, refused.code());
            assert_eq!(told, (StatusCode::CONFLICT, "CLOCK_BUSY".to_owned()));
        }
    }
    held.open();
    let done = held.advance.await.expect("advance").ok();
    assert_eq!(done["data"]["complete"], true, "{done}");
    // Who has been answered keeps nobody from it, wherever the next call goes.
    for caller in [&second, &first, &second, &first] {
        advance(caller, r#"{"seconds":60}"#).await.ok();
    }
    for caller in [&first, &second] {
        assert_eq!(offset(caller).await, 3_840);
    }
}

#[tokio::test]
async fn advances_on_several_servers_at_once_add_up() {
    const EACH: usize = 5;
    let database = Database::new().await;
    let servers = servers::<3>(&database).await;
    let mut movers = JoinSet::new();
    for (_, caller) in &servers {
        let caller = caller.clone();
        movers.spawn(async move {
            let mut accepted = 0;
            while accepted < EACH {
                let reply = advance(&caller, HOUR).await;
                if reply.code() != "CLOCK_BUSY" {
                    reply.ok();
                    accepted += 1;
                }
            }
        });
    }
    movers.join_all().await;
    for (_, caller) in &servers {
        assert_eq!(offset(caller).await, 3 * EACH * 3_600);
    }
}

#[tokio::test]
async fn a_server_that_has_lost_its_connection_moves_it_no_more() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let held = Held::by(&first).await;
    database.cut_connections().await;
    let stopped = held.advance.await.expect("advance");
    assert_eq!(stopped.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stopped.code(), "STORE_UNAVAILABLE", "{}", stopped.text);
    held.gate.add_permits(100);
    let before = offset(&second).await;
    let moved = loop {
        let reply = advance(&second, HOUR).await;
        if reply.status.is_success() {
            break reply.ok();
        }
        assert_eq!(reply.code(), "STORE_UNAVAILABLE", "{}", reply.text);
    };
    assert_eq!(moved["data"]["complete"], true, "{moved}");
    assert_eq!(before, 0, "it waited for the receiver");
    assert_eq!(offset(&first).await, 3_600);
}

/// What an advance sends is its own: nobody else sends it as long as the advance has it.
#[tokio::test]
async fn what_a_cut_advance_had_sent_is_sent_again() {
    let database = Database::new().await;
    let server = builder(&database).profile(Profile::Realistic);
    let server = server.watched().await;
    let caller = Caller::new(&server).await;
    let mut sent = OnTheirWay::by_an_advance_of(&caller).await;
    database.cut_connections().await;
    let stopped = sent.told().await;
    assert_eq!(stopped.code(), "STORE_UNAVAILABLE", "{}", stopped.text);
    sent.answer();
    let settled = loop {
        let reply = caller.control(Method::POST, "/settle", None).await;
        if reply.status.is_success() {
            break reply.ok();
        }
        assert_eq!(reply.code(), "STORE_UNAVAILABLE", "{}", reply.text);
    };
    sent.come_again(&settled).await;
}
