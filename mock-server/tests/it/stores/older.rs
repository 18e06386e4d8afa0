//! A file that an older version has left.

use reqwest::Method;

use super::Kept;

/// Made under version 0 of the rules and ended with SIGTERM: 100 dollars for ACME_USD, a request to move 12.50 of them to
/// JANE_USD under the key `kept`, and an advance of 90 seconds.
const FILE: &[u8] = include_bytes!("../../data/rules-0.db");

#[tokio::test]
async fn a_file_that_was_left_in_order_goes_on_under_newer_rules() {
    let kept = Kept::new("older");
    std::fs::write(kept.path(), FILE).expect("file");
    for rows in [3, 4] {
        let (server, caller) = kept.start().await;
        let journal = server.journal("default").expect("rows of either version");
        assert_eq!(journal.len(), rows);
        assert!(journal[..3].iter().all(|row| row.rules == 0));
        assert!(
            journal[3..]
                .iter()
                .all(|row| row.rules == layer2_mock::RULES_VERSION)
        );
        let account = caller.get("/api/v1/accounts/deposits/ACME_USD").await.ok();
        assert_eq!(account["data"]["available_balance"].to_string(), "100");
        let clock = caller.control(Method::GET, "/clock", None).await.ok();
        assert_eq!(clock["data"]["offset_seconds"], 90);

        let body =
            r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":12.5}"#;
        let headers = [("x-l2f-idempotency-id", "kept")];
        let again = caller
            .send(Method::POST, "/api/v1/transfers", Some(body), &headers)
            .await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(
            again.json()["data"]["id"],
            "35b91f64-a142-4039-84c4-01466796a8f8"
        );
        let explained = caller
            .control(
                Method::GET,
                "/explain/35b91f64-a142-4039-84c4-01466796a8f8",
                None,
            )
            .await
            .ok();
        let cause = &explained["data"]["causes"][0]["operation"];
        assert_eq!(cause, "payments.transfers_create");
        if rows == 3 {
            caller.transfer("1").await;
        }
    }
}
