//! What the server holds at most. Each is a documented default.

/// A request body where the operation does not say its own limit (`x-body-limit`).
pub(crate) const DEFAULT_BODY_BYTES: u64 = 64 * 1024;

/// A body sent to the token endpoint.
pub(crate) const TOKEN_BODY_BYTES: u64 = 8 * 1024;

/// How much of a body that is too large is read on, so that its client gets the refusal.
pub(crate) const DRAINED_BYTES: u64 = 64 * 1024 * 1024;

/// Parameters of one query string.
pub(crate) const QUERY_PARAMETERS: usize = 100;

/// Sandboxes of one server.
pub(crate) const SANDBOXES: usize = 1_000;

/// Requests that the log of one sandbox remembers.
pub(crate) const LOGGED_REQUESTS: usize = 500;

/// Ordered faults of one sandbox.
pub(crate) const FAULT_RULES: usize = 100;

/// How long an ordered fault may let a request wait.
pub(crate) const FAULT_DELAY: std::time::Duration = std::time::Duration::from_secs(600);

/// Problems that one refusal lists.
pub(crate) const PROBLEMS: usize = 50;

/// Bytes of all files of one sandbox.
pub(crate) const FILE_BYTES: u64 = 256 * 1024 * 1024;

/// An exported sandbox: what an import takes (`x-body-limit`), but for the form around it.
pub(crate) const IMAGE_BYTES: usize = 1024 * 1024 * 1024 - 4 * 1024;

/// Webhooks of one sandbox that are on their way at the same time.
pub(crate) const DELIVERIES_AT_ONCE: usize = 16;

/// Seconds that one `advance` may cover: a little over ten years.
pub(crate) const ADVANCE_SECONDS: i64 = 10 * 366 * 86_400;

/// Rounds of due work and deliveries after which `advance` and `settle` report what is still pending.
pub(crate) const SETTLE_ROUNDS: usize = 10_000;

/// Wall time after which `advance` and `settle` report what is still pending.
pub(crate) const SETTLE_WALL: std::time::Duration = std::time::Duration::from_secs(60);

/// Rounds of due work in one hold of the lock, so that work that makes work cannot hold it for ever.
pub(crate) const DUE_ROUNDS: usize = 64;
