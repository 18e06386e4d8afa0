//! Money from outside.
//!
//! Money that names an account is seen at once, as a pending credit that no balance counts, and credited by a job once it
//! has been screened; it is credited as it came, whatever amount was expected. If the account can no longer take it then,
//! it goes back. Money that names nobody waits in suspense until somebody finds out whose it is, or it is returned.

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::control::InboundId;
use layer2_types::control::InboundRail;
use layer2_types::payments::AccountId;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::DepositId;
use layer2_types::payments::TransactionId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::packed::Id;
use crate::packed::Name;
use crate::payments::assets::Asset;
use crate::payments::deposit_stages::INBOUND;
use crate::payments::deposit_stages::InboundStage;
use crate::payments::funds;
use crate::payments::machines::TransactionStage;
use crate::payments::orders::mint_transaction;
use crate::payments::originator::Sender;
use crate::payments::transaction_kinds::Category;
use crate::payments::transaction_kinds::TransactionKind;
use crate::payments::transactions::TransactionRow;
use crate::rejection::Rejection;
use crate::schedule::Work;
use crate::table::named;
use crate::world::World;

/// Money that came from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InboundRow {
    pub(crate) id: InboundId,
    pub(crate) asset: AssetTypeId,
    pub(crate) decimals: u32,
    pub(crate) amount: MinorUnits,
    pub(crate) rail: InboundRail,
    pub(crate) sender: Sender,
    pub(crate) stage: InboundStage,
    pub(crate) at: Timestamp,
    /// Whose it is; none while that is not known.
    pub(crate) claim: Option<Claim>,
    /// The transaction that took it back after it was credited.
    pub(crate) correction: Option<TransactionId>,
    /// What the account could not cover then.
    pub(crate) uncovered: MinorUnits,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(InboundRow: InboundId);

/// Whose money it is, and what it has become there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(crate) account: AccountId,
    pub(crate) deposit: DepositId,
    pub(crate) transaction: TransactionId,
}

impl InboundRow {
    /// Its transactions: the credit, and what took it back.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = &TransactionId> {
        let credit = self.claim.as_ref().map(|claim| &claim.transaction);
        credit.into_iter().chain(&self.correction)
    }
}

/// What is done with money from outside later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InboundJob {
    /// Money that has been screened is credited.
    Post(InboundId),
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
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) asset: &'static Asset,
    pub(crate) amount: MinorUnits,
    pub(crate) rail: InboundRail,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
    /// Where the request tells the amount.
    pub(crate) place: &'static str,
}

/// Where money that arrives goes.
#[derive(Clone, Debug)]
pub(crate) enum Receiver {
    /// To an account, by its instructions.
    Account(AccountId),
    /// To an account that has pulled it.
    Pull(AccountId, DepositId),
    /// Nobody is known by what the money names.
    Nobody,
}

impl World {
    /// Takes money in and plans its credit.
    pub(crate) fn let_arrive(
        &mut self,
        cx: &mut WriteContext<'_>,
        arrival: Arrival,
    ) -> Result<InboundId, Rejection> {
        let id = InboundId::new(cx.mint(IdKind::Inbound)).map_err(|_| Rejection::bad_id())?;
        let asset = AssetTypeId::new(arrival.asset.id).map_err(|_| Rejection::bad_id())?;
        let narrative = format!("inbound {id}");
        let amount = arrival.amount;
        let funds = &mut self.payments.funds;
        match &arrival.receiver {
            Receiver::Account(account) | Receiver::Pull(account, _) => {
                funds.arrive(cx, account, amount, &narrative)
            }
            Receiver::Nobody => funds.suspend(cx, arrival.asset, amount, &narrative),
        }
        .map_err(|error| refused_by_books(&error, arrival.place))?;

        let row = InboundRow {
            id: id.clone(),
            asset,
            decimals: arrival.asset.decimals,
            amount,
            rail: arrival.rail,
            sender: arrival.sender,
            stage: InboundStage::Unassigned,
            at: cx.now(),
            claim: None,
            correction: None,
            uncovered: MinorUnits::ZERO,
            cause: cx.seq(),
        };
        self.payments.inbound.insert(row);
        match arrival.receiver {
            Receiver::Account(account) => {
                let deposit = self.standing_deposit(cx, &account, arrival.asset)?;
                let screening = self.delays().inbound_screening;
                self.claim(cx, &id, account, deposit, screening)?;
            }
            Receiver::Pull(account, deposit) => {
                let fetching = self.delays().pull_execution;
                self.claim(cx, &id, account, deposit, fetching)?;
            }
            Receiver::Nobody => {}
        }
        Ok(id)
    }

