//! The order in which a request is checked, carried out and answered. This is the file to read first.
//!
//! ```text
//! route -> body within its limit -> sandbox and token -> scope -> signature -> media type, JSON, validation
//!       -> one lock: due work, replay or execute, journal -> reply -> ordered fault
//! ```
//!
//! Everything before the lock is pure: it looks at the request and the operation table and changes nothing. Each refusal
//! is rendered by the profile of its API. A client that goes away cancels nothing: the whole of it runs in a task that
//! nobody drops.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use layer2_types::operation::{Api, Effect, IdempotencyRule, Operation, RunsIn};
use layer2_world::{
    command::{ClientCommand, Fingerprint, IdempotencyKey},
    rejection::Problem,
    request::{OperationRef, Request as WorldRequest},
    settings::ErrorStyle,
};
use sha2::{Digest, Sha256};

use super::{
    cors,
    headers::{self, RequestId},
    json::{Json, JsonError},
    limits,
    listener::Connection,
    query,
    route::{NoMatch, Target},
    signature::{self, SignatureError, SignedRequest},
    validate,
};
use crate::{
    api::{Call, Caller, Surface, oauth, plaid, refuse, refuse_with},
    errors::{Failure, Refusal},
    faults::{Facts, FaultKind},
    generated,
    request_log::RequestRecord,
    sandbox::{Broken, Sandbox, lock},
    server::Server,
};

/// Answers every request of the server.
pub(crate) async fn serve(
    State(server): State<Arc<Server>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request<Body>,
) -> Response<Body> {
    let surface = Surface::of_path(request.uri().path());
    let request_id = RequestId::of(request.headers());
    // A client that times out drops the handler's future; a task of its own goes on to the end.
    let task = tokio::spawn(answer(server, connection, request, request_id.clone()));
    match task.await {
        Ok(response) => response,
        // The task panicked: a defect of ours, told in the language of the API.
        Err(_) => {
            let failure = internal(
                surface,
                "the server met a defect of its own; please report it",
            );
            let body =
                surface
                    .profile()
                    .render(&failure.rejection, &request_id, ErrorStyle::Helpful);
            response(StatusCode::INTERNAL_SERVER_ERROR, body, &request_id)
        }
    }
}

async fn answer(
    server: Arc<Server>,
    connection: Connection,
    request: Request<Body>,
    request_id: RequestId,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut exchange = Exchange {
        started: Instant::now(),
        surface: Surface::of_path(parts.uri.path()),
        request_id,
        sandbox: None,
        op: None,
        key: None,
        path: Vec::new(),
    };
    if cors::is_preflight(exchange.surface, &parts.method, &parts.headers) {
        let mut reply = Response::new(Body::empty());
        *reply.status_mut() = StatusCode::NO_CONTENT;
        cors::answer_preflight(reply.headers_mut());
        return reply;
    }
    let result = exchange.run(&server, &parts, body).await;
    exchange.finish(&server, &connection, &parts.headers, result)
}

/// A successful answer.
struct Answer {
    status: u16,
    body: String,
    media: &'static str,
    replayed: bool,
    no_store: bool,
}

impl Answer {
    fn json(status: u16, body: String) -> Answer {
        Answer {
            status,
            body,
            media: "application/json",
            replayed: false,
            no_store: false,
        }
    }
}

/// What is known of a request so far; kept apart from the result, because a refusal needs it too.
struct Exchange {
    started: Instant,
    surface: Surface,
    request_id: RequestId,
    sandbox: Option<Arc<Sandbox>>,
    op: Option<OperationRef>,
    key: Option<String>,
    path: Vec<(String, String)>,
}

impl Exchange {
    async fn run(&mut self, server: &Server, parts: &Parts, body: Body) -> Result<Answer, Failure> {
        let found = server
            .routes
            .find(&parts.method, parts.uri.path())
            .map_err(|miss| self.no_route(&miss, parts))?;
        self.path = found.path;
        match found.target {
            Target::Health => Ok(Answer::json(200, health())),
            Target::Metrics => Ok(Answer {
                media: "text/plain; version=0.0.4",
                ..Answer::json(200, server.metrics.render(server))
            }),
            Target::Token(api) => self.token(server, api, parts, body).await,
            Target::Operation(op) => self.operation(server, op, parts, body).await,
        }
    }

