//! Deliveries: those that hold, and for those that do not, the reason that is told.

use std::time::Duration;

use layer2_sdk::webhook::Cause;
use layer2_sdk::webhook::EventPayload;
use layer2_sdk::webhook::ReplayGuard;
use layer2_sdk::webhook::Verifier;
use layer2_sdk::webhook::VerifyKey;
use layer2_sdk::webhook::WebhookError;
use layer2_sdk::webhook::WebhookScheme;
use layer2_sdk::webhook::replay::GuardError;
use layer2_sdk::webhook::replay::Handled;
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
            .key(other)
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
                Err(WebhookError::OutsideTolerance { signed_at, now: at }) => {
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
            let mut headers = signer().headers(scheme, "m1", NOW, BODY.as_bytes());
            headers.insert(name, "?".parse().unwrap());
            let error = verifier(scheme)
                .verify_at(&headers, BODY.as_bytes(), now())
                .unwrap_err();
            assert_eq!(error, WebhookError::Malformed { header: name });
            headers.remove(name);
            let error = verifier(scheme)
                .verify_at(&headers, BODY.as_bytes(), now())
                .unwrap_err();
            assert_eq!(error, WebhookError::HeaderMissing { header: name });
        }
    }
    let mut headers =
        signer().headers(&WebhookScheme::StandardWebhooks, "m1", NOW, BODY.as_bytes());
    headers.remove("webhook-id");
    let error = verifier(&WebhookScheme::StandardWebhooks)
        .verify_at(&headers, BODY.as_bytes(), now())
        .unwrap_err();
    assert_eq!(
        error,
        WebhookError::HeaderMissing {
            header: "webhook-id"
        }
    );
}

#[test]
fn milliseconds_are_no_seconds() {
    let scheme = &schemes()[0];
    let headers = signer().headers(scheme, "", NOW * 1_000, BODY.as_bytes());
    assert!(matches!(
        verifier(scheme).verify_at(&headers, BODY.as_bytes(), now()),
        Err(WebhookError::OutsideTolerance { .. } | WebhookError::Malformed { .. })
    ));
}

#[test]
fn the_reason_why_no_key_matches_is_recognised() {
    let causes = |verifier: &Verifier, scheme: &WebhookScheme, signed: &str, received: &str| {
        let headers = signer().headers(scheme, "m1", NOW, signed.as_bytes());
        match verifier
            .verify_at(&headers, received.as_bytes(), now())
            .unwrap_err()
        {
            WebhookError::NoKeyMatches { causes } => causes,
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
            causes(&good, &scheme, BODY, &pretty),
            [Cause::BodyWasRewritten]
        );
        assert_eq!(
            causes(&good, &scheme, BODY, &format!("{BODY}\n")),
            [Cause::BodyWasRewritten]
        );
        assert_eq!(
            causes(&good, &scheme, BODY, &BODY.replace("C 1", "C1")),
            [Cause::Unrecognised]
        );
        assert_eq!(causes(&other, &scheme, BODY, BODY), [Cause::Unrecognised]);
        assert_eq!(
            causes(&named, &scheme, BODY, BODY),
            [Cause::KeyOfAnother("subscription 4711".to_owned())]
        );
        assert_eq!(causes(&empty, &scheme, BODY, BODY), [Cause::NoKeys]);
    }
    let given = WebhookScheme::platform("https://receiver.example/proxy/hooks/");
    for signed in ["/proxy/hooks", "/hooks/", "/"] {
        let path = WebhookScheme::platform(signed);
        let cause = Cause::PathDiffers {
            signed: signed.to_owned(),
        };
        assert_eq!(causes(&verifier(&given), &path, BODY, BODY), [cause]);
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
    for wrong in [
        "",
        "00",
        "whpk_",
        "whsk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        &identity,
    ] {
        assert!(VerifyKey::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn an_event_is_handled_once_and_again_if_handling_failed() {
    let event = || serde_json::from_str::<layer2_sdk::webhook::Event>(BODY).unwrap();
    let guard = ReplayGuard::in_memory();
    let failed: Result<Handled<()>, GuardError<&str>> =
        guard.handle(event(), |_| async { Err("database") }).await;
    assert!(matches!(failed, Err(GuardError::Handler("database"))));

    let inner = guard.clone();
    let handled = guard
        .handle(event(), |event| async move {
            let meanwhile = inner.handle(event, |_| async { Ok::<_, &str>(()) }).await;
            assert!(matches!(meanwhile, Ok(Handled::InProgress)));
            Ok::<_, &str>(42)
        })
        .await;
    assert!(matches!(handled, Ok(Handled::Now(42))));
    let again = guard.handle(event(), |_| async { Ok::<_, &str>(43) }).await;
    assert!(matches!(again, Ok(Handled::Before)));
}

#[tokio::test]
async fn an_event_whose_handler_was_dropped_or_panicked_can_be_handled_again() {
    let event = || serde_json::from_str::<layer2_sdk::webhook::Event>(BODY).unwrap();
    let guard = ReplayGuard::in_memory();

    // The sender hangs up and the web server drops the handler.
    let dropped = guard.handle(event(), |_| std::future::pending::<Result<(), &str>>());
    tokio::select! {
        biased;
        _ = dropped => unreachable!("it never ends"),
        () = std::future::ready(()) => {}
    }

    let inner = guard.clone();
    let panicked = tokio::spawn(async move {
        let handler = |_| async { panic!("a handler with a bug") };
        let _ = inner.handle::<(), &str, _, _>(event(), handler).await;
    });
    assert!(panicked.await.unwrap_err().is_panic());

    let event = serde_json::from_str::<layer2_sdk::webhook::Event>(BODY).unwrap();
    let handled = guard.handle(event, |_| async { Ok::<_, &str>(42) }).await;
    assert!(matches!(handled, Ok(Handled::Now(42))));
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
    use layer2_sdk::webhook::axum::Delivery;
    use layer2_sdk::webhook::axum::Rejection;

    use super::BODY;
    use super::schemes;
    use super::signer;
    use super::verifier;

    async fn extract(signed_seconds_ago: i64, body: String) -> Result<Delivery, Rejection> {
        let scheme = &schemes()[0];
        let now = layer2_sdk::runtime::Clock::now(&SystemClock::new()).as_second();
        let mut request = Request::new(Body::from(body.clone()));
        *request.headers_mut() =
            signer().headers(scheme, "", now - signed_seconds_ago, body.as_bytes());
        Delivery::from_request(request, &Arc::new(verifier(scheme))).await
    }

    #[tokio::test]
    async fn hands_over_what_holds_and_answers_the_rest() {
        let delivery = extract(0, BODY.to_owned()).await.unwrap();
        assert_eq!(delivery.event.event_type.as_str(), "CUSTOMER_ACTIVE");
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
    }
}
