//! Lists that are read page by page while the sandbox goes on.

use crate::support::{self, Caller, TestServer, Watched as _};
use layer2_mock::ClockMode;
use reqwest::Method;
use serde_json::{Value, json};

async fn server(strict: bool) -> (TestServer, Caller) {
    let server = support::builder()
        .clock(ClockMode::Manual)
        .strict(strict)
        .watched()
        .await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

fn ids(reply: &Value, rows: &str) -> Vec<String> {
    let rows = reply["data"][rows].as_array().expect("rows");
    rows.iter().map(|row| row["id"].to_string()).collect()
}

/// Goal: whoever follows the links sees every row once, whatever is added meanwhile. Method: money arrives before each
/// page is read; the rows seen are compared with those that there were at the first page.
#[tokio::test]
async fn following_links_neither_repeats_nor_skips_while_money_moves() {
    let (_server, caller) = server(true).await;
    for _ in 0..3 {
        caller.fund("2").await;
    }
    let first = caller.transfer("1").await;
    caller
        .post_signed(&format!("/api/v1/transfers/{first}/accept"), "first")
        .await
        .ok();
    let account = "/v1/accounts/deposits/ACME_USD/transactions";
    for order in ["ASC", "DESC"] {
        for list in ["/v1/transactions", account] {
            let whole = caller
                .get(&format!("/api{list}?page_size=1000&order={order}"))
                .await
                .ok();
            let mut seen = Vec::new();
            let mut next = format!("{list}?page_size=2&order={order}");
            while !next.is_empty() {
                let page = caller.get(&format!("/api{next}")).await.ok();
                seen.extend(ids(&page, "transactions"));
                caller.fund("1").await;
                next = page["links"]["next"].as_str().expect("link").to_owned();
            }
            assert!(seen.len() > 2, "{list} {order} is one page");
            assert_eq!(seen, ids(&whole, "transactions"), "{list} {order}");
        }
    }
}

/// A row that stops matching the filter moves those behind it, and none of them is passed over.
#[tokio::test]
async fn a_row_that_no_longer_matches_hides_no_other() {
    let (_server, caller) = server(false).await;
    let whole = caller
        .get("/api/v1/accounts/deposits?status=OPEN")
        .await
        .ok();
    let all = ids(&whole, "accounts");
    let first = caller
        .get("/api/v1/accounts/deposits?status=OPEN&page_size=1")
        .await
        .ok();
    let freeze = json!({"updates": [{"field": "status", "value": "FROZEN"}], "reason": "a test"});
    let account = first["data"]["accounts"][0]["id"]
        .as_str()
        .expect("id")
        .to_owned();
    caller
        .send(
            Method::PATCH,
            &format!("/api/v1/accounts/deposits/{account}"),
            Some(&freeze.to_string()),
            &[],
        )
        .await
        .ok();
    let next = first["links"]["next"].as_str().expect("link");
    let second = caller.get(&format!("/api{next}")).await.ok();
    assert_eq!(ids(&second, "accounts"), all[1..2]);
}

#[tokio::test]
async fn the_books_and_the_webhook_log_are_read_the_same_way() {
    let (_server, caller) = server(false).await;
    let subscription =
        json!({"event_type": "TRANSACTION_POSTED", "callback_url": "http://127.0.0.1:9/hook"});
    caller
        .post("/api/v1/subscriptions", &subscription.to_string())
        .await
        .ok();
    for _ in 0..3 {
        caller.fund("2").await;
    }
    for (path, rows) in [
        ("/ledger/entries", "entries"),
        ("/deliveries", "deliveries"),
    ] {
        let whole = caller.control(Method::GET, path, None).await.ok();
        let prefix = "/_control/v1/sandboxes/default";
        let mut seen = Vec::new();
        let mut next = format!("{prefix}{path}?page_size=2");
        while !next.is_empty() {
            let within = next.strip_prefix(prefix).expect("a control path");
            let page = caller.control(Method::GET, within, None).await.ok();
            seen.extend(ids(&page, rows));
            caller.fund("1").await;
            next = page["links"]["next"].as_str().expect("link").to_owned();
        }
        assert!(seen.len() > 2, "{path} is one page");
        assert_eq!(seen, ids(&whole, rows), "{path}");
    }
}

#[tokio::test]
async fn an_as_of_that_no_link_has_is_refused() {
    let (_server, caller) = server(false).await;
    let reply = caller.get("/api/v1/transactions?as_of=yesterday").await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "VALIDATION_FAILED",
            "description": "`as_of` is not one that this server made.",
            "pointer": "as_of",
            "received": "yesterday",
            "expected": "the `as_of` of a link",
            "hint": "Follow the links of a list as they are, or leave `as_of` out to begin anew.",
        }]})
    );
}
