//! Webhooks: signed, retried on the business clock, and never needing a sleep.

pub(crate) mod receivers;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod sent;

use std::sync::{Arc, Mutex};

use crate::{
    socket::write,
    support::{self, Caller, Reply, TestServer, Watched as _},
};
use ed25519_dalek::{Signature, VerifyingKey};
use http::StatusCode;
use layer2_mock::{CallbackPolicy, ClockMode, replay};
use receivers::{Held, listen, receiver};
use reqwest::Method;
use serde_json::{Value, json};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().clock(ClockMode::Manual).watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

/// Subscribes and gives the key that verifies.
async fn subscribe(caller: &Caller, url: &str) -> VerifyingKey {
    let body = json!({"event_type": "TRANSACTION_POSTED", "callback_url": url}).to_string();
    let reply = caller.post("/api/v1/subscriptions", &body).await.ok();
    let mut key = [0; 32];
    let text = reply["data"]["signature_verification_key"]
        .as_str()
        .expect("key");
    hex::decode_to_slice(text, &mut key).expect("hex");
    VerifyingKey::from_bytes(&key).expect("key")
}

/// Moves the clock on.
async fn advance(caller: &Caller, seconds: i64) -> Reply {
    let body = json!({"seconds": seconds}).to_string();
    let path = "/clock/advance";
    caller.control(Method::POST, path, Some(&body)).await
}

/// Whether a reply is this refusal.
fn is_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (status, code)
    );
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().expect("time").parse().expect("time")
}

