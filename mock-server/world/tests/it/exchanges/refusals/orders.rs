//! Orders that are refused, each with the whole of its refusal.

use layer2_world::Problem;
use layer2_world::Rejection;

use super::super::Order;
use super::super::PURCHASE;
use super::super::SALE;
use super::OTHER_IDS;

/// An order that is refused, with the refusal.
pub(super) type Refused = (Order<'static>, Rejection);

/// Every order that is refused.
pub(super) fn orders() -> Vec<Refused> {
    [
        orders_of_wrong_accounts(),
        orders_of_wrong_pairs(),
        orders_of_types_that_are_not_taken(),
        orders_of_amounts_that_are_none(),
        orders_of_amounts_that_do_not_fit(),
    ]
    .concat()
}

fn orders_of_wrong_accounts() -> Vec<Refused> {
    vec![
        (
            Order {
                from: "ACME_UDS",
                ..SALE
            },
            Problem::new(
                "NOT_FOUND",
                "There is no account with this id in this sandbox.",
            )
            .at("/source_account_id")
            .received("ACME_UDS")
            .expected("the id of one account of this sandbox")
            .hint("Did you mean `ACME_USD`?")
            .not_found(),
        ),
        (
            Order {
                to: "NOTHING",
                ..SALE
            },
            Problem::new(
                "NOT_FOUND",
                "There is no account with this id in this sandbox.",
            )
            .at("/destination_account_id")
            .received("NOTHING")
            .expected("the id of one account of this sandbox")
            .hint(OTHER_IDS)
            .not_found(),
        ),
        (
            Order {
                to: "ACME_USD",
                ..SALE
            },
            Problem::new(
                "SAME_ACCOUNT",
                "Source and destination are the same account.",
            )
            .at("/destination_account_id")
            .received("ACME_USD")
            .expected("another account than the source")
            .hint("Name two accounts; one of them may be another customer's.")
            .bad_request(),
        ),
    ]
}

fn orders_of_wrong_pairs() -> Vec<Refused> {
    vec![
        (
            Order { to: "JANE_USD", ..SALE },
            Problem::new(
                "PAIR_NOT_SUPPORTED",
                "FIAT_TESTNET_USD cannot be exchanged for FIAT_TESTNET_USD.",
            )
            .at("/destination_account_id")
            .received("FIAT_TESTNET_USD")
            .expected("ETHEREUM_SEPOLIA_USDC, ETHEREUM_SEPOLIA_ETH, ETHEREUM_GOERLI_USDC, ETHEREUM_GOERLI_ETH, BITCOIN_TESTNET_BTC, SOLANA_DEVNET_SOL")
            .hint("A transfer moves one asset between two accounts.")
            .bad_request(),
        ),
        (
            Order { from: "ACME_BTC", ..SALE },
            Problem::new(
                "PAIR_NOT_SUPPORTED",
                "BITCOIN_TESTNET_BTC cannot be exchanged for ETHEREUM_SEPOLIA_USDC.",
            )
            .at("/destination_account_id")
            .received("ETHEREUM_SEPOLIA_USDC")
            .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD")
            .hint("An exchange leads from fiat to crypto or back; change twice to go further.")
            .bad_request(),
        ),
    ]
}

fn orders_of_types_that_are_not_taken() -> Vec<Refused> {
    let odd = Order {
        action: "FIX_BOTH",
        ..SALE
    };
    let no_such_action = Problem::new("VALIDATION_FAILED", "There is no such action.")
        .at("/action")
        .received("FIX_BOTH")
        .expected("FIX_SOURCE, FIX_DESTINATION");
    vec![
        (odd, no_such_action.bad_request()),
        not_taken_of(
            ["FORT", "FORT_USD", "MARKET FIX_DESTINATION"],
            Order {
                from: "FORT_USD",
                action: "FIX_DESTINATION",
                ..SALE
            },
            "MARKET FIX_SOURCE",
        ),
        not_taken_of(
            ["FORT", "FORT_USDC", "QUOTE FIX_SOURCE"],
            Order {
                to: "FORT_USDC",
                pricing: "quote",
                ..SALE
            },
            "MARKET FIX_SOURCE",
        ),
        not_taken_of(
            ["ANCH", "ANCH_USDC", "MARKET FIX_SOURCE"],
            Order {
                to: "ANCH_USDC",
                ..SALE
            },
            "QUOTE FIX_DESTINATION",
        ),
        not_taken_of(
            ["ANCH", "ANCH_USDC", "MARKET FIX_SOURCE"],
            Order {
                from: "FORT_USD",
                to: "ANCH_USDC",
                ..SALE
            },
            "no order at all between these two accounts",
        ),
    ]
}

/// An order of a type that the custodian of one of its accounts does not take.
fn not_taken_of(
    [custodian, account, kind]: [&str; 3],
    order: Order<'static>,
    expected: &str,
) -> Refused {
    let place = if account == order.from {
        "/source_account_id"
    } else {
        "/destination_account_id"
    };
    let problem = Problem::new(
        "ORDER_TYPE_NOT_SUPPORTED",
        format!("Custodian {custodian}, which keeps account `{account}`, takes no order {kind}."),
    )
    .at(place)
    .received(kind)
    .expected(expected)
    .hint("Accounts of the product DEPOSIT_BASIC take every order.");
    (order, problem.bad_request())
}

fn orders_of_amounts_that_are_none() -> Vec<Refused> {
    let not_positive = || {
        Problem::new("AMOUNT_NOT_POSITIVE", "The amount must be more than zero.")
            .at("/amount")
            .expected("a number above 0")
            .hint("The direction of a movement is given by its accounts, never by a sign.")
    };
    vec![
        (
            Order { amount: "0", ..SALE },
            not_positive().received("0").bad_request(),
        ),
        (
            Order { amount: "-5", ..PURCHASE },
            not_positive().received("-5").bad_request(),
        ),
        (
            Order { amount: "1.001", ..SALE },
            Problem::new(
                "TOO_MANY_DECIMALS",
                "FIAT_TESTNET_USD has 2 decimals; nothing is rounded.",
            )
            .at("/amount")
            .received("1.001")
            .expected("at most 2 decimals")
            .hint("Cut the amount before you send it; a sum computed in binary floating point often has a tail of digits.")
            .bad_request(),
        ),
    ]
}

fn orders_of_amounts_that_do_not_fit() -> Vec<Refused> {
    let too_large = || {
        Problem::new(
            "AMOUNT_TOO_LARGE",
            "The amount is more than the books can hold.",
        )
        .at("/amount")
        .expected("at most 28 digits, all money of the asset in the sandbox together")
        .hint("Amounts are in units of the asset, never in cents; begin with less money, or in another sandbox.")
    };
    vec![
        (
            Order {
                from: "ACME_USDC",
                to: "ACME_USD",
                amount: "0.010099",
                ..SALE
            },
            Problem::new(
                "AMOUNT_TOO_SMALL",
                "The amount is worth less than 0.01 FIAT_TESTNET_USD, the smallest unit.",
            )
            .at("/amount")
            .received("0.010099")
            .expected("at least 0.0101 ETHEREUM_SEPOLIA_USDC")
            .hint("What an exchange gives is cut to the decimals of the asset, never rounded up.")
            .bad_request(),
        ),
        (
            Order {
                amount: "9999999999999999999999999999",
                ..SALE
            },
            too_large()
                .received("9999999999999999999999999999")
                .bad_request(),
        ),
        (
            // It can be told itself, but not with the one percent that is held on top.
            Order {
                from: "ACME_USDC",
                to: "ACME_USD",
                amount: "9850000000000000000000",
                ..PURCHASE
            },
            too_large().received("9850000000000000000000").bad_request(),
        ),
    ]
}
