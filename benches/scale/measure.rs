//! Taking the time.

use std::time::Duration;

use cpu_time::ThreadTime;

/// The CPU seconds that something takes.
pub fn cpu(once: impl FnOnce()) -> f64 {
    let start = ThreadTime::now();
    once();
    start.elapsed().as_secs_f64()
}

/// The seconds that something takes by the clock on the wall.
#[expect(clippy::disallowed_methods, reason = "a benchmark takes the time")]
pub fn wall(once: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    once();
    start.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

/// The middle one of some figures.
#[derive(Default)]
pub struct Median(Vec<f64>);

impl Median {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub fn get(&mut self) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0[self.0.len() / 2]
    }
}

/// Prints figures beside each other.
pub fn table(figures: &[(&str, f64)]) {
    let cells: Vec<String> = figures.iter().map(|(name, figure)| format!("{name} {figure:.2}")).collect();
    println!("  {}", cells.join("   "));
}
