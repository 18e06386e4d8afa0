//! The fields of a customer that an update can name, as tables.
//!
//! What is not in a table cannot be changed: the id, the type, and what other operations are for. The rows that an
//! applicant has too are written once, for both.

use layer2_types::payments::Customer;
use layer2_types::payments::CustomerCorporation;
use layer2_types::payments::CustomerIndividual;

use crate::payments::field_table::Change;
use crate::payments::field_table::Field;
use crate::payments::field_table::field;
use crate::rejection::Rejection;

/// Sets one field of a customer's details.
pub(crate) fn set(details: &mut Customer, change: &Change<'_>) -> Result<(), Rejection> {
    match details {
        Customer::Individual(person) => change.make(INDIVIDUAL, person, ELSEWHERE, KEPT),
        Customer::Corporation(company) => change.make(CORPORATION, company, ELSEWHERE, KEPT),
        // The platform has no third kind, so nothing of it can be changed.
        _ => change.make::<()>(&[], &mut (), ELSEWHERE, KEPT),
    }
}

/// The status is changed with the customer, not with its details.
const ELSEWHERE: &[&str] = &["status"];

/// The names without which a customer or an applicant would have none.
pub(crate) const KEPT: &[&str] = &["first_name", "last_name", "registered_name"];

/// The rows of a person, and those that are added.
macro_rules! individual_fields {
    ($($more:expr),* $(,)?) => {
        &[
            field!(text first_name),
            field!(text middle_name),
            field!(text last_name),
            field!(text email_address),
            field!(text telephone_number),
            field!(text tax_reference_number),
            field!(text passport_number),
            field!(text nationality),
            field!(day date_of_birth),
            field!(one_of us_residency_status),
            field!(one_of employment_status),
            field!(text employment_description),
            field!(text employer_name),
            field!(text occupation),
            field!(text mailing_address.unit_number),
            field!(text mailing_address.address_line1),
            field!(text mailing_address.address_line2),
            field!(text mailing_address.address_line3),
            field!(text mailing_address.city),
            field!(text mailing_address.state),
            field!(text mailing_address.postal_code),
            field!(text mailing_address.country_code),
            $($more,)*
        ]
    };
}
pub(crate) use individual_fields;

/// The rows of a company, and those that are added.
macro_rules! corporation_fields {
    ($($more:expr),* $(,)?) => {
        &[
            field!(text registered_name),
            field!(text trading_name),
            field!(text registered_number),
            field!(text registered_number_country),
            field!(text corporate_tax_reference_number),
            field!(text corporate_tax_reference_number_country),
            field!(text telephone_number),
            field!(text website_address),
            field!(text state_of_incorporation),
            field!(text country_of_incorporation),
            field!(one_of corporate_entity_type),
            field!(text corporate_entity_type_description),
            field!(text email_address),
            field!(text established_on),
            field!(text naics),
            field!(text naics_description),
            field!(text registered_address.unit_number),
            field!(text registered_address.address_line1),
            field!(text registered_address.address_line2),
            field!(text registered_address.address_line3),
            field!(text registered_address.city),
            field!(text registered_address.state),
            field!(text registered_address.postal_code),
            field!(text registered_address.country_code),
            field!(text physical_address.unit_number),
            field!(text physical_address.address_line1),
            field!(text physical_address.address_line2),
            field!(text physical_address.address_line3),
            field!(text physical_address.city),
            field!(text physical_address.state),
            field!(text physical_address.postal_code),
            field!(text physical_address.country_code),
            $($more,)*
        ]
    };
}
pub(crate) use corporation_fields;

const INDIVIDUAL: &[Field<CustomerIndividual>] = individual_fields![];

const CORPORATION: &[Field<CustomerCorporation>] = corporation_fields![];

#[cfg(test)]
mod tests {
    use layer2_types::payments::CustomerUpdateRequest;

    use super::*;
    use crate::payments::field_table::check_names;
    use crate::payments::field_table::check_table;
    use crate::rejection::code;

    fn person() -> Customer {
        Customer::Individual(CustomerIndividual::new("JANE".parse().unwrap()))
    }

    fn refused(field: &str, value: &str, n: usize) -> crate::rejection::Problem {
        let mut rejection = set(&mut person(), &Change { field, value, n }).unwrap_err();
        rejection.problems.remove(0)
    }

    #[test]
    fn every_field_of_the_tables_can_be_set_and_no_name_is_there_twice() {
        check_table(
            INDIVIDUAL,
            &CustomerIndividual::new("JANE".parse().unwrap()),
        );
        check_table(
            CORPORATION,
            &CustomerCorporation::new("ACME".parse().unwrap()),
        );
    }

    #[test]
    fn the_tables_are_those_of_the_document() {
        let names = INDIVIDUAL.iter().map(|field| field.name);
        let names = names.chain(CORPORATION.iter().map(|field| field.name));
        check_names(names, ELSEWHERE, CustomerUpdateRequest::FIELDS);
    }

    #[test]
    fn a_wrong_value_is_refused_without_being_repeated() {
        let problem = refused("date_of_birth", "28/02/1990", 3);
        assert_eq!(problem.pointer.as_deref(), Some("/updates/3/value"));
        assert_eq!(problem.received, None);
        let problem = refused("employment_status", "LAZY", 0);
        assert_eq!(
            problem.expected.as_deref(),
            Some("EMPLOYEE, SELF_EMPLOYED, RETIRED, UNEMPLOYED, OTHER")
        );
        assert_eq!(refused("last_name", "", 0).code, code::VALIDATION_FAILED);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_neighbour() {
        let problem = refused("frist_name", "x", 0);
        assert_eq!(problem.code, code::FIELD_NOT_UPDATABLE);
        assert_eq!(problem.hint.as_deref(), Some("Did you mean `first_name`?"));
        assert_eq!(refused("id", "x", 0).code, code::FIELD_NOT_UPDATABLE);
    }
}
