//! A life in which everything happens that can happen to an incident.

use std::sync::Arc;

use andon::{
    Error, PolicyDraft,
    calendar::{BuiltIn, ZoneName, ZoneRules, ZoneSource},
    command::{
        AcceptMajor, Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand, Override,
        RatedInput, Report, Resolve,
    },
    desk::Outcome,
    digest::Digest,
    field::{FieldName, RequiredBy, Requirement, Severity},
    incident::{Cancellation, ConfirmedBy, ExternalReference, Milestone, Phase},
    policy::MajorCriterion,
    time::Seconds,
};

use serde_json::json;

use super::{House, START, anna, at};

/// The marker that stands in every text of [`eventful`].
pub const SECRET: &str = "hunter2";

/// A policy with something in each of its parts.
pub fn rich(draft: &mut PolicyDraft) {
    *draft = toml::from_str(RICH).unwrap();
}

pub const RICH: &str = r#"
name = "Rich"
stage_labels = [{ key = "triaged", stage = "new", label = "Triaged" }]

[[modifiers]]
id = "critical-service"
when = { criticality = "critical" }
effect = { raise = 1 }

[[modifiers]]
id = "vip"
when = "vip"
effect = { at_least = "P2" }

[[categories]]
key = "it"
urgency = "high"
labels = ["it"]

[[categories]]
key = "network"
parent = "it"
impact = "high"
group = "Network"
required = [{ field = "fields.cost", by = "closure", severity = "advice" }]

[[fields]]
key = "asset_tag"
kind = { text = { max_chars = 40 } }

[[fields]]
key = "cost"
kind = { number = { min = "0", max = "99.50" } }

[[fields]]
key = "floor"
kind = { choice = { options = ["ground", "first"] } }

[[fields]]
key = "bought"
kind = "date"

[[fields]]
key = "contract"
kind = "reference"

[intake]
channels = ["phone", "mail"]
service_requests = [{ id = "new-kit", title_contains = ["new laptop"] }]
"#;

/// A life that closes by itself after seven quiet days, but not before the site is known.
pub fn closing(house: &House) -> Vec<Outcome> {
    let id = house.bob().report("Mail is down").unwrap().id();
    let resolved = house.anna().incident(id).resolve("fixed").unwrap();
    house.time.advance(andon::time::days(8));
    let blocked = house.anna().incident(id).log_time(60).unwrap();
    house.time.advance(andon::time::days(1));
    let closed = house.anna().incident(id).edit(Edit::new().site("HQ")).unwrap();
    vec![resolved, blocked, closed]
}

/// A life that goes on under another policy, and of which the title is erased.
pub fn reissued_and_redacted(house: &House) -> Vec<Outcome> {
    let id = house.bob().report("Mail is down").unwrap().id();
    let resolved = house.anna().incident(id).resolve("fixed").unwrap();
    let title = resolved.incident().facts().title.digest();
    let later = super::policy(|draft| draft.closure.automatic_after_seconds = Some(Seconds::days(14)));
    house.admin().publish_policy(later).unwrap();
    let reissued = house.admin().incident(id).reissue().unwrap();
    let redacted = house.admin().incident(id).redact(vec![title], "it names him").unwrap();
    vec![resolved, reissued, redacted]
}

/// The policy for it.
pub fn has_majors(draft: &mut PolicyDraft) {
    draft.major.criteria = vec![MajorCriterion {
        priority_at_least: Some("P1".parse().unwrap()),
        ..MajorCriterion::new("top_priority".parse().unwrap())
    }];
    draft.major.floor = Some("P2".parse().unwrap());
    draft.major.update_every_seconds = Some(Seconds::hours(1));
    draft.major.review = true;
}

