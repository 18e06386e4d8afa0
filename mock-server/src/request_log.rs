//! The last requests of a sandbox, without what they carried.
//!
//! A record has the operation's template and never the path with its ids, no query values, headers or bodies: there is
//! nothing in it to redact. The log is a ring; old records make room.

use std::{collections::VecDeque, time::Duration};

use http::StatusCode;
use layer2_types::operation::Api;

use super::http::limits;

/// One request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Position in the sandbox's log, counted from 1.
    pub number: u64,
    /// The request id, as echoed in `x-l2f-request-id`.
    pub request_id: String,
    /// The API that was called.
    pub api: Api,
    /// Id of the operation, such as `transfers_create`.
    pub operation: &'static str,
    /// Status of the reply.
    pub status: StatusCode,
    /// Codes of the problems, where it was refused.
    pub codes: Vec<&'static str>,
    /// Whether it was answered from a saved reply.
    pub replayed: bool,
    /// Whether an ordered fault kept the reply, or a part of it, from the client.
    pub lost: bool,
    /// The kind of the ordered fault that befell it, such as `latency`.
    pub fault: Option<&'static str>,
    /// When it was answered, on the transport clock.
    pub at: jiff::Timestamp,
    /// How long the server took, without the time for which an ordered fault held the reply back.
    pub took: Duration,
}

/// A ring of records.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    count: u64,
    records: VecDeque<RequestRecord>,
}

impl RequestLog {
    pub(crate) fn push(&mut self, mut record: RequestRecord) {
        self.count += 1;
        record.number = self.count;
        if self.records.len() == limits::LOGGED_REQUESTS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest() {
        let mut log = RequestLog::default();
        for _ in 0..limits::LOGGED_REQUESTS + 3 {
            log.push(RequestRecord {
                number: 0,
                request_id: "r".to_owned(),
                api: Api::Payments,
                operation: "transfers_get",
                status: StatusCode::OK,
                codes: Vec::new(),
                replayed: false,
                lost: false,
                fault: None,
                at: jiff::Timestamp::UNIX_EPOCH,
                took: Duration::ZERO,
            });
        }
        let records = log.records();
        assert_eq!(records.len(), limits::LOGGED_REQUESTS);
        assert_eq!(records.first().map(|record| record.number), Some(4));
    }
}
