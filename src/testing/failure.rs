//! Why a test failed.

use std::{error::Error as StdError, fmt};

use crate::error::Error;

/// Why a test failed: any error, or a story of what was expected and what was found.
///
/// It is made of every error by `?`, and is shown, in both forms, as a text to be read: so a test that gives
/// it back prints that text and nothing else. It is no error itself; `Box::from` makes it one.
///
/// ```
/// use andon::testing::{Failure, TestDesk, incident};
///
/// fn closes_at_once() -> Result<(), Failure> {
///     let desk = TestDesk::new();
///     let reported = incident().at(&desk)?;
///     desk.agent("anna")?.incident(reported.id()).close()?;
///     Ok(())
/// }
/// let failure = closes_at_once().unwrap_err();
/// assert_eq!(failure.code(), Some("incident.close.illegal"));
/// ```
pub struct Failure {
    story: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// A failure with a text of its own.
    #[must_use]
    pub fn told(story: impl Into<String>) -> Self {
        Self { story: story.into(), source: None }
    }

    /// The code of the error, if it is one of the library's: `incident.close.blocked`.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.error().map(Error::code)
    }

    /// The error, if it is one of the library's.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.source.as_ref()?.downcast_ref::<Error>()
    }

    /// The same, met while doing something: `the incident could not be made`.
    #[must_use]
    pub fn while_doing(self, what: &str) -> Self {
        Self { story: format!("{what}: {self}"), source: self.source }
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut story = error.to_string();
        let any: &dyn StdError = &error;
        if let Some(error) = any.downcast_ref::<Error>() {
            story = format!("{story} ({})", error.code());
        }
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // A transparent error says what its source says.
            if !story.contains(&cause_text) {
                story = format!("{story}: {cause_text}");
            }
            source = cause.source();
        }
        Self { story, source: Some(Box::new(error)) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.story)
    }
}

/// As [`Display`](fmt::Display), for this is what a test prints.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A failure as an error.
#[derive(Debug)]
struct Told(String);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Told {}

impl From<Failure> for Box<dyn StdError + Send + Sync> {
    fn from(failure: Failure) -> Self {
        Box::new(Told(failure.story))
    }
}

impl From<Failure> for Box<dyn StdError> {
    fn from(failure: Failure) -> Self {
        Box::new(Told(failure.story))
    }
}

impl From<Failure> for proptest::test_runner::TestCaseError {
    fn from(failure: Failure) -> Self {
        Self::fail(failure.story)
    }
}
