//! The order in which a request is checked, carried out and answered. This is the file to read first.
//!
//! ```text
//! route -> what other servers did to sandboxes -> token first, where a whole sandbox may be sent
//!       -> body within its limit -> sandbox and token -> ordered fault in place of the work
//!       -> scope -> is it built -> signature -> media type, JSON or file
//!       -> query, idempotency key, validation
//!       -> one lock: due work, replay or execute, journal -> durable -> reply -> ordered fault after the work
//! ```
//!
//! Everything before the lock is pure: it looks at the request and the operation table and changes nothing. Each refusal
//! is rendered by the profile of its API. A client that goes away cancels nothing: the whole of it runs in a task that
//! nobody drops.

mod body;
mod checks;
mod detached;
mod fault;
mod file;
mod reply;
mod reused;
mod signed;

use std::{sync::Arc, time::Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header, request::Parts};
use layer2_types::{
    control,
    operation::{Effect, RunsIn},
};
use layer2_world::{
    command::{ClientCommand, IdempotencyKey},
    rejection::Problem,
    request::{OperationRef, Request as WorldRequest},
};

use super::{
    cors,
    headers::RequestId,
    json::Json,
    limits,
    listener::Connection,
    route::{NoMatch, Target},
};
use crate::{
    api::{Call, Caller, Surface, manner::Manner, oauth, refuse, refuse_with},
    errors::{Failure, RETRY_AFTER_SECONDS, Refusal, sentence},
    faults::Strike,
    generated,
    sandbox::{Broken, Sandbox},
    server::Server,
    tokens::TokenApi,
};
use body::{FileBytes, RequestBody, body_limit, fingerprint, read_json};
pub(crate) use file::OpenFile;
use reply::response;