    /// Gives money that waits in suspense to an account.
    pub(crate) fn assign_inbound(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &InboundId,
        account: AccountId,
        asset: &'static Asset,
    ) -> Result<(), Rejection> {
        let Some(row) = self.payments.inbound.get(id) else {
            return Ok(());
        };
        let narrative = format!("assignment of inbound {id}");
        self.payments
            .funds
            .assign_suspended(cx, &account, row.amount, &narrative)
            .map_err(|_| {
                Rejection::internal("The books did not give the money out of suspense.")
            })?;
        let deposit = self.standing_deposit(cx, &account, asset)?;
        let screening = self.delays().inbound_screening;
        self.claim(cx, id, account, deposit, screening)
    }

    /// Shows money to its account, as pending, and plans its credit.
    fn claim(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &InboundId,
        account: AccountId,
        deposit: DepositId,
        wait: SignedDuration,
    ) -> Result<(), Rejection> {
        let Some(row) = self.payments.inbound.get_mut(id) else {
            return Ok(());
        };
        let claim = Claim {
            account,
            deposit,
            transaction: mint_transaction(cx)?,
        };
        let reference = id.as_str();
        let transaction = TransactionRow {
            id: Id::of(&claim.transaction),
            account: claim.account.clone(),
            decimals: row.decimals,
            value: row.amount,
            stage: TransactionStage::Pending,
            kind: TransactionKind::TransferIn,
            category: Category::Deposit,
            order: Name::new(claim.deposit.as_str()),
            description: None,
            originator: Some(Box::new(row.sender.originator(&row.rail, reference))),
            rail: Some(Box::new(row.sender.rail_information(&row.rail, reference))),
            at: cx.now(),
            posted_at: None,
            cause: cx.seq(),
        };
        row.stage = InboundStage::Pending;
        row.claim = Some(claim);
        self.add_transaction(cx, transaction);
        let due = clock::later(cx.now(), wait);
        self.schedule.add(due, InboundJob::Post(id.clone()));
        Ok(())
    }

    /// Credits money that has arrived, or sends it back if the account can no longer take it.
    fn post_inbound(&mut self, cx: &mut WriteContext<'_>, id: &InboundId) {
        let Some(row) = self.payments.inbound.get(id).cloned() else {
            return;
        };
        let Some(claim) = &row.claim else { return };
        if !INBOUND.allows(row.stage, InboundStage::Posted) {
            return;
        }
        let usable = self
            .payments
            .accounts
            .get(&claim.account)
            .is_some_and(|account| self.account_rights(account).transact);
        let narrative = format!("inbound {id}");
        let posted = usable
            && self
                .payments
                .funds
                .credit_arrived(cx, &claim.account, row.amount, &narrative)
                .is_ok();
        if !posted {
            // Money that cannot go back, since its custodian has less, waits for a person.
            let _ = self.cancel_inbound(cx, id, claim, row.amount);
            return;
        }
        if let Some(row) = self.payments.inbound.get_mut(id) {
            row.stage = InboundStage::Posted;
        }
        self.wake(cx, &claim.account);
        self.advance_transaction(cx, &claim.transaction, TransactionStage::Posted);
        self.deposit_came(&claim.deposit);
    }
}

/// Why the books did not take money in.
fn refused_by_books(error: &LedgerError, place: &str) -> Rejection {
    match error {
        LedgerError::Full | LedgerError::Overflow { .. } => {
            funds::too_large().at(place).bad_request()
        }
        _ => Rejection::internal("The books refused the money."),
    }
}
