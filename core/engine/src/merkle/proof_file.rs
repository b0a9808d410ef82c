//! `tlog-proof@v1`: one text file that proves offline that a leaf is in the log.
//!
//! It holds the index, the inclusion proof and the signed checkpoint. Source: C2SP tlog-proof.

use std::fmt;

use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::keys::VerifierKey;
use super::note::NOTE_LEN_MAX;
use super::proof::{INCLUSION_LEN_MAX, ProofError, verify_inclusion};
use super::text::{parse_base64, parse_decimal, parse_hash, to_base64};
use super::tree::TreeHash;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Longest file read: the longest note, and as much again for the proof and the extra data.
pub const PROOF_FILE_LEN_MAX: usize = 2 * NOTE_LEN_MAX;

/// The parts of a proof file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Unauthenticated bytes that travel along; empty = none. Nothing may be believed because of them.
    pub extra: Vec<u8>,
    /// Index of the leaf.
    pub index: u64,
    /// Inclusion proof, from the leaf's sibling upwards.
    pub path: Vec<TreeHash>,
    /// The signed checkpoint as published.
    pub checkpoint: String,
}

/// Why a proof file is not accepted.
#[derive(Debug, Error)]
pub enum ProofFileError {
    /// Longer than any proof we read.
    #[error("proof file has {len} bytes, more than {PROOF_FILE_LEN_MAX}")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// Not text.
    #[error("proof file is not UTF-8")]
    NotUtf8,
    /// The first line names another format.
    #[error("first line of the proof file is not {HEADER}")]
    WrongHeader,
    /// A line is not what its place asks for.
    #[error("line {line} of the proof file is not {expected}")]
    BadLine {
        /// Number of the line, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// More hashes than the largest tree has levels.
    #[error("proof has more hashes than the largest tree has levels")]
    TooManyHashes,
    /// The checkpoint in it is refused.
    #[error("checkpoint of the proof file is refused")]
    Checkpoint(#[source] CheckpointError),
    /// The proof in it does not hold.
    #[error("inclusion proof of the proof file does not hold")]
    Proof(#[source] ProofError),
}

impl TlogProof {
    /// Reads a proof file. Its checkpoint is kept as it is; only [`Self::verify`] says whether to trust it.
    pub fn parse(file: &[u8]) -> Result<Self, ProofFileError> {
        if file.len() > PROOF_FILE_LEN_MAX {
            return Err(ProofFileError::TooLong { len: file.len() });
        }
        let text = std::str::from_utf8(file).map_err(|_| ProofFileError::NotUtf8)?;
        let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let mut lines = Lines { rest: rest.ok_or(ProofFileError::WrongHeader)?, line: 1 };
        let extra = match lines.rest.strip_prefix("extra ") {
            None => Vec::new(),
            Some(_) => lines
                .next()
                .and_then(|line| parse_base64(line.strip_prefix("extra ")?))
                .filter(|extra| !extra.is_empty())
                .ok_or_else(|| lines.bad("an extra line with data in base64"))?,
        };
        let index = lines.next().and_then(|line| parse_decimal(line.strip_prefix("index ")?));
        let index = index.ok_or_else(|| lines.bad("an index line with a plain number"))?;
        let mut path = Vec::new();
        loop {
            let line = lines.next().ok_or_else(|| lines.bad("a hash or the empty line before the checkpoint"))?;
            if line.is_empty() {
                break;
            }
            if path.len() == INCLUSION_LEN_MAX {
                return Err(ProofFileError::TooManyHashes);
            }
            path.push(parse_hash(line).ok_or_else(|| lines.bad("a hash in base64"))?);
        }
        Ok(Self { extra, index, path, checkpoint: lines.rest.to_owned() })
    }

    /// Checks the whole file for one leaf: signature by a known key of the log, origin, and inclusion.
    /// Gives the checkpoint that the leaf is in.
    pub fn verify(&self, leaf: &TreeHash, origin: &str, keys: &[VerifierKey]) -> Result<Checkpoint, ProofFileError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), origin, keys).map_err(ProofFileError::Checkpoint)?;
        verify_inclusion(leaf, self.index, checkpoint.size(), &self.path, checkpoint.root()).map_err(ProofFileError::Proof)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", to_base64(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Hashes as text, one in base64 a line: the form of a consistency proof over HTTP.
pub fn hash_lines(hashes: &[TreeHash]) -> String {
    hashes.iter().flat_map(|hash| [hash.to_string(), "\n".to_owned()]).collect()
}

/// Reads what [`hash_lines`] wrote; nothing for the empty proof.
pub fn parse_hash_lines(text: &str) -> Result<Vec<TreeHash>, ProofFileError> {
    let (mut lines, mut hashes) = (Lines { rest: text, line: 0 }, Vec::new());
    while !lines.rest.is_empty() {
        // A consistency proof is at most one hash longer than an inclusion proof.
        if hashes.len() > INCLUSION_LEN_MAX {
            return Err(ProofFileError::TooManyHashes);
        }
        hashes.push(lines.next().and_then(parse_hash).ok_or_else(|| lines.bad("a hash in base64"))?);
    }
    Ok(hashes)
}

/// Lines that each end in a newline, counted for error messages.
struct Lines<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }

    fn bad(&self, expected: &'static str) -> ProofFileError {
        ProofFileError::BadLine { line: self.line, expected }
    }
}
