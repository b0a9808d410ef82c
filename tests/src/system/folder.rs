//! A folder with a log, its key and its checkpoint beside it; and the binary that works on it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use super::server::Server;

/// The built `zhixin`: `ZHIXIN_BIN`, or the one beside the tests.
///
/// # Errors
/// It is not there.
pub fn binary() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os("ZHIXIN_BIN") {
        Some(path) => PathBuf::from(path),
        None => built()?.join("zhixin"),
    };
    ensure!(path.is_file(), "{} is not there; build it first: cargo build --package zhixin", path.display());
    Ok(path)
}

/// Where cargo put this test's programs: the folder above `deps`.
fn built() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe().context("where this test lies")?;
    let folder = program.ancestors().nth(2).context("a test lies two folders below the built programs")?;
    Ok(folder.to_path_buf())
}

/// Whether a program that is missing must fail the test instead of skipping it: so it is when `cargo xtask check` runs.
pub fn must_run() -> bool {
    std::env::var_os("ZHIXIN_CHECK").is_some_and(|value| value == "1")
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The lines of the standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    /// The standard output of a run that must have ended with this code.
    ///
    /// # Errors
    /// It ended otherwise.
    pub fn ended(self, code: i32) -> anyhow::Result<Self> {
        ensure!(self.code == code, "it ended with {} instead of {code}:\n{}{}", self.code, self.out, self.err);
        Ok(self)
    }
}

/// A folder of its own under the built programs, removed in the end.
#[derive(Debug)]
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    /// A folder without a log.
    ///
    /// # Errors
    /// The disk.
    pub fn new() -> anyhow::Result<Self> {
        let place = built()?.join("system-tests");
        fs::create_dir_all(&place).context("a place for folders")?;
        Ok(Self { dir: tempfile::Builder::new().prefix("zx-").tempdir_in(place)? })
    }

    /// A copy that nobody else knows.
    ///
    /// # Errors
    /// The disk.
    pub fn copy(&self) -> anyhow::Result<Self> {
        let copy = Self::new()?;
        copy_folder(self.path(), copy.path())?;
        Ok(copy)
    }

    /// The folder itself: data, key and checkpoint lie in it.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// A command of the binary on this folder.
    ///
    /// # Errors
    /// There is no binary.
    pub fn command(&self, words: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(binary()?);
        command.arg("--data").arg(self.data()).args(words).stdin(Stdio::null());
        for variable in ["ZHIXIN_MASTER_KEY_FILE", "ZHIXIN_LOG"] {
            command.env_remove(variable);
        }
        Ok(command)
    }

    /// Runs the binary on this folder to its end.
    ///
    /// # Errors
    /// It cannot be started, was killed, or printed what is no text.
    pub fn run(&self, words: &[&str]) -> anyhow::Result<Ran> {
        let output = self.command(words)?.output().with_context(|| format!("zhixin {words:?}"))?;
        let Some(code) = output.status.code() else { bail!("zhixin {words:?} ended with {}", output.status) };
        let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        Ok(Ran { code, out, err })
    }

    /// Serves this folder on a free port.
    ///
    /// # Errors
    /// It does not come up.
    pub fn serve(&self, words: &[&str]) -> anyhow::Result<Server> {
        Server::start(self, words)
    }
}

/// What a log makes anew when it opens: its lock, and the segment kept ready.
const NOT_COPIED: [&str; 2] = ["lock", "spare.new"];

/// Copies everything below a folder that matters.
///
/// # Errors
/// The disk.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if !NOT_COPIED.iter().any(|name| entry.file_name() == OsStr::new(name)) {
            fs::copy(entry.path(), &target).with_context(|| format!("copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
