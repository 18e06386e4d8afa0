//! Forks, exports, imports and restores: the state of a sandbox as a thing of its own.

use bytes::Bytes;
use layer2_types::control;
use layer2_world::{
    RULES_VERSION,
    rejection::{Problem, Rejection},
};

use super::{at_fault, broken, conflict, find, refused, wire};
use crate::{
    http::{OpenFile, limits},
    image::{FORMAT, FileError, Image, SealError},
    sandbox::{Broken, Outage, Sandbox},
    server::Server,
    store::StoreError,
};

/// Makes another sandbox from the state of one.
pub(super) async fn fork(
    server: &Server,
    sandbox: &Sandbox,
    body: &control::SandboxForkRequest,
) -> Result<control::SandboxReply, Rejection> {
    let name = body.name.as_str().to_owned();
    // Before the state is copied, which takes a while.
    may_begin(server, &name)?;
    let image = sandbox.image().await.map_err(broken)?;
    let renamed = tokio::task::spawn_blocking(move || image.renamed(&name)).await;
    match renamed {
        Ok(Ok(image)) => begin(server, image, false).await,
        _ => Err(broken(Broken::Defect)),
    }
}

/// The file of a sandbox.
pub(super) async fn export(server: &Server, sandbox: &Sandbox) -> Result<OpenFile, Rejection> {
    let image = sandbox.image().await.map_err(broken)?;
    let seed = server.config.seed.clone();
    let sealed = tokio::task::spawn_blocking(move || image.seal(&seed, limits::IMAGE_BYTES)).await;
    match sealed {
        Ok(Ok(parts)) => Ok(OpenFile::of_parts(
            format!("{}.layer2", sandbox.name()),
            parts,
        )),
        Ok(Err(error)) => Err(unsealed(&error)),
        Err(_) => Err(broken(Broken::Defect)),
    }
}

/// Makes a sandbox from a file.
pub(super) async fn import(
    server: &Server,
    name: &str,
    file: Bytes,
) -> Result<control::SandboxReply, Rejection> {
    may_begin(server, name)?;
    let image = open(server, name, file).await?;
    begin(server, image, false).await
}

/// Puts a sandbox back to a file.
pub(super) async fn restore(
    server: &Server,
    name: &str,
    file: Bytes,
) -> Result<control::SandboxReply, Rejection> {
    let image = open(server, name, file).await?;
    // It may have been deleted while the file was read.
    find(server, name)?;
    begin(server, image, true).await
}

/// Whether another sandbox of this name may begin, as far as can be said before its state is there.
fn may_begin(server: &Server, name: &str) -> Result<(), Rejection> {
    wire::check_name(name)?;
    let may_add = server.directory.may_add(name);
    may_add.map_err(|error| refused(error.into(), name))
}

async fn open(server: &Server, name: &str, file: Bytes) -> Result<Image, Rejection> {
    let (seed, name) = (server.config.seed.clone(), name.to_owned());
    match tokio::task::spawn_blocking(move || Image::open(&seed, file, &name)).await {
        Ok(Ok(image)) => Ok(image),
        Ok(Err(error)) => Err(unopened(&error)),
        Err(_) => Err(broken(Broken::Defect)),
    }
}

async fn begin(
    server: &Server,
    image: Image,
    replace: bool,
) -> Result<control::SandboxReply, Rejection> {
    let name = image.genesis.name.clone();
    match server.begin(image, replace).await {
        Ok(sandbox) => wire::reply(server, &sandbox),
        Err(error) => Err(refused(error, &name)),
    }
}

fn unsealed(error: &SealError) -> Rejection {
    match error {
        SealError::TooLarge(most) => conflict(
            Problem::new(
                "LIMIT_REACHED",
                "The sandbox is larger than a file of it may be.",
            )
            .expected(format!(
                "at most {most} bytes, with the uploaded files, once compressed"
            ))
            .hint("Fork it to keep the state beside it; `--store sqlite:PATH` keeps sandboxes of any size, and a copy of that file is a copy of them."),
        ),
        SealError::Store(StoreError::Full(_)) => broken(Broken::Outage(Outage::Full)),
        SealError::Store(StoreError::Unavailable(_)) => broken(Broken::Outage(Outage::Unavailable)),
        SealError::Store(_) | SealError::Unsealable => at_fault(&error.to_string()),
    }
}

fn unopened(error: &FileError) -> Rejection {
    let problem = match error {
        FileError::Damaged => Problem::new(
            "FILE_DAMAGED",
            "The file is no export, or was changed or cut off after it was made.",
        )
        .at("/file")
        .expected("the bytes of an export, unchanged")
        .hint("Send the file as it is: `curl --data-binary @default.layer2` with `Content-Type: application/octet-stream`."),
        FileError::OtherSeed => Problem::new(
            "FILE_OTHER_SEED",
            "The file was made by a server with another seed, and opens under that one alone.",
        )
        .at("/file")
        .hint("Start this server with the `--seed` of the other one."),
        FileError::OtherForm(form) => Problem::new(
            "FILE_OTHER_VERSION",
            "The file has a form of another version of the server.",
        )
        .at("/file")
        .received(form)
        .expected(FORMAT)
        .hint("Import it at the version that made it."),
        FileError::NewerRules(version) => Problem::new(
            "FILE_OTHER_VERSION",
            "The file was made under newer rules.",
        )
        .at("/file")
        .received(format!("version {version} of the rules"))
        .expected(format!("version {RULES_VERSION} or an older one"))
        .hint("Import it at the version of the server that made it, or a newer one."),
    };
    problem.bad_request()
}
