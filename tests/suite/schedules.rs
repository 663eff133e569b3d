//! Lateness changes nothing: any schedule of wakes gives the same record and the same events as waking at every
//! instant at which something falls due.

use std::{ops::RangeInclusive, sync::Arc};

use andon::{
    Actor, CommandId, Desk, Id, Incident, MemoryRepository, Policy, PolicyDraft, Repository, Version, blocking,
    event::{Body, Event, PolicyStamp},
    permission::Permissions,
    store::{Share, Sweep},
    testing::{
        OneSalt, START,
        strategies::{Choices, Draw, choices},
    },
    time::{Instant, ManualTime, Seconds, TimeSource, days, hours},
    verb::IncidentVerb as Verb,
};
use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*};

/// What is done to one of two incidents, after a while.
#[derive(Debug, Clone)]
struct Step {
    incident: usize,
    verb: usize,
    wait: TimeDelta,
    choices: Choices,
    /// How the wait is spent at the desk that is woken at random.
    sweeps: Vec<Wakening>,
}

/// A sweep, or two at once.
#[derive(Debug, Clone)]
struct Wakening {
    /// After so many sixteenths of the wait.
    sixteenths: i32,
    /// By which of two desks over the one repository, or by both.
    desks: RangeInclusive<usize>,
    /// In so many shares, of which the last few may be left out.
    shares: u16,
    left_out: u16,
    /// So many records at a time.
    limit: usize,
    /// Over what had fallen due so many hours ago.
    ago: u32,
}

/// What makes something fall due, and what ends it.
const VERBS: [Verb; 16] = [
    Verb::Hold,
    Verb::Hold,
    Verb::ChangeHold,
    Verb::OverridePriority,
    Verb::OverridePriority,
    Verb::Resolve,
    Verb::Resolve,
    Verb::Confirm,
    Verb::Reopen,
    Verb::Resume,
    Verb::StartWork,
    Verb::AddNote,
    Verb::Edit,
    Verb::Waive,
    Verb::Reissue,
    Verb::Correct,
];

