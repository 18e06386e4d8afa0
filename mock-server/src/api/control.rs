//! The mock's own API: one bearer token for the whole server, errors like those of payments.
//!
//! What changes the state of a sandbox is a command of its state machine like any other. What is answered here is the
//! rest: sandboxes themselves, their clocks, tokens and ordered faults.

mod faults;
mod images;
mod moving;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use layer2_types::{control, operation::Api};
use layer2_world::{
    rejection::{Problem, Rejection},
    request::Actor,
    settings::Settings,
};

use super::{ApiProfile, Call, Caller, manner::Manner, payments, refuse_with};
use crate::{
    credentials::is_same_secret,
    directory::{self, DirectoryError},
    errors::{Failure, Refusal, sentence},
    generated::control::ControlServer,
    http::{OpenFile, headers::RequestId, limits, locate},
    sandbox::{Broken, Sandbox, lock},
    server::{ChangeError, Server},
};
use faults::{fault, order};
use moving::{advance, check_seconds, settle, unclaimed};
use wire::{cause, clock, plan, reply, summary};

/// The control API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let token = locate::bearer(self, call.headers)?;
        if !is_same_secret(&server.config.control_token, token) {
            return Err(refuse_with(self, Refusal::TokenInvalid, |code| {
                Problem::new(code, "This is not the control token.")
                    .at("authorization")
                    .hint("The server prints the control token when it starts, and writes it to its ready file.")
            }));
        }
        let named = call.path.iter().find(|(name, _)| name == "sandbox");
        let sandbox = named
            .map(|(_, name)| find(server, name))
            .transpose()
            .map_err(Failure::from)?;
        Ok(Caller {
            sandbox,
            actor: Actor::Control,
            scopes: None,
        })
    }

    fn code(&self, refusal: Refusal) -> &'static str {
        match refusal {
            Refusal::TokenInvalid => "UNAUTHORIZED",
            Refusal::FileRefused => payments::code(Refusal::Validation),
            other => payments::code(other),
        }
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, manner: Manner) -> String {
        payments::render(Api::Control, rejection, manner)
    }

    /// Whoever steers a sandbox is told everything, whatever its clients are told.
    fn manner(&self, _settings: &Settings) -> Manner {
        Manner::HELPFUL
    }

    /// No vendor publishes anything of this API.
    fn published_statuses(&self) -> &'static [u16] {
        &[]
    }
}

/// The sandbox of a name, or a refusal that lists the names.
fn find(server: &Server, name: &str) -> Result<Arc<Sandbox>, Rejection> {
    const LISTED: usize = 20;
    server.directory.named(name).ok_or_else(|| {
        let names: Vec<String> = server
            .directory
            .all()
            .iter()
            .take(LISTED)
            .map(|sandbox| sandbox.name().to_owned())
            .collect();
        Problem::new(
            "NOT_FOUND",
            "There is no sandbox with this name on this server.",
        )
        .at("sandbox")
        .received(name)
        .hint(format!("There are: {}.", names.join(", ")))
        .not_found()
    })
}

impl ControlServer for Server {
    async fn sandboxes_create(
        &self,
        body: control::SandboxCreateRequest,
    ) -> Result<control::SandboxReply, Rejection> {
        loop {
            let plan = plan(self, &body)?;
            let name = plan.name.clone();
            match self.create(plan).await {
                Ok(sandbox) => return reply(self, &sandbox),
                // The name is of our making, and another server that shares the store has just made the same.
                Err(ChangeError::Directory(DirectoryError::Taken)) if body.name.is_none() => {}
                Err(error) => return Err(refused(error, &name)),
            }
        }
    }

    async fn sandboxes_list(&self) -> Result<control::SandboxListReply, Rejection> {
        let rows = self
            .directory
            .all()
            .iter()
            .map(|sandbox| summary(sandbox))
            .collect::<Result<_, _>>()?;
        Ok(control::SandboxListReply::new(control::SandboxList::new(
            rows,
        )))
    }

