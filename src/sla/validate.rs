//! Validation of agreements: what they name exists, what they promise can be measured and kept, and each can
//! apply.

use super::{Agreement, CalendarChoice, Conditions, EndRule, MetricRule, Runs, StartRule, Targets};
use crate::{
    fault::Faults,
    field::RequiredBy,
    incident::{HoldReason, Milestone},
    key::CalendarKey,
    ledger::{AgreementKind, Target, WarnAt},
    policy::PolicyDraft,
    time::Seconds,
};

/// The longest target: ten years of 365 days.
pub const MAX_TARGET: u64 = 10 * 365 * 86_400;
/// The most business days of a target.
pub const MAX_TARGET_DAYS: u16 = 2_600;
/// The most metrics of an agreement.
const MAX_METRICS: usize = 32;

impl PolicyDraft {
    pub(crate) fn check_agreements(&self, faults: &mut Faults) {
        for (owner, key) in &self.calendars_of.organisations {
            self.check_calendar(faults, format!("calendars_of.organisations.{owner}"), key);
        }
        for (owner, key) in &self.calendars_of.services {
            self.check_calendar(faults, format!("calendars_of.services.{owner}"), key);
        }
        for (index, agreement) in self.agreements.iter().enumerate() {
            let path = format!("agreements[{index}]");
            let earlier = self.agreements.get(..index).unwrap_or_default();
            if earlier.iter().any(|known| known.key == agreement.key) {
                faults.push(format!("{path}.key"), "name.repeated", "is given a second time");
            }
            self.check_conditions(faults, &format!("{path}.when"), &agreement.when);
            if let Some(choice) = &agreement.calendar {
                let (CalendarChoice::Fixed(key) | CalendarChoice::Of { otherwise: key, .. }) = choice;
                self.check_calendar(faults, format!("{path}.calendar"), key);
            }
            if agreement.metrics.is_empty() || agreement.metrics.len() > MAX_METRICS {
                let rule = format!("has {} entries; an agreement has 1 to {MAX_METRICS}", agreement.metrics.len());
                faults.push(format!("{path}.metrics"), "agreement.metrics", rule);
            }
            for (at, rule) in agreement.metrics.iter().enumerate() {
                let path = format!("{path}.metrics[{at}]");
                if agreement.metrics.iter().take(at).any(|known| known.metric == rule.metric) {
                    faults.push(format!("{path}.metric"), "name.repeated", "is given a second time");
                }
                self.check_metric(faults, &path, agreement, rule);
            }
            if agreement.calendar.is_none() && agreement.metrics.iter().any(in_business_time) {
                let rule = "must be given, for a target is in business time";
                faults.push(format!("{path}.calendar"), "target.no_calendar", rule);
            }
            self.check_order(faults, &path, earlier, agreement);
        }
    }

    /// What an agreement promises can come to hold: no agreement before it promises that to all whom it fits.
    fn check_order(&self, faults: &mut Faults, path: &str, earlier: &[Agreement], agreement: &Agreement) {
        let hidden = |rule: &MetricRule| earlier.iter().find(|known| self.outranks(known, agreement, rule));
        let by: Vec<_> = agreement.metrics.iter().map(hidden).collect();
        match by.first() {
            Some(Some(first)) if by.iter().all(Option::is_some) => {
                let rule = format!("can never hold: `{}` before it promises the same to all that it fits", first.key);
                faults.push(path, "agreement.never_applies", rule);
            }
            _ => {
                for (at, by) in by.iter().enumerate().filter_map(|(at, by)| Some((at, (*by)?))) {
                    let rule = format!(
                        "can never hold: `{}` before it promises the same to all that it fits; what fits fewer comes first",
                        by.key
                    );
                    faults.push(format!("{path}.metrics[{at}]"), "agreement.never_applies", rule);
                }
            }
        }
    }

    fn check_calendar(&self, faults: &mut Faults, path: String, key: &CalendarKey) {
        if !self.calendars.contains_key(key) {
            let list = listed(self.calendars.keys().map(CalendarKey::as_str));
            let rule = format!("is `{key}`, which is no calendar of the policy; it has {list}");
            faults.push(path, "calendar.unknown", rule);
        }
    }

    fn check_conditions(&self, faults: &mut Faults, path: &str, when: &Conditions) {
        for (at, category) in when.categories.iter().enumerate() {
            if !self.categories.iter().any(|known| known.key == *category) {
                let rule = format!("is `{category}`, which is no category");
                faults.push(format!("{path}.categories[{at}]"), "category.unknown", rule);
            }
        }
        for (at, priority) in when.priorities.iter().enumerate() {
            self.check_priority(faults, format!("{path}.priorities[{at}]"), priority);
        }
    }

