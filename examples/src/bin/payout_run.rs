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
//! give it a place that stays: the platform with `--env`, or a named sandbox of a mock server that runs. There it plays the
//! bank as well: it funds the account and invents somebody to pay.
//!
//! ```text
//! payout_run --mock http://127.0.0.1:4010 --keep payday --journal payday.journal --die-after 333
//! payout_run --mock http://127.0.0.1:4010 --keep payday --journal payday.journal
//! payout_run --env --account ACME_USD --counterparty ID --journal march.journal
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use layer2_examples::{
    ends::{self, Ends},
    failure::Failure,
    flow::Step,
    journal::Journal,
    orders::Reason,
    payouts::{self, Run},
    progress::Progress,
    say,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    mock::Sandbox,
    payments::{AccountId, CounterpartyId, WithdrawalId},
};
use tokio::sync::Mutex;

const JOURNAL: &str = "payouts.journal";
/// How many payouts there are if neither the arguments nor the journal say.
const PAYOUTS: usize = 500;
/// More refused payouts than this are not listed one by one.
const ROWS_MAX: usize = 20;

/// Pays many people from one account, each once, and goes on where it was killed.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Account that pays; that of the journal or of the sandbox if not given.
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Counterparty that is paid; that of the journal if not given. Only in a sandbox somebody is invented if there is none.
    #[arg(long, value_name = "ID")]
    counterparty: Option<CounterpartyId>,
    /// Journal of the run, payouts.journal if not given. The same journal goes on with the same run, another one is another
    /// run. Only for a place that stays: --env, --base-url, --keep.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How many payouts there are; as many as the journal says, and 500 in a new one, if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    payouts: Option<u16>,
    /// How many are on their way at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    at_once: u16,
    /// Die without a word after this many calls, as a machine does.
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u16).range(1..))]
    die_after: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let program = async |target: &Target| pay(target, &options).await;
    options.place.run(program).await
}

async fn pay(target: &Target, options: &Options) -> Step<()> {
    let path = target.kept("--journal", options.journal.as_deref(), JOURNAL)?;
    let (mut journal, history) = match &path {
        Some(path) => Journal::open(path)?,
        None => Journal::nowhere(),
    };
    let (account, payee) = (options.account.clone(), options.counterparty.clone());
    let size = ends::size(&history, options.payouts.map(usize::from), PAYOUTS)?;
    if history.plan.size != Some(size) {
        journal.counts(size);
    }
    let ends = Ends::find(target, &mut journal, &history, account, payee).await?;
    let done = history.done();
    let payouts = size.payouts;
    if let Some(sandbox) = target.sandbox() {
        fund(sandbox, &ends.from, payouts, &done).await?;
    }
    say!("paying {} from {}", ends.to, ends.from);

    let before = done.len();
    let run = Arc::new(Run {
        client: target.client().clone(),
        id: history.plan.run,
        from: ends.from,
        to: ends.to,
        journal: Mutex::new(journal),
        paid: Mutex::new(done),
        progress: Mutex::new(Progress::new(before, payouts)),
        calls_left: Mutex::new(options.die_after.map(usize::from)),
    });
    let at_once = usize::from(options.at_once);
    let refused = run.all(payouts, history.payouts, at_once).await;
    let refused = refused.map_err(|why| stopped(why, path.is_some()))?;
    target.settle().await?;
    say!(
        "{} payouts, {before} of them before this start",
        run.paid.lock().await.len()
    );
    if let Some(sandbox) = target.sandbox() {
        add_up(&run, sandbox).await?;
    }
    tell(&refused, path.is_some())
}

/// What is not paid yet has to be on the account. In a sandbox the program plays whoever fills it.
async fn fund(
    sandbox: &Sandbox,
    account: &AccountId,
    payouts: usize,
    done: &BTreeMap<usize, WithdrawalId>,
) -> Step<()> {
    let open = (0..payouts).filter(|number| !done.contains_key(number));
    let needed = payouts::total(open)?;
    let there = sandbox.client().accounts().get(account).await?;
    let there = there.available_money().ok_or("an account has a balance")?;
    let missing = needed.checked_sub(&there)?;
    if missing.amount().is_positive() {
        sandbox.fund(account, missing.amount()).await?;
    }
    Ok(())
}

/// Only in a sandbox all work is done by now, and can be held against what was ordered.
async fn add_up(run: &Run, sandbox: &Sandbox) -> Step<()> {
    let paid: BTreeSet<_> = run.paid.lock().await.keys().copied().collect();
    let ordered = payouts::total(paid)?;
    let (wires, sent) = run.sent().await?;
    say!(
        "{sent} have left in {wires} wires, {} were ordered",
        ordered.amount()
    );
    sandbox.trial_balance().await?;
    say!("the books balance");
    Ok(())
}

/// A run that is stopped by a failure knows how it goes on.
fn stopped(why: Box<dyn std::error::Error>, has_journal: bool) -> Box<dyn std::error::Error> {
    // What the failure itself advises comes first.
    if why.is::<Failure>() || !has_journal {
        return why;
    }
    Failure::new("the run has stopped, and its journal knows how far it came")
        .because(why)
        .advise(
            "run again with the same journal once the cause is gone: what is paid stays paid, and what nobody knows is \
             asked again with its key",
        )
        .into()
}

/// A run that leaves somebody unpaid has failed, whatever else it did.
fn tell(refused: &BTreeMap<usize, Reason>, has_journal: bool) -> Step<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["payout>", "refused"]);
    for (number, why) in refused.iter().take(ROWS_MAX) {
        table.row([number.to_string(), why.code.clone()]);
    }
    say::part(format_args!("{table}"));
    if let Some(more) = refused.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        say!("  and {more} more");
    }
    let of_a_kind: BTreeMap<_, _> = refused.values().map(|why| (&why.code, why)).collect();
    for why in of_a_kind.values() {
        say!("{why}");
    }
    let failure = Failure::new(format!("{} payouts were refused", refused.len()));
    Err(match has_journal {
        true => failure.advise("mend what they name and run again with the same journal"),
        false => failure,
    }
    .into())
}
