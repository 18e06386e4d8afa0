//! What the tests of the server share: a plain HTTP client that knows nothing of the project.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use ed25519_dalek::{Signer, SigningKey};
use layer2_mock::{SandboxServer, SandboxServerBuilder};
use reqwest::{Client, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tempfile::TempDir;

/// Members of an error that link to what explains its code.
const LINKS: [&str; 3] = ["doc_url", "documentation_url", "error_uri"];

/// A server to be started, on the store that `TEST_STORE` names: memory, a file of its own in the folder of the
/// build, or a database of its own on the server that `TEST_POSTGRES` names.
pub(crate) fn builder() -> SandboxServerBuilder {
    let builder = SandboxServer::builder();
    let store = match std::env::var("TEST_STORE").as_deref() {
        Err(_) | Ok("memory") => return builder,
        Ok("sqlite") => {
            static MADE: AtomicU32 = AtomicU32::new(0);
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stores");
            std::fs::create_dir_all(&folder).expect("folder");
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}.db", std::process::id()));
            // A process of an earlier run may have had the number.
            for end in ["", "-wal"] {
                let _ = std::fs::remove_file(format!("{}{end}", path.display()));
            }
            format!("sqlite:{}", path.display())
        }
        #[cfg(feature = "postgres")]
        Ok("postgres") => crate::postgres::database::on_shared_server(),
        Ok(other) => panic!("TEST_STORE={other}: expected memory, sqlite or postgres"),
    };
    builder.store(store.parse().expect("a store"))
}

/// Starts a server that is watched until the test ends.
pub(crate) trait Watched {
    async fn watched(self) -> TestServer;
}

impl Watched for SandboxServerBuilder {
    async fn watched(self) -> TestServer {
        TestServer(self.start().await.expect("start"))
    }
}

/// A server of a test. When it is dropped, nothing that it sent may have differed from the documents.
#[derive(Debug)]
pub(crate) struct TestServer(SandboxServer);

impl Deref for TestServer {
    type Target = SandboxServer;

    fn deref(&self) -> &SandboxServer {
        &self.0
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // A test that fails anyway says why itself; a second panic would hide it.
        if !std::thread::panicking() {
            assert_eq!(self.contract_violations(), Vec::<String>::new());
        }
    }
}

/// A folder that is removed when the test ends.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("folder")
}

/// A reply, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Reply {
        Reply {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.expect("body"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// The body without its links to the reference of the error codes, which have tests of their own.
    pub(crate) fn without_links(&self) -> Value {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.retain(|name, _| !LINKS.contains(&name.as_str()));
                    members.values_mut().for_each(strip);
                }
                Value::Array(items) => items.iter_mut().for_each(strip),
                _ => {}
            }
        }
        let mut body = self.json();
        strip(&mut body);
        body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first code of an error of the payments or control API.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json()
    }
}

/// Calls one sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) http: Client,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) control: String,
    pub(crate) sandbox: String,
    pub(crate) signing_key: SigningKey,
}

impl Caller {
    /// A caller of the default sandbox, with a token for everything.
    pub(crate) async fn new(server: &SandboxServer) -> Caller {
        let info = serde_json::to_value(server.info()).expect("info");
        Caller::of(&info).await
    }

    /// A caller of the sandbox of a ready-file object.
    pub(crate) async fn of(info: &Value) -> Caller {
        let http = Client::builder().no_proxy().build().expect("client");
        Caller::over(http, info).await
    }

