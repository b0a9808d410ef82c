//! The files of blobs: where each is, what its name says, and whether it is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{BLOBS_FOLDER, BlobError, io_fault};

/// A file in the folder of blobs with the digest that its name says; `None` for what is no blob, or not yet.
pub(crate) type ListedFile = (PathBuf, Option<[u8; 32]>);

/// Every file in the folder of blobs, in order of names.
pub(crate) fn list(data: &Path) -> Result<Vec<ListedFile>, BlobError> {
    let root = data.join(BLOBS_FOLDER);
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
            Err(fault) => return Err(io_fault("list", &folder)(fault)),
        };
        for entry in entries {
            let path = entry.map_err(io_fault("list", &folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let digest = path.file_name().and_then(|name| name.to_str()).and_then(parse_hex);
                files.push((path.clone(), digest.filter(|digest| blob_path(&root, digest) == path)));
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// How a file differs from the blob it should be (expected, found); `None` when it does not.
pub(crate) fn difference(path: &Path, digest: &[u8; 32], length: u64) -> io::Result<Option<(String, String)>> {
    let expected = || format!("{length} bytes with SHA-256 {}", hex(digest));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Some((expected(), "no file".to_owned()))),
        Err(fault) => return Err(fault),
    };
    let mut hashing = Hashing::new(io::sink());
    let found = io::copy(&mut file, &mut hashing)?;
    let (_, hash) = hashing.finish();
    Ok((found != length || hash != *digest).then(|| (expected(), format!("{found} bytes with SHA-256 {}", hex(&hash)))))
}

/// Where a blob is, beneath the folder of blobs.
pub(crate) fn blob_path(dir: &Path, digest: &[u8; 32]) -> PathBuf {
    let name = hex(digest);
    dir.join(name.get(..2).unwrap_or_default()).join(&name)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase()).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.0.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    bytes.filter(|_| pairs.1.is_empty())?.try_into().ok()
}

/// Hashes what passes through.
pub(crate) struct Hashing<W: Write> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, hash: Sha256::new() }
    }
    pub(crate) fn finish(self) -> (W, [u8; 32]) {
        (self.out, self.hash.finalize().into())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
