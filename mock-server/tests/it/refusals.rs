//! Requests that lead nowhere or are not as documented, and what they are told.

use crate::support::{self, Caller, Reply, TestServer, Watched as _};
use reqwest::Method;
use serde_json::{Value, json};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

#[tokio::test]
async fn an_unknown_path_is_met_with_the_nearest_one() {
    let (_server, caller) = server().await;
    let reply = caller.get("/api/v1/custmers").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "UNKNOWN_PATH",
            "description": "There is nothing at this path.",
            "received": "/api/v1/custmers",
            "hint": "Did you mean `/api/v1/customers`?",
        }]})
    );
    let reply = caller.get("/v1/transactions").await;
    assert_eq!(
        reply.json()["errors"][0]["hint"],
        "The payments API lives below /api: `/api/v1/transactions` exists. Let the base URL of your client end in /api."
    );
    let reply = caller
        .send(Method::DELETE, "/api/v1/transfers", None, &[])
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("allow")),
        (405, Some("POST"))
    );
    assert_eq!(reply.code(), "METHOD_NOT_ALLOWED");
    let reply = caller.get("/item/public_token/exchange").await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.json()["error_code"], "METHOD_NOT_ALLOWED");
    let reply = caller.get("/item/nothing").await;
    assert_eq!(reply.json()["error_type"], "INVALID_REQUEST");
    let reply = caller.post("/api/v1/transfers/7/accept/", "").await;
    assert_eq!(
        reply.json()["errors"][0]["hint"],
        "`/api/v1/transfers/7/accept` exists, without the slash at the end."
    );
}

#[tokio::test]
async fn an_unknown_path_is_answered_in_the_language_of_its_api() {
    let (_server, caller) = server().await;
    let plaid = [
        ("/link/token/create", ""),
        ("/accounts/get", ""),
        ("/processor/token/create", ""),
        ("/item/get", ""),
        // Nothing but a header tells whose path it is.
        ("/no/such/thing", "plaid-client-id"),
        ("/no/such/thing", "plaid-version"),
    ];
    for (path, header) in plaid {
        let sent = [(header, "2020-09-14")];
        let sent = if header.is_empty() { &[][..] } else { &sent };
        let reply = caller.send(Method::POST, path, Some("{}"), sent).await;
        assert_eq!(reply.status, 404, "{path}");
        let error = reply.json();
        assert_eq!(error["error_type"], "INVALID_REQUEST", "{path}: {error}");
        assert_eq!(error["error_code"], "NOT_FOUND", "{path}: {error}");
        assert_eq!(error["display_message"], Value::Null, "{path}: {error}");
        assert!(error["request_id"].is_string(), "{path}: {error}");
        let message = error["error_message"].as_str().expect("a message");
        assert!(
            message.contains("`/item/public_token/exchange`"),
            "{message}"
        );
    }
    for path in ["/v1/businesses/b/invoices", "/v1/configure", "/v1/nothing"] {
        let reply = caller.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        let error = &reply.json()["errors"][0];
        assert_eq!(error["type"], "NotFound", "{path}: {error}");
        assert_eq!(error["error_enum"], "UnknownPath", "{path}: {error}");
        let hint = error["meta"]["hint"].as_str().expect("a hint");
        assert!(hint.contains("`/v1/businesses/{business_id}`"), "{hint}");
    }
    let reply = caller.post("/accounts/deposits", "{}").await;
    assert_eq!(reply.code(), "UNKNOWN_PATH", "it is no path of Plaid's");
}

#[tokio::test]
async fn a_body_is_json_of_its_media_type_and_size() {
    let (_server, caller) = server().await;
    let reply = caller.post("/api/v1/transfers", "{\"amount\": 1,}").await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "MALFORMED_JSON",
            "description": "The body is not JSON: expected a member name in double quotes (line 1, column 14).",
            "pointer": "",
            "hint": "Send one JSON object in UTF-8.",
        }]})
    );
    let form = caller
        .request(
            Method::POST,
            "/api/v1/transfers",
            None,
            &[("content-type", "application/x-www-form-urlencoded")],
        )
        .body("amount=1");
    let reply = Reply::read(form.send().await.expect("sent")).await;
    assert_eq!(reply.status, 415);
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "UNSUPPORTED_MEDIA_TYPE",
            "description": "The body is of a media type that this operation does not read.",
            "pointer": "content-type",
            "received": "application/x-www-form-urlencoded",
            "expected": "application/json",
            "hint": "Send the body with `content-type: application/json`.",
        }]})
    );
    let reply = caller.post("/api/v1/transfers", &" ".repeat(65_537)).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (413, "BODY_TOO_LARGE")
    );
    assert_eq!(reply.json()["errors"][0]["expected"], "at most 65536 bytes");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let (_server, caller) = server().await;
    let body = r#"{"source_account_id": 7, "amount": true}"#;
    let reply = caller.post("/api/v1/transfers", body).await;
    assert_eq!(reply.status, 400);
    let mut errors: Vec<Value> = reply.json()["errors"].as_array().expect("errors").clone();
    errors.sort_by_key(|error| error["pointer"].as_str().map(str::to_owned));
    let pointers: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    assert_eq!(
        pointers,
        ["/amount", "/destination_account_id", "/source_account_id"]
    );
    assert_eq!(
        errors[2]["description"],
        "`source_account_id` is of the wrong type."
    );
    assert_eq!(
        (
            errors[2]["received"].as_str(),
            errors[2]["expected"].as_str()
        ),
        (Some("7"), Some("a string"))
    );
    let reply = caller.get("/api/v1/transactions?page=x").await;
    assert_eq!(reply.json()["errors"][0]["pointer"], "page");
    let reply = caller
        .send(Method::POST, "/api/v1/transfers", None, &[])
        .await;
    assert_eq!(
        reply.json()["errors"][0]["description"],
        "The body is missing."
    );
}

