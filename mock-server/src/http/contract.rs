//! Holds what the server sends against the documents.
//!
//! In debug builds every reply is validated, the refusals too, and every error code must be one that its operation lists
//! or that any operation of its API may answer with, under the status that the document gives one of its codes. A
//! difference is a defect of the server: it is logged and counted, the reply goes out unchanged, and tests ask for the
//! list (`SandboxServer::contract_violations`).

use std::sync::Mutex;

use layer2_types::{
    ErrorCodeInfo,
    operation::{Operation, Platform},
};
use layer2_world::contract::{differences_of_refusal, documented_codes};

use super::{
    form::RAW_MEDIA,
    validate::{self, SchemaError},
};
use crate::{errors::Failure, sandbox::lock};

/// More violations than this are not remembered.
const REMEMBERED: usize = 100;

/// Differences between what was sent and what is documented.
#[derive(Debug, Default)]
pub(crate) struct Contract {
    violations: Mutex<Vec<String>>,
}

impl Contract {
    /// Checks a successful reply of that platform.
    pub(crate) fn check_reply(
        &self,
        operation: &Operation,
        platform: Platform,
        status: u16,
        body: &str,
    ) {
        if !cfg!(debug_assertions) {
            return;
        }
        let differences = validate::reply(operation, platform, status, body);
        self.note_all(operation, status, differences);
    }

    /// Checks the type of a file; an operation that gives any bytes gives those of any type.
    pub(crate) fn check_file(&self, operation: &Operation, media_type: &str) {
        let documented = operation.reply_media.unwrap_or_default();
        if cfg!(debug_assertions) && documented != RAW_MEDIA && documented != media_type {
            self.note(format!(
                "{operation}: a file of type {media_type}, not {documented}"
            ));
        }
    }

    /// Checks a refusal as it is told: its status is one of the operation's replies or of its codes, its body what the
    /// document says of refusals.
    pub(crate) fn check_refusal(&self, operation: &Operation, status: u16, body: &str) {
        if !cfg!(debug_assertions) {
            return;
        }
        let codes = documented_codes(operation.api);
        let is_of_code = |status| {
            let mut listed = operation.error_codes();
            listed.any(|code| {
                ErrorCodeInfo::find(codes, code).is_some_and(|info| info.status == status)
            })
        };
        let differences = validate::refusal(operation, status, is_of_code, body);
        self.note_all(operation, status, differences);
    }

    /// Checks the codes of a refusal, and that its status is that of one of them.
    pub(crate) fn check_failure(
        &self,
        operation: &Operation,
        platform: Platform,
        failure: &Failure,
    ) {
        if !cfg!(debug_assertions) {
            return;
        }
        for difference in differences_of_refusal(operation, platform, &failure.rejection) {
            self.note(difference);
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    fn note_all(
        &self,
        operation: &Operation,
        status: u16,
        differences: Result<Vec<String>, SchemaError>,
    ) {
        match differences {
            Ok(differences) => {
                for difference in differences {
                    self.note(format!("{operation}: reply {status}: {difference}"));
                }
            }
            Err(error) => self.note(error.to_string()),
        }
    }

    fn note(&self, violation: String) {
        tracing::error!(violation, "a reply is not as documented");
        let mut violations = lock(&self.violations);
        if violations.len() < REMEMBERED {
            violations.push(violation);
        }
    }
}
