//! A purchase of bitcoin with a wire, from the instructions of the wire to the wallet.
//!
//! It waits more than once, for hours perhaps: for the wire, for the exchange, for the screening of the wallet. So it does
//! what can be done, notes it, and says what it waits for. Each call has a key that the notes give it; one whose reply was
//! lost with the process is made again and has one effect.
//!
//! What can be refused for a mistake of the caller comes first: the wallet is registered before anybody is asked for money,
//! or bitcoin would be bought that can go nowhere.

use futures_util::TryStreamExt as _;
use layer2_sdk::{
    Amount, CallOptions, Client, Error, ErrorKind, Money, Slippage,
    payments::{
        Account, AccountId, AccountOpenRequest, AccountToOpen, AssetTypeId, CounterpartyId,
        CounterpartyProfileRequest, CounterpartyRequest, CounterpartyRequestCrypto,
        CounterpartyStatus, CounterpartyWalletRequest, CustomerId, Deposit,
        DepositDestinationRequest, DepositInstruction, DepositRequest, DepositRequestPush,
        Exchange, ExchangeAcceptRequest, ExchangeAction, ExchangeId, ExchangeRequest,
        ExchangeStatus, Rail, TransactionStatus, TransactionsListParams, WalletType, WithdrawalId,
        WithdrawalPurpose, WithdrawalRequest, WithdrawalRequestCrypto, WithdrawalStatus,
    },
};

use crate::failure::Failure;
use crate::flow::Step;
use crate::notes::Notes;
use crate::orders::{self, Standing};
use crate::owner::owner;
use crate::say;

/// The asset that is spent.
pub const DOLLARS: &str = "FIAT_TESTNET_USD";
/// The asset that is bought.
pub const BITCOIN: &str = "BITCOIN_TESTNET_BTC";

/// What is to be bought, for whom, and where it goes.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Who buys.
    pub customer: CustomerId,
    /// Dollar account that the wire comes to.
    pub from: AccountId,
    /// Bitcoin account of the same customer; one is opened if it is not there.
    pub to: AccountId,
    /// How many dollars are spent.
    pub dollars: Amount,
    /// How much worse the rate may become until the order is carried out.
    pub slippage: Slippage,
    /// Address of the customer's wallet.
    pub wallet: String,
}

/// What a purchase cannot go on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Money by wire.
    Wire(Wire),
    /// Work of the platform, in words.
    For(String),
}

/// Dollars that are to come by wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// What tells the platform whose they are.
    pub memo: String,
    /// How many have come, in one wire or several.
    pub arrived: Amount,
    /// How many are still to come.
    pub missing: Amount,
    /// How many there are to be.
    pub all: Amount,
}

impl std::fmt::Display for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (arrived, missing, all) = (self.arrived, self.missing, self.all);
        if arrived.is_zero() {
            write!(f, "wire {missing} USD")?;
        } else {
            write!(
                f,
                "{arrived} of {all} USD have come: wire the other {missing}"
            )?;
        }
        write!(f, " with the memo {}", self.memo)
    }
}

/// A purchase, with what it has made so far.
#[derive(Debug)]
pub struct Ramp {
    client: Client,
    purchase: Purchase,
    notes: Notes,
}

impl Ramp {
    /// A purchase that begins, or goes on with its notes. What it spends is part of what the keys stand for, so it keeps to
    /// what it began with; to another wallet it may go as long as none is registered.
    pub fn new(client: Client, purchase: Purchase, mut notes: Notes) -> Step<Self> {
        let Purchase {
            dollars, from, to, ..
        } = &purchase;
        let spends = format!("{dollars} of {from} for {to}");
        keeps_to("spends", notes.made("spends"), &spends)?;
        if notes.made("wallet").is_some() {
            keeps_to("goes to", notes.made("address"), &purchase.wallet)?;
        }
        if notes.made("spends").is_none() {
            notes.make("spends", &spends)?;
        }
        Ok(Self {
            client,
            purchase,
            notes,
        })
    }

