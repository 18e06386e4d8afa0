//! Assets are changed into each other: what is held, what is traded, what comes back, and when nothing is traded.

mod refusals;
mod value;
mod walk;

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Profile;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::Settings;
use layer2_world::World;

use crate::support::Play;
use crate::support::TAKEN;
use crate::support::field;
use crate::support::fields;
use crate::support::genesis;

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

#[test]
fn a_sale_moves_money_once_it_is_accepted_and_not_before() {
    let mut play = realistic();
    let reply = play.exchange(SALE).unwrap();
    let id = field(&reply.body, "id");
    let created = field(&reply.body, "created_timestamp");
    assert_eq!(
        reply.body,
        format!(
            r#"{{"data":{{"id":"{id}","status":"REQUESTED","created_timestamp":"{created}","exchange_type":"MARKET","action":"FIX_SOURCE","source_details":{{"source_account_id":"ACME_USD","asset_type_id":"FIAT_TESTNET_USD","amount_to_debit":730}},"destination_details":{{"destination_account_id":"ACME_USDC","asset_type_id":"ETHEREUM_SEPOLIA_USDC","amount_to_credit":722.772277}}}}}}"#
        )
    );
    assert_eq!(play.exchange_now(&id), reply.body);
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert!(fields(&play.transactions_of(&id), "id").is_empty());
    play.assert_sound();

    let accepted = play.accept_exchange(&id, "0.001").unwrap();
    assert_eq!(
        accepted.body,
        reply
            .body
            .replace("REQUESTED", "ACCEPTED")
            .replace(r#","amount_to_credit":722.772277"#, ""),
        "the estimate is not told any more"
    );
    assert_eq!(play.balances("ACME_USD"), pair("1000", "270"));
    assert_eq!(play.balances("ACME_USDC"), pair("0", "0"));
    let list = play.transactions_of(&id);
    assert_eq!(
        fields(&list, "transaction_status"),
        ["AUTHORIZED", "PENDING"]
    );
    assert_eq!(fields(&list, "value"), ["-730", "722.772277"]);
    play.assert_sound();

    play.advance(SETTLED);
    assert_eq!(
        play.exchange_now(&id),
        reply.body.replace("REQUESTED", "EXECUTED")
    );
    assert_eq!(play.balances("ACME_USD"), pair("270", "270"));
    assert_eq!(play.balances("ACME_USDC"), pair("722.772277", "722.772277"));
    let list = play.transactions_of(&id);
    assert_eq!(fields(&list, "transaction_status"), ["POSTED", "POSTED"]);
    assert_eq!(fields(&list, "transaction_type"), ["TRADE", "TRADE"]);
    assert_eq!(fields(&list, "category_type"), ["EXCHANGE", "EXCHANGE"]);
    assert_eq!(fields(&list, "description"), ["Treasury", "Treasury"]);
    play.assert_sound();
}

#[test]
fn what_was_observed_on_the_platform_comes_out_here() {
    let mut play = play();
    for (from, to, debit, credit) in [
        ("ACME_USD", "ACME_USDC", "1", "0.990099"),
        ("ACME_USD", "ACME_USDC", "730", "722.772277"),
        ("ACME_USDC", "ACME_USD", "0.5", "0.49"),
    ] {
        let order = Order {
            from,
            to,
            amount: debit,
            ..SALE
        };
        let id = play.accepted(order, "0");
        let body = play.exchange_now(&id);
        assert_eq!(field(&body, "status"), "EXECUTED");
        assert_eq!(field(&body, "amount_to_debit"), debit);
        assert_eq!(field(&body, "amount_to_credit"), credit);
    }
    assert_eq!(play.balances("ACME_USD").0, "269.49");
    assert_eq!(play.balances("ACME_USDC").0, "723.262376");
}

#[test]
fn a_purchase_holds_one_percent_more_and_gives_it_back() {
    let mut play = realistic();
    let id = play.requested(PURCHASE);
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "exchange_type"), "QUOTE");
    assert_eq!(field(&body, "amount_to_debit"), "101");
    assert_eq!(field(&body, "amount_to_credit"), "100");

    let accepted = play.accept_exchange(&id, "0").unwrap().body;
    assert!(!accepted.contains("amount_to_debit"), "{accepted}");
    assert_eq!(field(&accepted, "amount_to_credit"), "100");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "897.99"));
    play.assert_sound();

    play.advance(SETTLED);
    assert_eq!(play.balances("ACME_USD"), pair("899", "899"));
    assert_eq!(play.balances("ACME_USDC"), pair("100", "100"));
    let list = play.transactions_of(&id);
    assert_eq!(fields(&list, "value"), ["-102.01", "100", "1.01"]);
    assert_eq!(
        fields(&list, "transaction_type"),
        ["TRADE", "TRADE", "CREDIT_CORRECTION"]
    );
    assert_eq!(
        fields(&list, "transaction_status"),
        ["POSTED", "POSTED", "POSTED"]
    );
    assert_eq!(fields(&list, "transaction_posted_date").len(), 3);
    assert_eq!(field(&play.exchange_now(&id), "amount_to_debit"), "101");
    play.assert_sound();
}

