//! What the generated interface of the process around the worlds expands to.
//!
//! A row says what is particular to an operation: its name, what it takes, what it gives and its status. The rest is
//! written once, here. These operations make worlds, move clocks and order faults, so they wait and borrow the server.

/// A trait with the operations of an API that no world can answer, and the functions that find the method of one:
/// `dispatch` for JSON, `upload` where a file is sent and `download` where one is given.
///
/// An input is parsed by what it is called: `body` from the body, `params` from the query, `file` is what was sent, and
/// every other comes from the path parameter of that name and is lent. A row ends with the status of its reply.
macro_rules! process {
    (
        api $api:ident;
        $(#[$about:meta])*
        trait $server:ident {
            values { $(
                $(#[$doc:meta])*
                $value:ident = $method:ident($($input:ident: $type:ty),* $(,)?) -> $reply:ty, $status:literal;
            )+ }
            $(uploads { $(
                $(#[$sent_doc:meta])*
                $upload:ident = $sent_method:ident($($sent_input:ident: $sent_type:ty),* $(,)?)
                    -> $sent_reply:ty, $sent_status:literal;
            )+ })?
            $(downloads { $(
                $(#[$given_doc:meta])*
                $download:ident = $given_method:ident($($given_input:ident: $given_type:ty),* $(,)?)
                    -> $given:ty, $given_status:literal;
            )+ })?
        }
    ) => {
        $(#[$about])*
        pub(crate) trait $server {
            $( method! { $(#[$doc])* $method($($input: $type),*) -> $reply } )+
            $($( method! { $(#[$sent_doc])* $sent_method($($sent_input: $sent_type),*) -> $sent_reply } )+)?
            $($( method! { $(#[$given_doc])* $given_method($($given_input: $given_type),*) -> $given } )+)?
        }

        /// Answers one operation; those of the world are not for here.
        pub(crate) async fn dispatch<S: $server>(
            server: &S,
            op: layer2_types::$api::OperationId,
            request: &layer2_world::Request,
        ) -> Result<layer2_world::Reply, layer2_world::Rejection> {
            match op {
                $(
                    layer2_types::$api::OperationId::$value => {
                        let reply = server.$method($(input!(request () $input)),*).await?;
                        layer2_world::Reply::of($status, reply, layer2_types::Platform::Union)
                    }
                )+
                _ => Err(layer2_world::Rejection::misrouted(op.operation())),
            }
        }

        $(
            /// Answers one operation that takes a file.
            pub(crate) async fn upload<S: $server>(
                server: &S,
                op: layer2_types::$api::OperationId,
                request: &layer2_world::Request,
                file: bytes::Bytes,
            ) -> Result<layer2_world::Reply, layer2_world::Rejection> {
                match op {
                    $(
                        layer2_types::$api::OperationId::$upload => {
                            let reply = server.$sent_method($(input!(request (file) $sent_input)),*).await?;
                            layer2_world::Reply::of($sent_status, reply, layer2_types::Platform::Union)
                        }
                    )+
                    _ => Err(layer2_world::Rejection::misrouted(op.operation())),
                }
            }
        )?

        $(
            /// Answers one operation that gives a file.
            pub(crate) async fn download<S: $server>(
                server: &S,
                op: layer2_types::$api::OperationId,
                request: &layer2_world::Request,
            ) -> Result<crate::http::OpenFile, layer2_world::Rejection> {
                match op {
                    $(
                        layer2_types::$api::OperationId::$download => {
                            server.$given_method($(input!(request () $given_input)),*).await
                        }
                    )+
                    _ => Err(layer2_world::Rejection::misrouted(op.operation())),
                }
            }
        )?
    };
}

/// A method that waits.
macro_rules! method {
    ($(#[$doc:meta])* $method:ident($($input:ident: $type:ty),*) -> $reply:ty) => {
        $(#[$doc])*
        fn $method(
            &self,
            $($input: $type),*
        ) -> impl std::future::Future<Output = Result<$reply, layer2_world::Rejection>> + Send;
    };
}

/// What an operation takes, parsed; the file in brackets is the one that was sent.
macro_rules! input {
    ($request:ident ($file:ident) file) => {
        $file
    };
    ($request:ident $file:tt body) => {
        $request.body()?
    };
    ($request:ident $file:tt params) => {
        $request.params()?
    };
    ($request:ident $file:tt $parameter:ident) => {
        &$request.id(stringify!($parameter))?
    };
}
