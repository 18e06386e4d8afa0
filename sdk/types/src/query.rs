//! Query parameters of list operations, as text and back.
//!
//! The client turns a parameter struct into name and text, the mock server turns them back. What
//! is not set is not sent. A parameter that cannot be read, or that is given twice, is a
//! [`QueryError`] with what came and what was expected; names that the operation does not have are
//! not this module's business.

use std::fmt;

use crate::amount::Amount;
use crate::redact::Redacted;
use crate::timestamp::{Date, Timestamp};

/// The query parameters of an operation.
pub trait QueryParams: Sized {
    /// The parameters that are set, in the order of the document, not yet percent-encoded.
    fn to_pairs(&self) -> Vec<(&'static str, String)>;

    /// Reads parameters that are already percent-decoded.
    ///
    /// # Errors
    ///
    /// The first parameter that cannot be read.
    fn from_pairs(pairs: &[(String, String)]) -> Result<Self, QueryError>;
}

/// A type that can be the value of a query parameter.
pub trait QueryValue: Sized {
    /// What a value looks like, for the error: "a whole number".
    const EXPECTED: &'static str;

    /// True if the text must not be repeated in an error.
    const SENSITIVE: bool = false;

    /// The value as text.
    fn to_query(&self) -> String;

    /// The value of a text, if it is one.
    fn from_query(text: &str) -> Option<Self>;
}

/// Reads the parameter `name`, if it is there.
///
/// ```
/// use layer2_types::query;
///
/// let pairs = [("page".to_owned(), "two".to_owned())];
/// let error = query::read::<i32>(&pairs, "page").unwrap_err();
/// assert_eq!(error.to_string(), "query parameter `page`: expected a whole number, received `two`");
/// assert_eq!(query::read::<i32>(&pairs, "page_size"), Ok(None));
/// ```
///
/// # Errors
///
/// If the text is not a `T`, or the parameter is given more than once.
pub fn read<T: QueryValue>(
    pairs: &[(String, String)],
    name: &'static str,
) -> Result<Option<T>, QueryError> {
    let mut values = pairs
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str());
    let Some(text) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let times = values.count() + 2;
        return Err(QueryError::new(
            name,
            format!("{times} values"),
            "one value",
        ));
    }
    match T::from_query(text) {
        Some(value) => Ok(Some(value)),
        None if T::SENSITIVE => Err(QueryError::new(name, Redacted::TEXT, T::EXPECTED)),
        None => Err(QueryError::new(name, text, T::EXPECTED)),
    }
}

/// Adds the parameter `name` if it is set.
pub fn write<T: QueryValue>(
    pairs: &mut Vec<(&'static str, String)>,
    name: &'static str,
    value: Option<&T>,
) {
    if let Some(value) = value {
        pairs.push((name, value.to_query()));
    }
}

/// A query parameter that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    name: &'static str,
    received: String,
    expected: &'static str,
}

impl QueryError {
    /// Describes a parameter that cannot be read.
    #[must_use]
    pub fn new(name: &'static str, received: impl Into<String>, expected: &'static str) -> Self {
        Self {
            name,
            received: received.into(),
            expected,
        }
    }

    /// The name of the parameter.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The text that came, redacted if the parameter is sensitive.
    #[must_use]
    pub fn received(&self) -> &str {
        &self.received
    }

    /// What was expected.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            received,
            expected,
        } = self;
        write!(
            f,
            "query parameter `{name}`: expected {expected}, received `{received}`"
        )
    }
}

impl std::error::Error for QueryError {}

macro_rules! query_value_by_text {
    ($($value:ty: $expected:literal),+ $(,)?) => {$(
        impl QueryValue for $value {
            const EXPECTED: &'static str = $expected;

            fn to_query(&self) -> String {
                self.to_string()
            }

            fn from_query(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

query_value_by_text! {
    i32: "a whole number",
    i64: "a whole number",
    bool: "true or false",
    Amount: "a decimal number",
    Date: "a day like 2026-01-05",
    Timestamp: "a date and time like 2026-01-05T09:00:00Z",
    String: "text",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn values_come_back_from_their_text() {
        fn round<T: QueryValue + PartialEq + fmt::Debug>(value: T) {
            let mut written = Vec::new();
            write(&mut written, "v", Some(&value));
            let text: Vec<_> = written
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.clone()))
                .collect();
            assert_eq!(read(&text, "v"), Ok(Some(value)));
        }
        round(i32::MIN);
        round(i64::MAX);
        round(true);
        round("a&b=c d".to_owned());
        round(Amount::from_minor(-1050, 2).expect("in range"));
        round(Date::new(2026, 1, 5).expect("valid"));
        round(
            "2026-01-05T09:00:00-05:00"
                .parse::<Timestamp>()
                .expect("valid"),
        );
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let mut written = Vec::new();
        write::<i32>(&mut written, "page", None);
        assert_eq!(written, []);
        assert_eq!(read::<i32>(&pairs(&[("page_size", "1")]), "page"), Ok(None));
    }

    #[test]
    fn a_wrong_value_is_told_with_what_was_expected() {
        let given = pairs(&[
            ("page", "1.5"),
            ("active", "yes"),
            ("day", "05/01/2026"),
            ("big", "99999999999"),
        ]);
        let error = read::<i32>(&given, "page").expect_err("not whole");
        assert_eq!(
            (error.name(), error.received(), error.expected()),
            ("page", "1.5", "a whole number")
        );
        assert!(read::<bool>(&given, "active").is_err());
        assert!(read::<Date>(&given, "day").is_err());
        assert!(read::<i32>(&given, "big").is_err());
        assert_eq!(read::<i64>(&given, "big"), Ok(Some(99_999_999_999)));
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        let error = read::<i32>(&pairs(&[("page", "1"), ("x", "y"), ("page", "1")]), "page")
            .expect_err("twice");
        assert_eq!(
            (error.received(), error.expected()),
            ("2 values", "one value")
        );
    }
}
