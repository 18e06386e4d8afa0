//! Commands in few bytes, for a journal in memory.
//!
//! The form lives as long as the process: operations are written by their place in the list of their API, so nothing that
//! outlives the program may hold it. What is written comes back equal, to the byte.

use layer2_types::accounting;
use layer2_types::control;
use layer2_types::payments;
use layer2_types::plaid;

use super::ClientCommand;
use super::Command;
use super::Fingerprint;
use super::IdempotencyKey;
use super::Internal;
use crate::outbox::DeliveryId;
use crate::outbox::DeliveryOutcome;
use crate::packed;
use crate::request::Actor;
use crate::request::OperationRef;
use crate::request::Request;

impl Command {
    /// Writes the command in few bytes, after what is there.
    pub fn write_compact(&self, out: &mut Vec<u8>) {
        match self {
            Self::Client(command) => {
                out.push(CLIENT);
                write_client(command, out);
            }
            Self::Internal(Internal::RunDue) => out.push(RUN_DUE),
            Self::Internal(Internal::DeliveryFinished {
                delivery,
                attempt,
                outcome,
            }) => {
                out.push(DELIVERY_FINISHED);
                write_text(delivery.as_str(), out);
                write_number(u64::from(*attempt), out);
                write_outcome(*outcome, out);
            }
        }
    }

    /// The command that was written so; none if the bytes are something else, or more.
    pub fn read_compact(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let command = match reader.byte()? {
            CLIENT => Self::Client(reader.client()?),
            RUN_DUE => Self::Internal(Internal::RunDue),
            DELIVERY_FINISHED => Self::Internal(Internal::DeliveryFinished {
                delivery: DeliveryId::new(reader.text()?),
                attempt: reader.number()?.try_into().ok()?,
                outcome: reader.outcome()?,
            }),
            _ => return None,
        };
        reader.0.is_empty().then_some(command)
    }
}

// What stands before a command, before the name of a business, before what may be left out, and before an outcome.
const CLIENT: u8 = 0;
const RUN_DUE: u8 = 1;
const DELIVERY_FINISHED: u8 = 2;

const ACTOR_CLIENT: u8 = 0;
const ACTOR_CONTROL: u8 = 1;
const ACTOR_BUSINESS: u8 = 2;

const NOTHING: u8 = 0;
const SOMETHING: u8 = 1;

const ANSWERED: u8 = 0;
const TIMED_OUT: u8 = 1;
const CONNECTION_REFUSED: u8 = 2;
const CONNECTION_LOST: u8 = 3;
const NAME_UNKNOWN: u8 = 4;
const TLS_FAILED: u8 = 5;
const ADDRESS_FORBIDDEN: u8 = 6;

fn write_client(command: &ClientCommand, out: &mut Vec<u8>) {
    let ClientCommand {
        request,
        key,
        fingerprint,
    } = command;
    let Request {
        op,
        path,
        query,
        body,
        actor,
    } = request;
    write_operation(*op, out);
    write_pairs(path, out);
    write_pairs(query, out);
    write_option(body.as_deref(), out);
    match actor {
        Actor::Client => out.push(ACTOR_CLIENT),
        Actor::Control => out.push(ACTOR_CONTROL),
        Actor::Business(id) => {
            out.push(ACTOR_BUSINESS);
            write_text(id, out);
        }
    }
    write_option(key.as_ref().map(IdempotencyKey::as_str), out);
    out.extend(fingerprint.as_bytes());
}

fn write_outcome(outcome: DeliveryOutcome, out: &mut Vec<u8>) {
    out.push(match outcome {
        DeliveryOutcome::Answered { status } => {
            out.push(ANSWERED);
            return write_number(u64::from(status), out);
        }
        DeliveryOutcome::TimedOut => TIMED_OUT,
        DeliveryOutcome::ConnectionRefused => CONNECTION_REFUSED,
        DeliveryOutcome::ConnectionLost => CONNECTION_LOST,
        DeliveryOutcome::NameUnknown => NAME_UNKNOWN,
        DeliveryOutcome::TlsFailed => TLS_FAILED,
        DeliveryOutcome::AddressForbidden => ADDRESS_FORBIDDEN,
    });
}

/// The API, and the operation's place in its list; the lists are in the order of the operations.
fn write_operation(op: OperationRef, out: &mut Vec<u8>) {
    let (api, place) = match op {
        OperationRef::Payments(id) => (0, payments::OperationId::ALL.binary_search(&id)),
        OperationRef::Accounting(id) => (1, accounting::OperationId::ALL.binary_search(&id)),
        OperationRef::Plaid(id) => (2, plaid::OperationId::ALL.binary_search(&id)),
        OperationRef::Control(id) => (3, control::OperationId::ALL.binary_search(&id)),
    };
    out.push(api);
    // Every operation is in its list.
    let place = place.unwrap_or_else(|place| place);
    write_number(place as u64, out);
}

fn write_pairs(pairs: &[(String, String)], out: &mut Vec<u8>) {
    write_number(pairs.len() as u64, out);
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        write_text(text, out);
    }
}

fn write_option(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        None => out.push(NOTHING),
        Some(text) => {
            out.push(SOMETHING);
            write_text(text, out);
        }
    }
}

