//! The middleware around a transport, in the order in which it was given.

use std::fmt;
use std::sync::Arc;

use super::Guarded;
use super::HttpTransport;

type Wrap = Box<dyn FnOnce(Arc<dyn HttpTransport>) -> Arc<dyn HttpTransport> + Send>;

/// The middleware that was given, in that order.
#[derive(Default)]
pub(crate) struct Wrappers(Vec<Wrap>);

impl Wrappers {
    /// Puts `wrap` around what is there already, so that it sees a request before the others.
    pub(crate) fn push<T: HttpTransport>(
        &mut self,
        wrap: impl FnOnce(Arc<dyn HttpTransport>) -> T + Send + 'static,
    ) {
        self.0.push(Box::new(|inner| Arc::new(wrap(inner))));
    }

    /// `transport` with all of it around. What is not ours is guarded: a call keeps its time whatever it does.
    pub(crate) fn around(self, transport: Arc<dyn HttpTransport>) -> Arc<dyn HttpTransport> {
        if self.0.is_empty() {
            return transport;
        }
        let wrapped = self
            .0
            .into_iter()
            .fold(transport, |inner, wrap| wrap(inner));
        Arc::new(Guarded(wrapped))
    }
}

impl fmt::Debug for Wrappers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrappers").field(&self.0.len()).finish()
    }
}