    async fn sandboxes_get(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::SandboxReply, Rejection> {
        reply(self, &*find(self, sandbox.as_str())?)
    }

    async fn sandboxes_delete(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::SandboxRefReply, Rejection> {
        self.delete(sandbox.as_str())
            .await
            .map_err(|error| refused(error, sandbox.as_str()))?;
        Ok(control::SandboxRefReply::new(control::SandboxRef::new(
            sandbox.clone(),
        )))
    }

    async fn sandboxes_reset(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::SandboxReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let name = sandbox.name().to_owned();
        let reset = self.reset(sandbox).await;
        reply(self, &*reset.map_err(|error| refused(error, &name))?)
    }

    async fn sandboxes_fork(
        &self,
        sandbox: &control::SandboxName,
        body: control::SandboxForkRequest,
    ) -> Result<control::SandboxReply, Rejection> {
        images::fork(self, &*find(self, sandbox.as_str())?, &body).await
    }

    async fn sandboxes_export(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<OpenFile, Rejection> {
        images::export(self, &*find(self, sandbox.as_str())?).await
    }

    async fn sandboxes_restore(
        &self,
        sandbox: &control::SandboxName,
        file: Bytes,
    ) -> Result<control::SandboxReply, Rejection> {
        images::restore(self, sandbox.as_str(), file).await
    }

    async fn sandboxes_import(
        &self,
        name: &control::SandboxName,
        file: Bytes,
    ) -> Result<control::SandboxReply, Rejection> {
        images::import(self, name.as_str(), file).await
    }

    async fn clock_get(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::ClockReply, Rejection> {
        clock(&*find(self, sandbox.as_str())?).await
    }

    async fn clock_advance(
        &self,
        sandbox: &control::SandboxName,
        body: control::ClockAdvanceRequest,
    ) -> Result<control::ClockAdvanceReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let hold = sandbox.hold().map_err(unclaimed)?;
        // Before anything is waited for, so that a call that asks for too much keeps nobody from moving the clock.
        check_seconds(body.seconds)?;
        let moved = hold.while_claimed(advance(&sandbox, &self.sender, body.seconds));
        moved.await.map_err(unclaimed)?
    }

    async fn clock_settle(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::SettleReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let hold = sandbox.hold().map_err(unclaimed)?;
        let settled = hold.while_claimed(settle(&sandbox, &self.sender));
        settled.await.map_err(unclaimed)?
    }

    async fn clock_expire_tokens(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::TokensExpiredReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let epoch = sandbox.expire_tokens().await.map_err(broken)?;
        let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
        Ok(control::TokensExpiredReply::new(control::TokenEpoch::new(
            epoch,
        )))
    }

    async fn explain_get(
        &self,
        sandbox: &control::SandboxName,
        object_id: &control::ObjectId,
    ) -> Result<control::ExplanationReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let explained = sandbox.explain(object_id.as_str()).await;
        let (mut explanation, rows) = explained.map_err(broken)??;
        explanation.causes = rows.iter().map(cause).collect();
        Ok(control::ExplanationReply::new(explanation))
    }

    async fn faults_create(
        &self,
        sandbox: &control::SandboxName,
        body: control::FaultRequest,
    ) -> Result<control::FaultReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let order = order(&body)?;
        let ordered = lock(&sandbox.faults).order(order);
        let rule = ordered.ok_or_else(|| {
            conflict(
                Problem::new(
                    "LIMIT_REACHED",
                    "The sandbox has as many faults as it may have.",
                )
                .hint("Clear the faults."),
            )
        })?;
        Ok(control::FaultReply::new(fault(&rule)?))
    }

    async fn faults_list(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::FaultListReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let faults = lock(&sandbox.faults)
            .rules()
            .map(fault)
            .collect::<Result<_, _>>()?;
        Ok(control::FaultListReply::new(control::FaultList::new(
            faults,
        )))
    }

    async fn faults_delete(
        &self,
        sandbox: &control::SandboxName,
        fault_id: &control::FaultId,
    ) -> Result<control::FaultReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let mut rules = lock(&sandbox.faults);
        let deleted = faults::number(fault_id).and_then(|number| rules.delete(number));
        let rule = deleted.ok_or_else(|| {
            Problem::new("NOT_FOUND", "There is no such fault in this sandbox.")
                .at("fault_id")
                .received(fault_id.as_str())
                .hint("List the faults; a reset forgets them.")
                .not_found()
        })?;
        Ok(control::FaultReply::new(fault(&rule)?))
    }

