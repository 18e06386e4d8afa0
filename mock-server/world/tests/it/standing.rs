//! Where customers and accounts stand, and what that allows.

use jiff::SignedDuration;
use layer2_types::operation::Platform;
use layer2_world::machines::standing::STANDING;
use layer2_world::machines::standing::Standing;

use crate::support::Play;
use crate::support::TAKEN;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;

/// A world whose individual stands where it is told, with money on the account.
fn standing(platform: Platform, standing: Standing) -> Play {
    let mut play = fast(platform);
    play.inbound("JANE_USD", "10").unwrap();
    if standing == Standing::Dormant {
        // Control puts a customer to sleep; its account stays awake.
        play.decide("JANE", "DORMANT").unwrap();
    } else if standing != Standing::Active {
        play.decide("JANE", standing.name("ACTIVE")).unwrap();
    }
    play
}

/// Every right of every standing, by trying it.
#[test]
fn rights_are_what_the_table_says() {
    for platform in [
        Platform::Union,
        Platform::Layer2V1_0_5,
        Platform::RailV1_1_2,
    ] {
        for status in Standing::ALL {
            let rights = status.rights(platform);
            let what = format!("{status} under {platform}");

            let play = standing(platform, status);
            let path = [("customer_id", "JANE")];
            assert!(
                play.get("payments.customers_get", &path, &[]).is_ok() && rights.read,
                "{what}"
            );

            let mut play = standing(platform, status);
            let body = r#"{"updates":[{"field":"occupation","value":"Baker"}]}"#;
            let updated = play.post("payments.customers_update", &path, body);
            assert_eq!(
                updated.is_ok(),
                rights.update,
                "update of {what}: {updated:?}"
            );

            let mut play = standing(platform, status);
            let open = r#"{"customer_id":"JANE","account_to_open":{"account_id":"J2","product_id":"DEPOSIT_BASIC","asset_type_id":"FIAT_TESTNET_USD"}}"#;
            let opened = play.post("payments.accounts_open", &[], open);
            assert_eq!(
                opened.is_ok(),
                rights.update,
                "opening for {what}: {opened:?}"
            );

            let mut play = standing(platform, status);
            let moved = play.transfer("JANE_USD", "ACME_USD", "1");
            assert_eq!(
                moved.is_ok(),
                rights.transact,
                "transfer of {what}: {moved:?}"
            );
            let arrived = play.inbound("JANE_USD", "1");
            assert_eq!(
                arrived.is_ok(),
                rights.transact,
                "inbound of {what}: {arrived:?}"
            );
        }
    }
}

/// Every step that a client can ask for, by asking.
#[test]
fn clients_can_take_the_steps_of_the_table_and_no_other() {
    for from in Standing::ALL {
        for to in Standing::ALL {
            let mut play = standing(Platform::Union, from);
            let outcome = play.patch_customer("JANE", to.name("ACTIVE"));
            assert_eq!(
                outcome.is_ok(),
                STANDING.allows(from, to),
                "{from} to {to}: {outcome:?}"
            );
            if let Err(rejection) = outcome {
                assert_eq!(
                    codes(&rejection),
                    ["STATUS_CHANGE_NOT_ALLOWED"],
                    "{from} to {to}"
                );
            }
        }
    }
}

#[test]
fn the_allowed_statuses_are_named() {
    let mut play = standing(Platform::Union, Standing::Frozen);
    let rejection = play.patch_customer("JANE", "PENDING").unwrap_err();
    assert_eq!(
        rejection.problems[0].expected.as_deref(),
        Some("ACTIVE, CLOSED, EDD")
    );
    let rejection = play.patch_account("ACME_USD", "ACTIVE").unwrap_err();
    assert_eq!(
        rejection.problems[0].expected.as_deref(),
        Some("EDD, DORMANT, CLOSED, FROZEN"),
        "accounts call it OPEN"
    );
}

