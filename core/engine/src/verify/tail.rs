//! The segment files themselves: sealed ones against their sidecars, and what stands behind the last record.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use zhixin_store::feed::Feed as _;
use zhixin_store::segments::{Envelope, SegmentFile, SegmentReader, list_files, verify_file};

use super::{Check, Divergence, OnProgress, Outcome, Parts, Step, VerifyFault, divergence_of_log};
use crate::log::LogFault;

/// How often and how long an append under way is waited for.
const LOOKS: usize = 3;
const LOOK_WAIT: Duration = Duration::from_millis(200);

/// Checks the files of a log; the second part is a note on a torn tail, which the next start cuts off.
pub(super) fn check(parts: &Parts, on_progress: OnProgress<'_>) -> Result<(Check, Option<String>), VerifyFault> {
    let outcome = |covered, outcome, note| (Check { area: parts.area, step: Step::Segments, covered, outcome }, note);
    let Some(dir) = &parts.dir else {
        return Ok(outcome(0, Outcome::Skipped("the log is not kept in segment files".to_owned()), None));
    };
    let listed = SegmentReader::open(dir).and_then(|reader| list_files(&reader).map(|files| (reader, files)));
    let (reader, files) = match listed {
        Ok(listed) => listed,
        Err(fault) => {
            let divergence = divergence_of_log(LogFault::Segments(fault))?;
            return Ok(outcome(0, Outcome::Skipped(format!("the files cannot be read: {divergence}")), None));
        }
    };
    let count = files.len() as u64;
    for (number, file) in (1_u64..).zip(files.iter().filter(|file| file.sealed)) {
        if !verify_file(&file.path, file).map_err(LogFault::Segments)? {
            let divergence = Divergence {
                what: "a sealed segment was changed".to_owned(),
                position: Some(file.first_position),
                place: format!("segment {}", file.name),
                expected: format!("SHA-256 {} as its sidecar says", crate::blobs::files::hex(&file.sha256)),
                found: "another".to_owned(),
            };
            return Ok(outcome(number - 1, Outcome::Differs(divergence), None));
        }
        on_progress(parts.area, Step::Segments, number, count);
    }
    let Some(active) = files.last() else { return Ok(outcome(count, Outcome::Passed, None)) };
    match settled_rest(&reader, dir, active)? {
        None => Ok(outcome(count, Outcome::Passed, None)),
        Some(Rest { offset, valid_at: Some(valid_at) }) => {
            let divergence = Divergence {
                what: "a record is damaged, and a whole one stands behind it".to_owned(),
                position: Some(reader.end()),
                place: format!("segment {} at byte {offset}", active.name),
                expected: format!("the record at position {}", reader.end()),
                found: format!("bytes that are none, and a record at byte {valid_at}"),
            };
            Ok(outcome(count - 1, Outcome::Differs(divergence), None))
        }
        Some(Rest { offset, valid_at: None }) => {
            let note = format!("a torn tail in segment {} at byte {offset}; the next start cuts it off", active.name);
            Ok(outcome(count, Outcome::Passed, Some(note)))
        }
    }
}

/// What stands behind the records, once no append is under way there.
fn settled_rest(reader: &SegmentReader, dir: &Path, active: &SegmentFile) -> Result<Option<Rest>, VerifyFault> {
    let end = reader.end();
    for _ in 0..LOOKS {
        let read = |source| VerifyFault::Io { step: "read", path: dir.join(&active.name), source };
        match rest_of(&active.path, active.bytes).map_err(read)? {
            None => return Ok(None),
            // Whatever was appended since is looked at by the next `verify`.
            Some(_) if reader.wait_beyond(end, LOOK_WAIT) > end => return Ok(None),
            Some(_) => {}
        }
    }
    rest_of(&active.path, active.bytes).map_err(|source| VerifyFault::Io { step: "read", path: dir.join(&active.name), source })
}

struct Rest {
    /// Where the records end.
    offset: u64,
    /// Where a whole record stands behind what is none.
    valid_at: Option<u64>,
}

/// Looks at everything behind the records; `None` when all of it is zeroes.
fn rest_of(path: &Path, offset: u64) -> io::Result<Option<Rest>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else { return Ok(None) };
    let valid = (0..=last).find(|at| bytes.get(*at..).is_some_and(|rest| Envelope::parse_record(rest).is_some()));
    Ok(Some(Rest { offset, valid_at: valid.map(|at| offset + at as u64) }))
}
