//! The programs do what they say: each is run as a reader would run it, and its report is checked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod failures;
mod front;
mod payouts;
mod places;
mod purchases;
mod reconciled;

use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use futures_util::TryStreamExt as _;
use layer2_examples::flow::sending;
use layer2_sdk::control::{ProfileSetting, SandboxCreateRequest, SandboxSettings};
use layer2_sdk::mock::{Sandbox, SandboxServer};
use layer2_sdk::payments::{CounterpartiesListParams, CounterpartyId};
use tempfile::{TempDir, tempdir};

fn run(program: &str, arguments: &[&str]) -> String {
    let run = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program starts");
    report(&run)
}

fn report(run: &Output) -> String {
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    String::from_utf8(run.stdout.clone()).expect("text")
}

/// What the program had to say about its failure: cause by cause, and nothing in the words of `Debug`.
fn failure(run: &Output) -> String {
    let told = String::from_utf8(run.stderr.clone()).expect("text");
    assert_eq!(run.status.code(), Some(1), "it was to fail: {told}");
    assert!(
        told.lines().any(|line| line.starts_with("error: ")),
        "{told}"
    );
    assert!(!told.contains(" { "), "{told}");
    told
}

/// What the program had to say about arguments that it cannot begin with.
fn misuse(run: &Output) -> String {
    let told = String::from_utf8(run.stderr.clone()).expect("text");
    assert_eq!(run.status.code(), Some(2), "it was not to begin: {told}");
    told
}

/// A sandbox whose work takes about as long as that of the platform.
async fn slow_sandbox(server: &SandboxServer) -> Sandbox {
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    let slow = SandboxSettings::new().with_profile(ProfileSetting::Realistic);
    let request = SandboxCreateRequest::new().with_settings(slow);
    let made = client.control().sandboxes().create(&request).await.unwrap();
    Sandbox::of(made.into_inner()).unwrap()
}

/// Registers somebody who can be paid by the customer of the dollar account, and has the screening done.
async fn payee(sandbox: &Sandbox) -> CounterpartyId {
    let client = sandbox.client();
    let account = sandbox.account("FIAT_TESTNET_USD").unwrap();
    let account = client.accounts().get(&account).await.unwrap();
    let customer = account.customer_id.clone().unwrap();
    let payee = sending::landlord(client, &customer).await.unwrap();
    sandbox.settle().await.unwrap();
    payee
}

/// How many counterparties there are.
async fn counterparties(sandbox: &Sandbox) -> usize {
    let rows = sandbox.client().counterparties();
    let rows = rows.list_stream(CounterpartiesListParams::new());
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    rows.len()
}

/// A program that goes on until it is told to stop, as by Ctrl-C.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let output = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(output).lines();
        Self { child, lines }
    }

    /// Reads until a line begins like this, and gives the rest of that line.
    fn reads(&mut self, beginning: &str) -> String {
        for line in self.lines.by_ref() {
            if let Some(rest) = line.expect("text").strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
        let mut errors = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr.read_to_string(&mut errors).expect("text");
        }
        panic!("the program ended before it said {beginning:?}: {errors}");
    }

    /// Stops it, and gives what it has said since, and how it ended.
    fn stop(self) -> Output {
        let interrupt = format!("kill -INT {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &interrupt]).status();
        assert!(sent.expect("there is a shell").success());
        let mut stdout = String::new();
        for line in self.lines {
            stdout.push_str(&line.expect("text"));
            stdout.push('\n');
        }
        let mut ended = self.child.wait_with_output().expect("it ends");
        ended.stdout = stdout.into_bytes();
        ended
    }
}

/// Each of these stands in the report, in this order.
fn tells(report: &str, lines: &[&str]) {
    let mut rest = report;
    for line in lines {
        let Some((_, after)) = rest.split_once(line) else {
            panic!("{line:?} does not come in its place in\n{report}");
        };
        rest = after;
    }
}

#[test]
fn a_company_is_onboarded_with_the_papers_that_are_asked_for() {
    let report = run(env!("CARGO_BIN_EXE_onboard_corporation"), &[]);
    tells(
        &report,
        &[
            "application INCOMPLETE",
            "paper  INCORPORATION_DOCUMENTS",
            "uploaded INCORPORATION_DOCUMENTS",
            "uploaded GOVERNMENT_ID_FRONT",
            "application READY_FOR_SUBMISSION",
            "application APPROVED",
            "customer GLOBEX, CORPORATION",
            "account GLOBEX_USD, OPEN",
        ],
    );
}

