//! Generated records: of every kind, the same each time. Filters, one for each part.

use std::{num::NonZeroU8, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    check::Kept,
    fixture::{Known, Trial, acme, group, held, minute, no_policy, person, resolved, routed, scramble},
};
use crate::{
    actor::ActorId,
    incident::{
        Assignment, Cancellation, CancelledAs, ClosureBasis, ExternalReference, Facts, FieldValue, Hold, HoldReason,
        IncidentEvent as E, Item, Offering, Service, Stage,
    },
    key::{
        AgreementKey, CategoryKey, ChoiceKey, ClockName, ContactChannel, ExternalKey, FieldKey, HoldReasonKey, ItemRef,
        Label, LevelName, OfferingRef, OrganisationRef, ResolutionCode, ServiceRef, SiteRef, StageLabel, SystemName,
    },
    ledger::{
        AgreementKind, ClockBreached, ClockId, ClockPaused, ClockRef, ClockStarted, Entry, PauseReason, Schedule,
        Target, Terms,
    },
    priority::Priority,
    store::{Filter, Repository, Search, Span, Term},
    time::Seconds,
};

/// How many records a case of lists looks at.
pub(super) const MANY: u64 = 90;

/// Choices that look random: by a seed, and the same each time.
pub(super) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed: scramble(seed), thrown: 0 }
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.thrown = self.thrown.wrapping_add(1);
        scramble(self.seed ^ self.thrown).checked_rem(end).unwrap_or(0)
    }

    /// Whether something happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these; the first, should there be none.
    pub(super) fn one_of<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let picked = self.below(u64::try_from(others.len()).unwrap_or(0).saturating_add(1));
        let index = usize::try_from(picked).unwrap_or(0);
        index.checked_sub(1).and_then(|index| others.get(index)).copied().unwrap_or(first)
    }

    /// One of these, or none.
    fn some_of<T: Copy>(&mut self, first: T, others: &[T]) -> Option<T> {
        (!self.once_in(3)).then(|| self.one_of(first, others))
    }
}

const TITLES: &[&str] = &[
    "VPN outage in Zürich",
    "Écran noir après mise à jour",
    "Printer jam on the second floor",
    "Straße gesperrt, Lieferung verspätet",
    "Mail queue is growing",
    "vpn Outlook outage",
    "ΟΔΟΣ not found",
];

