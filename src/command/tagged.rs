//! Commands with their name as a member: how they are declared, and how it is told where one cannot be read.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::event::{DecodeError, decode_value};

/// Declares the commands on a kind of record once for two ways of reading: with the name of the command as a member
/// beside the others, which is their form, and around them. Only the second way knows the path to what cannot be read.
macro_rules! tagged {
    ($(#[$doc:meta])* pub enum $name:ident = $text:literal { $($commands:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
        #[non_exhaustive]
        pub enum $name {
            $($commands)*
        }

        const _: () = {
            #[derive(serde::Deserialize)]
            #[serde(remote = $text, rename_all = "snake_case", deny_unknown_fields)]
            enum Around {
                $($commands)*
            }

            /// That a command could be read with its name around it: `{"resolve": {"code": "fixed"}}`.
            struct Named;

            impl<'de> serde::Deserialize<'de> for Named {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Around::deserialize(deserializer).map(|_| Self)
                }
            }

            impl $name {
                /// Why a command cannot be read, with the path to it; `None` if it says not even which command it is,
                /// or can be read.
                pub(super) fn fault_of(command: serde_json::Value) -> Option<$crate::event::DecodeError> {
                    super::tagged::fault_of::<Named>(command)
                }
            }
        };
    };
}

pub(super) use tagged;

/// Why a command cannot be read by the form that has its name around it.
pub(super) fn fault_of<Named: DeserializeOwned>(mut command: Value) -> Option<DecodeError> {
    let members = command.as_object_mut()?;
    let Value::String(name) = members.remove("command")? else { return None };
    let named = Map::from_iter([(name.clone(), command)]);
    let error = decode_value::<Named>(named.into()).err()?;
    // A name that is none has no members to stand among.
    Some(if error.path() == "." { error.below("command") } else { error.within(&name) })
}