#[test]
fn both_types_take_both_actions() {
    for pricing in ["market", "quote"] {
        for (action, debit, credit) in [
            ("FIX_SOURCE", "20", "19.80198"),
            ("FIX_DESTINATION", "20.2", "20"),
        ] {
            let mut play = play();
            let order = Order {
                pricing,
                action,
                amount: "20",
                ..SALE
            };
            let id = play.accepted(order, "0.001");
            let body = play.exchange_now(&id);
            assert_eq!(field(&body, "status"), "EXECUTED", "{pricing} {action}");
            assert_eq!(field(&body, "action"), action);
            assert_eq!(field(&body, "amount_to_debit"), debit);
            assert_eq!(
                field(&body, "amount_to_credit"),
                credit,
                "{pricing} {action}"
            );
        }
    }
}

/// A realistic exchange of an order at a first rate, executed at a second one; gives its status and amounts.
fn moved(order: Order<'_>, rates: [&str; 2], slippage: &str) -> (Play, String) {
    let mut play = realistic();
    play.pin(USD, BTC, rates[0]);
    let order = Order {
        to: "ACME_BTC",
        ..order
    };
    let id = play.accepted(order, slippage);
    play.pin(USD, BTC, rates[1]);
    play.advance(SETTLED);
    play.assert_sound();
    (play, id)
}

#[test]
fn a_sale_is_traded_up_to_its_slippage_and_rejected_beyond() {
    let sale = Order {
        amount: "500",
        ..SALE
    };
    let (play, id) = moved(sale, ["0.00002", "0.0000199"], "0.005");
    assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
    assert_eq!(play.balances("ACME_BTC").0, "0.00995", "the limit itself");
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-500", "0.00995"],
        "the estimate became final"
    );

    let (play, id) = moved(sale, ["0.00002", "0.0000199"], "0.0049");
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "status"), "REJECTED");
    assert_eq!(field(&body, "amount_to_debit"), "500");
    assert!(!body.contains("amount_to_credit"), "{body}");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert_eq!(play.balances("ACME_BTC"), pair("0", "0"));
    let list = play.transactions_of(&id);
    assert_eq!(
        fields(&list, "transaction_status"),
        ["CANCELLED", "CANCELLED"]
    );
}

#[test]
fn a_purchase_is_traded_up_to_its_slippage_and_never_beyond_what_was_held() {
    let purchase = Order {
        amount: "0.01",
        ..PURCHASE
    };
    // Half a percent dearer: 500 becomes 502.52, since a part of a cent is paid whole.
    let (play, id) = moved(purchase, ["0.00002", "0.0000199"], "0.00504");
    assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
    assert_eq!(play.balances("ACME_USD"), pair("497.48", "497.48"));
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01", "2.48"]
    );
    let (play, id) = moved(purchase, ["0.00002", "0.0000199"], "0.00503");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));

    let (play, id) = moved(purchase, ["0.00002", "0.00001980198019802"], "0.5");
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01"],
        "all that was held was needed, so nothing comes back"
    );
    let (play, id) = moved(purchase, ["0.0000204", "0.00002"], "0.5");
    assert_eq!(
        field(&play.exchange_now(&id), "status"),
        "REJECTED",
        "two percent dearer"
    );
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
}

#[test]
fn a_better_price_is_always_taken() {
    let sale = Order {
        amount: "500",
        ..SALE
    };
    let (play, _) = moved(sale, ["0.00002", "0.00003"], "0");
    assert_eq!(play.balances("ACME_BTC").0, "0.015");
    let purchase = Order {
        amount: "0.01",
        ..PURCHASE
    };
    let (play, id) = moved(purchase, ["0.00002", "0.000025"], "0");
    assert_eq!(play.balances("ACME_USD"), pair("600", "600"));
    assert_eq!(
        fields(&play.transactions_of(&id), "value"),
        ["-505", "0.01", "105"]
    );
}

#[test]
fn a_price_that_gives_nothing_is_no_price() {
    let sale = Order {
        amount: "0.01",
        ..SALE
    };
    let (play, id) = moved(sale, ["0.000001", "0.0000001"], "0.999");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
}

#[test]
fn the_market_moves_between_request_and_execution() {
    let mut play = play();
    let order = Order {
        to: "ACME_BTC",
        amount: "900",
        ..SALE
    };
    let id = play.requested(order);
    let told = field(&play.exchange_now(&id), "amount_to_credit");
    play.advance(SignedDuration::from_mins(10));
    play.accept_exchange(&id, "0.05").unwrap();
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "status"), "EXECUTED");
    let got = field(&body, "amount_to_credit");
    assert_ne!(got, told);
    assert_eq!(play.balances("ACME_BTC").0, got);
    play.assert_sound();
}

