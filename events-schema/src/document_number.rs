//! Numbers of identity documents: the citizen identity number of GB 11643-1999 in full, others by charset and length.
//!
//! Invariants: a [`DocumentNumber`] is normalised (ASCII, upper case, no spaces), so one person's number has one
//! spelling; its `Debug` and `Display` are blank, and no error or warning here ever carries a character of the text.
//! Figures of this page are part of the standard, not of a regulation, so they are constants and not rule pack rows.

use std::fmt;

use time::{Date, Month};

use crate::reporting_unit::DivisionCode;

/// Kind of document a person is identified by. The codes are written to the log and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Resident identity card (居民身份证), number by GB 11643-1999.
    IdentityCard,
    /// Passport of any country.
    Passport,
    /// Permanent residence card of a foreigner (外国人永久居留身份证).
    PermanentResidenceCard,
    /// Residence permit of Hong Kong and Macao residents (港澳居民居住证).
    HongKongMacaoResidencePermit,
    /// Residence permit of Taiwan residents (台湾居民居住证).
    TaiwanResidencePermit,
}

impl DocumentKind {
    /// Every kind, by code.
    pub const ALL: [Self; 5] =
        [Self::IdentityCard, Self::Passport, Self::PermanentResidenceCard, Self::HongKongMacaoResidencePermit, Self::TaiwanResidencePermit];

    /// The code written to the log.
    pub const fn code(self) -> u8 {
        match self {
            Self::IdentityCard => 1,
            Self::Passport => 2,
            Self::PermanentResidenceCard => 3,
            Self::HongKongMacaoResidencePermit => 4,
            Self::TaiwanResidencePermit => 5,
        }
    }

    /// The kind with this code, if there is one.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Name in leaves, schemas and HTTP bodies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity_card",
            Self::Passport => "passport",
            Self::PermanentResidenceCard => "permanent_residence_card",
            Self::HongKongMacaoResidencePermit => "hong_kong_macao_residence_permit",
            Self::TaiwanResidencePermit => "taiwan_residence_permit",
        }
    }

    /// The kind with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Name in Chinese, as on the document.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::IdentityCard => "居民身份证",
            Self::Passport => "护照",
            Self::PermanentResidenceCard => "外国人永久居留身份证",
            Self::HongKongMacaoResidencePermit => "港澳居民居住证",
            Self::TaiwanResidencePermit => "台湾居民居住证",
        }
    }

    /// Least and greatest count of characters. Only the identity card's is from a standard; the others are the widths
    /// seen in use and deliberately generous.
    const fn length(self) -> (usize, usize) {
        match self {
            Self::IdentityCard | Self::HongKongMacaoResidencePermit | Self::TaiwanResidencePermit => (18, 18),
            Self::Passport => (5, 20),
            Self::PermanentResidenceCard => (15, 18),
        }
    }
}

/// Why a text is not a number of its kind. Never carries a character of the text: these go into logs and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentNumberError {
    /// Nothing but spaces.
    #[error("document number is empty")]
    Empty,
    /// Fifteen digits: the number of GB 11643-1989, which has no century and no check character.
    #[error("fifteen-digit identity number of the 1989 standard, the eighteen-digit number is needed")]
    FifteenDigits,
    /// Wrong count of characters after normalisation.
    #[error("document number has {found} characters, needs {least} to {most}")]
    Length {
        /// Characters found.
        found: usize,
        /// Least allowed.
        least: usize,
        /// Most allowed.
        most: usize,
    },
    /// A character the kind does not allow; positions count from 1 after normalisation.
    #[error("character {position} of the document number is not allowed there")]
    Character {
        /// Where, from 1.
        position: usize,
    },
    /// Year 0000, a month outside 01–12 or a day outside 01–31.
    #[error("birth date in the identity number is impossible")]
    DateImpossible,
    /// Digits in range that name no day of the calendar, such as 30 February.
    #[error("birth date in the identity number is not in the calendar")]
    DateNotInCalendar,
    /// The eighteenth character does not follow from the first seventeen.
    #[error("check character of the identity number does not match")]
    CheckCharacter,
}

