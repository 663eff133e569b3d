//! A desk in memory with a clock that tests turn by hand, and the people who use it.

#![allow(dead_code, reason = "each test file uses a part")]

use andon::{
    Actor, Desk, Error, MemoryRepository, Policy, PolicyDraft, Version,
    blocking::{self, ActingDesk, IncidentDesk},
    command::{
        Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand, Override, Patch, Resolve,
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
        C::Unassign,
        C::Route { group: Patch::Set("Mail".to_owned()), person: Patch::Keep },
        C::StartWork,
        C::EnterPhase { phase: Phase::Triage },
        C::Hold(Hold::new("awaiting_vendor")),
        C::ChangeHold(Hold::new("awaiting_caller")),
        C::Resume,
        C::Resolve(Resolve::new("fixed")),
        C::Confirm { by: ConfirmedBy::Caller },
        C::Reopen { reason: None },
        C::Close,
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
        C::Correct(Correct::new(CorrectTo::New, "a repair")),
    ]
}

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

/// A life in which everything happens that can happen to an incident, and the record after each command.
pub fn eventful(house: &House) -> Vec<Outcome> {
    use andon::{
        command::{AttachmentInput, RatedInput, Report},
        incident::ExternalReference,
    };
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
    then(mia.undo_merge(secret("another relay")));
    then(anna.resume());
    then(anna.edit(Edit::new().title(secret("Mail is slow")).clear_site().field("asset_tag", secret("A-2"))));
    then(anna.add_note(secret("We are on it")));
    then(anna.add_internal_note(secret("He forgot it again")));
    then(mia.override_priority(Override::new("P1", secret("board")).until(start + andon::time::days(9))));
    then(anna.watch("kim"));
    then(anna.unwatch("kim"));
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