/// Answers every request of the server.
pub(crate) async fn serve(
    server: Arc<Server>,
    connection: Connection,
    request: Request<Body>,
) -> Response<Body> {
    let surface = Surface::of_request(request.uri().path(), request.headers());
    let request_id = RequestId::of(request.headers());
    // A client that times out drops the handler's future, which then goes on in a task of its own.
    let work = answer(server, connection, request, request_id.clone());
    match detached::to_the_end(work).await {
        Ok(response) => response,
        // It panicked: a defect of ours, told in the language of the API.
        Err(detached::Panicked) => {
            let failure = internal(
                surface,
                "the server met a defect of its own; please report it",
            );
            let body = surface
                .profile()
                .render(&failure.rejection, &request_id, Manner::HELPFUL);
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
        surface: Surface::of_request(parts.uri.path(), &parts.headers),
        request_id,
        sandbox: None,
        op: None,
        key: None,
        path: Vec::new(),
        strike: None,
    };
    if cors::is_preflight(exchange.surface, &parts.method, &parts.headers) {
        let mut reply = Response::new(Body::empty());
        *reply.status_mut() = StatusCode::NO_CONTENT;
        cors::answer_preflight(reply.headers_mut());
        return reply;
    }
    let result = exchange.run(&server, &parts, body).await;
    let strike = exchange.strike.clone();
    let response = exchange.finish(&server, &connection, &parts.headers, result);
    Exchange::hold_back(strike.as_ref()).await;
    response
}

/// A successful answer.
struct Answer {
    status: u16,
    content: AnswerContent,
    replayed: bool,
    no_store: bool,
}

/// What a successful answer holds.
enum AnswerContent {
    File(OpenFile),
    Json(String),
    /// Text for a scraper of metrics.
    Page(String),
}

impl Answer {
    fn json(status: u16, body: String) -> Answer {
        Answer::of(status, AnswerContent::Json(body))
    }

    fn of(status: u16, content: AnswerContent) -> Answer {
        Answer {
            status,
            content,
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
    /// The ordered fault that befalls it.
    strike: Option<Strike>,
}

impl Exchange {
    async fn run(&mut self, server: &Server, parts: &Parts, body: Body) -> Result<Answer, Failure> {
        let found = match server.routes.find(&parts.method, parts.uri.path()) {
            Ok(found) => found,
            Err(miss) => {
                if matches!(miss, NoMatch::MissingBase { .. }) {
                    // Whoever forgets the base means the payments API, and reads its errors.
                    self.surface = Surface::Payments;
                }
                return Err(self.no_route(&miss, parts));
            }
        };
        self.path = found.path;
        if !matches!(found.target, Target::Health | Target::Metrics) {
            let caught_up = server.catch_up().await;
            caught_up.map_err(|outage| self.broken(&Broken::Outage(outage)))?;
        }
        match found.target {
            Target::Health => Ok(Answer::json(200, health())),
            Target::Metrics => {
                let page = AnswerContent::Page(server.metrics.render(server));
                Ok(Answer::of(200, page))
            }
            Target::Token(api) => self.token(server, api, parts, body).await,
            Target::Operation(op) => self.operation(server, op, parts, body).await,
        }
    }

    async fn token(
        &mut self,
        server: &Server,
        api: TokenApi,
        parts: &Parts,
        body: Body,
    ) -> Result<Answer, Failure> {
        let query = self.query_pairs(parts)?;
        let body = self
            .read_body(&parts.headers, body, limits::TOKEN_BODY_BYTES)
            .await?;
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

    /// Checks the call of an operation, in the order of the module's table, and has it carried out.
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
        let body = self.admit(server, operation, parts, body).await?;
        let bytes = self
            .read_body(&parts.headers, body, body_limit(operation))
            .await?;
        let json = read_json(operation, &bytes);
        let sent = json.as_ref().ok().and_then(Option::as_ref);
        let caller = self.locate(server, parts, sent)?;
        self.meet_faults(operation, &parts.headers, sent);
        self.fail_before_work(operation.api).await?;
        self.check_scopes(operation, &caller)?;
        self.must_be_built(operation)?;
        if let Some(sandbox) = &self.sandbox {
            self.check_signature(server, sandbox, operation, parts, &bytes)
                .await?;
        }
        let media = self.media_type(operation, parts, &bytes)?;
        let body = match media.filter(|_| operation.is_upload()) {
            Some(media) => {
                let file = self.read_file(media, parts, &bytes).await?;
                if operation.runs_in == RunsIn::Server {
                    return self.take_file(server, op, caller, file.bytes).await;
                }
                RequestBody::of_file(file)
            }
            None => {
                let json = json.map_err(|error| self.not_json(&error))?;
                RequestBody::of_json(json, &bytes, self.surface.profile().secret_members())
            }
        };
        let query = self.query_pairs(parts)?;
        let key = self.idempotency_key(operation, &parts.headers)?;
        self.validate(operation, &query, body.json.as_ref())?;
        let request = WorldRequest {
            op,
            path: std::mem::take(&mut self.path),
            body: body.text,
            query,
            actor: caller.actor,
        };
        self.carry_out(server, request, key, body.json.as_ref(), body.file)
            .await
    }

    /// Leads a call that passed every check to whoever does the work: the process around the state machines, or the
    /// state machine of the sandbox.
    async fn carry_out(
        &self,
        server: &Server,
        request: WorldRequest,
        key: Option<IdempotencyKey>,
        json: Option<&Json>,
        file: Option<FileBytes>,
    ) -> Result<Answer, Failure> {
        let operation = request.op.operation();
        if let (RunsIn::Server, OperationRef::Control(op)) = (operation.runs_in, request.op) {
            return by_process(server, op, &request).await;
        }
        let Some(sandbox) = &self.sandbox else {
            return Err(internal(
                self.surface,
                "the request was not led to a sandbox",
            ));
        };
        match operation.effect {
            Effect::Read => self.read(sandbox, &request).await,
            Effect::Write => {
                let command = ClientCommand {
                    fingerprint: fingerprint(&request, json),
                    request,
                    key,
                };
                let (op, actor) = (command.request.op, command.request.actor.clone());
                let answer = self.write(sandbox, command, file).await;
                sandbox.tend_journal();
                match answer {
                    Err(failure) => {
                        let told = self.tell_what_differs(sandbox, (op, &actor), json, failure);
                        Err(told.await)
                    }
                    done => done,
                }
            }
        }
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

    /// Hands a file to the process around the state machines, which looks at the bytes themselves.
    async fn take_file(
        &self,
        server: &Server,
        op: OperationRef,
        caller: Caller,
        file: Bytes,
    ) -> Result<Answer, Failure> {
        let request = WorldRequest {
            op,
            path: self.path.clone(),
            body: None,
            query: Vec::new(),
            actor: caller.actor,
        };
        let OperationRef::Control(op) = op else {
            return Err(internal(self.surface, "the file was not led to control"));
        };
        let reply = generated::control::upload(server, op, &request, file).await?;
        Ok(Answer::json(reply.status, reply.body))
    }

    async fn read(&self, sandbox: &Sandbox, request: &WorldRequest) -> Result<Answer, Failure> {
        let reply = sandbox
            .query(request)
            .await
            .map_err(|error| self.broken(&error))??;
        if !request.op.operation().is_download() {
            return Ok(Answer::json(reply.status, reply.body));
        }
        let opened = OpenFile::of(&reply, sandbox).await;
        match opened.map_err(|error| self.broken(&error))? {
            Some(file) => Ok(Answer::of(reply.status, AnswerContent::File(file))),
            None => Err(internal(
                self.surface,
                "the state machine names a file whose bytes are not here",
            )),
        }
    }

    async fn write(
        &self,
        sandbox: &Sandbox,
        command: ClientCommand,
        file: Option<FileBytes>,
    ) -> Result<Answer, Failure> {
        // The bytes lie where the command's row will name them before there is a row.
        let lease = match file {
            Some(FileBytes { id, bytes }) => {
                let put = sandbox.blobs.put(id, bytes);
                Some(put.map_err(|full| self.no_room(full))?)
            }
            None => None,
        };
        let accepted = sandbox
            .command(command, lease)
            .await
            .map_err(|error| self.broken(&error))??;
        let reply = accepted.reply.ok_or_else(|| {
            internal(
                self.surface,
                "the state machine accepted the request without a reply",
            )
        })?;
        Ok(Answer {
            replayed: accepted.replayed,
            ..Answer::json(reply.status, reply.body)
        })
    }

    /// What the state of the sandbox means for the request.
    fn broken(&self, error: &Broken) -> Failure {
        let Some(hint) = error.hint() else {
            return internal(self.surface, &error.to_string());
        };
        let failure = refuse_with(self.surface.profile(), Refusal::StoreUnavailable, |code| {
            Problem::new(code, sentence(&error.to_string())).hint(hint)
        });
        // What stays until somebody mends it is not to be asked for again and again.
        if error.is_passing() {
            failure.with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
        } else {
            failure
        }
    }
}

/// Hands a request to the process around the state machines.
async fn by_process(
    server: &Server,
    op: control::OperationId,
    request: &WorldRequest,
) -> Result<Answer, Failure> {
    if op.operation().is_download() {
        let file = generated::control::download(server, op, request).await?;
        return Ok(Answer::of(200, AnswerContent::File(file)));
    }
    let reply = generated::control::dispatch(server, op, request).await?;
    Ok(Answer::json(reply.status, reply.body))
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
