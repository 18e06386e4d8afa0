//! The decision on an application, as a person at the platform would take it.

use layer2_types::control;
use layer2_types::control::ApplicationChange;
use layer2_types::control::ApplicationOutcome;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::DocumentId;
use layer2_types::payments::IndividualId;

use crate::context::WriteContext;
use crate::payments::applications::ApplicationRow;
use crate::payments::applications::fields;
use crate::payments::applications::missing::can_be_questioned;
use crate::payments::applications::missing::can_be_questioned_of_person;
use crate::payments::applications::review::Decision;
use crate::payments::applications::stage::APPLICATION;
use crate::payments::applications::stage::ApplicationStage;
use crate::payments::individuals;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;
use crate::world::World;

impl World {
    /// Ends the review of an application.
    pub(super) fn decide_on(
        &mut self,
        cx: &mut WriteContext<'_>,
        application_id: control::ApplicationId,
        body: &control::ApplicationDecisionRequest,
    ) -> Result<control::ApplicationDecisionReply, Rejection> {
        let named = application_id.as_str();
        // A text that cannot be an id names no application.
        let id = ApplicationId::new(named).map_err(|_| {
            Rejection::unknown_id("application", named, core::iter::empty::<&str>())
                .at("application_id")
        })?;
        let row = self.payments.application(&id)?;
        let from = row.stage;
        let decision = decision_of(body)?;
        must_be_reviewed(from, &decision)?;
        if let Decision::HandBack(changes) = &decision {
            self.must_be_answerable(row, changes)?;
        }
        let customer =
            control::CustomerId::new(row.customer.as_str()).map_err(|_| Rejection::bad_id())?;
        let to = decision.stage();

        self.decide_application(cx, &id, decision)?;
        Ok(control::ApplicationDecisionReply::new(
            control::ApplicationDecision::new(application_id, customer, on_wire(from), on_wire(to)),
        ))
    }

    /// Refuses changes that name nothing of the application, with all that is wrong.
    fn must_be_answerable(
        &self,
        row: &ApplicationRow,
        changes: &[ApplicationChange],
    ) -> Result<(), Rejection> {
        let mut statuses = Vec::new();
        let mut problems = Vec::new();
        for (n, change) in changes.iter().enumerate() {
            if let Err(rejection) = self.must_name_something(row, change, &format!("/changes/{n}"))
            {
                statuses.push(rejection.status);
                problems.extend(rejection.problems);
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        // Something that is wrong in itself weighs more than something that is not there.
        let status = statuses.into_iter().min().unwrap_or(400);
        Err(Rejection { status, problems })
    }

    fn must_name_something(
        &self,
        row: &ApplicationRow,
        change: &ApplicationChange,
        place: &str,
    ) -> Result<(), Rejection> {
        let platform = self.settings().platform;
        match (&change.field, &change.individual_id, &change.document_id) {
            (Some(field), None, None) => {
                let mut names = fields::names(&row.applicant);
                names.push(fields::ATTESTED);
                names.retain(|name| can_be_questioned(name, platform));
                must_be_one_of(field, &names, place)
            }
            (Some(field), Some(person), None) => {
                must_have_person(row, person, place)?;
                let names = individuals::INDIVIDUAL.iter().map(|field| field.name);
                let names: Vec<&str> = names
                    .filter(|name| can_be_questioned_of_person(name, platform))
                    .collect();
                must_be_one_of(field, &names, place)
            }
            (None, None, Some(document)) => self.must_have_document(row, document, place),
            _ => Err(Problem::new(
                code::VALIDATION_FAILED,
                "A change names one thing: a field, or a document.",
            )
            .at(place)
            .expected("`field`, `field` with `individual_id`, or `document_id`")
            .bad_request()),
        }
    }

    fn must_have_document(
        &self,
        row: &ApplicationRow,
        document: &control::DocumentId,
        place: &str,
    ) -> Result<(), Rejection> {
        let id = DocumentId::new(document.as_str()).ok();
        if id.is_some_and(|id| row.documents.contains(&id)) {
            return Ok(());
        }
        let known = row.documents.iter().map(DocumentId::as_str);
        let unknown =
            Rejection::unknown_id("document of this application", document.as_str(), known);
        Err(unknown.at(&format!("{place}/document_id")))
    }
}

/// The decision, with changes exactly where they belong.
fn decision_of(body: &control::ApplicationDecisionRequest) -> Result<Decision, Rejection> {
    let changes = body.changes.clone().unwrap_or_default();
    let wrong = |description: &str, expected: &str| {
        Problem::new(code::VALIDATION_FAILED, description)
            .at("/changes")
            .expected(expected)
            .bad_request()
    };
    match body.decision {
        ApplicationOutcome::ChangesRequested if changes.is_empty() => Err(wrong(
            "The applicant has to know what to change.",
            "at least one field or document",
        )),
        ApplicationOutcome::ChangesRequested => Ok(Decision::HandBack(changes)),
        ApplicationOutcome::Approved | ApplicationOutcome::Rejected if !changes.is_empty() => {
            Err(wrong(
                "Changes are for a decision that requests them.",
                "no changes, or the decision CHANGES_REQUESTED",
            ))
        }
        ApplicationOutcome::Approved => Ok(Decision::Approve),
        ApplicationOutcome::Rejected => Ok(Decision::Reject),
        ref other => Err(
            Problem::new(code::VALIDATION_FAILED, "There is no such decision.")
                .at("/decision")
                .received(other.as_str())
                .expected("APPROVED, REJECTED, CHANGES_REQUESTED")
                .bad_request(),
        ),
    }
}

fn must_be_reviewed(from: ApplicationStage, decision: &Decision) -> Result<(), Rejection> {
    let to = decision.stage();
    if APPLICATION.allows(from, to) {
        return Ok(());
    }
    let problem = Problem::new(
        code::STATUS_CHANGE_NOT_ALLOWED,
        format!("The application is {from} and cannot become {to}."),
    )
    .at("/decision")
    .received(to.to_string())
    .expected(APPLICATION.next_text(from));
    Err(match from {
        ApplicationStage::Submitted => {
            problem.hint("Its review begins by itself; settle the sandbox or advance its clock.")
        }
        stage if stage.is_editable() => {
            problem.hint("The applicant has to complete and submit it first.")
        }
        _ => problem.hint("The decision stands; apply anew for another one."),
    }
    .bad_request())
}

fn must_have_person(
    row: &ApplicationRow,
    person: &control::IndividualId,
    place: &str,
) -> Result<(), Rejection> {
    let persons = row.applicant.persons().unwrap_or_default();
    let known = IndividualId::new(person.as_str()).ok();
    if known.is_some_and(|id| individuals::find(persons, &id).is_ok()) {
        return Ok(());
    }
    let known = persons.iter().map(|person| person.id.as_str());
    let unknown = Rejection::unknown_id("person of this application", person.as_str(), known);
    Err(unknown.at(&format!("{place}/individual_id")))
}

fn must_be_one_of(field: &str, names: &[&str], place: &str) -> Result<(), Rejection> {
    if names.contains(&field) {
        return Ok(());
    }
    let problem = Problem::new(
        code::VALIDATION_FAILED,
        "A reviewer cannot ask for this field.",
    )
    .at(format!("{place}/field"))
    .received(field)
    .expected(names.join(", "));
    Err(match nearest(field, names.iter().copied()) {
        Some(near) => problem.hint(format!("Did you mean `{near}`?")),
        None => problem,
    }
    .bad_request())
}

fn on_wire(stage: ApplicationStage) -> control::ApplicationStatus {
    control::ApplicationStatus::from(stage.status().as_str())
}
