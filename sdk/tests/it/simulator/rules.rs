//! The rules of the simulation, one by one, so that a test can say which of them broke.

use std::fmt;
use std::time::Duration;

use layer2_sdk::Error;
use layer2_sdk::ErrorKind;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;

use super::Setting;
use super::calls::Kind;
use super::owed;
use super::owed::Ended;
use super::platform::Memory;

/// How much later than its deadline a call may end: the grace that a transport is given, and the timer's steps.
const LATENESS: Duration = Duration::from_millis(120);

/// What must hold, named by what is wrong when it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    CameTooEarly,
    DoesNotSettle,
    DoubtsARead,
    DoubtsWithoutReason,
    FailedWithoutItsKey,
    FailedWithoutItsOperation,
    GaveUpTooEarly,
    HidesADoubt,
    MiscountedItsAttempts,
    OffersWhatIsNotSafe,
    ReplyOfAnotherCall,
    SaysDoneAndItWasNot,
    SaysNotDoneAndItWas,
    SaysNotSentAndItArrived,
    SecondEffect,
    SentTooOften,
    SeveralKeys,
    SpentMoreThanItsBudget,
    SucceededWithoutEffect,
    TookTooLong,
    TwoTokenRequestsAtOnce,
    WaitedTooLong,
}

impl Rule {
    pub(super) const ALL: [Self; 22] = [
        Self::CameTooEarly,
        Self::DoesNotSettle,
        Self::DoubtsARead,
        Self::DoubtsWithoutReason,
        Self::FailedWithoutItsKey,
        Self::FailedWithoutItsOperation,
        Self::GaveUpTooEarly,
        Self::HidesADoubt,
        Self::MiscountedItsAttempts,
        Self::OffersWhatIsNotSafe,
        Self::ReplyOfAnotherCall,
        Self::SaysDoneAndItWasNot,
        Self::SaysNotDoneAndItWas,
        Self::SaysNotSentAndItArrived,
        Self::SecondEffect,
        Self::SentTooOften,
        Self::SeveralKeys,
        Self::SpentMoreThanItsBudget,
        Self::SucceededWithoutEffect,
        Self::TookTooLong,
        Self::TwoTokenRequestsAtOnce,
        Self::WaitedTooLong,
    ];

    pub(super) fn broken(self, by: impl fmt::Debug) -> Broken {
        Broken {
            rule: self,
            by: format!("{by:?}"),
        }
    }
}

/// A rule that did not hold, and what shows it.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) rule: Rule,
    by: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.by)
    }
}

/// What a caller was told, in words of our own, so that a mutant can tell him something else.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) attempts: u32,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum End {
    /// The id that the reply carries.
    Done(String),
    Failed(Failed),
}

#[derive(Clone)]
pub(super) struct Failed {
    pub(super) outcome: Outcome,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) names_operation: bool,
    pub(super) is_retryable: bool,
    /// The error as it was, for who reads of a seed that fails.
    error: Error,
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}retryable, under {:?}: {:?}",
            self.outcome,
            if self.is_retryable { "" } else { "not " },
            self.key,
            self.error
        )
    }
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        Self {
            attempts: error.attempts(),
            end: End::Failed(Failed {
                outcome: error.outcome(),
                key: error.idempotency_key().cloned(),
                names_operation: error.operation().is_some(),
                is_retryable: error.is_retryable(),
                error,
            }),
        }
    }
}

/// What a call was to keep to, and what it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// The client's, with the options of the call over it.
    pub(super) setting: Setting,
    pub(super) took: Duration,
    /// The client could pay one more retry for certain.
    pub(super) is_paid_for: bool,
}

/// Whether what a caller was told is true, by what the platform knows.
pub(super) fn judge(
    (kind, marker): (Kind, u64),
    told: &Told,
    memory: &Memory,
    circumstances: &Circumstances,
) -> Result<(), Rule> {
    let Circumstances { setting, took, .. } = *circumstances;
    // A 401 is answered once with another token and once with another time; neither counts as a retry.
    let resent = u32::from(memory.token_refused) + u32::from(memory.signature_refused);
    hold(
        memory.attempts <= setting.policy.max_attempts + resent,
        Rule::SentTooOften,
    )?;
    hold(took <= setting.deadline + LATENESS, Rule::TookTooLong)?;
    hold(
        told.attempts == memory.attempts,
        Rule::MiscountedItsAttempts,
    )?;
    let done = memory.effects == u32::from(kind.writes());
    match &told.end {
        End::Done(id) => {
            hold(done, Rule::SucceededWithoutEffect)?;
            hold(*id == format!("T-{marker}"), Rule::ReplyOfAnotherCall)
        }
        End::Failed(failed) => {
            judge_failure(kind, failed, memory, done)?;
            let early = gave_up_early(kind, failed, memory, circumstances);
            hold(!early, Rule::GaveUpTooEarly)
        }
    }
}

/// Whether a failed call had everything that another attempt needs: a failure that may pass, a platform that would know
/// the repetition, attempts, time and money.
fn gave_up_early(
    kind: Kind,
    failed: &Failed,
    memory: &Memory,
    circumstances: &Circumstances,
) -> bool {
    let Some(Ended::Passing { left, .. }) = memory.ended else {
        return false;
    };
    // The next attempt was begun and got no token: the token layer has tried again by itself.
    if failed.error.kind() == ErrorKind::Token {
        return false;
    }
    let setting = &circumstances.setting;
    let policy = &setting.policy;
    let may_repeat = kind.may_repeat() || !left;
    let wait = owed::longest_wait(
        policy.base,
        policy.cap,
        memory.attempts,
        memory.told_to_wait,
    );
    may_repeat
        && memory.attempts < policy.max_attempts
        && circumstances.took + wait < setting.deadline
        && circumstances.is_paid_for
}

fn judge_failure(kind: Kind, failed: &Failed, memory: &Memory, done: bool) -> Result<(), Rule> {
    hold(failed.names_operation, Rule::FailedWithoutItsOperation)?;
    hold(
        failed.key.is_some() == kind.is_keyed(),
        Rule::FailedWithoutItsKey,
    )?;
    match failed.outcome {
        Outcome::NotSent => hold(memory.arrived == 0, Rule::SaysNotSentAndItArrived),
        Outcome::NotDone if kind.writes() => {
            hold(memory.effects == 0, Rule::SaysNotDoneAndItWas)?;
            hold(!memory.doubt, Rule::HidesADoubt)
        }
        Outcome::Unknown => {
            hold(kind.writes(), Rule::DoubtsARead)?;
            hold(memory.doubt, Rule::DoubtsWithoutReason)?;
            let safe = kind.is_recognised() || !failed.is_retryable;
            hold(safe, Rule::OffersWhatIsNotSafe)
        }
        Outcome::Done => hold(done, Rule::SaysDoneAndItWasNot),
        _ => Ok(()),
    }
}

fn hold(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}
