//! Deposits: money that comes from outside, sent by others or fetched.
//!
//! A deposit that pushes is the standing set of instructions of its account: it serves any number of payments, so asking
//! again gives it again, and money that reaches the account in another way belongs to it too. One that pulls moves one
//! amount once it is accepted (`pulls`). Neither runs out: no document has a status for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::DepositId;
use layer2_types::payments::DepositRequest;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Deposits as Operations;
use crate::ids::IdKind;
use crate::payments::accounts::AccountRow;
use crate::payments::assets::Asset;
use crate::payments::deposit_stages::DEPOSIT;
use crate::payments::deposit_stages::DepositStage;
use crate::payments::pulls::Pull;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::Table;
use crate::table::named;
use crate::world::World;

/// A deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DepositRow {
    pub(crate) id: DepositId,
    pub(crate) account: AccountId,
    pub(crate) stage: DepositStage,
    pub(crate) created: Timestamp,
    pub(crate) way: Way,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(DepositRow: DepositId);

/// How the money comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// Others send it.
    Push,
    /// The platform fetches it.
    Pull(Pull),
}

/// All deposits of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deposits {
    rows: Table<DepositId, DepositRow>,
    /// The one by which each account is paid.
    standing: BTreeMap<AccountId, DepositId>,
}

impl Operations for World {
    fn deposits_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: DepositRequest,
    ) -> Result<payments::DepositReply, Rejection> {
        let account_id = match &body {
            DepositRequest::Push(push) => &push.deposit_destination.destination_account_id,
            DepositRequest::Pull(pull) => &pull.deposit_destination.destination_account_id,
            other => return Err(unknown_type(other.tag())),
        };
        let account = self.payments.account(account_id, DESTINATION)?.clone();
        let asset = account.known_asset()?;
        let id = match body {
            DepositRequest::Pull(body) => {
                let pull = self.checked_pull(&account, asset, &body)?;
                self.must_transact(&account, DESTINATION)?;
                let id = mint_deposit(cx)?;
                self.payments.deposits.insert(DepositRow::new(
                    cx,
                    &id,
                    &account.id,
                    Way::Pull(pull),
                ));
                id
            }
            _ => {
                self.must_transact(&account, DESTINATION)?;
                self.standing_deposit(cx, &account.id, asset)?
            }
        };
        let row = self.payments.deposit(&id)?;
        Ok(payments::DepositReply::new(
            self.deposit_on_wire(row, &account),
        ))
    }

    fn deposits_get(
        &self,
        _cx: &ReadContext<'_>,
        deposit_id: DepositId,
    ) -> Result<payments::DepositReply, Rejection> {
        let row = self.payments.deposit(&deposit_id)?;
        let account = self.payments.account(&row.account, "deposit_id")?;
        Ok(payments::DepositReply::new(
            self.deposit_on_wire(row, account),
        ))
    }

    fn deposits_accept(
        &mut self,
        cx: &mut WriteContext<'_>,
        deposit_id: DepositId,
    ) -> Result<payments::DepositAcceptedReply, Rejection> {
        let row = self.payments.deposit(&deposit_id)?.clone();
        self.accept_pull(cx, &row)?;
        // The status has no word for an accepted pull; it is REQUESTED until the money is there.
        Ok(payments::DepositAcceptedReply::new(
            payments::DepositState::new(deposit_id).with_status(row.stage.status()),
        ))
    }
}

impl Deposits {
    /// The deposits by id.
    pub(crate) const fn table(&self) -> &Table<DepositId, DepositRow> {
        &self.rows
    }

    pub(crate) fn get_mut(&mut self, id: &DepositId) -> Option<&mut DepositRow> {
        self.rows.get_mut(id)
    }

    fn insert(&mut self, row: DepositRow) {
        if row.way == Way::Push {
            self.standing.insert(row.account.clone(), row.id.clone());
        }
        self.rows.insert(row);
    }
}

impl DepositRow {
    fn new(cx: &WriteContext<'_>, id: &DepositId, account: &AccountId, way: Way) -> Self {
        Self {
            id: id.clone(),
            account: account.clone(),
            stage: DepositStage::Requested,
            created: cx.now(),
            way,
            cause: cx.seq(),
        }
    }

    fn advance(&mut self, to: DepositStage) {
        if DEPOSIT.allows(self.stage, to) {
            self.stage = to;
        }
    }
}

impl World {
    /// The deposit by which an account is paid; it is made, with its instructions, when it is first needed.
    pub(crate) fn standing_deposit(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        asset: &Asset,
    ) -> Result<DepositId, Rejection> {
        if let Some(id) = self.payments.deposits.standing.get(account) {
            return Ok(id.clone());
        }
        let id = mint_deposit(cx)?;
        self.open_routes(cx, account, asset)?;
        self.payments
            .deposits
            .insert(DepositRow::new(cx, &id, account, Way::Push));
        Ok(id)
    }

    /// A payment of a deposit was posted.
    pub(crate) fn deposit_came(&mut self, id: &DepositId) {
        if let Some(row) = self.payments.deposits.get_mut(id) {
            row.advance(DepositStage::Executed);
        }
    }

    /// A payment of a deposit went back before it was posted. Instructions by which money came before have done what
    /// they are for.
    pub(crate) fn deposit_failed(&mut self, id: &DepositId) {
        if let Some(row) = self.payments.deposits.get_mut(id)
            && row.stage == DepositStage::Requested
        {
            row.advance(DepositStage::Failure);
        }
    }

    /// A payment of a deposit went back after it was posted; that undoes a pull, and leaves instructions as they are.
    pub(crate) fn deposit_taken_back(&mut self, id: &DepositId) {
        if let Some(row) = self.payments.deposits.get_mut(id)
            && row.way != Way::Push
        {
            row.advance(DepositStage::Failure);
        }
    }

    fn deposit_on_wire(&self, row: &DepositRow, account: &AccountRow) -> payments::Deposit {
        let created = clock::wire(row.created, self.settings().timestamps);
        let destination = payments::DepositDestination::new()
            .with_destination_account_id(account.id.clone())
            .with_asset_type_id(account.asset.clone());
        match &row.way {
            Way::Push => payments::DepositPush::new(row.id.clone())
                .with_status(row.stage.status())
                .with_created_timestamp(created)
                .with_deposit_destination(destination)
                .with_customer_name(self.holder(account).name)
                .with_deposit_source(
                    payments::DepositPushSource::new()
                        .with_deposit_instructions(self.instructions(account)),
                )
                .into(),
            Way::Pull(pull) => payments::DepositPull::new(row.id.clone())
                .with_status(row.stage.status())
                .with_created_timestamp(created)
                .with_deposit_destination(destination)
                .with_deposit_source(
                    payments::DepositPullSource::new()
                        .with_source_counterparty_id(pull.source.clone())
                        .with_asset_type_id(account.asset.clone()),
                )
                .with_deposit_details(pull.details(account.decimals))
                .into(),
        }
    }
}

/// Where a request names the account.
const DESTINATION: &str = "/deposit_destination/destination_account_id";

fn mint_deposit(cx: &mut WriteContext<'_>) -> Result<DepositId, Rejection> {
    DepositId::new(cx.mint(IdKind::Deposit)).map_err(|_| Rejection::bad_id())
}

fn unknown_type(tag: &str) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "There is no such type of deposit.",
    )
    .at("/deposit_type")
    .received(tag)
    .expected("PUSH, PULL")
    .hint("PUSH gives instructions for somebody who sends money, PULL fetches it from a linked bank account.")
    .bad_request()
}
