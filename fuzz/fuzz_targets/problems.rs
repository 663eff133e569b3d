//! Commands on a problem with arbitrary content, at a desk in memory: after each the log folds to the record, and what
//! was refused has changed nothing.

#![no_main]

mod source;

use andon::{
    Actor, Desk, Id, MemoryRepository, Problem, Version,
    blocking::ActingDesk,
    command::{
        CorrectProblemTo, FixInput, KnownErrorInput, ProblemCommand as Command, Raise, RootCauseInput, WorkaroundInput,
    },
    digest::Digest,
    error::ErrorKind,
    event::Event,
    id::SequentialIds,
    problem::{Dismissed, Effect, Origin, Verdict},
    record::Audience,
    time::{Instant, ManualTime, TimeSource},
};
use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use source::{POLICY, Source, texts};

/// The most commands of one sequence.
const MOST: usize = 40;

impl Source<'_> {
    fn raise(&mut self, from: Id<andon::Incident>) -> Result<Raise> {
        Ok(Raise {
            title: self.text()?,
            description: self.maybe(Self::text)?,
            origin: self.pick(&[Origin::Reactive, Origin::Proactive])?,
            category: self.maybe(Self::text)?,
            impact: self.maybe(Self::text)?,
            urgency: self.maybe(Self::text)?,
            people_affected: self.maybe(|s| s.0.arbitrary())?,
            group: self.maybe(Self::text)?,
            person: self.maybe(Self::text)?,
            services: self.services()?,
            labels: self.list(Self::text)?,
            watchers: self.list(Self::text)?,
            confidential: self.0.arbitrary()?,
            from: self.list(|s| s.pick(&[from, from, Id::from_u128(7)]))?,
            ..Raise::default()
        })
    }

    fn fix(&mut self) -> Result<FixInput> {
        Ok(FixInput { change: self.maybe(Self::text)?, text: self.maybe(Self::text)? })
    }

    fn known_error(&mut self) -> Result<KnownErrorInput> {
        let workaround =
            self.maybe(|s| Ok(WorkaroundInput { text: s.text()?, effect: s.pick(&[Effect::Full, Effect::Partial])? }))?;
        Ok(KnownErrorInput { symptoms: self.text()?, workaround })
    }

    fn dismissed(&mut self, ids: &[Id<Problem>]) -> Result<Dismissed> {
        let of = self.pick(ids)?;
        self.pick(&[Dismissed::Duplicate { of }, Dismissed::Cancelled, Dismissed::NotReproducible])
    }

    fn command(&mut self, now: Instant, ids: &[Id<Problem>], log: &[Event]) -> Result<Command> {
        let reason = self.maybe(Self::text)?;
        Ok(match self.0.int_in_range(0..=33)? {
            0 => Command::Assess {},
            1..=2 => Command::Investigate {},
            3 => Command::AddHypothesis { text: self.text()? },
            4 => {
                let number = self.0.int_in_range(0..=4)?;
                let verdict = self.pick(&[Verdict::Confirmed, Verdict::Refuted, Verdict::Inconclusive])?;
                Command::JudgeHypothesis { number, verdict, reason }
            }
            5 => Command::AddFinding { text: self.text()? },
            6 => {
                let (category, contributing) = (self.maybe(Self::text)?, self.list(Self::text)?);
                Command::IdentifyRootCause(RootCauseInput { category, text: self.text()?, contributing })
            }
            7..=8 => Command::RecordKnownError(self.known_error()?),
            9 => Command::VerifyWorkaround {},
            10 => Command::PublishKnownError {},
            11 => Command::WithdrawKnownError { reason },
            12..=13 => Command::StartFix(self.fix()?),
            14 => Command::AbandonFix { reason },
            15..=16 => Command::Observe { until: self.maybe(|s| s.instant(now))? },
            17 => Command::Resolve { text: reason },
            18 => Command::FailFix { reason },
            19 => Command::Close {},
            20 => Command::AcceptRisk { reason: self.text()?, review_at: self.instant(now)? },
            21 => Command::Dismiss { dismissed: self.dismissed(ids)?, reason },
            22 => Command::Reanalyse { reason },
            23 => Command::Route { group: self.patch(Self::text)?, person: self.patch(Self::text)? },
            24 => Command::Edit(Box::new(self.edit()?)),
            25 => {
                Command::AddNote { audience: self.pick(&[Audience::Public, Audience::Internal])?, text: self.text()? }
            }
            26 => Command::Watch { person: self.text()? },
            27 => Command::Unwatch { person: self.text()? },
            28 => Command::Attach(self.attachment()?),
            29 => Command::LogTime { seconds: self.0.arbitrary()?, note: reason },
            30 => Command::OverridePriority(self.priority_override(now)?),
            31 => Command::ClearOverride {},
            32 => {
                let mut known = texts(log);
                known.push(Digest::of(b"nowhere"));
                Command::Redact { texts: self.list(|s| s.pick(&known))?, reason }
            }
            _ => {
                let to = match self.0.int_in_range(0..=6)? {
                    0 => CorrectProblemTo::New,
                    1 => CorrectProblemTo::Assessing,
                    2 => CorrectProblemTo::Investigating,
                    3 => CorrectProblemTo::FixInProgress(self.fix()?),
                    4 => CorrectProblemTo::Resolved { text: self.maybe(Self::text)? },
                    5 => CorrectProblemTo::Closed { text: self.maybe(Self::text)? },
                    _ => CorrectProblemTo::Dismissed(self.dismissed(ids)?),
                };
                Command::Correct { to, reason: self.text()? }
            }
        })
    }
}