    /// The same, over connections that others use too.
    pub(crate) async fn over(http: Client, info: &Value) -> Caller {
        let text = |pointer: &str| {
            info.pointer(pointer)
                .and_then(Value::as_str)
                .expect(pointer)
                .to_owned()
        };
        let reply = http
            .post(format!(
                "{}?grant_type=client_credentials",
                text("/payments/token_url")
            ))
            .basic_auth(
                text("/payments/client_id"),
                Some(text("/payments/client_secret")),
            )
            .send()
            .await
            .expect("token");
        let token = Reply::read(reply).await.ok()["access_token"]
            .as_str()
            .expect("token")
            .to_owned();
        let mut seed = [0; 32];
        hex::decode_to_slice(text("/payments/signing_key"), &mut seed).expect("key");
        Caller {
            http,
            url: text("/url"),
            token,
            control: text("/control_token"),
            sandbox: text("/sandbox"),
            signing_key: SigningKey::from_bytes(&seed),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// A call of the payments API.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Reply {
        Reply::read(
            self.request(method, path, body, headers)
                .send()
                .await
                .expect(path),
        )
        .await
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
    }

    /// A signed call without a body.
    pub(crate) async fn post_signed(&self, path: &str, key: &str) -> Reply {
        let request = self.signed(path, key);
        Reply::read(request.send().await.expect(path)).await
    }

    pub(crate) fn signed(&self, path: &str, key: &str) -> reqwest::RequestBuilder {
        self.signed_with(path, key, None)
    }

    pub(crate) fn signed_with(
        &self,
        path: &str,
        key: &str,
        body: Option<&str>,
    ) -> reqwest::RequestBuilder {
        let now = jiff::Timestamp::now().as_second();
        let text = format!("{now}POST{path}{}", body.unwrap_or_default());
        let signature = self.signing_key.sign(text.as_bytes());
        self.request(
            Method::POST,
            path,
            body,
            &[
                ("x-l2f-idempotency-id", key),
                ("x-timestamp", &now.to_string()),
                ("x-signature", &hex::encode(signature.to_bytes())),
            ],
        )
    }

    /// A call of the control API about this sandbox.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<&str>) -> Reply {
        let url = format!("{}/_control/v1/sandboxes/{}{path}", self.url, self.sandbox);
        let mut request = self.http.request(method, url).bearer_auth(&self.control);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        Reply::read(request.send().await.expect(path)).await
    }

    /// A call of the control API about the sandboxes of the server.
    pub(crate) async fn sandboxes(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}/_control/v1/sandboxes{path}", self.url);
        let mut request = self.http.request(method, url).bearer_auth(&self.control);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        Reply::read(request.send().await.expect(path)).await
    }

    /// The file of the sandbox.
    pub(crate) async fn export(&self) -> Vec<u8> {
        let url = format!("{}/_control/v1/sandboxes/{}/export", self.url, self.sandbox);
        let reply = self.http.get(url).bearer_auth(&self.control).send().await;
        let reply = reply.expect("sent");
        assert_eq!(reply.status(), 200, "{reply:?}");
        reply.bytes().await.expect("file").into()
    }

    /// A call of the control API with a file.
    pub(crate) fn sending(&self, path: &str, file: &[u8]) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/_control/v1{path}", self.url));
        let request = request.bearer_auth(&self.control);
        let request = request.header("content-type", "application/octet-stream");
        request.body(file.to_vec())
    }

    /// Puts the sandbox back to a file.
    pub(crate) async fn restore(&self, file: &[u8]) -> Reply {
        let path = format!("/sandboxes/{}/restore", self.sandbox);
        Reply::read(self.sending(&path, file).send().await.expect("sent")).await
    }

    /// Makes a sandbox from a file.
    pub(crate) async fn import(&self, name: &str, file: &[u8]) -> Reply {
        let path = format!("/imports/{name}");
        Reply::read(self.sending(&path, file).send().await.expect("sent")).await
    }

    /// Requests a transfer and gives its id.
    pub(crate) async fn transfer(&self, amount: &str) -> String {
        let body = format!(
            r#"{{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":{amount}}}"#
        );
        let reply = self.post("/api/v1/transfers", &body).await.ok();
        reply["data"]["id"].as_str().expect("id").to_owned()
    }

    /// Lets money arrive on ACME_USD.
    pub(crate) async fn fund(&self, amount: &str) {
        let body = format!(r#"{{"account_id":"ACME_USD","amount":{amount}}}"#);
        self.control(Method::POST, "/inbound", Some(&body))
            .await
            .ok();
    }

    /// Current and available balance of an account in cents, from the digits as they were sent.
    pub(crate) async fn balances(&self, account: &str) -> (i64, i64) {
        #[derive(Deserialize)]
        struct Read {
            data: Held,
        }
        #[derive(Deserialize)]
        struct Held {
            current_balance: Box<RawValue>,
            available_balance: Box<RawValue>,
        }
        let path = format!("/api/v1/accounts/deposits/{account}");
        let reply = self.get(&path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let Read { data } = serde_json::from_str(&reply.text).expect(&reply.text);
        (
            cents(data.current_balance.get()),
            cents(data.available_balance.get()),
        )
    }

    /// Waits until nothing is due.
    pub(crate) async fn settle(&self) -> Value {
        self.control(Method::POST, "/settle", None).await.ok()
    }
}

/// An amount of the wire in cents; one that has more decimals is no amount of dollars.
fn cents(digits: &str) -> i64 {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(part.len() <= 2, "{digits}");
    format!("{whole}{part:0<2}").parse().expect(digits)
}
