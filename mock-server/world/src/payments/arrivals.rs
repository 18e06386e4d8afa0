//! Money from outside.
//!
//! It is seen at once, as a pending credit that no balance counts, and credited by a job once it has been screened. If
//! the account can no longer take it then, it goes back.

use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::control::InboundRail;
use layer2_types::payments::AccountId;
use layer2_types::payments::CategoryId;
use layer2_types::payments::TransactionCategory;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransactionType;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::payments::funds;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::payments::originator::Sender;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Rejection;
use crate::schedule::Work;
use crate::world::World;

/// What is done with money from outside later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InboundJob {
    /// Money that has been screened is credited.
    Post(TransactionId),
}

impl Work for InboundJob {
    fn name(&self) -> &'static str {
        "post_inbound"
    }

    fn subject(&self) -> &str {
        let Self::Post(id) = self;
        id.as_str()
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        let Self::Post(id) = self;
        world.post_inbound(cx, id);
    }
}

/// Money that is about to arrive; all about it has been checked but whether the books can take so much.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// The transaction that it becomes.
    pub(crate) id: TransactionId,
    pub(crate) account: AccountId,
    pub(crate) decimals: u32,
    pub(crate) amount: MinorUnits,
    pub(crate) rail: InboundRail,
    pub(crate) name: Option<String>,
    pub(crate) memo: Option<String>,
}

impl World {
    /// Takes money in and plans its credit.
    pub(crate) fn let_arrive(
        &mut self,
        cx: &mut WriteContext<'_>,
        arrival: Arrival,
    ) -> Result<(), Rejection> {
        let deposit = cx.mint(IdKind::Inbound);
        let category_id = CategoryId::new(deposit.clone()).map_err(|_| Rejection::bad_id())?;
        let narrative = format!("inbound {}", arrival.id);
        self.payments
            .funds
            .arrive(cx, &arrival.account, arrival.amount, &narrative)
            .map_err(|error| refused_by_books(&error))?;

        let sender = Sender {
            name: arrival.name,
            memo: arrival.memo,
            reference: deposit,
        };
        let row = TransactionRow {
            id: arrival.id.clone(),
            account: arrival.account,
            decimals: arrival.decimals,
            value: arrival.amount,
            stage: TransactionStage::Pending,
            kind: TransactionType::TransferIn,
            category: TransactionCategory::Deposit,
            category_id,
            description: None,
            originator: Some(sender.originator(&arrival.rail)),
            rail: Some(sender.rail_information(&arrival.rail)),
            at: cx.now(),
            posted_at: None,
            cause: cx.seq(),
        };
        self.add_transaction(cx, row);
        let due = clock::later(cx.now(), self.delays().inbound_screening);
        self.schedule.add(due, InboundJob::Post(arrival.id));
        Ok(())
    }

    /// Credits money that has arrived, or sends it back if the account can no longer take it.
    fn post_inbound(&mut self, cx: &mut WriteContext<'_>, id: &TransactionId) {
        let Some(row) = self.payments.transactions.get(id).cloned() else {
            return;
        };
        if !TRANSACTION.allows(row.stage, TransactionStage::Posted) {
            return;
        }
        let usable = self
            .payments
            .accounts
            .get(&row.account)
            .is_some_and(|account| self.account_rights(account).transact);
        let amount: MinorUnits = row.value;
        let narrative = format!("inbound {id}");
        let posted = usable
            && self
                .payments
                .funds
                .credit_arrived(cx, &row.account, amount, &narrative)
                .is_ok();
        if posted {
            self.wake(cx, &row.account);
            self.advance_transaction(cx, id, TransactionStage::Posted);
            return;
        }
        let narrative = format!("return of inbound {id}");
        if self
            .payments
            .funds
            .return_arrived(cx, &row.account, amount, &narrative)
            .is_ok()
        {
            self.advance_transaction(cx, id, TransactionStage::Cancelled);
        }
    }
}

fn refused_by_books(error: &LedgerError) -> Rejection {
    match error {
        LedgerError::Full | LedgerError::Overflow { .. } => {
            funds::too_large().at("/amount").bad_request()
        }
        _ => Rejection::internal("The books refused the money."),
    }
}
