//! Holds what the server sends against the documents.
//!
//! In debug builds every reply is validated and every error code must be one that its operation lists or that any
//! operation of its API may answer with. A difference is a defect of the server: it is logged and counted, the reply
//! goes out unchanged, and tests ask for the list (`SandboxServer::contract_violations`).

use std::sync::Mutex;

use layer2_types::operation::{Operation, Platform};
use layer2_world::rejection::code;

use super::{form::RAW_MEDIA, validate};
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
        match validate::reply(operation, platform, status, body) {
            Ok(differences) => {
                for difference in differences {
                    self.note(format!("{operation}: reply {status}: {difference}"));
                }
            }
            Err(error) => self.note(error.to_string()),
        }
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

    /// Checks the codes of a refusal. What a version does not have is not found there, whatever it lists elsewhere.
    pub(crate) fn check_failure(
        &self,
        operation: &Operation,
        platform: Platform,
        failure: &Failure,
    ) {
        if !cfg!(debug_assertions) {
            return;
        }
        for code in failure.codes() {
            let is_absent = code == code::NOT_FOUND && !operation.is_on(platform);
            if !is_absent && !operation.error_codes().any(|listed| listed == code) {
                self.note(format!("{operation}: the code {code} is not listed"));
            }
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    fn note(&self, violation: String) {
        tracing::error!(violation, "a reply is not as documented");
        let mut violations = lock(&self.violations);
        if violations.len() < REMEMBERED {
            violations.push(violation);
        }
    }
}
