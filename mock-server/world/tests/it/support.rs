//! A driver that plays the shell: it counts the journal, runs due work and keeps what happened.

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_types::operation::Platform;
use layer2_world::Actor;
use layer2_world::ClientCommand;
use layer2_world::Command;
use layer2_world::Context;
use layer2_world::DeliveryOutcome;
use layer2_world::DueDelivery;
use layer2_world::Fingerprint;
use layer2_world::Genesis;
use layer2_world::IdempotencyKey;
use layer2_world::Internal;
use layer2_world::Outcome;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::Request;
use layer2_world::Seed;
use layer2_world::Settings;
use layer2_world::World;

use crate::documented;

/// A world with a clock that stands still until it is moved.
pub(crate) struct Play {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    /// What was accepted, in order: the journal.
    pub(crate) journal: Vec<(Command, Context)>,
    /// Run due work after each command, as the fast profile does.
    pub(crate) eager: bool,
    /// Hold the world against what it was before whenever it refuses something. A walk of many steps has no time for it.
    pub(crate) watchful: bool,
}

pub(crate) fn genesis(settings: Settings) -> Genesis {
    Genesis {
        name: "default".to_owned(),
        seed: Seed::new([7; 32]),
        settings,
        start: start(),
    }
}

pub(crate) fn start() -> Timestamp {
    "2026-01-05T14:00:00Z".parse().unwrap()
}

/// A world of one version, in which work is done at once.
pub(crate) fn fast(platform: Platform) -> Play {
    let mut settings = Settings::default();
    settings.platform = platform;
    Play::with(settings)
}

/// A world of one version, in which work takes its time.
pub(crate) fn slow(platform: Platform) -> Play {
    let mut settings = Settings::default();
    settings.platform = platform;
    settings.profile = Profile::Realistic;
    Play::with(settings)
}

