//! Ids that clients choose: customers, accounts, payors.
//!
//! Their form is not published; 1 to 64 letters, digits, `-`, `_` and `.` covers every id that was seen in use and can
//! stand in a path.

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// Checks the form of an id that a client has chosen.
pub(crate) fn check(id: &str, pointer: &str) -> Result<(), Rejection> {
    let letters = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let dots_alone = id.bytes().all(|byte| byte == b'.');
    if !id.is_empty() && id.len() <= LENGTH_MAX && letters && !dots_alone {
        return Ok(());
    }
    Err(Problem::new(
        code::VALIDATION_FAILED,
        "The id does not have the form of an id.",
    )
    .at(pointer)
    .received(id)
    .expected("1 to 64 letters, digits, `-`, `_` or `.`")
    .hint("Ids stand in paths, so they are plain: your own customer number is a good one.")
    .bad_request())
}

const LENGTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_seen_in_use_are_accepted_and_what_breaks_a_path_is_not() {
        for id in [
            "DANIELLEE002_USD",
            "acc321",
            "cust-002",
            "a.b",
            &"x".repeat(64),
        ] {
            assert_eq!(check(id, "/id"), Ok(()), "{id}");
        }
        for id in ["", ".", "..", "a/b", "a b", "é", "a%2f", &"x".repeat(65)] {
            assert!(check(id, "/id").is_err(), "{id}");
        }
    }
}
