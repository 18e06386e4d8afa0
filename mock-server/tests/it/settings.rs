//! The settings of a sandbox, and the three places where they are set: the program's options, the control API and the
//! builder.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use layer2_mock::{ErrorStyle, Platform, Profile, SandboxServer, SignaturePolicy, TimestampStyle};
use reqwest::Client;
use serde_json::{Map, Value, json};

use crate::support::{Reply, Watched as _};

/// Each setting with a value that is not its default.
fn others() -> Map<String, Value> {
    let others = json!({
        "platform": "rail-1.1.2", "signatures": "if-sent", "strict": true, "profile": "realistic",
        "errors": "documented", "opaque_codes": true, "timestamps": "utc", "information_requests": true,
        "regulated_client": true,
        "webhook_log_limit": 7,
    });
    others.as_object().expect("settings").clone()
}

/// What the control API tells of the settings of a sandbox.
async fn told(url: &str, control_token: &str, sandbox: &str) -> Map<String, Value> {
    let request = Client::builder().no_proxy().build().expect("client");
    let request = request
        .get(format!("{url}/_control/v1/sandboxes"))
        .bearer_auth(control_token);
    let list = Reply::read(request.send().await.expect("sent")).await.ok();
    let sandboxes = list["data"]["sandboxes"].as_array().expect("sandboxes");
    let one = sandboxes.iter().find(|one| one["sandbox"] == sandbox);
    let settings = &one.expect("the sandbox")["settings"];
    settings.as_object().expect("settings").clone()
}

fn names(settings: &Map<String, Value>) -> BTreeSet<&str> {
    settings.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_control_api_tells_and_takes_every_setting() {
    let server = SandboxServer::builder().watched().await;
    let genesis = server.genesis("default").expect("the sandbox");
    let all = serde_json::to_value(&genesis.settings).expect("JSON");
    let all = all.as_object().expect("settings");
    let default = told(server.url(), server.control_token(), "default").await;
    assert_eq!(names(&default), names(all), "told");
    let others = others();
    assert_eq!(names(&others), names(all), "this test");
    for (name, other) in &others {
        assert_ne!(&default[name], other, "{name} of this test");
    }

    let http = Client::builder().no_proxy().build().expect("client");
    let made = http
        .post(format!("{}/_control/v1/sandboxes", server.url()))
        .bearer_auth(server.control_token())
        .header("content-type", "application/json")
        .body(json!({"name": "other", "settings": others.clone()}).to_string());
    Reply::read(made.send().await.expect("sent")).await.ok();
    assert_eq!(
        told(server.url(), server.control_token(), "other").await,
        others
    );
}

#[tokio::test]
async fn the_builder_takes_every_setting() {
    let server = SandboxServer::builder()
        .platform(Platform::RailV1_1_2)
        .signatures(SignaturePolicy::IfSent)
        .strict(true)
        .profile(Profile::Realistic)
        .errors(ErrorStyle::Documented)
        .opaque_codes(true)
        .timestamps(TimestampStyle::Utc)
        .information_requests(true)
        .regulated_client(true)
        .webhook_log_limit(7)
        .watched()
        .await;
    let set = told(server.url(), server.control_token(), "default").await;
    assert_eq!(set, others());
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_has_an_option_for_every_setting() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layer2-mock"));
    command.args(["--listen", "127.0.0.1:0", "--control-token", "token"]);
    for (name, value) in others() {
        command.arg(format!("--{}", name.replace('_', "-")));
        command.args(match value {
            Value::Bool(_) => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        });
    }
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut running = Running(child.expect("start"));
    let mut banner = BufReader::new(running.0.stdout.as_mut().expect("stdout"));
    let mut line = String::new();
    banner.read_line(&mut line).expect("banner");
    let (_, url) = line.trim_end().split_once(" listens at ").expect("address");
    assert_eq!(told(url, "token", "default").await, others());
}
