//! Steps of everything around the money: statuses, prices, fees, applications, time.

use jiff::SignedDuration;

use super::walk::BTC;
use super::walk::ETH;
use super::walk::USD;
use super::walk::USDC;
use super::walk::Walk;
use crate::applications::walk::STEPS;
use crate::support::FAILED;
use crate::support::TAKEN;
use crate::support::field;

const STATUSES: [&str; 5] = ["EDD", "FROZEN", "FROZEN_L2F", "DORMANT", "PENDING_L2F"];
const CLOSED: &str = "CLOSED";
const CUSTOMERS: [&str; 2] = ["ACME", "JANE"];
const PAIRS: [(&str, &str); 6] = [
    (USD, USDC),
    (USDC, USD),
    (USD, BTC),
    (BTC, USD),
    (USD, ETH),
    (ETH, USD),
];

pub(super) fn set_fees(walk: &mut Walk) {
    let routes = [
        ("FEDWIRE", USD),
        ("ACH", USD),
        ("SWIFT", USD),
        ("CRYPTO", USDC),
    ];
    let mut rows = Vec::new();
    for (rail, asset) in routes {
        if walk.chance.one_in(2) {
            let cents = 1 + walk.chance.below(2_500);
            rows.push(format!(
                r#"{{"rail":"{rail}","asset_type_id":"{asset}","amount":{}.{:02}}}"#,
                cents / 100,
                cents % 100
            ));
        }
    }
    let body = format!(r#"{{"withdrawal_fees":[{}]}}"#, rows.join(","));
    walk.send("control.outgoing_set_fees", &[], &body);
}

pub(super) fn pin(walk: &mut Walk) {
    let (source, destination) = *walk.chance.pick(&PAIRS).unwrap();
    let rates: &[&str] = match (source, destination) {
        (USD, BTC) => &["0.0000152", "0.0000154", "0.00001"],
        (BTC, USD) => &["65000", "64999.99", "12345.678"],
        (USD, ETH) => &["0.000285714285714285", "0.0003"],
        (ETH, USD) => &["3500", "3499.999999999999999999", "1"],
        _ => &["0.990099", "0.985", "1.5", "0.0001"],
    };
    let rate = walk.chance.pick(rates).unwrap();
    let body = format!(
        r#"{{"source_asset_type_id":"{source}","destination_asset_type_id":"{destination}","rate":{rate}}}"#
    );
    walk.send("control.rates_pin", &[], &body);
}

pub(super) fn unpin(walk: &mut Walk) {
    let (source, destination) = *walk.chance.pick(&PAIRS).unwrap();
    let path = [
        ("source_asset_type_id", source),
        ("destination_asset_type_id", destination),
    ];
    walk.send("control.rates_unpin", &path, "");
}

pub(super) fn freeze_account(walk: &mut Walk) {
    set_account(walk, "FROZEN");
}

pub(super) fn thaw_account(walk: &mut Walk) {
    set_account(walk, "OPEN");
}

/// Closed is closed for good, so it is rare.
pub(super) fn close_account(walk: &mut Walk) {
    set_account(walk, CLOSED);
}

pub(super) fn judge_customer(walk: &mut Walk) {
    let status = walk.judgement();
    set_customer(walk, status);
}

pub(super) fn clear_customer(walk: &mut Walk) {
    set_customer(walk, "ACTIVE");
}

pub(super) fn judge_counterparty(walk: &mut Walk) {
    let status = walk.judgement();
    set_counterparty(walk, status);
}

pub(super) fn clear_counterparty(walk: &mut Walk) {
    set_counterparty(walk, "ACTIVE");
}

/// An application moves, or is refused to; it never moves money.
pub(super) fn onboard(walk: &mut Walk) {
    let bound = u64::try_from(STEPS).unwrap();
    let step = usize::try_from(walk.chance.below(bound)).unwrap();
    if walk.made.onboarding.take(&mut walk.play, step) == Some(false) {
        walk.oracle.see("application moved");
    }
}

/// By seconds mostly, at times by days, rarely by so long that what nobody uses falls asleep.
pub(super) fn advance(walk: &mut Walk) {
    let seconds = match walk.chance.below(100) {
        0..60 => walk.chance.below(40),
        60..90 => 60 + walk.chance.below(1_200),
        90..95 => 3_600 + walk.chance.below(3_600),
        95..99 => 90_000,
        _ => 400 * 86_400,
    };
    let seconds = i64::try_from(seconds).unwrap();
    walk.play.advance(SignedDuration::from_secs(seconds));
}

pub(super) fn deliver(walk: &mut Walk) {
    let outcome = if walk.chance.one_in(2) { TAKEN } else { FAILED };
    walk.play.deliver(outcome);
}

pub(super) fn subscribe(walk: &mut Walk) {
    let body = r#"{"event_type":"APPLICATION_APPROVED","callback_url":"http://127.0.0.1:9/again"}"#;
    if let Some(reply) = walk.send("payments.subscriptions_create", &[], body) {
        walk.made.subscriptions.push(field(&reply, "id"));
    }
}

/// At times one that is gone already.
pub(super) fn unsubscribe(walk: &mut Walk) {
    let Some(id) = walk
        .chance
        .pick_recent(&walk.made.subscriptions, 3)
        .cloned()
    else {
        return;
    };
    let path = [("subscription_id", id.as_str())];
    if walk
        .send("payments.subscriptions_delete", &path, "")
        .is_some()
    {
        walk.oracle.see("subscription deleted");
    }
}

impl Walk {
    /// A status that blocks money, mostly not for ever.
    fn judgement(&mut self) -> &'static str {
        match self.chance.below(8) {
            0 => CLOSED,
            _ => self.chance.pick(&STATUSES).copied().unwrap(),
        }
    }

    /// Sends a change of status, and counts those that end something.
    fn set(&mut self, kind: &str, op: &str, path: &[(&str, &str)], status: &str, body: &str) {
        if self.send(op, path, body).is_some() && status == CLOSED {
            self.oracle.see(&format!("{kind} CLOSED"));
        }
    }
}

fn set_account(walk: &mut Walk, status: &str) {
    let (account, _) = walk.any_account();
    let body = format!(
        r#"{{"updates":[{{"field":"status","value":"{status}"}}],"updated_by":"ops","reason":"a walk"}}"#
    );
    let path = [("account_id", account)];
    walk.set("account", "payments.accounts_update", &path, status, &body);
}

fn set_customer(walk: &mut Walk, status: &str) {
    let customer = *walk.chance.pick(&CUSTOMERS).unwrap();
    let path = [("customer_id", customer)];
    let body = format!(r#"{{"status":"{status}"}}"#);
    let op = "control.decisions_customer_status";
    walk.set("customer", op, &path, status, &body);
}

fn set_counterparty(walk: &mut Walk, status: &str) {
    let ids = [walk.made.bank.clone(), walk.made.wallet.clone()];
    let id = walk.chance.pick(&ids).unwrap();
    let path = [("counterparty_id", id.as_str())];
    let body = format!(r#"{{"status":"{status}"}}"#);
    let op = "control.decisions_counterparty_status";
    walk.set("counterparty", op, &path, status, &body);
}
