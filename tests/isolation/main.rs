//! Tenants never meet, and what one may not see is answered like what does not exist: however one asks.
//!
//! People with every combination of scopes to read, to read what is confidential and what is internal, in two
//! tenants, ask for their own records, hidden ones, those of the other tenant and none at all, by id and by
//! number, alone and through other records, with commands, previews, in bulk, by lists, counts, searches and the
//! feed, with cursors of their own and of others, over every store. Who may see what is reckoned here by hand.
//! `ANDON_CASES` asks for more calls than the ordinary 100,000, or 10,000 where each is a round trip, and `ANDON_SEED` for
//! others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails panics"
)]

#[cfg(feature = "postgres")]
#[path = "../durable/common/cluster.rs"]
#[allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "only some of it is needed here; it looks at the machine"
)]
mod cluster;
mod dice;
mod oracle;
mod world;

use andon::{
    CommandId, Error, Id, Incident, MemoryRepository, Repository, Stage, Version,
    command::{Cancel, Command, Correct, CorrectTo, IncidentCommand, Report},
    desk::{Change, Cursor, Selection},
    incident::{Audience, Cancellation},
    store::{AnyRepository, Filter, Query, RecordKey, Search, Sort},
    testing::strategies::{Draw, VERBS},
    time::{hours, minutes},
};

use crate::{
    dice::{Dice, cases, seed},
    oracle::{sees, sees_internals},
    world::{ABSENT, HUSH, House, Record, Viewer},
};

type Check = Result<(), String>;

macro_rules! law {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

#[test]
fn nobody_learns_of_what_is_not_theirs_to_see_in_memory() {
    nobody_learns_of_what_is_not_theirs_to_see(MemoryRepository::with_epoch(1), cases(100_000));
}

#[cfg(feature = "sqlite")]
#[test]
fn nobody_learns_of_what_is_not_theirs_to_see_in_sqlite() {
    nobody_learns_of_what_is_not_theirs_to_see(
        andon::store::SqliteRepository::open_in_memory().unwrap(),
        cases(100_000),
    );
}

#[cfg(feature = "postgres")]
#[test]
fn nobody_learns_of_what_is_not_theirs_to_see_in_postgresql() {
    if let Some(schema) = cluster::Schema::new() {
        nobody_learns_of_what_is_not_theirs_to_see(schema.open(), cases(10_000));
    }
}

/// No statement says whose rows it means: row-level security alone stands between the tenants.
#[cfg(all(feature = "postgres", feature = "contract"))]
#[test]
fn nobody_learns_of_what_is_not_theirs_to_see_behind_row_level_security_alone() {
    if let Some(schema) = cluster::Schema::new() {
        let options = schema.options().row_level_security_alone();
        let repository = pollster::block_on(options.open(&schema.url)).unwrap();
        nobody_learns_of_what_is_not_theirs_to_see(repository, cases(10_000));
    }
}

fn nobody_learns_of_what_is_not_theirs_to_see(repository: impl Repository + 'static, calls: u64) {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let mut house = House::over(AnyRepository::new(repository), &mut dice);
    for call in 0..calls {
        // One call in twenty is a write that moves something into sight or out of it.
        if dice.roll(20) == 0 {
            house.write(&mut dice);
        }
        let place = dice.roll(2);
        let viewer = dice.roll(house.places[place].viewers.len());
        let kind = dice.roll(KINDS.len());
        if let Err(broken) = KINDS[kind].1(&mut house, place, viewer, &mut dice) {
            let viewer = &house.places[place].viewers[viewer];
            panic!("call {call} (ANDON_SEED={seed}), {}, by {viewer:?}: {broken}", KINDS[kind].0);
        }
    }
    let (theirs, hidden) = house.asked.get();
    assert!(theirs.min(hidden) >= calls / 10, "asked for {theirs} of theirs, and for {hidden} that are hidden");
}

type Ask = fn(&mut House, usize, usize, &mut Dice) -> Check;

const KINDS: [(&str, Ask); 12] = [
    ("a read", read),
    ("a read", read),
    ("a command", command),
    ("a command", command),
    ("a preview", preview),
    ("another record", other_record),
    ("a list", list),
    ("a search", search),
    ("a cursor", cursor),
    ("the feed", feed),
    ("a bulk command", bulk),
    ("a version", conflict),
];

/// A record, and what somebody calls it.
struct Target {
    id: Id<Incident>,
    key: RecordKey,
    /// A name of the same kind for what there is not.
    nobody: RecordKey,
}

/// A record of the tenant, of the other one, or none.
fn target(house: &House, place: usize, dice: &mut Dice) -> Target {
    let of = match dice.roll(10) {
        0 | 1 => 1 - place,
        _ => place,
    };
    let record = &house.places[of].records[dice.roll(house.places[of].records.len())];
    // The numbers of both tenants are the same: by its number, one gets one's own.
    let by_number = of == place && dice.flip();
    let (key, nobody) = if by_number {
        (RecordKey::from(&record.number), RecordKey::Number("INC9999999".parse().unwrap()))
    } else {
        (RecordKey::from(record.id), RecordKey::from(Id::<Incident>::from_u128(ABSENT + u128::from(dice.next()))))
    };
    Target { id: record.id, key, nobody }
}

/// What somebody is told, without the name by which they asked.
fn answer<T>(result: &Result<T, Error>, key: &RecordKey) -> Option<String> {
    let error = result.as_ref().err()?;
    let text = format!("{}: {error} {:?} {:?}", error.code(), error.params(), error.faults());
    Some(text.replace(&key.to_string(), "it"))
}

/// Whether what is hidden is answered like what does not exist.
fn alike<T>(hidden: &Result<T, Error>, of: &RecordKey, absent: &Result<T, Error>, nobody: &RecordKey) -> Check {
    let (hidden, absent) = (answer(hidden, of), answer(absent, nobody));
    law!(hidden.is_some(), "what is hidden was given");
    law!(hidden == absent, "hidden is told from absent:\n{hidden:?}\n{absent:?}");
    Ok(())
}

fn hushed(text: &str) -> Check {
    law!(!text.contains(HUSH), "something internal was told: {text}");
    Ok(())
}

/// Who asks, and the record as it is, if they may see it.
fn seen<'a>(house: &'a House, place: usize, viewer: usize, target: &Target) -> (&'a Viewer, Option<&'a Incident>) {
    let viewer = &house.places[place].viewers[viewer];
    let incident = house.places[place].record(target.id).filter(|incident| sees(viewer, incident));
    let (theirs, hidden) = house.asked.get();
    house.asked.set(if incident.is_some() { (theirs + 1, hidden) } else { (theirs, hidden + 1) });
    (viewer, incident)
}

