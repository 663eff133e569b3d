//! What business time costs: the compiled index beside a naive day walk and three other crates, in one run.
//!
//! `cargo bench --bench calendar`. Monday to Friday 09:00 to 17:00 in New York with ten US holidays a year, 256
//! pseudo-random starts from 2020 to 2025. Each figure is CPU time per operation, the least of the rounds:
//! machines are noisy, so look at the ratios.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "a benchmark that fails panics, and prints what it measured"
)]

use std::{collections::HashSet, hint::black_box, sync::Arc};

use andon::{
    calendar::{BuiltIn, Calendar, CalendarDraft, Holiday, Hours, Observed, WORKDAYS},
    time::{Instant, Seconds},
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use cpu_time::ThreadTime;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use opening_hours::{Context, ContextHolidays, OpeningHours, RuleKind, localization::Localize};

/// The CPU time that a figure takes at least.
const LEAST: f64 = 0.15;
const ROUNDS: usize = 3;
const STARTS: usize = 256;
/// How many answers of each crate are compared with those of the index.
const COMPARED: usize = 16;

fn rules() -> Vec<Holiday> {
    let observed = |month, day| Holiday::yearly(month, day).observed(Observed::NearestWeekday);
    vec![
        observed(1, 1),
        Holiday::nth(3, Weekday::Mon, 1),
        Holiday::nth(3, Weekday::Mon, 2),
        Holiday::nth(-1, Weekday::Mon, 5),
        observed(7, 4),
        Holiday::nth(1, Weekday::Mon, 9),
        Holiday::nth(2, Weekday::Mon, 10),
        observed(11, 11),
        Holiday::nth(4, Weekday::Thu, 11),
        observed(12, 25),
    ]
}

/// The dates of the holidays, for those who take no rules.
fn dates() -> Vec<NaiveDate> {
    let years = 2014..=2047;
    let mut dates: Vec<_> = rules()
        .iter()
        .flat_map(|rule| years.clone().flat_map(|year| rule.dates(year).map(|(date, _)| date).collect::<Vec<_>>()))
        .collect();
    dates.sort_unstable();
    dates.dedup();
    dates
}

fn draft(hours: &[(&str, &str)]) -> CalendarDraft {
    let hours: Vec<_> = hours.iter().map(|(open, close)| Hours::new(open, close).unwrap()).collect();
    let draft = CalendarDraft::new("New York").zone("America/New_York").open_on(WORKDAYS, hours);
    rules().into_iter().fold(draft, CalendarDraft::holiday)
}

/// Seconds since 1970, spread over 2020 to 2025.
fn starts() -> Vec<i64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..STARTS)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            1_577_836_800 + i64::try_from(state % 189_302_400).unwrap()
        })
        .collect()
}

/// Nanoseconds of CPU time for one call, the least of the rounds.
fn measure(mut call: impl FnMut(usize) -> i64) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let (began, mut calls) = (ThreadTime::now(), 0_usize);
        let mut batch = 1;
        let taken = loop {
            for _ in 0..batch {
                black_box(call(calls % STARTS));
                calls += 1;
            }
            let taken = began.elapsed().as_secs_f64();
            if taken >= LEAST {
                break taken;
            }
            batch = (batch * 2).min(100_000);
        };
        least = least.min(taken * 1e9 / calls as f64);
    }
    least
}

/// Something that reckons with business time, in seconds.
struct Peer<'a> {
    name: &'a str,
    due: Box<dyn Fn(i64, u32) -> i64 + 'a>,
    elapsed: Box<dyn Fn(i64, i64) -> i64 + 'a>,
}

