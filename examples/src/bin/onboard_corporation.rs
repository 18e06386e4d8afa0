//! Onboards a company: its fields, the person behind it, the papers of both, the agreement, the decision.
//!
//! The status call says what is missing and under which id each paper is uploaded, so the program hands in what it is
//! asked for and knows no list of its own.
//!
//! ```text
//! cargo run -p layer2-examples --bin onboard_corporation -- --papers ./scans
//! ```
//!
//! A folder of scans holds a file for each kind of paper, such as `INCORPORATION_DOCUMENTS.pdf` or `PASSPORT.pdf`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use layer2_examples::{
    failure::Failure,
    flow::{Step, onboarding::status},
    say,
    table::Table,
    target::{Target, Where},
};
use layer2_sdk::{
    Client, Upload,
    payments::{
        AccountToOpen, Address, ApplicationId, ApplicationRequest, ApplicationRequestCorporation,
        ApplicationReview, AssetRange, CorporateEntityType, CorporateInvestmentProfile,
        CorporateKycProfile, CorporationApplicantRequest, CounterpartyGroup, CustomerId,
        DocumentError, DocumentStatus, IndividualRequest, IndividualType, PrimaryBusiness,
        RestrictedActivity, SourceOfFunds, UsResidencyStatus,
    },
};

/// Onboards a company, with the person behind it and the papers of both.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: Where,
    /// Id that the customer is to have.
    #[arg(long, value_name = "ID", default_value = "GLOBEX")]
    customer: CustomerId,
    /// Folder with a PDF for each kind of paper; papers are made up if not given.
    #[arg(long, value_name = "FOLDER")]
    papers: Option<PathBuf>,
    /// Go on with this application, which an earlier start has begun for the same customer.
    #[arg(long, value_name = "ID")]
    application: Option<ApplicationId>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let program = async |target: &Target| onboard(target, &options).await;
    options.place.run(program).await
}

async fn onboard(target: &Target, options: &Options) -> Step<()> {
    let folder = options.papers.as_deref();
    if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
        return Err(
            Failure::new(format!("--papers {} is no folder", missing.display()))
                .advise("name a folder with a PDF for each kind of paper, as PASSPORT.pdf")
                .into(),
        );
    }
    let client = target.client();
    let id = match &options.application {
        Some(begun) => begun.clone(),
        None => begin(client, &options.customer).await?,
    };
    say!("application {id} of {}", options.customer);
    let review = client.applications().get_status(&id).await?;
    say!("application {}", status(&review)?);
    say::part(format_args!("{}", missing(&review)));

    hand_in(target, &id, &review, folder).await?;
    let review = client.applications().get_status(&id).await?;
    say!("application {}", status(&review)?);
    client.applications().submit(&id).await?;
    decide(target, &id, &options.customer).await
}

async fn begin(client: &Client, customer: &CustomerId) -> Step<ApplicationId> {
    let request = ApplicationRequest::Corporation(company(customer)?);
    let id = client.applications().create(&request).await?.id.clone();
    client.applications().add_individual(&id, &owner()?).await?;
    Ok(id)
}

/// What a company tells about itself.
fn company(customer: &CustomerId) -> Step<ApplicationRequestCorporation> {
    let money = CorporateInvestmentProfile::new()
        .with_primary_source_of_funds(SourceOfFunds::Company)
        .with_total_assets(AssetRange::OneTo10m)
        .with_trade_internationally(false);
    let business = CorporateKycProfile::new()
        .with_primary_business(PrimaryBusiness::from("SOFTWARE"))
        .with_is_charitable(false)
        .with_engage_in_activities(vec![RestrictedActivity::None])
        .with_vendors_and_counterparties(vec![
            CounterpartyGroup::Customers,
            CounterpartyGroup::Employees,
        ]);
    let details = CorporationApplicantRequest::new("Globex Corporation".to_owned())
        .with_registered_number("12-3456789".to_owned())
        .with_registered_address(address("1 Example Street"))
        .with_telephone_number("+16175550100".to_owned())
        .with_state_of_incorporation("DE".to_owned())
        .with_country_of_incorporation("US".to_owned())
        .with_corporate_entity_type(CorporateEntityType::Llc)
        .with_investment_profile(money)
        .with_kyc_profile(business);
    let account = AccountToOpen::new(
        format!("{customer}_USD").parse()?,
        "DEPOSIT_BASIC".parse()?,
        "FIAT_TESTNET_USD".parse()?,
    );
    let request = ApplicationRequestCorporation::new(customer.clone(), account, true, details);
    Ok(request.with_information_attested(true))
}

/// The person who owns and runs it. A company may have several.
fn owner() -> Step<IndividualRequest> {
    let roles = vec![
        IndividualType::BeneficialOwner,
        IndividualType::Officer,
        IndividualType::ControlPerson,
        IndividualType::AuthorizedPerson,
    ];
    let person = IndividualRequest::new(roles, "Grace".to_owned(), "Example".to_owned());
    Ok(person
        .with_percentage_ownership(60)
        .with_mailing_address(address("2 Example Street"))
        .with_nationality("US".to_owned())
        .with_date_of_birth("1980-12-09".parse()?)
        .with_us_residency_status(UsResidencyStatus::UsCitizen))
}

