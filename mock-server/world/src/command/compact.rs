//! Commands in few bytes, for a journal in memory.
//!
//! The form lives as long as the process: operations are written by their place in the list of their API, so nothing that
//! outlives the program may hold it. What is written comes back equal, to the byte, from the same [`CompactCommands`]: it
//! knows what the bodies of an operation have in common.

use super::ClientCommand;
use super::Command;
use super::Fingerprint;
use super::IdempotencyKey;
use super::Internal;
use crate::outbox::DeliveryId;
use crate::request::Actor;
use crate::request::Request;
use crate::shapes::Shapes;

mod number;
mod parts;

pub use number::read_number;
pub use number::write_number;
use parts::Reader;
use parts::write_operation;
use parts::write_outcome;
use parts::write_pairs;
use parts::write_path;
use parts::write_sized;
use parts::write_text;

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

// What stands before a command.
const CLIENT: u8 = 0;
const RUN_DUE: u8 = 1;
const DELIVERY_FINISHED: u8 = 2;

// What stands before who acts.
const ACTOR_CLIENT: u8 = 0;
const ACTOR_CONTROL: u8 = 1;
const ACTOR_BUSINESS: u8 = 2;

// What stands before what may be left out.
const NOTHING: u8 = 0;
const SOMETHING: u8 = 1;

#[cfg(test)]
mod tests {
    use layer2_types::accounting;
    use layer2_types::control;
    use layer2_types::payments;
    use layer2_types::plaid;

    use super::*;
    use crate::outbox::DeliveryOutcome;
    use crate::request::OperationRef;

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
            0 => op
                .operation()
                .path_parameters()
                .map(|name| pair(name, UUID))
                .collect(),
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
