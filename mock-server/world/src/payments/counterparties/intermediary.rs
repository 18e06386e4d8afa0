//! The bank between two banks, which SWIFT may pass.

use layer2_types::payments::CounterpartyIntermediaryRequest;
use layer2_types::payments::IntermediaryType;
use layer2_types::payments::Rail;

use crate::payments::counterparties::draft::missing;
use crate::payments::counterparties::form;
use crate::payments::counterparties::numbers::BIC;
use crate::payments::counterparties::numbers::ROUTING;
use crate::payments::counterparties::numbers::ROUTING_DIGIT;
use crate::rejection::Problem;
use crate::rejection::code;

const PLACE: &str = "/intermediary_information";

/// Tells what is wrong with the bank between two others.
pub(super) fn check(
    bank: &CounterpartyIntermediaryRequest,
    rails: &[Rail],
    problems: &mut Vec<Problem>,
) {
    if !rails.contains(&Rail::Swift) {
        problems.push(not_passed());
    }
    problems.extend(routing_fault(bank));
    problems.extend(bic_fault(bank));
}

fn not_passed() -> Problem {
    Problem::new(
        code::INTERMEDIARY_NOT_ALLOWED,
        "A bank between two banks is for SWIFT alone, which is not among the rails.",
    )
    .at(PLACE)
    .expected("SWIFT in `supported_rails`, or no intermediary")
    .hint("Add SWIFT with the BIC of the account's bank, or leave the intermediary out.")
}

fn is_american(bank: &CounterpartyIntermediaryRequest) -> bool {
    bank.intermediary_type == IntermediaryType::FiatUs
}

/// American banks have a routing number, and no others.
fn routing_fault(bank: &CounterpartyIntermediaryRequest) -> Option<Problem> {
    let number = bank.routing_number.as_ref()?;
    let problem = |description: &str| {
        Problem::new(code::VALIDATION_FAILED, description)
            .at(format!("{PLACE}/routing_number"))
            .received(number)
    };
    if !is_american(bank) {
        return Some(
            problem("Only banks in the United States have a routing number.")
                .expected("no routing number, or the intermediary type FIAT_US"),
        );
    }
    let fits = form::is_digits(number, 9) && form::routing_number_checks(number);
    (!fits).then(|| {
        problem("This is not the routing number of a bank.")
            .expected(ROUTING)
            .hint(ROUTING_DIGIT.hint)
    })
}

/// A bank is found by its BIC, an American one by its routing number too.
fn bic_fault(bank: &CounterpartyIntermediaryRequest) -> Option<Problem> {
    let place = format!("{PLACE}/swift_bic");
    match &bank.swift_bic {
        Some(bic) if form::is_bic(bic) => None,
        Some(bic) => Some(
            Problem::new(code::VALIDATION_FAILED, "This is no BIC.")
                .at(place)
                .received(bic)
                .expected(BIC),
        ),
        None if is_american(bank) && bank.routing_number.is_some() => None,
        None => Some(missing(&place, BIC)),
    }
}
