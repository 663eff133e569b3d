//! Drawing calendars and agreements.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use proptest::{collection::vec, option, prelude::*, sample::subsequence};

use super::policies::{key, requirement};
use crate::{
    calendar::{CalendarDraft, Holiday, Hours},
    field::{FieldDefinition, RequiredBy},
    incident::{HoldReason, Milestone},
    key::{AgreementKey, CalendarKey, ClockName, GroupRef, LevelName, MilestoneKey, OrganisationRef, ServiceRef},
    ledger::{AgreementKind, Target, WarnAt},
    policy::{MilestoneRule, PolicyDraft},
    sla::{
        Agreement, CalendarChoice, CalendarOwner, CalendarsOf, EndRule, MetricRule, OnChange, OnReopening, Runs,
        StartRule, Targets,
    },
    time::Seconds,
};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What of a policy its agreements name.
#[derive(Debug, Clone)]
struct Named {
    priorities: Vec<LevelName>,
    reasons: Vec<HoldReason>,
    fields: Vec<FieldDefinition>,
    milestones: Vec<MilestoneKey>,
    calendars: Vec<CalendarKey>,
}

/// The draft with milestones of its own, calendars and agreements of every kind.
pub(super) fn promised(draft: PolicyDraft) -> impl Strategy<Value = PolicyDraft> {
    let reasons: Vec<_> = draft.hold_reasons.iter().map(|rule| rule.reason.clone()).collect();
    let milestones = prop::collection::btree_map(key::<MilestoneKey>(), (option::of(".{0,9}"), any::<bool>()), 0..3);
    let calendars = prop::collection::btree_map(key::<CalendarKey>(), calendar(), 0..3);
    (milestones, calendars).prop_flat_map(move |(milestones, calendars)| {
        let named = Named {
            priorities: draft.matrix.priority.levels.clone(),
            reasons: reasons.clone(),
            fields: draft.fields.clone(),
            milestones: milestones.keys().cloned().collect(),
            calendars: calendars.keys().cloned().collect(),
        };
        let draft = draft.clone();
        (agreements(&named), owners(&named.calendars)).prop_map(move |(agreements, calendars_of)| {
            let rule = |(milestone, (label, retired)): (&MilestoneKey, &(Option<String>, bool))| MilestoneRule {
                milestone: milestone.clone(),
                label: label.clone(),
                retired: *retired,
            };
            PolicyDraft {
                milestones: milestones.iter().map(rule).collect(),
                calendars: calendars.clone(),
                calendars_of,
                agreements,
                ..draft.clone()
            }
        })
    })
}

/// Calendars in zones of every kind, with up to four intervals a day, some of them across midnight.
pub fn calendar() -> impl Strategy<Value = CalendarDraft> {
    #[cfg(feature = "time-zones")]
    const ZONES: [&str; 5] = ["UTC", "+05:45", "-11:00", "Europe/Berlin", "America/New_York"];
    #[cfg(not(feature = "time-zones"))]
    const ZONES: [&str; 3] = ["UTC", "+05:45", "-11:00"];
    // Up to four intervals a day, each within its own six hours, and none in the half hour in which another day's runs
    // across midnight: so nothing overlaps.
    let interval = (any::<bool>(), 0..8_u32, 1..8_u32);
    let day = (subsequence(WEEK.to_vec(), 1..=5), vec(interval, 4), any::<bool>());
    let holiday = prop_oneof![
        (1..=12_u32, 1..=28_u32).prop_map(|(month, day)| Holiday::yearly(month, day)),
        (-7..=60_i16).prop_map(Holiday::easter),
        (1..=4_i8, 1..=12_u32).prop_map(|(nth, month)| Holiday::nth(nth, Weekday::Mon, month)),
    ];
    let closed = option::of((1..=360_u32).prop_filter_map("a date", |day| NaiveDate::from_yo_opt(2026, day)));
    (prop::sample::select(ZONES.to_vec()), day, vec(holiday, 0..3), closed, "[a-zäß🔥]{1,9}").prop_filter_map(
        "hours at all",
        |(zone, (days, intervals, late), holidays, closed, name)| {
            let quarter = |quarters: u32| {
                format!("{:02}:{:02}", quarters.div_euclid(4), quarters.rem_euclid(4).saturating_mul(15))
            };
            let mut hours = Vec::new();
            let open = (0_u32..).zip(intervals).filter(|(_, (open, ..))| *open);
            for (slot, (_, from, length)) in open {
                let from = slot.saturating_mul(24).saturating_add(from).saturating_add(2);
                hours.push(Hours::new(&quarter(from), &quarter(from.saturating_add(length))).ok()?);
            }
            if late || hours.is_empty() {
                hours.push(Hours::new("23:45", "00:15").ok()?);
            }
            let mut draft = CalendarDraft::new(name).zone(zone).open_on(days, hours);
            draft.holidays = holidays;
            Some(match closed {
                Some(date) => draft.override_on(date, []),
                None => draft,
            })
        },
    )
}

