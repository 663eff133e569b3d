//! Faults: what is wrong with a field, and all of them at once.

use std::{borrow::Cow, fmt};

use crate::{key::KeyError, text::TextError};

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    path: String,
    code: &'static str,
    rule: Cow<'static, str>,
}

impl Fault {
    /// A fault of the field at `path` that breaks the rule with this code.
    #[must_use]
    pub fn new(path: impl Into<String>, code: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), code, rule: rule.into() }
    }

    /// Where: `title`, `fields.asset_tag`, `matrix.cells[2][0]`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The stable code of the rule: `text.empty`, `level.unknown`, …
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The rule in English, to be read after the path: `must not be empty`.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.rule)
    }
}

/// Every fault of a value, in the order of its fields. Never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No fault yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Just this fault.
    #[must_use]
    pub fn one(fault: Fault) -> Self {
        Self(vec![fault])
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order of the fields.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// Adds a fault.
    pub(crate) fn push(&mut self, path: impl Into<String>, code: &'static str, rule: impl Into<Cow<'static, str>>) {
        self.0.push(Fault::new(path, code, rule));
    }

    /// Adds the faults of a part, each below `path`.
    pub(crate) fn nest(&mut self, path: &str, faults: Self) {
        for fault in faults.0 {
            let below = match fault.path.chars().next() {
                None => path.to_owned(),
                Some('[') => format!("{path}{}", fault.path),
                Some(_) => format!("{path}.{}", fault.path),
            };
            self.0.push(Fault { path: below, ..fault });
        }
    }

    /// The value of `result`, or `None` and a fault at `path`.
    pub(crate) fn take<T>(&mut self, path: impl Into<String>, result: Result<T, impl Into<Broken>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(broken) => {
                let Broken { code, rule } = broken.into();
                self.push(path, code, rule);
                None
            }
        }
    }

    /// `Ok` if there is no fault.
    pub(crate) fn done(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A broken rule before it is known of which field.
#[derive(Debug)]
pub(crate) struct Broken {
    pub code: &'static str,
    pub rule: Cow<'static, str>,
}

impl From<KeyError> for Broken {
    fn from(error: KeyError) -> Self {
        Self { code: error.rule().code(), rule: error.rule().to_string().into() }
    }
}

impl From<TextError> for Broken {
    fn from(error: TextError) -> Self {
        Self { code: error.code(), rule: error.to_string().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_fault_has_the_whole_path() {
        let mut inner = Faults::none();
        inner.push("cells[0][1]", "level.unknown", "is not a level");
        inner.push("", "matrix.empty", "is empty");
        inner.push("[3]", "x", "is odd");
        let mut outer = Faults::none();
        outer.nest("matrix", inner);
        let paths: Vec<_> = outer.iter().map(Fault::path).collect();
        assert_eq!(paths, ["matrix.cells[0][1]", "matrix", "matrix[3]"]);
        assert_eq!(outer.to_string(), "matrix.cells[0][1] is not a level; matrix is empty; matrix[3] is odd");
    }
}