/// A life as a major incident: proposed by a criterion and rejected, accepted all the same, led by two, without word for
/// too long, demoted, accepted again, stood down and reviewed.
pub fn major(house: &House) -> Vec<Outcome> {
    let secret = |text: &str| format!("{text} {SECRET}");
    let (anna, mia) = (house.anna(), house.mia());
    let report = Report::new("Mail is down").impact("high").urgency("high");
    let mut outcomes = vec![anna.report(report).unwrap()];
    let id = outcomes[0].id();
    let (anna, mia) = (anna.incident(id), mia.incident(id));
    let mut then = |wait: u32, outcome: &dyn Fn() -> Result<Outcome, Error>| {
        house.time.advance(andon::time::minutes(wait));
        outcomes.push(outcome().unwrap());
    };
    then(5, &|| mia.reject_major(secret("it is the printer")));
    then(5, &|| anna.propose_major(secret("it is not the printer")));
    then(5, &|| mia.accept_major(AcceptMajor::led_by("mia").reason(secret("the board asks"))));
    then(5, &|| mia.hand_over_major("kim"));
    then(90, &|| anna.start_work());
    then(5, &|| mia.demote_major(secret("it was the printer")));
    then(5, &|| mia.accept_major(AcceptMajor::led_by("kim").floor("P1")));
    then(5, &|| mia.stand_down_major(secret("mail is back")));
    then(5, &|| anna.review_major(secret("the printer was innocent")));
    outcomes
}

pub fn closes_by_itself(draft: &mut PolicyDraft) {
    draft.closure.automatic_after_seconds = Some(Seconds::days(7));
    let (by, severity) = (RequiredBy::Closure, Severity::Blocking);
    draft.closure.required = vec![Requirement { field: FieldName::Site, by, severity }];
}

/// A policy with a calendar and agreements.
pub fn promises(draft: &mut PolicyDraft) {
    draft.calendars = serde_json::from_value(json!({"berlin": {"name": "Berlin", "zone": "Europe/Berlin", "weekly": {
        "mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]],
        "thu": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]}}}))
    .unwrap();
    draft.agreements = serde_json::from_value(json!([
        {"key": "standard", "calendar": "berlin", "metrics": [
            {"metric": "respond", "target": {"all": {"business_seconds": 3_600}}, "end": {"milestones": ["responded"]}},
            {"metric": "resolve", "end": {"milestones": ["resolved"]}, "paused_by": ["awaiting_caller"],
                "warnings": [{"percent": 75}, {"seconds_left": 600}],
                "target": {"by_priority": {"P3": {"business_seconds": 57_600}, "P1": {"business_seconds": 21_600}}}}]},
        {"key": "network", "kind": "ola", "metrics": [
            {"metric": "network", "target": {"all": {"elapsed_seconds": 86_400}}, "end": {"milestones": ["resolved"]},
                "runs": {"with_group": "Network"}}]}
    ]))
    .unwrap();
}

/// A life in which everything happens to clocks that can happen to them, but that they are rescheduled.
pub fn clocked(house: &House) -> Vec<Outcome> {
    let mut outcomes =
        vec![house.anna().report(Report::new("Mail is down").impact("medium").urgency("medium")).unwrap()];
    let id = outcomes[0].id();
    let (anna, other) = (house.anna().incident(id), house.bob().report("The same").unwrap().id());
    let mut then = |outcome: Result<Outcome, Error>| {
        house.time.advance(andon::time::minutes(90));
        outcomes.push(outcome.unwrap());
    };
    then(anna.assign(Assign::to_group("Network")));
    then(anna.hold("awaiting_caller"));
    then(anna.resume());
    then(anna.add_note("We are on it"));
    then(anna.edit(Edit::new().impact("high").urgency("high")));
    then(anna.add_internal_note("It was the relay"));
    then(anna.resolve("fixed"));
    then(anna.reopen("It is back"));
    then(anna.cancel(Cancel::duplicate_of(other)));
    outcomes
}

/// The same incident under zone data that are known better: its clocks are rescheduled.
pub fn rescheduled() -> Vec<Outcome> {
    let mut draft = PolicyDraft::itil();
    promises(&mut draft);
    let house = House::new();
    let before =
        House { desk: house.desk.clone().with_policy(draft.clone().validate_with(&WithoutSummer).unwrap()), ..house };
    let reported = before.anna().report("Mail is down").unwrap();
    let after = House { desk: before.desk.clone().with_policy(draft.validate().unwrap()), ..before };
    let rescheduled = after.admin().incident(reported.id()).reschedule().unwrap();
    vec![reported, rescheduled]
}

/// Zone data in which Berlin has no summer time.
#[derive(Debug)]
struct WithoutSummer;

impl ZoneSource for WithoutSummer {
    fn rules(&self, _: &ZoneName) -> Option<Arc<dyn ZoneRules>> {
        BuiltIn.rules(&ZoneName::new("+01:00").ok()?)
    }

