//! What the documents say of an answer, under one version of the platform.
//!
//! The world does not check itself: whoever drives it does. The server holds what it sends against the documents in
//! debug builds, and the tests hold every step of their walks. The rules are here, so that both ask the same.

use layer2_types::ErrorCodeInfo;
use layer2_types::accounting;
use layer2_types::control;
use layer2_types::operation::Api;
use layer2_types::operation::Operation;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::plaid;

use crate::rejection::Rejection;
use crate::rejection::code;

pub mod schema;

/// The error codes that the document of an API lists.
#[must_use]
pub fn documented_codes(api: Api) -> &'static [ErrorCodeInfo] {
    match api {
        Api::Accounting => accounting::ERROR_CODES,
        Api::Control => control::ERROR_CODES,
        Api::Payments => payments::ERROR_CODES,
        Api::Plaid => plaid::ERROR_CODES,
    }
}

/// What of a refusal differs from the document, as sentences; nothing if it is as documented.
///
/// Each code must be one that the operation lists, and the status that of one of the codes. What a version does not
/// have is not found there, whatever it lists elsewhere.
#[must_use]
pub fn differences_of_refusal(
    operation: &Operation,
    platform: Platform,
    rejection: &Rejection,
) -> Vec<String> {
    let codes: Vec<_> = rejection
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    let is_listed = |code: &str| {
        let is_absent = code == code::NOT_FOUND && !operation.is_on(platform);
        is_absent || operation.error_codes().any(|listed| listed == code)
    };
    let mut differences: Vec<_> = codes
        .iter()
        .filter(|code| !is_listed(code))
        .map(|code| format!("{operation}: the code {code} is not listed"))
        .collect();
    let documented = documented_codes(operation.api);
    let status = rejection.status;
    let has_status = |code: &&str| {
        ErrorCodeInfo::find(documented, code).is_some_and(|info| info.status == status)
    };
    if !codes.iter().any(has_status) {
        let codes = codes.join(", ");
        differences.push(format!(
            "{operation}: {codes} with status {status}, that of none of them"
        ));
    }
    differences
}

#[cfg(test)]
mod tests {
    use layer2_types::operation;

    use super::*;
    use crate::rejection::Problem;

    /// The refusal of a read of an account with one problem.
    fn differences(platform: Platform, key: &str, code: &'static str, status: u16) -> Vec<String> {
        let rejection = Rejection {
            status,
            ..Problem::new(code, "No.").bad_request()
        };
        differences_of_refusal(operation::find(key).unwrap(), platform, &rejection)
    }

    #[test]
    fn a_refusal_has_a_code_of_its_operation_and_the_status_of_it() {
        let of = |code, status| differences(Platform::Union, "payments.accounts_get", code, status);
        assert_eq!(of(code::NOT_FOUND, 404), [""; 0]);
        assert_eq!(
            of(code::NOT_FOUND, 400),
            ["payments.accounts_get: NOT_FOUND with status 400, that of none of them"]
        );
        assert_eq!(
            of(code::INSUFFICIENT_FUNDS, 400),
            ["payments.accounts_get: the code INSUFFICIENT_FUNDS is not listed"]
        );
        assert_eq!(of("MADE_UP", 404).len(), 2);
    }

    #[test]
    fn what_a_version_lacks_is_not_found_there() {
        let (operation, lacks_it) = operation::operations()
            .filter(|operation| !operation.error_codes().any(|code| code == code::NOT_FOUND))
            .find_map(|operation| {
                let versions = Platform::ALL.iter().copied();
                let mut lacking = versions.filter(|platform| !operation.is_on(*platform));
                Some((operation, lacking.next()?))
            })
            .expect("an operation of one version that lists no NOT_FOUND");
        let of = |platform| differences(platform, &operation.key(), code::NOT_FOUND, 404);
        assert_eq!(of(lacks_it), [""; 0]);
        assert_eq!(of(Platform::Union).len(), 1);
    }
}
