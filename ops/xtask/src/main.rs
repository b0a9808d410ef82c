//! Developer commands: `cargo xtask check`, `bless`, `crash N`, `errors`, `tidy`.
//!
//! Everything a contributor or continuous integration runs is here, so that both run the same. Each command is a
//! short list of programs to start; this package holds no knowledge of the system itself. Start with [`check`].
#![forbid(unsafe_code)]

mod bless;
mod check;
mod errors;
mod outside;
mod run;

use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "\
cargo xtask check [--timings] [--keep-going] [--only STEP]...   everything that must pass before a change lands
cargo xtask bless [--unreleased]                                add golden files for new tags
cargo xtask crash N                                             N rounds of the crash tests
cargo xtask errors                                              rewrite the index of ops/errors
cargo xtask tidy                                                the rules over the source tree";

/// What was asked for.
enum Task {
    Check(check::Options),
    Bless { unreleased: bool },
    Crash { rounds: u32 },
    Errors,
    Tidy,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(task) = parse(&words.iter().map(String::as_str).collect::<Vec<_>>()) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    match perform(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&format!("xtask: {fault:#}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    let place = run::Place::find()?;
    match task {
        Task::Check(options) => check::check(&place, &options),
        Task::Bless { unreleased } => bless::bless(&place, unreleased),
        Task::Crash { rounds } => {
            // A filter that fits nothing would pass: files are named, and cargo refuses a name that is no file.
            let tests = ["test", "--package", "zhixin-tests", "--test", "crash", "--test", "power", "--", "--nocapture"];
            run::run(place.cargo(&tests).env("ZHIXIN_CRASH_ROUNDS", rounds.to_string()))
                .context("a crash round failed: its seed is printed above")
        }
        Task::Errors => errors::rewrite(&place),
        Task::Tidy => run::run(&mut place.cargo(&["test", "--quiet", "--package", "zhixin-tests", "--test", "tidy"])),
    }
}

fn parse(words: &[&str]) -> Option<Task> {
    match words {
        ["check", options @ ..] => check::Options::parse(options).map(Task::Check),
        ["bless"] => Some(Task::Bless { unreleased: false }),
        ["bless", "--unreleased"] => Some(Task::Bless { unreleased: true }),
        ["crash", rounds] => rounds.parse().ok().map(|rounds| Task::Crash { rounds }),
        ["errors"] => Some(Task::Errors),
        ["tidy"] => Some(Task::Tidy),
        _ => None,
    }
}

/// The one place that prints.
#[expect(clippy::print_stdout, reason = "a developer command talks to the terminal")]
fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_too_many_is_wrong_usage() {
        assert!(parse(&["errors", "now"]).is_none());
        assert!(parse(&["crash", "many"]).is_none());
        assert!(parse(&["check", "--only"]).is_none());
        assert!(matches!(parse(&["bless", "--unreleased"]), Some(Task::Bless { unreleased: true })));
        assert!(matches!(parse(&["crash", "500"]), Some(Task::Crash { rounds: 500 })));
    }
}
