//! Structs of the documents, the query parameters among them.

/// Structs of the documents, each as `model!` makes it.
macro_rules! models {
    ($( $(#[$($meta:tt)*])* pub struct $name:ident { $($blocks:tt)* } )+) => {
        $( model! { $(#[$($meta)*])* pub struct $name { $($blocks)* } } )+
    };
}

/// A struct of the documents.
///
/// Four blocks, each of them optional and in this order: `constant` (one possible value, filled in by `new`),
/// `required` (parameters of `new`), `optional` (`Option`, left out when `None`), `patch` (absent, null or a value).
/// A field whose name on the wire is another says it: `created_at as "createdAt": Timestamp`.
/// A field may end in `, personal` or `, secret`: then `Debug` tells only whether it is there.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(constant { $( $(#[$cm:meta])* $cf:ident $(as $cn:literal)?: $ct:ty = $cv:expr; )+ })?
            $(required { $( $(#[$rm:meta])* $rf:ident $(as $rn:literal)?: $rt:ty $(, $rs:ident)?; )+ })?
            $(optional { $( $(#[$om:meta])* $of:ident $(as $on:literal)?: $ot:ty = $ow:ident $(, $os:ident)?; )+ })?
            $(patch { $( $(#[$pm:meta])* $pf:ident $(as $pn:literal)?: $pt:ty = $pw:ident $(, $ps:ident)?; )+ })?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($( $(#[$cm])* pub $cf: $ct, )+)?
            $($( $(#[$rm])* pub $rf: $rt, )+)?
            $($( $(#[$om])* pub $of: Option<$ot>, )+)?
            $($( $(#[$pm])* pub $pf: crate::patch::Patch<$pt>, )+)?
        }

        // `inline` leaves it to the crates that call one of these to compile it: most call few.
        impl $name {
            /// Builds the value from what is required; everything else is absent.
            #[allow(clippy::too_many_arguments, reason = "one parameter for each required field")]
            #[allow(clippy::new_without_default, reason = "a tag alone is no default of a variant")]
            #[inline]
            #[must_use]
            pub fn new($($( $rf: $rt ),+)?) -> Self {
                Self {
                    $($( $cf: $cv, )+)?
                    $($( $rf, )+)?
                    $($( $of: None, )+)?
                    $($( $pf: crate::patch::Patch::Absent, )+)?
                }
            }

            $($(
                #[doc = concat!("Sets `", stringify!($of), "`.")]
                #[inline]
                #[must_use]
                pub fn $ow(mut self, value: $ot) -> Self {
                    self.$of = Some(value);
                    self
                }
            )+)?

            $($(
                #[doc = concat!("Sets `", stringify!($pf), "`, to a value or to null.")]
                #[inline]
                #[must_use]
                pub fn $pw(mut self, value: impl Into<crate::patch::Patch<$pt>>) -> Self {
                    self.$pf = value.into();
                    self
                }
            )+)?
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::object::show(f, stringify!($name), &[
                    $($( (wire_name!($cf $($cn)?), &self.$cf), )+)?
                    $($( (wire_name!($rf $($rn)?), shown!(required self.$rf $(, $rs)?)), )+)?
                    $($( (wire_name!($of $($on)?), shown!(optional self.$of $(, $os)?)), )+)?
                    $($( (wire_name!($pf $($pn)?), shown!(patch self.$pf $(, $ps)?)), )+)?
                ])
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[allow(unused_mut, reason = "an object of no members is not written to")]
                let mut object = crate::object::Writer::start(serializer);
                $($( object.required(wire_name!($cf $($cn)?), &self.$cf); )+)?
                $($( object.required(wire_name!($rf $($rn)?), &self.$rf); )+)?
                $($( object.optional(wire_name!($of $($on)?), &self.$of); )+)?
                $($( object.patch(wire_name!($pf $($pn)?), &self.$pf); )+)?
                object.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::object::read(deserializer)
            }
        }

        const _: () = {
            #[allow(non_camel_case_types, missing_debug_implementations, reason = "nobody sees it")]
            pub enum Member {
                $($( $cf, )+)?
                $($( $rf, )+)?
                $($( $of, )+)?
                $($( $pf, )+)?
            }

            #[allow(missing_debug_implementations, reason = "nobody sees it")]
            pub struct Draft {
                $($( $cf: Option<$ct>, )+)?
                $($( $rf: Option<$rt>, )+)?
                $($( $of: Option<$ot>, )+)?
                $($( $pf: crate::patch::Patch<$pt>, )+)?
            }

            impl crate::object::Object for $name {
                const NAME: &'static str = stringify!($name);
                const MEMBERS: &'static [(&'static str, Member)] = &[
                    $($( (wire_name!($cf $($cn)?), Member::$cf), )+)?
                    $($( (wire_name!($rf $($rn)?), Member::$rf), )+)?
                    $($( (wire_name!($of $($on)?), Member::$of), )+)?
                    $($( (wire_name!($pf $($pn)?), Member::$pf), )+)?
                ];
                type Member = Member;
                type Draft = Draft;

                fn draft() -> Draft {
                    Draft {
                        $($( $cf: None, )+)?
                        $($( $rf: None, )+)?
                        $($( $of: None, )+)?
                        $($( $pf: crate::patch::Patch::Absent, )+)?
                    }
                }

                #[allow(unused_variables, reason = "an object of no members reads none")]
                fn read<'de, A: serde::de::MapAccess<'de>>(
                    draft: &mut Draft,
                    member: &Member,
                    members: &mut A,
                ) -> Result<(), A::Error> {
                    match *member {
                        $($( Member::$cf => crate::object::fill(&mut draft.$cf, members), )+)?
                        $($( Member::$rf => crate::object::fill_required(&mut draft.$rf, members), )+)?
                        $($( Member::$of => crate::object::fill(&mut draft.$of, members), )+)?
                        $($( Member::$pf => crate::object::fill(&mut draft.$pf, members), )+)?
                    }
                }

                fn finish<E: serde::de::Error>(draft: Draft) -> Result<Self, E> {
                    Ok(Self {
                        $($( $cf: crate::object::required(draft.$cf, wire_name!($cf $($cn)?))?, )+)?
                        $($( $rf: crate::object::required(draft.$rf, wire_name!($rf $($rn)?))?, )+)?
                        $($( $of: draft.$of, )+)?
                        $($( $pf: draft.$pf, )+)?
                    })
                }
            }
        };
    };
}

/// The name of a field on the wire: its own, or the one that it says.
macro_rules! wire_name {
    ($field:ident) => {
        const { crate::object::plain_name(stringify!($field)) }
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// What `Debug` shows of a field: the field, or that it is withheld.
macro_rules! shown {
    ($presence:ident $field:expr) => {
        &$field
    };
    ($presence:ident $field:expr, $sensitivity:ident) => {
        &crate::redact::Redacted::$presence(&$field)
    };
}

/// Setters of requests whose `updates` name fields: one for each field that can be named.
macro_rules! updates {
    ($(
        $request:ident {
            $( $set:ident = $name:literal, $owner:ident::$member:ident: $ty:ty; )+
        }
    )+) => {$(
        impl $request {
            /// The fields that can be named.
            pub const FIELDS: &'static [&'static str] = &[$( $name ),+];

            /// Changes a field by its name, also one that this version of the crate does not know. The last of several
            /// values for one field counts.
            #[must_use]
            pub fn set(mut self, field: &str, value: impl Into<String>) -> Self {
                let updates = self.updates.get_or_insert_with(Vec::new);
                let value = value.into();
                match updates.iter_mut().find(|update| update.field.as_deref() == Some(field)) {
                    Some(update) => update.value = Some(value),
                    None => updates.push(
                        crate::payments::FieldUpdate::new().with_field(field.to_owned()).with_value(value),
                    ),
                }
                self
            }

            $(
                #[doc = concat!(
                    "Changes `", $name, "`: [`", stringify!($owner), "::", stringify!($member),
                    "`](crate::payments::", stringify!($owner), "::", stringify!($member), ").",
                )]
                #[inline]
                #[must_use]
                pub fn $set(self, value: impl crate::update::NewValue<$ty>) -> Self {
                    self.set($name, value.to_text())
                }
            )+
        }
    )+};
}

/// The query parameters of one operation.
macro_rules! query_params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fm:meta])* $field:ident: $ty:ty = $wire:literal, $with:ident $(, $sensitive:ident)?; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$fm])* pub $field: Option<$ty>, )+
        }

        impl $name {
            /// No parameter set: the platform's defaults apply.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = concat!("Sets `", $wire, "`.")]
                #[must_use]
                pub fn $with(mut self, value: $ty) -> Self {
                    self.$field = Some(value);
                    self
                }
            )+
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field($wire, shown!(optional self.$field $(, $sensitive)?)) )+
                    .finish()
            }
        }

        impl crate::query::QueryParams for $name {
            fn to_pairs(&self) -> Vec<(&'static str, String)> {
                let mut pairs = Vec::new();
                $( crate::query::write(&mut pairs, $wire, self.$field.as_ref()); )+
                pairs
            }

            fn from_pairs(pairs: &[(String, String)]) -> Result<Self, crate::query::QueryError> {
                Ok(Self {
                    $( $field: crate::query::read(pairs, $wire)?, )+
                })
            }
        }
    };
}
