//! A crypto on-ramp: dollars come by wire, become bitcoin, and leave to the customer's own wallet.
//!
//! ```text
//! cargo run -p layer2-examples --bin on_ramp -- --dollars 2500 --slippage-bps 50
//! ```
//!
//! A purchase waits more than once: for the wire, which takes hours, for the exchange, for the screening of the wallet.
//! On the platform the program does what can be done, notes it, says what it waits for and ends; run again with the same
//! notes, it goes on there. A purchase that was killed in between is made once, as each call has a key that the notes give
//! it.
//!
//! ```text
//! on_ramp --env --account ACME_USD --wallet ADDRESS --notes march.notes
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use layer2_examples::{
    failure::Failure,
    flow::Step,
    notes::Notes,
    ramp::{self, DOLLARS, Purchase, Ramp, Wait},
    say,
    target::{Target, Where},
};
use layer2_sdk::{Amount, Slippage, control::InboundRequest, mock::Sandbox, payments::AccountId};

const NOTES: &str = "on_ramp.notes";
/// The example address of BIP 173. Everybody can have its key, so it is for a sandbox alone.
const SANDBOX_WALLET: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
/// Decimals that a dollar has.
const CENTS: u32 = 2;
/// How long a sandbox is given for each thing that a purchase waits for.
const WAIT: Duration = Duration::from_secs(3_600);
/// How many such waits a purchase in a sandbox has. The slowest profile needs a few.
const WAITS_MAX: usize = 100;

/// Turns a wire into bitcoin in somebody's wallet.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Dollar account that the wire comes to; that of the sandbox if not given.
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Bitcoin account of the same customer, opened if it is not there; CUSTOMER_RAMP_BTC if not given.
    #[arg(long, value_name = "ID")]
    bitcoin_account: Option<AccountId>,
    /// How many dollars are spent.
    #[arg(long, value_name = "AMOUNT", default_value = "2500", value_parser = dollars)]
    dollars: Amount,
    /// How much worse the rate may become until the order is carried out, in hundredths of a percent.
    #[arg(long, value_name = "BPS", default_value = "50", value_parser = slippage)]
    slippage_bps: Slippage,
    /// Address of a wallet that the customer itself owns. Only a sandbox has one if not given.
    #[arg(long, value_name = "ADDRESS")]
    wallet: Option<String>,
    /// What the purchase has made so far, on_ramp.notes if not given. The same file goes on with the same purchase, another
    /// one is another purchase. Only for a place that stays: --env, --base-url, --keep.
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let program = async |target: &Target| buy(target, &options).await;
    options.place.run(program).await
}

async fn buy(target: &Target, options: &Options) -> Step<()> {
    let purchase = purchase(target, options).await?;
    let notes = match target.kept("--notes", options.notes.as_deref(), NOTES)? {
        Some(path) => Notes::open(&path)?,
        None => Notes::nowhere(),
    };
    let mut ramp = Ramp::new(target.client().clone(), purchase, notes)?;
    let waits = match target.sandbox() {
        Some(sandbox) => finish_in(sandbox, &mut ramp).await?,
        None => ramp.go_on().await?,
    };
    match waits {
        Some(Wait::Wire(wire)) => {
            say!("{wire}");
            say!("run again once the wire has come");
        }
        Some(Wait::For(what)) => say!("run again later: it waits for {what}"),
        None => {
            say!("withdrawal EXECUTED");
            for left in ramp.left().await? {
                say!("left: {left}");
            }
        }
    }
    if let Some(sandbox) = target.sandbox() {
        sandbox.trial_balance().await?;
        say!("the books balance");
    }
    Ok(())
}

/// What is to be bought. All that can be wrong about it is looked at before anything is asked for.
async fn purchase(target: &Target, options: &Options) -> Step<Purchase> {
    let wallet = match (&options.wallet, target.sandbox()) {
        (Some(named), _) => named.clone(),
        (None, Some(_)) => SANDBOX_WALLET.to_owned(),
        (None, None) => {
            return Err(Failure::new("no wallet is named")
                .advise(
                    "name the customer's wallet with --wallet: only a sandbox has one of its own",
                )
                .into());
        }
    };
    let from = target.account(options.account.as_ref(), DOLLARS)?;
    let account = target.client().accounts().get(&from).await?;
    ramp::holds(&account, DOLLARS)?;
    target.signs(&from).await?;
    let customer = account.customer_id.clone();
    let customer = customer.ok_or("the account names no customer")?;
    let to = match &options.bitcoin_account {
        Some(named) => named.clone(),
        None => format!("{customer}_RAMP_BTC").parse()?,
    };
    Ok(Purchase {
        customer,
        from,
        to,
        dollars: options.dollars,
        slippage: options.slippage_bps,
        wallet,
    })
}

/// In a sandbox the program plays the sender's bank, and time passes when it is told to.
async fn finish_in(sandbox: &Sandbox, ramp: &mut Ramp) -> Step<Option<Wait>> {
    let mut is_sent = false;
    for _ in 0..WAITS_MAX {
        match ramp.go_on().await? {
            None => return Ok(None),
            Some(Wait::Wire(wire)) if !is_sent => {
                say!("{wire}: the sandbox plays the bank that does");
                let wire = InboundRequest::new(wire.missing).with_memo(wire.memo);
                sandbox.receive(wire).await?;
                is_sent = true;
            }
            Some(_) => {}
        }
        sandbox.advance(WAIT).await?;
    }
    Err(format!("the purchase is not finished after {WAITS_MAX} hours").into())
}

fn dollars(text: &str) -> Result<Amount, String> {
    let amount: Amount = text.parse().map_err(|why| format!("{why}"))?;
    if !amount.is_positive() {
        return Err("it is to be more than nothing".to_owned());
    }
    match amount.to_minor(CENTS) {
        Ok(_) => Ok(amount),
        Err(_) => Err("a cent is the least, as in 10.01".to_owned()),
    }
}

fn slippage(text: &str) -> Result<Slippage, String> {
    let points = text.parse().map_err(|why| format!("{why}"))?;
    Slippage::bps(points).map_err(|why| why.to_string())
}
