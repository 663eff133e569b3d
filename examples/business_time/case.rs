//! A case of business-time arithmetic: a calendar, an operation, and what is expected of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

use andon::{
    calendar::{BuiltIn, Calendar, CalendarDraft, CalendarError, Closure, DayOverride, Holiday, Hours, Span, Weekly},
    time::{Instant, Seconds},
};
use chrono::{NaiveDate, SecondsFormat};
use serde::Deserialize;
use serde_json::{Value, json};

/// How a case differs from what is expected.
pub struct Difference {
    /// Which case.
    pub id: String,
    /// What is expected.
    pub expected: Value,
    /// What came of it: an answer, or why there is none.
    pub got: String,
}

/// Runs a case in the form in which the README of the examples describes it.
pub fn run(index: usize, value: Value) -> Result<(), Difference> {
    let id = value.get("id").and_then(Value::as_str).map_or_else(|| format!("[{index}]"), str::to_owned);
    let expected = value.get("expected").cloned().unwrap_or_default();
    let got = serde_path_to_error::deserialize::<_, Case>(value)
        .map_err(|error| format!("is no case: {error}").into())
        .and_then(Case::run);
    match got {
        Ok(got) if same(&expected, &got) => Ok(()),
        Ok(got) => Err(Difference { id, expected, got: got.to_string() }),
        Err(error) => Err(Difference { id, expected, got: error.to_string() }),
    }
}

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