/// The problem as the system sees it stored: its log, and what that adds up to.
fn stored(system: &ActingDesk<MemoryRepository>, id: Id<Problem>) -> (Problem, Version, Vec<Event>) {
    let log = system.problem(id).events(Version::new(1), 1_000).expect("memory answers").0;
    let (problem, version) = Problem::fold(&log).expect("what was stored can be folded");
    (problem, version, log)
}

fn run(source: &mut Source<'_>) -> Result<()> {
    let time = ManualTime::at("2026-03-27T08:00:00Z".parse().expect("an instant"));
    let desk =
        Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new()).with_policy(POLICY.clone());
    let tenant = andon::blocking::Desk::from(desk).tenant("acme").expect("a key");
    let person = |name| Actor::person(name).expect("a key");
    let actors = [person("anna"), person("bob"), Actor::automation("probe").expect("a key"), Actor::system()];
    let desks: Vec<_> = actors.into_iter().map(|actor| tenant.acting_as(actor)).collect();
    let system = &desks[3];
    let incident = system.report("Mail is down").expect("a report").id();
    let other = system.raise("The other one").expect("a problem").id();
    let raise = source.raise(incident)?;
    let id = match desks[0].raise(raise) {
        Ok(outcome) => outcome.id(),
        Err(error) => {
            assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable), "{error}");
            assert!(system.incident(incident).get().expect("it is there").incident().links().is_empty());
            return Ok(());
        }
    };
    let mut before = stored(system, id);
    for _ in 0..MOST {
        if source.0.is_empty() {
            break;
        }
        time.advance(chrono::TimeDelta::seconds(source.0.int_in_range(0..=200_000)?));
        let now = time.now();
        let command = source.command(now, &[id, other, Id::from_u128(7)], &before.2)?;
        let json = serde_json::to_vec(&command).expect("every command has a JSON form");
        assert_eq!(Command::from_json(&json).expect("what was written can be read"), command);
        let mut desk = desks[source.0.int_in_range(0..=3)?].problem(id);
        if source.0.ratio(1, 4)? {
            desk = desk.occurring_at(source.instant(now)?);
        }
        let result = desk.execute(command);
        let after = stored(system, id);
        match result {
            Ok(outcome) => {
                assert_eq!((outcome.problem(), outcome.version()), (&after.0, after.1));
                let json = serde_json::to_vec(&after.0).expect("every problem has a JSON form");
                assert_eq!(Problem::from_json(&json).expect("what was written can be read"), after.0);
                for event in outcome.events() {
                    let json = serde_json::to_vec(event).expect("every event has a JSON form");
                    assert_eq!(&Event::from_json(&json).expect("what was written can be read"), event);
                }
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
