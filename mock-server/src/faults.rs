//! Faults that control orders for a sandbox.
//!
//! A rule says what goes wrong, for which requests, and how often; it ends by itself once it has struck `count` times, so
//! a forgotten rule cannot haunt later tests. A rule that has ended stays in the list until room is needed. Rules live in
//! the shell: they decide nothing about the state of the sandbox, and neither the journal nor the ids know of them. Where
//! a rule strikes by chance, the chance is a hash of the sandbox's seed, the rule and the match, so a run repeats itself.
//!
//! What befalls a request is decided once, after its caller is known and before anything is done. The pipeline then
//! answers in place of the work, or spoils the reply: in its body ([`reply_change`]), in time, or on the wire
//! ([`crate::http::listener`]).

use std::collections::VecDeque;

use layer2_world::seed::Seed;

use super::http::limits;

mod kind;
pub(crate) mod reply_change;
mod rule;

pub(crate) use kind::{FaultKind, FaultPoint};
pub(crate) use rule::{Facts, FaultOrder, FaultRule, HeaderMatch};

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

    /// Drops one rule and gives it back.
    pub(crate) fn delete(&mut self, id: u64) -> Option<FaultRule> {
        let place = self.rules.iter().position(|rule| rule.id == id)?;
        self.rules.remove(place)
    }

    /// Drops all rules and says how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        self.rules.drain(..).count()
    }

    /// Counts a request against every rule that it matches and says what befalls it.
    pub(crate) fn strike(&mut self, facts: &Facts<'_>, seed: &Seed) -> Option<Strike> {
        let mut struck = None;
        for rule in &mut self.rules {
            if rule.remaining() == 0 || !rule.matches(facts) {
                continue;
            }
            rule.matched = rule.matched.saturating_add(1);
            if rule.matched >= rule.order.nth.get() && struck.is_none() && rule.is_drawn(seed) {
                rule.struck += 1;
                struck = Some(Strike {
                    rule: rule.id,
                    kind: rule.order.kind.clone(),
                    point: rule.order.point,
                });
            }
        }
        struck
    }
}

/// What befalls one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) rule: u64,
    pub(crate) kind: FaultKind,
    pub(crate) point: FaultPoint,
}

impl Strike {
    /// Whether it keeps the whole reply from the client.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::ReplyLost | FaultKind::Reset | FaultKind::Truncated { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use http::{HeaderMap, HeaderName, HeaderValue};
    use layer2_types::payments::OperationId;

    use super::*;
    use crate::http::json::Json;

    fn order(operation: Option<&str>, nth: u32, count: u32) -> FaultOrder {
        FaultOrder {
            kind: FaultKind::ReplyLost,
            point: FaultPoint::AfterWork,
            operation: operation.map(str::to_owned),
            key: None,
            object_id: None,
            header: None,
            nth: NonZeroU32::new(nth).expect("positive"),
            count: NonZeroU32::new(count).expect("positive"),
            percent: 100,
        }
    }

    /// A request to accept the transfer `t`, but for what a test changes.
    struct Sent {
        operation: OperationId,
        key: Option<&'static str>,
        id: &'static str,
        header: Option<&'static str>,
        body: Option<&'static str>,
    }

    const ACCEPT: Sent = Sent {
        operation: OperationId::TransfersAccept,
        key: Some("k"),
        id: "t",
        header: Some("blue"),
        body: None,
    };

    fn strikes(faults: &mut Faults, sent: &Sent) -> bool {
        let path_ids = [("transfer_id".to_owned(), sent.id.to_owned())];
        let mut headers = HeaderMap::new();
        if let Some(value) = sent.header {
            headers.insert("x-team", HeaderValue::from_static(value));
        }
        let body = sent.body.map(|text| Json::parse(text).expect("JSON"));
        let facts = Facts {
            operation: sent.operation.operation(),
            idempotency_key: sent.key,
            path_ids: &path_ids,
            headers: &headers,
            body: body.as_ref(),
        };
        faults.strike(&facts, &Seed::new([3; 32])).is_some()
    }

    #[test]
    fn strikes_the_nth_request_and_ends_by_itself() {
        let mut faults = Faults::default();
        let accept = order(Some("payments.transfers_accept"), 2, 2);
        faults.order(accept).expect("room");
        let struck: Vec<bool> = (0..5).map(|_| strikes(&mut faults, &ACCEPT)).collect();
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
            header: Some(HeaderMatch {
                name: HeaderName::from_static("x-team"),
                value: Some("blue".to_owned()),
            }),
            ..order(Some("payments.transfers_accept"), 1, 2)
        };
        faults.order(order).expect("room");
        let others = [
            Sent {
                operation: OperationId::TransfersGet,
                ..ACCEPT
            },
            Sent {
                key: Some("other"),
                ..ACCEPT
            },
            Sent {
                key: None,
                ..ACCEPT
            },
            Sent {
                id: "other",
                ..ACCEPT
            },
            Sent {
                header: Some("red"),
                ..ACCEPT
            },
            Sent {
                header: None,
                ..ACCEPT
            },
        ];
        for other in others {
            assert!(!strikes(&mut faults, &other));
        }
        assert!(strikes(&mut faults, &ACCEPT));
        let by_body = Sent {
            id: "other",
            body: Some(r#"{"a":[{"b":"t"}]}"#),
            ..ACCEPT
        };
        assert!(strikes(&mut faults, &by_body));
    }

    #[test]
    fn one_request_is_struck_by_one_rule_and_the_list_is_bounded() {
        let mut faults = Faults::default();
        faults.order(order(None, 1, 1)).expect("room");
        faults.order(order(None, 1, 1)).expect("room");
        assert!(strikes(&mut faults, &ACCEPT));
        assert!(strikes(&mut faults, &ACCEPT));
        assert!(!strikes(&mut faults, &ACCEPT));
        for _ in 0..limits::FAULT_RULES {
            faults
                .order(order(None, 1, 1))
                .expect("ended rules make room");
        }
        assert!(faults.order(order(None, 1, 1)).is_none());
        let id = faults.rules().next().expect("a rule").id;
        assert!(faults.delete(id).is_some() && faults.delete(id).is_none());
    }

    #[test]
    fn chance_is_drawn_from_the_seed_and_comes_near_to_what_was_ordered() {
        let run = || {
            let mut faults = Faults::default();
            let order = FaultOrder {
                percent: 25,
                ..order(None, 1, 1_000)
            };
            faults.order(order).expect("room");
            (0..1_000)
                .map(|_| strikes(&mut faults, &ACCEPT))
                .collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        let hits = first.iter().filter(|struck| **struck).count();
        assert!((200..300).contains(&hits), "{hits} of 1000");
    }
}
