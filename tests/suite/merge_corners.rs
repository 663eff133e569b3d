//! Merges, to the corners: what is confidential, what is hidden, what happens in between.

use std::sync::Arc;

use crate::common::{Acting, House, busy::interrupted};
use andon::{
    Actor, Error, Id, Incident, Stage,
    command::{Cancel, Correct, CorrectTo, Report},
    incident::Cancellation,
    link::Link,
    time::{TimeSource, hours},
};

fn reported(desk: &Acting, caller: &str) -> Id<Incident> {
    desk.report(Report::new("Mail is down").caller(caller)).unwrap().id()
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

fn whole_log(desk: &Acting, id: Id<Incident>) -> Vec<andon::event::Event> {
    crate::common::log(&desk.incident(id))
}

#[test]
fn what_is_written_on_a_confidential_duplicate_is_not_published_on_an_open_master() {
    let house = House::new();
    let (mia, bob, anna) = (house.mia(), house.bob(), house.anna());
    let eve = house.acting("acme", Actor::person("eve").unwrap().role("caller").unwrap());
    let master = eve.report("Mail is down").unwrap().id();
    let secret = bob.report(Report::new("My boss reads my mail").confidential()).unwrap().id();
    assert!(matches!(anna.incident(secret).get(), Err(Error::NotFound(_))));
    mia.incident(secret).cancel(Cancel::duplicate_of(master)).unwrap();
    drop(bob.incident(secret).add_note("It is Mr X of payroll"));
    let told = serde_json::to_string(&eve.incident(master).timeline(None, 50).unwrap().0).unwrap();
    assert!(!told.contains("Mr X"), "{told}");
}

#[test]
fn whom_a_confidential_duplicate_concerns_is_not_shown_on_an_open_master() {
    let house = House::new();
    let (mia, bob) = (house.mia(), house.bob());
    let eve = house.acting("acme", Actor::person("eve").unwrap().role("caller").unwrap());
    let master = eve.report("Mail is down").unwrap().id();
    let secret = bob.report(Report::new("My boss reads my mail").confidential()).unwrap().id();
    mia.incident(secret).cancel(Cancel::duplicate_of(master)).unwrap();
    let seen = eve.incident(master).get().unwrap().into_incident();
    assert!(seen.facts().watchers.is_empty(), "{:?}", seen.facts().watchers);
}

#[test]
fn a_hidden_master_is_not_named_by_a_clock_that_is_behind() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let mine = reported(&anna, "bob");
    let now = house.time.now();
    house.time.advance(hours(1));
    let hidden = mia.report(Report::new("Leak").caller("mia").confidential()).unwrap();
    let (id, number) = (hidden.id(), hidden.number().to_string());
    house.time.set(now);
    let absent = anna.incident(mine).cancel(Cancel::duplicate_of(Id::from_u128(99))).unwrap_err();
    let error = anna.incident(mine).cancel(Cancel::duplicate_of(id)).unwrap_err();
    assert!(!error.to_string().contains(&number), "{error}");
    assert_eq!(error.code(), absent.code());
}

#[test]
fn who_may_not_even_merge_is_not_told_of_a_hidden_master() {
    let house = House::new();
    let (bob, mia) = (house.bob(), house.mia());
    let mine = bob.report("Mail is down").unwrap().id();
    let now = house.time.now();
    house.time.advance(hours(1));
    let hidden = mia.report(Report::new("Leak").caller("mia").confidential()).unwrap();
    let (id, number) = (hidden.id(), hidden.number().to_string());
    house.time.set(now);
    let error = bob.incident(mine).cancel(Cancel::duplicate_of(id)).unwrap_err();
    assert!(!error.to_string().contains(&number), "{error}");
}

#[test]
fn a_note_on_what_is_no_duplicate_any_more_does_not_land_elsewhere() {
    let house = House::new();
    let (anna, bob, mia) = (house.anna(), house.bob(), house.mia());
    let master = reported(&anna, "eve");
    let id = bob.report("No mail").unwrap().id();
    // He watches the other one by himself, so that neither the merge nor its undoing changes anything there.
    anna.incident(master).watch("bob").unwrap();
    anna.incident(id).cancel(Cancel::duplicate_of(master)).unwrap();
    let desk = interrupted(&house, crate::common::bob(), 1, move || {
        drop(mia.incident(id).undo_merge("another relay").unwrap());
    });
    let written = desk.incident(id).add_note("Still no mail here");
    let landed = written.as_ref().ok().map(andon::desk::Outcome::id);
    assert_eq!(incident(&anna, id).stage(), Stage::New);
    assert_ne!(landed, Some(master), "the merge was undone before it landed");
}

#[test]
fn a_note_of_an_expected_version_does_not_land_after_another() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let master = reported(&anna, "eve");
    let id = bob.report("No mail").unwrap().id();
    anna.incident(id).cancel(Cancel::duplicate_of(master)).unwrap();
    let version = bob.incident(id).get().unwrap().version();
    let desk =
        interrupted(&house, crate::common::bob(), 1, move || drop(anna.incident(id).add_internal_note("hm").unwrap()));
    let written = desk.incident(id).if_version(version).add_note("Still no mail here");
    assert!(matches!(written, Err(Error::Conflict(_))), "{written:?}");
}

