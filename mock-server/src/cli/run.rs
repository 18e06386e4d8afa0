//! What the words of the command line do.
//!
//! The server of the binary runs on a runtime with several threads, ends with 0 on SIGTERM and Ctrl-C, and prints what
//! one needs to call it. Everything that is an answer goes to standard output, everything that is a log to standard
//! error.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use layer2_types::{control::SandboxInfo, signing_string};
use tracing_subscriber::EnvFilter;

use super::args::{Cli, Command, HealthArgs, RequestArgs, ServeArgs, SignArgs, VerifyArgs};
use crate::{
    ready_file,
    sandbox_server::{Opened, SandboxServer, SandboxServerBuilder, serve},
    start_error::StartError,
};

/// PKCS#8 form of an Ed25519 private key, in hex, up to the 32 bytes of its seed.
const PKCS8_PREFIX: &str = "302e020100300506032b657004220420";

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
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
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("{0}")]
    Input(String),
    #[error("{context}: {source}")]
    Io { context: String, source: io::Error },
    #[error("{0}")]
    Start(#[from] StartError),
}

fn io_error(context: impl Into<String>) -> impl FnOnce(io::Error) -> CommandError {
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
    let random_seed = bound.random_seed;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(io_error("cannot start the runtime"))?;
    runtime.block_on(async {
        // Registered before anybody can know that the server is there.
        let stop = stop_signal().map_err(io_error("cannot listen for signals"))?;
        let opened = bound.open().await?;
        if let Some(path) = &args.ready_file {
            ready_file::write(path, &opened.info).map_err(io_error(format!(
                "cannot write the ready file {}",
                path.display()
            )))?;
        }
        write_out(&banner(&opened.info, random_seed))?;
        let Opened {
            server, listener, ..
        } = opened;
        let served = serve(Arc::clone(&server), listener, stop).await;
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
    let url = format!("{}/healthz", args.url.trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(io_error("cannot start the runtime"))?;
    let answered = runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(std::time::Duration::from_secs(5))
            .build()?;
        client.get(&url).send().await?.error_for_status()
    });
    match answered {
        Ok(_) => {
            write_out("ok\n")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(CommandError::Input(format!(
            "{url} does not answer as it should: {error}"
        ))),
    }
}

fn sign(args: &SignArgs) -> Result<ExitCode, CommandError> {
    let key = read_private_key(&args.key_file)?;
    let timestamp = args
        .request
        .timestamp
        .unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let signature = key.sign(&message(&args.request, timestamp)?);
    write_out(&format!(
        "x-timestamp: {timestamp}\nx-signature: {}\n",
        hex::encode(signature.to_bytes())
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn verify(args: &VerifyArgs) -> Result<ExitCode, CommandError> {
    let timestamp = args.request.timestamp.ok_or_else(|| {
        CommandError::Input(
            "--timestamp is missing; give the x-timestamp of the request".to_owned(),
        )
    })?;
    let key = VerifyingKey::from_bytes(&from_hex::<32>(&args.key, "--key")?)
        .map_err(|_| CommandError::Input("--key is not an Ed25519 public key".to_owned()))?;
    let signature = Signature::from_bytes(&from_hex::<64>(&args.signature, "--signature")?);
    let message = message(&args.request, timestamp)?;
    if key.verify_strict(&message, &signature).is_ok() {
        write_out("the signature is good\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    write_out(&format!(
        "the signature does not match; this was verified:\n{}\n",
        String::from_utf8_lossy(&message)
    ))?;
    Ok(ExitCode::FAILURE)
}

/// The text that is signed.
fn message(request: &RequestArgs, timestamp: i64) -> Result<Vec<u8>, CommandError> {
    let body = match &request.body_file {
        Some(path) => fs::read(path).map_err(io_error(format!(
            "cannot read the body file {}",
            path.display()
        )))?,
        None => request.body.clone().into_bytes(),
    };
    Ok(signing_string(
        timestamp,
        &request.method,
        &request.path,
        &body,
    ))
}

/// A private key in either of the two forms that are met: 64 hex digits, or PKCS#8 in hex.
fn read_private_key(path: &Path) -> Result<SigningKey, CommandError> {
    let text = fs::read_to_string(path).map_err(io_error(format!(
        "cannot read the key file {}",
        path.display()
    )))?;
    let text = text.trim();
    let seed = text.strip_prefix(PKCS8_PREFIX).unwrap_or(text);
    Ok(SigningKey::from_bytes(&from_hex::<32>(
        seed,
        "the key file",
    )?))
}

/// Reads bytes of a known number; what was given is not repeated, it may be a secret.
fn from_hex<const N: usize>(text: &str, what: &str) -> Result<[u8; N], CommandError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        CommandError::Input(format!("{what} does not hold {} hexadecimal digits", 2 * N))
    })?;
    Ok(bytes)
}

fn write_out(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(io_error("cannot write to standard output"))
}
