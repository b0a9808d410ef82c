//! Ids without meaning: 48 random bits, printed as ten Crockford base-32 characters.

use serde::{Deserialize, Serialize};

use crate::field::LeafValue;
use crate::json::Json;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Ids have ten characters.
    #[error("an id has ten characters, this has {0}")]
    Length(usize),
    /// Ids use the digits and the upper-case letters without I, L, O and U.
    #[error("an id uses digits and upper-case letters without I, L, O, U")]
    Character,
    /// Ten characters hold 50 bits; an id has 48.
    #[error("an id starts with a character from 0 to 7")]
    Range,
}

/// Ten characters on the stack.
#[derive(Clone, Copy)]
struct Digits([u8; 10]);

impl Digits {
    /// Those of 48 bits, most significant first.
    fn of(bytes: [u8; 6]) -> Self {
        let mut value = bytes.iter().fold(0_u64, |value, byte| (value << 8_u32) | u64::from(*byte));
        let mut digits = [0; 10];
        for digit in digits.iter_mut().rev() {
            let index = usize::try_from(value & 31).unwrap_or_default();
            *digit = ALPHABET.get(index).copied().unwrap_or_default();
            value >>= 5_u32;
        }
        Self(digits)
    }
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Prints 48 bits as ten characters, most significant first.
pub fn to_text(bytes: [u8; 6]) -> String {
    Digits::of(bytes).as_str().to_owned()
}

/// The same into what has room already.
pub(crate) fn write(bytes: [u8; 6], out: &mut dyn std::fmt::Write) -> std::fmt::Result {
    out.write_str(Digits::of(bytes).as_str())
}

/// Reads ten characters; only the printed form is accepted, so that one id has one text.
pub fn from_text(text: &str) -> Result<[u8; 6], IdError> {
    if text.len() != 10 {
        return Err(IdError::Length(text.chars().count()));
    }
    let mut value = 0_u64;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte).ok_or(IdError::Character)?;
        value = (value << 5_u32) | u64::try_from(digit).unwrap_or_default();
    }
    let bytes = value.to_be_bytes();
    match bytes.split_first_chunk::<2>() {
        Some(([0, 0], id)) => id.try_into().map_err(|_| IdError::Range),
        Some(_) | None => Err(IdError::Range),
    }
}

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 6]);

        impl $name {
            /// The id with these 48 bits.
            pub const fn from_bytes(bytes: [u8; 6]) -> Self { Self(bytes) }
            /// Its 48 bits.
            pub const fn to_bytes(self) -> [u8; 6] { self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write(self.0, f) }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}({})", stringify!($name), to_text(self.0)) }
        }
        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { from_text(text).map(Self) }
        }
        impl LeafValue for $name {
            fn write_json(&self, out: &mut String) -> bool {
                out.push('"');
                let _written = write(self.0, out);
                out.push('"');
                true
            }
            fn sample() -> Self { Self([1, 2, 3, 4, 5, 6]) }
            fn json_schema() -> Json { Json::object([("type", Json::Static("string")), ("pattern", Json::Static("^[0-7][0-9A-HJKMNP-TV-Z]{9}$"))]) }
        }
    )+};
}

id! {
    /// An account that can act.
    AccountId,
    /// A legal person or a part of one.
    OrganisationId,
    /// A human being; the only thing an event says of who they are.
    PersonId,
    /// An entry in the directory of trainers (培训机构).
    TrainerId,
    /// An occupation of the directory (数字技术职业), whatever its code.
    OccupationId,
    /// A class or training run.
    ClassId,
    /// A certificate.
    CertificateId,
    /// Work of many commands.
    JobId,
}

/// Identifies a command: the hash of account, route and idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandId(pub [u8; 16]);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_reads_back_as_the_same_id(bytes: [u8; 6]) {
            prop_assert_eq!(from_text(&to_text(bytes)), Ok(bytes));
        }
    }

    #[test]
    fn text_is_refused_when_it_is_not_the_printed_form() {
        assert_eq!(from_text("0123"), Err(IdError::Length(4)));
        assert_eq!(from_text("000000000i"), Err(IdError::Character));
        assert_eq!(from_text("8000000000"), Err(IdError::Range));
    }
}
