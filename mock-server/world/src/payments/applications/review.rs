//! From a complete application to a decision: the changes of status, the review, and what each decision leads to.
//!
//! Completeness is followed by itself; submission hands over; a job begins the review; control decides. Each change of
//! status is told, and an approval tells of the customer and the account before it tells of itself.

use layer2_types::control;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::DocumentStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::WriteContext;
use crate::payments::accounts::NewAccount;
use crate::payments::accounts::offered_asset;
use crate::payments::applications::ApplicationRow;
use crate::payments::applications::missing::Missing;
use crate::payments::applications::stage::APPLICATION;
use crate::payments::applications::stage::ApplicationStage;
use crate::payments::customers::CustomerRow;
use crate::payments::documents::DocumentRow;
use crate::payments::machines::standing::Standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::schedule::Work;
use crate::world::World;

/// What is done with an application later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApplicationJob {
    /// A submitted one comes under review.
    BeginReview(ApplicationId),
}

impl Work for ApplicationJob {
    fn name(&self) -> &'static str {
        "begin_review"
    }

    fn subject(&self) -> &str {
        let Self::BeginReview(id) = self;
        id.as_str()
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        let Self::BeginReview(id) = self;
        world.advance_application(cx, id, ApplicationStage::Processing);
    }
}

impl World {
    /// What the application lacks.
    pub(crate) fn missing<'a>(&'a self, row: &'a ApplicationRow) -> Missing<'a> {
        Missing::of(row, &self.documents_of(row), self.settings().platform)
    }

    /// The documents that the application was asked for, in the order in which it was.
    pub(crate) fn documents_of(&self, row: &ApplicationRow) -> Vec<&DocumentRow> {
        let ids = row.documents.iter();
        ids.filter_map(|id| self.payments.documents.get(id))
            .collect()
    }

    /// Lets the status of an application follow from what is missing, after it was changed.
    pub(crate) fn follow_application(&mut self, cx: &mut WriteContext<'_>, id: &ApplicationId) {
        let Some(row) = self.payments.applications.get(id) else {
            return;
        };
        let complete = self.missing(row).is_empty();
        let to = row.stage.once_complete_or_not(complete);
        self.advance_application(cx, id, to);
    }

    /// Hands an application over for review.
    pub(crate) fn submit(&mut self, cx: &mut WriteContext<'_>, id: &ApplicationId) {
        self.advance_application(cx, id, ApplicationStage::Submitted);
        let due = clock::later(cx.now(), self.delays().application_review);
        self.schedule
            .add(due, ApplicationJob::BeginReview(id.clone()));
    }

    /// Ends the review of an application.
    pub(crate) fn decide_application(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &ApplicationId,
        decision: Decision,
    ) -> Result<(), Rejection> {
        match decision {
            Decision::Approve => self.approve(cx, id)?,
            Decision::Reject => self.advance_application(cx, id, ApplicationStage::Rejected),
            Decision::HandBack(changes) => self.hand_back(cx, id, changes),
        }
        Ok(())
    }

    /// Makes the customer, opens its account, and tells of both before the application.
    fn approve(&mut self, cx: &mut WriteContext<'_>, id: &ApplicationId) -> Result<(), Rejection> {
        let row = self.payments.application(id)?.clone();
        let account = row.account_to_open;
        let opening = NewAccount {
            asset: offered_asset(&account.product_id, &account.asset_type_id)?,
            id: account.account_id,
            customer: row.customer.clone(),
            product: account.product_id,
        };
        // An application keeps its two ids from the day on which it is started.
        if self.payments.customers.contains(&row.customer)
            || self.payments.accounts.contains(&opening.id)
        {
            return Err(Rejection::internal("An id of the application is taken."));
        }

        let customer = CustomerRow {
            id: row.customer.clone(),
            standing: Standing::Active,
            details: row.applicant.to_customer(&row.customer),
            payors: Vec::new(),
        };
        self.payments.customers.insert(customer);
        self.emit_customer(cx, &row.customer);
        self.open_account(cx, opening)?;
        for document in &row.documents {
            if let Some(document) = self.payments.documents.get_mut(document)
                && document.status == DocumentStatus::Submitted
            {
                document.status = DocumentStatus::Approved;
            }
        }
        self.advance_application(cx, id, ApplicationStage::Approved);
        Ok(())
    }

