//! The programs do what they say: each is run as a reader would run it, and its report is checked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::process::{Command, Output};

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
    let folder = std::env::temp_dir().join(format!("layer2-papers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let scan = b"%PDF-1.7 a scan of some length\n%%EOF\n";
    for kind in ["INCORPORATION_DOCUMENTS", "GOVERNMENT_ID_FRONT"] {
        std::fs::write(folder.join(format!("{kind}.pdf")), scan).unwrap();
    }
    let report = run(
        env!("CARGO_BIN_EXE_onboard_corporation"),
        &[
            "--papers",
            folder.to_str().unwrap(),
            "--customer",
            "INITECH",
        ],
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let uploaded = format!("uploaded GOVERNMENT_ID_FRONT of {} bytes", scan.len());
    tells(&report, &[&uploaded, "account INITECH_USD, OPEN"]);
}

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
fn books_kept_by_webhooks_are_reconciled() {
    let report = run(env!("CARGO_BIN_EXE_reconcile"), &[]);
    tells(
        &report,
        &[
            "subscriptions: 1 made, 0 there",
            "booked 5 transactions by webhook",
            "not reconciled",
            "30.75",
            "-30.75",
            "found 2 that no webhook told",
            "reconciled: every account is as the books say",
            "the books balance",
        ],
    );
}

mod payouts {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use futures_util::TryStreamExt as _;
    use layer2_examples::flow::sending;
    use layer2_sdk::{
        mock::Sandbox,
        payments::{AccountId, CounterpartyId, TransactionType, TransactionsListForAccountParams},
    };

    use super::*;

    const PAYOUTS: usize = 500;

    /// A server that lives on when the program is killed, and a journal beside it.
    struct Scene {
        sandbox: Sandbox,
        account: AccountId,
        payee: CounterpartyId,
        folder: PathBuf,
    }

    impl Scene {
        async fn new() -> Self {
            let sandbox = Sandbox::start().await.unwrap();
            let account = sandbox.account("FIAT_TESTNET_USD").unwrap();
            sandbox
                .fund(&account, "10000".parse().unwrap())
                .await
                .unwrap();
            let customer = sandbox.client().accounts().get(&account).await.unwrap();
            let customer = customer.customer_id.clone().unwrap();
            let payee = sending::landlord(sandbox.client(), &customer)
                .await
                .unwrap();
            sandbox.settle().await.unwrap();
            let folder = format!("layer2-payouts-{}-{}", std::process::id(), sandbox.name());
            let folder = std::env::temp_dir().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            Self {
                sandbox,
                account,
                payee,
                folder,
            }
        }

        fn run(&self, more: &[&str]) -> Output {
            self.run_of("payouts", more)
        }

        fn run_of(&self, month: &str, more: &[&str]) -> Output {
            Command::new(env!("CARGO_BIN_EXE_payout_run"))
                .args(["--env", "--account", self.account.as_str()])
                .arg("--journal")
                .arg(self.folder.join(format!("{month}.journal")))
                .args(more)
                .envs(&self.sandbox.info().env)
                .output()
                .unwrap()
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
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_is_killed_twice_pays_everybody_once() {
        let scene = Scene::new().await;
        let payouts = PAYOUTS.to_string();
        let named = [
            "--payouts",
            &payouts,
            "--counterparty",
            scene.payee.as_str(),
        ];
        for calls in ["333", "150"] {
            let killed = scene.run(&[&named[..], &["--die-after", calls]].concat());
            assert!(!killed.status.success(), "it was to die");
        }
        let report = report(&scene.run(&named));
        assert!(report.starts_with("500 payouts, "), "{report}");
        assert!(!report.contains(" 0 of them"), "{report}");

        // 1.00, 1.01 and so on: each amount is there once.
        let paid = scene.paid().await;
        let expected: BTreeSet<_> = (0..500).map(|number| -100 - number).collect();
        assert_eq!(paid.len(), PAYOUTS);
        assert_eq!(paid.iter().copied().collect::<BTreeSet<_>>(), expected);

        let client = scene.sandbox.client();
        let left = client.accounts().get(&scene.account).await.unwrap();
        let spent = 500 * 100 + 499 * 500 / 2;
        let left = left.current_money().unwrap();
        assert_eq!(left.amount().to_minor(2).unwrap(), 1_000_000 - spent);
        assert!(scene.sandbox.trial_balance().await.unwrap().balanced);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_registers_its_payee_goes_on_with_the_same_one() {
        let scene = Scene::new().await;
        // Four are begun at once; the program dies when the first of them is made, and none of that is written down.
        let few = ["--payouts", "8", "--at-once", "4"];
        let killed = scene.run(&[&few[..], &["--die-after", "1"]].concat());
        assert!(!killed.status.success(), "it was to die");
        // The payee is screened before money may go there.
        scene.sandbox.settle().await.unwrap();
        let report = report(&scene.run(&few));
        assert!(report.starts_with("8 payouts, 0 of them"), "{report}");
        assert_eq!(scene.paid().await.len(), 8);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_runs_of_two_months_are_two_runs() {
        let scene = Scene::new().await;
        let few = ["--payouts", "5", "--counterparty", scene.payee.as_str()];
        for month in ["march", "april"] {
            let report = report(&scene.run_of(month, &few));
            assert!(report.starts_with("5 payouts, 0 of them"), "{report}");
        }
        assert_eq!(scene.paid().await.len(), 10, "everybody is paid twice");
    }
}
