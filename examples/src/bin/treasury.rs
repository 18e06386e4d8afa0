//! What there is, in which asset, and what moved last: a dashboard of plain text.
//!
//! Every account is read page by page, and totals are sums of one asset each, exact to the last digit. Of the transactions
//! one page is read, newest first, however long the history is.
//!
//! ```text
//! cargo run -p layer2-examples --bin treasury
//! treasury --env --every 10
//! ```

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use futures_util::TryStreamExt as _;
use layer2_examples::{
    flow::Step,
    say,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Client, Money,
    mock::Sandbox,
    payments::{
        Account, AccountsListParams, AssetTypeId, SortOrder, TransactionsListParams,
        TransferRequest,
    },
};
use tokio::time::MissedTickBehavior;

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Prints balances, totals and the last transactions.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// How many transactions are shown: one page, which the platform may keep shorter.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=1_000))]
    last: i32,
    /// Prints again after so many seconds, until Ctrl-C.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    every: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let program = async |target: &Target| watch(target, &options).await;
    options.place.run(program).await
}

async fn watch(target: &Target, options: &Options) -> Step<()> {
    if let Some(sandbox) = target.made_sandbox() {
        some_traffic(sandbox).await?;
    }
    let Some(seconds) = options.every else {
        return show(target.client(), options.last).await;
    };
    let mut times = tokio::time::interval(Duration::from_secs(seconds));
    // After a reading that took longer than that, the platform is left alone for as long as ever; nothing is made up for.
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopped = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let shown = async {
            times.tick().await;
            if std::io::stdout().is_terminal() {
                say::part(format_args!("{CLEAR}"));
            }
            show(target.client(), options.last).await
        };
        tokio::select! {
            // The first poll begins to listen, so it comes before anything is shown.
            biased;
            stopped = &mut stopped => return Ok(stopped?),
            shown = shown => shown?,
        }
        if !say::is_heard() {
            return Ok(());
        }
    }
}

async fn show(client: &Client, rows: i32) -> Step<()> {
    let accounts: Vec<Account> = client
        .accounts()
        .list_stream(AccountsListParams::new().with_page_size(100))
        .try_collect()
        .await?;
    say!("Accounts\n{}", of_accounts(&accounts));
    say!("Totals\n{}", totals(&accounts)?);
    say!("Last transactions\n{}", last(client, rows).await?);
    Ok(())
}

fn of_accounts(accounts: &[Account]) -> Table {
    let mut table = Table::new(&["account", "customer", "status", "current>", "available>"]);
    for account in accounts {
        table.row([
            account.id.to_string(),
            text(account.customer_id.as_ref()),
            text(account.status.as_ref()),
            text(account.current_money().as_ref()),
            text(account.available_money().as_ref()),
        ]);
    }
    table
}

/// One sum for each asset. Two assets never come into one sum: [`Money`] refuses it.
fn totals(accounts: &[Account]) -> Step<Table> {
    let mut sums = BTreeMap::<AssetTypeId, [Money; 2]>::new();
    for account in accounts {
        let (Some(current), Some(available)) = (account.current_money(), account.available_money())
        else {
            continue;
        };
        let asset = current.asset().clone();
        let sum = sums
            .entry(asset.clone())
            .or_insert_with(|| [Money::zero(asset.clone()), Money::zero(asset)]);
        *sum = [
            sum[0].checked_add(&current)?,
            sum[1].checked_add(&available)?,
        ];
    }
    let mut table = Table::new(&["asset", "current>", "available>", "held>"]);
    for (asset, [current, available]) in sums {
        let held = current.checked_sub(&available)?;
        let numbers = [&current, &available, &held].map(|money| money.amount().to_string());
        table.row([asset.to_string()].into_iter().chain(numbers));
    }
    Ok(table)
}

async fn last(client: &Client, rows: i32) -> Step<Table> {
    let mut table = Table::new(&["date", "type", "status", "value>"]);
    let newest = TransactionsListParams::new()
        .with_order(SortOrder::Desc)
        .with_page_size(rows);
    let page = client.transactions().list(&newest).await?;
    for row in &page.items {
        table.row([
            text(row.transaction_date.as_ref()),
            text(row.transaction_type.as_ref()),
            text(row.transaction_status.as_ref()),
            text(row.value.as_ref()),
        ]);
    }
    Ok(table)
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// A new sandbox is empty. Money arrives, some of it moves, and some of it is only held.
async fn some_traffic(sandbox: &Sandbox) -> Step<()> {
    let dollars = sandbox.account("FIAT_TESTNET_USD")?;
    let savings = sandbox.open_account(&dollars, "SAVINGS").await?;
    sandbox.fund(&dollars, "1250.75".parse()?).await?;
    let transfers = sandbox.client().transfers();
    let order = TransferRequest::new(dollars, savings, "250.25".parse()?);
    let asked = transfers.create(&order).await?;
    transfers.accept(&asked.id).await?;
    sandbox.settle().await?;
    Ok(())
}
