//! The checks on a request before it reaches the lock, each a method that passes or refuses. They change nothing but
//! what is known of the exchange.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use layer2_types::operation::{Api, IdempotencyRule, Operation, RunsIn};
use layer2_world::{command::IdempotencyKey, rejection::Problem, request::OperationRef, unbuilt};

use super::{Exchange, body::BodyError, file::FORM_HINT, internal};
use crate::{
    api::{Caller, Surface, refuse, refuse_with},
    errors::{Failure, Refusal, sentence},
    http::{
        form::RAW_MEDIA,
        headers,
        json::Json,
        limits, query,
        route::{self, NoMatch},
        validate,
    },
    server::Server,
    tokens,
};

/// How a file of which nothing is known but its bytes is sent. What `curl` says of it unasked is the type of a form.
const HOW_TO_SEND_BYTES: &str = "Send the file as it is and say so: `curl -H 'Content-Type: application/octet-stream' --data-binary @default.layer2`; without that header curl calls it a form.";

/// What to do about a path that looks like none.
const WHERE_THE_APIS_ARE: &str = "The payments API is below /api/v1, accounting below /v1, control below /_control/v1; the paths of Plaid, such as /item/public_token/exchange, begin at the root.";

/// The paths of an API of which this server has a few alone.
fn what_is_here(name: &str, api: Api) -> String {
    let mut paths: Vec<String> = route::operations()
        .map(OperationRef::operation)
        .filter(|operation| operation.api == api)
        .map(|operation| format!("`{}`", route::template(operation)))
        .collect();
    paths.dedup();
    format!("Of {name} this server has {}.", paths.join(", "))
}

