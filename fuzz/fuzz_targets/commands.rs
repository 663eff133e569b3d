//! Commands with arbitrary content, at a desk in memory: after each the log folds to the record, and
//! what was refused has changed nothing.

#![no_main]

mod source;

use std::sync::LazyLock;

use andon::{
    Actor, Desk, Id, Incident, MemoryRepository, Policy, Version,
    blocking::ActingDesk,
    command::{AcceptMajor, Assign, Cancel, Correct, CorrectTo, Hold, IncidentCommand as Command, Report, Resolve},
    digest::Digest,
    error::ErrorKind,
    event::{Body, Event},
    id::SequentialIds,
    incident::{Audience, Cancellation, ConfirmedBy, IncidentEvent, Milestone, Phase, Remedy},
    key::TenantId,
    link::Link,
    store::{LogPart, RecordKey, Repository, Scope},
    time::{Instant, ManualTime, Seconds, TimeSource},
};
use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use source::{POLICY, Source, texts};

/// The most commands of one sequence.
const MOST: usize = 40;

/// Another one, by which incidents close by themselves.
static OTHER_POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let mut draft = POLICY.to_draft();
    draft.name = "another".to_owned();
    draft.closure.confirmation = Default::default();
    draft.closure.automatic_after_seconds = Some(Seconds::hours(4));
    draft.modifiers.clear();
    draft.validate().expect("it is valid")
});

