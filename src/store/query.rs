//! Queries: which records, in which order. What matches, and what comes first, are public functions, so
//! that a simple store can use them as they are.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{IndexRow, Term, Terms, tokens};
use crate::{
    event::{DecodeError, RecordId},
    id::Id,
    incident::{ExternalReference, HoldReason, Incident, Stage},
    key::{
        CategoryKey, ChangeRef, ClockName, ContactChannel, FieldKey, GroupRef, ItemRef, Label, OfferingRef,
        OrganisationRef, PersonRef, ResolutionCode, ServiceRef, SiteRef, StageLabel,
    },
    problem::{self, Problem},
    record::{AnyStage, RecordKind},
    time::Instant,
};

/// Which records, and in which order. As JSON: `{"filter": {"stages": ["new"]}, "sort": "priority"}`.
///
/// ```
/// use andon::{Stage, store::{Query, Sort}};
///
/// let mine = Query::open().person("anna".parse()?).search("vpn outa").sorted(Sort::Due);
/// # Ok::<(), andon::key::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// Which.
    #[serde(skip_serializing_if = "Filter::is_empty")]
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
}

/// In which order a desk works. Ties are broken by the record's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What is overdue, the longest overdue first; then the rest by priority, the oldest first. By the clocks of
    /// service level agreements: what groups and vendors owe is internal, and no caller's list may tell of it.
    #[default]
    OverdueFirst,
    /// By when the next clock of a service level agreement falls due; what has none comes last, the oldest first.
    Due,
    /// By priority, the highest first; then the oldest first.
    Priority,
    /// What changed last comes first.
    Updated,
    /// What was reported last comes first.
    Reported,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 5] = [Self::OverdueFirst, Self::Due, Self::Priority, Self::Updated, Self::Reported];

    /// The order as data names it: `overdue_first`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OverdueFirst => "overdue_first",
            Self::Due => "due",
            Self::Priority => "priority",
            Self::Updated => "updated",
            Self::Reported => "reported",
        }
    }
}

/// A text that names no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no order; the orders are overdue_first, due, priority, updated, reported")]
pub struct UnknownSort;

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, UnknownSort> {
        Self::ALL.into_iter().find(|sort| sort.key() == text).ok_or(UnknownSort)
    }
}

/// Where a record stands in an order. Keys compare as the records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey {
    /// The part of the list: 0 for what comes first in any case, as the overdue do, 1 for the rest.
    pub part: u8,
    /// The rank of the priority, where the order looks at it; else 0.
    pub rank: u8,
    /// Microseconds since 1970, negative where the latest comes first.
    pub at: i64,
    /// What breaks ties.
    pub id: RecordId,
}

/// What an order looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub id: RecordId,
    pub rank: u8,
    pub due: Option<Instant>,
    pub reported_at: Instant,
    pub updated_at: Instant,
}

