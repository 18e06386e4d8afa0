//! A crypto on-ramp: dollars come by wire, become bitcoin, and leave to the customer's own wallet.
//!
//! ```text
//! cargo run -p layer2-examples --bin on_ramp -- --dollars 2500 --slippage-bps 50
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use clap::Parser;
use layer2_examples::{
    flow::Step,
    target::{Target, Where},
};
use layer2_sdk::{
    Amount, Client, Slippage,
    control::InboundRequest,
    payments::{
        AccountId, AccountOpenRequest, AccountToOpen, Address, CounterpartyId,
        CounterpartyProfileRequest, CounterpartyRequest, CounterpartyRequestCrypto,
        CounterpartyWalletRequest, CustomerId, Deposit, DepositDestinationRequest,
        DepositInstruction, DepositRequest, DepositRequestPush, ExchangeAcceptRequest,
        ExchangeAction, ExchangeRequest, ExchangeStatus, ProfileType, Rail, RelationshipToCustomer,
        WalletType, WithdrawalPurpose, WithdrawalRequest, WithdrawalRequestCrypto,
    },
};

const DOLLARS: &str = "FIAT_TESTNET_USD";
const BITCOIN: &str = "BITCOIN_TESTNET_BTC";

/// Turns a wire into bitcoin in somebody's wallet.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Dollar account that the wire comes to; that of the sandbox if not given.
    #[arg(long)]
    account: Option<String>,
    /// Bitcoin account of the same customer; opened if not given.
    #[arg(long)]
    bitcoin_account: Option<String>,
    /// How many dollars are spent.
    #[arg(long, default_value = "2500")]
    dollars: Amount,
    /// How much worse the rate may become until the order is carried out, in hundredths of a percent.
    #[arg(long, default_value_t = 50)]
    slippage_bps: u32,
    /// Wallet of the customer.
    #[arg(long, default_value = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")]
    wallet: String,
}

#[tokio::main]
async fn main() -> Step<()> {
    let options = Options::parse();
    let target = Target::open(&options.place).await?;
    let client = target.client();
    let dollars = target.account(options.account.as_deref(), DOLLARS)?;
    let customer = target.customer_of(&dollars).await?;
    let bitcoin = bitcoin_account(&target, &options, &customer).await?;

    let memo = instructions(client, &dollars).await?;
    println!("wire {} USD with the memo {memo}", options.dollars);
    let Some(sandbox) = target.sandbox() else {
        println!("run again once the wire has come; TRANSACTION_POSTED tells");
        return Ok(());
    };
    // The sender's bank does this on the platform.
    let wire = InboundRequest::new(options.dollars).with_memo(memo);
    sandbox.receive(wire).await?;

    let bought = buy(&target, &options, &dollars, &bitcoin).await?;
    println!("bought {bought} BTC");

    let wallet = register_wallet(&target, &customer, &options.wallet).await?;
    let sent = WithdrawalRequestCrypto::new(
        bitcoin.clone(),
        wallet,
        bought,
        WithdrawalPurpose::PersonalAccount,
    );
    let withdrawals = client.withdrawals();
    let requested = withdrawals.create(&WithdrawalRequest::Crypto(sent)).await?;
    withdrawals.accept(&requested.id).await?;
    target.settle().await?;
    let state = withdrawals.get_status(&requested.id).await?;
    let status = state.status.as_ref().ok_or("a withdrawal has a status")?;
    println!("withdrawal {status}");

    for account in [&dollars, &bitcoin] {
        let left = client.accounts().get(account).await?;
        println!(
            "left: {}",
            left.current_money().ok_or("an account has a balance")?
        );
    }
    sandbox.trial_balance().await?;
    println!("the books balance");
    Ok(())
}

async fn bitcoin_account(
    target: &Target,
    options: &Options,
    customer: &CustomerId,
) -> Step<AccountId> {
    if let Some(named) = &options.bitcoin_account {
        return Ok(named.parse()?);
    }
    let id: AccountId = format!("{customer}_RAMP_BTC").parse()?;
    let account = AccountToOpen::new(id.clone(), "DEPOSIT_BASIC".parse()?, BITCOIN.parse()?);
    let request = AccountOpenRequest::new(customer.clone(), account);
    target.client().accounts().open(&request).await?;
    target.settle().await?;
    Ok(id)
}

/// Asks how to send dollars to the account; the memo is what a wire is matched by.
async fn instructions(client: &Client, account: &AccountId) -> Step<String> {
    let request = DepositRequestPush::new(DepositDestinationRequest::new(account.clone()));
    let deposit = client
        .deposits()
        .create(&DepositRequest::Push(request))
        .await?;
    let Deposit::Push(deposit) = &*deposit else {
        return Err("a push was asked for".into());
    };
    let source = deposit.deposit_source.as_ref();
    let instructions = source.and_then(|source| source.deposit_instructions.as_deref());
    let memo = instructions
        .unwrap_or_default()
        .iter()
        .find_map(|instruction| match instruction {
            DepositInstruction::Fedwire(wire) => wire.memo.clone(),
            _ => None,
        });
    Ok(memo.ok_or("dollars come by Fedwire, with a memo")?)
}

/// Spends the dollars, unless the rate moves too far before the order is carried out.
async fn buy(
    target: &Target,
    options: &Options,
    dollars: &AccountId,
    bitcoin: &AccountId,
) -> Step<Amount> {
    let order = ExchangeRequest::new(
        dollars.clone(),
        bitcoin.clone(),
        options.dollars,
        ExchangeAction::FixSource,
    );
    let exchanges = target.client().exchanges();
    let id = exchanges.create_market(&order).await?.id.clone();
    let limit = ExchangeAcceptRequest::new(Slippage::bps(options.slippage_bps)?);
    exchanges.accept(&id, &limit).await?;
    target.settle().await?;

    let done = exchanges.get(&id).await?;
    if done.status != Some(ExchangeStatus::Executed) {
        return Err(format!(
            "the rate moved too far, nothing was traded: {:?}",
            done.status
        )
        .into());
    }
    let bought = done.destination_details.as_ref();
    let amount = bought.and_then(|details| details.amount_to_credit);
    Ok(amount.ok_or("what was bought is known")?)
}

/// Registers the customer's wallet, which is screened before money may go there.
async fn register_wallet(
    target: &Target,
    customer: &CustomerId,
    address: &str,
) -> Step<CounterpartyId> {
    let home = Address::new()
        .with_address_line1("1 Example Street".to_owned())
        .with_city("Boston".to_owned())
        .with_state("MA".to_owned())
        .with_postal_code("02135".to_owned())
        .with_country_code("US".to_owned());
    let owner = CounterpartyProfileRequest::new(
        ProfileType::Corporation,
        "Acme Corporation".to_owned(),
        home,
    )
    .with_relationship_to_customer(RelationshipToCustomer::SelfValue);
    let wallet =
        CounterpartyWalletRequest::new(BITCOIN.parse()?, address.to_owned(), WalletType::Other);
    let request =
        CounterpartyRequestCrypto::new(customer.clone(), vec![Rail::Crypto], owner, wallet);
    let counterparties = target.client().counterparties();
    let registered = counterparties
        .create(&CounterpartyRequest::Crypto(request))
        .await?;
    target.settle().await?;
    Ok(registered.id.clone())
}
