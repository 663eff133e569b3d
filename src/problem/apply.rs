//! The run-time door: one total match that does nothing but call the moves.

use super::{IllegalMove, Problem, ProblemEvent as E};
use crate::{
    event::Event,
    id::Version,
    lifecycle::{Stamp, Step},
    record::{Audience, FoldError, in_every, only_in, tried_in},
};

/// Calls the move on a problem that is not done for good.
macro_rules! live {
    ($problem:expr, $event:expr, $i:ident => $move:expr) => {
        only_in!($problem, $event, [New Assessing Investigating FixInProgress Observing Resolved], $i => $move)
    };
}

/// Calls the move on the problem, whatever its stage.
macro_rules! any {
    ($problem:expr, $i:ident => $move:expr) => {
        in_every!($problem, [New Assessing Investigating FixInProgress Observing Resolved Closed], $i => $move)
    };
}

/// Calls a move of the known error, which needs one that is recorded.
macro_rules! on_known_error {
    ($problem:expr, $event:expr, $i:ident => $move:expr) => {
        tried_in!($problem, $event, [Investigating FixInProgress Observing Resolved Closed], $i => $move)
    };
}

impl Problem {
    /// Applies what happened, if it is legal in the present stage.
    ///
    /// # Errors
    /// [`IllegalMove`], with the problem and the event, if the stage has no such move.
    pub fn apply(self, event: E, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove>> {
        Ok(match event {
            E::Raised(_) => return Err(Box::new(IllegalMove { record: self, event })),
            E::AssessmentStarted => only_in!(self, E::AssessmentStarted, [New], i => i.assess(stamp)),
            E::InvestigationStarted => {
                only_in!(self, E::InvestigationStarted, [New Assessing], i => i.investigate(stamp))
            }
            E::HypothesisAdded(added) => tried_in!(
                self, E::HypothesisAdded(added),
                [Assessing Investigating FixInProgress Observing],
                i => i.add_hypothesis(added.clone(), stamp)
            ),
            E::HypothesisJudged(judged) => tried_in!(
                self, E::HypothesisJudged(judged),
                [Assessing Investigating FixInProgress Observing],
                i => i.judge_hypothesis(judged.clone(), stamp)
            ),
            E::FindingAdded(finding) => only_in!(
                self, E::FindingAdded(finding),
                [Assessing Investigating FixInProgress Observing],
                i => i.add_finding(finding, stamp)
            ),
            E::RootCauseIdentified(cause) => only_in!(
                self, E::RootCauseIdentified(cause),
                [Investigating FixInProgress Observing Resolved],
                i => i.identify_root_cause(cause, stamp)
            ),
            E::KnownErrorRecorded(content) => only_in!(
                self, E::KnownErrorRecorded(content),
                [Investigating FixInProgress Observing Resolved Closed],
                i => i.record_known_error(content, stamp)
            ),
            E::WorkaroundVerified => on_known_error!(self, E::WorkaroundVerified,
                i => i.verify_workaround(stamp)
            ),
            E::KnownErrorPublished => on_known_error!(self, E::KnownErrorPublished,
                i => i.publish_known_error(stamp)
            ),
            E::KnownErrorWithdrawn(why) => on_known_error!(self, E::KnownErrorWithdrawn(why),
                i => i.withdraw_known_error(why.clone(), stamp)
            ),
            E::FixStarted(fix) => only_in!(self, E::FixStarted(fix), [Investigating], i => i.start_fix(fix, stamp)),
            E::FixAbandoned(why) => {
                only_in!(self, E::FixAbandoned(why), [FixInProgress], i => i.abandon_fix(why, stamp))
            }
            E::FixApplied(watch) => only_in!(self, E::FixApplied(watch), [FixInProgress], i => i.observe(watch, stamp)),
            E::FixFailed(why) => only_in!(self, E::FixFailed(why), [Observing Resolved], i => i.fail_fix(why, stamp)),
            E::Resolved(how) => only_in!(self, E::Resolved(how), [FixInProgress Observing], i => i.resolve(how, stamp)),
            E::Closed => only_in!(self, E::Closed, [Resolved], i => i.close(stamp)),
            E::RiskAccepted(risk) => {
                only_in!(self, E::RiskAccepted(risk), [Investigating FixInProgress], i => i.accept_risk(risk, stamp))
            }
            E::Dismissed(why) => only_in!(
                self, E::Dismissed(why),
                [New Assessing Investigating FixInProgress Observing],
                i => i.dismiss(why, stamp)
            ),
            E::Reanalysed(why) => only_in!(self, E::Reanalysed(why), [Closed], i => i.reanalyse(why, stamp)),
            E::Corrected(correction) => any!(self, i => i.correct(*correction, stamp)),
            E::Routed(to) => live!(self, E::Routed(to), i => i.route(to, stamp)),
            E::Edited(changes) => live!(self, E::Edited(changes), i => i.edit(changes, stamp)),
            E::PriorityChanged(change) => {
                live!(self, E::PriorityChanged(change), i => i.change_priority(*change, stamp))
            }
            E::NoteAdded(note) => match note.audience {
                Audience::Internal => any!(self, i => i.note_internally(note, stamp)),
                Audience::Public => live!(self, E::NoteAdded(note), i => i.note_publicly(note, stamp)),
            },
            E::Watched(person) => any!(self, i => i.watch(person, stamp)),
            E::Unwatched(person) => any!(self, i => i.unwatch(&person, stamp)),
            E::Attached(attachment) => live!(self, E::Attached(attachment), i => i.attach(attachment, stamp)),
            E::Detached(file) => live!(self, E::Detached(file), i => i.detach(file, stamp)),
            E::TimeSpent(spent) => any!(self, i => i.log_time(spent, stamp)),
            E::Redacted(redaction) => any!(self, i => i.redact(redaction, stamp)),
        })
    }

    /// The problem that a whole log adds up to, and its version. It needs the events alone: no policy, no calendar,
    /// no clock.
    ///
    /// # Errors
    /// [`FoldError`] if a log does not begin with the raising of a problem, has a gap, mixes records, or holds an
    /// event that was not legal where it stands.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<(Self, Version), FoldError> {
        crate::record::fold(events)
    }
}
