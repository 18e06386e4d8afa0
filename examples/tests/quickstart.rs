//! The quickstart does what it says: the program is run as a reader would run it, and its report is added up again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::process::Command;

use layer2_sdk::Amount;

fn report() -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    String::from_utf8(run.stdout).expect("text")
}

/// In hundred-millionths, the smallest unit of the report.
fn units(text: &str) -> i128 {
    let amount: Amount = text
        .parse()
        .unwrap_or_else(|_| panic!("{text} is an amount"));
    amount.to_minor(8).expect("at most eight decimals")
}

/// The values of the rows of an account, and its balance.
fn statement(report: &str, account: &str) -> (Vec<(String, i128)>, i128) {
    let mut lines = report.lines().skip_while(|line| *line != account).skip(1);
    let mut rows = Vec::new();
    for line in lines.by_ref() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["balance", balance] => return (rows, units(balance)),
            [kind, "POSTED", value] => rows.push((kind.to_owned(), units(value))),
            _ => panic!("{line}"),
        }
    }
    panic!("{account} has no balance in\n{report}")
}

#[test]
fn the_flow_ends_with_statements_and_books_that_add_up() {
    let report = report();

    let mut total = 0;
    for (account, kinds) in [
        (
            "ADA_USD",
            &[
                "TRANSFER_IN",
                "INTERNAL_TRANSFER",
                "TRADE",
                "TRADE",
                "CREDIT_CORRECTION",
                "TRANSFER_OUT",
            ][..],
        ),
        ("ADA_SAVINGS", &["INTERNAL_TRANSFER"]),
        ("ADA_BTC", &["TRADE", "TRADE"]),
    ] {
        let (rows, balance) = statement(&report, account);
        let names: Vec<&str> = rows.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(names, kinds, "{account}");
        let sum: i128 = rows.iter().map(|(_, value)| value).sum();
        assert_eq!(sum, balance, "{account}");
        if account != "ADA_BTC" {
            total += balance;
        }
    }
    // 5000 came, 1000 and what 0.01 BTC cost were changed, 1200 left; nothing else touches the dollars.
    let (rows, _) = statement(&report, "ADA_USD");
    let bought: i128 = rows[3..5].iter().map(|(_, value)| value).sum();
    assert_eq!(total, units("2800") + bought);
    let (rows, _) = statement(&report, "ADA_BTC");
    assert_eq!(
        rows[1].1,
        units("0.01"),
        "FIX_DESTINATION buys what was asked for"
    );
    assert_eq!(report.matches("difference 0").count(), 2, "{report}");
}

#[test]
fn every_step_is_told_by_a_webhook_and_a_lost_reply_moves_money_once() {
    let report = report();
    for (event, times) in [
        ("APPLICATION_READY_FOR_SUBMISSION", 1),
        ("APPLICATION_APPROVED", 1),
        ("CUSTOMER_ACTIVE", 1),
        ("ACCOUNT_OPEN", 3),
        ("COUNTERPARTY_ACTIVE", 1),
        // One for the wire and the withdrawal, two for the transfer and each exchange, one for what came back.
        ("TRANSACTION_POSTED", 9),
    ] {
        let line = format!("webhook         {event}, verified");
        assert_eq!(report.matches(&line).count(), times, "{event} in\n{report}");
    }
    assert!(report.contains("accepted        after 2 attempts with one key"));
    let (rows, _) = statement(&report, "ADA_SAVINGS");
    assert_eq!(rows, [("INTERNAL_TRANSFER".to_owned(), units("250.25"))]);
    for done in [
        "transfer        EXECUTED",
        "FIX_SOURCE: EXECUTED",
        "FIX_DESTINATION: EXECUTED",
        "withdrawal      EXECUTED",
    ] {
        assert!(report.contains(done), "{done} in\n{report}");
    }
}

/// A line without its figures, which are those of the day's prices, and without its spaces, which depend on them.
fn words(line: &str) -> String {
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let word = |word: &str| match word.trim_end_matches(',').chars().all(is_figure) {
        true => "#".to_owned(),
        false => word.to_owned(),
    };
    line.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The README leaves lines out; those that it shows are there, in this order.
#[test]
fn the_report_in_the_readme_is_one_of_this_program() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).expect(readme);
    let shown = readme
        .split("```text\n")
        .find(|text| text.starts_with("A customer\n"));
    let (shown, _) = shown
        .and_then(|text| text.split_once("```"))
        .expect("a report");
    let report = report();
    let mut lines = report.lines().map(words);
    let mut count = 0;
    for line in shown.lines().filter(|line| !line.trim().is_empty()) {
        let line = words(line);
        assert!(lines.any(|told| told == line), "{line} in\n{report}");
        count += 1;
    }
    assert!(count > 20, "the README shows {count} lines");
}
