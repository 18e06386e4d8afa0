//! What a counterparty must be for money to leave to it.

use layer2_types::operation::Platform;
use layer2_types::payments::Rail;
use layer2_types::payments::RelationshipToCustomer;
use layer2_types::payments::WithdrawalPurpose;

use crate::payments::accounts::AccountRow;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::counterparties::Flow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// Refuses a counterparty that money cannot go to, and one that is not linked yet.
pub(super) fn must_be_usable(
    counterparty: &CounterpartyRow,
    source: &AccountRow,
    pointer: &str,
) -> Result<(), Rejection> {
    counterparty.must_be_usable(Flow::Out, source, pointer)?;
    if counterparty.connected {
        return Ok(());
    }
    Err(Problem::new(
        code::COUNTERPARTY_NOT_USABLE,
        format!(
            "The account of counterparty `{}` is not linked yet.",
            counterparty.id
        ),
    )
    .at(pointer)
    .received("an account that is not linked")
    .expected("a counterparty whose owner has linked the account")
    .hint("Finish the linking, or register the account with its numbers.")
    .bad_request())
}

/// Refuses a rail that the counterparty was not registered with.
pub(super) fn must_have_rail(counterparty: &CounterpartyRow, rail: &Rail) -> Result<(), Rejection> {
    if counterparty.rails.contains(rail) {
        return Ok(());
    }
    let rails: Vec<&str> = counterparty.rails.iter().map(Rail::as_str).collect();
    Err(Problem::new(
        code::RAIL_NOT_SUPPORTED,
        format!(
            "Counterparty `{}` was not registered for rail {rail}.",
            counterparty.id
        ),
    )
    .at("/withdrawal_rail")
    .received(rail.as_str())
    .expected(if rails.is_empty() {
        "no rail: this counterparty has no account".to_owned()
    } else {
        rails.join(", ")
    })
    .hint("The rails of a counterparty are those of its registration; register it again with this one.")
    .bad_request())
}

/// Refuses two sides that hold different assets. SWIFT reaches any currency from US dollars: the banks in between change
/// them.
pub(super) fn must_match(
    counterparty: &CounterpartyRow,
    source: &AccountRow,
    rail: &Rail,
) -> Result<(), Rejection> {
    let dollars_by_swift = *rail == Rail::Swift && source.asset.as_str() == DOLLARS;
    let asset = counterparty.asset.as_ref();
    if asset == Some(&source.asset) || dollars_by_swift {
        return Ok(());
    }
    let held = asset.map_or("no asset", |asset| asset.as_str());
    Err(Problem::new(
        code::ASSET_MISMATCH,
        format!(
            "Account `{}` holds {} and counterparty `{}` {held}.",
            source.id, source.asset, counterparty.id
        ),
    )
    .at("/destination_counterparty_id")
    .received(held)
    .expected(source.asset.as_str())
    .hint("Withdraw from an account in the counterparty's asset; an exchange changes one asset into another.")
    .bad_request())
}

/// Refuses a purpose that the version of the platform does not have: Rail 1.1.2 has dropped two.
pub(super) fn must_be_of_version(
    purpose: &WithdrawalPurpose,
    platform: Platform,
) -> Result<(), Rejection> {
    let dropped = matches!(
        purpose,
        WithdrawalPurpose::Other | WithdrawalPurpose::OtherBusinessServices
    );
    if purpose.is_known() && !(dropped && platform == Platform::RailV1_1_2) {
        return Ok(());
    }
    Err(Problem::new(
        code::VALIDATION_FAILED,
        "A withdrawal cannot have this purpose.",
    )
    .at("/purpose")
    .received(purpose.as_str())
    .expected(format!("a purpose of version {platform} of the platform"))
    .bad_request())
}

/// Refuses a purpose that does not fit what the owner is to the customer, a rule that came with Rail 1.1.
pub(super) fn must_fit_purpose(
    counterparty: &CounterpartyRow,
    purpose: &WithdrawalPurpose,
    platform: Platform,
) -> Result<(), Rejection> {
    let own = counterparty.relationship() == Some(&RelationshipToCustomer::SelfValue)
        || platform == Platform::Layer2V1_0_5;
    if *purpose != WithdrawalPurpose::PersonalAccount || own {
        return Ok(());
    }
    Err(Problem::new(
        code::PURPOSE_NOT_ALLOWED,
        "PERSONAL_ACCOUNT is for money that a customer sends to an account of its own.",
    )
    .at("/purpose")
    .received(purpose.as_str())
    .expected("another purpose, or a counterparty with the relationship SELF")
    .hint("What the owner is to the customer stands in the counterparty's `profile.relationship_to_customer`.")
    .bad_request())
}

const DOLLARS: &str = "FIAT_TESTNET_USD";
