//! Subscriptions that are made where they are missing, and stores that keep their keys.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use layer2_sdk::BoxError;
use layer2_sdk::payments::SubscriptionId;
use layer2_sdk::runtime::Clock as _;
use layer2_sdk::webhook::KeyStore;
use layer2_sdk::webhook::Verifier;
use layer2_sdk::webhook::WebhookScheme;
use layer2_sdk::webhook::key_store::FileKeyStore;
use layer2_sdk::webhook::key_store::KeyFileError;
use layer2_sdk::webhook::key_store::KeyStoreError;
use layer2_sdk::webhook::key_store::MemoryKeyStore;
use layer2_sdk::webhook::key_store::StoredKey;
use layer2_sdk::webhook::sign::TestSigner;

use crate::folder::Folder;
use crate::stage::Time;

fn key(id: &str, url: &str) -> StoredKey {
    let text = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    StoredKey::new(id.parse().unwrap(), "CUSTOMER_ACTIVE".into(), url, text)
}

async fn keeps_replaces_and_forgets(store: &dyn KeyStore) {
    assert!(store.keys().await.unwrap().is_empty());
    store.put(key("a", "https://one.example")).await.unwrap();
    store.put(key("b", "https://one.example")).await.unwrap();
    store.put(key("a", "https://two.example")).await.unwrap();
    let mut kept = store.keys().await.unwrap();
    kept.sort_by(|x, y| x.subscription_id.cmp(&y.subscription_id));
    assert_eq!(
        kept,
        [
            key("a", "https://two.example"),
            key("b", "https://one.example")
        ]
    );
    store.remove(&"a".parse().unwrap()).await.unwrap();
    store.remove(&"a".parse().unwrap()).await.unwrap();
    assert_eq!(
        store.keys().await.unwrap(),
        [key("b", "https://one.example")]
    );
}

#[tokio::test]
async fn every_store_keeps_replaces_and_forgets() {
    keeps_replaces_and_forgets(&MemoryKeyStore::default()).await;
    let folder = Folder::new();
    keeps_replaces_and_forgets(&FileKeyStore::new(folder.path("keys.json"))).await;
    assert_eq!(
        folder.names(),
        ["keys.json"],
        "nothing is left beside the file"
    );
}

