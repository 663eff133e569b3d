//! Drawing policies.

use std::{fmt::Debug, str::FromStr, sync::Arc};

use proptest::{collection::vec, option, prelude::*, sample::subsequence};

use super::scales::{matrix, scale};
use crate::{
    category::Category,
    field::{FieldDefinition, FieldKind, FieldName, RequiredBy, Requirement, Severity},
    incident::{HoldReason, ReplyRule, Stage, WakeOn},
    key::{
        CategoryKey, CauseCategory, FieldKey, GroupRef, HoldReasonKey, Label, ResolutionCode, RoleName, RuleId,
        StageLabel,
    },
    permission::{Permission, PermissionScope, Permissions},
    policy::{
        Caps, ConfirmationRule, HoldRule, LabelRule, NumberFormat, Policy, PolicyDraft, ProblemPolicy, ReopeningPolicy,
        ResolutionRule, ServiceRequestRule, Timeliness, UntilRule,
    },
    priority::{Effect, Modifier, Scale, Trigger},
    time::Seconds,
};

/// Valid policies of all sizes, in which everybody may do everything one time in five.
pub fn policy() -> impl Strategy<Value = Policy> {
    draft().prop_filter_map("the draft is valid", |draft| draft.validate().ok())
}

/// Keys of any kind: words, and what is hard to write in a file.
pub(super) fn key<K: FromStr + Debug>() -> impl Strategy<Value = K> {
    prop_oneof!["[a-z]{1,8}", "[a-z.\\[\\]\"'#= äß\\\\🔥-]{1,12}"]
        .prop_filter_map("a key", |text| text.trim().parse().ok())
}

fn keys<K: FromStr + Debug + Ord>(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<K>> {
    prop::collection::btree_set(key(), count).prop_map(|keys| keys.into_iter().collect())
}

fn seconds() -> impl Strategy<Value = Option<Seconds>> {
    option::of((0..=Seconds::MAX).prop_map(|seconds| Seconds::new(seconds).unwrap_or(Seconds::ZERO)))
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
        keys(1..4).prop_map(|options| FieldKind::Choice { options }),
        Just(FieldKind::Date),
        Just(FieldKind::Reference),
    ]
}

fn fields() -> impl Strategy<Value = Vec<FieldDefinition>> {
    keys::<FieldKey>(0..4).prop_flat_map(|keys| {
        vec((kind(), any::<bool>()), keys.len()).prop_map(move |kinds| {
            let define = |(key, (kind, retired)): (&FieldKey, _)| FieldDefinition { key: key.clone(), kind, retired };
            keys.iter().zip(kinds).map(define).collect()
        })
    })
}

pub(super) fn requirement(fields: &[FieldDefinition]) -> impl Strategy<Value = Requirement> + use<> {
    let custom = fields.iter().map(|field| FieldName::Custom(field.key.clone()));
    let names: Vec<_> =
        [FieldName::Description, FieldName::ResolutionText, FieldName::Site].into_iter().chain(custom).collect();
    let by = prop_oneof![Just(RequiredBy::Report), Just(RequiredBy::Resolution), Just(RequiredBy::Closure)];
    let severity = prop_oneof![Just(Severity::Blocking), Just(Severity::Advice)];
    (prop::sample::select(names), by, severity).prop_map(|(field, by, severity)| Requirement { field, by, severity })
}

/// Each node may hang beneath an earlier one, so that there are no circles.
fn categories(impact: Scale, fields: Vec<FieldDefinition>) -> impl Strategy<Value = Vec<Category>> {
    keys::<CategoryKey>(0..6).prop_flat_map(move |keys| {
        let node = (
            any::<prop::sample::Index>(),
            option::of(prop::sample::select(impact.levels.clone())),
            option::of(key::<GroupRef>()),
            self::keys::<Label>(0..3),
            vec(requirement(&fields), 0..3),
            any::<bool>(),
        );
        vec(node, keys.len()).prop_map(move |nodes| {
            let mut tree: Vec<_> = nodes
                .into_iter()
                .zip(keys.iter().enumerate())
                .map(|((parent, impact, group, labels, required, retired), (at, key))| Category {
                    parent: keys.get(parent.index(at.saturating_add(1))).filter(|above| *above < key).cloned(),
                    impact,
                    group,
                    labels,
                    required,
                    retired,
                    ..Category::new(key.clone())
                })
                .collect();
            tree.reverse();
            tree
        })
    })
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
    prop::collection::btree_map(key::<RuleId>(), (when, effect), 0..4)
        .prop_map(|rules| rules.into_iter().map(|(id, (when, effect))| Modifier { id, when, effect }).collect())
}