fn read(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    let desk = viewer.desk.incident(target.key.clone());
    let absent = viewer.desk.incident(target.nobody.clone());
    let at = house.now() - hours(u32::try_from(dice.roll(40)).unwrap());
    let from = Version::new(u64::try_from(dice.roll(9)).unwrap());
    let limit = 1 + dice.roll(9);
    let Some(incident) = seen else {
        return match dice.roll(6) {
            0 => alike(&desk.get(), &target.key, &absent.get(), &target.nobody),
            1 => alike(&desk.view(), &target.key, &absent.view(), &target.nobody),
            2 => alike(&desk.as_of(at), &target.key, &absent.as_of(at), &target.nobody),
            3 => alike(&desk.move_views(), &target.key, &absent.move_views(), &target.nobody),
            4 => alike(&desk.events(from, limit), &target.key, &absent.events(from, limit), &target.nobody),
            _ => alike(&desk.timeline(None, limit), &target.key, &absent.timeline(None, limit), &target.nobody),
        };
    };
    let internals = sees_internals(viewer, incident);
    let got = desk.get().map_err(|error| format!("what is theirs was refused: {error}"))?;
    let expected = if internals { incident.clone() } else { incident.withheld() };
    law!(*got.incident() == expected, "they got another incident: {got:?}");
    let (events, next) = desk.events(from, limit).map_err(|error| error.to_string())?;
    let (timeline, _) = desk.timeline(None, limit).map_err(|error| error.to_string())?;
    law!(events.iter().all(|event| event.record == incident.id().into()), "they got another's events");
    if !internals {
        law!(events.iter().all(|event| event.audience() == Audience::Public), "they got internal events");
        let view = serde_json::to_string(&desk.view().map_err(|error| error.to_string())?).unwrap();
        let known = desk.as_of(at).map(|known| serde_json::to_string(known.incident()).unwrap());
        hushed(&format!("{} {timeline:?} {view} {known:?}", serde_json::to_string(&events).unwrap()))?;
    } else if next.is_none() && from <= Version::new(1) {
        let whole = house.places[place].system.incident(incident.id()).events(Version::new(1), 1_000).unwrap().0;
        law!(events == whole, "they did not get the whole log");
    }
    Ok(())
}

/// A command that fits the incident, or any other.
fn drawn(house: &House, id: Id<Incident>, other: Id<Incident>, dice: &mut Dice) -> IncidentCommand {
    let draw = Draw { now: house.now(), id, other, bad: dice.roll(8) == 0, ..Draw::new(&house.policy) };
    draw.command(VERBS[dice.roll(VERBS.len())], &mut dice.choices()).unwrap()
}

