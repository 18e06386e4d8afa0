//! A payout run that may be killed at any moment: 500 withdrawals, a few at a time, each paid once.
//!
//! Every payout has an idempotency key that is on the disk before its first call. Run it again after a kill with the
//! same journal, and it goes on where it was: what was paid is not paid again, what nobody knows is asked again with its
//! key, and what was refused or has expired meanwhile is begun anew under another key. A journal is one run: next month
//! has a journal of its own.
//!
//! ```text
//! cargo run -p layer2-examples --bin payout_run
//! ```
//!
//! pays from a mock server of its own, which ends with the program, and keeps no journal. To kill the program and go on,
//! give it a place that stays: the variables of the ready file of a mock server, or those of the platform.
//!
//! ```text
//! payout_run --env --account ACME_USD --counterparty ID --journal march.journal --die-after 333
//! payout_run --env --account ACME_USD --counterparty ID --journal march.journal
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use layer2_examples::{
    flow::{Step, sending},
    journal::{History, Journal, Plan, Stage},
    payouts::{Run, amount},
    progress::Progress,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Amount, Money,
    payments::{AccountId, CounterpartyId},
};
use tokio::sync::Mutex;

const DOLLARS: &str = "FIAT_TESTNET_USD";
const JOURNAL: &str = "payouts.journal";

/// Pays many people from one account.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Account that pays; that of the sandbox if not given.
    #[arg(long)]
    account: Option<String>,
    /// Counterparty that is paid. Outside of a sandbox somebody must be named, here or in the journal; a sandbox has an
    /// invented landlord if nobody is.
    #[arg(long)]
    counterparty: Option<String>,
    /// Journal of the run, payouts.journal if not given. The same journal continues the same run, another one is another
    /// run. Only for --env and --base-url.
    #[arg(long)]
    journal: Option<PathBuf>,
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
    let (mut journal, history) = match target.kept(options.journal.as_deref(), JOURNAL)? {
        Some(path) => Journal::open(&path)?,
        None => Journal::nowhere()?,
    };
    let History { plan, payouts } = history;
    payer(&mut journal, &plan, &account)?;
    let payee = payee(&mut journal, &plan, &target, &options, &account).await?;
    if let Some(sandbox) = target.sandbox() {
        sandbox.fund(&account, total(options.payouts)?).await?;
    }

    let before = payouts
        .values()
        .filter(|payout| payout.stage == Stage::Done)
        .count();
    let run = Arc::new(Run {
        client: target.client().clone(),
        id: plan.run,
        from: account,
        to: payee,
        journal: Mutex::new(journal),
        progress: Mutex::new(Progress::new(before, options.payouts)),
        calls_left: Mutex::new(options.die_after),
    });
    let refused = run.all(options.payouts, payouts, options.at_once).await?;
    target.settle().await?;
    let done = run.progress.lock().await.done();
    println!("{done} payouts, {before} of them before this start");
    if let Some(sandbox) = target.sandbox() {
        sandbox.trial_balance().await?;
        println!("the books balance");
    }
    tell(&refused)
}

/// Notes who pays. A run that goes on pays from the same account, or what was begun before would be another request under
/// its key.
fn payer(journal: &mut Journal, plan: &Plan, account: &AccountId) -> Step<()> {
    match &plan.from {
        None => Ok(journal.pays_from(account)?),
        Some(known) if known == account => Ok(()),
        Some(known) => Err(format!(
            "the run of this journal pays from {known}, not from {account}: name that account, or another journal"
        )
        .into()),
    }
}

/// Whom to pay, the same at every start of the run. Only a sandbox is given an invented landlord: elsewhere the wires would
/// go to whoever has that account number.
async fn payee(
    journal: &mut Journal,
    plan: &Plan,
    target: &Target,
    options: &Options,
    account: &AccountId,
) -> Step<CounterpartyId> {
    let named: Option<CounterpartyId> = options
        .counterparty
        .as_ref()
        .map(|named| named.parse())
        .transpose()?;
    let payee = match (&plan.to, named) {
        (Some(known), Some(named)) if *known != named => {
            return Err(format!(
                "the run of this journal pays {known}, not {named}: leave --counterparty out, or name another journal"
            )
            .into());
        }
        (Some(known), _) => return Ok(known.clone()),
        (None, Some(named)) => named,
        (None, None) if target.sandbox().is_none() => {
            return Err(
                "name whom to pay with --counterparty: only a sandbox is given a payee that is invented".into(),
            );
        }
        (None, None) => {
            let customer = target.customer_of(account).await?;
            sending::landlord(target.client(), &customer).await?
        }
    };
    journal.pays(&payee)?;
    target.settle().await?;
    Ok(payee)
}

fn total(payouts: usize) -> Step<Amount> {
    let asset: layer2_sdk::payments::AssetTypeId = DOLLARS.parse()?;
    let mut total = Money::zero(asset.clone());
    for number in 0..payouts {
        total = total.checked_add(&Money::new(amount(number)?, asset.clone()))?;
    }
    Ok(total.amount())
}

/// A run that leaves somebody unpaid has failed, whatever else it did.
fn tell(refused: &BTreeMap<usize, String>) -> Step<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["payout>", "refused"]);
    for (number, why) in refused {
        table.row([number.to_string(), why.clone()]);
    }
    print!("{table}");
    Err(format!(
        "{} payouts were refused: mend what they name and run again with the same journal",
        refused.len()
    )
    .into())
}
