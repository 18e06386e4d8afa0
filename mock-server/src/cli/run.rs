//! What the words of the command line do.
//!
//! The server of the binary runs on a runtime with several threads, ends with 0 on SIGTERM and Ctrl-C, and prints what
//! one needs to call it. Everything that is an answer goes to standard output, everything that is a log to standard
//! error.

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::{
    Parser,
    error::{ContextKind, ContextValue},
};
use layer2_types::control::SandboxInfo;
use tracing_subscriber::EnvFilter;

use super::{
    args::{Cli, Command, HealthArgs, ServeArgs},
    signatures::{sign, verify},
};
use crate::{
    ready_file::{ReadyFile, ReadyFileError},
    sandbox_server::{Opened, SandboxServer, SandboxServerBuilder, serve},
    start_error::{StartError, StartErrorKind},
};

/// What the program ends with if it was asked wrongly.
const USAGE: u8 = 2;

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| without_secrets(error).exit());
    let result = match cli.command {
        None => run_server(&cli.serve),
        Some(Command::Serve(args)) => run_server(&args),
        Some(Command::Health(args)) => health(&args),
        Some(Command::Sign(args)) => sign(&args),
        Some(Command::Verify(args)) => verify(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to be told if standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            error.exit_code()
        }
    }
}

/// The error without the value of an option that may hold a password or a token.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    let shown = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let option = shown(&error, ContextKind::InvalidArg);
    let value = shown(&error, ContextKind::InvalidValue);
    let is_secret = option.starts_with("--control-token")
        || (option.starts_with("--store") && value.contains('@'));
    if is_secret && !value.is_empty() {
        let hidden = ContextValue::String("…".to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
    error
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(
        "{url}/healthz does not answer: {reason}; is a server running there? --url names another one"
    )]
    Health { url: String, reason: String },
    #[error("{context}: {source}")]
    Io { context: String, source: io::Error },
    #[error("{0}")]
    ReadyFile(#[from] ReadyFileError),
    #[error("{0}")]
    Start(#[from] StartError),
    /// The options themselves are at fault.
    #[error("{0}")]
    Usage(String),
}

impl CommandError {
    /// As with the options that clap refuses: 2 for what was asked wrongly, 1 for what failed.
    fn exit_code(&self) -> ExitCode {
        let is_usage = match self {
            CommandError::Start(error) => error.kind() == StartErrorKind::Seed,
            CommandError::Usage(_) => true,
            CommandError::Health { .. } | CommandError::Io { .. } | CommandError::ReadyFile(_) => {
                false
            }
        };
        match is_usage {
            true => ExitCode::from(USAGE),
            false => ExitCode::FAILURE,
        }
    }
}

pub(super) fn io_error(context: impl Into<String>) -> impl FnOnce(io::Error) -> CommandError {
    let context = context.into();
    move |source| CommandError::Io { context, source }
}

fn run_server(args: &ServeArgs) -> Result<ExitCode, CommandError> {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let bound = builder(args).bind()?;
    // Not before the socket is had: until then the file may be that of a server that runs.
    let ready_file = args.ready_file.as_deref().map(ReadyFile::clear);
    let mut ready_file = ready_file.transpose()?;
    let random_seed = bound.random_seed;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(io_error("cannot start the runtime"))?;
    runtime.block_on(async {
        // Registered before anybody can know that the server is there.
        let stop = stop_signal().map_err(io_error("cannot listen for signals"))?;
        let opened = bound.open().await?;
        if let Some(file) = &mut ready_file {
            file.write(&opened.info)?;
        }
        write_out(&banner(&opened.info, random_seed))?;
        let Opened {
            server, listener, ..
        } = opened;
        let served = serve(Arc::clone(&server), listener, stop).await;
        // Nothing answers any more, and to close may take a while.
        drop(ready_file.take());
        server.close().await;
        served.map_err(io_error("the server ended"))
    })?;
    // A name that is being resolved must not hold up the end.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn builder(args: &ServeArgs) -> SandboxServerBuilder {
    let mut builder = SandboxServer::builder()
        .listen(args.listen)
        .clock(args.clock.into())
        .profile(args.profile.into())
        .platform(args.platform)
        .signatures(args.signatures.into())
        .errors(args.errors.into())
        .opaque_codes(args.opaque_codes)
        .strict(args.strict)
        .information_requests(args.information_requests)
        .regulated_client(args.regulated_client)
        .timestamps(args.timestamps.into())
        .webhook_log_limit(args.webhook_log_limit)
        .allow_callbacks(args.allow_callbacks)
        .store(args.store.clone());
    if let Some(url) = &args.public_url {
        builder = builder.public_url(url);
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(token) = &args.control_token {
        builder = builder.control_token(token);
    }
    builder
}

/// Completes on SIGTERM or Ctrl-C.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a handler the system itself ends the program on Ctrl-C.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// What a start prints: where the server is and how to call it.
fn banner(info: &SandboxInfo, random_seed: bool) -> String {
    let (payments, accounting, plaid) = (&info.payments, &info.accounting, &info.plaid);
    let note = if random_seed {
        "Others can reach this address, so seed and credentials are new at every start; --seed keeps them.\n"
    } else {
        ""
    };
    format!(
        "layer2-mock {version} listens at {url}
{note}
payments    {payments_base}
  token     {payments_token}
  client    {payments_id}
  secret    {payments_secret}
  sign with {signing_key}
accounting  {accounting_base}
  token     {accounting_token}
  client    {accounting_id}
  secret    {accounting_secret}
  scope     {scope}
plaid       {plaid_base}
  client    {plaid_id}
  secret    {plaid_secret}
control     {url}/_control/v1
  token     {control_token}
",
        version = env!("CARGO_PKG_VERSION"),
        url = info.url,
        payments_base = payments.base_url,
        payments_token = payments.token_url,
        payments_id = payments.client_id,
        payments_secret = payments.client_secret,
        signing_key = payments.signing_key,
        accounting_base = accounting.base_url,
        accounting_token = accounting.token_url,
        accounting_id = accounting.client_id,
        accounting_secret = accounting.client_secret,
        scope = accounting.scope,
        plaid_base = plaid.base_url,
        plaid_id = plaid.client_id,
        plaid_secret = plaid.secret,
        control_token = info.control_token,
    )
}

fn health(args: &HealthArgs) -> Result<ExitCode, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(io_error("cannot start the runtime"))?;
    let answered = runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(std::time::Duration::from_secs(5))
            .build()?;
        let asked = client.get(format!("{}/healthz", args.url));
        asked.send().await?.error_for_status()
    });
    answered.map_err(|error| CommandError::Health {
        url: args.url.clone(),
        reason: innermost(&error),
    })?;
    write_out("ok\n")?;
    Ok(ExitCode::SUCCESS)
}

/// What an error comes from: the others name the URL once more, and the layers that it went through.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

pub(super) fn write_out(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(io_error("cannot write to standard output"))
}
