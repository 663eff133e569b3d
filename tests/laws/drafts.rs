//! Random policies: what is valid reads back from JSON and TOML as it was, with the same digest.

use andon::{
    Policy, PolicyDraft,
    category::Category,
    field::{FieldDefinition, FieldKind, FieldName, RequiredBy, Requirement, Severity},
    incident::{HoldReason, ReplyRule, Stage, WakeOn},
    key::{CategoryKey, ChoiceKey, FieldKey, GroupRef, HoldReasonKey, Label, ResolutionCode, RuleId, StageLabel},
    permission::{Permission, PermissionScope, Permissions},
    policy::{
        Caps, ConfirmationRule, HoldRule, LabelRule, NumberFormat, ReopeningPolicy, ResolutionRule, ServiceRequestRule,
        Timeliness, UntilRule,
    },
    priority::{Effect, Modifier, Scale, Trigger},
    time::Seconds,
};
use proptest::{collection::vec, option, prelude::*, sample::subsequence};

use crate::values::{matrix, scale};

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", "[a-z.\\[\\]\"'#= äß\\\\🔥-]{1,12}"].prop_filter_map("a key", |text| {
        let text = text.trim().to_owned();
        (!text.is_empty()).then_some(text)
    })
}

fn keys(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set(key(), count).prop_map(|keys| keys.into_iter().collect())
}

fn seconds() -> impl Strategy<Value = Option<Seconds>> {
    option::of((0..=Seconds::MAX).prop_map(|seconds| Seconds::new(seconds).unwrap()))
}

fn decimal() -> impl Strategy<Value = rust_decimal::Decimal> {
    (any::<i64>(), 0..=20_u32).prop_map(|(number, scale)| rust_decimal::Decimal::new(number, scale))
}

fn kind() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        prop_oneof![31 => 1..=1_000_000_usize, 1 => Just(usize::MAX)]
            .prop_map(|max_chars| FieldKind::Text { max_chars }),
        (option::of(decimal()), option::of(decimal())).prop_map(|(one, other)| {
            let swap = matches!((one, other), (Some(one), Some(other)) if one > other);
            let (min, max) = if swap { (other, one) } else { (one, other) };
            FieldKind::Number { min, max }
        }),
        keys(1..4).prop_map(|options| {
            FieldKind::Choice { options: options.into_iter().map(|key| ChoiceKey::new(key).unwrap()).collect() }
        }),
        Just(FieldKind::Date),
        Just(FieldKind::Reference),
    ]
}

fn fields() -> impl Strategy<Value = Vec<FieldDefinition>> {
    keys(0..4).prop_flat_map(|keys| {
        vec((kind(), any::<bool>()), keys.len()).prop_map(move |kinds| {
            let define = |(key, (kind, retired)): (&String, _)| FieldDefinition {
                key: FieldKey::new(key).unwrap(),
                kind,
                retired,
            };
            keys.iter().zip(kinds).map(define).collect()
        })
    })
}

fn requirement(fields: &[FieldDefinition]) -> impl Strategy<Value = Requirement> + use<> {
    let custom = fields.iter().map(|field| FieldName::Custom(field.key.clone()));
    let names: Vec<_> =
        [FieldName::Description, FieldName::ResolutionText, FieldName::Site].into_iter().chain(custom).collect();
    let by = prop_oneof![Just(RequiredBy::Report), Just(RequiredBy::Resolution), Just(RequiredBy::Closure)];
    let severity = prop_oneof![Just(Severity::Blocking), Just(Severity::Advice)];
    (prop::sample::select(names), by, severity).prop_map(|(field, by, severity)| Requirement { field, by, severity })
}

/// Each node may hang beneath an earlier one, so that there are no circles.
fn categories(impact: Scale, fields: Vec<FieldDefinition>) -> impl Strategy<Value = Vec<Category>> {
    keys(0..6).prop_flat_map(move |keys| {
        let node = (
            any::<prop::sample::Index>(),
            option::of(prop::sample::select(impact.levels.clone())),
            option::of(key()),
            keys_of_labels(),
            vec(requirement(&fields), 0..3),
            any::<bool>(),
        );
        vec(node, keys.len()).prop_map(move |nodes| {
            let key = |at: usize| CategoryKey::new(&keys[at]).unwrap();
            let mut tree: Vec<_> = nodes
                .into_iter()
                .enumerate()
                .map(|(at, (parent, impact, group, labels, required, retired))| Category {
                    parent: Some(parent.index(at + 1)).filter(|above| *above < at).map(key),
                    impact,
                    group: group.map(|group| GroupRef::new(group).unwrap()),
                    labels,
                    required,
                    retired,
                    ..Category::new(key(at))
                })
                .collect();
            tree.reverse();
            tree
        })
    })
}

fn keys_of_labels() -> impl Strategy<Value = Vec<Label>> {
    keys(0..3).prop_map(|keys| keys.into_iter().map(|key| Label::new(key).unwrap()).collect())
}

