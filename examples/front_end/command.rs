//! A move and what was typed into its form become a command, by the kinds of its fields.

use andon::{
    command::IncidentCommand,
    time::{Instant, days, hours, minutes},
};
use serde_json::{Map, Value, json};

use super::form::{Answer, Refusal};

/// The command that asks for this. `find` knows the id of the incident with a number.
///
/// # Errors
/// What is wrong with what was typed, beside the field if it is known.
pub fn command(
    name: &str,
    said: &[Answer],
    now: Instant,
    find: impl Fn(&str) -> Option<String>,
) -> Result<IncidentCommand, Refusal> {
    let mut object = Map::from_iter([("command".to_owned(), json!(name))]);
    for Answer { field, kind, text } in said {
        let value = value(kind, text, now, &find).map_err(|rule| wrong(field, rule))?;
        object.insert(field.clone(), value);
    }
    // To clear a label or a category is to say so: left out it would be no command.
    match name {
        "set_label" => object.entry("label").or_insert(Value::Null),
        "categorise" => object.entry("category").or_insert(Value::Null),
        _ => &mut Value::Null,
    };
    serde_json::from_value(Value::Object(object)).map_err(|error| Refusal {
        text: error.to_string(),
        faults: Vec::new(),
        stale: false,
    })
}

fn wrong(field: &str, rule: &str) -> Refusal {
    let faults = vec![(field.to_owned(), rule.to_owned())];
    Refusal { text: format!("{field} {rule}"), faults, stale: false }
}

fn value(kind: &str, text: &str, now: Instant, find: &impl Fn(&str) -> Option<String>) -> Result<Value, &'static str> {
    Ok(match kind {
        "whole_number" => json!(text.parse::<u64>().map_err(|_| "is to be a whole number")?),
        "yes_no" => match text {
            "yes" | "true" => json!(true),
            "no" | "false" => json!(false),
            _ => return Err("is yes or no"),
        },
        "instant" => json!(instant(text, now).ok_or("is a time as 2026-06-08T09:00:00Z, or +90m, +2h, +3d")?),
        "texts" | "rated_list" | "digests" => json!(parts(text)),
        "custom_fields" => {
            let pairs: Option<Map<String, Value>> =
                parts(text).iter().map(|pair| pair.split_once('=')).map(|pair| pair.map(entry)).collect();
            Value::Object(pairs.ok_or("is site=Berlin, cost=12.50, …")?)
        }
        "cancellation" | "correction" => ending(text, find)?,
        _ => json!(text),
    })
}

/// `withdrawn`, or `duplicate INC0000003`.
fn ending(text: &str, find: &impl Fn(&str) -> Option<String>) -> Result<Value, &'static str> {
    let (name, number) = text.split_once(' ').unwrap_or((text, ""));
    let other = || find(number.trim()).ok_or("names no incident that you can see");
    Ok(match name {
        "duplicate" => json!({"duplicate": {"of": other()?}}),
        "superseded" => json!({"superseded": {"by": other()?}}),
        "withdrawn" | "not_an_incident" | "service_request" | "new" | "assigned" | "in_progress" => json!(name),
        _ => return Err("is withdrawn, not_an_incident, service_request, or duplicate or superseded with a number"),
    })
}

/// An instant, or how long from now.
fn instant(text: &str, now: Instant) -> Option<Instant> {
    let Some(span) = text.strip_prefix('+') else { return text.parse().ok() };
    let unit = span.chars().next_back()?;
    let number: u32 = span.strip_suffix(unit)?.parse().ok()?;
    let span = match unit {
        'm' => minutes(number),
        'h' => hours(number),
        'd' => days(number),
        _ => return None,
    };
    now.checked_add_signed(span)
}

fn parts(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn entry((key, value): (&str, &str)) -> (String, Value) {
    (key.trim().to_owned(), json!(value.trim()))
}
