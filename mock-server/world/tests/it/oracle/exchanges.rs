//! Exchanges: one asset leaves an account and custody, another one comes to both.

use super::Oracle;
use super::Read;
use super::Sent;
use super::decimals;
use super::json::Json;
use super::json::units;

/// An exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    source: String,
    destination: String,
    fixes: Fixes,
    /// As they were told when it was requested.
    debit: i128,
    credit: i128,
    /// The smallest unit of what is sold.
    smallest: i128,
    /// The slippage that was accepted; none before.
    slippage: Option<i128>,
}

#[derive(Clone, Copy, Debug)]
enum Fixes {
    Source,
    Destination,
}

/// One, as a slippage counts it: coarser than an amount, or their product would not fit.
const WHOLE: i128 = 100_000_000;

impl Exchange {
    /// What its acceptance holds, and where: of a purchase one percent more than the estimate, rounded up.
    pub(super) fn hold(&self) -> (String, i128) {
        let held = match self.fixes {
            Fixes::Source => self.debit,
            Fixes::Destination => {
                let hundredths = self.debit * 101;
                let unit = 100 * self.smallest;
                (hundredths + unit - 1) / unit * self.smallest
            }
        };
        (self.source.clone(), held)
    }

    /// The accounts between which it is.
    pub(super) fn accounts(&self) -> [&str; 2] {
        [&self.source, &self.destination]
    }

    /// The loss is within what was agreed.
    fn assert_fits(&self, debit: i128, credit: i128) {
        let slippage = self.slippage.unwrap_or_default();
        let (held, shown) = (self.hold().1, format!("{self:?}: {debit} for {credit}"));
        match self.fixes {
            Fixes::Source => {
                assert_eq!(debit, self.debit, "{shown}");
                assert!(
                    credit * WHOLE >= self.credit * (WHOLE - slippage),
                    "{shown}"
                );
            }
            Fixes::Destination => {
                assert_eq!(credit, self.credit, "{shown}");
                assert!(debit <= held, "{shown}");
                assert!(debit * WHOLE <= self.debit * (WHOLE + slippage), "{shown}");
            }
        }
    }
}

impl Oracle {
    pub(super) fn request_exchange(&mut self, reply: &Json<'_>) {
        let sold = reply.text("/data/source_details/asset_type_id");
        let exchange = Exchange {
            source: reply.text("/data/source_details/source_account_id"),
            destination: reply.text("/data/destination_details/destination_account_id"),
            fixes: match reply.text("/data/action").as_str() {
                "FIX_SOURCE" => Fixes::Source,
                "FIX_DESTINATION" => Fixes::Destination,
                other => panic!("an exchange fixes {other}"),
            },
            debit: reply.units("/data/source_details/amount_to_debit"),
            credit: reply.units("/data/destination_details/amount_to_credit"),
            smallest: smallest(&sold),
            slippage: None,
        };
        self.exchanges.insert(reply.text("/data/id"), exchange);
    }

    pub(super) fn accept_exchange(&mut self, sent: Sent<'_>) {
        let exchange = self.exchanges.get_mut(sent.path[0].1).unwrap();
        let slippage = Json::parse(sent.body).units("/maximum_slippage") / (units("1") / WHOLE);
        let earlier = exchange.slippage.replace(slippage);
        assert_eq!(earlier, None, "{sent:?} was accepted twice");
        let hold = exchange.hold();
        self.hold(hold);
    }

    pub(super) fn follow_exchanges(&mut self, read: Read<'_>) {
        let open = self.exchanges.iter();
        let open = open.filter(|(_, row)| row.slippage.is_some());
        let ids: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let told = read("payments.exchanges_get", &[("exchange_id", &id)]);
            let told = Json::parse(&told);
            if told.text("/data/status") != "ACCEPTED" {
                self.end_exchange(&id, &told);
            }
        }
    }

    fn end_exchange(&mut self, id: &str, told: &Json<'_>) {
        let exchange = self.exchanges.remove(id).unwrap();
        self.release(exchange.hold());
        let status = told.text("/data/status");
        match status.as_str() {
            "EXECUTED" => {
                let debit = told.units("/data/source_details/amount_to_debit");
                let credit = told.units("/data/destination_details/amount_to_credit");
                exchange.assert_fits(debit, credit);
                for account in [&exchange.source, &exchange.destination] {
                    let asset = self.accounts[account].asset.clone();
                    self.see(&format!("exchange EXECUTED in {asset}"));
                }
                self.account(&exchange.source).current -= debit;
                self.account(&exchange.destination).current += credit;
                self.platform_of(&exchange.source).custody -= debit;
                self.platform_of(&exchange.destination).custody += credit;
                self.see(match exchange.fixes {
                    Fixes::Source => "exchange EXECUTED as a sale",
                    Fixes::Destination => "exchange EXECUTED as a purchase",
                });
            }
            "REJECTED" => {}
            other => panic!("an accepted exchange became {other}"),
        }
        self.see(&format!("exchange {status}"));
    }
}

/// The smallest unit of an asset, in the oracle's units.
fn smallest(asset: &str) -> i128 {
    let finer = 18 - decimals(asset);
    10_i128.pow(u32::try_from(finer).unwrap())
}
