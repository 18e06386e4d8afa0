//! How a refusal is told: with everything that helps, or as the vendor documents it.
//!
//! The state machine and the shell always say all they know; the settings of the sandbox decide here, at the last moment,
//! what of it leaves. The request log keeps the codes and so does an ordered fault its status: they are what was asked
//! for. The control API is the mock's own and tells everything in any manner.

use layer2_types::operation::Api;
use layer2_world::settings::{ErrorStyle, Settings};

/// What stands in for every code where codes are to be opaque. No document lists it.
pub(crate) const OPAQUE_CODE: &str = "OPAQUE_CODE";

/// Where the reference of the error codes lies; codegen writes it from the documents.
const REFERENCE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md#");

/// The manner in which one refusal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    style: ErrorStyle,
    opaque_codes: bool,
}

impl Manner {
    /// With everything that helps.
    pub(crate) const HELPFUL: Manner = Manner {
        style: ErrorStyle::Helpful,
        opaque_codes: false,
    };

    pub(crate) fn of(settings: &Settings) -> Manner {
        Manner {
            style: settings.errors,
            opaque_codes: settings.opaque_codes,
        }
    }

    pub(crate) fn is_helpful(self) -> bool {
        self.style == ErrorStyle::Helpful
    }

    /// A member that the vendor does not have.
    pub(crate) fn help(self, member: Option<&String>) -> Option<&str> {
        member.map(String::as_str).filter(|_| self.is_helpful())
    }

    pub(crate) fn code(self, code: &str) -> &str {
        if self.opaque_codes { OPAQUE_CODE } else { code }
    }

    /// The page that explains a code; it would give an opaque one away.
    pub(crate) fn doc_url(self, api: Api, code: &str) -> Option<String> {
        (self.is_helpful() && !self.opaque_codes).then(|| doc_url(api, code))
    }

    /// The status to answer with, where the vendor publishes these and no others.
    pub(crate) fn status(self, status: u16, published: &[u16]) -> u16 {
        if self.is_helpful() || published.contains(&status) {
            return status;
        }
        match status {
            403 => 401,
            405 => 404,
            500.. => 500,
            _ => 400,
        }
    }
}

/// The place in the reference of the error codes.
fn doc_url(api: Api, code: &str) -> String {
    format!("{REFERENCE}{}-{}", api.as_str(), code.to_lowercase())
}

#[cfg(test)]
mod tests {
    use layer2_world::contract::documented_codes;

    use super::*;

    const DOCUMENTED: Manner = Manner {
        style: ErrorStyle::Documented,
        opaque_codes: false,
    };

    #[test]
    fn a_status_that_is_not_published_becomes_the_nearest_that_is() {
        let published = [400, 401, 404, 500];
        let rows = [
            (400, 400),
            (401, 401),
            (403, 401),
            (404, 404),
            (405, 404),
            (413, 400),
            (415, 400),
            (429, 400),
            (500, 500),
            (501, 500),
        ];
        for (status, told) in rows {
            assert_eq!(DOCUMENTED.status(status, &published), told, "{status}");
            assert_eq!(Manner::HELPFUL.status(status, &published), status);
        }
        assert_eq!(DOCUMENTED.status(429, &[400, 429]), 429);
    }

    #[test]
    fn every_code_has_its_place_in_the_reference() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        let page = std::fs::read_to_string(page).unwrap();
        for api in [Api::Accounting, Api::Control, Api::Payments, Api::Plaid] {
            for info in documented_codes(api) {
                let url = Manner::HELPFUL.doc_url(api, info.code).unwrap();
                let (_, anchor) = url.split_once('#').unwrap();
                assert!(page.contains(&format!("<a id=\"{anchor}\"></a>")), "{url}");
            }
        }
    }

    #[test]
    fn an_opaque_code_is_in_no_document_and_is_not_given_away() {
        let opaque = Manner {
            opaque_codes: true,
            ..Manner::HELPFUL
        };
        assert_eq!(opaque.code("NOT_FOUND"), OPAQUE_CODE);
        assert_eq!(opaque.doc_url(Api::Payments, "NOT_FOUND"), None);
        for api in [Api::Accounting, Api::Control, Api::Payments, Api::Plaid] {
            assert!(
                documented_codes(api)
                    .iter()
                    .all(|info| info.code != OPAQUE_CODE)
            );
        }
    }
}
