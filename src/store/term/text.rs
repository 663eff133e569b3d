//! Terms as texts, for stores that keep them in a column or under a key.

use std::{borrow::Cow, error::Error as StdError, fmt, str::FromStr, sync::Arc};

use super::Term;
use crate::{
    incident::{HoldReason, Stage},
    key::{ExternalKey, FieldKey, StageLabel, SystemName},
    record::ExternalReference,
};

/// Between the parts of a term that has two. Keys have no control characters.
const BETWEEN: char = '\u{1f}';

/// A text that is no term.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no term")]
pub struct TermError {
    text: String,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Declares how terms are written and read: those without a value, and those with one. What has two parts is told
/// apart from them below.
macro_rules! texts {
    (plain { $($plain:ident = $word:literal,)* } valued { $($valued:ident = $name:literal,)* }) => {
        /// The term as a text of its own, for stores that keep terms in one column: `label:vpn`. Two terms have
        /// the same text only if they are the same, and it is read back with [`FromStr`]. Between the parts of one that
        /// has two, as a field's key and its value, stands U+001F.
        impl fmt::Display for Term {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$plain => f.write_str($word),)*
                    $(Self::$valued(value) => write!(f, concat!($name, ":{}"), value),)*
                    Self::Problem(term) => write!(f, "problem:{term}"),
                    Self::HoldReason(reason) => write!(f, "hold_reason:{reason}"),
                    Self::FormerHoldReason(reason) => write!(f, "former_hold_reason:{reason}"),
                    Self::Token(token) => write!(f, "token:{token}"),
                    Self::StageLabel(stage, label) => write!(f, "stage_label:{}{BETWEEN}{label}", stage.key()),
                    Self::FormerStageLabel(stage, label) => {
                        write!(f, "former_stage_label:{}{BETWEEN}{label}", stage.key())
                    }
                    Self::Reference(reference) => write!(f, "reference:{}{BETWEEN}{}", reference.system, reference.key),
                    Self::Field(field, value) => write!(f, "field:{field}{BETWEEN}{value}"),
                }
            }
        }

        /// The name of every term.
        #[cfg(test)]
        const NAMES: &[&str] = &[
            $($word,)* $($name,)* "problem", "hold_reason", "former_hold_reason", "token", "stage_label",
            "former_stage_label", "reference", "field",
        ];

        /// Reads a term that is not one of those by which problems are seen; `None` if there is none of this name.
        fn read(name: &str, value: Option<&str>) -> Option<Result<Term, Source>> {
            Some(match (name, value) {
                $(($word, None) => Ok(Term::$plain),)*
                $(($name, Some(value)) => value.parse().map(Term::$valued).map_err(Source::from),)*
                ("hold_reason", Some(value)) => reason(value).map(Term::HoldReason),
                ("former_hold_reason", Some(value)) => reason(value).map(Term::FormerHoldReason),
                ("token", Some(value)) => Ok(Term::Token(value.into())),
                ("stage_label", Some(value)) => label(value)?.map(|(stage, label)| Term::StageLabel(stage, label)),
                ("former_stage_label", Some(value)) => {
                    label(value)?.map(|(stage, label)| Term::FormerStageLabel(stage, label))
                }
                ("reference", Some(value)) => reference(value)?.map(Term::Reference),
                ("field", Some(value)) => field(value)?.map(|(field, value)| Term::Field(field, value)),
                _ => return None,
            })
        }
    };
}

