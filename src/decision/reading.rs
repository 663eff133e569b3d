//! Reading: from the texts of a command to valid values, collecting every fault.

use std::{borrow::Cow, collections::BTreeMap};

use super::Context;
use crate::{
    command::{AttachmentInput, Hold as HoldInput, RatedInput, Resolve},
    event::PolicyStamp,
    fault::Faults,
    id::IdSource,
    incident::{Attachment, AutomaticClosure, FieldValue, Hold, HoldReason, Incident, Milestone, Rated, Resolution},
    key::{CategoryKey, ContactChannel, FieldKey, KeyError, Label, LevelName, MediaType, MilestoneKey},
    policy::{Policy, UntilRule, known_fields},
    priority::Scale,
    text::{Text, Title},
    time::Instant,
};

/// A reader of texts against a policy.
pub(super) struct Reading<'a> {
    policy: &'a Policy,
    policy_stamp: PolicyStamp,
    ids: &'a dyn IdSource,
    pub faults: Faults,
}

impl<'a> Reading<'a> {
    pub fn new(context: &Context<'a>) -> Self {
        let Context { policy, policy_stamp, ids, .. } = *context;
        Self { policy, policy_stamp, ids, faults: Faults::none() }
    }

    pub fn fault(&mut self, path: impl Into<String>, code: &'static str, rule: impl Into<Cow<'static, str>>) {
        self.faults.push(path, code, rule);
    }

    pub fn title(&mut self, path: &str, text: &str) -> Option<Title> {
        let title = Title::new(text, self.policy.caps().title_chars, self.ids.salt());
        self.faults.take(path, title)
    }

    pub fn text(&mut self, path: &str, text: &str) -> Option<Text> {
        let text = Text::new(text, self.policy.caps().text_chars, self.ids.salt());
        self.faults.take(path, text)
    }

    pub fn maybe_text(&mut self, path: &str, text: Option<&String>) -> Option<Text> {
        text.and_then(|text| self.text(path, text))
    }

    pub fn key<'t, K: TryFrom<&'t str, Error = KeyError>>(&mut self, path: &str, text: &'t str) -> Option<K> {
        self.faults.take(path, K::try_from(text))
    }

    pub fn maybe_key<'t, K: TryFrom<&'t str, Error = KeyError>>(
        &mut self,
        path: &str,
        text: Option<&'t String>,
    ) -> Option<K> {
        text.and_then(|text| self.key(path, text))
    }