impl Source<'_> {
    fn hold(&mut self, now: Instant) -> Result<Hold> {
        Ok(Hold { reason: self.text()?, until: self.maybe(|s| s.instant(now))?, note: self.maybe(Self::text)? })
    }

    fn resolve(&mut self) -> Result<Resolve> {
        let remedy = self.pick(&[Remedy::Fix, Remedy::Workaround])?;
        let along_with = self.maybe(|s| s.pick(&[Id::from_u128(7)]))?;
        Ok(Resolve { code: self.text()?, text: self.maybe(Self::text)?, remedy, along_with })
    }

    fn link(&mut self, ids: &[Id<Incident>]) -> Result<Link> {
        let other = self.pick(ids)?;
        let change = self.text()?.parse().or_else(|_| "CHG1".parse());
        Ok(match (self.0.int_in_range(0..=4)?, change) {
            (0, Ok(change)) => Link::CausedByChange(change),
            (1, Ok(change)) => Link::ResolvedByChange(change),
            (2, _) => Link::ChildOf(other),
            (3, _) => Link::CausedBy(Id::from_u128(7)),
            _ => Link::Related(other),
        })
    }

    fn cancellation(&mut self, ids: &[Id<Incident>]) -> Result<Cancellation> {
        let other = self.pick(ids)?;
        self.pick(&[
            Cancellation::Duplicate { of: other },
            Cancellation::NotAnIncident,
            Cancellation::ServiceRequest,
            Cancellation::Withdrawn,
            Cancellation::Superseded { by: other },
        ])
    }

    fn report(&mut self, now: Instant) -> Result<Report> {
        Ok(Report {
            title: self.text()?,
            description: self.maybe(Self::text)?,
            category: self.maybe(Self::text)?,
            impact: self.maybe(Self::text)?,
            caller: self.maybe(Self::text)?,
            people_affected: self.maybe(|s| s.0.arbitrary())?,
            group: self.maybe(Self::text)?,
            services: self.services()?,
            labels: self.list(Self::text)?,
            watchers: self.list(Self::text)?,
            attachments: self.list(Self::attachment)?,
            confidential: self.0.arbitrary()?,
            fields: self.list(|s| Ok((s.text()?, s.text()?)))?.into_iter().collect(),
            occurred: self.maybe(|s| s.instant(now))?,
            detected: self.maybe(|s| s.instant(now))?,
            ..Report::default()
        })
    }

    fn command(&mut self, now: Instant, ids: &[Id<Incident>], log: &[Event]) -> Result<Command> {
        Ok(match self.0.int_in_range(0..=39)? {
            0 => Command::Assign(Assign { group: self.maybe(Self::text)?, person: self.maybe(Self::text)? }),
            1 => Command::Unassign {},
            2 => Command::Route { group: self.patch(Self::text)?, person: self.patch(Self::text)? },
            3 => Command::StartWork {},
            4 => Command::EnterPhase { phase: self.pick(&Phase::ALL)? },
            5 => Command::Hold(self.hold(now)?),
            6 => Command::ChangeHold(self.hold(now)?),
            7 => Command::Resume {},
            8 => Command::Resolve(self.resolve()?),
            9 => Command::Confirm { by: self.pick(&[ConfirmedBy::Caller, ConfirmedBy::Monitoring])? },
            10 => Command::Reopen { reason: self.maybe(Self::text)? },
            11 => Command::Close {},
            12 => Command::Cancel(Cancel { cancellation: self.cancellation(ids)?, reason: self.maybe(Self::text)? }),
            13 => Command::UndoMerge { reason: self.maybe(Self::text)? },
            14 => Command::Edit(Box::new(self.edit()?)),
            15 => Command::Categorise { category: self.maybe(Self::text)?, apply_defaults: self.0.arbitrary()? },
            16 => {
                Command::AddNote { audience: self.pick(&[Audience::Public, Audience::Internal])?, text: self.text()? }
            }
            17 => Command::Watch { person: self.text()? },
            18 => Command::Unwatch { person: self.text()? },
            19 => Command::Attach(self.attachment()?),
            20 => Command::Detach { digest: Digest::of(&[self.0.int_in_range(0..=3)?]) },
            21 => Command::LogTime { seconds: self.0.arbitrary()?, note: self.maybe(Self::text)? },
            22 => Command::OverridePriority(self.priority_override(now)?),
            23 => Command::ClearOverride {},
            24 => Command::SetLabel { label: self.maybe(Self::text)? },
            25 => {
                // Of the host's own some are declared, and others are not.
                let own = [self.text()?, "aware".to_owned(), "notified".to_owned()];
                let own = own.into_iter().filter_map(|key| key.parse().ok()).map(Milestone::Own);
                let milestone = self.pick(&Milestone::KNOWN.iter().cloned().chain(own).collect::<Vec<_>>())?;
                Command::RecordMilestone { milestone, at: self.maybe(|s| s.instant(now))? }
            }
            31..=32 => Command::Link { link: self.link(ids)?, reason: self.maybe(Self::text)? },
            33 => Command::Unlink { link: self.link(ids)?, reason: self.maybe(Self::text)? },
            34 => Command::ProposeMajor { reason: self.maybe(Self::text)? },
            35 => Command::RejectMajor { reason: self.maybe(Self::text)? },
            36 => {
                let (manager, floor) = (self.maybe(Self::text)?, self.maybe(Self::text)?);
                Command::AcceptMajor(AcceptMajor { manager, floor, reason: self.maybe(Self::text)? })
            }
            37 => Command::HandOverMajor { manager: self.text()? },
            38 => match self.0.arbitrary()? {
                true => Command::StandDownMajor { reason: self.maybe(Self::text)? },
                false => Command::DemoteMajor { reason: self.text()? },
            },
            39 => Command::ReviewMajor { text: self.text()? },
            28 => Command::Reissue {},
            29..=30 => {
                let mut known = texts(log);
                known.push(Digest::of(b"nowhere"));
                Command::Redact { texts: self.list(|s| s.pick(&known))?, reason: self.maybe(Self::text)? }
            }
            26 => Command::Waive { code: self.text()?, field: self.maybe(Self::text)?, reason: self.text()? },
            _ => {
                let to = match self.0.int_in_range(0..=6)? {
                    0 => CorrectTo::New,
                    1 => CorrectTo::Assigned,
                    2 => CorrectTo::InProgress,
                    3 => CorrectTo::OnHold(self.hold(now)?),
                    4 => CorrectTo::Resolved(self.resolve()?),
                    5 => CorrectTo::Closed(self.resolve()?),
                    _ => CorrectTo::Cancelled(self.cancellation(ids)?),
                };
                Command::Correct(Correct { to, reason: self.text()?, instead_of: self.maybe(Self::text)? })
            }
        })
    }
}

/// The digests that these events erase.
fn erased_by(events: &[Event]) -> Vec<Digest> {
    let redacted = events.iter().filter_map(|event| match &event.body {
        Body::Incident(IncidentEvent::Redacted(redaction)) => Some(redaction.texts.clone()),
        _ => None,
    });
    redacted.flatten().collect()
}

struct Office {
    repository: MemoryRepository,
    time: ManualTime,
    desks: Vec<ActingDesk<MemoryRepository>>,
}

