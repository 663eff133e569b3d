//! Observing commands: an observer for metrics, and spans with the feature `tracing`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{ActingDesk, Imported, Outcome};
use crate::{
    error::Error,
    event::{PolicyStamp, RecordId},
    id::CommandId,
    key::TenantId,
    record::Kind,
    store::Repository,
    time::Instant,
};

/// What hears of every command: for metrics. It is called on the way, so that it should be quick. What falls
/// due and is stored by a [`wake`](super::Desk::wake) is no command.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use andon::{Actor, Desk, blocking, desk::{Observation, Observer}};
///
/// #[derive(Default)]
/// struct Refusals(AtomicUsize);
///
/// impl Observer for Refusals {
///     fn command(&self, seen: &Observation<'_>) {
///         if seen.code.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let refusals = std::sync::Arc::new(Refusals::default());
/// let desk = blocking::Desk::from(Desk::in_memory().with_observer(refusals.clone()));
/// let stranger = desk.tenant("acme")?.acting_as(Actor::person("eve")?);
/// assert!(stranger.report("Mail is down").is_err());
/// assert_eq!(refusals.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), andon::Error>(())
/// ```
pub trait Observer: Send + Sync {
    /// A command has ended.
    fn command(&self, seen: &Observation<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn command(&self, seen: &Observation<'_>) {
        (**self).command(seen);
    }
}

/// A command that has ended. There is no personal data in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// What was asked, by the permission that it needs: `incident.resolve`.
    pub asked: &'static str,
    /// The command's id.
    pub command: CommandId,
    /// The record that it was about, if it succeeded and was about one.
    pub record: Option<RecordId>,
    /// The code of the error; `None` if it succeeded.
    pub code: Option<&'static str>,
    /// How often it was decided: more than once when others were first.
    pub tries: usize,
    /// How many events it brought.
    pub events: usize,
    /// Whether it had landed before.
    pub repeated: bool,
    /// When it began, by the desk's clock.
    pub began: Instant,
    /// When it ended, by the desk's clock.
    pub ended: Instant,
}

/// What a command came to, as far as it is about a record.
pub(super) trait Observed {
    /// The record, how many events it brought, and whether it had landed before.
    fn seen(&self) -> Option<(RecordId, usize, bool)>;
}

impl<K: Kind> Observed for Outcome<K> {
    fn seen(&self) -> Option<(RecordId, usize, bool)> {
        Some((K::key(self.record.id()), self.events.len(), self.repeated))
    }
}

impl Observed for Imported {
    fn seen(&self) -> Option<(RecordId, usize, bool)> {
        self.outcome.seen()
    }
}

impl Observed for PolicyStamp {
    fn seen(&self) -> Option<(RecordId, usize, bool)> {
        None
    }
}

/// How often a command was decided.
#[derive(Default)]
pub(super) struct Tries(AtomicUsize);

impl Tries {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Runs a command, and tells whoever wants to hear of it.
    pub(super) async fn observed<T: Observed + Send>(
        &self,
        asked: &'static str,
        command: CommandId,
        tries: &Tries,
        run: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let began = self.desk.observer.as_ref().map(|_| self.desk.now());
        let result = self.traced(asked, command, tries, run).await;
        if let (Some(observer), Some(began)) = (&self.desk.observer, began) {
            let seen = result.as_ref().ok().and_then(T::seen);
            observer.command(&Observation {
                tenant: &self.tenant,
                asked,
                command,
                record: seen.map(|(record, ..)| record),
                code: result.as_ref().err().map(Error::code),
                tries: tries.0.load(Ordering::Relaxed),
                events: seen.map_or(0, |(_, events, _)| events),
                repeated: seen.is_some_and(|(.., repeated)| repeated),
                began,
                ended: self.desk.now(),
            });
        }
        result
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "its twin with the feature `tracing` needs it")]
    fn traced<T, F: Future<Output = Result<T, Error>> + Send>(
        &self,
        _: &'static str,
        _: CommandId,
        _: &Tries,
        run: F,
    ) -> F {
        run
    }

    /// Runs a command in a span of its own: `andon.command` with the tenant, what is asked and the command's
    /// id, and at its end the record, the code of an error and the number of retries.
    #[cfg(feature = "tracing")]
    async fn traced<T: Observed + Send>(
        &self,
        asked: &'static str,
        command: CommandId,
        tries: &Tries,
        run: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        use tracing::{Instrument, field};

        let span = tracing::info_span!(
            "andon.command",
            tenant = self.tenant.as_str(),
            asked,
            %command,
            record = field::Empty,
            code = field::Empty,
            retries = field::Empty,
        );
        let result = run.instrument(span.clone()).await;
        match &result {
            Ok(done) => done.seen().map(|(record, ..)| span.record("record", field::display(record))),
            Err(error) => Some(span.record("code", error.code())),
        };
        span.record("retries", tries.0.load(Ordering::Relaxed).saturating_sub(1));
        result
    }
}
