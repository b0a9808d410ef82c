//! C2SP signed notes: a text, an empty line, and one line for each signature; Ed25519 only.
//!
//! A signature is found by key name and 32-bit key id. Lines of unknown keys are ignored, so that witnesses
//! and other algorithms can add theirs; a failing signature of a known key refuses the whole note.
//!
//! The signature covers the text alone, not the key name. Two kinds of statement signed with one secret key
//! must therefore differ in their texts, as checkpoints and head statements do in their first line.
//!
//! Source: C2SP signed-note.

use std::fmt;

use thiserror::Error;

use super::keys::{SignerKey, VerifierKey, check_name};
use super::text::{parse_base64, to_base64};

/// Longest note read or written, in bytes.
pub const NOTE_LEN_MAX: usize = 1 << 20;

/// Most signature lines in a note. The format asks for at least 16.
pub const SIGNATURES_MAX: usize = 100;

const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Why a note is refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum NoteError {
    /// Longer than any note we read.
    #[error("note has {len} bytes, more than {NOTE_LEN_MAX}")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// Not UTF-8, or with control characters other than newline.
    #[error("note is not UTF-8 text without control characters")]
    NotPlainText,
    /// A note's text ends with a newline.
    #[error("text of the note does not end with a newline")]
    TextWithoutNewline,
    /// No empty line, or nothing after it, or no newline at the end.
    #[error("note has no signature lines after an empty line, or does not end with a newline")]
    NoSignatureLines,
    /// More lines than we check.
    #[error("note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A signature line is not em dash, name, base64.
    #[error("signature line {line} of the note is malformed")]
    BadSignatureLine {
        /// Number of the line among the signatures, from 1.
        line: usize,
    },
    /// Two of the given keys cannot be told apart.
    #[error("two known keys have the name {name:?} and the id {id:08x}")]
    AmbiguousKeys {
        /// Name of both.
        name: String,
        /// Id of both.
        id: u32,
    },
    /// A known key's signature does not belong to this text.
    #[error("signature by {name:?} is wrong")]
    WrongSignature {
        /// Name of the key.
        name: String,
    },
    /// Nobody known signed.
    #[error("note is not signed by any known key")]
    NotSignedByKnownKey,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: u32,
    signature: Vec<u8>,
}

/// A well-formed note. Its text means nothing until [`Self::verify`] has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Signs a text, which must end with a newline, with each of the keys in order.
    pub fn sign(text: &str, keys: &[&SignerKey]) -> Result<Self, NoteError> {
        check_plain(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextWithoutNewline);
        }
        if keys.is_empty() {
            return Err(NoteError::NoSignatureLines);
        }
        let signatures = keys.iter().map(|key| NoteSignature {
            name: key.verifier().name().to_owned(),
            key_id: key.verifier().id(),
            signature: key.sign(text),
        });
        let note = Self { text: text.to_owned(), signatures: signatures.collect() };
        // Whatever leaves here is read again by others: the same limits apply both ways.
        Self::parse(note.to_string().as_bytes())
    }

    /// Reads a note without trusting it.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > NOTE_LEN_MAX {
            return Err(NoteError::TooLong { len: note.len() });
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::NotPlainText)?;
        check_plain(note)?;
        let split = note.rfind("\n\n").ok_or(NoteError::NoSignatureLines)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatureLines)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(parse_signature_line(line).ok_or(NoteError::BadSignatureLine { line: at + 1 })?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Checks every signature made by one of `keys`; at least one must be there. Gives those that signed,
    /// in the order of `keys`.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].iter().any(|other| other.name() == key.name() && other.id() == key.id()) {
                return Err(NoteError::AmbiguousKeys { name: key.name().to_owned(), id: key.id() });
            }
            let mut own = self.signatures.iter().filter(|line| line.name == key.name() && line.key_id == key.id()).peekable();
            if own.peek().is_some() {
                signed.push(key);
            }
            if !own.all(|line| key.verifies(&self.text, &line.signature)) {
                return Err(NoteError::WrongSignature { name: key.name().to_owned() });
            }
        }
        if signed.is_empty() { Err(NoteError::NotSignedByKnownKey) } else { Ok(signed) }
    }

    /// The text, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl NoteSignature {
    /// Name of the key, as the line says; unchecked.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key, as the line says; unchecked.
    pub const fn key_id(&self) -> u32 {
        self.key_id
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, key_id, signature } in &self.signatures {
            let data = [&key_id.to_be_bytes()[..], signature].concat();
            writeln!(f, "{SIGNATURE_PREFIX}{name} {}", to_base64(&data))?;
        }
        Ok(())
    }
}

fn check_plain(text: &str) -> Result<(), NoteError> {
    if text.bytes().all(|byte| byte >= b' ' || byte == b'\n') { Ok(()) } else { Err(NoteError::NotPlainText) }
}

fn parse_signature_line(line: &str) -> Option<NoteSignature> {
    let (name, data) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    check_name(name).ok()?;
    let data = parse_base64(data)?;
    let (id, signature) = data.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(NoteSignature { name: name.to_owned(), key_id: u32::from_be_bytes(*id), signature: signature.to_vec() })
}
