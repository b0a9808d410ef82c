//! The master key file, outside the data folder.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;
use zhixin_store::files;

use super::{Key, KeyFault};
use crate::entropy::Entropy;

const FILE_MARK: &str = "zhixin-master-key-1";

/// The master key, in a file outside the data folder: `zhixin-master-key-1 GENERATION HEX`.
#[derive(Debug)]
pub struct MasterKeyFile {
    path: PathBuf,
}

impl MasterKeyFile {
    /// The file at a path; it need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Makes a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn create(&self, entropy: &dyn Entropy) -> Result<(), KeyFault> {
        if self.path.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(KeyFault::File { step: "create", path: self.path.clone(), source });
        }
        self.prepare(0, &Key::from(entropy.array::<32>()))?;
        self.put_in_place()
    }
    /// Generation and key.
    pub(super) fn read(&self) -> Result<(u64, Key), KeyFault> {
        let file = |source| KeyFault::File { step: "read", path: self.path.clone(), source };
        let text = Zeroizing::new(fs::read_to_string(&self.path).map_err(file)?);
        let malformed = || KeyFault::NotAKeyFile { path: self.path.clone() };
        let mut words = text.split_whitespace();
        let (Some(FILE_MARK), Some(generation), Some(hex), None) = (words.next(), words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        let generation = generation.parse().map_err(|_| malformed())?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(malformed());
        }
        for (index, byte) in key.iter_mut().enumerate() {
            let digits = hex.get(2 * index..2 * index + 2).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok((generation, Key(key)))
    }
    /// Writes the next content durably beside the file. Why before the vault is written: what cannot be written must be known by then.
    pub(super) fn prepare(&self, generation: u64, key: &Key) -> Result<(), KeyFault> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut writer = options.open(self.next()).map_err(self.failed("write"))?;
        let mut hex = Zeroizing::new(String::with_capacity(64));
        for byte in key.iter() {
            let _written = write!(hex, "{byte:02x}");
        }
        let line = Zeroizing::new(format!("{FILE_MARK} {generation} {}\n", hex.as_str()));
        writer.write_all(line.as_bytes()).map_err(self.failed("write"))?;
        writer.sync_all().map_err(self.failed("sync"))
    }
    /// Gives the prepared content the file's name, durably.
    pub(super) fn put_in_place(&self) -> Result<(), KeyFault> {
        files::put_in_place(&self.next(), &self.path).map_err(self.failed("replace"))
    }
    /// Takes prepared content back.
    pub(super) fn discard(&self) -> Result<(), KeyFault> {
        fs::remove_file(self.next()).map_err(self.failed("write"))
    }
    fn next(&self) -> PathBuf {
        files::beside(&self.path, "next")
    }
    fn failed(&self, step: &'static str) -> impl FnOnce(std::io::Error) -> KeyFault {
        let path = self.path.clone();
        move |source| KeyFault::File { step, path, source }
    }
}
