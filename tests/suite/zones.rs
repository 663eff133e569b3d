//! Zones against jiff, which has the IANA database in another form and reads it with other code.

use std::sync::Arc;

use andon::{
    Policy, PolicyDraft,
    calendar::{
        BuiltIn, CalendarDraft, LocalTime, RANGE_END, RANGE_START, TZDATA_VERSION, ZoneError, ZoneName, ZoneRules,
        ZoneSource, zone_changes,
    },
    store::Document,
    time::Instant,
};
use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};
use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};

/// The names for which the compiled database differs from jiff's, which is one release newer (2026f), and the
/// first instant at which it does. Each is to be taken off this list when it no longer differs.
const DIFFERENT_SINCE_2016: &[(&str, &str)] =
    &[("America/Havana", "2026-11-01T05:00:00Z"), ("Cuba", "2026-11-01T05:00:00Z")];

/// The names that differ at some time from 1970 to 2015, and the first instant at which they do. (In March 1982
/// Easter Island and in March 1998 Vilnius stray for some hours, which the search for changes does not see.)
const DIFFERENT_BEFORE_2016: &[(&str, &str)] = &[
    ("Europe/Belfast", "1971-10-31T01:00:00Z"),
    ("Europe/Guernsey", "1971-10-31T01:00:00Z"),
    ("Europe/Isle_of_Man", "1971-10-31T01:00:00Z"),
    ("Europe/Jersey", "1971-10-31T01:00:00Z"),
    ("Europe/London", "1971-10-31T01:00:00Z"),
    ("GB", "1971-10-31T01:00:00Z"),
    ("GB-Eire", "1971-10-31T01:00:00Z"),
    ("Pacific/Norfolk", "1975-03-01T13:30:00Z"),
    ("Asia/Kuala_Lumpur", "1981-12-31T08:30:00Z"),
    ("Asia/Singapore", "1981-12-31T08:30:00Z"),
    ("Singapore", "1981-12-31T08:30:00Z"),
    ("Asia/Dushanbe", "1991-09-08T20:00:00Z"),
    ("Atlantic/Azores", "1993-06-17T00:00:00Z"),
    ("Asia/Aqtau", "1994-09-24T20:00:00Z"),
    ("Europe/Simferopol", "1996-10-26T23:00:00Z"),
    ("Asia/Almaty", "2004-10-30T19:00:00Z"),
    ("Asia/Aqtobe", "2004-10-30T20:00:00Z"),
    ("Antarctica/Davis", "2010-03-10T15:00:00Z"),
    ("Asia/Istanbul", "2011-03-27T23:00:00Z"),
    ("Europe/Istanbul", "2011-03-27T23:00:00Z"),
    ("Turkey", "2011-03-27T23:00:00Z"),
    ("Antarctica/Casey", "2012-02-21T06:00:00Z"),
];

fn rules(name: &str) -> Arc<dyn ZoneRules> {
    BuiltIn.rules(&ZoneName::new(name).unwrap()).unwrap()
}

/// Names that jiff has and that are no place.
fn is_place(name: &str) -> bool {
    !matches!(name, "Factory" | "posixrules" | "localtime" | "UTC")
}

