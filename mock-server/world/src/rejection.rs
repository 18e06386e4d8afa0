//! Why the world refuses a command or a query.
//!
//! A rejection is data: the shell renders it in the envelope of the API that was called, adds the link to the
//! documentation, and leaves the helpful members out when the sandbox says so. It always says what was wrong, and where
//! the world knows it, where in the request, what was received, what would have been accepted and what to do.
//! A rejected command leaves no trace in the world.

use layer2_types::Operation;
use layer2_types::operation::Api;

use crate::unbuilt;

pub mod code;
mod nearest;

pub use nearest::nearest;

/// A refusal, with the HTTP status that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// What was wrong: at least one problem, in the order in which they were found.
    pub problems: Vec<Problem>,
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
    /// Whether it stays until somebody mends it outside of the API: then nobody is to ask again and again.
    pub is_lasting: bool,
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
            is_lasting: false,
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

    /// Says that it stays until somebody mends it.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.is_lasting = true;
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

/// A reply must not grow with the mistake that it tells of.
const RECEIVED_LENGTH_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

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
