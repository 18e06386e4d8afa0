//! A second opinion about every balance.
//!
//! The oracle knows the world by what goes in and comes out alone: the accepted requests and the replies, as JSON text.
//! Of these it keeps its own books, maps of whole numbers without a ledger below them, and says what each account and the
//! trial balance must show after every step. It shares no code with the world, so a mistake would have to be made twice,
//! in two ways of thinking, to stay unseen.
//!
//! Amounts of exchanges are those that replies tell (a price is the market's business), held against the hold and the
//! slippage that were agreed. When work is done is the world's business too: the oracle asks for the status of what is
//! open and predicts what each change of it moves.

mod arrivals;
mod exchanges;
mod json;
mod told;
mod transfers;
mod verdicts;
mod withdrawals;

use std::collections::BTreeMap;

use arrivals::Arrival;
use exchanges::Exchange;
use json::Json;
use told::ToldBalances;
use told::ToldTotals;
use told::Totals;
use transfers::Transfer;
use withdrawals::Withdrawal;

pub(crate) use json::units;

/// Answers a read with its body: operation and path parameters.
pub(crate) type Read<'a> = &'a dyn Fn(&str, &[(&str, &str)]) -> String;

/// A request that was sent, as text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) op: &'a str,
    pub(crate) path: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
}

/// The oracle's books, in units of 10^-18.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    accounts: BTreeMap<String, Account>,
    platform: BTreeMap<String, Platform>,
    /// By rail and asset.
    fees: BTreeMap<(String, String), i128>,
    arrivals: BTreeMap<String, Arrival>,
    transfers: BTreeMap<String, Transfer>,
    exchanges: BTreeMap<String, Exchange>,
    withdrawals: BTreeMap<String, Withdrawal>,
    seen: BTreeMap<String, u64>,
    /// Whether money moves in EDD: not under the newer version.
    edd_transacts: bool,
    /// The trial balance that was told last.
    told: ToldTotals,
}

/// An account of a customer.
#[derive(Debug)]
struct Account {
    asset: String,
    current: i128,
    held: i128,
    /// What was told of it last.
    told: ToldBalances,
}

/// What the platform has of one asset, and owes besides what customers own.
#[derive(Debug, Default)]
struct Platform {
    custody: i128,
    in_flight: i128,
    suspense: i128,
    fees: i128,
    /// What returned money could not be taken from an account; custody has paid it all the same.
    uncovered: i128,
}

impl Oracle {
    /// Books without an account.
    pub(crate) fn new(edd_transacts: bool) -> Self {
        Self {
            edd_transacts,
            ..Self::default()
        }
    }

    /// Learns of an account that the sandbox began with.
    pub(crate) fn know(&mut self, read: Read<'_>, account: &str) {
        let reply = read("payments.accounts_get", &[("account_id", account)]);
        let reply = Json::parse(&reply);
        self.open(account.to_owned(), reply.text("/data/asset_type_id"));
    }

    /// A command was accepted with this reply.
    pub(crate) fn accepted(&mut self, sent: Sent<'_>, reply: &str) {
        let reply = &Json::parse(reply);
        match sent.op {
            "payments.accounts_open" => {
                let asked = Json::parse(sent.body).text("/account_to_open/asset_type_id");
                self.open(reply.text("/data/id"), asked);
            }
            "control.inbound_create" => self.arrive(reply),
            "control.inbound_assign" => self.assign(reply),
            "control.inbound_return" => self.return_arrival(reply),
            "payments.transfers_create" => self.request_transfer(reply),
            "payments.transfers_accept" => self.accept_transfer(sent),
            "payments.exchanges_create_market" | "payments.exchanges_create_quote" => {
                self.request_exchange(reply);
            }
            "payments.exchanges_accept" => self.accept_exchange(sent),
            "payments.withdrawals_create" => self.request_withdrawal(sent, reply),
            "payments.withdrawals_accept" => self.accept_withdrawal(sent),
            "control.outgoing_decide_withdrawal" => self.decide_withdrawal(sent),
            "control.outgoing_set_fees" => self.set_fees(sent),
            _ => {}
        }
    }

    /// A command was refused with these codes: nothing moves, and a lack of funds must be one.
    pub(crate) fn refused(&mut self, sent: Sent<'_>, codes: &[&str]) {
        for code in codes {
            self.see(&format!("refused {code}"));
        }
        if codes.contains(&"INSUFFICIENT_FUNDS") {
            let (source, needed) = self.needed(sent);
            let available = self.available(&source);
            assert!(
                available < needed,
                "{sent:?} was refused for funds, but {source} has {available} for {needed}"
            );
        }
    }

    /// Asks what has become of what is open, and moves what that moves.
    pub(crate) fn follow(&mut self, read: Read<'_>) {
        self.follow_arrivals(read);
        self.follow_transfers(read);
        self.follow_exchanges(read);
        self.follow_withdrawals(read);
    }

