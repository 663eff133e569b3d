//! Incidents with the stage in the type, and what their moves are made of.

use std::{collections::BTreeMap, sync::Arc};

use andon::{
    Id, Incident, Number,
    actor::ActorId,
    incident::{
        Assigned, Assignment, Audience, Cancellation, Cancelled, CancelledAs, Closed, ClosureBasis, CorrectedStage,
        Correction, Facts, Hold, HoldReason, InProgress, New, Note, NoteFrom, OnHold, Remedy, Reopening, Reported,
        Resolution, Resolved,
    },
    key::{AutomationRef, GroupRef, LevelName, PersonRef, ResolutionCode},
    lifecycle::{In, Stamp},
    priority::{Assessment, HighEnd, Matrix, Scale, Weights},
    text::{Text, Title},
    time::{Instant, minutes},
};

pub const SALT: [u8; 16] = [7; 16];

/// The instant so many minutes after the report.
pub fn minute(n: u32) -> Instant {
    "2026-06-08T07:00:00Z".parse::<Instant>().unwrap() + minutes(n)
}

pub fn person(name: &str) -> ActorId {
    ActorId::Person(PersonRef::new(name).unwrap())
}

pub fn automation() -> ActorId {
    ActorId::Automation(AutomationRef::new("router").unwrap())
}

pub fn text(text: &str) -> Text {
    Text::new(text, 1_000, SALT).unwrap()
}

pub fn level(name: &str) -> LevelName {
    LevelName::new(name).unwrap()
}

pub fn to(group: Option<&str>, person: Option<&str>) -> Assignment {
    Assignment {
        group: group.map(|key| GroupRef::new(key).unwrap()),
        person: person.map(|key| PersonRef::new(key).unwrap()),
    }
}

pub fn vendor() -> Hold {
    Hold { reason: HoldReason::AwaitingVendor, until: None, wakes_on: Vec::new(), note: None }
}

pub fn caller() -> Hold {
    Hold { reason: HoldReason::AwaitingCaller, ..vendor() }
}

pub fn fixed() -> Resolution {
    Resolution {
        code: ResolutionCode::new("fixed").unwrap(),
        remedy: Remedy::Fix,
        text: None,
        along_with: None,
        closes: None,
    }
}

pub fn note(audience: Audience, from: NoteFrom) -> Note {
    Note { audience, from, text: text("We are on it."), on_resolved: None }
}

pub fn duplicate() -> CancelledAs {
    CancelledAs { cancellation: Cancellation::Duplicate { of: Id::from_u128(2) }, reason: None, brings: Vec::new() }
}

pub fn reopening() -> Reopening {
    Reopening { reason: Some(text("It is back.")), by_reply: false }
}

pub fn correction(to: CorrectedStage) -> Correction {
    Correction { to, reason: text("a repair"), instead_of: None }
}

pub fn assessment(impact: &str) -> Arc<Assessment> {
    let none = Scale::new(Vec::new(), HighEnd::First);
    let weights = Weights::default();
    Arc::new(Assessment::of(&Matrix::itil(), &[], &none, &level(impact), &level("low"), weights).unwrap())
}

/// An incident just reported by Bob, with this assignment.
pub fn reported(assignment: Assignment) -> In<New> {
    let bob = PersonRef::new("bob").unwrap();
    let facts = Facts {
        id: Id::from_u128(1),
        number: Number::new("INC", 7, 1).unwrap(),
        title: Title::new("Mail is down", 80, SALT).unwrap(),
        description: None,
        category: None,
        impact: level("low"),
        urgency: level("low"),
        caller: Some(bob.clone()),
        affected: Some(bob),
        vip: false,
        people_affected: None,
        opened_by: person("bob"),
        organisation: None,
        site: None,
        channel: None,
        services: Vec::new(),
        offering: None,
        items: Vec::new(),
        labels: Vec::new(),
        watchers: Vec::new(),
        attachments: Vec::new(),
        references: Vec::new(),
        follows: None,
        confidential: false,
        fields: BTreeMap::new(),
    };
    let reported = Reported {
        facts: Arc::new(facts),
        assessment: assessment("low"),
        assignment,
        occurred: Some(minute(0) - minutes(10)),
        detected: None,
    };
    In::<New>::report(reported, &Stamp::now(minute(0), &person("bob"))).next
}

pub fn new() -> In<New> {
    reported(Assignment::default())
}

pub fn assigned() -> In<Assigned> {
    new().assign(to(Some("Network"), None), &Stamp::now(minute(1), &automation())).next
}

pub fn in_progress() -> In<InProgress> {
    assigned().start_work(&Stamp::now(minute(2), &person("anna"))).next
}

pub fn on_hold() -> In<OnHold> {
    in_progress().hold(vendor(), &Stamp::now(minute(3), &person("anna"))).next
}

pub fn resolved() -> In<Resolved> {
    in_progress().resolve(fixed(), &Stamp::now(minute(4), &person("anna"))).next
}

pub fn closed() -> In<Closed> {
    resolved().close(ClosureBasis::Confirmed, &Stamp::now(minute(5), &person("anna"))).next
}

pub fn cancelled() -> In<Cancelled> {
    in_progress().cancel(duplicate(), &Stamp::now(minute(4), &person("anna"))).next
}

pub fn in_every_stage() -> [Incident; 7] {
    [
        new().into(),
        assigned().into(),
        in_progress().into(),
        on_hold().into(),
        resolved().into(),
        closed().into(),
        cancelled().into(),
    ]
}
