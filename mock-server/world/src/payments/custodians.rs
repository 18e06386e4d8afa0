//! Custodians: who keeps the assets behind the accounts of a product, and which orders to exchange they take.
//!
//! The platform says that not all custodians take all orders, and nowhere which take what. The table is made so that
//! every kind of refusal can be met in a sandbox; accounts of `DEPOSIT_BASIC`, which the platform's guides exchange
//! with, take everything. An exchange between accounts of two custodians needs an order that both take.

use core::fmt;

use layer2_types::operation::Platform;
use layer2_types::payments::ExchangeAction;
use layer2_types::payments::ExchangeType;
use layer2_types::payments::OperationId;
use layer2_types::payments::ProductId;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::accounts::AccountRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// A custodian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Custodian {
    pub(crate) name: &'static str,
    products: &'static [&'static str],
    orders: &'static [OrderType],
}

/// A kind of order to exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderType {
    pub(crate) pricing: Pricing,
    pub(crate) fixes: Fixes,
}

/// How the price of an exchange is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Pricing {
    Market,
    Quote,
}

/// The side of an exchange that its amount fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Fixes {
    Source,
    Destination,
}

const SELL_AT_MARKET: OrderType = OrderType {
    pricing: Pricing::Market,
    fixes: Fixes::Source,
};
const BUY_AT_MARKET: OrderType = OrderType {
    pricing: Pricing::Market,
    fixes: Fixes::Destination,
};
const SELL_AT_QUOTE: OrderType = OrderType {
    pricing: Pricing::Quote,
    fixes: Fixes::Source,
};
const BUY_AT_QUOTE: OrderType = OrderType {
    pricing: Pricing::Quote,
    fixes: Fixes::Destination,
};

const ORDERS: &[OrderType] = &[SELL_AT_MARKET, BUY_AT_MARKET, SELL_AT_QUOTE, BUY_AT_QUOTE];

/// The custodians of a sandbox.
pub(crate) const CUSTODIANS: &[Custodian] = &[
    Custodian {
        name: "BASIC",
        products: &["DEPOSIT_BASIC"],
        orders: ORDERS,
    },
    Custodian {
        name: "FORT",
        products: &["DEPOSIT_FORT_FIAT", "DEPOSIT_FORT_CRYPTO"],
        orders: &[SELL_AT_MARKET],
    },
    Custodian {
        name: "ANCH",
        products: &["DEPOSIT_ANCH_CRYPTO"],
        orders: &[BUY_AT_QUOTE],
    },
];

/// Refuses an order that a custodian of one of the accounts does not take, naming those that both take.
pub(crate) fn must_take(
    order: OrderType,
    source: &AccountRow,
    destination: &AccountRow,
    platform: Platform,
) -> Result<(), Rejection> {
    let sides = [
        (source, "/source_account_id"),
        (destination, "/destination_account_id"),
    ];
    let mut refusing = None;
    let mut common: Vec<OrderType> = ORDERS.to_vec();
    for (account, pointer) in sides {
        let custodian = behind(&account.product)
            .ok_or_else(|| Rejection::internal("The product of an account has no custodian."))?;
        common.retain(|taken| custodian.orders.contains(taken) && taken.exists_on(platform));
        if !custodian.orders.contains(&order) {
            refusing = refusing.or(Some((custodian, account, pointer)));
        }
    }
    let Some((custodian, account, pointer)) = refusing else {
        return Ok(());
    };
    let taken: Vec<String> = common.iter().map(OrderType::to_string).collect();
    Err(Problem::new(
        code::ORDER_TYPE_NOT_SUPPORTED,
        format!(
            "Custodian {}, which keeps account `{}`, takes no order {order}.",
            custodian.name, account.id
        ),
    )
    .at(pointer)
    .received(order.to_string())
    .expected(if taken.is_empty() {
        "no order at all between these two accounts".to_owned()
    } else {
        taken.join(", ")
    })
    .hint("Accounts of the product DEPOSIT_BASIC take every order.")
    .bad_request())
}

/// The custodian of a product.
fn behind(product: &ProductId) -> Option<&'static Custodian> {
    let product = product.as_str();
    CUSTODIANS
        .iter()
        .find(|custodian| custodian.products.contains(&product))
}

impl OrderType {
    fn exists_on(self, platform: Platform) -> bool {
        let request = match self.pricing {
            Pricing::Market => OperationId::ExchangesCreateMarket,
            Pricing::Quote => OperationId::ExchangesCreateQuote,
        };
        request.operation().is_on(platform)
    }
}

impl Pricing {
    /// As on the wire.
    pub(crate) fn on_wire(self) -> ExchangeType {
        match self {
            Self::Market => ExchangeType::Market,
            Self::Quote => ExchangeType::Quote,
        }
    }
}

impl Fixes {
    /// As on the wire.
    pub(crate) fn on_wire(self) -> ExchangeAction {
        match self {
            Self::Source => ExchangeAction::FixSource,
            Self::Destination => ExchangeAction::FixDestination,
        }
    }
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pricing.on_wire(), self.fixes.on_wire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::assets::PRODUCTS;

    #[test]
    fn every_product_has_one_custodian() {
        for product in PRODUCTS {
            let count = CUSTODIANS
                .iter()
                .filter(|custodian| custodian.products.contains(&product.id))
                .count();
            assert_eq!(count, 1, "{}", product.id);
        }
    }

    #[test]
    fn every_order_is_taken_by_one_custodian_and_refused_by_another() {
        for order in ORDERS {
            let takes = |custodian: &&Custodian| custodian.orders.contains(order);
            assert!(
                CUSTODIANS.iter().any(|custodian| takes(&custodian)),
                "{order}"
            );
            assert!(
                !CUSTODIANS.iter().all(|custodian| takes(&custodian)),
                "{order}"
            );
        }
    }
}
