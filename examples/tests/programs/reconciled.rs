//! The books of the receiver are those of the platform, in a sandbox of its own and off it.

use std::time::Duration;

use layer2_examples::flow::sending;
use layer2_sdk::{
    mock::{Sandbox, SandboxServer},
    payments::{
        AccountId, TransferRequest, WithdrawalPurpose, WithdrawalRequest, WithdrawalRequestFedwire,
    },
};

use super::front::Front;
use super::*;

const DAYS: Duration = Duration::from_secs(3 * 86_400);
const MINUTES: Duration = Duration::from_secs(300);

#[test]
fn books_kept_by_webhooks_are_reconciled() {
    let report = run(env!("CARGO_BIN_EXE_reconcile"), &[]);
    tells(
        &report,
        &[
            "subscriptions: 1 made, 0 replaced, 0 there",
            "booked 5 transactions by webhook",
            "not reconciled",
            "30.75",
            "-30.75",
            "found 2 that no webhook told",
            "reconciled: every account is as the books say",
            "the books balance",
        ],
    );
}

#[test]
fn a_rehearsal_keeps_no_keys() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
    let why = failure(&command.args(["--keys", "books.keys"]).output().unwrap());
    tells(&why, &["error: --keys books.keys is for", "advice: leave"]);
}

async fn transfer(sandbox: &Sandbox, from: &AccountId, to: &AccountId, amount: &str) {
    let transfers = sandbox.client().transfers();
    let order = TransferRequest::new(from.clone(), to.clone(), amount.parse().unwrap());
    let asked = transfers.create(&order).await.unwrap();
    transfers.accept(&asked.id).await.unwrap();
    sandbox.advance(MINUTES).await.unwrap();
}

/// Accepts a wire that has not left yet: it is held, and changes no balance of the books.
async fn hold(sandbox: &Sandbox, from: &AccountId) {
    let client = sandbox.client();
    let customer = client.accounts().get(from).await.unwrap();
    let customer = customer.customer_id.clone().unwrap();
    let payee = sending::landlord(client, &customer).await.unwrap();
    sandbox.advance(DAYS).await.unwrap();
    let rent = WithdrawalPurpose::RentalProperty;
    let wire = WithdrawalRequestFedwire::new(from.clone(), payee, "100".parse().unwrap(), rent);
    let withdrawals = client.withdrawals();
    let wire = WithdrawalRequest::Fedwire(wire);
    let made = withdrawals.create(&wire).await.unwrap();
    withdrawals.accept(&made.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn books_of_an_account_with_a_past_are_right_from_start_to_end() {
    let server = SandboxServer::start().await.unwrap();
    let sandbox = slow_sandbox(&server).await;
    let dollars = sandbox.account("FIAT_TESTNET_USD").unwrap();
    let savings = sandbox.open_account(&dollars, "SAVINGS").await.unwrap();
    let thousand = "1000".parse().unwrap();
    sandbox.fund(&dollars, thousand).await.unwrap();
    sandbox.advance(DAYS).await.unwrap();
    transfer(&sandbox, &dollars, &savings, "250.25").await;
    hold(&sandbox, &dollars).await;

    let folder = tempdir().unwrap();
    let front = Front::default();
    let url = format!("{}/webhooks/layer2", front.start().await);
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        command.args(["--env", "--callback-url", &url, "--keys"]);
        command.arg(folder.path().join("books.keys"));
        command.envs(&sandbox.info().env);
        command
    };

    let mut running = Running::start(&mut command());
    let made = running.reads("subscriptions: ");
    assert_eq!(made, "1 made, 0 replaced, 0 there");
    assert_eq!(running.reads("booked "), "3 transactions of before");
    let address = running.reads("listening on ");
    let (address, _) = address.split_once(' ').unwrap();
    front.pass_to(&format!("http://{address}"));
    transfer(&sandbox, &savings, &dollars, "50").await;
    let report = report(&running.stop());
    tells(
        &report,
        &[
            "booked 2 transactions by webhook",
            "found 0 that no webhook told",
            "reconciled: every account is as the books say",
        ],
    );

    // The next start has the key of the subscription, and what happened in between.
    sandbox.advance(DAYS).await.unwrap();
    let mut running = Running::start(&mut command());
    let there = running.reads("subscriptions: ");
    assert_eq!(there, "0 made, 0 replaced, 1 there");
    assert_eq!(running.reads("booked "), "6 transactions of before");
    running.reads("listening on ");
    let report = super::report(&running.stop());
    tells(&report, &["reconciled: every account is as the books say"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn off_the_mock_it_asks_for_what_outlives_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
    let refused = command.arg("--env").envs(&sandbox.info().env).output();
    let why = failure(&refused.unwrap());
    assert!(why.contains("--callback-url"), "{why}");
    let subscriptions = sandbox.client().subscriptions().list().await.unwrap();
    assert!(subscriptions.items.is_empty(), "nothing was made");
}
