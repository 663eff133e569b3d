//! Reading the clocks of an incident.

use super::{InForce, IncidentDesk, Seen};
use crate::{
    error::Error,
    incident::Incident,
    ledger::{AgreementKind, Clock, ClockId, Explanation, Reading},
    sla::{Considered, considered},
    store::Repository,
    view::ClockView,
};

/// A clock as it is now, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSeen {
    clock: Clock,
    reading: Option<Reading>,
}

impl ClockSeen {
    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What it shows now; `None` for instants that its calendar does not reach.
    #[must_use]
    pub const fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }
}

impl<R: Repository> IncidentDesk<R> {
    /// Its clocks as they are now: those first that can still be met or missed, by when they are due; then those
    /// that have stopped, the last first. Who may not read internals sees those of service level agreements alone.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn clocks(&self) -> Result<Vec<ClockSeen>, Error> {
        let (policy, Seen { record: incident, .. }) = self.seen().await?;
        self.clocks_of(&policy, &incident).await
    }

    /// The clocks of the incident as it was seen.
    pub(super) async fn clocks_of(&self, policy: &InForce, incident: &Incident) -> Result<Vec<ClockSeen>, Error> {
        let clockwork = self.acting.clockwork(incident, policy).await?;
        let internals = self.acting.reads_internals(incident, policy);
        let now = self.acting.desk.now();
        let stopped = incident.clocks().clocks().iter().rev().filter(|clock| !clock.is_live());
        let clocks = incident.clocks().by_deadline().into_iter().chain(stopped);
        let shown = clocks.filter(|clock| internals || clock.terms().kind == AgreementKind::Sla);
        Ok(shown
            .map(|clock| ClockSeen {
                reading: clockwork.measure(clock.terms()).and_then(|measure| clock.read(now, measure).ok()),
                clock: clock.clone(),
            })
            .collect())
    }

    /// Its clocks as a front-end shows them.
    ///
    /// # Errors
    /// As [`clocks`](Self::clocks).
    pub async fn clock_views(&self) -> Result<Vec<ClockView>, Error> {
        let now = self.acting.desk.now();
        Ok(self.clocks().await?.iter().map(|seen| ClockView::of(seen, now)).collect())
    }

    /// What counted for a clock of this metric, the last one, until now, and why; `None` if there is none that the
    /// actor may see, or its calendar does not reach so far.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no incident that the actor may see.
    pub async fn explain_clock(&self, metric: &str) -> Result<Option<Explanation>, Error> {
        self.explain_last(|clock| clock.terms().metric.as_str() == metric).await
    }

    /// What counted for this clock until now, and why: for one of several of a metric, such as that of a group beside
    /// that of the customer, or one that was missed before the present one. [`ClockView::clock`] numbers them.
    ///
    /// # Errors
    /// As [`explain_clock`](Self::explain_clock).
    pub async fn explain_clock_by_id(&self, clock: impl Into<ClockId>) -> Result<Option<Explanation>, Error> {
        let id = clock.into();
        self.explain_last(|clock| clock.id() == id).await
    }

    async fn explain_last(&self, is_asked: impl Fn(&Clock) -> bool) -> Result<Option<Explanation>, Error> {
        let (policy, Seen { record: incident, .. }) = self.seen().await?;
        let clockwork = self.acting.clockwork(&incident, &policy).await?;
        let internals = self.acting.reads_internals(&incident, &policy);
        let shown = |clock: &&Clock| is_asked(clock) && (internals || clock.terms().kind == AgreementKind::Sla);
        let clock = incident.clocks().clocks().iter().rev().find(shown);
        let measured = clock.and_then(|clock| Some((clock, clockwork.measure(clock.terms())?)));
        let now = self.acting.desk.now();
        Ok(measured.and_then(|(clock, measure)| clock.explain(now, measure).ok()))
    }

    /// Which agreements of the policy in force hold for it as it is now, and why the others do not, in the order
    /// of the policy. Who may not read internals sees service level agreements alone.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn agreements(&self) -> Result<Vec<Considered>, Error> {
        let (policy, Seen { record: incident, .. }) = self.seen().await?;
        let internals = self.acting.reads_internals(&incident, &policy);
        let mut all = considered(&policy.policy, &incident);
        all.retain(|one| {
            let agreement = policy.policy.agreement(one.agreement.as_str());
            internals || agreement.is_some_and(|agreement| agreement.kind == AgreementKind::Sla)
        });
        Ok(all)
    }
}
