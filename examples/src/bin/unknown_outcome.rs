//! What to do when a payment fails: four kinds of failure, and the one that needs care.
//!
//! The order of the last part is sent again and again and each reply is lost, until the client gives up. Nobody knows
//! whether the money has moved. The key of the order is what settles it: the same call with the same key gives the first
//! reply back, tomorrow and from another machine.
//!
//! ```text
//! cargo run -p layer2-examples --bin unknown_outcome
//! ```

use std::process::ExitCode;

use clap::Parser;
use layer2_examples::{flow::Step, place::OnMock, say};
use layer2_sdk::{
    CallOptions, Client, Environment, Error, IdempotencyKey, Outcome,
    mock::{Fault, Sandbox},
    payments::{AccountId, OperationId, TransferId, TransferRequest},
};

const DOLLARS: &str = "FIAT_TESTNET_USD";

/// Makes a payment fail in every way. Only of a mock server failures can be ordered.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: OnMock,
}

#[tokio::main]
async fn main() -> ExitCode {
    Options::parse().place.run(every_failure).await
}

async fn every_failure(sandbox: &Sandbox) -> Step<()> {
    let from = sandbox.account(DOLLARS)?;
    let to = sandbox.open_account(&from, "SAVINGS").await?;
    sandbox.fund(&from, "100".parse()?).await?;
    let order = |amount: &str| -> Step<TransferRequest> {
        Ok(TransferRequest::new(
            from.clone(),
            to.clone(),
            amount.parse()?,
        ))
    };

    let error = unreachable(&order("1")?).await?;
    tell("the platform is not there", &error);

    let client = sandbox.client();
    let asked = client.transfers().create(&order("1000")?).await?;
    let error = failed(client.transfers().accept(&asked.id).await)?;
    tell("too much is ordered", &error);

    sandbox
        .order(Fault::truncated().on(OperationId::TransfersCreate).times(3))
        .await?;
    let error = failed(client.transfers().create(&order("1")?).await)?;
    tell("the reply breaks off", &error);

    let asked = client.transfers().create(&order("25")?).await?;
    lose_every_reply(sandbox, client, &asked.id).await?;
    show(sandbox, client, &to).await
}

/// The accepting call fails with an unknown outcome, and is resumed with its key as another process would.
async fn lose_every_reply(sandbox: &Sandbox, client: &Client, id: &TransferId) -> Step<()> {
    let fault = Fault::reply_lost()
        .on(OperationId::TransfersAccept)
        .times(3);
    sandbox.order(fault).await?;
    let key = IdempotencyKey::new("order-4711-accept")?;
    let keyed = client.with(CallOptions::new().idempotency_key(key));
    let error = failed(keyed.transfers().accept(id).await)?;
    tell("every reply is lost", &error);

    // This is what an application stores when it meets `Unknown`: which operation, and under which key.
    let key = error.idempotency_key().ok_or("the call had a key")?.clone();
    let operation = error.operation().ok_or("the call was of an operation")?;
    say!(
        "  stored          {operation} with the key {}",
        key.as_str()
    );

    let later = layer2_sdk::mock::client(sandbox.info())?;
    let keyed = later.with(CallOptions::new().idempotency_key(key));
    let settled = keyed.transfers().accept(id).await?;
    say!(
        "  resumed         status {}, replayed: {}",
        settled.status(),
        settled.is_replayed()
    );
    Ok(())
}

async fn show(sandbox: &Sandbox, client: &Client, to: &AccountId) -> Step<()> {
    sandbox.settle().await?;
    let balance = client.accounts().get(to).await?;
    let balance = balance.current_money().ok_or("an account has a balance")?;
    say!("moved once: {balance}");
    sandbox.trial_balance().await?;
    say!("the books balance");
    Ok(())
}

/// A call to an address where nobody listens.
async fn unreachable(order: &TransferRequest) -> Step<Error> {
    let nobody = "http://127.0.0.1:9";
    let client = Client::builder()
        .environment(Environment::custom(
            format!("{nobody}/api"),
            format!("{nobody}/token"),
        ))
        .credentials("id", "secret")
        .retry(layer2_sdk::RetryPolicy::never())
        .build()?;
    failed(client.transfers().create(order).await)
}

fn failed<T>(result: Result<T, Error>) -> Step<Error> {
    match result {
        Ok(_) => Err("the call was to fail".into()),
        Err(error) => Ok(error),
    }
}

fn tell(what: &str, error: &Error) {
    let advice = match error.outcome() {
        Outcome::NotSent => "call again freely",
        Outcome::NotDone => "mend the cause, then call again",
        Outcome::Unknown => "call again with the same key",
        Outcome::Done => "it is done: never send it as a new call; the same key gives the reply",
        _ => "read what the SDK says about it",
    };
    say!("{what}");
    say!(
        "  {:<15} {:?} after {}: {advice}",
        format!("{:?}", error.outcome()),
        error.kind(),
        match error.attempts() {
            1 => "1 attempt".to_owned(),
            attempts => format!("{attempts} attempts"),
        },
    );
}
