//! Every operation of the documents is called by hand over HTTP and answers what the bundles say.
//!
//! Nothing of the SDK and none of the generated validators takes part: requests are written out, and replies are held
//! against the schemas of the bundles in `openapi/`, so that an error of the generator cannot agree with itself.
//!
//! What is not built yet is called too, with the example of its document, and must say so and do nothing;
//! `tests/data/not-built.txt` names these operations, no more and no fewer.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer as _, SigningKey};
use layer2_mock::SandboxServer;
use layer2_types::{
    Api, Operation,
    control::SandboxInfo,
    operation::{self, SignatureRule},
    operations, signing_string,
};
use serde_json::{Value, json};

use crate::tree::read;

mod deposits;
mod exchanges;
mod money_out;
mod onboarding;

#[tokio::test]
async fn every_operation_answers_as_its_document_says() {
    let server = SandboxServer::start()
        .await
        .expect("a server on a free port");
    let mut contract = Contract::with(&server).await;

    payments(&mut contract).await;
    onboarding::onboarding(&mut contract).await;
    exchanges::exchanges(&mut contract).await;
    money_out::money_out(&mut contract).await;
    control(&mut contract).await;
    plaid_and_accounting(&mut contract).await;
    deposits::statements(&mut contract).await;

    let before = server.journal("default").map(|rows| rows.len());
    let not_built = the_rest(&contract).await;
    let after = server.journal("default").map(|rows| rows.len());
    assert_eq!(before, after, "what is not built leaves no trace");
    let pinned = read("tests/data/not-built.txt");
    assert!(
        pinned.lines().is_sorted(),
        "tests/data/not-built.txt is not sorted"
    );
    let listed: BTreeSet<String> = pinned.lines().map(str::to_owned).collect();
    assert_eq!(
        listed.difference(&not_built).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "these are built: take them out of tests/data/not-built.txt"
    );
    assert_eq!(
        not_built.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "these answer that they are not built"
    );
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

/// Calls what was not called by hand with the example of its document: the operations that are not built.
async fn the_rest(contract: &Contract) -> BTreeSet<String> {
    let mut not_built = BTreeSet::new();
    for operation in operations().filter(|operation| !contract.called.contains(&operation.key())) {
        let key = operation.key();
        let names: Vec<_> = operation.path_parameters().collect();
        let path: Vec<[&str; 2]> = names
            .iter()
            .filter(|name| **name != "sandbox")
            .map(|name| [*name, "905666e7-2d5b-4ac4-bd96-e02675fc678f"])
            .collect();
        let body = contract.example(operation);
        let (status, text) = contract.send(operation, &path, "", body).await;
        assert_eq!(
            status, 501,
            "{key} is built, so call it by hand in this file: {text}"
        );
        let reply: Value = serde_json::from_str(&text).expect(&key);
        let error = &reply["errors"][0];
        assert_eq!(error["code"], "NOT_BUILT", "{key}: {text}");
        assert!(error["hint"].is_string(), "{key}: {text}");
        not_built.insert(key);
    }
    not_built
}

async fn payments(contract: &mut Contract) {
    let customer = contract.info.customers[0].id.to_string();
    let key = ["customer_id", &customer];
    contract
        .call("payments.customers_list", &[], "?page_size=1", None)
        .await;
    contract
        .call("payments.customers_get", &[key], "", None)
        .await;
    let update = json!({"updates": [{"field": "status", "value": "EDD"}], "reason": "a review"});
    contract
        .call("payments.customers_update", &[key], "", Some(update))
        .await;

    for account in ["CONTRACT_A", "CONTRACT_B"] {
        let open = json!({"customer_id": customer, "account_to_open": {
            "account_id": account, "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"}});
        contract
            .call("payments.accounts_open", &[], "", Some(open))
            .await;
    }
    let account = ["account_id", "CONTRACT_A"];
    let inbound = json!({"account_id": "CONTRACT_A", "amount": 100.25});
    contract
        .call("control.inbound_create", &[], "", Some(inbound))
        .await;
    contract.call("control.clock_settle", &[], "", None).await;
    contract
        .call("payments.accounts_list", &[], "?status=OPEN", None)
        .await;
    let read = contract
        .call("payments.accounts_get", &[account], "", None)
        .await;
    assert_eq!(read["data"]["available_balance"].to_string(), "100.25");

    let transfer = json!({"source_account_id": "CONTRACT_A", "destination_account_id": "CONTRACT_B",
        "amount": 0.25, "description": "contract"});
    let requested = contract
        .call("payments.transfers_create", &[], "", Some(transfer))
        .await;
    let id = requested["data"]["id"]
        .as_str()
        .expect("a transfer has an id")
        .to_owned();
    let transfer = ["transfer_id", &id];
    contract
        .call("payments.transfers_accept", &[transfer], "", None)
        .await;
    let read = contract
        .call("payments.transfers_get", &[transfer], "", None)
        .await;
    assert_eq!(read["data"]["status"], "EXECUTED");

    contract
        .call(
            "payments.transactions_list",
            &[],
            "?category_type=TRANSFER",
            None,
        )
        .await;
    let rows = contract
        .call(
            "payments.transactions_list_for_account",
            &[account],
            "?order=ASC",
            None,
        )
        .await;
    let row = rows["data"]["transactions"][0]["id"]
        .as_str()
        .expect("a row")
        .to_owned();
    let transaction = ["transaction_id", &row];
    contract
        .call("payments.transactions_get", &[transaction], "", None)
        .await;
    contract
        .call(
            "payments.transactions_get_for_account",
            &[account, transaction],
            "",
            None,
        )
        .await;

    deposits::deposits(contract, &customer).await;

    let freeze = json!({"updates": [{"field": "status", "value": "FROZEN"}], "reason": "a test"});
    contract
        .call(
            "payments.accounts_update",
            &[["account_id", "CONTRACT_B"]],
            "",
            Some(freeze),
        )
        .await;

    let subscription =
        json!({"event_type": "ACCOUNT_OPEN", "callback_url": "http://127.0.0.1:9/events"});
    let made = contract
        .call("payments.subscriptions_create", &[], "", Some(subscription))
        .await;
    contract
        .call("payments.subscriptions_list", &[], "", None)
        .await;
    let id = made["data"]["id"]
        .as_str()
        .expect("a subscription has an id")
        .to_owned();
    contract
        .call(
            "payments.subscriptions_delete",
            &[["subscription_id", &id]],
            "",
            None,
        )
        .await;
}

async fn control(contract: &mut Contract) {
    let subscription =
        json!({"event_type": "CUSTOMER_FROZEN_L2F", "callback_url": "http://127.0.0.1:9/events"});
    contract
        .call("payments.subscriptions_create", &[], "", Some(subscription))
        .await;
    let customer = contract.info.customers[1].id.to_string();
    let status = json!({"status": "FROZEN_L2F", "reason": "a decision"});
    contract
        .call(
            "control.decisions_customer_status",
            &[["customer_id", &customer]],
            "",
            Some(status),
        )
        .await;
    contract
        .call("control.ledger_trial_balance", &[], "", None)
        .await;
    contract
        .call("control.ledger_entries", &[], "?page_size=2", None)
        .await;
    let log = contract
        .call("control.deliveries_list", &[], "?page_size=1000", None)
        .await;
    let deliveries = log["data"]["deliveries"].as_array().expect("deliveries");
    let frozen = deliveries
        .iter()
        .find(|delivery| delivery["event_type"] == "CUSTOMER_FROZEN_L2F")
        .expect("the decision is told");
    let delivery = frozen["id"].as_str().expect("a delivery has an id");
    contract
        .call(
            "control.deliveries_redeliver",
            &[["delivery_id", delivery]],
            "",
            None,
        )
        .await;
    contract
        .call("control.explain_get", &[["object_id", delivery]], "", None)
        .await;
    let fault =
        json!({"kind": "reply_lost", "operation": "payments.transfers_create", "nth": 1000});
    contract
        .call("control.faults_create", &[], "", Some(fault))
        .await;
    contract.call("control.faults_list", &[], "", None).await;
    contract
        .call(
            "control.faults_delete",
            &[["fault_id", "fault-1"]],
            "",
            None,
        )
        .await;
    contract.call("control.faults_clear", &[], "", None).await;
    contract.call("control.clock_get", &[], "", None).await;
    contract
        .call(
            "control.clock_advance",
            &[],
            "",
            Some(json!({"seconds": 60})),
        )
        .await;
    contract
        .call("control.clock_expire_tokens", &[], "", None)
        .await;

    contract
        .call(
            "control.sandboxes_create",
            &[],
            "",
            Some(json!({"name": "second", "settings": {"information_requests": true}})),
        )
        .await;
    let listed = contract.call("control.sandboxes_list", &[], "", None).await;
    let asking: Vec<_> = listed["data"]["sandboxes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|sandbox| &sandbox["settings"]["information_requests"])
        .collect();
    assert_eq!(asking, [false, true], "{listed}");
    let second = ["sandbox", "second"];
    contract
        .call("control.sandboxes_get", &[second], "", None)
        .await;
    contract
        .call("control.sandboxes_reset", &[second], "", None)
        .await;
    let fork = Some(json!({"name": "third"}));
    contract
        .call("control.sandboxes_fork", &[second], "", fork)
        .await;
    let file = contract
        .download_bytes("control.sandboxes_export", &[second])
        .await;
    contract
        .upload("control.sandboxes_restore", &[second], file.clone())
        .await;
    contract
        .upload("control.sandboxes_import", &[["name", "fourth"]], file)
        .await;
    contract
        .call("control.sandboxes_delete", &[second], "", None)
        .await;
}

async fn plaid_and_accounting(contract: &mut Contract) {
    let made = json!({"institution_id": "ins_109508", "initial_products": ["transactions"]});
    let made = contract
        .call("plaid.sandbox_public_token_create", &[], "", Some(made))
        .await;
    let exchange = json!({"public_token": made["public_token"]});
    contract
        .call("plaid.items_public_token_exchange", &[], "", Some(exchange))
        .await;

    contract.renew_tokens().await;
    let business = json!({"external_id": "acme-1", "legal_name": "Acme Trading Inc",
        "us_state": "MA", "entity_type": "C_CORP", "phone_number": "+16175550100"});
    let made = contract
        .call("accounting.businesses_create", &[], "", Some(business))
        .await;
    let id = made["data"]["id"]
        .as_str()
        .expect("a business has an id")
        .to_owned();
    contract
        .call(
            "accounting.businesses_get",
            &[["business_id", &id]],
            "",
            None,
        )
        .await;
}

/// The body of a request, written out.
struct Body {
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl Body {
    fn json(value: &Value) -> Self {
        Self {
            media_type: "application/json",
            bytes: value.to_string().into(),
        }
    }

    /// A form with one file.
    fn form(content: &str) -> Self {
        Self {
            media_type: "multipart/form-data; boundary=limit",
            bytes: format!(
                "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"proof.pdf\"\r\n\
                 Content-Type: application/pdf\r\n\r\n{content}\r\n--limit--\r\n"
            )
            .into(),
        }
    }

    /// A file as it is.
    fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            media_type: "application/octet-stream",
            bytes: bytes.into(),
        }
    }
}

/// Sends requests by hand and holds the replies against the bundles.
struct Contract {
    http: reqwest::Client,
    info: SandboxInfo,
    bundles: BTreeMap<&'static str, Value>,
    tokens: BTreeMap<&'static str, String>,
    called: BTreeSet<String>,
}

impl Contract {
    async fn with(server: &SandboxServer) -> Self {
        let bundles = ["payments", "accounting", "plaid", "control"].map(|api| {
            (
                api,
                as_2020_12(serde_json::from_str(&read(format!("openapi/{api}.json"))).expect(api)),
            )
        });
        let mut contract = Self {
            http: reqwest::Client::new(),
            info: server.info(),
            bundles: bundles.into(),
            tokens: BTreeMap::new(),
            called: BTreeSet::new(),
        };
        contract.renew_tokens().await;
        contract
    }

    async fn renew_tokens(&mut self) {
        let payments = &self.info.payments;
        let request = self
            .http
            .post(&payments.token_url)
            .query(&[("grant_type", "client_credentials")])
            .basic_auth(
                payments.client_id.as_str(),
                Some(payments.client_secret.as_str()),
            );
        let token = token_of(request).await;
        self.tokens.insert("payments", token);
        let accounting = &self.info.accounting;
        let request = self
            .http
            .post(&accounting.token_url)
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", accounting.scope.as_str()),
            ])
            .basic_auth(
                accounting.client_id.as_str(),
                Some(accounting.client_secret.as_str()),
            );
        let token = token_of(request).await;
        self.tokens.insert("accounting", token);
        self.tokens
            .insert("control", self.info.control_token.as_str().to_owned());
    }

    /// Calls an operation, wants a documented success and gives the reply.
    async fn call(
        &mut self,
        key: &str,
        path: &[[&str; 2]],
        query: &str,
        body: Option<Value>,
    ) -> Value {
        let operation = operations()
            .find(|operation| operation.key() == key)
            .unwrap_or_else(|| panic!("no operation {key}"));
        let body = body.map(|body| Body::json(&body));
        let (status, text) = self.send(operation, path, query, body).await;
        assert!(
            operation.success.contains(&status),
            "{key}: {status} {text}"
        );
        let reply: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{key}: {error}: {text}"));
        self.check(operation, status, &reply);
        self.called.insert(operation.key());
        reply
    }

    /// Calls an operation that gives a file, and reads the file as text.
    async fn download(&mut self, key: &str, path: &[[&str; 2]]) -> String {
        String::from_utf8(self.download_bytes(key, path).await).expect(key)
    }

    /// Calls an operation that gives a file.
    async fn download_bytes(&mut self, key: &str, path: &[[&str; 2]]) -> Vec<u8> {
        let operation = operations()
            .find(|operation| operation.key() == key)
            .unwrap_or_else(|| panic!("no operation {key}"));
        assert!(operation.is_download(), "{key} gives no file");
        let (status, bytes) = self.exchange(operation, path, "", None).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            operation.success.contains(&status),
            "{key}: {status} {text}"
        );
        self.called.insert(operation.key());
        bytes
    }

    /// Calls an operation that takes a file.
    async fn upload(&mut self, key: &str, path: &[[&str; 2]], file: Vec<u8>) {
        let operation = operation::find(key).unwrap_or_else(|| panic!("no operation {key}"));
        let body = Some(Body::raw(file));
        let (status, text) = self.send(operation, path, "", body).await;
        let reply: Value = serde_json::from_str(&text).expect(key);
        assert!(
            operation.success.contains(&status),
            "{key}: {status} {text}"
        );
        self.check(operation, status, &reply);
        self.called.insert(operation.key());
    }

    /// Calls an operation that cannot succeed here and wants a documented refusal.
    async fn refuse(&mut self, key: &str, path: &[[&str; 2]], status: u16, code: &str) {
        let operation = operations()
            .find(|operation| operation.key() == key)
            .unwrap_or_else(|| panic!("no operation {key}"));
        let (answered, text) = self.send(operation, path, "", None).await;
        assert_eq!(answered, status, "{key}: {text}");
        let reply: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{key}: {error}: {text}"));
        self.check(operation, status, &reply);
        assert_eq!(reply["errors"][0]["code"], code, "{key}: {text}");
        self.called.insert(operation.key());
    }

    /// Sends a request of an operation and reads the reply as text.
    async fn send(
        &self,
        operation: &Operation,
        path: &[[&str; 2]],
        query: &str,
        body: Option<Body>,
    ) -> (u16, String) {
        let (status, bytes) = self.exchange(operation, path, query, body).await;
        (status, String::from_utf8(bytes).expect(operation.id))
    }

    /// Sends a request of an operation and reads the reply.
    async fn exchange(
        &self,
        operation: &Operation,
        path: &[[&str; 2]],
        query: &str,
        body: Option<Body>,
    ) -> (u16, Vec<u8>) {
        let key = operation.id;
        let (base, target) = self.target(operation, path);
        let url = format!("{base}{target}{query}");
        let method = reqwest::Method::from_bytes(operation.method.as_str().as_bytes()).expect(key);
        let mut request = self.http.request(method, &url);
        request = match operation.api {
            Api::Plaid => request
                .header("PLAID-CLIENT-ID", self.info.plaid.client_id.as_str())
                .header("PLAID-SECRET", self.info.plaid.secret.as_str()),
            api => request.bearer_auth(&self.tokens[api.as_str()]),
        };
        if operation.signature == SignatureRule::Required {
            let at = unix_now();
            let message = signing_string(
                at,
                operation.method.as_str(),
                &format!("/api{target}"),
                body.as_ref().map_or(b"", |body| &body.bytes),
            );
            let signature = hex::encode(self.signing_key().sign(&message).to_bytes());
            request = request
                .header("x-timestamp", at)
                .header("x-signature", signature);
        }
        if let Some(body) = body {
            request = request
                .header("Content-Type", body.media_type)
                .body(body.bytes);
        }
        let reply = request.send().await.expect(key);
        let status = reply.status().as_u16();
        (status, reply.bytes().await.expect(key).into())
    }

    /// The body that the document of an operation shows; of a form, one with a file.
    fn example(&self, operation: &Operation) -> Option<Body> {
        let bundle = &self.bundles[operation.api.as_str()];
        let method = operation.method.as_str().to_lowercase();
        let content =
            bundle["paths"][operation.path][method]["requestBody"]["content"].as_object()?;
        if operation.is_upload() {
            return Some(Body::form("%PDF-1.7"));
        }
        let example = &content["application/json"]["example"];
        assert!(example.is_object(), "{} shows no example", operation.key());
        Some(Body::json(example))
    }

    fn target(&self, operation: &Operation, path: &[[&str; 2]]) -> (String, String) {
        let base = match operation.api {
            Api::Payments => self.info.payments.base_url.clone(),
            Api::Accounting => self.info.accounting.base_url.clone(),
            Api::Plaid => self.info.plaid.base_url.clone(),
            Api::Control => format!("{}/_control/v1", self.info.url),
        };
        let mut target = operation.path.to_owned();
        for [name, value] in path {
            target = target.replace(&format!("{{{name}}}"), value);
        }
        target = target.replace("{sandbox}", self.info.sandbox.as_str());
        assert!(!target.contains('{'), "{}: {target}", operation.key());
        (base, target)
    }

    fn signing_key(&self) -> SigningKey {
        let seed = hex::decode(self.info.payments.signing_key.as_str()).expect("hex");
        SigningKey::from_bytes(&seed.try_into().expect("32 bytes"))
    }

    fn check(&self, operation: &Operation, status: u16, reply: &Value) {
        let bundle = &self.bundles[operation.api.as_str()];
        let method = operation.method.as_str().to_lowercase();
        let response = &bundle["paths"][operation.path][method]["responses"][status.to_string()];
        let shared = response["$ref"]
            .as_str()
            .and_then(|name| bundle.pointer(name.strip_prefix('#')?));
        let schema = &shared.unwrap_or(response)["content"]["application/json"]["schema"];
        assert!(
            schema.is_object(),
            "{} does not document {status}",
            operation.key()
        );
        let mut root = schema.clone();
        root["components"] = bundle["components"].clone();
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .build(&root)
            .unwrap_or_else(|error| panic!("{}: {error}", operation.key()));
        let faults: Vec<_> = validator
            .iter_errors(reply)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(
            faults.is_empty(),
            "{}: {faults:#?}\n{reply:#}",
            operation.key()
        );
    }
}

/// The differences between OpenAPI 3.0 and JSON Schema 2020-12 that the documents use: `nullable`, and the names that a
/// reader of replies takes for granted (`x-always-sent`).
fn as_2020_12(mut node: Value) -> Value {
    match &mut node {
        Value::Array(items) => {
            for item in items {
                *item = as_2020_12(item.take());
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                *member = as_2020_12(member.take());
            }
            if let Some(sent) = members.remove("x-always-sent") {
                members.insert("required".to_owned(), sent);
            }
            if members.remove("nullable") == Some(Value::Bool(true)) {
                return json!({"anyOf": [members, {"type": "null"}]});
            }
        }
        _ => {}
    }
    node
}

async fn token_of(request: reqwest::RequestBuilder) -> String {
    let reply: Value = request
        .send()
        .await
        .expect("a token")
        .json()
        .await
        .expect("JSON");
    reply["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{reply}"))
        .to_owned()
}

fn unix_now() -> i64 {
    let since = std::time::UNIX_EPOCH
        .elapsed()
        .expect("the clock is past 1970");
    i64::try_from(since.as_secs()).expect("seconds fit")
}
