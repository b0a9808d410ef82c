//! File operations of the log, as plain system calls: what is written and synced here is all that a power-loss test must replay. And the
//! durable replacing of small files, for whoever keeps one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

static ZEROES: [u8; 1 << 16] = [0; 1 << 16];

/// Opens an existing file to read and write.
pub(crate) fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Makes (or empties) a file of `length` zeroes that are really on the disk, so that writing over them moves no metadata.
pub(crate) fn create_zeroed(path: &Path, length: u64) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    zero(&file, 0, length)?;
    file.sync_all()?;
    Ok(file)
}

/// Writes zeroes from `start` to `end`. Not synced.
pub(crate) fn zero(file: &File, start: u64, end: u64) -> io::Result<()> {
    let mut at = start;
    while at < end {
        let portion = usize::try_from(end - at).map_or(ZEROES.len(), |left| left.min(ZEROES.len()));
        file.write_all_at(&ZEROES[..portion], at)?;
        at += portion as u64;
    }
    Ok(())
}

/// Writes all bytes at an offset. Not synced.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Makes content (and a changed length) durable.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    file.sync_data()
}

/// Makes names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a folder, if it is missing, whose name survives loss of power, as does the name of the folder that holds it. Why also that one:
/// a store is a folder in a data folder that was made a moment before. Why even if they are there: whoever made them may have been killed
/// before the sync.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for folder in dir.ancestors().take(3) {
        match sync_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) {
            // A folder that we may not even list is not one that we have just made something in.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && folder != dir => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Renames durably.
pub(crate) fn rename(from: &Path, to: &Path, dir: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_dir(dir)
}

/// The path whose name is another's with a suffix behind it: of two files in a folder, neither takes what belongs beside the other.
/// A folder's is outside the folder, also when its path ends with a slash.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.components().collect::<PathBuf>().into_os_string();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that a file is in, also of a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Gives a synced file the name of another, durably.
///
/// # Errors
/// The file cannot be renamed, or its folder not be synced.
pub fn put_in_place(next: &Path, path: &Path) -> io::Result<()> {
    rename(next, path, folder_of(path))
}

/// Replaces a small file: after a crash it is the old one or the new one, whole.
///
/// # Errors
/// A step failed; the old one stays, unless only the new name could not be synced.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = beside(path, "next");
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(&next)?;
    file.write_all_at(bytes, 0)?;
    file.sync_all()?;
    put_in_place(&next, path)
}

/// Reads until the buffer is full or the file ends; returns how much was read.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Gives a file room from one offset to another; the end of a file that reaches further by now stays where it is. Why not `set_len`: another
/// process may have written there since its length was looked at.
pub(crate) fn lengthen(file: &File, from: u64, to: u64) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), from, to - from)?)
}

/// Asks the system to fetch a range into its cache, and does not wait for it. A hint: that it cannot be given matters to nobody.
pub(crate) fn will_read(file: &File, from: u64, to: u64) {
    if let Some(length) = NonZeroU64::new(to.saturating_sub(from)) {
        let _hint = rustix::fs::fadvise(file, from, Some(length), rustix::fs::Advice::WillNeed);
    }
}

/// Whether an error says that there is no room left, on the disk or in a quota.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Bytes that an unprivileged process may still write on the file system of `path`.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_that_is_used_up_is_a_full_disk() {
        for errno in [rustix::io::Errno::DQUOT, rustix::io::Errno::NOSPC] {
            assert!(is_full(&errno.into()), "{errno}");
        }
        assert!(!is_full(&rustix::io::Errno::MFILE.into()));
    }

    #[test]
    fn a_file_is_never_made_shorter() {
        let file = tempfile::tempfile().unwrap();
        let length = || file.metadata().unwrap().len();
        lengthen(&file, 0, 100).unwrap();
        assert_eq!(length(), 100);
        lengthen(&file, 20, 60).unwrap();
        assert_eq!(length(), 100, "somebody else was faster");
    }
}
