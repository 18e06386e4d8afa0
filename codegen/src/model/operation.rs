//! Operations: method and path, the rules that the house rules ask for, parameters, body, replies.

pub(super) mod read;

use crate::source::{Node, Place};

use super::read::words;
use super::shape::{Sensitivity, Type};

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
    /// Whether the platform advises against it.
    pub deprecated: bool,
    /// OAuth scopes that a token must have.
    pub scopes: Vec<String>,
    /// Other sets of scopes, each of which does as well.
    pub other_scopes: Vec<Vec<String>>,
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
    /// The other replies, by status.
    pub refusals: Vec<Reply>,
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

    /// Whether it sends a file: a form with one part.
    pub fn is_upload(&self) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| body.media == Media::Form)
    }

    /// Whether it answers with a file.
    pub fn is_download(&self) -> bool {
        self.reply_media().is_some_and(Media::is_file)
    }

    /// The media type of the 2xx replies; they have one in common.
    pub fn reply_media(&self) -> Option<Media> {
        self.replies.iter().find_map(|reply| reply.media)
    }

    /// The schema of the 2xx replies in JSON; they have one in common.
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
    /// What must not reach a log.
    pub sensitive: Option<Sensitivity>,
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// Media type that a client sends: JSON or a form.
    pub media: Media,
    /// Whether an upload may also be the file as it is, without a form around it.
    pub takes_bytes: bool,
    /// Name of its schema.
    pub schema: String,
    /// What the document shows of it.
    pub example: Option<Node>,
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// What it means.
    pub description: String,
    /// Media type of its body; none without a body.
    pub media: Option<Media>,
    /// Name of the schema of its body; none without a body and for a file.
    pub schema: Option<String>,
    /// What the document shows of its body.
    pub example: Option<Node>,
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
    /// Media types of bodies.
    pub enum Media {
        /// A value.
        Json = "application/json",
        /// A form with a file in it.
        Form = "multipart/form-data",
        /// A file of any kind.
        Bytes = "application/octet-stream",
        /// A file in PDF.
        Pdf = "application/pdf",
        /// A file of rows.
        Csv = "text/csv",
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
        /// Links in the reply, and no numbers to ask by.
        Links = "links",
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

impl Media {
    /// Whether it is a file as it is, rather than a value or a form.
    pub fn is_file(self) -> bool {
        matches!(self, Self::Bytes | Self::Pdf | Self::Csv)
    }
}
