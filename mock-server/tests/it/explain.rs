//! What the server says of an id.

use crate::support::{self, Caller, Watched as _};
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
    let server = support::builder().clock(ClockMode::Manual).watched().await;
    let caller = Caller::new(&server).await;
    let subscription = subscribe_where_nobody_is(&caller).await;
    caller.fund("10").await;
    let transfer = caller.transfer("4").await;
    let waiting = explain(&caller, &transfer).await;
    assert_eq!(
        (&waiting["kind"], &waiting["status"]),
        (&json!("transfer"), &json!("REQUESTED"))
    );
    assert_eq!(operations(&waiting), ["payments.transfers_create"]);
    assert_eq!(waiting["scheduled"][0]["kind"], "expire_transfer");

    let accept = format!("/api/v1/transfers/{transfer}/accept");
    caller.post_signed(&accept, "k").await.ok();
    caller.settle().await;
    let done = explain(&caller, &transfer).await;
    is_the_story(&done, &transfer);
    its_parts_lead_back(&caller, &done).await;
    let explained = explain(&caller, &subscription).await;
    assert_eq!(explained["kind"], "subscription");
    assert_eq!(
        count(&explained, "deliveries"),
        3,
        "the arrival and both sides of the transfer"
    );
}

/// Subscribes with a documentation address: the guard refuses it, so that the tries fail at once.
async fn subscribe_where_nobody_is(caller: &Caller) -> String {
    let subscription =
        json!({"event_type": "TRANSACTION_POSTED", "callback_url": "http://192.0.2.1/hook"});
    let path = "/api/v1/subscriptions";
    id_of(&caller.post(path, &subscription.to_string()).await.ok())
}

/// What is told of a transfer of 4 dollars of 10 that was executed.
fn is_the_story(done: &Value, transfer: &str) {
    assert_eq!(done["status"], "EXECUTED");
    assert_eq!(
        operations(done),
        [
            "payments.transfers_create",
            "payments.transfers_accept",
            "due_work"
        ]
    );
    let entry = &done["entries"][0];
    assert_eq!(entry["description"], format!("transfer {transfer}"));
    let postings = entry["postings"].as_array().expect("postings");
    let after: Vec<&Value> = postings
        .iter()
        .map(|posting| &posting["balance_after"])
        .collect();
    assert!(
        after.contains(&&json!(6)) && after.contains(&&json!(4)),
        "{entry}"
    );
    let counts = ["transactions", "events", "deliveries"].map(|list| count(done, list));
    assert_eq!(counts, [2, 2, 2]);
    assert_eq!(
        count(done, "scheduled"),
        2,
        "both deliveries are tried again: {done}"
    );
}

/// Whatever the story of the transfer names is explained by its own id, with as much of the story as it is part of.
async fn its_parts_lead_back(caller: &Caller, done: &Value) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let delivery = text(&done["deliveries"][0]["id"]);
    let event = text(&done["events"][0]["id"]);
    let debit = text(&done["transactions"][0]);
    let rows = [
        (debit.as_str(), "transaction", Some("POSTED"), [1, 1, 1]),
        (event.as_str(), "event", None, [1, 1, 1]),
        (delivery.as_str(), "delivery", None, [1, 1, 1]),
        ("ACME_USD", "account", Some("OPEN"), [2, 2, 2]),
        ("ACME", "customer", Some("ACTIVE"), [0, 0, 0]),
    ];
    for (id, kind, status, expected) in rows {
        let explained = explain(caller, id).await;
        assert_eq!(explained["id"], id);
        assert_eq!(explained["kind"], kind, "{id}");
        assert_eq!(explained["status"].as_str(), status, "{id}");
        let counts = ["entries", "events", "deliveries"].map(|list| count(&explained, list));
        assert_eq!(counts, expected, "{kind}: {explained}");
    }
    let entry = &done["entries"][0];
    let explained = explain(caller, &entry["id"].to_string()).await;
    assert_eq!(
        (&explained["kind"], &explained["entries"][0]),
        (&json!("entry"), entry)
    );
    assert_eq!(count(&explained, "transactions"), 2);
}

