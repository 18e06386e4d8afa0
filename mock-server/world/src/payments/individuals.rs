//! The persons of a company: how one is made of a request, and which of its fields an update can name.
//!
//! An applicant has them as a customer has; their ids are the platform's and stay when an application is approved.

use layer2_types::payments::Individual;
use layer2_types::payments::IndividualId;
use layer2_types::payments::IndividualRequest;

use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::payments::field_table::Change;
use crate::payments::field_table::Choice as _;
use crate::payments::field_table::Field;
use crate::payments::field_table::PERCENT;
use crate::payments::field_table::field;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// A person with a new id.
pub(crate) fn new_individual(
    cx: &mut WriteContext<'_>,
    body: IndividualRequest,
) -> Result<Individual, Rejection> {
    must_be_readable(&body)?;
    let id = IndividualId::new(cx.mint(IdKind::Individual)).map_err(|_| Rejection::bad_id())?;
    let mut person = Individual::new(id)
        .with_individual_type(body.individual_type)
        .with_first_name(body.first_name)
        .with_last_name(body.last_name);
    person.middle_name = body.middle_name;
    person.email_address = body.email_address;
    person.mailing_address = body.mailing_address;
    person.telephone_number = body.telephone_number;
    person.tax_reference_number = body.tax_reference_number;
    person.tax_reference_number_country = body.tax_reference_number_country;
    person.passport_number = body.passport_number;
    person.nationality = body.nationality;
    person.citizenship = body.citizenship;
    person.date_of_birth = body.date_of_birth;
    person.percentage_ownership = body.percentage_ownership;
    person.title = body.title;
    person.us_residency_status = body.us_residency_status;
    Ok(person)
}

/// Sets one field of a person.
pub(crate) fn set(person: &mut Individual, change: &Change<'_>) -> Result<(), Rejection> {
    change.make(INDIVIDUAL, person, &[], KEPT)
}

/// The person with this id, if the company has it.
pub(crate) fn find<'a>(
    persons: &'a [Individual],
    id: &IndividualId,
) -> Result<&'a Individual, Rejection> {
    persons
        .iter()
        .find(|person| person.id == *id)
        .ok_or_else(|| {
            let known = persons.iter().map(|person| person.id.as_str());
            Rejection::unknown_id("person of this company", id.as_str(), known).at("individual_id")
        })
}

/// The problem of a call about persons where the applicant or customer is one itself; `whose` says which it is.
pub(crate) fn not_a_corporation(whose: &str, place: &str) -> Rejection {
    Problem::new(
        code::NOT_A_CORPORATION,
        format!("The {whose} is a person; only a company has persons."),
    )
    .at(place)
    .received("INDIVIDUAL")
    .expected("CORPORATION")
    .hint(format!(
        "Change the fields of the person with the update of the {whose} itself."
    ))
    .bad_request()
}

/// What the types of a request cannot rule out.
fn must_be_readable(body: &IndividualRequest) -> Result<(), Rejection> {
    let mut problems = Vec::new();
    for (n, kind) in body.individual_type.iter().enumerate() {
        if !kind.is_known() {
            let problem = Problem::new(code::VALIDATION_FAILED, "A person cannot be of this kind.");
            problems.push(
                problem
                    .at(format!("/individual_type/{n}"))
                    .received(kind.as_str())
                    .expected(layer2_types::payments::IndividualType::values()),
            );
        }
    }
    let share = body.percentage_ownership;
    if share.is_some_and(|share| !(0..=100).contains(&share)) {
        let problem = Problem::new(code::VALIDATION_FAILED, "A share cannot have this value.");
        problems.push(problem.at("/percentage_ownership").expected(PERCENT));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Rejection {
        status: 400,
        problems,
    })
}

const KEPT: &[&str] = &["first_name", "last_name", "individual_type", "person_role"];

/// The fields of a person. What a person is to the company has two names: `individual_type` in the person itself,
/// `person_role` in what the platform says is missing.
pub(crate) const INDIVIDUAL: &[Field<Individual>] = &[
    field!(many_of individual_type),
    field!("person_role" many_of individual_type),
    field!(text first_name),
    field!(text middle_name),
    field!(text last_name),
    field!(text email_address),
    field!(text mailing_address.unit_number),
    field!(text mailing_address.address_line1),
    field!(text mailing_address.address_line2),
    field!(text mailing_address.address_line3),
    field!(text mailing_address.city),
    field!(text mailing_address.state),
    field!(text mailing_address.postal_code),
    field!(text mailing_address.country_code),
    field!(text telephone_number),
    field!(text tax_reference_number),
    field!(text tax_reference_number_country),
    field!(text passport_number),
    field!(text nationality),
    field!(texts citizenship),
    field!(day date_of_birth),
    field!(percent percentage_ownership),
    field!(text title),
    field!(one_of us_residency_status),
];

#[cfg(test)]
mod tests {
    use layer2_types::payments::IndividualUpdateRequest;

    use super::*;
    use crate::payments::field_table::check_names;
    use crate::payments::field_table::check_table;

    #[test]
    fn the_table_is_that_of_the_document_and_the_older_name() {
        let names = INDIVIDUAL.iter().map(|field| field.name);
        let names = names.filter(|name| *name != "person_role");
        check_names(names, &[], IndividualUpdateRequest::FIELDS);
    }

    #[test]
    fn every_field_of_a_person_can_be_set() {
        check_table(INDIVIDUAL, &Individual::new("P".parse().unwrap()));
    }

    #[test]
    fn a_person_is_found_among_its_company_alone() {
        let persons = [Individual::new("P1".parse().unwrap())];
        assert!(find(&persons, &"P1".parse().unwrap()).is_ok());
        let problem = find(&persons, &"P2".parse().unwrap())
            .unwrap_err()
            .problems
            .remove(0);
        assert_eq!(problem.pointer.as_deref(), Some("individual_id"));
    }
}
