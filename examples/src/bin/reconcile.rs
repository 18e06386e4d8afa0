//! A webhook receiver that keeps books of its own and holds them against the platform's.
//!
//! Webhooks are an invitation to read, never the books themselves: each names a transaction, which is read with a GET and
//! booked once, by its id. In between the receiver fails and is down, as receivers do. At the end the books are compared
//! account by account, and what no webhook told is found by reading the list.
//!
//! ```text
//! cargo run -p layer2-examples --bin reconcile
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use clap::Parser;
use futures_util::TryStreamExt as _;
use layer2_examples::{
    books::{Bookkeeper, Books},
    flow::Step,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Money,
    mock::Sandbox,
    payments::{Account, AccountId, AccountsListParams, EventType, TransferRequest},
    webhook::key_store::MemoryKeyStore,
};

/// Keeps books by webhooks and compares them with the platform's.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Callback URL as the platform reaches it; this machine's own for a sandbox.
    #[arg(long)]
    callback_url: Option<String>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
}

#[tokio::main]
async fn main() -> Step<()> {
    let options = Options::parse();
    let target = Target::open(&options.place).await?;
    let listener = tokio::net::TcpListener::bind(&options.listen).await?;
    let url = match &options.callback_url {
        Some(url) => url.clone(),
        None => format!("http://{}/webhooks/layer2", listener.local_addr()?),
    };
    let keys = MemoryKeyStore::default();
    let wanted = [EventType::TransactionPosted];
    let ensured = target
        .client()
        .subscriptions()
        .ensure(&url, wanted, &keys)
        .await?;
    println!(
        "subscriptions: {} made, {} there",
        ensured.created.len(),
        ensured.kept.len()
    );

    let bookkeeper = Bookkeeper::new(target.client().clone(), &url, &keys).await?;
    bookkeeper.serve(listener);
    let Some(sandbox) = target.sandbox() else {
        println!("listening for {url}; stop with Ctrl-C, and the books are compared");
        tokio::signal::ctrl_c().await?;
        return compare(&target, &bookkeeper.books()).await;
    };
    eventful_day(sandbox, &bookkeeper).await?;
    let told = bookkeeper.books();
    println!("booked {} transactions by webhook", told.len());
    compare(&target, &told).await?;

    // The safety net under webhooks: what was missed is in the list.
    let found = bookkeeper.catch_up().await?;
    println!("found {found} that no webhook told");
    compare(&target, &bookkeeper.books()).await?;
    sandbox.trial_balance().await?;
    println!("the books balance");
    Ok(())
}

/// Money moves while the receiver works, fails for a moment, and is down until the platform gives up.
async fn eventful_day(sandbox: &Sandbox, bookkeeper: &Bookkeeper) -> Step<()> {
    let dollars = sandbox.account("FIAT_TESTNET_USD")?;
    let savings = sandbox.open_account(&dollars, "SAVINGS").await?;
    sandbox.fund(&dollars, "1000".parse()?).await?;
    transfer(sandbox, &dollars, &savings, "250").await?;

    // Two deliveries are answered with an error after the work is done; the platform repeats them.
    bookkeeper.fail_after_work(2);
    transfer(sandbox, &dollars, &savings, "100").await?;
    sandbox.advance(std::time::Duration::from_secs(600)).await?;

    // Two days without an answer: every try is used up.
    bookkeeper.stop_answering(true);
    transfer(sandbox, &savings, &dollars, "30.75").await?;
    sandbox
        .advance(std::time::Duration::from_secs(48 * 3_600))
        .await?;
    bookkeeper.stop_answering(false);
    Ok(())
}

async fn transfer(sandbox: &Sandbox, from: &AccountId, to: &AccountId, amount: &str) -> Step<()> {
    let transfers = sandbox.client().transfers();
    let order = TransferRequest::new(from.clone(), to.clone(), amount.parse()?);
    let asked = transfers.create(&order).await?;
    transfers.accept(&asked.id).await?;
    sandbox.settle().await?;
    Ok(())
}

/// Prints the accounts whose balance is not what the books say.
async fn compare(target: &Target, books: &Books) -> Step<()> {
    let accounts: Vec<Account> = target
        .client()
        .accounts()
        .list_stream(AccountsListParams::new().with_page_size(100))
        .try_collect()
        .await?;
    let mut table = Table::new(&["account", "platform>", "books>", "difference>"]);
    for account in accounts {
        let Some(theirs) = account.current_money() else {
            continue;
        };
        let zero = Money::zero(theirs.asset().clone());
        let ours = books.balance(&account.id).unwrap_or(&zero);
        let difference = theirs.checked_sub(ours)?;
        if !difference.is_zero() {
            let numbers = [&theirs, ours, &difference].map(|money| money.amount().to_string());
            table.row([account.id.to_string()].into_iter().chain(numbers));
        }
    }
    if table.is_empty() {
        println!("reconciled: every account is as the books say");
    } else {
        println!("not reconciled\n{table}");
    }
    Ok(())
}