    /// Keys, each once, at most `cap`.
    pub fn keys<'t, K: TryFrom<&'t str, Error = KeyError> + PartialEq>(
        &mut self,
        path: &str,
        texts: &'t [String],
        cap: usize,
    ) -> Vec<K> {
        let mut keys = Vec::with_capacity(texts.len().min(cap));
        if !self.within(path, texts.len(), cap) {
            return keys;
        }
        for (index, text) in texts.iter().enumerate() {
            if let Some(key) = self.key(&format!("{path}[{index}]"), text)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        keys
    }

    /// Whether there are not more than the cap allows.
    pub fn within(&mut self, path: &str, found: usize, cap: usize) -> bool {
        if found > cap {
            self.fault(path, "cap.exceeded", format!("has {found} entries; the policy allows {cap}"));
        }
        found <= cap
    }

    pub fn level(&mut self, path: &str, level: &str, scale: &Scale) -> Option<LevelName> {
        let known = scale.find(level).cloned();
        if known.is_none() {
            self.fault(
                path,
                "level.unknown",
                format!("is `{}`, which is no level; the levels are {}", shown(level), scale.list()),
            );
        } else if scale.is_retired(level) {
            self.fault(path, "field.retired", format!("is `{level}`, which takes nothing new"));
        }
        known
    }

    pub fn category(&mut self, path: &str, key: &str) -> Option<CategoryKey> {
        match self.policy.category(key) {
            None => {
                self.fault(
                    path,
                    "category.unknown",
                    format!("is `{}`, which is no category of the policy", shown(key)),
                );
                None
            }
            Some((_, defaults)) if defaults.retired => {
                self.fault(path, "field.retired", format!("is `{}`, which takes no new incidents", shown(key)));
                None
            }
            Some((key, _)) => Some(key.clone()),
        }
    }

    pub fn channel(&mut self, path: &str, channel: &str) -> Option<ContactChannel> {
        let key = self.key::<ContactChannel>(path, channel)?;
        let known = &self.policy.intake().channels;
        if !known.is_empty() && !known.contains(&key) {
            let list = known.iter().map(ContactChannel::as_str).collect::<Vec<_>>().join(", ");
            self.fault(path, "channel.unknown", format!("is `{key}`; the channels are {list}"));
            return None;
        }
        Some(key)
    }

    /// A reference with its criticality.
    pub fn rated<'t, K: TryFrom<&'t str, Error = KeyError>>(
        &mut self,
        path: &str,
        input: &'t RatedInput,
    ) -> Option<Rated<K>> {
        let key = self.key::<K>(path, &input.key);
        let criticality = input.criticality.as_ref().and_then(|level| {
            let known = self.policy.criticality(level).cloned();
            if known.is_none() {
                let list = self.policy.parts().criticality.list();
                let rule = format!("is `{}`, which is no criticality; the levels are {list}", shown(level));
                self.fault(format!("{path}.criticality"), "level.unknown", rule);
            } else if self.policy.parts().criticality.is_retired(level) {
                let rule = format!("is `{level}`, which takes nothing new");
                self.fault(format!("{path}.criticality"), "field.retired", rule);
            }
            known
        });
        Some(Rated { key: key?, criticality })
    }

    /// References with their criticalities, each once, at most `cap`.
    pub fn all_rated<'t, K: TryFrom<&'t str, Error = KeyError> + PartialEq>(
        &mut self,
        path: &str,
        inputs: &'t [RatedInput],
        cap: usize,
    ) -> Vec<Rated<K>> {
        let mut read: Vec<Rated<K>> = Vec::with_capacity(inputs.len().min(cap));
        if !self.within(path, inputs.len(), cap) {
            return read;
        }
        for (index, input) in inputs.iter().enumerate() {
            if let Some(rated) = self.rated::<K>(&format!("{path}[{index}]"), input)
                && !read.iter().any(|known| known.key == rated.key)
            {
                read.push(rated);
            }
        }
        read
    }

    pub fn attachment(&mut self, path: &str, input: &AttachmentInput) -> Option<Attachment> {
        let dot = if path.is_empty() { "" } else { "." };
        let name = self.title(&format!("{path}{dot}name"), &input.name);
        let media_type = self.key::<MediaType>(&format!("{path}{dot}media_type"), &input.media_type);
        let cap = self.policy.caps().attachment_bytes;
        if input.size > cap {
            self.fault(
                format!("{path}{dot}size"),
                "cap.exceeded",
                format!("is {} bytes; the policy allows {cap}", input.size),
            );
        }
        Some(Attachment { name: name?, media_type: media_type?, size: input.size, digest: input.digest })
    }

    pub fn attachments(&mut self, path: &str, inputs: &[AttachmentInput]) -> Vec<Attachment> {
        if !self.within(path, inputs.len(), self.policy.caps().attachments) {
            return Vec::new();
        }
        let numbered = inputs.iter().enumerate();
        numbered.filter_map(|(index, input)| self.attachment(&format!("{path}[{index}]"), input)).collect()
    }

    /// Whether there are not many more custom fields than the policy has: a few unknown ones are named, a
    /// flood is not.
    pub fn few_fields<'k>(&mut self, keys: impl Iterator<Item = &'k String>) -> bool {
        const NAMED: usize = 20;
        let unknown = keys.filter(|key| self.policy.field(key).is_none()).count();
        if unknown > NAMED {
            self.fault("fields", "field.unknown", format!("names {unknown} fields that the policy does not have"));
        }
        unknown <= NAMED
    }

    /// The values of the host's own fields.
    pub fn fields(&mut self, fields: &BTreeMap<String, String>) -> BTreeMap<FieldKey, FieldValue> {
        fields.iter().filter_map(|(key, value)| self.field(key, value)).collect()
    }

    pub fn field(&mut self, key: &str, value: &str) -> Option<(FieldKey, FieldValue)> {
        let path = format!("fields.{}", shown(key));
        let Some(field) = self.policy.field(key) else {
            let rule = format!("is no field of the policy; its fields are {}", known_fields(self.policy));
            self.fault(path, "field.unknown", rule);
            return None;
        };
        if field.retired {
            self.fault(path, "field.retired", "takes no new values");
            return None;
        }
        let ids = self.ids;
        let value = self.faults.take(path, field.parse(value, || ids.salt()))?;
        Some((field.key.clone(), value))
    }

