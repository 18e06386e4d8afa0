//! Every mistake that the doctor knows, made by a client that writes the text to sign itself.

use ed25519_dalek::{Signer, SigningKey};
use http::{HeaderMap, HeaderValue};

use super::*;
use crate::credentials::Credentials;
use layer2_world::seed::Seed;

const NOW: i64 = 1_700_000_000;
const SIGNED: &str = "1700000000";
const PATH: &str = "/api/v1/exchanges/7/accept";
const SIBLING: &str = "/api/v1/exchanges/8/accept";
const BODY: &str = r#"{"maximum_slippage": 0.010}"#;

fn credentials(byte: u8) -> Credentials {
    Credentials::derive(&Seed::new([byte; 32]), "a")
}

fn private_key() -> SigningKey {
    let mut seed = [0; 32];
    hex::decode_to_slice(credentials(1).signing_key_hex(), &mut seed).expect("hex");
    SigningKey::from_bytes(&seed)
}

/// As many other sandboxes as are tried, the last of them known by name.
fn others() -> Vec<(String, VerifyingKey)> {
    let stranger = SigningKey::from_bytes(&[7; 32]).verifying_key();
    let mut others = vec![("red".to_owned(), stranger); OTHER_KEYS_MAX - 1];
    others.push(("blue".to_owned(), credentials(2).verify_key()));
    others
}

/// What the client of a row sends.
struct Sent<'a> {
    signature: String,
    timestamp: &'a str,
    path: &'a str,
    body: &'a [u8],
}

fn ask(sent: &Sent<'_>) -> Option<String> {
    let mut headers = HeaderMap::new();
    let text = |text: &str| HeaderValue::from_str(text).expect("header");
    headers.insert(headers::SIGNATURE, text(&sent.signature));
    headers.insert(headers::TIMESTAMP, text(sent.timestamp));
    headers.insert(header::HOST, text("127.0.0.1:4010"));
    let request = SignedRequest {
        headers: &headers,
        method: "POST",
        path_and_query: sent.path,
        body: sent.body,
        shows_body: true,
    };
    let own = credentials(1);
    let keys = Keys {
        own: own.verify_key(),
        misread: own.misread_keys(),
        others: others(),
    };
    let mut siblings = vec!["/api/v1/exchanges/9/accept".to_owned(); SIBLINGS_MAX - 1];
    siblings.push(SIBLING.to_owned());
    diagnose(&request, keys, &siblings, NOW)
}

/// Signs a text as a client would that has the mistake, and sends what a right client sends.
fn by_text(signed: &str) -> Option<String> {
    ask(&Sent {
        signature: hex::encode(private_key().sign(signed.as_bytes()).to_bytes()),
        timestamp: SIGNED,
        path: PATH,
        body: BODY.as_bytes(),
    })
}

