//! Why the world refuses a command or a query.
//!
//! A rejection is data: the shell renders it in the envelope of the API that was called, adds the link to the
//! documentation, and leaves the helpful members out when the sandbox says so. It always says what was wrong, and where
//! the world knows it, where in the request, what was received, what would have been accepted and what to do.
//! A rejected command leaves no trace in the world.

use layer2_types::Operation;
use layer2_types::operation::Api;

use crate::unbuilt;

/// The codes that the world sends; each is listed in the document of its API (a test compares).
pub mod code {
    #![allow(missing_docs, reason = "the documents describe each code")]

    pub const ACCOUNT_NOT_USABLE: &str = "ACCOUNT_NOT_USABLE";
    pub const ADDRESS_NOT_AVAILABLE: &str = "ADDRESS_NOT_AVAILABLE";
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    pub const AMOUNT_NOT_POSITIVE: &str = "AMOUNT_NOT_POSITIVE";
    pub const AMOUNT_TOO_LARGE: &str = "AMOUNT_TOO_LARGE";
    pub const AMOUNT_TOO_SMALL: &str = "AMOUNT_TOO_SMALL";
    pub const APPLICATION_NOT_EDITABLE: &str = "APPLICATION_NOT_EDITABLE";
    pub const APPLICATION_NOT_READY: &str = "APPLICATION_NOT_READY";
    pub const ASSET_MISMATCH: &str = "ASSET_MISMATCH";
    pub const ASSET_NOT_SUPPORTED: &str = "ASSET_NOT_SUPPORTED";
    pub const CALLBACK_NOT_ALLOWED: &str = "CALLBACK_NOT_ALLOWED";
    pub const COUNTERPARTY_NOT_LINKED: &str = "COUNTERPARTY_NOT_LINKED";
    pub const COUNTERPARTY_NOT_USABLE: &str = "COUNTERPARTY_NOT_USABLE";
    pub const CUSTOMER_CREATION_NOT_ALLOWED: &str = "CUSTOMER_CREATION_NOT_ALLOWED";
    pub const CUSTOMER_NOT_USABLE: &str = "CUSTOMER_NOT_USABLE";
    pub const DEPOSIT_NOT_ACCEPTABLE: &str = "DEPOSIT_NOT_ACCEPTABLE";
    pub const DOCUMENT_LOCKED: &str = "DOCUMENT_LOCKED";
    pub const DOCUMENT_REFUSED: &str = "DOCUMENT_REFUSED";
    pub const EXCHANGE_EXPIRED: &str = "EXCHANGE_EXPIRED";
    pub const EXCHANGE_NOT_ACCEPTABLE: &str = "EXCHANGE_NOT_ACCEPTABLE";
    pub const FIELD_NOT_UPDATABLE: &str = "FIELD_NOT_UPDATABLE";
    pub const IDEMPOTENCY_KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";
    pub const INBOUND_NOT_ASSIGNABLE: &str = "INBOUND_NOT_ASSIGNABLE";
    pub const INBOUND_NOT_RETURNABLE: &str = "INBOUND_NOT_RETURNABLE";
    pub const INSUFFICIENT_FUNDS: &str = "INSUFFICIENT_FUNDS";
    pub const INTERMEDIARY_NOT_ALLOWED: &str = "INTERMEDIARY_NOT_ALLOWED";
    pub const INTERNAL: &str = "INTERNAL";
    pub const NOT_A_CORPORATION: &str = "NOT_A_CORPORATION";
    pub const NOT_BUILT: &str = "NOT_BUILT";
    pub const NOT_FOUND: &str = "NOT_FOUND";
    pub const ORDER_TYPE_NOT_SUPPORTED: &str = "ORDER_TYPE_NOT_SUPPORTED";
    pub const PAIR_NOT_SUPPORTED: &str = "PAIR_NOT_SUPPORTED";
    pub const PRODUCT_ASSET_NOT_SUPPORTED: &str = "PRODUCT_ASSET_NOT_SUPPORTED";
    pub const PULL_NOT_SUPPORTED: &str = "PULL_NOT_SUPPORTED";
    pub const PURPOSE_NOT_ALLOWED: &str = "PURPOSE_NOT_ALLOWED";
    pub const RAIL_NOT_SUPPORTED: &str = "RAIL_NOT_SUPPORTED";
    pub const RATE_OUT_OF_RANGE: &str = "RATE_OUT_OF_RANGE";
    pub const RECEIPT_NOT_READY: &str = "RECEIPT_NOT_READY";
    pub const SAME_ACCOUNT: &str = "SAME_ACCOUNT";
    pub const STATUS_CHANGE_NOT_ALLOWED: &str = "STATUS_CHANGE_NOT_ALLOWED";
    pub const SUBSCRIPTION_DELETED: &str = "SUBSCRIPTION_DELETED";
    pub const TOO_MANY_DECIMALS: &str = "TOO_MANY_DECIMALS";
    pub const TRANSFER_EXPIRED: &str = "TRANSFER_EXPIRED";
    pub const TRANSFER_NOT_ACCEPTABLE: &str = "TRANSFER_NOT_ACCEPTABLE";
    pub const VALIDATION_FAILED: &str = "VALIDATION_FAILED";
    pub const WITHDRAWAL_EXPIRED: &str = "WITHDRAWAL_EXPIRED";
    pub const WITHDRAWAL_NOT_ACCEPTABLE: &str = "WITHDRAWAL_NOT_ACCEPTABLE";
    pub const WITHDRAWAL_NOT_CANCELLABLE: &str = "WITHDRAWAL_NOT_CANCELLABLE";