impl Play {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self {
            world: World::new(genesis(settings)),
            now: start(),
            journal: Vec::new(),
            eager: true,
            watchful: true,
        }
    }

    pub(crate) fn execute(&mut self, command: Command) -> Result<Outcome, Rejection> {
        let seq = u64::try_from(self.journal.len()).unwrap() + 1;
        let context = Context { now: self.now, seq };
        let outcome = self.world.execute(&command, context)?;
        if !outcome.replayed {
            self.journal.push((command, context));
        }
        Ok(outcome)
    }

    /// Runs due work, if there is any.
    pub(crate) fn settle(&mut self) {
        while self.world.is_due(self.now) {
            self.execute(Command::Internal(Internal::RunDue)).unwrap();
        }
    }

    /// Moves the clock from where the last command left it, running what becomes due.
    pub(crate) fn advance(&mut self, span: SignedDuration) {
        self.now = self.world.business_now(self.now).checked_add(span).unwrap();
        self.settle();
    }

    /// Sends a mutation; due work runs before it, and right after it when the play is eager.
    pub(crate) fn send(
        &mut self,
        request: Request,
        key: Option<&str>,
    ) -> Result<Outcome, Rejection> {
        self.settle();
        let before = self.watchful.then(|| self.world.clone());
        let operation = request.op.operation();
        let command = ClientCommand {
            fingerprint: fingerprint(&request),
            key: key.map(|key| IdempotencyKey::new(key).unwrap()),
            request,
        };
        let platform = self.world.settings().platform;
        let outcome = self
            .execute(Command::Client(command))
            .inspect_err(|rejection| {
                documented::refusal(operation, platform, rejection);
                let is_as_before =
                    |before: World| before.snapshot().unwrap() == self.world.snapshot().unwrap();
                assert!(
                    before.is_none_or(is_as_before),
                    "it was refused and left a trace: {rejection:?}"
                );
            })?;
        if let Some(reply) = &outcome.reply {
            documented::reply(operation, platform, reply);
        }
        if self.eager {
            self.settle();
        }
        Ok(outcome)
    }

    pub(crate) fn post(
        &mut self,
        op: &str,
        path: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Rejection> {
        let body = (!body.is_empty()).then(|| body.to_owned());
        self.send(request(op, path, &[], body), None)
            .map(|outcome| outcome.reply.unwrap())
    }

    pub(crate) fn get(
        &self,
        op: &str,
        path: &[(&str, &str)],
        query: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        let request = request(op, path, query, None);
        let (operation, platform) = (request.op.operation(), self.world.settings().platform);
        self.world
            .query(&request, self.now)
            .inspect(|reply| documented::reply(operation, platform, reply))
            .inspect_err(|rejection| documented::refusal(operation, platform, rejection))
    }

    pub(crate) fn inbound(&mut self, account: &str, amount: &str) -> Result<Reply, Rejection> {
        let body =
            format!(r#"{{"account_id":"{account}","amount":{amount},"originator_name":"Globex"}}"#);
        self.post("control.inbound_create", &[("sandbox", "default")], &body)
    }

    pub(crate) fn transfer(
        &mut self,
        from: &str,
        to: &str,
        amount: &str,
    ) -> Result<String, Rejection> {
        let body = transfer_body(from, to, amount);
        self.post("payments.transfers_create", &[], &body)
            .map(|reply| field(&reply.body, "id"))
    }

    pub(crate) fn accept(&mut self, transfer: &str) -> Result<Reply, Rejection> {
        self.post(
            "payments.transfers_accept",
            &[("transfer_id", transfer)],
            "",
        )
    }

    pub(crate) fn decide(&mut self, customer: &str, status: &str) -> Result<Reply, Rejection> {
        let path = [("sandbox", "default"), ("customer_id", customer)];
        let body = format!(r#"{{"status":"{status}"}}"#);
        self.post("control.decisions_customer_status", &path, &body)
    }

    pub(crate) fn patch_account(
        &mut self,
        account: &str,
        status: &str,
    ) -> Result<Reply, Rejection> {
        self.post(
            "payments.accounts_update",
            &[("account_id", account)],
            &status_update(status),
        )
    }

    pub(crate) fn patch_customer(
        &mut self,
        customer: &str,
        status: &str,
    ) -> Result<Reply, Rejection> {
        self.post(
            "payments.customers_update",
            &[("customer_id", customer)],
            &status_update(status),
        )
    }

    pub(crate) fn subscribe(&mut self, event_type: &str) -> String {
        let body =
            format!(r#"{{"event_type":"{event_type}","callback_url":"http://127.0.0.1:9/h"}}"#);
        let reply = self
            .post("payments.subscriptions_create", &[], &body)
            .unwrap();
        field(&reply.body, "id")
    }

    /// Current and available balance.
    pub(crate) fn balances(&self, account: &str) -> (String, String) {
        let body = self
            .get("payments.accounts_get", &[("account_id", account)], &[])
            .unwrap()
            .body;
        (
            field(&body, "current_balance"),
            field(&body, "available_balance"),
        )
    }

    pub(crate) fn account_status(&self, account: &str) -> String {
        let reply = self
            .get("payments.accounts_get", &[("account_id", account)], &[])
            .unwrap();
        field(&reply.body, "status")
    }

    pub(crate) fn transfer_status(&self, transfer: &str) -> String {
        let reply = self
            .get("payments.transfers_get", &[("transfer_id", transfer)], &[])
            .unwrap();
        field(&reply.body, "status")
    }

    /// Takes what is due and answers all of it.
    pub(crate) fn deliver(&mut self, outcome: DeliveryOutcome) -> Vec<DueDelivery> {
        let due = self.world.due_deliveries(self.now);
        for delivery in &due {
            self.finish(delivery, outcome);
        }
        due
    }

    /// The types of the events that are due, in order; each is taken.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let sent = self.deliver(TAKEN);
        sent.iter()
            .map(|due| field(&due.body, "event_type"))
            .collect()
    }

    pub(crate) fn finish(&mut self, delivery: &DueDelivery, outcome: DeliveryOutcome) {
        let finished = Internal::DeliveryFinished {
            delivery: delivery.delivery.clone(),
            attempt: delivery.attempt,
            outcome,
        };
        self.execute(Command::Internal(finished)).unwrap();
    }

    pub(crate) fn balanced(&self) -> bool {
        let reply = self
            .get(
                "control.ledger_trial_balance",
                &[("sandbox", "default")],
                &[],
            )
            .unwrap();
        field(&reply.body, "balanced") == "true" && self.world.invariants().is_ok()
    }
}

pub(crate) const TAKEN: DeliveryOutcome = DeliveryOutcome::Answered { status: 204 };
pub(crate) const FAILED: DeliveryOutcome = DeliveryOutcome::Answered { status: 500 };

pub(crate) fn transfer_body(from: &str, to: &str, amount: &str) -> String {
    format!(r#"{{"source_account_id":"{from}","destination_account_id":"{to}","amount":{amount}}}"#)
}

fn status_update(status: &str) -> String {
    format!(
        r#"{{"updates":[{{"field":"status","value":"{status}"}}],"updated_by":"ops","reason":"test"}}"#
    )
}

pub(crate) fn request(
    op: &str,
    path: &[(&str, &str)],
    query: &[(&str, &str)],
    body: Option<String>,
) -> Request {
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let actor = if op.starts_with("control.") {
        Actor::Control
    } else {
        Actor::Client
    };
    Request {
        op: op.parse().unwrap(),
        path: owned(path),
        query: owned(query),
        body,
        actor,
    }
}

/// Equal requests have equal fingerprints; that is all the world asks of them.
fn fingerprint(request: &Request) -> Fingerprint {
    let text = format!(
        "{:?}{:?}{:?}{:?}",
        request.op, request.path, request.query, request.body
    );
    Fingerprint::new(Seed::new([0; 32]).derive("fingerprint", &[text.as_bytes()]))
}

/// The first value of a member anywhere in a JSON text, without quotes.
pub(crate) fn field(json: &str, name: &str) -> String {
    let label = format!("\"{name}\":");
    let start = json
        .find(&label)
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        + label.len();
    let rest = &json[start..];
    match rest.strip_prefix('"') {
        Some(text) => text[..text.find('"').unwrap()].to_owned(),
        None => rest[..rest.find([',', '}', ']']).unwrap()].to_owned(),
    }
}

/// All values of a member, in order.
pub(crate) fn fields(json: &str, name: &str) -> Vec<String> {
    let label = format!("\"{name}\":");
    json.match_indices(&label)
        .map(|(at, _)| field(&json[at..], name))
        .collect()
}

pub(crate) fn codes(rejection: &Rejection) -> Vec<&'static str> {
    rejection
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}
