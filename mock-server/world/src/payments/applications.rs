//! Applications: the onboarding of a customer, from the first field to the decision.
//!
//! An application gathers what a person or a company must tell (fields, persons, documents, agreements), says what it
//! still lacks, is submitted once and decided once; approval makes the customer. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Applications;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Applications for World {
    fn applications_list(
        &self,
        _cx: &ReadContext<'_>,
        _params: payments::ApplicationsListParams,
    ) -> Result<payments::ApplicationListReply, Rejection> {
        not_built!(OperationId::ApplicationsList)
    }

    fn applications_create(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _body: payments::ApplicationRequest,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        not_built!(OperationId::ApplicationsCreate)
    }

    fn applications_get(
        &self,
        _cx: &ReadContext<'_>,
        _application_id: payments::ApplicationId,
    ) -> Result<payments::ApplicationReply, Rejection> {
        not_built!(OperationId::ApplicationsGet)
    }

    fn applications_update(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
        _body: payments::ApplicationUpdateRequest,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        not_built!(OperationId::ApplicationsUpdate)
    }

    fn applications_get_status(
        &self,
        _cx: &ReadContext<'_>,
        _application_id: payments::ApplicationId,
    ) -> Result<payments::ApplicationReviewReply, Rejection> {
        not_built!(OperationId::ApplicationsGetStatus)
    }

    fn applications_submit(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
    ) -> Result<payments::ApplicationRefReply, Rejection> {
        not_built!(OperationId::ApplicationsSubmit)
    }

    fn applications_add_individual(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
        _body: payments::IndividualRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        not_built!(OperationId::ApplicationsAddIndividual)
    }

    fn applications_update_individual(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
        _individual_id: payments::IndividualId,
        _body: payments::IndividualUpdateRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        not_built!(OperationId::ApplicationsUpdateIndividual)
    }

    fn applications_delete_individual(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
        _individual_id: payments::IndividualId,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        not_built!(OperationId::ApplicationsDeleteIndividual)
    }

    fn applications_create_access_code(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _application_id: payments::ApplicationId,
    ) -> Result<payments::ApplicationAccessCodeReply, Rejection> {
        not_built!(OperationId::ApplicationsCreateAccessCode)
    }
}
