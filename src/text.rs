//! Texts that people write: titles, descriptions, notes, reasons. Each sits in a slot that can be
//! emptied later.
//!
//! A slot holds the text and a salt. Its digest is the SHA-256 of both. Erasing throws text and salt
//! away and leaves the digest: the canonical form of an event holds digests only, so it is the same
//! before and after, and without the salt a short text cannot be found by trying.

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    digest::{Digest, hex, unhex},
    event::DecodeError,
};

/// What stands for an erased text where one is shown.
pub const ERASED: &str = "[erased]";

/// A free text that can be erased. It is never empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SlotForm", into = "SlotForm")]
pub struct Text(Slot);

/// A title: one line that can be erased. It is never empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SlotForm", into = "SlotForm")]
pub struct Title(Slot);

#[derive(Clone, PartialEq, Eq)]
enum Slot {
    Kept { text: Arc<str>, salt: [u8; 16] },
    Erased { digest: Digest },
}

/// A text that cannot be a text or a title, and the rule that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is nothing but white space in it.
    #[error("must not be empty")]
    Empty,
    /// It has more characters than the policy allows.
    #[error("has {found} characters; at most {max} are allowed")]
    TooLong {
        /// The characters that it has.
        found: usize,
        /// The characters that it may have.
        max: usize,
    },
    /// A title has a line break or another control character; a text has a NUL.
    #[error("must not contain {}", if *.in_title { "line breaks or other control characters" } else { "NUL characters" })]
    ControlCharacter {
        /// Whether it is a title, which may have no line breaks either.
        in_title: bool,
    },
}

impl TextError {
    /// The stable code of the rule: `text.empty`, `text.too_long`, `text.control_character`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "text.empty",
            Self::TooLong { .. } => "text.too_long",
            Self::ControlCharacter { .. } => "text.control_character",
        }
    }
}

/// The most characters that any text may have, whatever the policy says.
pub const MAX_TEXT_CHARS: usize = 1_000_000;

/// Whether there is nothing in it that could be seen.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'))
}

/// Line and paragraph separators, and what turns the direction of the text after it.
const fn breaks_a_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn within(text: &str, max: usize) -> Result<(), TextError> {
    let max = max.min(MAX_TEXT_CHARS);
    // No text has more characters than bytes: most are within by their length alone.
    if text.len() > max {
        let found = text.chars().count();
        if found > max {
            return Err(TextError::TooLong { found, max });
        }
    }
    Ok(())
}

impl Text {
    /// Takes `text`, without white space at its ends, as a text of at most `max_chars` characters.
    ///
    /// # Errors
    /// [`TextError`] with the broken rule.
    pub fn new(text: &str, max_chars: usize, salt: [u8; 16]) -> Result<Self, TextError> {
        let text = text.trim();
        if is_blank(text) {
            return Err(TextError::Empty);
        }
        if text.contains('\0') {
            return Err(TextError::ControlCharacter { in_title: false });
        }
        within(text, max_chars)?;
        Ok(Self(Slot::Kept { text: text.into(), salt }))
    }
}

impl Title {
    /// Takes `text`, without white space at its ends, as a title of at most `max_chars` characters.
    ///
    /// # Errors
    /// [`TextError`] with the broken rule.
    pub fn new(text: &str, max_chars: usize, salt: [u8; 16]) -> Result<Self, TextError> {
        let text = text.trim();
        if is_blank(text) {
            return Err(TextError::Empty);
        }
        if text.chars().any(|c| c.is_control() || breaks_a_line(c)) {
            return Err(TextError::ControlCharacter { in_title: true });
        }
        within(text, max_chars)?;
        Ok(Self(Slot::Kept { text: text.into(), salt }))
    }
}

