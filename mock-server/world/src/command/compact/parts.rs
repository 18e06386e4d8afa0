//! The parts of a command, each written and read: operations, paths, texts, outcomes.

use layer2_types::accounting;
use layer2_types::control;
use layer2_types::payments;
use layer2_types::plaid;

use super::number::read_number;
use super::number::write_number;
use crate::outbox::DeliveryOutcome;
use crate::packed;
use crate::request::OperationRef;

// What stands before the ids of a path.
const NAMES_OF_OPERATION: u8 = 0;
const OTHER_NAMES: u8 = 1;

// What stands for an outcome; the status follows an answer.
const ANSWERED: u8 = 0;
const TIMED_OUT: u8 = 1;
const CONNECTION_REFUSED: u8 = 2;
const CONNECTION_LOST: u8 = 3;
const NAME_UNKNOWN: u8 = 4;
const TLS_FAILED: u8 = 5;
const ADDRESS_FORBIDDEN: u8 = 6;

pub(super) fn write_outcome(outcome: DeliveryOutcome, out: &mut Vec<u8>) {
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
pub(super) fn write_operation(op: OperationRef, out: &mut Vec<u8>) {
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
pub(super) fn write_path(op: OperationRef, path: &[(String, String)], out: &mut Vec<u8>) {
    if !op
        .operation()
        .path_parameters()
        .eq(path.iter().map(|(name, _)| name.as_str()))
    {
        out.push(OTHER_NAMES);
        return write_pairs(path, out);
    }
    out.push(NAMES_OF_OPERATION);
    for (_, id) in path {
        write_text(id, out);
    }
}

pub(super) fn write_pairs(pairs: &[(String, String)], out: &mut Vec<u8>) {
    write_number(pairs.len() as u64, out);
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        write_text(text, out);
    }
}

/// The bytes that a text takes, and the text.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    write_sized(out, |out| packed::pack(text, out));
}

/// What is written, behind the number of its bytes.
pub(super) fn write_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
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

/// What is still to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn outcome(&mut self) -> Option<DeliveryOutcome> {
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

    pub(super) fn operation(&mut self) -> Option<OperationRef> {
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

    pub(super) fn path(&mut self, op: OperationRef) -> Option<Vec<(String, String)>> {
        match self.byte()? {
            NAMES_OF_OPERATION => op
                .operation()
                .path_parameters()
                .map(|name| Some((name.to_owned(), self.text()?)))
                .collect(),
            OTHER_NAMES => self.pairs(),
            _ => None,
        }
    }

    pub(super) fn pairs(&mut self) -> Option<Vec<(String, String)>> {
        let count = self.number()?;
        (0..count)
            .map(|_| Some((self.text()?, self.text()?)))
            .collect()
    }

    pub(super) fn text(&mut self) -> Option<String> {
        packed::unpack(self.sized()?)
    }

    pub(super) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let (number, rest) = read_number(self.0)?;
        self.0 = rest;
        Some(number)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