    pub const SPECIFIED_BAD_REQUEST: &str = "SpecifiedBadRequest";
    pub const SPECIFIED_ID_NOT_FOUND: &str = "SpecifiedIdNotFound";

    pub const INVALID_PROCESSOR_TOKEN: &str = "InvalidProcessorToken";
    pub const PHONE_NUMBER_IN_USE: &str = "PhoneNumberInUse";
    pub const PLAID_NOT_CONFIGURED: &str = "PlaidNotConfigured";
    pub const ACCOUNTING_INTERNAL: &str = "InternalError";
    pub const ACCOUNTING_NOT_BUILT: &str = "NotBuilt";

    pub const INVALID_FIELD: &str = "INVALID_FIELD";
    pub const INVALID_INSTITUTION: &str = "INVALID_INSTITUTION";
    pub const INVALID_PRODUCT: &str = "INVALID_PRODUCT";
    pub const INVALID_PUBLIC_TOKEN: &str = "INVALID_PUBLIC_TOKEN";
    pub const PLAID_INTERNAL: &str = "INTERNAL_SERVER_ERROR";
}

/// A refusal, with the HTTP status that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// What was wrong: at least one problem, in the order in which they were found.
    pub problems: Vec<Problem>,
}

/// One thing that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Code from the document of the API.
    pub code: &'static str,
    /// What was wrong, as a sentence.
    pub description: String,
    /// JSON pointer to the place in the request.
    pub pointer: Option<String>,
    /// What was received there. Never personal data or a secret.
    pub received: Option<String>,
    /// What would have been accepted.
    pub expected: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with nothing but its code and sentence; the other members are added by the `with`-like methods.
    pub fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            pointer: None,
            received: None,
            expected: None,
            hint: None,
        }
    }

    /// Names the place in the request.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Says what was received; of a long text only its beginning.
    #[must_use]
    pub fn received(mut self, received: impl Into<String>) -> Self {
        let mut received = received.into();
        if let Some((end, _)) = received.char_indices().nth(RECEIVED_LENGTH_MAX) {
            received.truncate(end);
            received.push('…');
        }
        self.received = Some(received);
        self
    }

    /// Says what would have been accepted.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The problem as a refusal with status 400.
    pub fn bad_request(self) -> Rejection {
        Rejection {
            status: 400,
            problems: vec![self],
        }
    }

    /// The problem as a refusal with status 404.
    pub fn not_found(self) -> Rejection {
        Rejection {
            status: 404,
            problems: vec![self],
        }
    }
}

impl Rejection {
    /// A resource that the sandbox does not have; `known` are ids it has, of which the nearest is named.
    pub fn unknown_id(resource: &str, id: &str, known: impl Iterator<Item: AsRef<str>>) -> Self {
        Self::unknown_id_for(Api::Payments, resource, id, known)
    }

    /// The same for an API with its own codes.
    pub fn unknown_id_for(
        api: Api,
        resource: &str,
        id: &str,
        known: impl Iterator<Item: AsRef<str>>,
    ) -> Self {
        let code = match api {
            Api::Accounting => code::SPECIFIED_ID_NOT_FOUND,
            Api::Control | Api::Payments | Api::Plaid => code::NOT_FOUND,
        };
        let problem = Problem::new(
            code,
            format!("There is no {resource} with this id in this sandbox."),
        )
        .received(id)
        .expected(format!("the id of one {resource} of this sandbox"));
        match nearest(id, known) {
            Some(near) => problem.hint(format!("Did you mean `{}`?", near.as_ref())),
            None => problem.hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it."),
        }
        .not_found()
    }

