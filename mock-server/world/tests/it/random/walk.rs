//! One life: a world, its oracle, and what was made so far.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Platform;
use layer2_world::Command;
use layer2_world::Context;
use layer2_world::Request;
use layer2_world::Settings;
use layer2_world::World;

use super::chance::Chance;
use super::steps;
use crate::applications::walk::Onboarding;
use crate::oracle::Oracle;
use crate::oracle::Sent;
use crate::paying::us_bank;
use crate::paying::wallet;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;
use crate::support::request;

/// The accounts of the walk, with their assets; the first three are there from the beginning.
pub(super) const ACCOUNTS: [(&str, &str); 12] = [
    ("ACME_USD", USD),
    ("JANE_USD", USD),
    ("TREASURY_USD", USD),
    ("ACME_EUR", EUR),
    ("JANE_EUR", EUR),
    ("ACME_USDC", USDC),
    ("JANE_USDC", USDC),
    ("ACME_BTC", BTC),
    ("JANE_BTC", BTC),
    ("ACME_ETH", ETH),
    ("JANE_ETH", ETH),
    ("ACME_SOL", SOL),
];
pub(super) const USD: &str = "FIAT_TESTNET_USD";
pub(super) const EUR: &str = "FIAT_TESTNET_EUR";
pub(super) const USDC: &str = "ETHEREUM_SEPOLIA_USDC";
pub(super) const BTC: &str = "BITCOIN_TESTNET_BTC";
pub(super) const ETH: &str = "ETHEREUM_SEPOLIA_ETH";
pub(super) const SOL: &str = "SOLANA_DEVNET_SOL";

const SANDBOX: (&str, &str) = ("sandbox", "default");
const WALLET: &str = "0x71c7656ec7ab88b098defb751b7401b5f6d8976f";

/// Commands that are remembered, to be sent again.
const REMEMBERED: usize = 64;

pub(super) struct Walk {
    pub(super) play: Play,
    pub(super) oracle: Oracle,
    pub(super) chance: Chance,
    pub(super) made: Made,
    pub(super) remembered: Vec<Remembered>,
    /// A world that was restored, and how much of the journal it has lived.
    pub(super) restored: Option<(World, usize)>,
    /// What the next step is, if it follows from the last one.
    pub(super) next: Option<fn(&mut Self)>,
    sent: u64,
}

/// What there is to work on, oldest first.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) inbound: Vec<String>,
    /// Those of it that named nobody.
    pub(super) lost: Vec<String>,
    pub(super) transfers: Vec<String>,
    pub(super) exchanges: Vec<String>,
    pub(super) withdrawals: Vec<String>,
    pub(super) subscriptions: Vec<String>,
    pub(super) bank: String,
    pub(super) wallet: String,
    pub(super) onboarding: Onboarding,
}

/// An accepted command with a key, and its reply.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) request: Request,
    pub(super) key: String,
    pub(super) reply: String,
}

