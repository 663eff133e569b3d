//! Erasing, reckoned a second time: on the JSON of what is stored, and by the texts themselves.

use std::collections::BTreeSet;

use andon::{
    Id,
    digest::Digest,
    event::{Body, Event},
    incident::{Incident, IncidentEvent},
    problem::ProblemEvent,
    store::{Record, Terms, tokens},
    text::Text,
};
use serde::Serialize;
use serde_json::{Value, json};

/// The digest and the text of an object that is a slot with a text.
fn slot(value: &Value) -> Option<(Digest, String)> {
    let (text, _) = (value.get("text")?.as_str()?, value.get("salt")?.as_str()?);
    let slot: Text = serde_json::from_value(value.clone()).unwrap();
    Some((slot.digest(), text.to_owned()))
}

fn collect(value: &Value, found: &mut Vec<(Digest, String)>) {
    match value {
        Value::Object(object) => match slot(value) {
            Some(slot) => found.push(slot),
            None => object.values().for_each(|member| collect(member, found)),
        },
        Value::Array(array) => array.iter().for_each(|member| collect(member, found)),
        _ => {}
    }
}

fn without(value: &Value, slots: &[Digest]) -> Value {
    match value {
        Value::Object(object) => match slot(value) {
            Some((digest, _)) if slots.contains(&digest) => json!({ "erased": digest }),
            Some(_) => value.clone(),
            None => object.iter().map(|(key, member)| (key.clone(), without(member, slots))).collect(),
        },
        Value::Array(array) => array.iter().map(|member| without(member, slots)).collect(),
        scalar => scalar.clone(),
    }
}

/// Every text of a log that is not erased, with its digest.
pub fn texts(log: &[Event]) -> Vec<(Digest, String)> {
    let mut found = Vec::new();
    for event in log {
        collect(&serde_json::to_value(event).unwrap(), &mut found);
    }
    found
}

/// The digests of these texts.
pub fn digests(log: &[Event]) -> Vec<Digest> {
    texts(log).into_iter().map(|(digest, _)| digest).collect()
}

/// The digests that these events erase.
pub fn erased_by(events: &[Event]) -> Vec<Digest> {
    let redactions = events.iter().filter_map(|event| match &event.body {
        Body::Incident(IncidentEvent::Redacted(redaction)) | Body::Problem(ProblemEvent::Redacted(redaction)) => {
            Some(&redaction.texts)
        }
        _ => None,
    });
    redactions.flatten().copied().collect()
}

/// The JSON of something without these texts.
pub fn json_without(whole: &impl Serialize, slots: &[Digest]) -> Value {
    without(&serde_json::to_value(whole).unwrap(), slots)
}

/// Every string in it that somebody may have said: ids and digests, in which any digits can occur, are not.
fn strings(value: &Value, found: &mut Vec<String>) {
    let is_reckoned = |text: &str| text.parse::<Digest>().is_ok() || text.parse::<Id<Incident>>().is_ok();
    match value {
        Value::Object(object) => object.values().for_each(|member| strings(member, found)),
        Value::Array(array) => array.iter().for_each(|member| strings(member, found)),
        Value::String(text) if !is_reckoned(text) => found.push(text.clone()),
        _ => {}
    }
}

/// What is left of the erased texts in a record, its terms and its log; and whether the canonical forms of
/// the events are still the same.
pub fn check(slots: &[Digest], before: &[Event], record: &Record, log: &[Event]) -> Result<(), String> {
    for (event, old) in log.iter().zip(before) {
        if event.canonical().ok() != old.canonical().ok() {
            return Err(format!("the canonical form of event {} has changed", event.sequence));
        }
        if serde_json::to_value(event).unwrap() != json_without(old, slots) {
            return Err(format!("event {} lost something else, or not all: {event:?}", event.sequence));
        }
    }
    let mut stored = Vec::new();
    let snapshot = match record {
        Record::Incident(incident) => serde_json::to_value(&**incident),
        Record::Problem(problem) => serde_json::to_value(&**problem),
        _ => panic!("another kind of record"),
    };
    strings(&snapshot.unwrap(), &mut stored);
    strings(&serde_json::to_value(log).unwrap(), &mut stored);
    let left = texts(log);
    let terms = Terms::of(record);
    for (_, text) in texts(before).into_iter().filter(|(digest, _)| slots.contains(digest)) {
        // What the same words stand in elsewhere, nobody has asked to erase.
        if left.iter().any(|(_, other)| other.contains(&text)) {
            continue;
        }
        if let Some(string) = stored.iter().find(|string| string.contains(&text)) {
            return Err(format!("{text:?} is erased, and stands in {string:?}"));
        }
        let said: BTreeSet<_> =
            left.iter().flat_map(|(_, other)| tokens(other)).chain(tokens(record.number().as_str())).collect();
        let word = tokens(&text).find(|word| !said.contains(word));
        let word = word.map(andon::store::Term::Token);
        if let Some(word) = word.filter(|word| terms.bear(word)) {
            return Err(format!("{text:?} is erased, and found by {word}"));
        }
    }
    Ok(())
}
