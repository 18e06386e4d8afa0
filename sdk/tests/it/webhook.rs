//! Deliveries: those that hold, and for those that do not, the reason that is told.

use std::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use layer2_sdk::SignatureEncoding;
use layer2_sdk::webhook::Cause;
use layer2_sdk::webhook::EventPayload;
use layer2_sdk::webhook::InvalidVerifyKey;
use layer2_sdk::webhook::PlatformScheme;
use layer2_sdk::webhook::Verifier;
use layer2_sdk::webhook::VerifyKey;
use layer2_sdk::webhook::WebhookError;
use layer2_sdk::webhook::WebhookScheme;
use layer2_sdk::webhook::scheme::Covers;
use layer2_sdk::webhook::scheme::TimestampUnit;
use layer2_sdk::webhook::sign::TestSigner;

const NOW: i64 = 1_700_000_000;
const BODY: &str = r#"{"event_id":"00000000-0000-4000-8000-000000000001","event_date":"2023-11-14T17:13:20.000001-05:00","event_type":"CUSTOMER_ACTIVE","event_data":{"customer":{"id":"C 1","status":"ACTIVE"}}}"#;

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(NOW).unwrap()
}

fn signer() -> TestSigner {
    TestSigner::from_seed([7; 32])
}

fn schemes() -> [WebhookScheme; 2] {
    [
        WebhookScheme::platform("https://receiver.example/hooks/layer2?team=a"),
        WebhookScheme::StandardWebhooks,
    ]
}

fn verifier(scheme: &WebhookScheme) -> Verifier {
    Verifier::new(scheme.clone()).key(signer().verify_key().unwrap())
}

#[test]
fn a_good_delivery_gives_its_event() {
    for scheme in schemes() {
        let headers = signer().headers(&scheme, "m1", NOW, BODY.as_bytes());
        let verified = verifier(&scheme)
            .verify_at(&headers, BODY.as_bytes(), now())
            .unwrap();
        assert_eq!(verified.signed_at(), now());
        let event = verified.event().unwrap();
        assert_eq!(
            event.event_id.as_str(),
            "00000000-0000-4000-8000-000000000001"
        );
        assert!(
            matches!(event.event_data, EventPayload::CustomerActive(_)),
            "{event:?}"
        );
    }
}