    /// Names the place in the request for every problem that has none yet.
    #[must_use]
    pub fn at(mut self, pointer: &str) -> Self {
        for problem in &mut self.problems {
            problem.pointer.get_or_insert_with(|| pointer.to_owned());
        }
        self
    }

    /// A request that could not be read as its operation describes it.
    pub fn unreadable(api: Api, what: &str, detail: impl Into<String>) -> Self {
        Problem::new(
            validation_code(api),
            format!("The {what} could not be read: {}.", detail.into()),
        )
        .hint("Compare the request with the operation in the reference.")
        .bad_request()
    }

    /// A value of the body that the operation's request cannot hold, though it is JSON of the right kind; an amount of
    /// too many digits is the usual one.
    pub fn misfit(api: Api, pointer: String) -> Self {
        Problem::new(
            validation_code(api),
            "A value is beyond what the operation can hold.",
        )
        .at(pointer)
        .expected("a value of the form in the reference; an amount has at most 28 digits, zeros before and behind it not counted")
        .hint("Nothing is rounded: send the amount with the decimals of its asset.")
        .bad_request()
    }

    /// An operation that the chosen version of the platform does not have.
    pub fn not_in_version(operation: &Operation, version: &str) -> Self {
        Problem::new(
            code::NOT_FOUND,
            format!("{} {} does not exist in version {version} of the platform.", operation.method, operation.path),
        )
        .received(version)
        .hint("The sandbox was told to be that version; create one with `platform: union` to have the operations of all of them.")
        .not_found()
    }

    /// An operation of the documents that the world does not perform yet.
    pub fn not_built(operation: &Operation) -> Self {
        let code = match operation.api {
            Api::Accounting => code::ACCOUNTING_NOT_BUILT,
            Api::Control | Api::Payments | Api::Plaid => code::NOT_BUILT,
        };
        Self {
            status: 501,
            problems: vec![
                Problem::new(
                    code,
                    format!("`{}` is documented but not built yet.", operation.id),
                )
                .hint(
                    unbuilt::instead_of(operation)
                        .unwrap_or("Answer this call with a fake of your own."),
                ),
            ],
        }
    }

    /// A read that was executed as a command, or a command that was asked as a query. The shell never does it.
    pub fn misrouted(operation: &Operation) -> Self {
        let code = match operation.api {
            Api::Accounting => code::ACCOUNTING_INTERNAL,
            Api::Plaid => code::PLAID_INTERNAL,
            Api::Control | Api::Payments => code::INTERNAL,
        };
        Self {
            status: 500,
            problems: vec![Problem::new(
                code,
                format!(
                    "`{}` was sent down the wrong way inside the mock server.",
                    operation.id
                ),
            )],
        }
    }

    /// An id that could not be made: minted ids are UUIDs and ids of tables are constants, which every id type takes.
    pub(crate) fn bad_id() -> Self {
        Self::internal("An id could not be made.")
    }

    /// A fault of the mock server itself.
    pub(crate) fn internal(what: &str) -> Self {
        Self {
            status: 500,
            problems: vec![Problem::new(code::INTERNAL, what)],
        }
    }
}

/// Answers an operation of the documents that is not built yet.
///
/// It is spelled out so that a test can count what is left.
#[macro_export]
macro_rules! not_built {
    ($operation:expr) => {
        Err($crate::Rejection::not_built($operation.operation()))
    };
}

/// The code that an API uses for a request that is not valid.
pub(crate) fn validation_code(api: Api) -> &'static str {
    match api {
        Api::Accounting => code::SPECIFIED_BAD_REQUEST,
        Api::Plaid => code::INVALID_FIELD,
        Api::Control | Api::Payments => code::VALIDATION_FAILED,
    }
}

/// The known value that a reader most likely meant: at most a third of its characters differ, or one of the two begins the
/// other.
pub fn nearest<T: AsRef<str>>(wanted: &str, known: impl Iterator<Item = T>) -> Option<T> {
    if wanted.len() > NEAREST_LENGTH_MAX {
        return None;
    }
    let wanted = wanted.to_lowercase();
    let known = known
        .filter(|candidate| candidate.as_ref().len() <= NEAREST_LENGTH_MAX)
        .take(NEAREST_CANDIDATES_MAX);
    known
        .filter_map(|candidate| {
            let lower = candidate.as_ref().to_lowercase();
            let distance = distance(&wanted, &lower);
            let is_near = distance * 3 <= candidate.as_ref().chars().count();
            let begins = wanted.len().min(lower.len()) >= NEAREST_BEGINNING
                && (lower.starts_with(&wanted) || wanted.starts_with(&lower));
            (is_near || begins).then_some((!is_near, distance, candidate))
        })
        .min_by_key(|(is_beginning, distance, _)| (*is_beginning, *distance))
        .map(|(_, _, candidate)| candidate)
}

