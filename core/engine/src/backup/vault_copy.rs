//! The vault in one file: every row, sealed under the master key.
//!
//! Form: mark, when it was made, events whose keys it has, log id, then a small vault of two rows: the generation of the master key and, wrapped by
//! it, a key of this copy alone. All rows follow, encrypted in chunks under that key; the head is part of what they are authenticated with. So a
//! copy opens exactly with the master key of its generation, as the vault itself does.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zhixin_events::Timestamp;
use zhixin_store::files;
use zhixin_store::segments::SegmentReader;
use zhixin_store::vault::{LmdbVault, MemoryVault, Vault, VaultOp};

use super::{BackupFault, io_fault};
use crate::blobs::chunks::{ChunkReader, ChunkWriter};
use crate::entropy::{Entropy, SystemEntropy};
use crate::handle::EngineHandle;
use crate::log::{LogId, genesis};
use crate::vault_keys::{Key, KeyRing, MasterKeyFile};

const MARK: &[u8; 16] = b"zx-vault-copy-1\n";
const COPY_KEY: &str = "vault-copy";
/// Rows that a restored vault takes in one write.
const WRITE_ROWS: usize = 4_096;
/// Longest key or value read back. Unit: bytes. Why: a changed file must not make us take memory without end.
const FIELD_BYTES_MAX: u32 = 64 << 20;

/// What the head of a copy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VaultCopy {
    /// When it was made. Unit: milliseconds since 1970-01-01 UTC.
    pub made_at_ms: i64,
    /// It has the keys of all events before this position.
    pub end: u64,
    /// The log it belongs to.
    pub log_id: LogId,
    /// How many rows it has; 0 when only its head was read.
    pub rows: u64,
}

impl VaultCopy {
    /// When it was made; it is to be destroyed 35 days later.
    pub const fn made_at(&self) -> Timestamp {
        Timestamp(self.made_at_ms)
    }
}

/// Copies the vault of an open engine into a file that is not there yet.
///
/// # Errors
/// The vault or the master key cannot be read, or the file cannot be written.
pub fn backup_vault(handle: &EngineHandle, master_key_file: &Path, file: &Path) -> Result<VaultCopy, BackupFault> {
    let made_at = handle.now().map_err(|fault| BackupFault::Secrets(Box::new(fault.into())))?;
    // The end first: whatever is in the log by then has its keys in the vault.
    let head = VaultCopy { made_at_ms: made_at.0, end: handle.end(), log_id: handle.log_key().log_id(), rows: 0 };
    write_copy(handle.vault().as_ref(), head, master_key_file, file, handle.entropy())
}

/// Like [`backup_vault`], of a folder that an engine of another process may have open.
///
/// # Errors
/// The vault or the master key cannot be read, or the file cannot be written.
pub fn backup_vault_of(data: &Path, master_key_file: &Path, made_at: Timestamp, file: &Path) -> Result<VaultCopy, BackupFault> {
    let (log, path) = (data.join("log"), data.join("vault"));
    if !path.join("data.mdb").exists() {
        return Err(io_fault("open", &path)(io::ErrorKind::NotFound.into()));
    }
    let genesis = genesis(&log)?.ok_or_else(|| BackupFault::NoLog { path: log.clone() })?;
    let head = VaultCopy { made_at_ms: made_at.0, end: SegmentReader::open(&log)?.end(), log_id: genesis.log_id, rows: 0 };
    let vault = LmdbVault::open(&path)?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    write_copy(&vault, head, master_key_file, file, &entropy)
}

fn write_copy(
    vault: &dyn Vault,
    mut copy: VaultCopy,
    master_key_file: &Path,
    path: &Path,
    entropy: &Arc<dyn Entropy>,
) -> Result<VaultCopy, BackupFault> {
    if path.exists() {
        return Err(BackupFault::InTheWay { path: path.to_owned() });
    }
    let small: Arc<dyn Vault> = Arc::new(MemoryVault::new());
    let keys = KeyRing::open(Arc::clone(&small), MasterKeyFile::new(master_key_file), Arc::clone(entropy))?;
    let key = Key::try_from(keys.secret_or_make(COPY_KEY, |entropy| entropy.array::<32>().to_vec())?.as_slice())?;
    let head = print_head(&copy, &small.collect_prefix(b"")?);
    let passing = files::beside(path, "next");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = |source| BackupFault::Io { step: "write", path: passing.clone(), source };
    let mut out = BufWriter::new(options.open(&passing).map_err(write)?);
    out.write_all(&head).map_err(write)?;
    let mut sealing = ChunkWriter::new(out, &key, &Sha256::digest(&head), entropy.as_ref()).map_err(write)?;
    let mut written = Ok(());
    let mut same_generation = false;
    let generation = small.collect_prefix(b"m/")?;
    vault.scan_prefix(b"", &mut |row, value| {
        same_generation |= generation.iter().any(|(known, number)| known == row && number.first_chunk::<8>() == value.first_chunk::<8>());
        copy.rows += 1;
        written = write_field(&mut sealing, row).and_then(|()| write_field(&mut sealing, value));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written.map_err(write)?;
    if !same_generation {
        fs::remove_file(&passing).map_err(write)?;
        return Err(BackupFault::KeysMoved);
    }
    let file = sealing.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error)).map_err(write)?;
    file.sync_all().map_err(write)?;
    files::put_in_place(&passing, path).map_err(write)?;
    Ok(copy)
}

