//! A server whose store takes no more. It is nobody's mistake, and told in the same way.

use std::path::Path;

use serde_json::json;

use super::setting::{Mistake, Setting, TRANSFER, control, post};
use crate::support;

const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

/// Subscribes until nothing more is kept.
pub(super) async fn set_up(folder: &Path) -> Setting {
    let path = folder.join("full.db");
    let store = format!("sqlite:{}?max-mib=1", path.display());
    let at = Setting::on(support::builder().store(store.parse().expect("a store"))).await;
    let filler = "x".repeat(1_900);
    for number in 0..2_000 {
        let url = format!("http://127.0.0.1:9/{filler}/{number}");
        let body = json!({"event_type": "ACCOUNT_OPEN", "callback_url": url});
        let reply = at.caller.post(SUBSCRIPTIONS, &body.to_string()).await;
        if reply.status == 503 {
            return at;
        }
        reply.ok();
    }
    panic!("it is never full");
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let money = json!({"account_id": "ACME_USD", "amount": 1});
    let hour = json!({"seconds": 3_600});
    at.requests(vec![
        (
            "advance_with_a_full_store",
            post(&control("/clock/advance"), hour),
        ),
        (
            "inbound_with_a_full_store",
            post(&control("/inbound"), money),
        ),
        (
            "transfer_with_a_full_store",
            post("/api/v1/transfers", TRANSFER),
        ),
    ])
}
