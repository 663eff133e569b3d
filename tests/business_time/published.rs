//! Cases from the test suites of other systems, where they are to be had.

use std::path::PathBuf;

use crate::case::run;

#[test]
#[expect(clippy::disallowed_methods, reason = "the cases lie outside the project")]
fn the_published_cases_hold() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    let folder = std::env::var_os("ANDON_CASES_DIR").map_or_else(beside, PathBuf::from);
    let file = folder.join("business-time.json");
    if !file.is_file() {
        println!("skipped: no cases at {} (ANDON_CASES_DIR names another folder)", file.display());
        return;
    }
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(cases.len() >= 217, "{} cases", cases.len());
    let differences: Vec<String> = cases
        .into_iter()
        .enumerate()
        .filter_map(|(index, case)| run(index, case).err())
        .map(|case| format!("{}: expected {}, got {}", case.id, case.expected, case.got))
        .collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn what_is_no_case_is_said() {
    let calendar = r#"{"zone": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}}"#;
    for (case, says) in [
        (r#"{"id": "a", "op": "due"}"#.to_owned(), "a: is no case"),
        (format!(r#"{{"calendar": {calendar}, "op": "sum", "start": "2026-03-02T09:00:00Z"}}"#), "[7]: is no case"),
        (
            r#"{"id": "b", "calendar": {"zone": "Mars/Olympus", "weekly": {}}, "op": "is_open", "start": "2026-03-02T09:00:00Z"}"#.to_owned(),
            "b: zone is not known",
        ),
        (
            format!(r#"{{"id": "c", "calendar": {calendar}, "op": "is_open", "start": "9999-03-02T09:00:00Z", "expected": true}}"#),
            "c: 9999-03-02T09:00:00Z lies outside the years 1970 to 2099",
        ),
    ] {
        let Err(difference) = run(7, serde_json::from_str(&case).unwrap()) else { panic!("{case} passed") };
        let told = format!("{}: {}", difference.id, difference.got);
        assert!(told.starts_with(says), "{told}");
    }
}
