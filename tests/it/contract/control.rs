//! The calls of control: decisions, the books, what was delivered, faults, the clock and the sandboxes themselves.

use serde_json::json;

use super::{Contract, text};

/// Calls what the other stories of control have not called.
pub(super) async fn control(contract: &mut Contract) {
    decisions_and_books(contract).await;
    faults(contract).await;
    clock(contract).await;
    sandboxes(contract).await;
}

/// A decision, its way to a subscriber, and the books.
async fn decisions_and_books(contract: &mut Contract) {
    let subscription =
        json!({"event_type": "CUSTOMER_FROZEN_L2F", "callback_url": "http://127.0.0.1:9/events"});
    contract
        .tell("payments.subscriptions_create", &[], subscription)
        .await;
    let customer = contract.info.customers[1].id.to_string();
    let status = json!({"status": "FROZEN_L2F", "reason": "a decision"});
    let customer = ["customer_id", customer.as_str()];
    contract
        .tell("control.decisions_customer_status", &[customer], status)
        .await;
    contract.ask("control.ledger_trial_balance", &[]).await;
    contract
        .list("control.ledger_entries", "?page_size=2")
        .await;
    let log = contract
        .list("control.deliveries_list", "?page_size=1000")
        .await;
    let deliveries = log["data"]["deliveries"].as_array().expect("deliveries");
    let frozen = deliveries
        .iter()
        .find(|delivery| delivery["event_type"] == "CUSTOMER_FROZEN_L2F")
        .expect("the decision is told");
    let delivery = text(&frozen["id"]);
    contract
        .ask("control.deliveries_redeliver", &[["delivery_id", delivery]])
        .await;
    contract
        .ask("control.explain_get", &[["object_id", delivery]])
        .await;
}

async fn faults(contract: &mut Contract) {
    let fault =
        json!({"kind": "reply_lost", "operation": "payments.transfers_create", "nth": 1000});
    contract.tell("control.faults_create", &[], fault).await;
    contract.ask("control.faults_list", &[]).await;
    contract
        .ask("control.faults_delete", &[["fault_id", "fault-1"]])
        .await;
    contract.ask("control.faults_clear", &[]).await;
}

async fn clock(contract: &mut Contract) {
    contract.ask("control.clock_get", &[]).await;
    contract
        .tell("control.clock_advance", &[], json!({"seconds": 60}))
        .await;
    contract.ask("control.clock_expire_tokens", &[]).await;
}

async fn sandboxes(contract: &mut Contract) {
    let second = json!({"name": "second", "settings": {"information_requests": true}});
    contract.tell("control.sandboxes_create", &[], second).await;
    let listed = contract.ask("control.sandboxes_list", &[]).await;
    let asking: Vec<_> = listed["data"]["sandboxes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|sandbox| &sandbox["settings"]["information_requests"])
        .collect();
    assert_eq!(asking, [false, true], "{listed}");
    let second = ["sandbox", "second"];
    contract.ask("control.sandboxes_get", &[second]).await;
    contract.ask("control.sandboxes_reset", &[second]).await;
    contract
        .tell(
            "control.sandboxes_fork",
            &[second],
            json!({"name": "third"}),
        )
        .await;
    let file = contract
        .download_bytes("control.sandboxes_export", &[second])
        .await;
    contract
        .upload("control.sandboxes_restore", &[second], file.clone())
        .await;
    contract
        .upload("control.sandboxes_import", &[["name", "fourth"]], file)
        .await;
    contract.ask("control.sandboxes_delete", &[second]).await;
}
