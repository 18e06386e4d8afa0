//! Orders of faults, between the control document and the rules of the shell.

use std::{num::NonZeroU32, time::Duration};

use http::HeaderName;
use layer2_types::{
    control,
    operation::{Operation, operations},
};
use layer2_world::{
    contract::documented_codes,
    rejection::{Problem, Rejection, nearest},
    request::OperationRef,
};

use super::{at_fault, invalid};
use crate::{
    faults::{FaultKind, FaultOrder, FaultPoint, FaultRule, HeaderMatch},
    http::limits,
};

/// What goes before the number of a rule in its id.
const ID_PREFIX: &str = "fault-";

/// The rule that a request orders, or what of it cannot be.
pub(super) fn order(body: &control::FaultRequest) -> Result<FaultOrder, Rejection> {
    let operation = body.operation.as_deref().map(operation).transpose()?;
    let kind = kind(body, operation)?;
    refuse_members_of_other_kinds(body)?;
    if let Some(op) = operation
        && !kind.befalls(op.operation().api)
    {
        let expected = match op.operation().api.as_str() {
            "control" => "an operation of another API: control never fails by order",
            _ => "an operation of an API with tokens: payments or accounting",
        };
        return Err(unsupported("/operation", op.key(), expected));
    }
    Ok(FaultOrder {
        point: point(body, &kind)?,
        kind,
        operation: body.operation.clone(),
        key: body.key.clone(),
        object_id: body.object_id.as_ref().map(|id| id.as_str().to_owned()),
        header: body.header.as_ref().map(header).transpose()?,
        nth: positive("/nth", body.nth)?.unwrap_or(NonZeroU32::MIN),
        count: positive("/count", body.count)?.unwrap_or(NonZeroU32::MIN),
        percent: percent(body.percent)?,
    })
}

fn kind(
    body: &control::FaultRequest,
    operation: Option<OperationRef>,
) -> Result<FaultKind, Rejection> {
    let retry_after = positive("/retry_after_seconds", body.retry_after_seconds)?;
    Ok(match body.kind.as_str() {
        "reply_lost" => FaultKind::ReplyLost,
        "reset" => FaultKind::Reset,
        "truncated" => FaultKind::Truncated {
            body_bytes: body
                .body_bytes
                .map(|bytes| {
                    usize::try_from(bytes)
                        .map_err(|_| invalid("/body_bytes", &bytes.to_string(), "0 or more"))
                })
                .transpose()?,
        },
        "latency" => FaultKind::Latency {
            delay: delay(body.delay_ms)?,
        },
        "status" => FaultKind::Status {
            status: status(body.status)?,
            code: body
                .code
                .as_deref()
                .map(|text| code(text, operation))
                .transpose()?,
            retry_after,
        },
        "rate_limited" => FaultKind::RateLimited {
            retry_after: retry_after.unwrap_or(NonZeroU32::MIN),
        },
        "expired_token" => FaultKind::ExpiredToken,
        "unknown_enum_value" => FaultKind::UnknownEnumValue {
            pointer: body.pointer.clone(),
            value: body.value.clone(),
        },
        "extra_field" => FaultKind::ExtraField,
        other => return Err(unsupported("/kind", other, FaultKind::NAMES.join(", "))),
    })
}

