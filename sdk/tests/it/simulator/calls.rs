//! What the callers of the simulation do.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::Error;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::RetryPolicy;
use layer2_sdk::Upload;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::AccountUpdateRequest;
use layer2_sdk::payments::DocumentId;
use layer2_sdk::payments::TransactionsListForAccountParams;
use layer2_sdk::payments::TransferId;
use layer2_sdk::payments::TransferRequest;
use layer2_sdk::runtime::Sleep as _;
use layer2_sdk::runtime::TokioSleep;
use tokio::time::Instant;

use super::Rng;
use super::Setting;
use super::Tally;
use super::mutants::Mutant;
use super::platform::Platform;
use super::rules;
use super::rules::Broken;
use super::rules::Circumstances;
use super::rules::End;
use super::rules::Rule;
use super::rules::Told;

/// One task that makes one call after the other.
pub(super) struct Caller {
    pub(super) number: u64,
    pub(super) rng: Rng,
    pub(super) client: Client,
    pub(super) platform: Platform,
    pub(super) setting: Setting,
    pub(super) mutant: Option<Mutant>,
}

/// One logical call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    marker: u64,
    kind: Kind,
    key: Option<IdempotencyKey>,
    own: Own,
}

/// What a call does otherwise than its client.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    max_attempts: Option<u32>,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A write with a key and a signature.
    Accept,
    /// A write whose repetition is recognised by the caller's own id in its body, if it has one.
    #[cfg(feature = "accounting")]
    Business {
        named: bool,
    },
    /// A write with a key.
    Create,
    /// A file, whole or as it comes.
    Download {
        streamed: bool,
    },
    /// A page of a list, as its stream reads it.
    List,
    Read,
    /// A write that may never be repeated.
    Update,
    /// A write with a key, which sends a file.
    Upload,
}

impl Kind {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(14) {
            0..=2 => Self::Create,
            3..=5 => Self::Accept,
            6 => Self::Update,
            7 | 8 => Self::Upload,
            #[cfg(feature = "accounting")]
            9 | 10 => Self::Business {
                named: rng.percent(70),
            },
            11 => Self::Download {
                streamed: rng.percent(50),
            },
            12 => Self::List,
            _ => Self::Read,
        }
    }

    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::Download { .. } | Self::List | Self::Read)
    }

    /// Whether a second request does no harm: it changes nothing, or the platform knows it again.
    pub(super) fn may_repeat(self) -> bool {
        !self.writes() || self.is_recognised()
    }

    /// Whether it carries an idempotency key.
    pub(super) fn is_keyed(self) -> bool {
        matches!(self, Self::Accept | Self::Create | Self::Upload)
    }

    /// Whether the platform can tell a repetition from a second order.
    pub(super) fn is_recognised(self) -> bool {
        #[cfg(feature = "accounting")]
        if let Self::Business { named } = self {
            return named;
        }
        self.is_keyed()
    }
}

impl Caller {
    /// Makes some calls and gives back those that can be made again.
    pub(super) async fn call_in_the_storm(mut self) -> Result<(Tally, Vec<Call>), Broken> {
        let mut tally = Tally::default();
        let mut open = Vec::new();
        for turn in 0..1 + self.rng.below(5) {
            let mut call = Call::draw(&mut self.rng, self.number * 100 + turn);
            let (told, took) = self.make(&call).await;
            let memory = self.platform.memory_of(call.marker);
            tally.calls += 1;
            tally.attempts += memory.attempts;
            if let Some(told) = &told {
                let circumstances = Circumstances {
                    setting: call.own.over(self.setting),
                    took,
                    is_paid_for: self.platform.is_paid_for(),
                };
                rules::judge((call.kind, call.marker), told, &memory, &circumstances)
                    .map_err(|rule| rule.broken((&call, told, &memory, circumstances)))?;
                tally.unknown += u32::from(told.is_unknown());
            }
            if call.is_open(told.as_ref()) {
                open.push(call);
            }
            if self.rng.percent(20) {
                TokioSleep.sleep(self.rng.millis(30_000)).await;
            }
        }
        Ok((tally, open))
    }

    /// What the caller is told, and how long it took. One who hangs up is told nothing.
    async fn make(&mut self, call: &Call) -> (Option<Told>, Duration) {
        let patience = self.rng.percent(15).then(|| self.rng.millis(8_000));
        let began = Instant::now();
        let made = call.make(&self.client);
        let told = match patience {
            None => Some(made.await),
            Some(patience) => tokio::time::timeout(patience, made).await.ok(),
        };
        let mutant = self.mutant;
        let told = told.map(|told| match mutant {
            Some(mutant) => mutant.tells(call.kind, told),
            None => told,
        });
        (told, began.elapsed())
    }
}

impl Told {
    fn is_unknown(&self) -> bool {
        matches!(&self.end, End::Failed(failed) if failed.outcome == Outcome::Unknown)
    }
}

impl Call {
    fn draw(rng: &mut Rng, marker: u64) -> Self {
        let kind = Kind::draw(rng);
        let own_key = kind.is_keyed() && rng.percent(70);
        let key = own_key.then(|| IdempotencyKey::new(format!("order-{marker}")).unwrap());
        let own = Own::draw(rng);
        Self {
            marker,
            kind,
            key,
            own,
        }
    }

