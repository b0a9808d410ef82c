//! The manifest of a backup: a text file, one fact a line, read back exactly or not at all.

use std::fmt::Write as _;

use serde::Serialize;
use zhixin_events::Timestamp;

use crate::blobs::files::{hex, parse_hex};
use crate::log::{LogId, LogPurpose};

/// Name of the manifest in a backup.
pub const MANIFEST_FILE: &str = "manifest";
const MARK: &str = "zhixin-backup-1";

/// One of the two logs in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogPart {
    /// The log.
    pub log_id: LogId,
    /// Position after its last event.
    pub end: u64,
    /// The chain there.
    pub chain: [u8; 32],
    /// The epoch there; whoever writes on takes the next.
    pub epoch: u32,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupFile {
    /// Where it is in the backup and in a data folder: folders and name, with slashes.
    pub path: String,
    /// Its length. Unit: bytes.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// When it was made.
    pub made_at_ms: i64,
    /// Version of the code that made it.
    pub code_version: String,
    /// What the log is for.
    pub purpose: LogPurpose,
    /// The log.
    pub log: LogPart,
    /// The log of reads.
    pub reads: LogPart,
    /// Every file, in order of paths.
    pub files: Vec<BackupFile>,
    /// The newest checkpoint that was published when it was made; empty if there was none.
    pub note: String,
}

impl Manifest {
    /// When it was made.
    pub const fn made_at(&self) -> Timestamp {
        Timestamp(self.made_at_ms)
    }

    /// All bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub(super) fn print(&self) -> String {
        let mut text = format!("{MARK}\nmade-at {}\ncode-version {}\n", self.made_at().to_utc_text(), self.code_version);
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            let _written = writeln!(text, "{name} {value}");
        };
        line("purpose", &u8::from(self.purpose));
        for (name, part) in [("log", &self.log), ("reads", &self.reads)] {
            line(name, &format_args!("{} {} {} {}", part.log_id, part.end, hex(&part.chain), part.epoch));
        }
        for file in &self.files {
            line("file", &format_args!("{} {} {}", hex(&file.sha256), file.bytes, file.path));
        }
        text.push_str("note\n");
        text.push_str(&self.note);
        text
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (head, note) = text.split_once("\nnote\n")?;
        let mut lines = head.lines();
        if lines.next() != Some(MARK) {
            return None;
        }
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let part = |text: &str| {
            let [log_id, end, chain, epoch] = words(text)?;
            Some(LogPart {
                log_id: LogId(parse_hex(log_id)?),
                end: end.parse().ok()?,
                chain: parse_hex(chain)?,
                epoch: epoch.parse().ok()?,
            })
        };
        let made_at = Timestamp::parse(value("made-at")?).ok()?;
        let code_version = value("code-version")?.to_owned();
        let purpose = LogPurpose::try_from(value("purpose")?.parse::<u8>().ok()?).ok()?;
        let (log, reads) = (part(value("log")?)?, part(value("reads")?)?);
        let files = lines.map(|line| {
            let [sha256, bytes, path] = words(line.strip_prefix("file ")?)?;
            Some(BackupFile { path: path.to_owned(), bytes: bytes.parse().ok()?, sha256: parse_hex(sha256)? }).filter(BackupFile::is_within)
        });
        let files = files.collect::<Option<Vec<_>>>()?;
        let manifest = Self { made_at_ms: made_at.0, code_version, purpose, log, reads, files, note: note.to_owned() };
        // Printing what was read must give the same text: a second spelling would be a second manifest.
        (manifest.print() == text).then_some(manifest)
    }
}

impl BackupFile {
    /// Whether the path stays within the folders that a backup has: it is hostile input to a restore.
    fn is_within(&self) -> bool {
        let mut parts = self.path.split('/');
        let known = matches!(parts.next(), Some("log" | "reads" | "blobs"));
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.')
        };
        known && (2..=3).contains(&self.path.split('/').count()) && parts.all(plain)
    }
}

fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(' ').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let part = |number: u8| LogPart { log_id: LogId([number; 16]), end: 7, chain: [number; 32], epoch: 2 };
        Manifest {
            made_at_ms: 1_741_000_000_123,
            code_version: "0.1.0".to_owned(),
            purpose: LogPurpose::Demo,
            log: part(1),
            reads: part(2),
            files: vec![BackupFile { path: "log/00000000000000000000.seg".to_owned(), bytes: 5, sha256: [3; 32] }],
            note: "origin\n7\nroot\n\n— sig\n".to_owned(),
        }
    }

    #[test]
    fn manifest_reads_back_and_refuses_every_other_spelling() {
        let text = manifest().print();
        assert_eq!(Manifest::parse(&text), Some(manifest()));
        let empty = Manifest { files: Vec::new(), note: String::new(), ..manifest() };
        assert_eq!(Manifest::parse(&empty.print()), Some(empty));
        for (from, to) in [
            ("zhixin-backup-1", "zhixin-backup-2"),
            (" 7 ", " 07 "),
            ("log/0", "log/../0"),
            ("log/0", "vault/0"),
            ("file ", "file  "),
            ("purpose 1", "purpose 9"),
            ("\nnote\n", "\nnote"),
        ] {
            assert_eq!(Manifest::parse(&text.replacen(from, to, 1)), None, "{from} -> {to}");
        }
    }
}
