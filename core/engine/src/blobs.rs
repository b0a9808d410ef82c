//! Attachments: files beside the log, encrypted under a key of their holder, named by the SHA-256 of their ciphertext.
//!
//! `blobs/aa/<64 hex digits>` holds one, `aa` being the first two digits. The vault keeps a row for each, by holder, so that an erasure finds
//! them, and one key for all blobs of a holder, in the holder's group.
//! Invariants: the key is durable before the file, the file before its row, the row before [`EngineHandle::put_blob`] returns; a name says what the
//! file holds, so that no key is needed to find out whether it is whole; nothing is opened without a recorded reading.

pub(crate) mod chunks;
pub(crate) mod files;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;
use zhixin_events::Subject;
use zhixin_store::rows::RowFault;
use zhixin_store::vault::{Vault, VaultFault, VaultOp};

use self::chunks::{ChunkReader, ChunkWriter, sealed_len};
use self::files::{Hashing, blob_path, hex, list};
use crate::entropy::Entropy;
use crate::handle::EngineHandle;
use crate::read_log::{ReadLogUnavailable, Reading};
use crate::vault_keys::{Key, KeyFault, KeyRing};

/// Folder of the blobs in a data folder.
pub const BLOBS_FOLDER: &str = "blobs";
/// First bytes of the vault's rows of blobs.
const ROWS: &[u8] = b"b/";
/// Names of files that are being written begin so.
const INCOMING: &str = "new-";

/// What a blob is: decides how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobKind {
    /// A document that a decision rests on.
    Document,
    /// The picture of a person.
    Photograph,
    /// What a complaint or an inspection puts forward.
    Evidence,
}

impl BlobKind {
    /// Longest blob of this kind. Unit: bytes.
    pub const fn bytes_max(self) -> u64 {
        match self {
            Self::Document => 20 << 20,
            Self::Photograph => 2 << 20,
            Self::Evidence => 50 << 20,
        }
    }
    /// Its number in rows and additional data; append-only.
    const fn code(self) -> u8 {
        match self {
            Self::Document => 1,
            Self::Photograph => 2,
            Self::Evidence => 3,
        }
    }
}

/// Names a blob; what an event keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlobRef {
    /// SHA-256 of the ciphertext.
    pub digest: [u8; 32],
    /// Length of the content. Unit: bytes.
    pub size: u64,
    /// What it is.
    pub kind: BlobKind,
}

/// Why a blob is not taken or not shown: the caller's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobRefusal {
    /// There is nothing in it.
    #[error("a blob may not be empty")]
    Empty,
    /// It is longer than its kind may be.
    #[error("a blob of this kind may have {bytes_max} bytes, not {bytes}")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// The longest of its kind.
        bytes_max: u64,
    },
    /// Its holder is erased, and with them every key of theirs.
    #[error("the holder of the blob is erased")]
    HolderErased,
    /// The reading does not name the person whose blob it is.
    #[error("the reading does not name the holder of the blob")]
    NotInReading,
    /// There is none of this name.
    #[error("there is no such blob")]
    Unknown,
}

/// Why a blob could not be kept or opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] BlobRefusal),
    /// The reading could not be recorded: no record, no data.
    #[error(transparent)]
    NotRecorded(#[from] ReadLogUnavailable),
    /// The folder was restored without the checkpoint file, so nobody knows who was erased since.
    #[error("personal data are withheld until the checkpoint file is there")]
    Withheld,
    /// The file is not what its name says, or does not open under its key.
    #[error("blob {name} is damaged: {what}")]
    Damaged {
        /// Its name.
        name: String,
        /// What does not fit.
        what: &'static str,
    },
    /// A file operation failed.
    #[error("{step} {path}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The vault cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// The index cannot be read.
    #[error(transparent)]
    Rows(#[from] RowFault),
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] crate::clock::ClockJumped),
}

impl From<VaultFault> for BlobError {
    fn from(fault: VaultFault) -> Self {
        Self::Keys(fault.into())
    }
}

fn io_fault(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    move |source| BlobError::Io { step, path: path.to_owned(), source }
}

/// The blobs of a data folder.
#[derive(Debug)]
pub(crate) struct BlobStore {
    dir: PathBuf,
    keys: Arc<KeyRing>,
    entropy: Arc<dyn Entropy>,
    /// Held while blobs of a holder come or go, so that an erasure misses none.
    changing: Mutex<()>,
}

