//! What a client needs to reach a sandbox, as one object, and the file that holds it.
//!
//! The object is that of `GET /_control/v1/sandboxes/{sandbox}`. A script waits for the file to appear, and then the
//! server listens and the file is whole: it is written beside its place and renamed. What an earlier server has left there
//! is taken away first, and its own when it ends. It holds secrets, so nobody but its owner may read it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use layer2_types::{
    control::{
        self, AccountingAccess, PaymentsAccess, PlaidAccess, SandboxAccount, SandboxCustomer,
        SandboxInfo,
    },
    payments,
};
use layer2_world::{
    World,
    request::{Actor, OperationRef, Request},
};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{api::accounting::SCOPE, sandbox::Sandbox, server::Server};

/// A part of the object could not be told; a defect of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox cannot say what it holds: {0}")]
pub(crate) struct InfoError(String);

/// Everything that a client needs to reach a sandbox.
pub(crate) fn info(server: &Server, sandbox: &Sandbox) -> Result<SandboxInfo, InfoError> {
    let url = &server.config.url;
    let credentials = &sandbox.credentials;
    let client =
        |id: &str| control::ClientId::new(id).map_err(|error| InfoError(error.to_string()));
    let payments = PaymentsAccess::new(
        format!("{url}/api"),
        // Any server id is taken: which sandbox a token is for, the credentials say. Its name only makes a log readable.
        format!("{url}/oauth2/{}/v1/token", sandbox.name()),
        client(credentials.payments.id())?,
        credentials.payments.reveal().to_owned(),
        credentials.signing_key_hex(),
        hex::encode(credentials.verify_key().as_bytes()),
    );
    let accounting = AccountingAccess::new(
        url.clone(),
        format!("{url}/oauth2/token"),
        client(credentials.accounting.id())?,
        credentials.accounting.reveal().to_owned(),
        SCOPE.to_owned(),
    );
    let plaid = PlaidAccess::new(
        url.clone(),
        client(credentials.plaid.id())?,
        credentials.plaid.reveal().to_owned(),
    );
    let env = environment(server, &payments, &accounting, &plaid);
    // What a new sandbox begins with, whatever has become of this one since.
    let world = World::new(sandbox.genesis().clone());
    Ok(SandboxInfo::new(
        url.clone(),
        server.config.control_token.clone(),
        name(sandbox)?,
        payments,
        accounting,
        plaid,
        customers(&world, sandbox)?,
        accounts(&world, sandbox)?,
        env,
    ))
}

/// The name of a sandbox as the control API writes it.
pub(crate) fn name(sandbox: &Sandbox) -> Result<control::SandboxName, InfoError> {
    control::SandboxName::new(sandbox.name()).map_err(|error| InfoError(error.to_string()))
}