    /// Whether the call has to be made again to be done for certain, and may be. Keeps the key that the error names.
    fn is_open(&mut self, told: Option<&Told>) -> bool {
        let again = match told.map(|told| &told.end) {
            None => self.key.is_some() || (self.kind.is_recognised() && !self.kind.is_keyed()),
            Some(End::Done(_)) => false,
            Some(End::Failed(failed)) => {
                self.key = failed.key.clone();
                self.kind.is_recognised() || failed.outcome <= Outcome::NotDone
            }
        };
        again && self.kind.writes()
    }

    /// Makes the call and gives back what its caller is told.
    async fn make(&self, client: &Client) -> Told {
        let options = self.own.options();
        let client = client.with(match &self.key {
            Some(key) => options.idempotency_key(key.clone()),
            None => options,
        });
        let name = format!("CALL-{}", self.marker);
        self.send(&client, name)
            .await
            .map_or_else(Told::from, |(attempts, id)| Told {
                attempts,
                end: End::Done(id),
            })
    }

    /// How often the call was sent, and the id in its reply.
    async fn send(&self, client: &Client, name: String) -> Result<(u32, String), Error> {
        match self.kind {
            Kind::Accept => {
                let id = TransferId::new(name).unwrap();
                let reply = client.transfers().accept(&id).await?;
                Ok((reply.attempts(), reply.id.to_string()))
            }
            #[cfg(feature = "accounting")]
            Kind::Business { named } => {
                let order = business(&name, named);
                let reply = client.accounting().businesses().create(&order).await?;
                Ok((reply.attempts(), reply.data.id.to_string()))
            }
            Kind::Create => {
                let account = |id| AccountId::new(id).unwrap();
                let amount = "1.5".parse().unwrap();
                let order = TransferRequest::new(account("A"), account("B"), amount);
                let order = order.with_description(name);
                let reply = client.transfers().create(&order).await?;
                Ok((reply.attempts(), reply.id.to_string()))
            }
            Kind::Download { streamed: false } => {
                let id = DocumentId::new(name).unwrap();
                let reply = client.documents().download(&id).await?;
                let attempts = reply.attempts();
                Ok((attempts, text(&reply.into_inner().into_bytes())))
            }
            Kind::Download { streamed: true } => {
                let id = DocumentId::new(name).unwrap();
                let reply = client.documents().download_stream(&id).await?;
                let attempts = reply.attempts();
                Ok((attempts, text(&reply.into_inner().bytes().await?)))
            }
            Kind::List => {
                let id = AccountId::new(name).unwrap();
                let params = TransactionsListForAccountParams::new();
                let rows = client.transactions().list_for_account_stream(&id, params);
                let page = rows.into_pages().try_next().await?.unwrap();
                Ok((page.attempts(), page.items[0].id.to_string()))
            }
            Kind::Read => {
                let id = TransferId::new(name).unwrap();
                let reply = client.transfers().get(&id).await?;
                Ok((reply.attempts(), reply.id.to_string()))
            }
            Kind::Update => {
                let id = AccountId::new(name).unwrap();
                let change = AccountUpdateRequest::default();
                let reply = client.accounts().update(&id, &change).await?;
                Ok((reply.attempts(), reply.id.to_string()))
            }
            Kind::Upload => {
                let id = DocumentId::new(name).unwrap();
                let file = Upload::from_bytes("statement.pdf", "%PDF-1.7").unwrap();
                let reply = client.documents().upload(&id, &file).await?;
                Ok((reply.attempts(), reply.id.to_string()))
            }
        }
    }

    /// Makes the call again, after the storm, with the key of the first time: it succeeds, and its effect is there once.
    pub(super) async fn settle(&self, client: &Client, platform: &Platform) -> Result<(), Broken> {
        platform.begin_again(self.marker);
        let told = self.make(client).await;
        let memory = platform.memory_of(self.marker);
        match told.end {
            End::Done(_) if memory.effects == 1 => Ok(()),
            _ => Err(Rule::DoesNotSettle.broken((self, told, memory))),
        }
    }
}

impl Own {
    fn draw(rng: &mut Rng) -> Self {
        let attempts = rng.percent(15).then(|| 1 + rng.below(5));
        Self {
            max_attempts: attempts.map(|attempts| u32::try_from(attempts).unwrap()),
            timeout: rng.percent(15).then(|| super::drawn_timeout(rng)),
            deadline: rng.percent(15).then(|| super::drawn_deadline(rng)),
        }
    }

    fn options(self) -> CallOptions {
        let mut options = CallOptions::new();
        if let Some(attempts) = self.max_attempts {
            options = options.retry(RetryPolicy::default().with_max_attempts(attempts));
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(timeout);
        }
        if let Some(deadline) = self.deadline {
            options = options.deadline(deadline);
        }
        options
    }

    /// What holds for the call.
    fn over(self, mut setting: Setting) -> Setting {
        if let Some(attempts) = self.max_attempts {
            setting.policy = setting.policy.with_max_attempts(attempts);
        }
        setting.attempt_timeout = self.timeout.unwrap_or(setting.attempt_timeout);
        setting.deadline = self.deadline.unwrap_or(setting.deadline);
        setting
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[cfg(feature = "accounting")]
fn business(name: &str, named: bool) -> layer2_sdk::accounting::BusinessCreateRequest {
    let id = match named {
        true => format!(r#","external_id":"{name}""#),
        false => String::new(),
    };
    let json = format!(r#"{{"us_state":"NY","entity_type":"LLC","legal_name":"{name}"{id}}}"#);
    serde_json::from_str(&json).unwrap()
}