fn wakening() -> impl Strategy<Value = Wakening> {
    let desks = prop_oneof![Just(0..=0), Just(1..=1), Just(0..=1)];
    let ago = prop_oneof![3 => Just(0), 1 => 1..80_u32];
    (0..=16, desks, 1..=4_u16, 0..=2_u16, 1..=3_usize, ago).prop_map(
        |(sixteenths, desks, shares, left_out, limit, ago)| Wakening {
            sixteenths,
            desks,
            shares,
            left_out,
            limit,
            ago,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![1 => Just(0), 4 => 1..=200_000_i64, 2 => 200_000..=1_000_000_i64];
    (0..2_usize, 0..VERBS.len(), wait, choices(), vec(wakening(), 0..4)).prop_map(
        |(incident, verb, wait, choices, mut sweeps)| {
            sweeps.sort_by_key(|sweep| sweep.sixteenths);
            Step { incident, verb, wait: TimeDelta::seconds(wait), choices, sweeps }
        },
    )
}

/// Policies in which things fall due: two to be published one after the other.
fn policies() -> [Policy; 2] {
    let policy = |closes: u8, reply: &str| {
        let mut draft: PolicyDraft = serde_json::from_value(serde_json::json!({
            "closure": {
                "confirmation": { "caller": true, "quiet_seconds": 172_800 },
                "required": [{ "field": "site", "by": "closure" }],
                "on_caller_reply": reply,
            },
        }))
        .unwrap();
        draft.closure.automatic_after_seconds = Some(Seconds::days(closes));
        draft.permissions = Permissions::everything();
        draft.validate().unwrap()
    };
    [policy(3, "flag"), policy(5, "restart_quiet_time")]
}

/// Two desks over one repository, with one clock.
struct House {
    time: ManualTime,
    repository: MemoryRepository,
    desks: Vec<blocking::Desk<MemoryRepository>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Schedule {
    /// Woken at every instant at which something falls due.
    Punctual,
    /// Woken whenever.
    Random,
    /// Never woken.
    Never,
}

impl House {
    fn new() -> Self {
        let time = ManualTime::at(START);
        let repository = MemoryRepository::with_epoch(1);
        // One source of ids, as two processes would never mint the same one.
        let ids = Arc::new(OneSalt::new());
        let [policy, _] = policies();
        let desk =
            || Desk::with_sources(repository.clone(), time.clone(), Arc::clone(&ids)).with_policy(policy.clone());
        let desks = vec![blocking::Desk::from(desk()), blocking::Desk::from(desk())];
        Self { time, repository, desks }
    }

    fn system(&self, desk: usize) -> blocking::ActingDesk<MemoryRepository> {
        self.desks[desk].tenant("acme").unwrap().acting_as(Actor::system())
    }

    fn wait(&self, step: &Step, schedule: Schedule) {
        let (start, end) = (self.time.now(), self.time.now() + step.wait);
        match schedule {
            Schedule::Never => {}
            Schedule::Punctual => {
                while let Some(at) = self.next_due().filter(|at| *at <= end) {
                    self.time.set(at.max(start));
                    let woken = self.desks[0].wake(self.time.now(), 10).unwrap();
                    assert!(!woken.records.is_empty() && woken.failed.is_empty(), "{woken:?}");
                }
            }
            Schedule::Random => {
                for sweep in &step.sweeps {
                    self.time.set(start + step.wait * sweep.sixteenths / 16);
                    for desk in sweep.desks.clone() {
                        for share in 0..sweep.shares.saturating_sub(sweep.left_out) {
                            let now = self.time.now() - hours(sweep.ago);
                            let share = Share::new(share, sweep.shares).unwrap();
                            let woken = self.desks[desk].wake_share(now, sweep.limit, share).unwrap();
                            assert!(woken.failed.is_empty(), "{woken:?}");
                        }
                    }
                }
            }
        }
        self.time.set(end);
    }

    fn next_due(&self) -> Option<Instant> {
        let sweep = Sweep { now: Instant::MAX_UTC, limit: 1, share: Share::ALL, after: None };
        pollster::block_on(self.repository.wakes(sweep)).unwrap().first().map(|wake| wake.at)
    }
}

/// What became of an incident: the record, and what happened, but for ids and when it was recorded.
#[derive(Debug, PartialEq)]
struct Became {
    incident: String,
    told: Vec<(String, Instant, String, Option<PolicyStamp>)>,
}

fn live(steps: &[Step], schedule: Schedule) -> Vec<Became> {
    let house = House::new();
    let [_, other] = policies();
    let ids: Vec<Id<Incident>> = (0..3).map(|_| house.system(0).report("Mail is down").unwrap().id()).collect();
    for (place, step) in steps.iter().enumerate() {
        house.wait(step, schedule);
        let mut choices = step.choices.clone();
        // Now and then another policy is put in force: what was decided by the earlier one stays.
        if choices.roll(12) == 11 {
            house.system(0).publish_policy(other.clone()).unwrap();
        }
        let id = ids[step.incident];
        let policy = house.system(0).policy().unwrap();
        let draw = Draw { now: house.time.now(), id, other: ids[2], ..Draw::new(&policy) };
        let command = draw.command(VERBS[step.verb], &mut choices).unwrap();
        let actor = choices.pick(Actor::system(), &[Actor::person("anna").unwrap(), Actor::person("bob").unwrap()]);
        let desk = house.desks[0].tenant("acme").unwrap().acting_as(actor);
        // What is refused under one schedule is refused under the others: the records at the end tell.
        let command_id = CommandId::named(&format!("step {place}"));
        let _ = desk.with_command(command_id).incident(id).execute(command);
    }
    house.time.advance(days(30));
    ids.iter().map(|id| became(&house, *id)).collect()
}

fn became(house: &House, id: Id<Incident>) -> Became {
    // A command that does nothing lets what has fallen due be stored.
    house.system(0).incident(id).unwatch("nobody").unwrap();
    let incident = house.system(1).incident(id);
    let (log, next) = incident.events(Version::new(1), 1_000).unwrap();
    assert_eq!(next, None);
    let (folded, _) = Incident::fold(&log).unwrap();
    let incident = incident.get().unwrap().into_incident();
    assert_eq!(folded, incident);
    let told = log.iter().map(told).collect();
    let mut record = serde_json::to_value(&incident).unwrap();
    forget_recording(&mut record);
    Became { incident: record.to_string(), told }
}

fn told(event: &Event) -> (String, Instant, String, Option<PolicyStamp>) {
    let Body::Incident(body) = &event.body else { panic!("another kind of record") };
    // By which policy something was decided counts where the policy decides it.
    let policy = event.body.name().contains("clos").then_some(event.policy);
    let mut body = serde_json::to_value(body).unwrap();
    forget_recording(&mut body);
    (body.to_string(), event.occurred_at, event.actor.to_string(), policy)
}

/// Takes out the ids and the instant of recording, wherever they stand.
fn forget_recording(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|name, _| name != "recorded_at" && name != "id");
            members.values_mut().for_each(forget_recording);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(forget_recording),
        _ => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "how much a test run does comes from its environment")]
fn cases() -> u32 {
    std::env::var("ANDON_CASES").ok().and_then(|cases| cases.parse().ok()).map_or(1_000, |cases: u32| cases.max(1_000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_wakes_gives_the_same_record_and_events(steps in vec(step(), 1..=16)) {
        let punctual = live(&steps, Schedule::Punctual);
        prop_assert_eq!(&live(&steps, Schedule::Random), &punctual);
        prop_assert_eq!(&live(&steps, Schedule::Never), &punctual);
    }
}

#[test]
fn what_is_swept_in_shares_by_two_desks_at_once_is_woken_once() {
    let house = House::new();
    let ids: Vec<_> = (0..40).map(|_| house.system(0).report("Mail is down").unwrap().id()).collect();
    for id in &ids {
        let until = START + hours(3);
        house.system(0).incident(*id).hold(andon::command::Hold::new("awaiting_vendor").until(until)).unwrap();
    }
    house.time.advance(hours(4));
    let mut woken = 0;
    for share in 0..4 {
        for desk in &house.desks {
            let share = Share::new(share, 4).unwrap();
            woken += desk.wake_share(house.time.now(), 100, share).unwrap().records.len();
        }
    }
    assert_eq!(woken, ids.len());
    for id in ids {
        let (log, _) = house.system(0).incident(id).events(Version::new(1), 100).unwrap();
        assert_eq!(
            log.iter().map(|event| event.body.name()).collect::<Vec<_>>(),
            ["incident.reported", "incident.held", "incident.resumed"]
        );
        assert_eq!(log[2].occurred_at, START + hours(3));
    }
}