macro_rules! slots {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text; `None` once it is erased.
            #[must_use]
            pub fn as_str(&self) -> Option<&str> {
                self.0.text()
            }

            /// The text, or [`ERASED`].
            #[must_use]
            pub fn shown(&self) -> Arc<str> {
                match &self.0 {
                    Slot::Kept { text, .. } => Arc::clone(text),
                    Slot::Erased { .. } => ERASED.into(),
                }
            }

            /// Whether the text has been erased.
            #[must_use]
            pub const fn is_erased(&self) -> bool {
                matches!(self.0, Slot::Erased { .. })
            }

            /// The salted digest: the same before and after erasing.
            #[must_use]
            pub fn digest(&self) -> Digest {
                self.0.digest()
            }

            /// The slot without its text and salt.
            #[must_use]
            pub fn erased(&self) -> Self {
                Self(Slot::Erased { digest: self.0.digest() })
            }

            /// Whether two slots say the same, whatever their salts. An erased slot says nothing.
            #[must_use]
            pub fn says(&self, text: &str) -> bool {
                self.0.text() == Some(text.trim())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.text().unwrap_or(ERASED))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0.text().unwrap_or(ERASED))
            }
        }

        impl From<$name> for SlotForm {
            fn from(slot: $name) -> Self {
                match slot.0 {
                    Slot::Kept { text, salt } => Self { text: Some(text), salt: Some(hex(&salt)), erased: None },
                    Slot::Erased { digest } => Self { text: None, salt: None, erased: Some(digest) },
                }
            }
        }
    )*};
}

slots!(Text, Title);

impl Slot {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Kept { text, .. } => Some(text),
            Self::Erased { .. } => None,
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Kept { text, salt } => {
                Digest::from_bytes(Sha256::new().chain_update(salt).chain_update(text.as_bytes()).finalize().into())
            }
            Self::Erased { digest } => *digest,
        }
    }
}

/// How a slot is written: `{"text": …, "salt": …}` or `{"erased": digest}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<Digest>,
}

/// The digest of an object that is the written form of a slot, erased or not.
pub(crate) fn digest_of(value: &Value, object: &Map<String, Value>) -> Option<Digest> {
    let is_slot = object.contains_key("erased") || (object.contains_key("text") && object.contains_key("salt"));
    is_slot.then(|| SlotForm::deserialize(value).ok()?.slot().ok()).flatten().map(|slot| slot.digest())
}

/// The same value without the texts that have these digests, wherever they stand: by way of its written
/// form, so that no text can be overlooked.
pub(crate) fn without<T: Clone + Serialize + DeserializeOwned>(whole: &T, slots: &[Digest]) -> Result<T, DecodeError> {
    let failed = |error: serde_json::Error| DecodeError::new(".", error);
    let mut value = serde_json::to_value(whole).map_err(failed)?;
    if erase(&mut value, slots) { serde_json::from_value(value).map_err(failed) } else { Ok(whole.clone()) }
}

/// The digests of every text in it, erased or not: by way of its written form, as [`without`] finds them.
pub(crate) fn digests_in(whole: &impl Serialize) -> Result<BTreeSet<Digest>, DecodeError> {
    let value = serde_json::to_value(whole).map_err(|error| DecodeError::new(".", error))?;
    let mut found = BTreeSet::new();
    collect(&value, &mut found);
    Ok(found)
}

fn collect(value: &Value, found: &mut BTreeSet<Digest>) {
    match value {
        Value::Object(object) => match digest_of(value, object) {
            Some(digest) => {
                found.insert(digest);
            }
            None => object.values().for_each(|member| collect(member, found)),
        },
        Value::Array(array) => array.iter().for_each(|member| collect(member, found)),
        _ => {}
    }
}

/// Whether there was something to erase.
fn erase(value: &mut Value, slots: &[Digest]) -> bool {
    let digest = value.as_object().and_then(|object| digest_of(value, object));
    match value {
        Value::Object(object) => match digest {
            Some(digest) if slots.contains(&digest) && !object.contains_key("erased") => {
                object.clear();
                object.insert("erased".to_owned(), Value::String(digest.to_string()));
                true
            }
            Some(_) => false,
            None => object.values_mut().fold(false, |erased, member| erase(member, slots) | erased),
        },
        Value::Array(array) => array.iter_mut().fold(false, |erased, member| erase(member, slots) | erased),
        _ => false,
    }
}

