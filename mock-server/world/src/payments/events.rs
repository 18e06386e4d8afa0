//! Events: what happened, to whom it is told.
//!
//! The body is written once, when it happens, in the form of the chosen platform version; every delivery and every retry
//! sends the same text. An event that a version does not have is not sent under it.

use layer2_types::payments::AccountEventData;
use layer2_types::payments::AccountId;
use layer2_types::payments::AccountState;
use layer2_types::payments::ApplicationEventData;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::ApplicationState;
use layer2_types::payments::CustomerEventData;
use layer2_types::payments::CustomerId;
use layer2_types::payments::CustomerState;
use layer2_types::payments::Event;
use layer2_types::payments::EventPayload;
use layer2_types::payments::TransactionEventData;
use layer2_types::payments::TransactionState;
use layer2_types::project::Project as _;

use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::outbox::DeliveryId;
use crate::outbox::NewEvent;
use crate::outbox::Recipient;
use crate::payments::applications::stage::ApplicationStage;
use crate::payments::machines::TransactionStage;
use crate::payments::machines::standing::Standing;
use crate::world::World;

impl World {
    /// Tells where a customer stands now.
    pub(crate) fn emit_customer(&mut self, cx: &mut WriteContext<'_>, id: &CustomerId) {
        let Some(row) = self.payments.customers.get(id) else {
            return;
        };
        let Some(payload) = customer_payload(row.standing) else {
            return;
        };
        let state =
            CustomerState::new(id.clone()).with_status(row.standing.customer_status(cx.platform()));
        self.emit(cx, payload(CustomerEventData::new(state)));
    }

    /// Tells where an account stands now.
    pub(crate) fn emit_account(&mut self, cx: &mut WriteContext<'_>, id: &AccountId) {
        let Some(row) = self.payments.accounts.get(id) else {
            return;
        };
        let payload = account_payload(row.standing);
        let state =
            AccountState::new(id.clone()).with_status(row.standing.account_status(cx.platform()));
        self.emit(cx, payload(AccountEventData::new(state)));
    }

    /// Tells that senders of money to an account have to be told something else than before.
    pub(crate) fn emit_instructions(&mut self, cx: &mut WriteContext<'_>, id: &AccountId) {
        let Some(row) = self.payments.accounts.get(id) else {
            return;
        };
        let state =
            AccountState::new(id.clone()).with_status(row.standing.account_status(cx.platform()));
        let data = AccountEventData::new(state);
        self.emit(cx, EventPayload::AccountDepositInstructionsUpdate(data));
    }

    /// Tells how far an application has come.
    pub(crate) fn emit_application(&mut self, cx: &mut WriteContext<'_>, id: &ApplicationId) {
        let Some(row) = self.payments.applications.get(id) else {
            return;
        };
        let payload = application_payload(row.stage);
        let state = ApplicationState::new(id.clone()).with_status(row.stage.status());
        self.emit(cx, payload(ApplicationEventData::new(state)));
    }

    /// Tells how far a transaction has come.
    pub(crate) fn emit_transaction(&mut self, cx: &mut WriteContext<'_>, number: u64) {
        let Some(row) = self.payments.transactions.row(number) else {
            return;
        };
        let payload = transaction_payload(row.stage);
        let mut state = TransactionState::new(row.id.get())
            .with_status(row.stage.status())
            .with_category_type(row.category.on_wire())
            .with_account_id(row.account.clone());
        state.category_id = row.category_id();
        self.emit(cx, payload(TransactionEventData::new(state)));
    }

    /// Writes an event to the outbox, for all who subscribed to it.
    pub(crate) fn emit(&mut self, cx: &mut WriteContext<'_>, mut payload: EventPayload) {
        let platform = cx.platform();
        let event_type = payload.event_type();
        if !event_type.is_sent_by(platform) {
            return;
        }
        let subscribers: Vec<_> = self
            .payments
            .subscriptions
            .rows()
            .filter(|row| row.event_type == event_type)
            .map(|row| (row.id.clone(), row.callback_url.clone()))
            .collect();
        if subscribers.is_empty() {
            // The ids of what follows do not depend on who listens.
            cx.skip(IdKind::Event);
            return;
        }
        payload.project(platform);
        let id = cx.mint(IdKind::Event);
        let Ok(event_id) = id.parse() else { return };
        let event = Event::new(event_id, cx.wire(cx.now()), payload);
        // Models of the documents hold nothing that JSON cannot say.
        let Ok(body) = serde_json::to_string(&event) else {
            return;
        };
        let recipients = subscribers
            .into_iter()
            .map(|(subscription, url)| Recipient {
                delivery: DeliveryId::new(cx.mint(IdKind::Delivery)),
                subscription,
                url,
            })
            .collect();
        self.outbox.write(NewEvent {
            id,
            event_type: event_type.as_str().to_owned(),
            at: cx.now(),
            body,
            cause: cx.seq(),
            origin: cx.origin(),
            recipients,
        });
    }
}

/// The event of a customer's status; DORMANT has none.
fn customer_payload(standing: Standing) -> Option<fn(CustomerEventData) -> EventPayload> {
    Some(match standing {
        Standing::Active => EventPayload::CustomerActive,
        Standing::Closed => EventPayload::CustomerClosed,
        Standing::Edd => EventPayload::CustomerEdd,
        Standing::Pending => EventPayload::CustomerPending,
        Standing::Frozen => EventPayload::CustomerFrozen,
        Standing::Dormant => return None,
        Standing::EddL2f => EventPayload::CustomerEddL2f,
        Standing::FrozenL2f => EventPayload::CustomerFrozenL2f,
        Standing::PendingL2f => EventPayload::CustomerPendingL2f,
    })
}

fn account_payload(standing: Standing) -> fn(AccountEventData) -> EventPayload {
    match standing {
        Standing::Active => EventPayload::AccountOpen,
        Standing::Closed => EventPayload::AccountClosed,
        Standing::Edd => EventPayload::AccountEdd,
        Standing::Pending => EventPayload::AccountPending,
        Standing::Frozen => EventPayload::AccountFrozen,
        Standing::Dormant => EventPayload::AccountDormant,
        Standing::EddL2f => EventPayload::AccountEddL2f,
        Standing::FrozenL2f => EventPayload::AccountFrozenL2f,
        Standing::PendingL2f => EventPayload::AccountPendingL2f,
    }
}

fn application_payload(stage: ApplicationStage) -> fn(ApplicationEventData) -> EventPayload {
    match stage {
        ApplicationStage::Incomplete => EventPayload::ApplicationIncomplete,
        ApplicationStage::ReadyForSubmission => EventPayload::ApplicationReadyForSubmission,
        ApplicationStage::Submitted => EventPayload::ApplicationSubmitted,
        ApplicationStage::Processing => EventPayload::ApplicationProcessing,
        // The event's name lacks a letter of the status.
        ApplicationStage::ChangesRequested => EventPayload::ApplicationChangeRequested,
        ApplicationStage::Rejected => EventPayload::ApplicationRejected,
        ApplicationStage::Approved => EventPayload::ApplicationApproved,
    }
}

fn transaction_payload(stage: TransactionStage) -> fn(TransactionEventData) -> EventPayload {
    match stage {
        TransactionStage::Authorized => EventPayload::TransactionAuthorized,
        TransactionStage::Pending => EventPayload::TransactionPending,
        TransactionStage::Posted => EventPayload::TransactionPosted,
        TransactionStage::Cancelled => EventPayload::TransactionCancelled,
    }
}
