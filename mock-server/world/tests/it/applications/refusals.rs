//! What is refused because of the request itself.

use serde_json::Value;
use serde_json::json;

use super::ADD;
use super::CHANGE;
use super::CREATE;
use super::DECIDE;
use super::DELETE;
use super::REPEAT;
use super::SUBMIT;
use super::UPDATE;
use super::account;
use super::ada;
use super::globex;
use super::grace;
use super::only;
use super::updates;
use super::whole;
use crate::support::Play;
use crate::support::codes;
use crate::support::field;

#[test]
fn ids_that_are_taken_are_refused_together() {
    let mut play = Play::new();
    play.apply(&globex());
    let mut body = ada();
    for (customer, wanted) in [
        ("JANE", "JANE_USD"),
        ("GLOBEX", "GLOBEX_USD"),
        ("SELF", "JANE_USD"),
    ] {
        body["customer_id"] = json!(customer);
        body["account_to_open"]["account_id"] = json!(wanted);
        let rejection = play.post(CREATE, &[], &body.to_string()).unwrap_err();
        let [of_customer, of_account] = rejection.problems.as_slice() else {
            panic!("{rejection:?}");
        };
        assert_eq!(rejection.status, 400);
        assert_eq!(
            whole(of_customer),
            [
                Some("ALREADY_EXISTS"),
                Some("There is a customer, or an application for one, with this id."),
                Some("/customer_id"),
                Some(customer),
                Some("an id that no customer and no open application has"),
                Some(REPEAT)
            ]
        );
        assert_eq!(
            whole(of_account),
            [
                Some("ALREADY_EXISTS"),
                Some("There is an account, or an application for one, with this id."),
                Some("/account_to_open/account_id"),
                Some(wanted),
                Some("an id that no account and no open application has"),
                Some(REPEAT)
            ]
        );
    }
    // An open application keeps its account id from whoever opens accounts.
    let opening =
        json!({"customer_id": "ACME", "account_to_open": account("GLOBEX_USD")}).to_string();
    let taken = play
        .post("payments.accounts_open", &[], &opening)
        .unwrap_err();
    assert_eq!(codes(&taken), ["ALREADY_EXISTS"]);
}

#[test]
fn an_application_is_refused_with_the_place_of_what_is_wrong() {
    let mut play = Play::new();
    let change = |at: &str, value: Value| {
        let mut body = ada();
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    let product = change("/account_to_open/product_id", json!("SAVINGS"));
    let mut asset = change("/account_to_open/asset_type_id", json!("USD"));
    asset["account_to_open"]["product_id"] = json!("DEPOSIT_FORT_FIAT");
    let id = change("/customer_id", json!("a b"));
    let kind = change("/application_type", json!("TRUST"));
    let products = "DEPOSIT_BASIC, DEPOSIT_FORT_FIAT, DEPOSIT_FORT_CRYPTO, DEPOSIT_ANCH_CRYPTO";
    let asset_hint = "Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; \
                      a currency code alone is none.";
    let rows = [
        (
            product,
            [
                Some("PRODUCT_ASSET_NOT_SUPPORTED"),
                Some("There is no such product."),
                Some("/account_to_open/product_id"),
                Some("SAVINGS"),
                Some(products),
                None,
            ],
        ),
        (
            asset,
            [
                Some("PRODUCT_ASSET_NOT_SUPPORTED"),
                Some("Product DEPOSIT_FORT_FIAT does not offer this asset type."),
                Some("/account_to_open/asset_type_id"),
                Some("USD"),
                Some("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD"),
                Some(asset_hint),
            ],
        ),
        (
            id,
            [
                Some("VALIDATION_FAILED"),
                Some("The id does not have the form of an id."),
                Some("/customer_id"),
                Some("a b"),
                Some("1 to 64 letters, digits, `-`, `_` or `.`"),
                Some(
                    "Ids stand in paths, so they are plain: your own customer number is a good one.",
                ),
            ],
        ),
        (
            kind,
            [
                Some("VALIDATION_FAILED"),
                Some("There is no application of this type."),
                Some("/application_type"),
                Some("TRUST"),
                Some("INDIVIDUAL, CORPORATION"),
                None,
            ],
        ),
    ];
    for (body, expected) in rows {
        let problem = only(play.post(CREATE, &[], &body.to_string()).unwrap_err(), 400);
        assert_eq!(whole(&problem), expected);
    }
}

#[test]
fn an_unknown_application_is_not_found_by_any_call() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let near = format!("{}x", &id[..id.len() - 1]);
    let hint = format!("Did you mean `{id}`?");
    let expected = [
        Some("NOT_FOUND"),
        Some("There is no application with this id in this sandbox."),
        Some("application_id"),
        Some(near.as_str()),
        Some("the id of one application of this sandbox"),
        Some(hint.as_str()),
    ];
    let path = [
        ("application_id", near.as_str()),
        ("individual_id", "x"),
        ("sandbox", "default"),
    ];
    for op in [
        "payments.applications_get",
        "payments.applications_get_status",
    ] {
        let problem = only(play.get(op, &path, &[]).unwrap_err(), 404);
        assert_eq!(whole(&problem), expected, "{op}");
    }
    let grace = grace();
    let none = Value::Null;
    let decision = json!({"decision": "APPROVED"});
    let change = updates(&[("title", "CEO")]);
    for (op, body) in [
        (UPDATE, &change),
        (SUBMIT, &none),
        (ADD, &grace),
        (CHANGE, &change),
        (DELETE, &none),
        (DECIDE, &decision),
        ("payments.applications_create_access_code", &none),
    ] {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let problem = only(play.post(op, &path, &body).unwrap_err(), 404);
        assert_eq!(whole(&problem), expected, "{op}");
    }
}

