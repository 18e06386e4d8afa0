//! A builder from environment variables, the same that a mock server writes into its ready file.
//!
//! The table of the variables stands in the crate's README, and a test holds it against what is read here. A variable
//! that is empty counts as not set. Half a pair is an error that names the missing half.

use std::cell::RefCell;
use std::ffi::OsString;

use layer2_types::Platform;
use layer2_types::operation::UnknownName;

use crate::builder::AccountingAccess;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::client::config;
use crate::environment::Environment;
use crate::error::Error;
use crate::signing::Ed25519Signer;

/// The variable that allows plain http to another machine.
pub(crate) const ALLOW_INSECURE_HTTP: &str = "LAYER2_ALLOW_INSECURE_HTTP";

impl ClientBuilder {
    /// Reads the process's environment variables, by the table of the crate's README.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// A variable that does not read counts neither as set nor as missing.
    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let unreadable = RefCell::new(None);
        let builder = Self::from_lookup(|name| {
            let text = variable(name)?.into_string();
            text.inspect_err(|_| {
                unreadable.borrow_mut().get_or_insert(name.to_owned());
            })
            .ok()
        });
        match unreadable.into_inner() {
            None => builder,
            Some(name) => Err(config(format!(
                "{name} is set to bytes that are not Unicode: set it anew, or unset it"
            ))),
        }
    }

    /// Reads the same variables from elsewhere: a ready file, a vault, a test.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let read = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let environment = environment(&read)?;
        let mut builder = Client::builder().environment(environment.clone());
        if let Some(platform) = read("LAYER2_PLATFORM") {
            builder = builder.platform(version(&platform)?);
        }
        if let Some((id, secret)) = pair(&read, "LAYER2_CLIENT_ID", "LAYER2_CLIENT_SECRET")? {
            builder = builder.credentials(id, secret);
        }
        if let Some(key) = read("LAYER2_SIGNING_KEY") {
            // The builder reads it again and cannot know where it came from.
            Ed25519Signer::parse(&key)
                .map_err(|why| config(format!("LAYER2_SIGNING_KEY is not usable: {why}")))?;
            builder = builder.signing_key(key);
        }
        if let Some((id, secret)) = pair(&read, "LAYER_CLIENT_ID", "LAYER_CLIENT_SECRET")? {
            let place = match pair(&read, "LAYER_BASE_URL", "LAYER_TOKEN_URL")? {
                Some((base_url, token_url)) => Environment::custom(base_url, token_url),
                None => published(&environment, "LAYER_BASE_URL")?,
            };
            let access = AccountingAccess::new(place, id, secret);
            builder = builder.accounting(match read("LAYER_SCOPE") {
                Some(scopes) => access.scopes(scopes.split_whitespace()),
                None => access,
            });
        }
        if let Some((id, secret)) = pair(&read, "PLAID_CLIENT_ID", "PLAID_SECRET")? {
            builder = builder.plaid(id, secret);
            if let Some(url) = read("PLAID_BASE_URL") {
                builder = builder.plaid_base_url(url);
            }
        }
        if let Some((url, token)) = pair(&read, "LAYER2_CONTROL_URL", "LAYER2_CONTROL_TOKEN")? {
            builder = builder.control(url, token);
        }
        match read(ALLOW_INSECURE_HTTP).as_deref() {
            None | Some("false") => Ok(builder),
            Some("true") => Ok(builder.allow_insecure_http()),
            Some(_) => Err(config(format!(
                "{ALLOW_INSECURE_HTTP} is neither `true` nor `false`"
            ))),
        }
    }
}

/// The version of the platform that the client keeps to.
fn version(text: &str) -> Result<Platform, Error> {
    text.parse().map_err(|unknown: UnknownName| {
        let names = unknown.expected().join("`, `");
        config(format!(
            "LAYER2_PLATFORM names no version of the platform: it is one of `{names}`"
        ))
    })
}

fn environment(read: &impl Fn(&str) -> Option<String>) -> Result<Environment, Error> {
    let urls = pair(read, "LAYER2_BASE_URL", "LAYER2_TOKEN_URL")?;
    match (read("LAYER2_ENVIRONMENT").as_deref(), urls) {
        (None, Some((base_url, token_url))) => Ok(Environment::custom(base_url, token_url)),
        (None | Some("sandbox"), None) => Ok(Environment::Sandbox),
        (Some("production"), None) => Ok(Environment::Production),
        (Some(_), Some(_)) => Err(config(
            "LAYER2_ENVIRONMENT and LAYER2_BASE_URL contradict each other: set one of them",
        )),
        (Some(_), None) => Err(config(
            "LAYER2_ENVIRONMENT is neither `sandbox` nor `production`",
        )),
    }
}

