//! Operations: method and path, the rules that the house rules ask for, parameters, body, replies.

use crate::source::Node;
use crate::source::Place;

use super::read::{Reading, versions, words};
use super::shape::{self, Type};

/// One operation of a document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Where the document says it.
    pub place: Place,
    /// `operationId`: `transfers_create`.
    pub id: String,
    /// The resource it belongs to.
    pub tag: String,
    /// HTTP method.
    pub method: Method,
    /// Path template below the API's base.
    pub path: String,
    /// One line, imperative.
    pub summary: String,
    /// What it does.
    pub description: String,
    /// OAuth scopes that a token must have.
    pub scopes: Vec<String>,
    /// Whether the request is signed.
    pub signature: Signature,
    /// When the request may be sent again.
    pub retry: Retry,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What makes two requests one.
    pub idempotency: Idempotency,
    /// How its list is cut into pages.
    pub paging: Paging,
    /// Which part of the mock answers it.
    pub runs_in: RunsIn,
    /// Codes of the errors it can answer with.
    pub errors: Vec<String>,
    /// Largest body, in bytes; zero without a body.
    pub body_limit: u64,
    /// What the document says about a change.
    pub mutation: Option<Mutation>,
    /// Path parameters, in the order of the path.
    pub path_params: Vec<Parameter>,
    /// Query parameters, in the order of the document.
    pub query: Vec<Parameter>,
    /// The body.
    pub body: Option<Body>,
    /// The 2xx replies, by status.
    pub replies: Vec<Reply>,
    /// Versions that have it; none means every version.
    pub versions: Vec<Version>,
}

impl Operation {
    /// The verb of the id: `create` of `transfers_create`.
    pub fn verb(&self) -> &str {
        self.id
            .strip_prefix(self.tag.as_str())
            .and_then(|rest| rest.strip_prefix('_'))
            .unwrap_or(&self.id)
    }

    /// The schema of the 2xx replies; they have one in common.
    pub fn reply_schema(&self) -> Option<&str> {
        self.replies
            .iter()
            .find_map(|reply| reply.schema.as_deref())
    }

    /// Name of the struct of its query parameters, if it has any.
    pub fn params_name(&self) -> Option<String> {
        use heck::ToUpperCamelCase as _;
        (!self.query.is_empty()).then(|| format!("{}Params", self.id.to_upper_camel_case()))
    }

    /// Every schema that the operation names.
    pub fn schemas(&self) -> Vec<&str> {
        let params = self.path_params.iter().chain(&self.query);
        let mut names: Vec<&str> = params.flat_map(|parameter| parameter.ty.names()).collect();
        names.extend(self.body.as_ref().map(|body| body.schema.as_str()));
        names.extend(
            self.replies
                .iter()
                .filter_map(|reply| reply.schema.as_deref()),
        );
        names
    }
}

/// A path or query parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name on the wire.
    pub name: String,
    /// What it says.
    pub description: String,
    /// Its type.
    pub ty: Type,
    /// Whether it must be sent.
    pub required: bool,
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// Media type.
    pub media: String,
    /// Name of its schema.
    pub schema: String,
}

/// A 2xx reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// What it means.
    pub description: String,
    /// Name of the schema of its body; none without a body.
    pub schema: Option<String>,
}

/// The five things that the document says about a change.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// When to use it.
    pub when: String,
    /// What must be true before.
    pub before: String,
    /// What happens next.
    pub next: String,
    /// How to undo it.
    pub undo: String,
    /// What a retry does.
    pub retry: String,
}

