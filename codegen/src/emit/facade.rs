//! The public face of the client: a struct for each resource, a documented method for each
//! operation, and a stream for each list.

use crate::model::Model;
use crate::model::operation::{Idempotency, Operation, Paging, Parameter, Retry, Signature};
use crate::model::read::Word as _;
use crate::model::shape::{Object, Property, Scalar, Shape, Type};
use crate::problem::Problem;
use crate::source::Place;

use super::operations;
use super::rust::{Source, Types, field, sentence, type_name};

/// `facade.rs` of one API.
pub(super) fn contents(model: &Model) -> Result<String, Vec<Problem>> {
    let mut source = Source::new(model);
    for tag in &model.tags {
        let name = type_name(&tag.name);
        source.doc(&sentence(&tag.description));
        source.line("#[derive(Clone, Copy, Debug)]");
        source.block(&format!("pub struct {name}<'c> {{"), "}", |source| {
            source.line("client: &'c Client,");
        });
        source.block(&format!("impl<'c> {name}<'c> {{"), "}", |source| {
            for operation in model.operations_of(&tag.name) {
                method(source, model, operation);
            }
        });
    }
    entrances(&mut source, model);
    Ok(header(model) + &formatted(model, source)?)
}

/// File header, documentation and imports; `prettyplease` would drop the first.
fn header(model: &Model) -> String {
    let mut source = Source::new(model);
    source.module_doc(&format!("The resources of the {} API.", model.api));
    let has_streams = model
        .operations
        .iter()
        .any(|operation| stream_item(model, operation).is_some());
    let has_pages = model
        .operations
        .iter()
        .any(|o| matches!(envelope(model, o), Envelope::Page(..)));
    if has_streams {
        source.line("use futures_core::Stream;");
    }
    source.line(&format!("use layer2_types::{};", model.api));
    source.blank();
    source.line("use crate::client::Client;");
    source.line("use crate::error::Error;");
    match (has_pages, has_streams) {
        (true, true) => source.line("use crate::page::{Page, paginate};"),
        (true, false) => source.line("use crate::page::Page;"),
        (false, _) => {}
    }
    source.line("use crate::reply::Reply;");
    source.blank();
    source.text()
}

fn formatted(model: &Model, source: Source) -> Result<String, Vec<Problem>> {
    let text = source.text();
    syn::parse_file(&text)
        .map(|file| spaced(&prettyplease::unparse(&file)))
        .map_err(|error| {
            vec![Problem::new(
                &Place::whole(format!("openapi/{}", model.api)),
                "emitted-syntax",
                format!("the facade does not parse: {error}"),
                "correct codegen/src/emit/facade.rs; the document is not to blame",
            )]
        })
}

/// An empty line between items and between methods, which `prettyplease` does not write.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        spaced.push_str(line);
        spaced.push('\n');
        let ends_item = line == "}" || line == "    }";
        if ends_item && lines.peek().is_some_and(|next| next.trim() != "}") {
            spaced.push('\n');
        }
    }
    spaced
}

/// The methods that lead to the resources: those of payments from the client itself, those of the
/// other APIs from a struct of their own.
fn entrances(source: &mut Source, model: &Model) {
    if model.api == "payments" {
        source.block("impl Client {", "}", |source| {
            entrance_methods(source, model, "'_", "self");
        });
        return;
    }
    let name = type_name(&model.api);
    source.doc(&format!("{}.", model.title));
    source.line("#[derive(Clone, Copy, Debug)]");
    source.line(&format!("pub struct {name}<'c> {{ client: &'c Client }}"));
    source.block(&format!("impl<'c> {name}<'c> {{"), "}", |source| {
        entrance_methods(source, model, "'c", "self.client");
    });
    source.block("impl Client {", "}", |source| {
        source.doc(&format!("{}.", model.title));
        source.line("#[must_use]");
        source.line(&format!(
            "pub fn {}(&self) -> {name}<'_> {{ {name} {{ client: self }} }}",
            model.api
        ));
    });
}

fn entrance_methods(source: &mut Source, model: &Model, lifetime: &str, client: &str) {
    for tag in &model.tags {
        let name = type_name(&tag.name);
        source.doc(&sentence(&tag.description));
        source.line("#[must_use]");
        source.line(&format!(
            "pub fn {}(&self) -> {name}<{lifetime}> {{ {name} {{ client: {client} }} }}",
            field(&tag.name)
        ));
    }
}

fn method(source: &mut Source, model: &Model, operation: &Operation) {
    let api = &model.api;
    let reply = envelope(model, operation);
    for paragraph in documentation(operation) {
        source.doc(&paragraph);
        source.line("///");
    }
    source.line(&format!(
        "/// `{} {}`",
        operation.method.text().to_uppercase(),
        operation.path
    ));
    let parameters = parameters(model, operation);
    let open = format!(
        "pub async fn {}(&self{parameters}) -> Result<Reply<{}>, Error> {{",
        field(operation.verb()),
        reply.ty(model)
    );
    source.block(&open, "}", |source| {
        source.line(&format!(
            "self.client.{api}_call({api}::OperationId::{}, |api| async move {{ api.{}({}).await }}).await{}",
            operations::variant(operation),
            operation.id,
            arguments(model, operation),
            reply.opened()
        ));
    });
    if let Some(item) = stream_item(model, operation) {
        stream(source, model, operation, &item);
    }
}

