//! Who applies: a person or a company, from what the request says to the customer that an approval makes.

use layer2_types::payments;
use layer2_types::payments::CorporationApplicant;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerId;
use layer2_types::payments::CustomerType;
use layer2_types::payments::Individual;
use layer2_types::payments::IndividualApplicant;
use serde::Deserialize;
use serde::Serialize;

/// What an applicant has told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Applicant {
    Individual(Box<IndividualApplicant>),
    Corporation(Box<CorporationApplicant>),
}

impl Applicant {
    /// A person, as the request tells it.
    pub(crate) fn individual(told: payments::IndividualApplicantRequest) -> Self {
        let mut person = IndividualApplicant::new()
            .with_first_name(told.first_name)
            .with_last_name(told.last_name);
        person.middle_name = told.middle_name;
        person.email_address = told.email_address;
        person.mailing_address = told.mailing_address;
        person.telephone_number = told.telephone_number;
        person.tax_reference_number = told.tax_reference_number;
        person.tax_reference_number_country = told.tax_reference_number_country;
        person.passport_number = told.passport_number;
        person.nationality = told.nationality;
        person.citizenship = told.citizenship;
        person.date_of_birth = told.date_of_birth;
        person.ip_address = told.ip_address;
        person.us_residency_status = told.us_residency_status;
        person.employment_status = told.employment_status;
        person.employment_description = told.employment_description;
        person.employer_name = told.employer_name;
        person.occupation = told.occupation;
        person.investment_profile = told.investment_profile;
        person.kyc_profile = told.kyc_profile;
        Self::Individual(Box::new(person))
    }

    /// A company, as the request tells it; its persons come by calls of their own.
    pub(crate) fn corporation(told: payments::CorporationApplicantRequest) -> Self {
        let mut company = CorporationApplicant::new()
            .with_registered_name(told.registered_name)
            .with_individuals(Vec::new());
        company.trading_name = told.trading_name;
        company.registered_number = told.registered_number;
        company.registered_number_country = told.registered_number_country;
        company.corporate_tax_reference_number = told.corporate_tax_reference_number;
        company.corporate_tax_reference_number_country =
            told.corporate_tax_reference_number_country;
        company.registered_address = told.registered_address;
        company.physical_address = told.physical_address;
        company.telephone_number = told.telephone_number;
        company.website_address = told.website_address;
        company.ip_address = told.ip_address;
        company.state_of_incorporation = told.state_of_incorporation;
        company.country_of_incorporation = told.country_of_incorporation;
        company.corporate_entity_type = told.corporate_entity_type;
        company.corporate_entity_type_description = told.corporate_entity_type_description;
        company.email_address = told.email_address;
        company.established_on = told.established_on;
        company.naics = told.naics;
        company.naics_description = told.naics_description;
        company.investment_profile = told.investment_profile;
        company.kyc_profile = told.kyc_profile;
        Self::Corporation(Box::new(company))
    }

    /// The customer that an approval makes of the applicant.
    pub(crate) fn to_customer(&self, id: &CustomerId) -> Customer {
        match self {
            Self::Individual(person) => customer_individual(id, person).into(),
            Self::Corporation(company) => customer_corporation(id, company).into(),
        }
    }

    /// Whether it is a person or a company.
    pub(crate) const fn customer_type(&self) -> CustomerType {
        match self {
            Self::Individual(_) => CustomerType::Individual,
            Self::Corporation(_) => CustomerType::Corporation,
        }
    }

    /// The persons of a company; none where the applicant is a person.
    pub(crate) fn persons(&self) -> Option<&[Individual]> {
        match self {
            Self::Individual(_) => None,
            Self::Corporation(company) => Some(company.individuals.as_deref().unwrap_or_default()),
        }
    }

    /// The persons of a company, to be changed.
    pub(crate) fn persons_mut(&mut self) -> Option<&mut Vec<Individual>> {
        match self {
            Self::Individual(_) => None,
            Self::Corporation(company) => Some(company.individuals.get_or_insert_with(Vec::new)),
        }
    }

