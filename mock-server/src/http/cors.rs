//! Which APIs a browser may call from another origin.
//!
//! Layer's components for the browser call the accounting API directly, and tools in a browser call control; both carry
//! a bearer token, never a cookie, so any origin may be let in without giving anything away. The payments and the Plaid
//! API are called by servers, there as here.

use http::{HeaderMap, HeaderValue, Method, header};

use crate::api::Surface;

/// Whether the API may be called from a page of another origin.
fn is_open(surface: Surface) -> bool {
    matches!(surface, Surface::Accounting | Surface::Control)
}

/// Whether the request asks if it may be sent.
pub(crate) fn is_preflight(surface: Surface, method: &Method, headers: &HeaderMap) -> bool {
    is_open(surface)
        && method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds the answer to a preflight.
pub(crate) fn answer_preflight(headers: &mut HeaderMap) {
    allow_origin(headers);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "authorization, content-type, x-l2f-request-id, layer-locale, layer-react-version",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
}

/// Lets a page of another origin read the reply.
pub(crate) fn mark(surface: Surface, request: &HeaderMap, reply: &mut HeaderMap) {
    if is_open(surface) && request.contains_key(header::ORIGIN) {
        allow_origin(reply);
        reply.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-l2f-request-id, retry-after"),
        );
    }
}

fn allow_origin(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apis_that_browsers_call_are_open() {
        let mut asked = HeaderMap::new();
        asked.insert(
            header::ORIGIN,
            HeaderValue::from_static("https://app.example"),
        );
        asked.insert(
            header::ACCESS_CONTROL_REQUEST_METHOD,
            HeaderValue::from_static("POST"),
        );
        for surface in Surface::ALL {
            let open = matches!(surface, Surface::Accounting | Surface::Control);
            assert_eq!(is_preflight(surface, &Method::OPTIONS, &asked), open);
            let mut reply = HeaderMap::new();
            mark(surface, &asked, &mut reply);
            assert_eq!(
                reply.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
                open
            );
        }
    }
}