/// Reads on and forgets, so that a client that writes its whole body before it reads gets to see the refusal. What is
/// longer still is not waited for: the connection ends.
async fn drain(mut body: Body) {
    let mut left = limits::DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

impl Exchange {
    pub(super) fn no_route(&self, miss: &NoMatch, parts: &Parts) -> Failure {
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
            NoMatch::Encoding => refuse_with(profile, Refusal::Validation, |code| {
                Problem::new(code, "An id in the path is not well percent-encoded.")
                    .at("path")
                    .received(path)
                    .expected("`%` and two hex digits, of UTF-8")
                    .hint("Encode the id for a path segment; a plain `%` is `%25`.")
            }),
            NoMatch::Method { allowed } => {
                let allowed = allowed.join(", ");
                refuse_with(profile, Refusal::MethodNotAllowed, |code| {
                    Problem::new(code, "This path exists, but not with this method.")
                        .received(parts.method.as_str())
                        .expected(allowed.clone())
                        .hint(format!("Call it with {allowed}."))
                })
                .with_header(header::ALLOW, &allowed)
            }
            NoMatch::MissingBase { path } => unknown(format!(
                "The payments API lives below /api: `{path}` exists. Let the base URL of your client end in /api."
            )),
            NoMatch::MissingVersion { path } => unknown(format!(
                "The version is missing: `{path}` exists. Let the paths of your client begin with /v1."
            )),
            NoMatch::RepeatedBase { path } => unknown(format!(
                "/api stands there twice: `{path}` exists. Leave it out of your paths, or out of the base URL."
            )),
            NoMatch::Path {
                nearest: Some(nearest),
            } => unknown(format!("Did you mean `{nearest}`?")),
            NoMatch::Path { nearest: None } => unknown(match self.surface {
                Surface::Accounting => what_is_here("accounting", Api::Accounting),
                Surface::Plaid => what_is_here("Plaid", Api::Plaid),
                Surface::Control | Surface::OAuth | Surface::Payments => {
                    WHERE_THE_APIS_ARE.to_owned()
                }
            }),
            NoMatch::TrailingSlash { path } => {
                unknown(format!("`{path}` exists, without the slash at the end."))
            }
            NoMatch::MissingSandbox { path } => unknown(format!(
                "This is said of a sandbox: `{path}` exists. The first sandbox is named `default`."
            )),
        }
    }

    /// A body that may be as large as a whole sandbox is read for nobody but those who may send it.
    pub(super) async fn admit(
        &mut self,
        server: &Server,
        operation: &Operation,
        parts: &Parts,
        body: Body,
    ) -> Result<Body, Failure> {
        if operation.runs_in == RunsIn::Server
            && operation.is_upload()
            && let Err(failure) = self.locate(server, parts, None)
        {
            drain(body).await;
            return Err(failure);
        }
        Ok(body)
    }

    pub(super) fn check_scopes(
        &self,
        operation: &Operation,
        caller: &Caller,
    ) -> Result<(), Failure> {
        let Some(scopes) = &caller.scopes else {
            return Ok(());
        };
        if operation.is_open_to(|scope| scopes.contains(scope)) {
            return Ok(());
        }
        let sets: Vec<_> = tokens::alternatives(operation).collect();
        // Of the sets that would do, the one that the token comes nearest to.
        let nearest = sets
            .iter()
            .copied()
            .min_by_key(|set| scopes.missing(set).len())
            .unwrap_or(operation.scopes);
        let missing = scopes.missing(nearest);
        let failure = refuse_with(self.surface.profile(), Refusal::Scope, |code| {
            let (noun, pronoun) = match missing.len() {
                1 => ("scope", "this scope"),
                _ => ("scopes", "these scopes"),
            };
            let expected: Vec<String> = sets.iter().map(|set| set.join(" ")).collect();
            Problem::new(
                code,
                format!("The token lacks the {noun} {}.", missing.join(" and ")),
            )
            .at("authorization")
            .received(scopes.to_string())
            .expected(expected.join(", or "))
            .hint(format!("Ask the token endpoint for a token with {pronoun}, or leave `scope` out to get all of them."))
        });
        let challenge = format!(
            r#"Bearer error="insufficient_scope", scope="{}""#,
            nearest.join(" ")
        );
        Err(failure.with_header(header::WWW_AUTHENTICATE, &challenge))
    }

    pub(super) fn media_type(
        &self,
        operation: &Operation,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Option<&'static str>, Failure> {
        let read = operation.request_media.iter().copied();
        let file = operation.is_upload();
        if read.clone().next().is_none() || (body.is_empty() && !file) {
            return Ok(None);
        }
        let sent = parts.headers.get(header::CONTENT_TYPE);
        let sent = sent.map(|value| value.to_str().unwrap_or("a type that is not ASCII"));
        let essence = match sent {
            Some(sent) => sent.split(';').next().unwrap_or_default().trim(),
            // Bytes without a type are just that (RFC 9110 section 8.3); text is taken for what the operation reads.
            None if file => RAW_MEDIA,
            None => return Ok(read.clone().next()),
        };
        if let Some(found) = read
            .clone()
            .find(|media| essence.eq_ignore_ascii_case(media))
        {
            return Ok(Some(found));
        }
        let read: Vec<&str> = read.collect();
        Err(refuse_with(
            self.surface.profile(),
            Refusal::UnsupportedMediaType,
            |code| {
                let problem = Problem::new(
                    code,
                    "The body is of a media type that this operation does not read.",
                )
                .at("content-type")
                .received(essence.chars().take(100).collect::<String>())
                .expected(read.join(", "));
                match (file, operation.runs_in) {
                    (true, RunsIn::Server) => problem.hint(HOW_TO_SEND_BYTES),
                    (true, _) => problem.hint(FORM_HINT),
                    (false, _) => problem.hint(format!(
                        "Send the body with `content-type: {}`.",
                        read.join("` or `")
                    )),
                }
            },
        ))
    }

    pub(super) fn idempotency_key(
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
                    .hint("Make a new UUID for what shall happen once, and keep it for all repetitions of that request.")
            })
        })?;
        self.key = Some(key.as_str().to_owned());
        Ok(Some(key))
    }

    /// How the sandbox reads requests; what belongs to none is read as all platforms do.
    pub(super) fn reading(&self) -> validate::Reading {
        let sandbox = self.sandbox.as_ref();
        sandbox.map_or_else(validate::Reading::default, |sandbox| {
            let settings = sandbox.settings();
            validate::Reading {
                platform: settings.platform,
                strict: settings.strict,
            }
        })
    }

    /// Refuses what is not built before anybody has to get its body right. What the version of the sandbox does not have
    /// is for the state machine to say.
    pub(super) fn must_be_built(&self, operation: &Operation) -> Result<(), Failure> {
        let refusal = unbuilt::refusal(operation);
        match refusal.filter(|_| operation.is_on(self.reading().platform)) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    pub(super) fn validate(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: Option<&Json>,
    ) -> Result<(), Failure> {
        let code = self.surface.profile().code(Refusal::Validation);
        let parts = validate::Parts { query, body };
        match validate::request(operation, parts, self.reading(), code) {
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

    pub(super) fn query_pairs(&self, parts: &Parts) -> Result<Vec<(String, String)>, Failure> {
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

    pub(super) async fn read_body(
        &self,
        headers: &HeaderMap,
        mut body: Body,
        limit: u64,
    ) -> Result<Bytes, Failure> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        match Limited::new(&mut body, most).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
                drain(body).await;
                Err(self.too_large(headers, limit))
            }
            Err(_) => Err(refuse(
                self.surface.profile(),
                Refusal::MalformedJson,
                "The connection ended before the body was complete.",
            )),
        }
    }

    fn too_large(&self, headers: &HeaderMap, limit: u64) -> Failure {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok());
        refuse_with(self.surface.profile(), Refusal::BodyTooLarge, |code| {
            let problem = Problem::new(code, "The body is too large for this operation.")
                .at("")
                .expected(format!("at most {limit} bytes"))
                .hint("Nothing was done; send less. A form counts with its framing.");
            match announced {
                Some(length) => problem.received(format!("{length} bytes")),
                None => problem,
            }
        })
    }

    pub(super) fn not_json(&self, error: &BodyError) -> Failure {
        refuse_with(self.surface.profile(), Refusal::MalformedJson, |code| {
            Problem::new(code, format!("The body is not JSON: {error}."))
                .at("")
                .hint("Send one JSON object in UTF-8.")
        })
    }
}
