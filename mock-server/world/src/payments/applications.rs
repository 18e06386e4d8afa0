//! Applications: the onboarding of a customer, from the first field to the decision.
//!
//! An application gathers what a person or a company must tell (fields, persons, documents, agreements), says what it
//! still lacks, is submitted once it lacks nothing, and is decided by control; an approval makes the customer and opens
//! its account. Which documents and fields are needed is not published: `docs/unknowns.md` says what is asked here.

pub(crate) mod applicant;
pub(crate) mod fields;
mod listing;
mod making;
pub(crate) mod missing;
mod persons;
pub(crate) mod review;
pub(crate) mod stage;

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_types::control;
use layer2_types::payments;
use layer2_types::payments::AccountToOpen;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::DocumentId;
use layer2_types::payments::FieldUpdate;
use layer2_types::payments::IndividualId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Applications;
use crate::ids::IdKind;
use crate::payments::applications::applicant::Applicant;
use crate::payments::applications::making::new_application;
use crate::payments::applications::missing::Missing;
use crate::payments::applications::stage::ApplicationStage;
use crate::payments::documents::DocumentOwner;
use crate::payments::field_table;
use crate::rejection::Rejection;
use crate::table::named;
use crate::world::World;

/// An application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApplicationRow {
    pub(crate) id: ApplicationId,
    /// The customer that an approval makes.
    pub(crate) customer: CustomerId,
    pub(crate) account_to_open: AccountToOpen,
    pub(crate) terms_accepted: bool,
    pub(crate) attested: bool,
    pub(crate) applicant: Applicant,
    pub(crate) stage: ApplicationStage,
    pub(crate) created: Timestamp,
    /// When the stage changed last.
    pub(crate) stage_since: Timestamp,
    /// The documents that were asked for, those of the persons among them.
    pub(crate) documents: Vec<DocumentId>,
    /// What a reviewer asked to be changed and was not changed yet.
    pub(crate) requested: Vec<control::ApplicationChange>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(ApplicationRow: ApplicationId);

/// How long an access code works.
const CODE_LIFE: SignedDuration = SignedDuration::from_hours(24);

const CODE_LENGTH: usize = 32;

impl Applications for World {
    fn applications_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::ApplicationsListParams,
    ) -> Result<payments::ApplicationListReply, Rejection> {
        self.list_applications(cx, &params)
    }

    fn applications_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::ApplicationRequest,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        let mut row = new_application(cx, body)?;
        self.must_be_free(&row)?;
        let owner = DocumentOwner::Application {
            id: row.id.clone(),
            individual: None,
        };

        row.documents = self.ask_for_documents(cx, &owner, &row.applicant.documents())?;
        let id = row.id.clone();
        self.payments.applications.insert(row);
        self.emit_application(cx, &id);
        Ok(reference(id))
    }

    fn applications_get(
        &self,
        _cx: &ReadContext<'_>,
        application_id: ApplicationId,
    ) -> Result<payments::ApplicationReply, Rejection> {
        let row = self.payments.application(&application_id)?;
        Ok(payments::ApplicationReply::new(row.on_wire()))
    }

    fn applications_update(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
        body: payments::ApplicationUpdateRequest,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        let row = self.payments.application(&application_id)?;
        row.must_be_editable()?;
        let changed = row.changed(&body.updates.unwrap_or_default())?;

        if let Some(row) = self.payments.applications.get_mut(&application_id) {
            *row = changed;
        }
        self.follow_application(cx, &application_id);
        Ok(reference(application_id))
    }

    fn applications_get_status(
        &self,
        cx: &ReadContext<'_>,
        application_id: ApplicationId,
    ) -> Result<payments::ApplicationReviewReply, Rejection> {
        let row = self.payments.application(&application_id)?;
        let style = self.settings().timestamps;
        let mut review = payments::ApplicationReview::new(row.id.clone())
            .with_status(row.stage.status())
            .with_created_date(clock::wire(row.created, style).to_string())
            .with_status_update_date(clock::wire(row.stage_since, style).to_string())
            .with_application_type(row.applicant.customer_type())
            .with_customer_id(row.customer.clone())
            .with_account_to_open(row.account_to_open.clone())
            .with_terms_and_conditions_accepted(row.terms_accepted);
        review = Missing::of(row, &self.documents_of(row), cx.platform()).on_wire(review);
        Ok(payments::ApplicationReviewReply::new(review))
    }

    fn applications_submit(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        let row = self.payments.application(&application_id)?;
        row.must_be_ready(&self.missing(row))?;

        self.submit(cx, &application_id);
        Ok(reference(application_id))
    }

    fn applications_add_individual(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
        body: payments::IndividualRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        self.add_person(cx, &application_id, body)
    }

    fn applications_update_individual(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
        individual_id: IndividualId,
        body: payments::IndividualUpdateRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let updates = body.updates.unwrap_or_default();
        self.update_person(cx, &application_id, individual_id, &updates)
    }

    fn applications_delete_individual(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
        individual_id: IndividualId,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        self.delete_person(cx, &application_id, individual_id)
    }

    fn applications_create_access_code(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: ApplicationId,
    ) -> Result<payments::ApplicationAccessCodeReply, Rejection> {
        self.payments
            .application(&application_id)?
            .must_be_editable()?;
        let expiry = clock::later(cx.now(), CODE_LIFE);
        let code = payments::ApplicationAccessCode::new(application_id)
            .with_access_code(cx.mint_opaque(IdKind::AccessCode, CODE_LENGTH))
            .with_expiry(cx.wire(expiry));
        // Nobody takes the code in: the onboarding screens are the platform's. So it is not kept.
        Ok(payments::ApplicationAccessCodeReply::new(code))
    }
}