/// The variables that the Rust client reads.
fn environment(
    server: &Server,
    payments: &PaymentsAccess,
    accounting: &AccountingAccess,
    plaid: &PlaidAccess,
) -> BTreeMap<String, String> {
    let control_url = format!("{}{}", server.config.url, super::http::route::CONTROL_BASE);
    [
        ("LAYER2_BASE_URL", payments.base_url.as_str()),
        ("LAYER2_TOKEN_URL", &payments.token_url),
        ("LAYER2_CLIENT_ID", payments.client_id.as_str()),
        ("LAYER2_CLIENT_SECRET", &payments.client_secret),
        ("LAYER2_SIGNING_KEY", &payments.signing_key),
        ("LAYER_BASE_URL", &accounting.base_url),
        ("LAYER_TOKEN_URL", &accounting.token_url),
        ("LAYER_CLIENT_ID", accounting.client_id.as_str()),
        ("LAYER_CLIENT_SECRET", &accounting.client_secret),
        ("LAYER_SCOPE", &accounting.scope),
        ("PLAID_BASE_URL", &plaid.base_url),
        ("PLAID_CLIENT_ID", plaid.client_id.as_str()),
        ("PLAID_SECRET", &plaid.secret),
        ("LAYER2_CONTROL_URL", &control_url),
        ("LAYER2_CONTROL_TOKEN", &server.config.control_token),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

fn customers(world: &World, sandbox: &Sandbox) -> Result<Vec<SandboxCustomer>, InfoError> {
    let op = payments::OperationId::CustomersList;
    let reply: payments::CustomerListReply = ask(world, sandbox, op)?;
    reply
        .data
        .customers
        .unwrap_or_default()
        .iter()
        .map(|customer| {
            let id = customer
                .id()
                .map(payments::CustomerId::as_str)
                .unwrap_or_default();
            let id = control::CustomerId::new(id).map_err(|error| InfoError(error.to_string()))?;
            Ok(SandboxCustomer::new(id, customer.tag().to_owned()))
        })
        .collect()
}

fn accounts(world: &World, sandbox: &Sandbox) -> Result<Vec<SandboxAccount>, InfoError> {
    let op = payments::OperationId::AccountsList;
    let reply: payments::AccountListReply = ask(world, sandbox, op)?;
    let missing = |what: &str| InfoError(format!("an account has no {what}"));
    let bad = |error: layer2_types::InvalidId| InfoError(error.to_string());
    reply
        .data
        .accounts
        .unwrap_or_default()
        .iter()
        .map(|account| {
            let customer = account
                .customer_id
                .as_ref()
                .ok_or_else(|| missing("customer"))?;
            let asset = account
                .asset_type_id
                .as_ref()
                .ok_or_else(|| missing("asset"))?;
            Ok(SandboxAccount::new(
                control::AccountId::new(account.id.as_str()).map_err(bad)?,
                control::CustomerId::new(customer.as_str()).map_err(bad)?,
                control::AssetTypeId::new(asset.as_str()).map_err(bad)?,
            ))
        })
        .collect()
}

/// Asks a world as a client would.
fn ask<T: DeserializeOwned>(
    world: &World,
    sandbox: &Sandbox,
    op: payments::OperationId,
) -> Result<T, InfoError> {
    let request = Request {
        op: OperationRef::Payments(op),
        path: Vec::new(),
        query: vec![("page_size".to_owned(), "1000".to_owned())],
        body: None,
        actor: Actor::Client,
    };
    let reply = world
        .query(&request, sandbox.genesis().start)
        .map_err(|rejection| InfoError(format!("{op:?} is refused with {}", rejection.status)))?;
    serde_json::from_str(&reply.body).map_err(|error| InfoError(error.to_string()))
}

/// The file of a server that runs: there from when it listens until it ends.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    /// Digest of what was written; nothing before.
    written: Option<[u8; 32]>,
}

/// Why there is no ready file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadyFileError {
    #[error("--ready-file {0}: this is a folder; name a file in it, such as {example}", example = Path::new(.0).join("ready.json").display())]
    Folder(String),
    #[error(
        "--ready-file {path}: {source}; name a file in a folder that is there and that you may write to"
    )]
    Io { path: String, source: io::Error },
    #[error(
        "--ready-file {0}: this is no regular file, and what is there is not replaced; name another one"
    )]
    Special(String),
}

impl ReadyFile {
    /// Takes away what another server has left there, before anybody reads that this one is ready.
    pub(crate) fn clear(path: &Path) -> Result<ReadyFile, ReadyFileError> {
        let shown = || path.display().to_string();
        if path.is_dir() {
            return Err(ReadyFileError::Folder(shown()));
        }
        let is_there = match fs::symlink_metadata(path) {
            Ok(found) if !(found.is_file() || found.is_symlink()) => {
                return Err(ReadyFileError::Special(shown()));
            }
            Ok(_) => fs::remove_file(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder_of(path).map(drop),
            Err(error) => Err(error),
        };
        is_there.map_err(failed(path))?;
        Ok(ReadyFile {
            path: path.to_owned(),
            written: None,
        })
    }

    /// Writes the object, whole or not at all, for its owner's eyes only.
    pub(crate) fn write(&mut self, info: &SandboxInfo) -> Result<(), ReadyFileError> {
        let written = write(&self.path, info).map_err(failed(&self.path))?;
        self.written = Some(written);
        Ok(())
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        let Some(written) = self.written else {
            return;
        };
        // Another server that was told the same path has put its own there.
        if fs::read(&self.path).is_ok_and(|found| digest(&found) == written) {
            // Who reads it finds nobody there; nothing else is to be done about it at the end.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ReadyFileError {
    let path = path.display().to_string();
    move |source| ReadyFileError::Io { path, source }
}

/// The folder that the file is to be in, which has to be there.
fn folder_of(path: &Path) -> io::Result<fs::Metadata> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::metadata(folder),
        _ => fs::metadata("."),
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Writes the object beside its place and renames it; gives the digest of what was written.
fn write(path: &Path, info: &SandboxInfo) -> io::Result<[u8; 32]> {
    let mut text = serde_json::to_string_pretty(info)?;
    text.push('\n');
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("the path ends with no name of a file"))?;
    let mut draft_name = std::ffi::OsString::from(".");
    draft_name.push(name);
    draft_name.push(format!(".{}", std::process::id()));
    let draft = path.with_file_name(draft_name);
    let written = create_private(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // The draft holds secrets; a draft that was never made is no error.
        let _ = fs::remove_file(&draft);
    }
    written.map(|()| digest(text.as_bytes()))
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
