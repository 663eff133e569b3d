//! What may be said with a command: its id, when it happened, on which version it is based.

use std::sync::Arc;

use super::{ActingDesk, RecordDesk};
use crate::{
    cascade::Rule,
    event::RecordId,
    id::{CommandId, Version},
    key::{CorrelationKey, RuleId},
    time::Instant,
};

/// What may be said with a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub command: Option<CommandId>,
    pub occurred_at: Option<Instant>,
    pub if_version: Option<Version>,
    pub correlation: Option<CorrelationKey>,
    pub rule: Option<RuleId>,
    pub plan: Option<Arc<InPlan>>,
}

/// The plan of which a command is a step: each is done only while that stands by which it was planned.
#[derive(Debug)]
pub(crate) struct InPlan {
    pub id: CommandId,
    pub source: RecordId,
    pub rule: Rule,
}

/// The same options for a desk and for one incident at it.
macro_rules! options {
    ($($type:ident $(<$kind:ident>)? => $($path:ident).+;)*) => {$(
        impl<R $(, $kind)?> $type<R $(, $kind)?> {
            /// With this command id. Sent again with the same id, the command gets the same answer and
            /// changes nothing more. Without one the desk takes a new id for each command. Whoever can guess
            /// an id can use it up first: do not derive it from what strangers know.
            #[must_use]
            pub fn with_command(mut self, id: CommandId) -> Self {
                self.$($path).+.command = Some(id);
                self
            }

            /// As having happened then and not now. Needs the permission `incident.backdate`.
            #[must_use]
            pub fn occurring_at(mut self, at: Instant) -> Self {
                self.$($path).+.occurred_at = Some(at);
                self
            }

            /// Only if the record is still at this version, or nothing has happened since but what fell due. (What does not exist yet has none: a report or an
            /// import takes no notice of it.)
            /// Without it, what others did in between is
            /// taken into account, and the command decided anew.
            #[must_use]
            pub fn if_version(mut self, version: Version) -> Self {
                self.$($path).+.if_version = Some(version);
                self
            }

            /// As a part of something larger, named by this key.
            #[must_use]
            pub fn correlated(mut self, key: CorrelationKey) -> Self {
                self.$($path).+.correlation = Some(key);
                self
            }

            /// As brought about by a rule of the host's.
            #[must_use]
            pub fn by_rule(mut self, rule: RuleId) -> Self {
                self.$($path).+.rule = Some(rule);
                self
            }
        }
    )*};
}

options! {
    ActingDesk => options;
    RecordDesk<K> => acting.options;
}
