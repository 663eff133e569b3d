//! Runs a file of cases of business-time arithmetic, and prints each that differs.
//!
//! `cargo run --release --example business_time -- PATH`; the README of the examples says what a case is.
//! Exit status: 0 if all passed, 1 if any failed, 2 if the file cannot be read.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    process::ExitCode,
};

use andon::{
    calendar::{BuiltIn, Calendar, CalendarDraft, CalendarError, Closure, DayOverride, Holiday, Hours, Span, Weekly},
    time::{Instant, Seconds},
};
use chrono::{NaiveDate, SecondsFormat};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    calendar: CaseCalendar,
    start: Instant,
    #[serde(flatten)]
    op: Op,
    #[serde(default)]
    pauses: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    Due { seconds: Seconds },
    Before { seconds: Seconds },
    Elapsed { end: Instant },
    IsOpen,
    NextOpen,
    NextClose,
}

#[derive(Deserialize)]
struct CaseCalendar {
    zone: String,
    weekly: Weekly,
    #[serde(default)]
    holidays: BTreeSet<NaiveDate>,
    #[serde(default)]
    overrides: BTreeMap<NaiveDate, Vec<Hours>>,
    #[serde(default)]
    closures: Vec<Closure>,
}

impl CaseCalendar {
    fn compile(self) -> Result<Calendar, Box<dyn Error>> {
        let overrides = self.overrides.into_iter();
        let draft = CalendarDraft {
            name: "Case".to_owned(),
            base: None,
            zone: Some(self.zone),
            weekly: Some(self.weekly),
            holidays: self.holidays.into_iter().map(Holiday::on).collect(),
            overrides: overrides
                .map(|(date, hours)| DayOverride { date, hours, name: None, on_holidays: false })
                .collect(),
            closures: self.closures,
        };
        Ok(draft.compile(&BuiltIn)?)
    }
}

impl Case {
    fn run(self) -> Result<Value, Box<dyn Error>> {
        let calendar = self.calendar.compile()?;
        let answer = match self.op {
            Op::Due { seconds } => calendar.due_over(self.start, seconds, &self.pauses).map(told),
            Op::Before { seconds } => calendar.start_before_over(self.start, seconds, &self.pauses).map(told),
            Op::Elapsed { end } => calendar.elapsed_over(self.start, end, &self.pauses).map(|elapsed| {
                let nanos = elapsed.subsec_nanos();
                if nanos == 0 { json!(elapsed.num_seconds()) } else { json!(elapsed.to_string()) }
            }),
            Op::IsOpen => calendar.is_open(self.start).map(Value::from),
            Op::NextOpen => calendar.next_open(self.start).map(told),
            Op::NextClose => calendar.next_close(self.start).map(told),
        };
        match answer {
            Ok(value) => Ok(value),
            Err(CalendarError::BeyondRange) => Ok(Value::Null),
            Err(error) => Err(error.into()),
        }
    }
}

fn told(at: Instant) -> Value {
    Value::from(at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// Instants are equal however they are written.
fn same(expected: &Value, got: &Value) -> bool {
    let at = |value: &Value| value.as_str()?.parse::<Instant>().ok();
    expected == got || at(expected).is_some_and(|expected| at(got) == Some(expected))
}

fn read(path: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("{path} is no list of cases: {error}"))?)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: business_time PATH");
        return ExitCode::from(2);
    };
    let cases = match read(&path) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for (index, value) in cases.into_iter().enumerate() {
        let id = value.get("id").and_then(Value::as_str).map_or_else(|| format!("[{index}]"), str::to_owned);
        let expected = value.get("expected").cloned().unwrap_or_default();
        let got = serde_path_to_error::deserialize::<_, Case>(value)
            .map_err(|error| format!("is no case: {error}").into())
            .and_then(Case::run);
        match got {
            Ok(got) if same(&expected, &got) => passed = passed.saturating_add(1),
            other => {
                let got = other.map_or_else(|error| error.to_string(), |got| got.to_string());
                println!("{id}: expected {expected}, got {got}");
                failed = failed.saturating_add(1);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