    async fn token(
        &mut self,
        server: &Server,
        api: Api,
        parts: &Parts,
        body: Body,
    ) -> Result<Answer, Failure> {
        let query = self.query_pairs(parts)?;
        let body = self.read_body(body, limits::TOKEN_BODY_BYTES).await?;
        let request = oauth::TokenRequest {
            api,
            headers: &parts.headers,
            query: &query,
            body: &body,
        };
        let issued = oauth::issue(server, &request)?;
        self.sandbox = Some(issued.sandbox);
        Ok(Answer {
            no_store: true,
            ..Answer::json(200, issued.body)
        })
    }

    async fn operation(
        &mut self,
        server: &Server,
        op: OperationRef,
        parts: &Parts,
        body: Body,
    ) -> Result<Answer, Failure> {
        let operation = op.operation();
        self.op = Some(op);
        self.surface = Surface::of_api(operation.api);
        let bytes = self.read_body(body, body_limit(operation)).await?;
        let json = read_json(operation, &bytes);
        let caller = self.locate(server, parts, json.as_ref().ok().and_then(Option::as_ref))?;
        self.check_scopes(operation, &caller)?;
        if let Some(sandbox) = &self.sandbox {
            self.check_signature(sandbox, operation, parts, &bytes)?;
        }
        self.check_media_type(operation, parts, &bytes)?;
        let mut json = json.map_err(|error| self.not_json(&error))?;
        let query = self.query_pairs(parts)?;
        let key = self.idempotency_key(operation, &parts.headers)?;
        let secrets = self.surface.profile().secret_members();
        if let Some(json) = &mut json {
            json.remove_members(secrets);
        }
        self.validate(operation, &query, json.as_ref())?;
        let request = WorldRequest {
            op,
            path: self.path.clone(),
            body: body_text(json.as_ref(), &bytes, secrets),
            query,
            actor: caller.actor,
        };
        let fingerprint = fingerprint(&request, json.as_ref());
        self.carry_out(server, operation, request, key, fingerprint)
            .await
    }

    /// Finds out who calls, and remembers the sandbox for the log and the faults.
    fn locate(
        &mut self,
        server: &Server,
        parts: &Parts,
        body: Option<&Json>,
    ) -> Result<Caller, Failure> {
        let call = Call {
            headers: &parts.headers,
            path: &self.path,
            body,
        };
        let caller = self.surface.profile().locate(server, &call)?;
        self.sandbox.clone_from(&caller.sandbox);
        Ok(caller)
    }

    fn check_scopes(&self, operation: &Operation, caller: &Caller) -> Result<(), Failure> {
        let Some(scopes) = &caller.scopes else {
            return Ok(());
        };
        let Some(missing) = scopes.first_missing(operation.scopes) else {
            return Ok(());
        };
        let failure = refuse_with(self.surface.profile(), Refusal::Scope, |code| {
            Problem::new(code, format!("The token lacks the scope {missing}."))
                .received(scopes.to_string())
                .expected(operation.scopes.join(" "))
                .hint("Ask the token endpoint for a token with this scope, or leave `scope` out to get all of them.")
        });
        let challenge = format!(
            r#"Bearer error="insufficient_scope", scope="{}""#,
            operation.scopes.join(" ")
        );
        Err(failure.with_header(header::WWW_AUTHENTICATE, &challenge))
    }

    fn check_signature(
        &self,
        sandbox: &Sandbox,
        operation: &Operation,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), Failure> {
        if operation.api != Api::Payments {
            return Ok(());
        }
        let path_and_query = parts
            .uri
            .path_and_query()
            .map_or(parts.uri.path(), |both| both.as_str());
        let request = SignedRequest {
            headers: &parts.headers,
            method: signature::method_name(operation.method),
            path_and_query,
            body,
        };
        let needed = signature::is_needed(sandbox.settings().signatures, operation);
        let key = sandbox.credentials.verify_key();
        signature::check(&request, needed, &key, jiff::Timestamp::now().as_second()).map_err(
            |error| {
                let refusal = match error {
                    SignatureError::Missing { .. } => Refusal::SignatureRequired,
                    _ => Refusal::SignatureInvalid,
                };
                refuse(
                    self.surface.profile(),
                    refusal,
                    sentence(&error.to_string()),
                )
            },
        )
    }

