//! Money from outside, as control orders it: it arrives, is assigned, is returned.

use layer2_types::control;
use layer2_types::control::InboundId;
use layer2_types::payments::AccountId;
use layer2_types::query::QueryParams as _;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::control::destinations::fitting_rail;
use crate::generated::control::Inbound;
use crate::page::Page;
use crate::payments::accounts::AccountRow;
use crate::payments::arrivals::Arrival;
use crate::payments::arrivals::InboundRow;
use crate::payments::arrivals::Receiver;
use crate::payments::deposit_stages::InboundStage;
use crate::payments::funds;
use crate::payments::originator::Sender;
use crate::payments::private::Private;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::settings::TimestampStyle;
use crate::world::World;

impl Inbound for World {
    fn inbound_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: control::InboundRequest,
    ) -> Result<control::InboundReply, Rejection> {
        let way = self.way_of(&body)?;
        let rail = fitting_rail(way.asset, body.rail.as_ref(), way.rail)?;
        let amount = funds::to_minor(body.amount, way.asset, "/amount")?;
        if let (Receiver::Account(account), Some(place)) = (&way.receiver, way.named_at) {
            self.must_transact(self.payments.account(account, place)?, place)?;
        }

        let arrival = Arrival {
            asset: way.asset,
            amount,
            rail,
            sender: Sender {
                name: body.originator_name.map(Private::new),
                memo: body.memo.map(Private::new),
                is_linked: false,
            },
            receiver: way.receiver,
            place: "/amount",
        };
        let id = self.let_arrive(cx, arrival)?;
        self.inbound_reply(&id)
    }

    fn inbound_list(
        &self,
        cx: &ReadContext<'_>,
        params: control::InboundListParams,
    ) -> Result<control::InboundListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let wanted = params
            .status
            .as_ref()
            .map(|status| |row: &InboundRow| row.stage.status() == *status);
        let cut = self.payments.inbound.page(page, wanted.as_ref());
        let path = self.control_path("inbound");
        let links = cut.links(&path, &params.to_pairs()).into_control();
        let rows: Result<Vec<_>, _> = cut.rows.into_iter().map(on_wire).collect();
        Ok(control::InboundListReply::new(
            control::InboundList::new(rows?),
            links,
        ))
    }

    fn inbound_assign(
        &mut self,
        cx: &mut WriteContext<'_>,
        inbound_id: InboundId,
        body: control::InboundAssignRequest,
    ) -> Result<control::InboundReply, Rejection> {
        let row = self.payments.inbound(&inbound_id)?;
        if row.stage != InboundStage::Unassigned {
            return Err(not_assignable(row));
        }
        let account = self.named_account(&body.account_id)?;
        if account.asset != row.asset {
            return Err(holds_another(account, row));
        }
        self.must_transact(account, "/account_id")?;
        let (account_id, asset) = (account.id.clone(), account.known_asset()?);

        self.assign_inbound(cx, &inbound_id, account_id, asset)?;
        self.inbound_reply(&inbound_id)
    }

    fn inbound_return(
        &mut self,
        cx: &mut WriteContext<'_>,
        inbound_id: InboundId,
        body: control::InboundReturnRequest,
    ) -> Result<control::InboundReply, Rejection> {
        let row = self.payments.inbound(&inbound_id)?.clone();
        self.return_inbound(cx, &row, body.reason)?;
        self.inbound_reply(&inbound_id)
    }
}

impl World {
    /// The account that control names.
    pub(super) fn named_account(
        &self,
        named: &control::AccountId,
    ) -> Result<&AccountRow, Rejection> {
        let named = named.as_str();
        // A text that cannot be an id names no account.
        let id = AccountId::new(named).map_err(|_| {
            Rejection::unknown_id("account", named, core::iter::empty::<&str>()).at("/account_id")
        })?;
        self.payments.account(&id, "/account_id")
    }

    fn inbound_reply(&self, id: &InboundId) -> Result<control::InboundReply, Rejection> {
        let row = self.payments.inbound(id)?;
        Ok(control::InboundReply::new(on_wire(row)?))
    }
}

fn on_wire(row: &InboundRow) -> Result<control::Inbound, Rejection> {
    let bad = |_| Rejection::bad_id();
    let mut inbound = control::Inbound::new(
        row.id.clone(),
        row.stage.status(),
        control::AssetTypeId::new(row.asset.as_str()).map_err(bad)?,
        funds::to_wire(row.amount, row.decimals),
        row.rail.clone(),
        clock::wire(row.at, TimestampStyle::Utc),
    );
    if let Some(claim) = &row.claim {
        let bad = |_| Rejection::bad_id();
        inbound.account_id =
            Some(control::AccountId::new(claim.account.as_str()).map_err(|_| Rejection::bad_id())?);
        inbound.deposit_id = Some(control::DepositId::new(claim.deposit.as_str()).map_err(bad)?);
        inbound.transaction_id = Some(transaction_id(&claim.transaction)?);
    }
    if let Some(correction) = &row.correction {
        inbound.correction_id = Some(transaction_id(correction)?);
    }
    if row.uncovered.is_positive() {
        inbound.uncovered_amount = Some(funds::to_wire(row.uncovered, row.decimals));
    }
    Ok(inbound)
}

fn transaction_id(
    id: &layer2_types::payments::TransactionId,
) -> Result<control::TransactionId, Rejection> {
    control::TransactionId::new(id.as_str()).map_err(|_| Rejection::bad_id())
}

fn not_assignable(row: &InboundRow) -> Rejection {
    Problem::new(
        code::INBOUND_NOT_ASSIGNABLE,
        format!(
            "The money is {}; only what is UNASSIGNED waits for an account.",
            row.stage
        ),
    )
    .at("inbound_id")
    .received(row.stage.to_string())
    .expected(InboundStage::Unassigned.to_string())
    .hint("Money in suspense waits for an account; list it with `status=UNASSIGNED`.")
    .bad_request()
}

fn holds_another(account: &AccountRow, row: &InboundRow) -> Rejection {
    Problem::new(
        code::ASSET_MISMATCH,
        format!(
            "Account `{}` holds {} and the money is {}.",
            account.id, account.asset, row.asset
        ),
    )
    .at("/account_id")
    .received(account.asset.as_str())
    .expected(row.asset.as_str())
    .hint("Choose an account of the same asset, or return the money.")
    .bad_request()
}
