//! The log as it stands in the file: rows, grouped by incident, with every name stored once.

use std::{collections::HashMap, error::Error, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};

/// A name of the log, stored once; equal names are the same number.
pub(crate) type Symbol = u32;

/// The columns that are read. Those in the first group must be there.
const REQUIRED: [&str; 7] =
    ["number", "incident_state", "sys_updated_at", "opened_at", "impact", "urgency", "priority"];
const OPTIONAL: [&str; 15] = [
    "sys_updated_by",
    "opened_by",
    "caller_id",
    "contact_type",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "assignment_group",
    "assigned_to",
    "closed_code",
    "made_sla",
    "problem_id",
    "rfc",
    "caused_by",
];

/// A row that could be read. Names that are not known are `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub line: u64,
    pub state: State,
    pub at: DateTime<Utc>,
    pub opened_at: DateTime<Utc>,
    pub impact: Option<Symbol>,
    pub urgency: Option<Symbol>,
    pub priority: Option<Symbol>,
    pub by: Option<Symbol>,
    pub opened_by: Option<Symbol>,
    pub caller: Option<Symbol>,
    pub channel: Option<Symbol>,
    pub site: Option<Symbol>,
    pub category: Option<Symbol>,
    pub subcategory: Option<Symbol>,
    pub symptom: Option<Symbol>,
    pub group: Option<Symbol>,
    pub person: Option<Symbol>,
    pub code: Option<Symbol>,
    /// Whether the log says that what was promised was kept so far.
    pub made_sla: Option<Symbol>,
    /// The problem that is named.
    pub problem: Option<Symbol>,
    /// The change that is asked for because of it.
    pub change: Option<Symbol>,
    /// The change that brought it about.
    pub causing_change: Option<Symbol>,
}

/// A state of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    New,
    InProgress,
    /// Held for the reason that the log names.
    OnHold(Symbol),
    Resolved,
    Closed,
    Cancelled,
}

/// The rows of one incident, in the order of the file.
#[derive(Debug)]
pub(crate) struct Incident {
    pub number: Symbol,
    pub rows: Vec<Row>,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub incidents: Vec<Incident>,
    /// How many rows there are, usable or not.
    pub rows: u64,
    /// The rows that could not be used: line and reason.
    pub unusable: Vec<(u64, String)>,
    names: Vec<Arc<str>>,
}

impl Journal {
    /// Reads the text of a log.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Box<dyn Error>> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().quoting(false).flexible(true).from_reader(text);
        let header = reader.byte_headers()?.clone();
        let column = |name: &str| header.iter().position(|found| found == name.as_bytes());
        for name in REQUIRED {
            column(name).ok_or_else(|| format!("the log has no column `{name}`; it needs {}", REQUIRED.join(", ")))?;
        }
        let columns: Vec<Option<usize>> = REQUIRED.iter().chain(&OPTIONAL).map(|name| column(name)).collect();
        let mut names = Names::new(columns.len());
        let mut journal = Self::default();
        let mut places: HashMap<Symbol, usize> = HashMap::new();
        let mut record = csv::ByteRecord::new();
        let mut line = 1_u64;
        while reader.read_byte_record(&mut record)? {
            journal.rows += 1;
            line = record.position().map_or(line + 1, csv::Position::line);
            let mut field = |index: usize| {
                let column = columns.get(index).copied().flatten()?;
                names.symbol(index, record.get(column)?)
            };
            let fields = Fields(std::array::from_fn(&mut field));
            match fields.row(line, &names) {
                Ok((number, row)) => {
                    let place = *places.entry(number).or_insert(journal.incidents.len());
                    match journal.incidents.get_mut(place) {
                        Some(incident) => incident.rows.push(row),
                        None => journal.incidents.push(Incident { number, rows: vec![row] }),
                    }
                }
                Err(reason) => journal.unusable.push((line, reason)),
            }
        }
        journal.names = names.all;
        Ok(journal)
    }

    /// Whether it has no rows at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The latest time in the log.
    pub(crate) fn latest(&self) -> DateTime<Utc> {
        let rows = self.incidents.iter().flat_map(|incident| &incident.rows);
        rows.map(|row| row.at.max(row.opened_at)).max().unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The name behind a symbol.
    pub(crate) fn name(&self, symbol: Symbol) -> &str {
        usize::try_from(symbol).ok().and_then(|index| self.names.get(index)).map_or("", |name| name)
    }
}