impl<R> Trial<'_, R> {
    pub(super) fn generated_facts(&self, dice: &mut Dice) -> Kept<Facts> {
        let mut facts = self.facts(dice.one_of("Printer on fire", TITLES))?;
        if dice.once_in(2) {
            facts.description = Some(self.text(dice.one_of("Nothing works.\nNobody knows why.", TITLES))?);
        }
        facts.impact = LevelName::known(dice.one_of("high", &["medium", "low"]));
        facts.urgency = LevelName::known(dice.one_of("high", &["medium", "low"]));
        facts.category = dice.some_of("network", &["mail", "hardware"]).map(CategoryKey::known);
        facts.caller = dice.some_of("cleo", &["carl", "cora"]).map(person);
        facts.affected = dice.some_of("cleo", &["dora", "dan"]).map(person);
        facts.vip = dice.once_in(5);
        facts.people_affected = dice.some_of(1, &[20, u32::MAX]);
        if dice.once_in(3) {
            facts.opened_by = ActorId::Person(person("anna"));
        }
        facts.organisation = dice.some_of("north", &["south"]).map(OrganisationRef::known);
        facts.site = dice.some_of("Zürich", &["Genève"]).map(SiteRef::known);
        facts.channel = dice.some_of("phone", &["mail", "self_service"]).map(ContactChannel::known);
        for key in ["mail", "vpn", "intranet"] {
            if dice.once_in(3) {
                facts.services.push(Service { key: ServiceRef::known(key), criticality: None });
            }
        }
        facts.offering = dice
            .some_of("gold", &["silver"])
            .map(|key| Offering { key: OfferingRef::known(key), criticality: Some(LevelName::known("high")) });
        for key in ["laptop-1", "laptop-2", "server-1"] {
            if dice.once_in(4) {
                facts.items.push(Item { key: ItemRef::known(key), criticality: None });
            }
        }
        for label in ["urgent", "vip", "weather"] {
            if dice.once_in(2) {
                facts.labels.push(Label::known(label));
            }
        }
        for watcher in ["wanda", "willy"] {
            if dice.once_in(4) {
                facts.watchers.push(person(watcher));
            }
        }
        for key in ["ALERT-17", "ALERT-18"] {
            if dice.once_in(4) {
                facts.references.push(reference(key));
            }
        }
        facts.confidential = dice.once_in(4);
        let mut field = |key: &'static str, value| facts.fields.insert(FieldKey::known(key), value);
        if let Some(floor) = dice.some_of("ground", &["first"]) {
            field("floor", FieldValue::Choice(ChoiceKey::known(floor)));
        }
        if let Some(cost) = dice.some_of(1_250, &[-70, 0]) {
            field("cost", FieldValue::Number(Decimal::new(cost, 2)));
        }
        if let Some(date) = dice.some_of(1, &[28]).and_then(|day| NaiveDate::from_ymd_opt(2026, 2, day)) {
            field("since", FieldValue::Date(date));
        }
        if let Some(asset) = dice.some_of("A-1", &["A-2"]) {
            field("asset", FieldValue::Reference(ExternalKey::known(asset)));
        }
        if dice.once_in(3) {
            field("remark", FieldValue::Text(self.text(dice.one_of("Löschen", TITLES))?));
        }
        Ok(facts)
    }

    /// What happens to a record of which nothing is known but that it is new.
    fn life(&self, dice: &mut Dice) -> Kept<Vec<E>> {
        let mut life = clocks(dice);
        if let Some(to) = dice.some_of("Network", &["Mail"]) {
            life.push(routed(to));
        }
        if let Some(to) = dice.some_of("anna", &["bob"]) {
            let group = dice.once_in(2).then(|| group("Network"));
            life.push(E::Assigned(Assignment { group, person: Some(person(to)) }));
        }
        if dice.once_in(2) {
            life.push(E::WorkStarted);
        }
        if let Some(label) = dice.some_of("on the way", &["parts ordered"]) {
            life.push(E::Labelled(Some(StageLabel::known(label))));
        }
        let waiting = || {
            E::Held(Hold {
                reason: HoldReason::Other(HoldReasonKey::known("awaiting_parts")),
                until: Some(minute(900)),
                wakes_on: Vec::new(),
                note: None,
            })
        };
        match dice.below(8) {
            0 => life.push(held(Some(self.text("The vendor is slow")?))),
            1 => life.push(waiting()),
            2 => life.push(resolved("fixed")),
            3 => life.push(resolved("workaround")),
            4 => life.extend([resolved("fixed"), E::Closed(ClosureBasis::NotRequired)]),
            5 => life.push(E::Cancelled(CancelledAs {
                cancellation: Cancellation::Withdrawn,
                reason: None,
                brings: Vec::new(),
            })),
            _ => {}
        }
        Ok(life)
    }
}

/// A clock that runs, stands still, or was overdue; one time in three of an agreement with a group, which tells nobody.
fn clocks(dice: &mut Dice) -> Vec<E> {
    let Some(metric) = dice.some_of("respond", &["resolve"]).map(ClockName::known) else { return Vec::new() };
    let kind = dice.one_of(AgreementKind::Sla, &[AgreementKind::Sla, AgreementKind::Ola]);
    let clock = ClockRef { id: ClockId(1), metric: metric.clone() };
    let terms = Terms {
        metric,
        agreement: AgreementKey::known("standard"),
        kind,
        priority: Priority { rank: NonZeroU8::MIN, name: LevelName::known("P1") },
        target: Target::ElapsedSeconds(Seconds::capped(60)),
        calendar: None,
        warnings: Vec::new(),
        policy: no_policy(),
    };
    let due = minute(11);
    let schedule = Schedule { due: Some(due), warnings: Vec::new() };
    let started = ClockStarted { clock: clock.id, terms, start: minute(10), spent: None, pauses: Vec::new(), schedule };
    let mut entries = vec![Entry::from(started)];
    if dice.once_in(2) {
        entries.push(ClockBreached { clock: clock.clone(), due }.into());
    }
    if dice.once_in(2) {
        let reason = PauseReason::Hold(HoldReason::AwaitingVendor);
        entries.push(ClockPaused { clock, at: minute(12), reason }.into());
    }
    entries.into_iter().map(E::Clock).collect()
}

