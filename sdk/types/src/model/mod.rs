//! The macros that the generated models are written in.
//!
//! A model of the documents is a list of fields and a few rules about them: which are required, which may be absent,
//! which must not reach a log. The generated files state exactly that, one line a field; the constructors, the
//! reading and writing, the redacted `Debug` and the tag decoding are written once, here. The expansion is what one
//! would write by hand, so rustdoc shows ordinary structs and enums.
//!
//! What the macros refuse to use: `#[serde(tag)]`, `#[serde(untagged)]` and `#[serde(flatten)]`. These buffer their
//! input and turn a long amount into a float on the way; a union is therefore decoded from its raw text.

#[macro_use]
mod event;
#[macro_use]
mod object;
#[macro_use]
mod table;
#[macro_use]
mod union;
#[macro_use]
mod version;

/// Ids of the documents, each as [`id!`](crate::id) makes it.
macro_rules! ids {
    ($( $(#[$($meta:tt)*])* pub struct $name:ident; )+) => {
        $( crate::id! { $(#[$($meta)*])* pub struct $name; } )+
    };
}

/// Enums of the documents, each as [`open_enum!`](crate::open_enum) makes it.
macro_rules! open_enums {
    ($( $(#[$($meta:tt)*])* pub enum $name:ident { $($values:tt)* } $(project { $($forms:tt)* })? )+) => {
        $(
            crate::open_enum! {
                $(#[$($meta)*])* pub enum $name { $($values)* } $(project { $($forms)* })?
            }
        )+
    };
}
