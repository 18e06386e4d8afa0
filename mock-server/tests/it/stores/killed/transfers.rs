//! Transfers of one cent from several sides at once, each step under its own idempotency key, and the record of what was
//! acknowledged.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

use super::home::Dies;
use crate::support::{Caller, Reply};

const BODY: &str =
    r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":0.01}"#;

/// One transfer: requested under one key, accepted under another.
#[derive(Clone, Debug, Default)]
struct Sent {
    /// The whole reply to the request, once it came.
    requested: Option<String>,
    /// The whole reply to the acceptance, once it came.
    accepted: Option<String>,
}

/// What was sent and what came back, by the key of the request.
#[derive(Clone, Debug)]
pub(super) struct Record {
    sent: Arc<Mutex<BTreeMap<String, Sent>>>,
    /// Counts the acknowledgements, for whoever waits for some.
    acknowledged: watch::Sender<usize>,
    dies: Dies,
}

impl Record {
    pub(super) fn new(dies: Dies) -> Record {
        Record {
            dies,
            sent: Arc::default(),
            acknowledged: watch::Sender::new(0),
        }
    }

    /// How many replies have come.
    pub(super) fn acknowledged(&self) -> watch::Receiver<usize> {
        self.acknowledged.subscribe()
    }

    /// How many transfers were begun.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Sends transfers, one after the other, until no answer comes.
    pub(super) async fn send_until_dead(&self, caller: &Caller, prefix: &str) {
        for number in 0.. {
            if !self.settle(caller, &format!("{prefix}-{number}")).await {
                return;
            }
        }
    }

    /// Sends transfers, one after the other and each until it is answered, for as long as it is wanted.
    #[cfg(feature = "postgres")]
    pub(super) async fn send_while(
        &self,
        wanted: &watch::Receiver<bool>,
        caller: &Caller,
        prefix: &str,
    ) {
        for number in 0.. {
            let key = format!("{prefix}-{number}");
            loop {
                if !*wanted.borrow() {
                    return;
                }
                if self.settle(caller, &key).await {
                    break;
                }
            }
        }
    }

    /// Sends what got no answer again under its key.
    pub(super) async fn settle_all(&self, caller: &Caller) {
        let open: Vec<String> = {
            let sent = self.lock();
            let open = sent.iter().filter(|(_, sent)| sent.accepted.is_none());
            open.map(|(key, _)| key.clone()).collect()
        };
        for key in open {
            assert!(self.settle(caller, &key).await, "{key} gets no answer");
        }
    }

    /// Sends what is missing of a transfer and puts down what is acknowledged; says whether all of it is.
    async fn settle(&self, caller: &Caller, key: &str) -> bool {
        let known = self.lock().entry(key.to_owned()).or_default().clone();
        let requested = match known.requested {
            Some(reply) => reply,
            None => {
                let headers = [("x-l2f-idempotency-id", key)];
                let path = "/api/v1/transfers";
                let request = caller.request(Method::POST, path, Some(BODY), &headers);
                let Some(reply) = answer(request, self.dies).await else {
                    return false;
                };
                self.put_down(key, |sent| sent.requested = Some(reply.clone()));
                reply
            }
        };
        if known.accepted.is_some() {
            return true;
        }
        let path = format!("/api/v1/transfers/{}/accept", id_of(&requested));
        let request = caller.signed(&path, &format!("{key}-accept"));
        let Some(reply) = answer(request, self.dies).await else {
            return false;
        };
        self.put_down(key, |sent| sent.accepted = Some(reply));
        true
    }

    fn put_down(&self, key: &str, what: impl FnOnce(&mut Sent)) {
        what(self.lock().entry(key.to_owned()).or_default());
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// Everything that was acknowledged is there, byte by byte, and the saved replies are too.
    pub(super) async fn compare(&self, caller: &Caller, since: &str) {
        let known: Vec<_> = self.lock().clone().into_iter().collect();
        for (key, sent) in known.iter().filter(|(key, _)| key.starts_with(since)) {
            if let Some(requested) = &sent.requested {
                let headers = [("x-l2f-idempotency-id", key.as_str())];
                let path = "/api/v1/transfers";
                let again = caller.send(Method::POST, path, Some(BODY), &headers).await;
                assert_eq!(&again.text, requested, "{key} was acknowledged and is lost");
                let replayed = again.header("idempotent-replayed");
                assert_eq!(replayed, Some("true"), "{key} happened twice");
            }
            if let Some(accepted) = &sent.accepted {
                let path = format!("/api/v1/transfers/{}", id_of(accepted));
                let key = format!("{key}-accept");
                let again = caller.post_signed(&format!("{path}/accept"), &key).await;
                assert_eq!(&again.text, accepted, "{key} was acknowledged and is lost");
                let now = caller.get(&path).await.ok();
                assert_eq!(now["data"]["status"], "EXECUTED", "{key}");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Sent>> {
        self.sent.lock().expect("record")
    }
}

fn id_of(reply: &str) -> String {
    let reply: Value = serde_json::from_str(reply).expect("JSON");
    reply["data"]["id"].as_str().expect("id").to_owned()
}

/// The body of a good reply that came whole; nothing where what dies died first.
pub(super) async fn answer(request: RequestBuilder, dies: Dies) -> Option<String> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.ok()?;
    let reply = Reply {
        status,
        headers,
        text,
    };
    if is_refused(&reply, dies) {
        return None;
    }
    assert!(status.is_success(), "{status} {}", reply.text);
    Some(reply.text)
}

/// Whether it says to come again, as the database is away. A server that dies says nothing of the kind.
pub(super) fn is_refused(reply: &Reply, dies: Dies) -> bool {
    dies != Dies::Server
        && reply.status == StatusCode::SERVICE_UNAVAILABLE
        && reply.code() == "STORE_UNAVAILABLE"
        && reply.header("retry-after").is_some()
}