fn reference(key: &'static str) -> ExternalReference {
    ExternalReference { system: SystemName::known("monitoring"), key: ExternalKey::known(key) }
}

/// Clocks fall due, and wakes, at a few instants only, so that there are ties.
fn clocked(known: Known, dice: &mut Dice) -> Known {
    let due = dice.some_of(100, &[200, 200, 300]).map(minute);
    let wake = dice.some_of(110, &[210, 210, 310]).map(minute);
    known.due(due).wake(wake)
}

/// So many records, each to be stored by a command of its own.
pub(super) fn records<R>(trial: &Trial<'_, R>, count: u64) -> Kept<Vec<Known>> {
    let one = |n| {
        let mut dice = Dice::new(n);
        let at = minute(dice.one_of(10, &[20, 20, 30, 40]));
        let known = trial.reported_by(&acme(), trial.command(), at, trial.generated_facts(&mut dice)?)?;
        let life = trial.life(&mut dice)?;
        let at = minute(dice.one_of(50, &[60, 60, 70]));
        Ok(clocked(trial.longer(at, known, life)?, &mut dice))
    };
    (0..count).map(one).collect()
}

/// What becomes of a record that somebody works on: another group, other facts, another stage.
pub(super) fn moved_on<R>(trial: &Trial<'_, R>, known: &Known, seed: u64) -> Kept<Known> {
    let mut dice = Dice::new(seed);
    let stage = known.incident.stage();
    let mut events = Vec::new();
    if stage.is_final() {
        events.push(E::Watched(person(dice.one_of("wanda", &["willy", "wim"]))));
    } else {
        events.push(routed(dice.one_of("Network", &["Mail", "Desk"])));
        if stage != Stage::Resolved && dice.once_in(2) {
            events.push(resolved(dice.one_of("fixed", &["workaround"])));
        } else if stage == Stage::Resolved {
            events.push(E::Closed(ClosureBasis::NotRequired));
        }
    }
    let at = minute(dice.one_of(80, &[90]));
    Ok(clocked(trial.next_by(trial.command(), at, known, events)?, &mut dice))
}

/// Records that are stored, and of which a third has changed since.
pub(super) async fn population<R: Repository>(trial: &Trial<'_, R>, count: u64) -> Kept<Vec<Known>> {
    let mut stored = records(trial, count)?;
    for some in stored.chunks(15) {
        trial.land(&acme(), trial.commit(&some.iter().collect::<Vec<_>>())).await?;
    }
    for (seed, known) in (1_000..).zip(&mut stored).step_by(3) {
        *known = moved_on(trial, known, seed)?;
        trial.put(known).await?;
    }
    Ok(stored)
}

