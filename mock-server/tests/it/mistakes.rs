//! A newcomer's mistakes, each with the whole reply that it is met with.
//!
//! Every row makes one mistake and compares status, headers that matter and body with a file in `tests/data/mistakes`.
//! After all of them nothing has moved: the books, the balances and the whole state are as before. With `WRITE_MISTAKES=1`
//! the test writes the files instead; what it wrote is to be read before it is committed.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::{Caller, Reply};
use ed25519_dalek::{Signer, SigningKey};
use layer2_mock::{ClockMode, SandboxServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

/// One mistake: the name of its file and the request that makes it.
type Mistake = (&'static str, RequestBuilder);

/// What the mistakes are made with.
struct Setting {
    server: SandboxServer,
    caller: Caller,
    /// Another sandbox of the same server.
    blue: Caller,
    /// A token with the scope to read customers and no other.
    narrow: String,
    accounting_token: String,
    /// A transfer that waits for its acceptance, and more than its source has.
    transfer: String,
    unaffordable: String,
    foreign: String,
    now: i64,
}

impl Setting {
    async fn new() -> Setting {
        let server = SandboxServer::builder()
            .clock(ClockMode::Manual)
            .start()
            .await
            .expect("start");
        let caller = Caller::new(&server).await;
        let made = caller
            .http
            .post(format!("{}/_control/v1/sandboxes", server.url()))
            .bearer_auth(&caller.control)
            .header("content-type", "application/json")
            .body(r#"{"name":"blue"}"#);
        let made = Reply::read(made.send().await.expect("sent")).await.ok();
        let blue = Caller::of(&made["data"]).await;
        caller.fund("100").await;
        let bitcoin = opening(&server, "ACME_BTC", "BITCOIN_TESTNET_BTC");
        caller
            .post("/api/v1/accounts/deposits", &bitcoin)
            .await
            .ok();
        let bitcoin = opening(&server, "JANE_BTC", "BITCOIN_TESTNET_BTC");
        caller
            .post("/api/v1/accounts/deposits", &bitcoin)
            .await
            .ok();
        let freeze =
            json!({"updates": [{"field": "status", "value": "FROZEN"}], "reason": "a test"});
        let account = "/api/v1/accounts/deposits/ACME_BTC";
        caller
            .send(Method::PATCH, account, Some(&freeze.to_string()), &[])
            .await
            .ok();
        let key = [("x-l2f-idempotency-id", "used")];
        caller
            .send(Method::POST, "/api/v1/transfers", Some(TRANSFER), &key)
            .await
            .ok();
        let foreign = blue.transfer("1").await;
        blue.control(Method::POST, "/tokens/expire", None)
            .await
            .ok();
        Setting {
            narrow: token(&server, "payments", "customers:read").await,
            accounting_token: token(&server, "accounting", "").await,
            transfer: caller.transfer("1").await,
            unaffordable: caller.transfer("100.01").await,
            foreign,
            now: jiff::Timestamp::now().as_second(),
            server,
            caller,
            blue,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.caller.request(Method::GET, path, None, &[])
    }

    fn post(&self, path: &str, body: &str) -> RequestBuilder {
        self.caller.request(Method::POST, path, Some(body), &[])
    }

    fn patch(&self, path: &str, body: &str) -> RequestBuilder {
        self.caller.request(Method::PATCH, path, Some(body), &[])
    }

    /// A transfer of this amount.
    fn amount(&self, amount: &str) -> RequestBuilder {
        self.post("/api/v1/transfers", &TRANSFER.replace("1.50", amount))
    }

    fn with_token(&self, token: &str) -> RequestBuilder {
        self.caller
            .http
            .get(self.url("/api/v1/transfers/x"))
            .bearer_auth(token)
    }

    /// The token endpoint of payments, asked with good credentials.
    fn token(&self, query: &str) -> RequestBuilder {
        let info = self.server.info().payments;
        self.caller
            .http
            .post(format!("{}{query}", info.token_url))
            .basic_auth(info.client_id.as_str(), Some(info.client_secret))
    }

    fn accept_path(&self) -> String {
        format!("/api/v1/transfers/{}/accept", self.transfer)
    }

    /// Accepts the transfer with these two headers.
    fn accept(&self, timestamp: &str, signature: &str) -> RequestBuilder {
        let headers = [("x-timestamp", timestamp), ("x-signature", signature)];
        self.caller
            .request(Method::POST, &self.accept_path(), None, &headers)
    }

    /// Signs a text and accepts the transfer at this second.
    fn accept_signed(&self, key: &SigningKey, text: &str) -> RequestBuilder {
        let signature = hex::encode(key.sign(text.as_bytes()).to_bytes());
        self.accept(&self.now.to_string(), &signature)
    }

    /// A file stays the same from run to run: what the machine's clock, the port and the keys decide is named in it.
    fn named(&self, text: &str) -> String {
        let key = hex::encode(self.caller.signing_key.verifying_key().as_bytes());
        let mut text = text
            .replace(self.server.url(), "{url}")
            .replace(&key, "{public key}");
        text = text.replace(&(self.now - 1_000).to_string(), "{long ago}");
        // The server may read its clock some seconds later.
        for late in 0..=10 {
            text = text
                .replace(&(self.now + late).to_string(), "{now}")
                .replace(
                    &format!("is {} s behind", 1_000 + late),
                    "is {so many} s behind",
                );
        }
        text.replace(&self.transfer, "{transfer}")
            .replace(&self.unaffordable, "{unaffordable}")
            .replace(&self.foreign, "{foreign}")
    }
}

const TRANSFER: &str =
    r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1.50}"#;

/// The body that opens an account of the first customer.
fn opening(server: &SandboxServer, account: &str, asset: &str) -> String {
    json!({
        "customer_id": server.info().customers[0].id,
        "account_to_open": {"account_id": account, "product_id": "DEPOSIT_BASIC", "asset_type_id": asset},
    })
    .to_string()
}

async fn token(server: &SandboxServer, api: &str, scope: &str) -> String {
    let info = serde_json::to_value(server.info()).expect("info")[api].clone();
    let text = |name: &str| info[name].as_str().expect(name).to_owned();
    let scope = match scope {
        "" => text("scope"),
        scope => scope.to_owned(),
    };
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("client");
    let request = http
        .post(text("token_url"))
        .basic_auth(text("client_id"), Some(text("client_secret")))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&scope={scope}"));
    Reply::read(request.send().await.expect("sent")).await.ok()["access_token"]
        .as_str()
        .expect("token")
        .to_owned()
}

#[tokio::test]
async fn every_mistake_is_met_with_help_and_moves_nothing() {
    let setting = Setting::new().await;
    let before = state(&setting).await;
    let mut names = BTreeSet::new();
    let mut differences = Vec::new();
    for (name, request) in mistakes(&setting) {
        assert!(
            names.insert(format!("{name}.json")),
            "{name} stands here twice"
        );
        let request = request.header("x-l2f-request-id", "mistake");
        let reply = Reply::read(request.send().await.expect(name)).await;
        assert!(!reply.status.is_success(), "{name}: {}", reply.text);
        differences.extend(compare(name, &told(&setting, &reply)));
    }
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(state(&setting).await, before, "something has moved");
    assert_eq!(setting.server.contract_violations(), Vec::<String>::new());
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("folder")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .into_string()
                .expect("name")
        })
        .collect();
    assert_eq!(files, names, "a file without its mistake");
}

fn mistakes(setting: &Setting) -> Vec<Mistake> {
    let mut all = addresses(setting);
    all.extend(credentials(setting));
    all.extend(signatures(setting));
    all.extend(bodies(setting));
    all.extend(values(setting));
    all.extend(states(setting));
    all.extend(other_apis(setting));
    all
}

fn addresses(at: &Setting) -> Vec<Mistake> {
    vec![
        ("base_url_without_api", at.get("/v1/customers")),
        ("base_url_with_api_twice", at.get("/api/api/v1/customers")),
        ("base_url_without_version", at.get("/api/customers")),
        ("path_with_slash_at_its_end", at.get("/api/v1/customers/")),
        ("path_unknown", at.get("/api/v1/custmers")),
        (
            "path_far_from_any",
            at.get("/api/v1/no/such/thing/anywhere"),
        ),
        ("path_badly_encoded", at.get("/api/v1/transfers/%zz")),
        (
            "method_wrong",
            at.caller
                .request(Method::DELETE, "/api/v1/transfers", None, &[]),
        ),
        (
            "method_of_token_endpoint",
            at.caller.http.get(at.server.info().payments.token_url),
        ),
    ]
}

fn credentials(at: &Setting) -> Vec<Mistake> {
    let info = at.server.info();
    let form = "application/x-www-form-urlencoded";
    vec![
        (
            "token_endpoint_with_json",
            at.token("")
                .header("content-type", "application/json")
                .body(r#"{"grant_type":"client_credentials"}"#),
        ),
        ("token_endpoint_without_grant", at.token("")),
        (
            "token_endpoint_with_password_grant",
            at.token("?grant_type=password"),
        ),
        (
            "token_endpoint_with_unknown_scope",
            at.token("?grant_type=client_credentials&scope=transfer:write"),
        ),
        (
            "token_endpoint_without_client",
            at.caller
                .http
                .post(&info.payments.token_url)
                .header("content-type", form)
                .body("grant_type=client_credentials"),
        ),
        (
            "token_endpoint_with_wrong_secret",
            at.caller
                .http
                .post(format!(
                    "{}?grant_type=client_credentials",
                    info.payments.token_url
                ))
                .basic_auth(info.payments.client_id.as_str(), Some("wrong")),
        ),
        (
            "token_endpoint_of_another_api",
            at.caller
                .http
                .post(&info.accounting.token_url)
                .basic_auth(
                    info.payments.client_id.as_str(),
                    Some(&info.payments.client_secret),
                )
                .header("content-type", form)
                .body("grant_type=client_credentials"),
        ),
        (
            "token_missing",
            at.caller.http.get(at.url("/api/v1/customers")),
        ),
        ("token_expired", at.with_token(&at.blue.token)),
        ("token_that_is_none", at.with_token("secret-of-mine")),
        ("token_of_another_api", at.with_token(&at.accounting_token)),
        ("token_of_control", at.with_token(at.server.control_token())),
        (
            "token_replaced_by_client_secret",
            at.caller.http.get(at.url("/api/v1/customers")).basic_auth(
                info.payments.client_id.as_str(),
                Some(&info.payments.client_secret),
            ),
        ),
        (
            "scope_missing",
            at.caller
                .http
                .post(at.url("/api/v1/transfers"))
                .bearer_auth(&at.narrow)
                .header("content-type", "application/json")
                .body(TRANSFER),
        ),
    ]
}

fn signatures(at: &Setting) -> Vec<Mistake> {
    let (path, now) = (at.accept_path(), at.now);
    let own = &at.caller.signing_key;
    let right = format!("{now}POST{path}");
    let sign = |text: &str| own.sign(text.as_bytes()).to_bytes();
    let public_as_seed = SigningKey::from_bytes(own.verifying_key().as_bytes());
    let stale = (now - 1_000).to_string();
    let milliseconds = format!("{now}500");
    vec![
        (
            "signature_missing",
            at.caller.request(Method::POST, &path, None, &[]),
        ),
        (
            "signature_without_timestamp",
            at.caller.request(
                Method::POST,
                &path,
                None,
                &[("x-signature", &hex::encode(sign(&right)))],
            ),
        ),
        (
            "signature_with_clock_in_milliseconds",
            at.accept(
                &milliseconds,
                &hex::encode(sign(&format!("{milliseconds}POST{path}"))),
            ),
        ),
        (
            "signature_with_stale_clock",
            at.accept(&stale, &hex::encode(sign(&format!("{stale}POST{path}")))),
        ),
        (
            "signature_with_a_date",
            at.accept("yesterday", &hex::encode(sign(&right))),
        ),
        (
            "signature_in_upper_case",
            at.accept(&now.to_string(), &hex::encode_upper(sign(&right))),
        ),
        (
            "signature_of_lower_case_method",
            at.accept_signed(own, &format!("{now}post{path}")),
        ),
        (
            "signature_without_api",
            at.accept_signed(own, &format!("{now}POST{}", &path[4..])),
        ),
        (
            "signature_in_another_order",
            at.accept_signed(own, &format!("POST{path}{now}")),
        ),
        (
            "signature_by_public_key",
            at.accept_signed(&public_as_seed, &right),
        ),
        (
            "signature_of_another_sandbox",
            at.accept_signed(&at.blue.signing_key, &right),
        ),
        (
            "signature_of_something_else",
            at.accept_signed(own, "something else"),
        ),
        (
            "signature_of_another_body",
            at.caller.request(
                Method::POST,
                "/api/v1/transfers",
                Some(TRANSFER),
                &[
                    ("x-timestamp", &now.to_string()),
                    (
                        "x-signature",
                        &hex::encode(sign(&format!(
                            "{now}POST/api/v1/transfers{}",
                            TRANSFER.replace(':', ": ").replace(',', ", ")
                        ))),
                    ),
                ],
            ),
        ),
    ]
}

fn bodies(at: &Setting) -> Vec<Mistake> {
    let transfers = "/api/v1/transfers";
    let raw = |media_type: &str, body: Vec<u8>| {
        at.caller
            .request(
                Method::POST,
                transfers,
                None,
                &[("content-type", media_type)],
            )
            .body(body)
    };
    vec![
        (
            "body_missing",
            at.caller.request(Method::POST, transfers, None, &[]),
        ),
        ("body_empty_object", at.post(transfers, "{}")),
        ("body_malformed", at.post(transfers, "{\"amount\": 1,}")),
        (
            "body_with_single_quotes",
            at.post(transfers, "{'amount': 1}"),
        ),
        ("body_cut_short", at.post(transfers, &TRANSFER[..40])),
        (
            "body_with_a_member_twice",
            at.post(transfers, r#"{"amount":1,"amount":2}"#),
        ),
        (
            "body_not_utf8",
            raw("application/json", vec![b'"', 0xff, b'"']),
        ),
        ("body_array", at.post(transfers, &format!("[{TRANSFER}]"))),
        (
            "body_json_in_a_string",
            at.post(transfers, r#""{\"amount\":1}""#),
        ),
        (
            "body_form",
            raw("application/x-www-form-urlencoded", b"amount=1".to_vec()),
        ),
        (
            "body_of_ten_megabytes",
            at.post(transfers, &"x".repeat(10_000_000)),
        ),
        (
            "body_of_wrong_types",
            at.post(
                transfers,
                r#"{"source_account_id":7,"destination_account_id":null,"amount":true}"#,
            ),
        ),
        (
            "key_too_long",
            at.caller.request(
                Method::POST,
                transfers,
                Some(TRANSFER),
                &[("x-l2f-idempotency-id", &"k".repeat(256))],
            ),
        ),
        (
            "key_reused",
            at.caller.request(
                Method::POST,
                transfers,
                Some(&TRANSFER.replace("1.50", "2.50")),
                &[("x-l2f-idempotency-id", "used")],
            ),
        ),
    ]
}

fn values(at: &Setting) -> Vec<Mistake> {
    let account = |asset: &str| {
        let body = opening(&at.server, "MINE", asset);
        at.post("/api/v1/accounts/deposits", &body)
    };
    let subscription = |event: &str, url: &str| {
        let body = json!({"event_type": event, "callback_url": url}).to_string();
        at.post("/api/v1/subscriptions", &body)
    };
    vec![
        ("amount_of_binary_float", at.amount("0.30000000000000004")),
        ("amount_with_too_many_decimals", at.amount("1.005")),
        ("amount_1e400", at.amount("1e400")),
        ("amount_zero", at.amount("0.00")),
        ("amount_negative", at.amount("-1")),
        ("amount_with_a_comma", at.amount("\"1,50\"")),
        ("amount_with_a_currency", at.amount("\"1.50 USD\"")),
        (
            "amount_of_29_digits",
            at.amount("99999999999999999999999999999"),
        ),
        ("amount_not_a_number", at.amount("NaN")),
        ("asset_type_id_usd", account("USD")),
        (
            "page_size_too_large",
            at.get("/api/v1/customers?page_size=5000"),
        ),
        ("page_not_a_number", at.get("/api/v1/customers?page=first")),
        (
            "filter_unknown",
            at.get("/api/v1/accounts/deposits?status=OPENED"),
        ),
        (
            "event_type_misspelled",
            subscription("TRANSACTION_POSTD", "http://127.0.0.1:1/hook"),
        ),
        (
            "callback_without_scheme",
            subscription("TRANSACTION_POSTED", "localhost:8080/hook"),
        ),
    ]
}

fn states(at: &Setting) -> Vec<Mistake> {
    let between = |source: &str, destination: &str| {
        let body = json!({"source_account_id": source, "destination_account_id": destination, "amount": 1});
        at.post("/api/v1/transfers", &body.to_string())
    };
    let customer = at.server.info().customers[0].id.to_string();
    let status = |account: &str, value: &str| {
        let body = json!({"updates": [{"field": "status", "value": value}], "reason": "a test"});
        at.patch(
            &format!("/api/v1/accounts/deposits/{account}"),
            &body.to_string(),
        )
    };
    let accept = |id: &str| {
        let path = format!("/api/v1/transfers/{id}/accept");
        at.caller.signed(&path, "mistaken")
    };
    vec![
        ("account_unknown", between("ACNE_USD", "JANE_USD")),
        ("account_frozen", between("ACME_BTC", "JANE_BTC")),
        ("account_same", between("ACME_USD", "ACME_USD")),
        ("account_of_another_asset", between("ACME_USD", "JANE_BTC")),
        (
            "id_of_another_sandbox",
            at.get(&format!("/api/v1/transfers/{}", at.foreign)),
        ),
        (
            "id_that_is_no_uuid",
            at.get("/api/v1/transfers/my-transfer"),
        ),
        ("customer_unknown", at.get("/api/v1/customers/ACMEE")),
        ("funds_insufficient", accept(&at.unaffordable)),
        (
            "status_that_only_the_platform_sets",
            status("JANE_USD", "FROZEN_L2F"),
        ),
        (
            "status_from_frozen_to_pending",
            status("ACME_BTC", "PENDING"),
        ),
        ("status_unknown", status("JANE_USD", "FROZE")),
        (
            "customer_field_not_updatable",
            at.patch(
                &format!("/api/v1/customers/{customer}"),
                &json!({"updates": [{"field": "id", "value": "x"}], "reason": "a test"})
                    .to_string(),
            ),
        ),
    ]
}

fn other_apis(at: &Setting) -> Vec<Mistake> {
    let plaid = |body: &str, keys: bool| {
        let info = at.server.info().plaid;
        let request = at
            .caller
            .http
            .post(at.url("/sandbox/public_token/create"))
            .header("content-type", "application/json")
            .body(body.to_owned());
        match keys {
            true => request
                .header("plaid-client-id", info.client_id.as_str())
                .header("plaid-secret", info.secret),
            false => request,
        }
    };
    let business = |body: &str| {
        at.caller
            .http
            .post(at.url("/v1/businesses"))
            .bearer_auth(&at.accounting_token)
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    let control = |path: &str, token: &str| {
        at.caller
            .http
            .get(at.url(&format!("/_control/v1{path}")))
            .bearer_auth(token)
    };
    vec![
        ("plaid_without_keys", plaid("{}", false)),
        (
            "plaid_with_unknown_institution",
            plaid(
                r#"{"institution_id":"ins_1","initial_products":["transactions"]}"#,
                true,
            ),
        ),
        ("plaid_with_malformed_body", plaid("{", true)),
        ("business_without_fields", business("{}")),
        ("business_of_wrong_types", business(r#"{"legal_name":7}"#)),
        (
            "control_with_token_of_payments",
            control("/sandboxes", &at.caller.token),
        ),
        (
            "control_of_unknown_sandbox",
            control("/sandboxes/defualt/clock", &at.caller.control),
        ),
    ]
}

/// What of a reply a file holds.
fn told(setting: &Setting, reply: &Reply) -> String {
    let mut headers = Map::new();
    for name in [
        "allow",
        "retry-after",
        "www-authenticate",
        "x-l2f-request-id",
    ] {
        if let Some(value) = reply.header(name) {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    let body: Value = serde_json::from_str(&reply.text).expect(&reply.text);
    let whole = json!({"status": reply.status.as_u16(), "headers": headers, "body": body});
    let text = serde_json::to_string_pretty(&whole).expect("JSON") + "\n";
    setting.named(&text)
}

/// Compares with the file of a mistake, or writes it.
fn compare(name: &str, told: &str) -> Option<String> {
    let path = folder().join(format!("{name}.json"));
    if std::env::var_os("WRITE_MISTAKES").is_some() {
        fs::write(&path, told).expect(name);
        return None;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    (wanted != told).then(|| format!("{name}: wanted {wanted} and got {told}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes")
}

/// Everything that could have moved: the whole world, the books and the balances as a client sees them.
async fn state(setting: &Setting) -> (Option<String>, String, String) {
    let books = setting
        .caller
        .control(Method::GET, "/ledger/trial-balance", None)
        .await;
    let accounts = setting.caller.get("/api/v1/accounts/deposits").await;
    (
        setting.server.snapshot("default"),
        books.ok().to_string(),
        accounts.ok().to_string(),
    )
}
