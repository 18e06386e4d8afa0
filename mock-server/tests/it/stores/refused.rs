//! Files that are refused at the start, as they are.

use std::{fs, path::Path};

use layer2_mock::{SandboxServer, StartErrorKind};
use reqwest::Method;

use super::{Kept, in_file};

/// A file with some rows, whole and closed.
async fn made() -> Kept {
    let kept = Kept::new();
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
    let kept = made().await;
    let text = refusal(&kept.path(), Some(7)).await;
    assert!(
        text.contains("another seed") && text.contains("--seed"),
        "{text}"
    );
    kept.start().await;
}

#[tokio::test]
async fn a_file_serves_one_server_at_a_time() {
    let kept = made().await;
    let (_server, caller) = kept.start().await;
    caller.fund("1").await;
    let text = refusal(&kept.path(), None).await;
    assert!(text.contains("another server has the file open"), "{text}");
    caller.fund("1").await;
}

#[tokio::test]
async fn what_is_no_store_is_left_alone() {
    let kept = made().await;
    let whole = fs::read(kept.path()).expect("file");
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = kept.folder.path().join(name);
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
    kept.start().await;
}

/// The refusal of a path at which there is no store and none can be made.
async fn refusal_of_path(path: &Path) -> String {
    let builder = SandboxServer::builder().store(in_file(path, ""));
    let error = builder.start().await.expect_err("refused");
    assert_eq!(error.kind(), StartErrorKind::Store, "{error}");
    let text = error.to_string();
    let named = format!("--store sqlite:{}: ", path.display());
    assert!(text.starts_with(&named), "{text}");
    text
}

#[tokio::test]
async fn a_path_that_is_no_file_is_told_with_one_that_is() {
    let kept = Kept::new();
    let folder = kept.folder.path();
    let text = refusal_of_path(folder).await;
    let within = format!("such as sqlite:{}", kept.path().display());
    assert!(
        text.contains("it is a folder") && text.contains(&within),
        "{text}"
    );
    let missing = folder.join("not/there");
    let text = refusal_of_path(&missing.join("sandboxes.db")).await;
    let advice = format!(
        "its folder is not there; make it by `mkdir -p {}`",
        missing.display()
    );
    assert!(text.contains(&advice), "{text}");
    assert!(!missing.exists(), "nothing is made unasked");
    let notes = folder.join("notes.txt");
    for content in ["Buy milk.\n", &"Call the bank again.\n".repeat(500)] {
        fs::write(&notes, content).expect("file");
        let text = refusal(&notes, None).await;
        assert!(
            text.contains("not one of SQLite's") && text.contains("choose another path"),
            "{text}"
        );
    }
    let text = refusal_of_path(&notes.join("sandboxes.db")).await;
    assert!(text.contains("a part of its path is a file"), "{text}");
    kept.start().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_at_all_is_refused() {
    let text = refusal_of_path(Path::new("/dev/null")).await;
    assert!(text.contains("it is no file"), "{text}");
}

/// What becomes of the bytes of a log; the second is how many there were before the last command.
type Damage = fn(&mut Vec<u8>, usize);

/// A crash may leave a log whose end was not written whole. What was synchronised before is there; the rest was
/// acknowledged to nobody.
#[tokio::test]
async fn a_log_that_is_torn_at_its_end_gives_what_stands_before() {
    let kept = made().await;
    let (server, caller) = kept.start().await;
    let log_of = |path: &Path| path.with_extension("db-wal");
    caller.fund("1").await;
    caller.fund("1").await;
    // What is written beside commands, such as the outcome of due work, may stand on either side of this place.
    let before = fs::metadata(log_of(&kept.path())).expect("log").len();
    let before = usize::try_from(before).expect("a length");
    caller.fund("1").await;
    let (file, log) = (fs::read(kept.path()), fs::read(log_of(&kept.path())));
    let (file, log) = (file.expect("file"), log.expect("log"));
    assert!(log.len() > 8_192, "{} bytes", log.len());
    drop(server);

    let mut balances = Vec::new();
    let cases: [(&str, Damage); 4] = [
        ("whole", |_, _| ()),
        ("longer", |log, _| log.extend([0xa5; 5_000])),
        ("cut", |log, before| log.truncate(before + 100)),
        ("none", |log, _| log.truncate(20)),
    ];
    for (name, change) in cases {
        let torn = Kept::new();
        let mut log = log.clone();
        change(&mut log, before);
        fs::write(torn.path(), &file).expect("file");
        fs::write(log_of(&torn.path()), log).expect("log");
        let (_server, caller) = torn.start().await;
        let path = "/api/v1/accounts/deposits/ACME_USD";
        let account = caller.get(path).await.ok();
        balances.push((name, account["data"]["available_balance"].to_string()));
        let books = caller.control(Method::GET, "/ledger/trial-balance", None);
        assert_eq!(books.await.ok()["balanced"], true, "{name}");
        caller.fund("1").await;
    }
    let balances: Vec<_> = balances
        .iter()
        .map(|(name, balance)| (*name, balance.as_str()))
        .collect();
    let wanted = [
        ("whole", "103"),
        ("longer", "103"),
        ("cut", "102"),
        ("none", "100"),
    ];
    assert_eq!(balances, wanted);
}

#[tokio::test]
async fn the_log_of_another_store_is_refused() {
    let other = Kept::new();
    let builder = other.builder().seed(7).start().await.expect("start");
    let log = fs::read(other.path().with_extension("db-wal")).expect("log");
    drop(builder);
    let kept = made().await;
    fs::write(kept.path().with_extension("db-wal"), log).expect("log");
    let text = refusal(&kept.path(), None).await;
    assert!(text.contains("the -wal file that belongs to it"), "{text}");
    // Without it the file is what it was.
    fs::remove_file(kept.path().with_extension("db-wal")).expect("log");
    kept.start().await;
}