fn command(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    let mut desk = viewer.desk.clone();
    match dice.roll(6) {
        0 => desk = desk.if_version(Version::new(u64::try_from(dice.roll(4)).unwrap())),
        1 => desk = desk.occurring_at(house.now() - minutes(u32::try_from(dice.roll(200)).unwrap())),
        // The id of a command of somebody else's.
        2 => desk = desk.with_command(house.places[place].command),
        _ => {}
    }
    let other = house.places[place].records[0].id;
    let command = drawn(house, target.id, other, dice);
    let result = desk.incident(target.key.clone()).execute(command.clone());
    let Some(incident) = seen else {
        let absent = desk.incident(target.nobody.clone()).execute(command);
        return alike(&result, &target.key, &absent, &target.nobody);
    };
    let told = match &result {
        Ok(outcome) => {
            // What is written on a duplicate arrives at the incident that goes on, if that is theirs to see.
            let goes_on = match incident {
                Incident::Cancelled(cancelled) => cancelled.stage().merged_into(),
                _ => None,
            };
            let theirs = || house.places[place].record(outcome.id()).is_some_and(|known| sees(viewer, known));
            let arrived = goes_on == Some(outcome.id()) && theirs();
            law!(outcome.id() == incident.id() || arrived, "another record was changed");
            let internals = sees_internals(viewer, outcome.incident());
            let events = serde_json::to_string(outcome.events()).unwrap();
            if internals {
                String::new()
            } else {
                format!("{events} {}", serde_json::to_string(outcome.incident()).unwrap())
            }
        }
        Err(error) => {
            law!(!matches!(error, Error::NotFound(_)), "what is theirs was not found");
            if sees_internals(viewer, incident) { String::new() } else { error.to_string() }
        }
    };
    hushed(&told)?;
    house.places[place].refresh_all();
    Ok(())
}

fn preview(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    let command = drawn(house, target.id, house.places[place].records[0].id, dice);
    let result = viewer.desk.incident(target.key.clone()).preview(command.clone());
    if seen.is_none() {
        let absent = viewer.desk.incident(target.nobody.clone()).preview(command);
        return alike(&result, &target.key, &absent, &target.nobody);
    }
    match result {
        // Who may read internals is judged by what would be.
        Ok(preview) if !sees_internals(viewer, preview.incident()) => {
            hushed(&format!("{:?} {}", preview.events(), serde_json::to_string(preview.incident()).unwrap()))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            law!(!matches!(error, Error::NotFound(_)), "what is theirs was not found");
            Ok(())
        }
    }
}

/// What is hidden, named by a command on something else.
fn other_record(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    if seen.is_some() {
        return Ok(());
    }
    let (hidden, nobody) = (target.id, Id::from_u128(ABSENT + u128::from(dice.next())));
    let keys = (RecordKey::from(hidden), RecordKey::from(nobody));
    if dice.roll(3) == 0 {
        let report = |of| Command::Report(Box::new(Report { follows: Some(of), ..Report::new("Again") }));
        let previewed = dice.flip();
        return if previewed {
            alike(&viewer.desk.preview(report(hidden)), &keys.0, &viewer.desk.preview(report(nobody)), &keys.1)
        } else {
            alike(&viewer.desk.execute(report(hidden)), &keys.0, &viewer.desk.execute(report(nobody)), &keys.1)
        };
    }
    let records = &house.places[place].records;
    let Some(base) =
        records.iter().find(|record| record.incident().stage().is_open() && sees(viewer, record.incident()))
    else {
        return Ok(());
    };
    let kind = dice.roll(3);
    let naming = |of| match kind {
        0 => IncidentCommand::Cancel(Cancel::duplicate_of(of)),
        1 => IncidentCommand::Cancel(Cancel::from(Cancellation::Superseded { by: of })),
        _ => IncidentCommand::Correct(Correct::new(CorrectTo::Cancelled(Cancellation::Duplicate { of }), "a repair")),
    };
    let desk = viewer.desk.incident(base.id);
    if dice.flip() {
        alike(&desk.preview(naming(hidden)), &keys.0, &desk.preview(naming(nobody)), &keys.1)
    } else {
        alike(&desk.execute(naming(hidden)), &keys.0, &desk.execute(naming(nobody)), &keys.1)
    }
}