/// Filters of which each says something about one part; every part is among them.
pub(super) fn filters() -> Vec<(&'static str, Filter)> {
    let mut filters = Vec::new();
    let mut add = |part, set: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        set(&mut filter);
        filters.push((part, filter));
    };
    for stage in Stage::ALL {
        add("stages", &|filter| filter.stages = vec![stage]);
    }
    add("stages", &|filter| filter.stages = vec![Stage::Closed, Stage::New, Stage::OnHold]);
    for rank in 1..=6 {
        add("priorities", &|filter| filter.priorities = vec![rank]);
    }
    add("priorities", &|filter| filter.priorities = vec![5, 1]);
    for key in ["Network", "Mail", "Nobody"] {
        add("groups", &|filter| filter.groups = vec![group(key)]);
    }
    add("groups", &|filter| filter.groups = vec![group("Mail"), group("Network")]);
    for key in ["anna", "bob", "cleo"] {
        add("people", &|filter| filter.people = vec![person(key)]);
    }
    add("people", &|filter| filter.people = vec![person("bob"), person("anna")]);
    add("unassigned", &|filter| filter.unassigned = Some(true));
    add("unassigned", &|filter| filter.unassigned = Some(false));
    add("stage_labels", &|filter| filter.stage_labels = vec![StageLabel::known("on the way")]);
    add("hold_reasons", &|filter| filter.hold_reasons = vec![HoldReason::AwaitingVendor]);
    add("hold_reasons", &|filter| {
        let parts = HoldReason::Other(HoldReasonKey::known("awaiting_parts"));
        filter.hold_reasons = vec![HoldReason::AwaitingCaller, parts];
    });
    add("resolution_codes", &|filter| filter.resolution_codes = vec![ResolutionCode::known("fixed")]);
    for metric in ["respond", "resolve"] {
        add("breached", &|filter| filter.breached = vec![ClockName::known(metric)]);
        add("paused_clocks", &|filter| filter.paused_clocks = vec![ClockName::known(metric)]);
    }
    add("breached", &|filter| filter.breached = vec![ClockName::known("update"), ClockName::known("respond")]);
    add("labels", &|filter| filter.labels = vec![Label::known("vip")]);
    add("labels", &|filter| filter.labels = vec![Label::known("urgent"), Label::known("vip")]);
    add("labels", &|filter| filter.labels = vec![Label::known("vip"), Label::known("unknown")]);
    add("categories", &|filter| filter.categories = vec![CategoryKey::known("mail")]);
    add("callers", &|filter| filter.callers = vec![person("cleo"), person("anna")]);
    add("affected", &|filter| filter.affected = vec![person("cleo")]);
    add("organisations", &|filter| filter.organisations = vec![OrganisationRef::known("north")]);
    add("sites", &|filter| filter.sites = vec![SiteRef::known("Zürich")]);
    add("channels", &|filter| filter.channels = vec![ContactChannel::known("mail")]);
    add("services", &|filter| filter.services = vec![ServiceRef::known("mail"), ServiceRef::known("vpn")]);
    add("offerings", &|filter| filter.offerings = vec![OfferingRef::known("silver")]);
    add("items", &|filter| filter.items = vec![ItemRef::known("laptop-1")]);
    add("references", &|filter| filter.references = vec![reference("ALERT-18")]);
    for (key, value) in [
        ("floor", "first"),
        ("cost", "12.5"),
        ("cost", "0"),
        ("since", "2026-02-28"),
        ("asset", "A-1"),
        ("floor", "12.5"),
    ] {
        add("fields", &|filter| filter.fields = [(FieldKey::known(key), Arc::from(value))].into());
    }
    add("fields", &|filter| {
        let value = |key, value: &str| (FieldKey::known(key), Arc::from(value));
        filter.fields = [value("floor", "first"), value("asset", "A-1")].into();
    });
    for text in ["vpn outage", "ZURICH", "out", "strasse", "löschen", "…"] {
        add("search", &|filter| filter.search = Some(Search::new(text)));
    }
    for (from, until) in [(Some(200), None), (None, Some(200)), (Some(100), Some(300)), (Some(200), Some(200))] {
        let span = Span { from: from.map(minute), until: until.map(minute) };
        add("due", &|filter| filter.due = span);
    }
    for (from, until) in [(Some(20), None), (None, Some(20)), (Some(20), Some(40))] {
        let span = Span { from: from.map(minute), until: until.map(minute) };
        add("reported", &|filter| filter.reported = span);
    }
    for (from, until) in [(Some(60), None), (None, Some(60)), (Some(60), Some(80))] {
        let span = Span { from: from.map(minute), until: until.map(minute) };
        add("updated", &|filter| filter.updated = span);
    }
    filters
}

/// What viewers may see, by terms: each kind, some together, and some that no record bears.
pub(super) fn viewers() -> Vec<Vec<Term>> {
    let organisation = || OrganisationRef::known("north");
    vec![
        vec![Term::Everyone],
        vec![Term::Confidential],
        vec![Term::Everyone, Term::Confidential],
        vec![Term::Person(person("anna"))],
        vec![Term::Person(person("cleo")), Term::Watcher(person("cleo"))],
        vec![Term::Watcher(person("wanda"))],
        vec![Term::Group(group("Network"))],
        vec![Term::Group(group("Mail")), Term::Person(person("bob"))],
        vec![Term::Organisation(organisation())],
        vec![Term::ConfidentialOrganisation(organisation())],
        vec![Term::Organisation(organisation()), Term::ConfidentialOrganisation(organisation())],
        vec![Term::Everyone, Term::Group(group("Network"))],
        vec![Term::Person(person("nobody")), Term::Group(group("Nobody"))],
        // What records bear, but not as what says who sees them.
        vec![Term::Label(Label::known("vip")), Term::Caller(person("cleo"))],
    ]
}
