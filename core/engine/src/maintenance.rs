//! What an operator last did with a data folder from outside: a backup, a full verification, a restore. The status page tells it; nothing
//! is decided by it. One file an act, `DATA/maintenance/NAME`, replaced whole: `zhixin-maintenance-1 TIME well|wrong`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zhixin_events::Timestamp;

const MARK: &str = "zhixin-maintenance-1";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A backup was made and checked.
    Backup,
    /// The folder was verified whole.
    Verify,
    /// The folder was restored from a backup.
    Restore,
}

impl Act {
    const fn name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "verify",
            Self::Restore => "restore",
        }
    }
}

/// When an act last ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// When it ended.
    pub at: Timestamp,
    /// Whether all was well.
    pub well: bool,
}

fn file(data: &Path, act: Act) -> PathBuf {
    data.join("maintenance").join(act.name())
}

/// Notes that an act ended. Not synced: it is lost with the power at worst, and then the page says an earlier time.
///
/// # Errors
/// The file cannot be written.
pub fn note(data: &Path, act: Act, done: Done) -> io::Result<()> {
    let path = file(data, act);
    let next = zhixin_store::files::beside(&path, "next");
    fs::create_dir_all(data.join("maintenance"))?;
    let outcome = if done.well { "well" } else { "wrong" };
    fs::write(&next, format!("{MARK} {} {outcome}\n", done.at.to_china_text()))?;
    fs::rename(next, path)
}

/// When an act was last done; none if never, or if its note cannot be read.
pub fn last(data: &Path, act: Act) -> Option<Done> {
    let text = fs::read_to_string(file(data, act)).ok()?;
    let mut words = text.split_whitespace();
    let (Some(MARK), Some(at), Some(outcome), None) = (words.next(), words.next(), words.next(), words.next()) else { return None };
    let well = match outcome {
        "well" => true,
        "wrong" => false,
        _ => return None,
    };
    Some(Done { at: Timestamp::parse(at).ok()?, well })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_note_of_an_act_is_told_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last(dir.path(), Act::Backup), None);
        let done = |ms, well| Done { at: Timestamp(ms), well };
        note(dir.path(), Act::Backup, done(1_740_787_200_000, true)).unwrap();
        note(dir.path(), Act::Backup, done(1_740_787_201_234, false)).unwrap();
        note(dir.path(), Act::Verify, done(1_740_787_200_000, true)).unwrap();
        assert_eq!(last(dir.path(), Act::Backup), Some(done(1_740_787_201_234, false)));
        assert_eq!(last(dir.path(), Act::Verify), Some(done(1_740_787_200_000, true)));
        fs::write(file(dir.path(), Act::Verify), format!("{MARK} never well")).unwrap();
        assert_eq!(last(dir.path(), Act::Verify), None);
    }
}