/// A filter that would find what is hidden.
fn filter(house: &House, dice: &mut Dice) -> Filter {
    let place = &house.places[dice.roll(2)];
    let record = &place.records[dice.roll(place.records.len())];
    let facts = record.incident().facts();
    let mut filter = Filter::default();
    match dice.roll(9) {
        0 => {}
        1 => filter.stages = vec![Stage::ALL[dice.roll(7)]],
        2 => filter.callers.extend(facts.caller.clone()),
        3 => filter.groups.extend(record.incident().assignment().group.clone()),
        4 => filter.organisations.extend(facts.organisation.clone()),
        5 => filter.references.clone_from(&facts.references),
        6 => filter.search = Some(Search::new(record.number.as_str())),
        7 => filter.search = Some(Search::new(record.word.as_str())),
        _ => filter.unassigned = Some(dice.flip()),
    }
    filter
}

fn list(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let filter = filter(house, dice);
    let query = Query { filter, sort: Sort::ALL[dice.roll(5)] };
    let viewer = &house.places[place].viewers[viewer];
    let whole = house.places[place].system.worklist(&query, None, 1_000).map_err(|error| error.to_string())?;
    let theirs = |id: &Id<Incident>| sees(viewer, house.places[place].record(*id).unwrap());
    let expected: Vec<_> = whole.rows.iter().map(|row| row.id).filter(theirs).collect();
    let limit = 1 + dice.roll(60);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = viewer.desk.worklist(&query, after.as_ref(), limit).map_err(|error| error.to_string())?;
        found.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    law!(found == expected, "they found {found:?}, and not {expected:?}");
    let count = viewer.desk.count(&query.filter, 1_000).map_err(|error| error.to_string())?;
    law!(count.counted == u64::try_from(expected.len()).unwrap(), "they counted {count:?}, and not {}", expected.len());
    Ok(())
}

fn search(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    let of = house.places.iter().flat_map(|place| &place.records).find(|record| record.id == target.id).unwrap();
    // A word that stands in this record's title and in no other's.
    let word = of.word.as_str();
    let word = if dice.flip() { word } else { word.strip_suffix('d').unwrap() };
    let query = Query::all().search(word);
    let rows = viewer.desk.worklist(&query, None, 10).map_err(|error| error.to_string())?.rows;
    let found = rows.iter().any(|row| row.id == target.id);
    // Somebody may have given it another title.
    let says =
        seen.is_some_and(|incident| incident.facts().title.as_str().is_some_and(|title| title.contains(&of.word)));
    law!(found == says, "a search for {word} found it: {found}");
    let count = viewer.desk.count(&query.filter, 10).map_err(|error| error.to_string())?;
    law!(count.counted == u64::try_from(rows.len()).unwrap(), "{count:?} of {} rows were counted", rows.len());
    Ok(())
}

fn cursor(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let query = Query { filter: Filter::default(), sort: Sort::ALL[dice.roll(5)] };
    let of = dice.roll(2);
    let lender = dice.roll(house.places[of].viewers.len());
    let page = house.places[of].viewers[lender].desk.worklist(&query, None, 1 + dice.roll(3));
    let page = page.map_err(|error| error.to_string())?;
    let user = &house.places[place].viewers[viewer];
    let lender = &house.places[of].viewers[lender];
    if let Some(next) = &page.next {
        let taken = user.desk.worklist(&query, Some(next), 5);
        // Two who see the same may lend each other their cursors.
        let alike = |record: &Record| sees(user, record.incident()) == sees(lender, record.incident());
        let may = place == of && house.places[of].records.iter().all(alike);
        law!(taken.is_err() || may, "the cursor of another list was taken: {taken:?}");
        law!(taken.is_ok() || !std::ptr::eq(user, lender), "their own cursor was not taken: {taken:?}");
    }
    // Where the feed stands is the same for all of a tenant, and for no other.
    let followed = user.desk.feed(Some(&page.feed), &Filter::default(), 5);
    law!(followed.is_ok() == (place == of), "the feed was followed from elsewhere: {followed:?}");
    let spoilt = Cursor::from(page.feed.as_str().replace('0', "1").as_str());
    if spoilt != page.feed {
        let result = user.desk.feed(Some(&spoilt), &Filter::default(), 5);
        let told = result.map(|page| format!("{page:?}"));
        law!(!told.as_ref().is_ok_and(|told| told.contains(HUSH) && !user.may_read_internals()), "{told:?}");
    }
    Ok(())
}

