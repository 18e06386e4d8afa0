//! How onboarding goes when it goes well, and what is told on the way.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::Settings;
use layer2_world::World;
use serde_json::Value;
use serde_json::json;

use super::ADD;
use super::CHANGE;
use super::CREATE;
use super::DECIDE;
use super::DELETE;
use super::SUBMIT;
use super::TOLD;
use super::UPDATE;
use super::UPLOAD;
use super::Wording;
use super::account;
use super::ada;
use super::globex;
use super::grace;
use super::names;
use super::only;
use super::proof;
use super::text;
use super::updates;
use super::whole;
use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::genesis;
use crate::support::request;
use crate::support::slow;

#[test]
fn a_person_is_onboarded_from_the_first_field_to_the_second_account() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        follow(&mut play);
        let id = play.apply(&ada());
        assert_told(&mut play, &["APPLICATION_INCOMPLETE"]);
        what_a_person_lacks_is_named(&play, &id);
        a_person_tells_and_shows_it(&mut play, &id);
        let bill = changes_are_asked_for(&mut play, &id);
        changes_are_made(&mut play, &id, &bill);
        play.decide_on(&id, &json!({"decision": "APPROVED"}))
            .unwrap();
        assert_told(
            &mut play,
            &["CUSTOMER_ACTIVE", "ACCOUNT_OPEN", "APPLICATION_APPROVED"],
        );
        what_was_told_is_the_customers(&play, &id);
        let second = json!({"customer_id": "ADA", "account_to_open": account("ADA_2")}).to_string();
        play.post("payments.accounts_open", &[], &second).unwrap();
        play.inbound("ADA_2", "12.50").unwrap();
        play.transfer("ADA_2", "ADA_USD", "2").unwrap();
        assert!(play.balanced());
    }
}

/// Subscribes to all events of the story; a version refuses those that it does not have.
fn follow(play: &mut Play) {
    let words = play.wording();
    for event in [
        "APPLICATION_INCOMPLETE",
        "APPLICATION_READY_FOR_SUBMISSION",
        "APPLICATION_SUBMITTED",
        "APPLICATION_PROCESSING",
        "APPLICATION_CHANGE_REQUESTED",
        "APPLICATION_APPROVED",
        "CUSTOMER_ACTIVE",
        "ACCOUNT_OPEN",
    ] {
        let body = json!({"event_type": event, "callback_url": "http://127.0.0.1:9/h"});
        let subscribed = play.post("payments.subscriptions_create", &[], &body.to_string());
        let is_known = !words.untold.contains(&event);
        assert_eq!(subscribed.is_ok(), is_known, "{event}");
    }
}