/// The environment for another API, if it does not lie at a custom address of payments.
fn published(environment: &Environment, variable: &str) -> Result<Environment, Error> {
    match environment {
        Environment::Custom { .. } => Err(config(format!(
            "LAYER2_BASE_URL is set, so {variable} must be set too: a custom environment does not say where that API is"
        ))),
        known => Ok(known.clone()),
    }
}

fn pair(
    read: &impl Fn(&str) -> Option<String>,
    one: &str,
    other: &str,
) -> Result<Option<(String, String)>, Error> {
    match (read(one), read(other)) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(config(format!(
            "{one} is set and {other} is not: set both or none"
        ))),
        (None, Some(_)) => Err(config(format!(
            "{other} is set and {one} is not: set both or none"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Client, Error> {
        let access = [
            ("LAYER2_CLIENT_ID", "id"),
            ("LAYER2_CLIENT_SECRET", "secret"),
        ];
        let all = [&access[..], pairs].concat();
        let lookup = |wanted: &str| {
            let found = all.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        ClientBuilder::from_lookup(lookup)?.build()
    }

    #[test]
    fn plain_http_to_another_machine_is_a_choice_that_production_does_not_have() {
        let elsewhere = [
            ("LAYER2_BASE_URL", "http://mock:4010/api"),
            (
                "LAYER2_TOKEN_URL",
                "http://mock:4010/oauth2/default/v1/token",
            ),
        ];
        let chosen = |value| from(&[&elsewhere[..], &[(ALLOW_INSECURE_HTTP, value)]].concat());
        for refused in ["", "false"] {
            let error = chosen(refused).unwrap_err();
            assert!(error.to_string().contains("plain http"), "{error}");
        }
        assert!(chosen("true").is_ok());
        let error = chosen("yes").unwrap_err();
        assert!(error.to_string().contains("`true` nor `false`"), "{error}");

        let error = from(&[
            ("LAYER2_ENVIRONMENT", "production"),
            (ALLOW_INSECURE_HTTP, "true"),
        ]);
        let error = error.unwrap_err();
        assert!(error.to_string().contains("with production"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_unicode_is_named_and_not_taken_for_unset() {
        use std::os::unix::ffi::OsStringExt as _;

        let set = |broken: &'static str| {
            ClientBuilder::from_variables(move |name| match name {
                _ if name == broken => Some(OsString::from_vec(vec![b'a', 0xff])),
                "LAYER2_CLIENT_ID" | "LAYER2_CLIENT_SECRET" => Some("known".into()),
                _ => None,
            })
        };
        for broken in ["LAYER2_ENVIRONMENT", "LAYER2_CLIENT_SECRET"] {
            let error = set(broken).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(broken) && said.contains("Unicode"), "{said}");
        }
        assert!(set("LAYER2_OF_SOMEBODY_ELSE").is_ok());
    }

    #[test]
    fn what_is_missing_or_wrong_is_told_by_the_name_of_its_variable() {
        let nothing = ClientBuilder::from_lookup(|_| None).unwrap().build();
        let error = nothing.unwrap_err().to_string();
        for name in ["LAYER2_CLIENT_ID", "LAYER2_CLIENT_SECRET"] {
            assert!(error.contains(name), "{error}");
        }

        let error = from(&[("LAYER2_SIGNING_KEY", "secret-and-no-key")]);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("LAYER2_SIGNING_KEY is not"), "{error}");
        assert!(!error.contains("secret-and-no-key"), "{error}");

        let plain = [
            ("LAYER2_BASE_URL", "http://mock:4010/api"),
            ("LAYER2_TOKEN_URL", "http://mock:4010/token"),
        ];
        let error = from(&plain).unwrap_err().to_string();
        assert!(error.contains(ALLOW_INSECURE_HTTP), "{error}");
    }

    #[cfg(feature = "payments")]
    #[tokio::test]
    async fn a_client_keeps_to_the_version_that_is_named() {
        use crate::error::ErrorKind;

        let withdrawal = "3c1e0000-0000-4000-8000-000000000000".parse().unwrap();
        let client = from(&[("LAYER2_PLATFORM", "layer2-1.0.5")]).unwrap();
        let asked = client.withdrawals().get_status(&withdrawal).await;
        assert_eq!(asked.unwrap_err().kind(), ErrorKind::NotOnPlatform);

        let error = from(&[("LAYER2_PLATFORM", "rail-2")]).unwrap_err();
        let names = "`union`, `rail-1.1.2`, `layer2-1.0.5`";
        assert!(error.to_string().contains(names), "{error}");
    }
}
