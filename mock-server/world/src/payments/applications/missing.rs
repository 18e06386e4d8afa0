//! What an application still lacks: agreements, persons, fields, documents, and what a reviewer asked to be changed.
//!
//! One list serves three readers: the status call shows it, its being empty makes the application ready, and the refusal
//! of a submission that comes too early is told from it. Under a version of the platform that has no word for a problem,
//! the problem is not one; the terms alone are needed under all.

use layer2_types::control;
use layer2_types::operation::Platform;
use layer2_types::operation::PlatformVersion;
use layer2_types::payments;
use layer2_types::payments::ApplicationFieldName;
use layer2_types::payments::ApplicationProblem;
use layer2_types::payments::FieldReviewStatus;
use layer2_types::payments::Individual;
use layer2_types::payments::IndividualFieldName;
use layer2_types::payments::IndividualType;

use crate::payments::applications::ApplicationRow;
use crate::payments::applications::applicant::Applicant;
use crate::payments::applications::fields;
use crate::payments::documents::DocumentRow;
use crate::payments::individuals;

/// What an application lacks.
pub(crate) struct Missing<'a> {
    platform: Platform,
    terms: bool,
    problems: Vec<ApplicationProblem>,
    fields: Vec<MissingField<'a>>,
    documents: Vec<AskedDocument<'a>>,
    persons: Vec<MissingOfPerson<'a>>,
}

/// A field that is empty or questioned.
struct MissingField<'a> {
    name: &'a str,
    status: FieldReviewStatus,
    description: &'a str,
}

/// A document that is asked for, with what a reviewer said about it.
struct AskedDocument<'a> {
    row: &'a DocumentRow,
    description: Option<&'a str>,
}

struct MissingOfPerson<'a> {
    person: &'a Individual,
    fields: Vec<MissingField<'a>>,
    documents: Vec<AskedDocument<'a>>,
}

impl<'a> Missing<'a> {
    /// Looks an application through; `documents` are those it was asked for.
    pub(crate) fn of(
        row: &'a ApplicationRow,
        documents: &[&'a DocumentRow],
        platform: Platform,
    ) -> Self {
        let mut names = fields::missing(&row.applicant);
        if !row.attested && has_rail(platform) {
            names.push(fields::ATTESTED);
        }
        let of_person = |person: &'a Individual| MissingOfPerson {
            person,
            fields: with_requested(missing_of(person), row, Some(person)),
            documents: asked(documents, row, Some(person)),
        };
        Self {
            platform,
            terms: !row.terms_accepted,
            problems: missing_persons(&row.applicant, platform),
            fields: with_requested(names, row, None),
            documents: asked(documents, row, None),
            persons: row
                .applicant
                .persons()
                .unwrap_or_default()
                .iter()
                .map(of_person)
                .collect(),
        }
    }

    /// Whether nothing is missing, so that the application can be submitted.
    pub(crate) fn is_empty(&self) -> bool {
        self.words().is_empty()
    }

    /// What is missing in a few words, without anything that the applicant told.
    pub(crate) fn summary(&self) -> String {
        let words = self.words();
        let (first, rest) = words.split_at(words.len().min(NAMED_MAX));
        let named = first.join(", ");
        match rest.len() {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }

    /// The status call's view.
    pub(crate) fn on_wire(
        &self,
        review: payments::ApplicationReview,
    ) -> payments::ApplicationReview {
        let mut problems = self.problems.clone();
        if self.terms && has_rail(self.platform) {
            problems.push(ApplicationProblem::TermsAndConditionsNotAccepted);
        }
        let fields: Vec<_> = self.fields.iter().map(MissingField::of_applicant).collect();
        let persons: Vec<_> = self.persons.iter().map(MissingOfPerson::on_wire).collect();
        review
            .with_application_errors(problems)
            .with_validation_errors(fields.clone())
            .with_application_validation_errors(fields)
            .with_application_document_errors(on_wire(&self.documents))
            .with_application_individual_errors(persons.clone())
            .with_individual_errors(persons)
    }

    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        if self.terms {
            words.push(fields::TERMS.to_owned());
        }
        words.extend(self.problems.iter().map(ToString::to_string));
        words.extend(self.fields.iter().map(|field| field.name.to_owned()));
        words.extend(missing_documents(&self.documents));
        for (n, person) in self.persons.iter().enumerate() {
            let names = person.fields.iter().map(|field| field.name.to_owned());
            let of_person = names.chain(missing_documents(&person.documents));
            words.extend(of_person.map(|name| format!("{name} of person {}", n + 1)));
        }
        words
    }
}