#[test]
fn a_freeze_takes_the_accounts_along_and_gives_them_back() {
    let mut play = Play::new();
    let frozen = play.subscribe("ACCOUNT_FROZEN");
    let open = play.subscribe("ACCOUNT_OPEN");
    play.patch_customer("JANE", "FROZEN").unwrap();
    assert_eq!(play.account_status("JANE_USD"), "FROZEN");
    assert_eq!(
        play.account_status("ACME_USD"),
        "OPEN",
        "other customers' accounts are not touched"
    );
    let sent = play.deliver(TAKEN);
    assert_eq!(
        sent.iter()
            .map(|due| due.subscription.as_str())
            .collect::<Vec<_>>(),
        [&frozen]
    );
    assert_eq!(field(&sent[0].body, "id"), "JANE_USD");

    play.patch_customer("JANE", "EDD").unwrap();
    assert_eq!(play.account_status("JANE_USD"), "OPEN");
    let sent = play.deliver(TAKEN);
    assert_eq!(
        sent.iter()
            .map(|due| due.subscription.as_str())
            .collect::<Vec<_>>(),
        [&open]
    );
}

#[test]
fn an_account_that_was_frozen_for_itself_stays_frozen() {
    let mut play = Play::new();
    play.patch_account("JANE_USD", "FROZEN").unwrap();
    play.patch_customer("JANE", "FROZEN").unwrap();
    play.patch_customer("JANE", "ACTIVE").unwrap();
    assert_eq!(play.account_status("JANE_USD"), "FROZEN");
    let rejection = play.transfer("JANE_USD", "ACME_USD", "1").unwrap_err();
    assert_eq!(codes(&rejection), ["ACCOUNT_NOT_USABLE"]);
    assert!(
        rejection.problems[0]
            .description
            .contains("the account is FROZEN")
    );
}

#[test]
fn a_status_that_the_client_set_meanwhile_is_the_accounts_own() {
    let mut play = Play::new();
    play.patch_customer("JANE", "FROZEN").unwrap();
    play.patch_account("JANE_USD", "OPEN").unwrap();
    let rejection = play.transfer("JANE_USD", "ACME_USD", "1").unwrap_err();
    assert!(
        rejection.problems[0]
            .description
            .contains("its customer `JANE` is FROZEN")
    );
    play.patch_account("JANE_USD", "FROZEN").unwrap();
    play.patch_customer("JANE", "ACTIVE").unwrap();
    assert_eq!(play.account_status("JANE_USD"), "FROZEN");
}

#[test]
fn use_wakes_a_customer_that_was_put_to_sleep() {
    let mut play = standing(Platform::Union, Standing::Dormant);
    let asleep = |play: &Play| {
        let query = [("status", "DORMANT")];
        let list = play.get("payments.customers_list", &[], &query).unwrap();
        fields(&list.body, "id")
    };
    assert_eq!(asleep(&play), ["JANE"]);
    play.inbound("JANE_USD", "1").unwrap();
    assert_eq!(asleep(&play), [""; 0]);
    let path = [("customer_id", "JANE")];
    let awake = play.get("payments.customers_get", &path, &[]).unwrap();
    assert_eq!(field(&awake.body, "status"), "ACTIVE");
}

#[test]
fn closing_is_final_for_customer_and_accounts() {
    let mut play = Play::new();
    play.patch_customer("JANE", "CLOSED").unwrap();
    assert_eq!(play.account_status("JANE_USD"), "CLOSED");
    assert_eq!(
        codes(&play.patch_account("JANE_USD", "OPEN").unwrap_err()),
        ["STATUS_CHANGE_NOT_ALLOWED"]
    );
    assert_eq!(
        codes(&play.decide("JANE", "ACTIVE").unwrap_err()),
        ["STATUS_CHANGE_NOT_ALLOWED"]
    );
    let name = r#"{"updates":[{"field":"first_name","value":"J"}]}"#;
    let rejection = play
        .post(
            "payments.customers_update",
            &[("customer_id", "JANE")],
            name,
        )
        .unwrap_err();
    assert_eq!(codes(&rejection), ["CUSTOMER_NOT_USABLE"]);
}

#[test]
fn what_the_platform_holds_is_shown_bare_under_version_1_1_2() {
    for (platform, shown) in [
        (Platform::Union, "FROZEN_L2F"),
        (Platform::RailV1_1_2, "FROZEN"),
    ] {
        let mut play = fast(platform);
        let decision = play.decide("JANE", "FROZEN_L2F").unwrap();
        assert_eq!(
            field(&decision.body, "status"),
            "FROZEN_L2F",
            "control sees the truth"
        );
        let reply = play
            .get("payments.customers_get", &[("customer_id", "JANE")], &[])
            .unwrap();
        assert_eq!(field(&reply.body, "status"), shown);
        let list = play
            .get("payments.customers_list", &[], &[("status", shown)])
            .unwrap();
        assert_eq!(field(&list.body, "id"), "JANE");
    }
}