texts! {
    plain {
        Everyone = "everyone",
        Confidential = "confidential",
        Major = "major",
        KnownError = "known_error",
    }
    valued {
        Person = "person",
        Watcher = "watcher",
        Group = "group",
        Organisation = "organisation",
        ConfidentialOrganisation = "confidential_organisation",
        ResolutionCode = "resolution_code",
        Breached = "breached",
        PausedClock = "paused_clock",
        CausedBy = "caused_by",
        ChildOf = "child_of",
        DuplicateOf = "duplicate_of",
        DuplicateOfProblem = "duplicate_of_problem",
        FollowUpOf = "follow_up_of",
        Related = "related",
        CausedByChange = "caused_by_change",
        ResolvedByChange = "resolved_by_change",
        Label = "label",
        Category = "category",
        Impact = "impact",
        Urgency = "urgency",
        Criticality = "criticality",
        Caller = "caller",
        Affected = "affected",
        Customer = "customer",
        Site = "site",
        Channel = "channel",
        Service = "service",
        Offering = "offering",
        Item = "item",
        HasField = "has_field",
    }
}

type Source = Box<dyn StdError + Send + Sync>;

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        // No term stands within two others: what is read is bounded.
        let (of_problem, inner) = text.strip_prefix("problem:").map_or((false, text), |inner| (true, inner));
        let (name, value) = inner.split_once(':').map_or((inner, None), |(name, value)| (name, Some(value)));
        let fault = |source| TermError { text: text.to_owned(), source };
        match read(name, value) {
            Some(Ok(term)) if of_problem => Ok(Self::Problem(Box::new(term))),
            Some(Ok(term)) => Ok(term),
            Some(Err(source)) => Err(fault(Some(source))),
            None => Err(fault(None)),
        }
    }
}

