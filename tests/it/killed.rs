//! The client against two servers on one database, one of which is killed (SIGKILL) in the middle of its work, again and
//! again: the client's own retry, with the key that it made itself, goes to the server that lives, and every call has
//! happened once. Nothing here asks twice.
//!
//! The client knows one address. Behind it stands a forwarder that leads each request to a server that lives, and that
//! keeps one call inside the server that is about to be killed: so each kill interrupts a call, and where in the call it
//! comes is chosen and not left to chance.

mod forwarder;
#[path = "../../mock-server/tests/it/program/process.rs"]
mod process;
mod server;

use std::collections::BTreeSet;

use layer2_sdk::{
    Amount, Client,
    control::InboundRequest,
    payments::{AccountId, TransferRequest},
};
use tokio::{sync::watch, task::JoinSet};

use forwarder::{Forwarder, Moment};
use server::{Database, Server};

/// Who pays at once.
const SENDERS: usize = 8;

/// Transfers of each in a part of the work; a transfer is requested, and then accepted with a signature.
const EACH: usize = 5;

/// Calls of a part.
const CALLS: usize = 2 * SENDERS * EACH;

/// Servers that are killed, in turns: one in each part of the work but the last, and each of the two at each moment.
const KILLS: usize = 6;

const MOMENTS: [Moment; 3] = [Moment::Half, Moment::Asked, Moment::Answered];

/// In which call of its part a server is killed.
fn drawn(kill: usize) -> usize {
    // The golden ratio spreads the places (Knuth, TAOCP 3, 6.4).
    (kill + 1) * 618 % 1_000 * CALLS / 1_000 + 1
}

/// One who pays.
struct Sender {
    client: Client,
    called: watch::Sender<Calls>,
    /// How many parts of the work may begin.
    parts: watch::Receiver<usize>,
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
    async fn pay(mut self) -> Vec<String> {
        let account = |id| AccountId::new(id).expect("an id");
        let cent: Amount = "0.01".parse().expect("an amount");
        let order = TransferRequest::new(account("ACME_USD"), account("JANE_USD"), cent);
        let mut ids = Vec::new();
        for number in 0..(KILLS + 1) * EACH {
            let begun = self.parts.wait_for(|parts| *parts > number / EACH).await;
            drop(begun.expect("there are more"));
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

/// What comes of what the senders do. None of them ends before.
async fn meanwhile<T>(senders: &mut JoinSet<Vec<String>>, event: impl Future<Output = T>) -> T {
    tokio::select! {
        outcome = event => outcome,
        ended = senders.join_next() => panic!("a sender has ended: {ended:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retry_of_the_client_settles_what_a_killed_server_had_begun() {
    let database = Database::start();
    let mut servers = [Server::start(&database), Server::start(&database)];
    let forwarder = Forwarder::start(servers.each_ref().map(|server| server.address)).await;
    let info = servers[0].info_at(&forwarder.url());
    let client = layer2_sdk::mock::client(&info).expect("a client");
    let money: InboundRequest =
        serde_json::from_str(r#"{"account_id":"ACME_USD","amount":100}"#).expect("a request");
    let control = client.control();
    let funded = control.inbound().create(&info.sandbox, &money).await;
    funded.expect("funded");

    let (called, mut calls) = watch::channel(Calls::default());
    let (begin, parts) = watch::channel(0);
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let sender = Sender {
            client: client.clone(),
            called: called.clone(),
            parts: parts.clone(),
        };
        senders.spawn(sender.pay());
    }
    for kill in 0..KILLS {
        let place = kill % 2;
        let moment = MOMENTS[kill % 3];
        let caught = forwarder.catch(drawn(kill), place, moment);
        begin.send_replace(kill + 1);
        let caught = meanwhile(&mut senders, caught).await;
        caught.expect("the server of this place takes requests");
        servers[place].kill();
        servers[place] = Server::start(&database);
        forwarder.lead_to(place, servers[place].address);
        let done = calls.wait_for(|calls| calls.done == (kill + 1) * CALLS);
        let calls = *meanwhile(&mut senders, done)
            .await
            .expect("there are senders");
        assert!(
            calls.repeated > kill,
            "each kill has interrupted a call, the last one at {moment:?}: {calls:?}"
        );
    }
    begin.send_replace(KILLS + 1);
    let ids: Vec<String> = senders.join_all().await.into_iter().flatten().collect();

    let transfers = (KILLS + 1) * SENDERS * EACH;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), transfers);
    assert_eq!(calls.borrow().done, 2 * transfers);
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
