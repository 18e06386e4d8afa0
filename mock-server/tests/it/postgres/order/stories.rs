//! What the clients of three servers do.

use reqwest::Method;
use serde_json::{Value, json};

use super::Record;
use crate::{
    files::document,
    support::{Caller, Reply},
};

/// The price of a withdrawal by wire, in cents.
const FEE: i64 = 75;

/// What a client does, one call after the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Story {
    /// An account is opened, money arrives on it, and it is frozen.
    Account,
    /// An application is made and changed, and a document is uploaded.
    Application,
    /// A counterparty is made and changed.
    Counterparty,
    /// Dollars are changed for coins.
    Exchange,
    /// A subscription is made and deleted, and the clock is moved.
    Subscription,
    /// Money arrives, is transferred to another customer and accepted there; two servers are asked for each.
    Transfer,
    /// Money is sent away, for a fee.
    Withdrawal,
}

/// All of them.
pub(super) const STORIES: [Story; 7] = [
    Story::Account,
    Story::Transfer,
    Story::Application,
    Story::Exchange,
    Story::Counterparty,
    Story::Withdrawal,
    Story::Subscription,
];

/// Money, another kind of money with a price, and somebody to send it to. Gives that one's id.
pub(super) async fn set_up(caller: &Caller) -> (String, Record) {
    caller.fund("10000").await;
    let account = json!({"customer_id": "ACME", "account_to_open": {"account_id": "ACME_USDC",
        "product_id": "DEPOSIT_BASIC", "asset_type_id": "ETHEREUM_SEPOLIA_USDC"}});
    post(caller, "/api/v1/accounts/deposits", &account).await;
    let rate = json!({"source_asset_type_id": "FIAT_TESTNET_USD",
        "destination_asset_type_id": "ETHEREUM_SEPOLIA_USDC", "rate": 0.5});
    control(caller, Method::POST, "/rates", &rate).await;
    let fees = json!({"withdrawal_fees": [
        {"rail": "FEDWIRE", "asset_type_id": "FIAT_TESTNET_USD", "amount": 0.75}]});
    control(caller, Method::PUT, "/fees", &fees).await;
    let payee = post(caller, "/api/v1/counterparties", &landlord("Landlord")).await;
    let record = Record {
        accepted: 5,
        acme_usd: 1_000_000,
        ..Record::default()
    };
    (id_of(&payee), record)
}

impl Story {
    /// Tells it to the servers in turns; what it makes has the name in it.
    pub(super) async fn tell(self, callers: [Caller; 3], payee: &str, name: &str) -> Record {
        let [one, two, three] = &callers;
        match self {
            Story::Account => account(one, two, three, name).await,
            Story::Application => application(one, two, three, name).await,
            Story::Counterparty => counterparty(one, two, three, name).await,
            Story::Exchange => exchange(one, two, three, name).await,
            Story::Subscription => subscription(one, two, three, name).await,
            Story::Transfer => transfer(one, two, three, name).await,
            Story::Withdrawal => withdrawal(one, two, three, payee, name).await,
        }
    }
}

async fn account(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    let id = format!("ACME_{name}");
    let open = json!({"customer_id": "ACME", "account_to_open": {"account_id": id,
        "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"}});
    post(one, "/api/v1/accounts/deposits", &open).await;
    let money = json!({"account_id": id, "amount": 0.05});
    control(two, Method::POST, "/inbound", &money).await;
    let path = format!("/api/v1/accounts/deposits/{id}");
    let freeze = json!({"updates": [{"field": "status", "value": "FROZEN"}],
        "updated_by": "ops", "reason": "a story"});
    patch(three, &path, &freeze).await;
    let seen = one.get(&path).await.ok();
    assert_eq!(seen["data"]["status"], "FROZEN");
    assert_eq!(seen["data"]["current_balance"].to_string(), "0.05");
    Record {
        accepted: 3,
        ..Record::default()
    }
}

async fn application(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    let path = document(one, &format!("P-{name}")).await;
    let listed = two.get("/api/v1/applications?page_size=1").await.ok();
    assert!(listed["data"]["applications"].is_array(), "{listed}");
    let headers = [("content-type", "application/octet-stream")];
    let upload = two.request(Method::POST, &path, None, &headers);
    let sent = upload.body(format!("%PDF-1.7 {name}")).send().await;
    Reply::read(sent.expect("sent")).await.ok();
    let download = three.get(&format!("{path}/download")).await;
    assert_eq!(download.text, format!("%PDF-1.7 {name}"));
    Record {
        accepted: 2,
        ..Record::default()
    }
}

async fn counterparty(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    let made = post(one, "/api/v1/counterparties", &landlord("Before")).await;
    let path = format!("/api/v1/counterparties/{}", id_of(&made));
    let update = json!({"updates": [{"field": "description", "value": name}]});
    patch(two, &path, &update).await;
    let seen = three.get(&path).await.ok();
    assert_eq!(seen["data"]["description"], name);
    Record {
        accepted: 2,
        ..Record::default()
    }
}

