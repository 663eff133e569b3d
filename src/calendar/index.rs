//! The compiled index: how much business time has passed at an instant, and when so much has passed, each by
//! one look into a table of buckets and a step or two from there.

use super::dates::Piece;

/// The instants of which an index tells: the years 2000 to 2040, in UTC.
pub(super) const WINDOW: Piece = (946_684_800, 2_240_611_200);

/// The open pieces of the window. All numbers are seconds; an instant is told from the window's beginning,
/// so that it fits into 32 bits.
#[derive(PartialEq, Eq)]
pub(super) struct Index {
    /// The first stands for the beginning and is of no length, the last for the end.
    openings: Box<[Opening]>,
    by_instant: Buckets,
    by_business: Buckets,
    total: u32,
}

/// An opening, and the business time before it. Where it closes follows from the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Opening {
    at: u32,
    before: u32,
}

/// For the beginning of each bucket of 2^`shift` numbers the last opening that is not beyond it.
#[derive(PartialEq, Eq)]
struct Buckets {
    shift: u32,
    last: Box<[u32]>,
}

/// Above so many openings in a bucket they are halved instead of gone through.
const FEW: usize = 8;

impl Index {
    /// Of the open pieces of the window, in order and apart from each other.
    pub(super) fn of(pieces: impl Iterator<Item = Piece>) -> Self {
        let told = |at: i64| u32::try_from(at.saturating_sub(WINDOW.0)).unwrap_or(0);
        let mut openings = vec![Opening { at: 0, before: 0 }];
        let mut total = 0_u32;
        for (open, close) in pieces {
            openings.push(Opening { at: told(open), before: total });
            total = total.saturating_add(told(close).saturating_sub(told(open)));
        }
        openings.push(Opening { at: told(WINDOW.1), before: total });
        openings.shrink_to_fit();
        let by_instant = Buckets::of(&openings, told(WINDOW.1), |opening| opening.at);
        let by_business = Buckets::of(&openings, total, |opening| opening.before);
        Self { openings: openings.into(), by_instant, by_business, total }
    }

    /// The business time of the whole window.
    pub(super) const fn total(&self) -> u32 {
        self.total
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        let openings = size_of::<Opening>().saturating_mul(self.openings.len());
        let buckets = self.by_instant.last.len().saturating_add(self.by_business.last.len());
        openings.saturating_add(buckets.saturating_mul(size_of::<u32>()))
    }

    /// An instant of the window as it is told here.
    #[inline]
    pub(super) fn told(at: i64) -> Option<u32> {
        const LENGTH: u32 = 1_293_926_400;
        u32::try_from(at.checked_sub(WINDOW.0)?).ok().filter(|told| *told < LENGTH)
    }

    /// The business time before an instant.
    #[inline]
    pub(super) fn before(&self, at: u32) -> u32 {
        let (opening, next) = self.around(at);
        opening.before.saturating_add(open_for(opening, next).min(at.saturating_sub(opening.at)))
    }

    /// The first instant before which there is so much business time, which is more than none and not more
    /// than the total.
    #[inline]
    pub(super) fn first(&self, business: u32) -> u32 {
        self.place(business.saturating_sub(1), business)
    }

    /// The open instant before which there is so much business time, which is less than the total.
    #[inline]
    pub(super) fn open(&self, business: u32) -> u32 {
        self.place(business, business)
    }

    #[inline]
    fn place(&self, within: u32, business: u32) -> u32 {
        let last = self.by_business.last(&self.openings, within, |opening| opening.before);
        let opening = self.openings.get(last).copied().unwrap_or(Opening { at: 0, before: 0 });
        opening.at.saturating_add(business.saturating_sub(opening.before))
    }

    /// The piece that an instant lies in, or else the next one after it.
    pub(super) fn piece(&self, at: u32) -> Option<(u32, u32)> {
        let last = self.by_instant.last(&self.openings, at, |opening| opening.at);
        let piece = |index: usize| {
            let (opening, next) = (self.openings.get(index)?, self.openings.get(index.checked_add(1)?)?);
            Some((opening.at, opening.at.saturating_add(open_for(*opening, *next))))
        };
        piece(last).filter(|(_, close)| at < *close).or_else(|| piece(last.checked_add(1)?))
    }

    #[inline]
    fn around(&self, at: u32) -> (Opening, Opening) {
        let last = self.by_instant.last(&self.openings, at, |opening| opening.at);
        match self.openings.get(last..).unwrap_or_default() {
            [opening, next, ..] => (*opening, *next),
            _ => (Opening { at, before: self.total }, Opening { at, before: self.total }),
        }
    }
}

#[inline]
fn open_for(opening: Opening, next: Opening) -> u32 {
    next.before.saturating_sub(opening.before)
}

impl Buckets {
    /// About as many buckets as there are openings.
    fn of(openings: &[Opening], length: u32, key: impl Fn(&Opening) -> u32) -> Self {
        let wanted = u32::try_from(openings.len()).unwrap_or(u32::MAX).max(1_024);
        let mut shift = 0_u32;
        while length.checked_shr(shift).unwrap_or(0) > wanted {
            shift = shift.saturating_add(1);
        }
        let count = length.checked_shr(shift).unwrap_or(0).saturating_add(2);
        let mut last = 0_u32;
        let mut next = openings.iter().skip(1).map(key).peekable();
        let starts = (0..count).map(|bucket| {
            let start = u64::from(bucket).checked_shl(shift).unwrap_or(u64::MAX);
            while next.next_if(|key| u64::from(*key) <= start).is_some() {
                last = last.saturating_add(1);
            }
            last
        });
        Self { shift, last: starts.collect() }
    }

    /// The last opening whose key is not beyond `at`.
    #[inline]
    fn last(&self, openings: &[Opening], at: u32, key: impl Fn(&Opening) -> u32) -> usize {
        let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let bucket = whole(at.checked_shr(self.shift).unwrap_or(0));
        let Some(&[from, to]) = self.last.get(bucket..).and_then(|rest| rest.first_chunk::<2>()) else { return 0 };
        let (mut last, to) = (whole(from), whole(to));
        if to.saturating_sub(last) > FEW {
            let within = openings.get(last..=to).unwrap_or_default();
            return last.saturating_add(within.partition_point(|opening| key(opening) <= at)).saturating_sub(1);
        }
        while let Some(next) = openings.get(last.saturating_add(1))
            && key(next) <= at
        {
            last = last.saturating_add(1);
        }
        last
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("openings", &self.openings.len()).finish_non_exhaustive()
    }
}
