//! Every kind of ordered fault: what the client sees, and whether the work was done.

use std::io::Read;

use crate::{
    socket::{exchange, write},
    support::{self, Caller, Reply, TestServer, Watched as _},
};
use layer2_mock::{ClockMode, SandboxServer, replay};
use reqwest::Method;
use serde_json::{Value, json};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().clock(ClockMode::Manual).watched().await;
    let caller = Caller::new(&server).await;
    caller.fund("100").await;
    (server, caller)
}

async fn order(caller: &Caller, fault: Value) -> Reply {
    caller
        .control(Method::POST, "/faults", Some(&fault.to_string()))
        .await
}

/// Makes a transfer and gives the path that accepts it.
async fn acceptance(caller: &Caller) -> String {
    format!("/api/v1/transfers/{}/accept", caller.transfer("1").await)
}

/// The status of the transfer whose acceptance has this path.
async fn status(caller: &Caller, path: &str) -> String {
    let transfer = path.strip_suffix("/accept").expect("an acceptance");
    caller.get(transfer).await.ok()["data"]["status"]
        .as_str()
        .expect("status")
        .to_owned()
}

/// Whether the last fault struck, and the kinds in the request log.
async fn struck(server: &SandboxServer, caller: &Caller) -> (bool, Vec<&'static str>) {
    let faults = caller.control(Method::GET, "/faults", None).await.ok();
    let last = faults["data"]["faults"]
        .as_array()
        .and_then(|faults| faults.last())
        .expect("a fault")
        .clone();
    let log = server.requests("default").expect("log");
    let kinds = log.iter().filter_map(|record| record.fault).collect();
    (last["hits"] == 1 && last["remaining"] == 0, kinds)
}

#[tokio::test]
async fn a_reset_is_no_byte_and_no_goodbye() {
    let (server, caller) = server().await;
    for (point, done) in [("before_work", "REQUESTED"), ("after_work", "EXECUTED")] {
        let path = acceptance(&caller).await;
        order(&caller, json!({"kind": "reset", "point": point}))
            .await
            .ok();
        let request = caller.signed(&path, point).build().expect("request");
        let (bytes, end) = exchange(&server, &request);
        assert_eq!(bytes, b"", "{point}");
        let error = end.expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{point}");
        assert_eq!(status(&caller, &path).await, done, "{point}");
    }
    assert_eq!(
        struck(&server, &caller).await,
        (true, vec!["reset", "reset"])
    );
    let log = server.requests("default").expect("log");
    assert_eq!(log.iter().filter(|record| record.lost).count(), 2);
}

#[tokio::test]
async fn a_truncated_reply_ends_within_its_body() {
    let (server, caller) = server().await;
    let orders = [
        json!({"kind": "truncated"}),
        json!({"kind": "truncated", "body_bytes": 3}),
        json!({"kind": "truncated", "body_bytes": 0}),
        json!({"kind": "truncated", "body_bytes": 1_000_000}),
    ];
    for (number, fault) in orders.into_iter().enumerate() {
        let path = acceptance(&caller).await;
        order(&caller, fault.clone()).await.ok();
        let request = caller
            .signed(&path, &number.to_string())
            .build()
            .expect("request");
        let (bytes, _) = exchange(&server, &request);
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
        let announced: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .expect("a length");
        let wanted = match fault.get("body_bytes").and_then(Value::as_u64) {
            None => announced / 2,
            Some(1_000_000) => announced - 1,
            Some(bytes) => usize::try_from(bytes).expect("small"),
        };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(body.len(), wanted, "{fault}: {announced} announced");
        assert_eq!(status(&caller, &path).await, "EXECUTED", "{fault}");
    }
}

