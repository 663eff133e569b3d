//! Every code that an error or a fault can have, with what it means.

use super::{ErrorKind, Retry};
use crate::verb::{IncidentVerb, ProblemVerb, Verb};

/// A code, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code.
    pub code: &'static str,
    /// What kind of answer it is.
    pub kind: ErrorKind,
    /// Whether, and how, to ask again.
    pub retry: Retry,
    /// What it means.
    pub meaning: &'static str,
}

/// Every code of [`Error`](super::Error).
pub fn catalogue() -> impl Iterator<Item = CodeEntry> {
    let incidents = IncidentVerb::ALL.iter().copied().map(Verb::from);
    let verbs = incidents.chain(ProblemVerb::ALL.iter().copied().map(Verb::from));
    let of_verbs = verbs.flat_map(|verb| {
        [
            entry(verb.invalid(), ErrorKind::Invalid, Retry::Never, "fields are wrong; `faults` names each"),
            entry(verb.refused(), ErrorKind::Forbidden, Retry::Never, "the actor lacks the permission"),
            entry(verb.illegal(), ErrorKind::Precondition, Retry::WhenSettled, "the stage has no such move"),
            entry(verb.blocked(), ErrorKind::Precondition, Retry::WhenSettled, "obligations are open"),
        ]
        .into_iter()
        .filter(move |entry| can_occur(verb, entry.code))
    });
    FIXED.iter().copied().chain(of_verbs)
}

/// Whether an error of this code can come: what one may not read is not found; what stands beside the
/// stage, or is no move at all, is never illegal; only resolving and closing incidents have obligations.
fn can_occur(verb: Verb, code: &str) -> bool {
    use {IncidentVerb as I, ProblemVerb as P};
    let (reading, beside, no_move, owes, takes_nothing) = match verb {
        Verb::Incident(verb) => (
            matches!(verb, I::Read | I::ReadInternal | I::ReadConfidential),
            matches!(
                verb,
                I::Watch | I::LogTime | I::RecordMilestone | I::AddInternalNote | I::Link | I::Redact | I::Correct
            ),
            matches!(verb, I::Report | I::ReportFor | I::Import | I::Backdate | I::Merge | I::HandleMajor),
            matches!(verb, I::Resolve | I::Close),
            matches!(verb, I::ReportFor | I::Backdate | I::Merge | I::HandleMajor),
        ),
        Verb::Problem(verb) => (
            matches!(verb, P::Read | P::ReadInternal | P::ReadConfidential),
            matches!(verb, P::Watch | P::LogTime | P::AddInternalNote | P::Redact | P::Correct),
            matches!(verb, P::Raise | P::Cascade | P::Backdate),
            false,
            matches!(verb, P::Backdate),
        ),
    };
    match code {
        _ if code == verb.refused() => !reading,
        _ if code == verb.illegal() => !reading && !no_move && !beside,
        _ if code == verb.blocked() => owes,
        _ => !reading && !takes_nothing,
    }
}

const fn entry(code: &'static str, kind: ErrorKind, retry: Retry, meaning: &'static str) -> CodeEntry {
    CodeEntry { code, kind, retry, meaning }
}