/// Which records: those that fit every part that says anything. A part that lists several values fits a
/// record that has one of them, but for [`labels`](Self::labels): it must bear all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Of this kind. A worklist is one of incidents or one of problems, whatever stands here; the feed has all kinds if
    /// nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RecordKind>,
    /// Incidents in one of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Problems in one of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problem_stages: Vec<problem::Stage>,
    /// Whether it is a major incident that runs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub major: bool,
    /// Whether it is a problem with a known error that is published.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known_error: bool,
    /// Incidents of which one of these problems is the cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caused_by: Vec<Id<Problem>>,
    /// Incidents of which one of these incidents is the parent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub child_of: Vec<Id<Incident>>,
    /// Incidents that were cancelled as duplicates of one of these incidents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicate_of: Vec<Id<Incident>>,
    /// Problems that were dismissed as duplicates of one of these problems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicate_of_problem: Vec<Id<Problem>>,
    /// Incidents that follow one of these incidents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follow_up_of: Vec<Id<Incident>>,
    /// Incidents that are linked to one of these incidents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Id<Incident>>,
    /// Incidents that one of these changes brought about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caused_by_changes: Vec<ChangeRef>,
    /// Incidents that one of these changes ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved_by_changes: Vec<ChangeRef>,
    /// With a priority of one of these ranks; 1 is the highest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<u8>,
    /// With one of these groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRef>,
    /// With one of these people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonRef>,
    /// With no person (`true`), or with some person (`false`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unassigned: Option<bool>,
    /// With one of these statuses of the host's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stage_labels: Vec<StageLabel>,
    /// Waiting for one of these reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hold_reasons: Vec<HoldReason>,
    /// Resolved with one of these codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolution_codes: Vec<ResolutionCode>,
    /// On which a clock of a service level agreement with one of these metrics was overdue, and may be still. What is overdue now is what is
    /// [`due`](Self::due) until now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breached: Vec<ClockName>,
    /// On which a clock of a service level agreement with one of these metrics is paused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paused_clocks: Vec<ClockName>,
    /// Bearing all of these labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// In one of these categories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryKey>,
    /// Reported by one of these people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<PersonRef>,
    /// Affecting one of these people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<PersonRef>,
    /// Of one of these organisations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<OrganisationRef>,
    /// At one of these sites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteRef>,
    /// By one of these channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ContactChannel>,
    /// With one of these services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceRef>,
    /// Under one of these offerings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offerings: Vec<OfferingRef>,
    /// With one of these configuration items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemRef>,
    /// Called one of these in another system: is there an incident for this alert?
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ExternalReference>,
    /// With these values in fields of the host's own, other than texts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldKey, Arc<str>>,
    /// With all of these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// Falling due in this time.
    #[serde(skip_serializing_if = "Span::is_open")]
    pub due: Span,
    /// Reported in this time.
    #[serde(skip_serializing_if = "Span::is_open")]
    pub reported: Span,
    /// Changed last in this time.
    #[serde(skip_serializing_if = "Span::is_open")]
    pub updated: Span,
}

/// A time from an instant on, and before another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Span {
    /// The first instant within.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// The first instant after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Span {
    /// Whether it has neither beginning nor end.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether an instant lies within.
    #[must_use]
    pub fn holds(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether an instant lies within; where there is none, only if everything does.
    fn holds_some(&self, at: Option<Instant>) -> bool {
        at.map_or_else(|| self.is_open(), |at| self.holds(at))
    }
}

/// Words that must all occur; the last one may be the beginning of a word, as while somebody types. As
/// data: the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Search {
    text: String,
    words: Vec<Arc<str>>,
    beginning: Option<Arc<str>>,
}

impl Search {
    /// The words of this text, as [`tokens`] finds them.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut words: Vec<Arc<str>> = tokens(&text).collect();
        let beginning = words.pop();
        words.sort_unstable();
        words.dedup();
        Self { text, words, beginning }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words that must occur whole.
    #[must_use]
    pub fn words(&self) -> &[Arc<str>] {
        &self.words
    }

    /// What some word must begin with; `None` for a text without words, which fits nothing, and by which a desk lists nothing
    /// either: it says so.
    #[must_use]
    pub const fn beginning(&self) -> Option<&Arc<str>> {
        self.beginning.as_ref()
    }

    fn finds(&self, subject: &[Term]) -> bool {
        let Some(beginning) = &self.beginning else { return false };
        let found = |wanted: &dyn Fn(&str) -> bool| {
            subject.iter().any(|term| matches!(term, Term::Token(token) if wanted(token)))
        };
        self.words.iter().all(|word| found(&|token| token == &**word))
            && found(&|token| token.starts_with(&**beginning))
    }
}

impl From<String> for Search {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Search> for String {
    fn from(search: Search) -> Self {
        search.text
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Declares what adds a value to a part of the filter.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident($value:ident: $type:ty) => $part:ident;)*) => {
        impl Query {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $value: $type) -> Self {
                self.filter.$part.push($value);
                self
            })*
        }
    };
}

