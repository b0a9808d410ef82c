//! Refusals: the rules say no. Each command has its own enum; callers see them as one [`Refusal`] with a stable code.

use zhixin_events::document_number::DocumentNumberError;
use zhixin_events::uscc::UsccParseError;
use zhixin_events::{BasisPoints, CivilDate, HoursTenths, Subject};

/// What kind of no it is, for the status of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The present state does not allow it; another state may.
    Conflict,
    /// A rule forbids it whatever the state.
    Rule,
    /// The actor may not do it.
    Forbidden,
}

/// A refusal as callers see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// Stable code, never used again for anything else; its page is `ops/errors/CODE.md`.
    pub code: &'static str,
    /// What kind of no it is.
    pub kind: RefusalKind,
    /// One sentence for the log and for callers without the page of the code.
    pub message: &'static str,
    /// The field of the command it is about.
    pub field: Option<&'static str>,
    /// The subject it is about.
    pub subject: Option<Subject>,
    /// What it is about, where that is no subject. Never personal.
    pub about: Option<Box<About>>,
}

/// What a refusal is about, where that is no subject: a value with its unit, so that whoever words it need not guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A key, a code, or a text as it was given.
    Text(Box<str>),
    /// A day.
    Day(CivilDate),
    /// A count.
    Count(u32),
    /// Hours of training.
    Hours(HoursTenths),
    /// A share.
    Share(BasisPoints),
    /// The most characters that a text may have.
    CharactersMax(usize),
    /// First and last year.
    Years(u32, u32),
    /// What is wrong with the number of a document, never the number itself; none = it is not in its normal form.
    DocumentNumber(Option<DocumentNumberError>),
    /// What is wrong with a credit code.
    CreditCode(UsccParseError),
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Day(day) => day.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Hours(hours) => write!(f, "{} hours", decimal(hours.get(), 10)),
            Self::Share(share) => write!(f, "{} %", decimal(share.get(), 100)),
            Self::CharactersMax(most) => write!(f, "1 to {most} characters"),
            Self::Years(first, last) => write!(f, "{first} to {last}"),
            Self::DocumentNumber(Some(fault)) => fault.fmt(f),
            Self::DocumentNumber(None) => f.write_str("the number is not in its normal form"),
            Self::CreditCode(fault) => fault.fmt(f),
        }
    }
}

/// A number kept in parts of one, with the decimals that say something.
pub fn decimal(parts: u32, in_one: u32) -> String {
    let (whole, rest) = (parts.div_euclid(in_one), parts.rem_euclid(in_one));
    let digits = usize::try_from(in_one.ilog10()).unwrap_or_default();
    let rest = format!("{rest:0digits$}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { whole.to_string() } else { format!("{whole}.{rest}") }
}

macro_rules! abouts {
    ($($of:ty => $variant:ident),+ $(,)?) => {$(impl From<$of> for About { fn from(of: $of) -> Self { Self::$variant(of.into()) } })+};
}
abouts!(&str => Text, String => Text, CivilDate => Day, u32 => Count, HoursTenths => Hours, BasisPoints => Share);

impl Refusal {
    /// A refusal without details.
    pub const fn new(code: &'static str, kind: RefusalKind, message: &'static str) -> Self {
        Self { code, kind, message, field: None, subject: None, about: None }
    }
    /// Names the field of the command.
    #[must_use]
    pub const fn at(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
    /// Names the subject.
    #[must_use]
    pub const fn of(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }
    /// Names a key, a date, a count or another value.
    #[must_use]
    pub fn about(mut self, about: impl Into<About>) -> Self {
        self.about = Some(Box::new(about.into()));
        self
    }
}

/// Defines the refusals of a command, in the order in which they are checked.
macro_rules! refusals {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal $kind:ident $message:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every refusal, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The refusal as callers see it.
            pub const fn refusal(self) -> $crate::Refusal {
                match self { $(Self::$variant => $crate::Refusal::new($code, $crate::RefusalKind::$kind, $message)),+ }
            }
        }
        impl From<$name> for $crate::Refusal { fn from(refusal: $name) -> Self { refusal.refusal() } }
    };
}
pub(crate) use refusals;