    pub fn labels(&mut self, path: &str, labels: &[String]) -> Vec<Label> {
        self.keys(path, labels, self.policy.caps().labels)
    }

    /// A milestone of the host's own: one that the policy has and, unless it is taken back, one in use.
    pub fn own_milestone(&mut self, path: &str, key: &MilestoneKey, is_reached: bool) {
        match self.policy.milestone(key.as_str()) {
            Some(rule) if rule.retired && is_reached => {
                self.fault(path, "field.retired", format!("is `{key}`, which is recorded no more"));
            }
            Some(_) => {}
            None => {
                let known = Milestone::KNOWN.iter().filter(|known| !known.is_set_by_stage()).map(Milestone::as_str);
                let own = self.policy.parts().milestones.iter().map(|rule| rule.milestone.as_str());
                let list = known.chain(own).collect::<Vec<_>>().join(", ");
                let text = format!("is `{}`, which is no milestone; the milestones are {list}", shown(key.as_str()));
                self.fault(path, "milestone.unknown", text);
            }
        }
    }

    /// A hold by the rules for its reason.
    pub fn hold(&mut self, path: &str, input: &HoldInput, at: Instant) -> Option<Hold> {
        let Some(rule) = self.policy.hold(&input.reason) else {
            let list =
                self.policy.hold_reasons().iter().map(|rule| rule.reason.as_str()).collect::<Vec<_>>().join(", ");
            let text = format!("is `{}`, which is no hold reason; the reasons are {list}", shown(&input.reason));
            self.fault(format!("{path}reason"), "hold.unknown", text);
            return None;
        };
        if rule.retired {
            self.fault(
                format!("{path}reason"),
                "field.retired",
                format!("is `{}`, which takes no new holds", rule.reason),
            );
        }
        match input.until {
            None if rule.until == UntilRule::Required => {
                self.fault(format!("{path}until"), "field.required", format!("must be given for `{}`", rule.reason));
            }
            Some(until) if until <= at => {
                self.fault(format!("{path}until"), "time.not_future", "must lie after the beginning of the hold");
            }
            _ => {}
        }
        if rule.needs_note && input.note.is_none() {
            self.fault(format!("{path}note"), "field.required", format!("must be given for `{}`", rule.reason));
        }
        let note = self.maybe_text(&format!("{path}note"), input.note.as_ref());
        Some(Hold {
            reason: HoldReason::clone(&rule.reason),
            until: input.until,
            wakes_on: rule.wakes_on.clone(),
            note,
        })
    }

    /// A resolution by the rules for its code, after which the incident closes as the policy says.
    pub fn resolution(&mut self, path: &str, input: &Resolve, incident: &Incident) -> Option<Resolution> {
        let Some(rule) = self.policy.resolution(&input.code) else {
            let list =
                self.policy.resolution_codes().iter().map(|rule| rule.code.as_str()).collect::<Vec<_>>().join(", ");
            let text = format!("is `{}`, which is no resolution code; the codes are {list}", shown(&input.code));
            self.fault(format!("{path}code"), "resolution.unknown", text);
            return None;
        };
        if rule.retired {
            self.fault(
                format!("{path}code"),
                "field.retired",
                format!("is `{}`, which is no longer in use", rule.code),
            );
        }
        if rule.needs_text && input.text.is_none() {
            self.fault(format!("{path}text"), "field.required", format!("must be given for `{}`", rule.code));
        }
        let text = self.maybe_text(&format!("{path}text"), input.text.as_ref());
        let after = self.policy.closure().automatic_after_seconds.filter(|_| !incident.is_major());
        let closes = after.map(|after| AutomaticClosure { after, policy: self.policy_stamp });
        if input.along_with.is_some() && input.along_with != incident.links().parent() {
            self.fault(format!("{path}along_with"), "link.not_parent", "names an incident that is not its parent");
        }
        let Resolve { remedy, along_with, .. } = *input;
        Some(Resolution { code: rule.code.clone(), remedy, text, along_with, closes })
    }

    /// An instant that does not lie in the future.
    pub fn past(&mut self, path: &str, at: Option<Instant>, now: Instant) -> Option<Instant> {
        if at.is_some_and(|at| at > now) {
            self.fault(path, "time.future", format!("lies in the future; now is {}", now.to_rfc3339()));
        }
        at
    }
}

/// What somebody typed, cut short so that an error stays readable.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
