//! Hands requests from the HTTP layer to the pipeline.
//!
//! The pipeline finds its routes by itself, so what the HTTP layer runs is no router: one value per connection that holds
//! what every request of it needs, and nothing is looked up on the way.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, serve::IncomingStream};
use http::{Request, Response};
use tower_service::Service;

use super::{
    listener::{Connection, CuttableListener},
    pipeline,
};
use crate::server::Server;

/// Makes the service of each connection.
#[derive(Clone, Debug)]
pub(crate) struct Connections(pub(crate) Arc<Server>);

impl Service<IncomingStream<'_, CuttableListener>> for Connections {
    type Response = Requests;
    type Error = Infallible;
    type Future = Ready<Result<Requests, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, CuttableListener>) -> Self::Future {
        ready(Ok(Requests {
            server: Arc::clone(&self.0),
            connection: Connection::of(stream.io()),
        }))
    }
}

/// Answers the requests of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    server: Arc<Server>,
    connection: Connection,
}

impl Service<Request<Body>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (server, connection) = (Arc::clone(&self.server), self.connection.clone());
        Box::pin(async move { Ok(pipeline::serve(server, connection, request).await) })
    }
}
