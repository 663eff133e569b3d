//! Random policies: what is valid reads back from JSON and TOML as it was, with the same digest.

use andon::{
    Policy, PolicyDraft, incident::HoldReason, key::HoldReasonKey, policy::HoldRule, testing::strategies::draft,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_policy_reads_back_from_json_and_toml_with_the_same_digest(draft in draft()) {
        let policy = match draft.clone().validate() {
            Ok(policy) => policy,
            // What no file could hold or no report could fulfil is refused, and nothing else of a draft that was made to be valid.
            Err(faults) => {
                let known = ["cap.too_high", "requirement.impossible"];
                prop_assert!(faults.iter().all(|fault| known.contains(&fault.code())), "{faults}");
                return Ok(());
            }
        };
        prop_assert_eq!(policy.to_draft(), draft);
        let json = serde_json::to_string(&policy).unwrap();
        let back: Policy = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&back, &policy);
        prop_assert_eq!(back.digest(), policy.digest());
        let text = toml::to_string(&policy).unwrap();
        let back: Policy = toml::from_str(&text).unwrap();
        prop_assert_eq!(&back, &policy, "{}", text);
        prop_assert_eq!(back.digest(), policy.digest());
    }
}

#[test]
fn a_hold_reason_spelt_like_one_of_the_librarys_is_given_twice() {
    let mut draft = PolicyDraft::itil();
    let namesake = HoldReason::Other(HoldReasonKey::new("awaiting_caller").unwrap());
    draft.hold_reasons.push(HoldRule::new(namesake));
    let faults = draft.validate().unwrap_err();
    assert_eq!(faults.iter().map(andon::fault::Fault::code).collect::<Vec<_>>(), ["name.repeated"]);
}

#[test]
fn a_policy_that_limits_no_backdating_goes_on_limiting_none() {
    let mut draft = PolicyDraft::itil();
    draft.timeliness.max_backdate_seconds = None;
    let back: PolicyDraft = serde_json::from_str(&serde_json::to_string(&draft).unwrap()).unwrap();
    assert_eq!(back.timeliness, draft.timeliness);
}