#[tokio::test]
async fn an_amount_beyond_28_digits_is_named_and_not_rounded() {
    let (_server, caller) = server().await;
    for amount in [
        "1e400",
        "0.00000000000000000000000000001",
        "12345678901234567890123456789",
    ] {
        let body = format!(
            r#"{{"source_account_id": "ACME_USD", "destination_account_id": "JANE_USD", "amount": {amount}}}"#
        );
        let reply = caller.post("/api/v1/transfers", &body).await;
        assert_eq!(reply.status, 400, "{amount}");
        let error = &reply.json()["errors"][0];
        assert_eq!(error["code"], "VALIDATION_FAILED", "{amount}");
        assert_eq!(error["pointer"], "/amount", "{amount}");
        assert!(
            error["expected"]
                .as_str()
                .is_some_and(|text| text.contains("28 digits")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_idempotency_key_has_a_form() {
    let (_server, caller) = server().await;
    let key = "k".repeat(256);
    let reply = caller
        .send(
            Method::POST,
            "/api/v1/transfers",
            Some("{}"),
            &[("x-l2f-idempotency-id", &key)],
        )
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (400, "IDEMPOTENCY_KEY_INVALID")
    );
}

#[tokio::test]
async fn strict_refuses_what_the_platform_ignores() {
    let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":"1.5","colour":"red"}"#;
    let (_lenient, caller) = server().await;
    caller.post("/api/v1/transfers", body).await.ok();
    let server = support::builder().strict(true).watched().await;
    let reply = Caller::new(&server)
        .await
        .post("/api/v1/transfers", body)
        .await;
    assert_eq!(reply.status, 400);
    let json = reply.json();
    let mut pointers: Vec<&str> = json["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/amount", "/colour"]);
}

#[tokio::test]
async fn every_reply_carries_a_request_id() {
    let (server, caller) = server().await;
    let mine = caller
        .send(
            Method::GET,
            "/api/v1/customers",
            None,
            &[("x-l2f-request-id", "my-1")],
        )
        .await;
    assert_eq!(mine.header("x-l2f-request-id"), Some("my-1"));
    let made = caller.get("/nowhere").await;
    assert_eq!(made.header("x-l2f-request-id").map(str::len), Some(36));
    let log = server.requests("default").expect("log");
    assert!(
        log.iter()
            .any(|record| record.request_id == "my-1" && record.operation == "customers_list")
    );
}

#[tokio::test]
async fn a_page_of_another_origin_may_call_what_browsers_call() {
    let (server, caller) = server().await;
    let preflight = |path: &str| {
        caller
            .http
            .request(Method::OPTIONS, format!("{}{path}", server.url()))
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
    };
    let reply = Reply::read(preflight("/v1/businesses").send().await.expect("sent")).await;
    assert_eq!(
        (
            reply.status.as_u16(),
            reply.header("access-control-allow-origin")
        ),
        (204, Some("*"))
    );
    let reply = Reply::read(preflight("/api/v1/transfers").send().await.expect("sent")).await;
    assert_eq!(
        (
            reply.status.as_u16(),
            reply.header("access-control-allow-origin")
        ),
        (405, None)
    );
}

#[tokio::test]
async fn health_and_metrics_need_no_token() {
    let (server, caller) = server().await;
    let health = caller
        .http
        .get(format!("{}/healthz", server.url()))
        .send()
        .await
        .expect("sent");
    assert_eq!(Reply::read(health).await.ok()["status"], "ok");
    let metrics = caller
        .http
        .get(format!("{}/metrics", server.url()))
        .send()
        .await
        .expect("sent");
    let page = Reply::read(metrics).await;
    assert!(
        page.text
            .contains("layer2_mock_requests_total{api=\"oauth\",status=\"2xx\"} 1"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("layer2_mock_sandboxes 1"),
        "{}",
        page.text
    );
}
