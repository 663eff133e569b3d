//! Events: the envelope around everything that happens, and its versioned JSON.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use crate::digest::PolicyStamp;
use crate::{
    actor::ActorId,
    digest::Digest,
    id::{CommandId, Id, Version},
    incident::{Incident, IncidentEvent},
    key::{CorrelationKey, PersonRef, RuleId, SystemName, TenantId},
    lifecycle::Stamp,
    problem::{Problem, ProblemEvent},
    record::{Audience, RecordKind, Redaction},
    time::{self, Instant},
};

/// The schema of the envelope that this version writes.
pub const EVENT_SCHEMA: u16 = 1;

/// The id of a record of any kind. Text form: the kind and the id, `incident 0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordId {
    /// An incident.
    Incident(Id<Incident>),
    /// A problem.
    Problem(Id<Problem>),
}

impl RecordId {
    /// Of which kind the record is.
    #[must_use]
    pub const fn kind(self) -> RecordKind {
        match self {
            Self::Incident(_) => RecordKind::Incident,
            Self::Problem(_) => RecordKind::Problem,
        }
    }

    /// The incident, if it is one.
    #[must_use]
    pub const fn incident(self) -> Option<Id<Incident>> {
        match self {
            Self::Incident(id) => Some(id),
            Self::Problem(_) => None,
        }
    }

    /// The problem, if it is one.
    #[must_use]
    pub const fn problem(self) -> Option<Id<Problem>> {
        match self {
            Self::Problem(id) => Some(id),
            Self::Incident(_) => None,
        }
    }
}

impl From<Id<Problem>> for RecordId {
    fn from(id: Id<Problem>) -> Self {
        Self::Problem(id)
    }
}

impl From<Id<Incident>> for RecordId {
    fn from(id: Id<Incident>) -> Self {
        Self::Incident(id)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(id) => write!(f, "incident {id}"),
            Self::Problem(id) => write!(f, "problem {id}"),
        }
    }
}

/// A text that is not the id of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a record is its kind and a UUID, such as `incident 0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11`")]
pub struct RecordIdError;

impl FromStr for RecordId {
    type Err = RecordIdError;

    fn from_str(text: &str) -> Result<Self, RecordIdError> {
        let (kind, id) = text.split_once(' ').ok_or(RecordIdError)?;
        let id = match kind {
            "incident" => id.parse().map(Self::Incident),
            "problem" => id.parse().map(Self::Problem),
            _ => return Err(RecordIdError),
        };
        // As a key, a record has one text.
        id.ok().filter(|id| id.to_string() == text).ok_or(RecordIdError)
    }
}

/// What brought an event about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// A command.
    Command,
    /// Something fell due and was applied before a command or by a wake.
    Due,
    /// A plan across records.
    Plan {
        /// The command that applied the plan.
        plan: CommandId,
    },
    /// A rule of the host's.
    Rule {
        /// Which.
        rule: RuleId,
    },
    /// An import of a history.
    Import {
        /// The system that the history comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<SystemName>,
    },
}

/// What happened, by kind of record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// To an incident.
    Incident(IncidentEvent),
    /// To a problem.
    Problem(ProblemEvent),
}

impl Body {
    /// The kind of event: `incident.resolved`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Incident(event) => event.name(),
            Self::Problem(event) => event.name(),
        }
    }

    /// Who may learn that it happened.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        match self {
            Self::Incident(event) => event.audience(),
            Self::Problem(event) => event.audience(),
        }
    }

    /// The same for those who may not read internals: of its internal texts only the salted digests are left.
    #[must_use]
    pub fn withheld(&self) -> Self {
        match self {
            Self::Incident(event) => Self::Incident(event.withheld()),
            Self::Problem(event) => Self::Problem(event.withheld()),
        }
    }

    /// Whether there is more to say of it than its kind.
    const fn has_data(&self) -> bool {
        match self {
            // Cleared: there is no more to say.
            Self::Incident(IncidentEvent::Labelled(None) | IncidentEvent::ClosureReissued(None)) => false,
            Self::Incident(event) => event.has_data(),
            Self::Problem(event) => event.has_data(),
        }
    }

    /// What was erased, if that is what happened.
    pub(crate) const fn redaction(&self) -> Option<&Redaction> {
        match self {
            Self::Incident(IncidentEvent::Redacted(redaction)) | Self::Problem(ProblemEvent::Redacted(redaction)) => {
                Some(redaction)
            }
            _ => None,
        }
    }

    /// Reads what happened by its kind; `None` for a kind that is not known.
    fn decode(kind: &str, data: Value) -> Option<Result<Self, serde_path_to_error::Error<serde_json::Error>>> {
        if ProblemEvent::NAMES.contains(&kind) {
            return ProblemEvent::decode(kind, data).map(|decoded| decoded.map(Self::Problem));
        }
        IncidentEvent::decode(kind, data).map(|decoded| decoded.map(Self::Incident))
    }
}