/// Just these events were sent since the last time, but for those that the version does not have.
fn assert_told(play: &mut Play, events: &[&'static str]) {
    let expected = Wording::without(events, play.wording().untold);
    assert_eq!(play.told(), expected);
}

fn what_a_person_lacks_is_named(play: &Play, id: &str) {
    let (review, words) = (play.review(id), play.wording());
    let lacking = names(&review[words.fields], "field_name");
    assert!(lacking.contains(&"date_of_birth".to_owned()), "{lacking:?}");
    let needed = words.told.iter().map(|(name, _)| *name);
    let needed: Vec<&str> = needed
        .filter(|name| *name != "terms_and_conditions_accepted")
        .collect();
    assert_eq!(lacking, needed);
    assert_eq!(
        review["application_errors"],
        json!(Wording::without(
            &["TERMS_AND_CONDITIONS_NOT_ACCEPTED"],
            words.unsaid
        ))
    );
    assert_eq!(
        names(&review["application_document_errors"], "document"),
        ["GOVERNMENT_ID_FRONT", "GOVERNMENT_ID_BACK", "UTILITY_BILL"]
    );
}

fn a_person_tells_and_shows_it(play: &mut Play, id: &str) {
    let words = play.wording();
    play.on(UPDATE, id, &updates(words.told)).unwrap();
    let review = play.review(id);
    assert_eq!(review[words.fields], json!([]));
    assert_eq!(review["application_errors"], json!([]));
    assert_eq!(review["status"], "INCOMPLETE");
    play.upload_all(id);
    assert_eq!(play.stage(id), "READY_FOR_SUBMISSION");
    assert_told(play, &["APPLICATION_READY_FOR_SUBMISSION"]);
}

/// Submits the application and asks for another street and another bill, whose document it gives.
fn changes_are_asked_for(play: &mut Play, id: &str) -> String {
    let words = play.wording();
    play.on(SUBMIT, id, &Value::Null).unwrap();
    assert_told(play, &["APPLICATION_SUBMITTED", "APPLICATION_PROCESSING"]);
    let bill = text(&play.review(id)["application_document_errors"][2][words.document_id]);
    let changes = json!({"decision": "CHANGES_REQUESTED", "changes": [
        {"field": "mailing_address.address_line1", "description": "Not the street of the bill."},
        {"document_id": bill},
    ]});
    let decided = play.decide_on(id, &changes).unwrap();
    assert_eq!(field(&decided.body, "previous_status"), "PROCESSING");
    assert_eq!(field(&decided.body, "status"), "CHANGES_REQUESTED");
    assert_told(play, &["APPLICATION_CHANGE_REQUESTED"]);
    let review = play.review(id);
    let mut asked = json!({"field_name": "mailing_address.address_line1",
        "description": "Not the street of the bill."});
    for status in words.statuses {
        asked[status] = json!("CHANGES_REQUESTED");
    }
    assert_eq!(review[words.fields], json!([asked]));
    let questioned = &review["application_document_errors"][2];
    assert_eq!(questioned["status"], "CHANGES_REQUESTED");
    let why = words
        .describes_papers
        .then_some("A reviewer asks for another file.");
    assert_eq!(questioned["description"].as_str(), why);
    bill
}

fn changes_are_made(play: &mut Play, id: &str, bill: &str) {
    let street = updates(&[("mailing_address.address_line1", "9 Example Street")]);
    play.on(UPDATE, id, &street).unwrap();
    assert_eq!(play.stage(id), "CHANGES_REQUESTED", "the bill is awaited");
    play.upload(bill, &proof()).unwrap();
    assert_told(play, &["APPLICATION_READY_FOR_SUBMISSION"]);
    play.on(SUBMIT, id, &Value::Null).unwrap();
    assert_told(play, &["APPLICATION_SUBMITTED", "APPLICATION_PROCESSING"]);
}

fn what_was_told_is_the_customers(play: &Play, id: &str) {
    let path = [("customer_id", "ADA")];
    let customer = play.get("payments.customers_get", &path, &[]).unwrap().body;
    let customer: Value = serde_json::from_str(&customer).unwrap();
    let customer = &customer["data"];
    assert_eq!(customer["status"], "ACTIVE");
    assert_eq!(
        customer["mailing_address"]["address_line1"],
        "9 Example Street"
    );
    assert_eq!(
        customer["investment_profile"]["total_assets"],
        "TEN_TO_100K"
    );
    assert_eq!(play.account_status("ADA_USD"), "OPEN");
    assert_eq!(
        names(&play.review(id)["application_document_errors"], "status"),
        ["APPROVED", play.wording().optional_paper, "APPROVED"]
    );
}

#[test]
fn a_company_needs_its_persons_and_each_of_them_a_paper() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let id = play.apply(&globex());
        what_a_company_lacks_is_named(&play, &id);
        let person = a_person_is_added_by_halves(&mut play, &id);
        play.upload_all(&id);
        assert_eq!(play.stage(&id), "READY_FOR_SUBMISSION");

        // Ready is left as soon as something is missing, and reached again.
        a_second_person_comes_and_goes(&mut play, &id);
        what_a_company_says_of_itself_is_taken_back(&mut play, &id);

        play.on(SUBMIT, &id, &Value::Null).unwrap();
        let title = json!({"decision": "CHANGES_REQUESTED",
        "changes": [{"individual_id": person, "field": "person_role"}]});
        play.decide_on(&id, &title).unwrap();
        let role = updates(&[(
            "individual_type",
            "BENEFICIAL_OWNER,OFFICER,CONTROL_PERSON,AUTHORIZED_PERSON",
        )]);
        play.on_person(CHANGE, &id, &person, &role.to_string())
            .unwrap();
        play.on(SUBMIT, &id, &Value::Null).unwrap();
        play.decide_on(&id, &json!({"decision": "APPROVED"}))
            .unwrap();
        let path = [
            ("customer_id", "GLOBEX"),
            ("individual_id", person.as_str()),
        ];
        let kept = play
            .get("payments.customers_get_individual", &path, &[])
            .unwrap();
        assert_eq!(field(&kept.body, "first_name"), "Grace");
    }
}

