//! Clients that do one thing after the other, each in a sandbox of its own, and know after a crash what there may be: what
//! was acknowledged, or that and the one command that was on its way.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{
    home::Dies,
    transfers::{answer, is_refused},
};
use crate::support::{Caller, Reply};

/// What one client does.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Lets a dollar arrive; every ninth time the sandbox begins again.
    Resets,
    /// Moves the clock by one second.
    Clock,
    /// Puts another file in the place of the one before, and reads it.
    Uploads,
    /// Takes a file of the sandbox after every dollar, and goes back to the last one every fifth time.
    Restores,
}

/// One client and what it knows.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    work: Work,
    sandbox: &'static str,
    /// What there is.
    now: i64,
    /// What there is as well, where a command is on its way.
    next: i64,
    /// How many commands it has sent.
    sent: u64,
    /// The last export, and what there was then.
    export: Option<(Vec<u8>, i64)>,
    dies: Dies,
}

/// One of each.
pub(super) fn all(dies: Dies) -> Vec<Witness> {
    let witness = |(work, sandbox)| Witness {
        work,
        sandbox,
        now: 0,
        next: 0,
        sent: 0,
        export: None,
        dies,
    };
    let kinds = [
        (Work::Resets, "resets"),
        (Work::Clock, "clock"),
        (Work::Uploads, "uploads"),
        (Work::Restores, "restores"),
    ];
    kinds.into_iter().map(witness).collect()
}

impl Witness {
    /// Makes its sandbox.
    pub(super) async fn set_up(&self, server: &Caller) {
        let url = format!("{}/_control/v1/sandboxes", server.url);
        let body = json!({"name": self.sandbox}).to_string();
        let made = server.http.post(url).bearer_auth(&server.control);
        let made = made.header("content-type", "application/json").body(body);
        Reply::read(made.send().await.expect("sent")).await.ok();
        if let Work::Uploads = self.work {
            let caller = self.caller(server).await;
            let application = json!({
                "application_type": "INDIVIDUAL",
                "customer_id": "ADA",
                "account_to_open": {"account_id": "ADA_USD", "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"},
                "terms_and_conditions_accepted": true,
                "customer_details": {"first_name": "Ada", "last_name": "Example"},
            });
            let path = "/api/v1/applications";
            caller.post(path, &application.to_string()).await.ok();
            let upload = self.try_upload(&caller, 0).await.expect("a document");
            assert!(self.answer(upload).await.is_some());
        }
    }

    /// A caller of its sandbox at this server.
    async fn caller(&self, server: &Caller) -> Caller {
        let url = format!("{}/_control/v1/sandboxes/{}", server.url, self.sandbox);
        let found = server.http.get(url).bearer_auth(&server.control);
        let found = Reply::read(found.send().await.expect("sent")).await.ok();
        Caller::over(server.http.clone(), &found["data"]).await
    }

    /// Works until no answer comes.
    pub(super) async fn work_until_dead(mut self, server: Caller) -> Witness {
        let url = format!("{}/_control/v1/sandboxes/{}", server.url, self.sandbox);
        let found = server.http.get(url).bearer_auth(&server.control);
        // The server may be dead before it has begun.
        let Some(found) = self.answer(found).await else {
            return self;
        };
        let found: Value = serde_json::from_str(&found).expect("JSON");
        let Some(caller) = self.caller_of(&server, &found["data"]).await else {
            return self;
        };
        while self.step(&caller).await.is_some() {}
        self
    }

