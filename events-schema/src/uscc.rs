//! Unified social credit code of an organisation (统一社会信用代码), GB 32100-2015.
//!
//! Two layers on purpose. The *shape* (18 characters of the alphabet) is the invariant of [`Uscc`]. The *check* is a
//! finding: real registers hold codes that violate the standard, so a caller may keep such a code with a reason that it
//! records. The ninth character of the organisation code inside (GB 11714) is a separate check and only ever warns.
//! Codes of organisations are public and may be printed.

use std::fmt;

use crate::document_number::normalise;
use crate::reporting_unit::DivisionCode;

/// The 31 characters in order of value: digits and capitals without I, O, S, V, Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// 3^(i−1) mod 31.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Weights of the organisation code, GB 11714.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Registering departments in use at position 1.
const DEPARTMENTS: &str = "123456789ANY";

/// Why a text is no credit code at all. Positions count from 1 after normalisation. Carries no character of the text,
/// because people put other numbers into the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccError {
    /// Nothing but spaces.
    #[error("credit code is empty")]
    Empty,
    /// Nine characters: only the organisation code inside.
    #[error("organisation code of nine characters, the credit code of eighteen is needed")]
    OrganisationCodeOnly,
    /// Fifteen digits: a business registration number from before 2015.
    #[error("business registration number of fifteen digits, the credit code of eighteen is needed")]
    RegistrationNumber,
    /// Wrong count of characters.
    #[error("credit code has {found} characters, needs 18")]
    Length {
        /// Characters found.
        found: usize,
    },
    /// I, O, S, V or Z, which the standard leaves out because they look like digits or each other.
    #[error("character {position} is a letter that credit codes never use (I, O, S, V, Z)")]
    ExcludedLetter {
        /// Where, from 1.
        position: usize,
    },
    /// Anything else outside the alphabet.
    #[error("character {position} of the credit code is not a digit or capital letter")]
    Character {
        /// Where, from 1.
        position: usize,
    },
}

/// What the standard says against a well-shaped code; a caller may accept it with a recorded reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccFault {
    /// The eighteenth character does not follow from the first seventeen.
    #[error("check character of the credit code does not match")]
    CheckCharacter,
    /// Positions 3 to 8, the registering division, are not all digits.
    #[error("registering division in the credit code is not six digits")]
    DivisionNotDigits,
}

/// What a person should look at although the code is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsccWarning {
    /// Position 17 does not follow from 9 to 16 by GB 11714.
    OrganisationCheckCharacter,
    /// Position 1 is no department known to us.
    DepartmentUnknown,
    /// Positions 3 to 8 begin with no known province; 100000 (the national registry) is known.
    DivisionUnknown,
}

/// Eighteen characters of the alphabet of GB 32100-2015. Invariant: that shape; not the check characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]);

impl Uscc {
    /// A code that also passes the check.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(raw: &str) -> Result<Self, UsccParseError> {
        Ok(Self::check(raw)?.accept()?)
    }

    /// Reads the shape and leaves the verdict to the caller; spaces, full-width and lower case are mended.
    ///
    /// # Errors
    /// In this order: empty, lengths, characters.
    pub fn check(raw: &str) -> Result<UsccCheck, UsccError> {
        let text = normalise(raw);
        let found = text.chars().count();
        match found {
            18 => {}
            0 => return Err(UsccError::Empty),
            9 if text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                return Err(UsccError::OrganisationCodeOnly);
            }
            15 if text.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(UsccError::RegistrationNumber);
            }
            _ => return Err(UsccError::Length { found }),
        }
        for (position, c) in (1..).zip(text.chars()) {
            if matches!(c, 'I' | 'O' | 'S' | 'V' | 'Z') {
                return Err(UsccError::ExcludedLetter { position });
            }
            if !ALPHABET.contains(c) {
                return Err(UsccError::Character { position });
            }
        }
        let bytes = text.as_bytes().try_into().map_err(|_| UsccError::Length { found })?;
        Ok(UsccCheck { code: Self(bytes) })
    }

    /// The code as recorded.
    pub const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII by the invariant
    }

    /// Registering division, if it is one that we know.
    pub fn division(&self) -> Option<DivisionCode> {
        DivisionCode::new(self.as_str().get(2..8)?.parse().ok()?).ok().filter(|code| code.in_national_standard())
    }
}

