//! What the command line takes: `serve` (also without a word), `health`, `sign` and `verify`.
//!
//! Options say what the server is; nothing is read from the environment but `RUST_LOG`. What a run prints to standard
//! output is the start banner or the answer of the command; logs go to standard error.

use std::{fmt, net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use http::HeaderValue;
use layer2_types::operation::Platform;
use layer2_world::settings::{ErrorStyle, Profile, Settings, SignaturePolicy, TimestampStyle};

use super::values;
use crate::{clocks::ClockMode, store::StoreUrl, webhooks::guard::CallbackPolicy};

/// A stateful mock of the Layer2 payments platform, of Layer accounting and of the Plaid calls that feed it.
#[derive(Debug, Parser)]
#[command(name = "layer2-mock", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (the default).
    Serve(ServeArgs),
    /// Ask a running server whether it is well; ends with 0 if so.
    Health(HealthArgs),
    /// Sign a request and print its two headers.
    Sign(SignArgs),
    /// Verify the signature of a request; of one that does not fit, say what is wrong.
    Verify(VerifyArgs),
}

/// Options of the server.
#[derive(Args, Clone)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on, such as 127.0.0.1:4010 or localhost:4010; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010", value_parser = values::listen)]
    pub(crate) listen: SocketAddr,
    /// URL under which clients reach the server, where it is not the address it listens on.
    #[arg(long, value_name = "URL", value_parser = values::url)]
    pub(crate) public_url: Option<String>,
    /// Write URL, credentials and control token to this file once the server listens (mode 0600). What an earlier server
    /// left there goes first, and the file goes when the server is stopped; a server that is killed leaves it.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Everything random comes from this number; without it: fixed on loopback, random elsewhere.
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// How the business clock runs.
    #[arg(long, value_enum, default_value_t = ClockArg::Wall)]
    pub(crate) clock: ClockArg,
    /// How long the platform's own work takes.
    #[arg(long, value_enum, default_value_t = ProfileArg::Fast)]
    pub(crate) profile: ProfileArg,
    /// Which version of the platform to be: union, rail-1.1.2 or layer2-1.0.5.
    #[arg(long, value_name = "VERSION", default_value = "union", value_parser = values::platform)]
    pub(crate) platform: Platform,
    /// Which requests must be signed; a signature that is sent is verified in any case.
    #[arg(long, value_enum, default_value_t = SignaturesArg::Accepts)]
    pub(crate) signatures: SignaturesArg,
    /// How much an error says: everything that helps, or the vendor's statuses, code and description alone.
    #[arg(long, value_enum, default_value_t = ErrorsArg::Helpful)]
    pub(crate) errors: ErrorsArg,
    /// Replace every error code by an unknown one, to prove that a client does not lean on codes.
    #[arg(long)]
    pub(crate) opaque_codes: bool,
    /// Refuse unknown request fields and amounts sent as text.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Ask for an invoice over a withdrawal that is worth more than 10,000 US dollars.
    #[arg(long)]
    pub(crate) information_requests: bool,
    /// Let the client be regulated itself: POST /v1/customers makes customers without an application.
    #[arg(long)]
    pub(crate) regulated_client: bool,
    /// Zone of the timestamps in replies and events.
    #[arg(long, value_enum, default_value_t = TimestampsArg::NewYork)]
    pub(crate) timestamps: TimestampsArg,
    /// How many finished events, with their deliveries, the webhook log keeps.
    #[arg(long, value_name = "N", default_value_t = Settings::default().webhook_log_limit, value_parser = values::log_limit)]
    pub(crate) webhook_log_limit: u32,
    /// Where webhooks may be sent: loopback, private or any.
    #[arg(long, value_name = "WHERE", default_value = "loopback")]
    pub(crate) allow_callbacks: CallbackPolicy,
    /// Where sandboxes are kept: memory, sqlite:PATH[?max-mib=N&snapshot-kib=N] or postgres://USER@HOST/DATABASE. What is kept opens
    /// under the seed that it was kept with.
    #[arg(long, value_name = "URL", default_value = "memory")]
    pub(crate) store: StoreUrl,
    /// Bearer token of the control API; made from the seed where absent.
    #[arg(long, value_name = "TOKEN", value_parser = values::token)]
    pub(crate) control_token: Option<String>,
}

/// Without the control token, and without the seed that every credential follows from.
impl fmt::Debug for ServeArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeArgs")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("ready_file", &self.ready_file)
            .field("clock", &self.clock)
            .field("profile", &self.profile)
            .field("platform", &self.platform)
            .field("signatures", &self.signatures)
            .field("errors", &self.errors)
            .field("opaque_codes", &self.opaque_codes)
            .field("strict", &self.strict)
            .field("information_requests", &self.information_requests)
            .field("regulated_client", &self.regulated_client)
            .field("timestamps", &self.timestamps)
            .field("webhook_log_limit", &self.webhook_log_limit)
            .field("allow_callbacks", &self.allow_callbacks)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// `--clock`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ClockArg {
    /// Stands still until it is advanced; starts on 2026-01-05.
    Manual,
    /// Runs with the machine's clock.
    Wall,
}

impl From<ClockArg> for ClockMode {
    fn from(arg: ClockArg) -> ClockMode {
        match arg {
            ClockArg::Manual => ClockMode::Manual,
            ClockArg::Wall => ClockMode::Wall,
        }
    }
}

