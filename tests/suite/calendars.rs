//! Calendars: what they are made of, what is wrong with a draft, and what they answer at the edges.

use andon::{
    calendar::{
        BuiltIn, BusinessDays, Calendar, CalendarDraft, CalendarError, Closure, DayOverride, Holiday, Hours,
        MAX_ENTRIES, Observed, RANGE_END, RANGE_START, Span, TimeOfDay, WORKDAYS, Weekly, Why, ZoneName,
    },
    fault::{Fault, Faults},
    key::CalendarKey,
    time::{Instant, Seconds},
};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Weekday};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn hours(open: &str, close: &str) -> Hours {
    Hours::new(open, close).unwrap()
}

fn office() -> CalendarDraft {
    CalendarDraft::new("Office").zone("UTC").open_on(WORKDAYS, [hours("09:00", "17:00")])
}

fn compiled(draft: CalendarDraft) -> Calendar {
    draft.compile(&BuiltIn).unwrap()
}

fn faults(draft: CalendarDraft) -> Vec<(String, &'static str)> {
    told(&draft.compile(&BuiltIn).unwrap_err())
}

fn told(faults: &Faults) -> Vec<(String, &'static str)> {
    faults.iter().map(|fault| (fault.path().to_owned(), fault.code())).collect()
}

fn is(path: &str, code: &'static str) -> (String, &'static str) {
    (path.to_owned(), code)
}

// What a draft is.

const FILE: &str = r#"
name = "Support, first line"
zone = "UTC"

[weekly]
mon = [["09:00", "12:00"], ["13:00", "17:00"]]
fri = [["22:00", "06:00"]]
sun = [["00:00", "24:00"]]

[[holidays]]
date = "2026-12-24"

[[holidays]]
month = 7
day = 4
name = "Independence Day"
observed = "nearest_weekday"

[[holidays]]
nth = -1
weekday = "mon"
month = 5
from_year = 1971

[[holidays]]
easter = -2

[[overrides]]
date = "2026-12-31"
hours = [["09:00", "12:00"]]
name = "New Year's Eve"

[[closures]]
from = "2026-06-01T14:00"
to = "2026-06-01T24:00"
name = "Fire drill"
"#;

#[test]
fn a_draft_is_the_same_in_toml_and_json_and_back() {
    let draft: CalendarDraft = toml::from_str(FILE).unwrap();
    assert_eq!(draft.weekly.as_ref().unwrap().fri, [hours("22:00", "06:00")]);
    assert_eq!(draft.closures[0].to, local("2026-06-02T00:00:00"));
    let json = serde_json::to_string(&draft).unwrap();
    assert_eq!(CalendarDraft::from_json(json.as_bytes()).unwrap(), draft);
    assert_eq!(toml::from_str::<CalendarDraft>(&toml::to_string(&draft).unwrap()).unwrap(), draft);
    assert!(compiled(draft).is_open(at("2026-03-28T05:59:59Z")).unwrap());
}

