//! What is known about an error code.
//!
//! The platform documents the envelope of an error but no list of codes, so the codes are those of
//! this project's documents. Each API has an open enum `ErrorCode` and a table `ERROR_CODES` of
//! these entries; clients decide by the kind of an error, never by its code alone.

/// One code of an API: when it is sent and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCodeInfo {
    /// The code as it stands in an error reply.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// What to do next.
    pub remedy: &'static str,
}

impl ErrorCodeInfo {
    /// Finds a code in the table of an API.
    #[must_use]
    pub fn find(table: &'static [Self], code: &str) -> Option<&'static Self> {
        table.iter().find(|info| info.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: &[ErrorCodeInfo] = &[ErrorCodeInfo {
        code: "NOT_FOUND",
        status: 404,
        meaning: "There is no such thing.",
        remedy: "Check the id.",
    }];

    #[test]
    fn codes_are_found_by_their_exact_text() {
        assert_eq!(
            ErrorCodeInfo::find(TABLE, "NOT_FOUND").map(|info| info.status),
            Some(404)
        );
        assert_eq!(ErrorCodeInfo::find(TABLE, "not_found"), None);
    }
}