    /// The name by which a list is searched.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Individual(person) => {
                let names = [&person.first_name, &person.last_name];
                let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
                names.join(" ")
            }
            Self::Corporation(company) => company.registered_name.clone().unwrap_or_default(),
        }
    }

    /// The electronic mail address.
    pub(crate) fn email_address(&self) -> Option<&str> {
        match self {
            Self::Individual(person) => person.email_address.as_deref(),
            Self::Corporation(company) => company.email_address.as_deref(),
        }
    }
}

fn customer_individual(
    id: &CustomerId,
    told: &IndividualApplicant,
) -> payments::CustomerIndividual {
    let told = told.clone();
    let mut customer = payments::CustomerIndividual::new(id.clone());
    customer.first_name = told.first_name;
    customer.middle_name = told.middle_name;
    customer.last_name = told.last_name;
    customer.email_address = told.email_address;
    customer.mailing_address = told.mailing_address;
    customer.telephone_number = told.telephone_number;
    customer.tax_reference_number = told.tax_reference_number;
    customer.passport_number = told.passport_number;
    customer.nationality = told.nationality;
    customer.citizenship = told.citizenship;
    customer.date_of_birth = told.date_of_birth;
    customer.us_residency_status = told.us_residency_status;
    customer.employment_status = told.employment_status;
    customer.employment_description = told.employment_description;
    customer.employer_name = told.employer_name;
    customer.occupation = told.occupation;
    customer.investment_profile = told.investment_profile;
    customer.kyc_profile = told.kyc_profile;
    customer
}

fn customer_corporation(
    id: &CustomerId,
    told: &CorporationApplicant,
) -> payments::CustomerCorporation {
    let told = told.clone();
    let mut customer = payments::CustomerCorporation::new(id.clone())
        .with_individuals(told.individuals.unwrap_or_default());
    customer.registered_name = told.registered_name;
    customer.trading_name = told.trading_name;
    customer.registered_number = told.registered_number;
    customer.registered_number_country = told.registered_number_country;
    customer.corporate_tax_reference_number = told.corporate_tax_reference_number;
    customer.corporate_tax_reference_number_country = told.corporate_tax_reference_number_country;
    customer.registered_address = told.registered_address;
    customer.physical_address = told.physical_address;
    customer.telephone_number = told.telephone_number;
    customer.website_address = told.website_address;
    customer.ip_address = told.ip_address;
    customer.state_of_incorporation = told.state_of_incorporation;
    customer.country_of_incorporation = told.country_of_incorporation;
    customer.corporate_entity_type = told.corporate_entity_type;
    customer.corporate_entity_type_description = told.corporate_entity_type_description;
    customer.email_address = told.email_address;
    customer.established_on = told.established_on;
    customer.naics = told.naics;
    customer.naics_description = told.naics_description;
    customer.investment_profile = told.investment_profile;
    customer.kyc_profile = told.kyc_profile;
    customer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every member that an applicant and its customer share arrives, whatever the documents add to both.
    #[test]
    fn nothing_that_was_told_is_lost_on_the_way_to_the_customer() {
        let told =
            payments::IndividualApplicantRequest::new("Ada".to_owned(), "Example".to_owned())
                .with_occupation("Countess".to_owned())
                .with_citizenship(vec!["GB".to_owned()])
                .with_kyc_profile(payments::IndividualKycProfile::new());
        let applicant = Applicant::individual(told);
        assert_eq!(applicant.name(), "Ada Example");
        let id: CustomerId = "ADA".parse().unwrap();
        let Customer::Individual(customer) = applicant.to_customer(&id) else {
            panic!("a person became something else");
        };
        let expected = payments::CustomerIndividual::new(id)
            .with_first_name("Ada".to_owned())
            .with_last_name("Example".to_owned())
            .with_occupation("Countess".to_owned())
            .with_citizenship(vec!["GB".to_owned()])
            .with_kyc_profile(payments::IndividualKycProfile::new());
        assert_eq!(customer, expected);
    }
}
