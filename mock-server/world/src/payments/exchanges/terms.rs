//! What an exchange is about: its checks, in the order in which a caller meets them, and its amounts.

use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_ledger::Rounding;
use layer2_ledger::mul_div;
use layer2_types::payments::ExchangeAction;
use layer2_types::payments::ExchangeRequest;

use super::KIND;
use super::Leg;
use crate::context::WriteContext;
use crate::payments::accounts::AccountRow;
use crate::payments::custodians;
use crate::payments::custodians::Fixes;
use crate::payments::custodians::OrderType;
use crate::payments::custodians::Pricing;
use crate::payments::funds;
use crate::payments::funds::trade;
use crate::payments::market;
use crate::payments::market::Pair;
use crate::payments::market::Price;
use crate::payments::orders;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// An exchange that is about to be noted; everything about it has been checked.
pub(super) struct Terms {
    pub(super) order: OrderType,
    pub(super) source: Leg,
    pub(super) destination: Leg,
}

impl World {
    /// What a request asks for, at the price of now.
    pub(super) fn exchange_terms(
        &self,
        cx: &WriteContext<'_>,
        pricing: Pricing,
        body: &ExchangeRequest,
    ) -> Result<Terms, Rejection> {
        let source = self
            .payments
            .account(&body.source_account_id, "/source_account_id")?;
        let destination = self
            .payments
            .account(&body.destination_account_id, "/destination_account_id")?;
        orders::must_differ(&source.id, &destination.id)?;
        let pair = pair_of(source, destination)?;
        let fixes = fixed_side(&body.action)?;
        let fixed = match fixes {
            Fixes::Source => pair.source,
            Fixes::Destination => pair.destination,
        };
        let amount = funds::to_minor(body.amount, fixed, "/amount")?;
        self.must_transact(source, "/source_account_id")?;
        self.must_transact(destination, "/destination_account_id")?;
        let order = OrderType { pricing, fixes };
        custodians::must_take(order, source, destination, cx.platform())?;
        let price = self
            .payments
            .market
            .price(self.seed(), cx.now(), pair)
            .ok_or_else(|| Rejection::internal("A pair that can be exchanged has no price."))?;
        let received = body.amount.to_string();
        let (debit, credit) = amounts(price, pair, order.fixes, amount, &received)?;
        let leg = |account: &AccountRow, amount| Leg {
            account: account.id.clone(),
            asset: account.asset.clone(),
            decimals: account.decimals,
            amount,
        };
        Ok(Terms {
            order,
            source: leg(source, debit),
            destination: leg(destination, credit),
        })
    }
}

/// What acceptance holds of the source: of a purchase one percent more than its estimate, since its cost is not known
/// yet.
pub(super) fn to_hold(fixes: Fixes, debit: MinorUnits) -> Option<MinorUnits> {
    let held = match fixes {
        Fixes::Source => Some(debit),
        Fixes::Destination => mul_div(debit.get(), 101, 100, Rounding::Up)
            .ok()
            .map(MinorUnits::new),
    };
    held.filter(|held| trade::is_printable(*held))
}

/// Why the ledger did not hold the money.
pub(super) fn not_covered(fixes: Fixes, source: &AccountRow, error: &LedgerError) -> Rejection {
    let mut rejection = KIND.not_covered(source, error);
    if fixes == Fixes::Destination && matches!(error, LedgerError::InsufficientFunds { .. }) {
        for problem in &mut rejection.problems {
            problem.hint = Some(
                "FIX_DESTINATION holds 1 % more than its estimate; what the trade does not need comes back.".to_owned(),
            );
        }
    }
    rejection
}

fn pair_of(source: &AccountRow, destination: &AccountRow) -> Result<Pair, Rejection> {
    let (sold, bought) = (source.known_asset()?, destination.known_asset()?);
    Pair::of(sold, bought).ok_or_else(|| {
        market::no_pair(sold, bought)
            .at("/destination_account_id")
            .bad_request()
    })
}

fn fixed_side(action: &ExchangeAction) -> Result<Fixes, Rejection> {
    match action {
        ExchangeAction::FixSource => Ok(Fixes::Source),
        ExchangeAction::FixDestination => Ok(Fixes::Destination),
        other => Err(
            Problem::new(code::VALIDATION_FAILED, "There is no such action.")
                .at("/action")
                .received(other.as_str())
                .expected("FIX_SOURCE, FIX_DESTINATION")
                .bad_request(),
        ),
    }
}

/// Debit and credit of an exchange, of which one is given.
fn amounts(
    price: Price,
    pair: Pair,
    fixes: Fixes,
    amount: MinorUnits,
    received: &str,
) -> Result<(MinorUnits, MinorUnits), Rejection> {
    let too_large = || {
        funds::too_large()
            .at("/amount")
            .received(received)
            .bad_request()
    };
    let (debit, credit) = match fixes {
        Fixes::Source => (amount, price.credit_of(amount).map_err(|_| too_large())?),
        Fixes::Destination => (price.debit_of(amount).map_err(|_| too_large())?, amount),
    };
    if credit.is_zero() {
        return Err(too_small(price, pair, received));
    }
    if !trade::is_printable(credit) || to_hold(fixes, debit).is_none() {
        return Err(too_large());
    }
    Ok((debit, credit))
}

fn too_small(price: Price, pair: Pair, received: &str) -> Rejection {
    let smallest = MinorUnits::new(1);
    let unit = funds::to_wire(smallest, pair.destination.decimals);
    let problem = Problem::new(
        code::AMOUNT_TOO_SMALL,
        format!(
            "The amount is worth less than {unit} {}, the smallest unit.",
            pair.destination.id
        ),
    )
    .at("/amount")
    .received(received)
    .hint("What an exchange gives is cut to the decimals of the asset, never rounded up.");
    match price.debit_of(smallest) {
        Ok(least) => problem
            .expected(format!(
                "at least {} {}",
                funds::to_wire(least, pair.source.decimals),
                pair.source.id
            ))
            .bad_request(),
        Err(_) => problem.bad_request(),
    }
}
