//! The on-ramp buys once: in a sandbox of its own in one go, elsewhere start by start, as what it waits for comes.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use layer2_sdk::{
    control::InboundRequest,
    mock::{Fault, Sandbox, SandboxServer},
    payments::{AccountId, OperationId, TransactionType, TransactionsListForAccountParams},
};

use super::*;

/// A wallet of the Bitcoin test network, the example of BIP 173.
pub(super) const WALLET: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";

/// Another one.
const OTHER_WALLET: &str = "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7";

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_wire_becomes_bitcoin_in_a_wallet() {
    let report = run(env!("CARGO_BIN_EXE_on_ramp"), &["--dollars", "1000"]);
    tells(
        &report,
        &[
            "wire 1000 USD with the memo",
            "bought 0.0",
            "withdrawal EXECUTED",
            "left: 0 FIAT_TESTNET_USD",
            "left: 0 BITCOIN_TESTNET_BTC",
            "the books balance",
        ],
    );
}

#[test]
fn what_no_dollars_are_is_refused_before_anything_begins() {
    for (dollars, what) in [
        ("10.005", "a cent is the least"),
        ("0", "more than nothing"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_on_ramp"));
        let why = misuse(&command.args(["--dollars", dollars]).output().unwrap());
        tells(&why, &["--dollars", what]);
    }
}

/// A purchase on a platform whose work takes time.
struct Scene {
    sandbox: Sandbox,
    account: AccountId,
    folder: TempDir,
}

impl Scene {
    async fn new(server: &SandboxServer) -> Self {
        let sandbox = slow_sandbox(server).await;
        let account = sandbox.account("FIAT_TESTNET_USD").unwrap();
        Self {
            sandbox,
            account,
            folder: tempdir().unwrap(),
        }
    }

    fn notes(&self) -> PathBuf {
        self.folder.path().join("on_ramp.notes")
    }

    fn start(&self, dollars: &str) -> Output {
        self.start_with(dollars, &["--wallet", WALLET])
    }

    fn start_with(&self, dollars: &str, more: &[&str]) -> Output {
        self.command(dollars, more).output().unwrap()
    }

    fn command(&self, dollars: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_on_ramp"));
        command
            .args(["--env", "--account", self.account.as_str()])
            .args(["--dollars", dollars, "--notes"])
            .arg(self.notes())
            .args(more)
            .envs(&self.sandbox.info().env);
        command
    }

    /// Starts the program until it is finished, an hour apart, and says what it waited for in between.
    async fn finish(&self) -> Vec<String> {
        let mut waited = Vec::new();
        for _ in 0..100 {
            let report = report(&self.start("1000"));
            if report.contains("withdrawal EXECUTED") {
                return waited;
            }
            let (_, what) = report.split_once("it waits for ").unwrap();
            waited.push(what.trim_end().to_owned());
            self.sandbox.advance(HOUR).await.unwrap();
        }
        panic!("it still waits: {waited:?}");
    }

    /// How many movements of a kind an account has.
    async fn count(&self, account: &AccountId, kind: &TransactionType) -> usize {
        let client = self.sandbox.client();
        let params = TransactionsListForAccountParams::new();
        let rows = client.transactions();
        let rows = rows.list_for_account_stream(account, params);
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        rows.iter()
            .filter(|row| row.transaction_type.as_ref() == Some(kind))
            .count()
    }

    async fn bought_and_sent_once(&self) {
        let customer = self.sandbox.client().accounts().get(&self.account).await;
        let customer = customer.unwrap().customer_id.clone().unwrap();
        let bitcoin: AccountId = format!("{customer}_RAMP_BTC").parse().unwrap();
        assert_eq!(self.count(&self.account, &TransactionType::Trade).await, 1);
        assert_eq!(self.count(&bitcoin, &TransactionType::TransferOut).await, 1);
        self.sandbox.trial_balance().await.unwrap();
    }
}

fn memo(report: &str) -> String {
    let (_, rest) = report.split_once("with the memo ").unwrap();
    rest.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_bought_that_cannot_be_signed_for() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let mut command = scene.command("1000", &["--wallet", WALLET]);
    let why = failure(&command.env_remove("LAYER2_SIGNING_KEY").output().unwrap());
    tells(
        &why,
        &["error: the orders cannot be signed", "LAYER2_SIGNING_KEY"],
    );
    assert!(!scene.notes().exists(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_goes_on_once_what_it_waits_for_has_come() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let first = report(&scene.start("1000"));
    tells(
        &first,
        &["wire 1000 USD", "run again once the wire has come"],
    );
    let again = report(&scene.start("1000"));
    assert_eq!(memo(&again), memo(&first), "the instructions stay");
    let before = std::fs::read(scene.notes()).unwrap();

    let other = failure(&scene.start("5"));
    assert!(other.contains("name other notes"), "{other}");
    let other = scene.start_with("1000", &["--wallet", OTHER_WALLET]);
    let other = failure(&other);
    assert!(other.contains("a purchase that goes to"), "{other}");

    let wire = InboundRequest::new("1000".parse().unwrap()).with_memo(memo(&first));
    scene.sandbox.receive(wire).await.unwrap();
    let on_its_way = report(&scene.start("1000"));
    tells(&on_its_way, &["run again once the wire has come"]);
    scene.sandbox.advance(72 * HOUR).await.unwrap();

    let waited = scene.finish().await;
    assert!(
        waited.iter().any(|what| what == "the blockchain"),
        "{waited:?}"
    );
    scene.bought_and_sent_once().await;

    // A finished purchase stays finished, even if the notes of all that followed the wire are lost.
    let finished = report(&scene.start("1000"));
    tells(
        &finished,
        &["withdrawal EXECUTED", "left: 0 FIAT_TESTNET_USD"],
    );
    std::fs::write(scene.notes(), before).unwrap();
    assert_eq!(scene.finish().await, [""; 0]);
    scene.bought_and_sent_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bitcoin_goes_to_no_wallet_that_was_not_named() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let why = failure(&scene.start_with("1000", &[]));
    assert!(
        why.contains("name the customer's wallet with --wallet"),
        "{why}"
    );
    assert_eq!(counterparties(&scene.sandbox).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_wire_buys_nothing() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let first = report(&scene.start("1000"));
    let half = || InboundRequest::new("500".parse().unwrap()).with_memo(memo(&first));
    scene.sandbox.receive(half()).await.unwrap();
    scene.sandbox.advance(72 * HOUR).await.unwrap();
    let report = report(&scene.start("1000"));
    let told = format!("wire the other 500 with the memo {}", memo(&first));
    tells(
        &report,
        &[
            "500 of 1000 USD have come: ",
            &told,
            "run again once the wire has come",
        ],
    );

    scene.sandbox.receive(half()).await.unwrap();
    scene.sandbox.advance(72 * HOUR).await.unwrap();
    scene.finish().await;
    scene.bought_and_sent_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_none_is_refused_before_anybody_is_asked_for_money() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let refused = scene.start_with("1000", &["--wallet", "tb1-mistyped"]);
    assert_eq!(String::from_utf8_lossy(&refused.stdout), "", "no memo");
    tells(
        &failure(&refused),
        &[
            "error: the wallet is not registered, and nothing was bought",
            "cause: payments.counterparties_create",
            "advice: ",
            "--wallet",
        ],
    );
    // The same notes go on with the right one.
    let report = report(&scene.start("1000"));
    tells(&report, &["wire 1000 USD with the memo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_another_asset_is_refused_at_once() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let account = scene.account.as_str();
    let refused = scene.start_with("1000", &["--wallet", WALLET, "--bitcoin-account", account]);
    let why = failure(&refused);
    assert!(
        why.contains("an account of BITCOIN_TESTNET_BTC is wanted"),
        "{why}"
    );
    assert_eq!(counterparties(&scene.sandbox).await, 0);
}

#[test]
fn nothing_is_bought_for_nothing() {
    for arguments in [
        ["--dollars", "0"],
        ["--dollars=-5", "--env"],
        ["--slippage-bps", "10000"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_on_ramp"));
        let why = misuse(&command.args(arguments).output().unwrap());
        assert!(why.contains("invalid value"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_of_which_nothing_is_known_is_not_ordered_anew() {
    let server = SandboxServer::start().await.unwrap();
    let scene = Scene::new(&server).await;
    let first = report(&scene.start("1000"));
    let wire = InboundRequest::new("1000".parse().unwrap()).with_memo(memo(&first));
    scene.sandbox.receive(wire).await.unwrap();
    scene.sandbox.advance(72 * HOUR).await.unwrap();

    let odd = Fault::unknown_enum_value().on(OperationId::ExchangesGet);
    scene.sandbox.order(odd).await.unwrap();
    let why = failure(&scene.start("1000"));
    assert!(why.contains("which this program does not know"), "{why}");
    let written = std::fs::read_to_string(scene.notes()).unwrap();
    assert_eq!(written.matches("\nexchange ").count(), 1, "{written}");
    scene.finish().await;
    scene.bought_and_sent_once().await;
}
