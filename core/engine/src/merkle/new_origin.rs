//! The public statement that a log goes on under a new origin, since it lost what it had published.
//!
//! A signed note, one fact a line: [`MARK`], the old origin, size and root of its last published checkpoint; the new origin and its whole key,
//! size and root of the tree that it begins with; when; why. The old key *and* the new one sign it. So whoever trusted the old key learns the
//! new one from it, and can hold the new beginning against what they keep of the old tree.
//!
//! The first checkpoint under the new origin names the SHA-256 of the note in an extension line ([`NewOrigin::extension`]).

use std::fmt;

use zhixin_events::digest::sha256;

use super::checkpoint::{CheckpointError, parse_tree, plain_lines};
use super::keys::{SignerKey, VerifierKey};
use super::note::{NoteError, SignedNote};
use super::tree::TreeHash;

/// First line of a statement. No origin is spelled so: none has so few parts.
pub const MARK: &str = "zhixin-new-origin/1";

/// The statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrigin {
    /// The origin that ends.
    pub old_origin: String,
    /// Size of its last published checkpoint.
    pub old_size: u64,
    /// Root of that checkpoint.
    pub old_root: TreeHash,
    /// The key of the new origin, whose name is the origin.
    pub new_key: VerifierKey,
    /// Events that were restored: the new tree begins as the old one did, up to here.
    pub size: u64,
    /// Root over them.
    pub root: TreeHash,
    /// When it was made, as RFC 3339 in UTC.
    pub at: String,
    /// Why, in one line.
    pub reason: String,
}

impl NewOrigin {
    /// Signs it with both keys.
    ///
    /// # Errors
    /// A key bears another name than the statement says, or a line is empty or no plain text.
    pub fn sign(&self, old: &SignerKey, new: &SignerKey) -> Result<SignedNote, CheckpointError> {
        if old.verifier().name() != self.old_origin || *new.verifier() != self.new_key {
            return Err(CheckpointError::OtherKey { key: old.verifier().name().to_owned(), origin: self.old_origin.clone() });
        }
        // Whatever is signed must be readable: our own reader decides.
        Self::parse(&self.to_string())?;
        Ok(SignedNote::sign(&self.to_string(), &[old, new])?)
    }

    /// Reads and checks a statement: the old key, which the caller knows, and the new key, which it names, must both have signed it.
    ///
    /// # Errors
    /// It is none, or one of the signatures is missing or wrong.
    pub fn open(note: &[u8], old: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        let statement = Self::parse(note.text())?;
        if statement.old_origin != old.name() {
            return Err(CheckpointError::OtherOrigin { expected: old.name().to_owned(), found: statement.old_origin });
        }
        match note.verify(&[old.clone(), statement.new_key.clone()])?.len() {
            2 => Ok(statement),
            _ => Err(CheckpointError::Note(NoteError::NotSignedByKnownKey)),
        }
    }

    /// The extension line that ties the first checkpoint under the new origin to this note.
    pub fn extension(note: &str) -> String {
        let digest = sha256(&[note.as_bytes()]);
        digest.iter().fold(format!("{MARK} "), |line, byte| format!("{line}{byte:02x}"))
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let &[MARK, old_origin, old_size, old_root, new_key, size, root, at, reason] = &plain_lines(text)?[..] else {
            return Err(CheckpointError::BadLines);
        };
        let (old_size, old_root) = parse_tree(old_size, old_root)?;
        let (size, root) = parse_tree(size, root)?;
        let new_key = VerifierKey::parse(new_key).map_err(CheckpointError::NewKey)?;
        Ok(Self {
            old_origin: old_origin.to_owned(),
            old_size,
            old_root,
            new_key,
            size,
            root,
            at: at.to_owned(),
            reason: reason.to_owned(),
        })
    }
}

impl fmt::Display for NewOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { old_origin, old_size, old_root, new_key, size, root, at, reason } = self;
        writeln!(f, "{MARK}\n{old_origin}\n{old_size}\n{old_root}\n{new_key}\n{size}\n{root}\n{at}\n{reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> [SignerKey; 3] {
        [("a.example/zhixin/1", 1), ("a.example/zhixin/1/2", 2), ("a.example/zhixin/1", 3)]
            .map(|(name, seed)| SignerKey::new(name, &[seed; 32]).unwrap())
    }

    fn statement(new: &SignerKey) -> NewOrigin {
        NewOrigin {
            old_origin: "a.example/zhixin/1".to_owned(),
            old_size: 9,
            old_root: TreeHash::from_bytes([1; 32]),
            new_key: new.verifier().clone(),
            size: 5,
            root: TreeHash::from_bytes([2; 32]),
            at: "2025-03-03T02:00:00.000Z".to_owned(),
            reason: "the disk failed".to_owned(),
        }
    }

    #[test]
    fn a_statement_opens_only_with_both_signatures_and_for_who_knows_the_old_key() {
        let [old, new, other] = keys();
        let statement = statement(&new);
        let note = statement.sign(&old, &new).unwrap().to_string();
        assert_eq!(NewOrigin::open(note.as_bytes(), old.verifier()).unwrap(), statement);
        assert!(NewOrigin::open(note.as_bytes(), other.verifier()).is_err(), "another key of the same name");
        assert!(NewOrigin::open(note.as_bytes(), new.verifier()).is_err());
        for alone in [&old, &new] {
            let half = SignedNote::sign(&statement.to_string(), &[alone]).unwrap().to_string();
            assert_eq!(
                NewOrigin::open(half.as_bytes(), old.verifier()),
                Err(CheckpointError::Note(NoteError::NotSignedByKnownKey)),
                "one signature is not enough"
            );
        }
        for (from, to) in [("\n5\n", "\n6\n"), ("the disk failed", "a move"), ("zhixin-new-origin/1", "zhixin-new-origin/2")] {
            assert!(NewOrigin::open(note.replace(from, to).as_bytes(), old.verifier()).is_err(), "{from}");
        }
    }

    #[test]
    fn a_reason_of_two_lines_or_none_is_not_signed() {
        let [old, new, _] = keys();
        for reason in ["", "one\ntwo", "a\ttab"] {
            let statement = NewOrigin { reason: reason.to_owned(), ..statement(&new) };
            assert!(statement.sign(&old, &new).is_err(), "{reason:?}");
        }
    }
}