impl From<ProblemEvent> for Body {
    fn from(event: ProblemEvent) -> Self {
        Self::Problem(event)
    }
}

impl From<IncidentEvent> for Body {
    fn from(event: IncidentEvent) -> Self {
        Self::Incident(event)
    }
}

/// Something that happened to a record: the truth, of which the record is the sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its own id.
    pub id: Id<Event>,
    /// Whose record it is.
    pub tenant: TenantId,
    /// Which record.
    pub record: RecordId,
    /// Its place in the record's log, counted from 1: the record's version after it.
    pub sequence: Version,
    /// When it happened.
    pub occurred_at: Instant,
    /// When it was recorded; never earlier than the event before.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: ActorId,
    /// For whom.
    pub on_behalf_of: Option<PersonRef>,
    /// The command with which it was committed.
    pub command: CommandId,
    /// What brought it about.
    pub cause: Cause,
    /// What larger happening it belongs to.
    pub correlation: Option<CorrelationKey>,
    /// The policy by which it was decided: the one in force, but for what closes by itself, which is judged
    /// by the one by which it was resolved.
    pub policy: PolicyStamp,
    /// Room for the digest that chains the log; nothing writes it yet.
    pub digest: Option<Digest>,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// When and by whom it happened: what the move needs again when the log is folded.
    #[must_use]
    pub const fn stamp(&self) -> Stamp<'_> {
        Stamp {
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor: &self.actor,
            on_behalf_of: self.on_behalf_of.as_ref(),
        }
    }

    /// The event without the texts that have these digests.
    ///
    /// # Errors
    /// [`DecodeError`] if it could not be read back; none of the library's can.
    pub fn erased(&self, slots: &[Digest]) -> Result<Self, DecodeError> {
        crate::text::without(self, slots)
    }

    /// Who may learn that it happened; see [`IncidentEvent::audience`]. Those for whom an event is not
    /// find a gap in the sequence.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        self.body.audience()
    }

    /// The same event for those who may not read internals: of its internal texts only the salted digests
    /// are left; see [`IncidentEvent::withheld`]. It still folds, and its canonical form is the same.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { body: self.body.withheld(), ..self.clone() }
    }

    /// Reads an event of this or an earlier version.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the field that is not as it should be.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        decode_schema::<Form>(json, EVENT_SCHEMA)?.into_event()
    }

    /// The bytes over which a digest of the event is taken: JSON with sorted keys and without white
    /// space, in which each erasable text is replaced by its salted digest. They are the same before
    /// and after erasing.
    ///
    /// # Errors
    /// [`serde_json::Error`] if a value has no JSON form; none of the library's is without one.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        if let Value::Object(form) = &mut value {
            form.remove("digest");
            if form.get("data").is_some_and(Value::is_null) {
                form.remove("data");
            }
        }
        let mut out = String::new();
        canonical(&value, &mut out)?;
        Ok(out.into_bytes())
    }
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.body.name();
        let written = Written {
            schema: EVENT_SCHEMA,
            id: self.id,
            tenant: &self.tenant,
            record: self.record,
            sequence: self.sequence,
            kind,
            version: current(kind),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor: &self.actor,
            on_behalf_of: self.on_behalf_of.as_ref(),
            command: self.command,
            cause: &self.cause,
            correlation: self.correlation.as_ref(),
            policy: self.policy,
            digest: self.digest,
            data: self.body.has_data().then_some(Data(&self.body)),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Form::deserialize(deserializer)?.into_event().map_err(serde::de::Error::custom)
    }
}