/// What is odd about a number that is nevertheless accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentNumberWarning {
    /// The first two digits are no province of GB/T 2260. Why no error: codes are abolished and the table changes.
    AddressUnknown,
    /// An identity card number beginning like a residence permit (81, 82, 83): the kind is probably wrong.
    LooksLikeResidencePermit,
}

/// A normalised document number with its kind. `Debug` and `Display` are blank; see [`DocumentNumber::expose`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber {
    kind: DocumentKind,
    text: String,
}

impl DocumentNumber {
    /// Reads a number as people type it: full-width characters, spaces, invisible marks and a lower-case `x` are mended.
    ///
    /// # Errors
    /// In this order: empty, fifteen digits, length, character, date, check character.
    pub fn parse(kind: DocumentKind, raw: &str) -> Result<Self, DocumentNumberError> {
        Self::check(kind, raw)?.accept()
    }

    /// As [`DocumentNumber::parse`], but leaves the verdict on the check character to the caller.
    ///
    /// # Errors
    /// All of `parse` except the check character.
    pub fn check(kind: DocumentKind, raw: &str) -> Result<DocumentNumberCheck, DocumentNumberError> {
        let text = normalise(raw);
        check_shape(kind, &text)?;
        let mut matches = true;
        if kind == DocumentKind::IdentityCard {
            birth_date_of(&text)?;
            matches = text.chars().last() == identity_check_character(&text);
        }
        Ok(DocumentNumberCheck { number: Self { kind, text }, matches })
    }

    /// Kind of the document.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The number in the clear: only for sealing and for the identity index.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Date of birth, identity cards only. Not compared with today: this crate has no clock.
    pub fn birth_date(&self) -> Option<Date> {
        (self.kind == DocumentKind::IdentityCard).then(|| birth_date_of(&self.text).ok()).flatten()
    }

    /// Division of registration by the first six digits, identity cards only; `None` also for an unknown province.
    pub fn address(&self) -> Option<DivisionCode> {
        let digits = self.text.get(..6).filter(|_| self.kind == DocumentKind::IdentityCard)?;
        DivisionCode::new(digits.parse().ok()?).ok().filter(|code| code.in_national_standard())
    }

    /// What a person should look at although the number is accepted.
    pub fn warning(&self) -> Option<DocumentNumberWarning> {
        let prefix = self.text.get(..2).filter(|_| self.kind == DocumentKind::IdentityCard)?;
        if ["81", "82", "83"].contains(&prefix) {
            return Some(DocumentNumberWarning::LooksLikeResidencePermit);
        }
        self.address().is_none().then_some(DocumentNumberWarning::AddressUnknown)
    }
}

/// A number right in all but perhaps its check character. Why not refused outright: an issuing office may have printed
/// a wrong one, and the person has no other number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentNumberCheck {
    number: DocumentNumber,
    matches: bool,
}

impl DocumentNumberCheck {
    /// The number if its check character is right, or its kind has none.
    ///
    /// # Errors
    /// [`DocumentNumberError::CheckCharacter`] otherwise.
    pub fn accept(self) -> Result<DocumentNumber, DocumentNumberError> {
        if self.matches { Ok(self.number) } else { Err(DocumentNumberError::CheckCharacter) }
    }

    /// Whether the check character is right.
    pub const fn matches(&self) -> bool {
        self.matches
    }

