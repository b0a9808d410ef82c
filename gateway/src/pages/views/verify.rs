//! Certificate look-up: the form, and the answer in each of its states.

use askama::Template;

use super::frame::Page;
use super::{Fact, FieldError, Frame, encode, error_of};
use crate::text::{Lang, Phrase};

/// The form; a GET to `/verify?number=`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyFormView {
    /// Frame.
    pub frame: Frame,
    /// Number as typed before.
    pub number: String,
    /// What was wrong; field `number` or empty.
    pub errors: Vec<FieldError>,
}

impl VerifyFormView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        VerifyForm { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "verify_form.html")]
struct VerifyForm<'a> {
    p: Page<'a>,
    v: &'a VerifyFormView,
}

impl VerifyForm<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        error_of(&self.v.errors, field)
    }
}

/// What the public may see of a certificate: never a digit of an identity number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Family name and an asterisk.
    pub holder: String,
    /// Trainer.
    pub issuer: String,
    /// Occupation with its code.
    pub occupation: String,
    /// Direction, or empty where the grade has none.
    pub direction: String,
    /// Grade.
    pub grade: String,
    /// Continuing education hours, decimal.
    pub hours: String,
    /// Day of issue, in words.
    pub issued_on: String,
    /// Event of the issue.
    pub position: u64,
}

/// What the look-up found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CertificateState {
    /// Valid, and covered by a signed checkpoint.
    Valid(CertificateFacts),
    /// Revoked.
    Revoked {
        /// Facts.
        facts: CertificateFacts,
        /// Day of revocation, in words.
        on: String,
        /// Kind of reason, in words; never the reason itself.
        reason: String,
    },
    /// Issued seconds ago; no checkpoint covers it yet.
    AwaitingProof(CertificateFacts),
    /// No such certificate.
    NotFound {
        /// It has not the form of a number, or its check character is wrong: most likely a slip.
        mistyped: bool,
        /// What can be checked here: kind of certificate and from when.
        coverage: Vec<Fact>,
        /// Whom to ask: name and telephone or address.
        contact: Vec<Fact>,
    },
    /// The look-up does not work at the moment.
    #[default]
    Unavailable,
}

/// Answer of the check by name and number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Not asked.
    #[default]
    NotAsked,
    /// Compared.
    Compared {
        /// Name and last six characters both agree. One answer, so that neither can be tried out with the other.
        agrees: bool,
    },
    /// Too many checks; when it is possible again, in words.
    TooMany(String),
}

/// The answer; its check form posts `name`, `last_six`, `csrf` to `/verify/NUMBER/check`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyView {
    /// Frame.
    pub frame: Frame,
    /// Number asked for.
    pub number: String,
    /// What was found.
    pub state: CertificateState,
    /// Address of the events behind the certificate, for readers who may see them.
    pub why: Option<String>,
    /// When, in words.
    pub checked_at: String,
    /// Answer of the check.
    pub check: CheckOutcome,
    /// What was wrong with the check form; fields `name`, `last_six`.
    pub errors: Vec<FieldError>,
}

impl VerifyView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        VerifyResult { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "verify_result.html")]
struct VerifyResult<'a> {
    p: Page<'a>,
    v: &'a VerifyView,
}

impl VerifyResult<'_> {
    /// Colour, sign, word and sentence of the band.
    fn band(&self) -> (&'static str, &'static str, Phrase, String) {
        let t = &self.p.t.verify;
        match &self.v.state {
            CertificateState::Valid(_) => ("good", "✓", t.valid, t.valid_text.to_string()),
            CertificateState::Revoked { on, reason, .. } => ("bad", "✗", t.revoked, t.revoked_text.with2(on, reason)),
            CertificateState::AwaitingProof(_) => ("warning", "…", t.awaiting, t.awaiting_text.to_string()),
            CertificateState::NotFound { mistyped: true, .. } => ("warning", "?", t.mistyped, t.mistyped_text.with(&self.v.number)),
            CertificateState::NotFound { .. } => ("neutral", "?", t.not_found, t.not_found_text.with(&self.v.number)),
            CertificateState::Unavailable => ("warning", "!", t.unavailable, t.unavailable_text.to_string()),
        }
    }

    fn facts(&self) -> Option<&CertificateFacts> {
        match &self.v.state {
            CertificateState::Valid(facts) | CertificateState::Revoked { facts, .. } | CertificateState::AwaitingProof(facts) => {
                Some(facts)
            }
            CertificateState::NotFound { .. } | CertificateState::Unavailable => None,
        }
    }

    /// Whether a checkpoint covers the certificate.
    fn proven(&self) -> bool {
        matches!(self.v.state, CertificateState::Valid(_) | CertificateState::Revoked { .. })
    }

    fn check_action(&self) -> String {
        self.p.href(&format!("/verify/{}/check", encode(&self.v.number)))
    }

    fn error(&self, field: &str) -> Option<&str> {
        error_of(&self.v.errors, field)
    }
}
