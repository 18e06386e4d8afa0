//! A request as a method of the generated client describes it: a path below the base, a query and a body.
//!
//! What the table of operations says of a request (its method, what it accepts) is not said here again. Address and
//! headers are put together in the pipeline, once per call.

use std::borrow::Cow;

use http::HeaderValue;
use reqwest::Url;
use serde::Serialize;

use crate::body::Body;
use crate::credentials::BoxError;

/// Room for the JSON of most requests, so that it is written without being moved.
const JSON_ROOM: usize = 512;

/// A request that is not addressed yet.
pub(crate) struct Draft {
    /// The path below the base of the API, with its parameters encoded.
    pub(crate) path: Cow<'static, str>,
    /// The query without its question mark, encoded; empty without one.
    pub(crate) query: String,
    /// What the body is, if there is one.
    pub(crate) media_type: Option<HeaderValue>,
    pub(crate) body: Body,
    /// What could not be written, the first of it.
    pub(crate) fault: Option<BoxError>,
}

impl Draft {
    /// A request without query and body.
    pub(crate) fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            query: String::new(),
            media_type: None,
            body: Body::EMPTY,
            fault: None,
        }
    }

    /// Adds a parameter to the query; one that has no value adds nothing.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn query(mut self, parameter: &impl Serialize) -> Self {
        match serde_urlencoded::to_string(parameter) {
            Ok(pair) if pair.is_empty() => {}
            Ok(pair) if self.query.is_empty() => self.query = pair,
            Ok(pair) => {
                self.query.push('&');
                self.query.push_str(&pair);
            }
            Err(cause) => self.refuse(cause),
        }
        self
    }

    /// Gives it a value for its body, as JSON.
    pub(crate) fn json(mut self, value: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(JSON_ROOM);
        match serde_json::to_writer(&mut text, value) {
            Ok(()) => {
                self.media_type = Some(HeaderValue::from_static("application/json"));
                self.body = text.into();
            }
            Err(cause) => self.refuse(cause),
        }
        self
    }

    /// Gives it a body of another kind.
    #[cfg(any(feature = "payments", feature = "control"))]
    pub(crate) fn carrying(mut self, media_type: &str, body: Body) -> Self {
        match HeaderValue::from_str(media_type) {
            Ok(media_type) => {
                self.media_type = Some(media_type);
                self.body = body;
            }
            Err(cause) => self.refuse(cause),
        }
        self
    }

    /// Its address below `base`. The base is copied rather than read anew: its host is known to be one.
    pub(crate) fn address(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path(&[base.path().trim_end_matches('/'), &self.path].concat());
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        url
    }

    fn refuse(&mut self, cause: impl Into<BoxError>) {
        self.fault.get_or_insert_with(|| cause.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(feature = "payments", feature = "control"))]
    #[test]
    fn parameters_with_a_value_make_the_query_in_order() {
        let draft = Draft::new("/v1/accounts")
            .query(&[("a", Some("x y&z"))])
            .query(&[("b", None::<&str>)])
            .query(&[("c", 7)]);
        assert_eq!(
            (&*draft.path, &*draft.query),
            ("/v1/accounts", "a=x+y%26z&c=7")
        );
        assert!(draft.fault.is_none() && draft.media_type.is_none());
    }

    #[test]
    fn what_cannot_be_written_is_kept_for_the_call() {
        // JSON has no keys of this kind.
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        let draft = Draft::new("/v1/accounts").json(&unwritable);
        assert!(draft.fault.unwrap().to_string().contains("key"));
        assert!(draft.body.bytes().is_empty());
    }
}