fn owners(calendars: &[CalendarKey]) -> BoxedStrategy<CalendarsOf> {
    if calendars.is_empty() {
        return Just(CalendarsOf::default()).boxed();
    }
    let one = || prop::sample::select(calendars.to_vec());
    let organisations = prop::collection::btree_map(key::<OrganisationRef>(), one(), 0..2);
    let services = prop::collection::btree_map(key::<ServiceRef>(), one(), 0..2);
    (organisations, services).prop_map(|(organisations, services)| CalendarsOf { organisations, services }).boxed()
}

/// Agreements that can all hold: one for some priorities before one for all, and one for a group and one for a vendor.
fn agreements(named: &Named) -> impl Strategy<Value = Vec<Agreement>> + use<> {
    let urgent = subsequence(named.priorities.clone(), 1..=named.priorities.len()).prop_flat_map({
        let named = named.clone();
        move |priorities| {
            let narrower = Named { priorities: priorities.clone(), ..named.clone() };
            agreement("urgent", AgreementKind::Sla, &narrower).prop_map(move |mut agreement| {
                agreement.when.priorities.clone_from(&priorities);
                agreement
            })
        }
    });
    let wholly = agreement("standard", AgreementKind::Sla, named);
    let own = agreement("own", AgreementKind::Ola, named);
    let vendor = agreement("vendor", AgreementKind::Contract, named);
    let any_of = (option::of(urgent), option::of(wholly), option::of(own), option::of(vendor));
    any_of.prop_map(|(urgent, wholly, own, vendor)| {
        let all_of_urgent = |urgent: &Agreement, wholly: &Agreement| {
            wholly.metrics.iter().all(|rule| urgent.metric(rule.metric.as_str()).is_some())
        };
        // One for all priorities before which the same is promised to all of them could never hold.
        let wholly = wholly.filter(|wholly| urgent.as_ref().is_none_or(|urgent| !all_of_urgent(urgent, wholly)));
        urgent.into_iter().chain(wholly).chain(own).chain(vendor).collect()
    })
}

fn agreement(key: &'static str, kind: AgreementKind, named: &Named) -> impl Strategy<Value = Agreement> + use<> {
    let metrics = subsequence(vec!["respond", "own", "resolve", "update", "notify"], 1..=3);
    let (of, calendars) = (named.clone(), named.calendars.clone());
    let calendar = if calendars.is_empty() {
        Just(None).boxed()
    } else {
        let owner = prop_oneof![Just(CalendarOwner::Organisation), Just(CalendarOwner::Service)];
        let choice = (prop::sample::select(calendars), option::of(owner)).prop_map(|(key, owner)| match owner {
            None => CalendarChoice::Fixed(key),
            Some(of) => CalendarChoice::Of { of, otherwise: key },
        });
        option::of(choice).boxed()
    };
    (metrics, calendar, any::<bool>()).prop_flat_map(move |(names, calendar, retired)| {
        let rules: Vec<_> = names.iter().map(|name| metric(name, kind, calendar.is_some(), &of)).collect();
        rules.prop_map(move |metrics| Agreement {
            kind,
            calendar: calendar.clone(),
            metrics,
            retired,
            ..Agreement::new(AgreementKey::known(key))
        })
    })
}

