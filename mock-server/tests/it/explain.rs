//! What the server says of an id.

use crate::support::{self, Caller};
use layer2_mock::ClockMode;
use reqwest::Method;
use serde_json::{Value, json};

async fn explain(caller: &Caller, id: &str) -> Value {
    let path = format!("/explain/{id}");
    caller.control(Method::GET, &path, None).await.ok()["data"].clone()
}

fn operations(explained: &Value) -> Vec<&str> {
    let causes = explained["causes"].as_array().expect("causes");
    causes
        .iter()
        .filter_map(|cause| cause["operation"].as_str())
        .collect()
}

fn count(explained: &Value, list: &str) -> usize {
    explained[list].as_array().expect(list).len()
}

/// Goal: from any id of a transfer's story one finds the rest of it. Method: a transfer is carried out with a subscriber
/// that nobody can reach, and every id that the explanations name is explained in turn.
#[tokio::test]
async fn every_id_of_a_story_leads_to_the_others() {
    let server = support::builder()
        .clock(ClockMode::Manual)
        .start()
        .await
        .expect("start");
    let caller = Caller::new(&server).await;
    // A documentation address: the guard refuses it, so the tries fail at once.
    let subscription =
        json!({"event_type": "TRANSACTION_POSTED", "callback_url": "http://192.0.2.1/hook"});
    let made = caller
        .post("/api/v1/subscriptions", &subscription.to_string())
        .await
        .ok();
    caller.fund("10").await;
    let id = caller.transfer("4").await;
    let waiting = explain(&caller, &id).await;
    assert_eq!(
        (&waiting["kind"], &waiting["status"]),
        (&json!("transfer"), &json!("REQUESTED"))
    );
    assert_eq!(operations(&waiting), ["payments.transfers_create"]);
    assert_eq!(waiting["scheduled"][0]["kind"], "expire_transfer");

    caller
        .post_signed(&format!("/api/v1/transfers/{id}/accept"), "k")
        .await
        .ok();
    caller.settle().await;
    let done = explain(&caller, &id).await;
    assert_eq!(done["status"], "EXECUTED");
    assert_eq!(
        operations(&done),
        [
            "payments.transfers_create",
            "payments.transfers_accept",
            "due_work"
        ]
    );
    let entry = &done["entries"][0];
    assert_eq!(entry["description"], format!("transfer {id}"));
    let after: Vec<&Value> = entry["postings"]
        .as_array()
        .expect("postings")
        .iter()
        .map(|posting| &posting["balance_after"])
        .collect();
    assert!(
        after.contains(&&json!(6)) && after.contains(&&json!(4)),
        "{entry}"
    );
    assert_eq!(
        (
            count(&done, "transactions"),
            count(&done, "events"),
            count(&done, "deliveries")
        ),
        (2, 2, 2)
    );
    assert_eq!(
        count(&done, "scheduled"),
        2,
        "both deliveries are tried again: {done}"
    );

    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let delivery = text(&done["deliveries"][0]["id"]);
    let event = text(&done["events"][0]["id"]);
    let debit = text(&done["transactions"][0]);
    let rows = [
        (debit.as_str(), "transaction", Some("POSTED"), 1, 1, 1),
        (event.as_str(), "event", None, 1, 1, 1),
        (delivery.as_str(), "delivery", None, 1, 1, 1),
        ("ACME_USD", "account", Some("OPEN"), 2, 2, 2),
        ("ACME", "customer", Some("ACTIVE"), 0, 0, 0),
    ];
    for (id, kind, status, entries, events, deliveries) in rows {
        let explained = explain(&caller, id).await;
        assert_eq!(explained["id"], id);
        assert_eq!(explained["kind"], kind, "{id}");
        assert_eq!(explained["status"].as_str(), status, "{id}");
        assert_eq!(
            (
                count(&explained, "entries"),
                count(&explained, "events"),
                count(&explained, "deliveries")
            ),
            (entries, events, deliveries),
            "{kind}: {explained}"
        );
    }
    let number = entry["id"].to_string();
    let explained = explain(&caller, &number).await;
    assert_eq!(
        (&explained["kind"], &explained["entries"][0]),
        (&json!("entry"), entry)
    );
    assert_eq!(count(&explained, "transactions"), 2);
    let subscriber = text(&made["data"]["id"]);
    let explained = explain(&caller, &subscriber).await;
    assert_eq!(explained["kind"], "subscription");
    assert_eq!(
        count(&explained, "deliveries"),
        3,
        "the arrival and both sides of the transfer"
    );
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_id_that_nothing_has_is_a_404_with_the_nearest_one() {
    let server = support::builder().start().await.expect("start");
    let caller = Caller::new(&server).await;
    let reply = caller.control(Method::GET, "/explain/ACNE_USD", None).await;
    assert_eq!(reply.status, 404);
    let error = &reply.json()["errors"][0];
    assert_eq!(
        (&error["code"], &error["pointer"], &error["hint"]),
        (
            &json!("NOT_FOUND"),
            &json!("object_id"),
            &json!("Did you mean `ACME_USD`?")
        )
    );
}