#[test]
fn a_year_without_a_posting_makes_dormant_and_use_wakes() {
    let mut play = Play::new();
    let dormant = play.subscribe("ACCOUNT_DORMANT");
    play.advance(SignedDuration::from_hours(24 * 200));
    play.inbound("ACME_USD", "5").unwrap();
    play.advance(SignedDuration::from_hours(24 * 166));
    assert_eq!(play.account_status("JANE_USD"), "DORMANT");
    assert_eq!(
        play.account_status("ACME_USD"),
        "OPEN",
        "it was used in between"
    );
    let sent = play.deliver(TAKEN);
    let told: Vec<(&str, String)> = sent
        .iter()
        .map(|due| (due.subscription.as_str(), field(&due.body, "id")))
        .collect();
    assert!(
        told.contains(&(dormant.as_str(), "JANE_USD".to_owned())),
        "{told:?}"
    );
    assert!(
        told.iter()
            .all(|(to, id)| *to == dormant && id != "ACME_USD"),
        "{told:?}"
    );
    let reply = play
        .get("payments.customers_get", &[("customer_id", "JANE")], &[])
        .unwrap();
    assert_eq!(
        field(&reply.body, "status"),
        "DORMANT",
        "all its accounts sleep"
    );

    let transfer = play.transfer("ACME_USD", "JANE_USD", "5").unwrap();
    play.accept(&transfer).unwrap();
    assert_eq!(play.account_status("JANE_USD"), "OPEN");
    let reply = play
        .get("payments.customers_get", &[("customer_id", "JANE")], &[])
        .unwrap();
    assert_eq!(field(&reply.body, "status"), "ACTIVE");
    play.advance(SignedDuration::from_hours(24 * 366));
    assert_eq!(
        play.account_status("JANE_USD"),
        "DORMANT",
        "it is watched again"
    );
}

#[test]
fn an_account_that_is_woken_by_a_change_of_status_falls_asleep_again() {
    let year = SignedDuration::from_hours(24 * 366);
    // What wakes it, and through which other status it may go.
    for statuses in [&["OPEN"][..], &["EDD", "OPEN"]] {
        let mut play = Play::new();
        play.advance(year);
        assert_eq!(play.account_status("JANE_USD"), "DORMANT");
        for status in statuses {
            play.patch_account("JANE_USD", status).unwrap();
        }
        let checks = |play: &Play| {
            let jobs = play.world.pending_jobs();
            jobs.filter(|job| job.name == "check_dormancy" && job.subject == "JANE_USD")
                .count()
        };
        assert_eq!(checks(&play), 1, "by {statuses:?}");

        play.advance(SignedDuration::from_hours(24 * 364));
        assert_eq!(play.account_status("JANE_USD"), "OPEN", "by {statuses:?}");
        play.advance(SignedDuration::from_hours(24 * 2));
        assert_eq!(
            play.account_status("JANE_USD"),
            "DORMANT",
            "by {statuses:?}"
        );
        assert_eq!(checks(&play), 0, "by {statuses:?}");
    }
}

#[test]
fn sleeping_and_waking_by_hand_leaves_one_watch() {
    let mut play = Play::new();
    for _ in 0..3 {
        play.patch_account("JANE_USD", "DORMANT").unwrap();
        play.patch_account("JANE_USD", "OPEN").unwrap();
    }
    let jobs = play.world.pending_jobs();
    let watches = jobs.filter(|job| job.subject == "JANE_USD").count();
    assert_eq!(watches, 1);
}

#[test]
fn details_change_together_with_the_status() {
    let mut play = Play::new();
    let body = r#"{"updates":[{"field":"mailing_address.city","value":"Salem"},{"field":"status","value":"EDD"}]}"#;
    play.post(
        "payments.customers_update",
        &[("customer_id", "JANE")],
        body,
    )
    .unwrap();
    let reply = play
        .get("payments.customers_get", &[("customer_id", "JANE")], &[])
        .unwrap();
    assert_eq!(
        (field(&reply.body, "city"), field(&reply.body, "status")),
        ("Salem".to_owned(), "EDD".to_owned())
    );
}
