//! An answer that all who wait for it may share.
//!
//! Whoever asks wants to know how things stand now or later, not how they stood before. So an answer serves everybody who
//! had asked before its question was put, and nobody else: under load one question is put for all who wait, and what each
//! is told is as fresh as if it had asked alone. An error is shared like an answer, so that nobody queues up behind the
//! time limits of others.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
};

use super::StoreError;

/// The last answer, and which question it was the answer to.
#[derive(Debug, Default)]
pub(crate) struct Fresh<T> {
    questions: Questions,
    last: tokio::sync::Mutex<Option<(Number, Result<T, StoreError>)>>,
}

impl<T: Clone + Send> Fresh<T> {
    /// The answer to a question that was put after this call, by whomever.
    pub(crate) async fn get<F>(&self, ask: impl FnOnce() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let arrived = self.questions.arrive();
        let mut last = self.last.lock().await;
        if let Some((number, answer)) = &*last
            && number.is_after(arrived)
        {
            return answer.clone();
        }
        let number = self.questions.put();
        let answer = ask().await;
        *last = Some((number, answer.clone()));
        answer
    }
}

/// Counts the questions that were put.
#[derive(Debug, Default)]
pub(crate) struct Questions(AtomicU64);

/// How many questions had been put when somebody came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival(u64);

/// Which question it was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Number(u64);

impl Questions {
    pub(crate) fn arrive(&self) -> Arrival {
        Arrival(self.0.load(Ordering::SeqCst))
    }

    /// Called before the question is on its way.
    pub(crate) fn put(&self) -> Number {
        Number(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

impl Number {
    /// Whether the question was put after somebody had come.
    pub(crate) fn is_after(self, arrival: Arrival) -> bool {
        self.0 > arrival.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn one_question_serves_all_who_wait_and_nobody_who_comes_later() {
        let fresh = Arc::new(Fresh::<usize>::default());
        let asked = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let get = || {
            let (fresh, asked, gate) = (Arc::clone(&fresh), Arc::clone(&asked), Arc::clone(&gate));
            tokio::spawn(async move {
                let ask = || async {
                    let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
                    gate.acquire().await.expect("open").forget();
                    Ok(number)
                };
                fresh.get(ask).await
            })
        };
        let first = get();
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // These come while the first question is on its way, so its answer may be too old for them.
        let late: Vec<_> = (0..5).map(|_| get()).collect();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(2);
        assert_eq!(first.await.expect("task"), Ok(1));
        for late in late {
            assert_eq!(
                late.await.expect("task"),
                Ok(2),
                "one question for all five"
            );
        }
        gate.add_permits(1);
        assert_eq!(get().await.expect("task"), Ok(3));
    }

    #[tokio::test]
    async fn an_error_is_told_to_all_who_wait() {
        let fresh = Fresh::<()>::default();
        let down = StoreError::Unavailable("down".to_owned());
        let failed = fresh.get(|| std::future::ready(Err(down.clone()))).await;
        assert_eq!(failed, Err(down));
        assert_eq!(fresh.get(|| std::future::ready(Ok(()))).await, Ok(()));
    }
}
