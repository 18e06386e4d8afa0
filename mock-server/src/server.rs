//! What all requests of one server share.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use layer2_world::{Genesis, seed::Seed, settings::Settings};

use super::{
    clocks::{ClockMode, MANUAL_START},
    directory::{self, Directory, DirectoryError},
    http::{
        contract::Contract,
        route::{RouteError, Routes},
    },
    metrics::Metrics,
    sandbox::Sandbox,
    webhooks::dispatcher::{self, Sender},
};

/// What a server is told at its start.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) seed: Seed,
    /// A secret: it opens every sandbox.
    pub(crate) control_token: String,
    /// Address under which clients reach it, without a slash at the end.
    pub(crate) url: String,
    pub(crate) settings: Settings,
    pub(crate) clock: ClockMode,
    pub(crate) callbacks: super::webhooks::guard::CallbackPolicy,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.url)
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .field("callbacks", &self.callbacks)
            .finish_non_exhaustive()
    }
}

/// The state of one server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    pub(crate) directory: Directory,
    pub(crate) sender: Arc<Sender>,
    pub(crate) metrics: Metrics,
    pub(crate) contract: Contract,
    named: AtomicU64,
}

/// What a new sandbox is to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    /// Text of the client's that makes another sandbox of the same name.
    pub(crate) seed: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) clock: ClockMode,
}

impl Server {
    pub(crate) fn new(config: Config) -> Result<Server, RouteError> {
        let server = Server {
            routes: Routes::new()?,
            directory: Directory::default(),
            sender: Arc::new(Sender::new(config.callbacks)),
            metrics: Metrics::default(),
            contract: Contract::default(),
            named: AtomicU64::new(0),
            config,
        };
        let plan = server.plan(directory::DEFAULT.to_owned());
        // The directory is empty, so neither name nor room can be missing.
        let _ = server.directory.add(Arc::new(server.sandbox(plan)));
        Ok(server)
    }

    /// The plan of a sandbox with the server's own settings.
    pub(crate) fn plan(&self, name: String) -> Plan {
        Plan {
            name,
            seed: None,
            settings: self.config.settings.clone(),
            clock: self.config.clock,
        }
    }

    /// A name that no sandbox has been given by the server before.
    pub(crate) fn fresh_name(&self) -> String {
        format!("sandbox-{}", self.named.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Makes a sandbox and sets its dispatcher to work. Runs on the server's runtime.
    pub(crate) fn create(&self, plan: Plan) -> Result<Arc<Sandbox>, DirectoryError> {
        let sandbox = Arc::new(self.sandbox(plan));
        self.directory.add(Arc::clone(&sandbox))?;
        self.dispatch(&sandbox);
        Ok(sandbox)
    }

    /// Sets the dispatcher of a sandbox to work. Runs on the server's runtime.
    pub(crate) fn dispatch(&self, sandbox: &Arc<Sandbox>) {
        tokio::spawn(dispatcher::run(
            Arc::clone(sandbox),
            Arc::clone(&self.sender),
        ));
    }

    fn sandbox(&self, plan: Plan) -> Sandbox {
        let own = plan.seed.unwrap_or_default();
        let seed = self
            .config
            .seed
            .child("sandbox", &[plan.name.as_bytes(), own.as_bytes()]);
        let start = match plan.clock {
            ClockMode::Manual => MANUAL_START,
            ClockMode::Wall => Timestamp::now(),
        };
        let genesis = Genesis {
            name: plan.name,
            seed,
            settings: plan.settings,
            start,
        };
        Sandbox::new(genesis, plan.clock)
    }
}