/// What is asked of problems, all of which every problem can have.
fn problems() -> impl Strategy<Value = ProblemPolicy> {
    let fields = vec![
        FieldName::Description,
        FieldName::Person,
        FieldName::RootCause,
        FieldName::KnownError,
        FieldName::Workaround,
    ];
    let by = prop_oneof![Just(RequiredBy::Resolution), Just(RequiredBy::Closure)];
    let severity = prop_oneof![Just(Severity::Blocking), Just(Severity::Advice)];
    let requirement = (prop::sample::select(fields), by, severity).prop_map(|(field, by, severity)| Requirement {
        field,
        by,
        severity,
    });
    (keys::<CauseCategory>(0..3), vec(requirement, 0..3))
        .prop_map(|(cause_categories, required)| ProblemPolicy { cause_categories, required })
}

fn holds() -> impl Strategy<Value = Vec<HoldRule>> {
    let reason = prop_oneof![key::<HoldReasonKey>().prop_map(Arc::from), Just(Arc::from("awaiting_caller"))];
    let reason = reason.prop_filter_map("a reason", |reason| HoldReason::try_from(reason).ok());
    let wakes = subsequence(vec![WakeOn::CallerReply, WakeOn::ProblemResolved, WakeOn::ChangeDone], 0..=3);
    let until = prop_oneof![Just(UntilRule::Optional), Just(UntilRule::Required)];
    let rule = (until, any::<bool>(), wakes, any::<bool>(), option::of(".{0,9}"));
    prop::collection::btree_map(reason, rule, 0..4).prop_map(|rules| {
        let rule = |(reason, (until, needs_note, wakes_on, retired, label))| HoldRule {
            reason,
            label,
            until,
            needs_note,
            wakes_on,
            retired,
        };
        rules.into_iter().map(rule).collect()
    })
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let all: Vec<_> = Permission::all().collect();
    let scope = prop::sample::select(PermissionScope::EVERY.to_vec());
    let grants = vec((key::<RoleName>(), scope, subsequence(all, 0..6)), 0..4).prop_map(|grants| {
        let grant = |permissions: Permissions, (role, scope, granted)| permissions.grant(role, scope, granted);
        grants.into_iter().fold(Permissions::none(), grant)
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

/// Drafts that are valid, but for what no file could hold (a cap that is too high) and what no report could fulfil (a
/// requirement that is impossible), each one time in some dozens.
pub fn draft() -> impl Strategy<Value = PolicyDraft> {
    without_promises().prop_flat_map(super::agreements::promised)
}

prop_compose! {
    /// Drafts without calendars and agreements.
    fn without_promises()(
        draft in connected(),
        name in "\\P{Cc}{0,20}",
        holds in holds(),
        permissions in permissions(),
        codes in keys::<ResolutionCode>(1..4),
        problems in problems(),
        labels in keys::<StageLabel>(0..4),
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
        draft.resolution_codes = codes.into_iter().map(ResolutionRule::new).collect();
        let label = |key| LabelRule { key, stage: Stage::OnHold, label: None, retired: false };
        draft.problems = problems;
        draft.stage_labels = labels.into_iter().map(label).collect();
        let (caller, monitoring, quiet_seconds) = confirmation;
        draft.closure.confirmation = ConfirmationRule { caller, monitoring, quiet_seconds };
        draft.closure.on_caller_reply = reply;
        draft.reopening = ReopeningPolicy { window_seconds: reopening.0, max_times: reopening.1 };
        let (id, none, title_contains) = (RuleId::known("request"), Vec::new(), phrases);
        let rule = ServiceRequestRule { id, categories: none, offerings: Vec::new(), channels: Vec::new(), title_contains };
        draft.intake.service_requests = Some(rule).filter(|rule| !rule.title_contains.is_empty()).into_iter().collect();
        draft.numbering.incident = NumberFormat { prefix: "T-".to_owned(), width };
        draft.caps = Caps { attachment_bytes: bytes, ..Caps::default() };
        draft.timeliness = Timeliness { allowed_skew_seconds: skew.unwrap_or(Seconds::ZERO), max_backdate_seconds: back };
        draft
    }
}
