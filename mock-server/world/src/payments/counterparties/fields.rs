//! Changes of a counterparty: its description always, its owner until it was approved, its status by the machine.
//!
//! The account is never changed: one with another number is another counterparty.

use layer2_types::operation::Platform;
use layer2_types::payments::Counterparty;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::FieldUpdate;
use layer2_types::payments::Rail;

use crate::context::WriteContext;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::counterparties::kinds::Kind;
use crate::payments::counterparties::model;
use crate::payments::field_table;
use crate::payments::field_table::Change;
use crate::payments::field_table::Field;
use crate::payments::field_table::field;
use crate::payments::machines::standing::Standing;
use crate::payments::standing::Resource;
use crate::payments::standing::requested_standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;

/// What a list of updates makes of a counterparty.
pub(super) struct Changed {
    pub(super) details: Counterparty,
    pub(super) standing: Option<Standing>,
}

/// Applies all updates to a copy, or says what is wrong with each of them.
pub(super) fn changed(
    row: &CounterpartyRow,
    cx: &WriteContext<'_>,
    updates: &[FieldUpdate],
) -> Result<Changed, Rejection> {
    let mut changed = Changed {
        details: row.details.clone(),
        standing: None,
    };
    let may_update = row.standing.rights(cx.platform()).update;
    let kept = kept(row, cx.platform());
    field_table::make_all(updates, |change| {
        if change.field == "status" {
            let pointer = format!("/updates/{}/value", change.n);
            let to = requested_standing(Resource::Counterparty(row), change.value, &pointer)?;
            changed.standing = Some(to);
            return Ok(());
        }
        if !may_update {
            return Err(not_now(row, change));
        }
        set(row, &mut changed.details, change, kept)
    })?;
    Ok(changed)
}

fn set(
    row: &CounterpartyRow,
    details: &mut Counterparty,
    change: &Change<'_>,
    kept: &[&str],
) -> Result<(), Rejection> {
    if change.field == DESCRIPTION {
        model::set_description(details, change.value);
        return Ok(());
    }
    let is_known = FIELDS.iter().any(|field| field.name == change.field);
    match model::profile_mut(details) {
        Some(profile) if is_known && !row.approved => change.make(FIELDS, profile, &[], kept),
        _ => Err(not_updatable(row, change)),
    }
}

/// The fields that are never emptied.
fn kept(row: &CounterpartyRow, platform: Platform) -> &'static [&'static str] {
    let kind = Kind::of(row.details.tag(), Platform::Union);
    if row.rails.contains(&Rail::Fedwire) {
        KEPT_FOR_FEDWIRE
    } else if platform == Platform::RailV1_1_2 && kind.is_some_and(|kind| kind.with_state) {
        KEPT_WITH_STATE
    } else {
        KEPT
    }
}

/// A field that is fixed, or none.
fn not_updatable(row: &CounterpartyRow, change: &Change<'_>) -> Rejection {
    let (name, n) = (change.field, change.n);
    let mut names = vec!["status", DESCRIPTION];
    if !row.approved {
        names.extend(FIELDS.iter().map(|field| field.name));
    }
    let problem = Problem::new(
        code::FIELD_NOT_UPDATABLE,
        "This field of a counterparty cannot be changed.",
    )
    .at(format!("/updates/{n}/field"))
    .received(name)
    .expected(names.join(", "));
    let problem = if row.approved && FIELDS.iter().any(|field| field.name == name) {
        problem.hint("The owner is fixed since the counterparty was approved; register another counterparty.")
    } else if name.starts_with("account_information") || name.starts_with("wallet_information") {
        problem.hint("An account is never changed; register another counterparty.")
    } else if let Some(near) = nearest(name, names.iter().copied()) {
        problem.hint(format!("Did you mean `{near}`?"))
    } else {
        problem
    };
    problem.bad_request()
}

/// A change of anything but the status while the status forbids changes.
fn not_now(row: &CounterpartyRow, change: &Change<'_>) -> Rejection {
    let (name, n) = (change.field, change.n);
    let status = row.standing.name("ACTIVE");
    let problem = Problem::new(
        code::FIELD_NOT_UPDATABLE,
        format!("Nothing of a counterparty that is {status} can be changed."),
    )
    .at(format!("/updates/{n}/field"))
    .received(name)
    .expected("a counterparty whose status allows updates");
    if row.standing.is_platforms() {
        problem.hint(
            "Its next step is the platform's; in a sandbox, decide it through the control API.",
        )
    } else {
        problem.hint("CLOSED is final; register another counterparty.")
    }
    .bad_request()
}

const DESCRIPTION: &str = "description";

/// The fields of the owner.
const FIELDS: &[Field<CounterpartyProfile>] = &[
    field!("profile.name" text name),
    field!("profile.email" text email),
    field!("profile.telephone_number" text telephone_number),
    field!("profile.tax_reference_number" text tax_reference_number),
    field!("profile.date_of_birth" day date_of_birth),
    field!("profile.line_of_business" one_of line_of_business),
    field!("profile.relationship_to_customer" one_of relationship_to_customer),
    field!("profile.address.unit_number" text address.unit_number),
    field!("profile.address.address_line1" text address.address_line1),
    field!("profile.address.address_line2" text address.address_line2),
    field!("profile.address.address_line3" text address.address_line3),
    field!("profile.address.city" text address.city),
    field!("profile.address.state" text address.state),
    field!("profile.address.postal_code" text address.postal_code),
    field!("profile.address.country_code" text address.country_code),
];

/// What a registration cannot be without, so it is never emptied.
const KEPT: &[&str] = &["profile.name", "profile.address.country_code"];

/// The same where a rail wants the whole address.
const KEPT_FOR_FEDWIRE: &[&str] = &[
    "profile.name",
    "profile.address.address_line1",
    "profile.address.city",
    "profile.address.state",
    "profile.address.postal_code",
    "profile.address.country_code",
];

/// The same where the version wants the state of the owner.
const KEPT_WITH_STATE: &[&str] = &[
    "profile.name",
    "profile.address.state",
    "profile.address.country_code",
];

#[cfg(test)]
mod tests {
    use layer2_types::payments::CounterpartyUpdateRequest;

    use super::*;
    use crate::payments::field_table::check_names;
    use crate::payments::field_table::check_table;

    #[test]
    fn the_table_is_that_of_the_document() {
        let names = FIELDS.iter().map(|field| field.name);
        let elsewhere = &["status", DESCRIPTION];
        check_names(names, elsewhere, CounterpartyUpdateRequest::FIELDS);
    }

    #[test]
    fn every_field_is_read_and_emptied() {
        check_table(FIELDS, &CounterpartyProfile::default());
    }

    #[test]
    fn what_is_kept_are_fields() {
        for name in [KEPT, KEPT_FOR_FEDWIRE, KEPT_WITH_STATE].concat() {
            assert!(FIELDS.iter().any(|field| field.name == name), "{name}");
        }
    }
}