/// The parameters of a method: path ids, query parameters as one struct, body.
fn parameters(model: &Model, operation: &Operation) -> String {
    let types = types(model);
    let mut text = String::new();
    for parameter in &operation.path_params {
        text.push_str(&format!(
            ", {}: {}",
            field(&parameter.name),
            types.borrowed(&parameter.ty)
        ));
    }
    if let Some(name) = operation.params_name() {
        text.push_str(&format!(", params: &{}::{name}", model.api));
    }
    if let Some(body) = &operation.body {
        text.push_str(&format!(", body: &{}::{}", model.api, body.schema));
    }
    text
}

fn types(model: &Model) -> Types<'_> {
    Types {
        model,
        schemas: "api",
        scalars: "layer2_types::",
    }
}

/// The arguments in progenitor's order: path, query by name, body.
fn arguments(model: &Model, operation: &Operation) -> String {
    let mut arguments: Vec<_> = operation
        .path_params
        .iter()
        .map(|p| field(&p.name))
        .collect();
    let mut query: Vec<_> = operation.query.iter().collect();
    query.sort_by(|left, right| left.name.cmp(&right.name));
    arguments.extend(
        query
            .into_iter()
            .map(|parameter| query_argument(model, parameter)),
    );
    arguments.extend(operation.body.as_ref().map(|_| "body".to_owned()));
    arguments.join(", ")
}

fn query_argument(model: &Model, parameter: &Parameter) -> String {
    let value = format!("params.{}", field(&parameter.name));
    match model.resolve(&parameter.ty) {
        Type::Scalar(Scalar::String, _) => format!("{value}.as_deref()"),
        Type::Scalar(Scalar::Bool | Scalar::Int32 | Scalar::Int64, _) => value,
        _ => format!("{value}.as_ref()"),
    }
}

/// What of a reply a caller gets.
enum Envelope<'m> {
    /// No body.
    Empty,
    /// The body as it is.
    Whole(&'m str),
    /// The property `data`.
    Data(&'m Property),
    /// The one list below `data`, with the links.
    Page(&'m Property, &'m Type),
}

impl Envelope<'_> {
    fn ty(&self, model: &Model) -> String {
        match self {
            Self::Empty => "()".to_owned(),
            Self::Whole(schema) => format!("{}::{schema}", model.api),
            Self::Data(data) => types(model).owned(&data.ty),
            Self::Page(_, item) => format!("Page<{}>", types(model).owned(item)),
        }
    }

    /// The call that opens the envelope.
    fn opened(&self) -> String {
        match self {
            Self::Empty | Self::Whole(_) => String::new(),
            Self::Data(_) => ".map(|reply| reply.map(|envelope| envelope.data))".to_owned(),
            Self::Page(list, _) => {
                let list_field = field(&list.name);
                let items = if list.required {
                    ""
                } else {
                    ".unwrap_or_default()"
                };
                format!(
                    ".map(|reply| reply.map(|envelope| \
                     Page::new(envelope.data.{list_field}{items}, envelope.links)))"
                )
            }
        }
    }
}

fn envelope<'m>(model: &'m Model, operation: &'m Operation) -> Envelope<'m> {
    let Some(schema) = operation.reply_schema() else {
        return Envelope::Empty;
    };
    let Some(object) = object(model, schema) else {
        return Envelope::Whole(schema);
    };
    match object.properties.as_slice() {
        [data] if data.name == "data" && data.required && !data.nullable => Envelope::Data(data),
        [data, links] if data.name == "data" && data.required && links.name == "links" => {
            page(model, data).unwrap_or(Envelope::Whole(schema))
        }
        _ => Envelope::Whole(schema),
    }
}

/// A page, if `data` is an object whose one property is a list.
fn page<'m>(model: &'m Model, data: &'m Property) -> Option<Envelope<'m>> {
    let Type::Named(name) = model.resolve(&data.ty) else {
        return None;
    };
    let [list] = object(model, name)?.properties.as_slice() else {
        return None;
    };
    match model.resolve(&list.ty) {
        Type::List(item, _) => Some(Envelope::Page(list, item)),
        _ => None,
    }
}

fn object<'m>(model: &'m Model, name: &str) -> Option<&'m Object> {
    match &model.schemas.get(name)?.shape {
        Shape::Object(object) => Some(object),
        _ => None,
    }
}

