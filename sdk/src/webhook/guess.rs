//! What a sender may have signed instead of what arrived: the mistakes of receivers, played back.
//!
//! Only used once a signature failed, to name the reason. A guess that fits never makes a delivery acceptable.

/// The body as its sender may have spelled it, before something here parsed and printed it.
pub(crate) fn other_spellings(body: &[u8]) -> Vec<Vec<u8>> {
    let compact = without_whitespace(body);
    let trimmed = body.trim_ascii().to_vec();
    let mut with_newline = trimmed.clone();
    with_newline.push(b'\n');
    let mut spellings = vec![compact, trimmed, with_newline];
    spellings.retain(|spelling| spelling != body);
    spellings
}

/// JSON without the white space between its tokens. Strings stay as they are.
fn without_whitespace(json: &[u8]) -> Vec<u8> {
    let mut in_string = false;
    let mut escaped = false;
    json.iter()
        .copied()
        .filter(|byte| {
            if in_string {
                in_string = escaped || *byte != b'"';
                escaped = !escaped && *byte == b'\\';
                return true;
            }
            in_string = *byte == b'"';
            !byte.is_ascii_whitespace()
        })
        .collect()
}

/// Paths that receivers confuse with the signed one: with and without the last slash, without the query, and without
/// the prefix that a proxy took away.
pub(crate) fn other_paths(path: &str) -> Vec<String> {
    let bare = path.split('?').next().unwrap_or_default();
    let mut paths = vec![
        bare.to_owned(),
        bare.trim_end_matches('/').to_owned(),
        format!("{}/", bare.trim_end_matches('/')),
    ];
    let mut rest = bare;
    while let Some((_, shorter)) = rest.trim_start_matches('/').split_once('/') {
        paths.push(format!("/{shorter}"));
        rest = shorter;
    }
    paths.push("/".to_owned());
    paths.retain(|other| other != path);
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_space_between_tokens_goes() {
        let pretty = b"{\n  \"a b\": \"c \\\" d\\\\\",\t\"e\": [ 1, 2 ]\r\n}";
        let compact = b"{\"a b\":\"c \\\" d\\\\\",\"e\":[1,2]}";
        assert_eq!(without_whitespace(pretty), compact);
    }
}
