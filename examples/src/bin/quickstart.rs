//! One thin money flow from end to end: a customer, two accounts, a deposit, a signed transfer whose reply is lost, the
//! webhooks that tell of it, the statement and the trial balance.
//!
//! Starts a mock server in this process and talks to it over HTTP, as it would to the platform:
//!
//! ```text
//! cargo run -p layer2-examples --bin quickstart
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::error::Error;

use futures_util::TryStreamExt;
use layer2_sdk::{
    Amount, Client, control,
    mock::{self, SandboxServer},
    payments::{self, AccountId, CustomerId},
};

use layer2_examples::receiver::Receiver;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = SandboxServer::start().await?;
    let client = mock::client(&server.info())?;
    println!("mock server   {}", server.url());

    // A sandbox begins with two customers, a company and a person.
    let customers = client
        .customers()
        .list(&payments::CustomersListParams::new())
        .await?;
    let customer = customers
        .items
        .iter()
        .find_map(|customer| match customer {
            payments::Customer::Corporation(company) => Some(company.id.clone()),
            _ => None,
        })
        .ok_or("the sandbox has no company")?;
    println!("customer      {customer}");

    let operating = open_usd_account(&client, &customer, "ACME_OPERATING").await?;
    let payroll = open_usd_account(&client, &customer, "ACME_PAYROLL").await?;

    // Events are signed with a key of their subscription; the receiver keeps only those that verify.
    let receiver = Receiver::bind().await?;
    let subscription = client
        .subscriptions()
        .create(&payments::SubscriptionRequest::new(
            payments::EventType::TransactionPosted,
            receiver.url(),
        ))
        .await?;
    let receiver = receiver.serve(&subscription)?;

    // Somebody wires money in. On the platform a bank does that, here the control API does.
    let sandbox = server.info().sandbox;
    let deposit =
        control::InboundRequest::new("1000.00".parse()?).with_account_id(as_control(&operating)?);
    client
        .control()
        .inbound()
        .create(&sandbox, &deposit)
        .await?;
    client.control().clock().settle(&sandbox).await?;

    let transfer = transfer_with_a_lost_reply(&client, &sandbox, &operating, &payroll).await?;
    client.control().clock().settle(&sandbox).await?;
    let transfer = client.transfers().get(&transfer).await?;
    println!(
        "transfer      {}",
        transfer.status.as_ref().ok_or("a transfer has a status")?
    );

    for event in receiver.received() {
        println!(
            "webhook       {} of {}, verified",
            event.event_type, event.event_id
        );
    }

    println!();
    print_statement(&client, &operating).await?;
    print_statement(&client, &payroll).await?;
    print_trial_balance(&client, &sandbox).await
}

async fn open_usd_account(
    client: &Client,
    customer: &CustomerId,
    name: &str,
) -> Result<AccountId, Box<dyn Error>> {
    let account = payments::AccountToOpen::new(
        name.parse()?,
        "DEPOSIT_BASIC".parse()?,
        "FIAT_TESTNET_USD".parse()?,
    );
    let request = payments::AccountOpenRequest::new(customer.clone(), account);
    let opened = client.accounts().open(&request).await?;
    println!("account       {}", opened.id);
    Ok(opened.id.clone())
}

/// Moves 250.25 and has the reply of the acceptance cut off after the work is done.
///
/// The client cannot know what happened, so it asks again: with the same idempotency key and a fresh signature. The
/// platform recognises the key and answers what it answered before; the money moves once.
async fn transfer_with_a_lost_reply(
    client: &Client,
    sandbox: &control::SandboxName,
    from: &AccountId,
    to: &AccountId,
) -> Result<payments::TransferId, Box<dyn Error>> {
    let fault = control::FaultRequest::new()
        .with_operation("payments.transfers_accept".to_owned())
        .with_count(1);
    client.control().faults().create(sandbox, &fault).await?;

    let amount: Amount = "250.25".parse()?;
    let request = payments::TransferRequest::new(from.clone(), to.clone(), amount);
    let transfer = client.transfers().create(&request).await?;
    let accepted = client.transfers().accept(&transfer.id).await?;
    println!(
        "accepted      after {} attempts with key {}",
        accepted.attempts(),
        accepted
            .idempotency_key()
            .map(ToString::to_string)
            .unwrap_or_default(),
    );
    Ok(transfer.id.clone())
}

/// Prints the rows of an account, asked for one page of two rows at a time.
async fn print_statement(client: &Client, account: &AccountId) -> Result<(), Box<dyn Error>> {
    println!("{account}");
    let pages = payments::TransactionsListForAccountParams::new().with_page_size(2);
    let mut rows = std::pin::pin!(
        client
            .transactions()
            .list_for_account_stream(account, pages)
    );
    while let Some(row) = rows.try_next().await? {
        println!(
            "  {:<18} {:<9} {:>12}",
            row.transaction_type
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            row.transaction_status
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            row.value.map(|value| value.to_string()).unwrap_or_default(),
        );
    }
    let balance = client.accounts().get(account).await?;
    println!(
        "  balance {:>32}",
        balance.current_balance.ok_or("an account has a balance")?
    );
    Ok(())
}

async fn print_trial_balance(
    client: &Client,
    sandbox: &control::SandboxName,
) -> Result<(), Box<dyn Error>> {
    let books = client.control().ledger().trial_balance(sandbox).await?;
    for asset in &books.assets {
        println!(
            "trial balance {}: owed {}, held {}, difference {}",
            asset.asset_type_id, asset.customers_owed, asset.custody, asset.sum
        );
    }
    if books.balanced {
        Ok(())
    } else {
        Err("the books do not balance".into())
    }
}

/// The same account, as the mock server's own API names it.
fn as_control(account: &AccountId) -> Result<control::AccountId, Box<dyn Error>> {
    Ok(account.as_str().parse()?)
}