fn id_of(reply: &Value) -> String {
    reply["data"]["id"].as_str().expect("id").to_owned()
}

/// Explains an id and says in short what was told: kind, status, the operations that led to it, and how many
/// transactions, holds and entries it has.
async fn in_short(caller: &Caller, id: &str) -> Value {
    let explained = explain(caller, id).await;
    assert_eq!(explained["id"], id);
    json!({
        "kind": explained["kind"], "status": explained["status"], "causes": operations(&explained),
        "transactions": count(&explained, "transactions"), "holds": count(&explained, "holds"),
        "entries": count(&explained, "entries"),
    })
}

fn bank_account() -> Value {
    let address = json!({"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA", "postal_code": "02110",
        "country_code": "US"});
    json!({
        "counterparty_type": "FIAT_US", "customer_id": "ACME", "supported_rails": ["ACH"],
        "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "relationship_to_customer": "SUPPLIER",
            "address": address.clone()},
        "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789",
            "type": "CHECKING", "routing_number": "021001208", "institution_name": "Example Bank",
            "institution_address": address},
    })
}

/// Goal: whatever moves money is explained with its transactions, its hold and its entries. Method: money arrives, a part
/// is sent to a counterparty, and the money, its deposit, the withdrawal and the counterparty are explained.
#[tokio::test]
async fn money_that_comes_and_goes_is_explained_from_both_ends() {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    let body = json!({"account_id": "ACME_USD", "amount": 10}).to_string();
    let came = caller.control(Method::POST, "/inbound", Some(&body)).await;
    let came = came.ok()["data"].clone();
    let made = caller
        .post("/api/v1/counterparties", &bank_account().to_string())
        .await;
    let counterparty = id_of(&made.ok());
    caller.settle().await;
    let body = json!({"withdrawal_rail": "ACH", "source_account_id": "ACME_USD",
        "destination_counterparty_id": counterparty, "amount": 4, "purpose": "RENTAL_PROPERTY", "memo": "RENT03"});
    let made = caller.post("/api/v1/withdrawals", &body.to_string()).await;
    let withdrawal = id_of(&made.ok());
    let accept = format!("/api/v1/withdrawals/{withdrawal}/accept");
    caller.post_signed(&accept, "k").await.ok();
    let accepted = explain(&caller, &withdrawal).await;
    assert_eq!(accepted["holds"][0]["amount"], 4);
    caller.settle().await;

    let inbound = came["id"].as_str().expect("id");
    let deposit = came["deposit_id"].as_str().expect("deposit");
    is_explained_where_it_came(&caller, inbound, deposit).await;
    is_explained_where_it_went(&caller, &withdrawal, &counterparty).await;
    let account = in_short(&caller, "ACME_USD").await;
    assert_eq!(
        (&account["holds"], &account["transactions"]),
        (&json!(1), &json!(2))
    );
}

async fn is_explained_where_it_came(caller: &Caller, inbound: &str, deposit: &str) {
    let expected = |kind, status| {
        json!({"kind": kind, "status": status, "causes": ["control.inbound_create", "due_work"],
            "transactions": 1, "holds": 0, "entries": 2})
    };
    let came = in_short(caller, inbound).await;
    assert_eq!(came, expected("inbound", "POSTED"));
    let standing = in_short(caller, deposit).await;
    assert_eq!(standing, expected("deposit", "EXECUTED"));
    let credit = &explain(caller, inbound).await["transactions"][0];
    let credit = explain(caller, credit.as_str().expect("id")).await;
    assert_eq!(
        credit["entries"][0]["description"],
        format!("inbound {inbound}")
    );
}

