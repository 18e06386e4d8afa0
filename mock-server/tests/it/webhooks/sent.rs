//! Deliveries that an advance has sent, and that their receiver has not answered.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::receivers::Held;
use crate::support::{Caller, Reply};

/// How many receive the same event.
const RECEIVERS: usize = 3;

/// An advance that waits for all of them.
pub(crate) struct OnTheirWay {
    held: Held,
    advance: JoinHandle<Reply>,
}

impl OnTheirWay {
    /// The caller's sandbox takes its time, so that the money arrives within the advance and nobody else sends the event.
    pub(crate) async fn by_an_advance_of(caller: &Caller) -> OnTheirWay {
        let mut held = Held::start().await;
        let subscription =
            json!({"event_type": "TRANSACTION_POSTED", "callback_url": held.url}).to_string();
        for _ in 0..RECEIVERS {
            let made = caller.post("/api/v1/subscriptions", &subscription);
            made.await.ok();
        }
        caller.fund("5").await;
        assert!(held.arrivals.try_recv().is_err(), "it is due later");
        let by = caller.clone();
        let advance = tokio::spawn(async move {
            let ten_days = Some(r#"{"seconds":864000}"#);
            by.control(Method::POST, "/clock/advance", ten_days).await
        });
        let mut sent = OnTheirWay { held, advance };
        sent.have_come().await;
        sent
    }

    /// Waits until each receiver has got the event.
    async fn have_come(&mut self) {
        for _ in 0..RECEIVERS {
            self.held.arrivals.recv().await.expect("it is sent");
        }
    }

    /// What the advance was told.
    pub(crate) async fn told(&mut self) -> Reply {
        (&mut self.advance).await.expect("advance")
    }

    /// Has the receivers answer what they have got and what they will get.
    pub(crate) fn answer(&self) {
        self.held.gate.add_permits(100);
    }

    /// A settle does all that is left and ends by itself, and each receiver gets the event once more.
    pub(crate) async fn come_again(mut self, settled: &Value) {
        assert_eq!(settled["complete"], true, "{settled}");
        self.have_come().await;
    }
}
