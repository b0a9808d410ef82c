//! Note keys: Ed25519 keys with a name, and their text forms *vkey* and *skey*.
//!
//! Invariant: name and id tell a key apart; the id always is the one that follows from name and key.
//! Source: C2SP signed-note, "Signatures"; the text forms are those of Go's `sumdb/note`.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::text::{parse_base64, to_base64};

/// Signature type of plain Ed25519 notes.
const ED25519: u8 = 1;

const SKEY_PREFIX: &str = "PRIVATE+KEY+";

/// Why a key cannot be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// A key name is not empty and has no spaces, plus signs or control characters.
    #[error("key name {name:?} is empty or has a space, a plus sign or a control character")]
    BadName {
        /// Name given.
        name: String,
    },
    /// Not `name+id+key`, or for a secret key not `PRIVATE+KEY+name+id+key`.
    #[error("key text does not have the parts name+id+key")]
    BadForm,
    /// The id is not the one that follows from name and key. Also given for a spelling other than eight
    /// lower-case hexadecimal digits.
    #[error("key id {found:?} does not belong to this name and key")]
    WrongId {
        /// Id given.
        found: String,
    },
    /// The last part is not base64 of a type byte and 32 bytes.
    #[error("key data is not the base64 of a type byte and 32 key bytes")]
    BadKeyData,
    /// A kind of key that we do not use.
    #[error("key has signature type {found}, only {ED25519} (Ed25519) is known")]
    UnknownType {
        /// Type byte found.
        found: u8,
    },
    /// The 32 bytes are no usable Ed25519 public key.
    #[error("key bytes are not a usable Ed25519 public key")]
    UnusableKey,
}

/// Public key under which signatures are checked; as text, a *vkey*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a public key.
    pub fn new(name: &str, public: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| KeyError::UnusableKey)?;
        if key.is_weak() {
            return Err(KeyError::UnusableKey);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, public), key })
    }

    /// Reads `name+id+base64`. The base64 may itself contain plus signs.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        let (name, id, bytes) = parse_key_text(vkey)?;
        let key = Self::new(name, &bytes)?;
        check_id(id, key.id)?;
        Ok(key)
    }

    /// Key name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key id, as it precedes signatures.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Strict check: also refuses signatures that only some implementations accept.
    pub(super) fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, self.id, to_base64(&typed(self.key.as_bytes())[..]))
    }
}

/// Secret key that signs; as text, an *skey*. `Debug` does not show it, dropping it wipes it.
pub struct SignerKey {
    verifier: VerifierKey,
    key: SigningKey,
}

impl SignerKey {
    /// Names a secret key, given by its 32 random bytes (the RFC 8032 seed).
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { verifier: VerifierKey::new(name, key.verifying_key().as_bytes())?, key })
    }

    /// Reads `PRIVATE+KEY+name+id+base64`.
    pub fn parse(skey: &str) -> Result<Self, KeyError> {
        let (name, id, seed) = parse_key_text(skey.strip_prefix(SKEY_PREFIX).ok_or(KeyError::BadForm)?)?;
        let key = Self::new(name, &seed)?;
        check_id(id, key.verifier.id)?;
        Ok(key)
    }

    /// The secret text form; whoever has it can sign.
    pub fn to_skey(&self) -> Zeroizing<String> {
        let data = Zeroizing::new(to_base64(&typed(self.key.as_bytes())[..]));
        Zeroizing::new(format!("{SKEY_PREFIX}{}+{:08x}+{}", self.verifier.name, self.verifier.id, *data))
    }

    /// The public half.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text that the caller has checked.
    pub(super) fn sign(&self, text: &str) -> Vec<u8> {
        self.key.sign(text.as_bytes()).to_bytes().to_vec()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// First four bytes of the SHA-256 over name, newline, signature type and public key.
fn key_id(name: &str, public: &[u8; 32]) -> u32 {
    let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public).finalize();
    digest.iter().take(4).fold(0, |id, &byte| id << 8 | u32::from(byte))
}

/// Type byte, then the key.
fn typed(key: &[u8; 32]) -> Zeroizing<[u8; 33]> {
    let mut data = Zeroizing::new([ED25519; 33]);
    data[1..].copy_from_slice(key);
    data
}

/// Splits `name+id+base64` at its first two plus signs.
fn parse_key_text(text: &str) -> Result<(&str, &str, Zeroizing<[u8; 32]>), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::BadForm)?;
    let (id, data) = rest.split_once('+').ok_or(KeyError::BadForm)?;
    let data = Zeroizing::new(parse_base64(data).ok_or(KeyError::BadKeyData)?);
    let (&kind, bytes) = data.split_first().ok_or(KeyError::BadKeyData)?;
    if kind != ED25519 {
        return Err(KeyError::UnknownType { found: kind });
    }
    Ok((name, id, Zeroizing::new(bytes.try_into().map_err(|_| KeyError::BadKeyData)?)))
}

fn check_id(text: &str, id: u32) -> Result<(), KeyError> {
    if text == format!("{id:08x}") { Ok(()) } else { Err(KeyError::WrongId { found: text.to_owned() }) }
}

/// Refuses names that could not stand in a signature line.
pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) { Err(KeyError::BadName { name: name.to_owned() }) } else { Ok(()) }
}
