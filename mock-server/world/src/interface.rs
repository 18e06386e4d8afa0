//! What the generated interface of the world expands to.
//!
//! A row says what is particular to an operation: its name, what it takes, what it gives and its status. The rest is
//! written once, here. What the world answers is split by effect, so that a read cannot change anything: reads borrow
//! the world, writes borrow it mutably. No method has a default body; an operation that is not built is written down as
//! such where the trait is implemented.

/// A trait for each resource of an API, and `write` and `read`, which find the method of an operation.
///
/// An input is parsed by what it is called: `body` and `file` from the body, `params` from the query, every other from
/// the path parameter of that name. A row ends with the status of its reply, or with `answered` where the operation
/// chooses among several.
macro_rules! resources {
    (
        api $api:ident;
        $(
            $(#[$about:meta])*
            trait $resource:ident {
                $(writes { $(
                    $(#[$written:meta])*
                    $write:ident = $write_method:ident($($write_input:ident: $write_type:ty),* $(,)?)
                        -> $write_reply:ty, $write_status:tt;
                )+ })?
                $(reads { $(
                    $(#[$read_about:meta])*
                    $read:ident = $read_method:ident($($read_input:ident: $read_type:ty),* $(,)?)
                        -> $read_reply:ty, $read_status:tt;
                )+ })?
            }
        )+
    ) => {
        $(
            $(#[$about])*
            pub(crate) trait $resource {
                $($(
                    $(#[$written])*
                    fn $write_method(
                        &mut self,
                        cx: &mut crate::context::WriteContext<'_>,
                        $($write_input: $write_type),*
                    ) -> Result<$write_reply, crate::rejection::Rejection>;
                )+)?
                $($(
                    $(#[$read_about])*
                    fn $read_method(
                        &self,
                        cx: &crate::context::ReadContext<'_>,
                        $($read_input: $read_type),*
                    ) -> Result<$read_reply, crate::rejection::Rejection>;
                )+)?
            }
        )+

        /// Carries out a write. Ids, parameters and body are parsed here, once.
        #[allow(unused_variables, reason = "an API may have no writes")]
        pub(crate) fn write<W: $($resource +)+>(
            world: &mut W,
            cx: &mut crate::context::WriteContext<'_>,
            op: layer2_types::$api::OperationId,
            request: &crate::request::Request,
        ) -> Result<crate::request::Reply, crate::rejection::Rejection> {
            let platform = cx.platform();
            match op {
                $($($(
                    layer2_types::$api::OperationId::$write => {
                        let reply = world.$write_method(cx, $(input!(request $write_input)),*)?;
                        reply!($write_status, reply, platform)
                    }
                )+)?)+
                _ => Err(crate::rejection::Rejection::misrouted(op.operation())),
            }
        }

        /// Answers a read. Ids, parameters and body are parsed here, once.
        #[allow(unused_variables, reason = "an API may have no reads")]
        pub(crate) fn read<W: $($resource +)+>(
            world: &W,
            cx: &crate::context::ReadContext<'_>,
            op: layer2_types::$api::OperationId,
            request: &crate::request::Request,
        ) -> Result<crate::request::Reply, crate::rejection::Rejection> {
            let platform = cx.platform();
            match op {
                $($($(
                    layer2_types::$api::OperationId::$read => {
                        let reply = world.$read_method(cx, $(input!(request $read_input)),*)?;
                        reply!($read_status, reply, platform)
                    }
                )+)?)+
                _ => Err(crate::rejection::Rejection::misrouted(op.operation())),
            }
        }
    };
}

/// What an operation takes, parsed.
macro_rules! input {
    ($request:ident body) => {
        $request.body()?
    };
    ($request:ident file) => {
        $request.body()?
    };
    ($request:ident params) => {
        $request.params()?
    };
    ($request:ident $parameter:ident) => {
        $request.id(stringify!($parameter))?
    };
}

/// What an operation gives, written.
macro_rules! reply {
    (answered, $reply:ident, $platform:ident) => {
        crate::request::Reply::answered($reply, $platform)
    };
    ($status:literal, $reply:ident, $platform:ident) => {
        crate::request::Reply::of($status, $reply, $platform)
    };
}