parts! {
    /// Also in this stage.
    stage(stage: Stage) => stages;
    /// Also with a priority of this rank.
    priority(rank: u8) => priorities;
    /// Also with this group.
    group(group: GroupRef) => groups;
    /// Also with this person.
    person(person: PersonRef) => people;
    /// Also bearing this label.
    label(label: Label) => labels;
    /// Also in this category.
    category(category: CategoryKey) => categories;
    /// Also reported by this person.
    caller(person: PersonRef) => callers;
    /// Also of this organisation.
    organisation(organisation: OrganisationRef) => organisations;
    /// Also with this service.
    service(service: ServiceRef) => services;
    /// Also with this configuration item.
    item(item: ItemRef) => items;
    /// Also called this in another system.
    reference(reference: ExternalReference) => references;
    /// Also one on which a clock of this metric was overdue, and may be still.
    breached(metric: ClockName) => breached;
    /// Also one on which a clock of this metric is paused.
    paused_clock(metric: ClockName) => paused_clocks;
    /// Also an incident of which this problem is the cause.
    caused_by(problem: Id<Problem>) => caused_by;
    /// Also an incident of which this one is the parent.
    child_of(parent: Id<Incident>) => child_of;
    /// Also an incident that was cancelled as a duplicate of this one.
    duplicate_of(master: Id<Incident>) => duplicate_of;
    /// Also a problem that was dismissed as a duplicate of this one.
    duplicate_of_problem(problem: Id<Problem>) => duplicate_of_problem;
    /// Also an incident that follows this one.
    follow_up_of(incident: Id<Incident>) => follow_up_of;
    /// Also waiting for this reason.
    hold_reason(reason: HoldReason) => hold_reasons;
}

impl Query {
    /// Every record that the viewer may see.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Every record on which work is still to be done: new, assigned, in progress and on hold. What is resolved
    /// waits for its closure, and is not among them.
    #[must_use]
    pub fn open() -> Self {
        let stages = Stage::ALL.into_iter().filter(|stage| stage.is_open()).collect();
        Self { filter: Filter { stages, ..Filter::default() }, sort: Sort::default() }
    }

    /// Records of this kind alone.
    #[must_use]
    pub const fn of_kind(mut self, kind: RecordKind) -> Self {
        self.filter.kind = Some(kind);
        self
    }

    /// Incidents, if it does not say of which kind.
    pub(crate) fn of_some_kind(mut self) -> Self {
        let kind = if self.filter.problem_stages.is_empty() { RecordKind::Incident } else { RecordKind::Problem };
        self.filter.kind = self.filter.kind.or(Some(kind));
        self
    }

    /// Every problem on which work is still to be done: whose fix is not yet applied.
    #[must_use]
    pub fn open_problems() -> Self {
        let problem_stages = problem::Stage::ALL.into_iter().filter(|stage| stage.is_open()).collect();
        Self { filter: Filter { problem_stages, ..Filter::default() }, sort: Sort::default() }
    }

    /// Reads a query from JSON.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the part that cannot be read.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        crate::event::decode(json)
    }

    /// Major incidents that run.
    #[must_use]
    pub const fn majors(mut self) -> Self {
        self.filter.major = true;
        self
    }

    /// With no person.
    #[must_use]
    pub const fn unassigned(mut self) -> Self {
        self.filter.unassigned = Some(true);
        self
    }

    /// With all of these words, without regard to case and accents; the last may be the beginning of one. They are looked for
    /// in the number, the title, the description, references and fields of the host's own that are texts; notes are not searched.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.filter.search = Some(Search::new(text));
        self
    }

    /// With this value in a field of the host's own.
    #[must_use]
    pub fn field(mut self, key: FieldKey, value: impl Into<Arc<str>>) -> Self {
        self.filter.fields.insert(key, value.into());
        self
    }

    /// In this order.
    #[must_use]
    pub const fn sorted(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Whether a record belongs to the list.
    #[must_use]
    pub fn matches(&self, row: &IndexRow, terms: &Terms) -> bool {
        self.filter.matches(row, terms)
    }

    /// Where a record stands in the list, when what is overdue is judged at `at`.
    #[must_use]
    pub fn sort_key(&self, row: &IndexRow, at: Instant) -> SortKey {
        self.sort.key_of(row, at)
    }
}

