//! A policy that is valid reads back from JSON and from TOML with the same digest.

#![no_main]

use andon::{Policy, PolicyDraft};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let json = serde_json::from_slice::<PolicyDraft>(bytes).ok();
    let toml = || std::str::from_utf8(bytes).ok().and_then(|text| toml::from_str::<PolicyDraft>(text).ok());
    let Some(draft) = json.or_else(toml) else { return };
    let Ok(policy) = draft.validate() else { return };
    let json = serde_json::to_string(&policy).expect("every policy has a JSON form");
    let back: Policy = serde_json::from_str(&json).expect("what was written as JSON can be read");
    assert_eq!(back.digest(), policy.digest(), "{json}");
    assert_eq!(back, policy);
    let toml = toml::to_string(&policy).expect("every policy has a TOML form");
    let back: Policy = toml::from_str(&toml).expect("what was written as TOML can be read");
    assert_eq!(back.digest(), policy.digest(), "{toml}");
    assert_eq!(back, policy);
});
