//! The request for a token, in each of the styles that endpoints have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use http::HeaderValue;
use http::header::ACCEPT;
use http::header::AUTHORIZATION;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_TYPE;
use reqwest::Url;
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::transport::HttpRequest;

/// Where a token endpoint expects the parameters and the secret (RFC 6749, 2.3.1 and 4.4.2). The published samples
/// decide the default of each API; another position is for a server in between, or a vendor that changes its mind.
///
/// Before they are joined for `Authorization: Basic`, id and secret are form-encoded as RFC 6749 says, unless the style is
/// a raw one. For a secret of letters, digits, `-`, `_`, `.` and `*` it makes no difference; where any other is refused
/// with 401, try the raw style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStyle {
    /// Parameters in a form with the client id repeated, the secret in `Authorization: Basic` (accounting).
    BasicForm,
    /// Parameters in the query with an empty body, the secret in `Authorization: Basic` (payments).
    BasicQuery,
    /// As [`BasicForm`](Self::BasicForm) for a server that decodes nothing: id and secret are joined as they are.
    RawBasicForm,
    /// As [`BasicQuery`](Self::BasicQuery) for a server that decodes nothing: id and secret are joined as they are.
    RawBasicQuery,
    /// All of it in a form, the id and the secret too, and no `Authorization`.
    SecretForm,
}

impl TokenStyle {
    fn is_query(self) -> bool {
        matches!(self, Self::BasicQuery | Self::RawBasicQuery)
    }

    fn is_raw(self) -> bool {
        matches!(self, Self::RawBasicForm | Self::RawBasicQuery)
    }
}

/// The token endpoint of one API.
#[derive(Clone, Debug)]
pub(crate) struct TokenEndpoint {
    pub(crate) url: Url,
    pub(crate) style: TokenStyle,
    pub(crate) scopes: Vec<String>,
}

impl TokenEndpoint {
    pub(super) fn request(&self, credentials: &Credentials) -> Result<HttpRequest, Error> {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("grant_type", "client_credentials");
            if !self.scopes.is_empty() {
                query.append_pair("scope", &self.scopes.join(" "));
            }
            if !self.style.is_query() {
                query.append_pair("client_id", credentials.client_id());
            }
            if self.style == TokenStyle::SecretForm {
                query.append_pair("client_secret", credentials.expose_secret());
            }
        }
        // The query's encoding is the form's encoding.
        let form = (!self.style.is_query()).then(|| {
            let form = url.query().unwrap_or_default().to_owned();
            url.set_query(None);
            form
        });
        let mut headers = HeaderMap::new();
        if self.style != TokenStyle::SecretForm {
            headers.insert(AUTHORIZATION, basic(credentials, self.style.is_raw())?);
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        Ok(HttpRequest::of_token(url, headers, form))
    }
}

/// Id and secret, each form-encoded first, as RFC 6749 section 2.3.1 says, or as they are.
fn basic(credentials: &Credentials, raw: bool) -> Result<HeaderValue, Error> {
    let (id, secret) = (credentials.client_id(), credentials.expose_secret());
    // No room is left behind by growing that would hold a copy of the secret.
    let mut pair = Zeroizing::new(String::with_capacity((id.len() + secret.len()) * 3 + 1));
    let push = if raw {
        String::push_str
    } else {
        push_form_encoded
    };
    push(&mut pair, id);
    pair.push(':');
    push(&mut pair, secret);
    let text = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
    sensitive(&text)
}

/// Adds a text in the form of `application/x-www-form-urlencoded`.
fn push_form_encoded(to: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                to.push(char::from(byte));
            }
            b' ' => to.push('+'),
            _ => {
                to.push('%');
                to.push(char::from(DIGITS[usize::from(byte >> 4)]));
                to.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
            }
        }
    }
}

/// A header value that HTTP logs leave out.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::before_sending(
            ErrorKind::Credentials,
            "a credential has a character that no HTTP header may carry, a line break perhaps",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;

    /// What the client `id` sends with this secret, for two scopes.
    fn request(style: TokenStyle, secret: &str) -> HttpRequest {
        let endpoint = TokenEndpoint {
            url: Url::parse("https://auth.example.com/oauth2/abc/v1/token").unwrap(),
            style,
            scopes: vec!["customers:read".to_owned(), "accounts:read".to_owned()],
        };
        endpoint.request(&Credentials::new("id", secret)).unwrap()
    }

    #[test]
    fn payments_parameters_go_into_the_query_and_nothing_into_the_body() {
        let request = request(TokenStyle::BasicQuery, "secret");
        assert_eq!(
            request.url().as_str(),
            "https://auth.example.com/oauth2/abc/v1/token?grant_type=client_credentials&scope=customers%3Aread+accounts%3Aread"
        );
        assert!(request.body().is_empty());
        assert_eq!(request.headers()[AUTHORIZATION], "Basic aWQ6c2VjcmV0");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn accounting_parameters_go_into_a_form() {
        let request = request(TokenStyle::BasicForm, "secret");
        assert_eq!(
            request.url().as_str(),
            "https://auth.example.com/oauth2/abc/v1/token"
        );
        assert_eq!(
            std::str::from_utf8(&request.body()).unwrap(),
            "grant_type=client_credentials&scope=customers%3Aread+accounts%3Aread&client_id=id"
        );
    }

    #[test]
    fn id_and_secret_are_form_encoded_before_they_are_joined_unless_the_style_is_raw() {
        let credentials = Credentials::new("id:1", "a+b c%é");
        for (raw, joined) in [(false, "id%3A1:a%2Bb+c%25%C3%A9"), (true, "id:1:a+b c%é")] {
            let header = basic(&credentials, raw).unwrap();
            let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
            let pair = String::from_utf8(BASE64.decode(encoded).unwrap()).unwrap();
            assert_eq!(pair, joined);
        }
    }

    #[test]
    fn a_secret_in_the_form_is_in_no_header() {
        let request = request(TokenStyle::SecretForm, "se cret");
        assert!(
            request
                .body()
                .ends_with(b"&client_id=id&client_secret=se+cret")
        );
        assert_eq!(request.url().query(), None);
        assert!(!request.headers().contains_key(AUTHORIZATION));
    }

    #[test]
    fn a_secret_with_a_line_break_still_makes_a_header() {
        // Base64 hides the break from HTTP; the server then says what is wrong with the secret.
        assert!(basic(&Credentials::new("id", "secret\n"), false).is_ok());
        let error = sensitive("tok\nen").unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Credentials, Outcome::NotSent)
        );
    }
}
