//! Each event is handled once, whatever becomes of its handlers and of the store.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::BoxError;
use layer2_sdk::webhook::Event;
use layer2_sdk::webhook::ReplayGuard;
use layer2_sdk::webhook::replay::Claim;
use layer2_sdk::webhook::replay::ClaimOwner;
use layer2_sdk::webhook::replay::GuardError;
use layer2_sdk::webhook::replay::Handled;
use layer2_sdk::webhook::replay::InMemoryReplayStore;
use layer2_sdk::webhook::replay::ReplayStore;

const BODY: &str = r#"{"event_id":"00000000-0000-4000-8000-000000000001","event_date":"2023-11-14T17:13:20.000001-05:00","event_type":"CUSTOMER_ACTIVE","event_data":{"customer":{"id":"C 1","status":"ACTIVE"}}}"#;

fn event() -> Event {
    serde_json::from_str(BODY).unwrap()
}

#[tokio::test]
async fn an_event_is_handled_once_and_again_if_handling_failed() {
    let guard = ReplayGuard::in_memory();
    let failed: Result<Handled<()>, GuardError<&str>> =
        guard.handle(event(), |_| async { Err("database") }).await;
    assert!(matches!(failed, Err(GuardError::Handler("database"))));

    let inner = guard.clone();
    let handled = guard
        .handle(event(), |event| async move {
            let meanwhile = inner.handle(event, |_| async { Ok::<_, &str>(()) }).await;
            assert!(matches!(meanwhile, Ok(Handled::InProgress)));
            Ok::<_, &str>(42)
        })
        .await;
    assert!(matches!(handled, Ok(Handled::Now(42))));
    let again = guard.handle(event(), |_| async { Ok::<_, &str>(43) }).await;
    assert!(matches!(again, Ok(Handled::Before)));
}

#[tokio::test]
async fn an_event_whose_handler_was_dropped_or_panicked_can_be_handled_again() {
    let guard = ReplayGuard::in_memory();

    // The sender hangs up and the web server drops the handler.
    let dropped = guard.handle(event(), |_| std::future::pending::<Result<(), &str>>());
    tokio::select! {
        biased;
        _ = dropped => unreachable!("it never ends"),
        () = std::future::ready(()) => {}
    }

    let inner = guard.clone();
    let panicked = tokio::spawn(async move {
        let handler = |_| async { panic!("a handler with a bug") };
        let _ = inner.handle::<(), &str, _, _>(event(), handler).await;
    });
    assert!(panicked.await.unwrap_err().is_panic());

    let handled = guard.handle(event(), |_| async { Ok::<_, &str>(42) }).await;
    assert!(matches!(handled, Ok(Handled::Now(42))));
}

/// A store that cannot take a claim back, and says what it was asked to.
#[derive(Clone, Debug, Default)]
struct Stubborn {
    abandoned: Arc<Mutex<Vec<ClaimOwner>>>,
}

#[async_trait]
impl ReplayStore for Stubborn {
    async fn claim(&self, _: &str, _: ClaimOwner, _: Duration) -> Result<Claim, BoxError> {
        Ok(Claim::New)
    }

    async fn confirm(&self, _: &str) -> Result<(), BoxError> {
        Err("no connection".into())
    }

    async fn release(&self, _: &str, _: ClaimOwner) -> Result<(), BoxError> {
        Err("no connection".into())
    }

    fn abandon(&self, _: &str, owner: ClaimOwner) {
        self.abandoned.lock().unwrap().push(owner);
    }
}

#[tokio::test]
async fn a_store_that_fails_hides_no_error_of_the_handler() {
    let store = Stubborn::default();
    let guard = ReplayGuard::with_store(store.clone());
    let failed: Result<Handled<()>, GuardError<&str>> =
        guard.handle(event(), |_| async { Err("database") }).await;
    assert!(
        matches!(failed, Err(GuardError::Handler("database"))),
        "{failed:?}"
    );
    let confirmed = guard.handle(event(), |_| async { Ok::<_, &str>(()) }).await;
    assert!(
        matches!(confirmed, Err(GuardError::Store(_))),
        "{confirmed:?}"
    );
    let abandoned = store.abandoned.lock().unwrap();
    assert_eq!(abandoned.len(), 2);
    assert_ne!(
        abandoned[0], abandoned[1],
        "each claim has an owner of its own"
    );
}

#[tokio::test]
async fn a_slow_handler_that_fails_does_not_free_the_claim_of_the_next() {
    let store: Arc<dyn ReplayStore> = Arc::new(InMemoryReplayStore::default());
    let slow = ReplayGuard::with_shared(Arc::clone(&store)).lease(Duration::ZERO);
    let next = ReplayGuard::with_shared(store);
    let outcome = slow
        .handle(event(), |_| async {
            // The lease is over already, and another delivery is being handled while this one fails.
            let inner = next.clone();
            let handled = next
                .handle(event(), |_| async {
                    let third = inner.handle(event(), |_| async { Ok::<_, &str>(3) }).await;
                    assert!(matches!(third, Ok(Handled::InProgress)), "{third:?}");
                    Ok::<_, &str>(2)
                })
                .await;
            assert!(matches!(handled, Ok(Handled::Now(2))), "{handled:?}");
            Err::<(), _>("too slow")
        })
        .await;
    assert!(matches!(outcome, Err(GuardError::Handler("too slow"))));
    let again = next.handle(event(), |_| async { Ok::<_, &str>(4) }).await;
    assert!(matches!(again, Ok(Handled::Before)), "{again:?}");
}