    /// Does what can be done, from the first step that is not done yet, and says what it waits for. None once the bitcoin
    /// is in the wallet.
    pub async fn go_on(&mut self) -> Step<Option<Wait>> {
        let wait = |what: &str| Ok(Some(Wait::For(what.to_owned())));
        self.open_account().await?;
        let wallet = self.wallet().await?;
        let memo = self.instructions().await?;
        let arrived = self.arrived().await?;
        let dollars = Money::new(self.purchase.dollars, arrived.asset().clone());
        let missing = dollars.checked_sub(&arrived)?.amount();
        if missing.is_positive() {
            return Ok(Some(Wait::Wire(Wire {
                memo,
                arrived: arrived.amount(),
                missing,
                all: dollars.amount(),
            })));
        }
        let Some(bought) = self.buy().await? else {
            return wait("the exchange");
        };
        say!("bought {bought} BTC");
        let Some(wallet) = wallet else {
            return wait("the screening of the wallet");
        };
        self.send(&wallet, bought).await
    }

    /// What both accounts hold.
    pub async fn left(&self) -> Step<[Money; 2]> {
        Ok([
            self.balance(&self.purchase.from).await?,
            self.balance(&self.purchase.to).await?,
        ])
    }

    async fn balance(&self, account: &AccountId) -> Step<Money> {
        let account = self.client.accounts().get(account).await?;
        Ok(account.current_money().ok_or("an account has a balance")?)
    }

    /// The client with the key of a step.
    fn keyed(&self, step: &str, call: &str) -> Step<Client> {
        let key = self.notes.key(step, call)?;
        let options = CallOptions::new().idempotency_key(key);
        Ok(self.client.with(options))
    }

    /// What a call of a step has given. One that was refused has made nothing, so the next one is another call, under
    /// another key: the platform may remember the refusal under this one.
    fn unless_refused<T>(&mut self, step: &str, called: Result<T, Error>) -> Step<T> {
        if let Err(error) = &called
            && orders::refusal(error).is_some()
        {
            self.notes.forget(step)?;
        }
        Ok(called?)
    }

