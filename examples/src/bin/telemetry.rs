//! What a call tells, exported by OpenTelemetry: one span for the call, one for each attempt, and an event for the retry.
//!
//! The SDK knows `tracing` and nothing of exporters. A program puts the bridge of `tracing-opentelemetry` under it, and the
//! fields of a span arrive as the attributes that they are named after. Here spans are printed; for a collector put the
//! exporter of `opentelemetry-otlp` in the place of the one that prints, and nothing else changes.
//!
//! ```text
//! cargo run -p layer2-examples --bin telemetry
//! ```

use std::process::ExitCode;

use clap::Parser;
use layer2_examples::{flow::Step, place::OnMock};
use layer2_sdk::{
    mock::{Fault, Sandbox},
    payments::{CustomersListParams, OperationId},
};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

/// Makes a call that is tried again, and exports what it tells.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    place: OnMock,
}

#[tokio::main]
async fn main() -> ExitCode {
    Options::parse().place.run(export).await
}

async fn export(sandbox: &Sandbox) -> Step<()> {
    be_busy_once(sandbox).await?;
    let traces = traces(opentelemetry_stdout::SpanExporter::default());
    let guard = tracing::subscriber::set_default(bridge(&traces));
    let called = call(sandbox).await;
    drop(guard);
    // Spans leave in batches; a program that ends without this loses the last one.
    traces.shutdown()?;
    called
}

/// Where spans go, and whose they are.
fn traces(exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
    let us = Resource::builder().with_service_name("payments-job");
    SdkTracerProvider::builder()
        .with_resource(us.build())
        .with_batch_exporter(exporter)
        .build()
}

/// What the SDK tells, and nobody else, on its way there.
fn bridge(traces: &SdkTracerProvider) -> impl Subscriber + Send + Sync {
    let ours = Targets::new().with_target("layer2_sdk", tracing::Level::DEBUG);
    let bridge = tracing_opentelemetry::layer().with_tracer(traces.tracer("layer2-sdk"));
    tracing_subscriber::registry().with(ours).with(bridge)
}

/// The platform is busy once, so that there is a retry to tell of.
async fn be_busy_once(sandbox: &Sandbox) -> Step<()> {
    let busy = Fault::status(503.try_into()?).on(OperationId::CustomersList);
    sandbox.order(busy).await?;
    Ok(())
}

async fn call(sandbox: &Sandbox) -> Step<()> {
    let customers = sandbox.client().customers();
    customers.list(&CustomersListParams::new()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanKind, Status};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};

    use super::*;

    async fn exported() -> Vec<SpanData> {
        let sandbox = Sandbox::start().await.unwrap();
        be_busy_once(&sandbox).await.unwrap();
        let memory = InMemorySpanExporter::default();
        let traces = traces(memory.clone());
        let guard = tracing::subscriber::set_default(bridge(&traces));
        call(&sandbox).await.unwrap();
        drop(guard);
        traces.force_flush().unwrap();
        memory.get_finished_spans().unwrap()
    }

    fn named<'s>(spans: &'s [SpanData], name: &str) -> Vec<&'s SpanData> {
        spans.iter().filter(|span| span.name == name).collect()
    }

    fn attribute(span: &SpanData, name: &str) -> Option<String> {
        let mut attributes = span.attributes.iter();
        let found = attributes.find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.to_string())
    }

    #[tokio::test]
    async fn attempts_arrive_as_client_spans_below_their_call() {
        let spans = exported().await;
        let [call] = named(&spans, "payments.customers_list")[..] else {
            panic!("one call in {spans:?}");
        };
        let attempts = named(&spans, "GET /v1/customers");
        assert_eq!(attempts.len(), 2, "{spans:?}");
        for attempt in &attempts {
            assert_eq!(attempt.span_kind, SpanKind::Client);
            assert_eq!(attempt.parent_span_id, call.span_context.span_id());
            assert_eq!(
                attempt.span_context.trace_id(),
                call.span_context.trace_id()
            );
        }
        assert!(matches!(attempts[0].status, Status::Error { .. }));
        assert_eq!(attempts[1].status, Status::Unset);
        assert_eq!(call.status, Status::Unset, "the call has succeeded");
    }

    #[tokio::test]
    async fn fields_arrive_as_the_attributes_of_the_conventions() {
        let spans = exported().await;
        let attempts = named(&spans, "GET /v1/customers");
        let told = |attempt: usize, name: &str| attribute(attempts[attempt], name);
        for (name, first, second) in [
            ("http.request.method", Some("GET"), Some("GET")),
            ("url.template", Some("/v1/customers"), Some("/v1/customers")),
            ("server.address", Some("127.0.0.1"), Some("127.0.0.1")),
            ("http.response.status_code", Some("503"), Some("200")),
            ("error.type", Some("503"), None),
            ("http.request.resend_count", None, Some("1")),
            // Ids of resources, bodies and headers stay at home.
            ("url.full", None, None),
        ] {
            assert_eq!(told(0, name).as_deref(), first, "{name}");
            assert_eq!(told(1, name).as_deref(), second, "{name}");
        }
    }

    #[tokio::test]
    async fn the_retry_is_an_event_of_the_call() {
        let spans = exported().await;
        let calls = named(&spans, "payments.customers_list");
        let events: Vec<_> = calls[0].events.iter().map(|event| &*event.name).collect();
        assert!(events.contains(&"trying again"), "{events:?}");
    }
}
