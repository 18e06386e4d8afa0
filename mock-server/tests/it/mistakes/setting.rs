//! What mistakes are made with: a server, its sandboxes, and a table's way of saying a request.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use layer2_mock::{ClockMode, RULES_VERSION, SandboxServer, SandboxServerBuilder};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{self, Caller, Reply, TestServer, Watched as _};

/// One mistake: the name of its file and the request that makes it.
pub(super) type Mistake = (&'static str, RequestBuilder);

/// What the mistakes are made with.
pub(super) struct Setting {
    pub(super) server: TestServer,
    pub(super) caller: Caller,
    /// Another sandbox of the same server.
    pub(super) blue: Caller,
    /// A third one, whose client is regulated itself, where a subject has made it.
    pub(super) regulated: Option<Caller>,
    /// A token with the scope to read customers and no other.
    pub(super) narrow: String,
    pub(super) accounting_token: String,
    /// Ids of what was made, by the name that the files call it.
    ids: BTreeMap<&'static str, String>,
    /// Exports, as they were made and otherwise.
    pub(super) files: BTreeMap<&'static str, Vec<u8>>,
    pub(super) now: i64,
}

/// A request in words. `{name}` in them stands for the id of what was made under that name.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    body: String,
    key: Option<&'static str>,
    signed: bool,
}

/// The body of a call: a text as it stands, or JSON.
pub(super) struct Text(String);

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text)
    }
}

impl From<Value> for Text {
    fn from(json: Value) -> Text {
        Text(json.to_string())
    }
}

impl From<&Value> for Text {
    fn from(json: &Value) -> Text {
        Text(json.to_string())
    }
}

pub(super) fn get(path: &str) -> Call {
    Call::new(Method::GET, path, "")
}

pub(super) fn post(path: &str, body: impl Into<Text>) -> Call {
    Call::new(Method::POST, path, body)
}

pub(super) fn patch(path: &str, body: impl Into<Text>) -> Call {
    Call::new(Method::PATCH, path, body)
}

pub(super) fn put(path: &str, body: impl Into<Text>) -> Call {
    Call::new(Method::PUT, path, body)
}

pub(super) fn delete(path: &str) -> Call {
    Call::new(Method::DELETE, path, "")
}

/// A signed acceptance.
pub(super) fn accept(path: &str) -> Call {
    Call::new(Method::POST, path, "").signed()
}

/// A path of the control API about the sandbox.
pub(super) fn control(path: &str) -> String {
    format!("/_control/v1/sandboxes/default{path}")
}

/// The body of a PATCH that sets one field.
pub(super) fn update(field: &str, value: &str) -> String {
    json!({"updates": [{"field": field, "value": value}], "reason": "a test"}).to_string()
}

impl Call {
    fn new(method: Method, path: &str, body: impl Into<Text>) -> Call {
        Call {
            method,
            path: path.to_owned(),
            body: body.into().0,
            key: None,
            signed: false,
        }
    }

    pub(super) fn key(self, key: &'static str) -> Call {
        Call {
            key: Some(key),
            ..self
        }
    }

    pub(super) fn signed(self) -> Call {
        Call {
            signed: true,
            ..self
        }
    }
}

impl Setting {
    pub(super) async fn new() -> Setting {
        Setting::on(support::builder()).await
    }