    /// Sends one command, and says whether it was acknowledged.
    async fn step(&mut self, caller: &Caller) -> Option<()> {
        self.sent += 1;
        match self.work {
            Work::Resets if self.sent.is_multiple_of(9) => {
                self.next = 0;
                self.answer(control(caller, "/reset", "")).await?;
            }
            Work::Resets => self.fund(caller).await?,
            Work::Clock => {
                self.next = self.now + 1;
                let advance = control(caller, "/clock/advance", r#"{"seconds":1}"#);
                self.answer(advance).await?;
            }
            Work::Uploads => {
                self.next = self.now + 1;
                let upload = self.try_upload(caller, self.next).await?;
                self.answer(upload).await?;
            }
            Work::Restores => match &self.export {
                Some((file, then)) if self.sent.is_multiple_of(5) => {
                    self.next = *then;
                    let path = format!("/sandboxes/{}/restore", self.sandbox);
                    self.answer(caller.sending(&path, file)).await?;
                }
                _ => {
                    self.fund(caller).await?;
                    self.export = Some((self.try_export(caller).await?, self.next));
                }
            },
        }
        self.now = self.next;
        Some(())
    }

    async fn fund(&mut self, caller: &Caller) -> Option<()> {
        self.next = self.now + 1;
        let dollar = r#"{"account_id":"ACME_USD","amount":1}"#;
        self.answer(control(caller, "/inbound", dollar)).await?;
        self.now = self.next;
        Some(())
    }

    /// Looks what there is, which must be one of the two, and goes on from it.
    pub(super) async fn compare(&mut self, server: &Caller) {
        let caller = self.caller(server).await;
        let found = match self.work {
            Work::Resets | Work::Restores => {
                let account = caller.get("/api/v1/accounts/deposits/ACME_USD").await.ok();
                account["data"]["available_balance"].as_i64()
            }
            Work::Clock => {
                let clock = caller.control(Method::GET, "/clock", None).await.ok();
                clock["data"]["offset_seconds"].as_i64()
            }
            Work::Uploads => {
                let path = format!(
                    "{}/download",
                    self.document(&caller).await.expect("a document")
                );
                let file = caller.get(&path).await.text;
                file.strip_prefix("%PDF-1.7 ")
                    .and_then(|number| number.parse().ok())
            }
        };
        let found = found.unwrap_or_else(|| panic!("{self:?} finds nothing"));
        assert!(
            found == self.now || found == self.next,
            "{:?} finds {found} where it knows of {} and may find {}",
            self.work,
            self.now,
            self.next
        );
        (self.now, self.next) = (found, found);
        let books = caller.control(Method::GET, "/ledger/trial-balance", None);
        assert_eq!(books.await.ok()["balanced"], true, "{:?}", self.work);
    }

    /// The same as [`Caller::over`] of a server that may be dead.
    async fn caller_of(&self, server: &Caller, info: &Value) -> Option<Caller> {
        let text = |pointer: &str| {
            info.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let url = format!(
            "{}?grant_type=client_credentials",
            text("/payments/token_url")?
        );
        let secret = text("/payments/client_secret");
        let token = server
            .http
            .post(url)
            .basic_auth(text("/payments/client_id")?, secret);
        let token: Value = serde_json::from_str(&self.answer(token).await?).ok()?;
        Some(Caller {
            token: token["access_token"].as_str()?.to_owned(),
            sandbox: text("/sandbox")?,
            ..server.clone()
        })
    }

    async fn try_export(&self, caller: &Caller) -> Option<Vec<u8>> {
        let url = format!(
            "{}/_control/v1/sandboxes/{}/export",
            caller.url, caller.sandbox
        );
        let reply = caller.http.get(url).bearer_auth(&caller.control);
        let reply = reply.send().await.ok()?;
        if reply.status() == StatusCode::OK {
            return Some(reply.bytes().await.ok()?.into());
        }
        let reply = Reply::read(reply).await;
        assert!(is_refused(&reply, self.dies), "{reply:?}");
        None
    }

    /// Where the file goes.
    async fn document(&self, caller: &Caller) -> Option<String> {
        let read = |path: String| self.answer(caller.request(Method::GET, &path, None, &[]));
        let applications = read("/api/v1/applications".to_owned()).await?;
        let applications: Value = serde_json::from_str(&applications).ok()?;
        let id = applications["data"]["applications"][0]["id"].as_str()?;
        let review = read(format!("/api/v1/applications/{id}/status")).await?;
        let review: Value = serde_json::from_str(&review).ok()?;
        let asked = review["data"]["application_document_errors"][0]["id"].as_str()?;
        Some(format!("/api/v1/documents/{asked}"))
    }

    /// The upload of the file of this number, under a key of its own.
    async fn try_upload(&self, caller: &Caller, number: i64) -> Option<RequestBuilder> {
        let key = format!("upload-{number}");
        let headers = [
            ("content-disposition", r#"attachment; filename="proof.pdf""#),
            ("x-l2f-idempotency-id", &key),
        ];
        let document = self.document(caller).await?;
        let request = caller.request(Method::POST, &document, None, &headers);
        Some(request.body(format!("%PDF-1.7 {number}")))
    }

    async fn answer(&self, request: RequestBuilder) -> Option<String> {
        answer(request, self.dies).await
    }
}

fn control(caller: &Caller, path: &str, body: &'static str) -> RequestBuilder {
    let url = format!(
        "{}/_control/v1/sandboxes/{}{path}",
        caller.url, caller.sandbox
    );
    let request = caller.http.post(url).bearer_auth(&caller.control);
    match body {
        "" => request,
        body => request
            .header("content-type", "application/json")
            .body(body),
    }
}
