//! An entry of an error reply, whatever API's envelope it came in.

use std::fmt;

/// One entry of an error reply. Every API's envelope is brought to this shape; a field that the API lacks is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The code: `code` (payments, control), `error_enum` or `type` (accounting), `error_code` (plaid), `error` (OAuth).
    pub code: Option<String>,
    /// The family of the code, where the API has one (`type`, `error_type`).
    pub family: Option<String>,
    /// What was wrong, in the platform's words.
    pub description: Option<String>,
    /// JSON pointer to the place in the request.
    pub pointer: Option<String>,
    /// What the server found there.
    pub received: Option<String>,
    /// What it should have found.
    pub expected: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Where to read more.
    pub doc_url: Option<String>,
}

/// What the server expected is shown, since hints refer to it: it speaks of the form. What it received is not.
impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.code
                .as_deref()
                .or(self.family.as_deref())
                .unwrap_or("(no code)"),
        )?;
        if let Some(pointer) = &self.pointer {
            write!(f, " at {pointer}")?;
        }
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        match (&self.expected, &self.hint) {
            (Some(expected), Some(hint)) => write!(f, " (expected: {expected}; {hint})"),
            (Some(expected), None) => write!(f, " (expected: {expected})"),
            (None, Some(hint)) => write!(f, " ({hint})"),
            (None, None) => Ok(()),
        }
    }
}

/// As `Display`, codes and descriptions are shown: they are the platform's sentences about fields, and without them
/// nobody could tell what to mend. Leaves out the bytes of the reply and what the server found at the place, which may
/// be the caller's secret or personal data.
impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorDetail")
            .field("code", &self.code)
            .field("family", &self.family)
            .field("description", &self.description)
            .field("pointer", &self.pointer)
            .field("expected", &self.expected)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_expected_is_shown_and_what_was_received_is_not() {
        let whole = ErrorDetail {
            code: Some("VALIDATION_FAILED".to_owned()),
            pointer: Some("/id".to_owned()),
            description: Some("The id has a wrong form.".to_owned()),
            received: Some("jane doe".to_owned()),
            expected: Some("1 to 64 letters".to_owned()),
            hint: Some("send what is expected there".to_owned()),
            ..ErrorDetail::default()
        };
        let without_hint = ErrorDetail {
            hint: None,
            ..whole.clone()
        };
        let without_form = ErrorDetail {
            expected: None,
            ..whole.clone()
        };
        for (detail, end) in [
            (
                whole,
                " (expected: 1 to 64 letters; send what is expected there)",
            ),
            (without_hint, " (expected: 1 to 64 letters)"),
            (without_form, " (send what is expected there)"),
        ] {
            let said = "VALIDATION_FAILED at /id: The id has a wrong form.";
            assert_eq!(detail.to_string(), format!("{said}{end}"));
        }
    }
}
