//! What a bench found: figures with their peers and targets, as a table for people or one JSON object.

use std::time::Duration;

use serde_json::json;

use super::machine::Facts;
use crate::cli::BenchArgs;
use crate::out;

/// What is asked of a figure; half a rate or twice a time, size or memory is the least acceptable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// The more the better.
    AtLeast { goal: u64, least: u64 },
    /// The less the better.
    AtMost { goal: u64, most: u64 },
}

impl Target {
    /// A rate.
    pub(crate) const fn rate(goal: u64) -> Self {
        Self::AtLeast { goal, least: goal / 2 }
    }
    /// A time, a size, memory.
    pub(crate) const fn at_most(goal: u64) -> Self {
        Self::AtMost { goal, most: goal * 2 }
    }
    /// `good` reaches the goal, `enough` the least acceptable, `short` neither.
    const fn verdict(self, value: u64) -> &'static str {
        match self {
            Self::AtLeast { goal, .. } if value >= goal => "good",
            Self::AtMost { goal, .. } if value <= goal => "good",
            Self::AtLeast { least, .. } if value >= least => "enough",
            Self::AtMost { most, .. } if value <= most => "enough",
            Self::AtLeast { .. } | Self::AtMost { .. } => "short",
        }
    }
    const fn goal(self) -> u64 {
        match self {
            Self::AtLeast { goal, .. } | Self::AtMost { goal, .. } => goal,
        }
    }
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    name: String,
    value: u64,
    unit: &'static str,
    beside: Vec<(&'static str, u64)>,
    target: Option<Target>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: u64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, beside: Vec::new(), target: None }
    }
    /// What the peer in the same run reached.
    #[must_use]
    pub(crate) fn beside(mut self, peer: &'static str, value: u64) -> Self {
        self.beside.push((peer, value));
        self
    }
    #[must_use]
    pub(crate) const fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, figure: Figure) {
        out::note(&row(&figure));
        self.figures.push(figure);
    }
    /// The value of a figure.
    #[cfg(test)]
    pub(crate) fn value(&self, name: &str) -> Option<u64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
    /// Says how something was measured.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn print(&self, as_json: bool, args: &BenchArgs, facts: &Facts) {
        if as_json {
            let figures: Vec<_> = self.figures.iter().map(to_json).collect();
            let what = format!("{:?}", args.what).to_lowercase();
            out::line(
                &json!({ "bench": what, "events": args.events, "machine": facts.to_json(), "figures": figures, "notes": self.notes })
                    .to_string(),
            );
            return;
        }
        out::line(&facts.to_text());
        out::line(&format!("{:<58} {:>14}  {:<44} {}", "figure", "value", "beside", "target"));
        for figure in &self.figures {
            out::line(&row(figure));
        }
        for note in &self.notes {
            out::line(&format!("- {note}"));
        }
    }
}

fn row(figure: &Figure) -> String {
    let beside: Vec<_> = figure.beside.iter().map(|(peer, value)| format!("{peer} {}", grouped(*value))).collect();
    let target = figure.target.map_or_else(String::new, |target| {
        let sign = match target {
            Target::AtLeast { .. } => "≥",
            Target::AtMost { .. } => "≤",
        };
        format!("{sign} {} {}", grouped(target.goal()), target.verdict(figure.value))
    });
    let value = format!("{} {}", grouped(figure.value), figure.unit);
    format!("{:<58} {value:>14}  {:<44} {target}", figure.name, beside.join(" · "))
}

fn to_json(figure: &Figure) -> serde_json::Value {
    let beside: serde_json::Map<_, _> = figure.beside.iter().map(|(peer, value)| ((*peer).to_owned(), json!(value))).collect();
    let mut value = json!({ "name": figure.name, "value": figure.value, "unit": figure.unit, "beside": beside });
    if let Some(target) = figure.target {
        let (sense, edge) = match target {
            Target::AtLeast { least, .. } => ("at_least", least),
            Target::AtMost { most, .. } => ("at_most", most),
        };
        value["target"] = json!({ "sense": sense, "goal": target.goal(), "acceptable": edge, "verdict": target.verdict(figure.value) });
    }
    value
}

/// Digits in groups of three.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many a second.
pub(crate) fn per_second(count: u64, took: Duration) -> u64 {
    u64::try_from(u128::from(count) * 1_000_000_000 / took.as_nanos().max(1)).unwrap_or(u64::MAX)
}

/// `part` of `whole`, in percent.
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole.max(1)
}

/// The middle value.
pub(crate) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Two quantiles of times. Unit: microseconds.
pub(crate) fn p50_p99_us(mut times: Vec<Duration>) -> (u64, u64) {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default();
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    (us(at(50)), us(at(99)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_know_goal_and_least() {
        let verdicts = |target: Target, values: [u64; 3]| values.map(|value| target.verdict(value));
        assert_eq!(verdicts(Target::rate(100), [100, 50, 49]), ["good", "enough", "short"]);
        assert_eq!(verdicts(Target::at_most(100), [100, 200, 201]), ["good", "enough", "short"]);
        assert_eq!(verdicts(Target::AtLeast { goal: 60, least: 35 }, [60, 35, 34]), ["good", "enough", "short"]);
    }

    #[test]
    fn rates_ratios_and_quantiles_come_from_whole_numbers() {
        assert_eq!(per_second(3, Duration::from_millis(1_500)), 2);
        assert_eq!(percent(1, 3), 33);
        assert_eq!(median(vec![9, 1, 5]), 5);
        let times: Vec<_> = (1..=100).map(Duration::from_micros).collect();
        assert_eq!(p50_p99_us(times), (51, 100));
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(123), "123");
    }
}