#[tokio::test]
async fn a_reply_that_is_held_back_holds_up_nobody_and_its_work_is_done() {
    let (server, caller) = server().await;
    let path = acceptance(&caller).await;
    let fault =
        json!({"kind": "latency", "delay_ms": 600_000, "operation": "payments.transfers_accept"});
    order(&caller, fault).await.ok();
    let request = caller.signed(&path, "slow").build().expect("request");
    let mut socket = write(&server, &request);
    // Its work is done as soon as it arrives; the reads between are answered at once.
    while status(&caller, &path).await != "EXECUTED" {}
    assert_eq!(struck(&server, &caller).await, (true, vec!["latency"]));
    socket.set_nonblocking(true).expect("socket");
    let error = socket.read(&mut [0]).expect_err("nothing to read");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    // A retry with the same key gets the saved reply while the first one still waits.
    let retried = caller.post_signed(&path, "slow").await;
    assert_eq!(retried.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_delay_before_or_after_the_work_changes_nothing_else() {
    let (server, caller) = server().await;
    for point in ["before_work", "after_work"] {
        let path = acceptance(&caller).await;
        order(
            &caller,
            json!({"kind": "latency", "delay_ms": 1, "point": point}),
        )
        .await
        .ok();
        let reply = caller.post_signed(&path, point).await.ok();
        assert_eq!(reply["data"]["status"], "ACCEPTED", "{point}");
    }
    assert_eq!(
        struck(&server, &caller).await,
        (true, vec!["latency", "latency"])
    );
}

/// An ordered error and what the acceptance of a transfer gets of it.
struct OrderedError {
    fault: Value,
    status: u16,
    code: &'static str,
    header: Option<(&'static str, &'static str)>,
    /// Where it leaves the transfer.
    left: &'static str,
}

impl OrderedError {
    /// One in place of the work, with no header of its own.
    fn new(fault: Value, status: u16, code: &'static str) -> OrderedError {
        OrderedError {
            fault,
            status,
            code,
            header: None,
            left: "REQUESTED",
        }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> OrderedError {
        self.header = Some((name, value));
        self
    }

    fn after_the_work(mut self) -> OrderedError {
        self.left = "EXECUTED";
        self
    }
}

fn ordered_errors() -> [OrderedError; 9] {
    let error = OrderedError::new;
    let status = |status| json!({"kind": "status", "status": status});
    let limited = |fault| error(fault, 429, "RATE_LIMITED");
    let told_code = json!({"kind": "status", "status": 400, "code": "INSUFFICIENT_FUNDS",
        "operation": "payments.transfers_accept"});
    let with_wait = json!({"kind": "status", "status": 503, "retry_after_seconds": 30});
    let after_work = json!({"kind": "status", "status": 500, "point": "after_work"});
    [
        limited(json!({"kind": "rate_limited", "retry_after_seconds": 7}))
            .header("retry-after", "7"),
        limited(json!({"kind": "rate_limited"})).header("retry-after", "1"),
        error(json!({"kind": "expired_token"}), 401, "TOKEN_EXPIRED")
            .header("www-authenticate", r#"Bearer error="invalid_token""#),
        error(status(503), 503, "INTERNAL"),
        error(status(404), 404, "NOT_FOUND"),
        error(status(418), 418, "VALIDATION_FAILED"),
        error(with_wait, 503, "INTERNAL").header("retry-after", "30"),
        error(told_code, 400, "INSUFFICIENT_FUNDS"),
        error(after_work, 500, "INTERNAL").after_the_work(),
    ]
}

/// Orders the error and accepts a transfer, which meets it.
async fn is_met_once(caller: &Caller, key: &str, error: OrderedError) {
    let fault = error.fault;
    let path = acceptance(caller).await;
    let ordered = order(caller, fault.clone()).await.ok();
    let reply = caller.post_signed(&path, key).await;
    assert_eq!(reply.status, error.status, "{fault}");
    assert_eq!(reply.code(), error.code, "{fault}");
    if let Some((header, value)) = error.header {
        assert_eq!(reply.header(header), Some(value), "{fault}");
    }
    let done = match error.left {
        "REQUESTED" => "Nothing was done.",
        _ => "The work was done all the same.",
    };
    let id = ordered["data"]["id"].as_str().expect("id");
    assert_eq!(
        reply.json()["errors"][0]["hint"],
        format!("This error was ordered by the fault {id}. {done}"),
        "{fault}"
    );
    assert_eq!(status(caller, &path).await, error.left, "{fault}");
    // The fault has ended, and a retry with the same key does the work once.
    let retried = caller.post_signed(&path, key).await.ok();
    assert_eq!(retried["data"]["status"], "ACCEPTED", "{fault}");
}

#[tokio::test]
async fn ordered_errors_speak_the_language_of_the_api_and_say_whether_the_work_was_done() {
    let (_server, caller) = server().await;
    for (number, error) in ordered_errors().into_iter().enumerate() {
        is_met_once(&caller, &format!("key-{number}"), error).await;
    }
    assert_eq!(caller.balances("ACME_USD").await, (9_100, 9_100));
}

#[tokio::test]
async fn ordered_errors_of_the_other_apis_have_their_envelopes() {
    let (server, caller) = server().await;
    let plaid = server.info().plaid;
    let url = format!("{}/sandbox/public_token/create", server.url());
    let call = async || {
        let request = caller
            .http
            .post(&url)
            .header("content-type", "application/json")
            .header("plaid-client-id", plaid.client_id.as_str())
            .header("plaid-secret", &plaid.secret)
            .header("x-l2f-request-id", "mine")
            .body(r#"{"institution_id":"ins_109508","initial_products":["transactions"]}"#);
        Reply::read(request.send().await.expect("sent")).await
    };
    // Plaid has no tokens: the order stays for a request that has one.
    order(&caller, json!({"kind": "expired_token"})).await.ok();
    call().await.ok();
    let reply = caller.get("/api/v1/customers").await;
    assert_eq!(reply.code(), "TOKEN_EXPIRED");
    order(&caller, json!({"kind": "rate_limited"})).await.ok();
    let reply = call().await;
    assert_eq!(reply.status, 429);
    assert_eq!(
        reply.without_links(),
        json!({
            "error_type": "RATE_LIMIT_EXCEEDED",
            "error_code": "RATE_LIMIT",
            "error_message": "Too many requests; wait as long as Retry-After says. This error was ordered by the fault fault-2. Nothing was done.",
            "display_message": null,
            "request_id": "mine",
        })
    );
}

#[tokio::test]
async fn replies_of_a_later_version_reach_the_client_alone() {
    let (server, caller) = server().await;
    let path = acceptance(&caller).await;
    order(&caller, json!({"kind": "unknown_enum_value"}))
        .await
        .ok();
    let reply = caller.post_signed(&path, "k").await.ok();
    assert_eq!(reply["data"]["status"], "VALUE_OF_A_LATER_VERSION");
    // The saved reply is as it was.
    assert_eq!(
        caller.post_signed(&path, "k").await.ok()["data"]["status"],
        "ACCEPTED"
    );
    let fault = json!({"kind": "unknown_enum_value", "pointer": "/data/customers/0/customer_type",
                       "value": "TRUST"});
    order(&caller, fault).await.ok();
    let reply = caller.get("/api/v1/customers").await.ok();
    assert_eq!(
        reply["data"]["customers"][0]["customer_type"], "TRUST",
        "{reply}"
    );
    order(&caller, json!({"kind": "extra_field"})).await.ok();
    let reply = caller.get("/api/v1/accounts/deposits/ACME_USD").await.ok();
    let extra = json!({"since": "later"});
    assert_eq!(reply["field_of_a_later_version"], extra);
    assert_eq!(reply["data"]["field_of_a_later_version"], extra);
    let rows = server.journal("default").expect("journal");
    let world = replay(server.genesis("default").expect("genesis"), &rows).expect("the same world");
    assert_eq!(Some(world.snapshot().unwrap()), server.snapshot("default"));
}

#[tokio::test]
async fn faults_are_matched_counted_listed_and_deleted() {
    let (_server, caller) = server().await;
    let path = acceptance(&caller).await;
    let id = path.split('/').nth(4).expect("id").to_owned();
    let fault = json!({
        "kind": "status", "status": 500, "operation": "payments.transfers_get", "object_id": id,
        "header": {"name": "X-Team", "value": "blue"}, "nth": 2, "count": 1,
    });
    let ordered = order(&caller, fault).await;
    assert_eq!(ordered.status, 201);
    let get = async |team: &str| {
        caller
            .send(
                Method::GET,
                &format!("/api/v1/transfers/{id}"),
                None,
                &[("x-team", team)],
            )
            .await
            .status
            .as_u16()
    };
    let seen = [
        get("red").await,
        get("blue").await,
        get("blue").await,
        get("blue").await,
    ];
    assert_eq!(seen, [200, 200, 500, 200]);
    let listed = caller.control(Method::GET, "/faults", None).await.ok();
    assert_eq!(
        listed["data"]["faults"],
        json!([{
            "id": "fault-1", "kind": "status", "operation": "payments.transfers_get", "object_id": id,
            "header": {"name": "x-team", "value": "blue"}, "point": "before_work", "status": 500,
            "nth": 2, "count": 1, "percent": 100, "seen": 2, "hits": 1, "remaining": 0,
        }])
    );
    order(&caller, json!({"kind": "reply_lost"})).await.ok();
    let deleted = caller
        .control(Method::DELETE, "/faults/fault-2", None)
        .await
        .ok();
    assert_eq!(deleted["data"]["kind"], "reply_lost");
    caller.get("/api/v1/customers").await.ok();
    let again = caller
        .control(Method::DELETE, "/faults/fault-2", None)
        .await;
    assert_eq!(
        (again.status.as_u16(), again.without_links()),
        (
            404,
            json!({"errors": [{
                "code": "NOT_FOUND",
                "description": "There is no such fault in this sandbox.",
                "pointer": "fault_id",
                "received": "fault-2",
                "hint": "List the faults; a reset forgets them.",
            }]})
        )
    );
}

#[tokio::test]
async fn chance_comes_from_the_seed() {
    let run = async || {
        let server = support::builder().seed(11).watched().await;
        let caller = Caller::new(&server).await;
        order(
            &caller,
            json!({"kind": "status", "status": 503, "percent": 40, "count": 100}),
        )
        .await
        .ok();
        let mut seen = Vec::new();
        for _ in 0..30 {
            seen.push(caller.get("/api/v1/customers").await.status.as_u16());
        }
        seen
    };
    let first = run().await;
    assert_eq!(first, run().await);
    assert!(first.contains(&200) && first.contains(&503), "{first:?}");
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused_with_what_would() {
    let (_server, caller) = server().await;
    let wrong = wrong_orders();
    let unsupported = unsupported_orders();
    let wrong = wrong.into_iter().map(|row| ("VALIDATION_FAILED", row));
    let unsupported = unsupported
        .into_iter()
        .map(|row| ("FAULT_NOT_SUPPORTED", row));
    for (code, (fault, pointer)) in wrong.chain(unsupported) {
        let reply = order(&caller, fault.clone()).await;
        assert_eq!(reply.status, 400, "{fault}");
        let error = &reply.json()["errors"][0];
        assert_eq!(
            (&error["code"], &error["pointer"]),
            (&json!(code), &json!(pointer)),
            "{fault}"
        );
        assert!(
            error["expected"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{fault}: {error}"
        );
    }
    let listed = caller.control(Method::GET, "/faults", None).await.ok();
    assert_eq!(listed["data"]["faults"], json!([]));
}

/// Orders that are not of their form, each with the place of what is wrong.
fn wrong_orders() -> [(Value, &'static str); 8] {
    [
        (json!({"kind": "gremlin"}), "/kind"),
        (json!({"kind": "latency"}), "/delay_ms"),
        (json!({"kind": "latency", "delay_ms": 600_001}), "/delay_ms"),
        (json!({"kind": "status"}), "/status"),
        (json!({"kind": "status", "status": 200}), "/status"),
        (json!({"kind": "reset", "percent": 0}), "/percent"),
        (json!({"kind": "reset", "count": 0}), "/count"),
        (
            json!({"kind": "reset", "header": {"name": "a b"}}),
            "/header/name",
        ),
    ]
}

/// Orders of the right form that no fault can carry out, each with the place of what is wrong.
fn unsupported_orders() -> [(Value, &'static str); 7] {
    let code = |fault| (fault, "/code");
    let operation =
        |kind: &str, operation: &str| (json!({"kind": kind, "operation": operation}), "/operation");
    [
        operation("reset", "transfers_get"),
        operation("reset", "control.clock_get"),
        operation("expired_token", "plaid.items_get"),
        (json!({"kind": "reset", "delay_ms": 5}), "/delay_ms"),
        code(json!({"kind": "status", "status": 400, "code": "NOT_FOUND"})),
        code(json!({"kind": "status", "status": 400, "code": "NOPE",
            "operation": "payments.transfers_get"})),
        (
            json!({"kind": "reply_lost", "point": "before_work"}),
            "/point",
        ),
    ]
}
