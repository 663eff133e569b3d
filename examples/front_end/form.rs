//! A form: what a move wants to know, asked one thing after the other.

use andon::view::{FieldView, MoveView};

/// A move that is being filled in.
#[derive(Debug)]
pub struct Form {
    pub wanted: MoveView,
    /// What was said to each field; `None` where nothing was.
    pub answers: Vec<Option<String>>,
    /// The field that is asked for.
    pub at: usize,
    pub typed: String,
    pub refusal: Option<Refusal>,
}

/// What is said to a field, as it was typed, and what kind of value it stands for.
#[derive(Debug, Clone)]
pub struct Answer {
    pub field: String,
    pub kind: String,
    pub text: String,
}

/// Why something was not done, in the library's words.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub text: String,
    /// The fields that are wrong, and what is wrong with them.
    pub faults: Vec<(String, String)>,
    /// Whether the incident has changed, so that it is to be read anew first.
    pub stale: bool,
}

impl Form {
    pub fn new(wanted: MoveView) -> Self {
        // Where there is but one choice, nobody is asked.
        let answers = wanted.fields.iter().map(|field| match field.options.as_slice() {
            [only] if field.required => Some(only.clone()),
            _ => None,
        });
        let mut form = Self { answers: answers.collect(), wanted, at: 0, typed: String::new(), refusal: None };
        form.at = form.open_from(0);
        form
    }

    pub fn field(&self) -> Option<&FieldView> {
        self.wanted.fields.get(self.at)
    }

    /// Whether a field cannot be left out, with what was said to the first one.
    pub fn needs(&self, field: &FieldView) -> bool {
        let first = self.answers.first().and_then(Option::as_ref);
        field.required || first.is_some_and(|first| field.required_with.contains(first))
    }

    /// Types a letter. A digit that can only be one choice takes it: then it says whether the form is full.
    pub fn write(&mut self, letter: char) -> bool {
        let chosen = self.answers.get(self.at).and_then(Option::as_ref) == Some(&self.typed);
        if chosen && self.field().is_some_and(|field| !field.options.is_empty()) {
            self.typed.clear();
        }
        self.typed.push(letter);
        let few = self.field().is_some_and(|field| (1..=9).contains(&field.options.len()));
        few && self.choice().is_some() && self.take()
    }

    pub fn rub(&mut self) {
        self.typed.pop();
    }

    /// Takes what is typed; nothing leaves the field out. Says whether the form is full.
    pub fn take(&mut self) -> bool {
        let said = self.choice().unwrap_or_else(|| self.typed.trim().to_owned());
        if let Some(answer) = self.answers.get_mut(self.at) {
            *answer = (!said.is_empty()).then_some(said);
        }
        self.go(self.at + 1);
        self.at >= self.wanted.fields.len()
    }

    /// Goes back to the field before.
    pub fn back(&mut self) {
        self.go(self.at.saturating_sub(1));
    }

    /// What is said with the move: what was answered, and nothing at all for what cannot be left out.
    pub fn said(&self) -> Vec<Answer> {
        let fields = self.wanted.fields.iter().zip(&self.answers);
        let said = fields.filter_map(|(field, answer)| {
            let text = answer.clone().or_else(|| self.needs(field).then(String::new))?;
            Some(Answer { field: field.name.clone(), kind: field.kind.clone(), text })
        });
        said.collect()
    }

    /// What is wrong with a field, if the last answer said so.
    pub fn fault(&self, field: &FieldView) -> Option<&str> {
        let faults = self.refusal.as_ref().map(|refusal| refusal.faults.as_slice()).unwrap_or_default();
        faults.iter().find(|(path, _)| concerns(path, &field.name)).map(|(_, rule)| rule.as_str())
    }

    /// Goes to the first field that is wrong.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
        let wrong = self.wanted.fields.iter().position(|field| self.fault(field).is_some());
        self.go(wrong.unwrap_or_else(|| self.open_from(0)));
    }

    /// The first field from here on to which nothing was said.
    fn open_from(&self, from: usize) -> usize {
        let mut rest = self.answers.iter().enumerate().skip(from);
        rest.find(|(_, answer)| answer.is_none()).map_or(from, |(index, _)| index)
    }

    fn go(&mut self, to: usize) {
        self.at = to;
        self.typed = self.answers.get(to).cloned().flatten().unwrap_or_default();
    }

    /// The option that the typed number means.
    fn choice(&self) -> Option<String> {
        let number: usize = self.typed.trim().parse().ok()?;
        self.field()?.options.get(number.checked_sub(1)?).cloned()
    }
}

/// Whether a fault at `path` is about the field: `text`, `resolution.text`, `as.duplicate`, …
fn concerns(path: &str, field: &str) -> bool {
    let mut parts = path.split(['.', '[']);
    parts.any(|part| part == field)
}
