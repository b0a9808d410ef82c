//! Looking a person up by identity number: a keyed hash, in derived rows only, removed on erasure. Nobody registers twice.
//!
//! A number finds a person only together with the name: see `names`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zhixin_domain::person::comparable_name;
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
    fn mac(&self) -> Hmac<Sha256> {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else { invariant!("HMAC takes a key of any length") };
        mac
    }
    /// The hash of a number: without the key, nobody can try out numbers.
    pub fn hash(&self, kind: DocumentKind, number: &str) -> [u8; 16] {
        let mut mac = self.mac();
        mac.update(b"idno/v1\0");
        mac.update(&[kind.code()]);
        mac.update(number.as_bytes());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        full.first_chunk().copied().unwrap_or_default()
    }
    fn name_mac(&self, name: &str) -> Hmac<Sha256> {
        self.mac().chain_update(b"name/v1\0").chain_update(comparable_name(name))
    }
    /// The hash of a name in the form in which names are compared.
    pub(crate) fn name_hash(&self, name: &str) -> [u8; 32] {
        self.name_mac(name).finalize().into_bytes().into()
    }
    /// Whether a name has this hash, in a time that does not tell how much of it agrees.
    pub(crate) fn is_name(&self, name: &str, hash: &[u8; 32]) -> bool {
        self.name_mac(name).verify_slice(hash).is_ok()
    }
}
