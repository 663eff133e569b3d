//! Where the commands of a sequence come from: arbitrary bytes, read as words that mean something as often as not.

use std::sync::LazyLock;

use andon::{
    Policy, PolicyDraft,
    command::{AttachmentInput, Edit, Override, Patch, RatedInput},
    digest::Digest,
    event::Event,
    text::Text,
    time::Instant,
};
use arbitrary::{Result, Unstructured};
use serde_json::Value;

/// Words that mean something to the policy; the rest of the texts is arbitrary.
const WORDS: [&str; 24] = [
    "high",
    "medium",
    "low",
    "P1",
    "P5",
    "fixed",
    "other",
    "awaiting_caller",
    "awaiting_date",
    "parts",
    "network",
    "legacy",
    "cause",
    "cost",
    "colour",
    "red",
    "12.50",
    "Mail",
    "anna",
    "bob",
    "a",
    "obligation.confirmation",
    "obligation.field",
    "fields.cause",
];

pub static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let json = include_str!("../../seeds/policy/rich.json");
    let draft: PolicyDraft = serde_json::from_str(json).expect("the seed is a policy");
    draft.validate().expect("the seed is valid")
});

pub struct Source<'a>(pub Unstructured<'a>);

impl Source<'_> {
    pub fn pick<T: Clone>(&mut self, options: &[T]) -> Result<T> {
        self.0.choose(options).cloned()
    }

    pub fn text(&mut self) -> Result<String> {
        if self.0.ratio(3, 4)? { Ok(self.pick(&WORDS)?.to_owned()) } else { self.0.arbitrary() }
    }

    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.0.arbitrary()? { value(self).map(Some) } else { Ok(None) }
    }

    pub fn patch<T>(&mut self, value: impl FnOnce(&mut Self) -> Result<T>) -> Result<Patch<T>> {
        Ok(match self.0.int_in_range(0..=3)? {
            0 => Patch::Set(value(self)?),
            1 => Patch::Clear,
            _ => Patch::Keep,
        })
    }

    pub fn list<T>(&mut self, mut value: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        (0..self.0.int_in_range(0..=4)?).map(|_| value(self)).collect()
    }

    /// An instant near `now`, or anywhere at all.
    pub fn instant(&mut self, now: Instant) -> Result<Instant> {
        if self.0.ratio(7, 8)? {
            let seconds = self.0.int_in_range(-300_000..=300_000)?;
            return Ok(now.checked_add_signed(chrono::TimeDelta::seconds(seconds)).unwrap_or(now));
        }
        let (seconds, nanos) = (self.0.arbitrary()?, self.0.arbitrary()?);
        Ok(Instant::from_timestamp(seconds, nanos).unwrap_or(Instant::MAX_UTC))
    }

    pub fn attachment(&mut self) -> Result<AttachmentInput> {
        let digest = Digest::of(&[self.0.int_in_range(0..=3)?]);
        Ok(AttachmentInput { name: self.text()?, media_type: self.text()?, size: self.0.arbitrary()?, digest })
    }

    pub fn services(&mut self) -> Result<Vec<RatedInput>> {
        self.list(|s| Ok(RatedInput { key: s.text()?, criticality: s.maybe(Self::text)? }))
    }

    pub fn edit(&mut self) -> Result<Edit> {
        Ok(Edit {
            title: self.patch(Self::text)?,
            description: self.patch(Self::text)?,
            impact: self.patch(Self::text)?,
            urgency: self.patch(Self::text)?,
            caller: self.patch(Self::text)?,
            affected: self.patch(Self::text)?,
            people_affected: self.patch(|s| s.0.arbitrary())?,
            organisation: self.patch(Self::text)?,
            channel: self.patch(Self::text)?,
            services: self.patch(Self::services)?,
            items: self.patch(Self::services)?,
            labels: self.patch(|s| s.list(Self::text))?,
            confidential: self.patch(|s| s.0.arbitrary())?,
            fields: self.list(|s| Ok((s.text()?, s.maybe(Self::text)?)))?.into_iter().collect(),
            ..Edit::default()
        })
    }

    pub fn priority_override(&mut self, now: Instant) -> Result<Override> {
        Ok(Override { priority: self.text()?, reason: self.text()?, until: self.maybe(|s| s.instant(now))? })
    }
}

/// The digests of the texts of a log that are not erased.
pub fn texts(log: &[Event]) -> Vec<Digest> {
    fn collect(value: &Value, found: &mut Vec<Digest>) {
        match value {
            Value::Object(object) if object.contains_key("text") && object.contains_key("salt") => {
                let text: Text = serde_json::from_value(value.clone()).expect("what was written can be read");
                found.push(text.digest());
            }
            Value::Object(object) => object.values().for_each(|value| collect(value, found)),
            Value::Array(array) => array.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for event in log {
        collect(&serde_json::to_value(event).expect("every event has a JSON form"), &mut found);
    }
    found
}
