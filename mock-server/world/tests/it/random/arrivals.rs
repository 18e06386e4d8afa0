//! Steps of money from outside.

use super::walk::ACCOUNTS;
use super::walk::BTC;
use super::walk::ETH;
use super::walk::EUR;
use super::walk::SOL;
use super::walk::USD;
use super::walk::USDC;
use super::walk::Walk;
use crate::support::field;
use crate::support::fields;

const CREATE: &str = "control.inbound_create";

/// Money for an account that control names.
pub(super) fn arrive(walk: &mut Walk) {
    let (account, asset) = walk.any_account();
    let amount = walk.amount(asset);
    let body =
        format!(r#"{{"account_id":"{account}","amount":{amount},"originator_name":"Globex"}}"#);
    walk.receive(&body);
}

/// Money that follows the instructions of an account.
pub(super) fn follow(walk: &mut Walk) {
    let (account, asset) = walk.any_account();
    let body = format!(
        r#"{{"deposit_type":"PUSH","deposit_destination":{{"destination_account_id":"{account}"}}}}"#
    );
    let Some(told) = walk.send("payments.deposits_create", &[], &body) else {
        return;
    };
    let memos = fields(&told, "memo").into_iter();
    let mut marks: Vec<(&str, String)> = memos.map(|memo| ("memo", memo)).collect();
    if told.contains("swift_bic") {
        // The number of the last instructions is the account's own.
        marks.extend(
            fields(&told, "account_number")
                .pop()
                .map(|number| ("account_number", number)),
        );
    }
    if told.contains("\"blockchain\"") {
        marks.push(("address", field(&told, "address")));
    }
    // Some assets have no instructions under some versions.
    let Some((name, mark)) = walk.chance.pick(&marks).cloned() else {
        return;
    };
    let amount = walk.amount(asset);
    let body = format!(r#"{{"{name}":"{mark}","asset_type_id":"{asset}","amount":{amount}}}"#);
    walk.receive(&body);
}

/// Money that names nobody.
pub(super) fn get_lost(walk: &mut Walk) {
    let nobody = [
        (USD, "memo", "Rent"),
        (USD, "account_number", "000000000001"),
        (EUR, "memo", "Miete"),
        (
            USDC,
            "address",
            "0x000000000000000000000000000000000000dead",
        ),
        (BTC, "address", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
    ];
    let (asset, name, mark) = *walk.chance.pick(&nobody).unwrap();
    let amount = walk.amount(asset);
    let body = format!(r#"{{"{name}":"{mark}","asset_type_id":"{asset}","amount":{amount}}}"#);
    walk.receive(&body);
}

/// Money gets an owner; often one that cannot have it.
pub(super) fn assign(walk: &mut Walk) {
    let (account, _) = walk.any_account();
    // Mostly money that waits for an owner.
    let ids = match walk.chance.below(6) {
        0 => &walk.made.inbound,
        _ => &walk.made.lost,
    };
    let Some(id) = walk.chance.pick_recent(ids, 4).cloned() else {
        return;
    };
    let body = format!(r#"{{"account_id":"{account}"}}"#);
    walk.send("control.inbound_assign", &[("inbound_id", &id)], &body);
}

pub(super) fn give_back(walk: &mut Walk) {
    let Some(id) = walk.chance.pick_recent(&walk.made.inbound, 12).cloned() else {
        return;
    };
    walk.send("control.inbound_return", &[("inbound_id", &id)], "{}");
}

pub(super) fn ask_address(walk: &mut Walk) {
    let (account, _) = walk.any_account();
    let path = [("account_id", account)];
    walk.send("payments.accounts_request_address", &path, "");
}

impl Walk {
    pub(super) fn any_account(&mut self) -> (&'static str, &'static str) {
        *self.chance.pick(&ACCOUNTS).unwrap()
    }

    /// An amount of an asset, as a number; at times one that cannot be.
    pub(super) fn amount(&mut self, asset: &str) -> String {
        if self.chance.one_in(40) {
            let wrong = [
                "0",
                "-1",
                "1e30",
                "0.0000000000000000001",
                "1.0000000000000000001",
            ];
            return (*self.chance.pick(&wrong).unwrap()).to_owned();
        }
        let (bound, decimals) = match asset {
            USDC => (900_000_000, 6),
            BTC => (3_000_000, 8),
            SOL => (8_000_000_000, 9),
            // Forty times as much is nearly all that a `u64` counts.
            ETH => (300_000_000_000_000_000, 18),
            _ => (90_000, 2),
        };
        let bound = if self.chance.one_in(20) {
            bound * 40
        } else {
            bound
        };
        // Small amounts are as likely as large ones.
        let bound = bound >> self.chance.below(10);
        let units = 1 + self.chance.below(bound);
        let whole = 10_u64.pow(decimals);
        let width = usize::try_from(decimals).unwrap();
        format!("{}.{:0width$}", units / whole, units % whole)
    }

    fn receive(&mut self, body: &str) {
        if let Some(reply) = self.send(CREATE, &[], body) {
            let id = field(&reply, "id");
            if field(&reply, "status") == "UNASSIGNED" {
                self.made.lost.push(id.clone());
            }
            self.made.inbound.push(id);
        }
    }
}
