//! What both stores are measured by: the same commands, and the figures that are told of them.

use std::time::Duration;

use andon::{
    Id, Incident, Repository,
    command::{Assign, Resolve},
    desk::ActingDesk,
};

/// One of five commands in turn.
pub async fn cycle<R: Repository>(desk: &ActingDesk<R>, id: Id<Incident>, step: usize) {
    let incident = desk.incident(id);
    let done = match step % 5 {
        0 => incident.assign(Assign::to_group("group-1")).await,
        1 => incident.hold("awaiting_vendor").await,
        2 => incident.resume().await,
        3 => incident.resolve(Resolve::new("fixed")).await,
        _ => incident.reopen("It is back").await,
    };
    done.unwrap();
}

pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
