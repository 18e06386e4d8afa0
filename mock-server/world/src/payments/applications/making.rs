//! Making an application: what is asked for at its start, and the ids that it keeps for the customer and the account to
//! come.

use layer2_types::payments;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::DocumentType;

use super::Applicant;
use super::ApplicationRow;
use super::ApplicationStage;
use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::payments::accounts::SELF;
use crate::payments::accounts::id_taken;
use crate::payments::accounts::offered_asset;
use crate::payments::documents::Asked;
use crate::payments::external_id;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// The application that a request asks for, without its documents; nothing is kept yet.
pub(super) fn new_application(
    cx: &mut WriteContext<'_>,
    body: payments::ApplicationRequest,
) -> Result<ApplicationRow, Rejection> {
    let (customer, account_to_open, terms_accepted, attested, applicant) = match body {
        payments::ApplicationRequest::Individual(told) => (
            told.customer_id,
            told.account_to_open,
            told.terms_and_conditions_accepted,
            told.information_attested,
            Applicant::individual(told.customer_details),
        ),
        payments::ApplicationRequest::Corporation(told) => (
            told.customer_id,
            told.account_to_open,
            told.terms_and_conditions_accepted,
            told.information_attested,
            Applicant::corporation(told.customer_details),
        ),
        other => return Err(unknown_type(&other)),
    };
    external_id::check(customer.as_str(), "/customer_id")?;
    external_id::check(
        account_to_open.account_id.as_str(),
        "/account_to_open/account_id",
    )?;
    offered_asset(&account_to_open.product_id, &account_to_open.asset_type_id)?;
    let id = ApplicationId::new(cx.mint(IdKind::Application)).map_err(|_| Rejection::bad_id())?;
    Ok(ApplicationRow {
        id,
        customer,
        account_to_open,
        terms_accepted,
        attested: attested.unwrap_or(false),
        applicant,
        stage: ApplicationStage::Incomplete,
        created: cx.now(),
        stage_since: cx.now(),
        documents: Vec::new(),
        requested: Vec::new(),
        cause: cx.seq(),
    })
}

impl World {
    /// Refuses an application for a customer or an account that exists, or that another application is for.
    pub(super) fn must_be_free(&self, row: &ApplicationRow) -> Result<(), Rejection> {
        let wanted = &row.account_to_open.account_id;
        let mut problems = Vec::new();
        if let Err(taken) = self.must_be_free_for_customer(&row.customer, "/customer_id") {
            problems.extend(taken.problems);
        }
        if self.payments.accounts.contains(wanted) || self.is_reserved(wanted) {
            problems.extend(id_taken(wanted).problems);
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Rejection {
            status: 400,
            problems,
        })
    }

    /// Refuses an id that a customer has, or an application that is not decided keeps for one.
    pub(crate) fn must_be_free_for_customer(
        &self,
        id: &CustomerId,
        place: &str,
    ) -> Result<(), Rejection> {
        let is_taken = id.as_str() == SELF
            || self.payments.customers.contains(id)
            || self.is_applied_for(|row| row.customer == *id);
        match is_taken {
            true => Err(customer_taken(id).at(place).bad_request()),
            false => Ok(()),
        }
    }

    /// Whether an application that is not decided will open an account with this id.
    pub(crate) fn is_reserved(&self, id: &payments::AccountId) -> bool {
        self.is_applied_for(|row| row.account_to_open.account_id == *id)
    }

    fn is_applied_for(&self, wanted: impl Fn(&ApplicationRow) -> bool) -> bool {
        let mut rows = self.payments.applications.rows();
        rows.any(|row| row.reserves_ids() && wanted(row))
    }
}

impl ApplicationRow {
    /// Whether its customer and account do not exist and still may.
    const fn reserves_ids(&self) -> bool {
        !matches!(
            self.stage,
            ApplicationStage::Approved | ApplicationStage::Rejected
        )
    }
}

impl Applicant {
    /// The documents that are asked for at the start. One government id is enough, so its back may stay away.
    pub(super) fn documents(&self) -> Vec<Asked> {
        match self {
            Self::Individual(_) => {
                let mut asked = identity();
                asked.push((DocumentType::UtilityBill, true));
                asked
            }
            Self::Corporation(_) => vec![(DocumentType::IncorporationDocuments, true)],
        }
    }
}

/// The papers that prove who a person is.
pub(super) fn identity() -> Vec<Asked> {
    vec![
        (DocumentType::GovernmentIdFront, true),
        (DocumentType::GovernmentIdBack, false),
    ]
}

fn customer_taken(id: &CustomerId) -> Problem {
    Problem::new(
        code::ALREADY_EXISTS,
        "There is a customer, or an application for one, with this id.",
    )
    .received(id.as_str())
    .expected("an id that no customer and no open application has")
    .hint("To repeat a request whose reply was lost, send it with its idempotency key.")
}

fn unknown_type(body: &payments::ApplicationRequest) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "There is no application of this type.",
    )
    .at("/application_type")
    .received(body.tag())
    .expected("INDIVIDUAL, CORPORATION")
    .bad_request()
}
