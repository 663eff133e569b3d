//! Validation: the policy as a whole, all faults at once, each with its path.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use super::{Policy, PolicyDraft};
use crate::{
    calendar::{BuiltIn, Calendar, ZoneSource},
    fault::Faults,
    field::{FieldName, RequiredBy, Requirement},
    id::Number,
    incident::Milestone,
    key::{CalendarKey, FieldKey, LevelName},
    priority::{Effect, Scale, Trigger},
    text::MAX_TEXT_CHARS,
};

impl PolicyDraft {
    /// Makes a policy of the draft.
    ///
    /// # Errors
    /// Every fault at once, each with its path: holes and disorder in the matrix, levels, categories
    /// and fields that do not exist, names given twice, caps of zero, a prefix that is none.
    pub fn validate(self) -> Result<Policy, Faults> {
        self.validate_with(&BuiltIn)
    }

    /// Makes a policy of the draft, with zones of the host's own.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(self, zones: &dyn ZoneSource) -> Result<Policy, Faults> {
        let mut faults = Faults::none();
        if let Err(matrix) = self.matrix.validate() {
            faults.nest("matrix", matrix);
        }
        self.criticality.check(&mut faults, "criticality");
        known_level(&mut faults, "default_impact", &self.default_impact, &self.matrix.impact, "impact");
        known_level(&mut faults, "default_urgency", &self.default_urgency, &self.matrix.urgency, "urgency");
        self.check_modifiers(&mut faults);
        self.check_categories(&mut faults);
        self.check_fields(&mut faults);
        self.check_names(&mut faults);
        self.check_intake(&mut faults);
        self.check_major(&mut faults);
        self.check_requirements(&mut faults, "closure.required", &self.closure.required);
        self.check_problems(&mut faults);
        if let Some((quiet, after)) = self.closure.confirmation.quiet_seconds.zip(self.closure.automatic_after_seconds)
            && quiet > after
        {
            let (quiet, after) = (quiet.get(), after.get());
            faults.push(
                "closure.automatic_after_seconds",
                "closure.before_quiet_time",
                format!(
                    "is {after}; it must be at least {quiet}, as `closure.confirmation.quiet_seconds` is: set both"
                ),
            );
        }
        if self.reopening.max_times == Some(0) && self.reopening.window_seconds.is_some() {
            faults.push(
                "reopening.max_times",
                "reopening.contradiction",
                "is 0, so that the window has no meaning; leave the window out",
            );
        }
        for (kind, format) in [("incident", &self.numbering.incident), ("problem", &self.numbering.problem)] {
            if !Number::is_prefix(&format.prefix) {
                let most = Number::MAX_PREFIX;
                let rule = format!("must be up to {most} letters, digits, '-' or '_', and not end with a digit");
                faults.push(format!("numbering.{kind}.prefix"), "number.prefix", rule);
            }
            if !(1..=Number::MAX_DIGITS).contains(&usize::from(format.width)) {
                let rule = format!("must be 1 to {}", Number::MAX_DIGITS);
                faults.push(format!("numbering.{kind}.width"), "number.width", rule);
            }
        }
        if self.numbering.incident.prefix == self.numbering.problem.prefix {
            let rule = "is that of incidents, too; a number must tell of which kind its record is";
            faults.push("numbering.problem.prefix", "number.prefix", rule);
        }
        self.check_caps(&mut faults);
        let calendars = self.compile_calendars(&mut faults, zones);
        self.check_agreements(&mut faults);
        faults.done()?;
        Ok(Policy::from_valid(self, calendars))
    }

    /// The calendars, compiled: those that can be.
    fn compile_calendars(&self, faults: &mut Faults, zones: &dyn ZoneSource) -> BTreeMap<CalendarKey, Calendar> {
        let bases = |key: &CalendarKey| self.calendars.get(key).cloned();
        let mut calendars = BTreeMap::new();
        for (key, draft) in &self.calendars {
            match draft.clone().compile_on(zones, &bases) {
                Ok(calendar) => {
                    calendars.insert(key.clone(), calendar);
                }
                Err(inner) => faults.nest(&format!("calendars.{key}"), inner),
            }
        }
        calendars
    }

    fn check_major(&self, faults: &mut Faults) {
        let major = &self.major;
        unique(faults, "major.criteria", "id", major.criteria.iter().map(|criterion| &criterion.id));
        for (index, criterion) in major.criteria.iter().enumerate() {
            let path = format!("major.criteria[{index}]");
            if criterion.fits_all() {
                faults.push(
                    path.clone(),
                    "major.fits_all",
                    "has no criterion, so that every incident would be a major one",
                );
            }
            if let Some(level) = &criterion.priority_at_least {
                known_level(faults, &format!("{path}.priority_at_least"), level, &self.matrix.priority, "priority");
            }
            for (place, key) in criterion.categories.iter().enumerate() {
                if !self.categories.iter().any(|category| category.key == *key) {
                    let rule = format!("is `{key}`, which is no category of the policy");
                    faults.push(format!("{path}.categories[{place}]"), "category.unknown", rule);
                }
            }
        }
        if let Some(level) = &major.floor {
            known_level(faults, "major.floor", level, &self.matrix.priority, "priority");
        }
        if major.update_every_seconds.is_some_and(|every| every.get() < 60) {
            faults.push("major.update_every_seconds", "major.cadence", "must be at least 60");
        }
    }

    fn check_modifiers(&self, faults: &mut Faults) {
        unique(faults, "modifiers", "id", self.modifiers.iter().map(|modifier| &modifier.id));
        for (index, modifier) in self.modifiers.iter().enumerate() {
            if let Trigger::Criticality(level) = &modifier.when {
                let path = format!("modifiers[{index}].when.criticality");
                known_level(faults, &path, level, &self.criticality, "criticality");
            }
            match &modifier.effect {
                Effect::AtLeast(level) => {
                    let path = format!("modifiers[{index}].effect.at_least");
                    known_level(faults, &path, level, &self.matrix.priority, "priority");
                }
                Effect::Raise(0) => {
                    faults.push(format!("modifiers[{index}].effect.raise"), "modifier.no_effect", "must be at least 1");
                }
                Effect::Raise(_) => {}
            }
        }
    }

    fn check_categories(&self, faults: &mut Faults) {
        let mut inner = Faults::none();
        let all = crate::category::work_out(&self.categories, &mut inner);
        for (index, category) in self.categories.iter().enumerate() {
            self.check_requirements(&mut inner, &format!("[{index}].required"), &category.required);
            let labels = all.get(&category.key).map_or(0, |defaults| defaults.labels.len());
            if labels > self.caps.labels {
                let rule = format!("come to {labels} with its parents'; the policy allows {}", self.caps.labels);
                inner.push(format!("[{index}].labels"), "cap.exceeded", rule);
            }
            if let Some(level) = &category.impact {
                known_level(&mut inner, &format!("[{index}].impact"), level, &self.matrix.impact, "impact");
            }
            if let Some(level) = &category.urgency {
                known_level(&mut inner, &format!("[{index}].urgency"), level, &self.matrix.urgency, "urgency");
            }
        }
        faults.nest("categories", inner);
    }

    fn check_fields(&self, faults: &mut Faults) {
        unique(faults, "fields", "key", self.fields.iter().map(|field| &field.key));
        for (index, field) in self.fields.iter().enumerate() {
            field.check(faults, &format!("fields[{index}]"));
        }
    }

    fn check_names(&self, faults: &mut Faults) {
        if self.name.chars().any(char::is_control) {
            faults.push("name", "text.control_character", "must not contain control characters");
        }
        unique(faults, "hold_reasons", "reason", self.hold_reasons.iter().map(|rule| rule.reason.as_str()));
        unique(faults, "milestones", "milestone", self.milestones.iter().map(|rule| &rule.milestone));
        for (index, rule) in self.milestones.iter().enumerate() {
            if Milestone::KNOWN.iter().any(|known| known.as_str() == rule.milestone.as_str()) {
                let text = format!("is `{}`, which every incident has: it needs no declaration", rule.milestone);
                faults.push(format!("milestones[{index}].milestone"), "milestone.known", text);
            }
        }
        unique(faults, "resolution_codes", "code", self.resolution_codes.iter().map(|rule| &rule.code));
        unique(faults, "stage_labels", "key", self.stage_labels.iter().map(|rule| (rule.stage, &rule.key)));
        if !self.resolution_codes.iter().any(|rule| !rule.retired) {
            faults.push(
                "resolution_codes",
                "resolution.none",
                "must have at least one code in use, or nothing could be resolved",
            );
        }
        for (index, rule) in self.stage_labels.iter().enumerate() {
            if rule.stage.is_final() {
                faults.push(
                    format!("stage_labels[{index}].stage"),
                    "label.final_stage",
                    "must not be a final stage, which nothing changes any more",
                );
            }
        }
    }

    fn check_intake(&self, faults: &mut Faults) {
        unique(faults, "intake.service_requests", "id", self.intake.service_requests.iter().map(|rule| &rule.id));
        unique(faults, "intake.channels", "", self.intake.channels.iter());
        for (index, rule) in self.intake.service_requests.iter().enumerate() {
            let path = format!("intake.service_requests[{index}]");
            if rule.categories.is_empty()
                && rule.offerings.is_empty()
                && rule.channels.is_empty()
                && rule.title_contains.is_empty()
            {
                faults.push(
                    path.as_str(),
                    "intake.fits_all",
                    "has no criterion, so that every report would be a service request",
                );
            }
            for (at, category) in rule.categories.iter().enumerate() {
                if !self.categories.iter().any(|known| known.key == *category) {
                    faults.push(
                        format!("{path}.categories[{at}]"),
                        "category.unknown",
                        format!("is `{category}`, which is no category"),
                    );
                }
            }
            for (at, phrase) in rule.title_contains.iter().enumerate() {
                if phrase.trim().is_empty() {
                    faults.push(format!("{path}.title_contains[{at}]"), "text.empty", "must not be empty");
                }
            }
        }
    }

    /// What is asked of incidents.
    pub(crate) fn check_requirements(&self, faults: &mut Faults, path: &str, requirements: &[Requirement]) {
        self.check_required(faults, path, requirements, |asked| match asked.field {
            FieldName::ResolutionText if asked.by == RequiredBy::Report => {
                Some(("field", "is `resolution.text`, which no report can have"))
            }
            FieldName::RootCause | FieldName::KnownError | FieldName::Workaround => {
                Some(("field", "is something that incidents do not have"))
            }
            _ => None,
        });
    }

    /// What is asked of problems.
    fn check_problems(&self, faults: &mut Faults) {
        let problems = &self.problems;
        unique(faults, "problems.cause_categories", "", problems.cause_categories.iter());
        self.check_required(faults, "problems.required", &problems.required, |asked| match asked {
            Requirement { field: FieldName::ResolutionText, .. } => {
                Some(("field", "is `resolution.text`, which problems do not have"))
            }
            Requirement { by: RequiredBy::Report, .. } => {
                Some(("by", "is `report`; of a problem something is asked for by its `resolution` or `closure`"))
            }
            _ => None,
        });
    }

    /// What is asked for has to be known, to take values, and to be there at all: `impossible` tells the part of a
    /// requirement that cannot be met, and why.
    fn check_required(
        &self,
        faults: &mut Faults,
        path: &str,
        requirements: &[Requirement],
        impossible: impl Fn(&Requirement) -> Option<(&'static str, &'static str)>,
    ) {
        for (index, requirement) in requirements.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.check_field_name(faults, format!("{path}.field"), &requirement.field);
            let retired = |key: &FieldKey| self.fields.iter().any(|field| field.retired && field.key == *key);
            if let Some((part, rule)) = impossible(requirement) {
                faults.push(format!("{path}.{part}"), "requirement.impossible", rule);
            } else if matches!(&requirement.field, FieldName::Custom(key) if retired(key)) {
                let rule = format!("is `{}`, which takes no new values", requirement.field);
                faults.push(format!("{path}.field"), "requirement.impossible", rule);
            }
        }
    }

    fn check_field_name(&self, faults: &mut Faults, path: String, field: &FieldName) {
        if let FieldName::Custom(key) = field
            && !self.fields.iter().any(|known| known.key == *key)
        {
            faults.push(path, "field.unknown", format!("is `fields.{key}`, which the policy does not define"));
        }
    }

    fn check_caps(&self, faults: &mut Faults) {
        let caps = &self.caps;
        for (name, value) in
            [("title_chars", caps.title_chars), ("text_chars", caps.text_chars), ("import_steps", caps.import_steps)]
        {
            if value == 0 {
                faults.push(format!("caps.{name}"), "cap.zero", "must be at least 1");
            }
            if value > MAX_TEXT_CHARS {
                faults.push(format!("caps.{name}"), "cap.too_high", format!("must be at most {MAX_TEXT_CHARS}"));
            }
        }
        if caps.attachment_bytes > MAX_BYTES {
            faults.push("caps.attachment_bytes", "cap.too_high", format!("must be at most {MAX_BYTES}"));
        }
        for (name, count) in [
            ("categories", self.categories.len()),
            ("fields", self.fields.len()),
            ("modifiers", self.modifiers.len()),
            ("hold_reasons", self.hold_reasons.len()),
            ("stage_labels", self.stage_labels.len()),
            ("resolution_codes", self.resolution_codes.len()),
            ("milestones", self.milestones.len()),
            ("intake.service_requests", self.intake.service_requests.len()),
            ("calendars", self.calendars.len()),
            ("agreements", self.agreements.len()),
            ("problems.cause_categories", self.problems.cause_categories.len()),
            ("problems.required", self.problems.required.len()),
        ] {
            if count > MAX_COUNT {
                faults.push(name, "cap.exceeded", format!("has {count} entries; at most {MAX_COUNT} are allowed"));
            }
        }
        for (name, value) in [
            ("labels", caps.labels),
            ("watchers", caps.watchers),
            ("attachments", caps.attachments),
            ("references", caps.references),
            ("services", caps.services),
            ("items", caps.items),
            ("links", caps.links),
        ] {
            if value > MAX_COUNT {
                faults.push(format!("caps.{name}"), "cap.too_high", format!("must be at most {MAX_COUNT}"));
            }
        }
    }
}

/// The most that any list of a record may hold.
const MAX_COUNT: usize = 10_000;
/// The most bytes of an attachment: the highest integer that TOML can write.
const MAX_BYTES: u64 = i64::MAX.unsigned_abs();

fn known_level(faults: &mut Faults, path: &str, level: &LevelName, scale: &Scale, what: &str) {
    if scale.find(level.as_str()).is_none() {
        faults.push(
            path,
            "level.unknown",
            format!("is `{level}`, which is no {what}; the levels are {}", scale.list()),
        );
    } else if scale.is_retired(level.as_str()) {
        faults.push(path, "field.retired", format!("is `{level}`, which takes nothing new"));
    }
}

fn unique<T: Hash + Eq>(faults: &mut Faults, path: &str, field: &str, names: impl Iterator<Item = T>) {
    let mut seen = HashSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            let dot = if field.is_empty() { "" } else { "." };
            faults.push(format!("{path}[{index}]{dot}{field}"), "name.repeated", "is given a second time");
        }
    }
}
