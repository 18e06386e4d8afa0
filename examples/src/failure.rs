//! How a program fails: what went wrong, why, and what to do next, for the person who runs it.
//!
//! ```text
//! error: the run has stopped
//!   cause: payments.withdrawals_create: cannot connect to 127.0.0.1:4010; outcome: not sent
//!   advice: run again with the same journal
//! ```
//!
//! Errors are printed by `Display`, each cause below what it caused. `Debug` is for whoever wrote the program. A failure
//! ends a program with the exit code 1; the command line itself, if it cannot be read, with 2.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use layer2_sdk::{ErrorKind, mock::SandboxError};

use crate::flow::Step;
use crate::say;

/// A failure in a program's own words, with what caused it and what to do, where they are known.
#[derive(Debug)]
pub struct Failure {
    what: String,
    cause: Option<Box<dyn Error>>,
    advice: Option<String>,
}

impl Failure {
    /// What went wrong.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
            advice: None,
        }
    }

    /// Why it did.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What to do next.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref()
    }
}

/// Ends a program: with 0, or with 1 and a report on standard error.
pub fn exit(result: Step<()>) -> ExitCode {
    let result = result.and_then(|()| match say::unwritten() {
        None => Ok(()),
        Some(why) => Err(
            Failure::new("what the program did is done, and its report is not whole")
                .because(why)
                .advise("see that its output can be written")
                .into(),
        ),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told that nobody reads this either; the exit code says it.
            let _ = io::stderr().write_all(report(&*error).as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// The error, its causes and the advice, a line each.
#[must_use]
pub fn report(error: &(dyn Error + 'static)) -> String {
    let mut report = format!("error: {error}\n");
    for cause in causes(error).skip(1) {
        report.push_str(&format!("  cause: {cause}\n"));
    }
    if let Some(advice) = causes(error).find_map(advice) {
        report.push_str(&format!("  advice: {advice}\n"));
    }
    report
}

/// The error and what caused it, from the outermost to the first.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| {
        (**error).source()
    })
}

fn advice(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.advice.clone();
    }
    let call = call(error)?;
    let advice = match call.kind() {
        ErrorKind::Connect => {
            "see that the address is right and that a server listens there; `cargo run -p layer2-mock` starts one"
        }
        ErrorKind::Signer => "LAYER2_SIGNING_KEY holds the private key that signs what moves money",
        _ if call.codes().any(is_of_the_key) => {
            "see that LAYER2_SIGNING_KEY is the private key whose public key the platform has of this client"
        }
        ErrorKind::Token if call.status().is_some() => {
            "see that LAYER2_CLIENT_ID and LAYER2_CLIENT_SECRET are of the server that is asked"
        }
        ErrorKind::Token => {
            "see that the address of the token endpoint is right, in LAYER2_TOKEN_URL or --token-url, and that a server \
             listens there"
        }
        ErrorKind::Unauthorized if call.operation().is_some_and(is_of_control) => {
            "LAYER2_CONTROL_TOKEN is to be the token that this mock server printed when it started"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Whether a refusal is about the signature of a call.
pub(crate) fn is_of_the_key(code: &str) -> bool {
    matches!(code, "SIGNATURE_INVALID" | "SIGNATURE_REQUIRED")
}

/// The failed call that an error is, as one of a sandbox may be.
pub(crate) fn call<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e layer2_sdk::Error> {
    match error.downcast_ref() {
        Some(SandboxError::Call(call)) => Some(call),
        _ => error.downcast_ref(),
    }
}

fn is_of_control(operation: &layer2_sdk::Operation) -> bool {
    operation.api == layer2_sdk::Api::Control
}

#[cfg(test)]
mod tests {
    use layer2_sdk::mock::Sandbox;

    use super::*;

    #[test]
    fn causes_stand_below_what_they_caused_and_nothing_is_debug() {
        let io = io::Error::new(io::ErrorKind::AddrInUse, "the address is in use");
        let inner = Failure::new("no \"socket\"")
            .because(io)
            .advise("take another port");
        let outer = Failure::new("the receiver does not listen").because(inner);
        assert_eq!(
            report(&outer),
            "error: the receiver does not listen\n  cause: no \"socket\"\n  cause: the address is in use\n  advice: take \
             another port\n"
        );
    }

    #[tokio::test]
    async fn a_server_that_does_not_know_the_token_is_known_for_it() {
        let sandbox = Sandbox::start().await.unwrap();
        let url = &sandbox.info().url;
        let error = Sandbox::at(url, "not-the-token").await.unwrap_err();
        let told = report(&error);
        assert!(told.contains("advice: LAYER2_CONTROL_TOKEN"), "{told}");

        let error = Sandbox::at("http://127.0.0.1:9", "any").await.unwrap_err();
        let told = report(&error);
        assert!(told.contains("cargo run -p layer2-mock"), "{told}");
    }
}