const FIXED: &[CodeEntry] = &[
    entry(
        "record.not_found",
        ErrorKind::NotFound,
        Retry::Never,
        "there is no such record, or none that the actor may see",
    ),
    entry(
        "record.conflict",
        ErrorKind::Conflict,
        Retry::Reloaded,
        "the record is not at the version that the caller named",
    ),
    entry(
        "record.busy",
        ErrorKind::Conflict,
        Retry::SameCommand,
        "others changed the record each time that the command was decided",
    ),
    entry("cursor.malformed", ErrorKind::Invalid, Retry::Never, "it is no cursor; begin at the first page"),
    entry(
        "cursor.elsewhere",
        ErrorKind::Invalid,
        Retry::Never,
        "the cursor belongs to another list, viewer or tenant, or to the feed; begin at the first page",
    ),
    entry(
        "cursor.too_old",
        ErrorKind::Precondition,
        Retry::Never,
        "the feed does not go back so far, or is of another life of the store; read the list anew and follow from there",
    ),
    entry("query.invalid", ErrorKind::Invalid, Retry::Never, "the query has faults; `faults` names each"),
    entry("read.invalid", ErrorKind::Invalid, Retry::Never, "a read asks for what cannot be had; `faults` says why"),
    entry("step.invalid", ErrorKind::Invalid, Retry::Never, "a step holds what nobody can ask for; `faults` says why"),
    entry("policy.conflict", ErrorKind::Conflict, Retry::Reloaded, "another version of the policy is in force"),
    entry("command.reused", ErrorKind::Conflict, Retry::Never, "the command id was used for something else"),
    entry(
        "time.behind",
        ErrorKind::Precondition,
        Retry::WhenSettled,
        "`now` lies behind the record by more than the policy allows",
    ),
    entry("key.invalid", ErrorKind::Invalid, Retry::Never, "a tenant, person, role or group is not a key"),
    entry(
        "incident.report.service_request",
        ErrorKind::Elsewhere,
        Retry::Never,
        "it is a service request; the report is handed back",
    ),
    entry(
        "incident.reopen.over",
        ErrorKind::Precondition,
        Retry::Never,
        "the time or number of reopenings is used up; a follow-up is offered",
    ),
    entry("policy.invalid", ErrorKind::Invalid, Retry::Never, "the policy has faults; `faults` names each"),
    entry(
        "policy.publish.refused",
        ErrorKind::Forbidden,
        Retry::Never,
        "the actor lacks the permission `policy.publish`",
    ),
    entry("directory.unavailable", ErrorKind::Unavailable, Retry::SameCommand, "the host's directory did not answer"),
    entry("repository.already_exists", ErrorKind::Conflict, Retry::Never, "a record of this id or number exists"),
    entry("repository.conflict", ErrorKind::Conflict, Retry::Reloaded, "the record kept changing under the command"),
    entry(
        "repository.policy_changed",
        ErrorKind::Conflict,
        Retry::SameCommand,
        "the policy kept changing under the command",
    ),
    entry("repository.in_use", ErrorKind::Conflict, Retry::Never, "a policy leaves out a value that a record bears"),
    entry(
        "repository.malformed",
        ErrorKind::Internal,
        Retry::Never,
        "the repository was given a commit that contradicts itself",
    ),
    entry("repository.corrupt", ErrorKind::Internal, Retry::Never, "something stored is not what was written"),
    entry(
        "repository.outcome_unknown",
        ErrorKind::Unavailable,
        Retry::SameCommand,
        "it is not known whether the command landed",
    ),
    entry("repository.unavailable", ErrorKind::Unavailable, Retry::SameCommand, "the repository cannot be reached"),
    entry("repository.failed", ErrorKind::Internal, Retry::SameCommand, "the repository failed; nothing was stored"),
];

