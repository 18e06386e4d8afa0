//! Reading operations: what a client or a server could not be generated for is refused.

use crate::model::read::{Reading, Word as _, versions};
use crate::model::shape::Type;
use crate::model::shape::read::{sensitivity, type_at};
use crate::source::{Entry, Node};

use super::{Body, Effect, Media, Method, Mutation, Operation, Parameter, Reply, RunsIn};

/// The operations of the document.
pub(in crate::model) fn operations(reading: &mut Reading<'_>) -> Vec<Operation> {
    let mut operations = Vec::new();
    let paths = reading.at("/paths").map(Node::entries).unwrap_or_default();
    for path in paths {
        for entry in path.node.entries() {
            match Method::all()
                .iter()
                .find(|method| method.text() == entry.key)
            {
                Some(method) => {
                    operations.push(operation(reading, *method, &path.key, &entry.node));
                }
                None => reading.refuse(
                    &entry.key_place,
                    "model",
                    format!("`{}` is no method that is generated", entry.key),
                    "use get, post, put, patch or delete, and say parameters on the operation",
                ),
            }
        }
    }
    operations
}

/// One operation.
fn operation<'d>(
    reading: &mut Reading<'d>,
    method: Method,
    path: &str,
    node: &'d Node,
) -> Operation {
    let (path_params, query) = parameters(reading, path, node);
    let effect = reading.word(node, "x-effect");
    let has_runs_in = node.get("x-runs-in").is_some();
    let (scopes, other_scopes) = scopes(reading, node);
    let (replies, refusals) = replies(reading, node);
    let operation = Operation {
        place: node.place.clone(),
        id: reading.text(node, "operationId"),
        tag: reading
            .texts(node, "tags")
            .into_iter()
            .next()
            .unwrap_or_default(),
        method,
        path: path.to_owned(),
        summary: reading.text(node, "summary"),
        description: reading.text(node, "description"),
        deprecated: node
            .get("deprecated")
            .and_then(Node::as_bool)
            .unwrap_or(false),
        scopes,
        other_scopes,
        signature: reading.word(node, "x-signature"),
        retry: reading.word(node, "x-retry"),
        effect,
        idempotency: reading.word(node, "x-idempotency"),
        paging: reading.word(node, "x-paging"),
        runs_in: if has_runs_in {
            reading.word(node, "x-runs-in")
        } else {
            RunsIn::World
        },
        errors: reading.texts(node, "x-errors"),
        body_limit: node.get("x-body-limit").and_then(Node::as_u64).unwrap_or(0),
        mutation: (effect == Effect::Write).then(|| mutation(reading, node)),
        path_params,
        query,
        body: body(reading, node),
        replies,
        refusals,
        versions: versions(reading, node),
    };
    refuse_query_beside_file(reading, &operation);
    operation
}

/// The part of the client that moves files is written by hand and sends no query.
fn refuse_query_beside_file(reading: &mut Reading<'_>, operation: &Operation) {
    let has_file = operation.is_upload() || operation.is_download();
    if has_file && !operation.query.is_empty() {
        reading.refuse(
            &operation.place,
            "file-query",
            "an operation that moves a file takes query parameters",
            "keep to path parameters; the hand-written part of the client sends no others",
        );
    }
}

/// The scopes of the first way to be allowed that `security` lists, and of the others. A way that
/// asks for all of another and for more opens nothing, so it is left out.
fn scopes(reading: &mut Reading<'_>, node: &Node) -> (Vec<String>, Vec<Vec<String>>) {
    let mut ways: Vec<Vec<String>> = Vec::new();
    for way in node.get("security").map(Node::items).unwrap_or_default() {
        let mut scopes = Vec::new();
        for scheme in way.entries() {
            scopes.extend(reading.list_of_texts(&scheme.node));
        }
        let asks_for_all_of =
            |other: &Vec<String>| other.iter().all(|scope| scopes.contains(scope));
        if !ways.iter().any(asks_for_all_of) {
            ways.push(scopes);
        }
    }
    let mut ways = ways.into_iter();
    (ways.next().unwrap_or_default(), ways.collect())
}

/// `x-mutation`.
fn mutation(reading: &mut Reading<'_>, node: &Node) -> Mutation {
    let said = node.get("x-mutation").unwrap_or(node);
    Mutation {
        when: reading.text(said, "when"),
        before: reading.text(said, "before"),
        next: reading.text(said, "next"),
        undo: reading.text(said, "undo"),
        retry: reading.text(said, "retry"),
    }
}

/// Path parameters in the order of the path, and query parameters. Header parameters belong to the
/// layers of the SDK and to the mock's pipeline and appear in no signature.
fn parameters<'d>(
    reading: &mut Reading<'d>,
    path: &str,
    node: &'d Node,
) -> (Vec<Parameter>, Vec<Parameter>) {
    let (mut in_path, mut query) = (Vec::new(), Vec::new());
    for item in node.get("parameters").map(Node::items).unwrap_or_default() {
        let Some(node) = reading.follow(item) else {
            continue;
        };
        let place = node.get("in").and_then(Node::as_str).unwrap_or_default();
        match place {
            "path" => in_path.push(parameter(reading, node)),
            "query" => {
                if node.get("required").and_then(Node::as_bool) == Some(true) {
                    reading.refuse(
                        &node.place,
                        "optional-query",
                        "the parameters of a list can all be left out",
                        "say `required: false` and describe what is assumed without it",
                    );
                }
                query.push(parameter(reading, node));
            }
            "header" => {}
            _ => reading.refuse(
                &node.place,
                "model",
                "a parameter is in the path, the query or a header",
                "correct `in`; cookies are not generated",
            ),
        }
    }
    in_path.sort_by_key(|parameter| path.find(&format!("{{{}}}", parameter.name)));
    if path.matches('{').count() != in_path.len() {
        reading.refuse(
            &node.place,
            "model",
            format!("the parameters in the path differ from those of `{path}`"),
            "list each `{name}` of the path once under `parameters`",
        );
    }
    (in_path, query)
}

