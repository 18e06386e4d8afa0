//! A client that writes its requests out by hand and holds the replies against the bundles.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer as _, SigningKey};
use layer2_mock::SandboxServer;
use layer2_types::{
    Api, Operation,
    control::SandboxInfo,
    operation::{self, SignatureRule},
    signing_string,
};
use serde_json::{Value, json};

use crate::tree::read;

/// Sends requests by hand and holds the replies against the bundles.
pub(super) struct Contract {
    http: reqwest::Client,
    pub(super) info: SandboxInfo,
    bundles: BTreeMap<&'static str, Value>,
    tokens: BTreeMap<&'static str, String>,
    pub(super) called: BTreeSet<String>,
}

impl Contract {
    pub(super) async fn with(server: &SandboxServer) -> Self {
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

    pub(super) async fn renew_tokens(&mut self) {
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

    /// Calls an operation with no query and no body.
    pub(super) async fn ask(&mut self, key: &str, path: &[[&str; 2]]) -> Value {
        self.call(key, path, "", None).await
    }

    /// Calls an operation that lists something.
    pub(super) async fn list(&mut self, key: &str, query: &str) -> Value {
        self.call(key, &[], query, None).await
    }

    /// Calls an operation with a body.
    pub(super) async fn tell(&mut self, key: &str, path: &[[&str; 2]], body: Value) -> Value {
        self.call(key, path, "", Some(body)).await
    }

    /// Calls an operation, wants a documented success and gives the reply.
    pub(super) async fn call(
        &mut self,
        key: &str,
        path: &[[&str; 2]],
        query: &str,
        body: Option<Value>,
    ) -> Value {
        let operation = operation_of(key);
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
    pub(super) async fn download(&mut self, key: &str, path: &[[&str; 2]]) -> String {
        String::from_utf8(self.download_bytes(key, path).await).expect(key)
    }

    /// Calls an operation that gives a file.
    pub(super) async fn download_bytes(&mut self, key: &str, path: &[[&str; 2]]) -> Vec<u8> {
        let operation = operation_of(key);
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
    pub(super) async fn upload(&mut self, key: &str, path: &[[&str; 2]], file: Vec<u8>) {
        let operation = operation_of(key);
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
    pub(super) async fn refuse(&mut self, key: &str, path: &[[&str; 2]], status: u16, code: &str) {
        let operation = operation_of(key);
        let (answered, text) = self.send(operation, path, "", None).await;
        assert_eq!(answered, status, "{key}: {text}");
        let reply: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{key}: {error}: {text}"));
        self.check(operation, status, &reply);
        assert_eq!(reply["errors"][0]["code"], code, "{key}: {text}");
        self.called.insert(operation.key());
    }

    /// Sends a request of an operation and reads the reply as text.
    pub(super) async fn send(
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
    pub(super) fn example(&self, operation: &Operation) -> Option<Body> {
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

    pub(super) fn check(&self, operation: &Operation, status: u16, reply: &Value) {
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

/// The body of a request, written out.
pub(super) struct Body {
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
    pub(super) fn form(content: &str) -> Self {
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
    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            media_type: "application/octet-stream",
            bytes: bytes.into(),
        }
    }
}

fn operation_of(key: &str) -> &'static Operation {
    operation::find(key).unwrap_or_else(|| panic!("no operation {key}"))
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