impl ApplicationRow {
    /// The application as a reply shows it.
    fn on_wire(&self) -> payments::Application {
        match &self.applicant {
            Applicant::Individual(person) => payments::ApplicationIndividual::new(self.id.clone())
                .with_status(self.stage.status())
                .with_customer_id(self.customer.clone())
                .with_account_to_open(self.account_to_open.clone())
                .with_terms_and_conditions_accepted(self.terms_accepted)
                .with_information_attested(self.attested)
                .with_customer_details(person.as_ref().clone())
                .into(),
            Applicant::Corporation(company) => {
                payments::ApplicationCorporation::new(self.id.clone())
                    .with_status(self.stage.status())
                    .with_customer_id(self.customer.clone())
                    .with_account_to_open(self.account_to_open.clone())
                    .with_terms_and_conditions_accepted(self.terms_accepted)
                    .with_information_attested(self.attested)
                    .with_customer_details(company.as_ref().clone())
                    .into()
            }
        }
    }

    /// Makes all updates on a copy, which answers what a reviewer asked of these fields.
    fn changed(&self, updates: &[FieldUpdate]) -> Result<Self, Rejection> {
        let mut changed = self.clone();
        let seen = field_table::make_all(updates, |change| {
            match change.field {
                fields::TERMS => changed.terms_accepted = change.flag()?,
                fields::ATTESTED => changed.attested = change.flag()?,
                _ => fields::set(&mut changed.applicant, change)?,
            }
            Ok(())
        })?;
        changed.answer(None, &seen);
        Ok(changed)
    }

    /// Notes that fields were changed, of the applicant or of a person.
    fn answer(&mut self, individual: Option<&IndividualId>, fields: &[&str]) {
        self.requested.retain(|change| {
            let of = change
                .individual_id
                .as_ref()
                .map(control::IndividualId::as_str);
            let same = of == individual.map(IndividualId::as_str);
            let named = change.field.as_deref();
            !(same && named.is_some_and(|field| fields.contains(&field)))
        });
    }
}

fn reference(id: ApplicationId) -> payments::ApplicationRefReply {
    payments::ApplicationRefReply::new(payments::ApplicationRef::new(id))
}
