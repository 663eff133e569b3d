//! Values: matrices, patches, keys, texts, numbers.

use andon::{
    Number,
    command::{Edit, IncidentCommand, Patch},
    key::{GroupRef, LevelName, MAX_KEY_BYTES},
    priority::Matrix,
    testing::strategies::matrix,
    text::{Text, Title},
};
use proptest::prelude::*;

fn rank(matrix: &Matrix, impact: u8, urgency: u8) -> Option<u8> {
    let (impact, urgency) = (matrix.impact.level(impact)?, matrix.urgency.level(urgency)?);
    Some(matrix.cell(impact.as_str(), urgency.as_str())?.priority.rank())
}

/// Strings of all kinds: with control characters, with white space at the ends, long, empty.
fn strings() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "\\s{0,2}.{0,30}\\s{0,2}", "[a-z ü\u{0}\n]{0,210}", "\\PC{190,210}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_a_valid_matrix_raising_impact_or_urgency_never_lowers_the_priority(matrix in matrix()) {
        prop_assert_eq!(matrix.validate(), Ok(()));
        for impact in 1..=7 {
            for urgency in 1..=7 {
                let Some(here) = rank(&matrix, impact, urgency) else { continue };
                let lower = [rank(&matrix, impact + 1, urgency), rank(&matrix, impact, urgency + 1)];
                prop_assert!(lower.into_iter().flatten().all(|lower| lower >= here), "{:?}", matrix);
            }
        }
    }

    #[test]
    fn a_matrix_out_of_order_is_refused_unless_that_is_waived(
        matrix in matrix(), row in any::<prop::sample::Index>(), column in any::<prop::sample::Index>(), to in 0..9_usize,
    ) {
        let mut matrix = matrix;
        let (row, column) = (row.index(matrix.impact.levels.len()), column.index(matrix.urgency.levels.len()));
        matrix.cells[row][column] = matrix.priority.levels[to % matrix.priority.levels.len()].clone();
        // Every pair is compared here, and not the neighbours only.
        let grid: Vec<_> = (1..=7_u8)
            .flat_map(|impact| (1..=7_u8).map(move |urgency| (impact, urgency)))
            .filter_map(|(impact, urgency)| Some((impact, urgency, rank(&matrix, impact, urgency)?)))
            .collect();
        let in_order = grid.iter().all(|(i, u, here)| {
            grid.iter().all(|(lower_i, lower_u, lower)| lower_i < i || lower_u < u || lower >= here)
        });
        prop_assert_eq!(matrix.validate().is_ok(), in_order, "{:?}", matrix);
        matrix.allow_non_monotone = true;
        prop_assert_eq!(matrix.validate(), Ok(()));
    }

    #[test]
    fn a_hole_in_a_matrix_is_named(matrix in matrix(), row in any::<prop::sample::Index>(), unknown in any::<bool>()) {
        let mut matrix = matrix;
        let row = row.index(matrix.impact.levels.len());
        let column = matrix.urgency.levels.len() - 1;
        let code = if unknown {
            matrix.cells[row][column] = LevelName::new("unheard of").unwrap();
            "level.unknown"
        } else {
            matrix.cells[row].pop();
            "matrix.hole"
        };
        let faults = matrix.validate().unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.path(), fault.code())).collect();
        let path = format!("cells[{row}][{column}]");
        prop_assert_eq!(found, [(path.as_str(), code)]);
    }

    #[test]
    fn a_patch_reads_back_and_left_out_is_not_cleared(
        title in patch(), site in patch(), people in patch_of(any::<u32>()), confidential in patch_of(any::<bool>()),
    ) {
        let kept = [title.is_keep(), site.is_keep(), people.is_keep(), confidential.is_keep()];
        let edit = Edit { title, site, people_affected: people, confidential, ..Edit::default() };
        let json = serde_json::to_value(&edit).unwrap();
        let members = json.as_object().unwrap();
        let written = ["title", "site", "people_affected", "confidential"].map(|name| !members.contains_key(name));
        prop_assert_eq!(kept, written);
        prop_assert_eq!(serde_json::from_value::<Edit>(json).unwrap(), edit.clone());
        let command = IncidentCommand::Edit(Box::new(edit));
        let json = serde_json::to_string(&command).unwrap();
        prop_assert_eq!(serde_json::from_str::<IncidentCommand>(&json).unwrap(), command);
    }

    #[test]
    fn a_string_is_no_key_or_reads_back(text in strings()) {
        let may = !text.is_empty()
            && text.len() <= MAX_KEY_BYTES
            && text.trim() == text
            && !text.chars().any(char::is_control);
        match GroupRef::new(&text) {
            Ok(key) => {
                prop_assert!(may, "{:?}", text);
                prop_assert_eq!(key.as_str(), &text);
                let json = serde_json::to_string(&key).unwrap();
                prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
                prop_assert_eq!(serde_json::from_str::<GroupRef>(&json).unwrap(), key);
            }
            Err(error) => {
                prop_assert!(!may, "{:?}: {}", text, error);
                prop_assert!(serde_json::from_value::<GroupRef>(text.into()).is_err());
            }
        }
    }

    #[test]
    fn a_string_is_no_title_or_reads_back(text in strings(), max in 1..=220_usize, salt in any::<[u8; 16]>()) {
        let trimmed = text.trim();
        let unseen = |c: char| c.is_whitespace() || "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{feff}\u{ad}".contains(c);
        let breaking = |c: char| {
            c.is_control() || "\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
        };
        let fits = !trimmed.chars().all(unseen) && trimmed.chars().count() <= max;
        let title = Title::new(&text, max, salt);
        prop_assert_eq!(title.is_ok(), fits && !trimmed.chars().any(breaking));
        if let Ok(title) = title {
            prop_assert_eq!(title.as_str(), Some(trimmed));
            let back: Title = serde_json::from_str(&serde_json::to_string(&title).unwrap()).unwrap();
            prop_assert_eq!(back.digest(), title.digest());
            prop_assert_eq!(back, title);
        }
        let note = Text::new(&text, max, salt);
        prop_assert_eq!(note.is_ok(), fits && !trimmed.contains('\0'));
        if let Ok(note) = note {
            let erased = note.erased();
            prop_assert_eq!(erased.digest(), note.digest());
            for text in [note, erased] {
                let back: Text = serde_json::from_str(&serde_json::to_string(&text).unwrap()).unwrap();
                prop_assert_eq!(back, text);
            }
        }
    }

    #[test]
    fn a_number_is_printed_and_parsed_again(prefix in "[A-Za-z0-9_-]{0,18}", width in 0..=30_u8, value in any::<u64>()) {
        let may = prefix.len() <= Number::MAX_PREFIX && !prefix.ends_with(|c: char| c.is_ascii_digit());
        let number = Number::new(&prefix, width, value);
        prop_assert_eq!(number.is_ok(), may);
        if let Ok(number) = number {
            let text = number.to_string();
            prop_assert_eq!(&text.parse::<Number>().unwrap(), &number);
            prop_assert_eq!(text.strip_prefix(&prefix).unwrap().parse::<u64>().unwrap(), value);
            prop_assert!(text.len() >= prefix.len() + usize::from(width).min(Number::MAX_DIGITS));
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), number);
        }
    }

    #[test]
    fn a_string_is_no_number_or_prints_as_it_was(text in prop_oneof![any::<String>(), "[A-Z-]{0,17}[0-9]{0,22}"]) {
        if let Ok(number) = text.parse::<Number>() {
            prop_assert_eq!(number.as_str(), text);
        } else {
            prop_assert!(serde_json::from_value::<Number>(text.into()).is_err());
        }
    }
}

fn patch() -> impl Strategy<Value = Patch<String>> {
    patch_of(any::<String>())
}

fn patch_of<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Patch<T>> {
    prop_oneof![Just(Patch::Keep), Just(Patch::Clear), value.prop_map(Patch::Set)].boxed()
}
