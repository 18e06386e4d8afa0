//! What goes wrong before a program begins is told to whoever runs it, with what to do.

use layer2_sdk::mock::{Sandbox, SandboxServer};
use std::net::TcpListener;

use super::*;

const TREASURY: &str = env!("CARGO_BIN_EXE_treasury");

/// A program without any variable of ours but these.
fn start(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars() {
        if name.starts_with("LAYER") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn access_that_is_missing_is_told_by_its_variables() {
    for place in [
        &["--env"][..],
        &[
            "--base-url",
            "http://127.0.0.1:9/api",
            "--token-url",
            "http://127.0.0.1:9/token",
        ],
    ] {
        tells(
            &failure(&start(TREASURY, place, &[])),
            &[
                "cause: neither LAYER2_CLIENT_ID nor LAYER2_CLIENT_SECRET is set",
                "advice: set both, LAYER2_SIGNING_KEY",
                "LAYER2_BASE_URL and LAYER2_TOKEN_URL",
            ],
        );
    }
    let half = [("LAYER2_CLIENT_ID", "id")];
    let why = failure(&start(TREASURY, &["--env"], &half));
    assert!(
        why.contains("LAYER2_CLIENT_SECRET is not: set both"),
        "{why}"
    );
    let why = failure(&start(TREASURY, &["--mock", "127.0.0.1:9"], &[]));
    tells(&why, &["LAYER2_CONTROL_TOKEN is not set", "advice: "]);
}

#[test]
fn what_the_variables_hold_is_looked_at() {
    let access = [
        ("LAYER2_CLIENT_ID", "id"),
        ("LAYER2_CLIENT_SECRET", "secret"),
    ];
    let env = |more: &[(&str, &str)]| {
        failure(&start(TREASURY, &["--env"], &[&access[..], more].concat()))
    };
    let nobody = [
        ("LAYER2_BASE_URL", "http://127.0.0.1:9/api"),
        ("LAYER2_TOKEN_URL", "http://127.0.0.1:9/token"),
    ];
    let key = [("LAYER2_SIGNING_KEY", "mistyped")];
    let why = env(&[&nobody[..], &key].concat());
    assert!(
        why.contains("cause: LAYER2_SIGNING_KEY is not usable"),
        "{why}"
    );
    assert!(!why.contains("mistyped"), "{why}");
    assert!(!why.contains("--insecure-http"), "{why}");

    let plain = [
        ("LAYER2_BASE_URL", "http://mock.example/api"),
        ("LAYER2_TOKEN_URL", "http://mock.example/token"),
    ];
    tells(
        &env(&plain),
        &["plain http", "advice: --insecure-http allows"],
    );
    tells(
        &env(&nobody),
        &["error: ", "cause: ", "advice: ", "LAYER2_TOKEN_URL"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_server_that_cannot_be_used_is_told_with_its_address() {
    let server = SandboxServer::start().await.unwrap();
    let token = |token| [("LAYER2_CONTROL_TOKEN", token)];
    let at = |url: &str| failure(&start(TREASURY, &["--mock", url], &token("of-another")));
    tells(
        &at(server.url()),
        &[
            &format!("error: {} cannot be used", server.url()),
            "cause: control.sandboxes_create",
            "advice: LAYER2_CONTROL_TOKEN is to be the token",
        ],
    );
    tells(
        &at("127.0.0.1:9"),
        &[
            "error: http://127.0.0.1:9 cannot be used",
            "advice: ",
            "layer2-mock",
        ],
    );
    // A server that is none of ours.
    let elsewhere = format!("{}/elsewhere", server.url());
    tells(
        &at(&elsewhere),
        &["cause: ", "advice: see that it is a mock server"],
    );
    let why = misuse(&start(TREASURY, &["--mock", "ftp://127.0.0.1"], &[]));
    assert!(why.contains("the scheme ftp is not spoken here"), "{why}");
    let why = misuse(&start(TREASURY, &["--every", "0"], &[]));
    assert!(why.contains("0 is not in 1.."), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_addresses_are_told_with_their_flag() {
    let sandbox = Sandbox::start().await.unwrap();
    let folder = tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let missing = format!("{folder}/missing/file");
    let url = "https://books.example/webhooks";
    let payouts = env!("CARGO_BIN_EXE_payout_run");
    let ramp = env!("CARGO_BIN_EXE_on_ramp");
    let books = env!("CARGO_BIN_EXE_reconcile");
    let onboard = env!("CARGO_BIN_EXE_onboard_corporation");
    let account = ["--account", "ACME_USD", "--wallet", purchases::WALLET];
    let keys = format!("{folder}/books.keys");
    for (program, flag, named, more) in [
        (payouts, "--journal", folder, &account[..2]),
        (payouts, "--journal", &missing, &account[..2]),
        (ramp, "--notes", folder, &account),
        (ramp, "--notes", &missing, &account),
        (books, "--keys", folder, &["--callback-url", url]),
        (
            books,
            "--listen",
            &taken,
            &["--callback-url", url, "--keys", &keys],
        ),
        (onboard, "--papers", &missing, &[]),
    ] {
        let mut command = Command::new(program);
        command.args(["--env", flag, named]).args(more);
        let run = command.envs(&sandbox.info().env).output().unwrap();
        let why = failure(&run);
        let told = format!("error: {flag} {named}");
        assert!(why.starts_with(&told), "{why}");
    }
}