impl Sort {
    /// Where a record stands in this order, when what is overdue is judged at `at`.
    #[must_use]
    pub fn key_of(self, row: &IndexRow, at: Instant) -> SortKey {
        let IndexRow { id, due, reported_at, updated_at, .. } = *row;
        self.place(Columns { id, rank: row.priority.rank(), due, reported_at, updated_at }, at)
    }

    /// Where a record with these columns stands in this order.
    pub(crate) fn place(self, row: Columns, at: Instant) -> SortKey {
        let (part, rank, at) = match (self, row.due) {
            (Self::OverdueFirst, Some(due)) if due.timestamp_micros() < at.timestamp_micros() => {
                (0, 0, due.timestamp_micros())
            }
            (Self::OverdueFirst, _) => (1, row.rank, row.reported_at.timestamp_micros()),
            (Self::Due, Some(due)) => (0, 0, due.timestamp_micros()),
            (Self::Due, None) => (1, 0, row.reported_at.timestamp_micros()),
            (Self::Priority, _) => (0, row.rank, row.reported_at.timestamp_micros()),
            (Self::Updated, _) => (0, 0, row.updated_at.timestamp_micros().saturating_neg()),
            (Self::Reported, _) => (0, 0, row.reported_at.timestamp_micros().saturating_neg()),
        };
        SortKey { part, rank, at, id: row.id }
    }
}