#[test]
fn no_correction_merges_without_the_permission_to_merge() {
    let house = House::with(|draft| {
        use andon::{key::RoleName, permission::PermissionScope, verb::IncidentVerb as V};
        let role = RoleName::new("repair").unwrap();
        let had = std::mem::take(&mut draft.permissions);
        draft.permissions = had.grant(role, PermissionScope::All, [V::Read, V::Correct, V::Cancel]);
    });
    let rex = house.acting("acme", Actor::person("rex").unwrap().role("repair").unwrap());
    let anna = house.anna();
    let (one, two) = (reported(&anna, "bob"), reported(&anna, "bob"));
    assert!(rex.incident(one).cancel(Cancel::duplicate_of(two)).is_err());
    let to = CorrectTo::Cancelled(Cancellation::Duplicate { of: two });
    assert!(rex.incident(one).correct(Correct::new(to, "x")).is_err(), "it merges");
}

#[test]
fn the_caller_of_a_duplicate_is_offered_to_write() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let master = reported(&anna, "eve");
    let id = bob.report("No mail").unwrap().id();
    anna.incident(id).cancel(Cancel::duplicate_of(master)).unwrap();
    let moves = bob.incident(id).allowed_moves().unwrap();
    bob.incident(id).add_note("Still no mail").unwrap();
    assert!(moves.iter().any(|known| known.command() == "add_note"), "it can be done and is not offered");
}

#[test]
fn a_merge_changes_nothing_where_the_actor_may_only_read() {
    let house = House::with(|draft| {
        use andon::{key::RoleName, permission::PermissionScope, verb::IncidentVerb as V};
        let role = RoleName::new("local").unwrap();
        let had = std::mem::take(&mut draft.permissions);
        draft.permissions = had.grant(role.clone(), PermissionScope::All, [V::Read]).grant(
            role,
            PermissionScope::OwnGroup,
            [V::Cancel, V::Merge, V::Watch],
        );
    });
    let lou = Actor::person("lou").unwrap().role("local").unwrap().group("Shop").unwrap();
    let lou = house.acting("acme", lou);
    let (anna, bob) = (house.anna(), house.bob());
    let master = reported(&anna, "eve");
    let mine = anna.report(Report::new("x").caller("bob").group("Shop")).unwrap().id();
    assert!(matches!(lou.incident(master).watch("bob"), Err(Error::Refused(_))));
    assert!(matches!(bob.incident(master).get(), Err(Error::NotFound(_))));
    drop(lou.incident(mine).cancel(Cancel::duplicate_of(master)));
    assert!(matches!(bob.incident(master).get(), Err(Error::NotFound(_))), "who may not add a watcher let bob in");
}

#[test]
fn stress() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let seed = AtomicU64::new(0x9E37_79B9_7F4A_7C15);
    for round in 0..150_u64 {
        let house = Arc::new(House::new());
        let ada = house.admin();
        let callers = ["bob", "eve", "kim"];
        let ids: Vec<_> = (0..5).map(|index| reported(&ada, callers[index % 3])).collect();
        let base: Vec<Vec<_>> = ids.iter().map(|id| incident(&ada, *id).facts().watchers.clone()).collect();
        assert!(base.iter().all(Vec::is_empty));
        std::thread::scope(|scope| {
            for thread in 0..3_u64 {
                let (house, ids) = (Arc::clone(&house), ids.clone());
                let mut state = seed.fetch_add(0x1234_5677, Ordering::Relaxed) ^ (round << 20) ^ (thread << 50) | 1;
                scope.spawn(move || {
                    let ada = house.admin();
                    let mut next = |n: usize| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        usize::try_from(state % u64::try_from(n).unwrap()).unwrap()
                    };
                    for _ in 0..14 {
                        let (a, b) = (ids[next(5)], ids[next(5)]);
                        let result = match next(9) {
                            0..=2 => ada.incident(a).cancel(Cancel::duplicate_of(b)).map(drop),
                            3..=4 => ada.incident(a).undo_merge("x").map(drop),
                            5 => ada.incident(a).link(Link::ChildOf(b)).map(drop),
                            6 => ada.incident(a).unlink(Link::ChildOf(b)).map(drop),
                            7 => ada.incident(a).correct(Correct::new(CorrectTo::New, "x")).map(drop),
                            _ => ada
                                .incident(a)
                                .correct(Correct::new(CorrectTo::Cancelled(Cancellation::Duplicate { of: b }), "x"))
                                .map(drop),
                        };
                        if let Err(error) = result {
                            assert!(matches!(error, Error::Invalid(_) | Error::Illegal(_)), "{error:?}");
                        }
                    }
                });
            }
        });
        let now: Vec<_> = ids.iter().map(|id| incident(&ada, *id)).collect();
        let merged = |one: &Incident| match one {
            Incident::Cancelled(cancelled) => cancelled.stage().merged_into(),
            _ => None,
        };
        for one in &now {
            let (folded, _) = Incident::fold(&whole_log(&ada, one.id())).unwrap();
            assert_eq!(folded, *one, "round {round}");
            if let Some(of) = merged(one) {
                let master = now.iter().find(|other| other.id() == of).unwrap();
                assert_eq!(merged(master), None, "round {round}");
            }
            if let Some(of) = one.links().parent() {
                let parent = now.iter().find(|other| other.id() == of).unwrap();
                assert_eq!(parent.links().parent(), None, "round {round}");
            }
            let mut brought: Vec<_> = now
                .iter()
                .filter(|other| merged(other) == Some(one.id()))
                .flat_map(|other| match other {
                    Incident::Cancelled(cancelled) => cancelled.stage().brought().to_vec(),
                    _ => vec![],
                })
                .collect();
            brought.sort_unstable();
            brought.dedup();
            let mut watchers = one.facts().watchers.clone();
            watchers.sort_unstable();
            assert_eq!(watchers, brought, "round {round}: {}", one.number());
        }
    }
}
