//! How the stages of a kind of record are declared.

/// Declares the stage alone as an enum, and ties the stage types to their kind of record.
macro_rules! stages {
    (
        $(#[$enum_doc:meta])* $kind:ident, $event:ident, $count:literal;
        $($(#[$doc:meta])* $name:ident = $text:literal,)*
    ) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Stage {
            $($(#[$doc])* $name,)*
        }

        impl Stage {
            /// Every stage, in the order of a record's life.
            pub const ALL: [Self; $count] = [$(Self::$name),*];

            /// The stage as people and diagrams name it: `InProgress`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The stage as data names it: `in_progress`.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }

        impl std::fmt::Display for Stage {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        $(impl $crate::lifecycle::StageOf for $name {
            type Shared = $crate::record::Shared<$kind>;
            type Event = $event;
        }

        impl $crate::record::RecordStage for $name {
            type Kind = $kind;
        })*
    };
}

/// Ties the enum over all stages to its stages.
macro_rules! each_stage {
    ($kind:ident: $($stage:ident),*) => {
        $(impl From<$crate::lifecycle::In<$stage>> for $kind {
            fn from(record: $crate::lifecycle::In<$stage>) -> Self {
                Self::$stage(record)
            }
        }

        impl From<$crate::lifecycle::Step<$crate::lifecycle::In<$stage>>> for $crate::lifecycle::Step<$kind> {
            fn from(step: $crate::lifecycle::Step<$crate::lifecycle::In<$stage>>) -> Self {
                step.widen()
            }
        })*

        impl $kind {
            pub(crate) const fn shared(&self) -> &$crate::record::Shared<Self> {
                match self { $(Self::$stage(record) => &record.shared),* }
            }

            const fn shared_mut(&mut self) -> &mut $crate::record::Shared<Self> {
                match self { $(Self::$stage(record) => &mut record.shared),* }
            }

            /// The stage alone.
            #[must_use]
            pub const fn stage(&self) -> Stage {
                match self { $(Self::$stage(_) => Stage::$stage),* }
            }
        }
    };
}

pub(crate) use {each_stage, stages};
