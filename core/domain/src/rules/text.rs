//! Texts that people type into open fields: one line, bounded, without control characters.

use zhixin_events::Secret;

use crate::Refusal;
use crate::refusal::{About, CommonRefusal};

/// Longest number of a document. Unit: characters.
pub const DOCUMENT_NUMBER_CHARS: usize = 60;
/// Longest name of an organisation, a course or an occupation. Unit: characters.
pub const NAME_CHARS: usize = 100;
/// Longest name of an employer as a roster states it. Unit: characters.
pub const EMPLOYER_CHARS: usize = 200;
/// Longest phone number, as people write them. Unit: characters.
pub const PHONE_CHARS: usize = 30;
/// Longest explanation. Unit: characters.
pub const REASON_CHARS: usize = 500;

/// The text without blanks at its ends.
///
/// # Errors
/// `TEXT-0001`: empty, longer than the limit, or with a control character.
pub fn line_of_text(text: &str, chars_max: usize, field: &'static str) -> Result<String, Refusal> {
    let text = text.trim();
    let unfit = text.is_empty() || text.chars().count() > chars_max || text.chars().any(char::is_control);
    if unfit { Err(CommonRefusal::TextUnfit.refusal().at(field).about(About::CharactersMax(chars_max))) } else { Ok(text.to_owned()) }
}

/// The same for a text that must not show.
///
/// # Errors
/// `TEXT-0001`.
pub fn line_of_secret(text: &Secret<String>, chars_max: usize, field: &'static str) -> Result<Secret<String>, Refusal> {
    line_of_text(text.expose(), chars_max, field).map(Secret::new)
}
