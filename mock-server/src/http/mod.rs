//! From a connection to an operation and back: the one way that every request takes.
//!
//! [`listener`] accepts (and can cut), [`pipeline`] is the order of the checks, and each other file is one of them.

pub(crate) mod contract;
pub(crate) mod cors;
pub(crate) mod disposition;
pub(crate) mod form;
pub(crate) mod headers;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod listener;
pub(crate) mod locate;
pub(crate) mod pipeline;
pub(crate) mod query;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod signature;
pub(crate) mod validate;

pub(crate) use pipeline::OpenFile;
