//! The fields of an applicant: which an update can name, and which must be filled in before a submission.
//!
//! The members of the two profiles are named without the profile, as the platform names what is missing. Which fields
//! it needs is not published; the lists below are those that a bank asks of everybody, and the create call's example is
//! complete by them.

use layer2_types::payments::CorporationApplicant;
use layer2_types::payments::IndividualApplicant;

use crate::payments::applications::applicant::Applicant;
use crate::payments::customer_fields::KEPT;
use crate::payments::customer_fields::corporation_fields;
use crate::payments::customer_fields::individual_fields;
use crate::payments::field_table::Change;
use crate::payments::field_table::Field;
use crate::payments::field_table::field;
use crate::rejection::Rejection;

/// The fields of the application itself, which are not the applicant's.
pub(crate) const TERMS: &str = "terms_and_conditions_accepted";
pub(crate) const ATTESTED: &str = "information_attested";

const ELSEWHERE: &[&str] = &[TERMS, ATTESTED];

/// Sets one field of an applicant.
pub(crate) fn set(applicant: &mut Applicant, change: &Change<'_>) -> Result<(), Rejection> {
    match applicant {
        Applicant::Individual(person) => change.make(INDIVIDUAL, person.as_mut(), ELSEWHERE, KEPT),
        Applicant::Corporation(company) => {
            change.make(CORPORATION, company.as_mut(), ELSEWHERE, KEPT)
        }
    }
}

/// The fields that are needed and not filled in.
pub(crate) fn missing(applicant: &Applicant) -> Vec<&'static str> {
    match applicant {
        Applicant::Individual(person) => unfilled(INDIVIDUAL, person, INDIVIDUAL_NEEDED),
        Applicant::Corporation(company) => {
            let mut missing = unfilled(CORPORATION, company, CORPORATION_NEEDED);
            if company.country_of_incorporation.as_deref() == Some("US") {
                missing.extend(unfilled(CORPORATION, company, &["state_of_incorporation"]));
            }
            missing
        }
    }
}

/// The names of the fields that a reviewer can ask to be changed.
pub(crate) fn names(applicant: &Applicant) -> Vec<&'static str> {
    match applicant {
        Applicant::Individual(_) => INDIVIDUAL.iter().map(|field| field.name).collect(),
        Applicant::Corporation(_) => CORPORATION.iter().map(|field| field.name).collect(),
    }
}

/// Of the fields that are needed, those that are not filled in.
pub(crate) fn unfilled<T>(
    table: &[Field<T>],
    target: &T,
    needed: &[&'static str],
) -> Vec<&'static str> {
    let is_filled = |name: &&str| {
        let mut rows = table.iter();
        let row = rows.find(|field| field.name == *name);
        row.is_some_and(|field| (field.is_filled)(target))
    };
    needed
        .iter()
        .copied()
        .filter(|name| !is_filled(name))
        .collect()
}

const INDIVIDUAL_NEEDED: &[&str] = &[
    "first_name",
    "last_name",
    "email_address",
    "mailing_address.address_line1",
    "mailing_address.city",
    "mailing_address.postal_code",
    "mailing_address.country_code",
    "telephone_number",
    "tax_reference_number",
    "nationality",
    "date_of_birth",
    "us_residency_status",
    "employment_status",
    "primary_source_of_funds",
    "total_assets",
];

const CORPORATION_NEEDED: &[&str] = &[
    "registered_name",
    "registered_number",
    "registered_address.address_line1",
    "registered_address.city",
    "registered_address.postal_code",
    "registered_address.country_code",
    "telephone_number",
    "country_of_incorporation",
    "corporate_entity_type",
    "primary_source_of_funds",
    "total_assets",
    "trade_internationally",
    "primary_business",
    "is_charitable",
    "engage_in_activities",
    "vendors_and_counterparties",
];

const INDIVIDUAL: &[Field<IndividualApplicant>] = individual_fields![
    field!(text tax_reference_number_country),
    field!(texts citizenship),
    field!(text ip_address),
    field!(one_of investment_profile: IndividualInvestmentProfile => primary_source_of_funds),
    field!(text investment_profile: IndividualInvestmentProfile => primary_source_of_funds_description),
    field!(one_of investment_profile: IndividualInvestmentProfile => total_assets),
    field!(one_of investment_profile: IndividualInvestmentProfile => usd_value_of_fiat),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_deposits),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_withdrawals),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_investment_deposit),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_investment_withdrawal),
    field!(one_of investment_profile: IndividualInvestmentProfile => usd_value_of_crypto),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_crypto_deposits),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_crypto_withdrawals),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_crypto_investment_deposit),
    field!(one_of investment_profile: IndividualInvestmentProfile => monthly_crypto_investment_withdrawal),
    field!(texts kyc_profile: IndividualKycProfile => funds_send_receive_jurisdictions),
    field!(texts kyc_profile: IndividualKycProfile => business_jurisdictions),
    field!(many_of kyc_profile: IndividualKycProfile => engage_in_activities),
    field!(many_of kyc_profile: IndividualKycProfile => vendors_and_counterparties),
];

