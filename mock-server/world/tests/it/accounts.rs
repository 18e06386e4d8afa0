//! What the operations of accounts refuse, word for word and under every version.

use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::rejection::code;

use crate::support::Play;
use crate::support::fast;
use crate::support::fields;
use crate::support::request;

fn opening(customer: &str, account: &str, product: &str, asset: &str) -> String {
    format!(
        r#"{{"customer_id":"{customer}","account_to_open":{{"account_id":"{account}","product_id":"{product}","asset_type_id":"{asset}"}}}}"#
    )
}

fn open(play: &mut Play, account: &str, product: &str, asset: &str) -> Rejection {
    let body = opening("ACME", account, product, asset);
    play.post("payments.accounts_open", &[], &body).unwrap_err()
}

fn update(play: &mut Play, account: &str, field: &str, value: &str) -> Rejection {
    let body = format!(r#"{{"updates":[{{"field":"{field}","value":"{value}"}}]}}"#);
    play.post(
        "payments.accounts_update",
        &[("account_id", account)],
        &body,
    )
    .unwrap_err()
}

fn unknown(resource: &str, place: &str) -> Rejection {
    Problem::new(
        code::NOT_FOUND,
        format!("There is no {resource} with this id in this sandbox."),
    )
    .at(place)
    .received("NOPE")
    .expected(format!("the id of one {resource} of this sandbox"))
    .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
    .not_found()
}

#[test]
fn what_an_opening_refuses() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        let basic = "DEPOSIT_BASIC";
        let dollars = "FIAT_TESTNET_USD";
        let body = opening("NOPE", "X", basic, dollars);
        assert_eq!(
            play.post("payments.accounts_open", &[], &body).unwrap_err(),
            unknown("customer", "/customer_id")
        );
        let taken = Problem::new(
            code::ALREADY_EXISTS,
            "There is an account, or an application for one, with this id.",
        )
        .at("/account_to_open/account_id")
        .received("ACME_USD")
        .expected("an id that no account and no open application has")
        .hint("To repeat a request whose reply was lost, send it with its idempotency key.");
        assert_eq!(
            open(&mut play, "ACME_USD", basic, dollars),
            taken.bad_request()
        );
        let product = Problem::new(
            code::PRODUCT_ASSET_NOT_SUPPORTED,
            "There is no such product.",
        )
        .at("/account_to_open/product_id")
        .received("SAVINGS")
        .expected("DEPOSIT_BASIC, DEPOSIT_FORT_FIAT, DEPOSIT_FORT_CRYPTO, DEPOSIT_ANCH_CRYPTO");
        assert_eq!(
            open(&mut play, "X", "SAVINGS", dollars),
            product.bad_request()
        );
        let asset = Problem::new(
            code::PRODUCT_ASSET_NOT_SUPPORTED,
            "Product DEPOSIT_FORT_FIAT does not offer this asset type.",
        )
        .at("/account_to_open/asset_type_id")
        .received("BITCOIN_TESTNET_BTC")
        .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD");
        assert_eq!(
            open(&mut play, "X", "DEPOSIT_FORT_FIAT", "BITCOIN_TESTNET_BTC"),
            asset.bad_request()
        );

        play.decide("ACME", "CLOSED").unwrap();
        let closed = Problem::new(
            code::CUSTOMER_NOT_USABLE,
            "Customer `ACME` cannot be changed: it is CLOSED.",
        )
        .at("/customer_id")
        .received("CLOSED")
        .expected("a customer whose status allows updates")
        .hint("CLOSED is final; use another customer.");
        assert_eq!(open(&mut play, "X", basic, dollars), closed.bad_request());
    }
}

#[test]
fn what_an_update_refuses() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        assert_eq!(
            update(&mut play, "NOPE", "status", "FROZEN"),
            unknown("account", "account_id")
        );
        let field = Problem::new(
            code::FIELD_NOT_UPDATABLE,
            "Of an account only the status can be changed.",
        )
        .at("/updates/0/field")
        .received("product_id")
        .expected("status")
        .hint("Everything else is fixed when the account is opened; open another one, and close this one.");
        assert_eq!(
            update(&mut play, "ACME_USD", "product_id", "X"),
            field.bad_request()
        );
        let status = Problem::new(
            code::STATUS_CHANGE_NOT_ALLOWED,
            "The account is OPEN and cannot become PENDING.",
        )
        .at("/updates/0/value")
        .received("PENDING")
        .expected("EDD, DORMANT, CLOSED, FROZEN")
        .hint(
            "Go by one of these statuses; what a client cannot set, control decides in a sandbox.",
        );
        assert_eq!(
            update(&mut play, "ACME_USD", "status", "PENDING"),
            status.bad_request()
        );
    }
}

#[test]
fn a_key_opens_one_account() {
    let mut play = Play::new();
    let sent = |account: &str| {
        let body = opening("ACME", account, "DEPOSIT_BASIC", "FIAT_TESTNET_USD");
        request("payments.accounts_open", &[], &[], Some(body))
    };
    play.send(sent("FIRST"), Some("key-1")).unwrap();
    assert!(play.send(sent("FIRST"), Some("key-1")).unwrap().replayed);
    let expected = Problem::new(
        code::IDEMPOTENCY_KEY_REUSED,
        "This idempotency key was used for another request of `accounts_open`: the body differs.",
    )
    .at("x-l2f-idempotency-id")
    .received("key-1")
    .expected("the same request as the first time, or a key that was not used yet")
    .hint("Make one key per logical operation and keep it for its retries alone.");
    assert_eq!(
        play.send(sent("SECOND"), Some("key-1")).unwrap_err(),
        expected.bad_request()
    );
}

#[test]
fn lists_are_narrowed_by_customer_product_type_and_status() {
    for &platform in Platform::ALL {
        let mut play = fast(platform);
        play.patch_account("JANE_USD", "FROZEN").unwrap();
        let ids = |query: &[(&str, &str)]| {
            let list = play.get("payments.accounts_list", &[], query).unwrap();
            fields(&list.body, "id")
        };
        assert_eq!(ids(&[]), ["ACME_USD", "JANE_USD", "TREASURY_USD"]);
        assert_eq!(ids(&[("customer_id", "ACME")]), ["ACME_USD"]);
        assert_eq!(ids(&[("product_type", "CLIENT")]), ["TREASURY_USD"]);
        assert_eq!(
            ids(&[("product_type", "DEPOSIT"), ("status", "FROZEN")]),
            ["JANE_USD"]
        );
        assert_eq!(ids(&[("product_type", "VIRTUAL")]), Vec::<String>::new());
    }
}
