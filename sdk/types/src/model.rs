//! The macros that the generated models are written in.
//!
//! A model of the documents is a list of fields and a few rules about them: which are required, which may be absent,
//! which must not reach a log. The generated files state exactly that, one line a field; the constructors, the
//! reading and writing, the redacted `Debug` and the tag decoding are written once, here. The expansion is what one
//! would write by hand, so rustdoc shows ordinary structs and enums.
//!
//! What the macros refuse to use: `#[serde(tag)]`, `#[serde(untagged)]` and `#[serde(flatten)]`. These buffer their
//! input and turn a long amount into a float on the way; a union is therefore decoded from its raw text.

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

/// The webhook events of one API: `EventPayload`, decoded by the event's type, and the `Event` around it.
macro_rules! events {
    (
        $( $(#[$vm:meta])* $variant:ident($ty:ty) $(of [$($version:ident),+])? = $value:literal; )+
    ) => {
        crate::id! {
            /// Id of an event, made by the platform; the same in every delivery of the event.
            pub struct EventId;
        }

        impl EventType {
            /// Whether this version of the platform sends such events. Of a type that is not known here nothing is known,
            /// so the answer is yes.
            #[must_use]
            pub fn is_sent_by(&self, platform: crate::operation::Platform) -> bool {
                match self.as_str() {
                    $( $value => platform.includes(&[$($(crate::operation::PlatformVersion::$version),+)?]), )+
                    _ => true,
                }
            }
        }

        /// What an event tells, by its type.
        #[allow(clippy::large_enum_variant, reason = "few values live at once; a box would be in every caller's way")]
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EventPayload {
            $( $(#[$vm])* $variant($ty), )+
            /// An event that this version of the crate does not know, its data kept as it was sent.
            Unknown(crate::tagged::UnknownVariant),
        }

        impl EventPayload {
            /// Every event type of the documents that has a payload here, in wire form.
            pub const TYPES: &'static [&'static str] = &[$( $value ),+];

            /// The event's type.
            #[must_use]
            pub fn event_type(&self) -> EventType {
                match self {
                    $( Self::$variant(_) => EventType::from($value), )+
                    Self::Unknown(unknown) => EventType::from(unknown.tag()),
                }
            }

            fn decode(event_type: &str, raw: Box<serde_json::value::RawValue>) -> serde_json::Result<Self> {
                match event_type {
                    $( $value => serde_json::from_str(raw.get()).map(Self::$variant), )+
                    other => Ok(Self::Unknown(crate::tagged::UnknownVariant::new(other, raw))),
                }
            }
        }

        impl serde::Serialize for EventPayload {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(value) => value.serialize(serializer), )+
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl crate::project::Project for EventPayload {
            fn project(&mut self, platform: crate::operation::Platform) {
                match self {
                    $( Self::$variant(value) => crate::project::Project::project(value, platform), )+
                    Self::Unknown(_) => {}
                }
            }
        }

        /// One webhook call's body.
        ///
        /// It decodes whatever the platform sends: the type of an event chooses how its data is read, and data of a
        /// type that is not known here stays available as text.
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct Event {
            /// Id of the event; the same in every delivery of it.
            pub event_id: EventId,
            /// When the change happened. Deliveries of early 2023 lacked it (observed).
            #[serde(skip_serializing_if = "Option::is_none")]
            pub event_date: Option<crate::timestamp::Timestamp>,
            /// What kind of change it was.
            pub event_type: EventType,
            /// What changed, decoded by the type.
            pub event_data: EventPayload,
        }

        impl Event {
            /// Builds an event; its type is that of the payload.
            #[must_use]
            pub fn new(event_id: EventId, event_date: crate::timestamp::Timestamp, event_data: EventPayload) -> Self {
                Self { event_id, event_date: Some(event_date), event_type: event_data.event_type(), event_data }
            }
        }

        impl<'de> serde::Deserialize<'de> for Event {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                struct Sent {
                    event_id: EventId,
                    event_date: Option<crate::timestamp::Timestamp>,
                    event_type: EventType,
                    event_data: Box<serde_json::value::RawValue>,
                }
                let sent = Sent::deserialize(deserializer)?;
                let event_data = EventPayload::decode(sent.event_type.as_str(), sent.event_data)
                    .map_err(serde::de::Error::custom)?;
                Ok(Self {
                    event_id: sent.event_id,
                    event_date: sent.event_date,
                    event_type: sent.event_type,
                    event_data,
                })
            }
        }

        impl crate::project::Project for Event {
            fn project(&mut self, platform: crate::operation::Platform) {
                crate::project::Project::project(&mut self.event_data, platform);
            }
        }
    };
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

/// What a version of the platform lacks of some structs: `only` the named version has these fields, and `within`
/// these there is something that not every version has.
macro_rules! projections {
    ($(
        $name:ident {
            $( only $version:ident: $($only:ident),+ $(,)?; )*
            $( within: $($inner:ident),+ $(,)?; )?
        }
    )+) => {
        $(
            impl crate::project::Project for $name {
                fn project(&mut self, platform: crate::operation::Platform) {
                    $(
                        if !platform.includes(&[crate::operation::PlatformVersion::$version]) {
                            $( self.$only = Default::default(); )+
                        }
                    )*
                    $($( crate::project::Project::project(&mut self.$inner, platform); )+)?
                }
            }
        )+
    };
}

/// Types that are the same on every version of the platform.
macro_rules! no_projection {
    ($($name:ty),+ $(,)?) => {
        $( impl crate::project::Project for $name {} )+
    };
}
