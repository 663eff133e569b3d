//! Random sequences of commands, with every invariant checked after each.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write as _};

use andon::{
    Actor, CommandId, Error, Id, Incident, Policy, Stage,
    command::{Cancel, Correct, CorrectTo, IncidentCommand},
    desk::Outcome,
    error::ErrorKind,
    event::{Body, Cause, Event},
    field::Severity,
    incident::{Audience, Cancellation, Former, IncidentEvent, Major},
    ledger::{ClockResult, ClockState, Entry},
    priority::PriorityCause,
    testing::strategies::{Choices, Draw, choices},
    time::{Instant, TimeSource, hours, minutes},
    verb::IncidentVerb as Verb,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, RngSeed, TestError, TestRunner},
};
use serde_json::json;

use crate::{
    action::{Action, Kind, WAITS, When, actions},
    erasing::{self, digests, erased_by, json_without},
    grid, policies,
    recount::Recount,
    world::{ACTORS, Stored, World},
};

/// How many sequences the ordinary run has.
const CASES: u32 = 16_000;
/// How often each legal verb has to be taken in each stage over all sequences.
const LEAST: u64 = 100;

type Check = Result<(), String>;

macro_rules! law {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// How often each verb was taken in each stage.
type Taken = BTreeMap<(Stage, Verb), u64>;

#[test]
fn every_sequence_of_commands_keeps_every_invariant() {
    let cases = asked("ANDON_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(CASES).max(CASES);
    let seed = asked("ANDON_SEED").unwrap_or(0);
    let config = Config {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let taken = RefCell::new(Taken::new());
    let sequence = (0..policies::COUNT * 2, choices(), actions(1..=30));
    let result = TestRunner::new(config).run(&sequence, |(policy, first, actions)| {
        // Roles are judged in one sequence of ten; in the others everybody may do everything.
        let policy = if policy == policies::BY_ROLES { policy } else { policy % policies::BY_ROLES };
        let mut sequence = Sequence::begin(policy, first).map_err(TestCaseError::fail)?;
        for action in &actions {
            if let Err(broken) = sequence.step(action) {
                return Err(TestCaseError::fail(format!("{broken}\n{}", sequence.trace)));
            }
        }
        let mut taken = taken.borrow_mut();
        for (pair, times) in sequence.taken {
            *taken.entry(pair).or_default() += times;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, (policy, first, actions))) => {
            let actions = actions.iter().map(|action| format!("{action:?}")).collect::<Vec<_>>().join("\n");
            panic!(
                "{reason}\nthe shortest sequence that shows it (ANDON_SEED={seed} ANDON_CASES={cases} leads there \
                 again):\npolicy {policy}, first {first:?}\n{actions}"
            )
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let taken = taken.into_inner();
    let times = |pair| taken.get(&pair).copied().unwrap_or(0);
    // Zone data do not change in these sequences: there is never anything to reschedule. The review of what was stood down
    // and ended is the end of a long story, which is told elsewhere.
    let told =
        |(stage, verb): &(Stage, Verb)| *verb != Verb::Reschedule && (*verb != Verb::ReviewMajor || !stage.is_final());
    let pairs = || grid::pairs().filter(told);
    let rare: Vec<_> = pairs().filter(|pair| times(*pair) < LEAST).map(|pair| (pair, times(pair))).collect();
    assert!(rare.is_empty(), "taken less than {LEAST} times in {cases} sequences: {rare:?}");
    let stray: Vec<_> = taken.keys().filter(|(stage, verb)| !grid::is_legal(*stage, *verb)).collect();
    assert!(stray.is_empty(), "taken where the grid has no such move: {stray:?}");
    let (least, (stage, verb)) = pairs().map(|pair| (times(pair), pair)).min().unwrap();
    println!(
        "{cases} sequences took {} moves; the rarest, {verb} in {stage}, {least} times",
        taken.values().sum::<u64>()
    );
}

#[expect(clippy::disallowed_methods, reason = "how much a test run does comes from its environment")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is to be a number")))
}

/// A command that has landed, to be sent again.
struct Landed {
    actor: usize,
    id: CommandId,
    occurred_at: Option<Instant>,
    command: IncidentCommand,
    outcome: Outcome,
    /// Whether texts of the record were erased since.
    forgotten: bool,
}

struct Sequence {
    world: World,
    id: Id<Incident>,
    others: [Id<Incident>; 2],
    before: Stored,
    landed: Vec<Landed>,
    /// Whether the priority was assessed by another policy than the one in force.
    stale_policy: bool,
    taken: Taken,
    trace: String,
}

impl Sequence {
    fn begin(policy: usize, mut first: Choices) -> Result<Self, String> {
        let mut world = World::new(policy);
        let system = ACTORS - 1;
        let other = |world: &World| world.desk(system).report("The other one").map_err(|error| error.to_string());
        let others = [other(&world)?.id(), other(&world)?.id()];
        let draw = Draw { now: world.time.now(), ..Draw::new(world.policy()) };
        let report = draw.report(&mut first);
        let id = world.command_id();
        let reporter = if policy == policies::BY_ROLES { 0 } else { first.roll(ACTORS) };
        let desk = world.desk(reporter).clone().with_command(id);
        let outcome = desk.report(report.clone()).map_err(|error| error.to_string())?;
        let again = desk.report(report).map_err(|error| error.to_string())?;
        law!(again.was_repeated() && again.incident() == outcome.incident(), "a repeated report gave another answer");
        let before = world.stored(outcome.id());
        check_record(&before)?;
        law!(
            before.log == outcome.events() && before.incident == *outcome.incident(),
            "the report was stored otherwise"
        );
        let (taken, trace) = (Taken::new(), format!("reported {:?}\n", before.incident));
        Ok(Self { world, id: outcome.id(), others, before, landed: Vec::new(), stale_policy: false, taken, trace })
    }

    fn step(&mut self, action: &Action) -> Check {
        self.world.time.advance(chrono::TimeDelta::seconds(i64::from(WAITS[action.wait])));
        let mut choices = action.choices.clone();
        let actor = choices.roll(ACTORS);
        match action.kind {
            Kind::Again => self.again(&mut choices),
            Kind::Reuse => self.reuse(&mut choices),
            Kind::Read => self.read(actor),
            Kind::Report => self.report(&mut choices, actor),
            Kind::Publish => self.publish(&mut choices),
            Kind::Back => self.back(&mut choices),
            Kind::Move | Kind::Facet | Kind::Any | Kind::Bad | Kind::Stale => {
                let effective = self.effective();
                let stage = effective.stage();
                // What is merged already can be merged elsewhere.
                let other = self.others[usize::from(merged_into(&effective) == Some(self.others[0]))];
                let verbs = match action.kind {
                    Kind::Move => grid::moves(stage),
                    Kind::Facet => grid::facets(stage),
                    _ => &grid::ASKABLE,
                };
                // Another policy is in force: what it decides otherwise is asked for now and then.
                let reissues = action.kind == Kind::Facet && self.stale_policy && !stage.is_final();
                let reissues = reissues && choices.roll(3) > 0;
                // What becomes of a major incident is asked for while there is one.
                let leads = action.kind == Kind::Facet && effective.is_major() && choices.roll(3) > 0;
                let led = if effective.is_running_major() { Verb::ManageMajor } else { Verb::ReviewMajor };
                let begins = action.kind == Kind::Facet && !effective.is_major() && choices.roll(8) == 0;
                let verb = match (reissues, leads, begins && !stage.is_final()) {
                    (true, ..) => Verb::Reissue,
                    (_, true, _) if !stage.is_final() || led == Verb::ReviewMajor => led,
                    (_, _, true) => Verb::JudgeMajor,
                    _ => verbs[choices.roll(verbs.len())],
                };
                let bad = action.kind == Kind::Bad;
                let (policy, now) = (self.world.policy(), self.now());
                let texts = if verb == Verb::Redact { digests(&self.before.log) } else { Vec::new() };
                let draw = Draw { policy, now, id: self.id, other, texts: &texts, bad };
                let command = draw.command(verb, &mut choices).expect("every verb of the grid is a command");
                self.command(actor, command, action.when, action.kind == Kind::Stale)
            }
        }
    }

    fn now(&self) -> Instant {
        self.world.time.now().max(self.before.incident.progress().recorded_at)
    }

    /// Whether an actor may read what is internal: where roles are judged, callers and the probe may not.
    const fn reads_internals(&self, actor: usize) -> bool {
        self.world.policy != policies::BY_ROLES || !matches!(actor, 1 | 3 | 4)
    }

    /// The incident as it is now, as the system reads it.
    fn effective(&self) -> Incident {
        self.world.desk(ACTORS - 1).incident(self.id).get().unwrap().into_incident()
    }

    fn command(&mut self, actor: usize, command: IncidentCommand, when: When, stale: bool) -> Check {
        let now = self.now();
        let since = self.before.incident.progress().stage_since;
        let occurred_at = match when {
            When::Now => None,
            When::Since(part) => Some(now - (now - since) * i32::from(part) / 16),
            When::Ago(ago) => Some(now - hours(ago)),
            When::Future => Some(now + minutes(1)),
        };
        let command_id = self.world.command_id();
        let mut desk = self.world.desk(actor).incident(self.id).with_command(command_id);
        if let Some(at) = occurred_at {
            desk = desk.occurring_at(at);
        }
        if stale {
            desk = desk.if_version(self.before.version.next());
        }
        let _ = writeln!(
            self.trace,
            "{} actor {actor} in {} asks {command:?} {when:?} (stale: {stale})",
            self.world.time.now(),
            self.before.incident.stage()
        );
        let is_plain = occurred_at.is_none() && !stale && self.world.time.now() == now;
        let found = self.effective();
        let moves = desk.allowed_moves();
        let result = desk.execute(command.clone());
        match &result {
            Ok(outcome) => {
                let names: Vec<_> = outcome.events().iter().map(|event| event.body.name()).collect();
                let _ = writeln!(self.trace, "    {names:?}, now {}", outcome.incident().stage());
            }
            Err(error) => {
                let _ = writeln!(self.trace, "    refused: {}: {error}", error.code());
            }
        }
        if stale {
            law!(result.as_ref().is_err_and(is_refusal_of_stale), "a stale version was taken: {result:?}");
        }
        if is_plain && result.as_ref().map_or(true, |outcome| outcome.id() == self.id) {
            // What only the desk knows of is no reason to offer others another move.
            let known = if self.reads_internals(actor) { found.clone() } else { found.withheld() };
            Self::check_allowed(&known, &command, moves, &result)?;
        }
        let after = self.world.stored(self.id);
        match result {
            Err(error) => {
                let code = error.code();
                law!(
                    !matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable),
                    "{code} is no answer to a command: {error}"
                );
                law!(is_same(&after, &self.before), "something was stored although the answer was {code}");
            }
            // What somebody concerned writes on a duplicate arrives at the incident that goes on.
            Ok(outcome) if outcome.id() != self.id => {
                let goes_on = merged_into(&found).is_some_and(|of| of == outcome.id());
                law!(goes_on && command.verb() == Verb::AddNote, "{command:?} came to another incident");
                law!(outcome.events().iter().any(|event| event.body.name() == "incident.note_added"), "no note came");
                law!(is_same(&after, &self.before), "the duplicate has changed by what went on");
            }
            Ok(outcome) => {
                self.check_landed(actor, &command, &outcome, &after)?;
                let landed = Landed { actor, id: command_id, occurred_at, command, outcome, forgotten: false };
                let changed = landed.outcome.version() != self.before.version;
                self.before = after;
                if changed {
                    if self.world.policy != policies::BY_ROLES {
                        self.send_again(&landed)?;
                    }
                    self.landed.push(landed);
                }
            }
        }
        Ok(())
    }

    /// What `allowed_moves` says agrees with what happens.
    fn check_allowed(
        incident: &Incident,
        command: &IncidentCommand,
        moves: Result<Vec<andon::AllowedMove>, Error>,
        result: &Result<Outcome, Error>,
    ) -> Check {
        let verb = command.verb();
        let moves = match (moves, result) {
            (Ok(moves), _) => moves,
            (Err(Error::NotFound(_)), Err(Error::NotFound(_))) => return Ok(()),
            (Err(error), result) => return Err(format!("no moves ({error}), but {result:?}")),
        };
        for known in grid::ASKABLE {
            let listed = moves.iter().any(|allowed| allowed.verb() == known);
            let stage = incident.stage();
            // Nothing but the merge of a duplicate can be undone; the other cancellations are as final as they look.
            let undoable = match incident {
                Incident::Cancelled(cancelled) => {
                    let cancelled = cancelled.stage();
                    matches!(cancelled.cancellation(), Cancellation::Duplicate { .. })
                        && *cancelled.former() != Former::Other
                }
                _ => true,
            };
            let major = incident.major();
            let fits = match known {
                Verb::UndoMerge | Verb::Cancel => undoable,
                Verb::ProposeMajor => matches!(major, None | Some(Major::Rejected {} | Major::Demoted {})),
                Verb::JudgeMajor => !matches!(major, Some(Major::Accepted(_))),
                Verb::ManageMajor => matches!(major, Some(Major::Accepted(_))),
                Verb::ReviewMajor => matches!(major, Some(Major::StoodDown(_))),
                _ => true,
            };
            let legal = grid::is_legal(stage, known) && fits;
            law!(listed == legal, "{known} in {stage} is listed: {listed}");
        }
        let refused = matches!(result, Err(Error::Refused(_)));
        let illegal = matches!(result, Err(Error::Illegal(_)));
        let blocked = matches!(result, Err(Error::Blocked(_)));
        let Some(allowed) = moves.iter().find(|allowed| allowed.verb() == verb) else {
            // Whoever lacks the permission, or names an incident that does not exist, is told that first.
            // What is written on a duplicate is judged where it arrives.
            let forwarded = verb == Verb::AddNote && merged_into(incident).is_some();
            let told = refused || forwarded || (names_unknown(command) && matches!(result, Err(Error::Invalid(_))));
            law!(illegal || told, "{verb} is not listed, but {result:?}");
            return Ok(());
        };
        law!(allowed.is_permitted() != refused, "{verb} is permitted: {}, but {result:?}", allowed.is_permitted());
        law!(!illegal, "{verb} is listed, but {result:?}");
        if verb == Verb::Close && allowed.is_permitted() {
            law!(allowed.is_possible() != blocked, "close is possible: {}, but {result:?}", allowed.is_possible());
        }
        Ok(())
    }

    /// What holds after a command that was taken.
    fn check_landed(&mut self, actor: usize, command: &IncidentCommand, outcome: &Outcome, after: &Stored) -> Check {
        let internals = self.reads_internals(actor);
        let old = self.before.log.len();
        let new = &after.log[old..];
        let slots = erased_by(new);
        if slots.is_empty() {
            law!(after.log[..old] == self.before.log[..], "the log before the command has changed");
        } else {
            law!(matches!(command, IncidentCommand::Redact { .. }), "something was erased by {command:?}");
            erasing::check(&slots, &self.before.log, &after.incident.clone().into(), &after.log)?;
            // What was asked of it before can no longer be told from anything else.
            self.landed.iter_mut().for_each(|landed| landed.forgotten = true);
        }
        law!(shown(new, internals) == outcome.events(), "the outcome tells other events than were stored");
        law!(
            after.version == outcome.version(),
            "the outcome tells {}, stored is {}",
            outcome.version(),
            after.version
        );
        let seen = if internals { after.incident.clone() } else { after.incident.withheld() };
        law!(seen == *outcome.incident(), "the outcome tells another incident than was stored");
        law!(!outcome.was_repeated(), "a new command was taken for a repeated one");
        if new.is_empty() {
            law!(is_same(after, &self.before), "nothing happened, and something was stored");
            return Ok(());
        }
        check_record(after)?;
        let stage = self.check_steps(new)?;
        if let Some(stage) = stage {
            *self.taken.entry((stage, command.verb())).or_default() += 1;
        }
        check_counters(&self.before.incident, &after.incident, new)?;
        check_blocked(&after.incident, self.world.policy())?;
        // An edit of what does not weigh is no reason to assess it anew.
        let assessed = |event: &Event| matches!(&event.body, Body::Incident(IncidentEvent::PriorityChanged(change)) if change.cause == PriorityCause::Edited);
        if matches!(command.verb(), Verb::Categorise | Verb::Reissue) || new.iter().any(assessed) {
            self.stale_policy = false;
        }
        if let (Verb::Reissue, Incident::Resolved(resolved)) = (command.verb(), &after.incident) {
            let policy = self.world.policy();
            let closes = resolved.stage().resolution().closes.map(|closes| (closes.after, closes.policy.digest));
            let ours = policy.parts().closure.automatic_after_seconds.map(|after| (after, policy.digest()));
            let ours = ours.filter(|_| !after.incident.is_major());
            law!(closes == ours, "it was reissued to close by {closes:?} and not by {ours:?}");
        }
        if !self.stale_policy {
            let ours = self.world.policy().assess(after.incident.facts());
            let theirs = &after.incident.progress().assessment;
            let theirs = theirs.as_ref().clone().with_override(None).with_floor(None);
            law!(ours.as_ref() == Some(&theirs), "the policy gives {ours:?}, the record has {theirs:?}");
        }
        Ok(())
    }

    /// Goes through the new events one by one; gives the stage in which the command itself was taken.
    fn check_steps(&self, new: &[Event]) -> Result<Option<Stage>, String> {
        let mut incident = self.before.incident.clone();
        let mut taken_in = None;
        for event in new {
            let Body::Incident(body) = &event.body else { return Err("another kind of record".to_owned()) };
            let stage = incident.stage();
            if event.cause != Cause::Due {
                taken_in = taken_in.or(Some(stage));
            }
            law!(stage != Stage::Closed || is_left_to_final(body), "{} happened to a closed incident", body.name());
            law!(
                stage != Stage::Cancelled
                    || is_left_to_final(body)
                    || matches!(body, IncidentEvent::MergeMoved(_) | IncidentEvent::MergeUndone(_)),
                "{} happened to a cancelled incident",
                body.name()
            );
            let facts = incident.facts().clone();
            let step = incident.apply(body.clone(), &event.stamp()).map_err(|error| error.to_string())?;
            law!(step.events == [body.clone()], "{} led to {:?}", body.name(), step.events);
            incident = step.next;
            if stage.is_final() {
                let mut now = incident.facts().clone();
                now.watchers.clone_from(&facts.watchers);
                let same = now == facts || json!(now) == json_without(&facts, &erased_by(std::slice::from_ref(event)));
                law!(same, "{} changed the facts of what is {stage}", body.name());
            }
        }
        Ok(taken_in)
    }

    /// The same command once more: the same answer, and nothing changes.
    fn send_again(&self, landed: &Landed) -> Check {
        let mut desk = self.world.desk(landed.actor).incident(self.id).with_command(landed.id);
        if let Some(at) = landed.occurred_at {
            desk = desk.occurring_at(at);
        }
        let again = desk.execute(landed.command.clone());
        match again {
            Err(Error::CommandReused(_)) if landed.forgotten => {}
            Ok(_) if landed.forgotten => return Err("what was forgotten was answered".to_owned()),
            Ok(again) => {
                law!(again.was_repeated(), "the repetition was taken for a new command");
                law!(again.incident() == landed.outcome.incident(), "the repetition tells another incident");
                law!(again.events() == landed.outcome.events(), "the repetition tells other events");
                law!(again.version() == landed.outcome.version(), "the repetition tells another version");
                law!(again.command() == landed.id, "the repetition tells another command");
            }
            // Whoever may no longer see the record is not told of it.
            Err(Error::NotFound(_)) if self.world.policy == policies::BY_ROLES => {}
            Err(error) => return Err(format!("the repetition was refused: {error}")),
        }
        law!(is_same(&self.world.stored(self.id), &self.before), "the repetition changed something");
        Ok(())
    }

    fn again(&self, choices: &mut Choices) -> Check {
        if self.landed.is_empty() {
            return Ok(());
        }
        self.send_again(&self.landed[choices.roll(self.landed.len())])
    }

    /// The id of a command for something else: refused.
    fn reuse(&self, choices: &mut Choices) -> Check {
        if self.landed.is_empty() {
            return Ok(());
        }
        let landed = &self.landed[choices.roll(self.landed.len())];
        let desk = self.world.desk(landed.actor).incident(self.id).with_command(landed.id);
        let result = desk.add_internal_note("something else altogether");
        let refused = matches!(result, Err(Error::CommandReused(_)));
        law!(refused, "the id of another command was taken: {result:?}");
        law!(is_same(&self.world.stored(self.id), &self.before), "the reused id changed something");
        Ok(())
    }

    /// A read shows what has fallen due, and stores nothing.
    fn read(&self, actor: usize) -> Check {
        let seen = match self.world.desk(actor).incident(self.id).get() {
            Err(Error::NotFound(_)) if self.world.policy == policies::BY_ROLES => return Ok(()),
            seen => seen.map_err(|error| error.to_string())?,
        };
        law!(seen.version() == self.before.version, "a read tells version {}", seen.version());
        let effective = self.effective();
        let effective = if self.reads_internals(actor) { effective } else { effective.withheld() };
        law!(seen.into_incident() == effective, "two reads at one instant differ");
        law!(is_same(&self.world.stored(self.id), &self.before), "a read changed something");
        Ok(())
    }

    /// Another report: its number is higher than any before, and what is refused takes nothing.
    fn report(&mut self, choices: &mut Choices, actor: usize) -> Check {
        let bad = choices.flip();
        let draw = Draw { now: self.now(), bad, ..Draw::new(self.world.policy()) };
        let report = draw.report(choices);
        let _ = writeln!(self.trace, "actor {actor} reports {report:?}");
        match self.world.desk(actor).report(report) {
            Ok(outcome) => {
                law!(!bad, "a bad report was taken: {:?}", outcome.incident());
                law!(outcome.number() > self.before.incident.number(), "{} is no later number", outcome.number());
                let stored = self.world.stored(outcome.id());
                check_record(&stored)?;
                let internals = self.reads_internals(actor);
                let shown = if internals { stored.incident } else { stored.incident.withheld() };
                law!(shown == *outcome.incident(), "the report was stored otherwise");
            }
            Err(error) => {
                let expected = matches!(error, Error::Invalid(_) | Error::ServiceRequest(_) | Error::Refused(_));
                law!(expected && (bad || self.world.policy == policies::BY_ROLES), "a report was refused: {error}");
            }
        }
        law!(is_same(&self.world.stored(self.id), &self.before), "another report changed something");
        Ok(())
    }

    fn publish(&mut self, choices: &mut Choices) -> Check {
        if self.world.policy == policies::BY_ROLES {
            return Ok(());
        }
        let next = choices.roll(policies::BY_ROLES);
        let _ = writeln!(self.trace, "policy {next} is published");
        self.stale_policy = self.stale_policy || next != self.world.policy;
        self.world.publish(next);
        law!(is_same(&self.world.stored(self.id), &self.before), "a policy changed a record");
        Ok(())
    }

    /// The clock goes back: a little is borne, more is refused.
    fn back(&mut self, choices: &mut Choices) -> Check {
        let last = self.before.incident.progress().recorded_at;
        let now = self.world.time.now();
        let seconds = choices.pick(1, &[299, 300, 301, 100_000]);
        self.world.time.set(last - chrono::TimeDelta::seconds(seconds));
        let result = self.world.desk(ACTORS - 1).incident(self.id).log_time(60);
        let _ = writeln!(self.trace, "{seconds} seconds before the record: {}", result.is_ok());
        self.world.time.set(now);
        let behind = matches!(result, Err(Error::ClockBehind(_)));
        law!(behind == (seconds > 300), "{seconds} seconds behind, and {result:?}");
        let after = self.world.stored(self.id);
        match result {
            Ok(outcome) => {
                let command = IncidentCommand::LogTime { seconds: 60, note: None };
                self.check_landed(ACTORS - 1, &command, &outcome, &after)?;
                law!(after.incident.progress().recorded_at == last, "the record's time moved");
                self.before = after;
            }
            Err(_) => law!(is_same(&after, &self.before), "something was stored while the clock was behind"),
        }
        Ok(())
    }
}

/// The events as somebody sees them who may read what is internal, or may not.
fn shown(events: &[Event], internals: bool) -> Vec<Event> {
    let public = |event: &&Event| event.audience() == Audience::Public;
    if internals { events.to_vec() } else { events.iter().filter(public).map(Event::withheld).collect() }
}

fn is_same(one: &Stored, other: &Stored) -> bool {
    one.version == other.version && one.incident == other.incident && one.log == other.log
}

/// A stale version is refused as a conflict, unless the actor may not even see the record.
fn is_refusal_of_stale(error: &Error) -> bool {
    matches!(error, Error::Conflict(_) | Error::NotFound(_))
}

/// Whether the command names an incident that does not exist.
fn names_unknown(command: &IncidentCommand) -> bool {
    let other = match command {
        IncidentCommand::Cancel(Cancel { cancellation, .. })
        | IncidentCommand::Correct(Correct { to: CorrectTo::Cancelled(cancellation), .. }) => cancellation.other(),
        _ => None,
    };
    other == Some(Draw::UNKNOWN)
}

/// The incident of which it is a duplicate.
fn merged_into(incident: &Incident) -> Option<Id<Incident>> {
    match incident {
        Incident::Cancelled(cancelled) => cancelled.stage().merged_into(),
        _ => None,
    }
}

/// What may still happen to what is closed.
fn is_left_to_final(event: &IncidentEvent) -> bool {
    match event {
        IncidentEvent::NoteAdded(note) => note.audience == Audience::Internal,
        IncidentEvent::Watched(_)
        | IncidentEvent::Unwatched(_)
        | IncidentEvent::TimeSpent(_)
        | IncidentEvent::MilestoneRecorded(_)
        | IncidentEvent::Redacted(_)
        | IncidentEvent::Corrected(_)
        // Where an incident belongs may come to light after its end.
        | IncidentEvent::Linked(_)
        | IncidentEvent::MajorReviewed(_)
        | IncidentEvent::Unlinked(_)
        // Clocks stop with the record; when they started and ended, may be known better later.
        | IncidentEvent::Clock(Entry::Ended(_) | Entry::Cancelled(_) | Entry::Replaced(_)) => true,
        _ => false,
    }
}

/// What holds of every record that is stored.
fn check_record(stored: &Stored) -> Check {
    let Stored { incident, version, log } = stored;
    let (folded, folded_to) = Incident::fold(log).map_err(|error| error.to_string())?;
    law!(folded == *incident, "the log folds to {folded:?}, and stored is {incident:?}");
    law!(folded_to == *version, "the log folds to version {folded_to}, and stored is {version}");
    check_log(stored)?;
    check_json(stored)?;
    check_stage(incident)?;
    check_clocks(incident)?;
    check_major(incident)?;
    let recount = Recount::of(log)?;
    recount.agrees(incident.progress(), incident.facts().watchers.len())
}

/// A major incident does not close by itself; what runs has its floor, and nothing else has one.
fn check_major(incident: &Incident) -> Check {
    let closes = match incident {
        Incident::Resolved(resolved) => resolved.stage().closes_at(),
        _ => None,
    };
    law!(!incident.is_major() || closes.is_none(), "a major incident closes by itself at {closes:?}");
    let assessment = &incident.progress().assessment;
    let floor = incident.major().and_then(Major::running).and_then(|running| running.floor());
    law!(incident.stage().is_final() || assessment.floor() == floor, "the floor of the priority is {floor:?}");
    law!(floor.is_none_or(|floor| incident.priority().rank() <= floor.rank()), "the priority is beneath its floor");
    Ok(())
}

/// Nothing runs on when the record is done; what ended is met if it was in time; nothing is breached that was not due.
fn check_clocks(incident: &Incident) -> Check {
    let ledger = incident.clocks();
    law!(!incident.stage().is_final() || ledger.live().count() == 0, "a clock runs on after the end");
    for clock in ledger.clocks() {
        law!(clock.start() <= incident.progress().recorded_at, "clock {} starts in the future", clock.id().get());
        if let ClockState::Ended { at, result, late, .. } = clock.state() {
            law!((*result == ClockResult::Missed) == late.is_some(), "clock {} is late by {late:?}", clock.id().get());
            let in_time = clock.due().is_none_or(|due| *at <= due);
            law!(in_time == (*result == ClockResult::Met), "clock {} ended {at} and is {result:?}", clock.id().get());
        }
        let ordered = clock.pauses().windows(2).all(|pair| pair[0].to.is_some_and(|to| to <= pair[1].from));
        law!(ordered, "the pauses of clock {} overlap: {:?}", clock.id().get(), clock.pauses());
        law!(
            clock.pause().is_some() == (*clock.state() == ClockState::Paused) || !clock.is_live(),
            "clock {} is {:?} with the pause {:?}",
            clock.id().get(),
            clock.state(),
            clock.pause()
        );
    }
    Ok(())
}

fn check_log(Stored { incident, version, log }: &Stored) -> Check {
    let mut last = None;
    for (event, sequence) in log.iter().zip(1_u64..) {
        law!(event.sequence.get() == sequence, "event {sequence} has the number {}", event.sequence);
        law!(event.record == incident.id().into(), "event {sequence} is of {}", event.record);
        law!(event.occurred_at <= event.recorded_at, "event {sequence} was recorded before it happened");
        law!(last.is_none_or(|last| last <= event.recorded_at), "event {sequence} was recorded before the one before");
        law!(
            (event.cause == Cause::Due) == matches!(event.actor, andon::actor::ActorId::System)
                || event.cause == Cause::Command,
            "event {sequence} fell due by {}",
            event.actor
        );
        last = Some(event.recorded_at);
    }
    let length = u64::try_from(log.len()).unwrap();
    law!(version.get() == length, "version {version} after {length} events");
    law!(last == Some(incident.progress().recorded_at), "the record's last time is not the log's");
    Ok(())
}

/// The record and its newest events read back from JSON as they are.
fn check_json(Stored { incident, log, .. }: &Stored) -> Check {
    let json = serde_json::to_vec(incident).map_err(|error| error.to_string())?;
    let back = Incident::from_json(&json).map_err(|error| error.to_string())?;
    law!(back == *incident, "the snapshot reads back as {back:?}");
    for event in log.iter().rev().take(4) {
        let json = serde_json::to_vec(event).map_err(|error| error.to_string())?;
        let back = Event::from_json(&json).map_err(|error| error.to_string())?;
        law!(back == *event, "an event reads back as {back:?}");
        let canonical = event.canonical().map_err(|error| error.to_string())?;
        law!(Ok(&canonical) == back.canonical().as_ref().map_err(|_| ()), "its canonical form changed");
    }
    Ok(())
}

/// The facts of the stage itself.
fn check_stage(incident: &Incident) -> Check {
    let progress = incident.progress();
    let milestones = &progress.milestones;
    let assessment = &progress.assessment;
    let overridden = assessment.overridden();
    let result = overridden.map_or_else(|| assessment.computed(), |set| &set.priority);
    law!(result == incident.priority(), "{assessment} does not give {}", incident.priority());
    law!(progress.stage_since <= progress.recorded_at, "the stage began after the last event");
    let stage = incident.stage();
    law!(milestones.reported.is_some(), "it was never reported");
    law!(incident.hold().is_some() == (stage == Stage::OnHold), "{stage} has the hold {:?}", incident.hold());
    let resolved = matches!(stage, Stage::Resolved | Stage::Closed);
    law!(milestones.resolved.is_some() == resolved, "{stage} was resolved at {:?}", milestones.resolved);
    law!(incident.resolution().is_some() == resolved, "{stage} has the resolution {:?}", incident.resolution());
    law!(milestones.closed.is_some() == (stage == Stage::Closed), "{stage} was closed at {:?}", milestones.closed);
    law!(resolved || milestones.confirmed.is_none(), "{stage} was confirmed at {:?}", milestones.confirmed);
    let live = !stage.is_final();
    let expiry = overridden.and_then(|set| set.until).filter(|_| live);
    law!(expiry.is_none_or(|at| at > progress.recorded_at), "the override should have expired at {expiry:?}");
    match incident {
        Incident::OnHold(held) => {
            let held = held.stage();
            law!(progress.holds > 0, "it is on hold, and was never");
            law!(held.since() <= progress.recorded_at, "the hold began after the last event");
            let until = held.hold().until;
            law!(until.is_none_or(|at| at > held.since()), "the hold ends at {until:?}, before it began");
            law!(until.is_none_or(|at| at > progress.recorded_at), "the hold should have ended at {until:?}");
        }
        Incident::Resolved(resolved) => {
            let resolved = resolved.stage();
            law!(milestones.resolved == Some(resolved.resolved_at()), "resolved at two instants");
            law!(resolved.quiet_since() >= resolved.resolved_at(), "quiet since before the resolution");
            let confirmed = resolved.confirmation().map(|confirmation| confirmation.at);
            law!(milestones.confirmed == confirmed, "confirmed at {confirmed:?} and {:?}", milestones.confirmed);
            law!(milestones.responded.is_some(), "resolved without a response");
            let (closes, blocked) = (resolved.closes_at(), resolved.is_closure_blocked());
            let due = closes.is_some_and(|at| at <= progress.recorded_at);
            law!(due == blocked, "it closes at {closes:?}; blocked: {blocked}");
        }
        Incident::Closed(closed) => {
            law!(milestones.closed == Some(closed.stage().closed_at()), "closed at two instants");
            law!(milestones.responded.is_some(), "closed without a response");
        }
        Incident::Cancelled(cancelled) => {
            law!(cancelled.stage().cancelled_at() == progress.stage_since, "cancelled at two instants");
        }
        Incident::New(_) | Incident::Assigned(_) | Incident::InProgress(_) => {}
    }
    Ok(())
}

/// What was kept from closing by itself still is by something.
fn check_blocked(incident: &Incident, policy: &Policy) -> Check {
    let Incident::Resolved(resolved) = incident else { return Ok(()) };
    let stage = resolved.stage();
    // By another policy than the one in force, only the library can tell.
    let pinned = stage.resolution().closes.is_some_and(|closes| closes.policy.digest == policy.digest());
    if !stage.is_closure_blocked() || !pinned {
        return Ok(());
    }
    let moves = incident.allowed_moves(&Actor::system(), policy, incident.progress().recorded_at);
    let owed = moves.iter().any(|allowed| {
        let blocks = allowed.obligations().iter().any(|owed| owed.severity() == Severity::Blocking);
        allowed.verb() == Verb::Close && blocks
    });
    law!(owed || stage.caller_replied(), "nothing keeps it open any more");
    Ok(())
}

/// Counters only rise; the seconds on hold fall when a merge is undone, and only then.
fn check_counters(before: &Incident, after: &Incident, new: &[Event]) -> Check {
    let counters = |incident: &Incident| {
        let progress = incident.progress();
        [
            u64::from(progress.reopenings),
            u64::from(progress.group_hops),
            u64::from(progress.person_hops),
            u64::from(progress.holds),
            u64::from(progress.public_notes),
            u64::from(progress.internal_notes),
            u64::from(progress.corrections),
            progress.time_spent_seconds,
        ]
    };
    let (old, now) = (counters(before), counters(after));
    law!(old.iter().zip(&now).all(|(old, now)| old <= now), "a counter fell: {old:?}, {now:?}");
    let undone = new.iter().any(|event| matches!(event.body, Body::Incident(IncidentEvent::MergeUndone(_))));
    let (old, now) = (before.progress().on_hold_seconds, after.progress().on_hold_seconds);
    law!(undone || old <= now, "the seconds on hold fell from {old} to {now}");
    Ok(())
}