/// The bytes that a text takes, and the text.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut bytes = Vec::with_capacity(text.len());
    packed::pack(text, &mut bytes);
    write_number(bytes.len() as u64, out);
    out.extend(bytes);
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn client(&mut self) -> Option<ClientCommand> {
        Some(ClientCommand {
            request: Request {
                op: self.operation()?,
                path: self.pairs()?,
                query: self.pairs()?,
                body: self.option()?,
                actor: match self.byte()? {
                    ACTOR_CLIENT => Actor::Client,
                    ACTOR_CONTROL => Actor::Control,
                    ACTOR_BUSINESS => Actor::Business(self.text()?),
                    _ => return None,
                },
            },
            key: match self.option()? {
                None => None,
                Some(key) => Some(IdempotencyKey::new(key).ok()?),
            },
            fingerprint: Fingerprint::new(*self.take(32)?.first_chunk()?),
        })
    }

    fn outcome(&mut self) -> Option<DeliveryOutcome> {
        Some(match self.byte()? {
            ANSWERED => DeliveryOutcome::Answered {
                status: self.number()?.try_into().ok()?,
            },
            TIMED_OUT => DeliveryOutcome::TimedOut,
            CONNECTION_REFUSED => DeliveryOutcome::ConnectionRefused,
            CONNECTION_LOST => DeliveryOutcome::ConnectionLost,
            NAME_UNKNOWN => DeliveryOutcome::NameUnknown,
            TLS_FAILED => DeliveryOutcome::TlsFailed,
            ADDRESS_FORBIDDEN => DeliveryOutcome::AddressForbidden,
            _ => return None,
        })
    }

    fn operation(&mut self) -> Option<OperationRef> {
        let api = self.byte()?;
        let place = usize::try_from(self.number()?).ok()?;
        Some(match api {
            0 => OperationRef::Payments(*payments::OperationId::ALL.get(place)?),
            1 => OperationRef::Accounting(*accounting::OperationId::ALL.get(place)?),
            2 => OperationRef::Plaid(*plaid::OperationId::ALL.get(place)?),
            3 => OperationRef::Control(*control::OperationId::ALL.get(place)?),
            _ => return None,
        })
    }

    fn pairs(&mut self) -> Option<Vec<(String, String)>> {
        let count = self.number()?;
        (0..count)
            .map(|_| Some((self.text()?, self.text()?)))
            .collect()
    }

    fn option(&mut self) -> Option<Option<String>> {
        match self.byte()? {
            NOTHING => Some(None),
            SOMETHING => Some(Some(self.text()?)),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        packed::unpack(self.take(length)?)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3f0a4ab5-1f4c-4c8e-9b7e-0d6f2f0b8a11";

    fn operations() -> impl Iterator<Item = OperationRef> {
        let payments = payments::OperationId::ALL.iter();
        let accounting = accounting::OperationId::ALL.iter();
        let plaid = plaid::OperationId::ALL.iter();
        let control = control::OperationId::ALL.iter();
        payments
            .map(|id| OperationRef::Payments(*id))
            .chain(accounting.map(|id| OperationRef::Accounting(*id)))
            .chain(plaid.map(|id| OperationRef::Plaid(*id)))
            .chain(control.map(|id| OperationRef::Control(*id)))
    }

    fn commands() -> Vec<Command> {
        let outcomes = [
            DeliveryOutcome::Answered { status: 503 },
            DeliveryOutcome::TimedOut,
            DeliveryOutcome::ConnectionRefused,
            DeliveryOutcome::ConnectionLost,
            DeliveryOutcome::NameUnknown,
            DeliveryOutcome::TlsFailed,
            DeliveryOutcome::AddressForbidden,
        ];
        let finished = outcomes.map(|outcome| {
            Command::Internal(Internal::DeliveryFinished {
                delivery: DeliveryId::new(UUID),
                attempt: u32::MAX,
                outcome,
            })
        });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let long = "é".repeat(100_000);
        let actors = [
            Actor::Client,
            Actor::Control,
            Actor::Business("b".to_owned()),
        ];
        let clients = operations().zip(actors.iter().cycle()).enumerate();
        let clients = clients.map(|(n, (op, actor))| {
            Command::Client(ClientCommand {
                request: Request {
                    op,
                    path: vec![pair("transfer_id", UUID); n % 3],
                    query: vec![pair("", "ÿ"), pair("page", "2")],
                    body: [None, Some(String::new()), Some(long.clone())][n % 3].clone(),
                    actor: actor.clone(),
                },
                key: [None, Some("k"), Some(UUID)][n % 3]
                    .map(|key| IdempotencyKey::new(key).unwrap()),
                fingerprint: Fingerprint::new([u8::try_from(n % 256).unwrap(); 32]),
            })
        });
        finished
            .into_iter()
            .chain([Command::Internal(Internal::RunDue)])
            .chain(clients)
            .collect()
    }

    #[test]
    fn every_command_comes_back() {
        for command in commands() {
            let mut bytes = Vec::new();
            command.write_compact(&mut bytes);
            assert_eq!(Command::read_compact(&bytes).as_ref(), Some(&command));
        }
    }

    #[test]
    fn bytes_that_end_early_or_late_are_no_command() {
        let mut bytes = Vec::new();
        Command::Internal(Internal::DeliveryFinished {
            delivery: DeliveryId::new(UUID),
            attempt: 1,
            outcome: DeliveryOutcome::Answered { status: 204 },
        })
        .write_compact(&mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(Command::read_compact(&bytes[..length]), None);
        }
        bytes.push(0);
        assert_eq!(Command::read_compact(&bytes), None);
        assert_eq!(Command::read_compact(&[9]), None);
    }
}
