//! `Content-Disposition`: the name of a file, read from a request and written to a reply (RFC 6266).
//!
//! A name is data of whoever uploaded it. It is written so that no character of it can end the parameter, begin another
//! one or reach a folder of whoever saves it, and a reply is always an attachment: a browser saves it and never shows
//! it.

use http::HeaderValue;

use super::query;

/// Names longer than this are refused on the way in.
const NAME_CHARACTERS: usize = 255;

/// The name of a file without folders, or nothing if it cannot be one.
pub(crate) fn plain_name(sent: &str) -> Option<String> {
    // RFC 7578 section 4.2: folders in a name are not the receiver's to follow.
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let usable = !matches!(name, "" | "." | "..")
        && name.chars().count() <= NAME_CHARACTERS
        && !name.chars().any(char::is_control);
    usable.then(|| name.to_owned())
}

/// The name that a `Content-Disposition` gives; the extended form counts before the plain one (RFC 6266 section 4.3).
pub(crate) fn file_name(header: &HeaderValue) -> Option<String> {
    let text = std::str::from_utf8(header.as_bytes()).ok()?;
    let parameters = parameters(text);
    let find = |wanted: &str| {
        parameters
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
    };
    let extended = find("filename*").and_then(|value| {
        // RFC 8187: charset'language'percent-encoded; UTF-8 is the one charset that every sender has.
        let (charset, rest) = value.split_once('\'')?;
        let (_language, encoded) = rest.split_once('\'')?;
        charset
            .eq_ignore_ascii_case("utf-8")
            .then(|| query::decode(encoded).ok())?
    });
    extended.or_else(|| find("filename").map(str::to_owned))
}

/// The header of a reply that is saved under this name.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let mut text = format!("attachment; filename=\"{}\"", fallback(name));
    if fallback(name) != name {
        text.push_str("; filename*=UTF-8''");
        text.push_str(&percent_encoded(name));
    }
    // Both forms are visible ASCII, so there is always a header.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// The parameters after the disposition type; a quoted value may hold any character, `\` escapes the next one.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        found.push((name.trim_matches([' ', '\t', ';']).to_owned(), value));
        rest = next.split_once(';').map_or("", |(_, next)| next);
    }
    found
}

/// A quoted string without its first quote, and what follows the last one.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

/// The name in ASCII, for readers that know the plain form alone; what could be misread is an underscore. `%` is one of
/// them, since some readers decode it (RFC 6266 appendix D).
fn fallback(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            '"' | '\\' | '/' | '%' => '_',
            visible if visible == ' ' || visible.is_ascii_graphic() => visible,
            _ => '_',
        })
        .collect()
}

/// RFC 8187 section 3.2.1: everything but `attr-char` is percent-encoded.
fn percent_encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<String> {
        file_name(&HeaderValue::from_bytes(header.as_bytes()).expect("header"))
    }

    #[test]
    fn a_name_is_read_in_each_form_that_is_sent() {
        let rows = [
            (r#"attachment; filename="a b.pdf""#, Some("a b.pdf")),
            ("attachment; filename=a.pdf", Some("a.pdf")),
            ("attachment;FileName = a.pdf ; size=3", Some("a.pdf")),
            (r#"inline; filename="a\"b;c=d.pdf""#, Some(r#"a"b;c=d.pdf"#)),
            (
                "attachment; filename=\"e.pdf\"; filename*=UTF-8''%C3%A9%20x.pdf",
                Some("é x.pdf"),
            ),
            (
                "attachment; filename*=utf-8'en'a.pdf; filename=b.pdf",
                Some("a.pdf"),
            ),
            (
                "attachment; filename*=ISO-8859-1''%E9.pdf; filename=b.pdf",
                Some("b.pdf"),
            ),
            (
                "attachment; filename*=UTF-8''%zz; filename=b.pdf",
                Some("b.pdf"),
            ),
            (r#"attachment; filename="é.pdf""#, Some("é.pdf")),
            (r#"attachment; filename="cut"#, Some("cut")),
            ("attachment", None),
            ("attachment; filename", None),
            ("", None),
        ];
        for (header, name) in rows {
            assert_eq!(read(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn a_name_has_no_folders_and_no_control_characters() {
        let long = "x".repeat(256);
        let rows = [
            ("a.pdf", Some("a.pdf")),
            ("/etc/passwd", Some("passwd")),
            (r"C:\papers\a b.pdf", Some("a b.pdf")),
            ("..", None),
            ("papers/", None),
            (" ", None),
            ("a\r\nb.pdf", None),
            (&long, None),
            (&long[1..], Some(&long[1..])),
        ];
        for (sent, name) in rows {
            assert_eq!(plain_name(sent).as_deref(), name, "{sent:?}");
        }
    }

    #[test]
    fn a_written_name_cannot_leave_its_parameter() {
        let rows = [
            ("a b.pdf", r#"attachment; filename="a b.pdf""#),
            (
                r#"a"; filename="b.exe"#,
                r#"attachment; filename="a_; filename=_b.exe"; filename*=UTF-8''a%22%3B%20filename%3D%22b.exe"#,
            ),
            (
                "é\r\nx.pdf",
                r#"attachment; filename="___x.pdf"; filename*=UTF-8''%C3%A9%0D%0Ax.pdf"#,
            ),
            (
                "100%41.pdf",
                r#"attachment; filename="100_41.pdf"; filename*=UTF-8''100%2541.pdf"#,
            ),
        ];
        for (name, header) in rows {
            assert_eq!(attachment(name), header, "{name:?}");
            assert_eq!(file_name(&attachment(name)).as_deref(), Some(name));
        }
    }
}
