//! Mistakes that nothing refuses: the step that was never taken, and the receiver that cannot be reached. What a newcomer
//! finds on looking for the reason is the help here.

use serde_json::{Value, json};

use super::{
    exchanges::order,
    setting::{Mistake, Setting, TRANSFER, control, get, opening, post},
};

const EXCHANGES: &str = "/api/v1/exchanges";
const TRANSFERS: &str = "/api/v1/transfers";
const WITHDRAWALS: &str = "/api/v1/withdrawals";

/// Requests that nobody accepts, of which all but one are past their time, and a webhook to `localhost`.
pub(super) async fn set_up(at: &mut Setting) {
    let landlord = super::counterparties::bank("ACME");
    at.make("landlord", post("/api/v1/counterparties", landlord))
        .await;
    at.make("late transfer", post(TRANSFERS, TRANSFER)).await;
    let rent = super::withdrawals::to("{landlord}", 5);
    at.make("late withdrawal", post(WITHDRAWALS, rent)).await;
    let account = opening(&at.server, "ACME_USDC", "ETHEREUM_SEPOLIA_USDC");
    at.ok(post("/api/v1/accounts/deposits", account)).await;
    let coins = order("ACME_USD", "ACME_USDC", 5);
    at.make("late exchange", post(&format!("{EXCHANGES}/market"), coins))
        .await;
    let hour = json!({"seconds": 3_601});
    at.ok(post(&control("/clock/advance"), hour)).await;
    at.make("waiting transfer", post(TRANSFERS, TRANSFER)).await;
    unreachable(at).await;
}

/// The port is bound and nobody listens there, as in a container whose neighbour has the receiver.
async fn unreachable(at: &mut Setting) {
    let socket = tokio::net::TcpSocket::new_v4().expect("socket");
    let anywhere = "127.0.0.1:0".parse().expect("address");
    socket.bind(anywhere).expect("port");
    let port = socket.local_addr().expect("port").port();
    let callback = format!("http://localhost:{port}/hook");
    let body = json!({"event_type": "TRANSACTION_POSTED", "callback_url": callback});
    at.make("subscription", post("/api/v1/subscriptions", body))
        .await;
    at.remember("callback", &callback);
    at.caller.fund("5").await;
    at.caller.settle().await;
    let log = at.ok(get(&control("/deliveries"))).await;
    let delivery = &log["data"]["deliveries"][0];
    let id = |name: &str| text(&delivery[name]);
    at.remember("delivery", &id("id"));
    at.remember("event", &id("event_id"));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Where a newcomer looks.
pub(super) fn looks(at: &Setting) -> Vec<Mistake> {
    let explain = |id: &str| get(&control(&format!("/explain/{id}")));
    at.requests(vec![
        (
            "accept_still_to_come",
            get(&format!("{TRANSFERS}/{{waiting transfer}}")),
        ),
        (
            "accept_still_to_come_explained",
            explain("{waiting transfer}"),
        ),
        (
            "accept_of_transfer_forgotten",
            get(&format!("{TRANSFERS}/{{late transfer}}")),
        ),
        (
            "accept_of_transfer_forgotten_explained",
            explain("{late transfer}"),
        ),
        (
            "accept_of_withdrawal_forgotten",
            get(&format!("{WITHDRAWALS}/{{late withdrawal}}/status")),
        ),
        (
            "accept_of_exchange_forgotten",
            get(&format!("{EXCHANGES}/{{late exchange}}")),
        ),
        ("callback_on_localhost", get(&control("/deliveries"))),
    ])
}