    fn check_media_type(
        &self,
        operation: &Operation,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), Failure> {
        let Some(expected) = operation.request_media.filter(|_| !body.is_empty()) else {
            return Ok(());
        };
        let sent = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        // A body without a type is taken for what the operation reads.
        let Some(sent) = sent else { return Ok(()) };
        let essence = sent.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        Err(refuse_with(
            self.surface.profile(),
            Refusal::UnsupportedMediaType,
            |code| {
                Problem::new(
                    code,
                    "The body is of a media type that this operation does not read.",
                )
                .at("content-type")
                .received(essence.chars().take(100).collect::<String>())
                .expected(expected)
            },
        ))
    }

    fn idempotency_key(
        &mut self,
        operation: &Operation,
        headers: &HeaderMap,
    ) -> Result<Option<IdempotencyKey>, Failure> {
        let sent = headers.get(headers::IDEMPOTENCY_ID);
        let Some(sent) = sent.filter(|_| operation.idempotency == IdempotencyRule::Header) else {
            return Ok(None);
        };
        let key = sent
            .to_str()
            .ok()
            .and_then(|text| IdempotencyKey::new(text).ok());
        let key = key.ok_or_else(|| {
            refuse_with(self.surface.profile(), Refusal::KeyInvalid, |code| {
                Problem::new(code, "The idempotency key cannot be used.")
                    .at(headers::IDEMPOTENCY_ID.as_str())
                    .expected("1 to 255 visible ASCII characters, such as a UUID")
            })
        })?;
        self.key = Some(key.as_str().to_owned());
        Ok(Some(key))
    }

    fn validate(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: Option<&Json>,
    ) -> Result<(), Failure> {
        let strict = self
            .sandbox
            .as_ref()
            .is_some_and(|sandbox| sandbox.settings().strict);
        let code = self.surface.profile().code(Refusal::Validation);
        let parts = validate::Parts { query, body };
        match validate::request(operation, parts, strict, code) {
            Ok(problems) if problems.is_empty() => Ok(()),
            Ok(problems) => Err(Failure::new(400, problems)),
            Err(error) => {
                tracing::error!(%error, "a request could not be validated");
                Err(internal(
                    self.surface,
                    "the server's own schemas are at fault; please report it",
                ))
            }
        }
    }

    /// Hands the request to the state machine, or to the process around it.
    async fn carry_out(
        &self,
        server: &Server,
        operation: &Operation,
        request: WorldRequest,
        key: Option<IdempotencyKey>,
        fingerprint: Fingerprint,
    ) -> Result<Answer, Failure> {
        if let (RunsIn::Server, OperationRef::Control(op)) = (operation.runs_in, request.op) {
            let reply = generated::control::dispatch(server, op, &request).await?;
            return Ok(Answer::json(reply.status, reply.body));
        }
        let broken = |error: Broken| internal(self.surface, &error.to_string());
        let Some(sandbox) = &self.sandbox else {
            return Err(internal(
                self.surface,
                "the request was not led to a sandbox",
            ));
        };
        let answer = match operation.effect {
            Effect::Read => {
                let reply = sandbox.query(&request).map_err(broken)??;
                Answer::json(reply.status, reply.body)
            }
            Effect::Write => {
                let command = ClientCommand {
                    request,
                    key,
                    fingerprint,
                };
                let accepted = sandbox.command(command).map_err(broken)??;
                let reply = accepted.reply.ok_or_else(|| {
                    internal(
                        self.surface,
                        "the state machine accepted the request without a reply",
                    )
                })?;
                Answer {
                    replayed: accepted.replayed,
                    ..Answer::json(reply.status, reply.body)
                }
            }
        };
        // Nobody sees what a crash could take back: not the writer, and not a reader either.
        sandbox.durable().await;
        Ok(answer)
    }

