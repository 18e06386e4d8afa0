//! What the callers of the simulation do, and what each answer that they get is held against.

use std::time::Duration;

use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::Error;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::AccountUpdateRequest;
use layer2_sdk::payments::TransferId;
use layer2_sdk::payments::TransferRequest;
use layer2_sdk::runtime::Sleep as _;
use layer2_sdk::runtime::TokioSleep;
use tokio::time::Instant;

use super::Rng;
use super::Setting;
use super::Tally;
use super::platform::Memory;
use super::platform::Platform;

/// How much later than its deadline a call may end: the grace that a transport is given, and the timer's steps.
const LATENESS: Duration = Duration::from_millis(120);

/// One task that makes one call after the other.
pub(super) struct Caller {
    number: u64,
    rng: Rng,
    client: Client,
    platform: Platform,
    setting: Setting,
}

/// One logical call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    marker: u64,
    kind: Kind,
    key: Option<IdempotencyKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A write with a key.
    Create,
    /// A write with a key and a signature.
    Accept,
    /// A write that may never be repeated.
    Update,
    Read,
}

impl Caller {
    pub(super) fn new(
        number: u64,
        seed: u64,
        client: Client,
        platform: Platform,
        setting: Setting,
    ) -> Self {
        Self {
            number,
            rng: Rng(seed),
            client,
            platform,
            setting,
        }
    }

    /// Makes some calls and gives back those that can be made again.
    pub(super) async fn call_in_the_storm(mut self) -> Result<(Tally, Vec<Call>), String> {
        let mut tally = Tally::default();
        let mut open = Vec::new();
        for turn in 0..1 + self.rng.below(5) {
            let mut call = Call::draw(&mut self.rng, self.number * 100 + turn);
            let patience = self.rng.percent(15).then(|| self.rng.millis(8_000));
            let began = Instant::now();
            let made = call.make(&self.client);
            let result = match patience {
                None => Some(made.await),
                // The caller hangs up, and is told nothing.
                Some(patience) => tokio::time::timeout(patience, made).await.ok(),
            };
            let took = began.elapsed();
            let memory = self.platform.memory_of(call.marker);
            tally.calls += 1;
            tally.attempts += memory.attempts;
            let again = match &result {
                None => call.key.is_some(),
                Some(Ok(_)) => false,
                Some(Err(error)) => {
                    tally.unknown += u32::from(error.outcome() == Outcome::Unknown);
                    call.key = error.idempotency_key().cloned();
                    call.key.is_some() || error.outcome() <= Outcome::NotDone
                }
            };
            if let Some(result) = &result {
                self.judge(&call, result, &memory, took)
                    .map_err(|rule| format!("{call:?} {rule}: {result:?} {memory:?}"))?;
            }
            if again && call.kind != Kind::Read {
                open.push(call);
            }
            if self.rng.percent(20) {
                TokioSleep.sleep(self.rng.millis(30_000)).await;
            }
        }
        Ok((tally, open))
    }

    /// Whether the answer is true, by what the platform knows.
    fn judge(
        &self,
        call: &Call,
        result: &Result<u32, Error>,
        memory: &Memory,
        took: Duration,
    ) -> Result<(), &'static str> {
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(rule) };
        let most = self.setting.policy.max_attempts + 1;
        rule(
            memory.attempts <= most,
            "was sent more often than the policy allows",
        )?;
        rule(
            took <= self.setting.deadline + LATENESS,
            "took longer than its deadline",
        )?;
        let writes = call.kind != Kind::Read;
        let attempts = match result {
            Ok(attempts) => *attempts,
            Err(error) => error.attempts(),
        };
        rule(attempts == memory.attempts, "counted its attempts wrongly")?;
        let Err(error) = result else {
            return rule(
                memory.effects == u32::from(writes),
                "succeeded without effect",
            );
        };
        rule(error.operation().is_some(), "failed without its operation")?;
        rule(
            error.idempotency_key().is_some() == matches!(call.kind, Kind::Create | Kind::Accept),
            "failed without its key",
        )?;
        match error.outcome() {
            Outcome::NotSent => rule(memory.arrived == 0, "says not sent, and it arrived"),
            Outcome::NotDone if writes => {
                rule(memory.effects == 0, "says not done, and it was done")?;
                rule(!memory.doubt, "hides a doubt")
            }
            Outcome::Unknown => {
                rule(writes, "doubts a read")?;
                rule(memory.doubt, "doubts without a reason")?;
                rule(
                    call.kind != Kind::Update || !error.is_retryable(),
                    "calls retryable what has no key and may be done",
                )
            }
            Outcome::Done => rule(
                memory.effects == u32::from(writes),
                "says done, and it was not",
            ),
            _ => Ok(()),
        }
    }
}

impl Call {
    fn draw(rng: &mut Rng, marker: u64) -> Self {
        let kind = match rng.below(8) {
            0..=2 => Kind::Create,
            3..=5 => Kind::Accept,
            6 => Kind::Update,
            _ => Kind::Read,
        };
        let own_key = matches!(kind, Kind::Create | Kind::Accept) && rng.percent(70);
        let key = own_key.then(|| IdempotencyKey::new(format!("order-{marker}")).unwrap());
        Self { marker, kind, key }
    }

    /// Makes the call and gives back how often it was sent.
    async fn make(&self, client: &Client) -> Result<u32, Error> {
        let client = match &self.key {
            Some(key) => client.with(CallOptions::new().idempotency_key(key.clone())),
            None => client.clone(),
        };
        let name = format!("CALL-{}", self.marker);
        match self.kind {
            Kind::Create => {
                let account = |id| AccountId::new(id).unwrap();
                let amount = "1.5".parse().unwrap();
                let order = TransferRequest::new(account("A"), account("B"), amount);
                let reply = client
                    .transfers()
                    .create(&order.with_description(name))
                    .await;
                reply.map(|reply| reply.attempts())
            }
            Kind::Accept => {
                let id = TransferId::new(name).unwrap();
                let reply = client.transfers().accept(&id).await;
                reply.map(|reply| reply.attempts())
            }
            Kind::Update => {
                let id = AccountId::new(name).unwrap();
                let change = AccountUpdateRequest::default();
                let reply = client.accounts().update(&id, &change).await;
                reply.map(|reply| reply.attempts())
            }
            Kind::Read => {
                let id = TransferId::new(name).unwrap();
                let reply = client.transfers().get(&id).await;
                reply.map(|reply| reply.attempts())
            }
        }
    }

    /// Makes the call again, after the storm, with the key of the first time: it succeeds, and its effect is there once.
    pub(super) async fn settle(&self, client: &Client, platform: &Platform) -> Result<(), String> {
        platform.begin_again(self.marker);
        let result = self.make(client).await;
        let memory = platform.memory_of(self.marker);
        match result {
            Ok(_) if memory.effects == 1 => Ok(()),
            result => Err(format!("{self:?} does not settle: {result:?} {memory:?}")),
        }
    }
}
