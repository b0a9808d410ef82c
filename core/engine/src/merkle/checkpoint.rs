//! What the log signs: checkpoints (the state of the whole log) and head statements (of one subject).
//!
//! A checkpoint is the log's promise that it will never show anyone another tree of that size. A head
//! statement is the operator's word, not a proof, that a subject's story had so many events in that tree;
//! it is signed under the name `ORIGIN/head`, so nobody can pass it off as a checkpoint.
//!
//! Source: C2SP tlog-checkpoint; head statements are ours.

use std::fmt;

use thiserror::Error;

use super::keys::{KeyError, SignerKey, VerifierKey, check_name};
use super::note::{NoteError, SignedNote};
use super::text::{parse_decimal, parse_hash};
use super::tree::{SIZE_MAX, TreeHash, empty_root};

/// Why a checkpoint or a head statement is refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum CheckpointError {
    /// The origin cannot be a key name.
    #[error("origin is not usable as a key name")]
    Origin(#[source] KeyError),
    /// No tree has this size.
    #[error("tree size {size} is beyond the largest size {SIZE_MAX}")]
    SizeTooLarge {
        /// The size given.
        size: u64,
    },
    /// The root of an empty tree is fixed.
    #[error("root of an empty tree is not the hash of nothing")]
    WrongEmptyRoot,
    /// Too few lines, or one that should be there is empty, or no newline at the end.
    #[error("text does not have its lines, none of them empty and each ended by a newline")]
    BadLines,
    /// The size or ordinal is not a plain number.
    #[error("{what} {found:?} is not a plain number of at most {SIZE_MAX}")]
    BadNumber {
        /// Which number.
        what: &'static str,
        /// Text found.
        found: String,
    },
    /// The root is not base64 of 32 bytes.
    #[error("root hash {found:?} is not the base64 of 32 bytes")]
    BadRoot {
        /// Text found.
        found: String,
    },
    /// The subject is not of the form `kind/id`.
    #[error("subject {found:?} is not of the form kind/id")]
    BadSubject {
        /// Text found.
        found: String,
    },
    /// It speaks for another log.
    #[error("statement is from {found:?}, not from {expected:?}")]
    OtherOrigin {
        /// The log asked for.
        expected: String,
        /// The log it names.
        found: String,
    },
    /// The signing key has another name than the statement.
    #[error("key {key:?} may not sign for {origin:?}")]
    OtherKey {
        /// Name of the key.
        key: String,
        /// Name it should have.
        origin: String,
    },
    /// A statement of a new origin does not name a key.
    #[error("key of the new origin")]
    NewKey(#[source] KeyError),
    /// The note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Size and root of a log at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: TreeHash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint of our own, without extension lines.
    pub fn new(origin: &str, size: u64, root: TreeHash) -> Result<Self, CheckpointError> {
        check_name(origin).map_err(CheckpointError::Origin)?;
        check_tree(size, &root)?;
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// The same with one more line, whose meaning is the caller's.
    ///
    /// # Errors
    /// The line could not be read back as one.
    pub fn with_extension(mut self, line: String) -> Result<Self, CheckpointError> {
        self.extensions.push(line);
        Self::parse(&self.to_string()).map(|_| self)
    }

    /// Reads the text of a checkpoint note.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = plain_lines(text)?;
        let [origin, size, root, extensions @ ..] = &lines[..] else {
            return Err(CheckpointError::BadLines);
        };
        let (size, root) = parse_tree(size, root)?;
        let extensions = extensions.iter().map(|&line| line.to_owned()).collect();
        Ok(Self { origin: (*origin).to_owned(), size, root, extensions })
    }

    /// Signs it with the log's key, or with several of that name while keys change.
    pub fn sign(&self, keys: &[&SignerKey]) -> Result<SignedNote, CheckpointError> {
        sign_as(&self.origin, &self.to_string(), keys)
    }

    /// Reads and checks a published checkpoint: signed by a key of the log's name among `keys`, and naming
    /// this log. Signatures of the other `keys` (witnesses) must hold if they are there.
    pub fn open(note: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(&open_as(origin, note, keys)?)?;
        expect_origin(origin, &checkpoint.origin)?;
        Ok(checkpoint)
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root over these leaves.
    pub const fn root(&self) -> &TreeHash {
        &self.root
    }

    /// Lines after the root. We write one only, in the first checkpoint of a new origin; the meaning of others is not known.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The operator's statement of how far a subject's story reached in a tree.
///
/// Text, one line each: `ORIGIN/head`, subject, ordinal, tree size, root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadStatement {
    /// Name of the log, without `/head`.
    pub origin: String,
    /// The subject as `kind/id`.
    pub subject: String,
    /// Ordinal of the subject's newest event in that tree.
    pub ordinal: u64,
    /// Size of the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: TreeHash,
}

impl HeadStatement {
    /// Name of the key that signs head statements of a log.
    pub fn key_name(origin: &str) -> String {
        format!("{origin}/head")
    }

    /// Signs it with the key named `ORIGIN/head`.
    pub fn sign(&self, key: &SignerKey) -> Result<SignedNote, CheckpointError> {
        let name = Self::key_name(&self.origin);
        // Whatever is signed must be readable: our own reader decides.
        Self::parse(&self.to_string())?;
        sign_as(&name, &self.to_string(), &[key])
    }

    /// Reads and checks a head statement of this log.
    pub fn open(note: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let statement = Self::parse(&open_as(&Self::key_name(origin), note, keys)?)?;
        expect_origin(origin, &statement.origin)?;
        Ok(statement)
    }

    /// Reads the text of a head statement.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = plain_lines(text)?;
        let &[name, subject, ordinal, size, root] = &lines[..] else {
            return Err(CheckpointError::BadLines);
        };
        let origin = name
            .strip_suffix("/head")
            .ok_or_else(|| CheckpointError::OtherOrigin { expected: "ORIGIN/head".to_owned(), found: name.to_owned() })?;
        check_name(origin).map_err(CheckpointError::Origin)?;
        if !subject.split_once('/').is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty()) {
            return Err(CheckpointError::BadSubject { found: subject.to_owned() });
        }
        let ordinal = parse_number("ordinal", ordinal)?;
        let (size, root) = parse_tree(size, root)?;
        Ok(Self { origin: origin.to_owned(), subject: subject.to_owned(), ordinal, size, root })
    }
}

