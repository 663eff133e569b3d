//! A desk in memory with a clock that tests turn by hand, and the people who use it.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod busy;
pub mod eventful;
pub mod typed;

use andon::{
    Actor, Desk, Error, MemoryRepository, Policy, PolicyDraft, Version,
    blocking::{self, ActingDesk, IncidentDesk},
    command::{
        AcceptMajor, Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand, Override, Patch,
        Resolve,
    },
    desk::Outcome,
    digest::Digest,
    event::Event,
    id::SequentialIds,
    incident::{Audience, Cancellation, ConfirmedBy, Milestone, Phase},
    time::{Instant, ManualTime},
};

pub type Acting = ActingDesk<MemoryRepository>;
pub type AtIncident = IncidentDesk<MemoryRepository>;

/// When every test begins: a Monday morning.
pub const START: &str = "2026-06-08T07:00:00Z";

pub struct House {
    pub time: ManualTime,
    pub repository: MemoryRepository,
    pub desk: Desk<MemoryRepository>,
}

impl House {
    /// A desk with the ITIL policy.
    pub fn new() -> Self {
        let time = ManualTime::at(at(START));
        let repository = MemoryRepository::new();
        let desk = Desk::with_sources(repository.clone(), time.clone(), SequentialIds::new());
        Self { time, repository, desk }
    }

    /// A desk with the ITIL policy, changed.
    pub fn with(change: impl FnOnce(&mut PolicyDraft)) -> Self {
        let house = Self::new();
        Self { desk: house.desk.with_policy(policy(change)), ..house }
    }

    pub fn acting(&self, tenant: &str, actor: Actor) -> Acting {
        blocking::Desk::from(self.desk.clone()).tenant(tenant).unwrap().acting_as(actor)
    }

    pub fn bob(&self) -> Acting {
        self.acting("acme", bob())
    }

    pub fn anna(&self) -> Acting {
        self.acting("acme", anna())
    }

    pub fn mia(&self) -> Acting {
        self.acting("acme", mia())
    }

    pub fn admin(&self) -> Acting {
        self.acting("acme", admin())
    }

    pub fn monitoring(&self) -> Acting {
        self.acting("acme", monitoring())
    }
}

pub fn policy(change: impl FnOnce(&mut PolicyDraft)) -> Policy {
    let mut draft = PolicyDraft::itil();
    change(&mut draft);
    draft.validate().unwrap()
}

pub fn bob() -> Actor {
    Actor::person("bob").unwrap().role("caller").unwrap()
}

pub fn anna() -> Actor {
    Actor::person("anna").unwrap().role("agent").unwrap().group("Network").unwrap()
}

pub fn mia() -> Actor {
    Actor::person("mia").unwrap().role("manager").unwrap()
}

pub fn admin() -> Actor {
    Actor::person("ada").unwrap().role("administrator").unwrap()
}

pub fn monitoring() -> Actor {
    Actor::automation("prometheus").unwrap().role("monitoring").unwrap()
}

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The kinds of events, without the prefix that they share.
pub fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.body.name().strip_prefix("incident.").unwrap()).collect()
}

/// What the command did, by the kinds of its events.
pub fn did(outcome: &Outcome) -> Vec<&str> {
    kinds(outcome.events())
}

/// Path and code of each fault of an error.
pub fn faults(error: &Error) -> Vec<(&str, &'static str)> {
    error.faults().map(|faults| faults.iter().map(|fault| (fault.path(), fault.code())).collect()).unwrap_or_default()
}

/// The whole log of an incident, page by page.
pub fn log(incident: &AtIncident) -> Vec<Event> {
    let (mut events, mut from) = (Vec::new(), Some(Version::NONE.next()));
    while let Some(next) = from {
        let (page, then) = incident.events(next, 3).unwrap();
        events.extend(page);
        from = then;
    }
    events
}

/// A command for each thing that can be asked of an incident, as a policy like ITIL's takes it.
pub fn every_command() -> Vec<IncidentCommand> {
    use IncidentCommand as C;
    let note = |audience| C::AddNote { audience, text: "We are on it.".to_owned() };
    vec![
        C::Assign(Assign::to_group("Network")),
        C::Unassign {},
        C::Route { group: Patch::Set("Mail".to_owned()), person: Patch::Keep },
        C::StartWork {},
        C::EnterPhase { phase: Phase::Triage },
        C::Hold(Hold::new("awaiting_vendor")),
        C::ChangeHold(Hold::new("awaiting_caller")),
        C::Resume {},
        C::Resolve(Resolve::new("fixed")),
        C::Confirm { by: ConfirmedBy::Caller },
        C::Reopen { reason: None },
        C::Close {},
        C::Cancel(Cancel::from(Cancellation::Withdrawn)),
        C::UndoMerge { reason: None },
        C::Edit(Box::new(Edit::new().site("HQ"))),
        C::Categorise { category: None, apply_defaults: false },
        note(Audience::Public),
        note(Audience::Internal),
        C::Watch { person: "otto".to_owned() },
        C::Attach(AttachmentInput {
            name: "log.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            size: 12,
            digest: Digest::of(b"log"),
        }),
        C::LogTime { seconds: 60, note: None },
        C::OverridePriority(Override::new("P1", "board meeting")),
        C::SetLabel { label: None },
        C::RecordMilestone { milestone: Milestone::Acknowledged, at: Some(at(START)) },
        C::Waive { code: "obligation.confirmation".to_owned(), field: None, reason: "he is on leave".to_owned() },
        C::Reissue {},
        C::Reschedule {},
        C::Redact { texts: vec![Digest::of(b"secret")], reason: None },
        C::ProposeMajor { reason: None },
        C::RejectMajor { reason: None },
        C::AcceptMajor(AcceptMajor::default()),
        C::HandOverMajor { manager: "mia".to_owned() },
        C::StandDownMajor { reason: None },
        C::DemoteMajor { reason: "it was none".to_owned() },
        C::ReviewMajor { text: "What went well.".to_owned() },
        C::Link { link: andon::link::Link::ResolvedByChange("CHG0042".parse().unwrap()), reason: None },
        C::Unlink { link: andon::link::Link::ResolvedByChange("CHG0042".parse().unwrap()), reason: None },
        C::Correct(Correct::new(CorrectTo::New, "a repair")),
    ]
}
