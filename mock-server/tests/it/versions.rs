//! A sandbox that plays one version of the platform: what only the other one has is refused by name and place when it
//! is sent, and is not there in any reply.

use layer2_mock::{ClockMode, Platform};
use serde_json::{Value, json};

use crate::support::{self, Caller, Reply, TestServer, Watched as _};

const RAIL: Platform = Platform::RailV1_1_2;
const LAYER2: Platform = Platform::Layer2V1_0_5;

async fn server(platform: Platform, strict: bool) -> (TestServer, Caller) {
    let server = support::builder()
        .clock(ClockMode::Manual)
        .platform(platform)
        .strict(strict)
        .watched()
        .await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

/// A counterparty that every version can register.
fn counterparty() -> Value {
    let address = json!({"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA",
        "postal_code": "02110", "country_code": "US"});
    json!({
        "counterparty_type": "FIAT_US",
        "customer_id": "ACME",
        "supported_rails": ["ACH"],
        "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "address": address,
            "relationship_to_customer": "SUPPLIER"},
        "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789",
            "type": "CHECKING", "routing_number": "021001208", "institution_name": "Example Bank",
            "institution_address": address},
    })
}

/// An application with fields that only Rail 1.1.2 has.
fn application() -> Value {
    json!({
        "application_type": "INDIVIDUAL",
        "customer_id": "ADA",
        "account_to_open": {"account_id": "ADA_USD", "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "information_attested": true,
        "customer_details": {"first_name": "Ada", "last_name": "Example", "citizenship": ["US"],
            "ip_address": "192.0.2.7"},
    })
}

async fn post(caller: &Caller, path: &str, body: &Value) -> Reply {
    caller.post(path, &body.to_string()).await
}

/// The one error of a reply.
fn error(reply: &Reply) -> Value {
    assert_eq!(reply.status, 400, "{}", reply.text);
    let errors = reply.json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
    errors[0].clone()
}

#[tokio::test]
async fn a_value_of_the_other_version_is_refused_by_name_and_place() {
    let changed = |pointer: &str, value: Value| {
        let mut body = counterparty();
        *body.pointer_mut(pointer).expect(pointer) = value;
        body
    };
    let withdrawal = json!({"withdrawal_rail": "ACH", "source_account_id": "ACME_USD",
        "destination_counterparty_id": "7b1f6f0e-3a53-4a39-9f0c-5f3c0a6a1d21", "amount": 1.5,
        "purpose": "OTHER", "description": "Rent"});
    let rows = [
        (RAIL, "/purpose", withdrawal, "OTHER", "layer2-1.0.5"),
        (
            LAYER2,
            "/supported_rails/0",
            changed("/supported_rails", json!(["CHAPS"])),
            "CHAPS",
            "rail-1.1.2",
        ),
        (
            LAYER2,
            "/counterparty_type",
            changed("/counterparty_type", json!("FIAT_MX")),
            "FIAT_MX",
            "rail-1.1.2",
        ),
    ];
    for (platform, pointer, body, value, only) in rows {
        let (_server, caller) = server(platform, false).await;
        let resource = match pointer {
            "/purpose" => "withdrawals",
            _ => "counterparties",
        };
        let error = error(&post(&caller, &format!("/api/v1/{resource}"), &body).await);
        assert_eq!(error["code"], "VALIDATION_FAILED", "{error}");
        assert_eq!(error["pointer"], pointer, "{error}");
        assert_eq!(error["received"], value, "{error}");
        let expected = error["expected"]
            .as_str()
            .expect("the values of this version");
        assert!(!expected.split(", ").any(|one| one == value), "{error}");
        assert!(expected.split(", ").count() > 1, "{error}");
        let hint = error["hint"].as_str().expect("a hint");
        assert!(
            hint.starts_with(&format!("Only {only} has this value")),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn a_filter_goes_by_the_values_of_the_version() {
    for (platform, is_known) in [(RAIL, false), (LAYER2, true), (Platform::Union, true)] {
        let (_server, caller) = server(platform, false).await;
        let reply = caller.get("/api/v1/customers?status=FROZEN_L2F").await;
        assert_eq!(
            reply.status.is_success(),
            is_known,
            "{platform}: {}",
            reply.text
        );
        if !is_known {
            let error = error(&reply);
            assert_eq!(error["pointer"], "status");
            assert_eq!(
                error["expected"],
                "ACTIVE, CLOSED, EDD, PENDING, FROZEN, DORMANT"
            );
        }
    }
}

#[tokio::test]
async fn a_field_of_the_other_version_is_ignored_unless_the_sandbox_is_strict() {
    let (_lenient, caller) = server(LAYER2, false).await;
    let id = post(&caller, "/api/v1/applications", &application())
        .await
        .ok()["data"]["id"]
        .clone();
    let path = format!("/api/v1/applications/{}", id.as_str().expect("id"));
    let made = caller.get(&path).await.ok();
    assert_eq!(made["data"].get("information_attested"), None);
    assert_eq!(made["data"]["customer_details"].get("ip_address"), None);

    let (_strict, caller) = server(LAYER2, true).await;
    let reply = post(&caller, "/api/v1/applications", &application()).await;
    assert_eq!(reply.status, 400);
    let errors = reply.json()["errors"].clone();
    let pointers: Vec<_> = errors
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| e["pointer"].clone())
        .collect();
    for pointer in [
        "/information_attested",
        "/customer_details/citizenship",
        "/customer_details/ip_address",
    ] {
        assert!(
            pointers.contains(&json!(pointer)),
            "{pointer} is not in {errors}"
        );
    }
    assert_eq!(pointers.len(), 3, "{errors}");

    let (_strict, caller) = server(RAIL, true).await;
    post(&caller, "/api/v1/applications", &application())
        .await
        .ok();
}

#[tokio::test]
async fn replies_hold_the_fields_of_their_version_alone() {
    for (platform, has, lacks) in [
        (RAIL, "created_date", "account_to_open"),
        (LAYER2, "account_to_open", "created_date"),
    ] {
        let (_server, caller) = server(platform, false).await;
        let made = post(&caller, "/api/v1/applications", &application())
            .await
            .ok();
        let application = format!(
            "/api/v1/applications/{}",
            made["data"]["id"].as_str().expect("id")
        );
        let review = caller.get(&format!("{application}/status")).await.ok();
        assert!(review["data"].get(has).is_some(), "{platform}: {review}");
        assert_eq!(review["data"].get(lacks), None, "{platform}: {review}");

        let made = post(&caller, "/api/v1/counterparties", &counterparty())
            .await
            .ok();
        let counterparty = made["data"]["id"].as_str().expect("id").to_owned();
        caller.fund("100").await;
        caller.settle().await;
        let withdrawal = json!({"withdrawal_rail": "ACH", "source_account_id": "ACME_USD",
            "destination_counterparty_id": counterparty, "amount": 1.5, "purpose": "RENTAL_PROPERTY",
            "description": "Rent"});
        let made = post(&caller, "/api/v1/withdrawals", &withdrawal).await.ok();
        let withdrawal = format!(
            "/api/v1/withdrawals/{}",
            made["data"]["id"].as_str().expect("id")
        );
        caller
            .post_signed(&format!("{withdrawal}/accept"), "accept")
            .await
            .ok();
        caller.settle().await;
        let deposit = json!({"deposit_type": "PUSH",
            "deposit_destination": {"destination_account_id": "ACME_USD"}});
        post(&caller, "/api/v1/deposits", &deposit).await.ok();
        for path in [
            application.as_str(),
            withdrawal.as_str(),
            "/api/v1/customers",
            "/api/v1/customers/ACME",
            "/api/v1/accounts/deposits",
            "/api/v1/accounts/deposits/ACME_USD/transactions",
            "/api/v1/counterparties?customer_id=ACME",
        ] {
            caller.get(path).await.ok();
        }
        if platform == RAIL {
            caller.get("/api/v1/applications").await.ok();
        }
    }
}
