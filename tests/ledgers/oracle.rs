//! The second implementation: it looks at every minute.

use andon::time::Instant;
use chrono::{Datelike, TimeDelta, Timelike, Weekday};

pub const ON_CHANGE: [&str; 3] = ["keep_start", "keep_spent", "restart"];
pub const ON_REOPENING: [&str; 3] = ["resume", "count_as_pause", "restart"];
/// The seconds of the group's own agreement.
pub const OLA: u64 = 36_000;

/// The seconds for P1, P2 and P3.
pub const fn targets() -> [u64; 3] {
    [4 * 3_600, 8 * 3_600, 16 * 3_600]
}

/// What a clock shows.
#[derive(Debug, PartialEq)]
pub struct Shown {
    pub state: &'static str,
    pub due: Option<Instant>,
    pub used: i64,
    pub late: Option<(u64, u64)>,
    pub breached: bool,
}

/// A clock that remembers every span in which it stood still.
struct Clock {
    business: bool,
    target: i64,
    start: Instant,
    spent: i64,
    still: Vec<(Instant, Option<Instant>)>,
    stopped: Option<(Instant, &'static str)>,
    breached: bool,
}

#[allow(clippy::struct_excessive_bools, reason = "what is so, each by itself")]
pub struct Oracle {
    resolve: Clock,
    /// It begins when the group first has it, while it is open.
    network: Option<Clock>,
    on_change: &'static str,
    on_reopening: &'static str,
    rank: usize,
    held: bool,
    resolved: bool,
    merged: bool,
    with_network: bool,
}

const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn is_open(at: Instant) -> bool {
    !matches!(at.weekday(), Weekday::Sat | Weekday::Sun) && (9..17).contains(&at.hour())
}

impl Clock {
    fn new(business: bool, target: u64, start: Instant) -> Self {
        let target = i64::try_from(target).unwrap();
        Self { business, target, start, spent: 0, still: Vec::new(), stopped: None, breached: false }
    }

    fn counts(&self, minute: Instant) -> bool {
        let still = self.still.iter().any(|(from, to)| *from <= minute && to.is_none_or(|to| minute < to));
        !still && (!self.business || is_open(minute))
    }

    fn counted(&self, from: Instant, to: Instant) -> i64 {
        let (mut minute, mut counted) = (from, 0);
        while minute < to {
            counted += i64::from(self.counts(minute)) * 60;
            minute += MINUTE;
        }
        counted
    }

    fn used(&self, now: Instant) -> i64 {
        self.spent + self.counted(self.start, now)
    }

    fn is_still(&self) -> bool {
        self.still.last().is_some_and(|(_, to)| to.is_none())
    }

    /// The first instant by which the target is used; `None` if it stands still before that.
    fn due(&self) -> Option<Instant> {
        let (mut minute, mut used) = (self.start, self.spent);
        if used > self.target {
            // It was due before it began: back to where that was.
            while used > self.target {
                minute -= MINUTE;
                used -= i64::from(!self.business || is_open(minute)) * 60;
            }
            return Some(minute);
        }
        let stands = self.still.last().filter(|(_, to)| to.is_none()).map(|(from, _)| *from);
        while used < self.target {
            if stands.is_some_and(|from| minute >= from) {
                return None;
            }
            used += i64::from(self.counts(minute)) * 60;
            minute += MINUTE;
        }
        // A warning or a due instant at the beginning of closed hours is that of the last open minute's end.
        Some(minute)
    }

    fn stand(&mut self, now: Instant) {
        self.go_on(now);
        self.still.push((now, None));
    }

    fn go_on(&mut self, now: Instant) {
        if let Some((from, to)) = self.still.last_mut().filter(|(_, to)| to.is_none()) {
            *to = Some(now);
            if *from == now {
                self.still.pop();
            }
        }
    }

    /// Notices what has passed by now.
    fn look(&mut self, now: Instant) {
        if self.stopped.is_none() && self.due().is_some_and(|due| due < now) {
            self.breached = true;
        }
    }

    fn end(&mut self, now: Instant) {
        self.look(now);
        self.go_on(now);
        let missed = self.due().is_some_and(|due| due < now);
        self.stopped = Some((now, if missed { "missed" } else { "met" }));
    }