impl TryFrom<Cow<'_, str>> for Term {
    type Error = TermError;

    fn try_from(text: Cow<'_, str>) -> Result<Self, TermError> {
        text.parse()
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

fn reason(value: &str) -> Result<HoldReason, Source> {
    Ok(HoldReason::try_from(Arc::from(value))?)
}

/// A status of the host's own and its stage; `None` if there is no such stage.
fn label(value: &str) -> Option<Result<(Stage, StageLabel), Source>> {
    let (stage, label) = value.split_once(BETWEEN)?;
    let stage = Stage::ALL.into_iter().find(|known| known.key() == stage)?;
    Some(StageLabel::new(label).map(|label| (stage, label)).map_err(Source::from))
}

fn reference(value: &str) -> Option<Result<ExternalReference, Source>> {
    let (system, key) = value.split_once(BETWEEN)?;
    let read = || Ok(ExternalReference { system: SystemName::new(system)?, key: ExternalKey::new(key)? });
    Some(read())
}

fn field(value: &str) -> Option<Result<(FieldKey, Arc<str>), Source>> {
    let (field, value) = value.split_once(BETWEEN)?;
    Some(FieldKey::new(field).map(|field| (field, value.into())).map_err(Source::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{GroupRef, Label, PersonRef};

    #[test]
    fn no_two_terms_have_the_same_text() {
        let field = |key: &str, value: &str| Term::Field(FieldKey::new(key).unwrap(), value.into()).to_string();
        assert_ne!(field("a", "b:c"), field("a:b", "c"));
        assert_eq!(Term::Label(Label::new("vpn").unwrap()).to_string(), "label:vpn");
        let label = |stage, key: &str| Term::StageLabel(stage, StageLabel::new(key).unwrap()).to_string();
        assert_ne!(label(Stage::New, "waiting"), label(Stage::Assigned, "waiting"));
        assert_eq!(label(Stage::InProgress, "a:b"), "stage_label:in_progress\u{1f}a:b");
    }

    /// A term of every name, as stores keep them. A text that changed would no longer find what was stored.
    const TEXTS: &[&str] = &[
        "affected:bob",
        "breached:resolution",
        "caller:bob",
        "category:network",
        "caused_by:00000000-0000-0000-0000-000000000007",
        "caused_by_change:CHG0042",
        "channel:email",
        "child_of:00000000-0000-0000-0000-000000000007",
        "confidential",
        "confidential_organisation:sales",
        "criticality:high",
        "customer:sales",
        "duplicate_of:00000000-0000-0000-0000-000000000007",
        "duplicate_of_problem:00000000-0000-0000-0000-000000000007",
        "everyone",
        "field:floor\u{1f}3:4",
        "follow_up_of:00000000-0000-0000-0000-000000000007",
        "former_hold_reason:awaiting_caller",
        "former_stage_label:new\u{1f}triaged",
        "group:Network",
        "has_field:floor",
        "hold_reason:awaiting_vendor",
        "impact:high",
        "item:relay-7",
        "known_error",
        "label:vpn",
        "major",
        "offering:gold",
        "organisation:sales",
        "paused_clock:resolution",
        "person:anna",
        "problem:person:anna",
        "reference:jira\u{1f}OPS-1",
        "related:00000000-0000-0000-0000-000000000007",
        "resolution_code:fixed",
        "resolved_by_change:CHG0042",
        "service:mail",
        "site:HQ",
        "stage_label:on_hold\u{1f}with vendor",
        "token:vpn",
        "urgency:low",
        "watcher:otto",
    ];

    #[test]
    fn the_text_of_every_term_stays() {
        let name = |text: &str| text.split(':').next().unwrap().to_owned();
        let names: std::collections::BTreeSet<String> = TEXTS.iter().map(|text| name(text)).collect();
        assert_eq!(names, NAMES.iter().map(|name| (*name).to_owned()).collect());
        for text in TEXTS {
            let term: Term = text.parse().unwrap();
            assert_eq!(term.to_string(), *text);
            assert_eq!(serde_json::to_value(&term).unwrap(), serde_json::Value::from(*text));
            assert_eq!(serde_json::from_value::<Term>((*text).into()).unwrap(), term);
        }
        let text = |term: Term| term.to_string();
        // What is read back could be another term with the same text: those of each form.
        assert_eq!(text(Term::Customer(crate::key::OrganisationRef::known("sales"))), "customer:sales");
        assert_eq!(text(Term::Problem(Box::new(Term::Everyone))), "problem:everyone");
        assert_eq!(text(Term::ResolvedByChange(crate::key::ChangeRef::known("CHG0042"))), "resolved_by_change:CHG0042");
    }

    #[test]
    fn a_term_is_read_back_from_its_text() {
        let person = Term::Person(PersonRef::known("anna:b"));
        let terms = [
            Term::Everyone,
            Term::KnownError,
            person.clone(),
            Term::Problem(Box::new(person)),
            Term::Problem(Box::new(Term::Everyone)),
            Term::Group(GroupRef::known("problem:x")),
            Term::HoldReason(HoldReason::AwaitingVendor),
            Term::FormerHoldReason(HoldReason::try_from(Arc::from("awaiting_moon")).unwrap()),
            Term::StageLabel(Stage::OnHold, StageLabel::known("a:b")),
            Term::FormerStageLabel(Stage::New, StageLabel::known("c")),
            Term::ChildOf(crate::id::Id::from_u128(7)),
            Term::Reference(ExternalReference {
                system: SystemName::known("jira"),
                key: ExternalKey::known("OPS-1:2"),
            }),
            Term::Field(FieldKey::known("floor"), "3:4".into()),
            Term::Field(FieldKey::known("floor"), "".into()),
            Term::Token("vpn".into()),
        ];
        for term in terms {
            assert_eq!(term.to_string().parse::<Term>().unwrap(), term);
            let json = serde_json::to_string(&term).unwrap();
            assert_eq!(serde_json::from_str::<Term>(&json).unwrap(), term);
        }
    }

    #[test]
    fn what_is_no_term_is_refused() {
        let long = "problem:".repeat(100_000);
        for text in ["", "everyone:", "person", "person:", "nobody:x", "child_of:7", "field:a", "stage_label:x", &long]
        {
            let error = text.parse::<Term>().unwrap_err();
            assert!(error.to_string().ends_with("is no term"), "{text:.40}");
        }
        assert!("problem:problem:everyone".parse::<Term>().is_err());
        assert!("stage_label:nowhere\u{1f}a".parse::<Term>().is_err());
    }
}
