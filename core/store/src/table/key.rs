//! Keys of changed rows: short ones stand where they are compared, so that a look-up follows no pointer and a copied node counts no references.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

/// Longest key kept in place. Why 30: with its length and what tells the two apart it fills 32 bytes, and nearly every row's key is shorter.
const SHORT_BYTES_MAX: usize = 30;

/// A key that sorts bytewise.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// Length, and bytes with zeroes behind.
    Short(u8, [u8; SHORT_BYTES_MAX]),
    /// A longer one.
    Long(Arc<[u8]>),
}

impl From<&[u8]> for Key {
    fn from(key: &[u8]) -> Self {
        let mut bytes = [0; SHORT_BYTES_MAX];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(key);
                Self::Short(length, bytes)
            }
            (Some(_) | None, _) => Self::Long(key.into()),
        }
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => &bytes[..usize::from(*length)],
            Self::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_sort_as_their_bytes_whether_short_or_long(
            one in prop::collection::vec(0..2_u8, 0..40),
            other in prop::collection::vec(0..2_u8, 0..40),
        ) {
            let (short, long) = (Key::from(one.as_slice()), Key::from(other.as_slice()));
            prop_assert_eq!((&*short, &*long), (one.as_slice(), other.as_slice()));
            prop_assert_eq!(short.cmp(&long), one.cmp(&other));
            prop_assert_eq!(short == long, one == other);
        }
    }

    #[test]
    fn a_key_of_thirty_bytes_is_short_and_all_take_thirty_two() {
        assert!(matches!(Key::from([1; 30].as_slice()), Key::Short(30, _)));
        assert!(matches!(Key::from([1; 31].as_slice()), Key::Long(_)));
        assert_eq!(size_of::<Key>(), 32);
    }
}
