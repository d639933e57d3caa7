//! The table, as Markdown that also reads well on a terminal.

use std::fmt;

use crate::load::Rate;
use crate::measure::{Asked, Spread};

/// How a figure has to be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// It is only shown.
    None,
}

impl Goal {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }

    fn in_unit(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {}", unit.figure(least)),
            Self::AtMost(most) => format!("<= {}", unit.figure(most)),
            Self::None => "shown".to_owned(),
        }
    }
}

/// What a figure counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    /// One thing by another.
    Times,
    PerSecond,
    Micros,
    Millis,
    Megabytes,
}

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            Self::Times if value < 10.0 => format!("{value:.2}"),
            Self::Micros if value >= 10.0 => grouped(value),
            Self::PerSecond => grouped(value),
            Self::Times | Self::Micros | Self::Millis | Self::Megabytes => format!("{value:.1}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Times => "x",
            Self::PerSecond => "/s",
            Self::Micros => " µs",
            Self::Millis => " ms",
            Self::Megabytes => " MB",
        }
    }

    fn figure(self, value: f64) -> String {
        self.number(value) + self.name()
    }

    /// The middle, and the least to the most.
    pub fn spread(self, spread: Spread) -> String {
        let Spread { least, median, most } = spread;
        format!("{} ({} to {})", self.figure(median), self.number(least), self.number(most))
    }
}

/// With a comma before each three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of the table.
pub struct Line {
    what: String,
    against: String,
    house: String,
    peer: String,
    /// None if it could not be measured.
    figure: Option<f64>,
    unit: Unit,
    goal: Goal,
}

impl Line {
    /// Two rates, and the ratio of their medians.
    pub fn rates(what: &str, against: &str, house: &Rate, peer: &Rate, goal: Goal) -> Self {
        let rate = |rate: &Rate| {
            let busy = Unit::Micros.figure(rate.processor_micros);
            format!("{}, {busy} CPU", Unit::PerSecond.spread(rate.per_second))
        };
        let ratio = house.per_second.median / peer.per_second.median;
        Self { house: rate(house), peer: rate(peer), ..Self::figure(what, against, ratio, Unit::Times, goal) }
    }

    /// Two answers to a question, and the ratio of their medians.
    pub fn asked(what: &str, against: &str, house: &Asked, peer: &Asked, goal: Goal) -> Self {
        let time = |asked: &Asked| {
            let busy = Unit::Micros.figure(asked.processor_micros);
            format!("{}, {busy} CPU", Unit::Micros.spread(asked.micros))
        };
        let ratio = house.micros.median / peer.micros.median;
        Self { house: time(house), peer: time(peer), ..Self::figure(what, against, ratio, Unit::Times, goal) }
    }

    /// Two spreads of something, and the ratio of their medians.
    pub fn ratio(what: &str, against: &str, unit: Unit, house: Spread, peer: Spread, goal: Goal) -> Self {
        let ratio = house.median / peer.median;
        let line = Self::figure(what, against, ratio, Unit::Times, goal);
        Self { house: unit.spread(house), peer: unit.spread(peer), ..line }
    }

    /// The same with the difference of the medians.
    pub fn difference(what: &str, against: &str, unit: Unit, house: Spread, peer: Spread, goal: Goal) -> Self {
        let line = Self::figure(what, against, house.median - peer.median, unit, goal);
        Self { house: unit.spread(house), peer: unit.spread(peer), ..line }
    }

    /// One figure that has no peer.
    pub fn figure(what: &str, against: &str, value: f64, unit: Unit, goal: Goal) -> Self {
        let (what, against) = (what.to_owned(), against.to_owned());
        Self { what, against, house: String::new(), peer: String::new(), figure: Some(value), unit, goal }
    }

    /// Something that could not be measured, and what it would take.
    pub fn missing(what: &str, why: &str) -> Self {
        Self { figure: None, ..Self::figure(what, why, 0.0, Unit::Times, Goal::None) }
    }

    fn is_short(&self) -> bool {
        self.figure.is_some_and(|figure| !self.goal.is_met_by(figure))
    }

    fn cells(&self) -> [String; 7] {
        let mark = match (self.figure, self.goal) {
            (None, _) => "not measured",
            (_, Goal::None) => "",
            _ if self.is_short() => "SHORT",
            _ => "met",
        };
        let figure = self.figure.map_or(String::new(), |figure| self.unit.figure(figure));
        let goal = if self.figure.is_some() { self.goal.in_unit(self.unit) } else { String::new() };
        let [what, against, house, peer] = [&self.what, &self.against, &self.house, &self.peer].map(String::clone);
        [what, against, house, peer, figure, goal, mark.to_owned()]
    }
}

/// All lines, with the machine they were measured on.
pub struct Table {
    machine: String,
    lines: Vec<Line>,
}

impl Table {
    pub fn new(machine: String) -> Self {
        Self { machine, lines: Vec::new() }
    }

    pub fn add(&mut self, lines: Vec<Line>) {
        for line in &lines {
            eprintln!("  {}", line.cells().join(" | "));
        }
        self.lines.extend(lines);
    }
}

const HEAD: [&str; 7] = ["hot path", "measured against", "Letterbox", "peer", "ratio", "goal", ""];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 7]> = self.lines.iter().map(Line::cells).collect();
        let widths: [usize; 7] = std::array::from_fn(|column| {
            let longest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
            longest.max(HEAD[column].len()).max(3)
        });
        let row = |cells: [&str; 7]| {
            let padded = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:width$} "));
            format!("|{}|", padded.collect::<Vec<_>>().join("|"))
        };
        writeln!(f, "{}\n\n{}", self.machine, row(HEAD))?;
        writeln!(f, "|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"))?;
        for cells in &rows {
            writeln!(f, "{}", row(cells.each_ref().map(String::as_str)))?;
        }
        writeln!(f)?;
        self.conclude(f)
    }
}

impl Table {
    fn conclude(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (short, rest): (Vec<&Line>, Vec<&Line>) = self.lines.iter().partition(|line| line.is_short());
        let missing: Vec<&Line> = rest.into_iter().filter(|line| line.figure.is_none()).collect();
        if short.is_empty() {
            writeln!(f, "Nothing that was measured falls short of its goal.")?;
        } else {
            writeln!(f, "Short of the goal:")?;
        }
        for line in short {
            let figure = line.unit.figure(line.figure.unwrap_or_default());
            writeln!(f, "- {}; {}: {figure}, goal {}", line.what, line.against, line.goal.in_unit(line.unit))?;
        }
        if !missing.is_empty() {
            writeln!(f, "Not measured:")?;
        }
        missing.into_iter().try_for_each(|line| writeln!(f, "- {}: {}", line.what, line.against))
    }
}
