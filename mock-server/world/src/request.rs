//! What the shell asks of the world, and what it gets back.
//!
//! A request is what decides the result and nothing else: the operation, the ids of the path, the query, the wire JSON
//! of the body and who asks. Tokens, secrets, signatures, headers and addresses stay in the shell.

use core::fmt;
use core::str::FromStr;

use layer2_types::Operation;
use layer2_types::accounting;
use layer2_types::control;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::plaid;
use layer2_types::project::Project;
use layer2_types::query::QueryParams;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::DeserializeOwned;
use serde::de::Error as _;
use thiserror::Error;

use crate::rejection::Rejection;

/// An operation of one of the four APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationRef {
    /// Of the payments API.
    Payments(payments::OperationId),
    /// Of the accounting API.
    Accounting(accounting::OperationId),
    /// Of the Plaid API.
    Plaid(plaid::OperationId),
    /// Of the mock's own API.
    Control(control::OperationId),
}

impl OperationRef {
    /// The row of the operation table.
    pub fn operation(self) -> &'static Operation {
        match self {
            Self::Payments(id) => id.operation(),
            Self::Accounting(id) => id.operation(),
            Self::Plaid(id) => id.operation(),
            Self::Control(id) => id.operation(),
        }
    }

    /// The operation as text, such as `payments.transfers_create`: the form of the journal.
    pub fn key(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for OperationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payments(id) => write!(f, "payments.{}", id.as_str()),
            Self::Accounting(id) => write!(f, "accounting.{}", id.as_str()),
            Self::Plaid(id) => write!(f, "plaid.{}", id.as_str()),
            Self::Control(id) => write!(f, "control.{}", id.as_str()),
        }
    }
}

impl FromStr for OperationRef {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, UnknownOperation> {
        let unknown = || UnknownOperation {
            key: text.to_owned(),
        };
        let (api, id) = text.split_once('.').ok_or_else(unknown)?;
        match api {
            "payments" => id.parse().map(Self::Payments).map_err(|_| unknown()),
            "accounting" => id.parse().map(Self::Accounting).map_err(|_| unknown()),
            "plaid" => id.parse().map(Self::Plaid).map_err(|_| unknown()),
            "control" => id.parse().map(Self::Control).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

/// A text that names no operation of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{key}` names no operation; the form is `<api>.<operation id>`, such as `payments.transfers_create`"
)]
pub struct UnknownOperation {
    key: String,
}

impl Serialize for OperationRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OperationRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Who asks. It is part of the scope of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The client of the sandbox.
    Client,
    /// The bearer of a token for one business of the accounting API.
    Business(String),
    /// Whoever holds the control token.
    Control,
}

/// A request, parsed as far as the world needs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The operation.
    pub op: OperationRef,
    /// Ids of the path by parameter name, decoded.
    pub path: Vec<(String, String)>,
    /// Query parameters in the order in which they were sent, decoded.
    pub query: Vec<(String, String)>,
    /// The body as it came over the wire: exact JSON text.
    pub body: Option<String>,
    /// Who asks.
    pub actor: Actor,
}

impl Request {
    /// The id of the path parameter `name`.
    pub fn id<T: FromStr>(&self, name: &str) -> Result<T, Rejection> {
        let text = self
            .path
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Rejection::unreadable(
                self.op.operation().api,
                "path",
                format!("`{name}` is not an id"),
            )
        })
    }

    /// The text of a query parameter.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The query as the operation's parameters.
    pub fn params<T: QueryParams>(&self) -> Result<T, Rejection> {
        T::from_pairs(&self.query).map_err(|error| {
            Rejection::unreadable(self.op.operation().api, "query", error.to_string())
        })
    }

    /// The body as the operation's request.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let api = self.op.operation().api;
        let Some(text) = &self.body else {
            return Err(Rejection::unreadable(
                api,
                "body",
                "there is none, and the operation needs one",
            ));
        };
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => match misfit::<T>(text) {
                Some(pointer) => Rejection::misfit(api, pointer),
                None => {
                    Rejection::unreadable(api, "body", "it does not have the form of the request")
                }
            },
            _ => Rejection::unreadable(
                api,
                "body",
                format!(
                    "it is not JSON, at line {}, column {}",
                    error.line(),
                    error.column()
                ),
            ),
        })
    }
}

/// JSON pointer to the value that does not fit. The parser's own message is not used: it may quote the value, which may
/// be personal.
fn misfit<T: DeserializeOwned>(text: &str) -> Option<String> {
    use serde_path_to_error::Segment;

    let mut reader = serde_json::Deserializer::from_str(text);
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    let mut pointer = String::new();
    for segment in error.path() {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            // An amount reads its own text through a member that serde_json makes up; the place is the amount's.
            Segment::Map { key } if key.starts_with("$serde_json::private::") => break,
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    (!pointer.is_empty()).then_some(pointer)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("op", &self.op.key())
            .field("path", &self.path)
            .field("actor", &self.actor)
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

/// A successful reply, ready for the wire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// HTTP status, always 2xx.
    pub status: u16,
    /// JSON text.
    pub body: String,
}

impl Reply {
    /// Writes `value` as the chosen version of the platform would send it.
    pub fn of<T: Serialize + Project>(
        status: u16,
        mut value: T,
        platform: Platform,
    ) -> Result<Self, Rejection> {
        value.project(platform);
        let body = serde_json::to_string(&value)
            .map_err(|_| Rejection::internal("A reply could not be written as JSON."))?;
        Ok(Self { status, body })
    }

    /// The same, of an operation that chose among its statuses.
    pub fn answered<T: Serialize + Project>(
        answered: Answered<T>,
        platform: Platform,
    ) -> Result<Self, Rejection> {
        Self::of(answered.status, answered.value, platform)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The result of an operation that has several successful statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// HTTP status.
    pub status: u16,
    /// The reply.
    pub value: T,
}