impl TryFrom<[u8; 18]> for Uscc {
    type Error = UsccError;

    /// For decoding recorded bytes: the shape exactly, nothing mended.
    fn try_from(bytes: [u8; 18]) -> Result<Self, UsccError> {
        match (1..).zip(bytes).find(|(_, byte)| !ALPHABET.contains(char::from(*byte))) {
            Some((position, _)) => Err(UsccError::Character { position }),
            None => Ok(Self(bytes)),
        }
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uscc({self})")
    }
}

/// Anything that keeps a text from being an accepted code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccParseError {
    /// No code at all.
    #[error(transparent)]
    Shape(#[from] UsccError),
    /// A code that the standard refuses.
    #[error(transparent)]
    Fault(#[from] UsccFault),
}

/// A well-shaped code with what the standards say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsccCheck {
    code: Uscc,
}

impl UsccCheck {
    /// The code whatever the verdict. Taking it past a [`UsccCheck::fault`] is an override: record who and why.
    pub const fn code(self) -> Uscc {
        self.code
    }

    /// The code if the standard agrees with it.
    ///
    /// # Errors
    /// The fault otherwise.
    pub fn accept(self) -> Result<Uscc, UsccFault> {
        self.fault().map_or(Ok(self.code), Err)
    }

    /// What GB 32100 says against it, if anything. The check character comes first.
    pub fn fault(self) -> Option<UsccFault> {
        if check_character(self.code.as_str()) != self.code.as_str().chars().last() {
            return Some(UsccFault::CheckCharacter);
        }
        let mut division = self.code.0.iter().skip(2).take(6);
        (!division.all(u8::is_ascii_digit)).then_some(UsccFault::DivisionNotDigits)
    }