fn feed(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let filter = if dice.flip() { Filter::default() } else { filter(house, dice) };
    let limit = 1 + dice.roll(20);
    let after = house.places[place].feeds.get(dice.roll(40)).cloned();
    let whose = &house.places[place].viewers[viewer];
    let page = whose.desk.feed(after.as_ref(), &filter, limit).map_err(|error| error.to_string())?;
    for delivery in &page.deliveries {
        let andon::event::RecordId::Incident(id) = delivery.record else { return Err("another kind".to_owned()) };
        let Some(record) = house.places[place].records.iter().find(|record| record.id == id) else {
            return Err(format!("{id} is of another tenant"));
        };
        match &delivery.change {
            Change::Stands { row, events } => {
                law!(sees(whose, record.incident()), "{id} is not theirs, and was delivered");
                law!(
                    row.incident().is_some_and(|row| row.id == id)
                        && events.iter().all(|event| event.record == id.into()),
                    "another's events"
                );
                if !sees_internals(whose, record.incident()) {
                    hushed(&serde_json::to_string(&(row, events)).unwrap())?;
                    law!(events.iter().all(|event| event.audience() == Audience::Public), "internal events");
                }
            }
            // What they once saw may be taken off their list; what they never saw is not mentioned.
            Change::Left => law!(record.was_ever(|then| sees(whose, then)), "{id} was never theirs, and left"),
        }
    }
    house.places[place].remember(page.next, dice);
    Ok(())
}

fn bulk(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let targets: Vec<_> = (0..=dice.roll(5)).map(|_| target(house, place, dice)).collect();
    let absent = Id::from_u128(ABSENT + u128::from(dice.next()));
    let whose = &house.places[place].viewers[viewer];
    let command = drawn(house, absent, house.places[place].records[0].id, dice);
    if dice.flip() {
        let mut ids: Vec<_> = targets.iter().map(|target| target.id).collect();
        ids.push(absent);
        let bulk = whose.desk.bulk(Selection::Records(ids), command);
        let answers = bulk.preview(None, 10).map_err(|error| error.to_string())?.answers;
        let nobody = answers.iter().find(|answer| answer.id == absent).ok_or("one is not answered")?;
        for answer in &answers {
            let incident = house.places[place].record(answer.id).filter(|incident| sees(whose, incident));
            if incident.is_none() {
                law!(answer.number.is_none(), "the number of {} was told", answer.id);
                alike(&answer.result, &answer.id.into(), &nobody.result, &absent.into())?;
            }
        }
        return Ok(());
    }
    let filter = filter(house, dice);
    let listed =
        house.places[place].system.worklist(&Query { filter: filter.clone(), sort: Sort::Reported }, None, 1_000);
    let theirs = |id: &Id<Incident>| sees(whose, house.places[place].record(*id).unwrap());
    let expected: Vec<_> =
        listed.map_err(|error| error.to_string())?.rows.iter().map(|row| row.id).filter(theirs).collect();
    let bulk = whose.desk.bulk(filter, command);
    let batch = if dice.roll(8) == 0 {
        let batch = bulk.apply(None, 3).map_err(|error| error.to_string())?;
        batch.answers.into_iter().map(|answer| answer.id).collect::<Vec<_>>()
    } else {
        let batch = bulk.preview(None, 3).map_err(|error| error.to_string())?;
        batch.answers.into_iter().map(|answer| answer.id).collect()
    };
    law!(batch[..] == expected[..expected.len().min(3)], "{batch:?} were taken, and not {expected:?}");
    // A merge brings people to the incident that goes on, which none of these need be.
    house.places[place].refresh_all();
    Ok(())
}

/// What has happened since a version is told as far as it is theirs to see.
fn conflict(house: &mut House, place: usize, viewer: usize, dice: &mut Dice) -> Check {
    let target = target(house, place, dice);
    let (viewer, seen) = seen(house, place, viewer, &target);
    let desk = viewer.desk.clone().if_version(Version::new(1)).with_command(CommandId::from_u128(dice.next().into()));
    let command = IncidentCommand::Watch { person: "nobody".to_owned() };
    let result = desk.incident(target.key.clone()).preview(command.clone());
    let Some(incident) = seen else {
        let absent = desk.incident(target.nobody.clone()).preview(command);
        return alike(&result, &target.key, &absent, &target.nobody);
    };
    if let Err(Error::Conflict(conflict)) = &result {
        let shown =
            viewer.desk.incident(target.key.clone()).events(Version::new(2), 20).map_err(|error| error.to_string())?.0;
        let told: Vec<_> = conflict.since().iter().map(|happened| happened.sequence).collect();
        let shown: Vec<_> = shown.iter().map(|event| event.sequence).collect();
        law!(told == shown, "the conflict tells {told:?} of {}, and the log {shown:?}", incident.number());
    }
    Ok(())
}