#[test]
fn an_exchange_waits_a_quarter_of_an_hour_to_the_microsecond() {
    let mut play = play();
    let early = play.requested(SALE);
    let late = play.requested(SALE);
    // The clock stands at the request of `late`, a microsecond after that of `early`.
    play.advance(SignedDuration::from_mins(15) - SignedDuration::from_micros(1));
    play.accept_exchange(&early, "0").unwrap();
    play.advance(SignedDuration::from_micros(1));
    assert_eq!(field(&play.exchange_now(&late), "status"), "REQUESTED");
    play.advance(SignedDuration::from_micros(1));
    let body = play.exchange_now(&late);
    assert_eq!(field(&body, "status"), "EXPIRED");
    assert_eq!(field(&body, "amount_to_credit"), "722.772277");
    play.advance(SignedDuration::from_mins(15));
    assert_eq!(field(&play.exchange_now(&early), "status"), "EXECUTED");
    play.assert_sound();
}

#[test]
fn an_account_that_froze_meanwhile_neither_pays_nor_is_paid() {
    for frozen in ["ACME_USD", "ACME_USDC"] {
        let mut play = realistic();
        let id = play.accepted(PURCHASE, "0.01");
        play.patch_account(frozen, "FROZEN").unwrap();
        play.advance(SETTLED);
        assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
        assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"), "{frozen}");
        assert_eq!(play.balances("ACME_USDC"), pair("0", "0"), "{frozen}");
        assert_eq!(
            fields(&play.transactions_of(&id), "transaction_status"),
            ["CANCELLED", "CANCELLED"]
        );
        play.assert_sound();
    }
}

#[test]
fn an_exchange_wakes_the_accounts_that_it_uses() {
    let mut play = play();
    play.advance(SignedDuration::from_hours(24 * 366));
    for account in ["ACME_USD", "ACME_USDC"] {
        assert_eq!(play.account_status(account), "DORMANT", "{account}");
    }
    play.accepted(PURCHASE, "0.01");
    for account in ["ACME_USD", "ACME_USDC"] {
        assert_eq!(play.account_status(account), "OPEN", "{account}");
    }
    assert_eq!(play.account_status("ACME_BTC"), "DORMANT");
}

#[test]
fn an_accepted_exchange_leaves_no_work_behind() {
    let mut play = play();
    let waiting = |play: &Play| play.world.pending_jobs().count();
    let before = waiting(&play);
    let id = play.requested(SALE);
    assert_eq!(waiting(&play), before + 1, "it may expire");
    play.accept_exchange(&id, "0").unwrap();
    assert_eq!(waiting(&play), before);
}

#[test]
fn books_that_are_full_take_no_more() {
    let mut play = play();
    play.inbound("ACME_USDC", "9999999999999999999999.5")
        .unwrap();
    let id = play.accepted(SALE, "0.01");
    assert_eq!(field(&play.exchange_now(&id), "status"), "REJECTED");
    assert_eq!(play.balances("ACME_USD"), pair("1000", "1000"));
    assert_eq!(play.balances("ACME_USDC").0, "9999999999999999999999.5");
    play.assert_sound();
}

#[test]
fn what_was_bought_can_be_spent_and_entries_say_what_they_are_for() {
    let mut play = play();
    let id = play.accepted(PURCHASE, "0.01");
    let query = [("account_id", "ACME_USD")];
    let entries = play
        .get("control.ledger_entries", &[], &query)
        .unwrap()
        .body;
    let descriptions = fields(&entries, "description");
    assert_eq!(
        descriptions[1..],
        [
            format!("exchange {id}"),
            format!("market adjustment of exchange {id}")
        ]
    );
    let all = play.get("control.ledger_entries", &[], &[]).unwrap().body;
    assert_eq!(
        fields(&all, "description").last(),
        Some(&format!("settlement of exchange {id}"))
    );
    let back = Order {
        from: "ACME_USDC",
        to: "ACME_USD",
        amount: "100",
        ..SALE
    };
    play.accepted(back, "0.01");
    assert_eq!(play.balances("ACME_USDC"), pair("0", "0"));
    assert_eq!(play.balances("ACME_USD").0, "998", "1 % each way, cut");
}

/// What a subscriber may hear of an exchange, but not under the older version.
const TOLD: &[&str] = &[
    "TRANSACTION_AUTHORIZED",
    "TRANSACTION_PENDING",
    "TRANSACTION_POSTED",
    "TRANSACTION_CANCELLED",
];