/// The fields of a row, in the order of the columns.
struct Fields([Option<Symbol>; REQUIRED.len() + OPTIONAL.len()]);

impl Fields {
    fn row(&self, line: u64, names: &Names) -> Result<(Symbol, Row), String> {
        let [number, state, at, opened_at, impact, urgency, priority, rest @ ..] = self.0;
        let [by, opened_by, caller, channel, site, category, subcategory, symptom, group, person, code, rest @ ..] =
            rest;
        let [made_sla, problem, change, causing_change] = rest;
        let number = number.ok_or("it has no number")?;
        let state = state.ok_or("it has no state")?;
        let row = Row {
            line,
            state: names.state(state).ok_or_else(|| format!("the state `{}` is not known", names.name(state)))?,
            at: names.time(at).ok_or_else(|| names.no_time("sys_updated_at", at))?,
            opened_at: names.time(opened_at).ok_or_else(|| names.no_time("opened_at", opened_at))?,
            impact,
            urgency,
            priority,
            by,
            opened_by,
            caller,
            channel,
            site,
            category,
            subcategory,
            symptom,
            group,
            person,
            code,
            made_sla,
            problem,
            change,
            causing_change,
        };
        Ok((number, row))
    }
}

/// Every name once. A log repeats itself from row to row, so the name that a column had last is looked
/// at first.
struct Names {
    all: Vec<Arc<str>>,
    known: HashMap<Arc<str>, Symbol>,
    last: Vec<Option<Symbol>>,
    times: HashMap<Symbol, DateTime<Utc>>,
    states: HashMap<Symbol, State>,
}

impl Names {
    fn new(columns: usize) -> Self {
        Self {
            all: Vec::new(),
            known: HashMap::new(),
            last: vec![None; columns],
            times: HashMap::new(),
            states: HashMap::new(),
        }
    }

    fn name(&self, symbol: Symbol) -> &str {
        usize::try_from(symbol).ok().and_then(|index| self.all.get(index)).map_or("", |name| name)
    }

    /// The symbol of a field; `None` for a field without a value.
    fn symbol(&mut self, column: usize, field: &[u8]) -> Option<Symbol> {
        let last = self.last.get(column).copied().flatten();
        if let Some(last) = last.filter(|last| self.name(*last).as_bytes() == field) {
            return Some(last);
        }
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        if text.is_empty() || text == "?" {
            return None;
        }
        let symbol = match self.known.get(text) {
            Some(symbol) => *symbol,
            None => self.learn(text)?,
        };
        if let Some(last) = self.last.get_mut(column) {
            *last = Some(symbol);
        }
        Some(symbol)
    }

    /// Stores a new name, and what it says as a state or a time.
    fn learn(&mut self, text: &str) -> Option<Symbol> {
        let symbol = Symbol::try_from(self.all.len()).ok()?;
        let name: Arc<str> = text.into();
        self.all.push(Arc::clone(&name));
        self.known.insert(name, symbol);
        if let Some(time) = time(text) {
            self.times.insert(symbol, time);
        }
        if let Some(state) = state(text, symbol) {
            self.states.insert(symbol, state);
        }
        Some(symbol)
    }

    fn state(&self, symbol: Symbol) -> Option<State> {
        self.states.get(&symbol).copied()
    }

    fn time(&self, symbol: Option<Symbol>) -> Option<DateTime<Utc>> {
        self.times.get(&symbol?).copied()
    }

    fn no_time(&self, column: &str, symbol: Option<Symbol>) -> String {
        match symbol {
            Some(symbol) => format!("`{column}` is `{}`, and not a time such as 29/2/2016 01:16", self.name(symbol)),
            None => format!("`{column}` is empty"),
        }
    }
}

fn state(text: &str, symbol: Symbol) -> Option<State> {
    Some(match text {
        "New" => State::New,
        "Active" | "In Progress" => State::InProgress,
        "Resolved" => State::Resolved,
        "Closed" => State::Closed,
        "Canceled" | "Cancelled" => State::Cancelled,
        _ if text.starts_with("Awaiting ") => State::OnHold(symbol),
        _ => return None,
    })
}

/// `29/2/2016 01:16`, in UTC.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let (date, clock) = text.split_once(' ')?;
    let mut date = date.splitn(3, '/');
    let (day, month, year) = (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    let (hour, minute) = clock.split_once(':')?;
    let time = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)?;
    Some(time.and_utc())
}