    pub(super) async fn on(builder: SandboxServerBuilder) -> Setting {
        let server = builder.clock(ClockMode::Manual).watched().await;
        let caller = Caller::new(&server).await;
        let made = caller
            .http
            .post(format!("{}/_control/v1/sandboxes", server.url()))
            .bearer_auth(&caller.control)
            .header("content-type", "application/json")
            .body(r#"{"name":"blue"}"#);
        let made = Reply::read(made.send().await.expect("sent")).await.ok();
        let blue = Caller::of(&made["data"]).await;
        let foreign = blue.transfer("1").await;
        blue.control(Method::POST, "/tokens/expire", None)
            .await
            .ok();
        let mut at = Setting {
            narrow: token(&server, "payments", "customers:read").await,
            accounting_token: token(&server, "accounting", "").await,
            ids: BTreeMap::from([("foreign", foreign)]),
            files: BTreeMap::new(),
            now: jiff::Timestamp::now().as_second(),
            server,
            caller,
            blue,
            regulated: None,
        };
        at.set_up().await;
        at
    }

    /// Money on ACME_USD, two accounts in bitcoin of which one is frozen, and transfers.
    async fn set_up(&mut self) {
        self.caller.fund("100").await;
        let accounts = "/api/v1/accounts/deposits";
        for account in ["ACME_BTC", "JANE_BTC"] {
            let body = opening(&self.server, account, "BITCOIN_TESTNET_BTC");
            self.ok(post(accounts, body)).await;
        }
        let frozen = "/api/v1/accounts/deposits/ACME_BTC";
        self.ok(patch(frozen, update("status", "FROZEN"))).await;
        let transfers = "/api/v1/transfers";
        self.ok(post(transfers, TRANSFER).key("used")).await;
        let of = |amount: &str| post(transfers, TRANSFER.replace("1.50", amount));
        self.make("transfer", of("1")).await;
        self.make("unaffordable", of("100.01")).await;
    }

    /// Makes the sandbox of a regulated client.
    pub(super) async fn regulate(&mut self) {
        let body = json!({"name": "regulated", "settings": {"regulated_client": true}});
        let made = self.ok(post("/_control/v1/sandboxes", body)).await;
        self.regulated = Some(Caller::of(&made["data"]).await);
    }

    /// A customer that the regulated client makes.
    pub(super) fn regulated_customer(&self, id: &str, key: &str) -> RequestBuilder {
        let body =
            json!({"customer_type": "CORPORATION", "id": id, "registered_name": "Hooli Inc"});
        let caller = self.regulated.as_ref().expect("a regulated client");
        let key = [("x-l2f-idempotency-id", key)];
        caller.request(
            Method::POST,
            "/api/v1/customers",
            Some(&body.to_string()),
            &key,
        )
    }

    /// Carries out a call that goes well.
    pub(super) async fn ok(&self, call: Call) -> Value {
        let reply = Reply::read(self.request(&call).send().await.expect("sent")).await;
        assert!(reply.status.is_success(), "{call:?}: {}", reply.text);
        serde_json::from_str(&reply.text).unwrap_or_default()
    }

    /// Makes something and remembers its id under a name.
    pub(super) async fn make(&mut self, name: &'static str, call: Call) -> Value {
        let reply = self.ok(call).await;
        let id = reply["data"]["id"].as_str().expect(name);
        self.remember(name, id);
        reply
    }

    pub(super) fn remember(&mut self, name: &'static str, id: &str) {
        self.ids.insert(name, id.to_owned());
    }

    /// The request that a call says.
    pub(super) fn request(&self, call: &Call) -> RequestBuilder {
        let path = self.filled(&call.path);
        let body = self.filled(&call.body);
        let token = match path.starts_with("/_control") {
            true => &self.caller.control,
            false => &self.caller.token,
        };
        let mut request = self
            .caller
            .http
            .request(call.method.clone(), self.url(&path))
            .bearer_auth(token);
        if let Some(key) = call.key {
            request = request.header("x-l2f-idempotency-id", key);
        }
        if call.signed {
            let text = format!("{}{}{path}{body}", self.now, call.method);
            let signature = self.caller.signing_key.sign(text.as_bytes());
            request = request
                .header("x-timestamp", self.now)
                .header("x-signature", hex::encode(signature.to_bytes()));
        }
        match body.is_empty() {
            true => request,
            false => request
                .header("content-type", "application/json")
                .body(body),
        }
    }

    /// The requests of a table.
    pub(super) fn requests(&self, table: Vec<(&'static str, Call)>) -> Vec<Mistake> {
        let row = |(name, call): (&'static str, Call)| (name, self.request(&call));
        table.into_iter().map(row).collect()
    }

    /// A request with one of the files.
    pub(super) fn sending(&self, path: &str, file: &str) -> RequestBuilder {
        self.caller.sending(path, &self.files[file])
    }

    fn filled(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{name}}}"), id)
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.request(&get(path))
    }

    pub(super) fn post(&self, path: &str, body: &str) -> RequestBuilder {
        self.request(&post(path, body))
    }

    /// A transfer of this amount.
    pub(super) fn amount(&self, amount: &str) -> RequestBuilder {
        self.post("/api/v1/transfers", &TRANSFER.replace("1.50", amount))
    }

    pub(super) fn with_token(&self, token: &str) -> RequestBuilder {
        self.caller
            .http
            .get(self.url("/api/v1/transfers/x"))
            .bearer_auth(token)
    }

    /// The token endpoint of payments, asked with good credentials.
    pub(super) fn token(&self, query: &str) -> RequestBuilder {
        let info = self.server.info().payments;
        self.caller
            .http
            .post(format!("{}{query}", info.token_url))
            .basic_auth(info.client_id.as_str(), Some(info.client_secret))
    }

    pub(super) fn accept_path(&self) -> String {
        self.accept_path_of("transfer")
    }

    /// The path that accepts the transfer of this name.
    pub(super) fn accept_path_of(&self, name: &str) -> String {
        self.filled(&format!("/api/v1/transfers/{{{name}}}/accept"))
    }

    /// Accepts the transfer with these two headers.
    pub(super) fn accept(&self, timestamp: &str, signature: &str) -> RequestBuilder {
        let headers = [("x-timestamp", timestamp), ("x-signature", signature)];
        self.caller
            .request(Method::POST, &self.accept_path(), None, &headers)
    }

    /// Signs a text and accepts the transfer at this second.
    pub(super) fn accept_signed(&self, key: &SigningKey, text: &str) -> RequestBuilder {
        let signature = hex::encode(key.sign(text.as_bytes()).to_bytes());
        self.accept(&self.now.to_string(), &signature)
    }

    /// Requests a transfer with the signature of another body.
    pub(super) fn transfer_signed(&self, body: &str) -> RequestBuilder {
        let path = "/api/v1/transfers";
        let text = format!("{}POST{path}{body}", self.now);
        self.with_signature(Method::POST, path, Some(TRANSFER), &text)
    }

    /// Reads a list with a query, signed as if it had this path and query.
    pub(super) fn list_signed(&self, path_and_query: &str) -> RequestBuilder {
        let text = format!("{}GET{path_and_query}", self.now);
        self.with_signature(
            Method::GET,
            "/api/v1/accounts/deposits?page_size=5",
            None,
            &text,
        )
    }

    /// A call with the signature of this text.
    fn with_signature(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        text: &str,
    ) -> RequestBuilder {
        let signature = self.caller.signing_key.sign(text.as_bytes());
        let headers = [
            ("x-timestamp", self.now.to_string()),
            ("x-signature", hex::encode(signature.to_bytes())),
        ];
        let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
        self.caller.request(method, path, body, &headers)
    }

    /// A file stays the same from run to run: what the machine's clock, the port, the keys and the order of the setting
    /// decide is named in it.
    pub(super) fn named(&self, text: &str) -> String {
        let key = hex::encode(self.caller.signing_key.verifying_key().as_bytes());
        let mut text = text
            .replace(self.server.url(), "{url}")
            .replace(&key, "{public key}")
            .replace(&format!("version {RULES_VERSION} or"), "version {rules} or");
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
        self.ids.iter().fold(text, |text, (name, id)| {
            text.replace(id, &format!("{{{name}}}"))
        })
    }
}

pub(super) const TRANSFER: &str =
    r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1.50}"#;

/// The body that opens an account of the first customer.
pub(super) fn opening(server: &SandboxServer, account: &str, asset: &str) -> String {
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