/// Two dollars make one coin.
async fn exchange(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    let order = json!({"source_account_id": "ACME_USD", "destination_account_id": "ACME_USDC",
        "amount": 2, "action": "FIX_SOURCE"});
    let made = post(one, "/api/v1/exchanges/market", &order).await;
    let path = format!("/api/v1/exchanges/{}", id_of(&made));
    let slippage = r#"{"maximum_slippage":0.5}"#;
    let accept = two.signed_with(&format!("{path}/accept"), name, Some(slippage));
    Reply::read(accept.send().await.expect("sent")).await.ok();
    let seen = three.get(&path).await.ok();
    assert_eq!(seen["data"]["status"], "EXECUTED");
    Record {
        accepted: 2,
        acme_usd: -200,
        acme_usdc: 100,
        ..Record::default()
    }
}

/// The clock goes on by a second or more: others may move it at the same time, on this server or on another one.
async fn subscription(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    // No counterparty is closed here, so nothing is ever sent.
    let body = json!({"event_type": "COUNTERPARTY_CLOSED",
        "callback_url": format!("http://127.0.0.1:9/{name}")});
    let made = post(one, "/api/v1/subscriptions", &body).await;
    let before = clock(two).await;
    let advance = r#"{"seconds":1}"#;
    let advanced = two.control(Method::POST, "/clock/advance", Some(advance));
    let advanced = advanced.await;
    if advanced.code() != "CLOCK_BUSY" {
        advanced.ok();
    }
    assert!(clock(three).await >= before, "it goes on alone");
    let path = format!("/api/v1/subscriptions/{}", id_of(&made));
    three.send(Method::DELETE, &path, None, &[]).await.ok();
    let listed = one.get("/api/v1/subscriptions").await;
    assert!(!listed.text.contains(&id_of(&made)), "{}", listed.text);
    Record {
        accepted: 2,
        ..Record::default()
    }
}

async fn transfer(one: &Caller, two: &Caller, three: &Caller, name: &str) -> Record {
    control(
        three,
        Method::POST,
        "/inbound",
        &json!({"account_id": "ACME_USD", "amount": 0.03}),
    )
    .await;
    let body =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.02}"#;
    let headers = [("x-l2f-idempotency-id", name)];
    let path = "/api/v1/transfers";
    let (first, second) = tokio::join!(
        one.send(Method::POST, path, Some(body), &headers),
        two.send(Method::POST, path, Some(body), &headers),
    );
    assert_eq!(first.text, second.text, "one key has one reply");
    let path = format!("{path}/{}", id_of(&first.ok()));
    // What one server has answered the next one knows.
    assert!(three.get(&path).await.status.is_success());
    let accept = format!("{path}/accept");
    let key = format!("{name}-accept");
    let (first, second) = tokio::join!(
        two.post_signed(&accept, &key),
        three.post_signed(&accept, &key),
    );
    assert_eq!(first.text, second.text, "one key has one reply");
    first.ok();
    let seen = one.get(&path).await.ok();
    assert_eq!(seen["data"]["status"], "EXECUTED");
    Record {
        accepted: 3,
        acme_usd: 3 - 2,
        jane_usd: 2,
        ..Record::default()
    }
}

async fn withdrawal(one: &Caller, two: &Caller, three: &Caller, payee: &str, name: &str) -> Record {
    let body = json!({"withdrawal_rail": "FEDWIRE", "source_account_id": "ACME_USD",
        "destination_counterparty_id": payee, "amount": 1, "purpose": "RENTAL_PROPERTY",
        "memo": "RENT"});
    let made = post(one, "/api/v1/withdrawals", &body).await;
    let path = format!("/api/v1/withdrawals/{}", id_of(&made));
    let accepted = two.post_signed(&format!("{path}/accept"), name).await;
    accepted.ok();
    let seen = three.get(&path).await.ok();
    assert_eq!(seen["data"]["status"], "EXECUTED");
    Record {
        accepted: 2,
        acme_usd: -100 - FEE,
        ..Record::default()
    }
}

async fn post(caller: &Caller, path: &str, body: &Value) -> Value {
    caller.post(path, &body.to_string()).await.ok()
}

async fn patch(caller: &Caller, path: &str, body: &Value) {
    let body = body.to_string();
    let sent = caller.send(Method::PATCH, path, Some(&body), &[]);
    sent.await.ok();
}

async fn control(caller: &Caller, method: Method, path: &str, body: &Value) {
    let body = body.to_string();
    caller.control(method, path, Some(&body)).await.ok();
}

/// Business time, which can be compared as text.
async fn clock(caller: &Caller) -> String {
    let clock = caller.control(Method::GET, "/clock", None).await.ok();
    clock["data"]["now"]
        .as_str()
        .expect("an instant")
        .to_owned()
}

fn id_of(reply: &Value) -> String {
    let id = reply["data"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no id in {reply}")).to_owned()
}

fn landlord(description: &str) -> Value {
    let address = json!({"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA",
        "postal_code": "02110", "country_code": "US"});
    json!({"counterparty_type": "FIAT_US", "customer_id": "ACME", "description": description,
        "supported_rails": ["ACH", "FEDWIRE"],
        "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "address": address,
            "line_of_business": "REAL_ESTATE", "relationship_to_customer": "SUPPLIER"},
        "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789",
            "routing_number": "021001208", "institution_name": "Example Bank",
            "institution_address": address}})
}