    async fn faults_clear(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::FaultsClearedReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let cleared = lock(&sandbox.faults).clear();
        let cleared = i32::try_from(cleared).unwrap_or(i32::MAX);
        Ok(control::FaultsClearedReply::new(
            control::FaultsCleared::new(cleared),
        ))
    }
}

fn refused(error: ChangeError, name: &str) -> Rejection {
    let error = match error {
        ChangeError::Busy => return clock_busy(),
        ChangeError::Directory(error) => error,
        ChangeError::Broken(error) => return broken(error),
        ChangeError::Store(error) => {
            tracing::error!(sandbox = name, %error, "a sandbox could not be made or deleted");
            return broken(Broken::store(&error));
        }
    };
    match error {
        DirectoryError::Default => conflict(
            Problem::new("DEFAULT_SANDBOX", "The default sandbox cannot be deleted.")
                .hint("Reset it instead."),
        ),
        DirectoryError::Full => conflict(
            Problem::new(
                "LIMIT_REACHED",
                "The server has as many sandboxes as it may have.",
            )
            .expected(format!("at most {}", limits::SANDBOXES))
            .hint("Delete sandboxes that are not needed any more."),
        ),
        DirectoryError::Taken => conflict(
            Problem::new("ALREADY_EXISTS", "A sandbox with this name exists.")
                .at("/name")
                .received(name)
                .hint("Choose another name, or reset or delete that sandbox."),
        ),
        DirectoryError::Unknown => Problem::new(
            "NOT_FOUND",
            "There is no sandbox with this name on this server.",
        )
        .at("sandbox")
        .received(name)
        .hint(format!(
            "The first sandbox of a server is called `{}`.",
            directory::DEFAULT
        ))
        .not_found(),
    }
}

fn clock_busy() -> Rejection {
    conflict(
        Problem::new(
            "CLOCK_BUSY",
            "Another call is moving the clock of this sandbox, settling it or resetting it.",
        )
        .hint("Wait until it has answered; one such call runs at a time."),
    )
}

/// A refusal because of the state that the server is in.
fn conflict(problem: Problem) -> Rejection {
    Rejection {
        status: 409,
        problems: vec![problem],
    }
}

fn invalid(pointer: &str, received: &str, expected: &str) -> Rejection {
    Problem::new(
        "VALIDATION_FAILED",
        "The value is not one that can be used here.",
    )
    .at(pointer)
    .received(received)
    .expected(expected)
    .hint("Send what is expected there, or leave the member out where it is optional; nothing was changed.")
    .bad_request()
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn broken(error: Broken) -> Rejection {
    let Some(hint) = error.hint() else {
        return at_fault(&error.to_string());
    };
    let problem = Problem::new(
        payments::code(Refusal::StoreUnavailable),
        sentence(&error.to_string()),
    )
    .hint(hint);
    Rejection {
        status: Refusal::StoreUnavailable.status(),
        problems: vec![match error.is_passing() {
            true => problem,
            false => problem.lasting(),
        }],
    }
}

fn at_fault(description: &str) -> Rejection {
    Rejection {
        status: 500,
        problems: vec![Problem::new("INTERNAL", description)],
    }
}