/// A member that says nothing about the ordered kind is a mistake, and not left unread.
fn refuse_members_of_other_kinds(body: &control::FaultRequest) -> Result<(), Rejection> {
    let sent: [(&str, bool, &[&str]); 7] = [
        ("delay_ms", body.delay_ms.is_some(), &["latency"]),
        ("status", body.status.is_some(), &["status"]),
        ("code", body.code.is_some(), &["status"]),
        (
            "retry_after_seconds",
            body.retry_after_seconds.is_some(),
            &["status", "rate_limited"],
        ),
        ("body_bytes", body.body_bytes.is_some(), &["truncated"]),
        ("pointer", body.pointer.is_some(), &["unknown_enum_value"]),
        ("value", body.value.is_some(), &["unknown_enum_value"]),
    ];
    let kind = body.kind.as_str();
    match sent
        .iter()
        .find(|(_, is_sent, kinds)| *is_sent && !kinds.contains(&kind))
    {
        None => Ok(()),
        Some((name, _, kinds)) => Err(Problem::new(
            "FAULT_NOT_SUPPORTED",
            format!("`{name}` says nothing about a fault of the kind {kind}."),
        )
        .at(format!("/{name}"))
        .expected(format!("the kind {}", kinds.join(" or ")))
        .hint("Leave it out, or order another kind.")
        .bad_request()),
    }
}

fn operation(text: &str) -> Result<OperationRef, Rejection> {
    text.parse().map_err(|_| {
        let keys: Vec<String> = operations().map(Operation::key).collect();
        // Only so many are compared, so the API is taken at its word.
        let api = text.split('.').next().unwrap_or_default();
        let candidates = keys.iter().map(String::as_str);
        let near = nearest(text, candidates.filter(|key| key.starts_with(api)));
        let mut rejection = unsupported(
            "/operation",
            text,
            "an operation such as payments.transfers_create",
        );
        for problem in &mut rejection.problems {
            problem.hint = near.map(|near| format!("Did you mean `{near}`?"));
        }
        rejection
    })
}

fn point(body: &control::FaultRequest, kind: &FaultKind) -> Result<FaultPoint, Rejection> {
    let points = kind.points();
    let wanted = match &body.point {
        // Every kind has a point.
        None => return Ok(points.first().copied().unwrap_or(FaultPoint::AfterWork)),
        Some(control::FaultPoint::AfterWork) => Some(FaultPoint::AfterWork),
        Some(control::FaultPoint::BeforeWork) => Some(FaultPoint::BeforeWork),
        Some(_) => None,
    };
    wanted
        .filter(|point| points.contains(point))
        .ok_or_else(|| {
            let names: Vec<&str> = points.iter().map(|point| point_name(*point)).collect();
            let received = body.point.as_ref().map_or("", |point| point.as_str());
            unsupported("/point", received, names.join(" or "))
        })
}

fn point_name(point: FaultPoint) -> &'static str {
    match point {
        FaultPoint::AfterWork => "after_work",
        FaultPoint::BeforeWork => "before_work",
    }
}

fn header(wanted: &control::FaultHeader) -> Result<HeaderMatch, Rejection> {
    let name = HeaderName::from_bytes(wanted.name.as_bytes())
        .map_err(|_| invalid("/header/name", &wanted.name, "the name of a header"))?;
    Ok(HeaderMatch {
        name,
        value: wanted.value.clone(),
    })
}

fn delay(milliseconds: Option<i32>) -> Result<Duration, Rejection> {
    let within = milliseconds
        .and_then(|number| u64::try_from(number).ok())
        .map(Duration::from_millis)
        .filter(|delay| !delay.is_zero() && *delay <= limits::FAULT_DELAY);
    within.ok_or_else(|| {
        let expected = format!("1 to {} milliseconds", limits::FAULT_DELAY.as_millis());
        missing_or_invalid("/delay_ms", milliseconds, &expected)
    })
}

fn status(number: Option<i32>) -> Result<u16, Rejection> {
    number
        .and_then(|number| u16::try_from(number).ok())
        .filter(|status| (400..=599).contains(status))
        .ok_or_else(|| missing_or_invalid("/status", number, "400 to 599"))
}

/// A code belongs to the document of an API, so the operation must say which.
fn code(text: &str, operation: Option<OperationRef>) -> Result<&'static str, Rejection> {
    let Some(op) = operation else {
        return Err(unsupported(
            "/code",
            text,
            "a code beside an `operation`, whose document lists it",
        ));
    };
    let codes = documented_codes(op.operation().api);
    codes
        .iter()
        .find(|info| info.code == text)
        .map(|info| info.code)
        .ok_or_else(|| {
            let listed: Vec<&str> = codes.iter().map(|info| info.code).collect();
            unsupported("/code", text, listed.join(", "))
        })
}

