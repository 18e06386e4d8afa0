//! What is equal over all attempts of a call: the guards, the caller's own headers, the request id and the key.

use std::sync::Arc;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header::ACCEPT;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use http::header::HOST;
use http::header::TRANSFER_ENCODING;
use http::header::USER_AGENT;
use layer2_types::operation::Api;
use layer2_types::operation::Effect;
use layer2_types::operation::HttpMethod;
use layer2_types::operation::IdempotencyRule;
use layer2_types::operation::Operation;
use reqwest::Url;
use uuid::Uuid;

use super::REQUEST_ID_HEADER;
use super::before;
use super::invalid;
use crate::body::Body;
use crate::call::CallLayer;
use crate::client::Lane;
use crate::draft::Draft;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::guard;
use crate::idempotency::IDEMPOTENCY_HEADER;
use crate::idempotency::IdempotencyKey;
use crate::options::CallOptions;
use crate::retry;
use crate::runtime::Runtime;
use crate::signing::SIGNATURE_HEADER;
use crate::signing::TIMESTAMP_HEADER;
use crate::signing_scheme::SigningScheme;
use crate::transport::HttpRequest;

const REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static(IDEMPOTENCY_HEADER);

/// Headers that the layers own and that have a call option, or none for a reason.
const OWNED: [&str; 7] = [
    "authorization",
    "plaid-client-id",
    "plaid-secret",
    IDEMPOTENCY_HEADER,
    REQUEST_ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
];

/// Headers that follow from the operation, its body and its address. Another value would tell the platform something
/// else than what is sent.
const IMPLIED: [HeaderName; 5] = [
    ACCEPT,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    TRANSFER_ENCODING,
];

/// Headers that the layers and the HTTP client add to a request, at most.
const ROOM: usize = 10;

/// A request that is complete but for what every attempt makes anew. Kept in its parts: a finished one would have to be
/// copied for every attempt, and its table of headers made twice.
pub(super) struct Prepared<'a> {
    pub(super) lane: &'a Lane,
    pub(super) may_repeat: bool,
    operation: &'static Operation,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
}

impl<'a> Prepared<'a> {
    /// Checks a request and gives it what it carries in every attempt. The record of the call learns its id and key.
    pub(super) fn new(layer: &'a CallLayer, draft: Draft) -> Result<Self, Error> {
        let CallLayer {
            shared,
            options,
            operation,
            record,
            ..
        } = layer;
        let lane = shared.lane(operation.api)?;
        guard::platform(operation, shared.platform)?;
        let mut url = draft.address(&lane.base);
        if let Some(cause) = draft.fault {
            let said = "the request could not be built, its source says why: check the parameters and the body of this call";
            return Err(invalid(said).with_source(cause));
        }
        guard::path(operation, &lane.base, &url)?;
        guard::page(operation, options, &url)?;
        guard::overlay_query(&mut url, &options.page_query);

        let mut headers = Vec::with_capacity(ROOM);
        headers.extend(draft.media_type.map(|kind| (CONTENT_TYPE, kind)));
        let accepted = operation.reply_media.map(HeaderValue::from_static);
        headers.extend(accepted.map(|kind| (ACCEPT, kind)));
        headers.push((USER_AGENT, shared.user_agent.clone()));
        for (name, value) in &options.headers {
            refuse_owned(name, &shared.signing_scheme)?;
            headers.push((name.clone(), value.clone()));
        }
        let mut chance = Chance {
            runtime: &shared.runtime,
            spare: None,
        };
        let request_id = request_id(options, &mut chance)?;
        let key = idempotency_key(operation, options, &mut chance)?;
        let id_is_sent = takes_request_id(operation.api);
        if id_is_sent {
            headers.push((REQUEST_ID, header_value(&request_id, "request id")?));
        }
        if let Some(key) = &key {
            let value = header_value(key.as_str(), "idempotency key")?;
            headers.push((IDEMPOTENCY_KEY, value));
        }
        record.begun_as(request_id, id_is_sent, key);
        Ok(Self {
            lane,
            may_repeat: retry::may_repeat(operation, &draft.body),
            operation,
            url,
            headers,
            body: draft.body,
        })
    }