/// Opens a copy with the master key file and calls back with its rows, some at a time.
pub(super) fn read_copy(
    path: &Path,
    master_key_file: MasterKeyFile,
    on_rows: &mut dyn FnMut(&[VaultOp]) -> Result<(), BackupFault>,
) -> Result<VaultCopy, BackupFault> {
    let malformed = |what| BackupFault::NotAVaultCopy { path: path.to_owned(), what };
    let mut input = BufReader::new(File::open(path).map_err(io_fault("open", path))?);
    let (mut copy, small) = read_head(&mut input).ok_or_else(|| malformed("its head has another form"))?;
    let head = print_head(&copy, &small);
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new());
    vault.write(&small.into_iter().map(|(key, value)| VaultOp::Put { key, value }).collect::<Vec<_>>())?;
    if vault.collect_prefix(b"m/")?.is_empty() {
        return Err(malformed("it names no generation of the master key"));
    }
    let keys = KeyRing::open(vault, master_key_file, Arc::new(SystemEntropy::new()))?;
    let sealed_key = keys.secret(COPY_KEY)?.ok_or_else(|| malformed("it has no key"))?;
    let changed = |_| malformed("its rows do not open: it was changed or cut short");
    let mut rows = ChunkReader::new(input, &Key::try_from(sealed_key.as_slice())?, &Sha256::digest(&head)).map_err(changed)?;
    let mut ops = Vec::new();
    while let Some(key) = read_field(&mut rows).map_err(changed)? {
        let value = read_field(&mut rows).map_err(changed)?.ok_or_else(|| malformed("it ends within a row"))?;
        ops.push(VaultOp::Put { key, value });
        copy.rows += 1;
        if ops.len() == WRITE_ROWS {
            on_rows(&ops)?;
            ops.clear();
        }
    }
    on_rows(&ops)?;
    Ok(copy)
}

type Rows = Vec<zhixin_store::rows::Row>;

fn print_head(copy: &VaultCopy, small: &Rows) -> Vec<u8> {
    let mut head = [MARK.as_slice(), &copy.made_at_ms.to_be_bytes(), &copy.end.to_be_bytes(), &copy.log_id.0].concat();
    head.push(u8::try_from(small.len()).unwrap_or(u8::MAX));
    for field in small.iter().flat_map(|(key, value)| [key, value]) {
        head.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        head.extend_from_slice(field);
    }
    head
}

fn read_head(input: &mut impl Read) -> Option<(VaultCopy, Rows)> {
    let mark: [u8; 16] = read_array(input)?;
    let made_at_ms = i64::from_be_bytes(read_array(input)?);
    let end = u64::from_be_bytes(read_array(input)?);
    let log_id = LogId(read_array(input)?);
    let [count] = read_array(input)?;
    let small = (0..count).map(|_| Some((read_field(input).ok()??, read_field(input).ok()??))).collect::<Option<_>>()?;
    (mark == *MARK).then_some((VaultCopy { made_at_ms, end, log_id, rows: 0 }, small))
}

fn read_array<const N: usize>(input: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).ok().map(|()| bytes)
}

fn write_field(out: &mut impl Write, field: &[u8]) -> io::Result<()> {
    let len = u32::try_from(field.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    out.write_all(&len.to_be_bytes()).and_then(|()| out.write_all(field))
}

/// The next field; `None` at the end.
fn read_field(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut len = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut len)?;
    if len.is_empty() {
        return Ok(None);
    }
    let len = u32::from_be_bytes(len.try_into().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?);
    if len > FIELD_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut field = Vec::new();
    input.by_ref().take(u64::from(len)).read_to_end(&mut field)?;
    if field.len() as u64 == u64::from(len) { Ok(Some(field)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
