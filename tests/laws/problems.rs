//! Random sequences of commands on a problem, with every invariant checked after each.

use std::{cell::RefCell, collections::BTreeMap};

use andon::{
    Actor, Error, Id, Problem, Version,
    command::ProblemCommand,
    desk::Outcome,
    error::ErrorKind,
    event::{Body, Cause, Event},
    lifecycle::Lifecycle,
    problem::{ProblemEvent, Stage},
    record::{Audience, Milestone},
    store::Record,
    testing::strategies::{Choices, DrawProblem, PROBLEM_VERBS, choices},
    time::{TimeSource, hours},
    verb::ProblemVerb as Verb,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, RngSeed, TestRunner},
};

use crate::{
    action::WAITS,
    erasing::{self, digests, erased_by},
    policies,
    world::{ACTORS, World},
};

/// How many sequences there are.
const CASES: u32 = 6_000;
/// How often each legal verb has to be taken in each stage over all sequences.
const LEAST: u64 = 20;

/// The verbs that lead on, to where few come by chance.
const ON: [Verb; 8] = [
    Verb::Assess,
    Verb::AddHypothesis,
    Verb::Investigate,
    Verb::RecordKnownError,
    Verb::PublishKnownError,
    Verb::StartFix,
    Verb::Observe,
    Verb::WithdrawKnownError,
];

type Check = Result<(), String>;
type Taken = BTreeMap<(Stage, Verb), u64>;