#[test]
fn names_what_was_signed_in_place_of_the_right_text() {
    let pretty = "{\n  \"maximum_slippage\": 0.010\n}";
    let url = format!("http://127.0.0.1:4010{PATH}");
    let rows = [
        (
            format!("1700000000000POST{PATH}{BODY}"),
            "milliseconds were signed and seconds sent",
        ),
        (format!("POST{PATH}{BODY}"), "the timestamp was left out"),
        (
            format!("1700000000post{PATH}{BODY}"),
            "not signed in upper case",
        ),
        (
            format!("1700000000Post{PATH}{BODY}"),
            "not signed in upper case",
        ),
        (format!("1700000000{PATH}{BODY}"), "the method was left out"),
        (
            format!("1700000000GET{PATH}{BODY}"),
            "the method `GET` was signed and `POST` sent",
        ),
        (
            format!("1700000000POST{PATH}/{BODY}"),
            "the path was signed with a slash at its end",
        ),
        (
            format!("1700000000POST{SIBLING}{BODY}"),
            "the path of another object was signed, `/api/v1/exchanges/8/accept`",
        ),
        (
            format!("1700000000POST{}{BODY}", &PATH[4..]),
            "the path was signed without `/api`: ",
        ),
        (
            format!("1700000000POST{}{BODY}", &PATH[1..]),
            "without its first slash",
        ),
        (
            format!("1700000000POST{url}{BODY}"),
            "the whole URL was signed",
        ),
        (format!("1700000000POST{PATH}"), "the body was left out"),
        (
            format!("1700000000POST{PATH}{{\"maximum_slippage\":0.010}}"),
            "the body was signed without spaces",
        ),
        (
            format!("1700000000POST{PATH}{pretty}"),
            "pretty-printed, 2 spaces a level,",
        ),
        (
            format!("1700000000\nPOST\n{PATH}\n{BODY}"),
            r#"joined by "\n""#,
        ),
        (format!("1700000000.POST.{PATH}.{BODY}"), r#"joined by ".""#),
        (
            format!("POST{PATH}{BODY}1700000000"),
            "signed as method, path, body, timestamp: the order is timestamp, method, path, body",
        ),
    ];
    for (signed, finding) in rows {
        let said = by_text(&signed).unwrap_or_else(|| panic!("{signed}"));
        assert!(
            said.to_lowercase().contains(&finding.to_lowercase()),
            "{signed}: {said}"
        );
        assert!(
            said.ends_with("All else about the signature is right."),
            "{said}"
        );
    }
    let hashed = Sha256::digest(format!("{SIGNED}POST{PATH}{BODY}"));
    let said = ask(&Sent {
        signature: hex::encode(private_key().sign(&hashed).to_bytes()),
        timestamp: SIGNED,
        path: PATH,
        body: BODY.as_bytes(),
    });
    assert!(
        said.expect("found")
            .starts_with("The SHA-256 of the text was signed")
    );
}

#[test]
fn names_two_mistakes_at_once() {
    let said = by_text(&format!("1700000000post{}{BODY}", &PATH[4..])).expect("found");
    assert_eq!(
        said,
        "The method was not signed in upper case: sign `POST`, not `post`. The path was signed without `/api`: \
         sign it as it stands in the URL, from the slash after the host. All else about the signature is right."
    );
}

#[test]
fn names_another_method_beside_another_mistake() {
    let said = by_text(&format!("1700000000DELETE{}{BODY}", &PATH[4..])).expect("found");
    assert!(
        said.contains("`DELETE` was signed and `POST` sent"),
        "{said}"
    );
    assert!(said.contains("without `/api`"), "{said}");
}

/// Goal: every pair is within the budget. Method: the last pair of all that are tried, with a body of many spellings, after
/// as many other paths and keys as are tried.
#[test]
fn the_last_pair_is_within_the_budget() {
    let url = format!("https://127.0.0.1:4010{PATH}?b=1");
    let body = " { \"b\": [1.50, {}], \"a\": {} } ";
    let signed = format!("1700000000POST{url}{{\"a\": {{}}, \"b\": [1.50, {{}}]}}");
    let said = ask(&Sent {
        signature: hex::encode(private_key().sign(signed.as_bytes()).to_bytes()),
        timestamp: SIGNED,
        path: &format!("{PATH}?b=1"),
        body: body.as_bytes(),
    });
    let said = said.expect("found");
    assert!(said.contains("whole URL was signed"), "{said}");
    assert!(said.contains("with its members sorted"), "{said}");
}

#[test]
fn names_a_query_that_was_left_out() {
    let sent = |signed: &str| {
        ask(&Sent {
            signature: hex::encode(private_key().sign(signed.as_bytes()).to_bytes()),
            timestamp: SIGNED,
            path: "/api/v1/transactions?page=1",
            body: b"",
        })
        .expect("found")
    };
    let said = sent("1700000000POST/api/v1/transactions");
    assert!(said.starts_with("The query string was left out"), "{said}");
    let said = sent("1700000000POST/api/v1/transactions/?page=1");
    assert!(said.contains("with a slash at its end"), "{said}");
    let said = sent("1700000000POST/v1/transactions");
    assert!(
        said.contains("without `/api` and without the query"),
        "{said}"
    );
    let said = sent("1700000000POST/api/v1/transactions?page=1{}");
    assert!(said.starts_with("`{}` was signed as the body"), "{said}");
}

#[test]
fn names_a_spelling_and_a_clock_beside_a_signature_that_is_right() {
    let sign = |timestamp: &str| {
        private_key()
            .sign(format!("{timestamp}POST{PATH}{BODY}").as_bytes())
            .to_bytes()
    };
    let base64 = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(sign(SIGNED))
    };
    let rows = [
        (
            hex::encode_upper(sign(SIGNED)),
            SIGNED,
            "The header x-signature is in upper-case hex",
        ),
        (base64, SIGNED, "The header x-signature is base64"),
        (
            hex::encode(sign("1700000000123")),
            "1700000000123",
            "The header x-timestamp is in milliseconds",
        ),
        (
            hex::encode(sign("1700000400")),
            "1700000400",
            "The header x-timestamp is 400 s ahead of the server's clock",
        ),
        (
            hex::encode(sign("1699990000")),
            "1699990000",
            "The header x-timestamp is 10000 s behind the server's clock",
        ),
        (
            hex::encode_upper(sign("1700000000123")),
            "1700000000123",
            "The header x-timestamp is in milliseconds: sign and send whole Unix seconds, ten digits in this century. \
             The header x-signature is in upper-case hex",
        ),
    ];
    for (signature, timestamp, finding) in rows {
        let said = ask(&Sent {
            signature,
            timestamp,
            path: PATH,
            body: BODY.as_bytes(),
        })
        .expect("found");
        assert!(said.starts_with(finding), "{said}");
        assert!(
            said.ends_with("All else about the signature is right."),
            "{said}"
        );
    }
    let said = ask(&Sent {
        signature: hex::encode(sign(SIGNED)),
        timestamp: "1700000000123",
        path: PATH,
        body: BODY.as_bytes(),
    })
    .expect("found");
    assert!(
        said.contains("Seconds were signed and something else was sent"),
        "{said}"
    );
}