#[test]
fn what_cannot_be_read_is_told_with_its_path() {
    for (json, path) in [
        (r#"{"name": "x", "weekly": {"mon": [["9:00", "17:00"]]}}"#, "weekly.mon[0]"),
        (r#"{"name": "x", "weekly": {"monday": []}}"#, "weekly.monday"),
        (r#"{"name": "x", "holidays": ["2026-02-31"]}"#, "holidays[0]"),
        (r#"{"name": "x", "closures": [{"from": "2026-06-01T25:00", "to": "2026-06-02T00:00"}]}"#, "closures[0].from"),
        (r#"{"name": "x", "overrides": [{"date": "2026-06-31", "hours": []}]}"#, "overrides[0].date"),
        (r#"{"name": "x", "hollidays": []}"#, "hollidays"),
    ] {
        let error = CalendarDraft::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(path), "{json}: {error}");
    }
}

// What is wrong with a draft.

#[test]
fn all_faults_are_told_at_once_each_with_its_path() {
    let draft = CalendarDraft {
        name: " ".to_owned(),
        base: Some(CalendarKey::new("nowhere").unwrap()),
        zone: Some("Mars/Olympus Mons".to_owned()),
        weekly: Some(Weekly {
            mon: vec![hours("09:00", "12:00"), hours("11:00", "13:00")],
            tue: vec![hours("24:00", "24:00"), hours("10:00", "10:00")],
            wed: vec![hours("22:00", "06:00")],
            thu: vec![hours("05:00", "07:00")],
            sun: vec![hours("23:00", "10:00")],
            ..Weekly::default()
        }),
        holidays: vec![
            Holiday::yearly(2, 30),
            Holiday::yearly(2, 29),
            Holiday::on(date("2026-12-25")),
            Holiday::on(date("2026-12-25")),
            Holiday::nth(6, Weekday::Mon, 13),
            Holiday::easter(4_000).in_years(Some(2030), Some(2020)),
        ],
        overrides: vec![
            DayOverride { date: date("2026-01-02"), hours: vec![], name: Some(String::new()), on_holidays: false },
            DayOverride {
                date: date("2026-01-02"),
                hours: vec![hours("09:00", "11:00"), hours("10:59", "12:00")],
                name: None,
                on_holidays: false,
            },
        ],
        closures: vec![Closure { from: local("2026-06-02T00:00:00"), to: local("2026-06-01T00:00:00"), name: None }],
    };
    assert_eq!(
        faults(draft),
        [
            is("name", "text.empty"),
            is("weekly.tue[0]", "hours.empty"),
            is("weekly.tue[1]", "hours.empty"),
            is("weekly.mon[1]", "hours.overlap"),
            is("weekly.thu[0]", "hours.overlap"),
            is("weekly.mon[0]", "hours.overlap"),
            is("holidays[0]", "date.impossible"),
            is("holidays[3]", "date.repeated"),
            is("holidays[4].month", "date.impossible"),
            is("holidays[4].nth", "holiday.range"),
            is("holidays[5].easter", "holiday.range"),
            is("holidays[5].to_year", "holiday.years"),
            is("overrides[0].name", "text.empty"),
            is("overrides[1].date", "date.repeated"),
            is("overrides[1].hours[1]", "hours.overlap"),
            is("closures[0].to", "calendar.closure_reversed"),
            is("base", "calendar.unknown"),
            is("zone", "zone.unknown"),
        ]
    );
}

#[test]
fn a_fault_says_what_overlaps_with_what() {
    let draft = office().open_on([Weekday::Tue], [hours("16:00", "18:00")]);
    assert_eq!(
        draft.compile(&BuiltIn).unwrap_err().to_string(),
        "weekly.tue[1] is 16:00–18:00, which overlaps with 09:00–17:00 of `weekly.tue[0]`"
    );
}

#[test]
fn a_calendar_that_never_opens_is_none() {
    let closed = |draft: CalendarDraft| assert_eq!(faults(draft), [is("weekly", "calendar.never_open")]);
    closed(CalendarDraft::new("Nothing").zone("UTC"));
    closed(CalendarDraft::new("Empty").zone("UTC").open_on(WORKDAYS, []));
    closed(office().closure(local("1950-01-01T00:00:00"), local("2110-01-01T00:00:00"), "For ever"));
    closed(CalendarDraft::new("Late").zone("UTC").override_on(date("2050-01-01"), [Hours::ALL_DAY]));
    closed(CalendarDraft::new("Far").zone("UTC").override_on(NaiveDate::MAX, [Hours::ALL_DAY]));
    let once =
        compiled(CalendarDraft::new("Once").zone("UTC").override_on(date("2030-01-01"), [hours("09:00", "09:01")]));
    assert_eq!(once.due(at("2026-01-01T00:00:00Z"), Seconds::new(60).unwrap()), Ok(at("2030-01-01T09:01:00Z")));
    assert_eq!(once.due(at("2026-01-01T00:00:00Z"), Seconds::new(61).unwrap()), Err(CalendarError::BeyondRange));
}

#[test]
fn too_much_is_refused_before_it_is_looked_at() {
    let many = |n: usize| std::iter::repeat_n(hours("09:00", "17:00"), n);
    assert_eq!(faults(office().open_on([Weekday::Sun], many(1_000_000))), [is("weekly.sun", "calendar.too_many")]);
    assert_eq!(
        faults(office().override_on(date("2026-01-01"), many(1_000_000))),
        [is("overrides[0].hours", "calendar.too_many")]
    );
    let holidays = vec![Holiday::yearly(2, 31); MAX_ENTRIES + 1];
    assert_eq!(faults(CalendarDraft { holidays, ..office() }), [is("holidays", "calendar.too_many")]);
}

#[test]
fn the_most_that_is_allowed_compiles_and_answers() {
    let quarter = |n: u32| {
        let time = |minute: u32| TimeOfDay::new(&format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap();
        Hours { open: time(n * 15), close: time(n * 15 + 14) }
    };
    let every = WORKDAYS.into_iter().chain([Weekday::Sat, Weekday::Sun]);
    let draft = CalendarDraft::new("Quarters").zone("UTC").open_on(every, (0..96).map(quarter));
    let calendar = compiled(draft);
    assert!(calendar.index_bytes() < 26_000_000, "{} bytes", calendar.index_bytes());
    let due = calendar.due(at("2026-01-01T00:00:00Z"), Seconds::hours(1)).unwrap();
    assert_eq!(due, at("2026-01-01T01:04:00Z"));
}

// One on top of another.

fn on_top(of: &str) -> CalendarDraft {
    CalendarDraft::new("Upper").on_top_of(CalendarKey::new(of).unwrap())
}

#[test]
fn a_calendar_on_top_of_another_takes_what_it_leaves_out() {
    let lower = office()
        .holiday(Holiday::on(date("2026-03-02")))
        .override_on(date("2026-03-03"), [hours("10:00", "11:00")])
        .override_on(date("2026-03-04"), [hours("10:00", "11:00")])
        .closure(local("2026-03-05T09:00:00"), local("2026-03-05T10:00:00"), "Below");
    let bases = |key: &CalendarKey| (key.as_str() == "lower").then(|| lower.clone());
    let upper = on_top("lower")
        .holiday(Holiday::on(date("2026-03-06")))
        .override_on(date("2026-03-04"), [hours("12:00", "13:00")])
        .closure(local("2026-03-05T16:00:00"), local("2026-03-05T17:00:00"), "Above");
    let calendar = upper.clone().compile_on(&BuiltIn, &bases).unwrap();
    let open: Vec<String> = calendar
        .open_intervals(at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z"))
        .unwrap()
        .map(|open| format!("{}–{}", open.from().format("%a %H:%M"), open.to().format("%H:%M")))
        .collect();
    assert_eq!(open, ["Tue 10:00–11:00", "Wed 12:00–13:00", "Thu 10:00–16:00"]);
    assert_eq!(calendar.draft(), &upper);

    // What it was resolved to stands alone, and is the same calendar.
    let alone = calendar.resolved().clone().compile(&BuiltIn).unwrap();
    assert_eq!((alone.digest(), &alone), (calendar.digest(), &calendar));
    assert_ne!(compiled(lower.clone()).digest(), calendar.digest());

    let saturdays = on_top("lower").zone("+01:00").open_on([Weekday::Sat], [hours("09:00", "10:00")]);
    let saturdays = saturdays.compile_on(&BuiltIn, &bases).unwrap();
    assert_eq!(saturdays.next_open(at("2026-03-09T00:00:00Z")), Ok(at("2026-03-14T08:00:00Z")));
}

#[test]
fn a_base_that_stands_on_itself_or_is_wrong_is_told() {
    let bases = |key: &CalendarKey| match key.as_str() {
        "a" => Some(on_top("b")),
        "b" => Some(on_top("a")),
        "itself" => Some(on_top("itself")),
        "wrong" => Some(office().holiday(Holiday::yearly(2, 31))),
        deep => Some(on_top(&format!("{}", deep.parse::<u32>().ok()? + 1))),
    };
    let faults = |of: &str| told(&on_top(of).compile_on(&BuiltIn, &bases).unwrap_err());
    assert_eq!(faults("a"), [is("base.base.base", "calendar.circle"), is("zone", "zone.missing")]);
    assert_eq!(faults("itself"), [is("base.base", "calendar.circle"), is("zone", "zone.missing")]);
    assert_eq!(faults("wrong"), [is("base.holidays[0]", "date.impossible")]);
    assert_eq!(faults("1").first().map(|(_, code)| *code), Some("calendar.too_many"));
    assert_eq!(faults("nobody").first(), Some(&is("base", "calendar.unknown")));
}

#[test]
fn calendars_are_equal_by_what_they_say() {
    let (one, same) = (compiled(office()), compiled(office()));
    assert_eq!(one, same);
    assert_eq!(one.clone(), one);
    assert_ne!(one, compiled(office().holiday(Holiday::easter(1))));
    assert_eq!(format!("{one:?}"), r#"Calendar { name: "Office", zone: UTC, .. }"#);
}

// What special dates do.

#[test]
fn a_holiday_has_no_hours_whatever_an_override_says_unless_it_says_so() {
    let draft = office().holiday(Holiday::on(date("2026-12-25")));
    let with = |on_holidays| {
        let hours = vec![hours("10:00", "11:00")];
        let day = DayOverride { date: date("2026-12-25"), hours, name: None, on_holidays };
        compiled(CalendarDraft { overrides: vec![day], ..draft.clone() }).is_open(at("2026-12-25T10:30:00Z")).unwrap()
    };
    assert!(!with(false) && with(true));
}

#[test]
fn hours_across_midnight_belong_to_the_day_on_which_they_open() {
    let nights = CalendarDraft::new("Nights")
        .zone("UTC")
        .open_on(WORKDAYS, [hours("22:00", "06:00")])
        .holiday(Holiday::on(date("2026-03-03")))
        .override_on(date("2026-03-05"), [hours("12:00", "13:00")]);
    let open: Vec<String> = compiled(nights)
        .open_intervals(at("2026-03-02T00:00:00Z"), at("2026-03-07T12:00:00Z"))
        .unwrap()
        .map(|open| format!("{} to {}", open.from().format("%a %H:%M"), open.to().format("%a %H:%M")))
        .collect();
    // The night before the holiday runs to its end; the one of the holiday is off.
    assert_eq!(
        open,
        ["Mon 22:00 to Tue 06:00", "Wed 22:00 to Thu 06:00", "Thu 12:00 to Thu 13:00", "Fri 22:00 to Sat 06:00"]
    );
}

#[test]
fn two_holidays_on_one_weekend_are_kept_on_two_workdays() {
    let draft = office()
        .holiday(Holiday::yearly(12, 25).named("Christmas Day").observed(Observed::NextWorkday))
        .holiday(Holiday::yearly(12, 26).named("Boxing Day").observed(Observed::NextWorkday));
    // In 2027 they are a Saturday and a Sunday; in 2026 a Friday and a Saturday.
    let calendar = compiled(draft);
    let off = |year: &str| -> Vec<u32> {
        (20..=31).filter(|day| !calendar.is_business_day(date(&format!("{year}-12-{day}"))).unwrap()).collect()
    };
    assert_eq!(off("2027"), [25, 26, 27, 28]);
    assert_eq!(off("2026"), [20, 25, 26, 27, 28]);
    let told = calendar.spans(at("2027-12-28T10:00:00Z"), at("2027-12-28T11:00:00Z")).unwrap().next().unwrap();
    assert_eq!(told.why.to_string(), "holiday: Boxing Day (observed)");
}

#[test]
#[cfg(feature = "time-zones")]
fn a_date_that_a_zone_skipped_has_no_hours() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let apia = compiled(office().zone("Pacific/Apia"));
    let open: Vec<_> = apia.open_intervals(at("2011-12-29T00:00:00Z"), at("2012-01-03T12:00:00Z")).unwrap().collect();
    let monday = Span::new(at("2012-01-01T19:00:00Z"), at("2012-01-02T03:00:00Z")).unwrap();
    assert_eq!(open[2], monday);
    assert!(!apia.is_business_day(date("2011-12-30")).unwrap());
}

#[test]
#[cfg(feature = "time-zones")]
fn hours_in_a_gap_move_and_those_that_end_before_they_begin_then_are_none() {
    let sunday = |open: &str, close: &str| {
        let draft = CalendarDraft::new("Night").zone("Europe/Berlin").open_on([Weekday::Sun], [hours(open, close)]);
        let day = compiled(draft);
        let open = day.open_intervals(at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")).unwrap();
        open.map(|open| format!("{}–{}", open.from().format("%H:%M"), open.to().format("%H:%M"))).collect::<Vec<_>>()
    };
    assert_eq!(sunday("02:15", "02:45"), ["01:15–01:45"]);
    assert_eq!(sunday("01:30", "03:30"), ["00:30–01:30"]);
    assert_eq!(sunday("02:30", "04:00"), ["01:30–02:00"]);
    // 02:30 moves to 03:30, which 03:15 comes before.
    assert!(sunday("02:30", "03:15").is_empty());
}

// Business days.

#[test]
fn business_days_count_from_the_day_of_the_next_opening() {
    let office = compiled(office().holiday(Holiday::on(date("2026-03-31"))));
    let end = |start: &str, days| office.due_end_of_day(at(start), BusinessDays(days)).unwrap();
    let same = |start: &str, days| office.due_same_time(at(start), BusinessDays(days)).unwrap();
    assert_eq!(end("2026-03-27T10:00:00Z", 0), at("2026-03-27T17:00:00Z"));
    assert_eq!(end("2026-03-27T17:00:00Z", 0), at("2026-03-30T17:00:00Z"));
    assert_eq!(end("2026-03-27T10:00:00Z", 2), at("2026-04-01T17:00:00Z"));
    assert_eq!(same("2026-03-27T10:00:00.5Z", 2), at("2026-04-01T10:00:00.5Z"));
    assert_eq!(same("2026-03-27T20:00:00Z", 0), at("2026-03-30T09:00:00Z"));
    assert_eq!(same("2026-03-27T20:00:00Z", 1), at("2026-04-01T09:00:00Z"));
    assert_eq!(office.due_end_of_day(at("2099-12-30T10:00:00Z"), BusinessDays(9)), Err(CalendarError::BeyondRange));
    assert_eq!(
        office.due_end_of_day(at("1970-01-01T00:00:00Z"), BusinessDays(u16::MAX)),
        Err(CalendarError::BeyondRange)
    );
    assert_eq!(BusinessDays(1).to_string(), "1 business day");
}

#[test]
#[cfg(feature = "time-zones")]
fn the_same_time_of_day_is_the_one_of_the_wall_and_lies_within_that_days_hours() {
    let berlin = compiled(
        CalendarDraft::new("Berlin")
            .zone("Europe/Berlin")
            .open_on(WORKDAYS, [hours("08:00", "12:00"), hours("13:00", "17:00")])
            .override_on(date("2026-03-31"), [hours("10:00", "11:00"), hours("15:00", "16:00")]),
    );
    let same = |start: &str, days| berlin.due_same_time(at(start), BusinessDays(days)).unwrap();
    // The clocks change between Friday and Monday.
    assert_eq!(same("2026-03-27T10:00:00Z", 1), at("2026-03-30T09:00:00Z"));
    // On Tuesday: before the first opening, in the break, after the last closing.
    assert_eq!(same("2026-03-30T06:30:00Z", 1), at("2026-03-31T08:00:00Z"));
    assert_eq!(same("2026-03-30T11:30:00Z", 1), at("2026-03-31T13:00:00Z"));
    assert_eq!(same("2026-03-30T14:30:00Z", 1), at("2026-03-31T14:00:00Z"));
}

#[test]
fn a_night_shift_is_a_business_day_of_the_date_on_which_it_opens() {
    let nights = compiled(CalendarDraft::new("Nights").zone("UTC").open_on(WORKDAYS, [hours("22:00", "06:00")]));
    // Three in the morning of Tuesday is Monday's shift.
    assert_eq!(nights.due_end_of_day(at("2026-03-03T03:00:00Z"), BusinessDays(1)), Ok(at("2026-03-04T06:00:00Z")));
    assert_eq!(nights.due_same_time(at("2026-03-03T03:00:00Z"), BusinessDays(4)), Ok(at("2026-03-07T03:00:00Z")));
    assert!(!nights.is_business_day(date("2026-03-07")).unwrap());
}

// Pauses.

#[test]
fn pauses_may_overlap_and_come_in_any_order() {
    let office = compiled(office());
    let span = |from: &str, to: &str| Span::new(at(from), at(to)).unwrap();
    let pauses = [
        span("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"),
        span("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z"),
        span("2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z"),
        span("2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z"),
    ];
    let (start, budget) = (at("2026-03-02T09:30:00Z"), Seconds::hours(6));
    let due = office.due_over(start, budget, &pauses).unwrap();
    assert_eq!(due, at("2026-03-03T11:30:00Z"));
    assert_eq!(office.elapsed_over(start, due, &pauses), Ok(budget.span()));
    assert_eq!(office.elapsed_over(due, start, &pauses), Ok(-budget.span()));
    assert_eq!(office.start_before_over(due, budget, &pauses), Ok(start));
    // Without an end there is no deadline; with no budget it is the start, paused or not.
    let open_ended = [Span::new(at("2026-03-02T10:00:00Z"), Instant::MAX_UTC).unwrap()];
    assert_eq!(office.due_over(start, budget, &open_ended), Err(CalendarError::BeyondRange));
    assert_eq!(office.due_over(at("2026-03-02T10:30:00Z"), Seconds::ZERO, &open_ended), Ok(at("2026-03-02T10:30:00Z")));
    let error = Span::new(at("2026-03-03T10:00:00Z"), at("2026-03-02T10:00:00Z")).unwrap_err();
    assert_eq!(error.to_string(), "the span from 2026-03-03T10:00:00Z to 2026-03-02T10:00:00Z ends before it begins");
    let json = r#"{"from": "2026-03-03T10:00:00Z", "to": "2026-03-02T10:00:00Z"}"#;
    assert!(serde_json::from_str::<Span>(json).is_err());
}

// The ends of what can be answered.

#[test]
fn outside_the_range_every_question_is_an_error() {
    let office = compiled(office());
    let day = Seconds::days(1);
    for out in [
        RANGE_START - TimeDelta::nanoseconds(1),
        RANGE_END,
        Instant::MIN_UTC,
        Instant::MAX_UTC,
        at("9999-12-31T00:00:00Z"),
    ] {
        let refused = CalendarError::OutOfRange { seconds: out.timestamp() };
        let within = at("2026-01-01T00:00:00Z");
        assert_eq!(office.is_open(out), Err(refused));
        assert_eq!(office.next_open(out), Err(refused));
        assert_eq!(office.next_close(out), Err(refused));
        assert_eq!(office.due(out, day), Err(refused));
        assert_eq!(office.due(out, Seconds::ZERO), Err(refused));
        assert_eq!(office.due_over(out, day, &[]), Err(refused));
        assert_eq!(office.start_before(out, day), Err(refused));
        assert_eq!(office.start_before_over(out, Seconds::ZERO, &[]), Err(refused));
        assert_eq!(office.elapsed(within, out), Err(refused));
        assert_eq!(office.elapsed(out, within), Err(refused));
        assert_eq!(office.due_end_of_day(out, BusinessDays(1)), Err(refused));
        assert_eq!(office.due_same_time(out, BusinessDays(0)), Err(refused));
        assert_eq!(office.spans(within, out).err(), Some(refused));
        assert_eq!(office.open_intervals(out, within).err(), Some(refused));
    }
    for out in [i64::MIN, -1, 4_102_444_800, i64::MAX] {
        let refused = CalendarError::OutOfRange { seconds: out };
        assert_eq!(office.due_seconds(out, 1), Err(refused));
        assert_eq!(office.due_seconds(out, 0), Err(refused));
        assert_eq!(office.start_before_seconds(out, u64::MAX), Err(refused));
        assert_eq!(office.elapsed_seconds(out, out), Err(refused));
        assert_eq!(office.is_open_seconds(out), Err(refused));
    }
    assert_eq!(office.due_seconds(0, u64::MAX), Err(CalendarError::BeyondRange));
    assert_eq!(office.due_seconds(1_700_000_000, u64::MAX), Err(CalendarError::BeyondRange));
    assert_eq!(office.start_before_seconds(4_102_444_799, u64::MAX), Err(CalendarError::BeyondRange));
    assert!(office.is_business_day(date("2100-01-01")).is_err() && office.is_business_day(NaiveDate::MIN).is_err());
    assert_eq!(
        office.is_open(RANGE_END).unwrap_err().to_string(),
        "2100-01-01T00:00:00Z lies outside the years 1970 to 2099, for which calendars answer"
    );
}

#[test]
fn around_the_clock_never_closes_within_the_range() {
    let always = Calendar::around_the_clock(&ZoneName::utc()).unwrap();
    let start = at("2026-03-02T09:00:00.25Z");
    assert_eq!(always.due(start, Seconds::hours(1_000)), Ok(start + TimeDelta::hours(1_000)));
    assert_eq!(always.next_open(start), Ok(start));
    assert_eq!(always.next_close(start), Err(CalendarError::BeyondRange));
    let last = RANGE_END - TimeDelta::nanoseconds(1);
    assert_eq!(always.elapsed(RANGE_START, last), Ok(last - RANGE_START));
    assert_eq!(always.open_intervals(RANGE_START, last).unwrap().count(), 1);
    assert_eq!(
        always.due(RANGE_START, Seconds::new(Seconds::MAX).unwrap()),
        Ok(RANGE_START + TimeDelta::seconds(3_155_760_000))
    );
    assert_eq!(always.due(last, Seconds::hours(1)), Err(CalendarError::BeyondRange));
    assert_eq!(always.start_before(start, Seconds::new(Seconds::MAX).unwrap()), Err(CalendarError::BeyondRange));
}

#[test]
fn an_instant_within_a_leap_second_counts_as_the_end_of_the_second_before() {
    let always = Calendar::around_the_clock(&ZoneName::utc()).unwrap();
    let leap = at("2016-12-31T23:59:60.5Z");
    assert_eq!(always.due(leap, Seconds::hours(1)), Ok(at("2017-01-01T00:59:59.999999999Z")));
    assert!(always.elapsed(leap, at("2017-01-01T00:00:00Z")).unwrap() >= TimeDelta::zero());
}

#[test]
fn a_fixed_29_february_is_a_holiday_in_leap_years() {
    let office = compiled(office().holiday(Holiday::yearly(2, 29)));
    assert!(!office.is_business_day(date("2028-02-29")).unwrap());
    assert!(office.is_business_day(date("2028-02-28")).unwrap() && office.is_business_day(date("2027-03-01")).unwrap());
}

#[test]
fn the_compiled_window_and_the_walk_outside_it_join_without_a_seam() {
    let nights = compiled(
        CalendarDraft::new("Nights")
            .zone("UTC")
            .open_on(WORKDAYS.into_iter().chain([Weekday::Sat, Weekday::Sun]), [hours("22:00", "06:00")]),
    );
    for year in ["2000", "2041"] {
        let before: Instant = at(&format!("{year}-01-01T00:00:00Z")) - TimeDelta::hours(1);
        assert_eq!(nights.next_close(before), Ok(before + TimeDelta::hours(7)));
        assert_eq!(nights.due(before, Seconds::hours(8)), Ok(before + TimeDelta::hours(24)));
        assert_eq!(
            nights.start_before(before + TimeDelta::hours(7), Seconds::hours(8)),
            Ok(before - TimeDelta::hours(1))
        );
        let open: Vec<_> = nights.open_intervals(before, before + TimeDelta::hours(10)).unwrap().collect();
        assert_eq!(open, [Span::new(before, before + TimeDelta::hours(7)).unwrap()]);
    }
}

// Why.

#[test]
#[cfg(feature = "time-zones")]
fn spans_say_why_and_are_split_where_clocks_change() {
    let draft = CalendarDraft::new("Berlin")
        .zone("Europe/Berlin")
        .around_the_clock()
        .holiday(Holiday::on(date("2026-03-30")).named("Company day"))
        .closure(local("2026-03-29T12:00:00"), local("2026-03-29T13:00:00"), "Fire drill");
    let overrides = vec![DayOverride {
        date: date("2026-03-31"),
        hours: vec![hours("10:00", "12:00")],
        name: Some("Stocktaking".to_owned()),
        on_holidays: false,
    }];
    let calendar = compiled(CalendarDraft { overrides, ..draft });
    let told: Vec<String> = calendar
        .spans(at("2026-03-28T22:00:00Z"), at("2026-04-01T00:00:00Z"))
        .unwrap()
        .map(|span| {
            let change = span.zone_change.map(|change| format!(" ({change})")).unwrap_or_default();
            let open = if span.open { "open" } else { "closed" };
            format!("{} to {} {open}: {}{change}", span.from.format("%dT%H:%M"), span.to.format("%dT%H:%M"), span.why)
        })
        .collect();
    assert_eq!(
        told,
        [
            "28T22:00 to 29T01:00 open: business hours",
            "29T01:00 to 29T10:00 open: business hours (clocks go from +01:00 to +02:00)",
            "29T10:00 to 29T11:00 closed: closure: Fire drill",
            "29T11:00 to 29T22:00 open: business hours",
            "29T22:00 to 30T22:00 closed: holiday: Company day",
            "30T22:00 to 31T08:00 closed: other hours on that day: Stocktaking",
            "31T08:00 to 31T10:00 open: other hours on that day: Stocktaking",
            "31T10:00 to 31T22:00 closed: other hours on that day: Stocktaking",
            "31T22:00 to 01T00:00 open: business hours",
        ]
    );
    assert_eq!(calendar.spans(at("2026-03-28T22:00:00Z"), at("2026-03-28T22:00:00Z")).unwrap().count(), 0);
    assert_eq!(calendar.spans(at("2026-03-28T22:00:00Z"), at("2026-03-27T22:00:00Z")).unwrap().count(), 0);
}

#[test]
fn a_closure_is_named_where_it_cuts_something_out() {
    let office = compiled(office().closure(local("2026-03-01T00:00:00"), local("2026-03-02T12:00:00"), "Move"));
    let told: Vec<_> = office
        .spans(at("2026-03-01T00:00:00Z"), at("2026-03-02T13:00:00Z"))
        .unwrap()
        .map(|span| (span.to, span.why.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (at("2026-03-02T09:00:00Z"), "outside business hours".to_owned()),
            (at("2026-03-02T12:00:00Z"), "closure: Move".to_owned()),
            (at("2026-03-02T13:00:00Z"), "business hours".to_owned()),
        ]
    );
}

#[test]
fn a_reason_has_a_form_as_data() {
    for (why, json) in [
        (Why::Hours, r#""hours""#),
        (Why::Closure { name: Some("Fire drill".into()) }, r#"{"closure":{"name":"Fire drill"}}"#),
    ] {
        assert_eq!(serde_json::to_string(&why).unwrap(), json);
        assert_eq!(serde_json::from_str::<Why>(json).unwrap(), why);
    }
}

#[test]
fn faults_name_the_rule_in_english() {
    let error = office().holiday(Holiday::yearly(2, 31)).compile(&BuiltIn).unwrap_err();
    assert_eq!(error.iter().map(Fault::rule).collect::<Vec<_>>(), ["is day 31 of month 2, which no year has"]);
}
