//! What the callers of the simulation do.

use std::time::Duration;

use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::Error;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::Upload;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::AccountUpdateRequest;
use layer2_sdk::payments::DocumentId;
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
    Read,
    /// A write that may never be repeated.
    Update,
    /// A write with a key, which sends a file.
    Upload,
}

impl Kind {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(12) {
            0..=2 => Self::Create,
            3..=5 => Self::Accept,
            6 => Self::Update,
            7 | 8 => Self::Upload,
            #[cfg(feature = "accounting")]
            9 | 10 => Self::Business {
                named: rng.percent(70),
            },
            _ => Self::Read,
        }
    }

    pub(super) fn writes(self) -> bool {
        self != Self::Read
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
                rules::judge((call.kind, call.marker), told, &memory, &self.setting, took)
                    .map_err(|rule| rule.broken((&call, told, &memory)))?;
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
        Self { marker, kind, key }
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
        let client = match &self.key {
            Some(key) => client.with(CallOptions::new().idempotency_key(key.clone())),
            None => client.clone(),
        };
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

#[cfg(feature = "accounting")]
fn business(name: &str, named: bool) -> layer2_sdk::accounting::BusinessCreateRequest {
    let id = match named {
        true => format!(r#","external_id":"{name}""#),
        false => String::new(),
    };
    let json = format!(r#"{{"us_state":"NY","entity_type":"LLC","legal_name":"{name}"{id}}}"#);
    serde_json::from_str(&json).unwrap()
}
