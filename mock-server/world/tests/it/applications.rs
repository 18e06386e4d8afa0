//! Onboarding, from the first field to a customer that can open an account: the calls, and what the tests compare.

mod customers;
mod reads;
mod refusals;
mod states;
mod stories;
mod versions;
pub(crate) mod walk;

use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Reply;
use serde_json::Value;
use serde_json::json;

use crate::support::Play;
use crate::support::field;

const CREATE: &str = "payments.applications_create";
const UPDATE: &str = "payments.applications_update";
const SUBMIT: &str = "payments.applications_submit";
const DECIDE: &str = "control.decisions_application";
const UPLOAD: &str = "payments.documents_upload";
const ADD: &str = "payments.applications_add_individual";
const CHANGE: &str = "payments.applications_update_individual";
const DELETE: &str = "payments.applications_delete_individual";

/// What a person has to tell besides its name.
const TOLD: &[(&str, &str)] = &[
    ("email_address", "ada@example.com"),
    ("mailing_address.address_line1", "1 Example Street"),
    ("mailing_address.city", "Boston"),
    ("mailing_address.postal_code", "02135"),
    ("mailing_address.country_code", "US"),
    ("telephone_number", "+16175550100"),
    ("tax_reference_number", "123-45-6789"),
    ("nationality", "GB"),
    ("date_of_birth", "1980-12-10"),
    ("us_residency_status", "RESIDENT_ALIEN"),
    ("employment_status", "SELF_EMPLOYED"),
    ("primary_source_of_funds", "SAVINGS"),
    ("total_assets", "TEN_TO_100K"),
    ("terms_and_conditions_accepted", "true"),
    ("information_attested", "true"),
];

/// How a version of the platform words the story of an application.
struct Wording {
    /// Where the status call tells of fields, of persons, and of their fields and papers.
    fields: &'static str,
    persons: &'static str,
    fields_of_person: &'static str,
    papers_of_person: &'static str,
    document_id: &'static str,
    person_id: &'static str,
    /// What it calls how far a field has come.
    statuses: &'static [&'static str],
    /// Whether it says why a paper is questioned.
    describes_papers: bool,
    /// What becomes of a paper that one could do without: the older version does not tell it from the others.
    optional_paper: &'static str,
    /// What a person has to tell besides its name: the older version knows no attestation.
    told: &'static [(&'static str, &'static str)],
    /// Problems that the version has no word for.
    unsaid: &'static [&'static str],
    /// Events that it does not know.
    untold: &'static [&'static str],
}

const OLDER: Wording = Wording {
    fields: "application_validation_errors",
    persons: "individual_errors",
    fields_of_person: "individual_validation_errors",
    papers_of_person: "individual_document_errors",
    document_id: "id",
    person_id: "id",
    statuses: &["field_status"],
    describes_papers: true,
    optional_paper: "APPROVED",
    told: TOLD.split_at(TOLD.len() - 1).0,
    unsaid: &[
        "MISSING_INDIVIDUAL",
        "MISSING_CONTROL_PERSON",
        "MISSING_AUTHORIZED_PERSON",
        "TERMS_AND_CONDITIONS_NOT_ACCEPTED",
    ],
    untold: &["APPLICATION_INCOMPLETE", "CUSTOMER_ACTIVE", "ACCOUNT_OPEN"],
};

const NEWER: Wording = Wording {
    fields: "validation_errors",
    persons: "application_individual_errors",
    fields_of_person: "validation_errors",
    papers_of_person: "document_errors",
    document_id: "document_id",
    person_id: "individual_id",
    statuses: &["status"],
    describes_papers: false,
    optional_paper: "MISSING",
    told: TOLD,
    unsaid: &["MISSING_PERSON"],
    untold: &[],
};

impl Wording {
    /// What satisfies both versions speaks as the newer one does, adds the older words, and leaves nothing unsaid.
    const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Layer2V1_0_5 => OLDER,
            Platform::RailV1_1_2 => NEWER,
            Platform::Union => Self {
                statuses: &["field_status", "status"],
                describes_papers: true,
                unsaid: &[],
                ..NEWER
            },
        }
    }

    /// Those of these problems or events that are told.
    fn without<'a>(all: &[&'a str], left_out: &[&str]) -> Vec<&'a str> {
        let is_told = |name: &&&str| !left_out.contains(*name);
        all.iter().filter(is_told).copied().collect()
    }
}

fn account(id: &str) -> Value {
    json!({"account_id": id, "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"})
}

fn ada() -> Value {
    json!({
        "application_type": "INDIVIDUAL",
        "customer_id": "ADA",
        "account_to_open": account("ADA_USD"),
        "terms_and_conditions_accepted": false,
        "customer_details": {"first_name": "Ada", "last_name": "Example"},
    })
}

/// A company that lacks nothing but its persons and its papers.
fn globex() -> Value {
    json!({
        "application_type": "CORPORATION",
        "customer_id": "GLOBEX",
        "account_to_open": account("GLOBEX_USD"),
        "terms_and_conditions_accepted": true,
        "information_attested": true,
        "customer_details": {
            "registered_name": "Globex Corporation",
            "registered_number": "12-3456789",
            "registered_address": {"address_line1": "1 Example Street", "city": "Boston", "state": "MA",
                "postal_code": "02135", "country_code": "US"},
            "telephone_number": "+16175550100",
            "state_of_incorporation": "DE",
            "country_of_incorporation": "US",
            "corporate_entity_type": "LLC",
            "investment_profile": {"primary_source_of_funds": "COMPANY", "total_assets": "ONE_TO_10M",
                "trade_internationally": false},
            "kyc_profile": {"primary_business": "SOFTWARE", "is_charitable": false,
                "engage_in_activities": ["NONE"], "vendors_and_counterparties": ["CUSTOMERS", "EMPLOYEES"]},
        },
    })
}

