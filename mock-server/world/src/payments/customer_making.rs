//! Customers that a regulated client makes without an application.
//!
//! Nobody checks who such a customer is, for its maker has; it is screened like a counterparty, though, and has no account
//! until one is opened. Whether the client of a sandbox is regulated is a setting, off by default.

use layer2_types::payments;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerId;
use layer2_types::payments::CustomerRequest;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::WriteContext;
use crate::payments::counterparties::is_listed;
use crate::payments::customers::CustomerRow;
use crate::payments::external_id;
use crate::payments::machines::standing::Standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::schedule::Work;
use crate::world::World;

/// What is done with a customer later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CustomerJob {
    /// The screening ends.
    Screen(CustomerId),
}

impl Work for CustomerJob {
    fn name(&self) -> &'static str {
        "screen_customer"
    }

    fn subject(&self) -> &str {
        let Self::Screen(id) = self;
        id.as_str()
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        let Self::Screen(id) = self;
        world.screen_customer(cx, id);
    }
}

impl World {
    /// Makes a customer and plans its screening.
    pub(super) fn make_customer(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: CustomerRequest,
    ) -> Result<payments::CustomerRefReply, Rejection> {
        if !self.settings().regulated_client {
            return Err(not_regulated());
        }
        let (id, details) = match body {
            CustomerRequest::Individual(told) => (told.id.clone(), person(told)),
            CustomerRequest::Corporation(told) => (told.id.clone(), company(told)),
            other => return Err(unknown_type(other.tag())),
        };
        external_id::check(id.as_str(), "/id")?;
        self.must_be_free_for_customer(&id, "/id")?;

        let row = CustomerRow {
            id: id.clone(),
            standing: Standing::Pending,
            details,
            payors: Vec::new(),
        };
        self.payments.customers.insert(row);
        self.emit_customer(cx, &id);
        let due = clock::later(cx.now(), self.delays().customer_screening);
        self.schedule.add(due, CustomerJob::Screen(id.clone()));
        Ok(payments::CustomerRefReply::new(payments::CustomerRef::new(
            id,
        )))
    }

    /// What control or the client decided before has precedence.
    fn screen_customer(&mut self, cx: &mut WriteContext<'_>, id: &CustomerId) {
        let Some(row) = self.payments.customers.get(id) else {
            return;
        };
        if row.standing != Standing::Pending {
            return;
        }
        let to = match is_listed(&name(&row.details)) {
            true => Standing::Closed,
            false => Standing::Active,
        };
        self.set_customer_standing(cx, id, to);
    }
}

/// The name that is screened.
fn name(customer: &Customer) -> String {
    match customer {
        Customer::Individual(person) => {
            let parts = [&person.first_name, &person.middle_name, &person.last_name];
            let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            parts.join(" ")
        }
        Customer::Corporation(company) => company.registered_name.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

fn person(told: payments::CustomerRequestIndividual) -> Customer {
    let mut person = payments::CustomerIndividual::new(told.id)
        .with_first_name(told.first_name)
        .with_last_name(told.last_name);
    person.middle_name = told.middle_name;
    person.email_address = told.email_address;
    person.mailing_address = told.mailing_address;
    person.telephone_number = told.telephone_number;
    person.tax_reference_number = told.tax_reference_number;
    person.passport_number = told.passport_number;
    person.nationality = told.nationality;
    person.date_of_birth = told.date_of_birth;
    person.us_residency_status = told.us_residency_status;
    person.employment_status = told.employment_status;
    person.employment_description = told.employment_description;
    person.employer_name = told.employer_name;
    person.occupation = told.occupation;
    person.investment_profile = told.investment_profile;
    person.kyc_profile = told.kyc_profile;
    person.into()
}

fn company(told: payments::CustomerRequestCorporation) -> Customer {
    let mut company = payments::CustomerCorporation::new(told.id)
        .with_registered_name(told.registered_name)
        .with_individuals(Vec::new());
    company.trading_name = told.trading_name;
    company.registered_number = told.registered_number;
    company.registered_address = told.registered_address;
    company.telephone_number = told.telephone_number;
    company.website_address = told.website_address;
    company.state_of_incorporation = told.state_of_incorporation;
    company.country_of_incorporation = told.country_of_incorporation;
    company.corporate_entity_type = told.corporate_entity_type;
    company.corporate_entity_type_description = told.corporate_entity_type_description;
    company.email_address = told.email_address;
    company.established_on = told.established_on;
    company.naics = told.naics;
    company.naics_description = told.naics_description;
    company.into()
}

fn not_regulated() -> Rejection {
    Problem::new(
        code::CUSTOMER_CREATION_NOT_ALLOWED,
        "Only clients that are regulated themselves make customers without an application, and this sandbox's is not.",
    )
    .expected("an application for the customer")
    .hint("Start one with POST /v1/applications; its approval makes the customer and opens its first account. The setting `regulated_client` of a sandbox makes its client a regulated one.")
    .bad_request()
}

fn unknown_type(tag: &str) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "There is no customer of this type.",
    )
    .at("/customer_type")
    .received(tag)
    .expected("INDIVIDUAL, CORPORATION")
    .hint("Say whether the customer is a person or a company.")
    .bad_request()
}