    /// Makes the reply, lets an ordered fault befall it, and writes the log.
    fn finish(
        self,
        server: &Server,
        connection: &Connection,
        request_headers: &HeaderMap,
        result: Result<Answer, Failure>,
    ) -> Response<Body> {
        if let Some(op) = self.op {
            match &result {
                Ok(answer) => {
                    server
                        .contract
                        .check_reply(op.operation(), answer.status, &answer.body);
                }
                Err(failure) => server.contract.check_failure(op.operation(), failure),
            }
        }
        let lost = self.fault() == Some(FaultKind::ReplyLost);
        let (codes, replayed) = match &result {
            Ok(answer) => (Vec::new(), answer.replayed),
            Err(failure) => (failure.codes(), false),
        };
        let mut response = match result {
            Ok(answer) => self.success(answer),
            Err(failure) => self.failure(failure),
        };
        cors::mark(self.surface, request_headers, response.headers_mut());
        server
            .metrics
            .count(self.surface, response.status().as_u16());
        self.log(response.status(), codes, replayed, lost);
        if lost {
            connection.switch.cut();
        }
        response
    }

    fn success(&self, answer: Answer) -> Response<Body> {
        let body = match self.surface {
            Surface::Plaid => plaid::with_request_id(answer.body, &self.request_id),
            _ => answer.body,
        };
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
        let mut response = response(status, body, &self.request_id);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.media));
        if answer.replayed {
            headers.insert(
                headers::IDEMPOTENT_REPLAYED,
                HeaderValue::from_static("true"),
            );
        }
        if answer.no_store {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        response
    }

    fn failure(&self, failure: Failure) -> Response<Body> {
        let style = self
            .sandbox
            .as_ref()
            .map_or(ErrorStyle::Helpful, |sandbox| sandbox.settings().errors);
        let body = self
            .surface
            .profile()
            .render(&failure.rejection, &self.request_id, style);
        let status = StatusCode::from_u16(failure.rejection.status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = response(status, body, &self.request_id);
        response.headers_mut().extend(
            failure
                .headers
                .into_iter()
                .map(|(name, value)| (Some(name), value)),
        );
        response
    }

    /// The ordered fault that befalls this request; control is never struck, or it could not be undone.
    fn fault(&self) -> Option<FaultKind> {
        let (sandbox, op) = (self.sandbox.as_ref()?, self.op?);
        if self.surface == Surface::Control {
            return None;
        }
        let operation = op.key();
        let facts = Facts {
            operation: &operation,
            idempotency_key: self.key.as_deref(),
            path_ids: &self.path,
        };
        lock(&sandbox.faults).strike(&facts)
    }

    fn log(&self, status: StatusCode, codes: Vec<&'static str>, replayed: bool, lost: bool) {
        let operation = self.op.map(|op| op.operation().id);
        tracing::info!(
            api = self.surface.as_str(),
            operation,
            status = status.as_u16(),
            request_id = self.request_id.as_str(),
            sandbox = self.sandbox.as_ref().map(|sandbox| sandbox.name()),
            codes = ?codes,
            lost,
            "answered"
        );
        let (Some(sandbox), Some(op)) = (&self.sandbox, self.op) else {
            return;
        };
        lock(&sandbox.requests).push(RequestRecord {
            number: 0,
            request_id: self.request_id.as_str().to_owned(),
            api: op.operation().api,
            operation: op.operation().id,
            status,
            codes,
            replayed,
            lost,
            at: jiff::Timestamp::now(),
            took: self.started.elapsed(),
        });
    }

    fn query_pairs(&self, parts: &Parts) -> Result<Vec<(String, String)>, Failure> {
        let profile = self.surface.profile();
        let text = parts.uri.query().unwrap_or_default();
        let pairs = query::parse_pairs(text).map_err(|error| {
            refuse(
                profile,
                Refusal::Validation,
                sentence(&format!("the query string: {error}")),
            )
        })?;
        if pairs.len() > limits::QUERY_PARAMETERS {
            let text = format!(
                "The query string has more than {} parameters.",
                limits::QUERY_PARAMETERS
            );
            return Err(refuse(profile, Refusal::Validation, text));
        }
        Ok(pairs)
    }

    async fn read_body(&self, body: Body, limit: u64) -> Result<Bytes, Failure> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        match Limited::new(body, most).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(refuse_with(
                self.surface.profile(),
                Refusal::BodyTooLarge,
                |code| {
                    Problem::new(code, "The body is too large for this operation.")
                        .expected(format!("at most {limit} bytes"))
                },
            )),
            Err(_) => Err(refuse(
                self.surface.profile(),
                Refusal::MalformedJson,
                "The connection ended before the body was complete.",
            )),
        }
    }

    fn not_json(&self, error: &BodyError) -> Failure {
        refuse_with(self.surface.profile(), Refusal::MalformedJson, |code| {
            Problem::new(code, format!("The body is not JSON: {error}."))
                .hint("Send one JSON object in UTF-8.")
        })
    }

    fn no_route(&self, miss: &NoMatch, parts: &Parts) -> Failure {
        let profile = self.surface.profile();
        let path = parts.uri.path();
        let unknown = |hint: String| {
            refuse_with(profile, Refusal::UnknownPath, |code| {
                Problem::new(code, "There is nothing at this path.")
                    .received(path.chars().take(200).collect::<String>())
                    .hint(hint)
            })
        };
        match miss {
            NoMatch::Encoding => refuse(
                profile,
                Refusal::Validation,
                "An id in the path is not well percent-encoded.",
            ),
            NoMatch::Method { allowed } => {
                let allowed = allowed.join(", ");
                refuse_with(profile, Refusal::MethodNotAllowed, |code| {
                    Problem::new(code, "This path exists, but not with this method.")
                        .received(parts.method.as_str())
                        .expected(allowed.clone())
                })
                .with_header(header::ALLOW, &allowed)
            }
            NoMatch::MissingBase { path } => unknown(format!(
                "The payments API lives below /api: `{path}` exists. Let the base URL of your client end in /api."
            )),
            NoMatch::Path {
                nearest: Some(nearest),
            } => unknown(format!("Did you mean `{nearest}`?")),
            NoMatch::Path { nearest: None } => unknown(
                "The payments API is below /api, accounting below /v1, control below /_control/v1."
                    .to_owned(),
            ),
        }
    }
}

