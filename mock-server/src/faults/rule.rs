//! Which requests a rule strikes, and how often.

use std::{fmt, num::NonZeroU32};

use http::{HeaderMap, HeaderName};
use layer2_types::operation::Operation;
use layer2_world::seed::Seed;

use super::{FaultKind, FaultPoint};
use crate::http::json::Json;

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

/// A header that a request must have.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HeaderMatch {
    pub(crate) name: HeaderName,
    /// Any value where absent.
    pub(crate) value: Option<String>,
}

/// The value may be a secret.
impl fmt::Debug for HeaderMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderMatch")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
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
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
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
    pub(super) fn is_drawn(&self, seed: &Seed) -> bool {
        let drawn = seed.derive(
            "fault",
            &[&self.id.to_be_bytes(), &self.matched.to_be_bytes()],
        );
        let [a, b, c, d, ..] = drawn;
        u32::from_be_bytes([a, b, c, d]) % 100 < u32::from(self.order.percent)
    }
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

fn is_or_absent<T: Copy>(wanted: Option<T>, is: impl FnOnce(T) -> bool) -> bool {
    wanted.is_none_or(is)
}
