//! Counterparties: bank accounts and wallets outside the platform, with their owners.
//!
//! Money leaves to a counterparty and may be fetched from one. It is registered for one customer, screened, and stands
//! where customers stand: the platform publishes no table of its own for it. What was sent is kept as it was sent, for
//! all types alike; what a type or a rail needs is a table in `kinds` and `draft`. Types whose account the owner links
//! are registered here; the three steps of the linking are not built yet, so money cannot move to them.

use layer2_types::payments;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::Counterparty;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::OperationId;
use layer2_types::payments::Rail;
use layer2_types::payments::RelationshipToCustomer;
use layer2_types::query::QueryParams as _;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Counterparties;
use crate::ids::IdKind;
use crate::not_built;
use crate::page::Page;
use crate::payments::machines::standing::Standing;
use crate::rejection::Rejection;
use crate::table::named;
use crate::world::World;

mod accounts;
mod draft;
mod fields;
mod form;
mod intermediary;
mod keep;
mod kinds;
mod model;
mod numbers;
mod owner;
mod screening;
mod usable;

pub(crate) use screening::CounterpartyJob;
pub(crate) use screening::is_listed;
pub(crate) use usable::Flow;

/// A counterparty. Its status is kept beside its details, which hold none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CounterpartyRow {
    pub(crate) id: CounterpartyId,
    /// Its customer, or `SELF` for one of the client.
    pub(crate) customer: CustomerId,
    pub(crate) standing: Standing,
    /// Whether it was ACTIVE once; from then on its owner and its account are fixed.
    pub(crate) approved: bool,
    /// Whether its account is known: it was registered with its numbers, or linked.
    pub(crate) connected: bool,
    /// Asset of the account or the wallet; one that is a person or company alone has none.
    pub(crate) asset: Option<AssetTypeId>,
    pub(crate) rails: Vec<Rail>,
    pub(crate) details: Counterparty,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(CounterpartyRow: CounterpartyId);

const PATH: &str = "/v1/counterparties";

impl Counterparties for World {
    fn counterparties_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::CounterpartiesListParams,
    ) -> Result<payments::CounterpartyListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let wanted = params
            .customer_id
            .as_ref()
            .map(|customer| |row: &CounterpartyRow| row.customer == *customer);
        let cut = self.payments.counterparties.page(page, wanted.as_ref());
        let links = cut.links(PATH, &params.to_pairs());
        let counterparties = cut.rows.into_iter().map(|row| row.on_wire(cx)).collect();
        Ok(payments::CounterpartyListReply::new(
            payments::CounterpartyList::new().with_counterparties(counterparties),
        )
        .with_links(links.into_payments()))
    }

    fn counterparties_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::CounterpartyRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        let registration = draft::read(&body, cx.platform())?;
        self.must_allow_updates(registration.customer)?;
        registration.check()?;
        let id =
            CounterpartyId::new(cx.mint(IdKind::Counterparty)).map_err(|_| Rejection::bad_id())?;
        let customer = registration.customer.clone();
        let connected = !registration.is_linked();
        let asset = registration.asset().cloned();
        let rails = registration.rails.to_vec();
        let broken = || Rejection::internal("A registration could not be kept.");
        let details = model::registered(body, id.clone()).ok_or_else(broken)?;

        self.payments.counterparties.insert(CounterpartyRow {
            id: id.clone(),
            customer,
            standing: Standing::Pending,
            approved: false,
            connected,
            asset,
            rails,
            details,
            cause: cx.seq(),
        });
        self.emit_counterparty(cx, &id);
        let due = clock::later(cx.now(), self.delays().counterparty_screening);
        self.schedule.add(due, CounterpartyJob::Screen(id.clone()));
        Ok(payments::CounterpartyRefReply::new(
            payments::CounterpartyRef::new(id),
        ))
    }

    fn counterparties_get(
        &self,
        cx: &ReadContext<'_>,
        counterparty_id: CounterpartyId,
    ) -> Result<payments::CounterpartyReply, Rejection> {
        let row = self
            .payments
            .counterparty(&counterparty_id, "counterparty_id")?;
        Ok(payments::CounterpartyReply::new(row.on_wire(cx)))
    }

    fn counterparties_update(
        &mut self,
        cx: &mut WriteContext<'_>,
        counterparty_id: CounterpartyId,
        body: payments::CounterpartyUpdateRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        let row = self
            .payments
            .counterparty(&counterparty_id, "counterparty_id")?;
        let updates = body.updates.unwrap_or_default();
        let changed = fields::changed(row, cx, &updates)?;

        if let Some(row) = self.payments.counterparties.get_mut(&counterparty_id) {
            row.details = changed.details;
        }
        if let Some(to) = changed.standing {
            self.set_counterparty_standing(cx, &counterparty_id, to);
        }
        Ok(payments::CounterpartyRefReply::new(
            payments::CounterpartyRef::new(counterparty_id),
        ))
    }

    fn counterparties_link_details(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: CounterpartyId,
        _body: payments::LinkDetailsRequest,
    ) -> Result<payments::LinkDetails, Rejection> {
        not_built!(OperationId::CounterpartiesLinkDetails)
    }

    fn counterparties_link_accounts(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: CounterpartyId,
        _body: payments::LinkAccountsRequest,
    ) -> Result<payments::LinkAccounts, Rejection> {
        not_built!(OperationId::CounterpartiesLinkAccounts)
    }

    fn counterparties_link_connect(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _counterparty_id: CounterpartyId,
        _body: payments::LinkConnectRequest,
    ) -> Result<payments::CounterpartyRefReply, Rejection> {
        not_built!(OperationId::CounterpartiesLinkConnect)
    }
}

impl World {
    /// Changes where a counterparty stands and tells it.
    pub(crate) fn set_counterparty_standing(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &CounterpartyId,
        to: Standing,
    ) {
        let Some(row) = self.payments.counterparties.get_mut(id) else {
            return;
        };
        row.standing = to;
        row.approved |= to == Standing::Active;
        self.emit_counterparty(cx, id);
    }
}

impl CounterpartyRow {
    /// What the owner is to the customer, as far as it was told.
    pub(crate) fn relationship(&self) -> Option<&RelationshipToCustomer> {
        self.details.profile()?.relationship_to_customer.as_ref()
    }

    /// The counterparty as a reply shows it.
    fn on_wire(&self, cx: &ReadContext<'_>) -> Counterparty {
        let status = self.standing.counterparty_status(cx.platform());
        model::with_status(self.details.clone(), status)
    }
}
