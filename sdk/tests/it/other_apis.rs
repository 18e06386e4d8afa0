//! The APIs beside payments: each has its own way to say who sends a request, and its own errors.

use layer2_sdk::Client;
use layer2_sdk::ErrorKind;
use layer2_sdk::Outcome;

use crate::stage::Stage;
use crate::stage::header;
use crate::stage::json;

#[cfg(feature = "accounting")]
mod accounting {
    use layer2_sdk::AccountingAccess;
    use layer2_sdk::Environment;
    use layer2_sdk::GaveUp;
    use layer2_sdk::accounting::BusinessCreateRequest;

    use super::*;

    const PATH: &str = "/v1/businesses";

    fn client(stage: &Stage) -> Client {
        let environment = Environment::custom(
            stage.server.uri(),
            format!("{}/oauth2/token", stage.server.uri()),
        );
        Client::builder()
            .accounting(AccountingAccess::new(environment, "id", "secret").scopes(["all"]))
            .clock(stage.time.clone())
            .sleep(stage.time.clone())
            .build()
            .unwrap()
    }

    fn business(external_id: &str) -> BusinessCreateRequest {
        let json = format!(r#"{{"us_state":"NY","entity_type":"LLC"{external_id}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[tokio::test]
    async fn a_form_gets_the_token_and_the_external_id_allows_a_retry() {
        let stage = Stage::without_tokens().await;
        stage
            .on("POST", "/oauth2/token", crate::stage::token("t", 3_600))
            .await;
        let created = json(201, r#"{"data":{"type":"Business","id":"b-1"}}"#);
        stage
            .on("POST", PATH, stage.script([json(503, ""), created]))
            .await;

        let named = business(r#","external_id":"ours-1""#);
        let reply = client(&stage)
            .accounting()
            .businesses()
            .create(&named)
            .await
            .unwrap();

        assert_eq!((reply.status().as_u16(), reply.attempts()), (201, 2));
        assert_eq!(reply.request_id(), "", "this API knows no such id");
        let form =
            String::from_utf8(stage.received("/oauth2/token").await[0].body.clone()).unwrap();
        assert_eq!(form, "grant_type=client_credentials&scope=all&client_id=id");
        let sent = &stage.received(PATH).await[0];
        assert_eq!(header(sent, "authorization"), "Bearer t");
        assert!(
            !sent.headers.contains_key("x-l2f-idempotency-id"),
            "this API takes no key"
        );
        assert!(!sent.headers.contains_key("x-l2f-request-id"));
    }

    #[tokio::test]
    async fn without_an_external_id_nothing_is_repeated() {
        let stage = Stage::without_tokens().await;
        stage
            .on("POST", "/oauth2/token", crate::stage::token("t", 3_600))
            .await;
        let body = r#"{"errors":[{"type":"Internal","description":"x","error_enum":"Boom"}]}"#;
        stage
            .on("POST", PATH, stage.script([json(500, body)]))
            .await;
        let error = client(&stage)
            .accounting()
            .businesses()
            .create(&business(""))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Server, Outcome::Unknown)
        );
        assert_eq!((error.attempts(), error.gave_up()), (1, Some(GaveUp::Rule)));
        assert!(error.has_code("Boom"));
    }
}

#[cfg(feature = "plaid")]
mod plaid {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use layer2_sdk::BoxError;
    use layer2_sdk::CallOptions;
    use layer2_sdk::Credentials;
    use layer2_sdk::CredentialsProvider;
    use layer2_sdk::plaid::ItemPublicTokenExchangeRequest;

    use super::*;

    const PATH: &str = "/item/public_token/exchange";
    const EXCHANGED: &str = r#"{"access_token":"a","item_id":"i","request_id":"HNTDNrA8F1shFEW"}"#;
    const REFUSED: &str = r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_API_KEYS","request_id":"4zlKapIkTm8p5KM"}"#;

    fn request() -> ItemPublicTokenExchangeRequest {
        serde_json::from_str(r#"{"public_token":"public-sandbox-1"}"#).unwrap()
    }

    /// A vault whose secret is rotated as soon as the old one is refused, or never.
    #[derive(Debug)]
    struct Vault {
        secret: Mutex<&'static str>,
        rotated: &'static str,
    }

    #[async_trait]
    impl CredentialsProvider for Vault {
        async fn credentials(&self) -> Result<Credentials, BoxError> {
            Ok(Credentials::new("plaid-id", *self.secret.lock().unwrap()))
        }

        async fn refused(&self, _: &Credentials) {
            *self.secret.lock().unwrap() = self.rotated;
        }
    }

    #[tokio::test]
    async fn a_secret_that_was_rotated_is_asked_for_and_sent_once_more() {
        for (rotated, answers, secrets) in [
            (
                "new",
                vec![json(401, REFUSED), json(200, EXCHANGED)],
                vec!["old", "new"],
            ),
            // The new one is refused too: nothing is tried twice.
            ("new", vec![json(401, REFUSED)], vec!["old", "new"]),
            // There is no other one.
            ("old", vec![json(401, REFUSED)], vec!["old"]),
        ] {
            let stage = Stage::without_tokens().await;
            let is_mended = answers.len() == 2;
            stage.on("POST", PATH, stage.script(answers)).await;
            let vault = Vault {
                secret: Mutex::new("old"),
                rotated,
            };
            let client = Client::builder()
                .plaid_provider(vault)
                .plaid_base_url(stage.server.uri())
                .build()
                .unwrap();

            let exchanged = client
                .plaid()
                .items()
                .public_token_exchange(&request())
                .await;

            match exchanged {
                Ok(_) => assert!(is_mended),
                Err(error) => {
                    assert!(!is_mended, "{error}");
                    assert_eq!(
                        (error.kind(), error.outcome()),
                        (ErrorKind::Unauthorized, Outcome::NotDone)
                    );
                    assert_eq!(error.request_id(), Some("4zlKapIkTm8p5KM"));
                }
            }
            let sent = stage.received(PATH).await;
            let sent: Vec<_> = sent
                .iter()
                .map(|sent| header(sent, "plaid-secret"))
                .collect();
            assert_eq!(sent, secrets);
        }
    }

    #[tokio::test]
    async fn the_id_of_a_request_is_the_one_that_plaid_tells() {
        let stage = Stage::without_tokens().await;
        stage
            .on("POST", PATH, stage.script([json(200, EXCHANGED)]))
            .await;
        let client = Client::builder()
            .plaid("plaid-id", "plaid-secret")
            .plaid_base_url(stage.server.uri())
            .build()
            .unwrap();
        let client = client.with(CallOptions::new().request_id("ours"));

        let reply = client
            .plaid()
            .items()
            .public_token_exchange(&request())
            .await;

        assert_eq!(reply.unwrap().request_id(), "HNTDNrA8F1shFEW");
        let sent = &stage.received(PATH).await[0];
        assert!(!sent.headers.contains_key("x-l2f-request-id"));
    }

    #[tokio::test]
    async fn id_and_secret_travel_in_headers_and_errors_read() {
        let stage = Stage::without_tokens().await;
        let path = "/item/public_token/exchange";
        let body = r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_PUBLIC_TOKEN","error_message":"x"}"#;
        stage
            .on("POST", path, stage.script([json(400, body)]))
            .await;
        let client = Client::builder()
            .plaid("plaid-id", "plaid-secret")
            .plaid_base_url(stage.server.uri())
            .build()
            .unwrap();
        let request: ItemPublicTokenExchangeRequest =
            serde_json::from_str(r#"{"public_token":"public-sandbox-1"}"#).unwrap();

        let error = client
            .plaid()
            .items()
            .public_token_exchange(&request)
            .await
            .unwrap_err();

        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Refused, Outcome::NotDone)
        );
        assert!(error.has_code("INVALID_PUBLIC_TOKEN"));
        let sent = &stage.received(path).await[0];
        assert_eq!(header(sent, "plaid-client-id"), "plaid-id");
        assert_eq!(header(sent, "plaid-secret"), "plaid-secret");
        assert!(!sent.headers.contains_key("authorization"));
        assert!(!format!("{error:?} {client:?}").contains("plaid-secret"));
    }
}

#[cfg(feature = "control")]
mod control {
    use super::*;

    #[tokio::test]
    async fn a_fixed_token_travels_as_bearer_and_a_401_is_final() {
        let stage = Stage::without_tokens().await;
        let path = "/_control/v1/sandboxes";
        stage.on("GET", path, stage.script([json(401, "{}")])).await;
        let base = format!("{}/_control/v1", stage.server.uri());
        let client = Client::builder()
            .control(base, "control-token")
            .build()
            .unwrap();

        let error = client.control().sandboxes().list().await.unwrap_err();

        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Unauthorized, 1)
        );
        assert_eq!(
            header(&stage.received(path).await[0], "authorization"),
            "Bearer control-token"
        );
        assert!(!format!("{error:?} {client:?}").contains("control-token"));
    }

    #[tokio::test]
    async fn an_api_that_was_not_configured_says_so() {
        let client = Client::builder()
            .control("http://127.0.0.1:1/_control/v1", "t")
            .build()
            .unwrap();
        let error = client
            .transfers()
            .get(&layer2_sdk::payments::TransferId::new("t").unwrap())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Config, Outcome::NotSent)
        );
    }
}