words! {
    /// HTTP methods that the documents use.
    pub enum Method {
        /// Reads.
        Get = "get",
        /// Creates or does.
        Post = "post",
        /// Replaces.
        Put = "put",
        /// Changes in part.
        Patch = "patch",
        /// Removes.
        Delete = "delete",
    }
    /// `x-signature`.
    pub enum Signature {
        /// The request carries no signature.
        None = "none",
        /// A signature is checked if it is there.
        Optional = "optional",
        /// A request without a signature is refused.
        Required = "required",
    }
    /// `x-retry`.
    pub enum Retry {
        /// Never once a byte has left.
        Never = "never",
        /// With the same idempotency key.
        Keyed = "keyed",
        /// Freely.
        Safe = "safe",
    }
    /// `x-effect`.
    pub enum Effect {
        /// Changes nothing.
        Read = "read",
        /// Changes something.
        Write = "write",
    }
    /// `x-idempotency`.
    pub enum Idempotency {
        /// Nothing makes two requests one.
        None = "none",
        /// A header does.
        Header = "header",
        /// The caller's own id in the body does.
        ExternalId = "external_id",
    }
    /// `x-paging`.
    pub enum Paging {
        /// Not a list, or all of it.
        None = "none",
        /// Numbered pages.
        Page = "page",
        /// A cursor in the reply.
        Cursor = "cursor",
        /// Changes since a cursor.
        Sync = "sync",
    }
    /// `x-runs-in`.
    pub enum RunsIn {
        /// The sandbox's state machine.
        World = "world",
        /// The process around it.
        Server = "server",
    }
    /// Versions of the platform.
    pub enum Version {
        /// The documents under the first name.
        Layer2V1_0_5 = "layer2-1.0.5",
        /// The documents under the present name.
        RailV1_1_2 = "rail-1.1.2",
    }
}

/// The operations of the document.
pub(super) fn operations(reading: &mut Reading<'_>) -> Vec<Operation> {
    use super::read::Word as _;
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
    Operation {
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
        scopes: scopes(reading, node),
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
        replies: replies(reading, node),
        versions: versions(reading, node),
    }
}

/// The scopes of all the schemes that the operation names.
fn scopes(reading: &mut Reading<'_>, node: &Node) -> Vec<String> {
    let schemes = node.get("security").map(Node::items).unwrap_or_default();
    let mut scopes = Vec::new();
    for scheme in schemes.iter().flat_map(Node::entries) {
        scopes.extend(reading.list_of_texts(&scheme.node));
    }
    scopes
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
            "query" => query.push(parameter(reading, node)),
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
    Parameter {
        name: reading.text(node, "name"),
        description: reading.text(node, "description"),
        ty: shape::type_at(reading, node, "schema"),
        required: node
            .get("required")
            .and_then(Node::as_bool)
            .unwrap_or(false),
    }
}

/// The body: one media type and a named schema.
fn body<'d>(reading: &mut Reading<'d>, node: &'d Node) -> Option<Body> {
    let body = reading.follow(node.get("requestBody")?)?;
    let content = body.get("content").map(Node::entries).unwrap_or_default();
    let [media] = content else {
        reading.refuse(
            &body.place,
            "one-media-type",
            format!("a request body has {} media types, not one", content.len()),
            "keep the one that the platform documents",
        );
        return None;
    };
    if media.key != "application/json" {
        reading.refuse(
            &media.key_place,
            "json-body",
            format!(
                "no client can be generated for a body of type `{}`",
                media.key
            ),
            "describe a JSON body, or write the operation by hand",
        );
        return None;
    }
    if body.get("required").and_then(Node::as_bool) != Some(true) {
        reading.refuse(
            &body.place,
            "required-body",
            "a body that may be left out cannot be told from a forgotten one",
            "say `required: true`; an object whose properties are all optional does the same",
        );
    }
    Some(Body {
        media: media.key.clone(),
        schema: named(reading, &media.node)?,
    })
}

/// The 2xx replies; those with a body share one schema.
fn replies<'d>(reading: &mut Reading<'d>, node: &'d Node) -> Vec<Reply> {
    let mut replies = Vec::new();
    for entry in node.get("responses").map(Node::entries).unwrap_or_default() {
        let Some(status) = entry
            .key
            .parse()
            .ok()
            .filter(|status| (200..300).contains(status))
        else {
            continue;
        };
        let Some(response) = reading.follow(&entry.node) else {
            continue;
        };
        let media = response
            .get("content")
            .and_then(|content| content.get("application/json"));
        replies.push(Reply {
            status,
            description: reading.text(response, "description"),
            schema: media.and_then(|media| named(reading, media)),
        });
    }
    if replies
        .windows(2)
        .any(|pair| pair[0].schema != pair[1].schema)
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
    replies
}

/// The name of the schema of a media type.
fn named<'d>(reading: &mut Reading<'d>, media: &'d Node) -> Option<String> {
    match shape::type_at(reading, media, "schema") {
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