#[test]
fn names_the_key_that_was_taken_for_the_private_one() {
    let own = credentials(1);
    let seed_text = own.signing_key_hex();
    let pkcs8 = format!("302e020100300506032b657004220420{seed_text}");
    let first = |bytes: &[u8]| {
        SigningKey::from_bytes(&<[u8; 32]>::try_from(&bytes[..32]).expect("32 bytes"))
    };
    let mut other = [0; 32];
    hex::decode_to_slice(credentials(2).signing_key_hex(), &mut other).expect("hex");
    let rows = [
        (
            first(own.verify_key().as_bytes()),
            "public key was used as the private one",
        ),
        (first(seed_text.as_bytes()), "letters of the key's hex text"),
        (first(&hex::decode(&pkcs8).expect("hex")), "PKCS#8"),
        (
            SigningKey::from_bytes(&other),
            "by the key of the sandbox `blue`",
        ),
    ];
    for (key, finding) in rows {
        let signed = format!("{SIGNED}POST{PATH}{BODY}");
        let said = ask(&Sent {
            signature: hex::encode(key.sign(signed.as_bytes()).to_bytes()),
            timestamp: SIGNED,
            path: PATH,
            body: BODY.as_bytes(),
        })
        .unwrap_or_else(|| panic!("{finding}"));
        assert!(said.contains(finding), "{said}");
        assert!(!said.contains(&seed_text), "a secret is told");
    }
}

#[test]
fn what_no_known_mistake_explains_is_not_explained() {
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let signed = format!("{SIGNED}POST{PATH}{BODY}");
    let sent = |signature: String| {
        ask(&Sent {
            signature,
            timestamp: SIGNED,
            path: PATH,
            body: BODY.as_bytes(),
        })
    };
    assert_eq!(
        sent(hex::encode(stranger.sign(signed.as_bytes()).to_bytes())),
        None
    );
    assert_eq!(sent("not a signature".to_owned()), None);
    assert_eq!(
        sent("ab".repeat(32)).as_deref(),
        Some(
            "The header x-signature has 32 bytes, the length of a key or of a hash: send the 64 bytes of the Ed25519 signature."
        )
    );
}

/// Goal: a large body costs no more than the budget. Method: a body that the budget holds once only.
#[test]
fn the_work_is_bounded_by_bytes_and_by_verifications() {
    let body = vec![b'x'; HASHED_BYTES_MAX / 2 + 1];
    let signed = format!("{SIGNED}POST{PATH}");
    let said = ask(&Sent {
        signature: hex::encode(private_key().sign(signed.as_bytes()).to_bytes()),
        timestamp: SIGNED,
        path: PATH,
        body: &body,
    })
    .expect("found");
    assert!(said.starts_with("The body was left out"), "{said}");
    let mut search = Search {
        signature: Signature::from_bytes(&[0; 64]),
        verifications: 2,
        bytes: 10,
    };
    let key = private_key().verifying_key();
    let asked: Vec<bool> = (0..4).map(|_| search.fits(&key, &[b"abc"])).collect();
    assert_eq!((asked, search.verifications), (vec![false; 4], 0));
    assert_eq!(orders().count(), 23);
}
