//! A purchase of bitcoin with a wire, from the instructions of the wire to the wallet.
//!
//! It waits more than once, for hours perhaps: for the wire, for the exchange, for the screening of the wallet. So it does
//! what can be done, notes it, and says what it waits for. Each call has a key that the notes give it; one whose reply was
//! lost with the process is made again and has one effect.

use futures_util::TryStreamExt as _;
use layer2_sdk::{
    Amount, CallOptions, Client, ErrorKind, Money, Slippage,
    payments::{
        AccountId, AccountOpenRequest, AccountToOpen, AssetTypeId, CounterpartyId,
        CounterpartyProfileRequest, CounterpartyRequest, CounterpartyRequestCrypto,
        CounterpartyStatus, CounterpartyWalletRequest, CustomerId, Deposit,
        DepositDestinationRequest, DepositInstruction, DepositRequest, DepositRequestPush,
        ExchangeAcceptRequest, ExchangeAction, ExchangeId, ExchangeRequest, ExchangeStatus, Rail,
        TransactionStatus, TransactionsListParams, WalletType, WithdrawalId, WithdrawalPurpose,
        WithdrawalRequest, WithdrawalRequestCrypto, WithdrawalStatus,
    },
};

use crate::flow::Step;
use crate::notes::Notes;
use crate::orders::{self, Standing};
use crate::owner::owner;

const DOLLARS: &str = "FIAT_TESTNET_USD";
const BITCOIN: &str = "BITCOIN_TESTNET_BTC";

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
    /// Money with this memo.
    Wire(String),
    /// Work of the platform, in words.
    For(String),
}

/// A purchase, with what it has made so far.
#[derive(Debug)]
pub struct Ramp {
    client: Client,
    purchase: Purchase,
    notes: Notes,
}

impl Ramp {
    /// A purchase that begins, or goes on with its notes. The amount and the account are part of what the keys stand for,
    /// so it keeps to those that it began with.
    pub fn new(client: Client, purchase: Purchase, mut notes: Notes) -> Step<Self> {
        let wanted = format!("{} of {}", purchase.dollars, purchase.from);
        match notes.made("spends") {
            None => notes.make("spends", &wanted)?,
            Some(begun) if begun == wanted => {}
            Some(begun) => {
                return Err(format!(
                    "these notes are of a purchase that spends {begun}, not {wanted}: name other notes"
                )
                .into());
            }
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
        let memo = self.instructions().await?;
        let dollars = self.purchase.dollars;
        if self.arrived().await?.amount() < dollars {
            println!("wire {dollars} USD with the memo {memo}");
            return Ok(Some(Wait::Wire(memo)));
        }
        let Some(bought) = self.buy().await? else {
            return wait("the exchange");
        };
        println!("bought {bought} BTC");
        let Some(wallet) = self.wallet().await? else {
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

    async fn open_account(&self) -> Step<()> {
        let id = &self.purchase.to;
        match self.client.accounts().get(id).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let account = AccountToOpen::new(id.clone(), "DEPOSIT_BASIC".parse()?, BITCOIN.parse()?);
        let request = AccountOpenRequest::new(self.purchase.customer.clone(), account);
        let keyed = self.keyed("account", "open")?;
        keyed.accounts().open(&request).await?;
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
        let deposit = deposits.create(&DepositRequest::Push(request)).await?;
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
                let id = keyed.exchanges().create_market(&order).await?.id.clone();
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
        match &exchange.status {
            Some(ExchangeStatus::Executed) => {
                let bought = exchange.destination_details.as_ref();
                let amount = bought.and_then(|details| details.amount_to_credit);
                Ok(Some(amount.ok_or("what was bought is known")?))
            }
            Some(ExchangeStatus::Requested | ExchangeStatus::Accepted) => Ok(None),
            ended => {
                self.notes.forget("exchange")?;
                Err(format!(
                    "nothing was traded, the exchange is {ended:?}: run again to order anew, with more slippage perhaps"
                )
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
                let id = keyed.counterparties().create(&request).await?.id.clone();
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
            status => Err(format!("nothing can be sent to this wallet, it is {status:?}").into()),
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
                let id = keyed.withdrawals().create(&order).await?.id.clone();
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
                return Err(format!("nothing was sent, {why}: run again to order anew").into());
            }
        }
        let withdrawal = self.client.withdrawals().get(&id).await?.into_inner();
        match withdrawal.status() {
            Some(WithdrawalStatus::Executed) => Ok(None),
            Some(WithdrawalStatus::Cancelled | WithdrawalStatus::Rejected) => {
                self.notes.forget("withdrawal")?;
                Err("the withdrawal was not carried out: run again to order anew".into())
            }
            _ => Ok(Some(Wait::For("the blockchain".to_owned()))),
        }
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
