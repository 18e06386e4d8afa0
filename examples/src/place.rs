//! A mock server to run in: one of this process, or one of others.
//!
//! A sandbox that is made for one start on a server of others is deleted at its end, however it ends, since others need
//! the room too. One that has a name is kept, and the next start goes on in it.

use std::error::Error;
use std::process::ExitCode;

use layer2_sdk::{
    Client, ClientBuilder, ErrorKind,
    control::{SandboxCreateRequest, SandboxInfo, SandboxName},
    mock::Sandbox,
};
use reqwest::Url;

use crate::failure::{self, Failure};
use crate::flow::Step;

/// What `--help` says above the arguments that name a place.
pub(crate) const HEADING: &str = "Where to run; without any of these in a mock server of its own";

/// Where to run a program that plays the bank or orders failures. Without any of these a mock server is started in this
/// process.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
pub struct OnMock {
    /// Use this mock server, such as http://127.0.0.1:4010, in a sandbox of its own that is deleted in the end. The token
    /// that the server printed at its start has to be in LAYER2_CONTROL_TOKEN.
    #[arg(long, value_name = "URL", value_parser = server)]
    mock: Option<String>,
    /// Use the sandbox of this name there, made if it is not there yet, and keep it.
    #[arg(long, value_name = "NAME", requires = "mock")]
    keep: Option<SandboxName>,
    /// Allow plain http to another machine, as to a container of a closed test network; never to production.
    #[arg(long)]
    insecure_http: bool,
}

impl OnMock {
    /// Runs a program in a sandbox in which nothing has happened yet.
    pub async fn run(&self, program: impl AsyncFnOnce(&Sandbox) -> Step<()>) -> ExitCode {
        let run = async {
            let place = self.place().await?;
            let done = place.end.wait(program(place.new_sandbox()?)).await;
            place.leave().await;
            done
        };
        failure::exit(run.await)
    }

    /// The sandbox that the arguments name or leave to be made.
    pub(crate) async fn place(&self) -> Step<Place> {
        let Some(url) = &self.mock else {
            return Ok(Place {
                sandbox: Sandbox::start().await?,
                is_new: true,
                end: End::WithTheProgram,
            });
        };
        let token = variable("LAYER2_CONTROL_TOKEN").ok_or_else(|| {
            Failure::new("LAYER2_CONTROL_TOKEN is not set")
                .advise("set it to the token that the mock server printed when it started")
        })?;
        let place = match &self.keep {
            Some(name) => self.named(url, &token, name).await,
            None => self.unnamed(url, &token).await,
        };
        place.map_err(|why| explain(&format!("{url} cannot be used"), why))
    }

    async fn unnamed(&self, url: &str, token: &str) -> Step<Place> {
        let sandbox = match self.insecure_http {
            true => Sandbox::at_insecure(url, token).await?,
            false => Sandbox::at(url, token).await?,
        };
        Ok(Place {
            sandbox,
            is_new: true,
            end: End::Deleted,
        })
    }

    async fn named(&self, url: &str, token: &str, name: &SandboxName) -> Step<Place> {
        let builder = Client::builder().control(format!("{url}/_control/v1"), token);
        let client = self.choose(builder).build()?;
        let sandboxes = client.control().sandboxes();
        let request = SandboxCreateRequest::new().with_name(name.clone());
        let (info, is_new) = match sandboxes.create(&request).await {
            Ok(made) => (made.into_inner(), true),
            Err(error) if error.has_code("ALREADY_EXISTS") => {
                (sandboxes.get(name).await?.into_inner(), false)
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Place {
            sandbox: Sandbox::of(self.reached(info, url))?,
            is_new,
            end: End::Kept,
        })
    }

    /// A server that others know by another address than its own, such as a container, is spoken to at theirs.
    fn reached(&self, mut info: SandboxInfo, url: &str) -> SandboxInfo {
        let believed = std::mem::replace(&mut info.url, url.to_owned());
        for value in info.env.values_mut() {
            if let Some(path) = value.strip_prefix(&believed) {
                *value = format!("{url}{path}");
            }
        }
        let plain = self.insecure_http.to_string();
        info.env
            .insert("LAYER2_ALLOW_INSECURE_HTTP".to_owned(), plain);
        info
    }

    pub(crate) fn choose(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.insecure_http {
            true => builder.allow_insecure_http(),
            false => builder,
        }
    }
}

/// Says of access that does not work what may help.
pub(crate) fn explain(what: &str, why: Box<dyn Error>) -> Box<dyn Error> {
    let failure = Failure::new(what);
    let advice = match failure::call(&*why) {
        // The SDK names the setting of its builder, for which a flag stands here.
        Some(call) if call.to_string().contains("allow_insecure_http") => {
            "--insecure-http allows plain http in a closed test network"
        }
        Some(call) if matches!(call.kind(), ErrorKind::NotFound | ErrorKind::Decode) => {
            "see that it is a mock server of this version that listens there"
        }
        _ => return failure.because(why).into(),
    };
    failure.because(why).advise(advice).into()
}

/// A sandbox of a mock server.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) sandbox: Sandbox,
    /// Whether this start has made it, so that nothing has happened in it.
    pub(crate) is_new: bool,
    pub(crate) end: End,
}

