//! The methods of progenitor's client, without what is the same in every one of them.
//!
//! progenitor spells out in each method how a request is sent and its reply judged: a header of its
//! own, the hooks before, around and after the call, a match on the status. Here that becomes one
//! call of `sent`, written by hand beside the hook in `sdk/src/call.rs`; the address, the query, the
//! body and the decoding stay as progenitor made them.
//!
//! Nothing is cut by guess: a method is made anew as progenitor is known to make it and compared
//! with what it made. One that differs is refused, so that another version of progenitor cannot lose
//! a statement in silence.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Block, Expr, ExprMethodCall, Ident, ImplItem, ImplItemFn, Item, Pat, Stmt};

use crate::model::Model;
use crate::model::operation::Operation;
use crate::problem::Problem;

/// Shortens every method of an operation in progenitor's output.
pub(super) fn shorten(file: &mut syn::File, model: &Model) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for method in methods(file) {
        let name = method.sig.ident.to_string();
        let Some(operation) = model.operations.iter().find(|o| o.id == name) else {
            continue;
        };
        match Parts::of(&method.block, operation) {
            Some(parts) => method.block = parts.short(),
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
    /// `.get(url)`, then the query and the body.
    calls: Vec<&'a ExprMethodCall>,
}

struct Names<'a> {
    request: &'a Ident,
    result: &'a Ident,
    response: &'a Ident,
}

impl<'a> Parts<'a> {
    /// Takes a method apart, if it is exactly what is expected.
    fn of(block: &'a Block, operation: &'a Operation) -> Option<Self> {
        let [url, _, _, request, _, _, result, _, response, _] = block.stmts.as_slice() else {
            return None;
        };
        let (request, chain) = variable(request)?;
        let mut calls = calls(chain)?;
        calls.retain(|call| !is_common(call));
        let parts = Self {
            operation,
            names: Names {
                request,
                result: variable(result)?.0,
                response: variable(response)?.0,
            },
            url,
            calls,
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
        let decoded = self.decoded(&quote!(#response));
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
        let (address, request) = (self.url, self.names.request);
        let (first, rest) = self.chain();
        let decoded = self.decoded(&quote!(self.sent(#request).await?));
        syn::parse_quote!({
            #address
            let #request = self.client #first #rest .build()?;
            #decoded
        })
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

    /// What is made of a response.
    fn decoded(&self, response: &TokenStream) -> TokenStream {
        match self.operation.reply_schema() {
            Some(_) => quote!(ResponseValue::from_response(#response).await),
            None => quote!(Ok(ResponseValue::empty(#response))),
        }
    }
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
