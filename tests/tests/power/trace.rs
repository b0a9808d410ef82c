//! The trace of the recording library (`tests/power/recorder.c`), read back.

use std::fs;
use std::path::Path;

/// One recorded change or sync; paths are below the watched folder.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Create,
    MakeDir,
    Write { offset: usize, bytes: Vec<u8>, synchronous: bool },
    Truncate { length: usize },
    Rename { to: String },
    Unlink,
    RemoveDir,
    SyncBegin { number: u64 },
    SyncEnd { number: u64 },
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) change: Change,
}

impl Entry {
    /// Whether it is a mark of the child rather than content.
    pub(crate) fn mark(&self) -> Option<&str> {
        let Change::Write { bytes, .. } = &self.change else { return None };
        let text = (self.path == zhixin_tests::crash::MARKS).then(|| std::str::from_utf8(bytes).ok())??;
        Some(text.trim_end())
    }
}

/// Reads a whole trace.
pub(crate) fn read(path: &Path) -> Vec<Entry> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (head, after) = rest.split_at(24);
        let number = |at: usize| usize::try_from(u64::from_ne_bytes(head[at..at + 8].try_into().unwrap())).unwrap();
        let path_len = usize::from(u16::from_ne_bytes([head[2], head[3]]));
        let data_len = usize::try_from(u32::from_ne_bytes(head[4..8].try_into().unwrap())).unwrap();
        let (path, after) = after.split_at(path_len);
        let (data, after) = after.split_at(data_len);
        rest = after;
        let path = std::str::from_utf8(path).unwrap().to_owned();
        let (operation, zeroes, synchronous) = (head[0], head[1] & 1 != 0, head[1] & 2 != 0);
        let change = match operation {
            1 => Change::Create,
            2 => Change::MakeDir,
            3 => {
                let bytes = if zeroes { vec![0; number(16)] } else { data.to_vec() };
                assert_eq!(bytes.len(), number(16), "a write is recorded whole");
                Change::Write { offset: number(8), bytes, synchronous }
            }
            4 => Change::Truncate { length: number(8) },
            5 => Change::Rename { to: std::str::from_utf8(data).unwrap().to_owned() },
            6 => Change::Unlink,
            7 => Change::RemoveDir,
            8 => Change::SyncBegin { number: number(8) as u64 },
            9 => Change::SyncEnd { number: number(8) as u64 },
            other => panic!("the trace cannot describe {:?} on {path} (operation {other})", std::str::from_utf8(data)),
        };
        entries.push(Entry { path, change });
    }
    entries
}