macro_rules! law {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// One step of a sequence.
#[derive(Debug, Clone)]
struct Action {
    choices: Choices,
    /// How long before it time passes, as an index of [`WAITS`].
    wait: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A command that the stage has.
    Legal,
    /// A command that leads on.
    On,
    /// A command by any verb.
    Any,
    /// A command with something wrong in it.
    Bad,
    /// A command that is said to have happened a while ago.
    Back,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let kind = prop_oneof![16 => Just(Kind::Legal), 8 => Just(Kind::On), 3 => Just(Kind::Any), 2 => Just(Kind::Bad), 2 => Just(Kind::Back)];
    let wait = prop_oneof![12 => 0..11_usize, 3 => 11..14_usize, 1 => 14..16_usize];
    let action = (choices(), wait, kind).prop_map(|(choices, wait, kind)| Action { choices, wait, kind });
    prop::collection::vec(action, 1..=30)
}

#[derive(Debug, Clone, PartialEq)]
struct Stored {
    problem: Problem,
    version: Version,
    log: Vec<Event>,
}

struct Sequence {
    world: World,
    id: Id<Problem>,
    other: Id<Problem>,
    before: Stored,
    taken: Taken,
}

impl Sequence {
    fn begin(policy: usize, first: &Choices) -> Result<Self, String> {
        let world = World::new(policy);
        let system = world.desk(ACTORS - 1);
        let other = system.raise("The other one").map_err(|error| error.to_string())?.id();
        let draw = DrawProblem { now: world.time.now(), ..DrawProblem::new(world.policy()) };
        let id = system.raise(draw.raise(&mut first.clone())).map_err(|error| error.to_string())?.id();
        let before = stored(&world, id);
        Ok(Self { world, id, other, before, taken: Taken::new() })
    }

    /// Time passes, and a command is drawn for what is found then.
    fn ask(&self, action: &Action) -> (usize, ProblemCommand) {
        let mut choices = action.choices.clone();
        let actor = choices.roll(ACTORS);
        let seen = self.world.desk(ACTORS - 1).problem(self.id).get().unwrap();
        let verbs: Vec<Verb> = match action.kind {
            Kind::Legal | Kind::On => {
                let moves = seen.problem().allowed_moves(&Actor::system(), self.world.policy());
                let legal: Vec<_> = moves.iter().filter_map(|allowed| allowed.verb().problem()).collect();
                let on: Vec<_> = legal.iter().copied().filter(|verb| ON.contains(verb)).collect();
                if action.kind == Kind::On && !on.is_empty() { on } else { legal }
            }
            _ => PROBLEM_VERBS.to_vec(),
        };
        let verb = verbs[choices.roll(verbs.len())];
        let mut texts = if verb == Verb::Redact { digests(&self.before.log) } else { Vec::new() };
        // What fell due says again what was said before: whether it is stored yet must not matter.
        texts.sort_unstable();
        texts.dedup();
        let hypotheses = u32::try_from(seen.problem().analysis().hypotheses.len()).unwrap();
        let draw = DrawProblem {
            policy: self.world.policy(),
            now: self.world.time.now(),
            id: self.id,
            other: self.other,
            hypotheses,
            texts: &texts,
            bad: action.kind == Kind::Bad,
        };
        (actor, draw.command(verb, &mut choices).expect("every verb of a command"))
    }

    fn step(&mut self, action: &Action) -> Check {
        self.world.time.advance(chrono::TimeDelta::seconds(i64::from(WAITS[action.wait])));
        let (actor, command) = self.ask(action);
        let command_id = self.world.command_id();
        let mut desk = self.world.desk(actor).problem(self.id).with_command(command_id);
        if action.kind == Kind::Back {
            desk = desk.occurring_at(self.world.time.now() - hours(3));
        }
        let moves = desk.allowed_moves();
        let preview = desk.preview(command.clone());
        law!(stored(&self.world, self.id) == self.before, "a preview has stored something");
        let result = desk.execute(command.clone());
        match (&preview, &result) {
            (Ok(preview), Ok(outcome)) => {
                let foreseen: Vec<_> = preview.events().iter().map(|event| (event.occurred_at, &event.body)).collect();
                let happened: Vec<_> = outcome.events().iter().map(|event| (event.occurred_at, &event.body)).collect();
                // With one salt for all texts, the reason of an erasure can be the very text that is erased.
                let erases = matches!(command, ProblemCommand::Redact { .. });
                law!(erases || foreseen == happened, "foreseen was {foreseen:?}, and happened is {happened:?}");
                law!(preview.problem() == outcome.problem(), "the preview shows another problem");
            }
            (Err(foreseen), Err(refused)) => {
                law!(foreseen.code() == refused.code(), "foreseen was {foreseen}, and refused is {refused}");
            }
            (foreseen, result) => return Err(format!("foreseen was {foreseen:?}, and came {result:?}")),
        }
        if action.kind != Kind::Back {
            check_moves(&command, moves, &result)?;
        }
        let after = stored(&self.world, self.id);
        match result {
            Err(error) => {
                let code = error.code();
                let answers = !matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable);
                law!(answers, "{code} is no answer to a command: {error}");
                law!(after == self.before, "something was stored although the answer was {code}");
            }
            Ok(outcome) => {
                let shown = self.check_landed(&command, &outcome, &after)?;
                let again = desk.execute(command);
                match again {
                    Err(Error::CommandReused(_)) if !erased_by(&after.log[self.before.log.len()..]).is_empty() => {}
                    // Whoever may no longer see the record is not told of it.
                    Err(Error::NotFound(_)) if self.world.policy == policies::BY_ROLES => {}
                    again => {
                        let again = again.map_err(|error| format!("the repetition was refused: {error}"))?;
                        law!(shown.is_empty() || again.was_repeated(), "the repetition was taken for a new command");
                        law!(again.problem() == outcome.problem(), "the repetition tells another problem");
                    }
                }
                law!(stored(&self.world, self.id) == after, "the repetition changed something");
                self.before = after;
            }
        }
        Ok(())
    }

    /// What holds after a command that was taken; gives what happened.
    fn check_landed(
        &mut self,
        command: &ProblemCommand,
        outcome: &Outcome<Problem>,
        after: &Stored,
    ) -> Result<Vec<Event>, String> {
        let old = self.before.log.len();
        let new = after.log[old..].to_vec();
        let slots = erased_by(&new);
        if slots.is_empty() {
            law!(after.log[..old] == self.before.log[..], "the log before the command has changed");
        } else {
            erasing::check(&slots, &self.before.log, &after.problem.clone().into(), &after.log)?;
        }
        law!(outcome.version() == after.version, "the outcome tells another version than was stored");
        let (folded, version) = Problem::fold(&after.log).map_err(|error| error.to_string())?;
        law!((&folded, version) == (&after.problem, after.version), "the log adds up to {folded:?}");
        let json = serde_json::to_vec(&after.problem).map_err(|error| error.to_string())?;
        let back = Problem::from_json(&json).map_err(|error| error.to_string())?;
        law!(back == after.problem, "the snapshot reads back as {back:?}");
        for event in &new {
            let json = serde_json::to_vec(event).map_err(|error| error.to_string())?;
            let back = Event::from_json(&json).map_err(|error| error.to_string())?;
            law!(back == *event, "an event reads back as {back:?}");
        }
        check_withheld(&after.problem, &after.log)?;
        check_stage(&after.problem)?;
        let in_stage = self.check_steps(&new)?;
        if let Some(stage) = in_stage {
            *self.taken.entry((stage, command.verb())).or_default() += 1;
        }
        Ok(new)
    }

    /// Goes through the new events one by one; gives the stage in which the command itself was taken.
    fn check_steps(&self, new: &[Event]) -> Result<Option<Stage>, String> {
        let mut problem = self.before.problem.clone();
        let mut taken_in = None;
        for event in new {
            let Body::Problem(body) = &event.body else { return Err("another kind of record".to_owned()) };
            if event.cause != Cause::Due {
                taken_in = taken_in.or(Some(problem.stage()));
            }
            law!(event.occurred_at <= event.recorded_at, "an event was recorded before it happened");
            let reopens = matches!(body, ProblemEvent::Reanalysed(_) | ProblemEvent::Corrected(_));
            let (was_final, facts) = (problem.stage().is_final(), problem.facts().clone());
            problem = problem.apply(body.clone(), &event.stamp()).map_err(|error| error.to_string())?.next;
            let same = facts.title == problem.facts().title && facts.impact == problem.facts().impact;
            let erases = matches!(body, ProblemEvent::Redacted(_));
            law!(!was_final || reopens || erases || same, "{} changed the facts of what is closed", body.name());
        }
        Ok(taken_in)
    }
}

