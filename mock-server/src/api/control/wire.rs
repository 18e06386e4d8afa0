//! Between the control document's models and the shell's own types, both ways.

use std::fmt;

use jiff::{Timestamp, tz::Offset};
use layer2_types::{control, operation::Platform};
use layer2_world::{
    Command, JobReport,
    rejection::Rejection,
    settings::{
        ErrorStyle, Profile as WorkProfile, Settings, SignaturePolicy, TimestampStyle,
        WEBHOOK_LOG_LIMITS,
    },
};

use super::{at_fault, broken, invalid};
use crate::{
    clocks::ClockMode,
    journal::Row,
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
    check_name(&name)?;
    let mut plan = server.plan(name);
    plan.seed.clone_from(&body.seed);
    choose(&mut plan.clock, &body.clock, "/clock", CLOCKS)?;
    if let Some(wanted) = &body.settings {
        apply(&mut plan.settings, wanted)?;
    }
    Ok(plan)
}

fn apply(settings: &mut Settings, wanted: &control::SandboxSettings) -> Result<(), Rejection> {
    choose(
        &mut settings.platform,
        &wanted.platform,
        "/settings/platform",
        PLATFORMS,
    )?;
    choose(
        &mut settings.signatures,
        &wanted.signatures,
        "/settings/signatures",
        SIGNATURES,
    )?;
    choose(
        &mut settings.profile,
        &wanted.profile,
        "/settings/profile",
        PROFILES,
    )?;
    choose(
        &mut settings.errors,
        &wanted.errors,
        "/settings/errors",
        ERRORS,
    )?;
    choose(
        &mut settings.timestamps,
        &wanted.timestamps,
        "/settings/timestamps",
        TIMESTAMPS,
    )?;
    if let Some(limit) = wanted.webhook_log_limit {
        let place = "/settings/webhook_log_limit";
        settings.webhook_log_limit = u32::try_from(limit)
            .ok()
            .filter(|limit| WEBHOOK_LOG_LIMITS.contains(limit))
            .ok_or_else(|| invalid(place, &limit.to_string(), "1 to 1000000"))?;
    }
    settings.opaque_codes = wanted.opaque_codes.unwrap_or(settings.opaque_codes);
    settings.strict = wanted.strict.unwrap_or(settings.strict);
    settings.regulated_client = wanted.regulated_client.unwrap_or(settings.regulated_client);
    settings.information_requests = wanted
        .information_requests
        .unwrap_or(settings.information_requests);
    Ok(())
}

/// The values of a setting, on the wire and here.
type Choices<W, T> = &'static [(W, T)];

const CLOCKS: Choices<control::ClockMode, ClockMode> = &[
    (control::ClockMode::Wall, ClockMode::Wall),
    (control::ClockMode::Manual, ClockMode::Manual),
];

const PLATFORMS: Choices<control::PlatformSetting, Platform> = &[
    (control::PlatformSetting::Union, Platform::Union),
    (control::PlatformSetting::Rail112, Platform::RailV1_1_2),
    (control::PlatformSetting::Layer2105, Platform::Layer2V1_0_5),
];

const SIGNATURES: Choices<control::SignatureSetting, SignaturePolicy> = &[
    (control::SignatureSetting::Accepts, SignaturePolicy::Accepts),
    (control::SignatureSetting::IfSent, SignaturePolicy::IfSent),
    (control::SignatureSetting::All, SignaturePolicy::All),
];

const PROFILES: Choices<control::ProfileSetting, WorkProfile> = &[
    (control::ProfileSetting::Fast, WorkProfile::Fast),
    (control::ProfileSetting::Realistic, WorkProfile::Realistic),
];

const ERRORS: Choices<control::ErrorSetting, ErrorStyle> = &[
    (control::ErrorSetting::Helpful, ErrorStyle::Helpful),
    (control::ErrorSetting::Documented, ErrorStyle::Documented),
];

const TIMESTAMPS: Choices<control::TimestampSetting, TimestampStyle> = &[
    (control::TimestampSetting::NewYork, TimestampStyle::NewYork),
    (control::TimestampSetting::Utc, TimestampStyle::Utc),
];

/// Sets what is wanted, if anything is; a value that is none is refused with those that are.
fn choose<W: PartialEq + fmt::Display, T: Copy>(
    setting: &mut T,
    wanted: &Option<W>,
    place: &str,
    choices: Choices<W, T>,
) -> Result<(), Rejection> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let chosen = choices.iter().find(|(wire, _)| wire == wanted);
    let (_, chosen) = chosen.ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(wire, _)| wire.to_string()).collect();
        let expected = match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            _ => names.concat(),
        };
        invalid(place, &wanted.to_string(), &expected)
    })?;
    *setting = *chosen;
    Ok(())
}

/// Refuses what cannot be the name of a sandbox.
pub(super) fn check_name(name: &str) -> Result<(), Rejection> {
    if is_sandbox_name(name) {
        return Ok(());
    }
    let expected = "1 to 64 letters, digits, `-`, `_` and `.`";
    Err(invalid("/name", name, expected))
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
        .with_opaque_codes(settings.opaque_codes)
        .with_strict(settings.strict)
        .with_information_requests(settings.information_requests)
        .with_regulated_client(settings.regulated_client)
        .with_timestamps(match settings.timestamps {
            TimestampStyle::Utc => control::TimestampSetting::Utc,
            _ => control::TimestampSetting::NewYork,
        })
        .with_webhook_log_limit(i32::try_from(settings.webhook_log_limit).unwrap_or(i32::MAX))
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

pub(super) async fn clock(sandbox: &Sandbox) -> Result<control::ClockReply, Rejection> {
    let (now, advanced) = sandbox.clock().await.map_err(broken)?;
    Ok(control::ClockReply::new(control::ClockState::new(
        utc(now),
        clock_mode(sandbox),
        advanced.as_secs(),
        utc(Timestamp::now()),
    )))
}

/// A row of the journal as the cause of something.
pub(super) fn cause(row: &Row) -> control::Cause {
    let operation = match &row.command {
        Command::Client(command) => command.request.op.key(),
        Command::Internal(_) => "due_work".to_owned(),
    };
    // A journal does not come near the end of 63 bits.
    let seq = i64::try_from(row.seq).unwrap_or(i64::MAX);
    control::Cause::new(seq, operation, utc(row.now))
}

/// The clock after an advance, with the work due by `target` that a limit has left.
pub(super) async fn advanced(
    sandbox: &Sandbox,
    target: Timestamp,
    complete: bool,
) -> Result<control::ClockAdvanceReply, Rejection> {
    let clock = clock(sandbox).await?.data;
    let mut left = sandbox.pending_work().await.map_err(broken)?;
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

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;
    use crate::clocks::MANUAL_START;

    #[tokio::test]
    async fn an_advance_that_was_cut_off_lists_what_is_due_by_its_target() {
        let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
        let advance = async |hours: i64, complete| {
            let reply = advanced(&sandbox, MANUAL_START + hours.hours(), complete).await;
            reply.expect("a reply").data
        };
        let cut_off = advance(2 * 366 * 24, false).await;
        assert!(!cut_off.complete);
        assert!(!cut_off.pending.is_empty());
        assert_eq!(cut_off.pending[0].kind, "check_dormancy");
        assert_eq!(
            advance(1, false).await.pending,
            [],
            "what is due later is not left"
        );
        assert_eq!(advance(1, true).await.pending, []);
    }
}