/// The codes of faults, and what they mean. They stand in `faults()` of an error, each with its path.
pub const FAULTS: &[(&str, &str)] = &[
    ("agreement.metrics", "an agreement promises nothing, or too much"),
    ("agreement.never_applies", "an agreement before it promises the same to all that it fits"),
    ("calendar.circle", "a calendar stands on itself"),
    ("calendar.closure_reversed", "a closure ends before it begins, or when it does"),
    ("calendar.never_open", "a calendar has no open second from 2000 to 2040"),
    ("calendar.too_many", "a calendar has too many hours, holidays, overrides, closures or bases"),
    ("calendar.unknown", "there is no calendar of this key"),
    ("cancellation.merged", "what is merged is cancelled as something else"),
    ("cap.exceeded", "there are more of them than the policy allows"),
    ("cap.too_high", "a cap is above what the library allows"),
    ("cap.zero", "a cap is zero"),
    ("category.repeated", "the key of a category is given twice"),
    ("category.too_deep", "the categories above it are too many, or form a circle"),
    ("category.unknown", "the policy has no such category"),
    ("cause.unknown", "the policy has no such category of causes"),
    ("channel.unknown", "the policy has no such contact channel"),
    ("closure.before_quiet_time", "incidents would close by themselves before the quiet time is over"),
    ("confirmation.not_theirs", "the actor cannot speak for the one who confirms"),
    ("date.impossible", "no year has such a date"),
    ("date.repeated", "a date is given twice"),
    ("field.no_room", "a field of the policy takes no value at all"),
    ("field.not_a_date", "it is not a date"),
    ("field.not_a_number", "it is not a decimal number"),
    ("field.required", "it must be filled in"),
    ("field.retired", "the field, category, reason, code or label takes nothing new"),
    ("field.too_large", "the number is above the field's max"),
    ("field.too_small", "the number is below the field's min"),
    ("field.unknown", "the policy has no such field"),
    ("field.unknown_choice", "it is none of the field's options"),
    ("hold.unknown", "the policy has no such hold reason"),
    ("holiday.range", "a holiday is counted too far from where it is counted from"),
    ("holiday.years", "the years of a holiday end before they begin"),
    ("hours.empty", "hours close when they open"),
    ("hours.overlap", "hours overlap"),
    ("hypothesis.unknown", "the problem has no hypothesis of this number"),
    ("intake.fits_all", "a rule for service requests has no criterion"),
    ("key.control_character", "a key has a control character"),
    ("key.empty", "a key is empty"),
    ("key.not_trimmed", "a key begins or ends with white space"),
    ("key.too_long", "a key is too long"),
    ("label.final_stage", "a label stands beneath a final stage"),
    ("label.unknown", "the policy has no such label beneath the stage"),
    ("level.unknown", "the scale has no such level"),
    ("limit.range", "a page or a count is to be too small or too large, or a selection names too many"),
    ("link.not_parent", "a resolution is said to be along with an incident that is not the parent"),
    ("link.other_parent", "the incident has another parent already"),
    ("link.other_problem", "the incident has another problem as its cause already"),
    ("link.parent_not_reopened", "a reopening is carried to children while the parent is not open"),
    (
        "link.parent_open",
        "a resolution is carried to children, or said to be along with the parent, which is not resolved",
    ),
    ("link.third_level", "a child would have children, or a duplicate duplicates"),
    ("major.cadence", "word about major incidents would be due too often"),
    ("major.child", "a major incident would be a child, or a child a major incident"),
    ("major.fits_all", "a criterion of major incidents fits every incident"),
    ("major.not_proposed", "what was not proposed as a major incident is rejected as one"),
    ("major.running", "a major incident that runs would be cancelled"),
    ("matrix.hole", "a cell of the matrix is missing"),
    ("matrix.not_monotone", "a higher impact or urgency gives a lower priority"),
    ("matrix.surplus", "the matrix has more cells than levels"),
    ("metric.no_time", "a clock would end as it starts, or never run"),
    ("metric.start", "a clock cannot count from this milestone"),
    ("milestone.known", "a milestone of the host's own has the name of one that every incident has"),
    ("milestone.set_by_stage", "a move sets the milestone; nobody records it by hand"),
    ("milestone.unknown", "the policy has no such milestone"),
    ("modifier.no_effect", "a modifier raises by nothing"),
    ("name.repeated", "a name is given twice"),
    ("number.prefix", "a prefix of numbers is none"),
    ("number.width", "a number has no digits, or too many"),
    ("obligation.unknown", "the incident has no such obligation to be waived"),
    ("permissions.locked_out", "the policy would take the permission to publish from its publisher"),
    ("problem.no_workaround", "the problem has no workaround in a known error that is published"),
    ("problem.not_resolved", "the problem's fix is not applied"),
    ("problem.still_open", "nothing is brought to incidents while the problem is open"),
    ("query.empty_span", "a time of a filter ends before it begins"),
    ("query.no_words", "a search has no word that could be found"),
    ("query.not_indexed", "a field of texts cannot be filtered by; search finds its words"),
    ("record.cancelled", "it names a record that is cancelled or dismissed itself"),
    ("record.itself", "it names the record itself"),
    ("record.unknown", "it names a record that does not exist, or is not the actor's to see"),
    ("recurrence.too_few", "a rule is content with what came once"),
    ("recurrence.words", "a rule counts no words, or too many"),
    ("reopening.contradiction", "a window for a reopening that is never possible"),
    ("requirement.impossible", "a field is asked for that nobody can fill in"),
    ("requirement.internal", "an agreement that is no affair of callers asks for what they see"),
    ("resolution.none", "the policy has no resolution code in use"),
    ("resolution.unknown", "the policy has no such resolution code"),
    ("scale.empty", "a scale has no levels"),
    ("scale.repeated", "a scale names a level twice"),
    ("scale.too_long", "a scale has too many levels"),
    ("step.not_asked", "an event of a step is none that anybody can ask for"),
    ("target.never_applies", "a target is for a priority for which the agreement does not hold"),
    ("target.no_calendar", "a target is in business time, and the agreement has no calendar"),
    ("target.too_long", "a target is beyond what is measured"),
    ("target.zero", "a target leaves no time at all"),
    ("text.control_character", "a text has a character that it must not have"),
    ("text.empty", "a text is empty"),
    ("text.too_long", "a text has too many characters"),
    ("text.unknown", "it is the digest of no text of the record or of its log"),
    ("time.before_stage", "it lies before the record came to its present stage"),
    ("time.future", "it lies in the future"),
    ("time.not_future", "it must lie in the future"),
    ("time.too_early", "it lies further back than the policy allows"),
    ("value.in_use", "a policy leaves out a value that records bear"),
    ("value.nothing", "nothing is asked"),
    ("value.zero", "it must not be zero"),
    ("warning.range", "a warning would come at once, or when it is too late"),
    ("zone.incomplete", "the rules of a zone do not tell every year from 1970 to 2099"),
    ("zone.missing", "a calendar has no zone"),
    ("zone.unknown", "there is no such zone, or no rules for it are known here"),
];