fn parameter<'d>(reading: &mut Reading<'d>, node: &'d Node) -> Parameter {
    let ty = type_at(reading, node, "schema");
    if matches!(ty, Type::List(..) | Type::Map(_) | Type::Json) {
        reading.refuse(
            &node.place,
            "scalar-parameter",
            "a parameter is one scalar, id or enum value",
            "move what is more than that into a body",
        );
    }
    Parameter {
        name: reading.text(node, "name"),
        description: reading.text(node, "description"),
        ty,
        sensitive: sensitivity(reading, node),
    }
}

/// The body: one media type and a named schema. An upload may list the file as it is beside its
/// form; a client sends the form.
fn body<'d>(reading: &mut Reading<'d>, node: &'d Node) -> Option<Body> {
    let body = reading.follow(node.get("requestBody")?)?;
    let content = body.get("content").map(Node::entries).unwrap_or_default();
    let is = |entry: &Entry, media| known_media(&entry.key) == Some(media);
    let (media, takes_bytes) = match content {
        [media] => (media, false),
        [media, bytes] if is(media, Media::Form) && is(bytes, Media::Bytes) => (media, true),
        _ => {
            reading.refuse(
                &body.place,
                "one-media-type",
                format!("a request body has {} media types, not one", content.len()),
                "keep the one that the platform documents; a form with a file may have \
                 `application/octet-stream` after it",
            );
            return None;
        }
    };
    let Some(kind @ (Media::Json | Media::Form)) = known_media(&media.key) else {
        reading.refuse(
            &media.key_place,
            "request-media",
            format!(
                "no client can be generated for a body of type `{}`",
                media.key
            ),
            "describe a JSON body, or a form with a file in it",
        );
        return None;
    };
    if body.get("required").and_then(Node::as_bool) != Some(true) {
        reading.refuse(
            &body.place,
            "required-body",
            "a body that may be left out cannot be told from a forgotten one",
            "say `required: true`; an object whose properties are all optional does the same",
        );
    }
    Some(Body {
        media: kind,
        takes_bytes,
        schema: named(reading, &media.node)?,
        example: media.node.get("example").cloned(),
    })
}

/// The 2xx replies, and all others; those of the first kind with a body share one schema.
fn replies<'d>(reading: &mut Reading<'d>, node: &'d Node) -> (Vec<Reply>, Vec<Reply>) {
    let responses = node.get("responses").map(Node::entries).unwrap_or_default();
    let all: Vec<_> = responses
        .iter()
        .filter_map(|entry| reply(reading, entry))
        .collect();
    let is_success = |reply: &Reply| (200..300).contains(&reply.status);
    let (replies, refusals): (Vec<_>, Vec<_>) = all.into_iter().partition(is_success);
    if replies
        .windows(2)
        .any(|pair| (pair[0].media, &pair[0].schema) != (pair[1].media, &pair[1].schema))
    {
        reading.refuse(
            &node.place,
            "one-success-type",
            "the 2xx replies of this operation have different bodies",
            "give all of them the same schema",
        );
    }
    if replies.is_empty() {
        reading.refuse(
            &node.place,
            "model",
            "no 2xx reply is described",
            "describe one",
        );
    }
    (replies, refusals)
}

fn reply<'d>(reading: &mut Reading<'d>, entry: &'d Entry) -> Option<Reply> {
    let status = entry.key.parse().ok()?;
    let response = reading.follow(&entry.node)?;
    let content = response
        .get("content")
        .and_then(|content| content.entries().first());
    let media = content.and_then(|entry| known_media(&entry.key));
    if let (Some(entry), None | Some(Media::Form)) = (content, media) {
        reading.refuse(
            &entry.key_place,
            "reply-media",
            format!("no client can read a reply of type `{}`", entry.key),
            "answer with JSON or with a file",
        );
    }
    let json = content.filter(|_| media == Some(Media::Json));
    Some(Reply {
        status,
        description: reading.text(response, "description"),
        media,
        schema: json.and_then(|entry| named(reading, &entry.node)),
        example: json.and_then(|entry| entry.node.get("example").cloned()),
    })
}

fn known_media(text: &str) -> Option<Media> {
    Media::all()
        .iter()
        .copied()
        .find(|media| media.text() == text)
}

/// The name of the schema of a media type.
fn named<'d>(reading: &mut Reading<'d>, media: &'d Node) -> Option<String> {
    match type_at(reading, media, "schema") {
        Type::Named(name) => Some(name),
        _ => {
            reading.refuse(
                &media.place,
                "named-body",
                "the schema of a body has no name",
                "make it a component and refer to it",
            );
            None
        }
    }
}
