//! Lists over several pages.

use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::Error;
use layer2_sdk::ErrorKind;
use layer2_sdk::Items;
use layer2_sdk::Outcome;
use layer2_sdk::Reply;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::Transaction;
use layer2_sdk::payments::TransactionsListForAccountParams;
use layer2_sdk::payments::TransactionsListParams;
use layer2_sdk::payments::TransferId;
use wiremock::Request;
use wiremock::ResponseTemplate;

use crate::stage::Stage;
use crate::stage::TRANSFER;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;

const LIST: &str = "/api/v1/transactions";

fn page(ids: &[&str], next: &str) -> ResponseTemplate {
    let rows: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    let links = format!(r#"{{"self":"","first":"","prev":"","next":"{next}","last":""}}"#);
    json(
        200,
        &format!(
            r#"{{"data":{{"transactions":[{}]}},"links":{links}}}"#,
            rows.join(",")
        ),
    )
}

fn query(request: &Request) -> Vec<String> {
    request
        .url
        .query_pairs()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// All that a stream of the whole list gives.
async fn walk(client: &Client) -> Vec<Result<Transaction, Error>> {
    let rows = client
        .transactions()
        .list_stream(TransactionsListParams::new());
    rows.collect().await
}

#[tokio::test]
async fn pages_are_followed_with_filters_and_repeated_rows_are_dropped() {
    let stage = Stage::new().await;
    let pages = [
        page(&["a", "b"], "/v1/transactions?page=1&page_size=2&as_of=T1"),
        // A row came in at the top, so the last one of the page before is here again.
        page(&["b", "c"], "/v1/transactions?page=2&page_size=2&as_of=T1"),
        page(&["d"], ""),
    ];
    stage.on("GET", LIST, stage.script(pages)).await;
    let account = AccountId::new("A_USD").unwrap();
    let params = TransactionsListParams::new()
        .with_page_size(2)
        .with_account_id(account);

    let client = stage.client();
    let rows: Vec<_> = client
        .transactions()
        .list_stream(params)
        .try_collect()
        .await
        .unwrap();

    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    let asked: Vec<_> = stage.received(LIST).await.iter().map(query).collect();
    assert_eq!(
        asked,
        [
            vec!["account_id=A_USD", "page_size=2"],
            vec!["account_id=A_USD", "page=1", "page_size=2", "as_of=T1"],
            vec!["account_id=A_USD", "page=2", "page_size=2", "as_of=T1"],
        ]
    );
}

#[tokio::test]
async fn pages_come_one_by_one_with_the_filters_and_without_repeats() {
    let stage = Stage::new().await;
    let pages = [
        page(&["a", "b"], "?page=1&as_of=T1"),
        page(&["b", "c"], "?page=2&as_of=T1"),
        // All of it was on the page before, which is no reason to stop.
        page(&["c"], "?page=3&as_of=T1"),
        page(&["d"], ""),
    ];
    stage.on("GET", LIST, stage.script(pages)).await;
    let params = TransactionsListParams::new().with_account_id(AccountId::new("A_USD").unwrap());

    let client = stage.client();
    let pages: Vec<_> = client
        .transactions()
        .list_stream(params)
        .into_pages()
        .try_collect()
        .await
        .unwrap();

    let ids: Vec<Vec<_>> = pages
        .iter()
        .map(|page| page.items.iter().map(|row| row.id.as_str()).collect())
        .collect();
    assert_eq!(ids, [vec!["a", "b"], vec!["c"], vec![], vec!["d"]]);
    let more: Vec<_> = pages.iter().map(|page| page.has_next()).collect();
    assert_eq!(more, [true, true, true, false]);
    for request in stage.received(LIST).await {
        assert!(query(&request).contains(&"account_id=A_USD".to_owned()));
    }
}

#[tokio::test]
async fn what_was_read_and_not_taken_is_the_first_of_the_pages() {
    let stage = Stage::new().await;
    let pages = [page(&["a", "b", "c"], "?page=1"), page(&["d"], "")];
    stage.on("GET", LIST, stage.script(pages)).await;
    let client = stage.client();
    let mut rows = client
        .transactions()
        .list_stream(TransactionsListParams::new());
    assert_eq!(rows.try_next().await.unwrap().unwrap().id.as_str(), "a");
    let pages: Vec<_> = rows.into_pages().try_collect().await.unwrap();
    let counts: Vec<_> = pages.iter().map(|page| page.items.len()).collect();
    assert_eq!(counts, [2, 1]);
    assert!(
        pages[0].has_next(),
        "the rest of a page knows the page's links"
    );
}

#[tokio::test]
async fn a_request_id_of_the_caller_is_that_of_the_first_page() {
    let stage = Stage::new().await;
    let pages = [
        page(&["a"], "?page=1"),
        page(&["b"], "?page=2"),
        page(&["c"], ""),
    ];
    stage.on("GET", LIST, stage.script(pages)).await;
    let client = stage.client().with(CallOptions::new().request_id("mine"));
    let all = client
        .transactions()
        .list_stream(TransactionsListParams::new());

    let pages: Vec<_> = all.into_pages().try_collect().await.unwrap();

    let told: Vec<_> = pages.iter().map(Reply::request_id).collect();
    let requests = stage.received(LIST).await;
    let sent: Vec<_> = requests
        .iter()
        .map(|sent| header(sent, "x-l2f-request-id"))
        .collect();
    assert_eq!(told, sent);
    assert_eq!(sent[0], "mine");
    assert!(
        sent[1] != "mine" && sent[2] != "mine" && sent[1] != sent[2],
        "{sent:?}"
    );
}

#[tokio::test]
async fn pages_and_items_know_the_reply_that_they_came_with() {
    let stage = Stage::new().await;
    let answers = [
        page(&["a"], "?page=1").insert_header("x-l2f-request-id", "R-1"),
        refusal(503, "BUSY"),
        page(&["b"], "").insert_header("x-l2f-request-id", "R-2"),
    ];
    stage.on("GET", LIST, stage.script(answers)).await;
    let client = stage.client();
    let mut rows = client
        .transactions()
        .list_stream(TransactionsListParams::new());
    assert!(rows.reply().is_none());
    rows.try_next().await.unwrap().unwrap();
    let first = rows.reply().unwrap();
    assert_eq!((first.request_id(), first.attempts()), ("R-1", 1));
    assert_eq!(first.next.as_deref(), Some("?page=1"));

    let second = rows.into_pages().try_next().await.unwrap().unwrap();
    assert_eq!((second.request_id(), second.attempts()), ("R-2", 2));
    assert_eq!(second.status().as_u16(), 200);
    assert_eq!(second.operation().key(), "payments.transactions_list");
    assert_eq!(second.items[0].id.as_str(), "b");
}

#[tokio::test]
async fn a_walk_goes_on_at_a_link_that_was_stored() {
    let stage = Stage::new().await;
    let pages = [page(&["c"], "?page=3&as_of=T1"), page(&["d"], "")];
    stage.on("GET", LIST, stage.script(pages)).await;
    let stored = "/v1/transactions?page=2&as_of=T1";
    let client = stage.client();
    let from_there = client.with(CallOptions::new().page(stored).unwrap());
    let params = TransactionsListParams::new().with_account_id(AccountId::new("A_USD").unwrap());
    let rows: Vec<_> = from_there
        .transactions()
        .list_stream(params)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    let asked: Vec<_> = stage.received(LIST).await.iter().map(query).collect();
    assert_eq!(
        asked,
        [
            ["account_id=A_USD", "page=2", "as_of=T1"],
            ["account_id=A_USD", "page=3", "as_of=T1"],
        ]
    );
    for nowhere in ["", "/v1/transactions"] {
        let error = CallOptions::new().page(nowhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{nowhere}");
    }
}

#[tokio::test]
async fn a_page_goes_to_lists_alone() {
    let stage = Stage::new().await;
    let client = stage.client();
    let client = client.with(CallOptions::new().page("?page=2").unwrap());
    let account = AccountId::new("A_USD").unwrap();
    let transfer = TransferId::new(TRANSFER).unwrap();
    let read = client.accounts().get(&account).await.unwrap_err();
    let write = client.transfers().accept(&transfer).await.unwrap_err();
    for error in [read, write] {
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (ErrorKind::InvalidRequest, Outcome::NotSent, 0)
        );
        assert!(error.to_string().contains("gives no pages"), "{error}");
    }
}

/// No page parameters are published for some lists; their replies have links all the same.
#[tokio::test]
async fn the_link_of_every_list_can_be_followed() {
    const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";
    let body = r#"{"data":{"subscriptions":[]},"links":{"next":"/v1/subscriptions?page=1"}}"#;
    let stage = Stage::new().await;
    let pages = [json(200, body), json(200, body)];
    stage.on("GET", SUBSCRIPTIONS, stage.script(pages)).await;
    let client = stage.client();
    let first = client.subscriptions().list().await.unwrap();
    let next = first.links.next.clone().unwrap();
    let client = client.with(CallOptions::new().page(&next).unwrap());
    client.subscriptions().list().await.unwrap();
    let received = stage.received(SUBSCRIPTIONS).await;
    let queries: Vec<_> = received.iter().map(|sent| sent.url.query()).collect();
    assert_eq!(queries, [None, Some("page=1")]);
}

#[tokio::test]
async fn a_circle_back_to_a_link_that_was_stored_is_noticed() {
    let stage = Stage::new().await;
    let pages = [page(&["c"], "?page=3"), page(&["d"], "?page=2")];
    stage.on("GET", LIST, stage.script(pages)).await;
    let client = stage.client();
    let from_there = client.with(CallOptions::new().page("?page=2").unwrap());
    let results = walk(&from_there).await;
    let error = results.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedReply);
    assert_eq!(stage.received(LIST).await.len(), 2);
}

#[tokio::test]
async fn a_stream_can_be_named_moved_and_sent() {
    fn is_at_home_anywhere<T: Send + Unpin + 'static>(_: &T) {}
    let stage = Stage::new().await;
    let client = stage.client();
    let rows: Items<Transaction> = client
        .transactions()
        .list_stream(TransactionsListParams::new());
    is_at_home_anywhere(&rows);
    is_at_home_anywhere(&rows.into_pages());
}

#[tokio::test]
async fn a_page_is_asked_for_when_its_first_item_is() {
    let stage = Stage::new().await;
    stage
        .on(
            "GET",
            LIST,
            stage.script([page(&["a", "b"], "?page=1"), page(&["c"], "")]),
        )
        .await;
    let client = stage.client();
    let stream = client
        .transactions()
        .list_stream(TransactionsListParams::new());
    let two: Vec<_> = stream.take(2).collect().await;
    assert_eq!(two.len(), 2);
    assert_eq!(stage.received(LIST).await.len(), 1);
}

#[tokio::test]
async fn an_error_ends_the_stream_after_what_was_read() {
    let stage = Stage::new().await;
    stage
        .on(
            "GET",
            LIST,
            stage.script([page(&["a"], "?page=1"), refusal(400, "VALIDATION_FAILED")]),
        )
        .await;
    let client = stage.client();
    let results = walk(&client).await;
    assert_eq!(results.len(), 2);
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_link_to_the_page_it_stands_on_is_an_error_and_no_endless_list() {
    let stage = Stage::new().await;
    stage
        .on("GET", LIST, stage.script([page(&["a"], "?page=1")]))
        .await;
    let client = stage.client();
    let results = walk(&client).await;
    let error = results.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedReply);
    let requests = stage.received(LIST).await;
    assert_eq!(requests.len(), 2);
    // The failure is that of the page with the link, and support can find it.
    assert_eq!(
        error.request_id(),
        Some(header(&requests[1], "x-l2f-request-id"))
    );
    assert_eq!(
        error.operation().unwrap().key(),
        "payments.transactions_list"
    );
    assert_eq!(
        (error.status().unwrap().as_u16(), error.attempts()),
        (200, 1)
    );
}

#[tokio::test]
async fn a_circle_of_links_ends_after_what_was_read() {
    let stage = Stage::new().await;
    let pages = [
        page(&["a"], "?page=1"),
        page(&["b"], "?page=2"),
        page(&["c"], "?page=1"),
    ];
    stage.on("GET", LIST, stage.script(pages)).await;
    let client = stage.client();
    let results = walk(&client).await;
    let (last, rows) = results.split_last().unwrap();
    let ids: Vec<_> = rows
        .iter()
        .map(|row| row.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let error = last.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedReply);
}

#[tokio::test]
async fn a_list_below_a_resource_keeps_to_it() {
    let stage = Stage::new().await;
    let path = "/api/v1/accounts/deposits/A_USD/transactions";
    let elsewhere = "https://elsewhere.example/v1/transactions?page=1";
    stage
        .on(
            "GET",
            path,
            stage.script([page(&["a"], elsewhere), page(&["b"], "")]),
        )
        .await;
    let client = stage.client();
    let account = AccountId::new("A_USD").unwrap();
    let stream = client
        .transactions()
        .list_for_account_stream(&account, TransactionsListForAccountParams::new());
    let rows: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(stage.received(path).await.len(), 2);
}
