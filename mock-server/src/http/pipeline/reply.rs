//! From the result to the reply: headers, the language of the API, the ordered fault, the log.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::{Answer, AnswerContent, Exchange};
use crate::{
    api::{Surface, manner::Manner, plaid},
    errors::Failure,
    faults::Strike,
    http::{
        cors,
        headers::{self, RequestId},
        listener::Connection,
    },
    request_log::RequestRecord,
    sandbox::lock,
    server::Server,
};

impl Exchange {
    /// Makes the reply, lets an ordered fault befall it, and writes the log.
    pub(super) fn finish(
        self,
        server: &Server,
        connection: &Connection,
        request_headers: &HeaderMap,
        result: Result<Answer, Failure>,
    ) -> Response<Body> {
        if let Some(op) = self.op {
            let platform = self.reading().platform;
            match &result {
                Ok(answer) => match &answer.content {
                    AnswerContent::File(file) => {
                        server.contract.check_file(op.operation(), &file.media_type);
                    }
                    AnswerContent::Json(body) | AnswerContent::Page(body) => {
                        server
                            .contract
                            .check_reply(op.operation(), platform, answer.status, body);
                    }
                },
                Err(failure) if failure.is_ordered => {}
                Err(failure) => {
                    server
                        .contract
                        .check_failure(op.operation(), platform, failure);
                }
            }
        }
        let result = self.spoil(result);
        let (codes, replayed) = match &result {
            Ok(answer) => (Vec::new(), answer.replayed),
            Err(failure) => (failure.codes(), false),
        };
        let mut response = match result {
            Ok(answer) => self.success(answer),
            Err(failure) => self.failure(server, request_headers, failure),
        };
        cors::mark(self.surface, request_headers, response.headers_mut());
        server
            .metrics
            .count(self.surface, response.status().as_u16());
        self.log(response.status(), codes, replayed);
        self.cut(connection, &response);
        response
    }

    pub(super) fn success(&self, answer: Answer) -> Response<Body> {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
        let mut response = response(status, String::new(), &self.request_id);
        match answer.content {
            AnswerContent::File(file) => file.send(&mut response),
            AnswerContent::Json(body) if self.surface == Surface::Plaid => {
                *response.body_mut() = Body::from(plaid::with_request_id(body, &self.request_id));
            }
            AnswerContent::Json(body) => *response.body_mut() = Body::from(body),
            AnswerContent::Page(body) => {
                *response.body_mut() = Body::from(body);
                response.headers_mut().insert(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/plain; version=0.0.4"),
                );
            }
        }
        let headers = response.headers_mut();
        if answer.replayed {
            headers.insert(
                headers::IDEMPOTENT_REPLAYED,
                HeaderValue::from_static("true"),
            );
        }
        if answer.no_store {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        response
    }

    /// Tells a refusal in the manner of the sandbox that it comes from, or of the server where it comes from none.
    fn failure(
        &self,
        server: &Server,
        request_headers: &HeaderMap,
        failure: Failure,
    ) -> Response<Body> {
        let profile = self.surface.profile();
        let addressee = || profile.addressee(server, request_headers);
        let manner = match self.sandbox.clone().or_else(addressee) {
            Some(sandbox) => profile.manner(sandbox.settings()),
            None => profile.manner(&server.config.settings),
        };
        let body = profile.render(&failure.rejection, &self.request_id, manner);
        let status = self.status(&failure, manner);
        if let Some(op) = self.op.filter(|_| !failure.is_ordered) {
            let contract = &server.contract;
            contract.check_refusal(op.operation(), status, &body);
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = response(status, body, &self.request_id);
        response.headers_mut().extend(
            failure
                .headers
                .into_iter()
                .map(|(name, value)| (Some(name), value)),
        );
        response
    }

    /// An ordered status is what somebody wants to see; any other is one that the vendor publishes, if it comes to that.
    fn status(&self, failure: &Failure, manner: Manner) -> u16 {
        let status = failure.rejection.status;
        let published = self.surface.profile().published_statuses();
        if failure.is_ordered || published.is_empty() {
            return status;
        }
        manner.status(status, published)
    }

    pub(super) fn log(&self, status: StatusCode, codes: Vec<&'static str>, replayed: bool) {
        let lost = self.strike.as_ref().is_some_and(Strike::is_lost);
        let fault = self.strike.as_ref().map(|strike| strike.kind.as_str());
        let operation = self.op.map(|op| op.operation().id);
        tracing::info!(
            api = self.surface.as_str(),
            operation,
            status = status.as_u16(),
            request_id = self.request_id.as_str(),
            sandbox = self.sandbox.as_ref().map(|sandbox| sandbox.name()),
            codes = ?codes,
            fault,
            "answered"
        );
        let (Some(sandbox), Some(op)) = (&self.sandbox, self.op) else {
            return;
        };
        lock(&sandbox.requests).push(RequestRecord {
            number: 0,
            request_id: self.request_id.as_str().to_owned(),
            api: op.operation().api,
            operation: op.operation().id,
            status,
            codes,
            replayed,
            lost,
            fault,
            at: jiff::Timestamp::now(),
            took: self.started.elapsed(),
        });
    }
}

pub(super) fn response(status: StatusCode, body: String, request_id: &RequestId) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.extend(request_id.header().map(|id| (headers::REQUEST_ID, id)));
    response
}
