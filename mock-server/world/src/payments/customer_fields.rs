//! The fields of a customer that an update can name, as tables.
//!
//! An update says field and value as text; a field of a nested object is named with dots. What is not in a table cannot
//! be changed: the id, the type, and what other operations are for.

use layer2_types::Date;
use layer2_types::payments::Address;
use layer2_types::payments::CorporateEntityType;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerCorporation;
use layer2_types::payments::CustomerIndividual;
use layer2_types::payments::EmploymentStatus;
use layer2_types::payments::UsResidencyStatus;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;

/// Sets one field of a customer's details; `n` is the place of the update in the request.
pub(crate) fn set(
    details: &mut Customer,
    field: &str,
    value: &str,
    n: usize,
) -> Result<(), Rejection> {
    match details {
        Customer::Individual(person) => set_in(INDIVIDUAL, person, field, value, n),
        Customer::Corporation(company) => set_in(CORPORATION, company, field, value, n),
        _ => Err(not_updatable(field, &[], n)),
    }
}

/// One field: its name, how to set it, and what it takes.
struct Field<T> {
    name: &'static str,
    set: fn(&mut T, &str) -> Result<(), &'static str>,
}

fn set_in<T>(
    fields: &[Field<T>],
    target: &mut T,
    name: &str,
    value: &str,
    n: usize,
) -> Result<(), Rejection> {
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        return Err(not_updatable(name, &names, n));
    };
    // The value may be personal, so only what was expected is told.
    (field.set)(target, value).map_err(|expected| {
        Problem::new(
            code::VALIDATION_FAILED,
            format!("`{name}` cannot have this value."),
        )
        .at(format!("/updates/{n}/value"))
        .expected(expected)
        .bad_request()
    })
}

fn not_updatable(name: &str, known: &[&str], n: usize) -> Rejection {
    let problem = Problem::new(
        code::FIELD_NOT_UPDATABLE,
        "This field cannot be changed here.",
    )
    .at(format!("/updates/{n}/field"))
    .received(name)
    .expected(format!("status, {}", known.join(", ")));
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.hint(format!("Did you mean `{near}`?")),
        None => problem,
    }
    .bad_request()
}

/// A field that takes any text.
macro_rules! text {
    ($name:literal, $($path:ident).+) => {
        Field { name: $name, set: |target, value| { target.$($path).+ = Some(value.to_owned()); Ok(()) } }
    };
}

/// A field that takes one of the values of an enum.
macro_rules! one_of {
    ($name:literal, $field:ident, $kind:ty, $expected:literal) => {
        Field {
            name: $name,
            set: |target, value| {
                let value = <$kind>::from(value);
                if !value.is_known() {
                    return Err($expected);
                }
                target.$field = Some(value);
                Ok(())
            },
        }
    };
}

/// A part of an address, which is made when it is not there yet.
macro_rules! address {
    ($name:literal, $address:ident, $part:ident) => {
        Field {
            name: $name,
            set: |target, value| {
                target.$address.get_or_insert_with(Address::new).$part = Some(value.to_owned());
                Ok(())
            },
        }
    };
}

const INDIVIDUAL: &[Field<CustomerIndividual>] = &[
    text!("first_name", first_name),
    text!("middle_name", middle_name),
    text!("last_name", last_name),
    text!("email_address", email_address),
    text!("telephone_number", telephone_number),
    text!("tax_reference_number", tax_reference_number),
    text!("passport_number", passport_number),
    text!("nationality", nationality),
    Field {
        name: "date_of_birth",
        set: |target, value| {
            let date: Date = value.parse().map_err(|_| "a day as YYYY-MM-DD")?;
            target.date_of_birth = Some(date);
            Ok(())
        },
    },
    one_of!(
        "us_residency_status",
        us_residency_status,
        UsResidencyStatus,
        "US_CITIZEN, RESIDENT_ALIEN, NON_RESIDENT_ALIEN"
    ),
    one_of!(
        "employment_status",
        employment_status,
        EmploymentStatus,
        "EMPLOYEE, SELF_EMPLOYED, RETIRED, UNEMPLOYED, OTHER"
    ),
    text!("employment_description", employment_description),
    text!("employer_name", employer_name),
    text!("occupation", occupation),
    address!("mailing_address.unit_number", mailing_address, unit_number),
    address!(
        "mailing_address.address_line1",
        mailing_address,
        address_line1
    ),
    address!(
        "mailing_address.address_line2",
        mailing_address,
        address_line2
    ),
    address!(
        "mailing_address.address_line3",
        mailing_address,
        address_line3
    ),
    address!("mailing_address.city", mailing_address, city),
    address!("mailing_address.state", mailing_address, state),
    address!("mailing_address.postal_code", mailing_address, postal_code),
    address!(
        "mailing_address.country_code",
        mailing_address,
        country_code
    ),
];

