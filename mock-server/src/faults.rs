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

pub(crate) mod reply_change;

use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

use http::{HeaderMap, HeaderName};
use layer2_types::operation::{Api, Operation};
use layer2_world::seed::Seed;

use super::http::{json::Json, limits};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The token is said to have expired.
    ExpiredToken,
    /// Each documented object of the reply has a member that no document lists.
    ExtraField,
    /// The request waits.
    Latency { delay: Duration },
    /// Too many requests.
    RateLimited { retry_after: NonZeroU32 },
    /// The work is done and the reply is not sent.
    ReplyLost,
    /// The connection is reset.
    Reset,
    /// An error of this status.
    Status {
        status: u16,
        code: Option<&'static str>,
        retry_after: Option<NonZeroU32>,
    },
    /// The connection ends within the body of the reply.
    Truncated { body_bytes: Option<usize> },
    /// One value of the reply is one that no document lists.
    UnknownEnumValue {
        pointer: Option<String>,
        value: Option<String>,
    },
}

/// When a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    AfterWork,
    BeforeWork,
}

impl FaultKind {
    /// The names of all kinds.
    pub(crate) const NAMES: [&'static str; 9] = [
        "reply_lost",
        "reset",
        "truncated",
        "latency",
        "status",
        "rate_limited",
        "expired_token",
        "unknown_enum_value",
        "extra_field",
    ];

    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            FaultKind::ExpiredToken => "expired_token",
            FaultKind::ExtraField => "extra_field",
            FaultKind::Latency { .. } => "latency",
            FaultKind::RateLimited { .. } => "rate_limited",
            FaultKind::ReplyLost => "reply_lost",
            FaultKind::Reset => "reset",
            FaultKind::Status { .. } => "status",
            FaultKind::Truncated { .. } => "truncated",
            FaultKind::UnknownEnumValue { .. } => "unknown_enum_value",
        }
    }

    /// The points at which it can strike, the usual one first.
    pub(crate) fn points(&self) -> &'static [FaultPoint] {
        match self {
            FaultKind::ExpiredToken | FaultKind::RateLimited { .. } => &[FaultPoint::BeforeWork],
            FaultKind::ExtraField
            | FaultKind::ReplyLost
            | FaultKind::Truncated { .. }
            | FaultKind::UnknownEnumValue { .. } => &[FaultPoint::AfterWork],
            FaultKind::Latency { .. } | FaultKind::Reset => {
                &[FaultPoint::AfterWork, FaultPoint::BeforeWork]
            }
            FaultKind::Status { .. } => &[FaultPoint::BeforeWork, FaultPoint::AfterWork],
        }
    }

    /// Whether it can befall the requests of an API: only tokens expire.
    pub(crate) fn befalls(&self, api: Api) -> bool {
        !matches!(
            (self, api),
            (_, Api::Control) | (FaultKind::ExpiredToken, Api::Plaid)
        )
    }
}

/// A header that a request must have.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HeaderMatch {
    pub(crate) name: HeaderName,
    /// Any value where absent.
    pub(crate) value: Option<String>,
}

/// The value may be a secret.
impl std::fmt::Debug for HeaderMatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeaderMatch")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Which requests a rule strikes, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultOrder {
    pub(crate) kind: FaultKind,
    pub(crate) point: FaultPoint,
    /// Operation key such as `payments.transfers_accept`; any operation where absent.
    pub(crate) operation: Option<String>,
    /// An idempotency key; any, or none, where absent.
    pub(crate) key: Option<String>,
    /// An id in the path or a text in the body; any where absent.
    pub(crate) object_id: Option<String>,
    /// A header; any where absent.
    pub(crate) header: Option<HeaderMatch>,
    /// The first matching request that may be struck, counted from 1.
    pub(crate) nth: NonZeroU32,
    /// How many requests are struck from there on.
    pub(crate) count: NonZeroU32,
    /// The chance of each of them, in hundredths.
    pub(crate) percent: u8,
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
        let order = &self.order;
        order.kind.befalls(facts.operation.api)
            && is_or_absent(order.operation.as_deref(), |key| {
                facts.operation.key() == key
            })
            && is_or_absent(order.key.as_deref(), |key| {
                facts.idempotency_key == Some(key)
            })
            && is_or_absent(order.object_id.as_deref(), |id| facts.names(id))
            && is_or_absent(order.header.as_ref(), |wanted| facts.has(wanted))
    }

    /// How often it will still strike.
    pub(crate) fn remaining(&self) -> u32 {
        self.order.count.get().saturating_sub(self.struck)
    }

    /// Draws for the match that was counted last.
    fn is_drawn(&self, seed: &Seed) -> bool {
        let drawn = seed.derive(
            "fault",
            &[&self.id.to_be_bytes(), &self.matched.to_be_bytes()],
        );
        let [a, b, c, d, ..] = drawn;
        u32::from_be_bytes([a, b, c, d]) % 100 < u32::from(self.order.percent)
    }
}

fn is_or_absent<T: Copy>(wanted: Option<T>, is: impl FnOnce(T) -> bool) -> bool {
    wanted.is_none_or(is)
}

/// What rules can be matched on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) operation: &'static Operation,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) path_ids: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Option<&'a Json>,
}

impl Facts<'_> {
    fn names(&self, id: &str) -> bool {
        self.path_ids.iter().any(|(_, sent)| sent == id)
            || self.body.is_some_and(|body| body.holds_text(id))
    }

    fn has(&self, wanted: &HeaderMatch) -> bool {
        self.headers
            .get_all(&wanted.name)
            .iter()
            .any(|sent| is_or_absent(wanted.value.as_deref(), |value| sent == value))
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use layer2_types::payments::OperationId;

    use super::*;

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

    #[test]
    fn a_kind_that_an_api_cannot_show_does_not_match_there() {
        assert!(!FaultKind::ExpiredToken.befalls(Api::Plaid));
        assert!(FaultKind::ExpiredToken.befalls(Api::Accounting));
        assert!(!FaultKind::Reset.befalls(Api::Control));
    }
}
