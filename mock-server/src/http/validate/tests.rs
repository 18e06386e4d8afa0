//! What is said of requests and replies that are not as documented, in every form of a schema.

use std::collections::BTreeSet;

use super::*;
use crate::http::route;

fn schema(source: Value) -> Schema {
    let validator = jsonschema::options_for::<Exact>()
        .build(&source)
        .expect("schema");
    Schema {
        source,
        validator,
        is_plain: true,
        unknown: Unknown::Refused,
    }
}

fn problems(schema: &Schema, body: &str) -> Vec<Problem> {
    let body = Json::parse(body).expect("JSON");
    schema.problems(&body, Place::Body, "BAD").collect()
}

fn sample() -> Value {
    serde_json::json!({
        "type": "object",
        "required": ["amount", "account"],
        "properties": {
            "amount": {"type": ["number", "string"], "pattern": "^[0-9]+$"},
            "account": {"$ref": "#/$defs/Account"},
            "kind": {"enum": ["A", "B"]},
            "tax_id": {"type": "string", "maxLength": 3, "x-sensitive": "personal"},
            "free": {"type": "object"}
        },
        "$defs": {
            "Account": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
        }
    })
}

#[test]
fn tells_everything_at_once_with_pointers() {
    let schema = schema(sample());
    let found = problems(
        &schema,
        r#"{"account":{"id":7},"kind":"C","tax_id":"123456"}"#,
    );
    let rows: Vec<_> = found
        .iter()
        .map(|problem| {
            (
                problem.description.as_str(),
                problem.pointer.as_deref(),
                problem.received.as_deref(),
                problem.expected.as_deref(),
            )
        })
        .collect();
    let expected = [
        (
            "`id` is of the wrong type.",
            Some("/account/id"),
            Some("7"),
            Some("a string"),
        ),
        (
            "`kind` is not one of the documented values.",
            Some("/kind"),
            Some("C"),
            Some("A, B"),
        ),
        (
            "`tax_id` is too long.",
            Some("/tax_id"),
            Some("** redacted **"),
            Some("at most 3 characters"),
        ),
        (
            "`amount` is missing.",
            Some("/amount"),
            None,
            Some("a number"),
        ),
    ];
    for row in expected {
        assert!(rows.contains(&row), "{row:?} not in {rows:?}");
    }
    assert_eq!(rows.len(), expected.len());
}

#[test]
fn strict_refuses_unknown_members_and_numeric_strings() {
    let mut source = sample();
    refuse_texts_for_numbers(&mut source);
    refuse_unknown_members(&mut source);
    let strict = schema(source);
    let lenient = schema(sample());
    let body = r#"{"amount":"12","account":{"id":"a","extra":1},"other":2,"free":{"any":1}}"#;
    assert_eq!(problems(&lenient, body), []);
    let pointers: Vec<String> = problems(&strict, body)
        .into_iter()
        .filter_map(|problem| problem.pointer)
        .collect();
    assert_eq!(pointers.len(), 3, "{pointers:?}");
    for pointer in ["/amount", "/account/extra", "/other"] {
        assert!(
            pointers.iter().any(|found| found == pointer),
            "{pointer} not in {pointers:?}"
        );
    }
}

#[test]
fn strict_names_what_is_unknown_and_not_what_stands_beside_it() {
    let mut source = serde_json::json!({
        "$ref": "#/$defs/Owner",
        "$defs": {
            "Owner": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": ["PERSON", "FIRM"]}},
                "allOf": [
                    {"if": {"properties": {"kind": {"const": "PERSON"}}}, "then": {"$ref": "#/$defs/Person"}},
                    {"if": {"properties": {"kind": {"const": "FIRM"}}}, "then": {"$ref": "#/$defs/Firm"}}
                ]
            },
            "Person": {"type": "object", "properties": {
                "kind": {"const": "PERSON"},
                "name": {"type": "string"},
                "house": {"type": "object", "properties": {"city": {"type": "string"}}}
            }},
            "Firm": {"type": "object", "properties": {"kind": {"const": "FIRM"}, "number": {"type": "string"}}}
        }
    });
    refuse_texts_for_numbers(&mut source);
    refuse_unknown_members(&mut source);
    let strict = schema(source);
    let body = r#"{"kind":"PERSON","name":"Ada","number":"7","house":{"city":"Paris","floor":3}}"#;
    let found = problems(&strict, body);
    let floor = found
        .iter()
        .find(|one| one.pointer.as_deref() == Some("/house/floor"));
    assert_eq!(floor.and_then(|one| one.expected.as_deref()), Some("city"));
    let mut pointers: Vec<_> = found
        .into_iter()
        .filter_map(|problem| problem.pointer)
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/house/floor", "/number"]);
}

/// What is said of a request: where, and the hint.
fn hints(operation: &Operation, body: &str) -> Vec<(String, Option<String>)> {
    let body = Json::parse(body).expect("JSON");
    let parts = Parts {
        query: &[],
        body: Some(&body),
    };
    let found = request(operation, parts, Reading::default(), "BAD").expect("schemas");
    let at = |problem: Problem| (problem.pointer.unwrap_or_default(), problem.hint);
    found.into_iter().map(at).collect()
}

