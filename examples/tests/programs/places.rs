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

/// A server of others, and what asks it for sandboxes.
struct Shared {
    server: SandboxServer,
    front: Front,
    url: String,
}

impl Shared {
    async fn start() -> Self {
        let server = SandboxServer::start().await.unwrap();
        let front = Front::default();
        front.pass_to(server.url());
        let url = front.start().await;
        Self { server, front, url }
    }

    /// A program that is told of the server.
    fn command(&self, program: &str, more: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(["--mock", &self.url]).args(more);
        command.env("LAYER2_CONTROL_TOKEN", self.server.control_token());
        command
    }

    fn run(&self, program: &str, more: &[&str]) -> Output {
        self.command(program, more).output().unwrap()
    }

    /// The names of the sandboxes that are there.
    async fn sandboxes(&self) -> Vec<String> {
        let client = layer2_sdk::mock::client(&self.server.info()).unwrap();
        let list = client.control().sandboxes().list().await.unwrap();
        let names = list.sandboxes.iter().map(|kept| kept.sandbox.to_string());
        names.collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_used_and_left_as_it_was() {
    let shared = Shared::start().await;
    for (used, (program, says)) in IN_A_SANDBOX.into_iter().enumerate() {
        tells(&report(&shared.run(program, &[])), &[says]);
        let made = shared.front.count("/_control/v1/sandboxes");
        assert_eq!(made, used + 1, "{program} has a sandbox there");
        assert_eq!(shared.sandboxes().await, ["default"], "after {program}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_deleted_when_the_program_fails_or_is_stopped() {
    let shared = Shared::start().await;
    let failed = shared.run(env!("CARGO_BIN_EXE_on_ramp"), &["--wallet", "none"]);
    assert!(failure(&failed).contains("the wallet is not registered"));
    assert_eq!(shared.sandboxes().await, ["default"]);

    let every = ["--every", "3600"];
    let mut watching = shared.command(env!("CARGO_BIN_EXE_treasury"), &every);
    let mut watching = Running::start(&mut watching);
    watching.reads("Last transactions");
    assert_eq!(shared.sandboxes().await.len(), 2);
    report(&watching.stop());
    assert_eq!(shared.sandboxes().await, ["default"]);

    // This one does not listen to Ctrl-C itself, and waits for a reply that never comes.
    shared.front.gather("/api/v1/withdrawals", 1_000);
    let mut paying = shared.command(env!("CARGO_BIN_EXE_payout_run"), &[]);
    let mut paying = Running::start(&mut paying);
    paying.reads("paying ");
    assert!(failure(&paying.stop()).contains("stopped with Ctrl-C"));
    assert_eq!(shared.sandboxes().await, ["default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_with_a_name_is_kept_and_gone_on_in() {
    let shared = Shared::start().await;
    let keep = ["--keep", "desk"];
    let first = shared.run(env!("CARGO_BIN_EXE_treasury"), &keep);
    tells(&report(&first), &["INTERNAL_TRANSFER"]);
    let told = String::from_utf8_lossy(&first.stderr).into_owned();
    assert_eq!(told, format!("kept: {} sandbox desk\n", shared.url));
    assert_eq!(shared.sandboxes().await, ["default", "desk"]);

    let again = shared.run(env!("CARGO_BIN_EXE_treasury"), &keep);
    assert_eq!(report(&again), report(&first), "nothing is added");
    tells(
        &failure(&shared.run(env!("CARGO_BIN_EXE_quickstart"), &keep)),
        &[
            "begins in a new sandbox",
            "advice: give --keep another name",
        ],
    );
    let nowhere = Command::new(env!("CARGO_BIN_EXE_treasury"))
        .args(keep)
        .output();
    let why = misuse(&nowhere.unwrap());
    assert!(why.contains("--mock <URL>"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_understood_as_people_write_it() {
    let server = SandboxServer::start().await.unwrap();
    let bare = server.url().strip_prefix("http://").unwrap();
    let api = &server.info().payments.base_url;
    for written in [bare, api] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
        command.args(["--mock", written]);
        command.env("LAYER2_CONTROL_TOKEN", server.control_token());
        tells(&report(&command.output().unwrap()), &["Last transactions"]);
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
    assert!(why.contains("advice: --insecure-http"), "{why}");
    tells(
        &report(&start(&["--insecure-http"])),
        &["INTERNAL_TRANSFER"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_the_variables_is_used() {
    for (program, arguments, says) in ANYWHERE {
        let sandbox = account().await;
        let folder = tempdir().unwrap();
        let run = Command::new(program)
            .current_dir(folder.path())
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
        let folder = tempdir().unwrap();
        let run = Command::new(program)
            .current_dir(folder.path())
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
    let why = misuse(&both);
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