refusals! {
    /// Refusals that any command may give.
    pub enum CommonRefusal {
        /// The account does not exist, is locked, or does not hold the role.
        AccountCannotAct = "AUTH-0003" Forbidden "the account is locked or does not hold the role it acts in",
        /// Role, territory or organisation do not reach so far. Source: Plan 4.1-1.
        NotPermitted = "AUTH-0002" Forbidden "the role, territory or organisation of the account does not allow this",
        /// An id in the command names nothing.
        UnknownSubject = "REF-0001" Rule "the command names something that does not exist",
        /// A figure is missing in the rule packs; nothing falls back.
        MissingFigure = "RULE-0001" Rule "no published rule pack sets a figure that this decision needs",
        /// A figure is there but does not have the form its key wants.
        MalformedFigure = "RULE-0002" Rule "a figure in the rule packs does not have the form that its key wants",
        /// It took place later than today.
        EffectiveInFuture = "TIME-0001" Rule "the effective date is later than today",
        /// It took place longer ago than the rule packs allow to record.
        EffectiveTooEarly = "TIME-0002" Rule "the effective date is longer ago than the rule packs allow to record",
        /// The facts fix the date on which it took place. Source: ours.
        EffectiveFixed = "TIME-0003" Rule "the facts fix the effective date; the stated one differs from it",
        /// It would take place before a fact that it follows. Source: ours.
        OutOfOrder = "TIME-0004" Rule "it would take place before a fact that it follows",
        /// The person is erased.
        PersonErased = "PERSON-0001" Conflict "the data of the person were erased",
        /// A text is empty, too long, or holds control characters.
        TextUnfit = "TEXT-0001" Rule "a text is empty, longer than its limit, or holds control characters",
    }
}

/// Every refusal there is, for the pages of the codes and for tests.
pub fn every_refusal() -> Vec<Refusal> {
    macro_rules! all_of {
        ($($refusals:path),+ $(,)?) => { [$(<$refusals>::ALL.iter().map(|refusal| refusal.refusal()).collect::<Vec<_>>()),+].concat() };
    }
    all_of![
        CommonRefusal,
        crate::plan::adjust_target::AdjustTargetRefusal,
        crate::plan::set_target::SetTargetRefusal,
        crate::class::cancel_run::CancelRunRefusal,
        crate::class::close_run::CloseRunRefusal,
        crate::class::completion::CompletionRefusal,
        crate::class::correct_session::CorrectSessionRefusal,
        crate::class::finish_roster_import::FinishRosterImportRefusal,
        crate::class::hold_session::HoldSessionRefusal,
        crate::class::open_run::OpenRunRefusal,
        crate::class::plan_run::PlanRunRefusal,
        crate::class::record_attendance::RecordAttendanceRefusal,
        crate::class::record_completion_test::RecordCompletionTestRefusal,
        crate::class::register_trainee::RegisterTraineeRefusal,
        crate::class::reopen_run::ReopenRunRefusal,
        crate::class::run::RunRefusal,
        crate::class::start_roster_import::StartRosterImportRefusal,
        crate::class::withdraw_trainee::WithdrawTraineeRefusal,
        crate::person::complete_erasure::CompleteErasureRefusal,
        crate::hours::post_hours::PostHoursRefusal,
        crate::hours::reverse_hours::ReverseHoursRefusal,
        crate::directory::change_trainer_occupations::ChangeTrainerOccupationsRefusal,
        crate::directory::list_trainer::ListTrainerRefusal,
        crate::directory::listing::ListingRefusal,
        crate::directory::occupation_code::OccupationCodeRefusal,
        crate::directory::set_occupation_directions::SetOccupationDirectionsRefusal,
        crate::certificate::issue_training_certificate::IssueTrainingCertificateRefusal,
        crate::certificate::revoke_training_certificate::RevokeTrainingCertificateRefusal,
        crate::document::publish_holiday_calendar::PublishHolidayCalendarRefusal,
        crate::document::publish_rule_pack::PublishRulePackRefusal,
        crate::access::account::AccountRefusal,
        crate::access::change_account_roles::ChangeAccountRolesRefusal,
        crate::access::lock_account::LockAccountRefusal,
        crate::access::register_organisation::RegisterOrganisationRefusal,
        crate::access::unlock_account::UnlockAccountRefusal,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_used_once() {
        let listed: Vec<_> = every_refusal().iter().map(|refusal| refusal.code).collect();
        let different: BTreeSet<_> = listed.iter().collect();
        assert_eq!(listed.len(), different.len());
    }

    #[test]
    fn a_refusal_names_nothing_before_it_is_given() {
        for refusal in every_refusal() {
            assert!(refusal.field.is_none() && refusal.subject.is_none() && refusal.about.is_none(), "{refusal}");
        }
    }
}