impl MissingField<'_> {
    fn of_applicant(&self) -> payments::ApplicationFieldError {
        payments::ApplicationFieldError::new()
            .with_field_name(ApplicationFieldName::from(self.name))
            .with_status(self.status.clone())
            .with_field_status(self.status.clone())
            .with_description(self.description.to_owned())
    }

    fn of_person(&self) -> payments::IndividualFieldError {
        payments::IndividualFieldError::new()
            .with_field_name(IndividualFieldName::from(self.name))
            .with_status(self.status.clone())
            .with_field_status(self.status.clone())
            .with_description(self.description.to_owned())
    }
}

impl MissingOfPerson<'_> {
    fn on_wire(&self) -> payments::IndividualReview {
        let fields: Vec<_> = self.fields.iter().map(MissingField::of_person).collect();
        let documents = on_wire(&self.documents);
        payments::IndividualReview::new()
            .with_individual_id(self.person.id.clone())
            .with_id(self.person.id.clone())
            .with_validation_errors(fields.clone())
            .with_individual_validation_errors(fields)
            .with_document_errors(documents.clone())
            .with_individual_document_errors(documents)
    }
}

/// Whether a reviewer can ask for the field: the status call has to have its name, in this version too.
pub(crate) fn can_be_questioned(name: &str, platform: Platform) -> bool {
    let later = ["information_attested", "citizenship", "usd_value_of_fiat"];
    ApplicationFieldName::from(name).is_known() && (!later.contains(&name) || has_rail(platform))
}

/// The same for a field of a person.
pub(crate) fn can_be_questioned_of_person(name: &str, platform: Platform) -> bool {
    IndividualFieldName::from(name).is_known() && (name != "citizenship" || has_rail(platform))
}

fn on_wire(documents: &[AskedDocument<'_>]) -> Vec<payments::DocumentError> {
    documents
        .iter()
        .map(|asked| asked.row.on_wire(asked.description))
        .collect()
}

fn missing_documents(documents: &[AskedDocument<'_>]) -> impl Iterator<Item = String> {
    documents
        .iter()
        .filter(|asked| asked.row.is_awaited())
        .map(|asked| asked.row.kind.to_string())
}

fn asked<'a>(
    documents: &[&'a DocumentRow],
    application: &'a ApplicationRow,
    person: Option<&Individual>,
) -> Vec<AskedDocument<'a>> {
    let of = documents
        .iter()
        .filter(|row| row.owner.individual() == person.map(|person| &person.id));
    of.map(|row| AskedDocument {
        row,
        description: application
            .requested
            .iter()
            .find(|change| is_about_document(change, row))
            .and_then(|change| change.description.as_deref()),
    })
    .collect()
}

fn is_about_document(change: &control::ApplicationChange, row: &DocumentRow) -> bool {
    let id = change.document_id.as_ref();
    id.is_some_and(|id| id.as_str() == row.id.as_str())
}

/// The empty fields, and those that a reviewer asked to be changed.
fn with_requested<'a>(
    empty: Vec<&'static str>,
    application: &'a ApplicationRow,
    person: Option<&Individual>,
) -> Vec<MissingField<'a>> {
    let requested: Vec<MissingField<'a>> = application
        .requested
        .iter()
        .filter(|change| {
            let of = change
                .individual_id
                .as_ref()
                .map(control::IndividualId::as_str);
            of == person.map(|person| person.id.as_str())
        })
        .filter_map(|change| {
            Some(MissingField {
                name: change.field.as_deref()?,
                status: FieldReviewStatus::ChangesRequested,
                description: change.description.as_deref().unwrap_or(CHANGE_IT),
            })
        })
        .collect();
    let empty = empty
        .into_iter()
        .filter(|name| requested.iter().all(|field| field.name != *name))
        .map(|name| MissingField {
            name,
            status: FieldReviewStatus::Incomplete,
            description: FILL_IT_IN,
        });
    let empty: Vec<MissingField<'a>> = empty.collect();
    empty.into_iter().chain(requested).collect()
}

