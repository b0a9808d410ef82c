//! The checkpoint file outside the data folder: what an old copy of the folder cannot know. It names the newest published checkpoint and
//! every erased person, so that a restored folder neither signs a fork nor serves somebody who was forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zhixin_events::PersonId;
use zhixin_store::files;

const MARK: &str = "zhixin-checkpoint-1";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFileFault {
    /// It cannot be read or written.
    #[error("{step} the checkpoint file {path}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not have the form that it is written in.
    #[error("{path} is not a checkpoint file")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The newest published checkpoint, as a signed note; empty before the first.
    pub note: String,
    /// Every erased person.
    pub erased: BTreeSet<PersonId>,
}

/// The file.
#[derive(Debug, Clone)]
pub struct CheckpointFile {
    path: PathBuf,
}

impl CheckpointFile {
    /// The file at a path; it need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// What it says; `None` when there is no such file.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(&self) -> Result<Option<Known>, CheckpointFileFault> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointFileFault::Io { step: "read", path: self.path.clone(), source }),
        };
        parse(&text).map(Some).ok_or_else(|| CheckpointFileFault::Malformed { path: self.path.clone() })
    }

    /// Replaces it at once and durably.
    ///
    /// # Errors
    /// It cannot be written; the old one stays.
    pub fn write(&self, known: &Known) -> Result<(), CheckpointFileFault> {
        let replaced = files::replace(&self.path, print(known).as_bytes());
        replaced.map_err(|source| CheckpointFileFault::Io { step: "replace", path: self.path.clone(), source })
    }
}

fn print(known: &Known) -> String {
    let mut text = format!("{MARK}\n");
    for person in &known.erased {
        text.push_str("erased ");
        text.push_str(&person.to_string());
        text.push('\n');
    }
    text.push_str("note\n");
    text.push_str(&known.note);
    text
}

fn parse(text: &str) -> Option<Known> {
    let (head, note) = text.split_once("note\n")?;
    let mut lines = head.lines();
    if lines.next() != Some(MARK) {
        return None;
    }
    let erased = lines.map(|line| line.strip_prefix("erased ")?.parse().ok()).collect::<Option<_>>()?;
    Some(Known { note: note.to_owned(), erased })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_reads_back_and_refuses_what_it_did_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = CheckpointFile::new(&dir.path().join("checkpoint"));
        assert_eq!(file.read().unwrap(), None);
        let known = Known { note: "origin\n3\nroot\n\n— sig\n".to_owned(), erased: [PersonId::from_bytes([1; 6])].into() };
        file.write(&known).unwrap();
        assert_eq!(file.read().unwrap(), Some(known));
        fs::write(dir.path().join("checkpoint"), "zhixin-checkpoint-1\nforgotten 1\nnote\n").unwrap();
        assert!(matches!(file.read(), Err(CheckpointFileFault::Malformed { .. })));
    }
}
