//! Salted digests of fields: the disclosure rule of RFC 9901, and the salts that are derived rather than stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::field::write_text;

/// Unpadded base64url.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Unpadded base64url of a digest.
pub(crate) fn base64url_of_digest(digest: &[u8; 32]) -> [u8; 43] {
    let mut text = [0; 43];
    let _fits = URL_SAFE_NO_PAD.encode_slice(digest, &mut text);
    text
}

/// Appends unpadded base64url.
pub(crate) fn write_base64url(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Reads unpadded base64url.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn first16(hash: [u8; 32]) -> [u8; 16] {
    let (head, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    *head
}

/// Makes disclosures one after another, in the same room.
#[derive(Debug, Default)]
pub(crate) struct Discloser {
    value: String,
    json: String,
    text: String,
}

impl Discloser {
    /// The disclosure of a value that `write` appends, none when that says it is absent: then no salt is asked for.
    pub(crate) fn disclosure(&mut self, salt: impl FnOnce() -> [u8; 16], name: &str, write: &dyn Fn(&mut String) -> bool) -> Option<&str> {
        self.value.clear();
        if !write(&mut self.value) {
            return None;
        }
        self.json.clear();
        self.json.push_str("[\"");
        URL_SAFE_NO_PAD.encode_string(salt(), &mut self.json);
        self.json.push_str("\",");
        crate::json::write_text(name, &mut self.json);
        self.json.push(',');
        self.json.push_str(&self.value);
        self.json.push(']');
        self.text.clear();
        URL_SAFE_NO_PAD.encode_string(&self.json, &mut self.text);
        Some(&self.text)
    }

    /// Its digest: SHA-256 of its ASCII text. Source: RFC 9901, 4.2.3.
    pub(crate) fn digest(&mut self, salt: impl FnOnce() -> [u8; 16], name: &str, write: &dyn Fn(&mut String) -> bool) -> Option<[u8; 32]> {
        self.disclosure(salt, name, write).map(|text| sha256(&[text.as_bytes()]))
    }
}

/// A disclosure `D`: base64url of the JSON array `[salt, name, value]` without spaces. Whoever holds it can show one field.
pub fn disclosure(salt: &[u8; 16], name: &str, value: &str) -> String {
    Discloser::default().disclosure(|| *salt, name, &|out| write_text(value, out)).unwrap_or_default().to_owned()
}

/// The digest of a disclosure.
pub fn disclosure_digest(salt: &[u8; 16], name: &str, value: &str) -> [u8; 32] {
    Discloser::default().digest(|| *salt, name, &|out| write_text(value, out)).unwrap_or_default()
}

/// The salt of a masked field: derived from the commit's salt, so that it costs no bytes.
pub fn mask_salt(commit_salt: &[u8; 16], index: u16, field: &str) -> [u8; 16] {
    first16(sha256(&[b"zx-mask", commit_salt, &index.to_le_bytes(), field.as_bytes()]))
}

/// The blinding value `z` of a leaf: one disclosed leaf tells nothing of its neighbours.
pub fn leaf_blinding(commit_salt: &[u8; 16], index: u16) -> [u8; 16] {
    first16(sha256(&[b"zx-leaf", commit_salt, &index.to_le_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disclosure_and_digest_match_the_published_vector() {
        let salt = [1_u8; 16];
        let value = "王小明";
        assert_eq!(disclosure(&salt, "holder", value), "WyJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRIiwiaG9sZGVyIiwi546L5bCP5piOIl0");
        assert_eq!(base64url(&disclosure_digest(&salt, "holder", value)), "zIXT2EAVwzc75hyO63TMcl-_Nw_PTaFIqmQ5uYPYKdA");
    }
}
