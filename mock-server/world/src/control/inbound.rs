//! Money from outside, as control orders it.

use layer2_types::control;
use layer2_types::control::InboundRail;
use layer2_types::payments::AccountId;

use crate::context::WriteContext;
use crate::generated::control::Inbound;
use crate::payments::arrivals::Arrival;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::assets::AssetKind;
use crate::payments::funds;
use crate::payments::orders::mint_transaction;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl Inbound for World {
    fn inbound_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: control::InboundRequest,
    ) -> Result<control::InboundReply, Rejection> {
        let named = body.account_id.as_str();
        // A text that cannot be an id names no account.
        let account_id = AccountId::new(named).map_err(|_| {
            Rejection::unknown_id("account", named, core::iter::empty()).at("/account_id")
        })?;
        let account = self.payments.account(&account_id, "/account_id")?;
        let asset = assets::asset(account.asset.as_str())
            .ok_or_else(|| Rejection::internal("The asset of an account is not in the table."))?;
        let rail = fitting_rail(asset, body.rail.as_ref())?;
        let amount = funds::to_minor(body.amount, asset, "/amount")?;
        self.must_transact(account, "/account_id")?;
        let id = mint_transaction(cx)?;
        let reply = control::InboundReply::new(control::Inbound::new(
            control::TransactionId::new(id.as_str()).map_err(|_| Rejection::bad_id())?,
            body.account_id,
            control::AssetTypeId::new(asset.id).map_err(|_| Rejection::bad_id())?,
            funds::to_wire(amount, asset.decimals),
            control::InboundStatus::Pending,
        ));

        let decimals = asset.decimals;
        let (name, memo) = (body.originator_name, body.memo);
        let arrival = Arrival {
            id,
            account: account_id,
            decimals,
            amount,
            rail,
            name,
            memo,
        };
        self.let_arrive(cx, arrival)?;
        Ok(reply)
    }
}

/// The rail that was asked for, if it carries the asset; else the usual one of the asset.
fn fitting_rail(asset: &Asset, asked: Option<&InboundRail>) -> Result<InboundRail, Rejection> {
    let fitting: &[InboundRail] = match asset.kind {
        AssetKind::Fiat => &[
            InboundRail::Fedwire,
            InboundRail::Ach,
            InboundRail::Swift,
            InboundRail::Eft,
        ],
        AssetKind::Crypto => &[InboundRail::Crypto],
    };
    let Some(asked) = asked else {
        return Ok(fitting[0].clone());
    };
    if fitting.contains(asked) {
        return Ok(asked.clone());
    }
    let names: Vec<&str> = fitting.iter().map(InboundRail::as_str).collect();
    Err(Problem::new(
        code::RAIL_NOT_SUPPORTED,
        format!("Rail {asked} does not carry {}.", asset.id),
    )
    .at("/rail")
    .received(asked.as_str())
    .expected(names.join(", "))
    .bad_request())
}
