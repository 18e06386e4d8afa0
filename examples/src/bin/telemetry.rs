//! What a call tells: spans and events as JSON lines, with the names of OpenTelemetry's HTTP conventions.
//!
//! The SDK knows `tracing` and nothing of exporters. A program chooses what becomes of the spans: here
//! `tracing-subscriber` writes each one as a line when it ends; for a collector put `tracing_opentelemetry::layer()` with
//! an OTLP exporter in its place, and the fields arrive as the attributes that they are named after.
//!
//! ```text
//! cargo run -p layer2-examples --bin telemetry
//! ```

use std::error::Error;

use layer2_sdk::mock::{self, SandboxServer};
use layer2_sdk::{control, payments::CustomersListParams};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

type Step<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Step<()> {
    let _guard = tracing::subscriber::set_default(export_to(std::io::stdout));
    a_call_with_a_retry().await
}

/// One line of JSON for each span that ends and each event, of the SDK alone.
fn export_to<W>(writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .with_span_events(FmtSpan::CLOSE)
        .with_env_filter(EnvFilter::new("layer2_sdk=debug"))
        .with_writer(writer)
        .finish()
}

/// The platform is busy once, so that there is a retry to tell of.
async fn a_call_with_a_retry() -> Step<()> {
    let server = SandboxServer::start().await?;
    let client = mock::client(&server.info())?;
    let busy = control::FaultRequest::new(control::FaultKind::Status)
        .with_operation("payments.customers_list".to_owned())
        .with_status(503)
        .with_count(1);
    let sandbox = server.info().sandbox;
    client.control().faults().create(&sandbox, &busy).await?;
    client.customers().list(&CustomersListParams::new()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::{a_call_with_a_retry, export_to};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut lines = self.0.lock().map_err(|_| std::io::ErrorKind::Other)?;
            lines.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_retry_is_told_with_the_names_of_the_conventions() {
        let lines = Lines::default();
        let written = lines.clone();
        let guard = tracing::subscriber::set_default(export_to(move || written.clone()));
        let ran = a_call_with_a_retry().await;
        drop(guard);
        assert!(ran.is_ok());
        let text = lines
            .0
            .lock()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let text = text.unwrap_or_default();
        for told in [
            r#""http.request.method":"GET""#,
            r#""url.template":"/v1/customers""#,
            r#""http.response.status_code":503"#,
            r#""http.request.resend_count":1"#,
            r#""otel.status_code":"ERROR""#,
            r#""message":"trying again""#,
            r#""time.busy""#,
        ] {
            assert!(text.contains(told), "{told} in {text}");
        }
    }
}
