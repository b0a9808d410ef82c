//! What a backup needs: the list of segment files with their content's length and hash. Copying is the caller's.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::SegmentFault;
use super::reader::SegmentReader;
use super::sidecar;
use super::state::io_fault;

/// A segment file as a backup sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFile {
    /// The file's name, the same in every copy of the log.
    pub name: String,
    /// Where it is now.
    pub path: PathBuf,
    /// Position of its first event.
    pub first_position: u64,
    /// Position after its last durable event.
    pub next_position: u64,
    /// Bytes of durable records; a copy holds exactly these, without the zeroes behind.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// Whether a later segment follows, so that this one never changes again.
    pub sealed: bool,
}

impl SegmentFile {
    /// Writes the durable records of this segment to `out`.
    pub fn copy_to(&self, out: &mut dyn Write) -> Result<(), SegmentFault> {
        let file = File::open(&self.path).map_err(io_fault("open", &self.path))?;
        let copied = io::copy(&mut file.take(self.bytes), out).map_err(io_fault("copy", &self.path))?;
        if copied == self.bytes { Ok(()) } else { Err(io_fault("copy", &self.path)(io::ErrorKind::UnexpectedEof.into())) }
    }
}

/// All segments of a log in order, as of now. Hashes of sealed segments come from their sidecars where these are there.
pub fn list_files(reader: &SegmentReader) -> Result<Vec<SegmentFile>, SegmentFault> {
    let segments = reader.segments();
    let count = segments.len();
    let mut files = Vec::with_capacity(count);
    for (number, segment) in segments.into_iter().enumerate() {
        let sealed = number + 1 < count;
        let known = sidecar::read(&segment.sidecar_path()).filter(|sidecar| sealed && sidecar.length == segment.length);
        let sha256 = match known {
            Some(sidecar) => sidecar.sha256,
            None => hash_content(&segment.path, segment.length)?,
        };
        files.push(SegmentFile {
            name: segment.name(),
            first_position: segment.first_position,
            next_position: segment.next_position,
            bytes: segment.length,
            sha256,
            sealed,
            path: segment.path,
        });
    }
    Ok(files)
}

/// Whether a file (of a backup, say) still holds the content that was listed.
pub fn verify_file(path: &Path, listed: &SegmentFile) -> Result<bool, SegmentFault> {
    let length = path.metadata().map_err(io_fault("look at", path))?.len();
    Ok(length >= listed.bytes && hash_content(path, listed.bytes)? == listed.sha256)
}

fn hash_content(path: &Path, bytes: u64) -> Result<[u8; 32], SegmentFault> {
    let mut file = File::open(path).map_err(io_fault("open", path))?.take(bytes);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(io_fault("read", path))? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&buffer[..count]),
        }
    }
}