#[test]
fn an_exchange_is_told_in_the_documented_order_on_each_platform() {
    for (platform, quotes, tells) in [
        (Platform::Union, true, true),
        (Platform::Layer2V1_0_5, true, false),
        (Platform::RailV1_1_2, false, true),
    ] {
        let mut settings = Settings::default();
        settings.platform = platform;
        let mut play = play_with(settings);
        for event in TOLD {
            let body =
                format!(r#"{{"event_type":"{event}","callback_url":"http://127.0.0.1:9/h"}}"#);
            let subscribed = play.post("payments.subscriptions_create", &[], &body);
            assert_eq!(subscribed.is_ok(), tells, "{platform} {event}");
        }
        assert_eq!(play.exchange(PURCHASE).is_ok(), quotes, "{platform}");
        let purchase = Order {
            pricing: "market",
            ..PURCHASE
        };
        let id = play.requested(purchase);
        assert!(play.deliver(TAKEN).is_empty(), "a request is not told");
        play.accept_exchange(&id, "0").unwrap();
        assert_eq!(field(&play.exchange_now(&id), "status"), "EXECUTED");
        let sent = play.deliver(TAKEN);
        let told: Vec<_> = sent
            .iter()
            .map(|due| {
                assert_eq!(field(&due.body, "category_id"), id);
                assert_eq!(field(&due.body, "category_type"), "EXCHANGE");
                let event = field(&due.body, "event_type");
                (event, field(&due.body, "account_id"))
            })
            .collect();
        let expected = [
            ("TRANSACTION_AUTHORIZED", "ACME_USD"),
            ("TRANSACTION_PENDING", "ACME_USDC"),
            ("TRANSACTION_POSTED", "ACME_USD"),
            ("TRANSACTION_POSTED", "ACME_USDC"),
            ("TRANSACTION_POSTED", "ACME_USD"),
        ]
        .map(|(event, account)| (event.to_owned(), account.to_owned()));
        assert_eq!(told, if tells { &expected[..] } else { &[] }, "{platform}");
    }
}

#[test]
fn control_shows_pins_and_unpins_rates() {
    let mut play = play();
    let list = play.get("control.rates_list", &[], &[]).unwrap().body;
    assert!(list.contains(r#"{"source_asset_type_id":"FIAT_TESTNET_USD","destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.990099009900990099,"pinned":false}"#), "{list}");
    assert_eq!(fields(&list, "pinned").len(), 24);
    assert!(
        fields(&list, "pinned")
            .iter()
            .all(|pinned| pinned == "false")
    );

    play.pin(USD, USDC, "0.5");
    play.pin(USD, USDC, "0.25");
    let list = play.get("control.rates_list", &[], &[]).unwrap().body;
    assert!(
        list.contains(
            r#""destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.25,"pinned":true}"#
        ),
        "{list}"
    );
    let pinned = fields(&list, "pinned");
    assert_eq!(pinned.iter().filter(|pinned| *pinned == "true").count(), 1);
    let reply = play.exchange(SALE).unwrap();
    assert_eq!(field(&reply.body, "amount_to_credit"), "182.5");

    let path = [
        ("source_asset_type_id", USD),
        ("destination_asset_type_id", USDC),
    ];
    for _ in 0..2 {
        let reply = play.post("control.rates_unpin", &path, "").unwrap();
        assert_eq!(
            reply.body,
            r#"{"data":{"source_asset_type_id":"FIAT_TESTNET_USD","destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.990099009900990099,"pinned":false}}"#
        );
    }
    let reply = play.exchange(SALE).unwrap();
    assert_eq!(field(&reply.body, "amount_to_credit"), "722.772277");
}

#[test]
fn snapshot_and_replay_hold_in_the_middle_of_an_exchange() {
    let mut settings = Settings::default();
    settings.profile = Profile::Realistic;
    let mut play = play_with(settings.clone());
    play.pin(USD, BTC, "0.000021234567890123");
    let order = Order {
        to: "ACME_BTC",
        amount: "0.0123",
        ..PURCHASE
    };
    play.requested(order);
    play.accepted(order, "0.0123");
    let mut other = Play {
        world: World::restore(&play.world.snapshot()).unwrap(),
        now: play.now,
        journal: play.journal.clone(),
        eager: true,
    };
    for play in [&mut play, &mut other] {
        play.advance(SignedDuration::from_mins(20));
        let sale = Order {
            amount: "20",
            ..SALE
        };
        play.accepted(sale, "0.5");
        play.advance(SETTLED);
        assert!(play.balances("ACME_BTC").0.starts_with("0.0123"));
        assert_eq!(play.balances("ACME_USDC").0, "19.80198");
    }
    assert!(other.world.snapshot() == play.world.snapshot());

    let mut again = World::new(genesis(settings));
    for (command, context) in &play.journal {
        again.execute(command, *context).unwrap();
    }
    assert!(again.snapshot() == play.world.snapshot());
}