impl Walk {
    /// A world with accounts, counterparties and some money.
    pub(super) fn begin(settings: Settings, chance: Chance) -> Self {
        let edd_transacts = settings.platform != Platform::RailV1_1_2;
        let mut walk = Self {
            play: Play::with(settings),
            oracle: Oracle::new(edd_transacts),
            chance,
            made: Made::default(),
            remembered: Vec::new(),
            restored: None,
            next: None,
            sent: 0,
        };
        // The walk looks by itself, now and then.
        walk.play.watchful = false;
        walk.play.subscribe("APPLICATION_APPROVED");
        if walk.play.world.settings().platform != Platform::Layer2V1_0_5 {
            walk.play.subscribe("TRANSACTION_POSTED");
        }
        for (account, asset) in ACCOUNTS {
            if walk.play.world.account_ids().any(|id| id == account) {
                let (play, oracle) = (&walk.play, &mut walk.oracle);
                oracle.know(&|op, path| read(play, op, path), account);
            } else {
                walk.open(account, asset);
            }
        }
        // In every other life money is short, and orders are refused for it.
        let accounts = if walk.chance.one_in(2) {
            &ACCOUNTS[..]
        } else {
            &[]
        };
        for (account, asset) in accounts {
            let amount = match *asset {
                BTC => "0.5",
                ETH => "2.000000000000000003",
                SOL => "50",
                // Enough for a withdrawal that needs a paper.
                _ => "20000",
            };
            let body = format!(r#"{{"account_id":"{account}","amount":{amount}}}"#);
            walk.send("control.inbound_create", &[], &body).unwrap();
        }
        walk.made.bank = walk.register(&us_bank("ACME"));
        walk.made.wallet = walk.register(&wallet("ACME", USDC, WALLET));
        walk
    }

    /// Takes a step of any kind, and asks the oracle about it.
    pub(super) fn step(&mut self) {
        let name = steps::take_any(self);
        let (play, oracle) = (&self.play, &mut self.oracle);
        let read = |op: &str, path: &[(&str, &str)]| read(play, op, path);
        oracle.follow(&read);
        oracle.compare(&read);
        oracle.see(name);
    }

    /// Sends a command, which the oracle hears of; gives the body of the reply to an accepted one.
    pub(super) fn send(&mut self, op: &str, path: &[(&str, &str)], body: &str) -> Option<String> {
        // What control is asked for is about this sandbox.
        let mut full = path.to_vec();
        if op.starts_with("control.") {
            full.insert(0, SANDBOX);
        }
        let sent = Sent {
            op,
            path: &full,
            body,
        };
        let (play, oracle) = (&self.play, &mut self.oracle);
        let verdict = oracle.judge(&|op, path| read(play, op, path), sent);
        let text = (!body.is_empty()).then(|| body.to_owned());
        let request = request(op, &full, &[], text);
        self.sent += 1;
        let key = format!("walk-{}", self.sent);
        // A snapshot of the world costs as much as hundreds of commands.
        let before = self
            .chance
            .one_in(300)
            .then(|| self.play.world.snapshot().unwrap());
        match self.play.send(request.clone(), Some(&key)) {
            Ok(outcome) => {
                assert!(!outcome.replayed, "{sent:?} is new");
                let reply = outcome.reply.unwrap().body;
                if let Some(verdict) = verdict {
                    self.oracle.confirm(sent, verdict, &[]);
                }
                self.oracle.accepted(sent, &reply);
                self.remember(request, key, &reply);
                Some(reply)
            }
            Err(rejection) => {
                if let Some(verdict) = verdict {
                    self.oracle.confirm(sent, verdict, &codes(&rejection));
                }
                self.oracle.refused(sent, &codes(&rejection));
                // Nothing was due, so nothing but the refused command lies between the two.
                assert!(
                    before.is_none_or(|before| before == self.play.world.snapshot().unwrap()),
                    "{sent:?} was refused and left a trace"
                );
                None
            }
        }
    }

    /// What was seen in this life.
    pub(super) const fn seen(&self) -> &BTreeMap<String, u64> {
        self.oracle.seen()
    }

    /// The world again, from the journal as text.
    pub(super) fn lived(&self, mut world: World, from: usize) -> World {
        for (command, context) in &self.play.journal[from..] {
            let text = serde_json::to_string(command).unwrap();
            let command: Command = serde_json::from_str(&text).unwrap();
            let context: Context = *context;
            world.execute(&command, context).unwrap();
        }
        world
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.play.now
    }

    fn remember(&mut self, request: Request, key: String, reply: &str) {
        if request.op.operation().idempotency != IdempotencyRule::Header {
            return;
        }
        let row = Remembered {
            request,
            key,
            reply: reply.to_owned(),
        };
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(row);
        } else {
            let place = usize::try_from(self.sent).unwrap() % REMEMBERED;
            self.remembered[place] = row;
        }
    }

    fn open(&mut self, account: &str, asset: &str) {
        let (customer, _) = account.split_once('_').unwrap();
        let body = format!(
            r#"{{"customer_id":"{customer}","account_to_open":{{"account_id":"{account}","product_id":"DEPOSIT_BASIC","asset_type_id":"{asset}"}}}}"#
        );
        self.send("payments.accounts_open", &[], &body).unwrap();
    }

    fn register(&mut self, body: &str) -> String {
        let reply = self.send("payments.counterparties_create", &[], body);
        field(&reply.unwrap(), "id")
    }
}

fn read(play: &Play, op: &str, path: &[(&str, &str)]) -> String {
    play.get(op, path, &[]).unwrap().body
}
