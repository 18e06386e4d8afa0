//! Webhook events of the documents.

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
