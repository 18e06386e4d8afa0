//! The client against two servers on one database, one of which is killed (SIGKILL) in the middle of its work, again and
//! again: the client's own retry, with the key that it made itself, goes to the server that lives, and every call has
//! happened once. Nothing here asks twice.
//!
//! The client knows one address. Behind it stands a forwarder that leads each connection to a server that lives.

mod forwarder;
mod process;

use std::collections::BTreeSet;

use layer2_sdk::{
    Amount, Client,
    control::InboundRequest,
    payments::{AccountId, TransferRequest},
};
use tokio::{sync::watch, task::JoinSet};

use forwarder::Forwarder;
use process::{Database, Process};

/// Who pays at once.
const SENDERS: usize = 8;

/// Transfers of each; a transfer is requested, and then accepted with a signature.
const EACH: usize = 30;

/// Servers that are killed, in turns.
const KILLS: usize = 6;

/// After how many calls a server is killed: once in each part of the work, where in it is drawn from the number.
fn drawn(kill: usize) -> usize {
    let part = 2 * SENDERS * EACH / (KILLS + 1);
    // The golden ratio spreads the places (Knuth, TAOCP 3, 6.4).
    kill * part + (kill + 1) * 618 % 1_000 * part / 1_000 + 1
}

/// One who pays.
struct Sender {
    client: Client,
    called: watch::Sender<Calls>,
}

/// What has been acknowledged.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    done: usize,
    /// Those that took more than one attempt.
    repeated: usize,
}

impl Sender {
    /// Pays a cent at a time, and gives the ids of the transfers.
    async fn pay(self) -> Vec<String> {
        let account = |id| AccountId::new(id).expect("an id");
        let cent: Amount = "0.01".parse().expect("an amount");
        let order = TransferRequest::new(account("ACME_USD"), account("JANE_USD"), cent);
        let mut ids = Vec::new();
        for _ in 0..EACH {
            let made = self.client.transfers().create(&order).await;
            let made = made.expect("a retry settles it");
            self.count(made.attempts());
            let accepted = self.client.transfers().accept(&made.id).await;
            let accepted = accepted.expect("a retry settles it");
            self.count(accepted.attempts());
            ids.push(made.id.to_string());
        }
        ids
    }

    fn count(&self, attempts: u32) {
        self.called.send_modify(|calls| {
            calls.done += 1;
            calls.repeated += usize::from(attempts > 1);
        });
    }
}

/// What an account holds, in cents.
async fn cents(client: &Client, account: &str) -> usize {
    let account = AccountId::new(account).expect("an id");
    let account = client.accounts().get(&account).await.expect("an account");
    let amount = account.current_balance.expect("a balance").to_string();
    let (whole, part) = amount.split_once('.').unwrap_or((&amount, ""));
    format!("{whole}{part:0<2}").parse().expect("cents")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retry_of_the_client_settles_what_a_killed_server_had_begun() {
    let database = Database::start();
    let mut servers = [Process::start(&database), Process::start(&database)];
    let forwarder = Forwarder::start(servers.each_ref().map(|server| server.address)).await;
    let info = servers[0].info_at(&forwarder.url());
    let client = layer2_sdk::mock::client(&info).expect("a client");
    let money: InboundRequest =
        serde_json::from_str(r#"{"account_id":"ACME_USD","amount":100}"#).expect("a request");
    let control = client.control();
    let funded = control.inbound().create(&info.sandbox, &money).await;
    funded.expect("funded");

    let (called, mut calls) = watch::channel(Calls::default());
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let sender = Sender {
            client: client.clone(),
            called: called.clone(),
        };
        senders.spawn(sender.pay());
    }
    for kill in 0..KILLS {
        let enough = calls.wait_for(|calls| calls.done >= drawn(kill)).await;
        drop(enough.expect("there are senders"));
        let place = kill % 2;
        servers[place].kill();
        servers[place] = Process::start(&database);
        forwarder.lead_to(place, servers[place].address);
    }
    let ids: Vec<String> = senders.join_all().await.into_iter().flatten().collect();

    let transfers = SENDERS * EACH;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), transfers);
    let calls = *calls.borrow();
    assert_eq!(calls.done, 2 * transfers);
    assert!(
        calls.repeated >= KILLS / 2,
        "a kill meets calls that are on their way: {calls:?}"
    );
    // Both of them tell the same, and it is what was acknowledged.
    for server in &servers {
        let client = layer2_sdk::mock::client(&server.info()).expect("a client");
        assert_eq!(cents(&client, "JANE_USD").await, transfers);
        assert_eq!(cents(&client, "ACME_USD").await, 10_000 - transfers);
        let control = client.control();
        let books = control.ledger().trial_balance(&info.sandbox).await;
        assert!(books.expect("the books").balanced);
    }
}
