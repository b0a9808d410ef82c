//! Looking a person up by identity number: a keyed hash, in derived rows only, removed on erasure. Nobody registers twice.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zhixin_events::{DocumentKind, invariant};

use crate::vault_keys::Key;

/// Hashes identity numbers under a key of the vault.
#[derive(Clone)]
pub struct IdentityKeys {
    key: Key,
}

impl std::fmt::Debug for IdentityKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityKeys")
    }
}

impl IdentityKeys {
    /// Hashes under this key.
    pub const fn new(key: Key) -> Self {
        Self { key }
    }
    /// The hash of a number: without the key, nobody can try out numbers.
    pub fn hash(&self, kind: DocumentKind, number: &str) -> [u8; 16] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else { invariant!("HMAC takes a key of any length") };
        mac.update(b"idno/v1\0");
        mac.update(&[kind.code()]);
        mac.update(number.as_bytes());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        full.first_chunk().copied().unwrap_or_default()
    }
}