#[tokio::test]
async fn a_delivery_is_signed_over_its_exact_bytes() {
    let (_server, caller) = server().await;
    let (url, inbox) = receiver(&[]).await;
    let key = subscribe(&caller, &url).await;
    caller.fund("5").await;
    caller.settle().await;
    let inbox = inbox.lock().expect("inbox");
    assert_eq!(inbox.received.len(), 1);
    let (uri, headers, body) = &inbox.received[0];
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .expect(name)
            .to_owned()
    };
    let message = [
        text("x-timestamp").as_bytes(),
        b"POST",
        uri.to_string().as_bytes(),
        body,
    ]
    .concat();
    let signature = hex::decode(text("x-signature")).expect("hex");
    key.verify_strict(
        &message,
        &Signature::from_slice(&signature).expect("64 bytes"),
    )
    .expect("verifies");
    let age =
        jiff::Timestamp::now().as_second() - text("x-timestamp").parse::<i64>().expect("seconds");
    assert!(
        age.abs() < 300,
        "the transport clock dates it, not the business clock"
    );
    let event: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(event["event_type"], "TRANSACTION_POSTED");
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_when_the_clock_gets_there() {
    let (server, caller) = server().await;
    let (url, inbox) = receiver(&[500, 302]).await;
    subscribe(&caller, &url).await;
    caller.fund("5").await;
    let settled = caller.settle().await;
    assert_eq!(
        settled["pending"]
            .as_array()
            .expect("pending")
            .iter()
            .filter(|job| job["kind"] == "delivery")
            .count(),
        1
    );
    assert_eq!(
        inbox.lock().expect("inbox").received.len(),
        1,
        "the next try is due later"
    );
    advance(&caller, 600).await.ok();
    let received = std::mem::take(&mut inbox.lock().expect("inbox").received);
    assert_eq!(received.len(), 3);
    let ids: Vec<Value> = received
        .iter()
        .map(|(_, _, body)| {
            serde_json::from_slice::<Value>(body).expect("JSON")["event_id"].clone()
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the event keeps its id");
    let rows = server.journal("default").expect("journal");
    let world = replay(server.genesis("default").expect("genesis"), &rows).expect("the same world");
    assert_eq!(Some(world.snapshot().unwrap()), server.snapshot("default"));
}

#[tokio::test]
async fn what_nobody_receives_is_recorded_and_the_clock_goes_on() {
    let (_server, caller) = server().await;
    // Bound and not listening: the port is ours for the whole test, and nobody answers there.
    let socket = tokio::net::TcpSocket::new_v4().expect("socket");
    socket
        .bind("127.0.0.1:0".parse().expect("address"))
        .expect("port");
    let port = socket.local_addr().expect("port").port();
    subscribe(&caller, &format!("http://127.0.0.1:{port}/hook")).await;
    caller.fund("5").await;
    let before = caller.control(Method::GET, "/clock", None).await.ok()["data"]["now"].clone();
    let after = advance(&caller, 172_800).await.ok();
    let moved = time(&after["data"]["now"]).duration_since(time(&before));
    assert_eq!(moved.as_secs(), 172_800);
    let deliveries = caller.control(Method::GET, "/deliveries", None).await.ok();
    let text = deliveries.to_string();
    assert!(
        text.contains("Nothing listens at the callback address."),
        "{text}"
    );
    assert!(
        caller.settle().await["pending"]
            .as_array()
            .expect("pending")
            .iter()
            .all(|job| job["kind"] != "delivery")
    );
}

/// The whole schedule: eight tries over a day, each recorded with what went wrong, then the mark on the subscription; and
/// the way back, a delivery that control orders again.
#[tokio::test]
async fn a_receiver_that_fails_all_day_is_marked_and_can_be_served_again() {
    let (server, caller) = server().await;
    let (url, inbox) = receiver(&[500; 8]).await;
    subscribe(&caller, &url).await;
    caller.fund("5").await;
    caller.settle().await;
    for (seconds, tries) in [
        (4, 1),
        (2, 2),
        (60, 3),
        (270, 4),
        (1_700, 5),
        (6_200, 6),
        (16_000, 7),
        (80_000, 8),
    ] {
        advance(&caller, seconds).await.ok();
        assert_eq!(
            inbox.lock().expect("inbox").received.len(),
            tries,
            "after {seconds} s more"
        );
    }
    let list = async |status: &str| {
        let path = format!("/deliveries?status={status}");
        caller.control(Method::GET, &path, None).await.ok()["data"]["deliveries"].clone()
    };
    let failed = list("failed").await[0].clone();
    has_failed_eight_times(&failed);
    let id = failed["id"].as_str().expect("id");
    let path = format!("/deliveries/{id}/redeliver");
    let waiting = caller.control(Method::POST, &path, None).await.ok();
    assert_eq!(waiting["data"]["state"], "pending");
    caller.settle().await;
    let delivered = list("delivered").await[0].clone();
    assert_eq!(delivered["subscription_failing"], false);
    assert_eq!(delivered["attempts"][8]["status"], 204);
    {
        let inbox = inbox.lock().expect("inbox");
        assert_eq!(inbox.received.len(), 9);
        assert!(
            inbox
                .received
                .iter()
                .all(|(_, _, body)| *body == inbox.received[0].2)
        );
    }
    let rows = server.journal("default").expect("journal");
    let world = replay(server.genesis("default").expect("genesis"), &rows).expect("the same world");
    assert_eq!(Some(world.snapshot().unwrap()), server.snapshot("default"));
}

fn has_failed_eight_times(delivery: &Value) {
    assert_eq!(delivery["subscription_failing"], true);
    assert_eq!(delivery.get("next_attempt"), None);
    let attempts = delivery["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 8);
    for (number, attempt) in (1..).zip(attempts) {
        assert_eq!(attempt["attempt"], number);
        assert_eq!(
            (&attempt["outcome"], &attempt["status"]),
            (&json!("refused"), &json!(500))
        );
        assert_eq!(
            attempt["hint"],
            "The receiver answered 500; only 2xx counts as received. Answer 2xx as soon as the event is stored, and work on it afterwards; the event comes again with the same `event_id`."
        );
    }
}

#[tokio::test]
async fn a_delivery_is_not_ordered_again_once_its_subscription_is_gone() {
    let (_server, caller) = server().await;
    let (url, _inbox) = receiver(&[]).await;
    subscribe(&caller, &url).await;
    caller.fund("5").await;
    caller.settle().await;
    let listed = caller.control(Method::GET, "/deliveries", None).await.ok();
    let delivery = &listed["data"]["deliveries"][0];
    let subscription = delivery["subscription_id"].as_str().expect("id");
    let path = format!("/api/v1/subscriptions/{subscription}");
    caller.send(Method::DELETE, &path, None, &[]).await.ok();
    let path = format!(
        "/deliveries/{}/redeliver",
        delivery["id"].as_str().expect("id")
    );
    let reply = caller.control(Method::POST, &path, None).await;
    is_refused(&reply, 409, "SUBSCRIPTION_DELETED");
    let reply = caller
        .control(Method::POST, "/deliveries/none/redeliver", None)
        .await;
    is_refused(&reply, 404, "NOT_FOUND");
}

#[tokio::test]
async fn other_networks_are_out_of_reach_unless_allowed() {
    let (_server, caller) = server().await;
    // A documentation address (RFC 5737): the guard must answer, the network never could.
    subscribe(&caller, "http://192.0.2.1/hook").await;
    caller.fund("5").await;
    caller.settle().await;
    let text = caller
        .control(Method::GET, "/deliveries", None)
        .await
        .ok()
        .to_string();
    assert!(
        text.contains("is not allowed to call this address"),
        "{text}"
    );
    let open = support::builder()
        .allow_callbacks(CallbackPolicy::Private)
        .watched()
        .await;
    let caller = Caller::new(&open).await;
    let (url, inbox) = receiver(&[]).await;
    subscribe(&caller, &url.replace("127.0.0.1", "localhost")).await;
    caller.fund("5").await;
    caller.settle().await;
    assert_eq!(
        inbox.lock().expect("inbox").received.len(),
        1,
        "a name is resolved and checked"
    );
}

#[tokio::test]
async fn the_clock_is_moved_by_one_call_at_a_time_and_within_bounds() {
    let (_server, caller) = server().await;
    let reply = advance(&caller, 99_999_999_999).await;
    is_refused(&reply, 400, "CLOCK_OUT_OF_RANGE");
    let reply = advance(&caller, 0).await;
    is_refused(&reply, 400, "VALIDATION_FAILED");
    let id = caller.transfer("1").await;
    advance(&caller, 3_601).await.ok();
    let expired = caller.get(&format!("/api/v1/transfers/{id}")).await.ok();
    assert_eq!(expired["data"]["status"], "EXPIRED");
    // A month later the token is still good: transport time has not moved.
    advance(&caller, 2_678_400).await.ok();
    caller.get("/api/v1/customers").await.ok();
}

/// A receiver that reads the API before it answers.
#[tokio::test]
async fn a_receiver_that_calls_back_during_an_advance_is_served() {
    let (_server, caller) = server().await;
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (reader, states) = (caller.clone(), Arc::clone(&seen));
    let hook = move || async move {
        let clock = reader.control(Method::GET, "/clock", None).await.ok();
        let account = reader.get("/api/v1/accounts/deposits/ACME_USD").await.ok();
        states.lock().expect("states").push(json!([
            clock["data"]["now"],
            account["data"]["current_balance"]
        ]));
        // The first try fails, so the second falls into the advance.
        if states.lock().expect("states").len() == 1 {
            StatusCode::BAD_GATEWAY
        } else {
            StatusCode::OK
        }
    };
    subscribe(&caller, &listen(hook).await).await;
    caller.fund("5").await;
    caller.settle().await;
    advance(&caller, 60).await.ok();
    let seen = seen.lock().expect("states");
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1][1], json!(5));
    let between = time(&seen[1][0])
        .duration_since(time(&seen[0][0]))
        .as_secs();
    assert!(
        (4..=6).contains(&between),
        "the clock stood at the second try, {between} s later"
    );
}

/// Goal: when receivers answer decides nothing. Method: the same calls twice, once with answers at once and once with
/// answers that are held back until all calls are done; replies and webhook bodies must be the same.
#[tokio::test]
async fn when_receivers_answer_changes_no_id_no_time_and_no_body() {
    let (prompt, late) = (
        run_with_receiver(true).await,
        run_with_receiver(false).await,
    );
    assert_eq!(prompt.0, late.0, "replies");
    assert_eq!(prompt.1, late.1, "webhook bodies");
    assert_eq!(prompt.1.len(), 6);
}

async fn run_with_receiver(answers_at_once: bool) -> (Vec<String>, Vec<String>) {
    let (_server, caller) = server().await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    if answers_at_once {
        gate.add_permits(1_000);
    }
    let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
    let (held, inbox) = (Arc::clone(&gate), Arc::clone(&bodies));
    let hook = move |body: String| async move {
        inbox.lock().expect("inbox").push(body);
        held.acquire().await.expect("open").forget();
        StatusCode::OK
    };
    // Nothing that is compared depends on the port of the receiver.
    subscribe(&caller, &listen(hook).await).await;
    let mut replies = Vec::new();
    for amount in ["10", "20"] {
        let body = format!(r#"{{"account_id":"ACME_USD","amount":{amount}}}"#);
        replies.push(
            caller
                .control(Method::POST, "/inbound", Some(&body))
                .await
                .text,
        );
        let id = caller.transfer("3").await;
        replies.push(
            caller
                .post_signed(&format!("/api/v1/transfers/{id}/accept"), amount)
                .await
                .text,
        );
    }
    gate.add_permits(1_000);
    caller.settle().await;
    let mut bodies = std::mem::take(&mut *bodies.lock().expect("inbox"));
    bodies.sort();
    (replies, bodies)
}

#[tokio::test]
async fn a_reset_drops_what_is_on_its_way() {
    let (server, caller) = server().await;
    let mut held = Held::start().await;
    subscribe(&caller, &held.url).await;
    caller.fund("5").await;
    held.arrivals
        .recv()
        .await
        .expect("the delivery is on its way");
    caller.control(Method::POST, "/reset", None).await.ok();
    // The same commands again: the delivery of the new generation has the id of the old one.
    subscribe(&caller, &held.url).await;
    caller.fund("5").await;
    held.arrivals.recv().await.expect("it is sent anew");
    held.gate.add_permits(2);
    caller.settle().await;
    let rows = server.journal("default").expect("journal");
    let finished = rows
        .iter()
        .filter(|row| format!("{:?}", row.command).contains("DeliveryFinished"))
        .count();
    assert_eq!(finished, 1, "the outcome of the old delivery is nobody's");
    assert!(replay(server.genesis("default").expect("genesis"), &rows).is_ok());
}

#[tokio::test]
async fn one_call_moves_the_clock_and_another_is_told_so() {
    let (_server, caller) = server().await;
    let mut held = Held::start().await;
    subscribe(&caller, &held.url).await;
    caller.fund("5").await;
    held.arrivals
        .recv()
        .await
        .expect("the delivery is on its way");
    // Whichever comes first waits for the delivery, so the other one finds the clock busy.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let caller = caller.clone();
        calls.spawn(async move { advance(&caller, 3_600).await });
    }
    let refused = calls.join_next().await.expect("two calls").expect("call");
    is_refused(&refused, 409, "CLOCK_BUSY");
    // A receiver that settles while it is waited for is answered and not waited with.
    let settle = caller.control(Method::POST, "/settle", None).await;
    is_refused(&settle, 409, "CLOCK_BUSY");
    held.gate.add_permits(10);
    let done = calls.join_next().await.expect("one call").expect("call");
    let done = done.ok();
    assert_eq!(done["data"]["complete"], true, "{done}");
    assert_eq!(done["data"]["pending"], json!([]), "{done}");
    assert_eq!(caller.settle().await["complete"], true);
}

#[tokio::test]
async fn an_advance_goes_on_when_its_client_goes_away() {
    let (server, caller) = server().await;
    let held = Held::start().await;
    subscribe(&caller, &held.url).await;
    caller.fund("5").await;
    // An advance beyond the years is refused either way: as busy while another one runs, as out of range otherwise.
    let probe = async || advance(&caller, 999_999_999_999).await.code();
    let becomes = async |code: &str| {
        for _ in 0..10_000 {
            if probe().await == code {
                return;
            }
        }
        panic!("it never says {code}");
    };
    let path = "/_control/v1/sandboxes/default/clock/advance";
    let request = caller
        .http
        .post(format!("{}{path}", server.url()))
        .bearer_auth(server.control_token())
        .header("content-type", "application/json")
        .body(r#"{"seconds":3600}"#)
        .build()
        .expect("request");
    let socket = write(&server, &request);
    becomes("CLOCK_BUSY").await;
    drop(socket);
    // The server has one thread: by the end of these calls it has long seen that the socket is closed.
    for _ in 0..50 {
        assert_eq!(probe().await, "CLOCK_BUSY", "the advance was cancelled");
    }
    held.gate.add_permits(10);
    becomes("CLOCK_OUT_OF_RANGE").await;
    let clock = caller.control(Method::GET, "/clock", None).await.ok();
    assert_eq!(clock["data"]["offset_seconds"], 3600, "{clock}");
}
