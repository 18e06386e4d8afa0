//! Tagged unions of the documents.

/// Tagged unions of the documents, each as `tagged_union!` makes it.
macro_rules! tagged_unions {
    ($(
        $(#[$($meta:tt)*])*
        pub enum $name:ident by $tag:literal { $($variants:tt)* }
        $(shared { $($shared:tt)* })?
    )+) => {
        $(
            tagged_union! {
                $(#[$($meta)*])* pub enum $name by $tag { $($variants)* } $(shared { $($shared)* })?
            }
        )+
    };
}

/// A tagged union of the documents: one variant per tag value, and `Unknown` for tags of a newer platform.
macro_rules! tagged_union {
    (
        $(#[$meta:meta])*
        pub enum $name:ident by $tag:literal {
            $( $(#[$vm:meta])* $variant:ident($ty:ty) = $value:literal; )+
        }
        $(shared $shared:tt)?
    ) => {
        $(#[$meta])*
        #[allow(clippy::large_enum_variant, reason = "few values live at once; a box would be in every caller's way")]
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vm])* $variant($ty), )+
            /// A variant that this version of the crate does not know, kept as it was sent.
            Unknown(crate::tagged::UnknownVariant),
        }

        impl $name {
            #[doc = concat!("The property that tells the variants apart: `", $tag, "`.")]
            pub const TAG: &'static str = $tag;

            /// The tag's text of this value.
            #[must_use]
            pub fn tag(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $value, )+
                    Self::Unknown(unknown) => unknown.tag(),
                }
            }
        }

        shared! { $name [$($variant)+] {} $($shared)? }

        $(
            impl From<$ty> for $name {
                fn from(value: $ty) -> Self {
                    Self::$variant(value)
                }
            }
        )+

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(value) => value.serialize(serializer), )+
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let tagged = crate::tagged::Tagged::read(deserializer, stringify!($name), $tag)?;
                match tagged.tag() {
                    $( $value => tagged.decode().map(Self::$variant), )+
                    _ => Ok(Self::Unknown(tagged.into_unknown())),
                }
            }
        }

        impl crate::project::Project for $name {
            fn project(&mut self, platform: crate::operation::Platform) {
                match self {
                    $( Self::$variant(value) => crate::project::Project::project(value, platform), )+
                    Self::Unknown(_) => {}
                }
            }
        }
    };
}

/// Accessors of what all variants of a union have in common; an unknown variant has none of it. One field after the
/// other goes from the last braces to the first, as each of them repeats all variants.
macro_rules! shared {
    ($name:ident $variants:tt {} ) => {};
    ($name:ident $variants:tt { $($made:tt)+ } {} ) => {
        impl $name {
            $($made)+
        }
    };
    (
        $name:ident [$($variant:ident)+] { $($made:tt)* }
        { $(#[$meta:meta])* $presence:ident $field:ident: $ty:ty; $($rest:tt)* }
    ) => {
        shared! {
            $name [$($variant)+]
            {
                $($made)*
                $(#[$meta])*
                #[must_use]
                pub fn $field(&self) -> Option<&$ty> {
                    match self {
                        $( Self::$variant(value) => shared_value!($presence value.$field), )+
                        Self::Unknown(_) => None,
                    }
                }
            }
            { $($rest)* }
        }
    };
}

/// A field of a variant, as it may be missing of others.
macro_rules! shared_value {
    (required $field:expr) => {
        Some(&$field)
    };
    (optional $field:expr) => {
        $field.as_ref()
    };
}
