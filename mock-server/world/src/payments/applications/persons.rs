//! The persons in the application of a company: adding, changing and removing them.

use layer2_types::control;
use layer2_types::payments;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::FieldUpdate;
use layer2_types::payments::Individual;
use layer2_types::payments::IndividualId;

use crate::context::WriteContext;
use crate::payments::applications::ApplicationRow;
use crate::payments::applications::making::identity;
use crate::payments::documents::DocumentOwner;
use crate::payments::field_table;
use crate::payments::individuals;
use crate::rejection::Rejection;
use crate::world::World;

impl World {
    /// Adds a person, and asks for the papers that prove who it is.
    pub(super) fn add_person(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: &ApplicationId,
        body: payments::IndividualRequest,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let row = self.payments.application(application_id)?;
        row.company_persons()?;
        row.must_be_editable()?;
        let person = individuals::new_individual(cx, body)?;
        let id = person.id.clone();
        let owner = DocumentOwner::Application {
            id: application_id.clone(),
            individual: Some(id.clone()),
        };

        let documents = self.ask_for_documents(cx, &owner, &identity())?;
        if let Some(row) = self.payments.applications.get_mut(application_id) {
            row.documents.extend(documents);
            row.applicant
                .persons_mut()
                .into_iter()
                .for_each(|persons| persons.push(person.clone()));
        }
        self.follow_application(cx, application_id);
        Ok(reference(id))
    }

    /// Changes fields of a person.
    pub(super) fn update_person(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: &ApplicationId,
        individual_id: IndividualId,
        updates: &[FieldUpdate],
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let row = self.payments.application(application_id)?;
        let mut changed = individuals::find(row.company_persons()?, &individual_id)?.clone();
        row.must_be_editable()?;
        let mut seen =
            field_table::make_all(updates, |change| individuals::set(&mut changed, change))?;

        if seen.contains(&"individual_type") {
            // Its other name, under which a reviewer asks for it.
            seen.push("person_role");
        }
        if let Some(row) = self.payments.applications.get_mut(application_id) {
            let persons = row.applicant.persons_mut().into_iter().flatten();
            for person in persons.filter(|person| person.id == individual_id) {
                person.clone_from(&changed);
            }
            row.answer(Some(&individual_id), &seen);
        }
        self.follow_application(cx, application_id);
        Ok(reference(individual_id))
    }

    /// Removes a person with its documents and with what a reviewer asked of it.
    pub(super) fn delete_person(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: &ApplicationId,
        individual_id: IndividualId,
    ) -> Result<payments::IndividualRefReply, Rejection> {
        let row = self.payments.application(application_id)?;
        individuals::find(row.company_persons()?, &individual_id)?;
        row.must_be_editable()?;
        let owned = self.documents_of(row).into_iter();
        let gone: Vec<_> = owned
            .filter(|document| document.owner.individual() == Some(&individual_id))
            .map(|document| document.id.clone())
            .collect();

        for document in &gone {
            self.payments.documents.remove(document);
        }
        if let Some(row) = self.payments.applications.get_mut(application_id) {
            row.documents.retain(|id| !gone.contains(id));
            row.requested.retain(|change| {
                let person = change
                    .individual_id
                    .as_ref()
                    .map(control::IndividualId::as_str);
                let document = change.document_id.as_ref().map(control::DocumentId::as_str);
                let of_document = gone.iter().any(|id| Some(id.as_str()) == document);
                person != Some(individual_id.as_str()) && !of_document
            });
            if let Some(persons) = row.applicant.persons_mut() {
                persons.retain(|person| person.id != individual_id);
            }
        }
        self.follow_application(cx, application_id);
        Ok(reference(individual_id))
    }
}

impl ApplicationRow {
    /// The persons of a company; an application of a person is refused.
    fn company_persons(&self) -> Result<&[Individual], Rejection> {
        let persons = self.applicant.persons();
        persons.ok_or_else(|| individuals::not_a_corporation("applicant", "application_id"))
    }
}

fn reference(id: IndividualId) -> payments::IndividualRefReply {
    payments::IndividualRefReply::new(payments::IndividualRef::new(id))
}
