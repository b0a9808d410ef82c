//! The command line of Zhixin: serve, demo, verify, and the rest.
//!
//! Exit codes: 0 done and all well · 1 it ran and found something wrong (broken history, refused input) · 2 wrong usage · 3 the world failed
//! (disk, network, a lock). Start with [`cli`] for the arguments, then the file of a command in `commands/`.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod demo;
mod folder;
mod out;
mod packs;
mod panics;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done, and all well.
    Well,
    /// It ran and found something wrong.
    FoundWrong,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    out::start_logging(cli.verbose);
    panics::end_the_process();
    let outcome = cli.common.check().map_err(anyhow::Error::from).and_then(|()| run(&cli));
    match outcome {
        Ok(Ending::Well) => ExitCode::SUCCESS,
        Ok(Ending::FoundWrong) => ExitCode::from(1),
        Err(fault) => {
            out::complain(&fault);
            ExitCode::from(exit_code(&fault))
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Ending> {
    match &cli.command {
        Command::Serve(args) => commands::serve::run(&cli.common, args),
        Command::Demo(args) => commands::demo::run(&cli.common, args),
        Command::Import(args) => commands::import::run(&cli.common, args),
        Command::Events(args) => commands::events::run(&cli.common, args),
        Command::Verify => commands::verify::run(&cli.common),
        Command::Replay(args) => commands::replay::run(&cli.common, args),
        Command::Rebuild(args) => commands::rebuild::run(&cli.common, args),
        Command::Schema => Ok(commands::schema::run()),
        Command::Backup(args) => commands::backup::backup(&cli.common, args),
        Command::Restore(args) => commands::backup::restore(&cli.common, args),
        Command::Bench(args) => commands::bench::run(&cli.common, args),
        Command::Doctor => Ok(commands::doctor::run(&cli.common)),
        Command::User(args) => commands::user::run(&cli.common, args),
        Command::Key(args) => commands::key::run(args),
        Command::Origin(args) => commands::origin::run(&cli.common, args),
    }
}

/// Wrong usage is 2, everything else that stopped a command is the world's.
fn exit_code(fault: &anyhow::Error) -> u8 {
    if fault.downcast_ref::<cli::Usage>().is_some() { 2 } else { 3 }
}
