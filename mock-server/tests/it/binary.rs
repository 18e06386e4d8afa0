//! The program: its banner, its ready file, its end, and its small commands.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::support::folder;

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

/// Stops it in order.
#[cfg(unix)]
fn end(child: &mut Child) {
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(killed.success());
    assert_eq!(child.wait().expect("end").code(), Some(0));
}

#[test]
#[cfg(unix)]
fn writes_a_private_ready_file_answers_health_and_ends_with_zero() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let path = folder.path().join("ready.json");
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
    end(&mut child);
    let health = Command::new(BINARY)
        .args(["health", "--url", url])
        .output()
        .expect("health");
    assert!(!health.status.success());
}

#[test]
fn signs_and_verifies_the_published_test_key() {
    let folder = folder();
    let key = folder.path().join("key.hex");
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
    let text = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(text.contains("1700000000POST/v1/transfers/"), "{text}");
}

/// Goal: `verify` finds what a server finds, without a server.
#[test]
fn verify_names_the_mistake_behind_a_signature() {
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let private = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let path = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";
    // That of a POST to the path at 1700000000, made with another implementation.
    let good = "399b2b19da42e5f5d094b0d357e58b71a7205e44824afe0c77d62f17e5f2f76d122dc107b41328f571b357f9465defdeb6272969385596295f2d14bc88dbe900";
    let by_public = sign_with(public, path);
    let slash = sign_with(private, &format!("{path}/"));
    let upper = good.to_uppercase();
    let longer = format!("{path}?page=1");
    let holds = "the signature is good\na server would refuse it now: ";
    let delete: &[&str] = &["--method", "delete"];
    let with_body = &["--body", "{}"];
    for (key, signature, path, more, said) in [
        (public, good, path, &[][..], holds),
        (
            public,
            good,
            path,
            delete,
            "The method `POST` was signed and `DELETE` sent",
        ),
        (public, &slash, path, &[], "with a slash at its end"),
        (public, good, &longer, &[], "The query string was left out"),
        (
            public,
            good,
            path,
            with_body,
            "The body was left out of what was signed",
        ),
        (public, &by_public, path, &[], "one key was taken for both"),
        (private, good, path, &[], "one key was taken for both"),
        (public, &upper, path, &[], "in upper-case hex"),
    ] {
        let output = Command::new(BINARY)
            .args(["verify", "--timestamp", "1700000000", "--path", path])
            .args(["--key", key, "--signature", signature])
            .args(more)
            .output()
            .expect("verify");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = i32::from(said != holds);
        assert_eq!(output.status.code(), Some(code), "{said}: {text}");
        assert!(text.contains(said), "{said}: {text}");
        assert!(!text.contains(private), "a secret is told: {text}");
    }
}

/// What `sign` makes of a POST to a path at 1700000000.
fn sign_with(key: &str, path: &str) -> String {
    let folder = folder();
    let file = folder.path().join("key");
    std::fs::write(&file, key).expect("key file");
    let output = Command::new(BINARY)
        .args([
            "sign",
            "--timestamp",
            "1700000000",
            "--path",
            path,
            "--key-file",
        ])
        .arg(&file)
        .output()
        .expect("sign");
    let text = String::from_utf8(output.stdout).expect("text");
    let (_, signature) = text
        .trim()
        .split_once("x-signature: ")
        .expect("a signature");
    signature.to_owned()
}

/// Runs the program to its end: its exit code, and what it says of a failure.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(BINARY).args(args).output().expect("run");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

#[test]
fn says_what_is_wrong_with_its_options() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = taken.local_addr().expect("address").to_string();
    let (code, text) = refused(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(text.contains("another program listens there"), "{text}");
    #[cfg(feature = "sqlite")]
    {
        let store = format!("sqlite:{}", std::env::temp_dir().display());
        let (code, text) = refused(&["--listen", "127.0.0.1:0", "--store", &store]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("name one in it"), "{text}");
    }
    let (code, text) = refused(&["health", "--url", &closed_url()]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is a server running there?"), "{text}");
}

/// The URL of a port where nobody listens.
fn closed_url() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    format!("http://{}", free.local_addr().expect("address"))
}