/// The zone as jiff has it in its own copy of the database, and not in the system's.
fn theirs(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn names() -> Vec<String> {
    let names: Vec<_> =
        TimeZoneDatabase::bundled().available().map(|name| name.to_string()).filter(|name| is_place(name)).collect();
    assert!(names.len() > 590, "{} names", names.len());
    names
}

/// When the offset changes, and to how many seconds from UTC.
fn of_jiff(zone: &TimeZone, from: Instant, to: Instant) -> Vec<(i64, i32)> {
    let first = Timestamp::from_second(from.timestamp()).unwrap();
    let mut offset = zone.to_offset(first).seconds();
    let mut changes = Vec::new();
    for change in zone.following(first) {
        if change.timestamp().as_second() >= to.timestamp() {
            break;
        }
        if change.offset().seconds() != offset {
            offset = change.offset().seconds();
            changes.push((change.timestamp().as_second(), offset));
        }
    }
    changes
}

fn of_andon(rules: &dyn ZoneRules, from: Instant, to: Instant) -> Vec<(i64, i32)> {
    let changes = zone_changes(rules, from, to).unwrap();
    changes.iter().map(|change| (change.at.timestamp(), change.after.local_minus_utc())).collect()
}

fn first_difference(name: &str, from: Instant) -> Option<Instant> {
    let zone = theirs(name);
    let rules = rules(name);
    let offset = zone.to_offset(Timestamp::from_second(from.timestamp()).unwrap()).seconds();
    if rules.offset_at(from).unwrap().local_minus_utc() != offset {
        return Some(from);
    }
    let (ours, theirs) = (of_andon(&*rules, from, RANGE_END), of_jiff(&zone, from, RANGE_END));
    let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
    let at = differs.map(|(ours, theirs)| ours.0.min(theirs.0)).or_else(|| {
        let longer = if ours.len() > theirs.len() { &ours } else { &theirs };
        longer.get(ours.len().min(theirs.len())).map(|(at, _)| *at)
    });
    at.map(|at| DateTime::from_timestamp(at, 0).unwrap())
}

fn differences(since: &str) -> Vec<(String, String)> {
    let since = since.parse().unwrap();
    let told = |at: Instant| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut found: Vec<_> =
        names().into_iter().filter_map(|name| Some((first_difference(&name, since).map(told)?, name))).collect();
    found.sort_unstable();
    found.into_iter().map(|(at, name)| (name, at)).collect()
}

fn listed(names: &[(&str, &str)]) -> Vec<(String, String)> {
    names.iter().map(|(name, at)| ((*name).to_owned(), (*at).to_owned())).collect()
}

#[test]
fn every_zone_changes_when_jiff_says_so_from_2016_to_2099_but_for_those_listed() {
    assert_eq!(differences("2016-01-01T00:00:00Z"), listed(DIFFERENT_SINCE_2016), "compiled: {TZDATA_VERSION}");
}

#[test]
fn before_2016_the_differences_are_those_listed() {
    let all = [DIFFERENT_BEFORE_2016, DIFFERENT_SINCE_2016].concat();
    assert_eq!(differences("1970-01-01T00:00:00Z"), listed(&all), "compiled: {TZDATA_VERSION}");
}

/// The local times around a change: before, within and after what it skips or repeats.
fn around(at: i64, before: i32, after: i32) -> impl Iterator<Item = NaiveDateTime> {
    let (low, high) = (i64::from(before.min(after)), i64::from(before.max(after)));
    let seconds = [low - 86_400, low - 1, low, low.midpoint(high), high - 1, high, high + 86_400];
    seconds.into_iter().map(move |offset| DateTime::from_timestamp(at + offset, 0).unwrap().naive_utc())
}

fn compatible(zone: &TimeZone, local: NaiveDateTime) -> i64 {
    let civil: jiff::civil::DateTime = local.to_string().replace(' ', "T").parse().unwrap();
    zone.to_ambiguous_timestamp(civil).compatible().unwrap().as_second()
}

#[test]
fn local_times_around_every_change_are_what_jiff_says() {
    let since: Instant = "2016-01-01T00:00:00Z".parse().unwrap();
    let (mut gaps, mut folds) = (0, 0);
    for name in names() {
        if DIFFERENT_SINCE_2016.iter().any(|(different, _)| *different == name) {
            continue;
        }
        let (zone, rules) = (theirs(&name), rules(&name));
        let mut before = zone.to_offset(Timestamp::from_second(since.timestamp()).unwrap()).seconds();
        // The rule for the future repeats: the years to 2040 hold all there is.
        for (at, after) in of_jiff(&zone, since, "2040-01-01T00:00:00Z".parse().unwrap()) {
            for local in around(at, before, after) {
                let told = rules.local(local).unwrap();
                assert_eq!(told.instant(local).timestamp(), compatible(&zone, local), "{name}: {local} is {told:?}");
                match told {
                    LocalTime::Gap { .. } => gaps += 1,
                    LocalTime::Fold { .. } => folds += 1,
                    LocalTime::One(_) => {}
                }
            }
            before = after;
        }
    }
    assert!(gaps > 5_000 && folds > 5_000, "{gaps} in gaps, {folds} in folds");
}

#[test]
fn no_two_changes_lie_within_five_days() {
    for name in names() {
        let changes = of_jiff(&theirs(&name), RANGE_START, RANGE_END);
        for (one, next) in changes.iter().zip(changes.iter().skip(1)) {
            assert!(next.0 - one.0 > 5 * 86_400, "{name}: {one:?}, {next:?}");
        }
    }
}

#[test]
fn outside_the_years_1970_to_2099_there_is_an_error_and_no_wrong_offset() {
    let berlin = rules("Europe/Berlin");
    let second = TimeDelta::seconds(1);
    assert!(berlin.offset_at(RANGE_START).is_ok() && berlin.offset_at(RANGE_END - second).is_ok());
    for at in [RANGE_START - second, RANGE_END, Instant::MIN_UTC, Instant::MAX_UTC] {
        assert!(matches!(berlin.offset_at(at), Err(ZoneError::OutOfRange(_))), "{at}");
    }
    for local in [NaiveDateTime::MIN, NaiveDateTime::MAX, "9999-07-01T00:00:00".parse().unwrap()] {
        assert!(matches!(berlin.local(local), Err(ZoneError::OutOfRange(_))), "{local}");
    }
    let late = zone_changes(&*berlin, "2099-01-01T00:00:00Z".parse().unwrap(), RANGE_END).unwrap();
    assert_eq!(late.len(), 2, "summer time comes to the last year");
    let error = zone_changes(&*berlin, RANGE_START, RANGE_END + second).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2100-01-01 00:00:01 lies outside the years 1970 to 2099, for which the rules of zones are known"
    );
}

/// A host's own zone: it puts its clocks forward by half an hour for the year 2030.
struct Ours;

