//! A random calendar in plain numbers, of which both the library's draft and the oracle are made.

use andon::calendar::{CalendarDraft, Closure, DayOverride, Holiday, Hours, Observed, TimeOfDay, Weekly};
use chrono::{Datelike, NaiveDate, Weekday};

use crate::dice::Dice;

/// An opening and a closing in minutes of the day; a closing that is not later lies on the next day.
pub type Minutes = (u32, u32);
/// Year, month and day.
pub type Ymd = (i16, i8, i8);

#[derive(Debug, Clone)]
pub struct Spec {
    pub zone: &'static str,
    /// From Monday on.
    pub weekly: [Vec<Minutes>; 7],
    pub holidays: Vec<(Rule, Moves)>,
    /// The date, its hours, and whether they count on holidays.
    pub overrides: Vec<(Ymd, Vec<Minutes>, bool)>,
    /// From a date and minute to another.
    pub closures: Vec<((Ymd, u32), (Ymd, u32))>,
}

#[derive(Debug, Clone, Copy)]
pub enum Rule {
    Date(Ymd),
    Fixed(i8, i8),
    /// The n-th, the weekday counted from Monday 0, the month.
    Nth(i8, i8, i8),
    Easter(i16),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moves {
    Never,
    Nearest,
    FromSunday,
    FromWeekend,
    ToWorkday,
}

/// Zones of many kinds, none of which differs between the two databases.
pub const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Asuncion",
    "Europe/Dublin",
];

impl Spec {
    pub fn random(dice: &mut Dice) -> Self {
        let zone = *dice.pick(ZONES);
        let style = dice.between(0, 9);
        let mut weekly: [Vec<Minutes>; 7] = Default::default();
        let office = hours(dice, 2);
        for (day, minutes) in weekly.iter_mut().enumerate() {
            *minutes = match style {
                0 => vec![(0, 1_440)],
                1..=4 if day < 5 => office.clone(),
                1..=4 => vec![],
                5 => vec![(1_320, 360)],
                6 => vec![(23, 24), (120, 180), (1_439, 1_440)],
                _ if dice.one_in(3) => vec![],
                _ => hours(dice, 4),
            };
        }
        if weekly.iter().all(Vec::is_empty) {
            weekly[2] = vec![(540, 1_020)];
        }
        let mut holidays: Vec<_> = (0..dice.between(0, 6)).map(|_| holiday(dice)).collect();
        let mut seen = std::collections::HashSet::new();
        holidays.retain(|(rule, _)| !matches!(rule, Rule::Date(date) if !seen.insert(*date)));
        let mut overrides: Vec<_> = (0..dice.between(0, 5))
            .map(|_| {
                let hours = if dice.one_in(3) { vec![] } else { hours(dice, 3) };
                (date(dice), hours, dice.one_in(3))
            })
            .collect();
        overrides.sort_by_key(|(date, _, _)| *date);
        overrides.dedup_by_key(|(date, _, _)| *date);
        let closures = (0..dice.between(0, 4))
            .filter_map(|_| {
                let from = (date(dice), u32::try_from(dice.between(0, 1_439)).unwrap());
                let days = *dice.pick(&[0, 0, 1, 3, 30]);
                let minute = u32::try_from(dice.between(0, 1_440)).unwrap();
                let to = (later(from.0, days), minute);
                (from < to).then_some((from, to))
            })
            .collect();
        Self { zone, weekly, holidays, overrides, closures }
    }

    pub fn draft(&self) -> CalendarDraft {
        let [mon, tue, wed, thu, fri, sat, sun] = self.weekly.each_ref().map(|minutes| of(minutes));
        CalendarDraft {
            name: "Random".to_owned(),
            base: None,
            zone: Some(self.zone.to_owned()),
            weekly: Some(Weekly { mon, tue, wed, thu, fri, sat, sun }),
            holidays: self.holidays.iter().map(|(rule, moves)| drafted(*rule, *moves)).collect(),
            overrides: self
                .overrides
                .iter()
                .map(|(date, hours, on_holidays)| DayOverride {
                    date: naive(*date),
                    hours: of(hours),
                    name: None,
                    on_holidays: *on_holidays,
                })
                .collect(),
            closures: self
                .closures
                .iter()
                .map(|(from, to)| Closure { from: local(*from), to: local(*to), name: None })
                .collect(),
        }
    }
}

