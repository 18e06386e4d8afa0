//! What there is, in which asset, and what moved last: a dashboard of plain text.
//!
//! Every account is read page by page, and totals are sums of one asset each, exact to the last digit.
//!
//! ```text
//! cargo run -p layer2-examples --bin treasury
//! watch -n 10 treasury --env
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::BTreeMap;

use clap::Parser;
use futures_util::TryStreamExt as _;
use layer2_examples::{
    flow::Step,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Client, Money,
    mock::Sandbox,
    payments::{Account, AccountsListParams, AssetTypeId, TransactionsListParams, TransferRequest},
};

/// Prints balances, totals and the last transactions.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// How many transactions are shown.
    #[arg(long, default_value_t = 10)]
    last: usize,
}

#[tokio::main]
async fn main() -> Step<()> {
    let options = Options::parse();
    let target = Target::open(&options.place).await?;
    if let Some(sandbox) = target.sandbox() {
        some_traffic(sandbox).await?;
    }
    let accounts: Vec<Account> = target
        .client()
        .accounts()
        .list_stream(AccountsListParams::new().with_page_size(100))
        .try_collect()
        .await?;
    println!("Accounts\n{}", of_accounts(&accounts));
    println!("Totals\n{}", totals(&accounts)?);
    println!(
        "Last transactions\n{}",
        last(target.client(), options.last).await?
    );
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

async fn last(client: &Client, rows: usize) -> Step<Table> {
    let mut table = Table::new(&["date", "type", "status", "value>"]);
    let transactions: Vec<_> = client
        .transactions()
        .list_stream(TransactionsListParams::new().with_page_size(100))
        .try_collect()
        .await?;
    for row in transactions.iter().rev().take(rows) {
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
