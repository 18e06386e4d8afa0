//! How the values of options are read, and what is said of one that is none.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use http::{HeaderValue, Method, Uri};
use layer2_types::operation::Platform;
use layer2_world::settings::WEBHOOK_LOG_LIMITS;

/// The address to listen on; a name is looked up, and its first loopback address taken.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    const FORM: &str = "expected an address and a port, such as 127.0.0.1:4010";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Err(format!(
            "the address is missing: 127.0.0.1:{port} is for this machine alone, 0.0.0.0:{port} for all that reach it"
        ));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        let address = SocketAddr::new(ip, 4010);
        return Err(format!(
            "the port is missing: {address}, or port 0 for a free one"
        ));
    }
    if text.contains("://") {
        return Err(format!("{FORM}, without a scheme before it"));
    }
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("{FORM} ({error})"))?;
    found
        .into_iter()
        .find(|address| address.ip().is_loopback())
        .ok_or_else(|| {
            format!(
                "{FORM}; a name is taken where it means this machine alone, such as localhost:4010"
            )
        })
}

/// The URL of a server, perhaps with a path, without a slash at its end.
pub(super) fn url(text: &str) -> Result<String, String> {
    let is_url = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    };
    let uri = text.parse().ok().filter(is_url);
    match uri.filter(|_| !text.contains(['?', '#'])) {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err(
            "expected a URL with its scheme and no query, such as http://127.0.0.1:4010".to_owned(),
        ),
    }
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// A bearer token as a header can hold it.
pub(super) fn token(text: &str) -> Result<String, String> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("expected visible ASCII characters without spaces, at least one".to_owned()),
    }
}

pub(super) fn platform(text: &str) -> Result<Platform, String> {
    text.parse()
        .map_err(|_| "expected union, rail-1.1.2 or layer2-1.0.5".to_owned())
}

pub(super) fn log_limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok();
    limit
        .filter(|limit| WEBHOOK_LOG_LIMITS.contains(limit))
        .ok_or_else(|| "expected 1 to 1000000".to_owned())
}

/// A method, in any case; it is signed in upper case.
pub(super) fn method(text: &str) -> Result<String, String> {
    const METHODS: [Method; 5] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let upper = text.to_ascii_uppercase();
    match METHODS.iter().any(|method| method.as_str() == upper) {
        true => Ok(upper),
        false => Err("expected GET, POST, PUT, PATCH or DELETE".to_owned()),
    }
}

/// A path as it stands in a request line.
pub(super) fn path(text: &str) -> Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err(
            "expected a path without scheme and host that begins with a slash, such as /api/v1/transfers/7/accept"
                .to_owned(),
        ),
    }
}

pub(super) fn unix_seconds(text: &str) -> Result<i64, String> {
    let seconds = text.parse().ok();
    seconds
        .filter(|seconds| *seconds >= 0)
        .ok_or_else(|| "expected whole seconds since 1970, such as 1700000000".to_owned())
}

/// What can be the value of a header.
pub(super) fn header(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "expected the value of a header".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_this_machine_is_an_address_to_listen_on() {
        let address = listen("localhost:4011").expect("an address");
        assert!(address.ip().is_loopback());
        assert_eq!(address.port(), 4011);
    }

    #[test]
    fn what_is_no_address_is_told_what_it_lacks() {
        let rows = [
            ("4011", "127.0.0.1:4011 is for this machine alone"),
            (":4011", "127.0.0.1:4011 is for this machine alone"),
            ("127.0.0.1", "the port is missing: 127.0.0.1:4010"),
            ("::1", "the port is missing: [::1]:4010"),
            ("127.0.0.1:99999", "such as 127.0.0.1:4010"),
            ("http://127.0.0.1:4010", "without a scheme"),
        ];
        for (text, said) in rows {
            let refused = listen(text).expect_err(text);
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }

    #[test]
    fn a_url_has_a_scheme_and_a_host_and_no_slash_at_its_end() {
        let read = |text| url(text).ok();
        assert_eq!(
            read("https://mock.example/base/").as_deref(),
            Some("https://mock.example/base")
        );
        assert_eq!(
            read("http://[::1]:4010"),
            Some("http://[::1]:4010".to_owned())
        );
        for text in [
            "",
            "mock.example",
            "127.0.0.1:4010",
            "ftp://mock.example",
            "http://",
            "http://mock.example/?a=1",
            "http://mock.example/#a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn other_values_are_held_to_their_form() {
        assert_eq!(seed("0"), Ok(0));
        assert!(seed("-1").is_err() && seed("18446744073709551616").is_err());
        assert!(token("open-sesame").is_ok() && token("").is_err() && token("a b").is_err());
        assert_eq!(method("post").as_deref(), Ok("POST"));
        assert!(method("").is_err() && method("HEAD").is_err());
        assert!(path("/api").is_ok() && path("http://127.0.0.1/api").is_err());
        assert_eq!(unix_seconds("1700000000"), Ok(1_700_000_000));
        assert!(unix_seconds("-1").is_err() && unix_seconds("yesterday").is_err());
        assert!(header("ab").is_ok() && header("a\nb").is_err());
        assert!(log_limit("1").is_ok() && log_limit("0").is_err());
    }
}
