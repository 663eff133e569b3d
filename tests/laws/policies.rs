//! The policies under which sequences run: rich ones, so that every rule has something to say.

use andon::{Policy, PolicyDraft};
use serde_json::{Value, json};

/// The policies by index; the last is the one by which roles are judged.
pub const COUNT: usize = 5;

/// The index of the policy in which roles have to be granted what they do.
pub const BY_ROLES: usize = 4;

/// The most characters of a text under these policies.
pub const TEXT_CHARS: usize = 200;
/// The most characters of a title under these policies.
pub const TITLE_CHARS: usize = 60;

pub fn all() -> Vec<Policy> {
    let confirmation = json!({ "caller": true, "monitoring": true, "quiet_seconds": 432_000 });
    let month = json!({ "window_seconds": 2_592_000 });
    let twice = json!({ "max_times": 2 });
    vec![
        policy(&confirmation, "restart_quiet_time", &month, Some(518_400)),
        urgent(&policy(&confirmation, "reopen", &twice, None)),
        policy(&json!({}), "flag", &json!({}), Some(14_400)),
        urgent(&policy(&json!({ "caller": true }), "flag", &month, Some(3_600))),
        by_roles(&policy(&confirmation, "reopen", &month, Some(432_000))),
    ]
}

fn by_roles(policy: &Policy) -> Policy {
    let permissions = PolicyDraft::itil().permissions;
    PolicyDraft { permissions, ..policy.to_draft() }.validate().unwrap()
}

/// The same policy with a matrix that gives other priorities.
fn urgent(policy: &Policy) -> Policy {
    let mut draft = policy.to_draft();
    let mut matrix = serde_json::to_value(&draft.matrix).unwrap();
    matrix["cells"] = json!([["P1", "P1", "P2"], ["P1", "P2", "P3"], ["P2", "P3", "P4"]]);
    draft.matrix = serde_json::from_value(matrix).unwrap();
    draft.validate().unwrap()
}

/// Clocks of every kind: by priority, with pauses, by hand-overs, for vendors, and a cadence of updates.
fn agreements() -> Value {
    let urgent = json!({ "P1": { "business_seconds": 7_200 }, "P2": { "business_seconds": 28_800 } });
    let all = json!({
        "P1": { "business_seconds": 14_400 }, "P2": { "business_seconds": 57_600 },
        "P3": { "business_days": 1 }, "P4": { "end_of_business_day": 2 } });
    let resolve = |targets: &Value, on_change: &str, on_reopening: &str| {
        json!({ "metric": "resolve", "target": { "by_priority": targets }, "end": { "milestones": ["resolved"] },
            "paused_by": ["awaiting_caller", "parts"], "on_change": on_change, "on_reopening": on_reopening,
            "warnings": [{ "percent": 50 }, { "seconds_left": 600 }] })
    };
    let half_an_hour = json!({ "all": { "elapsed_seconds": 1_800 } });
    let respond = json!({ "metric": "respond", "target": half_an_hour, "end": { "milestones": ["responded"] } });
    json!([
        { "key": "urgent", "calendar": "office", "when": { "priorities": ["P1", "P2"] },
          "metrics": [respond, resolve(&urgent, "keep_spent", "count_as_pause")] },
        { "key": "network", "calendar": "office", "when": { "categories": ["network"] },
          "metrics": [respond, resolve(&all, "restart", "restart")] },
        { "key": "standard", "calendar": "office", "metrics": [resolve(&all, "keep_start", "resume"),
            { "metric": "update", "target": half_an_hour, "end": "update", "warnings": [{ "percent": 90 }] },
            { "metric": "restore", "target": half_an_hour, "start": { "milestone": "acknowledged" },
              "end": { "milestones": ["restored", "mitigated"] } },
            { "metric": "close", "target": { "all": { "elapsed_seconds": 604_800 } },
              "end": { "milestones": ["closed"] } },
            { "metric": "notify", "target": half_an_hour, "start": { "milestone": "aware" },
              "end": { "milestones": ["authority_told", "closed"] }, "paused_by": ["parts"],
              "when_missed": [{ "field": "fields.ticket", "by": "closure" },
                { "field": "fields.cause", "by": "resolution", "severity": "advice" }] }] },
        { "key": "own", "kind": "ola", "metrics": [
            { "metric": "own", "target": half_an_hour, "end": { "milestones": ["started"] },
              "runs": { "with_group": "Network" } }] },
        { "key": "maker", "kind": "contract", "metrics": [
            { "metric": "deliver", "target": { "all": { "elapsed_seconds": 86_400 } },
              "end": { "milestones": ["resolved"] }, "runs": { "on_hold_for": ["awaiting_vendor"] } }] },
    ])
}

