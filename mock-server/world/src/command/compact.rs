//! Commands in few bytes, for a journal in memory.
//!
//! The form lives as long as the process: operations are written by their place in the list of their API, so nothing that
//! outlives the program may hold it. What is written comes back equal, to the byte, from the same [`CompactCommands`]: it
//! knows what the bodies of an operation have in common.

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
use crate::shapes::Shapes;

/// Writes commands in few bytes and reads those that it has written.
#[derive(Clone, Debug, Default)]
pub struct CompactCommands {
    bodies: Shapes,
}

impl CompactCommands {
    /// Writes the command in few bytes, after what is there.
    pub fn write(&mut self, command: &Command, out: &mut Vec<u8>) {
        match command {
            Command::Client(command) => {
                out.push(CLIENT);
                self.write_client(command, out);
            }
            Command::Internal(Internal::RunDue) => out.push(RUN_DUE),
            Command::Internal(Internal::DeliveryFinished {
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
    pub fn read(&self, bytes: &[u8]) -> Option<Command> {
        let mut reader = Reader(bytes);
        let command = match reader.byte()? {
            CLIENT => Command::Client(self.read_client(&mut reader)?),
            RUN_DUE => Command::Internal(Internal::RunDue),
            DELIVERY_FINISHED => Command::Internal(Internal::DeliveryFinished {
                delivery: DeliveryId::new(reader.text()?),
                attempt: reader.number()?.try_into().ok()?,
                outcome: reader.outcome()?,
            }),
            _ => return None,
        };
        reader.0.is_empty().then_some(command)
    }

    fn write_client(&mut self, command: &ClientCommand, out: &mut Vec<u8>) {
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
        write_path(*op, path, out);
        write_pairs(query, out);
        match body {
            None => out.push(NOTHING),
            Some(body) => {
                out.push(SOMETHING);
                write_sized(out, |out| self.bodies.write(*op, body, out));
            }
        }
        match actor {
            Actor::Client => out.push(ACTOR_CLIENT),
            Actor::Control => out.push(ACTOR_CONTROL),
            Actor::Business(id) => {
                out.push(ACTOR_BUSINESS);
                write_text(id, out);
            }
        }
        match key {
            None => out.push(NOTHING),
            Some(key) => {
                out.push(SOMETHING);
                write_text(key.as_str(), out);
            }
        }
        out.extend(fingerprint.as_bytes());
    }

    fn read_client(&self, reader: &mut Reader<'_>) -> Option<ClientCommand> {
        let op = reader.operation()?;
        Some(ClientCommand {
            request: Request {
                op,
                path: reader.path(op)?,
                query: reader.pairs()?,
                body: match reader.byte()? {
                    NOTHING => None,
                    SOMETHING => Some(self.bodies.read(op, reader.sized()?)?),
                    _ => return None,
                },
                actor: match reader.byte()? {
                    ACTOR_CLIENT => Actor::Client,
                    ACTOR_CONTROL => Actor::Control,
                    ACTOR_BUSINESS => Actor::Business(reader.text()?),
                    _ => return None,
                },
            },
            key: match reader.byte()? {
                NOTHING => None,
                SOMETHING => Some(IdempotencyKey::new(reader.text()?).ok()?),
                _ => return None,
            },
            fingerprint: Fingerprint::new(*reader.take(32)?.first_chunk()?),
        })
    }
}

// What stands before a command, before the name of a business, before the ids of a path, before what may be left out,
// and before an outcome.
const CLIENT: u8 = 0;
const RUN_DUE: u8 = 1;
const DELIVERY_FINISHED: u8 = 2;

const ACTOR_CLIENT: u8 = 0;
const ACTOR_CONTROL: u8 = 1;
const ACTOR_BUSINESS: u8 = 2;

const NAMES_OF_OPERATION: u8 = 0;
const OTHER_NAMES: u8 = 1;

const NOTHING: u8 = 0;
const SOMETHING: u8 = 1;

const ANSWERED: u8 = 0;
const TIMED_OUT: u8 = 1;
const CONNECTION_REFUSED: u8 = 2;
const CONNECTION_LOST: u8 = 3;
const NAME_UNKNOWN: u8 = 4;
const TLS_FAILED: u8 = 5;
const ADDRESS_FORBIDDEN: u8 = 6;

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

/// The ids of a path; their names only where they are not those of the operation, in its order.
fn write_path(op: OperationRef, path: &[(String, String)], out: &mut Vec<u8>) {
    if !names_of(op).eq(path.iter().map(|(name, _)| name.as_str())) {
        out.push(OTHER_NAMES);
        return write_pairs(path, out);
    }
    out.push(NAMES_OF_OPERATION);
    for (_, id) in path {
        write_text(id, out);
    }
}

/// The names of the ids in the path of an operation.
fn names_of(op: OperationRef) -> impl Iterator<Item = &'static str> {
    let segments = op.operation().path.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn write_pairs(pairs: &[(String, String)], out: &mut Vec<u8>) {
    write_number(pairs.len() as u64, out);
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        write_text(text, out);
    }
}

/// The bytes that a text takes, and the text.
fn write_text(text: &str, out: &mut Vec<u8>) {
    write_sized(out, |out| packed::pack(text, out));
}

/// What is written, behind the number of its bytes.
fn write_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    // Nearly everything is so short that its length is one byte.
    out.push(0);
    write(out);
    let length = out.len() - begin - 1;
    match u8::try_from(length) {
        Ok(short @ ..0x80) => out[begin] = short,
        _ => {
            let mut number = Vec::new();
            write_number(length as u64, &mut number);
            out.splice(begin..=begin, number);
        }
    }
}

/// Writes a number, small ones in few bytes: seven bits a byte, the lowest first; the eighth says that more follow.
pub fn write_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// The number at the beginning ([`write_number`]), and what follows it; none if there is none.
#[must_use]
pub fn read_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    let mut rest = bytes;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, others) = rest.split_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        rest = others;
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
    None
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
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

