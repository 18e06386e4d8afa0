//! Several servers that share sandboxes in a database of PostgreSQL's, over HTTP.

mod broken;
mod clock;
pub(crate) mod database;
mod ended;
mod full;
mod kept;
mod killed;
mod lost;
mod older;
mod order;
mod refused;
mod sandboxes;
mod tampered;
mod webhooks;

use layer2_mock::{ClockMode, SandboxServer, SandboxServerBuilder};
use serde_json::Value;

use crate::support::{Caller, TestServer, Watched as _};
use database::Database;

/// A server on the database, whose clock stands still.
fn builder(database: &Database) -> SandboxServerBuilder {
    SandboxServer::builder()
        .clock(ClockMode::Manual)
        .store(database.store())
}

/// As many servers on one database, each with a caller of its own.
async fn servers<const N: usize>(database: &Database) -> [(TestServer, Caller); N] {
    let mut started = Vec::new();
    for _ in 0..N {
        started.push(start(database).await);
    }
    started.try_into().expect("as many as were started")
}

async fn start(database: &Database) -> (TestServer, Caller) {
    let server = builder(database).watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

/// An amount of the wire in cents.
fn cents(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().expect("cents")
}

/// What an account holds, in cents.
async fn balance(caller: &Caller, account: &str) -> i64 {
    let path = format!("/api/v1/accounts/deposits/{account}");
    let reply = caller.get(&path).await.ok();
    cents(&reply["data"]["current_balance"])
}
