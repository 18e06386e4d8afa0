//! The mock's own API: one bearer token for the whole server, errors like those of payments.
//!
//! What changes the state of a sandbox is a command of its state machine like any other. What is answered here is the
//! rest: sandboxes themselves, their clocks, tokens and ordered faults.

use std::{num::NonZeroU32, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::Offset};
use layer2_types::{control, operation::Platform};
use layer2_world::{
    JobReport,
    rejection::{Problem, Rejection},
    request::{Actor, OperationRef},
    settings::{ErrorStyle, Profile as WorkProfile, Settings, SignaturePolicy},
};

use super::{ApiProfile, Call, Caller, payments, refuse_with};
use crate::{
    clocks::ClockMode,
    credentials::is_same_secret,
    directory::{self, DirectoryError},
    errors::{Failure, Refusal},
    faults::{FaultKind, FaultOrder, FaultRule},
    generated::control::ControlServer,
    http::{headers::RequestId, limits, locate},
    ready_file,
    sandbox::{Broken, PendingWork, Sandbox, lock},
    server::{Plan, Server},
    webhooks::settle,
};

/// The control API.
#[derive(Debug)]
pub(crate) struct Profile;

impl ApiProfile for Profile {
    fn locate(&self, server: &Server, call: &Call<'_>) -> Result<Caller, Failure> {
        let token = locate::bearer(self, call.headers)?;
        if !is_same_secret(&server.config.control_token, token) {
            return Err(refuse_with(self, Refusal::TokenInvalid, |code| {
                Problem::new(code, "This is not the control token.")
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
            other => payments::code(other),
        }
    }

    fn render(&self, rejection: &Rejection, _request_id: &RequestId, style: ErrorStyle) -> String {
        payments::render(rejection, style)
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
        let plan = plan(self, &body)?;
        let name = plan.name.clone();
        let sandbox = self.create(plan).map_err(|error| refused(error, &name))?;
        reply(self, &sandbox)
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
        self.directory
            .remove(sandbox.as_str())
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
        let _turn = sandbox.turn.try_lock().map_err(|_| clock_busy())?;
        sandbox.reset();
        reply(self, &sandbox)
    }

    async fn clock_get(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::ClockReply, Rejection> {
        clock(&*find(self, sandbox.as_str())?)
    }

    async fn clock_advance(
        &self,
        sandbox: &control::SandboxName,
        body: control::ClockAdvanceRequest,
    ) -> Result<control::ClockReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let _turn = sandbox.turn.try_lock().map_err(|_| clock_busy())?;
        let (now, _) = sandbox.clock().map_err(broken)?;
        let target = (1..=limits::ADVANCE_SECONDS)
            .contains(&body.seconds)
            .then(|| {
                now.checked_add(SignedDuration::from_secs(body.seconds))
                    .ok()
            })
            .flatten()
            .ok_or_else(|| {
                Problem::new(
                    "CLOCK_OUT_OF_RANGE",
                    "The clock cannot be moved this far at once.",
                )
                .at("/seconds")
                .received(body.seconds.to_string())
                .expected(format!("1 to {}", limits::ADVANCE_SECONDS))
                .bad_request()
            })?;
        let settled = settle::advance(&sandbox, &self.sender, target)
            .await
            .map_err(broken)?;
        if !settled.complete {
            tracing::warn!(
                sandbox = sandbox.name(),
                "an advance met its limit before its end"
            );
        }
        clock(&sandbox)
    }

    async fn clock_settle(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::SettleReply, Rejection> {
        let sandbox = find(self, sandbox.as_str())?;
        let settled = settle::settle(&sandbox, &self.sender)
            .await
            .map_err(broken)?;
        let pending = sandbox.pending_work().map_err(broken)?;
        Ok(control::SettleReply::new(
            settled.ran.iter().map(job).collect::<Result<_, _>>()?,
            pending.iter().map(pending_job).collect::<Result<_, _>>()?,
        ))
    }

    async fn clock_expire_tokens(
        &self,
        sandbox: &control::SandboxName,
    ) -> Result<control::TokensExpiredReply, Rejection> {
        let epoch = find(self, sandbox.as_str())?.expire_tokens();
        let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
        Ok(control::TokensExpiredReply::new(control::TokenEpoch::new(
            epoch,
        )))
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

/// What a create request asks for, with the server's own settings where it is silent.
fn plan(server: &Server, body: &control::SandboxCreateRequest) -> Result<Plan, Rejection> {
    let name = match &body.name {
        Some(name) => name.as_str().to_owned(),
        None => server.fresh_name(),
    };
    if !is_sandbox_name(&name) {
        return Err(invalid(
            "/name",
            &name,
            "1 to 64 letters, digits, `-`, `_` and `.`",
        ));
    }
    let mut plan = server.plan(name);
    plan.seed.clone_from(&body.seed);
    match &body.clock {
        None => {}
        Some(control::ClockMode::Manual) => plan.clock = ClockMode::Manual,
        Some(control::ClockMode::Wall) => plan.clock = ClockMode::Wall,
        Some(other) => return Err(invalid("/clock", other.as_str(), "wall or manual")),
    }
    if let Some(wanted) = &body.settings {
        apply(&mut plan.settings, wanted)?;
    }
    Ok(plan)
}

fn apply(settings: &mut Settings, wanted: &control::SandboxSettings) -> Result<(), Rejection> {
    if let Some(platform) = &wanted.platform {
        let parsed: Result<Platform, _> = platform.as_str().parse();
        settings.platform = parsed.map_err(|_| {
            invalid(
                "/settings/platform",
                platform.as_str(),
                "union, rail-1.1.2 or layer2-1.0.5",
            )
        })?;
    }
    match &wanted.signatures {
        None => {}
        Some(control::SignatureSetting::Accepts) => settings.signatures = SignaturePolicy::Accepts,
        Some(control::SignatureSetting::IfSent) => settings.signatures = SignaturePolicy::IfSent,
        Some(control::SignatureSetting::All) => settings.signatures = SignaturePolicy::All,
        Some(other) => {
            return Err(invalid(
                "/settings/signatures",
                other.as_str(),
                "accepts, if-sent or all",
            ));
        }
    }
    match &wanted.profile {
        None => {}
        Some(control::ProfileSetting::Fast) => settings.profile = WorkProfile::Fast,
        Some(control::ProfileSetting::Realistic) => settings.profile = WorkProfile::Realistic,
        Some(other) => {
            return Err(invalid(
                "/settings/profile",
                other.as_str(),
                "fast or realistic",
            ));
        }
    }
    match &wanted.errors {
        None => {}
        Some(control::ErrorSetting::Helpful) => settings.errors = ErrorStyle::Helpful,
        Some(control::ErrorSetting::Documented) => settings.errors = ErrorStyle::Documented,
        Some(other) => {
            return Err(invalid(
                "/settings/errors",
                other.as_str(),
                "helpful or documented",
            ));
        }
    }
    settings.strict = wanted.strict.unwrap_or(settings.strict);
    Ok(())
}

fn is_sandbox_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name != "."
        && name != ".."
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn summary(sandbox: &Sandbox) -> Result<control::SandboxSummary, Rejection> {
    let settings = sandbox.settings();
    let told = control::SandboxSettings::new()
        .with_platform(control::PlatformSetting::from(settings.platform.as_str()))
        .with_signatures(match settings.signatures {
            SignaturePolicy::All => control::SignatureSetting::All,
            SignaturePolicy::IfSent => control::SignatureSetting::IfSent,
            _ => control::SignatureSetting::Accepts,
        })
        .with_strict(settings.strict)
        .with_profile(match settings.profile {
            WorkProfile::Realistic => control::ProfileSetting::Realistic,
            _ => control::ProfileSetting::Fast,
        })
        .with_errors(match settings.errors {
            ErrorStyle::Documented => control::ErrorSetting::Documented,
            _ => control::ErrorSetting::Helpful,
        });
    let name = ready_file::name(sandbox).map_err(|error| at_fault(&error.to_string()))?;
    Ok(control::SandboxSummary::new(
        name,
        clock_mode(sandbox),
        told,
    ))
}

fn clock_mode(sandbox: &Sandbox) -> control::ClockMode {
    match sandbox.clock_mode() {
        ClockMode::Manual => control::ClockMode::Manual,
        ClockMode::Wall => control::ClockMode::Wall,
    }
}

fn reply(server: &Server, sandbox: &Sandbox) -> Result<control::SandboxReply, Rejection> {
    let info = ready_file::info(server, sandbox).map_err(|error| at_fault(&error.to_string()))?;
    Ok(control::SandboxReply::new(info))
}

fn clock(sandbox: &Sandbox) -> Result<control::ClockReply, Rejection> {
    let (now, advanced) = sandbox.clock().map_err(broken)?;
    Ok(control::ClockReply::new(control::ClockState::new(
        utc(now),
        clock_mode(sandbox),
        advanced.as_secs(),
        utc(Timestamp::now()),
    )))
}

/// The control API tells time in UTC.
fn utc(instant: Timestamp) -> layer2_types::Timestamp {
    layer2_types::Timestamp::new(instant, Offset::UTC)
}

fn job(report: &JobReport) -> Result<control::Job, Rejection> {
    named_job(report.name, report.due, &report.subject)
}

fn pending_job(work: &PendingWork) -> Result<control::Job, Rejection> {
    named_job(work.kind, work.due, &work.subject)
}

fn named_job(kind: &str, due: Timestamp, subject: &str) -> Result<control::Job, Rejection> {
    let subject = control::ObjectId::new(subject).map_err(|error| at_fault(&error.to_string()))?;
    Ok(control::Job::new(kind.to_owned(), utc(due)).with_object_id(subject))
}

fn order(body: &control::FaultRequest) -> Result<FaultOrder, Rejection> {
    let unsupported = |pointer: &str, received: &str, expected: String| {
        Problem::new("FAULT_NOT_SUPPORTED", "This fault cannot be ordered.")
            .at(pointer)
            .received(received)
            .expected(expected)
            .bad_request()
    };
    let kinds = || FaultKind::ALL.map(FaultKind::as_str).join(", ");
    let kind = FaultKind::from_text(body.kind.as_str())
        .ok_or_else(|| unsupported("/kind", body.kind.as_str(), kinds()))?;
    if let Some(operation) = &body.operation
        && operation.parse::<OperationRef>().is_err()
    {
        let expected = "an operation such as payments.transfers_create".to_owned();
        return Err(unsupported("/operation", operation, expected));
    }
    let positive = |pointer: &str, number: Option<i32>| match number {
        None => Ok(NonZeroU32::MIN),
        Some(number) => u32::try_from(number)
            .ok()
            .and_then(NonZeroU32::new)
            .ok_or_else(|| invalid(pointer, &number.to_string(), "1 or more")),
    };
    Ok(FaultOrder {
        kind,
        operation: body.operation.clone(),
        key: body.key.clone(),
        object_id: body.object_id.as_ref().map(|id| id.as_str().to_owned()),
        nth: positive("/nth", body.nth)?,
        count: positive("/count", body.count)?,
    })
}

fn fault(rule: &FaultRule) -> Result<control::Fault, Rejection> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let id = format!("fault-{}", rule.id);
    let id = control::FaultId::new(id).map_err(|error| at_fault(&error.to_string()))?;
    let mut fault = control::Fault::new(
        id,
        number(rule.order.nth.get()),
        number(rule.order.count.get()),
        number(rule.matched),
        number(rule.struck),
        number(rule.remaining()),
    );
    fault.kind = control::FaultKind::from(rule.order.kind.as_str());
    fault.operation.clone_from(&rule.order.operation);
    fault.key.clone_from(&rule.order.key);
    fault.object_id = rule
        .order
        .object_id
        .as_deref()
        .map(control::ObjectId::new)
        .transpose()
        .map_err(|error| at_fault(&error.to_string()))?;
    Ok(fault)
}

fn refused(error: DirectoryError, name: &str) -> Rejection {
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
            "Another call is moving the clock of this sandbox.",
        )
        .hint("Wait until it has answered; one advance runs at a time."),
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
    .bad_request()
}

fn broken(error: Broken) -> Rejection {
    at_fault(&error.to_string())
}

fn at_fault(description: &str) -> Rejection {
    Rejection {
        status: 500,
        problems: vec![Problem::new("INTERNAL", description)],
    }
}