/// An event as it is written.
#[derive(Serialize)]
struct Written<'a> {
    schema: u16,
    id: Id<Event>,
    tenant: &'a TenantId,
    record: RecordId,
    sequence: Version,
    #[serde(rename = "type")]
    kind: &'static str,
    version: u16,
    #[serde(serialize_with = "time::write")]
    occurred_at: Instant,
    #[serde(serialize_with = "time::write")]
    recorded_at: Instant,
    actor: &'a ActorId,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a PersonRef>,
    command: CommandId,
    cause: &'a Cause,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<&'a CorrelationKey>,
    policy: PolicyStamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

/// What happened, without its kind.
struct Data<'a>(&'a Body);

impl Serialize for Data<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Body::Incident(event) => event.serialize_data(serializer),
            Body::Problem(event) => event.serialize_data(serializer),
        }
    }
}

/// An event as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema: u16,
    id: Id<Event>,
    tenant: TenantId,
    record: RecordId,
    sequence: Version,
    #[serde(rename = "type")]
    kind: String,
    version: u16,
    occurred_at: Instant,
    recorded_at: Instant,
    actor: ActorId,
    on_behalf_of: Option<PersonRef>,
    command: CommandId,
    cause: Cause,
    correlation: Option<CorrelationKey>,
    policy: PolicyStamp,
    digest: Option<Digest>,
    #[serde(default)]
    data: Value,
}

impl Form {
    fn into_event(self) -> Result<Event, DecodeError> {
        if self.schema != EVENT_SCHEMA {
            return Err(DecodeError::schema(self.schema, EVENT_SCHEMA));
        }
        if self.sequence == Version::NONE {
            return Err(DecodeError::new("sequence", "is 0; events are counted from 1"));
        }
        let unknown = || DecodeError::new("type", format!("`{}` is not known to this version", self.kind));
        let kind = self.kind.as_str();
        if !IncidentEvent::NAMES.contains(&kind) && !ProblemEvent::NAMES.contains(&kind) {
            return Err(unknown());
        }
        let data = upcast(UPCASTS, &self.kind, self.version, current(&self.kind), self.data)?;
        let body = Body::decode(&self.kind, data)
            .ok_or_else(unknown)?
            .map_err(|error| DecodeError::at(error).below("data"))?;
        let of = match &body {
            Body::Incident(_) => RecordKind::Incident,
            Body::Problem(_) => RecordKind::Problem,
        };
        if self.record.kind() != of {
            return Err(DecodeError::new(
                "record",
                format!("is of another kind than `{}`, which happens to a {of}", self.kind),
            ));
        }
        Ok(Event {
            id: self.id,
            tenant: self.tenant,
            record: self.record,
            sequence: self.sequence,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            command: self.command,
            cause: self.cause,
            correlation: self.correlation,
            policy: self.policy,
            digest: self.digest,
            body,
        })
    }
}

/// Turns the data of one version of a kind of event into that of the next version.
struct Upcast {
    kind: &'static str,
    /// The version that it reads.
    from: u16,
    convert: fn(Value) -> Result<Value, String>,
}

/// Every step from an old version to the next. A kind begins with version 1; each step here makes it
/// one higher. Steps are never removed: a log written today opens in ten years.
const UPCASTS: &[Upcast] = &[];

/// The version of a kind of event that this version of the library writes.
fn current(kind: &str) -> u16 {
    current_of(UPCASTS, kind)
}

fn current_of(upcasts: &[Upcast], kind: &str) -> u16 {
    upcasts.iter().filter(|step| step.kind == kind).fold(1, |version, step| version.max(step.from.saturating_add(1)))
}

fn upcast(upcasts: &[Upcast], kind: &str, from: u16, to: u16, mut data: Value) -> Result<Value, DecodeError> {
    if from == 0 || from > to {
        return Err(DecodeError::new("version", format!("is {from}; this version reads `{kind}` up to version {to}")));
    }
    for version in from..to {
        let step = upcasts
            .iter()
            .find(|step| step.kind == kind && step.from == version)
            .ok_or_else(|| DecodeError::new("version", format!("{version} of `{kind}` has no way to the next")))?;
        data = (step.convert)(data).map_err(|error| DecodeError::new("data", error))?;
    }
    Ok(data)
}

/// JSON that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct DecodeError {
    path: String,
    message: String,
}