/// What becomes of a sandbox when the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Deleted,
    Kept,
    WithTheProgram,
}

impl End {
    /// Waits for the work. What is to be deleted lets nobody go by Ctrl-C before it is.
    pub(crate) async fn wait(self, work: impl Future<Output = Step<()>>) -> Step<()> {
        if self != Self::Deleted {
            return work.await;
        }
        tokio::select! {
            // Work that listens to Ctrl-C itself comes first.
            biased;
            done = work => done,
            _ = tokio::signal::ctrl_c() => Err("stopped with Ctrl-C".into()),
        }
    }
}

impl Place {
    /// What to call it, the same at every start.
    pub(crate) fn address(&self) -> String {
        let sandbox = &self.sandbox;
        format!("{} sandbox {}", sandbox.info().url, sandbox.name())
    }

    /// The sandbox, for a story that begins at its beginning.
    pub(crate) fn new_sandbox(&self) -> Step<&Sandbox> {
        if self.is_new {
            return Ok(&self.sandbox);
        }
        let address = self.address();
        Err(Failure::new(format!(
            "the program begins in a new sandbox, and this one is there already: {address}"
        ))
        .advise("give --keep another name")
        .into())
    }

    /// Leaves the sandbox as it is to be left. What was done is done: one that cannot be deleted is told of and fails
    /// nothing.
    #[allow(
        clippy::print_stderr,
        reason = "standard output is for what the program reports"
    )]
    pub(crate) async fn leave(self) {
        let address = self.address();
        match self.end {
            End::WithTheProgram => {}
            End::Kept => eprintln!("kept: {address}"),
            End::Deleted => {
                if let Err(why) = self.sandbox.delete().await {
                    eprintln!("not deleted: {address}: {why}");
                }
            }
        }
    }
}

/// The address of a mock server. A scheme that is left out is http, and the base URL of one of the server's APIs, which it
/// prints at its start, stands for the server.
fn server(text: &str) -> Result<String, String> {
    let wanted = "it is the address of a mock server, as http://127.0.0.1:4010";
    let text = text.trim();
    let text = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let url = Url::parse(&text).map_err(|why| format!("{why}; {wanted}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = url.scheme();
        return Err(format!("the scheme {scheme} is not spoken here; {wanted}"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!("it has more than scheme, host and port; {wanted}"));
    }
    let path = url.path().trim_end_matches('/');
    let apis = ["/_control/v1", "/api/v1", "/api"];
    let bare = apis.iter().find_map(|api| path.strip_suffix(api));
    let path = bare.unwrap_or(path);
    Ok(format!("{}{path}", url.origin().ascii_serialization()))
}

/// An environment variable. As to the SDK, one that is empty is not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_server_is_understood_as_people_write_it() {
        for (written, understood) in [
            ("http://127.0.0.1:4055", "http://127.0.0.1:4055"),
            ("127.0.0.1:4055", "http://127.0.0.1:4055"),
            ("localhost:4055/", "http://localhost:4055"),
            ("http://127.0.0.1:4055/api", "http://127.0.0.1:4055"),
            ("http://127.0.0.1:4055/api/v1/", "http://127.0.0.1:4055"),
            ("https://mock.example/_control/v1", "https://mock.example"),
            (
                "https://tools.example/mock/api",
                "https://tools.example/mock",
            ),
        ] {
            assert_eq!(server(written).unwrap(), understood, "{written}");
        }
        for written in ["", "ftp://127.0.0.1", "http://", "http://a:b@c", "c?x=y"] {
            let why = server(written).unwrap_err();
            assert!(why.contains("http://127.0.0.1:4010"), "{written}: {why}");
        }
    }
}
