//! What is a table with an enum of its rows: operations and error codes.

/// The operations of one API: the enum that names them and the table that describes them.
macro_rules! operations {
    ( $( $(#[$vm:meta])* $variant:ident = $id:literal => $operation:expr; )+ ) => {
        /// The operations of this API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum OperationId {
            $( $(#[$vm])* $variant, )+
        }

        /// What the documents say about every operation, in the order of [`OperationId::ALL`].
        pub static OPERATIONS: &[crate::operation::Operation] = &[$( $operation ),+];

        impl OperationId {
            /// Every operation, in the order of the document.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The operation's row in the table.
            #[must_use]
            pub fn operation(self) -> &'static crate::operation::Operation {
                // The table has one row per variant, in the order of the discriminants.
                &OPERATIONS[self as usize]
            }

            /// The id as the document spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $id, )+
                }
            }
        }

        impl From<OperationId> for &'static crate::operation::Operation {
            fn from(id: OperationId) -> Self {
                id.operation()
            }
        }

        impl std::fmt::Display for OperationId {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for OperationId {
            type Err = crate::operation::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $id => Ok(Self::$variant), )+
                    _ => Err(crate::operation::UnknownName::new("OperationId", &[$( $id ),+])),
                }
            }
        }
    };
}

/// The error codes of one API: the open enum that names them and the table that describes them.
macro_rules! error_codes {
    ( $(
        $variant:ident = $code:literal, status $status:literal,
            means $meaning:literal,
            remedy $remedy:literal;
    )+ ) => {
        crate::open_enum! {
            /// Why a request was refused. The platform may send codes that are not listed here.
            pub enum ErrorCode {
                $( #[doc = concat!($meaning, " Status ", $status, ".")] $variant = $code, )+
            }
        }

        /// What is known about each code, in the order of [`ErrorCode::ALL`].
        pub static ERROR_CODES: &[crate::error_code::ErrorCodeInfo] = &[$(
            crate::error_code::ErrorCodeInfo {
                code: $code,
                status: $status,
                meaning: $meaning,
                remedy: $remedy,
            }
        ),+];
    };
}
