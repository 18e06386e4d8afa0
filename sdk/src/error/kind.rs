//! What broke, and what ended the attempts.

use http::StatusCode;

/// What broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is not set up for this call, or the builder refused its settings.
    Config,
    /// No connection to the API; no byte of the request left.
    Connect,
    /// The credentials provider failed.
    Credentials,
    /// The platform did it, but the reply does not read as documented.
    Decode,
    /// A file came and could not be written on this machine.
    File,
    /// 403: the token lacks a scope, or the resource is not for this client.
    Forbidden,
    /// The request was not sent because it is visibly wrong.
    InvalidRequest,
    /// 404: no such resource, or the base URL is wrong.
    NotFound,
    /// The version of the platform that the client keeps to does not have this operation; nothing was sent.
    NotOnPlatform,
    /// 429: too many requests.
    RateLimited,
    /// Any other 4xx: the platform understood the request and said no.
    Refused,
    /// The status arrived, but the body broke off.
    ReplyCut,
    /// The connection ended after the request left and before a reply came.
    ReplyLost,
    /// 5xx.
    Server,
    /// The signer failed, or an operation demands a signature and the client has no signer.
    Signer,
    /// The time limit of the attempt or of the whole call ran out.
    Timeout,
    /// The token endpoint refused or could not be reached.
    Token,
    /// 401, also with a fresh token.
    Unauthorized,
    /// A status or a page link that no operation has.
    UnexpectedReply,
}

impl ErrorKind {
    /// The kind that a status other than 2xx means.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::RateLimited,
            400..=499 => Self::Refused,
            500..=599 => Self::Server,
            _ => Self::UnexpectedReply,
        }
    }

    /// The word that telemetry carries in `error.type`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Connect => "connect",
            Self::Credentials => "credentials",
            Self::Decode => "decode",
            Self::File => "file",
            Self::Forbidden => "forbidden",
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::NotOnPlatform => "not_on_platform",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
            Self::ReplyCut => "reply_cut",
            Self::ReplyLost => "reply_lost",
            Self::Server => "server",
            Self::Signer => "signer",
            Self::Timeout => "timeout",
            Self::Token => "token",
            Self::Unauthorized => "unauthorized",
            Self::UnexpectedReply => "unexpected_reply",
        }
    }
}

/// What ended the attempts of a call that might have been tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUp {
    /// All attempts of the policy were used.
    Attempts,
    /// The client's retry budget is empty: too many calls fail at the moment.
    Budget,
    /// The next attempt would not fit into the time limit of the call.
    Deadline,
    /// The operation may not be repeated, because the platform could not tell that it is the same request.
    Rule,
}
