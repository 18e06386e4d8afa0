//! What every attempt makes anew: a grant from the authentication layer, the timestamp and, last, the signature over the
//! bytes that leave.

use std::time::Duration;

use http::HeaderValue;
use layer2_types::Api;

use super::before;
use super::left;
use super::prepare::Prepared;
use super::too_late;
use crate::auth::Grant;
use crate::auth::Origin;
use crate::call::CallLayer;
use crate::client::Lane;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::signing::SignDecision;
use crate::signing::Signer;
use crate::skew;
use crate::transport::HttpRequest;

/// A request that may leave.
pub(super) struct Ready {
    pub(super) origin: Origin,
    pub(super) request: HttpRequest,
    /// How far ahead the platform's clock was taken to be when it was signed; none without a signature.
    pub(super) signed_with: Option<i64>,
}

/// The request of one attempt where nothing has to be waited for: the token is at hand and nothing is signed.
pub(super) fn at_once(layer: &CallLayer, prepared: &Prepared<'_>) -> Result<Option<Ready>, Error> {
    if signer(layer)?.is_some() {
        return Ok(None);
    }
    let Some(grant) = prepared.lane.auth.at_hand(&layer.shared.runtime) else {
        return Ok(None);
    };
    let (request, origin) = dressed(prepared, grant);
    Ok(Some(Ready {
        origin,
        request,
        signed_with: None,
    }))
}

/// The request of one attempt with its grant and its signature. A token endpoint, a credentials provider or a signer
/// that hangs costs the call its time and no more.
pub(super) async fn ready(
    layer: &CallLayer,
    prepared: &Prepared<'_>,
    deadline: Duration,
) -> Result<Ready, Error> {
    let shared = &layer.shared;
    let made = tokio::time::timeout(left(shared, deadline), async {
        let grant = prepared.lane.auth.grant(shared.tools(deadline)).await?;
        let (mut request, origin) = dressed(prepared, grant);
        let signed_with = sign(layer, prepared.lane, &mut request).await?;
        Ok(Ready {
            origin,
            request,
            signed_with,
        })
    });
    made.await.unwrap_or_else(|_| {
        Err(too_late(
            "the time of the call ran out while it waited for a token or a signature: look whether they are slow, or \
             give the call a longer deadline",
        ))
    })
}

/// A request as it was prepared, with the grant on it.
fn dressed(prepared: &Prepared<'_>, grant: Grant) -> (HttpRequest, Origin) {
    let mut request = prepared.request();
    let origin = grant.dress(request.headers_mut());
    (request, origin)
}

/// Timestamp and signature, the last things that are put on a request. Says how far ahead the platform's clock was taken
/// to be, if it signed.
async fn sign(
    layer: &CallLayer,
    lane: &Lane,
    request: &mut HttpRequest,
) -> Result<Option<i64>, Error> {
    let Some(signer) = signer(layer)? else {
        return Ok(None);
    };
    let shared = &layer.shared;
    let offset_ms = lane.skew.offset_ms();
    let seconds = skew::seconds_at(shared.runtime.clock.now(), offset_ms);
    let scheme = &shared.signing_scheme;
    let message = request.signed_bytes(scheme, seconds, &lane.base);
    let signature = signer.sign(&message).await.map_err(|source| {
        // A key service that is down may be up later, and nothing has left.
        let message = "the signer failed, its source says why: mend or wait for your key service, then call again";
        before(ErrorKind::Signer, message)
            .with_source(source)
            .with_retryable(true)
    })?;
    let headers = request.headers_mut();
    headers.insert(scheme.timestamp_header.clone(), HeaderValue::from(seconds));
    headers.insert(scheme.signature_header.clone(), scheme.encode(&signature));
    Ok(Some(offset_ms))
}

/// Who signs this call, if it is to be signed.
fn signer(layer: &CallLayer) -> Result<Option<&dyn Signer>, Error> {
    let CallLayer {
        shared,
        options,
        operation,
        ..
    } = layer;
    let policy = match operation.api {
        Api::Payments => shared.sign,
        _ => Default::default(),
    };
    match (
        policy.decide(operation.signature, options.sign),
        shared.signer.as_deref(),
    ) {
        (SignDecision::No, _) => Ok(None),
        (SignDecision::Must, None) => Err(before(
            ErrorKind::Signer,
            "this operation needs a signature and the client has no signer: give the builder the private key with \
             `signing_key`, or send it unsigned with `CallOptions::sign(false)`",
        )),
        (_, signer) => Ok(signer),
    }
}
