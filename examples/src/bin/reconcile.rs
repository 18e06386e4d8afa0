//! A webhook receiver that keeps books of its own and holds them against the platform's.
//!
//! Webhooks are an invitation to read, never the books themselves: each names a transaction, which is read with a GET and
//! booked once, by its id. The books begin with what the lists say; what no webhook told is found by reading the lists
//! again, and then the books are compared account by account.
//!
//! ```text
//! cargo run -p layer2-examples --bin reconcile
//! ```
//!
//! has a sandbox of its own, where the receiver fails and is down for two days, as receivers do. On the platform it
//! listens until it is stopped with Ctrl-C:
//!
//! ```text
//! reconcile --env --callback-url https://books.example/webhooks/layer2 --listen 127.0.0.1:8080 --keys books.keys
//! ```
//!
//! Whoever keeps the keys of a callback URL is its receiver: subscriptions of that URL whose key is not in the file are
//! replaced, and another receiver behind it would verify nothing any more.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use futures_util::future::join;
use layer2_examples::{
    books::{Bookkeeper, Off},
    failure::Failure,
    flow::Step,
    say,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Client,
    mock::Sandbox,
    payments::{AccountId, EventType, TransferRequest},
    webhook::{
        KeyStore,
        key_store::{FileKeyStore, MemoryKeyStore},
    },
};
use tokio::net::TcpListener;

/// How often books are compared that money moves under: it may move between the two readings.
const COMPARISONS: usize = 3;

/// Keeps books by webhooks and compares them with the platform's.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Callback URL as the platform reaches it; this machine's own for a sandbox.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    /// File that keeps the keys of the subscriptions. Only for the platform: --env, --base-url.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let program = async |target: &Target| match target.new_sandbox()? {
        Some(sandbox) => rehearse(sandbox, &options).await,
        None => keep(target.client(), &options).await,
    };
    options.place.run(program).await
}

/// Keeps books until Ctrl-C, and then says whether they are right.
async fn keep(client: &Client, options: &Options) -> Step<()> {
    let (Some(url), Some(path)) = (&options.callback_url, &options.keys) else {
        return Err(Failure::new(
            "the platform has to reach this receiver, and its keys have to outlive it",
        )
        .advise("give --callback-url and --keys")
        .into());
    };
    if path.is_dir() {
        let (path, name) = (path.display(), path.join("books.keys"));
        return Err(Failure::new(format!("--keys {path} is a folder"))
            .advise(format!("name a file in it, as {}", name.display()))
            .into());
    }
    let listener = listen(options).await?;
    let address = listener.local_addr()?;
    let keys = FileKeyStore::new(path);
    let bookkeeper = receive(client, url, &keys, listener).await?;
    // Events that come while this reads tell of the same transactions, which are booked once.
    let before = bookkeeper.catch_up().await?;
    say!("booked {before} transactions of before");
    // The first poll begins to listen for Ctrl-C, so it comes before anybody is told of it.
    let stopped = join(tokio::signal::ctrl_c(), async {
        say!("listening on {address} for {url}; stop with Ctrl-C, and the books are compared");
    });
    stopped.await.0?;

    let told = bookkeeper.books().len() - before;
    say!("booked {told} transactions by webhook");
    let mut missed = 0;
    let mut off = Vec::new();
    for _ in 0..COMPARISONS {
        missed += bookkeeper.catch_up().await?;
        off = bookkeeper.books().compare(client).await?;
        if off.is_empty() {
            break;
        }
    }
    say!("found {missed} that no webhook told");
    match tell(&off)? {
        true => Ok(()),
        false => Err("the books are not right".into()),
    }
}

/// What a receiver goes through, in a sandbox.
async fn rehearse(sandbox: &Sandbox, options: &Options) -> Step<()> {
    if let Some(path) = &options.keys {
        let path = path.display();
        return Err(Failure::new(format!(
            "--keys {path} is for the platform, and what is rehearsed in a sandbox keeps no keys"
        ))
        .advise("leave --keys out, or give --env or --base-url")
        .into());
    }
    let listener = listen(options).await?;
    let own = format!("http://{}/webhooks/layer2", listener.local_addr()?);
    let url = options.callback_url.as_ref().unwrap_or(&own);
    let client = sandbox.client();
    let bookkeeper = receive(client, url, &MemoryKeyStore::default(), listener).await?;
    eventful_day(sandbox, &bookkeeper).await?;
    let told = bookkeeper.books();
    say!("booked {} transactions by webhook", told.len());
    tell(&told.compare(client).await?)?;

    // The safety net under webhooks: what was missed is in the list.
    let found = bookkeeper.catch_up().await?;
    say!("found {found} that no webhook told");
    if !tell(&bookkeeper.books().compare(client).await?)? {
        return Err("the lists tell what no webhook told".into());
    }
    sandbox.trial_balance().await?;
    say!("the books balance");
    Ok(())
}

async fn listen(options: &Options) -> Step<TcpListener> {
    let listener = TcpListener::bind(&options.listen).await;
    Ok(listener.map_err(|why| {
        Failure::new(format!("--listen {} cannot be had", options.listen))
            .because(why)
            .advise(
                "give an address of this machine and a port that no other program has, as 127.0.0.1:8080; port 0 takes \
                 a free one",
            )
    })?)
}

/// Subscribes, and serves what comes.
async fn receive(
    client: &Client,
    url: &str,
    keys: &dyn KeyStore,
    listener: TcpListener,
) -> Step<Bookkeeper> {
    let wanted = [EventType::TransactionPosted];
    let ensured = client.subscriptions().ensure(url, wanted, keys).await?;
    say!(
        "subscriptions: {} made, {} replaced, {} there",
        ensured.created.len(),
        ensured.replaced.len(),
        ensured.kept.len()
    );
    let bookkeeper = Bookkeeper::new(client.clone(), url, keys).await?;
    bookkeeper.serve(listener);
    Ok(bookkeeper)
}

/// Money moves while the receiver works, fails for a moment, and is down until the platform gives up.
async fn eventful_day(sandbox: &Sandbox, bookkeeper: &Bookkeeper) -> Step<()> {
    let dollars = sandbox.account("FIAT_TESTNET_USD")?;
    let savings = sandbox.open_account(&dollars, "SAVINGS").await?;
    sandbox.fund(&dollars, "1000".parse()?).await?;
    transfer(sandbox, &dollars, &savings, "250").await?;

    say!("two deliveries are answered with an error after their work is done, and come again");
    bookkeeper.fail_after_work(2);
    transfer(sandbox, &dollars, &savings, "100").await?;
    sandbox.advance(Duration::from_secs(600)).await?;

    say!("the receiver is down for two days, until every try of a delivery is used up");
    bookkeeper.stop_answering(true);
    transfer(sandbox, &savings, &dollars, "30.75").await?;
    sandbox.advance(Duration::from_secs(48 * 3_600)).await?;
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

/// Prints what the comparison came to, and says whether the books are right.
fn tell(off: &[Off]) -> Step<bool> {
    if off.is_empty() {
        say!("reconciled: every account is as the books say");
        return Ok(true);
    }
    let mut table = Table::new(&["account", "platform>", "books>", "difference>"]);
    for off in off {
        let difference = off.theirs.checked_sub(&off.ours)?;
        let numbers = [&off.theirs, &off.ours, &difference].map(|money| money.amount().to_string());
        table.row([off.account.to_string()].into_iter().chain(numbers));
    }
    say!("not reconciled\n{table}");
    Ok(false)
}