#[test]
fn a_misspelt_member_is_named_where_the_right_one_is_missing() {
    let operation = layer2_types::payments::OperationId::TransfersCreate.operation();
    let body = r#"{"source_acount_id":"A","destination_account_id":"B","amount":1,"note":"x"}"#;
    let hint = "`source_acount_id` is not a member here; did you mean `source_account_id`?";
    assert_eq!(
        hints(operation, body),
        [("/source_account_id".to_owned(), Some(hint.to_owned()))]
    );
    let body = r#"{"source_account_id":"A","destination_account_id":"B","note":"x"}"#;
    let hint = "`note` is not a member here.";
    assert_eq!(
        hints(operation, body),
        [("/amount".to_owned(), Some(hint.to_owned()))]
    );
}

#[test]
fn a_tag_that_names_no_variant_hides_nothing_else() {
    let operation = layer2_types::payments::OperationId::WithdrawalsCreate.operation();
    let body = r#"{"withdrawal_rail":"SEPA","amount":"5,000.00","purpose":"RENT"}"#;
    let mut found = hints(operation, body);
    found.sort_unstable();
    let amount = "Leave currency, spaces and thousands separators out; the amount is in units of the asset, never in cents.";
    let required =
        "Required here: source_account_id, destination_counterparty_id, amount, purpose.";
    let wanted = [
        ("/amount", amount),
        ("/destination_counterparty_id", required),
        ("/purpose", "Did you mean `RENTAL_PROPERTY`?"),
        ("/source_account_id", required),
        ("/withdrawal_rail", "Did you mean `SEPA_CT`?"),
    ];
    let wanted = wanted.map(|(at, hint)| (at.to_owned(), Some(hint.to_owned())));
    assert_eq!(found, wanted);
}

#[test]
fn control_refuses_what_it_does_not_know() {
    let operation = layer2_types::control::OperationId::SandboxesCreate.operation();
    let body = r#"{"name":"third","settings":{"strikt":true,"zzz":1}}"#;
    let fallback = "Leave it out: the control API ignores nothing, so that no setting is lost.";
    let wanted = [
        (
            "/settings/strikt".to_owned(),
            Some("Did you mean `strict`?".to_owned()),
        ),
        ("/settings/zzz".to_owned(), Some(fallback.to_owned())),
    ];
    assert_eq!(hints(operation, body), wanted);
    let amount = layer2_types::control::OperationId::InboundCreate.operation();
    let body = r#"{"account_id":"ACME_USD","amount":"12.50"}"#;
    assert_eq!(
        hints(amount, body),
        [],
        "a text that spells an amount is one"
    );
}

#[test]
fn query_parameters_take_the_type_of_their_schema() {
    let schema = schema(serde_json::json!({
        "type": "object",
        "properties": {"page": {"type": "integer"}, "all": {"type": "boolean"}, "q": {"type": "string"}}
    }));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let query = schema.query_object(&[pair("page", "1"), pair("all", "true"), pair("q", "1")]);
    assert_eq!(query.to_string(), r#"{"page":1,"all":true,"q":"1"}"#);
    let query = schema.query_object(&[pair("page", "x")]);
    let found: Vec<Problem> = schema.problems(&query, Place::Query, "BAD").collect();
    assert_eq!(
        found[0].description,
        "The parameter `page` is of the wrong type."
    );
    assert_eq!(found[0].pointer.as_deref(), Some("page"));
}

#[test]
fn the_pattern_that_is_told_in_words_is_that_of_the_schemas() {
    let operation = layer2_types::payments::OperationId::TransfersCreate.operation();
    let quoted = serde_json::to_string(words::AMOUNT_PATTERN).expect("text");
    assert!(source(operation).expect("schemas").contains(&quoted));
}

#[test]
fn every_generated_schema_compiles_in_every_form() {
    for op in route::operations() {
        for &platform in Platform::ALL {
            for strict in [false, true] {
                let reading = Reading { platform, strict };
                compiled(op.operation(), reading)
                    .map(|_| ())
                    .expect("schemas");
            }
        }
    }
}

#[test]
fn a_reply_must_not_hold_what_only_the_other_version_has() {
    use layer2_types::payments::OperationId;
    let body = r#"{"data":{"created_date":"2026-01-05T09:00:00Z","account_to_open":{}}}"#;
    let differences = |platform| {
        let operation = OperationId::ApplicationsGetStatus.operation();
        reply(operation, platform, 200, body).expect("schemas")
    };
    for (platform, others, always_sent_by_others) in [
        (Platform::RailV1_1_2, "account_to_open", "customer_id"),
        (Platform::Layer2V1_0_5, "created_date", "status_update_date"),
    ] {
        let found = differences(platform);
        let is_at = |line: &String| line.starts_with(&format!("/data/{others}: "));
        assert!(found.iter().any(is_at), "{platform}: {found:?}");
        let names = |line: &String| line.contains(always_sent_by_others);
        assert!(!found.iter().any(names), "{platform}: {found:?}");
        assert!(differences(Platform::Union).iter().any(names), "{platform}");
    }
}

#[test]
fn what_is_the_same_on_every_version_is_compiled_once() {
    use layer2_types::payments::OperationId;
    let forms = |id: OperationId| {
        let forms = Platform::ALL.iter().map(|&platform| {
            let reading = Reading {
                platform,
                strict: false,
            };
            std::ptr::from_ref(compiled(id.operation(), reading).expect("schemas"))
        });
        forms.collect::<BTreeSet<_>>().len()
    };
    assert_eq!(forms(OperationId::TransfersCreate), 1);
    assert_eq!(forms(OperationId::CustomersList), Platform::ALL.len());
}
