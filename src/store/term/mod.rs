//! Terms: the marks by which records are found and seen. Labels, search and visibility are one
//! mechanism: a record bears terms, and a filter or a viewer names some.

mod text;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    id::Id,
    incident::{Cancellation, Former, HoldReason, Incident, Stage},
    key::{
        CategoryKey, ChangeRef, ClockName, ContactChannel, FieldKey, GroupRef, ItemRef, Label, LevelName, OfferingRef,
        OrganisationRef, PersonRef, ResolutionCode, ServiceRef, SiteRef, StageLabel,
    },
    ledger::AgreementKind,
    link::Link,
    problem::{KnownError, Problem},
    record::{ExternalReference, Facts, FieldValue, Kind, RecordKind},
};

use super::Record;
pub use text::TermError;

/// The most words of a record that search finds; what a longer text says beyond them is not indexed.
pub const MAX_TOKENS: usize = 1_000;
/// The most bytes of a word that search compares.
pub const MAX_TOKEN_BYTES: usize = 64;

/// A mark on a record. A record bears those that say who may see it, those that say how it stands, and
/// those that say what it is about. As data: its text, `label:vpn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "std::borrow::Cow<'_, str>", into = "String")]
#[non_exhaustive]
pub enum Term {
    /// Seen by those who may read all: every incident that is not confidential.
    Everyone,
    /// Seen by those who may read confidential records: every confidential record.
    Confidential,
    /// Seen by this person, who is caller, affected, opener or assignee.
    Person(PersonRef),
    /// Seen by this person, who watches it.
    Watcher(PersonRef),
    /// Seen by the members of this group: the record is with it.
    Group(GroupRef),
    /// Seen by the members of this organisation: the record is of it and not confidential.
    Organisation(OrganisationRef),
    /// Seen by those of this organisation who may read its confidential records.
    ConfidentialOrganisation(OrganisationRef),
    /// Seen likewise, but by those who may read problems: the record is a problem. Who sees incidents of a group does not
    /// by that see its problems.
    Problem(Box<Self>),
    /// It waits for this reason.
    HoldReason(HoldReason),
    /// It was resolved with this code.
    ResolutionCode(ResolutionCode),
    /// It has this status of the host's own beneath this stage.
    StageLabel(Stage, StageLabel),
    /// It waited for this reason before it was merged, and does again if the merge is undone.
    FormerHoldReason(HoldReason),
    /// It had this status of the host's own beneath this stage before it was merged, and has it again if the merge
    /// is undone.
    FormerStageLabel(Stage, StageLabel),
    /// A clock of a service level agreement with this metric was overdue, and may be still.
    Breached(ClockName),
    /// A clock of a service level agreement with this metric is paused.
    PausedClock(ClockName),
    /// It is a major incident that runs.
    Major,
    /// It is a problem with a known error that is published.
    KnownError,
    /// This problem is its cause.
    CausedBy(Id<Problem>),
    /// This incident is its parent.
    ChildOf(Id<Incident>),
    /// It was cancelled as a duplicate of this incident.
    DuplicateOf(Id<Incident>),
    /// It was dismissed as a duplicate of this problem.
    DuplicateOfProblem(Id<Problem>),
    /// It follows this incident, which could no longer be reopened.
    FollowUpOf(Id<Incident>),
    /// It is linked to this incident.
    Related(Id<Incident>),
    /// This change brought it about.
    CausedByChange(ChangeRef),
    /// This change ended it.
    ResolvedByChange(ChangeRef),
    /// It bears this label.
    Label(Label),
    /// It is in this category.
    Category(CategoryKey),
    /// It has this impact.
    Impact(LevelName),
    /// It has this urgency.
    Urgency(LevelName),
    /// It concerns something of this criticality.
    Criticality(LevelName),
    /// This person reported it.
    Caller(PersonRef),
    /// This person is affected.
    Affected(PersonRef),
    /// It is of this organisation, confidential or not.
    Customer(OrganisationRef),
    /// It is at this site.
    Site(SiteRef),
    /// It came by this channel.
    Channel(ContactChannel),
    /// This service suffers.
    Service(ServiceRef),
    /// It is handled under this offering.
    Offering(OfferingRef),
    /// It concerns this configuration item.
    Item(ItemRef),
    /// It is called this in another system.
    Reference(ExternalReference),
    /// It has a value in this field of the host's own.
    HasField(FieldKey),
    /// It has this value in this field of the host's own.
    Field(FieldKey, Arc<str>),
    /// This word stands in its number, its title, its description, a reference or a text field.
    Token(Arc<str>),
}

