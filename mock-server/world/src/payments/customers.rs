//! Customers: reading them, changing what is known of them, changing their status.
//!
//! Customers come with the sandbox or from an approved application; making one without is for regulated clients
//! (`customer_making`). The persons of a company and the payors have a file of their own.

use layer2_types::payments;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerId;
use layer2_types::payments::CustomerType;
use layer2_types::query::QueryParams as _;
use serde::Deserialize;
use serde::Serialize;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Customers;
use crate::page::Page;
use crate::payments::customer_fields;
use crate::payments::field_table;
use crate::payments::field_table::Change;
use crate::payments::individuals;
use crate::payments::machines::standing::Standing;
use crate::payments::standing::Resource;
use crate::payments::standing::requested_standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::named;
use crate::world::World;

/// A customer. Its status is kept beside its details, which hold none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CustomerRow {
    pub(crate) id: CustomerId,
    pub(crate) standing: Standing,
    pub(crate) details: Customer,
    /// Who pays into its payment accounts.
    pub(crate) payors: Vec<payments::PayorRequest>,
}

named!(CustomerRow: CustomerId);

const PATH: &str = "/v1/customers";

impl Customers for World {
    fn customers_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::CustomersListParams,
    ) -> Result<payments::CustomerListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let platform = cx.platform();
        let is_narrowed = params.r#type.is_some() || params.status.is_some();
        let wanted = |row: &CustomerRow| {
            params
                .r#type
                .as_ref()
                .is_none_or(|wanted| row.customer_type() == *wanted)
                && params
                    .status
                    .as_ref()
                    .is_none_or(|status| row.standing.customer_status(platform) == *status)
        };
        let table = &self.payments.customers;
        let cut = table.page(page, is_narrowed.then_some(&wanted));
        let links = cut.links(PATH, &params.to_pairs());
        let customers = cut.rows.into_iter().map(|row| row.on_wire(cx)).collect();
        Ok(payments::CustomerListReply::new(
            payments::CustomerList::new().with_customers(customers),
        )
        .with_links(links.into_payments()))
    }

    fn customers_get(
        &self,
        cx: &ReadContext<'_>,
        customer_id: CustomerId,
    ) -> Result<payments::CustomerReply, Rejection> {
        let row = self.payments.customer(&customer_id, "customer_id")?;
        Ok(payments::CustomerReply::new(row.on_wire(cx)))
    }

    fn customers_update(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: CustomerId,
        body: payments::CustomerUpdateRequest,
    ) -> Result<payments::CustomerRefReply, Rejection> {
        let row = self.payments.customer(&customer_id, "customer_id")?;
        let updates = body.updates.unwrap_or_default();
        let changed = row.changed(cx, &updates)?;
        let told = self.told_to_senders(&customer_id);

        if let Some(row) = self.payments.customers.get_mut(&customer_id) {
            row.details = changed.details;
        }
        self.tell_changed_instructions(cx, &told);
        if let Some(to) = changed.standing {
            self.set_customer_standing(cx, &customer_id, to);
        }
        Ok(payments::CustomerRefReply::new(payments::CustomerRef::new(
            customer_id,
        )))
    }

    fn customers_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::CustomerRequest,
    ) -> Result<payments::CustomerRefReply, Rejection> {
        self.make_customer(cx, body)
    }

    fn customers_add_individual(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: CustomerId,
        body: payments::IndividualRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        self.add_customer_person(cx, &customer_id, body)
    }

    fn customers_get_individual(
        &self,
        _cx: &ReadContext<'_>,
        customer_id: CustomerId,
        individual_id: payments::IndividualId,
    ) -> Result<payments::IndividualReply, Rejection> {
        let row = self.payments.customer(&customer_id, "customer_id")?;
        let person = individuals::find(row.persons()?, &individual_id)?;
        Ok(payments::IndividualReply::new(person.clone()))
    }

    fn customers_update_individual(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: CustomerId,
        individual_id: payments::IndividualId,
        body: payments::IndividualUpdateRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let updates = body.updates.unwrap_or_default();
        self.update_customer_person(cx, &customer_id, individual_id, &updates)
    }

    fn customers_add_payor(
        &mut self,
        cx: &mut WriteContext<'_>,
        customer_id: CustomerId,
        body: payments::PayorRequest,
    ) -> Result<payments::PayorRefReply, Rejection> {
        self.add_payor(cx, &customer_id, body)
    }
}

/// What a list of updates makes of a customer.
struct Changed {
    details: Customer,
    standing: Option<Standing>,
}

impl CustomerRow {
    /// Whether it is a person or a company.
    pub(crate) fn customer_type(&self) -> CustomerType {
        CustomerType::from(self.details.tag())
    }

    /// The customer as a reply shows it.
    fn on_wire(&self, cx: &ReadContext<'_>) -> Customer {
        let status = self.standing.customer_status(cx.platform());
        match self.details.clone() {
            Customer::Individual(person) => Customer::Individual(person.with_status(status)),
            Customer::Corporation(company) => Customer::Corporation(company.with_status(status)),
            other => other,
        }
    }

    /// Applies all updates to a copy, or says what is wrong with each of them.
    fn changed(
        &self,
        cx: &WriteContext<'_>,
        updates: &[payments::FieldUpdate],
    ) -> Result<Changed, Rejection> {
        let mut changed = Changed {
            details: self.details.clone(),
            standing: None,
        };
        let (seen, mut problems) =
            field_table::make_each(updates, |change| self.change(&mut changed, change))?;
        let status_alone = seen == ["status"];
        if !status_alone && !self.standing.rights(cx.platform()).update {
            problems.insert(0, self.not_updatable());
        }
        if problems.is_empty() {
            Ok(changed)
        } else {
            Err(Rejection {
                status: 400,
                problems,
            })
        }
    }

    fn change(&self, changed: &mut Changed, change: &Change<'_>) -> Result<(), Rejection> {
        if change.field == "status" {
            let pointer = format!("/updates/{}/value", change.n);
            let to = requested_standing(Resource::Customer(self), change.value, &pointer)?;
            changed.standing = Some(to);
            return Ok(());
        }
        customer_fields::set(&mut changed.details, change)
    }

    /// The problem of a customer whose status forbids changes.
    pub(crate) fn not_updatable(&self) -> Problem {
        let status = self.standing.name("ACTIVE");
        let problem = Problem::new(
            code::CUSTOMER_NOT_USABLE,
            format!("Customer `{}` cannot be changed: it is {status}.", self.id),
        )
        .at("customer_id")
        .received(status)
        .expected("a customer whose status allows updates");
        if self.standing.is_platforms() {
            problem.hint(
                "Its next step is the platform's; in a sandbox, decide it through the control API.",
            )
        } else {
            problem.hint("CLOSED is final; use another customer.")
        }
    }
}