fn open() -> Office {
    let time = ManualTime::at("2026-03-27T08:00:00Z".parse().expect("an instant"));
    let repository = MemoryRepository::new();
    let desk = Desk::with_sources(repository.clone(), time.clone(), SequentialIds::new()).with_policy(POLICY.clone());
    let tenant = andon::blocking::Desk::from(desk).tenant("acme").expect("a key");
    let person = |name| Actor::person(name).expect("a key");
    let actors = [person("anna"), person("bob"), Actor::automation("probe").expect("a key"), Actor::system()];
    let desks = actors.into_iter().map(|actor| tenant.acting_as(actor)).collect();
    Office { repository, time, desks }
}

impl Office {
    fn stored(&self, id: Id<Incident>) -> (Incident, Version, Vec<Event>) {
        let scope = Scope::everything(&TenantId::new("acme").expect("a key"));
        let found = pollster::block_on(self.repository.load(&scope, Some(&RecordKey::from(id)), None));
        let loaded = found.expect("memory answers").record.expect("it was reported");
        let part = LogPart { from: Version::new(1), limit: 1_000, newest_first: false };
        let page = pollster::block_on(self.repository.events(&scope, id.into(), part));
        let incident = loaded.record.incident().expect("an incident");
        (incident.clone(), loaded.version, page.expect("memory answers").events)
    }
}

fn run(source: &mut Source<'_>) -> Result<()> {
    let office = open();
    let other = office.desks[0].report("The other one").expect("a report").id();
    let report = source.report(office.time.now())?;
    let id = match office.desks[0].report(report) {
        Ok(outcome) => outcome.id(),
        Err(error) => {
            assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable), "{error}");
            return Ok(());
        }
    };
    let mut before = office.stored(id);
    for _ in 0..MOST {
        if source.0.is_empty() {
            break;
        }
        if source.0.ratio(1, 32)? {
            let at = source.instant(office.time.now())?;
            office.time.set(at);
        } else {
            office.time.advance(chrono::TimeDelta::seconds(source.0.int_in_range(0..=200_000)?));
        }
        if source.0.ratio(1, 24)? {
            let policy = source.pick(&[&*POLICY, &*OTHER_POLICY])?;
            office.desks[3].publish_policy(policy.clone()).expect("the system may publish");
        }
        let now = office.time.now();
        let command = source.command(now, &[id, other, Id::from_u128(7)], &before.2)?;
        let json = serde_json::to_string(&command).expect("every command has a JSON form");
        assert_eq!(serde_json::from_str::<Command>(&json).expect("what was written can be read"), command, "{json}");
        let mut desk = office.desks[source.0.int_in_range(0..=3)?].incident(id);
        if source.0.ratio(1, 4)? {
            desk = desk.occurring_at(source.instant(now)?);
        }
        let result = desk.execute(command);
        let after = office.stored(id);
        let (incident, version, log) = &after;
        match result {
            // What is written on a duplicate arrives at the incident that goes on.
            Ok(outcome) if outcome.id() != id => assert_eq!(after, before),
            Ok(outcome) => {
                let (folded, folded_to) = Incident::fold(log).expect("what was stored can be folded");
                assert_eq!((&folded, &folded_to), (incident, version));
                assert_eq!((outcome.incident(), outcome.version()), (incident, *version));
                let erased = erased_by(outcome.events());
                let left = texts(log);
                assert!(erased.iter().all(|digest| !left.contains(digest)), "an erased text is still there");
                for (event, old) in log.iter().zip(&before.2) {
                    let canonical = |event: &Event| event.canonical().expect("every event has a canonical form");
                    assert!(event == old || (!erased.is_empty() && canonical(event) == canonical(old)));
                }
                for event in outcome.events() {
                    let json = serde_json::to_vec(event).expect("every event has a JSON form");
                    assert_eq!(&Event::from_json(&json).expect("what was written can be read"), event);
                }
                let json = serde_json::to_vec(incident).expect("every incident has a JSON form");
                assert_eq!(&Incident::from_json(&json).expect("what was written can be read"), incident);
            }
            Err(error) => {
                assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable), "{error}");
                assert_eq!(after, before);
            }
        }
        before = after;
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    // Running out of bytes ends a sequence; it is no fault.
    let _ = run(&mut Source(Unstructured::new(bytes)));
});
