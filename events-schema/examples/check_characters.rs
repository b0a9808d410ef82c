//! Prints our verdict on numbers read from standard input, one `ric,NUMBER` or `uscc,CODE` a line, for comparison with
//! software we did not write (`tests/verifiers/stdnum_check.py`).
//!
//! Output: `kind,verdict,expected check character`. Verdicts of `ric`: `valid`, `checksum`, `date`, `length`, `format`; of
//! `uscc`: `valid`, `checksum`, `length`, `format`. The expected character is empty when it cannot be computed.

use std::io::{self, BufRead, Write};

use zhixin_events::document_number::{DocumentKind, DocumentNumber, DocumentNumberError, identity_check_character};
use zhixin_events::uscc::{Uscc, UsccError, UsccFault, UsccParseError, check_character};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (kind, text) = line.split_once(',').unwrap_or((&line, ""));
        let (verdict, expected) = match kind {
            "ric" => (identity_verdict(text), identity_check_character(text)),
            "uscc" => (uscc_verdict(text), check_character(text)),
            _ => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line starts with ric or uscc"));
            }
        };
        writeln!(out, "{kind},{verdict},{}", expected.map(String::from).unwrap_or_default())?;
    }
    out.flush()
}

fn identity_verdict(text: &str) -> &'static str {
    use DocumentNumberError as E;
    match DocumentNumber::parse(DocumentKind::IdentityCard, text) {
        Ok(_) => "valid",
        Err(E::CheckCharacter) => "checksum",
        Err(E::DateImpossible | E::DateNotInCalendar) => "date",
        Err(E::Character { .. }) => "format",
        Err(E::Empty | E::FifteenDigits | E::Length { .. }) => "length",
    }
}

fn uscc_verdict(text: &str) -> &'static str {
    match Uscc::parse(text) {
        Ok(_) => "valid",
        Err(UsccParseError::Fault(UsccFault::CheckCharacter)) => "checksum",
        Err(
            UsccParseError::Shape(UsccError::ExcludedLetter { .. } | UsccError::Character { .. })
            | UsccParseError::Fault(UsccFault::DivisionNotDigits),
        ) => "format",
        Err(UsccParseError::Shape(
            UsccError::Empty | UsccError::OrganisationCodeOnly | UsccError::RegistrationNumber | UsccError::Length { .. },
        )) => "length",
    }
}