fn target(has_calendar: bool) -> BoxedStrategy<Target> {
    let seconds = || (60..=4_000_000_u64).prop_map(Seconds::capped);
    let elapsed = seconds().prop_map(Target::ElapsedSeconds);
    if !has_calendar {
        return elapsed.boxed();
    }
    prop_oneof![
        elapsed,
        seconds().prop_map(Target::BusinessSeconds),
        (0..=20_u16).prop_map(Target::EndOfBusinessDay),
        (1..=20_u16).prop_map(Target::BusinessDays),
    ]
    .boxed()
}

fn metric(
    name: &'static str,
    kind: AgreementKind,
    has_calendar: bool,
    named: &Named,
) -> impl Strategy<Value = MetricRule> + use<> {
    let by_priority = subsequence(named.priorities.clone(), 1..=named.priorities.len()).prop_flat_map(move |levels| {
        let targets = vec(target(has_calendar), levels.len());
        targets.prop_map(move |targets| levels.iter().cloned().zip(targets).collect::<BTreeMap<_, _>>())
    });
    let targets = prop_oneof![target(has_calendar).prop_map(Targets::All), by_priority.prop_map(Targets::ByPriority),];
    let mut ends = vec![Milestone::Responded, Milestone::Restored, Milestone::Resolved, Milestone::Closed];
    ends.extend(named.milestones.iter().cloned().map(Milestone::Own));
    let mut starts = vec![StartRule::Reported, StartRule::Created, StartRule::Milestone(Milestone::Assigned)];
    starts.extend(named.milestones.iter().cloned().map(|key| StartRule::Milestone(Milestone::Own(key))));
    let rule = (prop::sample::select(starts), subsequence(ends, 1..=2), any::<bool>());
    let change = prop_oneof![Just(OnChange::KeepStart), Just(OnChange::KeepSpent), Just(OnChange::Restart)];
    let reopening = prop_oneof![Just(OnReopening::Resume), Just(OnReopening::CountAsPause), Just(OnReopening::Restart)];
    let warnings = prop::collection::btree_set(1..=99_u8, 0..3);
    let missed = vec(requirement(&named.fields), 0..2);
    let (reasons, pauses) = (named.reasons.clone(), subsequence(named.reasons.clone(), 0..=named.reasons.len()));
    (targets, rule, change, reopening, warnings, missed, pauses, key::<GroupRef>()).prop_map(
        move |(target, (start, ends, updates), on_change, on_reopening, warnings, when_missed, paused_by, group)| {
            let runs = match kind {
                AgreementKind::Sla => Runs::Always,
                AgreementKind::Ola => Runs::WithGroup(group),
                AgreementKind::Contract if reasons.is_empty() => Runs::Always,
                AgreementKind::Contract => Runs::OnHoldFor(reasons.clone()),
            };
            // A history that is imported was created here later than it was reported: what it missed is another thing.
            let is_told = start != StartRule::Created;
            let waits = matches!(runs, Runs::OnHoldFor(_));
            let begins = |end: &Milestone| matches!(&start, StartRule::Milestone(from) if from == end);
            let ends: Vec<_> = ends.into_iter().filter(|end| !begins(end)).collect();
            let is_cadence = updates || ends.is_empty();
            MetricRule {
                start,
                end: if is_cadence { EndRule::Update } else { EndRule::Milestones(ends) },
                runs,
                paused_by: if waits { Vec::new() } else { paused_by },
                on_change,
                on_reopening,
                warnings: warnings.into_iter().map(WarnAt::Percent).collect(),
                when_missed: when_missed
                    .into_iter()
                    .filter(|asked| kind == AgreementKind::Sla && is_told && asked.by != RequiredBy::Report)
                    .collect(),
                ..MetricRule::new(ClockName::known(name), target, EndRule::Update)
            }
        },
    )
}
