//! Changes of a counterparty: its description always, its owner until it was approved, its status by the machine.
//!
//! The account is never changed: one with another number is another counterparty.

use layer2_types::Date;
use layer2_types::payments::Address;
use layer2_types::payments::Counterparty;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::FieldUpdate;
use layer2_types::payments::LineOfBusiness;
use layer2_types::payments::RelationshipToCustomer;

use crate::context::WriteContext;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::counterparties::model;
use crate::payments::machines::standing::Standing;
use crate::payments::standing::Resource;
use crate::payments::standing::field_and_value;
use crate::payments::standing::named_twice;
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
    let mut problems: Vec<Problem> = Vec::new();
    let mut seen = Vec::new();
    for (n, update) in updates.iter().enumerate() {
        let outcome = field_and_value(update, n).and_then(|(field, value)| {
            if seen.contains(&field) {
                return Err(named_twice(field, n));
            }
            seen.push(field);
            if field == "status" {
                let pointer = format!("/updates/{n}/value");
                let to = requested_standing(Resource::Counterparty(row), value, &pointer)?;
                changed.standing = Some(to);
                return Ok(());
            }
            if !may_update {
                return Err(not_now(row, field, n));
            }
            set(row, &mut changed.details, field, value, n)
        });
        problems.extend(
            outcome
                .err()
                .into_iter()
                .flat_map(|rejection| rejection.problems),
        );
    }
    if problems.is_empty() {
        return Ok(changed);
    }
    Err(Rejection {
        status: 400,
        problems,
    })
}

fn set(
    row: &CounterpartyRow,
    details: &mut Counterparty,
    name: &str,
    value: &str,
    n: usize,
) -> Result<(), Rejection> {
    if name == DESCRIPTION {
        model::set_description(details, value);
        return Ok(());
    }
    let field = FIELDS.iter().find(|field| field.name == name);
    let (Some(field), false, Some(profile)) = (field, row.approved, model::profile_mut(details))
    else {
        return Err(not_updatable(row, name, n));
    };
    // The value may be personal, so only what was expected is told.
    (field.set)(profile, value).map_err(|expected| {
        Problem::new(
            code::VALIDATION_FAILED,
            format!("`{name}` cannot have this value."),
        )
        .at(format!("/updates/{n}/value"))
        .expected(expected)
        .bad_request()
    })
}

/// A field that is fixed, or none.
fn not_updatable(row: &CounterpartyRow, name: &str, n: usize) -> Rejection {
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
fn not_now(row: &CounterpartyRow, name: &str, n: usize) -> Rejection {
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

/// One field of the owner: its name, how to set it, and what it takes.
struct Field {
    name: &'static str,
    set: fn(&mut CounterpartyProfile, &str) -> Result<(), &'static str>,
}

/// A field that takes any text.
macro_rules! text {
    ($name:literal, $member:ident) => {
        Field {
            name: $name,
            set: |profile, value| {
                profile.$member = Some(value.to_owned());
                Ok(())
            },
        }
    };
}

/// A field that takes one of the values of an enum.
macro_rules! one_of {
    ($name:literal, $member:ident, $kind:ty) => {
        Field {
            name: $name,
            set: |profile, value| {
                let value = <$kind>::from(value);
                if !value.is_known() {
                    return Err("one of the values in the reference");
                }
                profile.$member = Some(value);
                Ok(())
            },
        }
    };
}

/// A part of the address.
macro_rules! address {
    ($name:literal, $part:ident) => {
        Field {
            name: $name,
            set: |profile, value| {
                profile.address.get_or_insert_with(Address::new).$part = Some(value.to_owned());
                Ok(())
            },
        }
    };
}

const DESCRIPTION: &str = "description";

const FIELDS: &[Field] = &[
    Field {
        name: "profile.name",
        set: |profile, value| {
            if value.trim().is_empty() {
                return Err("a name");
            }
            profile.name = Some(value.to_owned());
            Ok(())
        },
    },
    text!("profile.email", email),
    text!("profile.telephone_number", telephone_number),
    text!("profile.tax_reference_number", tax_reference_number),
    Field {
        name: "profile.date_of_birth",
        set: |profile, value| {
            let date: Date = value.parse().map_err(|_| "a day as YYYY-MM-DD")?;
            profile.date_of_birth = Some(date);
            Ok(())
        },
    },
    one_of!("profile.line_of_business", line_of_business, LineOfBusiness),
    one_of!(
        "profile.relationship_to_customer",
        relationship_to_customer,
        RelationshipToCustomer
    ),
    address!("profile.address.unit_number", unit_number),
    address!("profile.address.address_line1", address_line1),
    address!("profile.address.address_line2", address_line2),
    address!("profile.address.address_line3", address_line3),
    address!("profile.address.city", city),
    address!("profile.address.state", state),
    address!("profile.address.postal_code", postal_code),
    address!("profile.address.country_code", country_code),
];

#[cfg(test)]
mod tests {
    use layer2_types::payments::CounterpartyUpdateRequest;

    use super::*;
    use crate::payments::field_table::check_names;

    #[test]
    fn the_table_is_that_of_the_document() {
        let names = FIELDS.iter().map(|field| field.name);
        check_names(
            names,
            &["status", DESCRIPTION],
            CounterpartyUpdateRequest::FIELDS,
        );
    }
}
