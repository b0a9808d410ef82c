//! Salted digests of fields: the disclosure rule of RFC 9901, and the salts that are derived rather than stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::json::Json;

/// Unpadded base64url.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
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

/// A disclosure `D`: base64url of the JSON array `[salt, name, value]` without spaces. Whoever holds it can show one field.
pub fn disclosure(salt: &[u8; 16], name: &str, value: &Json) -> String {
    let mut text = String::with_capacity(64);
    text.push('[');
    Json::Text(base64url(salt)).write(&mut text);
    text.push(',');
    crate::json::write_text(name, &mut text);
    text.push(',');
    value.write(&mut text);
    text.push(']');
    base64url(text.as_bytes())
}

/// The digest of a disclosure: SHA-256 of its ASCII text. Source: RFC 9901, 4.2.3.
pub fn disclosure_digest(salt: &[u8; 16], name: &str, value: &Json) -> [u8; 32] {
    sha256(&[disclosure(salt, name, value).as_bytes()])
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
        let value = Json::Text("王小明".to_owned());
        assert_eq!(disclosure(&salt, "holder", &value), "WyJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRIiwiaG9sZGVyIiwi546L5bCP5piOIl0");
        assert_eq!(base64url(&disclosure_digest(&salt, "holder", &value)), "zIXT2EAVwzc75hyO63TMcl-_Nw_PTaFIqmQ5uYPYKdA");
    }
}