/// The terms of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Who may see it, and how it stands: they change as it goes along.
    pub standing: Arc<[Term]>,
    /// What it is about: they change when its facts do.
    pub subject: Arc<[Term]>,
}

/// The terms that a write changes. `None`: they are as they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TermChange {
    /// Who may see it, and how it stands.
    pub standing: Option<Arc<[Term]>>,
    /// What it is about.
    pub subject: Option<Arc<[Term]>>,
}

impl Terms {
    /// The terms of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        match record {
            Record::Incident(incident) => Self::of_kind(&**incident),
            Record::Problem(problem) => Self::of_kind(&**problem),
        }
    }

    fn of_kind<K: Indexed>(record: &K) -> Self {
        Self { standing: standing(record), subject: subject(record.facts()) }
    }

    /// Whether the record bears this term.
    #[must_use]
    pub fn bear(&self, term: &Term) -> bool {
        self.standing.contains(term) || self.subject.contains(term)
    }

    /// Every term.
    pub fn iter(&self) -> impl Iterator<Item = &Term> {
        self.standing.iter().chain(self.subject.iter())
    }

    /// The terms after a change; `None` if the change leaves out what was never there.
    #[must_use]
    pub fn changed(before: Option<&Self>, change: &TermChange) -> Option<Self> {
        Some(Self {
            standing: change.standing.clone().or_else(|| before.map(|terms| Arc::clone(&terms.standing)))?,
            subject: change.subject.clone().or_else(|| before.map(|terms| Arc::clone(&terms.subject)))?,
        })
    }
}

impl Term {
    /// The term by which records of this kind are seen by whom the term itself names.
    pub(crate) fn for_kind(self, kind: RecordKind) -> Self {
        match kind {
            RecordKind::Incident => self,
            RecordKind::Problem => Self::Problem(Box::new(self)),
        }
    }
}

/// What only one kind of record has to say about how it stands.
pub(crate) trait Indexed: Kind {
    /// Whether nothing that is told by [`stands`](Self::stands) has changed.
    fn stands_alike(before: &Self, after: &Self) -> bool;

    /// Adds the terms that say how it stands.
    fn stands(&self, terms: &mut Vec<Term>);
}

impl TermChange {
    /// What a write has to say about the terms of a record that was another one before.
    pub(crate) fn between<K: Indexed>(before: Option<&K>, after: &K) -> Self {
        let same_facts = before.is_some_and(|before| Arc::ptr_eq(&before.shared().facts, &after.shared().facts));
        let stands_alike = same_facts
            && before.is_some_and(|before| {
                before.progress().assignment == after.progress().assignment && K::stands_alike(before, after)
            });
        Self {
            standing: (!stands_alike).then(|| standing(after)),
            subject: (!same_facts).then(|| subject(after.facts())),
        }
    }
}

/// What the clocks of service level agreements have to say; others are internal.
fn clock_terms(incident: &Incident) -> impl Iterator<Item = Term> {
    let clocks = incident.clocks();
    let breached = clocks.breached(AgreementKind::Sla).cloned().map(Term::Breached);
    let shown = clocks.live().filter(|clock| clock.terms().kind == AgreementKind::Sla);
    let paused = shown.filter(|clock| clock.pause().is_some_and(|pause| pause.reason.is_pause()));
    breached.chain(paused.map(|clock| Term::PausedClock(clock.terms().metric.clone())))
}

