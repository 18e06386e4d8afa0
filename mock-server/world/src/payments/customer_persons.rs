//! Who belongs to a customer: the persons of a company, and the payors of payment accounts.
//!
//! Both are changed under the customer's right to be updated. Payors have ids that the client chooses, unique per
//! customer; nobody is ever removed.

use layer2_types::payments;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerId;
use layer2_types::payments::FieldUpdate;
use layer2_types::payments::Individual;
use layer2_types::payments::IndividualId;
use layer2_types::payments::PayorId;
use layer2_types::payments::PayorRequest;

use crate::context::WriteContext;
use crate::payments::customers::CustomerRow;
use crate::payments::external_id;
use crate::payments::field_table;
use crate::payments::individuals;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl World {
    /// Adds a person to a company.
    pub(super) fn add_customer_person(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: &CustomerId,
        body: payments::IndividualRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let row = self.payments.customer(customer_id, "customer_id")?;
        row.persons()?;
        row.must_be_updatable(cx)?;
        let person = individuals::new_individual(cx, body)?;
        let id = person.id.clone();

        if let Some(persons) = self.customer_persons_mut(customer_id) {
            persons.push(person);
        }
        Ok(reference(id))
    }

    /// Changes fields of a person of a company.
    pub(super) fn update_customer_person(
        &mut self,
        cx: &WriteContext<'_>,
        customer_id: &CustomerId,
        individual_id: IndividualId,
        updates: &[FieldUpdate],
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let row = self.payments.customer(customer_id, "customer_id")?;
        let mut changed = individuals::find(row.persons()?, &individual_id)?.clone();
        row.must_be_updatable(cx)?;
        field_table::make_all(updates, |change| individuals::set(&mut changed, change))?;

        let persons = self.customer_persons_mut(customer_id).into_iter().flatten();
        for person in persons.filter(|person| person.id == individual_id) {
            person.clone_from(&changed);
        }
        Ok(reference(individual_id))
    }

    /// Adds somebody who pays into the payment accounts of a customer.
    pub(super) fn add_payor(
        &mut self,
        cx: &WriteContext<'_>,
        customer_id: &CustomerId,
        body: PayorRequest,
    ) -> Result<payments::PayorRefReply, Rejection> {
        let row = self.payments.customer(customer_id, "customer_id")?;
        row.must_be_updatable(cx)?;
        external_id::check(body.id.as_str(), "/id")?;
        must_have_one_name(&body)?;
        if row.payors.iter().any(|payor| payor.id == body.id) {
            return Err(payor_taken(&body.id));
        }

        let id = body.id.clone();
        if let Some(row) = self.payments.customers.get_mut(customer_id) {
            row.payors.push(body);
        }
        Ok(payments::PayorRefReply::new(payments::PayorRef::new(id)))
    }

    fn customer_persons_mut(&mut self, id: &CustomerId) -> Option<&mut Vec<Individual>> {
        match &mut self.payments.customers.get_mut(id)?.details {
            Customer::Corporation(company) => {
                Some(company.individuals.get_or_insert_with(Vec::new))
            }
            _ => None,
        }
    }
}

impl CustomerRow {
    /// The persons of a company; a customer that is a person is refused.
    pub(crate) fn persons(&self) -> Result<&[Individual], Rejection> {
        match &self.details {
            Customer::Corporation(company) => {
                Ok(company.individuals.as_deref().unwrap_or_default())
            }
            _ => Err(individuals::not_a_corporation("customer", "customer_id")),
        }
    }

    fn must_be_updatable(&self, cx: &WriteContext<'_>) -> Result<(), Rejection> {
        if self.standing.rights(cx.platform()).update {
            return Ok(());
        }
        Err(self.not_updatable().bad_request())
    }
}

/// A payor is a person or a company, so it has the names of the one or of the other.
fn must_have_one_name(body: &PayorRequest) -> Result<(), Rejection> {
    let filled =
        |name: &Option<String>| name.as_deref().is_some_and(|name| !name.trim().is_empty());
    let first_and_last = filled(&body.first_name) && filled(&body.last_name);
    let any_of_a_person = [&body.first_name, &body.middle_name, &body.last_name]
        .into_iter()
        .any(filled);
    if (first_and_last && !filled(&body.company_name))
        || (filled(&body.company_name) && !any_of_a_person)
    {
        return Ok(());
    }
    Err(Problem::new(
        code::VALIDATION_FAILED,
        "A payor has the name of a person or that of a company.",
    )
    .at("")
    .expected("`first_name` and `last_name`, or `company_name` alone")
    .bad_request())
}

fn payor_taken(id: &PayorId) -> Rejection {
    Problem::new(
        code::ALREADY_EXISTS,
        "The customer has a payor with this id.",
    )
    .at("/id")
    .received(id.as_str())
    .expected("an id that no payor of this customer has")
    .hint("To repeat a request whose reply was lost, send it with its idempotency key.")
    .bad_request()
}

fn reference(id: IndividualId) -> payments::IndividualRefReply {
    payments::IndividualRefReply::new(payments::IndividualRef::new(id))
}
