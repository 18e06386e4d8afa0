//! Each program runs where it is told to: in a sandbox of a server that runs, with the account of the environment
//! variables, or at an address.

use layer2_sdk::mock::{Sandbox, SandboxServer};

use super::front::Front;
use super::purchases::WALLET;
use super::*;

/// Stands for the id of somebody who can be paid.
const PAYEE: &str = "{payee}";

/// The programs that the platform runs as well, what they need to know there, and what they say then.
const ANYWHERE: [(&str, &[&str], &str); 4] = [
    (
        env!("CARGO_BIN_EXE_onboard_corporation"),
        &[],
        "submitted; APPLICATION_APPROVED",
    ),
    (
        env!("CARGO_BIN_EXE_on_ramp"),
        &["--account", "ACME_USD", "--wallet", WALLET],
        "run again once the wire has come",
    ),
    (
        env!("CARGO_BIN_EXE_payout_run"),
        &[
            "--account",
            "ACME_USD",
            "--counterparty",
            PAYEE,
            "--payouts",
            "2",
        ],
        "2 payouts, 0 of them before",
    ),
    (env!("CARGO_BIN_EXE_treasury"), &[], "Last transactions"),
];

/// What each program says in the end in a sandbox.
const IN_A_SANDBOX: [(&str, &str); 9] = [
    (
        env!("CARGO_BIN_EXE_onboard_corporation"),
        "account GLOBEX_USD, OPEN",
    ),
    (env!("CARGO_BIN_EXE_on_ramp"), "the books balance"),
    (env!("CARGO_BIN_EXE_payout_run"), "the books balance"),
    (env!("CARGO_BIN_EXE_quickstart"), "difference 0"),
    (env!("CARGO_BIN_EXE_reconcile"), "the books balance"),
    (env!("CARGO_BIN_EXE_remote_signer"), "the signer failed"),
    (env!("CARGO_BIN_EXE_telemetry"), "payments.customers_list"),
    (env!("CARGO_BIN_EXE_treasury"), "INTERNAL_TRANSFER"),
    (env!("CARGO_BIN_EXE_unknown_outcome"), "the books balance"),
];

/// An account of the platform with money on it.
async fn account() -> Sandbox {
    let sandbox = Sandbox::start().await.unwrap();
    let dollars = "ACME_USD".parse().unwrap();
    sandbox.fund(&dollars, "10".parse().unwrap()).await.unwrap();
    sandbox
}

/// The arguments of a program, with somebody who can be paid if it wants one.
async fn known_there(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let mut known = Vec::new();
    for argument in arguments {
        known.push(match *argument {
            PAYEE => payee(sandbox).await.to_string(),
            other => other.to_owned(),
        });
    }
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_used() {
    let server = SandboxServer::start().await.unwrap();
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    for (program, says) in IN_A_SANDBOX {
        let before = client.control().sandboxes().list().await.unwrap();
        let run = Command::new(program)
            .args(["--mock", server.url()])
            .env("LAYER2_CONTROL_TOKEN", server.control_token())
            .output()
            .unwrap();
        tells(&report(&run), &[says]);
        let after = client.control().sandboxes().list().await.unwrap();
        assert_eq!(
            after.sandboxes.len(),
            before.sandboxes.len() + 1,
            "{program} has a sandbox there"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_another_machine_is_spoken_to_in_plain_http_only_by_choice() {
    let server = SandboxServer::start().await.unwrap();
    // The way to this machine under an address that is not its own.
    let port = server.url().rsplit(':').next().unwrap();
    let elsewhere = format!("http://0.0.0.0:{port}");
    let start = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_treasury"))
            .args(["--mock", &elsewhere])
            .args(more)
            .env("LAYER2_CONTROL_TOKEN", server.control_token())
            .output()
            .unwrap()
    };
    let why = failure(&start(&[]));
    assert!(why.contains("plain http to another machine"), "{why}");
    tells(
        &report(&start(&["--insecure-http"])),
        &["INTERNAL_TRANSFER"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_the_variables_is_used() {
    for (program, arguments, says) in ANYWHERE {
        let sandbox = account().await;
        let folder = Folder::new("env");
        let run = Command::new(program)
            .current_dir(&folder.0)
            .arg("--env")
            .args(known_there(&sandbox, arguments).await)
            .envs(&sandbox.info().env)
            .output()
            .unwrap();
        tells(&report(&run), &[says]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_is_named_is_used() {
    for (program, arguments, says) in ANYWHERE {
        let sandbox = account().await;
        let info = sandbox.info();
        let folder = Folder::new("address");
        let run = Command::new(program)
            .current_dir(&folder.0)
            .args(["--base-url", &info.payments.base_url])
            .args(["--token-url", &info.payments.token_url])
            .args(known_there(&sandbox, arguments).await)
            .env("LAYER2_CLIENT_ID", info.payments.client_id.as_str())
            .env("LAYER2_CLIENT_SECRET", &info.payments.client_secret)
            .env("LAYER2_SIGNING_KEY", &info.payments.signing_key)
            .output()
            .unwrap();
        tells(&report(&run), &[says]);
    }
}

#[test]
fn two_places_are_one_too_many() {
    let mock = ["--mock", "http://127.0.0.1:1", "--env"];
    let both = Command::new(env!("CARGO_BIN_EXE_treasury"))
        .args(mock)
        .output()
        .unwrap();
    let why = failure(&both);
    assert!(why.contains("cannot be used with"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_reads_what_it_shows() {
    let sandbox = account().await;
    let dollars = "ACME_USD".parse().unwrap();
    for _ in 0..30 {
        sandbox.fund(&dollars, "1".parse().unwrap()).await.unwrap();
    }
    sandbox.fund(&dollars, "7".parse().unwrap()).await.unwrap();
    let front = Front::default();
    front.pass_to(&sandbox.info().url);
    let address = front.start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    command
        .args(["--env", "--last", "2", "--every", "1"])
        .envs(&sandbox.info().env)
        .env("LAYER2_BASE_URL", format!("{address}/api"));
    let mut running = Running::start(&mut command);
    for _ in ["once", "and again"] {
        running.reads("Last transactions");
        let _head = running.reads("  date");
        let newest = running.reads("  2");
        assert!(newest.ends_with(" 7"), "{newest}");
    }
    let more = report(&running.stop());
    // One page for each time; the last time may have been stopped before it was shown.
    let shown = 2 + more.matches("Last transactions").count();
    let read = front.count("/api/v1/transactions");
    assert!(read == shown || read == shown + 1, "{read} for {shown}");
}
