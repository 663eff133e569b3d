//! Publishing policies.

use std::{pin::pin, sync::Arc};

use super::{
    ActingDesk, InForce,
    flow::{Asked, CONFLICT_TRIES, busy, repository, reused},
    observe::Tries,
    reads::check_limit,
};
use crate::{
    error::{Error, PermissionRefused, PolicyConflict},
    event::PolicyStamp,
    fault::{Fault, Faults},
    id::CommandId,
    permission::Permission,
    policy::{Policy, left_out},
    store::{Answer, Document, Landed, Publication, Published, Repository, RepositoryError, Term},
};

impl<R: Repository> ActingDesk<R> {
    /// Puts a policy in force for the tenant, and gives its stamp. Publishing what is in force changes nothing.
    ///
    /// It is a command like others: it has an id, whose answer is given again, and
    /// [`if_version`](Self::if_version) names the version of the policy that it is to follow. Records keep what
    /// was decided; [`bulk`](Self::bulk) with [`IncidentCommand::Reissue`](crate::command::IncidentCommand::Reissue)
    /// decides them anew. A category, field, option, hold reason, resolution code, stage label, impact, urgency or
    /// criticality that some record bears cannot be left out: retire it. Priorities, channels and milestones can: a milestone that
    /// a clock of a record waits for, or that it bears, can still be recorded on it.
    ///
    /// # Errors
    /// [`Error::Refused`] without the permission `policy.publish` in the policy that is in force;
    /// [`Error::Policy`] if the new policy would take that permission from the actor, or leaves out a value in
    /// use; [`Error::PolicyConflict`] if another version is in force than the one that was named.
    pub async fn publish_policy(&self, policy: Policy) -> Result<PolicyStamp, Error> {
        let command = self.command_id();
        let tries = Tries::default();
        let run = pin!(self.run_publish(command, Arc::new(policy), &tries));
        self.observed(Permission::PublishPolicy.as_str(), command, &tries, run).await
    }

    async fn run_publish(&self, command: CommandId, policy: Arc<Policy>, tries: &Tries) -> Result<PolicyStamp, Error> {
        let asked = self.asked(None, &("publish", policy.digest()));
        for _ in 0..CONFLICT_TRIES {
            tries.count();
            let (in_force, found) = self.load(None, Some(command)).await?;
            if let Some(answer) = found.answer {
                return published(command, &asked, &answer);
            }
            if let Some(stamp) = self.try_publish(command, &asked, in_force, &policy).await? {
                return Ok(stamp);
            }
        }
        Err(busy(command))
    }

    /// The stamp, if it landed; `None` if others were first.
    async fn try_publish(
        &self,
        command: CommandId,
        asked: &Asked,
        in_force: InForce,
        policy: &Arc<Policy>,
    ) -> Result<Option<PolicyStamp>, Error> {
        self.may_publish(&in_force.policy, policy)?;
        let version = in_force.stamp.version;
        if let Some(expected) = self.options.if_version.filter(|expected| expected.get() != u64::from(version)) {
            return Err(Error::PolicyConflict(PolicyConflict { expected, found: version }));
        }
        let left_out = left_out(&in_force.policy, policy);
        let same = in_force.published().filter(|stamp| stamp.digest == policy.digest());
        let publication = same.is_none().then(|| Publication {
            document: Document::Policy(Arc::clone(policy)),
            version: version.saturating_add(1),
            by: self.actor.id().clone(),
            unused: left_out.iter().map(|(term, _)| term.clone()).collect(),
        });
        let stamp = publication.as_ref().map_or(in_force.stamp, Publication::stamp);
        let attempt = self.attempt(command, asked, in_force);
        match self.commit_policy(&attempt, publication, self.desk.now()).await {
            Ok(Landed::Now) => {
                self.desk.remember(&self.tenant, InForce { stamp, policy: Arc::clone(policy) });
                Ok(Some(stamp))
            }
            Ok(Landed::Before(answer)) => published(command, asked, &answer).map(Some),
            Err(RepositoryError::InUse { term }) => Err(in_use(&term, &left_out)),
            Err(error) if error.is_overtaken() => Ok(None),
            Err(error) => Err(repository(command, error)),
        }
    }

    fn may_publish(&self, in_force: &Policy, policy: &Policy) -> Result<(), Error> {
        let permission = Permission::PublishPolicy;
        if in_force.permissions().scopes(&self.actor, permission).is_empty() {
            let actor = self.actor.id().clone();
            return Err(PermissionRefused { code: "policy.publish.refused", permission, actor, number: None }.into());
        }
        // Whoever publishes can publish again: a tenant is not locked out of its own policy by a slip.
        if policy.permissions().scopes(&self.actor, permission).is_empty() {
            let rule = format!("would take `{permission}` from {}, who publishes it", self.actor.id());
            return Err(Faults::one(Fault::new("permissions", "permissions.locked_out", rule)).into());
        }
        Ok(())
    }

    /// The policy in force for the tenant.
    ///
    /// # Errors
    /// [`Error::Repository`] if it cannot be read.
    pub async fn policy(&self) -> Result<Arc<Policy>, Error> {
        Ok(self.in_force().await?.policy)
    }

    /// What was published for the tenant, when and by whom, the newest first: 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE) versions, below `before` if it is named.
    ///
    /// # Errors
    /// [`Error::Refused`] without the permission `policy.publish`; [`Error::Invalid`] for another `limit`.
    pub async fn policy_history(&self, before: Option<u32>, limit: usize) -> Result<Vec<Published>, Error> {
        check_limit(limit)?;
        let in_force = self.in_force().await?;
        self.may_publish(&in_force.policy, &in_force.policy)?;
        self.desk.repository().published(&self.tenant, before, limit).await.map_err(|error| self.failed(error))
    }
}

fn published(command: CommandId, asked: &Asked, answer: &Answer) -> Result<PolicyStamp, Error> {
    answer.published.filter(|_| asked.is_of(answer)).ok_or_else(|| reused(command))
}

/// The fault for a value that records bear: the first that was found.
fn in_use(term: &Term, left_out: &[(Term, String)]) -> Error {
    let path = left_out.iter().find(|(known, _)| known == term).map_or("", |(_, path)| path);
    let text = term.to_string();
    let value = text.split_once(':').map_or(text.as_str(), |(_, value)| value);
    let value = value.split_once('\u{1f}').map_or(value, |(_, value)| value);
    let rule = format!("leaves out `{value}`, which records bear; retire it instead");
    Faults::one(Fault::new(path, "value.in_use", rule)).into()
}