/// A slot that was not written by this library.
#[derive(Debug, thiserror::Error)]
enum SlotError {
    #[error("a text has either `text` and `salt`, or `erased`")]
    Shape,
    #[error("a salt is 32 hexadecimal digits")]
    Salt,
    #[error("the text {0}")]
    Text(#[from] TextError),
}

impl SlotForm {
    fn slot(self) -> Result<Slot, SlotError> {
        match (self.text, self.salt, self.erased) {
            (Some(text), Some(salt), None) => Ok(Slot::Kept { text, salt: unhex(&salt).ok_or(SlotError::Salt)? }),
            (None, None, Some(digest)) => Ok(Slot::Erased { digest }),
            _ => Err(SlotError::Shape),
        }
    }
}

impl TryFrom<SlotForm> for Text {
    type Error = SlotError;

    fn try_from(form: SlotForm) -> Result<Self, SlotError> {
        match form.slot()? {
            Slot::Kept { text, salt } => Ok(Self::new(&text, MAX_TEXT_CHARS, salt)?),
            erased @ Slot::Erased { .. } => Ok(Self(erased)),
        }
    }
}

impl TryFrom<SlotForm> for Title {
    type Error = SlotError;

    fn try_from(form: SlotForm) -> Result<Self, SlotError> {
        match form.slot()? {
            Slot::Kept { text, salt } => Ok(Self::new(&text, MAX_TEXT_CHARS, salt)?),
            erased @ Slot::Erased { .. } => Ok(Self(erased)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 16] = [7; 16];

    #[test]
    fn a_title_is_one_line_with_something_in_it() {
        assert_eq!(Title::new(" Mail is down ", 80, SALT).unwrap().as_str(), Some("Mail is down"));
        assert_eq!(Title::new(" \u{3000} ", 80, SALT), Err(TextError::Empty));
        assert_eq!(Title::new("a\nb", 80, SALT), Err(TextError::ControlCharacter { in_title: true }));
        assert_eq!(Title::new("äöü", 2, SALT), Err(TextError::TooLong { found: 3, max: 2 }));
        assert!(Title::new("äöü", 3, SALT).is_ok(), "characters are counted, not bytes");
    }

    #[test]
    fn erasing_keeps_the_digest_and_nothing_else() {
        let text = Text::new("Anna's password is hunter2", 80, SALT).unwrap();
        let erased = text.erased();
        assert_eq!(erased.digest(), text.digest());
        assert_eq!(erased.as_str(), None);
        assert_eq!(erased.to_string(), "[erased]");
        let json = serde_json::to_string(&erased).unwrap();
        assert!(!json.contains("hunter2") && !json.contains("0707"), "{json}");
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), erased);
    }

    #[test]
    fn equal_texts_with_other_salts_have_other_digests() {
        let one = Text::new("yes", 80, [1; 16]).unwrap();
        let two = Text::new("yes", 80, [2; 16]).unwrap();
        assert_ne!(one.digest(), two.digest());
        assert!(one.says("yes") && two.says("yes"));
    }

    #[test]
    fn a_slot_of_another_shape_is_refused() {
        for json in [
            "{}",
            r#"{"text":"a"}"#,
            r#"{"text":"","salt":"07070707070707070707070707070707"}"#,
            r#"{"text":"a","salt":"07"}"#,
            r#"{"text":"a","salt":"+7070707070707070707070707070707"}"#,
            r#"{"text":"a","salt":"07070707070707070707070707070707","erased":"00"}"#,
        ] {
            assert!(serde_json::from_str::<Text>(json).is_err(), "{json}");
        }
    }
}
