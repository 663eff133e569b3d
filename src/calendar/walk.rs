//! The day walk: the open pieces of a span, in order, joined where they touch. It is what the index is built
//! of, and what answers where there is no index.

use std::collections::VecDeque;

use super::dates::{Dates, Piece};

/// The seconds of a day by the clock on the wall.
pub(super) const DAY: i64 = 86_400;

/// The open pieces from an instant on and before another; what reaches beyond is cut off. It ends with the
/// span, after a day at a time.
pub(super) struct Walk<'a> {
    dates: &'a Dates,
    from: i64,
    to: i64,
    /// The next date whose hours are to be taken.
    date: i64,
    /// No hours of that date, or of a later one, open before this.
    floor: i64,
    /// Hours that are taken and not yet given, in order and apart from each other.
    taken: VecDeque<Piece>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(dates: &'a Dates, from: i64, to: i64) -> Self {
        // Hours of the evening before run on, and where clocks change even those of the day before that.
        let date = dates.date_at(from).saturating_sub(2);
        Self { dates, from, to, date, floor: dates.floor_of(date), taken: VecDeque::new() }
    }

    fn take_a_day(&mut self) {
        let before = self.taken.len();
        let taken = &mut self.taken;
        self.dates.pieces(self.date, |piece| match taken.back_mut() {
            Some(last) if last.0 <= piece.0 && piece.0 <= last.1 => last.1 = last.1.max(piece.1),
            _ => taken.push_back(piece),
        });
        let in_order = |&(a, b): &(Piece, Piece)| a.1 < b.0;
        let new = before.saturating_sub(1);
        let pairs = self.taken.iter().copied().skip(new).zip(self.taken.iter().copied().skip(new.saturating_add(1)));
        if !pairs.into_iter().all(|pair| in_order(&pair)) {
            self.taken.make_contiguous().sort_unstable();
            self.taken = super::dates::joined(self.taken.drain(..)).into();
        }
        self.date = self.date.saturating_add(1);
        self.floor = self.dates.floor_of(self.date);
    }
}

impl Iterator for Walk<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let all_taken = self.floor >= self.to;
            match self.taken.front() {
                Some(&(open, close)) if all_taken || close < self.floor => {
                    self.taken.pop_front();
                    let piece = (open.max(self.from), close.min(self.to));
                    if piece.0 < piece.1 {
                        return Some(piece);
                    }
                    if open >= self.to {
                        return None;
                    }
                }
                _ if all_taken => return None,
                _ => self.take_a_day(),
            }
        }
    }
}