fn percent(number: Option<i32>) -> Result<u8, Rejection> {
    match number {
        None => Ok(100),
        Some(number) => u8::try_from(number)
            .ok()
            .filter(|percent| (1..=100).contains(percent))
            .ok_or_else(|| invalid("/percent", &number.to_string(), "1 to 100")),
    }
}

fn positive(pointer: &str, number: Option<i32>) -> Result<Option<NonZeroU32>, Rejection> {
    number
        .map(|number| {
            u32::try_from(number)
                .ok()
                .and_then(NonZeroU32::new)
                .ok_or_else(|| invalid(pointer, &number.to_string(), "1 or more"))
        })
        .transpose()
}

fn missing_or_invalid(pointer: &str, number: Option<i32>, expected: &str) -> Rejection {
    match number {
        Some(number) => invalid(pointer, &number.to_string(), expected),
        None => Problem::new("VALIDATION_FAILED", "This kind of fault needs the member.")
            .at(pointer)
            .expected(expected)
            .bad_request(),
    }
}

fn unsupported(
    pointer: &str,
    received: impl Into<String>,
    expected: impl Into<String>,
) -> Rejection {
    Problem::new("FAULT_NOT_SUPPORTED", "This fault cannot be ordered.")
        .at(pointer)
        .received(received)
        .expected(expected)
        .bad_request()
}

/// The number of the rule that an id names.
pub(super) fn number(id: &control::FaultId) -> Option<u64> {
    id.as_str().strip_prefix(ID_PREFIX)?.parse().ok()
}

/// A rule as control shows it.
pub(super) fn fault(rule: &FaultRule) -> Result<control::Fault, Rejection> {
    let order = &rule.order;
    let id = control::FaultId::new(format!("{ID_PREFIX}{}", rule.id))
        .map_err(|error| at_fault(&error.to_string()))?;
    let mut fault = control::Fault::new(
        id,
        control::FaultKind::from(order.kind.as_str()),
        control::FaultPoint::from(point_name(order.point)),
        small(order.nth.get()),
        small(order.count.get()),
        i32::from(order.percent),
        small(rule.matched),
        small(rule.struck),
        small(rule.remaining()),
    );
    fault.operation.clone_from(&order.operation);
    fault.key.clone_from(&order.key);
    fault.object_id = order
        .object_id
        .as_deref()
        .map(control::ObjectId::new)
        .transpose()
        .map_err(|error| at_fault(&error.to_string()))?;
    fault.header = order.header.as_ref().map(|header| {
        let mut told = control::FaultHeader::new(header.name.as_str().to_owned());
        told.value.clone_from(&header.value);
        told
    });
    match &order.kind {
        FaultKind::Latency { delay } => {
            fault.delay_ms = i32::try_from(delay.as_millis()).ok();
        }
        FaultKind::RateLimited { retry_after } => {
            fault.retry_after_seconds = Some(small(retry_after.get()));
        }
        FaultKind::Status {
            status,
            code,
            retry_after,
        } => {
            fault.status = Some(i32::from(*status));
            fault.code = code.map(str::to_owned);
            fault.retry_after_seconds = retry_after.map(|seconds| small(seconds.get()));
        }
        FaultKind::Truncated { body_bytes } => {
            fault.body_bytes = body_bytes.and_then(|bytes| i32::try_from(bytes).ok());
        }
        FaultKind::UnknownEnumValue { pointer, value } => {
            fault.pointer.clone_from(pointer);
            fault.value.clone_from(value);
        }
        FaultKind::ExpiredToken
        | FaultKind::ExtraField
        | FaultKind::ReplyLost
        | FaultKind::Reset => {}
    }
    Ok(fault)
}

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