    /// The number whatever the verdict. Where it does not match this is an override: record who and why.
    pub fn into_number(self) -> DocumentNumber {
        self.number
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentNumber(..)")
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The eighteenth character for the first seventeen digits of `text` (surplus is ignored), `None` if they are not digits.
///
/// Source: GB 11643-1999 with ISO 7064:1983 MOD 11-2, which detects every change of a single digit and every swap of
/// two neighbours.
pub fn identity_check_character(text: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0u32;
    let mut chars = text.chars();
    for weight in WEIGHTS {
        let digit = chars.next()?.to_digit(10)?;
        sum = sum.saturating_add(digit.saturating_mul(weight)); // at most 9 × 98, far below the limit
    }
    match 12u32.saturating_sub(sum.rem_euclid(11)).rem_euclid(11) {
        10 => Some('X'),
        value => char::from_digit(value, 10),
    }
}

/// Full-width ASCII to ASCII, upper case, without spaces and the invisible marks that copying brings along.
pub(crate) fn normalise(raw: &str) -> String {
    raw.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => {
                u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c) // the block mirrors ASCII
            }
            other => other,
        })
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn check_shape(kind: DocumentKind, text: &str) -> Result<(), DocumentNumberError> {
    let found = text.chars().count();
    let (least, most) = kind.length();
    if found == 0 {
        return Err(DocumentNumberError::Empty);
    }
    if kind == DocumentKind::IdentityCard && found == 15 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DocumentNumberError::FifteenDigits);
    }
    if found < least || found > most {
        return Err(DocumentNumberError::Length { found, least, most });
    }
    let allowed = |at: usize, c: char| match kind {
        DocumentKind::IdentityCard | DocumentKind::HongKongMacaoResidencePermit | DocumentKind::TaiwanResidencePermit => {
            c.is_ascii_digit() || (at == 17 && c == 'X')
        }
        DocumentKind::Passport | DocumentKind::PermanentResidenceCard => c.is_ascii_digit() || c.is_ascii_uppercase(),
    };
    match text.chars().enumerate().find(|(at, c)| !allowed(*at, *c)) {
        Some((at, _)) => Err(DocumentNumberError::Character { position: at.saturating_add(1) }),
        None => Ok(()),
    }
}

