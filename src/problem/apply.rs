//! The run-time door: one total match that does nothing but call the moves.

use super::{IllegalMove, Problem, ProblemEvent as E};
use crate::{
    event::Event,
    id::Version,
    lifecycle::{Stamp, Step},
    record::{Audience, FoldError},
};

impl Problem {
    /// Applies what happened, if it is legal in the present stage.
    ///
    /// # Errors
    /// [`IllegalMove`], with the problem and the event, if the stage has no such move.
    pub fn apply(self, event: E, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove>> {
        /// Calls the move on a problem in one of these stages; gives both back in the others.
        macro_rules! only_in {
            ($event:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
                match self {
                    $(Self::$stage($i) => $move.into(),)*
                    #[allow(unreachable_patterns, reason = "some moves are legal in every stage")]
                    record => return Err(Box::new(IllegalMove { record, event: $event })),
                }
            };
        }
        /// Calls a move that needs more than its stage.
        macro_rules! tried_in {
            ($event:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
                match self {
                    $(Self::$stage($i) => match $move {
                        Ok(step) => step.into(),
                        Err(back) => return Err(Box::new(IllegalMove { record: (*back).into(), event: $event })),
                    },)*
                    record => return Err(Box::new(IllegalMove { record, event: $event })),
                }
            };
        }
        macro_rules! in_every {
            ($i:ident => $move:expr) => {
                match self {
                    Self::New($i) => $move.into(),
                    Self::Assessing($i) => $move.into(),
                    Self::Investigating($i) => $move.into(),
                    Self::FixInProgress($i) => $move.into(),
                    Self::Observing($i) => $move.into(),
                    Self::Resolved($i) => $move.into(),
                    Self::Closed($i) => $move.into(),
                }
            };
        }
        macro_rules! live {
            ($event:expr, $i:ident => $move:expr) => {
                only_in!($event, [New Assessing Investigating FixInProgress Observing Resolved], $i => $move)
            };
        }
        Ok(match event {
            E::Raised(_) => return Err(Box::new(IllegalMove { record: self, event })),
            E::AssessmentStarted => only_in!(E::AssessmentStarted, [New], i => i.assess(stamp)),
            E::InvestigationStarted => only_in!(E::InvestigationStarted, [New Assessing], i => i.investigate(stamp)),
            E::HypothesisAdded(added) => tried_in!(
                E::HypothesisAdded(added),
                [Assessing Investigating FixInProgress Observing],
                i => i.add_hypothesis(added.clone(), stamp)
            ),
            E::HypothesisJudged(judged) => tried_in!(
                E::HypothesisJudged(judged),
                [Assessing Investigating FixInProgress Observing],
                i => i.judge_hypothesis(judged.clone(), stamp)
            ),
            E::FindingAdded(finding) => only_in!(
                E::FindingAdded(finding),
                [Assessing Investigating FixInProgress Observing],
                i => i.add_finding(finding, stamp)
            ),
            E::RootCauseIdentified(cause) => only_in!(
                E::RootCauseIdentified(cause),
                [Investigating FixInProgress Observing],
                i => i.identify_root_cause(cause, stamp)
            ),
            E::KnownErrorRecorded(content) => only_in!(
                E::KnownErrorRecorded(content),
                [Investigating FixInProgress Observing Resolved Closed],
                i => i.record_known_error(content, stamp)
            ),
            E::WorkaroundVerified => tried_in!(
                E::WorkaroundVerified,
                [Investigating FixInProgress Observing Resolved Closed],
                i => i.verify_workaround(stamp)
            ),
            E::KnownErrorPublished => tried_in!(
                E::KnownErrorPublished,
                [Investigating FixInProgress Observing Resolved Closed],
                i => i.publish_known_error(stamp)
            ),
            E::KnownErrorWithdrawn(why) => tried_in!(
                E::KnownErrorWithdrawn(why),
                [Investigating FixInProgress Observing Resolved Closed],
                i => i.withdraw_known_error(why.clone(), stamp)
            ),
            E::FixStarted(fix) => only_in!(E::FixStarted(fix), [Investigating], i => i.start_fix(fix, stamp)),
            E::FixAbandoned(why) => only_in!(E::FixAbandoned(why), [FixInProgress], i => i.abandon_fix(why, stamp)),
            E::FixApplied(watch) => only_in!(E::FixApplied(watch), [FixInProgress], i => i.observe(watch, stamp)),
            E::FixFailed(why) => only_in!(E::FixFailed(why), [Observing Resolved], i => i.fail_fix(why, stamp)),
            E::Resolved(how) => only_in!(E::Resolved(how), [FixInProgress Observing], i => i.resolve(how, stamp)),
            E::Closed => only_in!(E::Closed, [Resolved], i => i.close(stamp)),
            E::RiskAccepted(risk) => {
                only_in!(E::RiskAccepted(risk), [Investigating FixInProgress], i => i.accept_risk(risk, stamp))
            }
            E::Dismissed(why) => only_in!(
                E::Dismissed(why),
                [New Assessing Investigating FixInProgress Observing],
                i => i.dismiss(why, stamp)
            ),
            E::Reanalysed(why) => only_in!(E::Reanalysed(why), [Closed], i => i.reanalyse(why, stamp)),
            E::Corrected(correction) => in_every!(i => i.correct(*correction, stamp)),
            E::Routed(to) => live!(E::Routed(to), i => i.route(to, stamp)),
            E::Edited(changes) => live!(E::Edited(changes), i => i.edit(changes, stamp)),
            E::PriorityChanged(change) => live!(E::PriorityChanged(change), i => i.change_priority(*change, stamp)),
            E::NoteAdded(note) => match note.audience {
                Audience::Internal => in_every!(i => i.note_internally(note, stamp)),
                Audience::Public => live!(E::NoteAdded(note), i => i.note_publicly(note, stamp)),
            },
            E::Watched(person) => in_every!(i => i.watch(person, stamp)),
            E::Unwatched(person) => in_every!(i => i.unwatch(&person, stamp)),
            E::Attached(attachment) => live!(E::Attached(attachment), i => i.attach(attachment, stamp)),
            E::Detached(file) => live!(E::Detached(file), i => i.detach(file, stamp)),
            E::TimeSpent(spent) => in_every!(i => i.log_time(spent, stamp)),
            E::Redacted(redaction) => in_every!(i => i.redact(redaction, stamp)),
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