/// What `/healthz` says.
fn health() -> String {
    format!(
        r#"{{"status":"ok","version":"{}"}}"#,
        env!("CARGO_PKG_VERSION")
    )
}

fn internal(surface: Surface, description: &str) -> Failure {
    refuse(surface.profile(), Refusal::Internal, sentence(description))
}

/// The text as a sentence: a capital letter first, a full stop last.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().collect::<String>());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), characters.as_str())
}

fn response(status: StatusCode, body: String, request_id: &RequestId) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.extend(request_id.header().map(|id| (headers::REQUEST_ID, id)));
    response
}

fn body_limit(operation: &Operation) -> u64 {
    match operation.body_limit {
        0 => limits::DEFAULT_BODY_BYTES,
        limit => limit,
    }
}

/// Why a body is no JSON.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("{0}")]
    Json(#[from] JsonError),
    #[error("it is not UTF-8")]
    Utf8,
}

/// The body as JSON: none where the operation has no body, or none was sent.
fn read_json(operation: &Operation, bytes: &[u8]) -> Result<Option<Json>, BodyError> {
    if operation.request_media.is_none() || bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError::Utf8)?;
    Ok(Some(Json::parse(text)?))
}

/// The body for the state machine: the text as it came, or, where credentials were taken out, the rest of it.
fn body_text(json: Option<&Json>, bytes: &[u8], secrets: &[&str]) -> Option<String> {
    let json = json?;
    if secrets.is_empty() {
        return std::str::from_utf8(bytes).ok().map(str::to_owned);
    }
    Some(json.to_string())
}

/// The digest by which two requests are the same: operation, ids, query in any order, and the exact JSON.
fn fingerprint(request: &WorldRequest, json: Option<&Json>) -> Fingerprint {
    let operation = request.op.operation();
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    put(signature::method_name(operation.method));
    put(operation.path);
    let mut query: Vec<&(String, String)> = request.query.iter().collect();
    query.sort();
    for (name, value) in request.path.iter().chain(query) {
        put(name);
        put(value);
    }
    match json {
        Some(json) => json.digest_into(&mut hash),
        None => hash.update([0]),
    }
    Fingerprint::new(hash.finalize().into())
}
