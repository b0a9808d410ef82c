//! Codes of occupations: their form, and that each belongs to one occupation. Source: 国家职业分类大典; SOURCES 3.

use zhixin_events::{Subject, SubjectKind};

use crate::refusal::refusals;
use crate::{Refusal, States};

refusals! {
    /// Why a code is not taken.
    pub enum OccupationCodeRefusal {
        /// Codes are written as in 2-02-10-09.
        Unfit = "DIR-0001" Rule "an occupation code is written as one digit and three pairs, with hyphens",
        /// The programme is for professional and technical personnel: major group 2 of the classification. Trades with five levels, such as
        /// 4-04-05-05, have a system of their own. Source: Plan 3.3-2; SOURCES 3.
        NotProfessional = "DIR-0012" Rule "the code is not of major group 2, professional and technical personnel",
        /// A code belongs to one occupation, and an edition gives it one.
        Taken = "DIR-0002" Conflict "the code belongs to an occupation already",
    }
}

/// The claim on a code, if the code has its form.
pub(crate) fn code_claim(code: &str) -> Option<Subject> {
    let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = code.split('-');
    let fits = parts.next().is_some_and(|part| digits(part, 1)) && (0..3).all(|_| parts.next().is_some_and(|part| digits(part, 2)));
    (fits && parts.next().is_none()).then(|| Subject::of_text(SubjectKind::OccupationCode, code).ok()).flatten()
}

/// The claim on a code that is free.
///
/// # Errors
/// `DIR-0001`, `DIR-0012`, `DIR-0002`.
pub(crate) fn free_code(states: &States, code: &str) -> Result<Subject, Refusal> {
    let claim = code_claim(code).ok_or_else(|| OccupationCodeRefusal::Unfit.refusal().at("code"))?;
    if !code.starts_with("2-") {
        return Err(OccupationCodeRefusal::NotProfessional.refusal().at("code"));
    }
    if states.is_held(&claim) { Err(OccupationCodeRefusal::Taken.refusal().at("code").of(claim)) } else { Ok(claim) }
}