/// `--profile`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ProfileArg {
    /// Work is done at once.
    Fast,
    /// Work takes about as long as on the platform.
    Realistic,
}

impl From<ProfileArg> for Profile {
    fn from(arg: ProfileArg) -> Profile {
        match arg {
            ProfileArg::Fast => Profile::Fast,
            ProfileArg::Realistic => Profile::Realistic,
        }
    }
}

/// `--signatures`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SignaturesArg {
    /// The operations that accept a movement of money.
    Accepts,
    /// Every request of the payments API.
    All,
    /// No operation; one that is sent is still verified.
    IfSent,
}

impl From<SignaturesArg> for SignaturePolicy {
    fn from(arg: SignaturesArg) -> SignaturePolicy {
        match arg {
            SignaturesArg::Accepts => SignaturePolicy::Accepts,
            SignaturesArg::All => SignaturePolicy::All,
            SignaturesArg::IfSent => SignaturePolicy::IfSent,
        }
    }
}

/// `--errors`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ErrorsArg {
    /// Code, description, place, what was received and expected, a hint, a link.
    Helpful,
    /// The statuses that the vendor publishes, and code and description alone.
    Documented,
}

impl From<ErrorsArg> for ErrorStyle {
    fn from(arg: ErrorsArg) -> ErrorStyle {
        match arg {
            ErrorsArg::Helpful => ErrorStyle::Helpful,
            ErrorsArg::Documented => ErrorStyle::Documented,
        }
    }
}

/// `--timestamps`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TimestampsArg {
    /// New York time with its offset, as observed on the platform.
    NewYork,
    /// UTC.
    Utc,
}

impl From<TimestampsArg> for TimestampStyle {
    fn from(arg: TimestampsArg) -> TimestampStyle {
        match arg {
            TimestampsArg::NewYork => TimestampStyle::NewYork,
            TimestampsArg::Utc => TimestampStyle::Utc,
        }
    }
}

/// Options of `health`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthArgs {
    /// URL of the server.
    #[arg(long, default_value = "http://127.0.0.1:4010", value_parser = values::url)]
    pub(crate) url: String,
}

/// The signed parts of a request but for the timestamp, for `sign` and `verify`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RequestArgs {
    /// HTTP method.
    #[arg(long, default_value = "POST", value_parser = values::method)]
    pub(crate) method: String,
    /// Path with the /api base, and the query string if there is one.
    #[arg(long, value_parser = values::path)]
    pub(crate) path: String,
    /// The body's exact text.
    #[arg(long, default_value = "", conflicts_with = "body_file")]
    pub(crate) body: String,
    /// A file with the body's exact bytes.
    #[arg(long, value_name = "PATH")]
    pub(crate) body_file: Option<PathBuf>,
}

/// Options of `sign`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Unix seconds; the current second where absent.
    #[arg(long, value_name = "SECONDS", value_parser = values::unix_seconds, allow_negative_numbers = true)]
    pub(crate) timestamp: Option<i64>,
    /// A file with the private key: 64 hex digits (seed) or PKCS#8 in hex.
    #[arg(long, value_name = "PATH")]
    pub(crate) key_file: PathBuf,
}

/// Options of `verify`.
#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The x-timestamp header: Unix seconds, as they were signed.
    #[arg(long, value_name = "SECONDS", value_parser = values::unix_seconds, allow_negative_numbers = true)]
    pub(crate) timestamp: i64,
    /// The public key: 64 hex digits, `payments.verify_key` of the ready file.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: String,
    /// The x-signature header: 128 hex digits.
    #[arg(long, value_name = "HEX", value_parser = values::header)]
    pub(crate) signature: HeaderValue,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_shown_of_the_options_holds_no_secret() {
        for command in [&["layer2-mock"][..], &["layer2-mock", "serve"]] {
            let secret = ["--seed", "20261121", "--control-token", "open-sesame"];
            let cli = Cli::parse_from(command.iter().chain(&secret));
            let shown = format!("{cli:?} {cli:#?}");
            assert!(shown.contains("127.0.0.1:4010"), "{shown}");
            for secret in ["20261121", "open-sesame"] {
                assert!(!shown.contains(secret), "a secret is in Debug");
            }
        }
    }

    #[test]
    fn serve_is_the_default_command() {
        let bare = Cli::parse_from([
            "layer2-mock",
            "--listen",
            "127.0.0.1:0",
            "--clock",
            "manual",
        ]);
        assert!(bare.command.is_none());
        assert_eq!(bare.serve.listen.port(), 0);
        assert_eq!(ClockMode::from(bare.serve.clock), ClockMode::Manual);
        let named = Cli::parse_from([
            "layer2-mock",
            "serve",
            "--platform",
            "rail-1.1.2",
            "--signatures",
            "if-sent",
            "--strict",
            "--allow-callbacks",
            "private",
            "--errors",
            "documented",
            "--opaque-codes",
        ]);
        let Some(Command::Serve(args)) = named.command else {
            panic!("serve")
        };
        assert_eq!(args.platform, Platform::RailV1_1_2);
        assert!(args.strict && args.opaque_codes);
        assert_eq!(ErrorStyle::from(args.errors), ErrorStyle::Documented);
        assert_eq!(args.allow_callbacks, CallbackPolicy::Private);
        assert!(Cli::try_parse_from(["layer2-mock", "--platform", "rail-9"]).is_err());
        assert!(Cli::try_parse_from(["layer2-mock", "--webhook-log-limit", "0"]).is_err());
    }
}