impl Filter {
    /// Whether it asks for nothing, so that every record fits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many values each part that lists some names.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = (&'static str, usize)> {
        [
            ("stages", self.stages.len()),
            ("problem_stages", self.problem_stages.len()),
            ("caused_by", self.caused_by.len()),
            ("child_of", self.child_of.len()),
            ("duplicate_of", self.duplicate_of.len()),
            ("duplicate_of_problem", self.duplicate_of_problem.len()),
            ("follow_up_of", self.follow_up_of.len()),
            ("related", self.related.len()),
            ("caused_by_changes", self.caused_by_changes.len()),
            ("resolved_by_changes", self.resolved_by_changes.len()),
            ("priorities", self.priorities.len()),
            ("groups", self.groups.len()),
            ("people", self.people.len()),
            ("stage_labels", self.stage_labels.len()),
            ("hold_reasons", self.hold_reasons.len()),
            ("resolution_codes", self.resolution_codes.len()),
            ("breached", self.breached.len()),
            ("paused_clocks", self.paused_clocks.len()),
            ("labels", self.labels.len()),
            ("categories", self.categories.len()),
            ("callers", self.callers.len()),
            ("affected", self.affected.len()),
            ("organisations", self.organisations.len()),
            ("sites", self.sites.len()),
            ("channels", self.channels.len()),
            ("services", self.services.len()),
            ("offerings", self.offerings.len()),
            ("items", self.items.len()),
            ("references", self.references.len()),
            ("fields", self.fields.len()),
        ]
        .into_iter()
    }

    /// Whether a record fits every part. To judge many, make a [`matcher`](Self::matcher) first.
    #[must_use]
    pub fn matches(&self, row: &IndexRow, terms: &Terms) -> bool {
        self.matcher().matches(row, terms)
    }

    /// The filter with its needs made ready once, to judge one record after the other.
    #[must_use]
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher { filter: self, needs: self.needs().collect() }
    }

    /// Whether a record in this stage can fit, as far as kind and stage go.
    #[must_use]
    pub fn holds_stage(&self, stage: AnyStage) -> bool {
        let any = self.stages.is_empty() && self.problem_stages.is_empty();
        let listed = match stage {
            AnyStage::Incident(stage) => self.stages.contains(&stage),
            AnyStage::Problem(stage) => self.problem_stages.contains(&stage),
        };
        (any || listed) && self.kind.is_none_or(|kind| kind == stage.kind())
    }

    /// What the terms of a record must have, beside the words that are searched for: of each of these
    /// needs, one term. A store with an index over terms begins with the rarest.
    pub fn needs(&self) -> impl Iterator<Item = Need> + '_ {
        fn any<T: Clone>(wanted: &[T], term: fn(T) -> Term) -> Option<Need> {
            (!wanted.is_empty()).then(|| Need { any: wanted.iter().cloned().map(term).collect() })
        }
        let listed = [
            any(&self.caused_by, Term::CausedBy),
            any(&self.child_of, Term::ChildOf),
            any(&self.duplicate_of, Term::DuplicateOf),
            any(&self.duplicate_of_problem, Term::DuplicateOfProblem),
            any(&self.follow_up_of, Term::FollowUpOf),
            any(&self.related, Term::Related),
            any(&self.caused_by_changes, Term::CausedByChange),
            any(&self.resolved_by_changes, Term::ResolvedByChange),
            any(&self.hold_reasons, Term::HoldReason),
            any(&self.resolution_codes, Term::ResolutionCode),
            any(&self.breached, Term::Breached),
            any(&self.paused_clocks, Term::PausedClock),
            any(&self.categories, Term::Category),
            any(&self.callers, Term::Caller),
            any(&self.affected, Term::Affected),
            any(&self.organisations, Term::Customer),
            any(&self.sites, Term::Site),
            any(&self.channels, Term::Channel),
            any(&self.services, Term::Service),
            any(&self.offerings, Term::Offering),
            any(&self.items, Term::Item),
            any(&self.references, Term::Reference),
        ];
        let known_error = self.known_error.then(|| Need { any: vec![Term::KnownError] });
        let labels = self.labels.iter().map(|label| Need { any: vec![Term::Label(label.clone())] });
        let fields =
            self.fields.iter().map(|(key, value)| Need { any: vec![Term::Field(key.clone(), Arc::clone(value))] });
        let major = self.major.then(|| Need { any: vec![Term::Major] });
        listed.into_iter().flatten().chain(major).chain(known_error).chain(labels).chain(fields)
    }
}

/// A filter that judges one record after the other.
#[derive(Debug, Clone)]
pub struct Matcher<'a> {
    filter: &'a Filter,
    needs: Vec<Need>,
}

impl Matcher<'_> {
    /// Whether a record fits every part.
    #[must_use]
    pub fn matches(&self, row: &IndexRow, terms: &Terms) -> bool {
        fn among<T: PartialEq>(wanted: &[T], found: Option<&T>) -> bool {
            wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
        }
        let filter = self.filter;
        filter.holds_stage(row.stage)
            && among(&filter.priorities, Some(&row.priority.rank()))
            && among(&filter.groups, row.group.as_ref())
            && among(&filter.people, row.person.as_ref())
            && filter.unassigned.is_none_or(|unassigned| unassigned == row.person.is_none())
            && among(&filter.stage_labels, row.label.as_ref())
            && filter.due.holds_some(row.due)
            && filter.reported.holds(row.reported_at)
            && filter.updated.holds(row.updated_at)
            && self.needs.iter().all(|need| need.is_met(terms))
            && filter.search.as_ref().is_none_or(|search| search.finds(&terms.subject))
    }
}

/// Terms of which a record must bear one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The terms.
    pub any: Vec<Term>,
}

impl Need {
    fn is_met(&self, terms: &Terms) -> bool {
        self.any.iter().any(|term| terms.bear(term))
    }
}