impl BlobStore {
    pub(crate) fn new(data: &Path, keys: Arc<KeyRing>, entropy: Arc<dyn Entropy>) -> Self {
        Self { dir: data.join(BLOBS_FOLDER), keys, entropy, changing: Mutex::new(()) }
    }

    /// Keeps a blob; durable when it returns. `erased` is asked once no erasure can come between.
    fn put(
        &self,
        holder: &Subject,
        kind: BlobKind,
        bytes: &[u8],
        erased: impl FnOnce() -> Result<bool, RowFault>,
    ) -> Result<BlobRef, BlobError> {
        let size = bytes.len() as u64;
        if bytes.is_empty() {
            return Err(BlobRefusal::Empty.into());
        }
        if size > kind.bytes_max() {
            return Err(BlobRefusal::TooLarge { bytes: size, bytes_max: kind.bytes_max() }.into());
        }
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if erased()? {
            return Err(BlobRefusal::HolderErased.into());
        }
        let key = self.keys.blob_key_or_make(holder)?;
        let digest = self.write(&key, &label(holder, kind, size), bytes)?;
        let blob = BlobRef { digest, size, kind };
        self.keys.vault().put(&row(holder, &digest), &[[kind.code()].as_slice(), &size.to_be_bytes()].concat())?;
        Ok(blob)
    }

    /// Writes the file under a passing name, then gives it its own.
    fn write(&self, key: &Key, label: &[u8], bytes: &[u8]) -> Result<[u8; 32], BlobError> {
        fs::create_dir_all(&self.dir).map_err(io_fault("make", &self.dir))?;
        let incoming = self.dir.join(format!("{INCOMING}{}", hex(&self.entropy.array::<16>())));
        let file = File::create_new(&incoming).map_err(io_fault("make", &incoming))?;
        let written = (|| {
            let mut writer = ChunkWriter::new(Hashing::new(io::BufWriter::new(file)), key, label, self.entropy.as_ref())?;
            writer.write_all(bytes)?;
            let (file, digest) = writer.finish()?.finish();
            file.into_inner()?.sync_all()?;
            Ok(digest)
        })();
        let digest = written.map_err(io_fault("write", &incoming))?;
        let path = blob_path(&self.dir, &digest);
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(io_fault("make", folder))?;
        fs::rename(&incoming, &path).map_err(io_fault("rename", &incoming))?;
        // The folder of the blobs may be as new as the blob, and its name stands in the data folder.
        for folder in [Some(folder), Some(self.dir.as_path()), self.dir.parent()].into_iter().flatten() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_fault("sync", folder))?;
        }
        Ok(digest)
    }

    /// Opens a blob. The caller has recorded the reading.
    fn open(&self, holder: &Subject, blob: &BlobRef) -> Result<Zeroizing<Vec<u8>>, BlobError> {
        let Some(key) = self.keys.blob_key(holder)? else { return Err(BlobRefusal::HolderErased.into()) };
        let path = blob_path(&self.dir, &blob.digest);
        let damaged = |what| BlobError::Damaged { name: hex(&blob.digest), what };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(BlobRefusal::Unknown.into()),
            Err(fault) => return Err(io_fault("open", &path)(fault)),
        };
        let length = file.metadata().map_err(io_fault("look at", &path))?.len();
        if blob.size > blob.kind.bytes_max() || length != sealed_len(blob.size) {
            return Err(damaged("its length is not the one that its reference says"));
        }
        let mut sealed = Vec::new();
        file.take(length).read_to_end(&mut sealed).map_err(io_fault("read", &path))?;
        if <[u8; 32]>::from(Sha256::digest(&sealed)) != blob.digest {
            return Err(damaged("its content has another digest than its name"));
        }
        let label = label(holder, blob.kind, blob.size);
        let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(blob.size).unwrap_or_default()));
        let opened = ChunkReader::new(sealed.as_slice(), &key, &label).and_then(|mut reader| reader.read_to_end(&mut content));
        opened.map(|_| content).map_err(|_| damaged("it does not open under its holder's key"))
    }

    /// Forgets a holder: destroys their blobs, then, by [`KeyRing::destroy`], the key of these and that for all else. Repeating it finishes
    /// what was begun.
    pub(crate) fn forget(&self, holder: &Subject) -> Result<(), BlobError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ops = Vec::new();
        let mut folders = BTreeSet::new();
        for (row, _) in self.keys.vault().collect_prefix(&holder_rows(holder))? {
            if let Some((_, digest)) = row.split_last_chunk::<32>() {
                let path = blob_path(&self.dir, digest);
                match fs::remove_file(&path) {
                    Ok(()) => folders.extend(path.parent().map(Path::to_owned)),
                    Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
                    Err(fault) => return Err(io_fault("remove", &path)(fault)),
                }
            }
            ops.push(VaultOp::Delete { key: row });
        }
        for folder in folders {
            File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io_fault("sync", &folder))?;
        }
        self.keys.write_rows(&ops)?;
        // Under the lock: no blob may come between its rows and its key.
        Ok(self.keys.destroy(&[*holder])?)
    }

    /// Whether there is a key for a holder's blobs, or one of these.
    pub(crate) fn has_any(&self, holder: &Subject) -> Result<bool, BlobError> {
        let keyed = self.keys.blob_key(holder)?.is_some();
        Ok(keyed || !self.keys.vault().collect_prefix(&holder_rows(holder))?.is_empty())
    }
}

