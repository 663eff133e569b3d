//! A snapshot that can be read reads back equal from what is written of it.

#![no_main]

use andon::Incident;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(incident) = Incident::from_json(bytes) else { return };
    let json = serde_json::to_vec(&incident).expect("every incident has a JSON form");
    let back = Incident::from_json(&json).expect("what was written can be read");
    assert_eq!(back, incident);
    assert_eq!(serde_json::to_vec(&back).expect("every incident has a JSON form"), json);
});