fn grace() -> Value {
    json!({
        "individual_type": ["BENEFICIAL_OWNER", "OFFICER", "CONTROL_PERSON", "AUTHORIZED_PERSON"],
        "first_name": "Grace", "last_name": "Example", "percentage_ownership": 60,
        "mailing_address": {"address_line1": "2 Example Street", "city": "Boston", "postal_code": "02135",
            "country_code": "US"},
        "nationality": "US", "date_of_birth": "1980-12-09", "us_residency_status": "US_CITIZEN",
    })
}

fn updates(pairs: &[(&str, &str)]) -> Value {
    let updates: Vec<Value> = pairs
        .iter()
        .map(|(field, value)| json!({"field": field, "value": value}))
        .collect();
    json!({ "updates": updates })
}

fn file(name: &str, media_type: &str, length: u64) -> Value {
    json!({"file_name": name, "media_type": media_type, "length": length, "sha256": "ab".repeat(32)})
}

fn proof() -> Value {
    file("proof.pdf", "application/pdf", 9)
}

/// The calls of onboarding, with what they give.
impl Play {
    fn apply(&mut self, body: &Value) -> String {
        let reply = self.post(CREATE, &[], &body.to_string()).unwrap();
        field(&reply.body, "id")
    }

    fn on(&mut self, op: &str, id: &str, body: &Value) -> Result<Reply, Rejection> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.post(op, &[("application_id", id)], &body)
    }

    fn on_person(
        &mut self,
        op: &str,
        id: &str,
        person: &str,
        body: &str,
    ) -> Result<Reply, Rejection> {
        let path = [("application_id", id), ("individual_id", person)];
        self.post(op, &path, body)
    }

    fn upload(&mut self, document: &str, file: &Value) -> Result<Reply, Rejection> {
        self.post(UPLOAD, &[("document_id", document)], &file.to_string())
    }

    fn decide_on(&mut self, id: &str, body: &Value) -> Result<Reply, Rejection> {
        let path = [("sandbox", "default"), ("application_id", id)];
        self.post(DECIDE, &path, &body.to_string())
    }

    fn review(&self, id: &str) -> Value {
        let path = [("application_id", id)];
        let reply = self.get("payments.applications_get_status", &path, &[]);
        let reply: Value = serde_json::from_str(&reply.unwrap().body).unwrap();
        reply["data"].clone()
    }

    fn stage(&self, id: &str) -> String {
        text(&self.review(id)["status"])
    }

    fn wording(&self) -> Wording {
        Wording::of(self.world.settings().platform)
    }

    /// Uploads whatever the status call asks for and cannot be done without.
    fn upload_all(&mut self, id: &str) {
        let (review, words) = (self.review(id), self.wording());
        let persons = review.get(words.persons).map(members);
        let of_persons = persons.into_iter().flatten();
        let of_persons = of_persons.flat_map(|person| members(&person[words.papers_of_person]));
        let asked: Vec<Value> = members(&review["application_document_errors"])
            .chain(of_persons)
            .collect();
        for document in asked
            .iter()
            .filter(|document| document["mandatory"] != false)
        {
            self.upload(&text(&document[words.document_id]), &proof())
                .unwrap();
        }
    }

    /// An application of a person that can be submitted.
    pub(crate) fn ready(&mut self) -> String {
        let id = self.apply(&ada());
        let told = updates(self.wording().told);
        self.on(UPDATE, &id, &told).unwrap();
        self.upload_all(&id);
        assert_eq!(self.stage(&id), "READY_FOR_SUBMISSION");
        id
    }

    /// The same under review.
    fn reviewed(&mut self) -> String {
        let id = self.ready();
        self.on(SUBMIT, &id, &Value::Null).unwrap();
        assert_eq!(self.stage(&id), "PROCESSING");
        id
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = Value> + use<> {
    value.as_array().unwrap().clone().into_iter()
}

fn names(value: &Value, name: &str) -> Vec<String> {
    members(value).map(|row| text(&row[name])).collect()
}

fn only(rejection: Rejection, status: u16) -> Problem {
    assert_eq!(rejection.status, status, "{rejection:?}");
    let [problem] = <[Problem; 1]>::try_from(rejection.problems).unwrap();
    problem
}

/// The whole of a problem: code, description, pointer, received, expected, hint.
fn whole(problem: &Problem) -> [Option<&str>; 6] {
    [
        Some(problem.code),
        Some(&problem.description),
        problem.pointer.as_deref(),
        problem.received.as_deref(),
        problem.expected.as_deref(),
        problem.hint.as_deref(),
    ]
}

const EDITABLE: &str =
    "an application that is INCOMPLETE, READY_FOR_SUBMISSION or CHANGES_REQUESTED";
const REPEAT: &str = "To repeat a request whose reply was lost, send it with its idempotency key.";
