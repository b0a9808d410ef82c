//! `cargo xtask check`: every test there is, in the order of how soon it tells something.
//!
//! The steps are a table, [`STEPS`]. A step fails, passes, or passes and says what it could not look at (cargo-deny is
//! the only optional program, its advisories the only thing that needs GitHub); the last line repeats that.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::{Place, run, works};
use crate::{outside, say};

/// What a step that did not fail had to leave out; none = nothing.
type LeftOut = Option<&'static str>;
/// One step: its name for `--only`, what it checks, how.
type Step = (&'static str, &'static str, fn(&Place) -> Result<LeftOut>);

const STEPS: &[Step] = &[
    ("fmt", "formatting", |place| whole(fmt(place))),
    ("clippy", "lints, tests included", |place| whole(clippy(place))),
    ("doc", "documentation without warnings", |place| whole(doc(place))),
    ("deny", "licences, sources, banned crates", deny),
    ("packages", "Debian packages for the browser tests and the outside checks", |place| whole(outside::packages(place))),
    ("python", "PyPI packages for the outside checks", |place| whole(outside::python(place))),
    ("build", "the binary that whole-system tests start", |place| whole(build(place))),
    ("test", "all tests of the workspace; documentation, tidy and the pages in Chromium included", |place| whole(test(place))),
    ("proof", "log, proofs and checkpoints by software we did not write", |place| whole(outside::proof(place))),
    ("identifiers", "check characters against stdnum", |place| whole(outside::identifiers(place))),
    ("schemathesis", "the HTTP interface under generated requests", |place| whole(outside::schemathesis(place))),
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
    let (mut failed, mut left_out): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, what, step) in STEPS {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        say(&format!("== {name}: {what}"));
        let start = Instant::now();
        let outcome = step(place).with_context(|| format!("step `{name}` failed"));
        times.push((name, start.elapsed()));
        match outcome {
            Ok(None) => {}
            Ok(Some(what)) => {
                say(&format!("   not looked at: {what}"));
                left_out.push(format!("{name}: {what}"));
            }
            Err(fault) => {
                failed.push(name);
                if !options.keep_going {
                    tell_times(options, &times);
                    return Err(fault);
                }
                say(&format!("   {fault:#}"));
            }
        }
    }
    tell_times(options, &times);
    if !failed.is_empty() {
        bail!("{} of {} steps failed: {}", failed.len(), times.len(), failed.join(", "));
    }
    say(&match left_out.as_slice() {
        [] => format!("all {} steps passed", times.len()),
        left_out => format!("no step of {} failed; not looked at: {}", times.len(), left_out.join("; ")),
    });
    Ok(())
}

/// A step that leaves nothing out.
fn whole(outcome: Result<()>) -> Result<LeftOut> {
    outcome.map(|()| None)
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

/// Everything but the advisories works without a network; they are looked up when the database can be fetched.
fn deny(place: &Place) -> Result<LeftOut> {
    if !works(&mut place.cargo(&["deny", "--version"])) {
        return Ok(Some(
            "licences, sources and known defects of other people's crates (`cargo install cargo-deny --locked`); tidy checked who uses which",
        ));
    }
    // A line of deny.toml that no crate needs any more fails, too; two versions of a crate are not ours to settle.
    let strict = ["-A", "duplicate", "-D", "unused-wrapper", "-D", "license-not-encountered"];
    run(place.cargo(&["deny", "--workspace", "--offline", "check"]).args(strict).args(["bans", "licenses", "sources"]))?;
    if !works(&mut place.cargo(&["deny", "fetch", "db"])) {
        return Ok(Some("known defects of other people's crates (the advisory database on GitHub cannot be reached)"));
    }
    whole(run(&mut place.cargo(&["deny", "--workspace", "check", "--disable-fetch", "advisories"])))
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
