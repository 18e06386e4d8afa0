//! Between the control document's models and the shell's own types, both ways.

use std::num::NonZeroU32;

use jiff::{Timestamp, tz::Offset};
use layer2_types::{control, operation::Platform};
use layer2_world::{
    JobReport,
    rejection::{Problem, Rejection},
    request::OperationRef,
    settings::{ErrorStyle, Profile as WorkProfile, Settings, SignaturePolicy},
};

use super::{at_fault, broken, invalid};
use crate::{
    clocks::ClockMode,
    faults::{FaultKind, FaultOrder, FaultRule},
    ready_file,
    sandbox::{PendingWork, Sandbox},
    server::{Plan, Server},
};

/// What a create request asks for, with the server's own settings where it is silent.
pub(super) fn plan(
    server: &Server,
    body: &control::SandboxCreateRequest,
) -> Result<Plan, Rejection> {
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

pub(super) fn summary(sandbox: &Sandbox) -> Result<control::SandboxSummary, Rejection> {
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

pub(super) fn reply(
    server: &Server,
    sandbox: &Sandbox,
) -> Result<control::SandboxReply, Rejection> {
    let info = ready_file::info(server, sandbox).map_err(|error| at_fault(&error.to_string()))?;
    Ok(control::SandboxReply::new(info))
}

pub(super) fn clock(sandbox: &Sandbox) -> Result<control::ClockReply, Rejection> {
    let (now, advanced) = sandbox.clock().map_err(broken)?;
    Ok(control::ClockReply::new(control::ClockState::new(
        utc(now),
        clock_mode(sandbox),
        advanced.as_secs(),
        utc(Timestamp::now()),
    )))
}

/// The clock after an advance, with the work due by `target` that a limit has left.
pub(super) fn advanced(
    sandbox: &Sandbox,
    target: Timestamp,
    complete: bool,
) -> Result<control::ClockAdvanceReply, Rejection> {
    let clock = clock(sandbox)?.data;
    let mut left = sandbox.pending_work().map_err(broken)?;
    // With a clock that runs, more may have become due since a complete advance ended; that is not what it has left.
    left.retain(|work| !complete && work.due <= target);
    Ok(control::ClockAdvanceReply::new(control::ClockAdvance::new(
        clock.now,
        clock.mode,
        clock.offset_seconds,
        clock.wall,
        complete,
        left.iter().map(pending_job).collect::<Result<_, _>>()?,
    )))
}

/// The control API tells time in UTC.
fn utc(instant: Timestamp) -> layer2_types::Timestamp {
    layer2_types::Timestamp::new(instant, Offset::UTC)
}

pub(super) fn job(report: &JobReport) -> Result<control::Job, Rejection> {
    named_job(report.name, report.due, &report.subject)
}

pub(super) fn pending_job(work: &PendingWork) -> Result<control::Job, Rejection> {
    named_job(work.kind, work.due, &work.subject)
}

fn named_job(kind: &str, due: Timestamp, subject: &str) -> Result<control::Job, Rejection> {
    let subject = control::ObjectId::new(subject).map_err(|error| at_fault(&error.to_string()))?;
    Ok(control::Job::new(kind.to_owned(), utc(due)).with_object_id(subject))
}

pub(super) fn order(body: &control::FaultRequest) -> Result<FaultOrder, Rejection> {
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

pub(super) fn fault(rule: &FaultRule) -> Result<control::Fault, Rejection> {
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

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use layer2_world::{Genesis, seed::Seed};

    use super::*;
    use crate::clocks::MANUAL_START;

    #[test]
    fn an_advance_that_was_cut_off_lists_what_is_due_by_its_target() {
        let genesis = Genesis {
            name: "test".to_owned(),
            seed: Seed::new([1; 32]),
            settings: Settings::default(),
            start: MANUAL_START,
        };
        let sandbox = Sandbox::new(genesis, ClockMode::Manual);
        let advance = |hours: i64, complete| {
            let reply = advanced(&sandbox, MANUAL_START + hours.hours(), complete);
            reply.expect("a reply").data
        };
        let cut_off = advance(2 * 366 * 24, false);
        assert!(!cut_off.complete);
        assert!(!cut_off.pending.is_empty());
        assert_eq!(cut_off.pending[0].kind, "check_dormancy");
        assert_eq!(
            advance(1, false).pending,
            [],
            "what is due later is not left"
        );
        assert_eq!(advance(1, true).pending, []);
    }
}
