//! Numbers of training certificates: our own scheme `zx-1` until the official rule is known. Source: ours; SOURCES 2.2.
//!
//! `T`, number of the trainer in the directory (6 digits), occupation code (8 digits), grade (1 to 3), year of the completion test (4 digits),
//! ordinal in the series (6 digits), check character by MOD 31 as in credit codes. The rule packs name the scheme; another needs a new
//! function here, and numbers already given stay as they are.

use zhixin_events::{DirectoryNumber, Grade, PlanYear};

/// The scheme, as `certificate.number_scheme` names it.
pub const SCHEME: &str = "zx-1";

/// The values 0 to 30 of the check. Source: GB 32100-2015.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What a number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberParts<'a> {
    /// Number of the trainer in the directory.
    pub trainer: DirectoryNumber,
    /// Code of the occupation; its digits count.
    pub occupation_code: &'a str,
    /// Grade.
    pub grade: Grade,
    /// Year of the completion test.
    pub year: PlanYear,
    /// Ordinal in the series, from 1.
    pub ordinal: u32,
}

impl NumberParts<'_> {
    /// The number, unless a part does not fit its digits.
    pub fn number(self) -> Option<String> {
        let code: String = self.occupation_code.chars().filter(char::is_ascii_digit).collect();
        let fits = self.trainer.get() <= 999_999 && code.len() <= 8 && self.year.get() <= 9_999 && self.ordinal <= 999_999;
        let body = format!("T{:06}{code:0>8}{}{:04}{:06}", self.trainer.get(), self.grade.code(), self.year.get(), self.ordinal);
        fits.then(|| check_character(&body)).flatten().map(|check| format!("{body}{check}"))
    }
}

/// Whether a text has the form of a number and its check character is right.
pub fn is_number(text: &str) -> bool {
    let mut chars = text.chars();
    let check = chars.next_back();
    let body = chars.as_str();
    body.len() == 26 && body.starts_with('T') && body.chars().skip(1).all(|c| c.is_ascii_digit()) && check_character(body) == check
}

/// The character that makes Σ value × 3^(i−1) + check divisible by 31. The order of 3 modulo 31 is 30, so within 26 places no two have the
/// same weight and every swap of two different characters shows.
fn check_character(body: &str) -> Option<char> {
    let mut weight = 1_u32;
    let mut sum = 0_u32;
    for byte in body.bytes() {
        let value = u32::try_from(ALPHABET.iter().position(|letter| *letter == byte)?).ok()?;
        sum = sum.saturating_add(value.saturating_mul(weight)).rem_euclid(31);
        weight = weight.saturating_mul(3).rem_euclid(31);
    }
    let check = 31_u32.saturating_sub(sum).rem_euclid(31);
    ALPHABET.get(usize::try_from(check).ok()?).copied().map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: NumberParts<'static> = NumberParts {
        trainer: DirectoryNumber::new(17),
        occupation_code: "2-02-10-09",
        grade: Grade::Junior,
        year: PlanYear::new(2025),
        ordinal: 1,
    };

    /// Reckoned apart: Σ value × 3^(i−1) over the 26 characters leaves 21 modulo 31, so the check has the value 10.
    #[test]
    fn number_has_its_parts_in_their_places() {
        assert_eq!(PARTS.number().as_deref(), Some("T0000170202100912025000001A"));
        assert!(is_number("T0000170202100912025000001A"));
    }

    #[test]
    fn number_is_none_when_a_part_does_not_fit() {
        assert_eq!(NumberParts { trainer: DirectoryNumber::new(1_000_000), ..PARTS }.number(), None);
        assert_eq!(NumberParts { ordinal: 1_000_000, ..PARTS }.number(), None);
        assert_eq!(NumberParts { occupation_code: "2-02-10-0900", ..PARTS }.number(), None);
    }

    #[test]
    fn any_single_change_and_any_swap_shows() {
        let number = NumberParts { ordinal: 907_316, ..PARTS }.number().unwrap();
        let chars: Vec<char> = number.chars().collect();
        for at in 1..chars.len() {
            for digit in '0'..='9' {
                let mut changed = chars.clone();
                changed[at] = digit;
                assert_eq!(is_number(&changed.iter().collect::<String>()), changed == chars, "{at} {digit}");
            }
            for with in 1..at {
                let mut swapped = chars.clone();
                swapped.swap(at, with);
                let same = swapped == chars;
                assert_eq!(is_number(&swapped.iter().collect::<String>()), same, "{at} {with}");
            }
        }
        for text in ["", "T", "证书", "X0000170202100912025000001"] {
            assert!(!is_number(text));
        }
    }
}
