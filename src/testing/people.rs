//! The people of a desk, by the roles of the ITIL policy.

use super::{Result, TestDesk};
use crate::{actor::Actor, blocking::ActingDesk, key::KeyError, store::Repository};

/// Declares who acts in a role: as an actor, and as the desk that they use.
macro_rules! people {
    ($($(#[$doc:meta])* $role:ident = $kind:ident;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// [`KeyError`] if `name` is not a key.
        pub fn $role(name: impl AsRef<str>) -> Result<Actor, KeyError> {
            Actor::$kind(name)?.role(stringify!($role))
        })*

        impl<R: Repository> TestDesk<R> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// If `name` is not a key.
            pub fn $role(&self, name: impl AsRef<str>) -> Result<ActingDesk<R>> {
                Ok(self.acting_as($role(name)?))
            })*
        }
    };
}

people! {
    /// A person in the role `agent`, who works on incidents.
    agent = person;
    /// A person in the role `caller`, who reports them.
    caller = person;
    /// A person in the role `manager`, who also decides.
    manager = person;
    /// A person in the role `administrator`, who may do everything.
    administrator = person;
    /// An automation in the role `monitoring`.
    monitoring = automation;
}
