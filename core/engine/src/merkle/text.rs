//! Small strict text forms shared by checkpoints, proofs and paths: each value has exactly one spelling.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::tree::{HASH_LEN, SIZE_MAX, TreeHash};

/// Reads a decimal number as the C2SP formats write it: ASCII digits, no sign, no leading zero, at most
/// [`SIZE_MAX`].
pub(super) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&number| number <= SIZE_MAX)
}

/// Reads one hash in padded standard base64, refusing surplus bits and other lengths.
pub(super) fn parse_hash(text: &str) -> Option<TreeHash> {
    let bytes = parse_base64(text)?;
    Some(TreeHash::from_bytes(<[u8; HASH_LEN]>::try_from(bytes).ok()?))
}

/// Reads padded standard base64 in its one canonical spelling.
pub(super) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes padded standard base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