    /// The request of one attempt, without what is made for it alone. Of two headers of one name the later one counts.
    pub(super) fn request(&self) -> HttpRequest {
        // The table has room for all that is put into it from here on: the HTTP client adds some of its own.
        let mut headers = HeaderMap::with_capacity(ROOM);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        let address = (method(self.operation), self.url.clone());
        HttpRequest::of_operation(self.operation, address, headers, self.body.clone())
    }
}

fn method(operation: &Operation) -> Method {
    match operation.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

fn refuse_owned(name: &HeaderName, scheme: &SigningScheme) -> Result<(), Error> {
    let owned = OWNED.contains(&name.as_str())
        || *name == scheme.signature_header
        || *name == scheme.timestamp_header;
    if owned {
        return Err(invalid(format!(
            "the header {name} belongs to the client; use the call option for it"
        )));
    }
    if IMPLIED.contains(name) {
        return Err(invalid(format!(
            "the header {name} follows from what is sent and cannot be set by hand; leave it out"
        )));
    }
    Ok(())
}

/// Whether an API knows the request id of a client. Accounting documents no such header, and Plaid makes an id of its own,
/// which it tells in the body; an id that was only sent to them would be of no use to their support.
fn takes_request_id(api: Api) -> bool {
    matches!(api, Api::Payments | Api::Control)
}

fn request_id(options: &CallOptions, chance: &mut Chance<'_>) -> Result<Arc<str>, Error> {
    match &options.request_id {
        Some(id) if id.is_empty() => Err(invalid(
            "the request id is empty: give it a text, or leave the option out to have a random one",
        )),
        Some(id) => Ok(Arc::from(id.as_str())),
        None => {
            let mut text = Uuid::encode_buffer();
            let id = chance.uuid("a request id")?.hyphenated();
            Ok(Arc::from(&*id.encode_lower(&mut text)))
        }
    }
}

/// The caller's key, else a random one, for operations that take one. Once per call.
fn idempotency_key(
    operation: &Operation,
    options: &CallOptions,
    chance: &mut Chance<'_>,
) -> Result<Option<IdempotencyKey>, Error> {
    match (operation.idempotency, &options.idempotency_key) {
        (IdempotencyRule::Header, Some(key)) => Ok(Some(key.clone())),
        (IdempotencyRule::Header, None) => {
            let uuid = chance.uuid("an idempotency key")?;
            Ok(Some(IdempotencyKey::of_uuid(uuid)))
        }
        (_, None) => Ok(None),
        (IdempotencyRule::ExternalId, Some(_)) => Err(invalid(
            "this operation takes no idempotency key; what it creates is recognised by the `external_id` in the body",
        )),
        (_, Some(_)) if operation.effect == Effect::Read => Ok(None),
        (_, Some(_)) => Err(invalid(
            "this operation takes no idempotency key, so a key would promise a safety that it does not have",
        )),
    }
}

/// The chance that a call needs before its first attempt. Most calls want an id and a key, and asking the system twice is
/// dearer than asking for both at once.
struct Chance<'r> {
    runtime: &'r Runtime,
    spare: Option<Uuid>,
}

impl Chance<'_> {
    fn uuid(&mut self, wanted: &str) -> Result<Uuid, Error> {
        if let Some(uuid) = self.spare.take() {
            return Ok(uuid);
        }
        let [uuid, spare] = self.runtime.uuids().map_err(|why| {
            let message = format!(
                "no random bytes for {wanted}: give the call one of your own in its options"
            );
            before(ErrorKind::Config, message).with_source(why)
        })?;
        self.spare = Some(spare);
        Ok(uuid)
    }
}

fn header_value(text: &str, what: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| {
        invalid(format!(
            "the {what} has a character that no HTTP header may carry: use visible ASCII characters"
        ))
    })
}
