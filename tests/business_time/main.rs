//! Business time against an oracle that reckons it the slow way, against published cases, and by its laws.
//!
//! `ANDON_CASES` asks for more than the ordinary 100,000 questions to the oracle, `ANDON_SEED` for others, and
//! `ANDON_CASES_DIR` names the folder of the published cases.

#![cfg(feature = "time-zones")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    reason = "a test that fails should say so at once"
)]
#![allow(clippy::print_stdout, reason = "the run tells what was skipped")]

#[path = "../../examples/business_time/case.rs"]
mod case;
mod dice;
mod laws;
mod oracle;
mod published;
mod spec;

use andon::{
    calendar::{BuiltIn, BusinessDays, Calendar, CalendarError, Span},
    time::{Instant, Seconds},
};
use chrono::DateTime;
use dice::Dice;
use oracle::{Nanos, Oracle, Piece, SECOND};
use spec::Spec;

/// How many questions the ordinary run asks.
const QUESTIONS: u64 = 100_000;
/// How many of them are asked of one calendar.
const OF_ONE: u64 = 100;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests asks for more")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A random calendar, and the oracle of the same.
fn random(dice: &mut Dice) -> (Calendar, Oracle, Spec) {
    loop {
        let spec = Spec::random(dice);
        match spec.draft().compile(&BuiltIn) {
            Ok(calendar) => return (calendar, Oracle::new(spec.clone()), spec),
            // Hours across midnight may meet those of the next day.
            Err(faults) => assert!(
                faults.iter().all(|fault| matches!(fault.code(), "hours.overlap" | "calendar.never_open")),
                "{faults}"
            ),
        }
    }
}

fn instant(at: Nanos) -> Instant {
    let seconds = i64::try_from(at.div_euclid(SECOND)).unwrap();
    DateTime::from_timestamp(seconds, u32::try_from(at.rem_euclid(SECOND)).unwrap()).unwrap()
}

fn nanos(at: Instant) -> Nanos {
    Nanos::from(at.timestamp()) * SECOND + Nanos::from(at.timestamp_subsec_nanos())
}

/// An instant, often one at which something happens.
fn at(dice: &mut Dice, calendar: &Calendar) -> Instant {
    let (from, to) = match dice.between(0, 9) {
        // The ends of the range, and of the compiled window.
        0 => *dice.pick(&[(0, 10 * 86_400), (4_102_444_800 - 20 * 86_400, 4_102_444_799)]),
        1 => *dice.pick(&[
            (946_684_800 - 5 * 86_400, 946_684_800 + 86_400),
            (2_240_611_200 - 86_400, 2_240_611_200 + 86_400),
        ]),
        2 => (0, 4_102_444_799),
        // Where clocks change: in March and April, in October and November.
        3 => *dice.pick(&[(1_772_900_000, 1_775_500_000), (1_792_700_000, 1_793_600_000)]),
        _ => (1_577_836_800, 1_893_456_000),
    };
    let at = instant(Nanos::from(dice.between(from, to)) * SECOND);
    let edge = match dice.between(0, 3) {
        0 => calendar.next_open(at).unwrap_or(at),
        1 => calendar.next_close(at).unwrap_or(at),
        _ => at,
    };
    let off = *dice.pick(&[0, 0, 0, 1, -1, 1_000_000_000, -1_000_000_000, 123_456_789]);
    instant((nanos(edge) + off).clamp(0, 4_102_444_800 * SECOND - 1))
}

fn budget(dice: &mut Dice) -> Seconds {
    let most = match dice.between(0, 200) {
        0 => 3_600 * 4_000,
        1..=20 => 3_600 * 400,
        21..=80 => 3_600 * 40,
        81..=90 => 0,
        _ => 3_600 * 10,
    };
    Seconds::new(u64::try_from(dice.between(0, most)).unwrap()).unwrap()
}

fn pauses(dice: &mut Dice, around: Instant) -> Vec<Span> {
    let around = nanos(around);
    (0..if dice.one_in(2) { 0 } else { dice.between(1, 4) })
        .map(|_| {
            let from =
                (around + Nanos::from(dice.between(-200_000, 500_000)) * SECOND).clamp(0, 4_102_000_000 * SECOND);
            let length = Nanos::from(dice.between(0, 200_000)) * SECOND + Nanos::from(dice.between(0, 3) * 333_333_333);
            Span::new(instant(from), instant(from + length)).unwrap()
        })
        .collect()
}

fn told(answer: Result<Instant, CalendarError>) -> Option<Nanos> {
    match answer {
        Ok(at) => Some(nanos(at)),
        Err(CalendarError::BeyondRange) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_oracle_agrees_about_random_calendars_instants_and_budgets() {
    let questions = asked("ANDON_CASES").unwrap_or(QUESTIONS).max(QUESTIONS);
    let mut dice = Dice::new(asked("ANDON_SEED").unwrap_or(0));
    for _ in 0..questions / OF_ONE {
        let (calendar, oracle, spec) = random(&mut dice);
        for _ in 0..OF_ONE {
            let start = at(&mut dice, &calendar);
            let budget = budget(&mut dice);
            let pauses = pauses(&mut dice, start);
            let left_out: Vec<Piece> = pauses.iter().map(|pause| (nanos(pause.from()), nanos(pause.to()))).collect();
            let (from, left) = (nanos(start), Nanos::from(budget.get()) * SECOND);
            let (what, ours, theirs) = match dice.between(0, 6) {
                0 => ("due", told(calendar.due_over(start, budget, &pauses)), oracle.due(from, left, &left_out)),
                1 => (
                    "before",
                    told(calendar.start_before_over(start, budget, &pauses)),
                    oracle.before(from, left, &left_out),
                ),
                2 | 3 => {
                    let to = from + Nanos::from(dice.between(-3_000_000, 3_000_000)) * SECOND + 7;
                    let to = to.clamp(0, 4_102_444_799 * SECOND);
                    let elapsed = calendar.elapsed_over(start, instant(to), &pauses).unwrap();
                    let ours = Nanos::from(elapsed.num_seconds()) * SECOND + Nanos::from(elapsed.subsec_nanos());
                    ("elapsed", Some(ours), Some(oracle.elapsed(from, to, &left_out)))
                }
                4 => {
                    assert_eq!(calendar.is_open(start).unwrap(), oracle.is_open(from), "{spec:?}: is_open {start}");
                    ("next_open", told(calendar.next_open(start)), oracle.next_open(from))
                }
                5 => ("next_close", told(calendar.next_close(start)), oracle.next_close(from)),
                _ => {
                    let days = u16::try_from(dice.between(0, 12)).unwrap();
                    let ours = told(calendar.due_end_of_day(start, BusinessDays(days)));
                    ("end_of_day", ours, oracle.end_of_day(from, days))
                }
            };
            assert_eq!(ours, theirs, "{spec:?}: {what} {start} {budget:?} {pauses:?}");
        }
    }
}