#[test]
fn papers_come_from_a_folder() {
    let folder = tempdir().unwrap();
    let scan = b"%PDF-1.7 a scan of some length\n%%EOF\n";
    for kind in ["INCORPORATION_DOCUMENTS", "GOVERNMENT_ID_FRONT"] {
        std::fs::write(folder.path().join(format!("{kind}.pdf")), scan).unwrap();
    }
    let report = run(
        env!("CARGO_BIN_EXE_onboard_corporation"),
        &[
            "--papers",
            folder.path().to_str().unwrap(),
            "--customer",
            "INITECH",
        ],
    );
    let uploaded = format!("uploaded GOVERNMENT_ID_FRONT of {} bytes", scan.len());
    tells(&report, &[&uploaded, "account INITECH_USD, OPEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_that_is_missing_is_named_and_the_application_goes_on_with_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let folder = tempdir().unwrap();
    let scan = |kind: &str| folder.path().join(format!("{kind}.pdf"));
    let start = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_onboard_corporation"))
            .args(["--env", "--papers", folder.path().to_str().unwrap()])
            .args(more)
            .envs(&sandbox.info().env)
            .output()
            .unwrap()
    };
    std::fs::write(scan("INCORPORATION_DOCUMENTS"), b"%PDF-1.7\n%%EOF\n").unwrap();
    let first = start(&[]);
    let why = failure(&first);
    let missing = scan("GOVERNMENT_ID_FRONT");
    assert!(why.contains(&missing.display().to_string()), "{why}");
    let told = String::from_utf8(first.stdout).unwrap();
    assert!(!told.contains("uploaded"), "{told}");

    std::fs::write(missing, b"%PDF-1.7\n%%EOF\n").unwrap();
    let (_, id) = why.split_once("go on with --application ").unwrap();
    let report = report(&start(&["--application", id.trim_end()]));
    tells(&report, &["uploaded GOVERNMENT_ID_FRONT", "submitted; "]);
}

#[test]
fn a_paper_that_cannot_be_used_is_named_and_a_sandbox_that_ended_is_not_gone_on_in() {
    let folder = tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let scan = |kind: &str| folder.path().join(format!("{kind}.pdf"));
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onboard_corporation"));
        failure(&command.args(["--papers", path]).output().unwrap())
    };
    let why = start();
    assert!(why.contains("put them there, and run again\n"), "{why}");

    let empty = scan("INCORPORATION_DOCUMENTS");
    std::fs::write(&empty, b"").unwrap();
    std::fs::write(scan("GOVERNMENT_ID_FRONT"), b"%PDF-1.7\n%%EOF\n").unwrap();
    tells(
        &start(),
        &[
            &format!("error: the paper {} cannot be used", empty.display()),
            "cause: ",
            "advice: put a PDF there that can be read, and run again\n",
        ],
    );
}

#[test]
fn every_outcome_is_met_and_the_unknown_one_is_settled() {
    let report = run(env!("CARGO_BIN_EXE_unknown_outcome"), &[]);
    tells(
        &report,
        &[
            "NotSent",
            "NotDone",
            "Done",
            "every reply is lost",
            "Unknown         ReplyLost after 3 attempts: call again with the same key",
            "stored          payments.transfers_accept with the key order-4711-accept",
            "resumed         status 200 OK, replayed: true",
            "moved once: 25 FIAT_TESTNET_USD",
            "the books balance",
        ],
    );
}

#[test]
fn a_reader_who_has_read_enough_ends_no_program_in_a_panic() {
    let watch = &["--every", "1"][..];
    for (program, arguments) in [
        (env!("CARGO_BIN_EXE_treasury"), &[][..]),
        (env!("CARGO_BIN_EXE_treasury"), watch),
        (env!("CARGO_BIN_EXE_quickstart"), &[]),
        (env!("CARGO_BIN_EXE_on_ramp"), &[]),
        (env!("CARGO_BIN_EXE_payout_run"), &["--payouts", "2"]),
        (env!("CARGO_BIN_EXE_reconcile"), &[]),
        (env!("CARGO_BIN_EXE_remote_signer"), &[]),
        (env!("CARGO_BIN_EXE_onboard_corporation"), &[]),
        (env!("CARGO_BIN_EXE_unknown_outcome"), &[]),
    ] {
        let mut command = Command::new(program);
        let mut running = Running::start(command.args(arguments));
        running.lines.next().unwrap().unwrap();
        drop(running.lines);
        let ended = running.child.wait_with_output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success(), "{program}: {told}");
        assert!(!told.contains("panicked"), "{program}: {told}");
    }
}

#[test]
fn the_dashboard_adds_up() {
    let report = run(env!("CARGO_BIN_EXE_treasury"), &["--last", "2"]);
    tells(
        &report,
        &[
            "Accounts",
            "SAVINGS",
            "250.25 FIAT_TESTNET_USD",
            "Totals",
            "FIAT_TESTNET_USD  1250.75    1250.75     0",
            "Last transactions",
            "INTERNAL_TRANSFER",
        ],
    );
    let rows = report.split("Last transactions").nth(1).unwrap();
    assert_eq!(rows.matches("POSTED").count(), 2, "{report}");
}

#[test]
fn a_key_service_signs_and_nothing_leaves_without_it() {
    let report = run(env!("CARGO_BIN_EXE_remote_signer"), &[]);
    tells(
        &report,
        &[
            "signed by the key service",
            "refused: ",
            "the signer failed",
        ],
    );
}

#[test]
fn spans_are_exported_until_the_last_one() {
    let report = run(env!("CARGO_BIN_EXE_telemetry"), &[]);
    // The span of the call ends after those of its attempts.
    tells(
        &report,
        &[
            "payments-job",
            "GET /v1/customers",
            "GET /v1/customers",
            "payments.customers_list",
        ],
    );
}