    fn check_priority(&self, faults: &mut Faults, path: String, priority: &crate::key::LevelName) {
        let scale = &self.matrix.priority;
        // A name is compared as it is written: what it would be found by is that of a record's priority.
        if scale.find(priority.as_str()) != Some(priority) {
            let rule = format!("is `{priority}`, which is no priority; the priorities are {}", scale.list());
            faults.push(path, "level.unknown", rule);
        }
    }

    fn check_metric(&self, faults: &mut Faults, path: &str, agreement: &Agreement, rule: &MetricRule) {
        let targets: Vec<(String, Target)> = match &rule.target {
            Targets::All(target) => vec![(format!("{path}.target.all"), *target)],
            Targets::ByPriority(targets) => {
                let named = targets.iter().map(|(priority, target)| {
                    let path = format!("{path}.target.by_priority.{priority}");
                    self.check_priority(faults, path.clone(), priority);
                    let wanted = agreement.when.priorities.is_empty() || agreement.when.priorities.contains(priority);
                    if !wanted {
                        let rule = "can never be: the agreement does not hold for this priority";
                        faults.push(path.clone(), "target.never_applies", rule);
                    }
                    (path, *target)
                });
                named.collect()
            }
        };
        if targets.is_empty() {
            faults.push(format!("{path}.target.by_priority"), "value.nothing", "must name at least one priority");
        }
        for (path, target) in targets {
            check_target(faults, path, target);
        }
        if let StartRule::Milestone(milestone) = &rule.start {
            self.check_milestone(faults, format!("{path}.start.milestone"), milestone);
        }
        self.check_requirements(faults, &format!("{path}.when_missed"), &rule.when_missed);
        if !rule.when_missed.is_empty() && agreement.kind != AgreementKind::Sla {
            let rule = "asks for something that callers see, for what is no affair of theirs: put it into an `sla`";
            faults.push(format!("{path}.when_missed"), "requirement.internal", rule);
        }
        for (at, requirement) in rule.when_missed.iter().enumerate() {
            if requirement.by == RequiredBy::Report {
                let rule = "is asked for by the report, when nothing can have been missed";
                faults.push(format!("{path}.when_missed[{at}].by"), "requirement.impossible", rule);
            }
        }
        if rule.start == StartRule::Milestone(Milestone::Occurred) {
            let rule = "is `occurred`, which may be said at any time and lie anywhere; begin with the report";
            faults.push(format!("{path}.start"), "metric.start", rule);
        }
        if let EndRule::Milestones(milestones) = &rule.end {
            if milestones.is_empty() {
                faults.push(format!("{path}.end.milestones"), "value.nothing", "must name at least one milestone");
            }
            for (at, milestone) in milestones.iter().enumerate() {
                self.check_milestone(faults, format!("{path}.end.milestones[{at}]"), milestone);
            }
            if let StartRule::Milestone(start) = &rule.start
                && milestones.contains(start)
            {
                let rule = format!("is `{}`, with which the clock starts", start.as_str());
                faults.push(format!("{path}.end.milestones"), "metric.no_time", rule);
            }
        }
        for (at, reason) in rule.paused_by.iter().enumerate() {
            self.check_reason(faults, format!("{path}.paused_by[{at}]"), reason);
        }
        if let Runs::OnHoldFor(reasons) = &rule.runs {
            if reasons.is_empty() {
                faults.push(format!("{path}.runs.on_hold_for"), "value.nothing", "must name at least one reason");
            }
            for (at, reason) in reasons.iter().enumerate() {
                self.check_reason(faults, format!("{path}.runs.on_hold_for[{at}]"), reason);
                if rule.paused_by.contains(reason) {
                    let text = format!("is `{reason}`, which pauses the clock, too: it would never run");
                    faults.push(format!("{path}.runs.on_hold_for[{at}]"), "metric.no_time", text);
                }
            }
        }
        check_warnings(faults, path, rule);
    }

    fn check_milestone(&self, faults: &mut Faults, path: String, milestone: &Milestone) {
        if let Milestone::Own(key) = milestone
            && !self.milestones.iter().any(|known| known.milestone == *key)
        {
            let known = Milestone::KNOWN.iter().map(Milestone::as_str);
            let list = listed(known.chain(self.milestones.iter().map(|rule| rule.milestone.as_str())));
            let rule = format!("is `{key}`, which is no milestone; there are {list}; `milestones` declares others");
            faults.push(path, "milestone.unknown", rule);
        }
    }

