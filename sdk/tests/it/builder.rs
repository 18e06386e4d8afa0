//! What a builder refuses, and that nothing prints a secret.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Mutex;

use layer2_sdk::AccountingAccess;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::Error;
use layer2_sdk::ErrorKind;

use crate::stage::SEED;

const PUBLIC: &str =
    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const CONTROL: &str = "http://127.0.0.1:4010/_control/v1";

fn refused(builder: ClientBuilder) -> String {
    let error: Error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

fn payments(environment: Environment) -> ClientBuilder {
    Client::builder()
        .environment(environment)
        .credentials("id", "s3cr3t")
}

#[test]
fn what_is_visibly_wrong_is_refused_with_what_to_do() {
    let loopback = || {
        Environment::custom(
            "http://127.0.0.1:4010/api",
            "http://127.0.0.1:4010/oauth2/a/v1/token",
        )
    };
    let cases = [
        (Client::builder(), "from_env"),
        (
            payments(Environment::Sandbox).signing_key(PUBLIC),
            "public key",
        ),
        (
            payments(Environment::Sandbox).signing_key("nonsense"),
            "not usable",
        ),
        (
            payments(Environment::Production).control(CONTROL, "t"),
            "mock server",
        ),
        (
            payments(Environment::Production).allow_insecure_http(),
            "test setting",
        ),
        (
            payments(Environment::custom(
                "https://platform.layer2financial.com/api",
                "https://auth.layer2financial.com/t",
            ))
            .control(CONTROL, "t"),
            "mock server",
        ),
        (
            payments(Environment::custom(
                "https://sandbox.layer2financial.com",
                "https://a.example/t",
            )),
            "/api",
        ),
        (
            payments(Environment::custom(
                "http://10.1.2.3/api",
                "https://a.example/t",
            )),
            "allow_insecure_http",
        ),
        (
            payments(Environment::custom(
                "https://a.example/api",
                "http://10.1.2.3/t",
            )),
            "allow_insecure_http",
        ),
        (payments(loopback()).plaid("id", "s3cr3t"), "plaid_base_url"),
        (Client::builder().control(CONTROL, ""), "empty"),
        (Client::builder().credentials("", "s3cr3t"), "client id"),
        (Client::builder().credentials("id", " "), "client secret"),
        (
            Client::builder().plaid("", "s3cr3t"),
            "client id of the plaid API",
        ),
        (
            Client::builder().accounting(AccountingAccess::new(Environment::Sandbox, "id", "")),
            "client secret of the accounting API",
        ),
    ];
    for (builder, says) in cases {
        let text = refused(builder);
        assert!(text.contains(says), "{says}: {text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    payments(loopback()).control(CONTROL, "t").build().unwrap();
    payments(Environment::Production)
        .signing_key(SEED)
        .build()
        .unwrap();
}

#[test]
fn nothing_prints_a_secret() {
    let accounting = AccountingAccess::new(Environment::Sandbox, "accounting-id", "s3cr3t-a");
    let builder = Client::builder()
        .credentials("payments-id", "s3cr3t-p")
        .accounting(accounting)
        .plaid("plaid-id", "s3cr3t-x")
        .control(CONTROL, "s3cr3t-c")
        .signing_key(SEED);
    let of_builder = format!("{builder:?} {builder:#?}");
    let client = builder.build().unwrap();
    let printed = format!(
        "{of_builder} {client:?} {client:#?} {:?}",
        client.transfers()
    );
    assert!(
        printed.contains("payments-id"),
        "the public half helps to find a mistake"
    );
    assert!(!printed.contains("s3cr3t"), "{printed}");
    assert!(!printed.contains(SEED), "{printed}");
}

fn from(pairs: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
    let map: HashMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    ClientBuilder::from_lookup(|name| map.get(name).cloned())
}

/// The variables that a ready file has.
fn ready_file() -> Vec<(&'static str, &'static str)> {
    vec![
        ("LAYER2_BASE_URL", "http://127.0.0.1:4010/api"),
        (
            "LAYER2_TOKEN_URL",
            "http://127.0.0.1:4010/oauth2/default/v1/token",
        ),
        ("LAYER2_CLIENT_ID", "id"),
        ("LAYER2_CLIENT_SECRET", "secret"),
        ("LAYER2_SIGNING_KEY", SEED),
        ("LAYER_BASE_URL", "http://127.0.0.1:4010"),
        ("LAYER_TOKEN_URL", "http://127.0.0.1:4010/oauth2/token"),
        ("LAYER_CLIENT_ID", "id"),
        ("LAYER_CLIENT_SECRET", "secret"),
        ("LAYER_SCOPE", "scope"),
        ("PLAID_BASE_URL", "http://127.0.0.1:4010"),
        ("PLAID_CLIENT_ID", "id"),
        ("PLAID_SECRET", "secret"),
        ("LAYER2_CONTROL_URL", CONTROL),
        ("LAYER2_CONTROL_TOKEN", "token"),
    ]
}

#[test]
fn the_variables_of_a_ready_file_make_a_client() {
    from(&ready_file()).unwrap().build().unwrap();
    from(&[
        ("LAYER2_CLIENT_ID", "id"),
        ("LAYER2_CLIENT_SECRET", "secret"),
    ])
    .unwrap()
    .build()
    .unwrap();
}

#[test]
fn the_readme_lists_the_variables_that_are_read() {
    let read = Mutex::new(BTreeSet::new());
    let values: HashMap<_, _> = ready_file().into_iter().collect();
    let builder = ClientBuilder::from_lookup(|name| {
        read.lock().unwrap().insert(name.to_owned());
        values.get(name).map(|value| (*value).to_owned())
    });
    builder.unwrap();

    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## From the environment").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let is_variable = |text: &str| text.contains('_') && !text.contains(char::is_lowercase);
    let rows = section.lines().filter_map(|row| row.split('|').nth(1));
    let listed = rows.flat_map(|cell| cell.split('`').filter(|text| is_variable(text)));
    let mut listed: Vec<_> = listed.collect();
    listed.sort_unstable();
    let read = read.into_inner().unwrap();
    assert_eq!(listed, read.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn half_a_pair_of_variables_names_the_missing_half() {
    let cases = [
        (vec![("LAYER2_CLIENT_ID", "id")], "LAYER2_CLIENT_SECRET"),
        (
            vec![("LAYER2_TOKEN_URL", "https://a.example/t")],
            "LAYER2_BASE_URL",
        ),
        (vec![("PLAID_SECRET", "s")], "PLAID_CLIENT_ID"),
        (
            vec![("LAYER2_CONTROL_URL", "x"), ("LAYER2_CONTROL_TOKEN", "")],
            "LAYER2_CONTROL_TOKEN",
        ),
        (vec![("LAYER2_ENVIRONMENT", "staging")], "sandbox"),
        (
            vec![
                ("LAYER2_ENVIRONMENT", "production"),
                ("LAYER2_BASE_URL", "https://a.example/api"),
                ("LAYER2_TOKEN_URL", "https://a.example/t"),
            ],
            "contradict",
        ),
    ];
    for (pairs, names) in cases {
        let error = from(&pairs).unwrap_err();
        assert!(error.to_string().contains(names), "{names}: {error}");
    }
}
