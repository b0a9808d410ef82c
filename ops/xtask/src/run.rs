//! Starting programs: where the workspace is, and one way to run a command and say what failed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::say;

/// Where things are.
pub(crate) struct Place {
    /// The folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    cargo: OsString,
}

impl Place {
    /// Finds the workspace from where this package was built.
    pub(crate) fn find() -> Result<Place> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("ops/xtask lies two folders below the workspace")?
            .to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Place { root, target, cargo })
    }

    /// A cargo command at the root of the workspace.
    pub(crate) fn cargo(&self, words: &[&str]) -> Command {
        self.command(&self.cargo, words)
    }

    /// Any command at the root of the workspace, with what the tests and outside checks rely on:
    ///
    /// - `ZHIXIN_BIN`: the built `zhixin`;
    /// - `ZHIXIN_VERIFIERS_DIR`: the folder of the outside checks; the programs of its Python environment come first in `PATH`;
    /// - `ZHIXIN_CHECK=1`: a test that would skip for want of a program must fail instead.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(&self.root)
            .env("ZHIXIN_BIN", self.target.join("debug/zhixin"))
            .env("ZHIXIN_VERIFIERS_DIR", self.verifiers())
            .env("ZHIXIN_CHECK", "1");
        let mut path = OsString::from(self.python().join("bin"));
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command.env("PATH", path);
        command
    }

    /// What the outside checks install, build and write.
    pub(crate) fn verifiers(&self) -> PathBuf {
        self.target.join("verifiers")
    }

    /// Their Python environment.
    pub(crate) fn python(&self) -> PathBuf {
        self.verifiers().join("venv")
    }
}

/// Runs a command with its output on the terminal; anything but success is an error that names it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    say(&format!("   $ {shown}"));
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Whether a command runs and succeeds; its output is thrown away.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