    /// Compares every account and the trial balance with what the world says.
    pub(crate) fn compare(&mut self, read: Read<'_>) {
        for (id, account) in &mut self.accounts {
            let told = read("payments.accounts_get", &[("account_id", id)]);
            let available = account.current - account.held;
            assert_eq!(
                account.told.balances(told),
                (account.current, available),
                "current and available balance of {id}"
            );
            assert!(account.held >= 0, "{id} holds less than nothing");
            assert!(available >= 0, "{id} is overdrawn");
        }
        let told = read("control.ledger_trial_balance", &[("sandbox", "default")]);
        let mut balance = core::mem::take(&mut self.told);
        for (asset, told) in balance.assets(told) {
            self.compare_asset(asset, told);
        }
        self.told = balance;
    }

    /// How often something was seen, such as `transfer EXECUTED` or `refused INSUFFICIENT_FUNDS`.
    pub(crate) const fn seen(&self) -> &BTreeMap<String, u64> {
        &self.seen
    }

    /// What was seen, in order to be counted elsewhere.
    pub(crate) fn see(&mut self, what: &str) {
        match self.seen.get_mut(what) {
            Some(count) => *count += 1,
            None => {
                self.seen.insert(what.to_owned(), 1);
            }
        }
    }

    fn open(&mut self, id: String, asset: String) {
        let account = Account {
            asset,
            current: 0,
            held: 0,
            told: ToldBalances::default(),
        };
        self.accounts.insert(id, account);
    }

    fn compare_asset(&self, asset: &str, told: &Totals) {
        let platform = self.platform.get(asset).unwrap_or(&Platform::NOTHING);
        let customers: i128 = self
            .accounts
            .values()
            .filter(|account| account.asset == asset)
            .map(|account| account.current)
            .sum();
        assert_eq!(told.customers, customers, "owed to customers in {asset}");
        assert_eq!(told.fees, platform.fees, "fees in {asset}");
        assert_eq!(told.suspense, platform.suspense, "suspense of {asset}");
        let owed = told.customers + told.fees + told.suspense;
        assert_eq!(
            told.custody + told.clearing + told.in_flight,
            owed,
            "what is held of {asset} is what is owed"
        );
        assert_eq!(told.sum, 0, "{asset} does not balance");
        assert_eq!(told.clearing, 0, "clearing of {asset}");
        assert_eq!(
            told.custody + told.in_flight,
            platform.custody + platform.in_flight,
            "custody and in flight of {asset}"
        );
        // Money that has left its account stays in flight while custody cannot pay its rail. That is so only after
        // money went back that no account could cover, and never makes custody owe anything.
        let unpaid = platform.in_flight - told.in_flight;
        assert!(
            unpaid == 0 || (unpaid > 0 && platform.uncovered > 0),
            "{unpaid} of {asset} in flight has not been paid"
        );
        assert!(told.custody >= 0, "custody of {asset} is overdrawn");
    }

    fn available(&self, account: &str) -> i128 {
        let account = &self.accounts[account];
        account.current - account.held
    }

    /// The account that an acceptance takes from, and how much.
    fn needed(&self, sent: Sent<'_>) -> (String, i128) {
        let id = sent.path[0].1;
        match sent.op {
            "payments.transfers_accept" => self.transfers[id].hold(),
            "payments.exchanges_accept" => self.exchanges[id].hold(),
            "payments.withdrawals_accept" => self.withdrawals[id].hold(&self.fees),
            other => panic!("{other} needs no funds"),
        }
    }

    /// Money is held; the account must have it.
    fn hold(&mut self, (source, needed): (String, i128)) {
        let available = self.available(&source);
        assert!(
            available >= needed,
            "{source} has {available} and {needed} was held"
        );
        self.account(&source).held += needed;
    }

    fn release(&mut self, (source, held): (String, i128)) {
        self.account(&source).held -= held;
    }

    fn account(&mut self, id: &str) -> &mut Account {
        self.accounts
            .get_mut(id)
            .unwrap_or_else(|| panic!("the oracle knows no account {id}"))
    }

    fn platform(&mut self, asset: &str) -> &mut Platform {
        self.platform.entry(asset.to_owned()).or_default()
    }

    /// The platform's side of the asset of an account.
    fn platform_of(&mut self, account: &str) -> &mut Platform {
        let asset = self.accounts[account].asset.clone();
        self.platform(&asset)
    }
}

/// The decimals of the assets that the walk knows, written down once more.
fn decimals(asset: &str) -> usize {
    match asset {
        "FIAT_TESTNET_USD" | "FIAT_TESTNET_EUR" => 2,
        "ETHEREUM_SEPOLIA_USDC" => 6,
        "BITCOIN_TESTNET_BTC" => 8,
        "SOLANA_DEVNET_SOL" => 9,
        "ETHEREUM_SEPOLIA_ETH" => 18,
        other => panic!("the oracle does not know {other}"),
    }
}

impl Platform {
    const NOTHING: Self = Self {
        custody: 0,
        in_flight: 0,
        suspense: 0,
        fees: 0,
        uncovered: 0,
    };
}
