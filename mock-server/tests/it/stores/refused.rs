//! Files that are refused at the start, as they are.

use std::{fs, path::Path};

use layer2_mock::{SandboxServer, StartErrorKind};

use super::{Kept, in_file};

/// A file with some rows, whole and closed.
async fn made(name: &str) -> Kept {
    let kept = Kept::new(name);
    let (server, caller) = kept.start().await;
    caller.fund("100").await;
    drop(server);
    kept
}

/// The refusal of a start, after which the file is what it was.
async fn refusal(path: &Path, seed: Option<u64>) -> String {
    let before = fs::read(path).expect("file");
    let mut builder = SandboxServer::builder().store(in_file(path, ""));
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    let error = builder.start().await.expect_err("refused");
    assert_eq!(error.kind(), StartErrorKind::Store, "{error}");
    assert!(
        fs::read(path).expect("file") == before,
        "something was changed"
    );
    let text = error.to_string();
    assert!(text.starts_with("--store sqlite:"), "{text}");
    text
}

#[tokio::test]
async fn a_store_opens_under_its_own_seed_alone() {
    let kept = made("seed").await;
    let text = refusal(&kept.path(), Some(7)).await;
    assert!(
        text.contains("another seed") && text.contains("--seed"),
        "{text}"
    );
    kept.start().await;
}

#[tokio::test]
async fn a_file_serves_one_server_at_a_time() {
    let kept = made("locked").await;
    let (_server, caller) = kept.start().await;
    caller.fund("1").await;
    let text = refusal(&kept.path(), None).await;
    assert!(text.contains("another server has the file open"), "{text}");
    caller.fund("1").await;
}

#[tokio::test]
async fn what_is_no_store_is_left_alone() {
    let kept = made("torn").await;
    let whole = fs::read(kept.path()).expect("file");
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = kept.folder.0.join(name);
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&path, bytes).expect("file");
        path
    };
    let garbage = with("garbage.db", &|bytes| bytes[..16].fill(b'x'));
    assert!(
        refusal(&garbage, None)
            .await
            .contains("not one of SQLite's")
    );
    let short = with("short.db", &|bytes| bytes.truncate(50));
    assert!(refusal(&short, None).await.contains("cut off: 50 bytes"));
    let cut = with("cut.db", &|bytes| bytes.truncate(bytes.len() - 4096));
    assert!(refusal(&cut, None).await.contains("is cut off"));
    let other = with("other.db", &|bytes| bytes[68..72].fill(1));
    assert!(refusal(&other, None).await.contains("another program"));
    let newer = with("newer.db", &|bytes| {
        bytes[60..64].copy_from_slice(&[0, 0, 0, 9]);
    });
    assert!(
        refusal(&newer, None)
            .await
            .contains("format 9, which a newer")
    );
    let older = with("older.db", &|bytes| bytes[60..64].fill(0));
    assert!(
        refusal(&older, None)
            .await
            .contains("format 0, which an older")
    );
    let torn = with("torn.db", &|bytes| bytes[4096..].fill(0xff));
    assert!(refusal(&torn, None).await.contains("damaged"));
    let folder = SandboxServer::builder().store(in_file(&kept.folder.0, ""));
    let error = folder.start().await.expect_err("a folder");
    assert!(error.to_string().contains("cannot be read"), "{error}");
    kept.start().await;
}
