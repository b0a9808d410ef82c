//! Wrong names for numbers on record. Whoever enrols learns from a refusal that a name is another, and could try names until one fits; so an
//! account that has been wrong too often waits.

use std::sync::PoisonError;

use zhixin_engine::domain::Command;
use zhixin_engine::domain::class::register_trainee::Trainee;
use zhixin_events::AccountId;
use zhixin_events::digest::{base64url, sha256};

use crate::app::App;
use crate::problem::Problem;

/// Wrong names within an hour: of one number, and of all numbers together. Why so many: a roster with a wrong row is sent again and again until
/// the row is mended, and of ten thousand rows one in twenty may be wrong.
const WRONG_MAX: [usize; 2] = [20, 500];

/// What a wrong name counts under; the number itself is not kept.
fn keys(account: AccountId, number: &str) -> [String; 2] {
    [format!("one\n{account}\n{}", base64url(&sha256(&[b"zx-guess", number.as_bytes()]))), format!("all\n{account}")]
}

/// Refuses to compare a name for an account that has been wrong too often.
///
/// # Errors
/// 429, with the time to wait; the clock cannot be trusted.
pub(crate) fn may_compare(app: &App, account: AccountId, number: &str) -> Result<(), Problem> {
    let now = app.engine().now()?;
    let guesses = app.name_guesses().lock().unwrap_or_else(PoisonError::into_inner);
    let wait_s = keys(account, number).iter().zip(WRONG_MAX).filter_map(|(key, max)| guesses.wait_s(key, max, now)).max();
    wait_s.map_or(Ok(()), |wait_s| Err(Problem::too_many(wait_s)))
}

/// Notes that a name was wrong.
///
/// # Errors
/// The clock cannot be trusted.
pub(crate) fn note_wrong(app: &App, account: AccountId, number: &str) -> Result<(), Problem> {
    let now = app.engine().now()?;
    let mut guesses = app.name_guesses().lock().unwrap_or_else(PoisonError::into_inner);
    for key in keys(account, number) {
        guesses.note(&key, now);
    }
    Ok(())
}

/// The number that a command states together with a name.
pub(crate) fn number_stated(command: &Command) -> Option<String> {
    let Command::RegisterTrainee(register) = command else { return None };
    match &register.person {
        Trainee::Described(person) => Some(person.document_number.expose().clone()),
        Trainee::Known(_) => None,
    }
}