fn what_a_company_lacks_is_named(play: &Play, id: &str) {
    let (review, words) = (play.review(id), play.wording());
    let lacking = [
        "MISSING_INDIVIDUAL",
        "MISSING_PERSON",
        "MISSING_BENEFICIAL_OWNER",
        "MISSING_OFFICER",
        "MISSING_CONTROL_PERSON",
        "MISSING_AUTHORIZED_PERSON",
    ];
    let said = Wording::without(&lacking, words.unsaid);
    assert_eq!(review["application_errors"], json!(said));
    assert_eq!(review[words.fields], json!([]));
}

/// Adds a person who is not all that the company needs, is told so, and makes it so. Gives the id of the person.
fn a_person_is_added_by_halves(play: &mut Play, id: &str) -> String {
    let words = play.wording();
    let mut half = grace();
    half["individual_type"] = json!(["BENEFICIAL_OWNER", "CONTROL_PERSON"]);
    half.as_object_mut().unwrap().remove("nationality");
    let person = field(&play.on(ADD, id, &half).unwrap().body, "id");
    let review = play.review(id);
    let lacking = ["MISSING_OFFICER", "MISSING_AUTHORIZED_PERSON"];
    let said = Wording::without(&lacking, words.unsaid);
    assert_eq!(review["application_errors"], json!(said));
    let of_person = &review[words.persons][0];
    assert_eq!(of_person[words.person_id], person.as_str());
    assert_eq!(
        names(&of_person[words.fields_of_person], "field_name"),
        ["nationality"]
    );
    assert_eq!(
        names(&of_person[words.papers_of_person], "document"),
        ["GOVERNMENT_ID_FRONT", "GOVERNMENT_ID_BACK"]
    );
    let told_twice = play.world.settings().platform == Platform::Union;
    assert!(!told_twice || review["individual_errors"] == review[words.persons]);

    let rest = updates(&[
        (
            "individual_type",
            "BENEFICIAL_OWNER, OFFICER, CONTROL_PERSON, AUTHORIZED_PERSON",
        ),
        ("nationality", "US"),
    ]);
    play.on_person(CHANGE, id, &person, &rest.to_string())
        .unwrap();
    person
}

fn a_second_person_comes_and_goes(play: &mut Play, id: &str) {
    let words = play.wording();
    let second = field(&play.on(ADD, id, &grace()).unwrap().body, "id");
    assert_eq!(play.stage(id), "INCOMPLETE");
    let of_second = &play.review(id)[words.persons][1];
    let paper = text(&of_second[words.papers_of_person][0][words.document_id]);
    play.on_person(DELETE, id, &second, "").unwrap();
    assert_eq!(play.stage(id), "READY_FOR_SUBMISSION");
    assert_eq!(
        codes(&play.upload(&paper, &proof()).unwrap_err()),
        ["NOT_FOUND"]
    );
}

fn what_a_company_says_of_itself_is_taken_back(play: &mut Play, id: &str) {
    // The older version asks for no attestation, so that the lack of one holds nothing up.
    let told = play.wording().told;
    let attests = told.contains(&("information_attested", "true"));
    let attestation = attests.then_some(("information_attested", "false", "true"));
    let all = [
        ("registered_number", "", "12-3456789"),
        ("terms_and_conditions_accepted", "false", "true"),
    ];
    for (field, empty, full) in all.into_iter().chain(attestation) {
        play.on(UPDATE, id, &updates(&[(field, empty)])).unwrap();
        assert_eq!(play.stage(id), "INCOMPLETE", "{field}");
        play.on(UPDATE, id, &updates(&[(field, full)])).unwrap();
        assert_eq!(play.stage(id), "READY_FOR_SUBMISSION", "{field}");
    }
}

