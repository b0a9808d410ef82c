//! `cargo xtask check`: every test there is, in the order of how soon it tells something.
//!
//! The steps are a table, [`STEPS`]. A step either passes or fails; none is skipped silently: cargo-deny, the only
//! optional program, says so when it is not installed.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::{Place, run, works};
use crate::{outside, say};

/// One step: its name for `--only`, what it checks, how.
pub(crate) type Step = (&'static str, &'static str, fn(&Place) -> Result<()>);

const STEPS: &[Step] = &[
    ("fmt", "formatting", fmt),
    ("clippy", "lints, tests included", clippy),
    ("doc", "documentation without warnings", doc),
    ("deny", "licences, sources, banned crates", deny),
    ("packages", "Debian packages for the browser tests and the outside checks", outside::packages),
    ("python", "PyPI packages for the outside checks", outside::python),
    ("build", "the binary that whole-system tests start", build),
    ("test", "all tests of the workspace; documentation, tidy and the pages in Chromium included", test),
    ("proof", "log, proofs and checkpoints by software we did not write", outside::proof),
    ("identifiers", "check characters against stdnum", outside::identifiers),
    ("schemathesis", "the HTTP interface under generated requests", outside::schemathesis),
];

/// How to run the steps.
#[derive(Debug, Default)]
pub(crate) struct Options {
    timings: bool,
    keep_going: bool,
    only: Vec<String>,
}

impl Options {
    /// None when a word is unknown or names no step.
    pub(crate) fn parse(words: &[&str]) -> Option<Options> {
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--timings" => options.timings = true,
                "--keep-going" => options.keep_going = true,
                "--only" => {
                    let name = words.next()?;
                    STEPS.iter().find(|(step, ..)| step == name)?;
                    options.only.push((*name).to_owned());
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs the steps asked for. Stops at the first failure unless told to keep going.
pub(crate) fn check(place: &Place, options: &Options) -> Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut failed: Vec<&str> = Vec::new();
    for (name, what, step) in STEPS {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        say(&format!("== {name}: {what}"));
        let start = Instant::now();
        let outcome = step(place).with_context(|| format!("step `{name}` failed"));
        times.push((name, start.elapsed()));
        if let Err(fault) = outcome {
            failed.push(name);
            if !options.keep_going {
                tell_times(options, &times);
                return Err(fault);
            }
            say(&format!("   {fault:#}"));
        }
    }
    tell_times(options, &times);
    if !failed.is_empty() {
        bail!("{} of {} steps failed: {}", failed.len(), times.len(), failed.join(", "));
    }
    say(&format!("all {} steps passed", times.len()));
    Ok(())
}

fn tell_times(options: &Options, times: &[(&str, Duration)]) {
    if options.timings {
        say("== timings");
        for (name, time) in times {
            say(&format!("   {name:<14}{:>6}.{:01} s", time.as_secs(), time.subsec_millis() / 100));
        }
    }
}

fn fmt(place: &Place) -> Result<()> {
    run(&mut place.cargo(&["fmt", "--all", "--", "--check"])).context("run `cargo fmt --all`")
}

fn clippy(place: &Place) -> Result<()> {
    run(&mut place.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn doc(place: &Place) -> Result<()> {
    run(place.cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny(place: &Place) -> Result<()> {
    if !works(&mut place.cargo(&["deny", "--version"])) {
        say("   cargo-deny is not installed: not run (the tidy tests check the directions without it)");
        return Ok(());
    }
    run(&mut place.cargo(&["deny", "--workspace", "--offline", "check", "bans", "licenses", "sources"]))
}

fn build(place: &Place) -> Result<()> {
    run(&mut place.cargo(&["build", "--package", "zhixin"]))
}

fn test(place: &Place) -> Result<()> {
    run(&mut place.cargo(&["test", "--workspace"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_chosen_by_its_name_only() {
        let options = Options::parse(&["--only", "fmt", "--timings", "--only", "doc"]).unwrap();
        assert!(options.timings && !options.keep_going);
        assert_eq!(options.only, ["fmt", "doc"]);
        assert!(Options::parse(&["--only", "format"]).is_none());
        assert!(Options::parse(&["--fast"]).is_none());
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<_> = STEPS.iter().map(|(name, ..)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
