//! Exact decoding: no surplus bytes, and (in tests and `verify`) the same bytes when encoded again.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that are not what their tag says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFault {
    /// The bytes do not decode.
    #[error("the bytes of tag {tag:#06x} do not decode")]
    Malformed {
        /// The tag, or zero for a commit.
        tag: u16,
        /// What postcard says.
        #[source]
        source: postcard::Error,
    },
    /// Bytes are left over.
    #[error("{count} bytes are left over after tag {tag:#06x}")]
    Surplus {
        /// The tag, or zero for a commit.
        tag: u16,
        /// How many.
        count: usize,
    },
    /// The bytes decode but are not what encoding gives.
    #[error("the bytes of tag {tag:#06x} are not in canonical form")]
    NotCanonical {
        /// The tag, or zero for a commit.
        tag: u16,
    },
    /// The tag is not in the registry.
    #[error("tag {tag:#06x} is unknown to this version")]
    UnknownTag {
        /// The tag.
        tag: u16,
    },
    /// A commit names something this version does not know.
    #[error("a commit names {what} that this version does not know")]
    Unknown {
        /// What.
        what: &'static str,
    },
}

/// Encodes; cannot fail for the types of this crate.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap_or_default()
}

/// The same as [`encode`] into a buffer that takes about as many bytes from the beginning, so that it need not grow.
pub fn encode_long<T: Serialize + ?Sized>(value: &T, bytes_about: usize) -> Vec<u8> {
    postcard::to_extend(value, Vec::with_capacity(bytes_about)).unwrap_or_default()
}

/// Decodes all of the bytes or none.
///
/// # Errors
/// `Malformed` or `Surplus`.
pub fn decode_exact<T: DeserializeOwned>(tag: u16, bytes: &[u8]) -> Result<T, DecodeFault> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|source| DecodeFault::Malformed { tag, source })?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeFault::Surplus { tag, count: rest.len() }) }
}

/// Decodes and checks that encoding gives the same bytes: a varint with a padded zero, say, is refused.
///
/// # Errors
/// Those of [`decode_exact`], and `NotCanonical`.
pub fn decode_canonical<T: DeserializeOwned + Serialize>(tag: u16, bytes: &[u8]) -> Result<T, DecodeFault> {
    let value: T = decode_exact(tag, bytes)?;
    if encode(&value) == bytes { Ok(value) } else { Err(DecodeFault::NotCanonical { tag }) }
}
