//! The methods of progenitor's client, without what is the same in every one of them.
//!
//! progenitor spells out in each method how a request is sent and its reply judged: a header of its
//! own, the hooks before, around and after the call, a match on the status, a decoder for a
//! `reqwest::Response`. Here that becomes one call of `sent`, written by hand in `sdk/src/call.rs`,
//! with its reply and its error; the path, the query and the body stay as progenitor made them. What they are put on is a
//! `Draft` in place of a request of reqwest: the layer knows the base and the method, and would have to take a finished
//! request apart again.
//!
//! Nothing is cut by guess: a method is made anew as progenitor is known to make it and compared
//! with what it made. One that differs is refused, so that another version of progenitor cannot lose
//! a statement in silence.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{
    Block, Expr, ExprMethodCall, GenericArgument, Ident, ImplItem, ImplItemFn, Item, Lit, LitStr,
    Pat, PathArguments, ReturnType, Stmt, Token, Type,
};

use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::read::Word as _;
use crate::problem::Problem;

/// Shortens every method of an operation in progenitor's output.
pub(super) fn shorten(file: &mut syn::File, model: &Model) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for method in methods(file) {
        let name = method.sig.ident.to_string();
        let Some(operation) = model.operations.iter().find(|o| o.id == name) else {
            continue;
        };
        match Parts::of(method, operation) {
            Some(parts) => {
                let (output, block) = (parts.output(), parts.short());
                method.sig.output = output;
                method.block = block;
            }
            None => problems.push(Problem::new(
                &operation.place,
                "progenitor",
                format!("progenitor makes the method of `{name}` in a way that is not known"),
                "compare its output with `Parts::long` of codegen/src/emit/client/methods.rs and \
                 make the two agree",
            )),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The methods of the client itself, those of operations and its constructor.
fn methods(file: &mut syn::File) -> impl Iterator<Item = &mut ImplItemFn> {
    let own = file.items.iter_mut().filter_map(|item| match item {
        Item::Impl(item) if item.trait_.is_none() => Some(&mut item.items),
        _ => None,
    });
    own.flatten().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// What makes a method different from the others.
struct Parts<'a> {
    operation: &'a Operation,
    /// Names of the variables, which progenitor changes where a parameter has the same.
    names: Names<'a>,
    /// `let url = format!(…);`
    url: &'a Stmt,
    /// What stands in it behind the base.
    path: Expr,
    /// `.get(url)`, then the query and the body.
    calls: Vec<&'a ExprMethodCall>,
    /// What the reply reads as.
    reply: &'a Type,
}

struct Names<'a> {
    request: &'a Ident,
    result: &'a Ident,
    response: &'a Ident,
}

impl<'a> Parts<'a> {
    /// Takes a method apart, if it is exactly what is expected.
    fn of(method: &'a ImplItemFn, operation: &'a Operation) -> Option<Self> {
        let block = &method.block;
        let [url, _, _, request, _, _, result, _, response, _] = block.stmts.as_slice() else {
            return None;
        };
        let (request, chain) = variable(request)?;
        let mut calls = calls(chain)?;
        calls.retain(|call| !is_common(call));
        if calls.first()?.method != operation.method.text() {
            return None;
        }
        let parts = Self {
            operation,
            names: Names {
                request,
                result: variable(result)?.0,
                response: variable(response)?.0,
            },
            url,
            path: path(url)?,
            calls,
            reply: reply(&method.sig.output)?,
        };
        let text = |block: &Block| block.to_token_stream().to_string();
        (text(&parts.long()) == text(block)).then_some(parts)
    }

    /// The method as progenitor makes it.
    fn long(&self) -> Block {
        let Names {
            request,
            result,
            response,
        } = &self.names;
        let address = self.url;
        let (first, rest) = self.chain();
        let id = &self.operation.id;
        let accept = self.operation.reply_schema().map(|_| {
            quote! {
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json",),
                )
            }
        });
        let decoded = match self.operation.reply_schema() {
            Some(_) => quote!(ResponseValue::from_response(#response).await),
            None => quote!(Ok(ResponseValue::empty(#response))),
        };
        let mut statuses: Vec<_> = self.operation.replies.iter().map(|r| r.status).collect();
        statuses.sort_unstable();
        let arms = statuses
            .iter()
            .map(|status| quote!(#status => { #decoded }));
        syn::parse_quote!({
            #address
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(Self::api_version()),
            );
            #[allow(unused_mut)]
            let mut #request = self.client #first #accept #rest .headers(header_map).build()?;
            let info = OperationInfo { operation_id: #id, };
            self.pre(&mut #request, &info).await?;
            let #result = self.exec(#request, &info).await;
            self.post(&#result, &info).await?;
            let #response = #result?;
            match #response.status().as_u16() {
                #(#arms)*
                _ => Err(Error::UnexpectedResponse(#response)),
            }
        })
    }

    /// The method as it is written.
    fn short(&self) -> Block {
        let (path, request) = (&self.path, self.names.request);
        let (_, rest) = self.chain();
        syn::parse_quote!({
            let #request = Draft::new(#path) #rest;
            self.inner.sent(#request).await
        })
    }

    /// What it gives back then.
    fn output(&self) -> ReturnType {
        let reply = self.reply;
        syn::parse_quote!(-> Result<Reply<#reply>, Error>)
    }

    /// The calls on the request: the method, and what comes after it.
    fn chain(&self) -> (TokenStream, TokenStream) {
        let written = self.calls.iter().map(|call| {
            let (name, arguments) = (&call.method, &call.args);
            quote!(.#name(#arguments))
        });
        let mut written: Vec<_> = written.collect();
        let first = written.drain(..written.len().min(1)).collect();
        (first, written.into_iter().collect())
    }
}

/// The path in `let url = format!("{}/…", self.baseurl, …);`: a text, or a `format!` of what is left.
fn path(url: &Stmt) -> Option<Expr> {
    let Expr::Macro(made) = variable(url)?.1 else {
        return None;
    };
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
    let mut arguments = made.mac.parse_body_with(arguments).ok()?.into_iter();
    let Expr::Lit(template) = arguments.next()? else {
        return None;
    };
    let Lit::Str(text) = &template.lit else {
        return None;
    };
    let template = LitStr::new(text.value().strip_prefix("{}")?, text.span());
    let base = arguments.next()?.to_token_stream().to_string();
    let parameters: Vec<Expr> = arguments.collect();
    (base == "self . baseurl").then(|| match parameters.is_empty() {
        true => syn::parse_quote!(#template),
        false => syn::parse_quote!(format!(#template, #(#parameters),*)),
    })
}

/// The `T` of `-> Result<ResponseValue<T>, Error<()>>`.
fn reply(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, result) = output else {
        return None;
    };
    let [value, error] = arguments(result, "Result")?[..] else {
        return None;
    };
    let [reply] = arguments(value, "ResponseValue")?[..] else {
        return None;
    };
    (error.to_token_stream().to_string() == "Error < () >").then_some(reply)
}

/// The `A, B` of `name<A, B>`.
fn arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    (last.ident == name).then(|| types.collect())?
}

/// Name and value of `let name = value;`.
fn variable(statement: &Stmt) -> Option<(&Ident, &Expr)> {
    let Stmt::Local(local) = statement else {
        return None;
    };
    let Pat::Ident(pattern) = &local.pat else {
        return None;
    };
    Some((&pattern.ident, &local.init.as_ref()?.expr))
}

/// The calls of `self.client.get(url)….build()?`, the first one first.
fn calls(chain: &Expr) -> Option<Vec<&ExprMethodCall>> {
    let Expr::Try(chain) = chain else { return None };
    let mut calls = Vec::new();
    let mut receiver = &*chain.expr;
    while let Expr::MethodCall(call) = receiver {
        calls.push(call);
        receiver = &call.receiver;
    }
    calls.reverse();
    Some(calls)
}

/// Whether the call is on every request, and is therefore made elsewhere.
fn is_common(call: &ExprMethodCall) -> bool {
    ["header", "headers", "build"]
        .iter()
        .any(|name| call.method == name)
}
