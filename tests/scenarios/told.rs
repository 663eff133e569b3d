//! A scenario as it is told: a desk in Berlin with an agreement, and the questions that were answered.

use std::{cell::RefCell, fmt::Display};

use andon::{Actor, PolicyDraft};
use serde_json::Value;

use crate::common::{Acting, House, at};

pub struct Told {
    id: &'static str,
    house: House,
    answered: RefCell<Vec<(&'static str, String)>>,
}

/// Nine to five, Monday to Friday, in Berlin, with an agreement that promises these metrics to all.
pub fn told(id: &'static str, metrics: &str) -> Told {
    told_with(id, metrics, r#""name": "Berlin""#)
}

/// The same, with further parts of the policy.
pub fn told_with(id: &'static str, metrics: &str, parts: &str) -> Told {
    let draft = format!(
        r#"{{
            {parts},
            "calendars": {{"berlin": {{"name": "Berlin", "zone": "Europe/Berlin", "weekly": {{
                "mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]],
                "thu": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]}}}}}},
            "agreements": [{{"key": "standard", "calendar": "berlin", "metrics": {metrics}}}]
        }}"#
    );
    let policy = PolicyDraft::from_json(draft.as_bytes()).unwrap().validate().unwrap();
    let house = House::new();
    let house = House { desk: house.desk.with_policy(policy), ..house };
    Told { id, house, answered: RefCell::default() }
}

impl Told {
    pub fn at(&self, now: &str) {
        self.house.time.set(at(now));
    }

    /// Stores what has fallen due, and tells on how many records.
    pub fn wake(&self) -> usize {
        let desk = andon::blocking::Desk::from(self.house.desk.clone());
        let now = andon::time::TimeSource::now(&self.house.time);
        desk.wake(now, 100).unwrap().records.len()
    }

    pub fn bob(&self) -> Acting {
        self.house.bob()
    }

    pub fn carl(&self) -> Acting {
        self.house.acting("acme", Actor::person("carl").unwrap().role("caller").unwrap())
    }

    pub fn anna(&self) -> Acting {
        self.house.anna()
    }

    pub fn mia(&self) -> Acting {
        self.house.mia()
    }

    pub fn robot(&self) -> Acting {
        self.house.acting("acme", Actor::automation("robot").unwrap().role("agent").unwrap())
    }

    /// A question, what came out, and what a practitioner expects.
    pub fn ask(&self, question: &'static str, found: impl Display, expected: &str) {
        assert_eq!(found.to_string(), expected, "{}: {question}", self.id);
        self.answered.borrow_mut().push((question, expected.to_owned()));
    }

    /// Every question of the scenario was answered, as the collection has it.
    #[expect(clippy::disallowed_methods, reason = "the collection lies elsewhere, and may be named")]
    #[expect(clippy::print_stdout, reason = "what is skipped is said")]
    pub fn done(&self) {
        let folder = std::env::var("ANDON_CASES_DIR").unwrap_or_else(|_| "../shared/cases".to_owned());
        let path = format!("{folder}/scenarios.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: no scenarios at {path}, to compare the questions of {} with", self.id);
            return;
        };
        let scenarios: Vec<Value> = serde_json::from_str(&text).unwrap();
        let scenario = scenarios.iter().find(|scenario| scenario["id"] == self.id).unwrap();
        let mut wanted: Vec<(&str, String)> = scenario["questions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|question| {
                let expected = match &question["expected"] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                (question["ask"].as_str().unwrap(), expected)
            })
            .collect();
        let mut answered = self.answered.borrow().clone();
        wanted.sort();
        answered.sort();
        assert_eq!(answered, wanted, "{}", self.id);
    }
}
