//! Forks, exports and imports: the state of a sandbox as a thing of its own.

use layer2_types::control;
use layer2_world::{
    RULES_VERSION,
    rejection::{Problem, Rejection},
};

use super::{at_fault, broken, conflict, refused, wire};
use crate::{
    image::{FORMAT, FileError, Image, SealError},
    ready_file,
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
    wire::check_name(&name)?;
    // Before the state is copied, which takes a while.
    may_begin(server, &name, false)?;
    let image = sandbox.image().await.map_err(broken)?;
    begin(server, image, name, false).await
}

/// The file of a sandbox.
pub(super) async fn export(
    server: &Server,
    sandbox: &Sandbox,
) -> Result<control::SandboxFileReply, Rejection> {
    let name = ready_file::name(sandbox).map_err(|error| at_fault(&error.to_string()))?;
    let image = sandbox.image().await.map_err(broken)?;
    let seed = server.config.seed.clone();
    let sealed = tokio::task::spawn_blocking(move || image.seal(&seed, name)).await;
    match sealed {
        Ok(Ok(file)) => Ok(control::SandboxFileReply::new(file)),
        Ok(Err(error)) => Err(unsealed(&error)),
        Err(_) => Err(broken(Broken::Defect)),
    }
}

/// Makes a sandbox from a file, or puts one back to it.
pub(super) async fn import(
    server: &Server,
    body: control::SandboxImportRequest,
) -> Result<control::SandboxReply, Rejection> {
    let control::SandboxImportRequest {
        file,
        name,
        replace,
        ..
    } = body;
    let name = name.as_ref().unwrap_or(&file.sandbox).as_str().to_owned();
    let replace = replace.unwrap_or(false);
    wire::check_name(&name)?;
    may_begin(server, &name, replace)?;
    let seed = server.config.seed.clone();
    let opened = tokio::task::spawn_blocking(move || Image::open(&seed, &file)).await;
    let image = match opened {
        Ok(Ok(image)) => image,
        Ok(Err(error)) => return Err(unopened(&error)),
        Err(_) => return Err(broken(Broken::Defect)),
    };
    begin(server, image, name, replace).await
}

/// Whether a sandbox of this name may begin, as far as can be said before its state is there.
fn may_begin(server: &Server, name: &str, replace: bool) -> Result<(), Rejection> {
    if replace && server.directory.named(name).is_some() {
        return Ok(());
    }
    let may_add = server.directory.may_add(name);
    may_add.map_err(|error| refused(error.into(), name))
}

async fn begin(
    server: &Server,
    image: Image,
    name: String,
    replace: bool,
) -> Result<control::SandboxReply, Rejection> {
    let wanted = name.clone();
    let renamed = tokio::task::spawn_blocking(move || image.renamed(&wanted)).await;
    let Ok(Ok(image)) = renamed else {
        return Err(broken(Broken::Defect));
    };
    match server.begin(image, replace).await {
        Ok(sandbox) => wire::reply(server, &sandbox),
        Err(error) => Err(refused(error, &name)),
    }
}

fn unsealed(error: &SealError) -> Rejection {
    match error {
        SealError::TooLarge(bytes) => conflict(
            Problem::new(
                "LIMIT_REACHED",
                "The sandbox is larger than a file of it may be.",
            )
            .received(format!("{bytes} bytes"))
            .hint("Copy the store in its place, or export before so much has happened."),
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
            "The file was changed or cut off after it was made.",
        )
        .at("/file")
        .expected("the `data` of an export, unchanged")
        .hint("Everything in it is held against what is sealed; the name is chosen by `name` beside it."),
        FileError::OtherSeed => Problem::new(
            "FILE_OTHER_SEED",
            "The file was made by a server with another seed, and opens under that one alone.",
        )
        .at("/file/made_under")
        .hint("Start this server with the `--seed` of the other one."),
        FileError::OtherVersion { format, rules } => Problem::new(
            "FILE_OTHER_VERSION",
            "The file was made by another version of the server.",
        )
        .at("/file")
        .received(format!("{format}, rules version {rules}"))
        .expected(format!("{FORMAT}, rules version {RULES_VERSION}"))
        .hint("Import it at the version that made it, or export again from this one."),
    };
    problem.bad_request()
}
