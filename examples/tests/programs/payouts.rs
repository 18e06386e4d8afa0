//! The payout run pays everybody once, whatever happens between its starts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::TryStreamExt as _;
use layer2_sdk::{
    control::{CounterpartyStatus, CounterpartyStatusRequest},
    mock::{Fault, Sandbox, SandboxServer},
    payments::{
        AccountId, CounterpartyId, OperationId, TransactionType, TransactionsListForAccountParams,
    },
};

use super::front::Front;
use super::*;

const PAYOUTS: usize = 500;
const HOURS: Duration = Duration::from_secs(2 * 3_600);

/// A server that lives on when the program is killed, and a journal beside it.
struct Scene {
    sandbox: Sandbox,
    account: AccountId,
    payee: CounterpartyId,
    folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::funded("10000").await
    }

    async fn funded(amount: &str) -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let account = sandbox.account("FIAT_TESTNET_USD").unwrap();
        sandbox
            .fund(&account, amount.parse().unwrap())
            .await
            .unwrap();
        let payee = payee(&sandbox).await;
        Self {
            sandbox,
            account,
            payee,
            folder: tempdir().unwrap(),
        }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("payouts.journal")
    }

    fn command(&self, more: &[&str]) -> Command {
        self.command_from(self.account.as_str(), more)
    }

    fn command_from(&self, account: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_payout_run"));
        command
            .args(["--env", "--account", account])
            .arg("--journal")
            .arg(self.journal())
            .args(more)
            .envs(&self.sandbox.info().env);
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// Starts it, and it dies after so many calls.
    fn dies(&self, arguments: &[&str], calls: &str) {
        let killed = self.run(&[arguments, &["--die-after", calls]].concat());
        assert!(!killed.status.success(), "it was to die");
    }

    fn written(&self) -> String {
        std::fs::read_to_string(self.journal()).unwrap()
    }

    /// Arguments for so many payouts to the payee of the scene.
    fn few<'s>(&'s self, payouts: &'s str) -> [&'s str; 4] {
        ["--payouts", payouts, "--counterparty", self.payee.as_str()]
    }

    async fn decide(&self, status: CounterpartyStatus) {
        let control = self.sandbox.client().control();
        let decisions = control.decisions();
        let request = CounterpartyStatusRequest::new(status);
        let payee = self.payee.as_str().parse().unwrap();
        decisions
            .counterparty_status(self.sandbox.name(), &payee, &request)
            .await
            .unwrap();
    }

    /// What has left the account, in cents, in the order in which it left.
    async fn paid(&self) -> Vec<i128> {
        self.sandbox.settle().await.unwrap();
        let client = self.sandbox.client();
        let params = TransactionsListForAccountParams::new().with_page_size(200);
        let rows = client.transactions();
        let rows = rows.list_for_account_stream(&self.account, params);
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        rows.iter()
            .filter(|row| row.transaction_type == Some(TransactionType::TransferOut))
            .map(|row| row.value.unwrap().to_minor(2).unwrap())
            .collect()
    }

    /// 1.00, 1.01 and so on: each amount is there once.
    async fn everybody_is_paid_once(&self, payouts: usize) {
        let paid = self.paid().await;
        let expected: BTreeSet<_> = (0..payouts)
            .map(|number| -100 - i128::try_from(number).unwrap())
            .collect();
        assert_eq!(paid.len(), payouts);
        assert_eq!(paid.into_iter().collect::<BTreeSet<_>>(), expected);
        self.sandbox.trial_balance().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_twice_pays_everybody_once() {
    let scene = Scene::new().await;
    let payouts = PAYOUTS.to_string();
    let named = scene.few(&payouts);
    for calls in ["333", "150"] {
        scene.dies(&named, calls);
    }
    let report = report(&scene.run(&named));
    tells(&report, &["\n500 payouts, "]);
    assert!(!report.contains(" 0 of them"), "{report}");
    scene.everybody_is_paid_once(PAYOUTS).await;

    let client = scene.sandbox.client();
    let left = client.accounts().get(&scene.account).await.unwrap();
    let spent = 500 * 100 + 499 * 500 / 2;
    let left = left.current_money().unwrap();
    assert_eq!(left.amount().to_minor(2).unwrap(), 1_000_000 - spent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_while_nobody_ran_is_begun_anew() {
    let scene = Scene::new().await;
    let few = [&scene.few("20")[..], &["--at-once", "1"]].concat();
    // The ninth call makes the fifth withdrawal, and its reply is not written down.
    scene.dies(&few, "9");
    scene.sandbox.advance(HOURS).await.unwrap();

    // One more is written down and cannot be accepted for now.
    let busy = Fault::status(StatusCode::SERVICE_UNAVAILABLE).on(OperationId::WithdrawalsAccept);
    scene
        .sandbox
        .order(busy.from_match(3).times(3))
        .await
        .unwrap();
    let broken = failure(&scene.run(&few));
    assert!(broken.contains("503"), "{broken}");
    scene.sandbox.advance(HOURS).await.unwrap();

    let report = report(&scene.run(&few));
    tells(&report, &["\n20 payouts, 5 of them"]);
    scene.everybody_is_paid_once(20).await;
    let journal = scene.written();
    tells(
        &journal,
        &[
            "ended 4 EXPIRED\n",
            "-00004-2\n",
            "made 5 ",
            "ended 5 EXPIRED\n",
            "-00005-2\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_and_the_others_are_paid() {
    // 1.00, 1.01 and 1.02 fit; 1.03 and 1.04 do not.
    let scene = Scene::funded("3.05").await;
    let few = [&scene.few("5")[..], &["--at-once", "1"]].concat();
    let first = scene.run(&few);
    tells(
        &failure(&first),
        &[
            "error: 2 payouts were refused",
            "advice: mend what they name and run again with the same journal",
        ],
    );
    let told = String::from_utf8(first.stdout).unwrap();
    tells(
        &told,
        &[
            "3 payouts, 0 of them before",
            "3  INSUFFICIENT_FUNDS",
            "4  INSUFFICIENT_FUNDS",
            "\nINSUFFICIENT_FUNDS",
            ": ",
        ],
    );
    scene.everybody_is_paid_once(3).await;

    let more = "10".parse().unwrap();
    scene.sandbox.fund(&scene.account, more).await.unwrap();
    let report = report(&scene.run(&few));
    tells(&report, &["\n5 payouts, 3 of them"]);
    scene.everybody_is_paid_once(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payee_that_may_not_be_paid_is_paid_by_the_next_run() {
    let scene = Scene::new().await;
    let few = scene.few("3");
    scene.decide(CounterpartyStatus::Frozen).await;
    let refused = scene.run(&few);
    assert!(failure(&refused).contains("3 payouts were refused"));
    assert_eq!(scene.paid().await, [0; 0]);

    scene.decide(CounterpartyStatus::Active).await;
    let report = report(&scene.run(&few));
    tells(&report, &["\n3 payouts, 0 of them"]);
    scene.everybody_is_paid_once(3).await;
    // What was refused has ended; its place is taken by the next key of the number.
    let journal = scene.written();
    tells(&journal, &["ended 2 COUNTERPARTY_NOT_USABLE", "-00002-2\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_paid_who_was_not_named_and_the_journal_names_its_payee() {
    let scene = Scene::new().await;
    // Four are begun at once; the program dies when the first of them is made, and none of that is written down.
    let few = ["--payouts", "8", "--at-once", "4"];
    let why = failure(&scene.run(&few));
    assert!(
        why.contains("name whom to pay with --counterparty"),
        "{why}"
    );
    assert_eq!(counterparties(&scene.sandbox).await, 1);

    let named = [&few[..], &["--counterparty", scene.payee.as_str()]].concat();
    scene.dies(&named, "1");
    let report = report(&scene.run(&few));
    tells(&report, &["\n8 payouts, 0 of them"]);
    scene.everybody_is_paid_once(8).await;

    let another = payee(&scene.sandbox).await;
    let other = [&few[..], &["--counterparty", another.as_str()]].concat();
    let other = failure(&scene.run(&other));
    assert!(other.contains("the run of this journal pays"), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_journals_are_two_runs_whatever_they_are_called() {
    let scene = Scene::new().await;
    let few = scene.few("5");
    for _ in ["this month", "the next"] {
        let report = report(&scene.run(&few));
        tells(&report, &["\n5 payouts, 0 of them"]);
        std::fs::remove_file(scene.journal()).unwrap();
    }
    assert_eq!(scene.paid().await.len(), 10, "everybody is paid twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_has_forgotten_its_run_stops_it() {
    let scene = Scene::new().await;
    let few = scene.few("5");
    report(&scene.run(&few));
    let journal = scene.written();
    let (beginning, _) = journal.split_once("begun").unwrap();
    std::fs::write(scene.journal(), beginning).unwrap();

    let why = failure(&scene.run(&few));
    assert!(why.contains("not the newest of its run"), "{why}");
    scene.everybody_is_paid_once(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_are_on_their_way_at_once_and_no_more() {
    let scene = Scene::new().await;
    let front = Front::default();
    front.pass_to(&scene.sandbox.info().url);
    front.gather("/api/v1/withdrawals", 4);
    let address = front.start().await;
    let few = [&scene.few("12")[..], &["--at-once", "4"]].concat();
    let mut run = scene.command(&few);
    run.env("LAYER2_BASE_URL", format!("{address}/api"));
    let run = tokio::task::spawn_blocking(move || run.output().unwrap());
    report(&run.await.unwrap());
    assert_eq!(front.most_at_once(), 4);
    scene.everybody_is_paid_once(12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_there_is_told_before_the_journal_names_him() {
    let scene = Scene::new().await;
    let nobody = "9d1e0000-0000-4000-8000-000000000000";
    let mistyped = scene.run(&["--payouts", "3", "--counterparty", nobody]);
    tells(
        &failure(&mistyped),
        &[
            &format!("error: there is no counterparty {nobody} here"),
            "advice: ",
            "--counterparty",
        ],
    );
    assert!(!scene.journal().exists(), "nothing was begun");
    let mut mistyped = scene.command_from("ACME_UDS", &scene.few("3"));
    let why = failure(&mistyped.output().unwrap());
    assert!(why.contains("there is no account ACME_UDS here"), "{why}");

    let report = report(&scene.run(&scene.few("3")));
    tells(&report, &["\n3 payouts, 0 of them"]);
    scene.everybody_is_paid_once(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_payee_takes_the_place_of_one_who_was_never_paid() {
    let scene = Scene::new().await;
    scene.decide(CounterpartyStatus::Frozen).await;
    let refused = scene.run(&scene.few("3"));
    let told = String::from_utf8(refused.stdout.clone()).unwrap();
    assert!(failure(&refused).contains("3 payouts were refused"));
    // What is wrong is told in words, once.
    assert_eq!(
        told.matches("\nCOUNTERPARTY_NOT_USABLE").count(),
        1,
        "{told}"
    );

    let another = payee(&scene.sandbox).await;
    let named = ["--payouts", "3", "--counterparty", another.as_str()];
    let report = report(&scene.run(&named));
    tells(
        &report,
        &[&format!("paying {another} from"), "\n3 payouts, 0 of"],
    );
    scene.everybody_is_paid_once(3).await;

    let first = failure(&scene.run(&scene.few("3")));
    assert!(first.contains("the run of this journal pays"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_the_number_of_its_payouts() {
    let scene = Scene::new().await;
    scene.dies(&scene.few("3"), "1");
    let report = report(&scene.run(&[]));
    tells(&report, &["\n3 payouts, "]);
    scene.everybody_is_paid_once(3).await;

    for other in ["2", "4"] {
        let why = failure(&scene.run(&["--payouts", other]));
        tells(
            &why,
            &[
                "error: the run of this journal has 3 payouts of 3.03 together, not ",
                "advice: go on with 3 payouts",
                "another --journal",
            ],
        );
    }
    scene.everybody_is_paid_once(3).await;

    // A journal without the number is of an older version.
    let older = scene.written().replace("payouts 3 3.03\n", "");
    std::fs::write(scene.journal(), older).unwrap();
    let why = failure(&scene.run(&[]));
    assert!(why.contains("with --payouts"), "{why}");
    let report = super::report(&scene.run(&["--payouts", "3"]));
    tells(&report, &["\n3 payouts, 3 of them"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let scene = Scene::new().await;
    for secret in [&b"-----BEGIN PRIVATE KEY-----\n5ec2e7"[..], b"\x7fELF\xff"] {
        std::fs::write(scene.journal(), secret).unwrap();
        let why = failure(&scene.run(&scene.few("3")));
        assert!(why.contains("is no journal of payouts"), "{why}");
        assert!(!why.contains("PRIVATE"), "{why}");
        assert_eq!(std::fs::read(scene.journal()).unwrap(), secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_that_cannot_be_signed_for() {
    let scene = Scene::new().await;
    let few = scene.few("3");
    let another = "42".repeat(32);
    for key in ["", another.as_str()] {
        let mut command = scene.command(&few);
        let why = failure(&command.env("LAYER2_SIGNING_KEY", key).output().unwrap());
        tells(
            &why,
            &[
                "error: the orders cannot be signed, and nothing was made",
                "advice: ",
                "LAYER2_SIGNING_KEY",
            ],
        );
        assert!(!scene.journal().exists(), "nothing was begun");
    }
    let report = report(&scene.run(&few));
    tells(&report, &["\n3 payouts, 0 of them"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_of_one_place() {
    let scene = Scene::new().await;
    report(&scene.run(&scene.few("2")));
    let elsewhere = Sandbox::start().await.unwrap();
    let start = |sandbox: &Sandbox| {
        let mut command = scene.command(&scene.few("2"));
        failure(&command.envs(&sandbox.info().env).output().unwrap())
    };
    tells(
        &start(&elsewhere),
        &["the run of this journal is of ", "another --journal"],
    );
    // The same address, and nobody there remembers.
    let address = |sandbox: &Sandbox| sandbox.info().payments.base_url.clone();
    let moved = scene.written();
    let moved = moved.replace(&address(&scene.sandbox), &address(&elsewhere));
    std::fs::write(scene.journal(), moved).unwrap();
    let why = start(&elsewhere);
    assert!(why.contains("there is none here"), "{why}");
}

/// The commands of the README, with the address of another server in them.
fn commands(url: &str) -> Vec<Vec<String>> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let program = "cargo run -q -p layer2-examples --bin payout_run -- ";
    let commands = readme.lines().filter_map(|line| line.strip_prefix(program));
    let words = |line: &str| line.replace("127.0.0.1:4010", url);
    commands
        .map(|line| words(line).split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_kills_a_run_and_goes_on() {
    let server = SandboxServer::start().await.unwrap();
    let folder = tempdir().unwrap();
    let commands = commands(server.url());
    let [killed, again] = &commands[..] else {
        panic!("two commands: {commands:?}");
    };
    let start = |arguments: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_payout_run"));
        command.current_dir(folder.path()).args(arguments);
        command.env("LAYER2_CONTROL_TOKEN", server.control_token());
        command.output().unwrap()
    };
    let killed = start(killed);
    assert_eq!(killed.status.code(), None, "a signal ends it: {killed:?}");
    let report = report(&start(again));
    tells(
        &report,
        &[
            "\n500 payouts, ",
            "1747.5 FIAT_TESTNET_USD have left in 500 wires, 1747.5 were ordered",
            "the books balance",
        ],
    );
    assert!(!report.contains(" 0 of them"), "{report}");
    let report = super::report(&start(again));
    tells(&report, &["500 payouts, 500 of them", "in 500 wires"]);

    // A server that has forgotten the sandbox makes it anew, and the journal tells of another one.
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    let name = "payday".parse().unwrap();
    let sandboxes = client.control().sandboxes();
    sandboxes.delete(&name).await.unwrap();
    let why = failure(&start(again));
    assert!(why.contains("there is none here"), "{why}");
}

#[test]
fn nothing_to_pay_and_nobody_at_work_are_refused() {
    for flag in ["--payouts", "--at-once", "--die-after"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_payout_run"));
        let why = misuse(&command.args([flag, "0"]).output().unwrap());
        assert!(why.contains(&format!("'{flag} ")), "{why}");
        assert!(why.contains("0 is not in 1.."), "{why}");
    }
}

#[test]
fn a_server_of_its_own_has_no_past() {
    let folder = tempdir().unwrap();
    let start = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_payout_run"));
        command.current_dir(folder.path()).args(["--payouts", "5"]);
        command.args(more).output().unwrap()
    };
    for _ in 0..2 {
        let report = report(&start(&[]));
        tells(&report, &["\n5 payouts, 0 of them"]);
    }
    let left = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(left.count(), 0, "a journal would be believed");
    let why = failure(&start(&["--journal", "march.journal"]));
    assert!(why.contains("a place that stays"), "{why}");
}
