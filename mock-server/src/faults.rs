//! Faults that control orders for a sandbox.
//!
//! A rule says what goes wrong, for which requests, and how often; it ends by itself once it has struck `count` times, so
//! a forgotten rule cannot haunt later tests. A rule that has ended stays in the list until room is needed. Rules live in
//! the shell: they decide nothing about the state of the sandbox, and neither the journal nor the ids know of them.
//!
//! The one fault of this version is the lost reply: the work is done, and the connection closes without a byte.

use std::{collections::VecDeque, num::NonZeroU32};

use super::http::limits;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The work is done and the reply is not sent.
    ReplyLost,
}

impl FaultKind {
    pub(crate) const ALL: [FaultKind; 1] = [FaultKind::ReplyLost];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            FaultKind::ReplyLost => "reply_lost",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<FaultKind> {
        FaultKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Which requests a rule strikes, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultOrder {
    pub(crate) kind: FaultKind,
    /// Operation key such as `payments.transfers_accept`; any operation where absent.
    pub(crate) operation: Option<String>,
    /// An idempotency key; any, or none, where absent.
    pub(crate) key: Option<String>,
    /// An id in the path; any where absent.
    pub(crate) object_id: Option<String>,
    /// The first matching request that is struck, counted from 1.
    pub(crate) nth: NonZeroU32,
    /// How many matching requests are struck from there on.
    pub(crate) count: NonZeroU32,
}

/// An order with what has happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultRule {
    pub(crate) id: u64,
    pub(crate) order: FaultOrder,
    pub(crate) matched: u32,
    pub(crate) struck: u32,
}

impl FaultRule {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        self.order
            .operation
            .as_deref()
            .is_none_or(|operation| operation == facts.operation)
            && self
                .order
                .key
                .as_deref()
                .is_none_or(|key| facts.idempotency_key == Some(key))
            && self
                .order
                .object_id
                .as_deref()
                .is_none_or(|wanted| facts.path_ids.iter().any(|(_, id)| id == wanted))
    }

    /// How often it will still strike.
    pub(crate) fn remaining(&self) -> u32 {
        self.order.count.get().saturating_sub(self.struck)
    }
}

/// What rules can be matched on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) operation: &'a str,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) path_ids: &'a [(String, String)],
}

/// The ordered faults of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next_id: u64,
    rules: VecDeque<FaultRule>,
}

impl Faults {
    /// Takes an order, or nothing if there are too many already.
    pub(crate) fn order(&mut self, order: FaultOrder) -> Option<FaultRule> {
        if self.rules.len() >= limits::FAULT_RULES {
            let ended = self.rules.iter().position(|rule| rule.remaining() == 0)?;
            self.rules.remove(ended);
        }
        self.next_id += 1;
        let rule = FaultRule {
            id: self.next_id,
            order,
            matched: 0,
            struck: 0,
        };
        self.rules.push_back(rule.clone());
        Some(rule)
    }

    /// The rules, oldest first, those that have ended among them.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &FaultRule> {
        self.rules.iter()
    }

    /// Drops all rules and says how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        self.rules.drain(..).count()
    }

    /// Counts a request against every rule that it matches and says what befalls it.
    pub(crate) fn strike(&mut self, facts: &Facts<'_>) -> Option<FaultKind> {
        let mut struck = None;
        for rule in &mut self.rules {
            if rule.remaining() == 0 || !rule.matches(facts) {
                continue;
            }
            rule.matched = rule.matched.saturating_add(1);
            if rule.matched >= rule.order.nth.get() && struck.is_none() {
                rule.struck += 1;
                struck = Some(rule.order.kind);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(operation: Option<&str>, nth: u32, count: u32) -> FaultOrder {
        FaultOrder {
            kind: FaultKind::ReplyLost,
            operation: operation.map(str::to_owned),
            key: None,
            object_id: None,
            nth: NonZeroU32::new(nth).expect("positive"),
            count: NonZeroU32::new(count).expect("positive"),
        }
    }

    fn strikes(faults: &mut Faults, operation: &str, key: Option<&str>, id: &str) -> bool {
        let path_ids = [("transfer_id".to_owned(), id.to_owned())];
        faults
            .strike(&Facts {
                operation,
                idempotency_key: key,
                path_ids: &path_ids,
            })
            .is_some()
    }

    #[test]
    fn strikes_the_nth_request_and_ends_by_itself() {
        let mut faults = Faults::default();
        faults.order(order(Some("a"), 2, 2)).expect("room");
        let struck: Vec<bool> = (0..5)
            .map(|_| strikes(&mut faults, "a", None, ""))
            .collect();
        assert_eq!(struck, [false, true, true, false, false]);
        let rule = faults.rules().next().expect("kept");
        assert_eq!((rule.matched, rule.struck, rule.remaining()), (3, 2, 0));
        assert_eq!(faults.clear(), 1);
    }

    #[test]
    fn all_members_of_an_order_must_match() {
        let mut faults = Faults::default();
        let order = FaultOrder {
            key: Some("k".to_owned()),
            object_id: Some("t".to_owned()),
            ..order(Some("a"), 1, 1)
        };
        faults.order(order).expect("room");
        assert!(!strikes(&mut faults, "b", Some("k"), "t"));
        assert!(!strikes(&mut faults, "a", Some("other"), "t"));
        assert!(!strikes(&mut faults, "a", None, "t"));
        assert!(!strikes(&mut faults, "a", Some("k"), "other"));
        assert!(strikes(&mut faults, "a", Some("k"), "t"));
    }

    #[test]
    fn one_request_is_struck_by_one_rule_and_the_list_is_bounded() {
        let mut faults = Faults::default();
        faults.order(order(None, 1, 1)).expect("room");
        faults.order(order(None, 1, 1)).expect("room");
        assert!(strikes(&mut faults, "a", None, ""));
        assert!(strikes(&mut faults, "a", None, ""));
        assert!(!strikes(&mut faults, "a", None, ""));
        for _ in 0..limits::FAULT_RULES {
            faults
                .order(order(None, 1, 1))
                .expect("ended rules make room");
        }
        assert!(faults.order(order(None, 1, 1)).is_none());
    }
}