#[tokio::test]
async fn a_file_outlives_its_store_and_tasks_take_turns() {
    let folder = Folder::new();
    let store = FileKeyStore::new(folder.path("keys.json"));
    let puts = (0..50).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.put(key(&format!("k{number}"), "https://x")).await })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
    let again = FileKeyStore::new(folder.path("keys.json"));
    assert_eq!(again.keys().await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_no_key_of_the_next() {
    let folder = Folder::new();
    let store = FileKeyStore::new(folder.path("keys.json"));
    for number in 0..20 {
        let gone = store.put(key(&format!("gone{number}"), "https://x"));
        tokio::select! {
            biased;
            _ = gone => {}
            () = std::future::ready(()) => {}
        }
        let kept = key(&format!("kept{number}"), "https://x");
        store.put(kept).await.unwrap();
    }
    // What had begun was done to its end, before the next one began.
    assert_eq!(store.keys().await.unwrap().len(), 40);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let store = FileKeyStore::new(folder.path("keys.json"));
    store.put(key("a", "https://x")).await.unwrap();
    let mode = std::fs::metadata(folder.path("keys.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    for (given, others_may) in [
        (0o644, "may read it:"),
        (0o620, "may change it:"),
        (0o666, "may read and change it:"),
        (0o711, "may run it:"),
    ] {
        let open = std::fs::Permissions::from_mode(given);
        std::fs::set_permissions(folder.path("keys.json"), open).unwrap();
        let error = store.keys().await.unwrap_err();
        let error = error.downcast_ref::<KeyFileError>().unwrap();
        assert!(
            matches!(error, KeyFileError::Open { mode, .. } if *mode == given),
            "{error}"
        );
        assert!(error.to_string().contains(others_may), "{error}");
    }
    // What is no file of keys is another's: its mode is not ours to change.
    std::fs::write(folder.path("keys.json"), "its own").unwrap();
    let error = store.keys().await.unwrap_err();
    let error = error.downcast_ref::<KeyFileError>().unwrap();
    assert!(matches!(error, KeyFileError::Form { .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_is_no_file_of_keys() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("keys")).unwrap();
    let store = FileKeyStore::new(folder.path("keys"));
    let read = store.keys().await.unwrap_err();
    let written = store.put(key("a", "https://x")).await.unwrap_err();
    for error in [read, written] {
        let error = error.downcast_ref::<KeyFileError>().unwrap();
        assert!(matches!(error, KeyFileError::Folder { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("name a file in it"), "{said}");
        assert!(!said.contains("chmod"), "{said}");
    }
}

#[tokio::test]
async fn a_file_of_another_form_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let store = FileKeyStore::new(folder.path("keys.json"));
    store.put(key("a", "https://x")).await.unwrap();
    let text = std::fs::read_to_string(folder.path("keys.json")).unwrap();
    for wrong in [
        "",
        "[]",
        &text.replace("\"form\": 1", "\"form\": 2"),
        &text[..text.len() / 2],
    ] {
        std::fs::write(folder.path("keys.json"), wrong).unwrap();
        let error = store.put(key("b", "https://x")).await.unwrap_err();
        let error = error.downcast_ref::<KeyFileError>().unwrap();
        assert!(matches!(error, KeyFileError::Form { .. }), "{error}");
        assert_eq!(
            std::fs::read_to_string(folder.path("keys.json")).unwrap(),
            wrong
        );
    }
}

#[tokio::test]
async fn a_file_does_not_outgrow_what_is_read() {
    let folder = Folder::new();
    let store = FileKeyStore::new(folder.path("keys.json"));
    store.put(key("a", "https://x")).await.unwrap();
    let long = format!("https://x/{}", "y".repeat(4 * 1024 * 1024));
    let error = store.put(key("b", &long)).await.unwrap_err();
    let error = error.downcast_ref::<KeyFileError>().unwrap();
    assert!(matches!(error, KeyFileError::Full { .. }), "{error}");
    assert_eq!(store.keys().await.unwrap(), [key("a", "https://x")]);

    store.remove(&"a".parse().unwrap()).await.unwrap();
    store.put(key("b", "https://x")).await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_is_named_by_its_subscription() {
    let store = MemoryKeyStore::default();
    let mut wrong = key("sub-7", "https://x");
    wrong.key = "whsk_AAAA".to_owned();
    store.put(wrong).await.unwrap();
    let error = Verifier::for_callback("https://x", &store)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyStoreError::Key { .. }));
    assert!(error.to_string().contains("sub-7"), "{error}");
    assert!(!format!("{:?}", key("a", "https://x")).contains("d75a98"));
}

#[tokio::test]
async fn keys_that_are_loaded_anew_leave_what_was_named() {
    use layer2_sdk::webhook::Cause;
    use layer2_sdk::webhook::WebhookError;
    use layer2_sdk::webhook::WebhookScheme;
    use layer2_sdk::webhook::sign::TestSigner;

    let (url, signer) = ("https://x/hooks", TestSigner::from_seed([7; 32]));
    let scheme = WebhookScheme::platform(url);
    let store = MemoryKeyStore::default();
    store.put(key("a", url)).await.unwrap();
    let verifier = Verifier::new(scheme.clone())
        .known_elsewhere("the staging endpoint", signer.verify_key().unwrap());
    verifier.load_keys(url, &store).await.unwrap();

    let now = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    let headers = signer.headers(&scheme, "", now.as_second(), b"{}");
    let error = verifier.verify_at(&headers, b"{}", now).unwrap_err();
    let WebhookError::NoKeyMatches { cause, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        *cause,
        Cause::KeyOfAnother("the staging endpoint".to_owned())
    );
}

#[cfg(feature = "mock")]
mod against_the_mock {
    use layer2_sdk::CallOptions;
    use layer2_sdk::Client;
    use layer2_sdk::IdempotencyKey;
    use layer2_sdk::mock::SandboxServer;
    use layer2_sdk::payments::EventType;
    use layer2_sdk::payments::SubscriptionRequest;

    use super::*;

    const URL: &str = "http://127.0.0.1:9/hooks";

    async fn count(client: &Client) -> usize {
        client.subscriptions().list().await.unwrap().items.len()
    }

    /// A server, a client of it, and a store without keys.
    async fn stand() -> (SandboxServer, Client, MemoryKeyStore) {
        let server = SandboxServer::start().await.unwrap();
        let client = layer2_sdk::mock::client(&server.info()).unwrap();
        (server, client, MemoryKeyStore::default())
    }

    #[tokio::test]
    async fn what_is_missing_is_made_once() {
        let server = SandboxServer::start().await.unwrap();
        let client = layer2_sdk::mock::client(&server.info()).unwrap();
        let elsewhere = SubscriptionRequest::new(EventType::AccountOpen, format!("{URL}/other"));
        client.subscriptions().create(&elsewhere).await.unwrap();
        let here = SubscriptionRequest::new(EventType::AccountOpen, URL.to_owned());
        client.subscriptions().create(&here).await.unwrap();

        let store = MemoryKeyStore::default();
        let first = client
            .subscriptions()
            .ensure_all(URL, &store)
            .await
            .unwrap();
        let all = EventType::ALL.len();
        assert_eq!(first.created.len(), all - 1);
        assert_eq!(first.kept, [EventType::AccountOpen]);
        assert_eq!(store.keys().await.unwrap().len(), all);
        assert_eq!(count(&client).await, all + 1);

        let second = client
            .subscriptions()
            .ensure_all(URL, &store)
            .await
            .unwrap();
        assert_eq!(second.kept.len(), all);
        assert!(second.created.is_empty() && second.replaced.is_empty());
        assert_eq!(count(&client).await, all + 1);
    }

    #[tokio::test]
    async fn a_key_of_the_caller_is_not_that_of_every_subscription() {
        let server = SandboxServer::start().await.unwrap();
        let client = layer2_sdk::mock::client(&server.info()).unwrap();
        let key = IdempotencyKey::new("subscribe-once").unwrap();
        let client = client.with(CallOptions::new().idempotency_key(key));
        let store = MemoryKeyStore::default();
        let subscriptions = client.subscriptions();
        let types = [EventType::AccountOpen, EventType::CustomerActive];
        let ensured = subscriptions.ensure(URL, types, &store).await.unwrap();
        assert_eq!(ensured.created.len(), 2);
        let rotated = subscriptions.rotate_keys(URL, &store).await.unwrap();
        assert_eq!(rotated.replaced.len(), 2);
        assert_eq!(count(&client).await, 2);
    }

    #[tokio::test]
    async fn one_version_of_the_platform_is_subscribed_to_what_it_sends() {
        use layer2_sdk::Platform;

        for (platform, events) in [(Platform::RailV1_1_2, 39), (Platform::Layer2V1_0_5, 8)] {
            let server = SandboxServer::builder()
                .platform(platform)
                .start()
                .await
                .unwrap();
            let client = layer2_sdk::mock::builder(&server.info())
                .unwrap()
                .platform(platform)
                .build()
                .unwrap();
            let store = MemoryKeyStore::default();
            let ensured = client.subscriptions().ensure_all(URL, &store).await;
            assert_eq!(ensured.unwrap().created.len(), events, "{platform}");
        }
    }

    #[tokio::test]
    async fn what_is_gone_is_made_again_and_its_key_is_stale() {
        let (_server, client, store) = stand().await;
        let subscriptions = client.subscriptions();
        let types = [EventType::AccountOpen, EventType::AccountOpen];
        let ensured = subscriptions.ensure(URL, types.clone(), &store).await;
        assert_eq!(ensured.unwrap().created, [EventType::AccountOpen]);

        let gone = store.keys().await.unwrap()[0].subscription_id.clone();
        subscriptions.delete(&gone).await.unwrap();
        let ensured = subscriptions.ensure(URL, types, &store).await.unwrap();
        assert_eq!(ensured.created, [EventType::AccountOpen]);
        assert_eq!(ensured.stale, [gone]);
    }

    #[tokio::test]
    async fn rotated_keys_verify_beside_the_old_ones() {
        let (_server, client, store) = stand().await;
        let subscriptions = client.subscriptions();
        let types = [EventType::AccountOpen, EventType::CustomerActive];
        subscriptions.ensure(URL, types, &store).await.unwrap();
        let rotated = subscriptions.rotate_keys(URL, &store).await.unwrap();
        assert_eq!((rotated.replaced.len(), rotated.stale.len()), (2, 2));
        assert_eq!(count(&client).await, 2);
        let verifier = Verifier::for_callback(URL, &store).await.unwrap();
        assert_eq!(verifier.load_keys(URL, &store).await.unwrap(), 4);
        assert_eq!(verifier.load_keys("https://x", &store).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_a_rotation_that_broke_off_left_double_is_single_after_the_next() {
        let (_server, client, store) = stand().await;
        let subscriptions = client.subscriptions();
        for _ in 0..2 {
            let request = SubscriptionRequest::new(EventType::AccountOpen, URL.to_owned());
            subscriptions.create(&request).await.unwrap();
        }
        let rotated = subscriptions.rotate_keys(URL, &store).await.unwrap();
        assert_eq!(rotated.replaced, [EventType::AccountOpen]);
        assert_eq!(rotated.stale.len(), 2);
        assert_eq!(count(&client).await, 1);
    }
}

mod against_a_platform_that_keeps_its_keys_to_itself {
    use layer2_sdk::Client;
    use layer2_sdk::payments::EventType;
    use wiremock::Mock;
    use wiremock::MockServer;
    use wiremock::ResponseTemplate;
    use wiremock::matchers::method;
    use wiremock::matchers::path;

    use super::*;

    const URL: &str = "https://shop.example/hooks";

    async fn platform() -> (MockServer, Client) {
        let server = MockServer::start().await;
        let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
        Mock::given(path("/token"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(token, "application/json"))
            .mount(&server)
            .await;
        let listed = format!(
            r#"{{"data":{{"subscriptions":[{{"id":"old","event_type":"ACCOUNT_OPEN","callback_url":"{URL}"}}]}}}}"#
        );
        Mock::given(method("GET"))
            .and(path("/api/v1/subscriptions"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(listed, "application/json"))
            .mount(&server)
            .await;
        let client = Client::builder()
            .environment(layer2_sdk::Environment::custom(
                format!("{}/api", server.uri()),
                format!("{}/token", server.uri()),
            ))
            .credentials("id", "secret")
            .build()
            .unwrap();
        (server, client)
    }

    async fn answer_post(server: &MockServer, key: &str) {
        let made = format!(
            r#"{{"data":{{"id":"new","event_type":"ACCOUNT_OPEN","callback_url":"{URL}"{key}}}}}"#
        );
        Mock::given(method("POST"))
            .and(path("/api/v1/subscriptions"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(made, "application/json"))
            .expect(1)
            .mount(server)
            .await;
    }

    #[tokio::test]
    async fn a_subscription_whose_key_is_lost_is_replaced() {
        let (server, client) = platform().await;
        answer_post(
            &server,
            r#","signature_verification_key":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a""#,
        )
        .await;
        Mock::given(method("DELETE"))
            .and(path("/api/v1/subscriptions/old"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_raw(r#"{"data":{"id":"old"}}"#, "application/json"),
            )
            .expect(1)
            .mount(&server)
            .await;
        let store = MemoryKeyStore::default();
        let types = [EventType::AccountOpen];
        let ensured = client.subscriptions().ensure(URL, types, &store).await;
        assert_eq!(ensured.unwrap().replaced, [EventType::AccountOpen]);
        let kept = store.keys().await.unwrap();
        assert_eq!(kept[0].subscription_id.as_str(), "new");
        // The new one was made before the old one went.
        let methods: Vec<_> = server
            .received_requests()
            .await
            .unwrap()
            .iter()
            .map(|request| request.method.to_string())
            .filter(|method| method != "GET")
            .collect();
        assert_eq!(methods[methods.len() - 2..], ["POST", "DELETE"]);
    }

    #[tokio::test]
    async fn a_subscription_that_comes_without_its_key_is_an_error_and_the_old_one_stays() {
        let (server, client) = platform().await;
        answer_post(&server, "").await;
        let store = MemoryKeyStore::default();
        let types = [EventType::AccountOpen];
        let error = client
            .subscriptions()
            .ensure(URL, types, &store)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("new"),
            "it names the subscription: {error}"
        );
        assert!(store.keys().await.unwrap().is_empty());
    }
}

/// A store that counts how often it is read, and fails when it is told to.
#[derive(Debug, Default)]
struct Watched {
    keys: MemoryKeyStore,
    reads: AtomicUsize,
    fails: AtomicBool,
}

#[async_trait::async_trait]
impl KeyStore for Watched {
    async fn keys(&self) -> Result<Vec<StoredKey>, BoxError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        match self.fails.load(Ordering::SeqCst) {
            true => Err("the database is away".into()),
            false => self.keys.keys().await,
        }
    }

    async fn put(&self, key: StoredKey) -> Result<(), BoxError> {
        self.keys.put(key).await
    }

    async fn remove(&self, subscription_id: &SubscriptionId) -> Result<(), BoxError> {
        self.keys.remove(subscription_id).await
    }
}

#[tokio::test]
async fn the_store_is_asked_for_new_keys_once_in_ten_seconds_whoever_knocks() {
    let url = "https://shop.example/hooks";
    let scheme = WebhookScheme::platform(url);
    let time = Time::default();
    let store = Arc::new(Watched::default());
    let verifier = Verifier::reloading(url, Arc::clone(&store)).await.unwrap();
    let verifier = verifier.clock(time.clone());
    let new = TestSigner::from_seed([2; 32]);
    let deliver = async || {
        let headers = new.headers(&scheme, "", time.now().as_second(), b"{}");
        verifier.verify_reloading(&headers, b"{}").await.is_ok()
    };
    let reads = || store.reads.load(Ordering::SeqCst);
    assert_eq!(reads(), 1);

    for _ in 0..20 {
        assert!(!deliver().await, "strangers");
    }
    assert_eq!(reads(), 2);

    let key = new.platform_key().unwrap();
    let rotated = StoredKey::new("s-1".parse().unwrap(), "CUSTOMER_ACTIVE".into(), url, key);
    store.put(rotated).await.unwrap();
    time.advance(Duration::from_millis(9_999));
    assert!(!deliver().await, "it was asked a moment ago");
    store.fails.store(true, Ordering::SeqCst);
    time.advance(Duration::from_millis(1));
    assert!(!deliver().await, "a store that fails changes nothing");
    store.fails.store(false, Ordering::SeqCst);
    time.advance(Duration::from_secs(10));
    assert!(deliver().await && deliver().await);
    assert_eq!(reads(), 4);
}
mod against_a_platform_that_lists_them_on_pages {
    use std::collections::HashSet;

    use layer2_sdk::CallOptions;
    use layer2_sdk::ErrorKind;
    use layer2_sdk::payments::EventType;
    use layer2_sdk::webhook::EnsureError;
    use wiremock::ResponseTemplate;

    use super::*;
    use crate::stage::Stage;
    use crate::stage::header;
    use crate::stage::json;

    const URL: &str = "https://shop.example/hooks";
    const LIST: &str = "/api/v1/subscriptions";
    const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn page(id: &str, event_type: &str, next: &str) -> ResponseTemplate {
        let listed = format!(
            r#"{{"id":"{id}","event_type":"{event_type}","callback_url":"{URL}","signature_verification_key":"{KEY}"}}"#
        );
        let body = format!(
            r#"{{"data":{{"subscriptions":[{listed}]}},"links":{{"next":"{next}","prev":""}}}}"#
        );
        json(200, &body)
    }

    #[tokio::test]
    async fn what_is_on_a_later_page_is_there_and_not_made_again() {
        let stage = Stage::new().await;
        let pages = [
            page("one", "ACCOUNT_OPEN", "/v1/subscriptions?page=1"),
            page("two", "CUSTOMER_ACTIVE", ""),
        ];
        stage.on("GET", LIST, stage.script(pages)).await;
        let store = MemoryKeyStore::default();
        store.put(key("two", URL)).await.unwrap();
        let client = stage.client();
        let client = client.with(CallOptions::new().request_id("of-one-call"));
        let types = [EventType::AccountOpen, EventType::CustomerActive];

        let subscriptions = client.subscriptions();
        let ensured = subscriptions.ensure(URL, types.clone(), &store).await;

        let ensured = ensured.unwrap();
        assert_eq!(ensured.kept, types);
        assert!(ensured.stale.is_empty(), "{ensured:?}");
        // Two reads, and nothing was made.
        let sent = stage.received(LIST).await;
        let queries: Vec<_> = sent.iter().map(|sent| sent.url.query()).collect();
        assert_eq!(queries, [None, Some("page=1")]);
        let ids: HashSet<_> = sent
            .iter()
            .map(|sent| header(sent, "x-l2f-request-id"))
            .collect();
        assert!(ids.len() == 2 && !ids.contains("of-one-call"), "{ids:?}");
    }

    #[tokio::test]
    async fn pages_that_never_end_are_an_error_and_nothing_is_made() {
        let stage = Stage::new().await;
        let round = page("one", "ACCOUNT_OPEN", "/v1/subscriptions?page=1");
        stage.on("GET", LIST, stage.script([round])).await;
        let store = MemoryKeyStore::default();
        let client = stage.client();
        let ensured = client.subscriptions().ensure_all(URL, &store).await;
        let EnsureError::List(why) = ensured.unwrap_err() else {
            panic!("it is the list that fails")
        };
        assert_eq!(why.kind(), ErrorKind::UnexpectedReply);
        assert_eq!(stage.received(LIST).await.len(), 2);
    }
}
