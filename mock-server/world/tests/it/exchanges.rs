//! Assets are changed into each other: what is held, what is traded, what comes back, and when nothing is traded.

mod limits;
mod rates;
mod refusals;
mod trades;
mod value;
mod walk;

use jiff::SignedDuration;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::Settings;

use crate::support::Play;
use crate::support::field;
use crate::support::fields;

const USD: &str = "FIAT_TESTNET_USD";
const USDC: &str = "ETHEREUM_SEPOLIA_USDC";
const BTC: &str = "BITCOIN_TESTNET_BTC";

/// What a test exchanges.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) pricing: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) action: &'a str,
    pub(crate) amount: &'a str,
}

impl Order<'_> {
    pub(crate) fn operation(&self) -> String {
        format!("payments.exchanges_create_{}", self.pricing)
    }

    pub(crate) fn body(&self) -> String {
        format!(
            r#"{{"source_account_id":"{}","destination_account_id":"{}","amount":{},"action":"{}","description":"Treasury"}}"#,
            self.from, self.to, self.amount, self.action
        )
    }
}

/// Sells dollars of Acme at the market.
const SALE: Order<'static> = Order {
    pricing: "market",
    from: "ACME_USD",
    to: "ACME_USDC",
    action: "FIX_SOURCE",
    amount: "730",
};

/// Buys dollar coins for Acme at a quote.
const PURCHASE: Order<'static> = Order {
    pricing: "quote",
    action: "FIX_DESTINATION",
    amount: "100",
    ..SALE
};

impl Play {
    pub(crate) fn open(&mut self, account: &str, product: &str, asset: &str) {
        let body = format!(
            r#"{{"customer_id":"ACME","account_to_open":{{"account_id":"{account}","product_id":"{product}","asset_type_id":"{asset}"}}}}"#
        );
        self.post("payments.accounts_open", &[], &body).unwrap();
    }

    pub(crate) fn exchange(&mut self, order: Order<'_>) -> Result<Reply, Rejection> {
        self.post(&order.operation(), &[], &order.body())
    }

    pub(crate) fn accept_exchange(&mut self, id: &str, slippage: &str) -> Result<Reply, Rejection> {
        let body = format!(r#"{{"maximum_slippage":{slippage}}}"#);
        self.post("payments.exchanges_accept", &[("exchange_id", id)], &body)
    }

    pub(crate) fn pin(&mut self, source: &str, destination: &str, rate: &str) {
        let body = format!(
            r#"{{"source_asset_type_id":"{source}","destination_asset_type_id":"{destination}","rate":{rate}}}"#
        );
        self.post("control.rates_pin", &[("sandbox", "default")], &body)
            .unwrap();
    }

    fn exchange_now(&self, id: &str) -> String {
        self.get("payments.exchanges_get", &[("exchange_id", id)], &[])
            .unwrap()
            .body
    }

    /// Requests an exchange and gives its id.
    fn requested(&mut self, order: Order<'_>) -> String {
        let reply = self.exchange(order).unwrap();
        self.assert_sound();
        field(&reply.body, "id")
    }

    /// Requests and accepts an exchange, and gives its id.
    fn accepted(&mut self, order: Order<'_>, slippage: &str) -> String {
        let id = self.requested(order);
        self.accept_exchange(&id, slippage).unwrap();
        self.assert_sound();
        id
    }

    fn transactions_of(&self, exchange: &str) -> String {
        self.get(
            "payments.transactions_list",
            &[],
            &[("category_id", exchange)],
        )
        .unwrap()
        .body
    }

    /// Nothing is left between customers and custody, in any asset.
    fn assert_sound(&self) {
        let balance = self
            .get("control.ledger_trial_balance", &[], &[])
            .unwrap()
            .body;
        assert!(self.balanced(), "{balance}");
        for zero in ["sum", "clearing"] {
            let values = fields(&balance, zero);
            assert!(!values.is_empty(), "no {zero} in {balance}");
            assert!(values.iter().all(|value| value == "0"), "{balance}");
        }
    }
}

/// Acme with a thousand dollars and an empty account of each coin.
fn play_with(settings: Settings) -> Play {
    let mut play = Play::with(settings);
    play.open("ACME_USDC", "DEPOSIT_BASIC", USDC);
    play.open("ACME_BTC", "DEPOSIT_BASIC", BTC);
    play.inbound("ACME_USD", "1000").unwrap();
    play.advance(SignedDuration::from_mins(3));
    play.assert_sound();
    play
}

fn play() -> Play {
    play_with(Settings::default())
}

fn realistic() -> Play {
    let mut settings = Settings::default();
    settings.profile = Profile::Realistic;
    play_with(settings)
}

/// Long enough for an accepted exchange to be executed.
const SETTLED: SignedDuration = SignedDuration::from_secs(5);

fn pair(current: &str, available: &str) -> (String, String) {
    (current.to_owned(), available.to_owned())
}