#[test]
fn a_refusal_is_final_and_frees_the_ids() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let id = play.reviewed();
        play.decide_on(&id, &json!({"decision": "REJECTED", "reason": "a test"}))
            .unwrap();
        assert_eq!(play.stage(&id), "REJECTED");
        cannot_be_approved(
            &mut play,
            &id,
            [
                "The application is REJECTED and cannot become APPROVED.",
                "nothing: the status is final",
                "The decision stands; apply anew for another one.",
            ],
        );
        let again = play.apply(&ada());
        assert_ne!(again, id);
        let path = [("customer_id", "ADA")];
        let nobody = play.get("payments.customers_get", &path, &[]);
        assert_eq!(codes(&nobody.unwrap_err()), ["NOT_FOUND"]);
    }
}

/// An approval is refused, with why, what the status can become, and what to do.
fn cannot_be_approved(play: &mut Play, id: &str, [why, expected, hint]: [&str; 3]) {
    let approval = json!({"decision": "APPROVED"});
    let problem = only(play.decide_on(id, &approval).unwrap_err(), 400);
    assert_eq!(
        whole(&problem),
        [
            Some("STATUS_CHANGE_NOT_ALLOWED"),
            Some(why),
            Some("/decision"),
            Some("APPROVED"),
            Some(expected),
            Some(hint)
        ]
    );
}

#[test]
fn the_review_begins_after_a_while_where_work_takes_time() {
    for &platform in Platform::ALL {
        let mut play = slow(platform);
        let id = play.ready();
        play.on(SUBMIT, &id, &Value::Null).unwrap();
        assert_eq!(play.stage(&id), "SUBMITTED");
        cannot_be_approved(
            &mut play,
            &id,
            [
                "The application is SUBMITTED and cannot become APPROVED.",
                "PROCESSING",
                "Its review begins by itself; settle the sandbox or advance its clock.",
            ],
        );
        play.advance(SignedDuration::from_secs(61));
        assert_eq!(play.stage(&id), "PROCESSING");
    }
}

#[test]
fn a_submission_with_a_key_is_made_once() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let id = play.ready();
        let submit = request(SUBMIT, &[("application_id", &id)], &[], None);
        let first = play.send(submit.clone(), Some("k-1")).unwrap();
        let again = play.send(submit, Some("k-1")).unwrap();
        assert!(again.replayed && again.reply == first.reply);
        let other = request(SUBMIT, &[("application_id", "x")], &[], None);
        let problem = only(play.send(other, Some("k-1")).unwrap_err(), 400);
        assert_eq!(
            whole(&problem),
            [
                Some("IDEMPOTENCY_KEY_REUSED"),
                Some(
                    "This idempotency key was used for another request of `applications_submit`: the path differs."
                ),
                Some("x-l2f-idempotency-id"),
                Some("k-1"),
                Some("the same request as the first time, or a key that was not used yet"),
                Some("Make one key per logical operation and keep it for its retries alone.")
            ]
        );
    }
}

#[test]
fn every_code_that_is_sent_is_listed_and_the_journal_replays() {
    let mut play = Play::new();
    let id = play.reviewed();
    play.decide_on(&id, &json!({"decision": "APPROVED"}))
        .unwrap();
    let mut again = World::new(genesis(Settings::default()));
    for (command, context) in &play.journal {
        again.execute(command, *context).unwrap();
    }
    assert!(again.snapshot().unwrap() == play.world.snapshot().unwrap());
    let restored = World::restore(&play.world.snapshot().unwrap()).unwrap();
    assert!(restored.snapshot().unwrap() == play.world.snapshot().unwrap());

    let company = play.apply(&globex());
    let sent = [
        (CREATE, play.post(CREATE, &[], &ada().to_string())),
        (UPDATE, play.on(UPDATE, &id, &updates(TOLD))),
        (SUBMIT, play.on(SUBMIT, &company, &Value::Null)),
        (ADD, play.on(ADD, &id, &grace())),
        (DELETE, play.on_person(DELETE, &company, "x", "")),
        (UPLOAD, play.upload("x", &proof())),
        (
            DECIDE,
            play.decide_on(&company, &json!({"decision": "APPROVED"})),
        ),
    ];
    for (op, refused) in sent {
        let operation = request(op, &[], &[], None).op.operation();
        for code in codes(&refused.unwrap_err()) {
            let mut listed = operation.error_codes();
            assert!(
                listed.any(|listed| listed == code),
                "{op} does not list {code}"
            );
        }
    }
    assert!(
        !format!("{:?}", play.world).contains("Example"),
        "names are logged"
    );
}
