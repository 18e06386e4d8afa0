//! Steps of transfers, exchanges and withdrawals.

use layer2_types::operation::Platform;

use super::walk::ACCOUNTS;
use super::walk::USD;
use super::walk::USDC;
use super::walk::Walk;
use crate::exchanges::Order;
use crate::paying::withdrawal;
use crate::support::field;
use crate::support::fields;
use crate::support::transfer_body;

/// What control says when it takes the papers of a withdrawal as seen.
const RECEIVED: &str = "DOCUMENTS_RECEIVED";

/// How far back a step looks for an order.
const RECENT: usize = 3;

pub(super) fn transfer(walk: &mut Walk) {
    let (from, asset) = walk.any_account();
    let to = match walk.chance.below(8) {
        0 => walk.any_account().0,
        // There is one account of SOL: it can be sent to itself alone, which is refused.
        _ => walk.account_but(from, |held| held == asset),
    };
    let body = transfer_body(from, to, &walk.amount(asset));
    if let Some(reply) = walk.send("payments.transfers_create", &[], &body) {
        walk.made.transfers.push(field(&reply, "id"));
        walk.follow_up(accept_transfer);
    }
}

pub(super) fn accept_transfer(walk: &mut Walk) {
    if let Some(id) = walk
        .chance
        .pick_recent(&walk.made.transfers, RECENT)
        .cloned()
    {
        let path = [("transfer_id", id.as_str())];
        walk.send("payments.transfers_accept", &path, "");
    }
}

/// Mostly between accounts of different assets.
pub(super) fn exchange(walk: &mut Walk) {
    let (from, sold) = walk.any_account();
    let to = match walk.chance.below(8) {
        0 => walk.any_account().0,
        _ => walk.account_but(from, |held| held != sold),
    };
    let bought = asset_of(to);
    let is_sale = walk.chance.one_in(2);
    let order = Order {
        // The newer version has one of the two.
        pricing: if walk.platform() != Platform::RailV1_1_2 && walk.chance.one_in(2) {
            "quote"
        } else {
            "market"
        },
        from,
        to,
        action: if is_sale {
            "FIX_SOURCE"
        } else {
            "FIX_DESTINATION"
        },
        amount: &walk.amount(if is_sale { sold } else { bought }),
    };
    if let Some(reply) = walk.send(&order.operation(), &[], &order.body()) {
        walk.made.exchanges.push(field(&reply, "id"));
        walk.follow_up(accept_exchange);
    }
}

/// With no slippage at all, a usual one, or nearly any.
pub(super) fn accept_exchange(walk: &mut Walk) {
    if let Some(id) = walk
        .chance
        .pick_recent(&walk.made.exchanges, RECENT)
        .cloned()
    {
        let slippage = ["0", "0.0001", "0.005", "0.01", "0.5", "1"];
        let slippage = walk.chance.pick(&slippage).unwrap();
        let body = format!(r#"{{"maximum_slippage":{slippage}}}"#);
        let path = [("exchange_id", id.as_str())];
        walk.send("payments.exchanges_accept", &path, &body);
    }
}

pub(super) fn withdraw(walk: &mut Walk) {
    let (from, asset, rail, to) = if walk.chance.one_in(3) {
        ("ACME_USDC", USDC, "CRYPTO", walk.made.wallet.clone())
    } else {
        let rail = *walk.chance.pick(&["FEDWIRE", "ACH", "SWIFT"]).unwrap();
        ("ACME_USD", USD, rail, walk.made.bank.clone())
    };
    let amount = if walk.chance.one_in(6) {
        // So much that a paper may be asked for.
        format!("{}.5", 9_999 + walk.chance.below(3_000))
    } else {
        walk.amount(asset)
    };
    let body = withdrawal(rail, from, &to, &amount);
    if let Some(reply) = walk.send("payments.withdrawals_create", &[], &body) {
        walk.made.withdrawals.push(field(&reply, "id"));
        walk.follow_up(accept_withdrawal);
    }
}

pub(super) fn accept_withdrawal(walk: &mut Walk) {
    if let Some(id) = walk.any_withdrawal() {
        let path = [("withdrawal_id", id.as_str())];
        walk.send("payments.withdrawals_accept", &path, "");
    }
}

pub(super) fn cancel_withdrawal(walk: &mut Walk) {
    if let Some(id) = walk.any_withdrawal() {
        let path = [("withdrawal_id", id.as_str())];
        walk.send("payments.withdrawals_cancel", &path, "");
    }
}

/// The paper that a withdrawal waits for.
pub(super) fn hand_in(walk: &mut Walk) {
    // The older version asks for none.
    if walk.platform() == Platform::Layer2V1_0_5 {
        return;
    }
    let Some(id) = walk.any_withdrawal() else {
        return;
    };
    let path = [("withdrawal_id", id.as_str())];
    let told = walk.play.get("payments.withdrawals_get_status", &path, &[]);
    let Some(paper) = fields(&told.unwrap().body, "document_id").pop() else {
        return;
    };
    let body = format!(
        r#"{{"file_name":"invoice.pdf","media_type":"application/pdf","length":9,"sha256":"{}"}}"#,
        "ab".repeat(32)
    );
    let path = [("document_id", paper.as_str())];
    if walk
        .send("payments.documents_upload", &path, &body)
        .is_some()
    {
        walk.oracle.see("paper handed in");
    }
}

pub(super) fn decide_withdrawal(walk: &mut Walk) {
    if let Some(id) = walk.any_withdrawal() {
        let outcomes = ["SETTLED", "FAILED", "RETURNED", "RETURNED", RECEIVED];
        let outcome = walk.chance.pick(&outcomes).unwrap();
        let body = format!(r#"{{"outcome":"{outcome}","reason":"a walk"}}"#);
        let path = [("withdrawal_id", id.as_str())];
        let done = walk.send("control.outgoing_decide_withdrawal", &path, &body);
        if *outcome == RECEIVED && done.is_some() {
            walk.oracle.see("paper waived");
        }
    }
}

impl Walk {
    /// Orders run out, so what is requested is mostly accepted at once.
    fn follow_up(&mut self, accept: fn(&mut Self)) {
        self.next = (!self.chance.one_in(4)).then_some(accept);
    }

    fn platform(&self) -> Platform {
        self.play.world.settings().platform
    }

    fn any_withdrawal(&mut self) -> Option<String> {
        self.chance
            .pick_recent(&self.made.withdrawals, RECENT)
            .cloned()
    }

    /// Another account whose asset fits; the same one if there is none.
    fn account_but(&mut self, not: &'static str, fits: impl Fn(&str) -> bool) -> &'static str {
        let others = ACCOUNTS
            .iter()
            .filter(|(id, asset)| *id != not && fits(asset));
        let others: Vec<&str> = others.map(|(id, _)| *id).collect();
        self.chance.pick(&others).copied().unwrap_or(not)
    }
}

fn asset_of(account: &str) -> &'static str {
    let row = ACCOUNTS.iter().find(|(id, _)| *id == account);
    // Only accounts of the table are asked about.
    row.unwrap().1
}