fn stored(world: &World, id: Id<Problem>) -> Stored {
    let (record, version, log) = world.kept(id.into());
    let Record::Problem(problem) = record else { panic!("another kind of record") };
    Stored { problem: (*problem).clone(), version, log }
}

/// What `allowed_moves` says agrees with what happens.
fn check_moves(
    command: &ProblemCommand,
    moves: Result<Vec<andon::AllowedMove>, Error>,
    result: &Result<Outcome<Problem>, Error>,
) -> Check {
    let moves = match (moves, result) {
        (Ok(moves), _) => moves,
        (Err(Error::NotFound(_)), Err(Error::NotFound(_))) => return Ok(()),
        (Err(error), result) => return Err(format!("no moves ({error}), but {result:?}")),
    };
    let verb = command.verb();
    let refused = matches!(result, Err(Error::Refused(_)));
    let illegal = matches!(result, Err(Error::Illegal(_)));
    let unknown = matches!(result, Err(Error::Invalid(_)));
    let Some(allowed) = moves.iter().find(|allowed| allowed.verb() == verb) else {
        law!(illegal || refused || unknown, "{verb} is not listed, but {result:?}");
        return Ok(());
    };
    law!(allowed.is_permitted() != refused, "{verb} is permitted: {}, but {result:?}", allowed.is_permitted());
    law!(!illegal, "{verb} is listed, but {result:?}");
    Ok(())
}

/// Who may not read internals gets none, and what is left of them are the digests.
fn check_withheld(problem: &Problem, log: &[Event]) -> Check {
    let withheld = problem.withheld();
    law!(!withheld.has_internals(), "internals are left in {withheld:?}");
    law!(problem.has_internals() || withheld == *problem, "without internals something else was withheld");
    law!(withheld.facts() == problem.facts(), "facts were withheld");
    let told: Vec<Event> = log.iter().filter(|event| event.audience() == Audience::Public).cloned().collect();
    for hypothesis in &problem.analysis().hypotheses {
        let text = hypothesis.text.as_str().unwrap_or("\u{0}");
        let said = |event: &Event| matches!(event.body, Body::Problem(ProblemEvent::HypothesisAdded(_)));
        law!(!told.iter().any(said), "the hypothesis {text} is told to all");
    }
    Ok(())
}

