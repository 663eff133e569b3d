//! What an actor sees, worked out once for each policy.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{actor::Actor, key::TenantId, policy::Policy, store::Scope};

/// The scope of an actor in a tenant under the policy that was last in force: every command and every read asks for it.
#[derive(Default)]
pub(crate) struct Sight(Mutex<Option<(Arc<Policy>, Scope)>>);

impl Sight {
    /// What the actor, always the same, sees in the tenant, always the same, under this policy.
    pub fn under(&self, policy: &Arc<Policy>, tenant: &TenantId, actor: &Actor) -> Scope {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((under, scope)) if Arc::ptr_eq(under, policy) => scope.clone(),
            _ => {
                let scope = Scope::of(tenant, actor, policy.permissions());
                *known = Some((Arc::clone(policy), scope.clone()));
                scope
            }
        }
    }
}

impl fmt::Debug for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sight")
    }
}