    async fn open_account(&mut self) -> Step<()> {
        let id = &self.purchase.to;
        match self.client.accounts().get(id).await {
            Ok(account) => return Ok(holds(&account, BITCOIN)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let account = AccountToOpen::new(id.clone(), "DEPOSIT_BASIC".parse()?, BITCOIN.parse()?);
        let request = AccountOpenRequest::new(self.purchase.customer.clone(), account);
        let keyed = self.keyed("account", "open")?;
        let opened = keyed.accounts().open(&request).await;
        self.unless_refused("account", opened)?;
        Ok(())
    }

    /// Asks how to send dollars to the account; the memo is what a wire is matched by.
    async fn instructions(&mut self) -> Step<String> {
        if let Some(memo) = self.notes.made("memo") {
            return Ok(memo.to_owned());
        }
        let request =
            DepositRequestPush::new(DepositDestinationRequest::new(self.purchase.from.clone()));
        let keyed = self.keyed("deposit", "create")?;
        let deposits = keyed.deposits();
        let deposit = deposits.create(&DepositRequest::Push(request)).await;
        let deposit = self.unless_refused("deposit", deposit)?;
        let Deposit::Push(deposit) = &*deposit else {
            return Err("a push was asked for".into());
        };
        let source = deposit.deposit_source.as_ref();
        let instructions = source.and_then(|source| source.deposit_instructions.as_deref());
        let memo =
            instructions
                .unwrap_or_default()
                .iter()
                .find_map(|instruction| match instruction {
                    DepositInstruction::Fedwire(wire) => wire.memo.clone(),
                    _ => None,
                });
        let memo = memo.ok_or("dollars come by Fedwire, with a memo")?;
        self.notes.make("deposit", deposit.id.as_str())?;
        self.notes.make("memo", &memo)?;
        Ok(memo)
    }

    /// What has come by the instructions of this purchase, in one wire or several.
    async fn arrived(&self) -> Step<Money> {
        let asset: AssetTypeId = DOLLARS.parse()?;
        let deposit = self
            .notes
            .made("deposit")
            .ok_or("the memo is of a deposit")?;
        let params = TransactionsListParams::new()
            .with_category_id(deposit.parse()?)
            .with_transaction_status(TransactionStatus::Posted);
        let rows = self.client.transactions();
        let mut rows = std::pin::pin!(rows.list_stream(params));
        let mut arrived = Money::zero(asset.clone());
        while let Some(row) = rows.try_next().await? {
            let value = row.value.ok_or("a transaction has a value")?;
            arrived = arrived.checked_add(&Money::new(value, asset.clone()))?;
        }
        Ok(arrived)
    }

    /// Spends the dollars, unless the rate moves too far before the order is carried out. None while it is not known.
    async fn buy(&mut self) -> Step<Option<Amount>> {
        let id: ExchangeId = match self.notes.made("exchange") {
            Some(id) => id.parse()?,
            None => {
                let order = ExchangeRequest::new(
                    self.purchase.from.clone(),
                    self.purchase.to.clone(),
                    self.purchase.dollars,
                    ExchangeAction::FixSource,
                );
                let keyed = self.keyed("exchange", "create")?;
                let made = keyed.exchanges().create_market(&order).await;
                let id = self.unless_refused("exchange", made)?.id.clone();
                self.notes.make("exchange", id.as_str())?;
                id
            }
        };
        let mut exchange = self.client.exchanges().get(&id).await?;
        if exchange.status == Some(ExchangeStatus::Requested) {
            let limit = ExchangeAcceptRequest::new(self.purchase.slippage);
            let keyed = self.keyed("exchange", "accept")?;
            keyed.exchanges().accept(&id, &limit).await?;
            exchange = self.client.exchanges().get(&id).await?;
        }
        self.bought(&exchange)
    }

    /// What an exchange has come to. Only one that surely trades nothing any more is followed by another one.
    fn bought(&mut self, exchange: &Exchange) -> Step<Option<Amount>> {
        match &exchange.status {
            Some(ExchangeStatus::Executed) => {
                let bought = exchange.destination_details.as_ref();
                let amount = bought.and_then(|details| details.amount_to_credit);
                Ok(Some(amount.ok_or("what was bought is known")?))
            }
            Some(ExchangeStatus::Requested | ExchangeStatus::Accepted) => Ok(None),
            Some(
                ended @ (ExchangeStatus::Expired
                | ExchangeStatus::Cancelled
                | ExchangeStatus::Rejected),
            ) => {
                self.notes.forget("exchange")?;
                let what = format!("nothing was traded, the exchange is {ended}");
                Err(Failure::new(what)
                    .advise("run again to order anew, with a higher --slippage-bps perhaps")
                    .into())
            }
            // It may have traded, or trade yet: whoever orders anew may buy twice.
            other => {
                let other = text(other.as_ref());
                let id = &exchange.id;
                let what =
                    format!("the exchange {id} is {other}, which this program does not know");
                Err(Failure::new(what)
                    .advise("run again later, or with a newer version; nothing is ordered anew")
                    .into())
            }
        }
    }

    /// The customer's wallet. None while it is screened, before which no money may go there.
    async fn wallet(&mut self) -> Step<Option<CounterpartyId>> {
        let id: CounterpartyId = match self.notes.made("wallet") {
            Some(id) => id.parse()?,
            None => {
                let customer = self.client.customers().get(&self.purchase.customer).await?;
                let request = wallet_of(&self.purchase, owner(&customer)?)?;
                let keyed = self.keyed("wallet", "create")?;
                let made = keyed.counterparties().create(&request).await;
                let made = self.unless_refused("wallet", made).map_err(|why| {
                    Failure::new("the wallet is not registered, and nothing was bought")
                        .because(why)
                        .advise("give the address of a wallet of the Bitcoin test network with --wallet")
                })?;
                let id = made.id.clone();
                self.notes.make("address", &self.purchase.wallet)?;
                self.notes.make("wallet", id.as_str())?;
                id
            }
        };
        let wallet = self.client.counterparties().get(&id).await?.into_inner();
        match wallet.status() {
            Some(
                CounterpartyStatus::Active | CounterpartyStatus::Edd | CounterpartyStatus::Dormant,
            ) => Ok(Some(id)),
            Some(CounterpartyStatus::Pending) => Ok(None),
            status => {
                let status = text(status);
                Err(Failure::new(format!("nothing can be sent to the wallet {id}, it is {status}"))
                    .advise("ask the platform why; another purchase, with other notes, may go to another wallet")
                    .into())
            }
        }
    }

    /// Sends what was bought to the wallet.
    async fn send(&mut self, wallet: &CounterpartyId, bought: Amount) -> Step<Option<Wait>> {
        let id: WithdrawalId = match self.notes.made("withdrawal") {
            Some(id) => id.parse()?,
            None => {
                let order = WithdrawalRequestCrypto::new(
                    self.purchase.to.clone(),
                    wallet.clone(),
                    bought,
                    WithdrawalPurpose::PersonalAccount,
                );
                let keyed = self.keyed("withdrawal", "create")?;
                let order = WithdrawalRequest::Crypto(order);
                let made = keyed.withdrawals().create(&order).await;
                let id = self.unless_refused("withdrawal", made)?.id.clone();
                self.notes.make("withdrawal", id.as_str())?;
                id
            }
        };
        let key = self.notes.key("withdrawal", "accept")?;
        match orders::accept(&self.client, &id, key).await? {
            Standing::Accepted => {}
            Standing::Open(why) => return Ok(Some(Wait::For(format!("the withdrawal, {why}")))),
            Standing::Ended(why) => {
                self.notes.forget("withdrawal")?;
                return Err(Failure::new(format!("nothing was sent: {why}"))
                    .advise("run again to order anew")
                    .into());
            }
        }
        let withdrawal = self.client.withdrawals().get(&id).await?.into_inner();
        match withdrawal.status() {
            Some(WithdrawalStatus::Executed) => Ok(None),
            Some(WithdrawalStatus::Cancelled | WithdrawalStatus::Rejected) => {
                self.notes.forget("withdrawal")?;
                Err(Failure::new("the withdrawal was not carried out")
                    .advise("run again to order anew")
                    .into())
            }
            _ => Ok(Some(Wait::For("the blockchain".to_owned()))),
        }
    }
}

fn text(status: Option<&impl ToString>) -> String {
    status.map_or_else(|| "without a status".to_owned(), ToString::to_string)
}

/// The notes of one purchase are not taken for another one.
fn keeps_to(what: &str, begun: Option<&str>, wanted: &str) -> Result<(), Failure> {
    match begun {
        Some(begun) if begun != wanted => Err(Failure::new(format!(
            "these notes are of a purchase that {what} {begun}, not {wanted}"
        ))
        .advise(
            "go on with what it began with, or name other notes with --notes for another purchase",
        )),
        _ => Ok(()),
    }
}

/// An account of another asset than the one that is wanted is refused while nothing has moved.
pub fn holds(account: &Account, asset: &str) -> Result<(), Failure> {
    match &account.asset_type_id {
        Some(other) if other.as_str() != asset => Err(Failure::new(format!(
            "the account {} is of {other}, and an account of {asset} is wanted",
            account.id
        ))),
        _ => Ok(()),
    }
}

/// The customer's own wallet, as it is registered.
fn wallet_of(purchase: &Purchase, owner: CounterpartyProfileRequest) -> Step<CounterpartyRequest> {
    let wallet = CounterpartyWalletRequest::new(
        BITCOIN.parse()?,
        purchase.wallet.clone(),
        WalletType::Other,
    );
    let request = CounterpartyRequestCrypto::new(
        purchase.customer.clone(),
        vec![Rail::Crypto],
        owner,
        wallet,
    );
    Ok(CounterpartyRequest::Crypto(request))
}