fn standing<K: Indexed>(record: &K) -> Arc<[Term]> {
    let facts = record.facts();
    let mut terms = Vec::with_capacity(8);
    let mut seen_by = |term: Term| {
        let term = term.for_kind(K::KIND);
        if !terms.contains(&term) {
            terms.push(term);
        }
    };
    if facts.confidential {
        seen_by(Term::Confidential);
        facts.organisation.iter().cloned().map(Term::ConfidentialOrganisation).for_each(&mut seen_by);
    } else {
        seen_by(Term::Everyone);
        facts.organisation.iter().cloned().map(Term::Organisation).for_each(&mut seen_by);
    }
    let stake = record.stake();
    stake.people.into_iter().flatten().cloned().map(Term::Person).for_each(&mut seen_by);
    facts.watchers.iter().cloned().map(Term::Watcher).for_each(&mut seen_by);
    stake.group.cloned().map(Term::Group).into_iter().for_each(&mut seen_by);
    record.stands(&mut terms);
    terms.into()
}

impl Indexed for Incident {
    fn stands_alike(before: &Self, after: &Self) -> bool {
        before.hold().map(|stage| &stage.hold().reason) == after.hold().map(|stage| &stage.hold().reason)
            && before.resolution().map(|known| &known.code) == after.resolution().map(|known| &known.code)
            && label_of(before) == label_of(after)
            && before.links() == after.links()
            && before.is_running_major() == after.is_running_major()
            && clock_terms(before).eq(clock_terms(after))
            // What a merge goes back to is told by the cancelled stage alone.
            && ![before.stage(), after.stage()].contains(&Stage::Cancelled)
    }

    fn stands(&self, terms: &mut Vec<Term>) {
        terms.extend(self.hold().map(|stage| Term::HoldReason(stage.hold().reason.clone())));
        for term in clock_terms(self) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms.extend(self.resolution().map(|resolution| Term::ResolutionCode(resolution.code.clone())));
        terms.extend(label_of(self).map(|(stage, label)| Term::StageLabel(stage, label.clone())));
        terms.extend(self.links().iter().map(|link| match link {
            Link::CausedBy(problem) => Term::CausedBy(*problem),
            Link::ChildOf(incident) => Term::ChildOf(*incident),
            Link::Related(incident) => Term::Related(*incident),
            Link::CausedByChange(change) => Term::CausedByChange(change.clone()),
            Link::ResolvedByChange(change) => Term::ResolvedByChange(change.clone()),
        }));
        terms.extend(self.facts().follows.map(Term::FollowUpOf));
        terms.extend(self.is_running_major().then_some(Term::Major));
        let Self::Cancelled(cancelled) = self else { return };
        if let Cancellation::Duplicate { of } = cancelled.stage().cancellation() {
            terms.push(Term::DuplicateOf(*of));
        }
        if !cancelled.stage().is_undoable() {
            return;
        }
        let former = match cancelled.stage().former() {
            Former::New => Some(Stage::New),
            Former::Assigned => Some(Stage::Assigned),
            Former::InProgress(_) => Some(Stage::InProgress),
            Former::OnHold(held) => {
                terms.push(Term::FormerHoldReason(held.hold().reason.clone()));
                Some(Stage::OnHold)
            }
            Former::Other => None,
        };
        let label = former.zip(cancelled.stage().former_label().cloned());
        terms.extend(label.map(|(stage, label)| Term::FormerStageLabel(stage, label)));
    }
}

impl Indexed for Problem {
    fn stands_alike(before: &Self, after: &Self) -> bool {
        let published = |problem: &Self| problem.known_error().map(KnownError::is_published);
        published(before) == published(after) && before.duplicate_of() == after.duplicate_of()
    }

    fn stands(&self, terms: &mut Vec<Term>) {
        if self.known_error().is_some_and(KnownError::is_published) {
            terms.push(Term::KnownError);
        }
        terms.extend(self.duplicate_of().map(Term::DuplicateOfProblem));
    }
}

/// The host's own status, and the stage beneath which it stands.
fn label_of(incident: &Incident) -> Option<(Stage, &StageLabel)> {
    incident.progress().label.as_ref().map(|label| (incident.stage(), label))
}

