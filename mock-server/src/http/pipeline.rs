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

mod body;
mod checks;
mod reply;

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
};
use http::{Request, Response, StatusCode, request::Parts};
use layer2_types::operation::{Api, Effect, Operation, RunsIn};
use layer2_world::{
    command::{ClientCommand, Fingerprint, IdempotencyKey},
    request::{OperationRef, Request as WorldRequest},
    settings::ErrorStyle,
};

use super::{cors, headers::RequestId, json::Json, limits, listener::Connection, route::Target};
use crate::{
    api::{Call, Caller, Surface, oauth, refuse},
    errors::{Failure, Refusal, sentence},
    generated,
    sandbox::{Broken, Sandbox},
    server::Server,
};
use body::{body_limit, body_text, fingerprint, read_json};
use reply::response;

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