impl fmt::Display for HeadStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::key_name(&self.origin);
        writeln!(f, "{name}\n{}\n{}\n{}\n{}", self.subject, self.ordinal, self.size, self.root)
    }
}

/// Signs a statement; every key must bear the statement's own name.
fn sign_as(name: &str, text: &str, keys: &[&SignerKey]) -> Result<SignedNote, CheckpointError> {
    match keys.iter().map(|key| key.verifier().name()).find(|&key| key != name) {
        Some(key) => Err(CheckpointError::OtherKey { key: key.to_owned(), origin: name.to_owned() }),
        None => Ok(SignedNote::sign(text, keys)?),
    }
}

/// Checks the note around a statement and that a key of this name signed it; gives its text.
fn open_as(name: &str, note: &[u8], keys: &[VerifierKey]) -> Result<String, CheckpointError> {
    let note = SignedNote::parse(note)?;
    if !note.verify(keys)?.iter().any(|key| key.name() == name) {
        return Err(CheckpointError::Note(NoteError::NotSignedByKnownKey));
    }
    Ok(note.text().to_owned())
}

fn expect_origin(expected: &str, found: &str) -> Result<(), CheckpointError> {
    if expected == found {
        return Ok(());
    }
    Err(CheckpointError::OtherOrigin { expected: expected.to_owned(), found: found.to_owned() })
}

/// Splits a text into lines, each ended by a newline and none of them empty.
pub(super) fn plain_lines(text: &str) -> Result<Vec<&str>, CheckpointError> {
    let lines: Vec<&str> = text.strip_suffix('\n').ok_or(CheckpointError::BadLines)?.split('\n').collect();
    if lines.iter().any(|line| line.is_empty()) { Err(CheckpointError::BadLines) } else { Ok(lines) }
}

pub(super) fn parse_tree(size: &str, root: &str) -> Result<(u64, TreeHash), CheckpointError> {
    let size = parse_number("tree size", size)?;
    let root = parse_hash(root).ok_or_else(|| CheckpointError::BadRoot { found: root.to_owned() })?;
    check_tree(size, &root)?;
    Ok((size, root))
}

fn parse_number(what: &'static str, text: &str) -> Result<u64, CheckpointError> {
    parse_decimal(text).ok_or_else(|| CheckpointError::BadNumber { what, found: text.to_owned() })
}

fn check_tree(size: u64, root: &TreeHash) -> Result<(), CheckpointError> {
    if size > SIZE_MAX {
        return Err(CheckpointError::SizeTooLarge { size });
    }
    if size == 0 && *root != empty_root() { Err(CheckpointError::WrongEmptyRoot) } else { Ok(()) }
}
