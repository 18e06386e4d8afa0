//! The client below the facade: progenitor's output with our types and our layer in it.

mod methods;

use progenitor_impl::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle};
use quote::{format_ident, quote};

use crate::model::Model;
use crate::prepare;
use crate::prepare::client::Prepared;
use crate::problem::Problem;
use crate::source::Place;

use super::rust::Source;

/// `client.rs` of one API.
pub(super) fn contents(model: &Model) -> Result<String, Vec<Problem>> {
    let mut file = generated(model, &prepare::client::prepare(model)?)?;
    trim(&mut file, model);
    methods::shorten(&mut file, model)?;
    let mut source = Source::new(model);
    source.module_doc(&format!(
        "The {} client that progenitor makes: paths, parameters and bodies. Everything that is \
         common to all calls happens in the layer below; callers use the facade.",
        model.api
    ));
    Ok(source.text() + &prettyplease::unparse(&file))
}

/// progenitor's output, with the `types` module checked to be empty.
fn generated(model: &Model, prepared: &Prepared) -> Result<syn::File, Vec<Problem>> {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::call::CallLayer));
    for (name, path) in &prepared.replacements {
        settings.with_replacement(name, path, std::iter::empty());
    }
    let fault = |message: String| {
        vec![Problem::new(
            &Place::whole(format!("openapi/{}", model.api)),
            "progenitor",
            message,
            "correct codegen/src/prepare/client.rs",
        )]
    };
    let tokens = Generator::new(&settings)
        .generate_tokens(&prepared.document)
        .map_err(|error| fault(format!("progenitor refuses the prepared document: {error}")))?;
    let file: syn::File = syn::parse2(tokens)
        .map_err(|error| fault(format!("progenitor's output does not parse: {error}")))?;
    let strays = own_types(&file);
    if strays.is_empty() {
        Ok(file)
    } else {
        Err(fault(format!(
            "progenitor made types of its own: {}",
            strays.join(", ")
        )))
    }
}

/// Takes out what nobody may use: the empty `types`, the `prelude`, the hooks, an HTTP client of its
/// own, and a constructor that brings time-outs and panics without TLS. The SDK has one way to build a
/// client, and one way to send a request.
fn trim(file: &mut syn::File, model: &Model) {
    file.items.retain(|item| match item {
        syn::Item::Mod(_) | syn::Item::Use(_) | syn::Item::Const(_) => false,
        syn::Item::Impl(item) => item.trait_.is_none(),
        _ => true,
    });
    let api = format_ident!("{}", model.api);
    let used: [syn::Item; 5] = [
        syn::parse_quote!(use layer2_types::#api;),
        syn::parse_quote!(
            #[allow(unused_imports)]
            use progenitor_client::encode_path;
        ),
        syn::parse_quote!(
            use crate::draft::Draft;
        ),
        syn::parse_quote!(
            use crate::error::Error;
        ),
        syn::parse_quote!(
            use crate::reply::Reply;
        ),
    ];
    file.items.splice(0..0, used);
    for item in &mut file.items {
        match item {
            syn::Item::Impl(item) if item.trait_.is_none() => {
                item.items.retain(|item| {
                    !matches!(item, syn::ImplItem::Fn(function) if function.sig.ident == "new")
                });
                for item in &mut item.items {
                    if let syn::ImplItem::Fn(function) = item {
                        undocumented(&mut function.attrs);
                        if function.sig.ident == "new_with_client" {
                            *function = constructor();
                        }
                    }
                }
            }
            syn::Item::Struct(item) => {
                undocumented(&mut item.attrs);
                item.fields = syn::Fields::Named(syn::parse_quote!({
                    pub(crate) inner: crate::call::CallLayer,
                }));
            }
            _ => {}
        }
    }
}

/// The client is the layer with methods: base and HTTP client are the layer's.
fn constructor() -> syn::ImplItemFn {
    syn::parse_quote!(
        pub fn new(inner: crate::call::CallLayer) -> Self {
            Self { inner }
        }
    )
}

/// The facade's documentation is the one that is read.
fn undocumented(attributes: &mut Vec<syn::Attribute>) {
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
}

/// Types that progenitor made itself; `error` holds the errors of conversions and is always there.
fn own_types(file: &syn::File) -> Vec<String> {
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let items = modules.flat_map(|(_, items)| items);
    items
        .filter_map(|item| match item {
            syn::Item::Struct(item) => Some(item.ident.to_string()),
            syn::Item::Enum(item) => Some(item.ident.to_string()),
            syn::Item::Type(item) => Some(item.ident.to_string()),
            syn::Item::Mod(module) if module.ident != "error" => Some(module.ident.to_string()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle, source};

    fn shop() -> Model {
        let text = include_str!("../../tests/golden/shop.yaml");
        let node = source::parse("shop.yaml", text).expect("good YAML");
        let document = bundle::merge("shop", vec![node]).expect("one fragment");
        Model::build(&document).expect("a good document")
    }

    #[test]
    fn progenitor_makes_no_type_of_its_own() {
        let model = shop();
        let prepared = prepare::client::prepare(&model).expect("prepared");
        let file = generated(&model, &prepared).expect("generated");
        assert_eq!(own_types(&file), [""; 0]);
        let has_types = file
            .items
            .iter()
            .any(|item| matches!(item, syn::Item::Mod(m) if m.ident == "types"));
        assert!(
            has_types,
            "the module that is looked into has another name now"
        );
    }

    #[test]
    fn a_type_that_nobody_replaced_is_a_problem() {
        let model = shop();
        let mut prepared = prepare::client::prepare(&model).expect("prepared");
        prepared.replacements.retain(|(name, _)| name != "Order");
        let problems = generated(&model, &prepared)
            .err()
            .expect("Order is progenitor's now");
        assert_eq!(
            problems[0].message,
            "progenitor made types of its own: Order"
        );
    }

    #[test]
    fn a_method_that_is_not_made_as_known_is_a_problem() {
        let model = shop();
        let prepared = prepare::client::prepare(&model).expect("prepared");
        let file = generated(&model, &prepared).expect("generated");
        let text = quote!(#file).to_string();
        for (known, strange) in [
            (
                "self . pre (& mut request , & info)",
                "self . pre (& mut request)",
            ),
            ("204u16", "205u16"),
            (
                ". headers (header_map)",
                ". headers (header_map) . headers (more)",
            ),
            ("\"application/json\"", "\"text/json\""),
            ("Error < () > ,", "Error < shop :: Order > ,"),
        ] {
            assert!(text.contains(known), "{known} is not in {text}");
            let mut strange = syn::parse_str(&text.replacen(known, strange, 1)).expect("Rust");
            let problems = methods::shorten(&mut strange, &model).expect_err("one is strange");
            assert_eq!(problems.len(), 1, "{problems:?}");
        }
    }

    #[test]
    fn the_client_is_built_in_one_way() {
        let text = contents(&shop()).expect("generated");
        assert!(text.contains("pub fn new(inner: crate::call::CallLayer) -> Self"));
        assert!(!text.contains("new_with_client") && !text.contains("unwrap()"));
        assert!(!text.contains("reqwest"));
    }
}