/// Birth date in positions 7 to 14 of an identity number whose characters were checked.
fn birth_date_of(text: &str) -> Result<Date, DocumentNumberError> {
    let field = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let (year, month, day) = (field(6, 10), field(10, 12), field(12, 14));
    let month = u8::try_from(month).ok().and_then(|m| Month::try_from(m).ok());
    let day = u8::try_from(day).ok().filter(|d| (1..=31).contains(d));
    match (year, month, day) {
        (1.., Some(month), Some(day)) => {
            Date::from_calendar_date(i32::from(year), month, day).map_err(|_| DocumentNumberError::DateNotInCalendar)
        }
        (_, _, _) => Err(DocumentNumberError::DateImpossible),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn card(text: &str) -> Result<DocumentNumber, DocumentNumberError> {
        DocumentNumber::parse(DocumentKind::IdentityCard, text)
    }

    #[test]
    fn published_vectors_are_valid() {
        for text in ["34052419800101001X", "370101190102039973", "11010519491231002X", "440524188001010014"] {
            assert_eq!(card(text).unwrap().expose(), text);
        }
        let born = card("11010519491231002X").unwrap().birth_date().unwrap();
        assert_eq!((born.year(), born.month(), born.day()), (1949, Month::December, 31));
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        let plain = card("11010519491231002X").unwrap();
        for text in [
            "11010519491231002x",
            " 110105 19491231 002X\u{a0}",
            "１１０１０５１９４９１２３１００２ｘ",
            "\u{200e}11010519491231002X\u{feff}",
        ] {
            assert_eq!(card(text).unwrap(), plain);
        }
    }

    #[test]
    fn each_fault_has_its_own_error_in_the_documented_order() {
        use DocumentNumberError as E;
        for (text, error) in [
            (" \u{3000}", E::Empty),
            ("110105491231002", E::FifteenDigits),
            ("1101051949123100", E::Length { found: 16, least: 18, most: 18 }),
            ("11010519491231O02X", E::Character { position: 15 }),
            ("X1010519491331002X", E::Character { position: 1 }),
            ("110105194913310020", E::DateImpossible),
            ("110105194900010020", E::DateImpossible),
            ("110105194901320020", E::DateImpossible),
            ("110105000001010020", E::DateImpossible),
            ("110105194902300020", E::DateNotInCalendar),
            ("110105190002290020", E::DateNotInCalendar),
            ("110105194912310021", E::CheckCharacter),
        ] {
            assert_eq!(card(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn only_the_check_character_can_be_overridden() {
        let check = DocumentNumber::check(DocumentKind::IdentityCard, "110105194912310021").unwrap();
        assert!(!check.matches());
        assert_eq!(check.clone().accept(), Err(DocumentNumberError::CheckCharacter));
        assert_eq!(check.into_number().expose(), "110105194912310021");
        let impossible = DocumentNumber::check(DocumentKind::IdentityCard, "110105194913310020");
        assert_eq!(impossible, Err(DocumentNumberError::DateImpossible));
    }

    #[test]
    fn unknown_address_and_permit_prefix_only_warn() {
        let make = |body: &str| card(&format!("{body}{}", identity_check_character(body).unwrap())).unwrap();
        assert_eq!(make("99999918000101001").warning(), Some(DocumentNumberWarning::AddressUnknown));
        assert_eq!(make("66010119900101001").warning(), Some(DocumentNumberWarning::AddressUnknown));
        assert_eq!(make("81000019900101001").warning(), Some(DocumentNumberWarning::LooksLikeResidencePermit));
        let known = make("11010519900101001");
        assert_eq!((known.warning(), known.address().map(DivisionCode::get)), (None, Some(110_105)));
    }

    #[test]
    fn other_kinds_are_checked_by_charset_and_length_only() {
        use DocumentKind as K;
        for (kind, text) in [
            (K::Passport, "E12345678"),
            (K::PermanentResidenceCard, "CHN110000123456"),
            (K::PermanentResidenceCard, "911156198108030024"),
            (K::HongKongMacaoResidencePermit, "810000199408230021"),
            (K::TaiwanResidencePermit, "83000019940823002x"),
        ] {
            let number = DocumentNumber::parse(kind, text).unwrap();
            assert_eq!((number.birth_date(), number.address(), number.warning()), (None, None, None));
        }
        assert_eq!(DocumentNumber::parse(K::Passport, "E1234-678").unwrap_err(), DocumentNumberError::Character { position: 6 });
        assert_eq!(
            DocumentNumber::parse(K::TaiwanResidencePermit, "8300").unwrap_err(),
            DocumentNumberError::Length { found: 4, least: 18, most: 18 }
        );
    }

    #[test]
    fn kind_codes_and_names_round_trip() {
        for (kind, code) in DocumentKind::ALL.into_iter().zip(1u8..) {
            assert_eq!(kind.code(), code);
            assert_eq!(DocumentKind::from_code(code), Some(kind));
            assert_eq!(DocumentKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(DocumentKind::from_code(0), None);
    }

    #[test]
    fn nothing_printable_reveals_the_number() {
        let number = card("11010519491231002X").unwrap();
        for text in [format!("{number}"), format!("{number:?}"), format!("{:?}", Some(&number))] {
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
        }
        let error = card("110105194912310021").unwrap_err();
        assert!(!format!("{error} {error:?}").contains(|c: char| c.is_ascii_digit()));
    }

    prop_compose! {
        fn valid_number()(
            address in 0u32..1_000_000, year in 1u32..=9999, month in 1u32..=12, day in 1u32..=28, order in 0u32..1000,
        ) -> String {
            let body = format!("{address:06}{year:04}{month:02}{day:02}{order:03}");
            format!("{body}{}", identity_check_character(&body).unwrap())
        }
    }

    proptest! {
        #[test]
        fn every_generated_number_is_valid(text in valid_number()) {
            let number = card(&text).unwrap();
            prop_assert_eq!(number.expose(), text.as_str());
        }

        #[test]
        fn any_single_digit_change_is_refused(text in valid_number(), at in 0usize..18, to in "[0-9X]") {
            let changed: String =
                text.chars().enumerate().map(|(i, c)| if i == at { to.chars().next().unwrap() } else { c }).collect();
            prop_assume!(changed != text);
            prop_assert!(card(&changed).is_err());
        }

        #[test]
        fn any_swap_of_neighbours_is_refused(text in valid_number(), at in 0usize..17) {
            let mut chars: Vec<char> = text.chars().collect();
            chars.get_mut(at..).unwrap().get_mut(..2).unwrap().reverse();
            let changed: String = chars.into_iter().collect();
            prop_assume!(changed != text);
            prop_assert!(card(&changed).is_err());
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), kind in 1u8..=5) {
            let kind = DocumentKind::from_code(kind).unwrap();
            if let Ok(number) = DocumentNumber::parse(kind, &text) {
                prop_assert_eq!(DocumentNumber::parse(kind, number.expose()).unwrap(), number);
            }
        }
    }
}
