//! What the host knows about people, as far as the desk needs to know.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{
    calendar::ZoneName,
    key::{GroupRef, OrganisationRef, PersonRef, TenantId},
};

/// What the host says about a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The groups that the person belongs to. The desk takes those of the actor from the host; these are
    /// for rules of the host's own.
    pub groups: Vec<GroupRef>,
    /// Whether the person is a VIP; a rule of the policy may raise the priority for one.
    pub vip: bool,
    /// The organisation that the person belongs to.
    pub organisation: Option<OrganisationRef>,
    /// The time zone that the person lives in. The desk itself counts in UTC.
    pub zone: Option<ZoneName>,
}

/// The directory did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the directory did not answer")]
pub struct DirectoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A port that the host implements over its own user directory.
///
/// The desk asks when an incident is reported, about the affected person: a VIP is pinned to the
/// incident then, and a missing organisation filled in. It asks again when an edit names another
/// affected person.
pub trait Directory: Send + Sync {
    /// What is known about a person; `None` for somebody unknown.
    fn person(
        &self,
        tenant: &TenantId,
        person: &PersonRef,
    ) -> impl Future<Output = Result<Option<Person>, DirectoryError>> + Send;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Option<Person>, DirectoryError>> + Send + 'a>>;

/// The object-safe twin of [`Directory`].
trait Erased: Send + Sync {
    fn person_dyn<'a>(&'a self, tenant: &'a TenantId, person: &'a PersonRef) -> Answer<'a>;
}

impl<D: Directory> Erased for D {
    fn person_dyn<'a>(&'a self, tenant: &'a TenantId, person: &'a PersonRef) -> Answer<'a> {
        Box::pin(self.person(tenant, person))
    }
}

/// A directory chosen at run time.
#[derive(Clone)]
pub struct AnyDirectory(Arc<dyn Erased>);

impl AnyDirectory {
    /// Erases the type of `directory`.
    #[must_use]
    pub fn new(directory: impl Directory + 'static) -> Self {
        Self(Arc::new(directory))
    }
}

impl std::fmt::Debug for AnyDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyDirectory")
    }
}

impl Directory for AnyDirectory {
    async fn person(&self, tenant: &TenantId, person: &PersonRef) -> Result<Option<Person>, DirectoryError> {
        self.0.person_dyn(tenant, person).await
    }
}
