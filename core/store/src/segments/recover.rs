//! What opening a log does: find the segments, trust the sidecars of the sealed ones, scan the last, judge its tail.

use std::fs;
use std::path::{Path, PathBuf};

use super::SegmentFault;
use super::scan::{Cursor, Running, Step, look_at_rest};
use super::sidecar;
use super::state::{SEGMENT_SUFFIX, Segment, io_fault, segment_path};

/// Why a scan of a segment stopped.
pub(super) enum Stop {
    /// At zeroes or the end of the file.
    End,
    /// At bytes that are no record.
    Bad(&'static str),
}

/// A log as it was found.
pub(super) struct Found {
    pub(super) segments: Vec<Segment>,
    /// Why the scan of the last segment stopped; where: at its length.
    pub(super) stop: Stop,
}

/// Reads the log in `dir`. Changes nothing, except that missing sidecars are written if `repair` says so.
pub(super) fn find(dir: &Path, chain_origin: Option<[u8; 32]>, repair: bool) -> Result<Found, SegmentFault> {
    let firsts = list_segments(dir)?;
    let mut running = Running { position: 0, chain: chain_origin, epoch: Some(0) };
    let mut found = Found { segments: Vec::with_capacity(firsts.len()), stop: Stop::End };
    for (number, first) in firsts.iter().enumerate() {
        let mut segment = Segment::new(dir, &running);
        if *first != running.position {
            let last = found.segments.last().unwrap_or(&segment);
            let what = format!("the next segment begins at position {first}, but {} is next: a segment is missing", running.position);
            return Err(last.damaged(last.length, what));
        }
        match firsts.get(number + 1) {
            Some(next) => read_sealed(&mut segment, &running, *next, repair)?,
            None => found.stop = scan(&mut segment)?,
        }
        running = segment.running();
        found.segments.push(segment);
    }
    Ok(found)
}

/// First positions of the segments, from their names, in order.
pub(super) fn list_segments(dir: &Path) -> Result<Vec<u64>, SegmentFault> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_fault("list", dir))? {
        let path: PathBuf = entry.map_err(io_fault("list", dir))?.path();
        if path.extension().is_some_and(|suffix| suffix == SEGMENT_SUFFIX) {
            let first = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            let Some(first) = first.filter(|first| segment_path(dir, *first) == path) else {
                let segment = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                return Err(SegmentFault::Damaged { segment, offset: 0, what: "the name is not a position of 20 digits".to_owned() });
            };
            firsts.push(first);
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Takes a sealed segment from its sidecar, or scans it and writes the sidecar.
fn read_sealed(segment: &mut Segment, running: &Running, next: u64, repair: bool) -> Result<(), SegmentFault> {
    if let Some(sidecar) = sidecar::read(&segment.sidecar_path()) {
        let fits = sidecar.first_position == segment.first_position
            && sidecar.next_position == next
            && running.chain.is_none_or(|chain| chain == sidecar.chain_before);
        if fits {
            let file_bytes = fs::metadata(&segment.path).map_err(io_fault("look at", &segment.path))?.len();
            if file_bytes < sidecar.length {
                return Err(segment.damaged(file_bytes, format!("the sidecar knows {} bytes, the file ends earlier", sidecar.length)));
            }
            segment.next_position = sidecar.next_position;
            segment.length = sidecar.length;
            segment.epoch = sidecar.epoch;
            segment.chain_before = Some(sidecar.chain_before);
            segment.chain_after = Some(sidecar.chain_after);
            segment.index = sidecar.index;
            return Ok(());
        }
    }
    if let Stop::Bad(what) = scan(segment)? {
        return Err(segment.damaged(segment.length, format!("{what}, and a later segment follows")));
    }
    let file = segment.file()?;
    if segment.next_position != next {
        let what = format!("the records end at position {}, but the next segment begins at {next}", segment.next_position);
        return Err(segment.damaged(segment.length, what));
    }
    let rest = look_at_rest(&file, segment.length).map_err(io_fault("read", &segment.path))?;
    if let Some(written_to) = rest.written_to {
        return Err(segment.damaged(segment.length, format!("bytes up to {written_to} are no record, and a later segment follows")));
    }
    if repair {
        seal(segment)?;
    }
    Ok(())
}

/// Cuts the zeroes behind the records off and writes the sidecar.
pub(super) fn seal(segment: &Segment) -> Result<(), SegmentFault> {
    let file = crate::files::open_write(&segment.path).map_err(io_fault("open", &segment.path))?;
    file.set_len(segment.length).and_then(|()| file.sync_all()).map_err(io_fault("seal", &segment.path))?;
    sidecar::write(segment, &file).map_err(io_fault("write the sidecar of", &segment.path))
}

/// Takes in the records from the segment's length on.
pub(super) fn scan(segment: &mut Segment) -> Result<Stop, SegmentFault> {
    let file = segment.file()?;
    let mut cursor = Cursor::new(file, segment.length, u64::MAX);
    let mut running = segment.running();
    loop {
        let before = running;
        match cursor.step().map_err(io_fault("read", &segment.path))? {
            Step::Record { offset, envelope, body } => {
                running.take(&envelope, body).map_err(|what| segment.damaged(offset, what))?;
                segment.push(envelope.record_len() as u64, &before, &running, envelope.chain_before);
            }
            Step::End => return Ok(Stop::End),
            Step::Bad(what) => return Ok(Stop::Bad(what)),
        }
    }
}