/// The facts of the stage itself.
fn check_stage(problem: &Problem) -> Check {
    let (stage, progress) = (problem.stage(), problem.progress());
    let milestones = &progress.milestones;
    law!(progress.stage_since <= progress.recorded_at, "the stage began after the last event");
    let closed = milestones.at(&Milestone::Closed).is_some();
    law!(closed == (stage == Stage::Closed), "{stage} was closed: {closed}");
    let fixed = matches!(stage, Stage::Resolved) || problem.closure().is_some_and(|_| problem.is_fixed());
    let resolved = milestones.at(&Milestone::Resolved).is_some();
    law!(resolved == fixed, "{stage} was resolved: {resolved}");
    law!(problem.review_at().is_none_or(|at| at > progress.recorded_at), "the review should have come");
    let overridden = progress.assessment.overridden().filter(|_| !stage.is_final());
    let expiry = overridden.and_then(|set| set.until);
    law!(expiry.is_none_or(|at| at > progress.recorded_at), "the override should have expired at {expiry:?}");
    if let Problem::Observing(observing) = problem {
        let observing = observing.stage();
        law!(observing.applied_at() == progress.stage_since, "it was applied at another time than it is watched");
        law!(observing.until().is_none_or(|at| at > progress.recorded_at), "it should have been resolved");
    }
    let numbers: Vec<u32> = problem.analysis().hypotheses.iter().map(|known| known.number).collect();
    law!(numbers.iter().zip(1..).all(|(number, expected)| *number == expected), "the hypotheses are {numbers:?}");
    Ok(())
}

#[test]
fn every_sequence_of_commands_on_a_problem_keeps_every_invariant() {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(0),
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let taken = RefCell::new(Taken::new());
    TestRunner::new(config)
        .run(&(0..policies::COUNT, choices(), actions()), |(policy, first, actions)| {
            let mut sequence = Sequence::begin(policy, &first).map_err(TestCaseError::fail)?;
            for action in &actions {
                sequence.step(action).map_err(TestCaseError::fail)?;
            }
            let mut taken = taken.borrow_mut();
            for (pair, times) in sequence.taken {
                *taken.entry(pair).or_default() += times;
            }
            Ok(())
        })
        .unwrap();
    let taken = taken.into_inner();
    let lifecycle = Lifecycle::describe::<Problem>();
    let known = lifecycle.transitions().iter().map(|known| (known.from.to_owned(), known.verb.to_owned()));
    let pairs: std::collections::BTreeSet<(String, String)> = known.collect();
    let told: BTreeMap<(String, String), u64> =
        taken.iter().map(|((stage, verb), times)| ((stage.to_string(), verb.as_str().to_owned()), *times)).collect();
    let rare: Vec<_> = pairs.iter().filter(|pair| told.get(*pair).is_none_or(|times| *times < LEAST)).collect();
    assert!(rare.is_empty(), "taken less than {LEAST} times: {rare:?}");
    let stray: Vec<_> = told.keys().filter(|pair| !pairs.contains(*pair)).collect();
    assert!(stray.is_empty(), "taken where the lifecycle has no such move: {stray:?}");
    println!("{CASES} sequences took {} moves on problems", taken.values().sum::<u64>());
}

/// What happened, and when: all but when it was recorded, and under which ids.
fn happened(log: &[Event]) -> Vec<(String, chrono::DateTime<chrono::Utc>, String)> {
    log.iter().map(|event| (format!("{:?}", event.body), event.occurred_at, event.actor.to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whether somebody stores what falls due when it does, or everything comes late, the record is the same.
    #[test]
    fn a_problem_that_is_woken_late_is_the_same(
        policy in 0..policies::BY_ROLES,
        first in choices(),
        steps in actions(),
    ) {
        let live = |woken: bool| -> Result<Stored, TestCaseError> {
            let mut sequence = Sequence::begin(policy, &first).map_err(TestCaseError::fail)?;
            for action in &steps {
                let (now, wait) = (sequence.world.time.now(), chrono::TimeDelta::seconds(i64::from(WAITS[action.wait])));
                for part in 1..=4 {
                    sequence.world.time.set(now + wait * part / 4);
                    if woken {
                        sequence.world.wake();
                        sequence.before = stored(&sequence.world, sequence.id);
                    }
                }
                let (actor, command) = sequence.ask(action);
                let _ = sequence.world.desk(actor).problem(sequence.id).execute(command);
                sequence.before = stored(&sequence.world, sequence.id);
            }
            let last = sequence.world.desk(ACTORS - 1).problem(sequence.id).log_time(1);
            prop_assert!(last.is_ok(), "{last:?}");
            Ok(stored(&sequence.world, sequence.id))
        };
        let (woken, late) = (live(true)?, live(false)?);
        prop_assert_eq!(happened(&woken.log), happened(&late.log));
        prop_assert_eq!(woken.problem, late.problem);
    }
}