    fn path(&mut self, op: OperationRef) -> Option<Vec<(String, String)>> {
        match self.byte()? {
            NAMES_OF_OPERATION => names_of(op)
                .map(|name| Some((name.to_owned(), self.text()?)))
                .collect(),
            OTHER_NAMES => self.pairs(),
            _ => None,
        }
    }

    fn pairs(&mut self) -> Option<Vec<(String, String)>> {
        let count = self.number()?;
        (0..count)
            .map(|_| Some((self.text()?, self.text()?)))
            .collect()
    }

    fn text(&mut self) -> Option<String> {
        packed::unpack(self.sized()?)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = read_number(self.0)?;
        self.0 = rest;
        Some(number)
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
        // Those of the operation, others, or none.
        let path = |op: OperationRef, n: usize| match n % 3 {
            0 => names_of(op).map(|name| pair(name, UUID)).collect(),
            others => vec![pair("transfer_id", UUID); others - 1],
        };
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
                    path: path(op, n),
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
        let mut compact = CompactCommands::default();
        let written: Vec<_> = (0..3)
            .flat_map(|_| commands())
            .map(|command| {
                let mut bytes = Vec::new();
                compact.write(&command, &mut bytes);
                (command, bytes)
            })
            .collect();
        for (command, bytes) in written {
            assert_eq!(compact.read(&bytes).as_ref(), Some(&command));
        }
    }

    #[test]
    fn of_a_body_that_is_like_another_one_little_is_kept() {
        let mut compact = CompactCommands::default();
        let mut length = |amount: &str| {
            let body = format!(r#"{{"source_account_id":"ACME_USD","amount":{amount}}}"#);
            let command = Command::Client(ClientCommand {
                request: Request {
                    op: OperationRef::Payments(payments::OperationId::TransfersCreate),
                    path: Vec::new(),
                    query: Vec::new(),
                    body: Some(body),
                    actor: Actor::Client,
                },
                key: None,
                fingerprint: Fingerprint::new([7; 32]),
            });
            let mut bytes = Vec::new();
            compact.write(&command, &mut bytes);
            assert_eq!(compact.read(&bytes).as_ref(), Some(&command));
            bytes.len()
        };
        let fingerprint = 32;
        assert!(length("1.25") < fingerprint + 20);
        assert!(length("1.26") < fingerprint + 20);
    }

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            assert_eq!(read_number(&bytes), Some((number, &[][..])));
            assert_eq!(read_number(&bytes[1..]).is_none(), bytes.len() == 1);
        }
    }

    #[test]
    fn bytes_that_end_early_or_late_are_no_command() {
        let mut compact = CompactCommands::default();
        let mut bytes = Vec::new();
        let finished = Command::Internal(Internal::DeliveryFinished {
            delivery: DeliveryId::new(UUID),
            attempt: 1,
            outcome: DeliveryOutcome::Answered { status: 204 },
        });
        compact.write(&finished, &mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(compact.read(&bytes[..length]), None);
        }
        bytes.push(0);
        assert_eq!(compact.read(&bytes), None);
        assert_eq!(compact.read(&[9]), None);
    }
}