fn stamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn instant(seconds: i64) -> Instant {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn jiff_date(date: NaiveDate) -> Date {
    let small = |number: u32| i8::try_from(number).unwrap();
    Date::new(i16::try_from(date.year()).unwrap(), small(date.month()), small(date.day())).unwrap()
}

// The naive day walk.

struct DayWalk {
    zone: TimeZone,
    holidays: HashSet<Date>,
}

impl DayWalk {
    fn hours(&self, date: Date) -> Option<(i64, i64)> {
        if date.weekday().to_monday_zero_offset() >= 5 || self.holidays.contains(&date) {
            return None;
        }
        let at = |hour| self.zone.to_ambiguous_timestamp(date.at(hour, 0, 0, 0)).compatible().unwrap().as_second();
        Some((at(9), at(17)))
    }

    fn days(&self, from: i64) -> impl Iterator<Item = (i64, i64)> {
        let mut date = self.zone.to_datetime(stamp(from)).date();
        std::iter::from_fn(move || {
            let today = date;
            date = date.checked_add(1.day()).unwrap();
            Some(today)
        })
        .filter_map(|date| self.hours(date))
        .map(move |(open, close)| (open.max(from), close))
        .filter(|(open, close)| open < close)
    }

    fn due(&self, start: i64, budget: i64) -> i64 {
        let mut left = budget;
        for (open, close) in self.days(start) {
            if left <= close - open {
                return open + left;
            }
            left -= close - open;
        }
        start
    }

    fn elapsed(&self, from: i64, to: i64) -> i64 {
        self.days(from).take_while(|(open, _)| *open < to).map(|(open, close)| close.min(to) - open).sum()
    }
}

/// The same holidays as rules of ule-hours, which are quicker than their dates.
fn ule_rules() -> Vec<ule_hours::Holiday> {
    use jiff::civil::Weekday::{Monday, Thursday};
    use ule_hours::Holiday::{NthWeekday, Observed};
    vec![
        Observed { month: 1, day: 1 },
        NthWeekday { month: 1, weekday: Monday, n: 3 },
        NthWeekday { month: 2, weekday: Monday, n: 3 },
        NthWeekday { month: 5, weekday: Monday, n: -1 },
        Observed { month: 7, day: 4 },
        NthWeekday { month: 9, weekday: Monday, n: 1 },
        NthWeekday { month: 10, weekday: Monday, n: 2 },
        Observed { month: 11, day: 11 },
        NthWeekday { month: 11, weekday: Thursday, n: 4 },
        Observed { month: 12, day: 25 },
    ]
}

// opening-hours takes local times; this is what turns them into instants and back.

#[derive(Clone)]
struct Local(TimeZone);

impl Localize for Local {
    type DateTime = DateTime<Utc>;

    fn naive(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + TimeDelta::seconds(self.0.to_offset(stamp(at.timestamp())).seconds().into())
    }

    fn datetime(&self, naive: NaiveDateTime) -> DateTime<Utc> {
        let civil = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0) + naive.and_utc().timestamp().seconds();
        instant(self.0.to_ambiguous_timestamp(civil).compatible().unwrap().as_second())
    }
}

fn opening_hours(zone: TimeZone) -> OpeningHours<Local> {
    let holidays = ContextHolidays::new(Arc::new(dates().into_iter().collect()), Arc::default());
    let context = Context::default().with_holidays(holidays).with_locale(Local(zone));
    "Mo-Fr 09:00-17:00; PH off".parse::<OpeningHours>().unwrap().with_context(context)
}

fn open_spans(hours: &OpeningHours<Local>, from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
    let spans = hours.iter_range(instant(from), instant(to));
    spans
        .filter(|span| span.kind == RuleKind::Open)
        .map(|span| (span.range.start.timestamp(), span.range.end.timestamp()))
}

fn peers<'a>(calendar: &'a Calendar, walk: &'a DayWalk) -> Vec<Peer<'a>> {
    let dates: Vec<Date> = dates().into_iter().map(jiff_date).collect();
    let ule = ule_hours::Schedule::builder("America/New_York").unwrap().mon_fri("09:00-17:00").unwrap();
    let ule = Arc::new(ule.holidays(ule_rules()).build());
    let nine_to_five = workclock::WorkDay::new(
        jiff::civil::time(9, 0, 0, 0),
        jiff::civil::time(17, 0, 0, 0),
        workclock::Weekdays::MON_TO_FRI,
    );
    let clock = workclock::Schedule::builder().time_zone("America/New_York").rule(nine_to_five);
    let clock = Arc::new(clock.rule(workclock::Holidays::new(dates.iter().copied())).build().unwrap());
    let osm = Arc::new(opening_hours(walk.zone.clone()));
    let (ule_too, clock_too, osm_too) = (ule.clone(), clock.clone(), osm.clone());
    let hours = |hours: u32| SignedDuration::from_hours(hours.into());
    vec![
        Peer {
            name: "index, DateTime<Utc>",
            due: Box::new(|start, hours| {
                let budget = Seconds::new(u64::from(hours) * 3_600).unwrap();
                calendar.due(instant(start), budget).unwrap().timestamp()
            }),
            elapsed: Box::new(|from, to| calendar.elapsed(instant(from), instant(to)).unwrap().num_seconds()),
        },
        Peer {
            name: "naive day walk",
            due: Box::new(|start, hours| walk.due(start, i64::from(hours) * 3_600)),
            elapsed: Box::new(|from, to| walk.elapsed(from, to)),
        },
        Peer {
            name: "ule-hours",
            due: Box::new(move |start, n| ule.add(stamp(start), hours(n)).unwrap().as_second()),
            elapsed: Box::new(move |from, to| ule_too.between(stamp(from), stamp(to)).as_secs()),
        },
        Peer {
            name: "workclock",
            due: Box::new(move |start, n| clock.add(stamp(start), hours(n)).unwrap().as_second()),
            elapsed: Box::new(move |from, to| clock_too.between(stamp(from), stamp(to)).as_secs()),
        },
        Peer {
            name: "opening-hours",
            due: Box::new(move |start, n| {
                let mut left = i64::from(n) * 3_600;
                let found = open_spans(&osm, start, 2_400_000_000).find_map(|(open, close)| {
                    let due = (left <= close - open).then_some(open + left);
                    left -= close - open;
                    due
                });
                found.unwrap()
            }),
            elapsed: Box::new(move |from, to| open_spans(&osm_too, from, to).map(|(open, close)| close - open).sum()),
        },
    ]
}