    fn shown(&mut self, now: Instant) -> Shown {
        self.look(now);
        let until = self.stopped.map_or(now, |(at, _)| at);
        let due = self.due();
        let late = due.filter(|due| *due < until).map(|due| {
            let counted = if due < self.start {
                let mut back = Self::new(self.business, 0, due);
                back.still.clone_from(&self.still);
                back.counted(due, until)
            } else {
                self.counted(due, until)
            };
            (u64::try_from(counted).unwrap(), u64::try_from((until - due).num_seconds()).unwrap())
        });
        Shown {
            state: match self.stopped {
                Some((_, state)) => state,
                None if self.is_still() => "paused",
                None => "running",
            },
            due: due.filter(|_| self.stopped.is_none()),
            used: self.used(until),
            late,
            breached: self.breached,
        }
    }
}

impl Oracle {
    pub fn new(now: Instant, on_change: &'static str, on_reopening: &'static str) -> Self {
        let resolve = Clock::new(true, targets()[2], now);
        Self {
            resolve,
            network: None,
            on_change,
            on_reopening,
            rank: 2,
            held: false,
            resolved: false,
            merged: false,
            with_network: false,
        }
    }

    pub fn paused(&mut self, now: Instant, paused: bool) {
        self.held = paused;
        self.resolve.look(now);
        if paused && !self.resolve.is_still() {
            self.resolve.stand(now);
        } else if !paused {
            self.resolve.go_on(now);
        }
    }

    pub fn assigned(&mut self, now: Instant, with_network: bool) {
        let had_it = std::mem::replace(&mut self.with_network, with_network);
        match &mut self.network {
            Some(network) if with_network && !had_it => {
                network.look(now);
                network.go_on(now);
            }
            Some(network) if !with_network && had_it => {
                network.look(now);
                network.stand(now);
            }
            Some(_) => {}
            None => self.begin(now),
        }
    }

    fn begin(&mut self, now: Instant) {
        if self.with_network && !self.resolved {
            self.network = Some(Clock::new(false, OLA, now));
        }
    }

    pub fn resolved(&mut self, now: Instant) {
        self.resolved = true;
        self.held = false;
        self.resolve.end(now);
        self.network.iter_mut().for_each(|network| network.end(now));
    }

    pub fn reopened(&mut self, now: Instant) {
        if !self.resolved {
            return;
        }
        self.resolved = false;
        if self.on_reopening == "restart" {
            self.resolve = Clock::new(true, targets()[self.rank], now);
        } else {
            self.resolve.take_up(now, true);
            self.follow(now);
        }
        match &mut self.network {
            None => self.begin(now),
            Some(network) => {
                network.take_up(now, true);
                if !self.with_network {
                    network.stand(now);
                }
            }
        }
    }

    pub fn prioritised(&mut self, now: Instant, rank: usize) {
        if rank == self.rank || self.merged {
            return;
        }
        self.rank = rank;
        // What has ended follows when it is taken up again.
        if !self.resolved {
            self.follow(now);
        }
    }

    /// Another clock comes, if another target is promised than that of the one that runs.
    fn follow(&mut self, now: Instant) {
        let target = targets()[self.rank];
        if self.resolve.target == i64::try_from(target).unwrap() {
            return;
        }
        self.resolve.look(now);
        let still = self.resolve.is_still();
        let mut next = Clock::new(true, target, now);
        match self.on_change {
            "keep_start" => {
                next.start = self.resolve.start;
                next.spent = self.resolve.spent;
                next.still.clone_from(&self.resolve.still);
            }
            on_change => {
                if on_change == "keep_spent" {
                    next.spent = self.resolve.used(now);
                }
                if still {
                    next.stand(now);
                }
            }
        }
        self.resolve = next;
    }

    pub fn cancelled(&mut self, now: Instant) {
        self.merged = true;
        for clock in std::iter::once(&mut self.resolve).chain(&mut self.network) {
            clock.look(now);
            clock.stopped = Some((now, "cancelled"));
        }
    }

    pub fn merge_undone(&mut self, now: Instant) {
        self.merged = false;
        for clock in std::iter::once(&mut self.resolve).chain(&mut self.network) {
            clock.take_up(now, false);
        }
    }

    /// `None` for a clock that has not begun.
    pub fn shown(&mut self, metric: &str, now: Instant) -> Option<Shown> {
        if metric == "resolve" {
            Some(self.resolve.shown(now))
        } else {
            self.network.as_mut().map(|network| network.shown(now))
        }
    }
}

impl Clock {
    /// Goes on after it had stopped; what lies between counts, or does not.
    fn take_up(&mut self, now: Instant, gap: bool) {
        if let Some((at, _)) = self.stopped.take().filter(|_| gap)
            && at < now
        {
            self.still.push((at, Some(now)));
        }
    }
}
