//! The program: its banner, its ready file, its end, and its small commands.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::support::Folder;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_layer2-mock");

/// Starts the server and waits for the first line of its banner, which comes after the ready file.
fn start(ready_file: &Path) -> Child {
    let mut child = Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0", "--ready-file"])
        .arg(ready_file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("stdout"))
        .read_line(&mut line)
        .expect("banner");
    assert!(line.contains("listens at http://127.0.0.1:"), "{line}");
    child
}

#[test]
#[cfg(unix)]
fn writes_a_private_ready_file_answers_health_and_ends_with_zero() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("ready");
    let path = folder.0.join("ready.json");
    let mut child = start(&path);
    let mode = std::fs::metadata(&path)
        .expect("ready file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let ready: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("ready file")).expect("JSON");
    let url = ready["url"].as_str().expect("url");
    assert_eq!(ready["payments"]["base_url"], format!("{url}/api"));
    assert_eq!(ready["env"]["LAYER2_CONTROL_TOKEN"], ready["control_token"]);
    assert_eq!(ready["sandbox"], "default");
    let health = Command::new(BINARY)
        .args(["health", "--url", url])
        .output()
        .expect("health");
    assert!(health.status.success());
    assert_eq!(health.stdout, b"ok\n");
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(killed.success());
    assert_eq!(child.wait().expect("end").code(), Some(0));
    let health = Command::new(BINARY)
        .args(["health", "--url", url])
        .output()
        .expect("health");
    assert!(!health.status.success());
}

#[test]
fn signs_and_verifies_the_published_test_key() {
    let folder = Folder::new("sign");
    let key = folder.0.join("key.hex");
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let path = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";
    for form in [
        seed.to_owned(),
        format!("302e020100300506032b657004220420{seed}\n"),
    ] {
        std::fs::write(&key, form).expect("key file");
        let signed = Command::new(BINARY)
            .args([
                "sign",
                "--path",
                path,
                "--timestamp",
                "1700000000",
                "--key-file",
            ])
            .arg(&key)
            .output()
            .expect("sign");
        let text = String::from_utf8(signed.stdout).expect("text");
        let expected = "x-timestamp: 1700000000\nx-signature: 399b2b19da42e5f5d094b0d357e58b71a7205e44824afe0c77d62f17e5f2f76d122dc107b41328f571b357f9465defdeb6272969385596295f2d14bc88dbe900\n";
        assert_eq!(text, expected);
    }
    let verify = |path: &str| {
        Command::new(BINARY)
            .args(["verify", "--timestamp", "1700000000", "--path", path])
            .args(["--key", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"])
            .args(["--signature", "399b2b19da42e5f5d094b0d357e58b71a7205e44824afe0c77d62f17e5f2f76d122dc107b41328f571b357f9465defdeb6272969385596295f2d14bc88dbe900"])
            .output()
            .expect("verify")
    };
    assert!(verify(path).status.success());
    let refused = verify(&path.replace("/api", ""));
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stdout).contains("1700000000POST/v1/transfers/"));
}

#[test]
fn says_what_is_wrong_with_its_options() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = taken.local_addr().expect("address").to_string();
    let refused = Command::new(BINARY)
        .args(["--listen", &address])
        .output()
        .expect("run");
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("another program listens there"), "{text}");
}