const DUE: [u32; 4] = [4, 40, 400, 4_000];
const ELAPSED: [i64; 4] = [1, 30, 365, 3_650];

fn main() {
    let calendar = draft(&[("09:00", "17:00")]).compile(&BuiltIn).unwrap();
    let walk = DayWalk {
        zone: TimeZone::get("America/New_York").unwrap(),
        holidays: dates().into_iter().map(jiff_date).collect(),
    };
    let starts = starts();
    let end = |from: i64, days: i64| from + days * 86_400;

    println!("CPU nanoseconds for one operation; the ratio to the index in whole seconds in brackets\n");
    let names: Vec<String> =
        DUE.map(|n| format!("due {n} h")).into_iter().chain(ELAPSED.map(|n| format!("elapsed {n} d"))).collect();
    print_row("", &names, "agree");
    let (of_one, of_four) = (
        whole_seconds(&calendar, &starts),
        whole_seconds(
            &draft(&[("08:00", "10:00"), ("10:15", "12:00"), ("13:00", "15:00"), ("15:15", "17:30")])
                .compile(&BuiltIn)
                .unwrap(),
            &starts,
        ),
    );
    let plain = |figures: &[f64]| figures.iter().map(|figure| format!("{figure:.1}")).collect::<Vec<_>>();
    print_row("index, whole seconds", &plain(&of_one), "");
    print_row("  with four hours a day", &plain(&of_four), "");
    for peer in peers(&calendar, &walk) {
        let due = DUE.map(|hours| measure(|index| (peer.due)(starts[index], hours)));
        let elapsed = ELAPSED.map(|days| measure(|index| (peer.elapsed)(starts[index], end(starts[index], days))));
        let cells: Vec<String> = due
            .iter()
            .chain(&elapsed)
            .zip(&of_one)
            .map(|(figure, index)| format!("{figure:.0} ({:.0})", figure / index))
            .collect();
        let mut agree = 0;
        for start in &starts[..COMPARED] {
            let same_due = DUE.iter().all(|hours| {
                calendar.due_seconds(*start, u64::from(*hours) * 3_600).unwrap() == (peer.due)(*start, *hours)
            });
            let same_elapsed = ELAPSED.iter().all(|days| {
                calendar.elapsed_seconds(*start, end(*start, *days)).unwrap()
                    == (peer.elapsed)(*start, end(*start, *days))
            });
            agree += usize::from(same_due && same_elapsed);
        }
        print_row(peer.name, &cells, &format!("{agree}/{COMPARED}"));
    }

    println!("\nCompiling, in milliseconds, and the size of the index");
    let quarter = |n: usize| format!("{:02}:{:02}", n / 4, n % 4 * 15);
    let closes: Vec<String> = (0..96).map(|n| format!("{:02}:{:02}", n / 4, n % 4 * 15 + 14)).collect();
    let opens: Vec<String> = (0..96).map(quarter).collect();
    for count in [1, 4, 96] {
        let hours: Vec<_> =
            opens.iter().zip(&closes).step_by(96 / count).map(|(open, close)| (&**open, &**close)).collect();
        let draft = draft(&hours);
        let compiled = draft.clone().compile(&BuiltIn).unwrap();
        let nanos = measure(|_| i64::from(draft.clone().compile(&BuiltIn).unwrap().name().is_empty()));
        println!("  {count:>2} a day: {:.2} ms, {} KB", nanos / 1e6, compiled.index_bytes() / 1_000);
    }
}

fn whole_seconds(calendar: &Calendar, starts: &[i64]) -> Vec<f64> {
    let due = DUE.map(|hours| {
        let budget = u64::from(hours) * 3_600;
        measure(|index| calendar.due_seconds(starts[index], budget).unwrap())
    });
    let elapsed = ELAPSED.map(|days| {
        let length = days * 86_400;
        measure(|index| calendar.elapsed_seconds(starts[index], starts[index] + length).unwrap())
    });
    due.into_iter().chain(elapsed).collect()
}

fn print_row(name: &str, cells: &[String], last: &str) {
    print!("{name:<24}");
    for cell in cells {
        print!("{cell:>18}");
    }
    println!("{last:>8}");
}
