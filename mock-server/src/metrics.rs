//! Counters in the text format of Prometheus.

use std::{collections::BTreeMap, fmt::Write, sync::Mutex};

use super::{api::Surface, sandbox::lock, server::Server};

/// Requests by API and class of status.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(Surface, u16), u64>>,
}

impl Metrics {
    pub(crate) fn count(&self, surface: Surface, status: u16) {
        *lock(&self.requests)
            .entry((surface, status / 100))
            .or_default() += 1;
    }

    /// The page that a scraper reads.
    pub(crate) fn render(&self, server: &Server) -> String {
        let mut page = String::from(
            "# HELP layer2_mock_requests_total Requests answered.\n# TYPE layer2_mock_requests_total counter\n",
        );
        for ((surface, class), count) in lock(&self.requests).iter() {
            // Writing to a string does not fail.
            let _ = writeln!(
                page,
                "layer2_mock_requests_total{{api=\"{}\",status=\"{class}xx\"}} {count}",
                surface.as_str()
            );
        }
        let sandboxes = server.directory.all();
        let commands: u64 = sandboxes.iter().map(|sandbox| sandbox.accepted()).sum();
        let _ = write!(
            page,
            "# HELP layer2_mock_sandboxes Sandboxes that exist.\n# TYPE layer2_mock_sandboxes gauge\nlayer2_mock_sandboxes {}\n# HELP layer2_mock_journal_rows Accepted commands in the journals that exist.\n# TYPE layer2_mock_journal_rows gauge\nlayer2_mock_journal_rows {commands}\n",
            sandboxes.len(),
        );
        page
    }
}
