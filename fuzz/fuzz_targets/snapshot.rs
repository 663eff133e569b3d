//! A snapshot that can be read reads back equal from what is written of it.

#![no_main]

use andon::{Incident, Problem};
use libfuzzer_sys::fuzz_target;

macro_rules! reads_back {
    ($kind:ident, $bytes:expr) => {
        if let Ok(record) = $kind::from_json($bytes) {
            let json = serde_json::to_vec(&record).expect("every record has a JSON form");
            let back = $kind::from_json(&json).expect("what was written can be read");
            assert_eq!(back, record);
            assert_eq!(serde_json::to_vec(&back).expect("every record has a JSON form"), json);
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    reads_back!(Incident, bytes);
    reads_back!(Problem, bytes);
});
