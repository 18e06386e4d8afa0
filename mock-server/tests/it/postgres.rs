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

/// What an account holds, in cents.
async fn balance(caller: &Caller, account: &str) -> i64 {
    let (current, _) = caller.balances(account).await;
    current
}