/// Goal: whoever gives a value that cannot be one learns which and what is expected, and a script can tell a wrong command
/// from a failed one.
#[test]
fn a_value_that_cannot_be_one_is_told_what_is_expected_and_ends_with_two() {
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let verify = [
        "verify",
        "--path",
        "/api/v1/x",
        "--signature",
        "ab",
        "--key",
    ];
    let rows: [(&[&str], &[&str]); 13] = [
        (&["--seed", "abc"], &["--seed", "a whole number from 0"]),
        (&["--seed", "-1"], &["--seed", "a whole number from 0"]),
        (&["--listen", "4010"], &["--listen", "127.0.0.1:4010"]),
        (
            &["--listen", "127.0.0.1"],
            &["--listen", "the port is missing"],
        ),
        (
            &["--public-url", "mock"],
            &["--public-url", "with its scheme"],
        ),
        (&["--control-token", ""], &["--control-token"]),
        (&["--store", "mysql:a"], &["--store", "sqlite:PATH"]),
        (
            &["--store", "sqlite:a.db", "--listen", "0.0.0.0:0"],
            &["--store sqlite:a.db", "--seed"],
        ),
        (&["health", "--url", "mock"], &["--url", "with its scheme"]),
        (
            &["sign", "--key-file", "k", "--path", "api/v1/x"],
            &["--path", "begins with a slash"],
        ),
        (
            &[
                "sign",
                "--key-file",
                "k",
                "--path",
                "/x",
                "--method",
                "post it",
            ],
            &["--method", "GET, POST"],
        ),
        (&[&verify[..], &[key]].concat(), &["--timestamp"]),
        (
            &[&verify[..], &["abc", "--timestamp", "1700000000"]].concat(),
            &["--key", "64 hexadecimal digits", "payments.verify_key"],
        ),
    ];
    for (args, words) in rows {
        let (code, text) = refused(args);
        assert_eq!(code, Some(2), "{args:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{args:?}: {text}");
        }
    }
}

#[test]
fn an_option_that_may_hold_a_secret_is_not_repeated() {
    for args in [
        ["--store", "postgress://mock:open-sesame@db/mock"],
        ["--control-token", "open-sesame twice"],
    ] {
        let (code, text) = refused(&args);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains(args[0]) && text.contains("expected"),
            "{text}"
        );
        assert!(!text.contains("sesame"), "a secret is told: {text}");
    }
}

#[test]
fn a_key_file_that_holds_none_is_named_with_what_it_should_hold() {
    let folder = folder();
    let file = folder.path().join("key");
    let path = file.to_str().expect("text");
    let sign = ["sign", "--path", "/api/v1/x", "--key-file", path];
    let rows = [
        (None, Some(1), "cannot read --key-file"),
        (Some("zz"), Some(2), "64 hexadecimal digits"),
        (Some("-----BEGIN PRIVATE KEY-----"), Some(2), "openssl pkey"),
    ];
    for (content, wanted, word) in rows {
        if let Some(content) = content {
            std::fs::write(&file, content).expect("key file");
        }
        let (code, text) = refused(&sign);
        assert_eq!(code, wanted, "{text}");
        assert!(text.contains(word) && text.contains(path), "{text}");
    }
}

#[test]
#[cfg(unix)]
fn a_ready_file_goes_with_its_server() {
    let folder = folder();
    let path = folder.path().join("ready.json");
    let mut child = start(&path);
    end(&mut child);
    assert!(!path.exists(), "it says that a server is there");
    // Two servers that were told the same path: the file is that of the second one.
    let mut first = start(&path);
    let mut second = start(&path);
    end(&mut first);
    assert!(path.exists(), "it is not that of the first one");
    end(&mut second);
    assert!(!path.exists());
}

/// Goal: what a killed server has left is not read as the next one's. Method: the next one gets no further than its store.
#[test]
#[cfg(feature = "sqlite")]
fn a_stale_ready_file_is_gone_before_the_server_is_ready() {
    let folder = folder();
    let (path, store) = (
        folder.path().join("ready.json"),
        folder.path().join("store.db"),
    );
    std::fs::write(&path, "stale").expect("ready file");
    std::fs::write(&store, "no store").expect("store");
    let store = format!("sqlite:{}", store.display());
    let ready_file = path.to_str().expect("text");
    let args = ["--ready-file", ready_file, "--store", &store, "--listen"];
    let (code, text) = refused(&[&args[..], &["127.0.0.1:0"]].concat());
    assert_eq!(code, Some(1));
    assert!(text.contains("--store sqlite:"), "{text}");
    assert!(!path.exists(), "a script takes the old one for ready");
    // The port is another server's, and so the file may be.
    std::fs::write(&path, "of another server").expect("ready file");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = taken.local_addr().expect("address").to_string();
    let (code, text) = refused(&[&args[..], &[&address]].concat());
    assert_eq!(code, Some(1));
    assert!(text.contains("another program listens there"), "{text}");
    assert!(path.exists());
}

#[test]
fn a_place_where_no_ready_file_can_be_is_named_with_what_to_do() {
    let folder = folder();
    let here = folder.path().to_str().expect("text");
    let nowhere = format!("{here}/no/ready.json");
    let rows = [
        (here, "this is a folder; name a file in it, such as "),
        (&nowhere, "name a file in a folder that is there"),
    ];
    for (path, advice) in rows {
        let (code, text) = refused(&["--listen", "127.0.0.1:0", "--ready-file", path]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&format!("--ready-file {path}: ")), "{text}");
        assert!(text.contains(advice), "{text}");
    }
}