impl ZoneRules for Ours {
    fn offset_at(&self, at: Instant) -> Result<FixedOffset, ZoneError> {
        let year = at.format("%Y").to_string();
        Ok(FixedOffset::east_opt(if year == "2030" { 1_800 } else { 0 }).unwrap())
    }
}

#[test]
fn a_document_is_read_with_the_zones_of_the_host() {
    let draft = PolicyDraft::from_json(
        br#"{"name": "Madeira", "calendars": {"office": {"name": "Office", "zone": "Atlantic/Madeira",
            "weekly": {"tue": [["09:00", "17:00"]]}}}}"#,
    );
    let policy = draft.unwrap().validate_with(&Host).unwrap();
    let kept = serde_json::to_vec(&Document::Policy(Arc::new(policy.clone()))).unwrap();
    let Document::Policy(read) = Document::from_json(&kept, &Host).unwrap() else { panic!("another kind") };
    assert_eq!(*read, policy);
    // By the host's rules it is half an hour later there in 2030; by those of the database it is not.
    let early = "2030-01-08T08:45:00Z".parse().unwrap();
    let opens = |policy: &Policy| policy.calendar("office").unwrap().is_open(early).unwrap();
    let Document::Policy(by_database) = Document::from_json(&kept, &BuiltIn).unwrap() else { panic!("another kind") };
    assert_eq!((opens(&read), opens(&by_database)), (true, false));
    let unknown = String::from_utf8(kept).unwrap().replace("Atlantic/Madeira", "Atlantic/Azores_2");
    let error = Document::from_json(unknown.as_bytes(), &Host).unwrap_err();
    assert_eq!(error.path(), "policy");
    assert!(error.to_string().contains("calendars.office.zone"), "{error}");
}

/// A host's own zone whose data end early.
struct Short;

impl ZoneRules for Short {
    fn offset_at(&self, at: Instant) -> Result<FixedOffset, ZoneError> {
        if at < "2030-01-01T00:00:00Z".parse::<Instant>().unwrap() {
            Ok(FixedOffset::east_opt(0).unwrap())
        } else {
            Err(ZoneError::Unavailable("the file ends with 2029".to_owned()))
        }
    }
}

struct Host;

impl ZoneSource for Host {
    fn rules(&self, name: &ZoneName) -> Option<Arc<dyn ZoneRules>> {
        match name.as_str() {
            "Atlantic/Madeira" => Some(Arc::new(Ours)),
            "Atlantic/Azores" => Some(Arc::new(Short)),
            _ => None,
        }
    }

    fn version(&self) -> &'static str {
        "the host's own, 7"
    }
}

#[test]
fn a_host_may_bring_rules_of_its_own() {
    let around_the_clock = |zone: &str| CalendarDraft::new("Ours").zone(zone).around_the_clock().compile(&Host);
    let ours = around_the_clock("Atlantic/Madeira").unwrap();
    assert_eq!(ours.zone_data(), "the host's own, 7");
    let spans: Vec<_> = ours
        .spans("2029-12-01T00:00:00Z".parse().unwrap(), "2031-02-01T00:00:00Z".parse().unwrap())
        .unwrap()
        .filter_map(|span| span.zone_change)
        .map(|change| format!("{}: {change}", change.at.format("%Y-%m-%d %H:%M")))
        .collect();
    assert_eq!(
        spans,
        ["2030-01-01 00:00: clocks go from +00:00 to +00:30", "2031-01-01 00:00: clocks go from +00:30 to +00:00"]
    );

    let short = around_the_clock("Atlantic/Azores").unwrap_err();
    assert_eq!(
        short.to_string(),
        "zone is `Atlantic/Azores`, of which the rules do not tell every year from 1970 to 2099: the rules of the zone gave no answer: the file ends with 2029"
    );
    let unknown = around_the_clock("Europe/Berlin").unwrap_err();
    let codes: Vec<_> = unknown.iter().map(andon::fault::Fault::code).collect();
    assert_eq!(codes, ["zone.unknown"]);
    assert!(unknown.to_string().contains("a `ZoneSource` of your own"), "{unknown}");
}

#[test]
fn what_the_search_for_changes_does_not_see_lasts_some_hours_and_lies_before_2016() {
    for (name, from, to) in [
        ("Pacific/Easter", "1982-03-13T00:00:00Z", "1982-03-15T00:00:00Z"),
        ("Europe/Vilnius", "1998-03-28T00:00:00Z", "1998-03-30T00:00:00Z"),
    ] {
        let (from, to): (Instant, Instant) = (from.parse().unwrap(), to.parse().unwrap());
        let rules = rules(name);
        let strays = |at: i64| {
            let ours = rules.offset_at(DateTime::from_timestamp(at, 0).unwrap()).unwrap().local_minus_utc();
            ours != theirs(name).to_offset(Timestamp::from_second(at).unwrap()).seconds()
        };
        let hours = (from.timestamp()..to.timestamp()).step_by(900).filter(|at| strays(*at)).count() / 4;
        assert!((1..=24).contains(&hours), "{name}: {hours} hours");
    }
}