/// The item of a list that a stream can walk: it comes in numbered pages and has an id.
fn stream_item(model: &Model, operation: &Operation) -> Option<(String, String)> {
    let Envelope::Page(_, item) = envelope(model, operation) else {
        return None;
    };
    if operation.paging != Paging::Page || operation.query.is_empty() {
        return None;
    }
    let Type::Named(name) = model.resolve(item) else {
        return None;
    };
    let owned = types(model).owned(item);
    let id = match &model.schemas.get(name)?.shape {
        Shape::Object(object) => {
            let id = object
                .properties
                .iter()
                .find(|property| is_id(model, property))?;
            format!("|item| item.{}.to_string()", field(&id.name))
        }
        Shape::Union(_) => {
            model
                .common_properties(name)
                .into_iter()
                .find(|p| p.name == "id" && p.required)?;
            format!(
                "|item| match item {{ \
                 {owned}::Unknown(unknown) => unknown.raw().get().to_owned(), \
                 known => known.id().map(ToString::to_string).unwrap_or_default(), }}"
            )
        }
        _ => return None,
    };
    Some((owned, id))
}

/// The first required id, or a required text called `id`.
fn is_id(model: &Model, property: &Property) -> bool {
    let is_typed = match model.resolve(&property.ty) {
        Type::Named(name) => {
            matches!(
                model.schemas.get(name).map(|s| &s.shape),
                Some(Shape::Id(_))
            )
        }
        Type::Scalar(Scalar::String | Scalar::Int64, _) => property.name == "id",
        _ => false,
    };
    property.required && !property.nullable && is_typed
}

/// A stream over all items of a list.
fn stream(source: &mut Source, model: &Model, operation: &Operation, item: &(String, String)) {
    let (item_type, id) = item;
    let Some(params) = operation.params_name() else {
        return;
    };
    let types = types(model);
    let verb = operation.verb();
    let (tag, own) = (field(&operation.tag), field(verb));
    let mut parameters = String::new();
    let mut outer = String::new();
    let mut inner = String::new();
    let mut arguments = Vec::new();
    for parameter in &operation.path_params {
        let name = field(&parameter.name);
        parameters.push_str(&format!(", {name}: {}", types.borrowed(&parameter.ty)));
        outer.push_str(&format!("let {name} = {name}.to_owned();"));
        inner.push_str(&format!("let {name} = {name}.clone();"));
        arguments.push(format!("&{name}, "));
    }
    let entrance = if model.api == "payments" {
        String::new()
    } else {
        format!(".{}()", model.api)
    };
    source.line(&format!(
        "/// Walks through all pages of [`{0}`](Self::{0}) and gives the items one by one.",
        own.trim_start_matches("r#")
    ));
    source.line("///");
    source
        .doc("A page is asked for when its first item is; the stream ends after the first error.");
    let open = format!(
        "pub fn {verb}_stream(&self{parameters}, params: {}::{params}) \
         -> impl Stream<Item = Result<{item_type}, Error>> + Send + use<> {{",
        model.api
    );
    source.block(&open, "}", |source| {
        if !outer.is_empty() {
            source.line(&outer);
        }
        let moved = if outer.is_empty() { "" } else { "move " };
        source.line(&format!(
            "paginate(self.client, params, {moved}|client, params| {{ {inner} async move {{ \
             client{entrance}.{tag}().{own}({}&params).await }} }}, {id})",
            arguments.concat()
        ));
    });
}

/// What the document says about an operation, as paragraphs.
fn documentation(operation: &Operation) -> Vec<String> {
    let mut paragraphs = vec![
        sentence(&operation.summary),
        sentence(&operation.description),
    ];
    if let Some(mutation) = &operation.mutation {
        let said = [
            ("When to use it", &mutation.when),
            ("Before", &mutation.before),
            ("What happens next", &mutation.next),
            ("Undo", &mutation.undo),
            ("Retry", &mutation.retry),
        ];
        let items: Vec<_> = said
            .iter()
            .map(|(title, text)| format!("- {title}: {}", sentence(text)))
            .collect();
        paragraphs.push(items.join("\n"));
    }
    let mut rules = Vec::new();
    if !operation.scopes.is_empty() {
        rules.push(format!(
            "Needs the scope `{}`.",
            operation.scopes.join("` and `")
        ));
    }
    rules.extend(match operation.signature {
        Signature::Required => Some("The request is signed.".to_owned()),
        Signature::Optional => Some("The request can be signed.".to_owned()),
        Signature::None => None,
    });
    rules.extend(match operation.idempotency {
        Idempotency::Header => Some("Carries an idempotency key.".to_owned()),
        Idempotency::ExternalId => {
            Some("Your own id in the body makes a repeat harmless.".to_owned())
        }
        Idempotency::None => None,
    });
    rules.push(match operation.retry {
        Retry::Safe => "Can be repeated freely.".to_owned(),
        Retry::Keyed => "Is repeated only with the same key.".to_owned(),
        Retry::Never => "Is never repeated once a byte has left.".to_owned(),
    });
    if let [version] = operation.versions.as_slice() {
        rules.push(format!("Only `{}` has it.", version.text()));
    }
    paragraphs.push(rules.join(" "));
    if !operation.errors.is_empty() {
        paragraphs.push(format!("Errors: `{}`.", operation.errors.join("`, `")));
    }
    paragraphs
}
