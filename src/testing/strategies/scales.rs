//! Drawing scales and matrices.

use proptest::{collection::vec, prelude::*};

use crate::{
    key::LevelName,
    priority::{HighEnd, Matrix, Scale},
};

/// Scales of one to `most` levels, either end up.
pub fn scale(most: usize) -> impl Strategy<Value = Scale> {
    (1..=most.max(1), any::<bool>()).prop_map(|(levels, last)| {
        let levels = (0..levels).filter_map(|level| LevelName::new(format!("level {level}")).ok()).collect();
        Scale::new(levels, if last { HighEnd::Last } else { HighEnd::First })
    })
}

/// Matrices in which no higher impact or urgency gives a lower priority: each cell is the sum of what its row
/// and its column add, cut off at the lowest priority.
pub fn matrix() -> impl Strategy<Value = Matrix> {
    (scale(7), scale(7), scale(9)).prop_flat_map(|(impact, urgency, priority)| {
        let added = (vec(0..3_usize, impact.levels.len()), vec(0..3_usize, urgency.levels.len()));
        added.prop_map(move |(down, across)| {
            let (rows, columns) = (from_top(&impact, &down), from_top(&urgency, &across));
            let cell = |row: usize, column: usize| {
                let rank = row.saturating_add(column).saturating_add(1).min(priority.levels.len());
                u8::try_from(rank).ok().and_then(|rank| priority.level(rank)).cloned()
            };
            let row = |row: &usize| columns.iter().filter_map(|column| cell(*row, *column)).collect();
            let cells = rows.iter().map(row).collect();
            let (impact, urgency, priority) = (impact.clone(), urgency.clone(), priority.clone());
            Matrix { impact, urgency, priority, cells, allow_non_monotone: false }
        })
    })
}

/// What each level of a scale adds, in the scale's order: the sum from its high end on.
fn from_top(scale: &Scale, added: &[usize]) -> Vec<usize> {
    let sums = added.iter().scan(0_usize, |sum, added| {
        *sum = sum.saturating_add(*added);
        Some(*sum)
    });
    let mut sums: Vec<_> = sums.collect();
    if scale.high == HighEnd::Last {
        sums.reverse();
    }
    sums
}