fn address(street: &str) -> Address {
    Address::new()
        .with_address_line1(street.to_owned())
        .with_city("Boston".to_owned())
        .with_state("MA".to_owned())
        .with_postal_code("02135".to_owned())
        .with_country_code("US".to_owned())
}

/// What is missing, of the company and of its persons.
fn missing(review: &ApplicationReview) -> Table {
    let mut table = Table::new(&["of", "what is missing"]);
    let mut row = |of: &str, what: String| table.row([of.to_owned(), what]);
    for problem in review.application_errors.iter().flatten() {
        row("application", problem.to_string());
    }
    for field in review.validation_errors.iter().flatten() {
        row("company", named(field.field_name.as_ref()));
    }
    for person in review.application_individual_errors.iter().flatten() {
        for field in person.validation_errors.iter().flatten() {
            row("person", named(field.field_name.as_ref()));
        }
    }
    for paper in papers(review) {
        row("paper", kind(paper));
    }
    table
}

/// The papers that the application cannot do without and does not have.
fn papers(review: &ApplicationReview) -> impl Iterator<Item = &DocumentError> {
    let persons = review.application_individual_errors.iter().flatten();
    let of_persons = persons.flat_map(|person| person.document_errors.iter().flatten());
    let of_company = review.application_document_errors.iter().flatten();
    of_company.chain(of_persons).filter(|paper| {
        paper.mandatory == Some(true) && paper.status == Some(DocumentStatus::Missing)
    })
}

fn named(field: Option<&impl ToString>) -> String {
    field.map_or_else(|| "a field".to_owned(), ToString::to_string)
}

fn kind(paper: &DocumentError) -> String {
    let kind = paper.document.as_ref();
    kind.map_or_else(|| "a paper".to_owned(), ToString::to_string)
}

/// Uploads a file for each paper that is asked for, under the id that the status call tells. All files are read before
/// the first one leaves.
async fn hand_in(
    target: &Target,
    application: &ApplicationId,
    review: &ApplicationReview,
    folder: Option<&Path>,
) -> Step<()> {
    if let Some(folder) = folder {
        let wanted = papers(review).map(|paper| scan_in(folder, paper));
        let missing: Vec<_> = wanted.filter(|path| !path.is_file()).collect();
        let missing: Vec<_> = missing
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        if !missing.is_empty() {
            return Err(
                Failure::new(format!("papers are missing: {}", missing.join(", ")))
                    .advise(format!(
                        "put them there, and {}",
                        again(target, application)
                    ))
                    .into(),
            );
        }
    }
    let mut scans = Vec::new();
    for paper in papers(review) {
        let id = paper.document_id.as_ref();
        let id = id.ok_or("a paper is asked for by its id")?;
        let scan = match folder {
            Some(folder) => {
                let path = scan_in(folder, paper);
                let scan = Upload::from_path(&path).await;
                scan.map_err(|why| {
                    Failure::new(format!("the paper {} cannot be used", path.display()))
                        .because(why)
                        .advise(format!(
                            "put a PDF there that can be read, and {}",
                            again(target, application)
                        ))
                })?
            }
            None => Upload::from_bytes("scan.pdf", &b"%PDF-1.7\n%%EOF\n"[..])?,
        };
        scans.push((kind(paper), id, scan));
    }
    for (kind, id, scan) in scans {
        target.client().documents().upload(id, &scan).await?;
        say!("uploaded {kind} of {} bytes", scan.len());
    }
    Ok(())
}

/// How to go on after a failure. A sandbox that ends with the program takes the application along.
fn again(target: &Target, application: &ApplicationId) -> String {
    match target.stays() {
        true => format!("go on with --application {application}"),
        false => "run again".to_owned(),
    }
}

fn scan_in(folder: &Path, paper: &DocumentError) -> PathBuf {
    folder.join(format!("{}.pdf", kind(paper)))
}

/// On the platform somebody reviews the application, which takes days. A sandbox is told what came of it.
async fn decide(target: &Target, id: &ApplicationId, customer: &CustomerId) -> Step<()> {
    let Some(sandbox) = target.sandbox() else {
        say!("submitted; APPLICATION_APPROVED or APPLICATION_CHANGE_REQUESTED tells the rest");
        return Ok(());
    };
    let decision = sandbox.approve_application(id).await?;
    say!("application {}", decision.status);
    let approved = target.client().customers().get(customer).await?;
    say!("customer {customer}, {}", approved.tag());
    let account = format!("{customer}_USD").parse()?;
    let opened = target.client().accounts().get(&account).await?;
    let status = opened.status.as_ref().ok_or("an account has a status")?;
    say!("account {account}, {status}");
    Ok(())
}