#[test]
fn the_platform_scheme_signs_time_method_path_and_body() {
    let scheme = &schemes()[0];
    let headers = signer().headers(scheme, "", NOW, BODY.as_bytes());
    let bytes: [u8; 64] = hex::decode(headers["x-signature"].as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    let message = format!("1700000000POST/hooks/layer2?team=a{BODY}");
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
        .verifying_key()
        .verify_strict(
            message.as_bytes(),
            &ed25519_dalek::Signature::from_bytes(&bytes),
        )
        .unwrap();
}

#[test]
fn one_of_several_keys_is_enough() {
    let other = TestSigner::from_seed([8; 32]).verify_key().unwrap();
    for scheme in schemes() {
        let verifier = Verifier::new(scheme.clone())
            .key(other.clone())
            .key(signer().verify_key().unwrap());
        let headers = signer().headers(&scheme, "m1", NOW, BODY.as_bytes());
        verifier
            .verify_at(&headers, BODY.as_bytes(), now())
            .unwrap();
    }
}

#[test]
fn one_of_several_signatures_is_enough() {
    let scheme = WebhookScheme::StandardWebhooks;
    let mut headers = signer().headers(&scheme, "m1", NOW, BODY.as_bytes());
    let list = format!(
        "v1,c29tZXRoaW5n v1a,notbase64 {}",
        headers["webhook-signature"].to_str().unwrap()
    );
    headers.insert("webhook-signature", list.parse().unwrap());
    verifier(&scheme)
        .verify_at(&headers, BODY.as_bytes(), now())
        .unwrap();
}

#[test]
fn time_counts_on_both_sides() {
    for scheme in schemes() {
        for (distance, holds) in [
            (-301, false),
            (-300, true),
            (0, true),
            (300, true),
            (301, false),
        ] {
            let headers = signer().headers(&scheme, "m1", NOW + distance, BODY.as_bytes());
            let result = verifier(&scheme).verify_at(&headers, BODY.as_bytes(), now());
            match result {
                Ok(_) => assert!(holds, "{distance}"),
                Err(WebhookError::OutsideTolerance {
                    signed_at, now: at, ..
                }) => {
                    assert!(!holds, "{distance}");
                    assert_eq!((signed_at.as_second(), at), (NOW + distance, now()));
                }
                Err(other) => panic!("{distance}: {other}"),
            }
        }
        let strict = verifier(&scheme).tolerance(Duration::from_secs(5));
        let headers = signer().headers(&scheme, "m1", NOW - 6, BODY.as_bytes());
        assert!(strict.verify_at(&headers, BODY.as_bytes(), now()).is_err());
    }
}

#[test]
fn missing_and_malformed_headers_are_told_apart() {
    let names = [
        ["x-signature", "x-timestamp"],
        ["webhook-signature", "webhook-timestamp"],
    ];
    for (scheme, names) in schemes().iter().zip(names) {
        for name in names {
            let header = HeaderName::from_static(name);
            let mut headers = signer().headers(scheme, "m1", NOW, BODY.as_bytes());
            headers.insert(name, "?".parse().unwrap());
            let malformed = refusal(scheme, &headers);
            assert!(
                matches!(&malformed, WebhookError::Malformed { header: named, .. } if *named == header),
                "{malformed}"
            );
            headers.remove(name);
            assert_missing(&refusal(scheme, &headers), name, None);
        }
    }
    let scheme = WebhookScheme::StandardWebhooks;
    let mut headers = signer().headers(&scheme, "m1", NOW, BODY.as_bytes());
    headers.remove("webhook-id");
    assert_missing(&refusal(&scheme, &headers), "webhook-id", None);
}

fn assert_missing(error: &WebhookError, name: &str, other: Option<&str>) {
    let WebhookError::HeaderMissing { header, found, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(header, name);
    assert_eq!(found.as_ref().map(HeaderName::as_str), other);
}

#[test]
fn a_delivery_of_another_scheme_is_recognised() {
    let [platform, standard] = schemes();
    for (is, expected, header, other) in [
        (&standard, &platform, "x-signature", "webhook-signature"),
        (&platform, &standard, "webhook-signature", "x-signature"),
    ] {
        let headers = signer().headers(is, "m1", NOW, BODY.as_bytes());
        let error = refusal(expected, &headers);
        assert_missing(&error, header, Some(other));
        assert!(error.to_string().contains("WebhookScheme"), "{error}");
    }
}

fn refusal(scheme: &WebhookScheme, headers: &HeaderMap) -> WebhookError {
    verifier(scheme)
        .verify_at(headers, BODY.as_bytes(), now())
        .unwrap_err()
}

/// The guess how the platform signs has a setting for each of its parts.
#[test]
fn the_platform_scheme_works_in_other_positions() {
    let url = "https://receiver.example/hooks/layer2?team=a";
    let names = || {
        (
            HeaderName::from_static("x-layer2-signature"),
            HeaderName::from_static("x-layer2-time"),
        )
    };
    let (signature, timestamp) = names();
    let renamed = PlatformScheme::new(url).with_headers(signature, timestamp);
    let positions = [
        renamed.clone(),
        PlatformScheme::new(url).with_encoding(SignatureEncoding::Base64),
        PlatformScheme::new(url).with_covers(Covers::TimestampBody),
        PlatformScheme::new(url).with_covers(Covers::TimestampMethodUrlBody),
        PlatformScheme::new(url).with_covers(Covers::Body),
        PlatformScheme::new(url).with_separator("."),
        PlatformScheme::new(url).with_timestamp_unit(TimestampUnit::Milliseconds),
        renamed
            .with_encoding(SignatureEncoding::Base64)
            .with_covers(Covers::TimestampBody),
    ];
    for position in positions {
        let scheme = WebhookScheme::from(position);
        let headers = signer().headers(&scheme, "", NOW, BODY.as_bytes());
        let positioned = verifier(&scheme);
        let verified = positioned.verify_at(&headers, BODY.as_bytes(), now());
        assert!(verified.is_ok(), "{scheme:?}");
        // Each position is a scheme of its own: the default one does not take its deliveries.
        let default = &schemes()[0];
        assert!(
            verifier(default)
                .verify_at(&headers, BODY.as_bytes(), now())
                .is_err()
        );
        let other = BODY.replace("C 1", "C 2");
        assert!(
            positioned
                .verify_at(&headers, other.as_bytes(), now())
                .is_err()
        );
    }
}

#[test]
fn milliseconds_are_no_seconds() {
    for (scheme, header) in schemes().iter().zip(["x-timestamp", "webhook-timestamp"]) {
        let refused = |time| {
            refusal(
                scheme,
                &signer().headers(scheme, "m1", time, BODY.as_bytes()),
            )
        };
        let error = refused(NOW * 1_000);
        assert!(
            matches!(&error, WebhookError::Milliseconds { header: named, .. } if named == header),
            "{error}"
        );
        let said = error.to_string();
        assert!(said.contains("milliseconds"), "{said}");
        assert!(said.contains("let it sign seconds"), "{said}");
        assert!(
            said.contains("`PlatformScheme::with_timestamp_unit`"),
            "{said}"
        );
        let microseconds = refused(NOW * 1_000_000);
        assert!(
            matches!(microseconds, WebhookError::Malformed { .. }),
            "{microseconds}"
        );
    }
}

#[test]
fn a_platform_that_signs_milliseconds_has_a_setting() {
    let guess = PlatformScheme::new("https://receiver.example/hooks/layer2?team=a");
    let set = WebhookScheme::from(guess.with_timestamp_unit(TimestampUnit::Milliseconds));
    let headers = signer().headers(&set, "", NOW, BODY.as_bytes());
    assert_eq!(headers["x-timestamp"], "1700000000000");
    let verified = verifier(&set).verify_at(&headers, BODY.as_bytes(), now());
    assert_eq!(verified.unwrap().signed_at(), now());

    // A delivery of the other unit is told apart from an old one.
    let seconds = signer().headers(&schemes()[0], "", NOW, BODY.as_bytes());
    let error = refusal(&set, &seconds);
    assert!(
        matches!(&error, WebhookError::Seconds { header, .. } if header == "x-timestamp"),
        "{error}"
    );
    assert!(error.to_string().contains("with_timestamp_unit"), "{error}");
    // An old one is still an old one.
    let old = signer().headers(&set, "", NOW - 301, BODY.as_bytes());
    let error = refusal(&set, &old);
    assert!(
        matches!(error, WebhookError::OutsideTolerance { .. }),
        "{error}"
    );
}

#[test]
fn the_reason_why_no_key_matches_is_recognised() {
    let cause = |verifier: &Verifier, scheme: &WebhookScheme, signed: &str, received: &str| {
        let headers = signer().headers(scheme, "m1", NOW, signed.as_bytes());
        match verifier
            .verify_at(&headers, received.as_bytes(), now())
            .unwrap_err()
        {
            WebhookError::NoKeyMatches { cause, .. } => cause,
            other => panic!("{other}"),
        }
    };
    let pretty = BODY.replace(",\"", ",\n  \"").replace("\":", "\": ");
    for scheme in schemes() {
        let good = verifier(&scheme);
        let other =
            Verifier::new(scheme.clone()).key(TestSigner::from_seed([8; 32]).verify_key().unwrap());
        let named = other
            .clone()
            .known_elsewhere("subscription 4711", signer().verify_key().unwrap());
        let empty = Verifier::new(scheme.clone());

        assert_eq!(
            cause(&good, &scheme, BODY, &pretty),
            Cause::BodyWasRewritten
        );
        assert_eq!(
            cause(&good, &scheme, BODY, &format!("{BODY}\n")),
            Cause::BodyWasRewritten
        );
        assert_eq!(
            cause(&good, &scheme, BODY, &BODY.replace("C 1", "C1")),
            Cause::Unrecognised
        );
        assert_eq!(cause(&other, &scheme, BODY, BODY), Cause::Unrecognised);
        assert_eq!(
            cause(&named, &scheme, BODY, BODY),
            Cause::KeyOfAnother("subscription 4711".to_owned())
        );
        assert_eq!(cause(&empty, &scheme, BODY, BODY), Cause::NoKeys);
    }
    // What a map with sorted keys makes of the body.
    let sorted = r#"{"event_data":{"customer":{"id":"C 1","status":"ACTIVE"}},"event_date":"2023-11-14T17:13:20.000001-05:00","event_id":"00000000-0000-4000-8000-000000000001","event_type":"CUSTOMER_ACTIVE"}"#;
    let scheme = &schemes()[0];
    assert_eq!(
        cause(&verifier(scheme), scheme, BODY, sorted),
        Cause::BodyWasRewritten
    );
    assert_eq!(
        cause(&verifier(scheme), scheme, BODY, ""),
        Cause::BodyIsEmpty
    );
    let silent = verifier(scheme).explain(false);
    assert_eq!(cause(&silent, scheme, BODY, &pretty), Cause::NotLookedFor);
    let given = WebhookScheme::platform("https://receiver.example/proxy/hooks/");
    for signed in ["/proxy/hooks", "/hooks/", "/"] {
        let path = WebhookScheme::platform(signed);
        let found = cause(&verifier(&given), &path, BODY, BODY);
        assert!(
            matches!(&found, Cause::PathDiffers { signed: said, .. } if said == signed),
            "{found}"
        );
    }
}

#[test]
fn unknown_events_keep_their_data_and_nonsense_is_named() {
    let scheme = WebhookScheme::StandardWebhooks;
    let body = BODY
        .replace("CUSTOMER_ACTIVE", "MOON_LANDED")
        .replace("\"customer\"", "\"moon\"");
    let headers = signer().headers(&scheme, "m1", NOW, body.as_bytes());
    let event = verifier(&scheme)
        .verify_at(&headers, body.as_bytes(), now())
        .unwrap()
        .event()
        .unwrap();
    let EventPayload::Unknown(unknown) = &event.event_data else {
        panic!("{event:?}")
    };
    assert_eq!(unknown.tag(), "MOON_LANDED");

    let headers = signer().headers(&scheme, "m1", NOW, b"{}");
    let verified = verifier(&scheme).verify_at(&headers, b"{}", now()).unwrap();
    assert!(matches!(
        verified.event(),
        Err(WebhookError::NotAnEvent { .. })
    ));
}

#[test]
fn keys_are_read_in_both_spellings_and_weak_ones_refused() {
    let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let base64 = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    assert_eq!(
        VerifyKey::parse(hex).unwrap(),
        VerifyKey::parse(base64).unwrap()
    );
    let identity = format!("01{}", "00".repeat(31));
    for (wrong, error) in [
        ("", InvalidVerifyKey::Form),
        ("00", InvalidVerifyKey::Form),
        ("whpk_", InvalidVerifyKey::Form),
        (
            "whsk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            InvalidVerifyKey::PrivateKey,
        ),
        (
            "whsec_c2hvcnQ=",
            InvalidVerifyKey::SecretLength { bytes: 5 },
        ),
        (&identity, InvalidVerifyKey::Weak),
    ] {
        assert_eq!(VerifyKey::parse(wrong).unwrap_err(), error, "{wrong}");
    }
}

#[test]
fn a_shared_secret_and_a_key_pair_do_not_stand_in_for_each_other() {
    let scheme = WebhookScheme::StandardWebhooks;
    let shared = TestSigner::from_shared_secret(&[7; 32]).unwrap();
    let verifiers = [
        Verifier::new(scheme.clone()).key(shared.verify_key().unwrap()),
        verifier(&scheme),
    ];
    for (signer, [right, wrong]) in [
        (&shared, [&verifiers[0], &verifiers[1]]),
        (&signer(), [&verifiers[1], &verifiers[0]]),
    ] {
        let headers = signer.headers(&scheme, "m1", NOW, BODY.as_bytes());
        right.verify_at(&headers, BODY.as_bytes(), now()).unwrap();
        let error = wrong
            .verify_at(&headers, BODY.as_bytes(), now())
            .unwrap_err();
        assert!(
            matches!(&error, WebhookError::NoKeyMatches { cause, .. } if *cause == Cause::KeyOfOtherKind),
            "{error}"
        );
    }
    // The platform has no shared secrets; a public key as the secret of an HMAC is the classic confusion.
    let headers = shared.headers(&schemes()[0], "", NOW, BODY.as_bytes());
    assert!(!headers.contains_key("x-signature"));
    let public = hex::decode(signer().platform_key().unwrap()).unwrap();
    let confused = TestSigner::from_shared_secret(&public).unwrap();
    let headers = confused.headers(&scheme, "m1", NOW, BODY.as_bytes());
    assert!(
        verifier(&scheme)
            .verify_at(&headers, BODY.as_bytes(), now())
            .is_err()
    );
}

#[test]
fn secrets_are_not_printed() {
    let secret = TestSigner::from_shared_secret(b"0123456789abcdefghijklmnopqrstuv").unwrap();
    let key = VerifyKey::parse(&secret.standard_key()).unwrap();
    assert_eq!(key, secret.verify_key().unwrap());
    let verifier = Verifier::new(WebhookScheme::StandardWebhooks).key(key);
    for printed in [
        format!("{secret:?}"),
        format!("{verifier:?}"),
        format!("{:?}", signer()),
    ] {
        for told in ["0123", "MDEy", "48, 49", "07070707"] {
            assert!(!printed.contains(told), "{printed}");
        }
    }
}

#[test]
fn keys_rotate_while_the_verifier_is_in_use() {
    let scheme = &schemes()[0];
    let (old, new) = (signer(), TestSigner::generate().unwrap());
    let holds = |verifier: &Verifier, signer: &TestSigner| {
        let headers = signer.headers(scheme, "", NOW, BODY.as_bytes());
        verifier.verify_at(&headers, BODY.as_bytes(), now()).is_ok()
    };
    let verifier = verifier(scheme);
    let in_use = verifier.clone();
    assert!(holds(&in_use, &old) && !holds(&in_use, &new));
    verifier.replace_keys([old.verify_key().unwrap(), new.verify_key().unwrap()]);
    assert!(holds(&in_use, &old) && holds(&in_use, &new));
    verifier.replace_keys([new.verify_key().unwrap()]);
    assert!(!holds(&in_use, &old) && holds(&in_use, &new));
    // One that was made from it stands for itself.
    let more = verifier.clone().key(old.verify_key().unwrap());
    assert!(holds(&more, &old) && !holds(&in_use, &old));
}

proptest::proptest! {
    /// A signature covers each byte of the body and nothing else.
    #[test]
    fn any_other_body_is_refused(body in proptest::collection::vec(0_u8.., 1..200), at in 0_usize..200, flip in 1_u8..) {
        for scheme in schemes() {
            let headers = signer().headers(&scheme, "m1", NOW, &body);
            proptest::prop_assert!(verifier(&scheme).verify_at(&headers, &body, now()).is_ok());
            let mut other = body.clone();
            let at = at % other.len();
            other[at] ^= flip;
            proptest::prop_assert!(verifier(&scheme).verify_at(&headers, &other, now()).is_err());
        }
    }
}

#[cfg(feature = "axum")]
mod extractor {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::extract::FromRequest as _;
    use axum::http::Request;
    use axum::http::StatusCode;
    use layer2_sdk::runtime::SystemClock;
    use layer2_sdk::webhook::KeyStore as _;
    use layer2_sdk::webhook::Verifier;
    use layer2_sdk::webhook::WebhookScheme;
    use layer2_sdk::webhook::axum::Delivery;
    use layer2_sdk::webhook::axum::Rejection;
    use layer2_sdk::webhook::key_store::MemoryKeyStore;
    use layer2_sdk::webhook::key_store::StoredKey;
    use layer2_sdk::webhook::sign::TestSigner;

    use super::BODY;
    use super::schemes;
    use super::signer;
    use super::verifier;

    async fn extract(signed_seconds_ago: i64, body: String) -> Result<Delivery, Rejection> {
        extract_signed(signed_seconds_ago, &body, Body::from(body.clone())).await
    }

    async fn extract_signed(
        signed_seconds_ago: i64,
        signed: &str,
        body: Body,
    ) -> Result<Delivery, Rejection> {
        let scheme = &schemes()[0];
        let now = layer2_sdk::runtime::Clock::now(&SystemClock::new()).as_second();
        let mut request = Request::new(body);
        *request.headers_mut() =
            signer().headers(scheme, "", now - signed_seconds_ago, signed.as_bytes());
        Delivery::from_request(request, &Arc::new(verifier(scheme))).await
    }

    #[tokio::test]
    async fn hands_over_what_holds_and_answers_the_rest() {
        let delivery = extract(0, BODY.to_owned()).await.unwrap();
        assert_eq!(delivery.event.event_type.as_str(), "CUSTOMER_ACTIVE");
        assert_eq!(&delivery.body[..], BODY.as_bytes());
        let again = verifier(&schemes()[0]).verify(&delivery.headers, &delivery.body);
        assert_eq!(again.unwrap().signed_at(), delivery.signed_at);
        let printed = format!("{delivery:?}");
        assert!(printed.contains("body_bytes") && !printed.contains("headers"));
        let status = |result: Result<Delivery, Rejection>| result.unwrap_err().status();
        assert_eq!(
            status(extract(1_000, BODY.to_owned()).await),
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            status(extract(0, "{}".to_owned()).await),
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            status(extract(0, " ".repeat(300_000)).await),
            StatusCode::PAYLOAD_TOO_LARGE
        );
        let most = 256 * 1024;
        for (length, refused) in [
            (most, StatusCode::UNAUTHORIZED),
            (most + 1, StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let foreign = extract_signed(0, "{}", Body::from(" ".repeat(length))).await;
            assert_eq!(status(foreign), refused, "{length}");
        }
    }

    #[tokio::test]
    async fn the_longest_body_is_a_setting() {
        let scheme = &schemes()[0];
        let now = layer2_sdk::runtime::Clock::now(&SystemClock::new()).as_second();
        for (limit, fits) in [(BODY.len(), true), (BODY.len() - 1, false)] {
            let verifier = Arc::new(verifier(scheme).body_limit(limit));
            let mut request = Request::new(Body::from(BODY));
            *request.headers_mut() = signer().headers(scheme, "", now, BODY.as_bytes());
            match Delivery::from_request(request, &verifier).await {
                Ok(_) => assert!(fits),
                Err(rejection) => {
                    assert!(!fits);
                    assert_eq!(rejection, Rejection::TooLong { limit });
                }
            }
        }
    }

    #[tokio::test]
    async fn keys_that_another_process_rotated_are_found() {
        let url = "https://shop.example/hooks";
        let [old, new] = [[1; 32], [2; 32]].map(TestSigner::from_seed);
        let store = Arc::new(MemoryKeyStore::default());
        let keep = |signer: &TestSigner| {
            let key = signer.platform_key().unwrap();
            StoredKey::new("s-1".parse().unwrap(), "CUSTOMER_ACTIVE".into(), url, key)
        };
        store.put(keep(&old)).await.unwrap();
        let here = Verifier::reloading(url, Arc::clone(&store)).await.unwrap();
        let here = Arc::new(here);
        let scheme = WebhookScheme::platform(url);
        let now = layer2_sdk::runtime::Clock::now(&SystemClock::new()).as_second();
        let deliver = async |signer: &TestSigner| {
            let mut request = Request::new(Body::from(BODY));
            *request.headers_mut() = signer.headers(&scheme, "", now, BODY.as_bytes());
            Delivery::from_request(request, &here).await.is_ok()
        };
        assert!(deliver(&old).await);

        // Elsewhere.
        store.put(keep(&new)).await.unwrap();

        assert!(deliver(&new).await, "its first delivery has them read");
        assert!(!deliver(&old).await, "and the old one is gone");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_too_long() {
        let half = futures_util::stream::iter([
            Ok(&BODY.as_bytes()[..10]),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]);
        let rejection = extract_signed(0, BODY, Body::from_stream(half)).await;
        let rejection = rejection.unwrap_err();
        assert_eq!(rejection, Rejection::BrokenOff);
        assert_eq!(rejection.status(), StatusCode::BAD_REQUEST);
    }
}