/// Up to so many hours that do not overlap; the last may run across midnight, and then the day begins late
/// enough for those of the day before.
fn hours(dice: &mut Dice, most: i64) -> Vec<Minutes> {
    let step = *dice.pick(&[1, 15, 30]);
    let mut edges: Vec<u32> =
        (0..2 * dice.between(1, most)).map(|_| u32::try_from(dice.between(0, 1_440 / step) * step).unwrap()).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut pairs: Vec<Minutes> = edges.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if dice.one_in(4) && pairs.iter().all(|(open, close)| *open >= 300 && *close <= 1_200) {
        pairs.push((1_260, u32::try_from(dice.between(0, 300)).unwrap()));
    }
    if pairs.is_empty() { vec![(600, 660)] } else { pairs }
}

fn date(dice: &mut Dice) -> Ymd {
    let year = if dice.one_in(4) { dice.between(1970, 2099) } else { dice.between(2020, 2030) };
    let month = *dice.pick(&[1, 3, 4, 10, 11, 12, 6]);
    later((i16::try_from(year).unwrap(), month, 1), dice.between(0, 27))
}

fn later((year, month, day): Ymd, days: i64) -> Ymd {
    let date = naive((year, month, day)) + chrono::TimeDelta::days(days);
    (i16::try_from(date.year()).unwrap(), i8::try_from(date.month()).unwrap(), i8::try_from(date.day()).unwrap())
}

fn holiday(dice: &mut Dice) -> (Rule, Moves) {
    let small = |number: i64| i8::try_from(number).unwrap();
    let rule = match dice.between(0, 4) {
        0 => Rule::Date(date(dice)),
        1 | 2 => *dice.pick(&[
            Rule::Fixed(1, 1),
            Rule::Fixed(7, 4),
            Rule::Fixed(12, 25),
            Rule::Fixed(12, 26),
            Rule::Fixed(2, 29),
            Rule::Fixed(12, 31),
        ]),
        3 => {
            let nth = dice.between(1, 5) * if dice.one_in(3) { -1 } else { 1 };
            Rule::Nth(small(nth), small(dice.between(0, 6)), small(dice.between(1, 12)))
        }
        _ => Rule::Easter(i16::try_from(dice.between(-60, 60)).unwrap()),
    };
    let moves = *dice.pick(&[Moves::Never, Moves::Nearest, Moves::FromSunday, Moves::FromWeekend, Moves::ToWorkday]);
    (rule, moves)
}

fn drafted(rule: Rule, moves: Moves) -> Holiday {
    let wide = |number: i8| u32::try_from(number).unwrap();
    let holiday = match rule {
        Rule::Date(date) => Holiday::on(naive(date)),
        Rule::Fixed(month, day) => Holiday::yearly(wide(month), wide(day)),
        Rule::Nth(nth, weekday, month) => {
            Holiday::nth(nth, Weekday::try_from(u8::try_from(weekday).unwrap()).unwrap(), wide(month))
        }
        Rule::Easter(days) => Holiday::easter(days),
    };
    holiday.observed(match moves {
        Moves::Never => Observed::Never,
        Moves::Nearest => Observed::NearestWeekday,
        Moves::FromSunday => Observed::MondayAfterSunday,
        Moves::FromWeekend => Observed::MondayAfterWeekend,
        Moves::ToWorkday => Observed::NextWorkday,
    })
}

fn naive((year, month, day): Ymd) -> NaiveDate {
    let wide = |number: i8| u32::try_from(number).unwrap();
    NaiveDate::from_ymd_opt(year.into(), wide(month), wide(day)).unwrap()
}

fn local((date, minute): (Ymd, u32)) -> chrono::NaiveDateTime {
    naive(date).and_time(chrono::NaiveTime::MIN) + chrono::TimeDelta::minutes(minute.into())
}

fn of(minutes: &[Minutes]) -> Vec<Hours> {
    let time = |minute: u32| TimeOfDay::new(&format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap();
    minutes.iter().map(|(open, close)| Hours { open: time(*open), close: time(*close) }).collect()
}
