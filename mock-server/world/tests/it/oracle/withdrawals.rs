//! Withdrawals: held with their fee, sent out of custody, at times returned.

use std::collections::BTreeMap;

use super::Oracle;
use super::Read;
use super::Sent;
use super::json::Json;

/// A withdrawal.
#[derive(Debug)]
pub(super) struct Withdrawal {
    source: String,
    counterparty: String,
    rail: String,
    asset: String,
    amount: i128,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Requested,
    /// Accepted, at this fee.
    Open {
        fee: i128,
    },
    Executed,
    Returned,
    /// Nothing was sent.
    Ended,
}

impl Withdrawal {
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn counterparty(&self) -> &str {
        &self.counterparty
    }

    /// What its acceptance holds, and where, at the fees of now.
    pub(super) fn hold(&self, fees: &BTreeMap<(String, String), i128>) -> (String, i128) {
        let route = (self.rail.clone(), self.asset.clone());
        let fee = fees.get(&route).copied().unwrap_or_default();
        (self.source.clone(), self.amount + fee)
    }
}

impl Oracle {
    /// The reply tells no more than the id.
    pub(super) fn request_withdrawal(&mut self, sent: Sent<'_>, reply: &Json<'_>) {
        let asked = Json::parse(sent.body);
        let source = asked.text("/source_account_id");
        let withdrawal = Withdrawal {
            asset: self.accounts[&source].asset.clone(),
            source,
            counterparty: asked.text("/destination_counterparty_id"),
            rail: asked.text("/withdrawal_rail"),
            amount: asked.units("/amount"),
            stage: Stage::Requested,
        };
        self.withdrawals.insert(reply.text("/data/id"), withdrawal);
    }

    pub(super) fn accept_withdrawal(&mut self, sent: Sent<'_>) {
        let withdrawal = self.withdrawals.get_mut(sent.path[0].1).unwrap();
        assert!(
            matches!(withdrawal.stage, Stage::Requested),
            "{sent:?} was accepted twice"
        );
        let hold = withdrawal.hold(&self.fees);
        let fee = hold.1 - withdrawal.amount;
        withdrawal.stage = Stage::Open { fee };
        self.hold(hold);
        if fee > 0 {
            self.see("withdrawal with a fee");
        }
    }

    /// What control decides shows in the status, but for money that comes back.
    pub(super) fn decide_withdrawal(&mut self, sent: Sent<'_>) {
        if Json::parse(sent.body).text("/outcome") != "RETURNED" {
            return;
        }
        let named = |(name, _): &&(&str, &str)| *name == "withdrawal_id";
        let id = sent.path.iter().find(named).unwrap().1;
        let withdrawal = self.withdrawals.get_mut(id).unwrap();
        let from = core::mem::replace(&mut withdrawal.stage, Stage::Returned);
        assert!(matches!(from, Stage::Executed), "{id} was {from:?}");
        let (source, amount) = (withdrawal.source.clone(), withdrawal.amount);
        // The fee is not given back.
        self.account(&source).current += amount;
        self.platform_of(&source).custody += amount;
        self.see("withdrawal RETURNED");
    }

    pub(super) fn set_fees(&mut self, sent: Sent<'_>) {
        let rows = Json::parse(sent.body).items("/withdrawal_fees");
        let row = |row: &Json<'_>| {
            let route = (row.text("/rail"), row.text("/asset_type_id"));
            (route, row.units("/amount"))
        };
        self.fees = rows.iter().map(row).collect();
    }

    pub(super) fn follow_withdrawals(&mut self, read: Read<'_>) {
        let open = self.withdrawals.iter();
        let open = open.filter(|(_, row)| matches!(row.stage, Stage::Open { .. }));
        let ids: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let told = read("payments.withdrawals_get", &[("withdrawal_id", &id)]);
            self.advance_withdrawal(&id, &Json::parse(&told).text("/data/status"));
        }
    }

    fn advance_withdrawal(&mut self, id: &str, status: &str) {
        let withdrawal = self.withdrawals.get_mut(id).unwrap();
        let Stage::Open { fee } = withdrawal.stage else {
            return;
        };
        let ended = match status {
            "ACCEPTED" | "AUTHORIZED" | "APPROVED" | "IN_PROGRESS" | "CANCELLING" => return,
            "EXECUTED" => Stage::Executed,
            "REJECTED" | "CANCELLED" => Stage::Ended,
            other => panic!("an accepted withdrawal became {other}"),
        };
        let is_sent = matches!(ended, Stage::Executed);
        withdrawal.stage = ended;
        let (source, amount) = (withdrawal.source.clone(), withdrawal.amount);
        self.release((source.clone(), amount + fee));
        if is_sent {
            self.account(&source).current -= amount + fee;
            let platform = self.platform_of(&source);
            platform.custody -= amount;
            platform.fees += fee;
        }
        self.see(&format!("withdrawal {status}"));
    }
}