    fn check_reason(&self, faults: &mut Faults, path: String, reason: &HoldReason) {
        if !self.hold_reasons.iter().any(|known| known.reason == *reason) {
            let list = listed(self.hold_reasons.iter().map(|rule| rule.reason.as_str()));
            faults.push(path, "hold.unknown", format!("is `{reason}`, which is no hold reason; the policy has {list}"));
        }
    }

    /// Whether an agreement before another promises one of the metrics of the other, to all whom that fits.
    fn outranks(&self, first: &Agreement, later: &Agreement, rule: &MetricRule) -> bool {
        let covers = |known: &MetricRule| {
            known.metric == rule.metric
                && known.runs == rule.runs
                && self.matrix.priority.levels.iter().all(|priority| {
                    let held = later.when.priorities.is_empty() || later.when.priorities.contains(priority);
                    !held || rule.target.of(priority).is_none() || known.target.of(priority).is_some()
                })
        };
        !first.retired && first.kind == later.kind && first.when.covers(&later.when) && first.metrics.iter().any(covers)
    }
}

impl Conditions {
    /// Whether every record that fits the other conditions fits these. Of categories it looks at the keys alone.
    fn covers(&self, other: &Self) -> bool {
        fn wider<T: PartialEq>(this: &[T], other: &[T]) -> bool {
            this.is_empty() || (!other.is_empty() && other.iter().all(|value| this.contains(value)))
        }
        wider(&self.services, &other.services)
            && wider(&self.offerings, &other.offerings)
            && wider(&self.organisations, &other.organisations)
            && wider(&self.categories, &other.categories)
            && wider(&self.priorities, &other.priorities)
            && wider(&self.groups, &other.groups)
            && wider(&self.labels, &other.labels)
    }
}

fn check_target(faults: &mut Faults, path: String, target: Target) {
    if target.is_zero() {
        return faults.push(path, "target.zero", "is zero, which nobody can meet; leave out what is not promised");
    }
    let beyond = match target {
        Target::ElapsedSeconds(seconds) | Target::BusinessSeconds(seconds) => seconds.get() > MAX_TARGET,
        Target::EndOfBusinessDay(days) | Target::BusinessDays(days) => days > MAX_TARGET_DAYS,
    };
    if beyond {
        let rule = format!("must be at most {MAX_TARGET} seconds, or {MAX_TARGET_DAYS} business days");
        faults.push(path, "target.too_long", rule);
    }
}

/// Warnings come between the beginning and the end of every target, each at another time.
fn check_warnings(faults: &mut Faults, path: &str, rule: &MetricRule) {
    if rule.warnings.len() > MetricRule::MAX_WARNINGS {
        let text = format!("has {} entries; at most {} are allowed", rule.warnings.len(), MetricRule::MAX_WARNINGS);
        faults.push(format!("{path}.warnings"), "cap.exceeded", text);
    }
    let shortest = match &rule.target {
        Targets::All(target) => seconds_of(*target),
        Targets::ByPriority(targets) => targets.values().filter_map(|target| seconds_of(*target)).min(),
    };
    for (at, warning) in rule.warnings.iter().enumerate() {
        let path = format!("{path}.warnings[{at}]");
        if rule.warnings.iter().take(at).any(|known| known == warning) {
            faults.push(path.as_str(), "name.repeated", "is given a second time");
        }
        match warning {
            WarnAt::Percent(percent) if !(1..=99).contains(percent) => {
                faults.push(path, "warning.range", format!("is {percent} percent; it must be 1 to 99"));
            }
            WarnAt::SecondsLeft(left) if *left == Seconds::ZERO || shortest.is_some_and(|all| *left >= all) => {
                let rule = "must leave some time, and less than the shortest target, or it would come at once";
                faults.push(path, "warning.range", rule);
            }
            WarnAt::Percent(_) | WarnAt::SecondsLeft(_) => {}
        }
    }
}

fn in_business_time(rule: &MetricRule) -> bool {
    match &rule.target {
        Targets::All(target) => target.needs_calendar(),
        Targets::ByPriority(targets) => targets.values().any(|target| target.needs_calendar()),
    }
}

const fn seconds_of(target: Target) -> Option<Seconds> {
    match target {
        Target::ElapsedSeconds(seconds) | Target::BusinessSeconds(seconds) => Some(seconds),
        Target::EndOfBusinessDay(_) | Target::BusinessDays(_) => None,
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let list = names.collect::<Vec<_>>().join(", ");
    if list.is_empty() { "none".to_owned() } else { list }
}