/// The kinds of persons that a company lacks.
fn missing_persons(applicant: &Applicant, platform: Platform) -> Vec<ApplicationProblem> {
    let Applicant::Corporation(company) = applicant else {
        return Vec::new();
    };
    let persons = company.individuals.as_deref().unwrap_or_default();
    let none_is = |kind: IndividualType| !persons.iter().any(|person| is(person, &kind));
    let exempt = company
        .kyc_profile
        .as_ref()
        .is_some_and(|profile| profile.control_exemption_reason.is_some());
    let owned = persons.iter().any(|person| {
        let share = person.percentage_ownership;
        is(person, &IndividualType::BeneficialOwner) && share.is_none_or(|share| share > 25)
    });
    let rail = has_rail(platform);
    let older = platform.includes(&[PlatformVersion::Layer2V1_0_5]);
    [
        (
            ApplicationProblem::MissingIndividual,
            persons.is_empty() && rail,
        ),
        (
            ApplicationProblem::MissingPerson,
            persons.is_empty() && older,
        ),
        (ApplicationProblem::MissingBeneficialOwner, !owned),
        (
            ApplicationProblem::MissingOfficer,
            none_is(IndividualType::Officer),
        ),
        (
            ApplicationProblem::MissingControlPerson,
            none_is(IndividualType::ControlPerson) && !exempt && rail,
        ),
        (
            ApplicationProblem::MissingAuthorizedPerson,
            none_is(IndividualType::AuthorizedPerson) && rail,
        ),
    ]
    .into_iter()
    .filter_map(|(problem, is_there)| is_there.then_some(problem))
    .collect()
}

/// The fields of a person that are needed and not filled in.
fn missing_of(person: &Individual) -> Vec<&'static str> {
    let mut missing = fields::unfilled(individuals::INDIVIDUAL, person, PERSON_NEEDED);
    if is(person, &IndividualType::BeneficialOwner) && person.percentage_ownership.is_none() {
        missing.push("percentage_ownership");
    }
    missing
}

fn is(person: &Individual, kind: &IndividualType) -> bool {
    let kinds = person.individual_type.as_deref().unwrap_or_default();
    kinds.contains(kind)
}

fn has_rail(platform: Platform) -> bool {
    platform.includes(&[PlatformVersion::RailV1_1_2])
}

const PERSON_NEEDED: &[&str] = &[
    "person_role",
    "first_name",
    "last_name",
    "mailing_address.address_line1",
    "mailing_address.city",
    "mailing_address.postal_code",
    "mailing_address.country_code",
    "nationality",
    "date_of_birth",
    "us_residency_status",
];

/// How many of the missing things a refusal names.
const NAMED_MAX: usize = 5;

const FILL_IT_IN: &str = "This field is missing.";
const CHANGE_IT: &str = "A reviewer asks for another value.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_of_a_person_has_a_documented_name() {
        for name in PERSON_NEEDED {
            assert!(IndividualFieldName::from(*name).is_known(), "{name}");
            let mut table = individuals::INDIVIDUAL.iter();
            assert!(table.any(|field| field.name == *name), "{name}");
        }
    }

    #[test]
    fn a_share_of_a_quarter_or_less_makes_no_owner() {
        let owner = |share: Option<i32>| {
            let mut person = Individual::new("P".parse().unwrap())
                .with_individual_type(vec![IndividualType::BeneficialOwner]);
            person.percentage_ownership = share;
            let company = payments::CorporationApplicant::new().with_individuals(vec![person]);
            let applicant = Applicant::Corporation(Box::new(company));
            !missing_persons(&applicant, Platform::Union)
                .contains(&ApplicationProblem::MissingBeneficialOwner)
        };
        assert!(!owner(Some(25)));
        assert!(owner(Some(26)));
        // What is not told yet is asked for as a field.
        assert!(owner(None));
    }
}
