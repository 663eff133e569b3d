//! Laws of business time, over calendars that shrink.

use andon::{
    calendar::{BuiltIn, BusinessDays, Calendar, CalendarDraft, Holiday, Hours, Span, TimeOfDay},
    time::{Instant, Seconds},
};
use chrono::{DateTime, TimeDelta, Weekday};
use proptest::prelude::*;

use crate::spec::ZONES;

fn time(minute: u32) -> TimeOfDay {
    TimeOfDay::new(&format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap()
}

/// Hours of one day that do not overlap.
fn hours() -> impl Strategy<Value = Vec<Hours>> {
    prop::collection::btree_set(0_u32..=1_440, 0..8).prop_map(|edges| {
        let edges: Vec<_> = edges.into_iter().collect();
        edges.chunks_exact(2).map(|pair| Hours { open: time(pair[0]), close: time(pair[1]) }).collect()
    })
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let dates = prop::collection::btree_set(0_i64..10_000, 0..6);
    (prop::sample::select(ZONES), prop::collection::vec(hours(), 7), dates).prop_filter_map(
        "some hours must be open",
        |(zone, week, dates)| {
            let mut draft = CalendarDraft::new("Law").zone(zone);
            for (day, hours) in week.into_iter().enumerate() {
                draft = draft.open_on([Weekday::try_from(u8::try_from(day).unwrap()).unwrap()], hours);
            }
            for date in dates {
                let date = chrono::NaiveDate::from_ymd_opt(2015, 1, 1).unwrap() + TimeDelta::days(date);
                draft = draft.holiday(Holiday::on(date));
            }
            draft.compile(&BuiltIn).ok()
        },
    )
}

/// From 1995 to 2045, so that both ends of the compiled window are crossed.
fn instants() -> impl Strategy<Value = Instant> {
    (788_918_400_i64..2_366_841_600, prop_oneof![3 => Just(0_u32), 1 => 0_u32..1_000_000_000])
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn budgets() -> impl Strategy<Value = Seconds> {
    prop_oneof![0_u64..40_000, 0_u64..2_000_000].prop_map(|seconds| Seconds::new(seconds).unwrap())
}

fn spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((-100_000_i64..1_000_000, 0_i64..300_000), 0..4)
}

/// Spans by their distance from an instant and their length, in seconds.
fn placed(spans: &[(i64, i64)], around: Instant) -> Vec<Span> {
    let seconds = TimeDelta::seconds;
    spans
        .iter()
        .map(|(from, length)| Span::new(around + seconds(*from), around + seconds(from + length)).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn business_time_keeps_its_laws(
        calendar in calendars(), start in instants(), budget in budgets(), pauses in spans(), more in spans(),
        split in 0_i64..3_000_000, days in 0_u16..30,
    ) {
        let pauses = placed(&pauses, start);
        let due = calendar.due_over(start, budget, &pauses).unwrap();

        // What is due after a budget has taken just that budget, and no earlier instant has.
        prop_assert_eq!(calendar.elapsed_over(start, due, &pauses).unwrap(), budget.span());
        if budget > Seconds::ZERO {
            let nano = due - TimeDelta::nanoseconds(1);
            prop_assert!(calendar.elapsed_over(start, nano, &pauses).unwrap() < budget.span());
        }

        // From there the way back comes to an instant with the same budget, and to no earlier one than the start.
        let back = calendar.start_before_over(due, budget, &pauses).unwrap();
        prop_assert!(back >= start);
        prop_assert_eq!(calendar.elapsed_over(back, due, &pauses).unwrap(), budget.span());
        if budget > Seconds::ZERO {
            let nano = back + TimeDelta::nanoseconds(1);
            prop_assert!(calendar.elapsed_over(nano, due, &pauses).unwrap() < budget.span());
        }

        // Splitting a span changes no sum; the way back is the same with the other sign.
        let (end, middle) = (start + TimeDelta::seconds(3_000_000), start + TimeDelta::seconds(split));
        let elapsed = |from, to| calendar.elapsed_over(from, to, &pauses).unwrap();
        prop_assert_eq!(elapsed(start, middle) + elapsed(middle, end), elapsed(start, end));
        prop_assert_eq!(elapsed(end, start), -elapsed(start, end));

        // One more pause never brings a deadline nearer.
        let all = [pauses.clone(), placed(&more, start)].concat();
        prop_assert!(calendar.due_over(start, budget, &all).unwrap() >= due);
        let days = BusinessDays(days);
        let end_of_day = calendar.due_end_of_day_over(start, days, &pauses).unwrap();
        prop_assert!(end_of_day >= calendar.due_end_of_day(start, days).unwrap());
        prop_assert!(calendar.due_end_of_day_over(start, days, &all).unwrap() >= end_of_day);
        let same_time = calendar.due_same_time_over(start, days, &pauses).unwrap();
        prop_assert!(same_time >= calendar.due_same_time(start, days).unwrap());
        prop_assert!(calendar.due_same_time_over(start, days, &all).unwrap() >= same_time);
        prop_assert!(calendar.due_same_time(start, days).unwrap() <= calendar.due_end_of_day(start, days).unwrap());

        // Spans follow each other without a gap and sum to elapsed; open intervals are their open parts.
        let spans: Vec<_> = calendar.spans(start, end).unwrap().collect();
        prop_assert_eq!((spans[0].from, spans.last().unwrap().to), (start, end));
        let mut sum = TimeDelta::zero();
        for (index, span) in spans.iter().enumerate() {
            prop_assert!(span.from < span.to && (index == 0 || spans[index - 1].to == span.from));
            prop_assert_eq!(calendar.is_open(span.from).unwrap(), span.open);
            sum += if span.open { span.to - span.from } else { TimeDelta::zero() };
        }
        let plain = calendar.elapsed(start, end).unwrap();
        prop_assert_eq!(sum, plain);
        let open: TimeDelta = calendar.open_intervals(start, end).unwrap().map(|open| open.to() - open.from()).sum();
        prop_assert_eq!(open, plain);

        // Whole seconds are answered alike.
        if start.timestamp_subsec_nanos() == 0 {
            let due = calendar.due(start, budget).unwrap();
            prop_assert_eq!(calendar.due_seconds(start.timestamp(), budget.get()).unwrap(), due.timestamp());
        }
    }
}
