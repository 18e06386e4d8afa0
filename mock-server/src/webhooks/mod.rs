//! Sends what the outbox of a sandbox holds.
//!
//! The world decides what is sent, to whom and when it is tried again; this folder signs and posts ([`sign`],
//! [`dispatcher`]), to allowed addresses only ([`guard`]), and feeds back how each attempt ended.

pub(crate) mod dispatcher;
pub(crate) mod guard;
pub(crate) mod settle;
pub(crate) mod sign;