impl DecodeError {
    pub(crate) fn new(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string() }
    }

    fn at(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = match error.path().to_string() {
            unknown if unknown == "?" => ".".to_owned(),
            path => path,
        };
        Self::new(path, error.into_inner())
    }

    fn schema(found: u16, reads: u16) -> Self {
        Self::new("schema", format!("is {found}; this version reads schema {reads}"))
    }

    /// The same error of a part that stands at `path`.
    pub(crate) fn below(mut self, path: &str) -> Self {
        self.path = match self.path.as_str() {
            "." => path.to_owned(),
            inner if inner.starts_with('[') => format!("{path}{inner}"),
            inner => format!("{path}.{inner}"),
        };
        self
    }

    /// The same error of what stands at `path`, as that part would tell it.
    pub(crate) fn within(mut self, path: &str) -> Self {
        self.path = match self.path.strip_prefix(path) {
            Some("") => ".".to_owned(),
            Some(inner) => inner.trim_start_matches('.').to_owned(),
            None => self.path,
        };
        self
    }

    /// The path to the field: `data.facts.title`; `.` for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Decodes JSON, with the path to whatever is wrong.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(DecodeError::at)?;
    deserializer.end().map_err(|error| DecodeError::new(".", error))?;
    Ok(value)
}

/// Decodes a value of JSON, with the path to whatever is wrong.
pub(crate) fn decode_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value).map_err(DecodeError::at)
}

/// Decodes JSON of a schema. What another schema wrote may look malformed: it is said to be of another
/// schema, so that nobody looks for the fault in the data.
pub(crate) fn decode_schema<T: DeserializeOwned>(json: &[u8], reads: u16) -> Result<T, DecodeError> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u16,
    }
    // Keeping track of the path takes as long again: only of what is wrong is it asked for.
    if let Ok(value) = serde_json::from_slice(json) {
        return Ok(value);
    }
    decode(json).map_err(|error| match serde_json::from_slice::<Schema>(json) {
        Ok(Schema { schema: found }) if found != reads => DecodeError::schema(found, reads),
        _ => error,
    })
}

/// Writes JSON with sorted keys, each erasable text as `{"sha256": digest}`.
fn canonical(value: &Value, out: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(object) => {
            if let Some(digest) = crate::text::digest_of(value, object) {
                out.push_str("{\"sha256\":\"");
                out.push_str(&digest.to_string());
                out.push_str("\"}");
                return Ok(());
            }
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::to_string(key)?);
                out.push(':');
                canonical(member, out)?;
            }
            out.push('}');
        }
        Value::Array(array) => {
            out.push('[');
            for (index, member) in array.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(member, out)?;
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Upcast] = &[
        Upcast { kind: "a", from: 1, convert: |old| Ok(serde_json::json!({ "name": old })) },
        Upcast {
            kind: "a",
            from: 2,
            convert: |mut old| {
                let name = old.get_mut("name").map(Value::take).ok_or("no name")?;
                Ok(serde_json::json!({ "title": name }))
            },
        },
    ];

    #[test]
    fn old_data_goes_through_every_step_to_the_present_version() {
        assert_eq!(current_of(STEPS, "a"), 3);
        assert_eq!(current_of(STEPS, "b"), 1);
        let upcasted = upcast(STEPS, "a", 1, 3, Value::from("x")).unwrap();
        assert_eq!(upcasted, serde_json::json!({ "title": "x" }));
        let as_is = upcast(STEPS, "a", 3, 3, Value::from("x")).unwrap();
        assert_eq!(as_is, Value::from("x"));
    }

    #[test]
    fn data_that_no_step_understands_is_refused() {
        assert_eq!(upcast(STEPS, "a", 2, 3, Value::Null).unwrap_err().to_string(), "data: no name");
        assert_eq!(upcast(STEPS, "a", 4, 3, Value::Null).unwrap_err().path(), "version");
        assert_eq!(upcast(STEPS, "a", 0, 3, Value::Null).unwrap_err().path(), "version");
    }

    #[test]
    fn canonical_json_is_sorted_and_tight() {
        let mut out = String::new();
        canonical(&serde_json::json!({ "b": [1, "é\n"], "a": { "d": null, "c": true } }), &mut out).unwrap();
        assert_eq!(out, r#"{"a":{"c":true,"d":null},"b":[1,"é\n"]}"#);
    }
}