async fn is_explained_where_it_went(caller: &Caller, withdrawal: &str, counterparty: &str) {
    let sent = explain(caller, withdrawal).await;
    let hold = &sent["holds"][0];
    assert_eq!(
        (&hold["account"], &hold["asset_type_id"], &hold["state"]),
        (
            &json!("ACME_USD"),
            &json!("FIAT_TESTNET_USD"),
            &json!("SETTLED")
        )
    );
    let short = in_short(caller, withdrawal).await;
    assert_eq!(
        (&short["kind"], &short["status"], &short["transactions"]),
        (&json!("withdrawal"), &json!("EXECUTED"), &json!(1))
    );
    let causes = short["causes"].as_array().expect("causes");
    assert_eq!(
        causes[..2],
        ["payments.withdrawals_create", "payments.withdrawals_accept"]
    );
    assert_eq!(short["entries"], 2, "to the rail, and out of custody");
    let owner = in_short(caller, counterparty).await;
    assert_eq!(
        (&owner["kind"], &owner["status"]),
        (&json!("counterparty"), &json!("ACTIVE"))
    );
    assert_eq!(owner["causes"][0], "payments.counterparties_create");
    for list in ["transactions", "holds", "entries"] {
        assert_eq!(owner[list], short[list], "{list} of the withdrawal");
    }
}

#[tokio::test]
async fn an_exchange_is_explained_with_both_its_transactions() {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    caller.fund("10").await;
    let body = json!({"customer_id": "ACME", "account_to_open": {"account_id": "ACME_USDC",
        "product_id": "DEPOSIT_BASIC", "asset_type_id": "ETHEREUM_SEPOLIA_USDC"}});
    caller
        .post("/api/v1/accounts/deposits", &body.to_string())
        .await
        .ok();
    let body = json!({"source_account_id": "ACME_USD", "destination_account_id": "ACME_USDC", "amount": 5,
        "action": "FIX_SOURCE"});
    let made = caller
        .post("/api/v1/exchanges/market", &body.to_string())
        .await;
    let exchange = id_of(&made.ok());
    let accept = format!("/api/v1/exchanges/{exchange}/accept");
    let request = caller.signed_with(&accept, "k", Some(r#"{"maximum_slippage":0.5}"#));
    assert!(request.send().await.expect("sent").status().is_success());
    caller.settle().await;

    let short = in_short(&caller, &exchange).await;
    assert_eq!(
        (&short["kind"], &short["status"]),
        (&json!("exchange"), &json!("EXECUTED"))
    );
    assert_eq!(
        (&short["transactions"], &short["holds"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        short["causes"],
        json!([
            "payments.exchanges_create_market",
            "payments.exchanges_accept",
            "due_work"
        ])
    );
    assert!(short["entries"].as_u64().expect("entries") >= 2, "{short}");
}

#[tokio::test]
async fn an_application_its_person_and_its_documents_are_explained() {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    let body = json!({
        "application_type": "CORPORATION", "customer_id": "GLOBEX",
        "account_to_open": {"account_id": "GLOBEX_USD", "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true, "customer_details": {"registered_name": "Globex Corporation"},
    });
    let made = caller.post("/api/v1/applications", &body.to_string()).await;
    let application = id_of(&made.ok());
    let persons = format!("/api/v1/applications/{application}/individual");
    let body =
        json!({"individual_type": ["OFFICER"], "first_name": "Grace", "last_name": "Example"});
    let person = id_of(&caller.post(&persons, &body.to_string()).await.ok());
    let status = format!("/api/v1/applications/{application}/status");
    let review = caller.get(&status).await.ok();
    let document = &review["data"]["application_document_errors"][0]["id"];

    let rows = [
        (
            document.as_str().expect("document"),
            json!({"kind": "document", "status": "MISSING", "causes": ["payments.applications_create"]}),
        ),
        (
            person.as_str(),
            json!({"kind": "individual", "status": null, "causes": ["payments.applications_add_individual"]}),
        ),
        (
            application.as_str(),
            json!({"kind": "application", "status": "INCOMPLETE",
                "causes": ["payments.applications_create", "payments.applications_add_individual"]}),
        ),
    ];
    for (id, mut wanted) in rows {
        for list in ["transactions", "holds", "entries"] {
            wanted[list] = json!(0);
        }
        assert_eq!(in_short(&caller, id).await, wanted);
    }
}

#[tokio::test]
async fn an_id_that_nothing_has_is_a_404_with_the_nearest_one() {
    let server = support::builder().watched().await;
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
