//! A payout run that may be killed at any moment: 500 withdrawals, a few at a time, each paid once.
//!
//! Every payout has an idempotency key that is on the disk before its first call. Run it again after a kill with the
//! same journal, and it goes on where it was: what was paid is not paid again, what nobody knows is asked again with its
//! key. Keys begin with the name of the run, which is that of its journal: two runs under one name would be one run to
//! the platform, and the second would pay nobody.
//!
//! ```text
//! cargo run -p layer2-examples --bin payout_run -- --journal march.journal
//! ```
//!
//! A mock server that is started in this process dies with it. To kill the program and go on, give it one that stays.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use layer2_examples::{
    flow::{Step, sending},
    journal::{Journal, Payout},
    progress::Progress,
    target::{Target, Where},
};
use layer2_sdk::{
    Amount, CallOptions, Client, IdempotencyKey, Money,
    payments::{
        AccountId, CounterpartyId, WithdrawalId, WithdrawalPurpose, WithdrawalRequest,
        WithdrawalRequestFedwire,
    },
};
use tokio::sync::Mutex;

const DOLLARS: &str = "FIAT_TESTNET_USD";

/// Pays many people from one account.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Account that pays; that of the sandbox if not given.
    #[arg(long)]
    account: Option<String>,
    /// Counterparty that is paid; one is registered if not given.
    #[arg(long)]
    counterparty: Option<String>,
    /// Journal of the run. The same journal continues the same run.
    #[arg(long, default_value = "payouts.journal")]
    journal: PathBuf,
    /// Name of the run, part of every key; that of the journal if not given. A new run needs a new name.
    #[arg(long)]
    run: Option<String>,
    /// How many payouts there are.
    #[arg(long, default_value_t = 500)]
    payouts: usize,
    /// How many are on their way at once.
    #[arg(long, default_value_t = 16)]
    at_once: usize,
    /// Dies without a word after this many calls, as a machine does.
    #[arg(long)]
    die_after: Option<usize>,
}

#[tokio::main]
async fn main() -> Step<()> {
    let options = Options::parse();
    let target = Target::open(&options.place).await?;
    let account = target.account(options.account.as_deref(), DOLLARS)?;
    let name = run_name(&options)?;
    let (journal, known) = Journal::open(&options.journal)?;
    let payee = payee(&target, &options, &account, &name).await?;
    if let Some(sandbox) = target.sandbox() {
        sandbox.fund(&account, total(options.payouts)?).await?;
    }

    let before = known.values().filter(|payout| payout.is_done).count();
    let run = Arc::new(Run {
        client: target.client().clone(),
        account,
        payee,
        name,
        journal: Mutex::new(journal),
        progress: Mutex::new(Progress::new(before, options.payouts)),
        calls_left: Mutex::new(options.die_after),
    });
    run.all(options.payouts, known, options.at_once).await?;
    target.settle().await?;
    let done = run.progress.lock().await.done();
    println!("{done} payouts, {before} of them before this start");
    if let Some(sandbox) = target.sandbox() {
        sandbox.trial_balance().await?;
        println!("the books balance");
    }
    Ok(())
}

struct Run {
    client: Client,
    account: AccountId,
    payee: CounterpartyId,
    name: String,
    journal: Mutex<Journal>,
    progress: Mutex<Progress>,
    calls_left: Mutex<Option<usize>>,
}

impl Run {
    /// Pays what is not paid yet. The first failure ends the run; what is on its way is finished by the next one.
    async fn all(
        self: &Arc<Self>,
        payouts: usize,
        mut known: BTreeMap<usize, Payout>,
        at_once: usize,
    ) -> Step<()> {
        let open = (0..payouts).filter_map(|number| {
            let payout = known.remove(&number).unwrap_or_default();
            (!payout.is_done).then_some((number, payout))
        });
        stream::iter(open.collect::<Vec<_>>())
            .map(|(number, payout)| {
                let run = Arc::clone(self);
                async move { run.pay(number, payout).await }
            })
            .buffer_unordered(at_once.max(1))
            .try_collect::<()>()
            .await
    }

    async fn pay(&self, number: usize, known: Payout) -> Step<()> {
        let key = match known.key {
            Some(key) => key,
            None => {
                let key = IdempotencyKey::new(format!("{}-{number:05}", self.name))?;
                self.journal.lock().await.begun(number, &key)?;
                key
            }
        };
        let id = match known.withdrawal {
            Some(id) => id,
            None => self.make(number, &key).await?,
        };
        let accept = IdempotencyKey::new(format!("{}-accept", key.as_str()))?;
        let keyed = self.client.with(CallOptions::new().idempotency_key(accept));
        keyed.withdrawals().accept(&id).await?;
        self.count_a_call().await;
        self.journal.lock().await.done(number)?;
        self.progress.lock().await.step();
        Ok(())
    }

    async fn make(&self, number: usize, key: &IdempotencyKey) -> Step<WithdrawalId> {
        let wire = WithdrawalRequestFedwire::new(
            self.account.clone(),
            self.payee.clone(),
            amount(number)?,
            WithdrawalPurpose::Payroll,
        )
        .with_memo(format!("{} {number}", self.name));
        let keyed = self
            .client
            .with(CallOptions::new().idempotency_key(key.clone()));
        let made = keyed
            .withdrawals()
            .create(&WithdrawalRequest::Fedwire(wire))
            .await?;
        self.count_a_call().await;
        self.journal.lock().await.made(number, &made.id)?;
        Ok(made.id.clone())
    }

    /// The reply is here and nothing of it is written down: the worst moment to die.
    async fn count_a_call(&self) {
        let mut left = self.calls_left.lock().await;
        if let Some(left) = left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                std::process::abort();
            }
        }
    }
}

/// What a payout is worth: 1.00, 1.01, 1.02 and so on, so that a payout made twice would show in the sums.
fn amount(number: usize) -> Step<Amount> {
    Ok(Amount::from_minor(100 + i128::try_from(number)?, 2)?)
}

fn total(payouts: usize) -> Step<Amount> {
    let asset: layer2_sdk::payments::AssetTypeId = DOLLARS.parse()?;
    let mut total = Money::zero(asset.clone());
    for number in 0..payouts {
        total = total.checked_add(&Money::new(amount(number)?, asset.clone()))?;
    }
    Ok(total.amount())
}

/// The name that was given, else that of the journal: `march` for `march.journal`.
fn run_name(options: &Options) -> Step<String> {
    if let Some(name) = &options.run {
        return Ok(name.clone());
    }
    let stem = options.journal.file_stem().and_then(|stem| stem.to_str());
    Ok(stem
        .ok_or("the journal has no name that a key can begin with: give --run")?
        .to_owned())
}

/// Whom to pay. Registering has a key of the run as well: a run that goes on must pay the same one, or what was begun
/// before the kill would be another request under its key.
async fn payee(
    target: &Target,
    options: &Options,
    account: &AccountId,
    run: &str,
) -> Step<CounterpartyId> {
    if let Some(named) = &options.counterparty {
        return Ok(named.parse()?);
    }
    let customer = target.customer_of(account).await?;
    let key = IdempotencyKey::new(format!("{run}-payee"))?;
    let keyed = target
        .client()
        .with(CallOptions::new().idempotency_key(key));
    let payee = sending::landlord(&keyed, &customer).await?;
    target.settle().await?;
    Ok(payee)
}
