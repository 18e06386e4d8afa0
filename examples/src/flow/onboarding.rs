//! A person becomes a customer: fields, papers, agreement, decision.

use layer2_sdk::{
    Date, Upload,
    payments::{
        AccountId, AccountStatus, AccountToOpen, ApplicationRequest, ApplicationRequestIndividual,
        ApplicationReview, ApplicationStatus, ApplicationUpdateRequest, AssetRange, CustomerId,
        DocumentStatus, EmploymentStatus, EventType, IndividualApplicantRequest, SourceOfFunds,
        UsResidencyStatus,
    },
};

use super::{
    Step,
    story::{self, Story},
};

use crate::say;

/// What a person has to tell besides the name: a setter for each field that can be named, so that a misspelt one does
/// not compile.
fn answers() -> Step<ApplicationUpdateRequest> {
    Ok(ApplicationUpdateRequest::new()
        .set_email_address("ada@example.com")
        .set_telephone_number("+16175550100")
        .set_mailing_address_address_line1("1 Example Street")
        .set_mailing_address_city("Boston")
        .set_mailing_address_state("MA")
        .set_mailing_address_postal_code("02135")
        .set_mailing_address_country_code("US")
        .set_tax_reference_number("123-45-6789")
        .set_nationality("GB")
        .set_date_of_birth(Date::new(1980, 12, 10)?)
        .set_us_residency_status(UsResidencyStatus::ResidentAlien)
        .set_employment_status(EmploymentStatus::SelfEmployed)
        .set_primary_source_of_funds(SourceOfFunds::Savings)
        .set_total_assets(AssetRange::TenTo100k)
        .set_information_attested(true))
}

/// Onboards Ada, from her name to her first account.
pub async fn onboard(story: &mut Story<'_>) -> Step<(CustomerId, AccountId)> {
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
    say!(
        "  application     {}, {} fields and {} papers are missing",
        status(&review)?,
        review.validation_errors.as_ref().map_or(0, Vec::len),
        missing_papers(&review).count(),
    );

    applications.update(&id, &answers()?).await?;
    hand_in_papers(story, &review).await?;

    let review = story.client.applications().get_status(&id).await?;
    say!("  application     {}", status(&review)?);
    story::must_be(
        "the application",
        review.status.as_ref(),
        &ApplicationStatus::ReadyForSubmission,
    )?;
    story.client.applications().submit(&id).await?;
    // On the platform somebody reviews the application. Here the sandbox is told what came of it.
    story.sandbox.approve_application(&id).await?;
    let told = [
        EventType::ApplicationReadyForSubmission,
        EventType::ApplicationApproved,
        EventType::CustomerActive,
        EventType::AccountOpen,
    ];
    story.settle(&told).await?;
    let approved = story.client.customers().get(&customer).await?;
    say!("  customer        {customer}, {}", approved.tag());
    let opened = story.client.accounts().get(&account).await?;
    story::must_be("the account", opened.status.as_ref(), &AccountStatus::Open)?;
    Ok((customer, account))
}

/// Uploads a file for each paper that is asked for, under the id that the status call tells.
async fn hand_in_papers(story: &Story<'_>, review: &ApplicationReview) -> Step<()> {
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

/// How far an application has come.
pub fn status(review: &ApplicationReview) -> Step<String> {
    Ok(review
        .status
        .as_ref()
        .ok_or("an application has a status")?
        .to_string())
}
