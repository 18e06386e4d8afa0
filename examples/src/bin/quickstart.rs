//! One money flow from end to end: a person is onboarded, receives a wire, moves money between accounts, buys bitcoin
//! and pays the rent. Each step waits for its webhooks and verifies them; one reply is lost on the way.
//!
//! Starts a mock server in this process and talks to it over HTTP, as it would to the platform:
//!
//! ```text
//! cargo run -p layer2-examples --bin quickstart
//! ```
//!
//! It ends with an error if a webhook does not come or a status is not what the next step needs.

use std::process::ExitCode;

use clap::Parser;
use layer2_examples::{
    flow::{
        Step, exchanging, onboarding, receiving, sending, statement, story::Story, transferring,
    },
    place::OnMock,
    say,
};
use layer2_sdk::mock::Sandbox;

/// Runs a money flow from end to end.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: OnMock,
}

#[tokio::main]
async fn main() -> ExitCode {
    Options::parse().place.run(money_flow).await
}

async fn money_flow(sandbox: &Sandbox) -> Step<()> {
    let mut story = Story::begin(sandbox).await?;

    say!("A customer");
    let (ada, dollars) = onboarding::onboard(&mut story).await?;

    say!("Accounts");
    let savings =
        transferring::open_account(&mut story, &ada, "ADA_SAVINGS", "FIAT_TESTNET_USD").await?;
    let bitcoin =
        transferring::open_account(&mut story, &ada, "ADA_BTC", "BITCOIN_TESTNET_BTC").await?;

    say!("Money in");
    receiving::receive_wire(&mut story, &dollars, "5000").await?;

    say!("Money between accounts");
    transferring::transfer(&mut story, &dollars, &savings, "250.25").await?;

    say!("Money changed");
    exchanging::spend(&mut story, &dollars, &bitcoin, "1000").await?;
    exchanging::buy(&mut story, &dollars, &bitcoin, "0.01").await?;

    say!("Money out");
    let landlord = sending::register_landlord(&mut story, &ada).await?;
    sending::withdraw(&mut story, &dollars, &landlord, "1200").await?;

    say!("");
    for account in [&dollars, &savings, &bitcoin] {
        statement::print(&story, account).await?;
    }
    statement::print_trial_balance(&story).await
}
