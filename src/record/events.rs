//! How the events of a kind of record are declared: their stable names, their JSON, and the facets among them.

/// Declares the events of a kind of record: those of its own, the facets that all kinds have, and those of clocks
/// if it has any.
macro_rules! events {
    (
        $(#[$enum_doc:meta])* pub enum $name:ident of $kind:literal;
        { $($(#[$doc:meta])* $variant:ident$(($payload:ty))? = $text:literal,)* }
        $($(#[$clock_doc:meta])* $clock_variant:ident { $($entry:ident = $clock:literal,)* })?
    ) => {
        $crate::record::events::declare! {
            $(#[$enum_doc])* pub enum $name;
            {
                $($(#[$doc])* $variant$(($payload))? = $text,)*
                /// Group and person were set without a change of stage.
                Routed($crate::record::Assignment) = concat!($kind, ".routed"),
                /// Facts were changed.
                Edited(Vec<$crate::record::FactChange>) = concat!($kind, ".edited"),
                /// The priority was assessed anew, with another result or for other reasons.
                PriorityChanged(Box<$crate::record::PriorityChange>) = concat!($kind, ".priority_changed"),
                /// A note was written.
                NoteAdded($crate::record::Note) = concat!($kind, ".note_added"),
                /// Somebody wants to hear of it.
                Watched($crate::key::PersonRef) = concat!($kind, ".watched"),
                /// Somebody no longer wants to hear of it.
                Unwatched($crate::key::PersonRef) = concat!($kind, ".unwatched"),
                /// A reference to a file was attached.
                Attached($crate::record::Attachment) = concat!($kind, ".attached"),
                /// The reference to the file with this digest was taken off.
                Detached($crate::digest::Digest) = concat!($kind, ".detached"),
                /// Time was spent on it.
                TimeSpent($crate::record::TimeSpent) = concat!($kind, ".time_spent"),
                /// Texts were erased, here and in the log.
                Redacted($crate::record::Redaction) = concat!($kind, ".redacted"),
            }
            $($(#[$clock_doc])* $clock_variant { $($entry = $clock,)* })?
        }

        impl $name {
            /// The facet, if it is something that can happen to records of all kinds.
            #[must_use]
            pub fn facet(&self) -> Option<$crate::record::Facet> {
                use $crate::record::Facet;
                Some(match self {
                    Self::Routed(to) => Facet::Routed(to.clone()),
                    Self::Edited(changes) => Facet::Edited(changes.clone()),
                    Self::PriorityChanged(change) => Facet::PriorityChanged(change.clone()),
                    Self::NoteAdded(note) => Facet::NoteAdded(note.clone()),
                    Self::Watched(person) => Facet::Watched(person.clone()),
                    Self::Unwatched(person) => Facet::Unwatched(person.clone()),
                    Self::Attached(attachment) => Facet::Attached(attachment.clone()),
                    Self::Detached(digest) => Facet::Detached(*digest),
                    Self::TimeSpent(spent) => Facet::TimeSpent(spent.clone()),
                    Self::Redacted(redaction) => Facet::Redacted(redaction.clone()),
                    _ => return None,
                })
            }
        }

        impl From<$crate::record::Facet> for $name {
            fn from(facet: $crate::record::Facet) -> Self {
                use $crate::record::Facet;
                match facet {
                    Facet::Routed(to) => Self::Routed(to),
                    Facet::Edited(changes) => Self::Edited(changes),
                    Facet::PriorityChanged(change) => Self::PriorityChanged(change),
                    Facet::NoteAdded(note) => Self::NoteAdded(note),
                    Facet::Watched(person) => Self::Watched(person),
                    Facet::Unwatched(person) => Self::Unwatched(person),
                    Facet::Attached(attachment) => Self::Attached(attachment),
                    Facet::Detached(digest) => Self::Detached(digest),
                    Facet::TimeSpent(spent) => Self::TimeSpent(spent),
                    Facet::Redacted(redaction) => Self::Redacted(redaction),
                }
            }
        }
    };
}

/// Declares an enum of events with their names.
macro_rules! declare {
    (
        $(#[$enum_doc:meta])* pub enum $name:ident;
        { $($(#[$doc:meta])* $variant:ident$(($payload:ty))? = $text:expr,)* }
        $($(#[$clock_doc:meta])* $clock_variant:ident { $($entry:ident = $clock:literal,)* })?
    ) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant$(($payload))?,)*
            $($(#[$clock_doc])* $clock_variant($crate::ledger::Entry),)?
        }

        impl $name {
            /// The name of every kind of event.
            pub const NAMES: &'static [&'static str] = &[$($text,)* $($($clock),*)?];

            /// The kind of event: `incident.resolved`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $($crate::record::events::declare!(@pattern $variant $(($payload))?) => $text,)*
                    $($(Self::$clock_variant($crate::ledger::Entry::$entry(_)) => $clock,)*)?
                }
            }

            /// Whether there is more to say of it than its kind.
            pub(crate) const fn has_data(&self) -> bool {
                match self {
                    $($crate::record::events::declare!(@pattern $variant $(($payload))?) => {
                        $crate::record::events::declare!(@has_data $(($payload))?)
                    })*
                    $(Self::$clock_variant(_) => true,)?
                }
            }

            /// Writes what happened without its kind.
            pub(crate) fn serialize_data<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $($crate::record::events::declare!(@bind data $variant $(($payload))?) => {
                        $crate::record::events::declare!(@write serializer data $(($payload))?)
                    })*
                    $($(Self::$clock_variant($crate::ledger::Entry::$entry(data)) => {
                        serde::Serialize::serialize(data, serializer)
                    })*)?
                }
            }

            /// Reads what happened by its kind, keeping the path to whatever is wrong; `None` for a kind
            /// that is not known.
            pub(crate) fn decode(
                kind: &str,
                data: serde_json::Value,
            ) -> Option<Result<Self, serde_path_to_error::Error<serde_json::Error>>> {
                $(if kind == $text {
                    return Some($crate::record::events::declare!(@decode data $variant $(($payload))?));
                })*
                $($(if kind == $clock {
                    let entry = serde_path_to_error::deserialize(data);
                    return Some(entry.map(|entry| Self::$clock_variant($crate::ledger::Entry::$entry(entry))));
                })*)?
                None
            }
        }

        /// As `{"type": "incident.resolved", "data": …}`.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                struct Data<'a>(&'a $name);
                impl serde::Serialize for Data<'_> {
                    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                        self.0.serialize_data(serializer)
                    }
                }
                let data = self.has_data().then_some(Data(self));
                $crate::record::events::Written { kind: self.name(), data }.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let $crate::record::events::Tagged { kind, data } = serde::Deserialize::deserialize(deserializer)?;
                let decoded =
                    Self::decode(&kind, data).ok_or_else(|| D::Error::custom(format!("unknown event `{kind}`")))?;
                decoded.map_err(D::Error::custom)
            }
        }
    };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident($payload:ty)) => { Self::$variant(_) };
    (@bind $data:ident $variant:ident) => { Self::$variant };
    (@bind $data:ident $variant:ident($payload:ty)) => { Self::$variant($data) };
    (@has_data) => { false };
    (@has_data ($payload:ty)) => { true };
    (@write $serializer:ident $data:ident) => { $serializer.serialize_unit() };
    (@write $serializer:ident $data:ident ($payload:ty)) => { serde::Serialize::serialize($data, $serializer) };
    (@decode $data:ident $variant:ident) => {
        serde_path_to_error::deserialize::<_, ()>($data).map(|()| Self::$variant)
    };
    (@decode $data:ident $variant:ident($payload:ty)) => {
        serde_path_to_error::deserialize::<_, $payload>($data).map(Self::$variant)
    };
}

pub(crate) use {declare, events};

/// What happened, with its kind beside it, as it is read.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tagged {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub data: serde_json::Value,
}

/// The same, as it is written.
#[derive(serde::Serialize)]
pub(crate) struct Written<D> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<D>,
}