    /// What is odd about it, in order of position in the enum.
    pub fn warnings(self) -> Vec<UsccWarning> {
        let text = self.code.as_str();
        let department = text.chars().next().is_some_and(|c| DEPARTMENTS.contains(c));
        let organisation = text.get(8..17).and_then(organisation_check_character) == text.chars().nth(16);
        let division = self.code.division().is_some() || text.get(2..8) == Some("100000");
        [
            (!organisation).then_some(UsccWarning::OrganisationCheckCharacter),
            (!department).then_some(UsccWarning::DepartmentUnknown),
            (!division).then_some(UsccWarning::DivisionUnknown),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The eighteenth character for the first seventeen of `text` (surplus is ignored), GB 32100-2015.
/// `None` if they are fewer or outside the alphabet.
pub fn check_character(text: &str) -> Option<char> {
    let sum = weighted(text, &WEIGHTS, |c| ALPHABET.chars().position(|letter| letter == c))?;
    let value = 31u32.saturating_sub(sum.rem_euclid(31)).rem_euclid(31);
    ALPHABET.chars().nth(usize::try_from(value).ok()?)
}

/// The ninth character for the first eight of an organisation code (surplus is ignored), GB 11714. `None` if they are
/// fewer or no digits and capitals.
pub fn organisation_check_character(text: &str) -> Option<char> {
    let value = |c: char| c.to_digit(36).filter(|_| !c.is_ascii_lowercase()).and_then(|v| usize::try_from(v).ok());
    let sum = weighted(text, &ORGANISATION_WEIGHTS, value)?;
    match 11u32.saturating_sub(sum.rem_euclid(11)).rem_euclid(11) {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}

/// Σ value × weight; at most 17 × 35 × 30, far below the limit of `u32`.
fn weighted(text: &str, weights: &[u32], value: impl Fn(char) -> Option<usize>) -> Option<u32> {
    let mut chars = text.chars();
    weights.iter().try_fold(0u32, |sum, weight| {
        let value = u32::try_from(value(chars.next()?)?).ok()?;
        sum.checked_add(value.checked_mul(*weight)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_vectors_have_the_known_verdict() {
        for text in [
            "91350100M000100Y43",
            "91512081MA62K0260E",
            "91110000802100433B",
            "11450700552294158A",
            "11370100004188784H",
            "9131000063159284XQ",
        ] {
            assert_eq!(Uscc::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Uscc::check("91350100M000100Y43").unwrap().warnings(), []);
        for text in ["91350211M0000XUF46", "91350100M0001TGQXM", "91310115MA1G4L1WXK"] {
            let check = Uscc::check(text).unwrap();
            assert_eq!(check.accept(), Err(UsccFault::CheckCharacter), "{text}");
            assert_eq!(check.code().as_str(), text);
        }
        assert_eq!(Uscc::check("91350100M000100Y4Z"), Err(UsccError::ExcludedLetter { position: 18 }));
    }

    #[test]
    fn spellings_of_one_code_are_equal() {
        let plain = Uscc::parse("91350100M000100Y43").unwrap();
        for text in ["91350100m000100y43", " 9135 0100 M000100Y43", "９１３５０１００Ｍ０００１００Ｙ４３"] {
            assert_eq!(Uscc::parse(text).unwrap(), plain);
        }
    }

    #[test]
    fn each_fault_of_shape_has_its_own_error() {
        for (text, error) in [
            ("", UsccError::Empty),
            ("M000100Y4", UsccError::OrganisationCodeOnly),
            ("350100100000001", UsccError::RegistrationNumber),
            ("91350100M000100Y4", UsccError::Length { found: 17 }),
            ("9135O100M000100Y43", UsccError::ExcludedLetter { position: 5 }),
            ("91350100-000100Y43", UsccError::Character { position: 9 }),
            ("91350100M000100Y4\u{4e00}", UsccError::Character { position: 18 }),
        ] {
            assert_eq!(Uscc::check(text), Err(error), "{text}");
        }
    }

    #[test]
    fn organisation_check_only_warns() {
        let body = "91350100M000100Y5"; // GB 11714 wants 4
        let code = format!("{body}{}", check_character(body).unwrap());
        let check = Uscc::check(&code).unwrap();
        assert_eq!(check.fault(), None);
        assert_eq!(check.warnings(), [UsccWarning::OrganisationCheckCharacter]);
    }

    #[test]
    fn strange_department_and_division_are_reported_apart() {
        let make = |body: &str| Uscc::check(&format!("{body}{}", check_character(body).unwrap())).unwrap();
        assert_eq!(make("01990000M000100Y4").warnings(), [UsccWarning::DepartmentUnknown, UsccWarning::DivisionUnknown]);
        assert_eq!(make("91100000M000100Y4").warnings(), []);
        assert_eq!(make("9135A100M000100Y4").fault(), Some(UsccFault::DivisionNotDigits));
    }

    #[test]
    fn recorded_bytes_are_taken_exactly() {
        assert_eq!(Uscc::try_from(*b"91350100M000100Y43").unwrap().as_bytes(), b"91350100M000100Y43");
        assert_eq!(Uscc::try_from(*b"91350100m000100Y43"), Err(UsccError::Character { position: 9 }));
    }

    proptest! {
        #[test]
        fn every_generated_code_is_valid(body in "[1-9ANY][0-9A-HJ-NPQRTUWXY][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}") {
            let code = format!("{body}{}", check_character(&body).unwrap());
            let parsed = Uscc::parse(&code).unwrap();
            prop_assert_eq!(parsed.as_str(), code.as_str());
        }

        #[test]
        fn any_single_change_is_refused(
            body in "[1-9][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", at in 0usize..18, to in "[0-9A-HJ-NPQRTUWXY]",
        ) {
            let code = format!("{body}{}", check_character(&body).unwrap());
            let mut changed = code.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != code);
            prop_assert_eq!(Uscc::check(&changed).unwrap().fault(), Some(UsccFault::CheckCharacter));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            if let Ok(check) = Uscc::check(&text) {
                prop_assert_eq!(Uscc::check(check.code().as_str()).unwrap(), check);
            }
        }
    }
}
