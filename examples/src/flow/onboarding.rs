//! A person becomes a customer: fields, papers, agreement, decision.

use layer2_sdk::{
    Upload, control,
    payments::{
        AccountId, AccountToOpen, ApplicationId, ApplicationRequest, ApplicationRequestIndividual,
        ApplicationReview, ApplicationUpdateRequest, CustomerId, DocumentStatus, FieldUpdate,
        IndividualApplicantRequest,
    },
};

use super::{Step, story::Story};

/// What a person has to tell besides the name. Members of nested objects are named with dots.
const ANSWERS: [(&str, &str); 15] = [
    ("email_address", "ada@example.com"),
    ("telephone_number", "+16175550100"),
    ("mailing_address.address_line1", "1 Example Street"),
    ("mailing_address.city", "Boston"),
    ("mailing_address.state", "MA"),
    ("mailing_address.postal_code", "02135"),
    ("mailing_address.country_code", "US"),
    ("tax_reference_number", "123-45-6789"),
    ("nationality", "GB"),
    ("date_of_birth", "1980-12-10"),
    ("us_residency_status", "RESIDENT_ALIEN"),
    ("employment_status", "SELF_EMPLOYED"),
    ("primary_source_of_funds", "SAVINGS"),
    ("total_assets", "TEN_TO_100K"),
    ("information_attested", "true"),
];

/// Onboards Ada, from her name to her first account.
pub async fn onboard(story: &mut Story) -> Step<(CustomerId, AccountId)> {
    let customer: CustomerId = "ADA".parse()?;
    let account: AccountId = "ADA_USD".parse()?;
    let to_open = AccountToOpen::new(
        account.clone(),
        "DEPOSIT_BASIC".parse()?,
        "FIAT_TESTNET_USD".parse()?,
    );
    let applicant = IndividualApplicantRequest::new("Ada".to_owned(), "Example".to_owned());
    let request = ApplicationRequestIndividual::new(customer.clone(), to_open, true, applicant);
    let applications = story.client.applications();
    let started = applications
        .create(&ApplicationRequest::Individual(request))
        .await?;
    let id = started.id.clone();
    let review = applications.get_status(&id).await?;
    println!(
        "  application     {}, {} fields and {} papers are missing",
        status(&review)?,
        review.validation_errors.as_ref().map_or(0, Vec::len),
        missing_papers(&review).count(),
    );

    let updates = ANSWERS.map(|(field, value)| {
        FieldUpdate::new()
            .with_field(field.to_owned())
            .with_value(value.to_owned())
    });
    let answers = ApplicationUpdateRequest::new().with_updates(updates.to_vec());
    applications.update(&id, &answers).await?;
    hand_in_papers(story, &review).await?;

    let review = story.client.applications().get_status(&id).await?;
    println!("  application     {}", status(&review)?);
    story.client.applications().submit(&id).await?;
    decide(story, &id).await?;
    story.settle().await?;
    let approved = story.client.customers().get(&customer).await?;
    println!("  customer        {customer}, {}", approved.tag());
    Ok((customer, account))
}

/// Uploads a file for each paper that is asked for, under the id that the status call tells.
async fn hand_in_papers(story: &Story, review: &ApplicationReview) -> Step<()> {
    for paper in missing_papers(review) {
        let id = paper
            .document_id
            .as_ref()
            .ok_or("a paper is asked for by its id")?;
        let scan = Upload::from_bytes("scan.pdf", &b"%PDF-1.7\n%%EOF\n"[..])?;
        story.client.documents().upload(id, &scan).await?;
    }
    Ok(())
}

fn missing_papers(
    review: &ApplicationReview,
) -> impl Iterator<Item = &layer2_sdk::payments::DocumentError> {
    let papers = review.application_document_errors.iter().flatten();
    papers.filter(|paper| {
        paper.mandatory == Some(true) && paper.status == Some(DocumentStatus::Missing)
    })
}

/// On the platform somebody reviews the application. Here the control API says what came of it.
async fn decide(story: &Story, id: &ApplicationId) -> Step<()> {
    story
        .client
        .control()
        .clock()
        .settle(&story.sandbox)
        .await?;
    let approval = control::ApplicationDecisionRequest::new(control::ApplicationOutcome::Approved);
    let id = id.as_str().parse()?;
    let control = story.client.control();
    control
        .decisions()
        .application(&story.sandbox, &id, &approval)
        .await?;
    Ok(())
}

fn status(review: &ApplicationReview) -> Step<String> {
    Ok(review
        .status
        .as_ref()
        .ok_or("an application has a status")?
        .to_string())
}