/// A reply must not grow with the mistake that it tells of.
const RECEIVED_LENGTH_MAX: usize = 200;

/// A hint must not cost more than the request did.
const NEAREST_CANDIDATES_MAX: usize = 200;
const NEAREST_LENGTH_MAX: usize = 64;

/// A shorter text begins too many names.
const NEAREST_BEGINNING: usize = 3;

/// How many letters differ: each that is too much, missing or another one counts, and so does a pair in the wrong order.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let above = &rows[i - 1];
            let substituted = above[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut least = substituted.min(above[j] + 1).min(row[j - 1] + 1);
            let is_swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if is_swapped {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list is read from the source, so that no new code is forgotten.
    #[test]
    fn no_code_is_made_up() {
        let tables = [
            layer2_types::accounting::ERROR_CODES,
            layer2_types::control::ERROR_CODES,
            layer2_types::payments::ERROR_CODES,
            layer2_types::plaid::ERROR_CODES,
        ];
        let (list, _) = include_str!("rejection.rs").split_once("\n}\n").unwrap();
        let codes: Vec<&str> = list
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub const "))
            .filter_map(|constant| constant.split('"').nth(1))
            .collect();
        assert!(codes.contains(&code::INVALID_PUBLIC_TOKEN) && codes.len() > 20);
        for code in codes {
            let listed = |table| layer2_types::ErrorCodeInfo::find(table, code).is_some();
            assert!(tables.into_iter().any(listed), "{code} is in no document");
        }
    }

    #[test]
    fn every_code_is_one_of_the_documents() {
        use layer2_types::ErrorCodeInfo;
        let listed = |table: &'static [ErrorCodeInfo], codes: &[&str]| {
            for code in codes {
                assert!(
                    ErrorCodeInfo::find(table, code).is_some(),
                    "{code} is in no document"
                );
            }
        };
        listed(
            layer2_types::payments::ERROR_CODES,
            &[
                code::ACCOUNT_NOT_USABLE,
                code::ADDRESS_NOT_AVAILABLE,
                code::ALREADY_EXISTS,
                code::AMOUNT_NOT_POSITIVE,
                code::AMOUNT_TOO_LARGE,
                code::AMOUNT_TOO_SMALL,
                code::APPLICATION_NOT_EDITABLE,
                code::APPLICATION_NOT_READY,
                code::ASSET_MISMATCH,
                code::ASSET_NOT_SUPPORTED,
                code::CALLBACK_NOT_ALLOWED,
                code::COUNTERPARTY_NOT_LINKED,
                code::COUNTERPARTY_NOT_USABLE,
                code::CUSTOMER_CREATION_NOT_ALLOWED,
                code::CUSTOMER_NOT_USABLE,
                code::DEPOSIT_NOT_ACCEPTABLE,
                code::DOCUMENT_LOCKED,
                code::DOCUMENT_REFUSED,
                code::EXCHANGE_EXPIRED,
                code::EXCHANGE_NOT_ACCEPTABLE,
                code::FIELD_NOT_UPDATABLE,
                code::IDEMPOTENCY_KEY_REUSED,
                code::INSUFFICIENT_FUNDS,
                code::INTERMEDIARY_NOT_ALLOWED,
                code::INTERNAL,
                code::NOT_A_CORPORATION,
                code::NOT_BUILT,
                code::NOT_FOUND,
                code::ORDER_TYPE_NOT_SUPPORTED,
                code::PAIR_NOT_SUPPORTED,
                code::PRODUCT_ASSET_NOT_SUPPORTED,
                code::PULL_NOT_SUPPORTED,
                code::PURPOSE_NOT_ALLOWED,
                code::RAIL_NOT_SUPPORTED,
                code::RECEIPT_NOT_READY,
                code::SAME_ACCOUNT,
                code::STATUS_CHANGE_NOT_ALLOWED,
                code::TOO_MANY_DECIMALS,
                code::TRANSFER_EXPIRED,
                code::TRANSFER_NOT_ACCEPTABLE,
                code::VALIDATION_FAILED,
                code::WITHDRAWAL_EXPIRED,
                code::WITHDRAWAL_NOT_ACCEPTABLE,
                code::WITHDRAWAL_NOT_CANCELLABLE,
            ],
        );
        listed(
            layer2_types::accounting::ERROR_CODES,
            &[
                code::ACCOUNTING_INTERNAL,
                code::ACCOUNTING_NOT_BUILT,
                code::INVALID_PROCESSOR_TOKEN,
                code::PHONE_NUMBER_IN_USE,
                code::PLAID_NOT_CONFIGURED,
                code::SPECIFIED_BAD_REQUEST,
                code::SPECIFIED_ID_NOT_FOUND,
            ],
        );
        listed(
            layer2_types::plaid::ERROR_CODES,
            &[
                code::INVALID_FIELD,
                code::INVALID_INSTITUTION,
                code::INVALID_PRODUCT,
                code::INVALID_PUBLIC_TOKEN,
                code::NOT_BUILT,
                code::PLAID_INTERNAL,
            ],
        );
        listed(
            layer2_types::control::ERROR_CODES,
            &[
                code::ASSET_MISMATCH,
                code::ASSET_NOT_SUPPORTED,
                code::INBOUND_NOT_ASSIGNABLE,
                code::INBOUND_NOT_RETURNABLE,
                code::INTERNAL,
                code::NOT_BUILT,
                code::NOT_FOUND,
                code::PAIR_NOT_SUPPORTED,
                code::RAIL_NOT_SUPPORTED,
                code::RATE_OUT_OF_RANGE,
                code::STATUS_CHANGE_NOT_ALLOWED,
                code::SUBSCRIPTION_DELETED,
                code::VALIDATION_FAILED,
            ],
        );
    }

    #[test]
    fn what_is_not_built_says_so_in_the_words_of_its_api() {
        for operation in layer2_types::operation::operations() {
            let rejection = Rejection::not_built(operation);
            let [problem] = rejection.problems.as_slice() else {
                panic!("{operation}: {rejection:?}");
            };
            let table = match operation.api {
                Api::Accounting => layer2_types::accounting::ERROR_CODES,
                Api::Control => layer2_types::control::ERROR_CODES,
                Api::Payments => layer2_types::payments::ERROR_CODES,
                Api::Plaid => layer2_types::plaid::ERROR_CODES,
            };
            let documented = layer2_types::ErrorCodeInfo::find(table, problem.code);
            assert_eq!(
                documented.map(|info| info.status),
                Some(rejection.status),
                "{operation}"
            );
            assert!(problem.description.contains(operation.id), "{problem:?}");
            assert!(problem.hint.is_some(), "{problem:?}");
        }
    }

    #[test]
    fn the_nearest_id_is_named_and_a_far_one_is_not() {
        let known = ["ACME_USD", "JANE_USD"];
        assert_eq!(nearest("ACNE_USD", known.into_iter()), Some("ACME_USD"));
        assert_eq!(nearest("acme-usd", known.into_iter()), Some("ACME_USD"));
        assert_eq!(nearest("treasury", known.into_iter()), None);
        assert_eq!(nearest("", known.into_iter()), None);
        assert_eq!(nearest("jane", known.into_iter()), Some("JANE_USD"));
        assert_eq!(nearest("JA", known.into_iter()), None, "too short to tell");
        assert_eq!(nearest("titel", ["title"].into_iter()), Some("title"));
        assert_eq!(nearest("OPENED", ["OPEN"].into_iter()), Some("OPEN"));
        let rails = ["SEPA_INSTANT", "SEPA_CT"];
        assert_eq!(nearest("sepa", rails.into_iter()), Some("SEPA_CT"));
    }

    #[test]
    fn a_long_text_is_told_by_its_beginning() {
        let problem = Problem::new(code::VALIDATION_FAILED, "x").received("é".repeat(1000));
        assert_eq!(problem.received, Some(format!("{}…", "é".repeat(200))));
        let problem = Problem::new(code::VALIDATION_FAILED, "x").received("é".repeat(200));
        assert_eq!(problem.received, Some("é".repeat(200)));
    }

    #[test]
    fn an_unknown_id_is_a_404_that_says_what_it_got() {
        let rejection = Rejection::unknown_id("account", "ACNE_USD", ["ACME_USD"].into_iter());
        assert_eq!(rejection.status, 404);
        assert_eq!(rejection.problems[0].received.as_deref(), Some("ACNE_USD"));
        assert_eq!(
            rejection.problems[0].hint.as_deref(),
            Some("Did you mean `ACME_USD`?")
        );
    }
}