fn policy(confirmation: &Value, on_caller_reply: &str, reopening: &Value, closes: Option<u64>) -> Policy {
    let draft: PolicyDraft = serde_json::from_value(json!({
        "name": "rich",
        "criticality": { "levels": ["gold", "silver", "bronze"], "high": "first" },
        "modifiers": [
            { "id": "gold", "when": { "criticality": "gold" }, "effect": { "raise": 1 } },
            { "id": "crowd", "when": { "people_affected": 100 }, "effect": { "at_least": "P2" } },
            { "id": "vip", "when": "vip", "effect": { "raise": 1 } },
        ],
        "categories": [
            { "key": "it", "labels": ["it"] },
            { "key": "network", "parent": "it", "impact": "high", "group": "Network", "labels": ["net"],
              "required": [{ "field": "fields.cause", "by": "closure" }] },
            { "key": "hardware", "parent": "it", "urgency": "low", "required": [{ "field": "site", "by": "report" }] },
            { "key": "software", "required": [
                { "field": "description", "by": "resolution" },
                { "field": "fields.cause", "by": "closure", "severity": "advice" }] },
            { "key": "legacy", "retired": true },
        ],
        "fields": [
            { "key": "cause", "kind": { "text": { "max_chars": 40 } } },
            { "key": "cost", "kind": { "number": { "min": "0", "max": "1000" } } },
            { "key": "colour", "kind": { "choice": { "options": ["red", "blue"] } } },
            { "key": "day", "kind": "date" },
            { "key": "ticket", "kind": "reference" },
            { "key": "former", "kind": "date", "retired": true },
        ],
        "hold_reasons": [
            { "reason": "awaiting_caller", "wakes_on": ["caller_reply"] },
            { "reason": "awaiting_vendor" },
            { "reason": "awaiting_date", "until": "required" },
            { "reason": "parts", "needs_note": true },
            { "reason": "former", "retired": true },
        ],
        "milestones": [
            { "milestone": "aware" }, { "milestone": "authority_told" }, { "milestone": "former", "retired": true },
        ],
        "stage_labels": [
            { "key": "a", "stage": "new" }, { "key": "b", "stage": "new" },
            { "key": "a", "stage": "assigned" }, { "key": "b", "stage": "assigned" },
            { "key": "a", "stage": "in_progress" }, { "key": "b", "stage": "in_progress" },
            { "key": "a", "stage": "on_hold" }, { "key": "b", "stage": "on_hold" },
            { "key": "a", "stage": "resolved" }, { "key": "b", "stage": "resolved" },
            { "key": "former", "stage": "new", "retired": true },
        ],
        "resolution_codes": [
            { "code": "fixed" }, { "code": "workaround" }, { "code": "other", "needs_text": true },
            { "code": "former", "retired": true },
        ],
        "calendars": {
            "office": { "name": "Office", "zone": "+02:00", "weekly": {
                "mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]],
                "wed": [["09:00", "17:00"]], "thu": [["22:00", "06:00"]], "fri": [["09:00", "24:00"]] } },
        },
        "agreements": agreements(),
        "closure": {
            "confirmation": confirmation,
            "required": [{ "field": "resolution.text", "by": "closure", "severity": "advice" }],
            "on_caller_reply": on_caller_reply,
            "automatic_after_seconds": closes,
        },
        "reopening": reopening,
        "intake": {
            "service_requests": [{ "id": "laptop", "title_contains": ["new laptop"] }],
            "channels": ["phone", "mail"],
        },
        "numbering": { "incident": { "prefix": "INC-", "width": 3 } },
        "permissions": { "everything": true },
        "caps": {
            "title_chars": TITLE_CHARS, "text_chars": TEXT_CHARS, "labels": 6, "watchers": 4, "attachments": 3,
            "attachment_bytes": 1000, "references": 2, "services": 3, "items": 3,
        },
    }))
    .unwrap();
    draft.validate().unwrap()
}
