//! Requests that are not sent, because something about them is visibly wrong.
//!
//! An id of `..` in a path parameter survives percent-encoding and is then taken by the URL parser as "one level up":
//! the call would go, signed, to another operation. Ids refuse such text, but a reply's id is kept as it came, so the
//! finished path is held against the operation's template once more, just before it is signed.

use layer2_types::operation::Operation;
use layer2_types::operation::PagingRule;
use layer2_types::operation::Platform;
use reqwest::Url;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::options::CallOptions;

/// Refuses an operation that the chosen platform version does not have.
pub(crate) fn platform(operation: &Operation, platform: Platform) -> Result<(), Error> {
    if operation.is_on(platform) {
        return Ok(());
    }
    let versions: Vec<String> = operation.versions.iter().map(ToString::to_string).collect();
    Err(Error::before_sending(
        ErrorKind::NotOnPlatform,
        format!(
            "the client keeps to {platform}, and only {} has this operation; choose that platform on the builder, or \
             `Platform::Union`, to use it",
            versions.join(", ")
        ),
    ))
}

/// Refuses a URL whose path is not the operation's template with one non-empty segment per parameter.
pub(crate) fn path(operation: &Operation, base: &Url, url: &Url) -> Result<(), Error> {
    let base_path = base.path().trim_end_matches('/');
    let fits = origin(url) == origin(base)
        && url
            .path()
            .strip_prefix(base_path)
            .is_some_and(|rest| follows(operation.path, rest));
    if fits {
        return Ok(());
    }
    Err(Error::before_sending(
        ErrorKind::InvalidRequest,
        format!(
            "the path does not fit {}: an id in it is empty or would change the path; check the ids of this call",
            operation.path
        ),
    ))
}

/// As [`Url::origin`], which makes a text of it; bases are http or https.
fn origin(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}

fn follows(template: &str, path: &str) -> bool {
    // Up to the first parameter there is nothing to look at piece by piece, and many templates have none.
    let Some(literal) = template.find('{') else {
        return template == path;
    };
    let (literal, template) = template.split_at(literal);
    let Some(path) = path.strip_prefix(literal) else {
        return false;
    };
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(parameter), Some(segment)) if parameter.starts_with('{') => {
                if matches!(segment, "" | "." | "..") {
                    return false;
                }
            }
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return false,
        }
    }
}

/// Refuses a page for an operation that has none: the query of the link would be signed and sent where it means nothing,
/// or something else.
pub(crate) fn page(operation: &Operation, options: &CallOptions) -> Result<(), Error> {
    let gives_pages = operation.paging != PagingRule::None;
    if options.page_query.is_empty() || gives_pages {
        return Ok(());
    }
    Err(Error::before_sending(
        ErrorKind::InvalidRequest,
        format!(
            "{} gives no pages: use the client with `CallOptions::page` for its list alone, and another one here",
            operation.key()
        ),
    ))
}

/// Replaces the query parameters that a page link names and leaves the others.
pub(crate) fn overlay_query(url: &mut Url, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        return;
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| pairs.iter().all(|(replaced, _)| replaced != name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .extend_pairs(pairs);
}

#[cfg(feature = "payments")]
#[cfg(test)]
mod tests {
    use layer2_types::payments::OperationId;
    use layer2_types::payments::TransferId;
    use progenitor_client::encode_path;
    use proptest::prelude::*;

    use super::*;
    use crate::draft::Draft;

    /// The address of `GET /v1/transfers/{id}`, made as the generated client makes it.
    fn address(base: &Url, id: &str) -> Url {
        Draft::new(format!("/v1/transfers/{}", encode_path(id))).address(base)
    }

    /// Texts with more than their share of what means something in a path.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just(".".to_owned()),
            Just("..".to_owned()),
            Just("/".to_owned()),
            Just("%2f".to_owned()),
            Just("%2e".to_owned()),
            Just("\\".to_owned()),
            Just("\n".to_owned()),
            any::<char>().prop_map(String::from),
            "[a-z]{1,3}".prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn an_id_is_one_segment_and_comes_back(text in text()) {
            let base = Url::parse("https://x.example/api").unwrap();
            let operation = OperationId::TransfersGet.operation();
            let url = address(&base, &text);
            if let Ok(id) = TransferId::new(text.clone()) {
                prop_assert!(path(operation, &base, &url).is_ok());
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4);
                // Nothing else is encoded twice, so decoding once is what the server sees.
                let decoded = percent_decoded(segments[3]);
                prop_assert_eq!(decoded, id.as_str());
                prop_assert_eq!((url.query(), url.fragment()), (None, None));
            }
        }

        #[test]
        fn a_kept_id_leaves_its_place_for_no_other_operation(text in text()) {
            let base = Url::parse("https://x.example/api").unwrap();
            let operation = OperationId::TransfersGet.operation();
            let url = address(&base, &text);
            if path(operation, &base, &url).is_ok() {
                prop_assert_eq!(url.path_segments().unwrap().count(), 4);
                prop_assert!(url.path().starts_with("/api/v1/transfers/"));
                prop_assert_eq!((url.query(), url.fragment()), (None, None));
            }
        }
    }

    fn percent_decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap().to_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_path_follows_its_template_segment_by_segment() {
        let template = "/v1/transfers/{transfer_id}/accept";
        assert!(follows(template, "/v1/transfers/abc/accept"));
        assert!(follows(template, "/v1/transfers/a%2Fb/accept"));
        for wrong in [
            "/v1/transfers/accept",
            "/v1/accept",
            "/v1/transfers//accept",
            "/v1/transfers/../accept",
            "/v1/transfers/abc",
            "/v1/transfers/abc/accept/",
            "/v1/transfers/a/b/accept",
            "/v2/transfers/abc/accept",
        ] {
            assert!(!follows(template, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_page_link_replaces_what_it_names_and_keeps_the_filters() {
        let mut url = Url::parse("https://x.example/v1/t?status=OPEN&page=0").unwrap();
        overlay_query(&mut url, &[]);
        assert_eq!(url.query(), Some("status=OPEN&page=0"));
        let next = [
            ("page".to_owned(), "1".to_owned()),
            ("as_of".to_owned(), "a b".to_owned()),
        ];
        overlay_query(&mut url, &next);
        assert_eq!(url.query(), Some("status=OPEN&page=1&as_of=a+b"));
    }
}
