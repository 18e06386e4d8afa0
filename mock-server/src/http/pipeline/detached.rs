//! Work that goes on when nobody waits for it any more.
//!
//! A client that times out drops the handler's future, and what it had begun must still end: the platform would not stop
//! in the middle either. A task for every request would do it too, at the price of a hand-over between threads for each;
//! here only the work of those who went away becomes a task.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// The work panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Runs the work where it is awaited, and in a task of its own from the moment the result is dropped.
pub(crate) fn to_the_end<F>(work: F) -> ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    ToTheEnd {
        work: Some(Box::pin(work)),
    }
}

/// The future of [`to_the_end`].
pub(crate) struct ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// Gone once it has ended.
    work: Option<Pin<Box<F>>>,
}

impl<F> Future for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        // After a panic the work is dropped and never looked at again, so no broken state of it is seen.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(_) => Err(Panicked),
        };
        self.work = None;
        Poll::Ready(ended)
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.work.take(), tokio::runtime::Handle::try_current())
        {
            drop(runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn gives_the_result_to_whoever_waits() {
        assert_eq!(to_the_end(async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn goes_on_when_it_is_dropped_half_way() {
        let (go_on, wait) = oneshot::channel::<()>();
        let (ended, end) = oneshot::channel();
        let mut work = Box::pin(to_the_end(async move {
            wait.await.expect("told to go on");
            ended.send("done").expect("somebody listens");
        }));
        assert!(
            futures_poll(work.as_mut()).await.is_pending(),
            "it waits in the middle"
        );
        drop(work);
        go_on.send(()).expect("it still waits");
        assert_eq!(end.await, Ok("done"));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_not_passed_on() {
        let ended = to_the_end(async { panic!("a defect") }).await;
        assert_eq!(ended, Err::<(), _>(Panicked));
    }

    /// One look at a future.
    async fn futures_poll<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
        std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
    }
}