impl EngineHandle {
    // Attachments.

    /// Keeps a blob under the key of its holder; durable when it returns.
    ///
    /// # Errors
    /// It is refused (empty, too large, holder erased), or the disk or the vault failed.
    pub fn put_blob(&self, holder: &Subject, kind: BlobKind, bytes: &[u8]) -> Result<BlobRef, BlobError> {
        self.blobs().put(holder, kind, bytes, || self.holder_is_erased(holder))
    }

    /// Opens a blob, once the reading is durably recorded.
    ///
    /// # Errors
    /// The reading could not be recorded or does not name the holder, the holder is erased, or the file is damaged.
    pub fn open_blob(&self, holder: &Subject, blob: &BlobRef, reading: &Reading) -> Result<Zeroizing<Vec<u8>>, BlobError> {
        if self.shared().persons_withheld {
            return Err(BlobError::Withheld);
        }
        if holder.as_person().is_some_and(|person| !reading.persons.contains(&person)) {
            return Err(BlobRefusal::NotInReading.into());
        }
        self.read_log().record(reading, self.now()?)?;
        if self.holder_is_erased(holder)? {
            return Err(BlobRefusal::HolderErased.into());
        }
        self.blobs().open(holder, blob)
    }

    /// Files of blobs that nothing refers to: left by a crash, or by a command that came to nothing. `referred` holds the digests that
    /// events name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn unreferenced_blobs(&self, referred: &BTreeSet<[u8; 32]>) -> Result<Vec<PathBuf>, BlobError> {
        let mut files = list(self.data())?;
        files.retain(|(_, digest)| digest.is_none_or(|digest| !referred.contains(&digest)));
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }

    fn holder_is_erased(&self, holder: &Subject) -> Result<bool, RowFault> {
        match holder.as_person() {
            Some(person) => self.view()?.is_erased(person),
            None => Ok(false),
        }
    }
}

/// Every blob that the vault knows: name and length of its file.
pub(crate) fn known(vault: &dyn Vault) -> Result<Vec<([u8; 32], u64)>, VaultFault> {
    let rows = vault.collect_prefix(ROWS)?;
    let digest = |row: &[u8]| row.split_last_chunk::<32>().map(|(_, digest)| *digest).unwrap_or_default();
    let size = |value: &[u8]| value.split_last_chunk::<8>().map(|(_, size)| u64::from_be_bytes(*size)).unwrap_or_default();
    Ok(rows.iter().map(|(row, value)| (digest(row), sealed_len(size(value)))).collect())
}

fn label(holder: &Subject, kind: BlobKind, size: u64) -> Vec<u8> {
    [b"zx-blob-1".as_slice(), &[kind.code()], &size.to_be_bytes(), holder.as_bytes()].concat()
}

/// Rows of a holder. Why the length: no holder's prefix is then that of another.
fn holder_rows(holder: &Subject) -> Vec<u8> {
    let bytes = holder.as_bytes();
    [ROWS, &[u8::try_from(bytes.len()).unwrap_or(u8::MAX)], bytes].concat()
}

fn row(holder: &Subject, digest: &[u8; 32]) -> Vec<u8> {
    [holder_rows(holder).as_slice(), digest].concat()
}