const CORPORATION: &[Field<CorporationApplicant>] = corporation_fields![
    field!(text ip_address),
    field!(one_of investment_profile: CorporateInvestmentProfile => primary_source_of_funds),
    field!(one_of investment_profile: CorporateInvestmentProfile => total_investable_assets),
    field!(one_of investment_profile: CorporateInvestmentProfile => total_assets),
    field!(one_of investment_profile: CorporateInvestmentProfile => asset_allocation_to_crypto),
    field!(one_of investment_profile: CorporateInvestmentProfile => investment_experience_crypto),
    field!(one_of investment_profile: CorporateInvestmentProfile => investment_strategy_crypto),
    field!(one_of investment_profile: CorporateInvestmentProfile => initial_deposit_source),
    field!(text investment_profile: CorporateInvestmentProfile => initial_deposit_source_crypto_details),
    field!(text investment_profile: CorporateInvestmentProfile => initial_deposit_source_fiat_details),
    field!(one_of investment_profile: CorporateInvestmentProfile => ongoing_deposit_source),
    field!(one_of investment_profile: CorporateInvestmentProfile => frequency_of_crypto_transactions),
    field!(one_of investment_profile: CorporateInvestmentProfile => crypto_investment_plans),
    field!(text investment_profile: CorporateInvestmentProfile => investment_proceeds_use),
    field!(text investment_profile: CorporateInvestmentProfile => expected_crypto_assets),
    field!(flag investment_profile: CorporateInvestmentProfile => perform_transfers_with_unhosted_wallets),
    field!(text investment_profile: CorporateInvestmentProfile => known_unhosted_wallet_addresses),
    field!(one_of investment_profile: CorporateInvestmentProfile => trades_per_month),
    field!(one_of investment_profile: CorporateInvestmentProfile => usd_value_of_crypto),
    field!(one_of investment_profile: CorporateInvestmentProfile => usd_value_of_fiat),
    field!(one_of investment_profile: CorporateInvestmentProfile => frequency_of_transactions),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_crypto_investment_deposit),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_investment_deposit),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_crypto_deposits),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_deposits),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_crypto_investment_withdrawal),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_investment_withdrawal),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_crypto_withdrawals),
    field!(one_of investment_profile: CorporateInvestmentProfile => monthly_withdrawals),
    field!(flag investment_profile: CorporateInvestmentProfile => trade_internationally),
    field!(texts investment_profile: CorporateInvestmentProfile => trade_jurisdictions),
    field!(one_of kyc_profile: CorporateKycProfile => primary_business),
    field!(text kyc_profile: CorporateKycProfile => description_of_business_nature),
    field!(flag kyc_profile: CorporateKycProfile => is_charitable),
    field!(texts kyc_profile: CorporateKycProfile => business_jurisdictions),
    field!(texts kyc_profile: CorporateKycProfile => funds_send_receive_jurisdictions),
    field!(flag kyc_profile: CorporateKycProfile => has_complex_ownership),
    field!(flag kyc_profile: CorporateKycProfile => new_york_office),
    field!(many_of kyc_profile: CorporateKycProfile => engage_in_activities),
    field!(one_of kyc_profile: CorporateKycProfile => regulated_status),
    field!(text kyc_profile: CorporateKycProfile => regulation_agency),
    field!(text kyc_profile: CorporateKycProfile => regulation_agency_regulation_number),
    field!(one_of kyc_profile: CorporateKycProfile => control_exemption_reason),
    field!(many_of kyc_profile: CorporateKycProfile => vendors_and_counterparties),
];

#[cfg(test)]
mod tests {
    use layer2_types::payments::ApplicationFieldName;
    use layer2_types::payments::ApplicationUpdateRequest;

    use super::*;
    use crate::payments::field_table::check_names;
    use crate::payments::field_table::check_table;

    #[test]
    fn the_tables_are_those_of_the_document() {
        let names = INDIVIDUAL.iter().map(|field| field.name);
        let names = names.chain(CORPORATION.iter().map(|field| field.name));
        check_names(names, ELSEWHERE, ApplicationUpdateRequest::FIELDS);
    }

    #[test]
    fn every_field_of_an_applicant_can_be_set() {
        check_table(INDIVIDUAL, &IndividualApplicant::new());
        check_table(CORPORATION, &CorporationApplicant::new());
    }

    #[test]
    fn what_is_needed_can_be_set_and_has_a_documented_name() {
        let individual: Vec<&str> = INDIVIDUAL.iter().map(|field| field.name).collect();
        let corporation: Vec<&str> = CORPORATION.iter().map(|field| field.name).collect();
        for (needed, table) in [
            (INDIVIDUAL_NEEDED, individual),
            (CORPORATION_NEEDED, corporation),
        ] {
            for name in needed {
                assert!(table.contains(name), "{name} cannot be set");
                assert!(ApplicationFieldName::from(*name).is_known(), "{name}");
            }
        }
    }
}
