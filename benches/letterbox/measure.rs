//! How often and how long to measure, what comes of several measurements, and on what machine.

use std::time::{Duration, Instant};

use letterbox::clock::{Clock as _, SystemClock};

use crate::process::own_processor_seconds;

/// After so long a question is no longer asked,
const PATIENCE: Duration = Duration::from_secs(20);
/// once it was asked so often.
const ENOUGH: usize = 3;

/// So many times as many turns are taken where it is looked at closely.
const CLOSELY: usize = 3;

/// The extent of a run.
pub struct Plan {
    /// Times each side is measured, the sides in turn.
    pub rounds: usize,
    /// Length of one measurement under load, in seconds.
    pub seconds: u64,
    /// Letters in the large store.
    pub letters: u64,
    /// Requests before the memory is looked at.
    pub requests: u64,
}

impl Plan {
    /// The same with more turns, for rows whose sides are so close, or whose turns find such different figures, that a few
    /// say little.
    pub fn closely(&self) -> Self {
        Self { rounds: CLOSELY * self.rounds, ..*self }
    }

    pub fn from_environment() -> Self {
        let number = |name: &str, otherwise: u64| {
            std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
        };
        Self {
            rounds: number("LETTERBOX_BENCH_ROUNDS", 5).max(1) as usize,
            seconds: number("LETTERBOX_BENCH_SECONDS", 2).max(1),
            letters: number("LETTERBOX_BENCH_LETTERS", 1_000_000).max(2_000),
            requests: number("LETTERBOX_BENCH_REQUESTS", 1_000_000),
        }
    }
}

/// The least, the middle and the most of some measurements.
#[derive(Clone, Copy)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let (last, middle) = (figures.len() - 1, figures.len() / 2);
        // Of an even number, half way between the two in the middle.
        let median = (figures[middle] + figures[last - middle]) / 2.0;
        Self { least: figures[0], median, most: figures[last] }
    }
}

/// Takes each figure so often, one after the other and again, so that what else the machine does meets all alike. A
/// first time warms up and does not count.
pub fn in_turn<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut() -> f64; N]) -> [Spread; N] {
    let mut figures = [const { Vec::new() }; N];
    for round in 0..=rounds {
        for (side, figures) in sides.iter_mut().zip(&mut figures) {
            let figure = side();
            if round > 0 {
                figures.push(figure);
            }
        }
    }
    figures.map(Spread::of)
}

/// What came of a question that was asked within this process.
pub struct Asked {
    /// Microseconds until the answer.
    pub micros: Spread,
    /// Microseconds of processor time that all threads took for it, which hardly depend on what else the machine does.
    pub processor_micros: f64,
}

/// The same for questions to stores that this process has opened itself. Slow ones are asked less often.
pub fn ask_in_turn<const N: usize>(times: usize, mut sides: [&mut dyn FnMut(); N]) -> [Asked; N] {
    let mut asked = [const { (Vec::new(), 0.0) }; N];
    let begun = Instant::now();
    for round in 0..=times {
        for (side, (figures, busy)) in sides.iter_mut().zip(&mut asked) {
            let before = own_processor_seconds();
            let figure = micros(&mut **side);
            if round > 0 {
                *busy += own_processor_seconds() - before;
                figures.push(figure);
            }
        }
        if round >= ENOUGH && begun.elapsed() > PATIENCE {
            break;
        }
    }
    asked.map(|(figures, busy)| Asked {
        processor_micros: busy * 1e6 / figures.len() as f64,
        micros: Spread::of(figures),
    })
}

/// Microseconds that something takes.
pub fn micros(act: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    act();
    begun.elapsed().as_secs_f64() * 1e6
}

/// The machine and the day, for the head of the table.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read("/proc/meminfo").lines().find_map(kibibytes).unwrap_or_default() / (1 << 20);
    format!(
        "{} ({cores} cores, {memory} GiB), Linux {}, {}",
        model.trim_start_matches([' ', '\t', ':']).trim(),
        read("/proc/sys/kernel/osrelease").trim(),
        SystemClock::start().now().day_and_time(),
    )
}

fn kibibytes(line: &str) -> Option<u64> {
    line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok()
}