fn modifiers(priority: Scale, criticality: Scale) -> impl Strategy<Value = Vec<Modifier>> {
    let when = prop_oneof![
        prop::sample::select(criticality.levels).prop_map(Trigger::Criticality),
        any::<u32>().prop_map(Trigger::PeopleAffected),
        Just(Trigger::Vip),
    ];
    let effect = prop_oneof![
        (1..=u8::MAX).prop_map(Effect::Raise),
        prop::sample::select(priority.levels).prop_map(Effect::AtLeast),
    ];
    vec((when, effect), 0..4).prop_map(|rules| {
        let named = |(at, (when, effect))| Modifier { id: RuleId::new(format!("r{at}")).unwrap(), when, effect };
        rules.into_iter().enumerate().map(named).collect()
    })
}

fn holds() -> impl Strategy<Value = Vec<HoldRule>> {
    let reasons = prop::collection::btree_set(prop_oneof![key(), Just("awaiting_caller".to_owned())], 0..4);
    reasons.prop_flat_map(|reasons| {
        let wakes = subsequence(vec![WakeOn::CallerReply, WakeOn::ProblemResolved, WakeOn::ChangeDone], 0..=3);
        let until = prop_oneof![Just(UntilRule::Optional), Just(UntilRule::Required)];
        let rule = (until, any::<bool>(), wakes, any::<bool>(), option::of(".{0,9}"));
        vec(rule, reasons.len()).prop_map(move |rules| {
            let rule = |(reason, (until, needs_note, wakes_on, retired, label)): (&String, _)| HoldRule {
                reason: HoldReason::try_from(std::sync::Arc::from(reason.as_str())).unwrap(),
                label,
                until,
                needs_note,
                wakes_on,
                retired,
            };
            reasons.iter().zip(rules).map(rule).collect()
        })
    })
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let all: Vec<_> = Permission::all().collect();
    let scope = prop::sample::select(PermissionScope::EVERY.to_vec());
    let grants = vec((key(), scope, subsequence(all, 0..6)), 0..4).prop_map(|grants| {
        grants.into_iter().fold(Permissions::none(), |permissions, (role, scope, granted)| {
            permissions.grant(andon::key::RoleName::new(role).unwrap(), scope, granted)
        })
    });
    prop_oneof![1 => Just(Permissions::everything()), 4 => grants]
}

prop_compose! {
    /// What hangs together: the matrix, and what names its levels and the fields.
    fn connected()(
        matrix in matrix(), criticality in scale(5), fields in fields(),
    )(
        modifiers in modifiers(matrix.priority.clone(), criticality.clone()),
        categories in categories(matrix.impact.clone(), fields.clone()),
        required in vec(requirement(&fields), 0..3),
        impact in prop::sample::select(matrix.impact.levels.clone()),
        urgency in prop::sample::select(matrix.urgency.levels.clone()),
        matrix in Just(matrix), criticality in Just(criticality), fields in Just(fields),
    ) -> PolicyDraft {
        let mut draft = PolicyDraft {
            matrix, criticality, fields, modifiers, categories, default_impact: impact, default_urgency: urgency,
            ..PolicyDraft::itil()
        };
        draft.closure.required = required;
        draft
    }
}

prop_compose! {
    fn draft()(
        draft in connected(),
        name in ".{0,20}",
        holds in holds(),
        permissions in permissions(),
        codes in keys(1..4),
        labels in keys(0..4),
        confirmation in (any::<bool>(), any::<bool>(), seconds()),
        reply in prop_oneof![Just(ReplyRule::RestartQuietTime), Just(ReplyRule::Flag), Just(ReplyRule::Reopen)],
        reopening in (seconds(), option::of(1..=u32::MAX)),
        phrases in vec("[a-z]{1,5}", 0..3),
        width in 1..=20_u8,
        bytes in prop_oneof![15 => 0..=i64::MAX.unsigned_abs(), 1 => any::<u64>()],
        skew in seconds(),
        back in seconds(),
    ) -> PolicyDraft {
        let mut draft = PolicyDraft { name, hold_reasons: holds, permissions, ..draft };
        draft.resolution_codes =
            codes.iter().map(|code| ResolutionRule::new(ResolutionCode::new(code).unwrap())).collect();
        let label = |key| LabelRule { key: StageLabel::new(key).unwrap(), stage: Stage::OnHold, label: None, retired: false };
        draft.stage_labels = labels.iter().map(label).collect();
        let (caller, monitoring, quiet_seconds) = confirmation;
        draft.closure.confirmation = ConfirmationRule { caller, monitoring, quiet_seconds };
        draft.closure.on_caller_reply = reply;
        draft.reopening = ReopeningPolicy { window_seconds: reopening.0, max_times: reopening.1 };
        let id = RuleId::new("request").unwrap();
        let (none, title_contains) = (Vec::new(), phrases);
        let rule = ServiceRequestRule { id, categories: none, offerings: Vec::new(), channels: Vec::new(), title_contains };
        draft.intake.service_requests = Some(rule).filter(|rule| !rule.title_contains.is_empty()).into_iter().collect();
        draft.numbering.incident = NumberFormat { prefix: "T-".to_owned(), width };
        draft.caps = Caps { attachment_bytes: bytes, ..Caps::default() };
        draft.timeliness = Timeliness { allowed_skew_seconds: skew.unwrap_or(Seconds::ZERO), max_backdate_seconds: back };
        draft
    }
}

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