#[test]
fn persons_are_a_companys_alone() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let change = updates(&[("title", "CEO")]).to_string();
    for (op, body) in [
        (ADD, grace().to_string()),
        (CHANGE, change.clone()),
        (DELETE, String::new()),
    ] {
        let problem = only(play.on_person(op, &id, "x", &body).unwrap_err(), 400);
        assert_eq!(
            whole(&problem),
            [
                Some("NOT_A_CORPORATION"),
                Some("The applicant is a person; only a company has persons."),
                Some("application_id"),
                Some("INDIVIDUAL"),
                Some("CORPORATION"),
                Some("Change the fields of the person with the update of the applicant itself.")
            ],
            "{op}"
        );
    }
    let company = play.apply(&globex());
    for (op, body) in [(CHANGE, change), (DELETE, String::new())] {
        let problem = only(play.on_person(op, &company, "x", &body).unwrap_err(), 404);
        assert_eq!(
            whole(&problem),
            [
                Some("NOT_FOUND"),
                Some("There is no person of this company with this id in this sandbox."),
                Some("individual_id"),
                Some("x"),
                Some("the id of one person of this company of this sandbox"),
                Some(
                    "Ids of another sandbox, and of another kind of resource, are not known here; list what there is, \
                     or take the id from the reply that told of it."
                ),
            ],
            "{op}"
        );
    }
    let mut odd = grace();
    odd["individual_type"] = json!(["OFFICER", "KING"]);
    odd["percentage_ownership"] = json!(101);
    let rejection = play.on(ADD, &company, &odd).unwrap_err();
    let [kind, share] = rejection.problems.as_slice() else {
        panic!("{rejection:?}");
    };
    assert_eq!(
        whole(kind),
        [
            Some("VALIDATION_FAILED"),
            Some("A person cannot be of this kind."),
            Some("/individual_type/1"),
            Some("KING"),
            Some("INDIVIDUAL, OFFICER, BENEFICIAL_OWNER, CONTROL_PERSON, AUTHORIZED_PERSON"),
            None
        ]
    );
    assert_eq!(share.pointer.as_deref(), Some("/percentage_ownership"));
    assert_eq!(share.received, None);
}

#[test]
fn updates_are_all_made_or_none_and_personal_values_are_not_repeated() {
    let mut play = Play::new();
    let id = play.apply(&ada());
    let wrong = updates(&[
        ("email_address", "ada@example.com"),
        ("customer_id", "BEN"),
        ("date_of_birth", "10.12.1980"),
        ("frist_name", "Eve"),
        ("email_address", "eve@example.com"),
        ("last_name", ""),
        ("terms_and_conditions_accepted", "yes"),
    ]);
    let rejection = play.on(UPDATE, &id, &wrong).unwrap_err();
    let places: Vec<_> = rejection
        .problems
        .iter()
        .map(|problem| (problem.code, problem.pointer.as_deref().unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            ("FIELD_NOT_UPDATABLE", "/updates/1/field"),
            ("VALIDATION_FAILED", "/updates/2/value"),
            ("FIELD_NOT_UPDATABLE", "/updates/3/field"),
            ("VALIDATION_FAILED", "/updates/4/field"),
            ("VALIDATION_FAILED", "/updates/5/value"),
            ("VALIDATION_FAILED", "/updates/6/value"),
        ]
    );
    let [_, day, name, ..] = rejection.problems.as_slice() else {
        panic!("{rejection:?}");
    };
    assert_eq!(
        whole(day),
        [
            Some("VALIDATION_FAILED"),
            Some("`date_of_birth` cannot have this value."),
            Some("/updates/2/value"),
            None,
            Some("a day as YYYY-MM-DD"),
            None
        ]
    );
    assert_eq!(name.received.as_deref(), Some("frist_name"));
    assert_eq!(name.hint.as_deref(), Some("Did you mean `first_name`?"));
    assert!(!format!("{rejection:?}").contains("1980"));
    let nothing = only(play.on(UPDATE, &id, &json!({})).unwrap_err(), 400);
    assert_eq!(nothing.pointer.as_deref(), Some("/updates"));
}

#[test]
fn a_field_that_a_person_does_not_have_is_told_with_those_that_it_has() {
    let mut play = Play::new();
    let company = play.apply(&globex());
    let person = field(&play.on(ADD, &company, &grace()).unwrap().body, "id");
    let title = updates(&[("titles", "CEO")]).to_string();
    let problem = only(
        play.on_person(CHANGE, &company, &person, &title)
            .unwrap_err(),
        400,
    );
    assert_eq!(
        whole(&problem),
        [
            Some("FIELD_NOT_UPDATABLE"),
            Some("This field cannot be changed here."),
            Some("/updates/0/field"),
            Some("titles"),
            Some(
                "individual_type, person_role, first_name, middle_name, last_name, email_address, \
                 mailing_address.unit_number, mailing_address.address_line1, mailing_address.address_line2, \
                 mailing_address.address_line3, mailing_address.city, mailing_address.state, \
                 mailing_address.postal_code, mailing_address.country_code, telephone_number, tax_reference_number, \
                 tax_reference_number_country, passport_number, nationality, citizenship, date_of_birth, \
                 percentage_ownership, title, us_residency_status"
            ),
            Some("Did you mean `title`?")
        ]
    );
}