    fn version(&self) -> &'static str {
        "without summer"
    }
}

/// Such a life, and the record after each command.
pub fn eventful(house: &House) -> Vec<Outcome> {
    let secret = |what: &str| format!("{what}, {SECRET}");
    let file = AttachmentInput {
        name: secret("log.txt"),
        media_type: "text/plain".to_owned(),
        size: 12,
        digest: Digest::of(b"log"),
    };
    let (anna, mia) = (house.acting("acme", anna().on_behalf_of("otto").unwrap()), house.mia());
    let start = at(START);
    let other = house.bob().report("The same").unwrap().id();
    let further = house.bob().report("The same again").unwrap().id();
    let report = Report {
        attachments: vec![file.clone()],
        references: vec![ExternalReference { system: "zabbix".parse().unwrap(), key: "4711".parse().unwrap() }],
        ..Report::new(secret("Mail is down"))
            .description(secret("Nothing goes out"))
            .category("network")
            .caller("bob")
            .affected("eve")
            .people_affected(12)
            .organisation("Acme Ltd")
            .site("HQ")
            .channel("phone")
            .service(RatedInput::from("mail").criticality("critical"))
            .offering("mail-gold")
            .item("relay-1")
            .label("mail")
            .watcher("otto")
            .field("asset_tag", secret("A-1"))
            .field("cost", "12.50")
            .field("floor", "first")
            .field("bought", "2024-02-29")
            .field("contract", "C/7")
            .confidential()
            .occurred(start)
            .detected(start)
    };
    let mut outcomes = vec![anna.report(report).unwrap()];
    let id = outcomes[0].id();
    let (anna, mia) = (anna.incident(id), mia.incident(id));
    let mut then = |outcome: Result<Outcome, Error>| {
        house.time.advance(andon::time::minutes(10));
        outcomes.push(outcome.unwrap());
    };
    then(anna.set_label("triaged"));
    then(anna.assign(Assign::to_group("Network")));
    then(anna.unassign());
    then(anna.start_work());
    then(anna.enter_phase(Phase::Contained));
    then(anna.hold(Hold::new("awaiting_caller").until(start + andon::time::days(2)).note(secret("which one"))));
    then(anna.change_hold(Hold::new("awaiting_vendor").note(secret("case 12"))));
    then(anna.cancel(Cancel::duplicate_of(other).reason(secret("same relay"))));
    then(anna.cancel(Cancel::duplicate_of(further).reason(secret("that relay"))));
    then(mia.undo_merge(secret("another relay")));
    then(anna.resume());
    then(anna.edit(Edit::new().title(secret("Mail is slow")).clear_site().field("asset_tag", secret("A-2"))));
    then(anna.add_note(secret("We are on it")));
    then(anna.add_internal_note(secret("He forgot it again")));
    then(mia.override_priority(Override::new("P1", secret("board")).until(start + andon::time::days(9))));
    then(anna.watch("kim"));
    then(anna.unwatch("kim"));
    let change = andon::link::Link::CausedByChange("CHG0042".parse().unwrap());
    then(anna.link_because(change.clone(), secret("it began right after")));
    then(anna.unlink_because(change, secret("it had begun before")));
    then(anna.attach(AttachmentInput { digest: Digest::of(b"other"), ..file.clone() }));
    then(anna.detach(file.digest));
    then(anna.execute(IncidentCommand::LogTime { seconds: 600, note: Some(secret("phone call")) }));
    then(anna.record_milestone(Milestone::Mitigated, start));
    then(anna.resolve(Resolve::new("fixed").text(secret("New certificate"))));
    then(mia.waive("obligation.confirmation", secret("on leave")));
    then(anna.reopen(secret("It is back")));
    then(anna.resolve(Resolve::new("workaround").by_workaround()));
    then(anna.confirm(ConfirmedBy::Monitoring));
    then(anna.close());
    then(mia.correct(Correct {
        instead_of: Some("incident.reopen.illegal".to_owned()),
        ..Correct::new(CorrectTo::OnHold(Hold::new("awaiting_vendor")), secret("closed by mistake"))
    }));
    then(mia.correct(Correct::new(CorrectTo::New, secret("from the beginning"))));
    then(anna.cancel(Cancel::from(Cancellation::Superseded { by: other }).reason(secret("a major one"))));
    outcomes
}