const CORPORATION: &[Field<CustomerCorporation>] = &[
    text!("registered_name", registered_name),
    text!("trading_name", trading_name),
    text!("registered_number", registered_number),
    text!("registered_number_country", registered_number_country),
    text!(
        "corporate_tax_reference_number",
        corporate_tax_reference_number
    ),
    text!(
        "corporate_tax_reference_number_country",
        corporate_tax_reference_number_country
    ),
    text!("telephone_number", telephone_number),
    text!("website_address", website_address),
    text!("state_of_incorporation", state_of_incorporation),
    text!("country_of_incorporation", country_of_incorporation),
    one_of!(
        "corporate_entity_type",
        corporate_entity_type,
        CorporateEntityType,
        "C_CORP_PRIVATE, C_CORP_PUBLIC, HNWI, LLC, LLP, LP, S_CORP, SOLE_PROP, TRUST, NON_PROFIT, OTHER"
    ),
    text!(
        "corporate_entity_type_description",
        corporate_entity_type_description
    ),
    text!("email_address", email_address),
    text!("established_on", established_on),
    text!("naics", naics),
    text!("naics_description", naics_description),
    address!(
        "registered_address.unit_number",
        registered_address,
        unit_number
    ),
    address!(
        "registered_address.address_line1",
        registered_address,
        address_line1
    ),
    address!(
        "registered_address.address_line2",
        registered_address,
        address_line2
    ),
    address!(
        "registered_address.address_line3",
        registered_address,
        address_line3
    ),
    address!("registered_address.city", registered_address, city),
    address!("registered_address.state", registered_address, state),
    address!(
        "registered_address.postal_code",
        registered_address,
        postal_code
    ),
    address!(
        "registered_address.country_code",
        registered_address,
        country_code
    ),
    address!(
        "physical_address.unit_number",
        physical_address,
        unit_number
    ),
    address!(
        "physical_address.address_line1",
        physical_address,
        address_line1
    ),
    address!(
        "physical_address.address_line2",
        physical_address,
        address_line2
    ),
    address!(
        "physical_address.address_line3",
        physical_address,
        address_line3
    ),
    address!("physical_address.city", physical_address, city),
    address!("physical_address.state", physical_address, state),
    address!(
        "physical_address.postal_code",
        physical_address,
        postal_code
    ),
    address!(
        "physical_address.country_code",
        physical_address,
        country_code
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Customer {
        Customer::Individual(CustomerIndividual::new("JANE".parse().unwrap()))
    }

    #[test]
    fn every_field_of_the_tables_can_be_set_and_no_name_is_there_twice() {
        for (n, field) in INDIVIDUAL.iter().enumerate() {
            let mut details = person();
            let value = match field.name {
                "date_of_birth" => "1990-02-28",
                "us_residency_status" => "US_CITIZEN",
                "employment_status" => "RETIRED",
                _ => "x",
            };
            assert_eq!(
                set(&mut details, field.name, value, 0),
                Ok(()),
                "{}",
                field.name
            );
            assert_ne!(details, person(), "{} changed nothing", field.name);
            assert!(!INDIVIDUAL[..n].iter().any(|other| other.name == field.name));
        }
        for (n, field) in CORPORATION.iter().enumerate() {
            assert!(
                !CORPORATION[..n]
                    .iter()
                    .any(|other| other.name == field.name)
            );
        }
    }

    #[test]
    fn a_wrong_value_is_refused_without_being_repeated() {
        let problem = set(&mut person(), "date_of_birth", "28/02/1990", 3)
            .unwrap_err()
            .problems
            .remove(0);
        assert_eq!(problem.pointer.as_deref(), Some("/updates/3/value"));
        assert_eq!(problem.received, None);
        assert!(set(&mut person(), "employment_status", "LAZY", 0).is_err());
    }

    #[test]
    fn an_unknown_field_is_named_with_its_neighbour() {
        let problem = set(&mut person(), "frist_name", "x", 0)
            .unwrap_err()
            .problems
            .remove(0);
        assert_eq!(problem.code, code::FIELD_NOT_UPDATABLE);
        assert_eq!(problem.hint.as_deref(), Some("Did you mean `first_name`?"));
        assert_eq!(
            set(&mut person(), "id", "x", 0).unwrap_err().problems[0].code,
            code::FIELD_NOT_UPDATABLE
        );
    }
}
