//! Orders: what transfers, exchanges and withdrawals have in common.
//!
//! An order is requested, waits for a while to be accepted, and is carried out by a job. Acceptance holds the money of
//! the source. One that nobody accepts runs out; one that becomes impossible gives the money back.

use core::fmt;

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_ledger::LedgerError;
use layer2_types::payments::AccountId;
use layer2_types::payments::TransactionId;

use crate::clock;
use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::packed::Id;
use crate::packed::Name;
use crate::payments::accounts::AccountRow;
use crate::payments::funds;
use crate::payments::machines::TransactionStage;
use crate::payments::private::Private;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// One kind of order, for its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// What it is called.
    pub(crate) noun: &'static str,
    /// Code of an acceptance that comes in the wrong status.
    pub(crate) not_acceptable: &'static str,
    /// Code of an acceptance that comes too late.
    pub(crate) expired: &'static str,
}

/// How an order waits for its acceptance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// Whether it waits still, by its status.
    pub(crate) is_open: bool,
    /// Whether it ran out already.
    pub(crate) has_expired: bool,
    /// Last instant at which it can be accepted.
    pub(crate) valid_until: Timestamp,
}

impl Kind {
    /// Refuses an acceptance that comes too late, or in a status that has none.
    pub(crate) fn must_be_acceptable(
        &self,
        cx: &WriteContext<'_>,
        wait: Wait,
        status: &dyn fmt::Display,
    ) -> Result<(), Rejection> {
        let noun = self.noun;
        if wait.has_expired || (wait.is_open && cx.now() > wait.valid_until) {
            let until = cx.wire(wait.valid_until);
            return Err(Problem::new(
                self.expired,
                format!("The {noun} could be accepted until {until}."),
            )
            .at(self.place())
            .received(cx.wire(cx.now()).to_string())
            .expected(format!("an acceptance by {until}"))
            .hint(format!("Request a new {noun} and accept it in time."))
            .bad_request());
        }
        if wait.is_open {
            return Ok(());
        }
        Err(Problem::new(
            self.not_acceptable,
            format!("The {noun} is {status}; only a REQUESTED one can be accepted."),
        )
        .at(self.place())
        .received(status.to_string())
        .expected("REQUESTED")
        .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.")
        .bad_request())
    }

    /// The path parameter that names an order: its amount was given when it was requested.
    fn place(&self) -> String {
        format!("{}_id", self.noun)
    }

    /// Why the ledger did not hold the money of an order.
    pub(crate) fn not_covered(&self, source: &AccountRow, error: &LedgerError) -> Rejection {
        let LedgerError::InsufficientFunds {
            available,
            required,
            ..
        } = error
        else {
            return Rejection::internal("The funds could not be held.");
        };
        let available = funds::shown(*available, source.decimals);
        // An amount and its fee may be more than any amount of a request.
        let required = funds::shown(*required, source.decimals);
        Problem::new(
            code::INSUFFICIENT_FUNDS,
            format!(
                "Account `{}` has {available} {} available; the {} needs {required}.",
                source.id, source.asset, self.noun
            ),
        )
        .at(self.place())
        .received(required.as_str())
        .expected(format!("at most {available}"))
        .hint("Held and pending money is not available, and amounts are in units of the asset, never in cents. In a sandbox, let money arrive through the control API.")
        .bad_request()
    }
}

/// What the transactions of one order have in common.
#[derive(Clone, Debug)]
pub(crate) struct Trail<'a> {
    /// Id of the order.
    pub(crate) order: &'a str,
    pub(crate) category: Category,
    pub(crate) description: Option<Private>,
}

/// One transaction of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) account: &'a AccountRow,
    /// Negative when it lowers the balance.
    pub(crate) value: layer2_ledger::MinorUnits,
    pub(crate) kind: TransactionKind,
    pub(crate) stage: TransactionStage,
}

impl Trail<'_> {
    /// A transaction of the order, with a new id.
    pub(crate) fn transaction(
        &self,
        cx: &mut WriteContext<'_>,
        side: Side<'_>,
    ) -> Result<TransactionRow, Rejection> {
        Ok(TransactionRow {
            id: Id::of(&mint_transaction(cx)?),
            account: side.account.id.clone(),
            decimals: side.account.decimals,
            value: side.value,
            stage: side.stage,
            kind: side.kind,
            category: self.category,
            order: Name::new(self.order),
            description: self.description.clone(),
            originator: None,
            rail: None,
            at: cx.now(),
            posted_at: None,
            cause: cx.seq(),
        })
    }
}

/// Refuses an order from an account to itself.
pub(crate) fn must_differ(source: &AccountId, destination: &AccountId) -> Result<(), Rejection> {
    if source != destination {
        return Ok(());
    }
    Err(Problem::new(
        code::SAME_ACCOUNT,
        "Source and destination are the same account.",
    )
    .at("/destination_account_id")
    .received(destination.as_str())
    .expected("another account than the source")
    .hint("Name two accounts; one of them may be another customer's.")
    .bad_request())
}

/// The first instant at which an order can no longer be accepted.
pub(crate) fn after(valid_until: Timestamp) -> Timestamp {
    clock::later(valid_until, SignedDuration::from_micros(1))
}

/// The id of a new transaction.
pub(crate) fn mint_transaction(cx: &mut WriteContext<'_>) -> Result<TransactionId, Rejection> {
    TransactionId::new(cx.mint(IdKind::Transaction)).map_err(|_| Rejection::bad_id())
}