    /// Gives an application back with what has to change.
    fn hand_back(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &ApplicationId,
        changes: Vec<control::ApplicationChange>,
    ) {
        let Some(row) = self.payments.applications.get_mut(id) else {
            return;
        };
        for document in &row.documents {
            let questioned = changes.iter().any(|change| {
                let asked = change.document_id.as_ref();
                asked.is_some_and(|asked| asked.as_str() == document.as_str())
            });
            if questioned && let Some(document) = self.payments.documents.get_mut(document) {
                document.status = DocumentStatus::ChangesRequested;
            }
        }
        row.requested = changes;
        self.advance_application(cx, id, ApplicationStage::ChangesRequested);
    }

    /// Changes where an application stands, if its machine allows it, and tells it.
    fn advance_application(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &ApplicationId,
        to: ApplicationStage,
    ) {
        let Some(row) = self.payments.applications.get_mut(id) else {
            return;
        };
        if !APPLICATION.allows(row.stage, to) {
            return;
        }
        row.stage = to;
        row.stage_since = cx.now();
        self.emit_application(cx, id);
    }
}

/// How a review ends.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    Approve,
    Reject,
    /// With what has to change.
    HandBack(Vec<control::ApplicationChange>),
}

impl Decision {
    /// The stage that the decision leads to.
    pub(crate) const fn stage(&self) -> ApplicationStage {
        match self {
            Self::Approve => ApplicationStage::Approved,
            Self::Reject => ApplicationStage::Rejected,
            Self::HandBack(_) => ApplicationStage::ChangesRequested,
        }
    }
}

impl ApplicationRow {
    /// Refuses a change of what was handed over or decided.
    pub(crate) fn must_be_editable(&self) -> Result<(), Rejection> {
        if self.stage.is_editable() {
            return Ok(());
        }
        let hint = match self.stage {
            ApplicationStage::Approved => "Change the customer that the approval has made.",
            ApplicationStage::Rejected => "The refusal is final; start another application.",
            _ => {
                "It can be changed when a reviewer asks for changes; in a sandbox, decide so through the control API."
            }
        };
        Err(Problem::new(
            code::APPLICATION_NOT_EDITABLE,
            format!("The application is {}; it cannot be changed.", self.stage),
        )
        .at("application_id")
        .received(self.stage.to_string())
        .expected("an application that is INCOMPLETE, READY_FOR_SUBMISSION or CHANGES_REQUESTED")
        .hint(hint)
        .bad_request())
    }

    /// Refuses the submission of an application that is not ready; `missing` is what it lacks.
    pub(crate) fn must_be_ready(&self, missing: &Missing<'_>) -> Result<(), Rejection> {
        if APPLICATION.allows(self.stage, ApplicationStage::Submitted) {
            return Ok(());
        }
        let problem = if self.stage.is_editable() {
            let description = format!(
                "The application is {}: it lacks {}.",
                self.stage,
                missing.summary()
            );
            Problem::new(code::APPLICATION_NOT_READY, description).hint(format!(
                "GET /v1/applications/{}/status lists all that is missing; the application becomes READY_FOR_SUBMISSION by itself.",
                self.id
            ))
        } else {
            let description = format!(
                "The application was submitted before: it is {}.",
                self.stage
            );
            Problem::new(code::APPLICATION_NOT_READY, description).hint(
                "To repeat a submission whose reply was lost, send it with its idempotency key.",
            )
        };
        Err(problem
            .at("application_id")
            .received(self.stage.to_string())
            .expected(ApplicationStage::ReadyForSubmission.to_string())
            .bad_request())
    }
}