fn subject<K>(facts: &Facts<K>) -> Arc<[Term]> {
    let mut terms = Vec::with_capacity(16);
    terms.extend(facts.labels.iter().cloned().map(Term::Label));
    terms.extend(facts.category.clone().map(Term::Category));
    terms.extend([Term::Impact(facts.impact.clone()), Term::Urgency(facts.urgency.clone())]);
    let levels: BTreeSet<_> = facts.criticalities().cloned().map(Term::Criticality).collect();
    terms.extend(levels);
    terms.extend(facts.caller.clone().map(Term::Caller));
    terms.extend(facts.affected.clone().map(Term::Affected));
    terms.extend(facts.organisation.clone().map(Term::Customer));
    terms.extend(facts.site.clone().map(Term::Site));
    terms.extend(facts.channel.clone().map(Term::Channel));
    terms.extend(facts.services.iter().map(|service| Term::Service(service.key.clone())));
    terms.extend(facts.offering.iter().map(|offering| Term::Offering(offering.key.clone())));
    terms.extend(facts.items.iter().map(|item| Term::Item(item.key.clone())));
    terms.extend(facts.references.iter().cloned().map(Term::Reference));
    for (key, value) in &facts.fields {
        terms.push(Term::HasField(key.clone()));
        terms.extend(field_term(key, value));
    }
    let mut words = BTreeSet::new();
    let texts = [Some(facts.number.as_str()), facts.title.as_str()]
        .into_iter()
        .chain([facts.description.as_ref().and_then(|text| text.as_str())])
        .chain(facts.references.iter().map(|reference| Some(reference.key.as_str())))
        .chain(facts.fields.values().map(|value| match value {
            FieldValue::Text(text) => text.as_str(),
            _ => None,
        }));
    for text in texts.flatten() {
        for word in tokens(text) {
            if words.len() >= MAX_TOKENS {
                break;
            }
            words.insert(word);
        }
    }
    terms.extend(words.into_iter().map(Term::Token));
    terms.into()
}

/// The term for a value of a field of the host's own. Texts have none: search finds their words.
pub(crate) fn field_term(key: &FieldKey, value: &FieldValue) -> Option<Term> {
    let value: Arc<str> = match value {
        FieldValue::Text(_) => return None,
        FieldValue::Number(number) => number.normalize().to_string().into(),
        FieldValue::Choice(choice) => choice.as_str().into(),
        FieldValue::Date(date) => date.to_string().into(),
        FieldValue::Reference(reference) => reference.as_str().into(),
    };
    Some(Term::Field(key.clone(), value))
}

/// The words of a text as search compares them: split by [UAX #29](https://www.unicode.org/reports/tr29/),
/// compatibility forms, upper and lower case, and the accents of Latin, Greek and Cyrillic letters made
/// equal, cut off after [`MAX_TOKEN_BYTES`].
pub fn tokens(text: &str) -> impl Iterator<Item = Arc<str>> + '_ {
    text.unicode_words().filter_map(|word| {
        let folded = fold(word);
        let end = (0..=MAX_TOKEN_BYTES.min(folded.len())).rev().find(|end| folded.is_char_boundary(*end))?;
        folded.get(..end).filter(|word| !word.is_empty()).map(Arc::from)
    })
}

fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    // By way of the capital letters, `ß` and `SS` come to the same, and so do the two small sigmas.
    word.nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).map(|token| token.to_string()).collect()
    }

    #[test]
    fn words_are_compared_without_case_accents_or_forms() {
        assert_eq!(words("VPN-Gateway ÜBERLÄUFT (INC0001042)"), ["vpn", "gateway", "uberlauft", "inc0001042"]);
        assert_eq!(words("Straße STRASSE"), ["strasse", "strasse"]);
        assert_eq!(words("ΟΔΟΣ οδος ﬁle"), ["οδοσ", "οδοσ", "file"]);
        assert_eq!(words("東京 サーバー"), ["東", "京", "サーバー"].map(fold));
        assert_eq!(words(" \u{200b} … "), [""; 0]);
    }

    #[test]
    fn a_long_word_is_cut_between_characters() {
        let long = words(&"é".repeat(200));
        assert_eq!(long, ["e".repeat(MAX_TOKEN_BYTES)]);
        let wide = words(&"ж".repeat(200));
        assert_eq!(wide, ["ж".repeat(MAX_TOKEN_BYTES / 2)]);
    }
}
