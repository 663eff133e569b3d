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
        policy(&confirmation, "reopen", &twice, None),
        policy(&json!({}), "flag", &json!({}), Some(14_400)),
        policy(&json!({ "caller": true }), "flag", &month, Some(3_600)),
        by_roles(&policy(&confirmation, "reopen", &month, Some(432_000))),
    ]
}

fn by_roles(policy: &Policy) -> Policy {
    let permissions = PolicyDraft::itil().permissions;
    PolicyDraft { permissions, ..policy.to_draft() }.validate().unwrap()
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
