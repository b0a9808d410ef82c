//! What is done with a class: the one table of acts, each a form and the command that it sends.

use zhixin_engine::domain::access::Action;
use zhixin_engine::domain::certificate::IssueTrainingCertificate;
use zhixin_engine::domain::class::{
    AnnulSession, CancelRun, CloseRun, CorrectAttendance, CorrectCompletionTest, CorrectSession, HoldSession, OpenRun, RecordAttendance,
    RecordCompletionTest, ReopenRun, VoidCompletionTest, WithdrawTrainee,
};
use zhixin_engine::domain::command::Decide;
use zhixin_engine::domain::hours::{PostHours, ReverseHours};
use zhixin_events::{ClassStatus, RevocationGround, SessionNumber};
use zhixin_projections::classes::{ClassDetail, ClassEntry, Trainee};

use crate::pages::views::Link;
use crate::text::{Lang, Phrase, Texts};

/// An act; the order is that in which they are usually done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Open,
    Session,
    Attendance,
    Test,
    Issue,
    Hours,
    Close,
    Withdraw,
    FixSession,
    Annul,
    FixAttendance,
    FixTest,
    VoidTest,
    Reverse,
    Reopen,
    Cancel,
}

/// What is said of an act: its title, what it does and what comes after, its button, and that it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub(super) title: Phrase,
    pub(super) lead: Phrase,
    pub(super) go: Phrase,
    pub(super) done: Phrase,
}

/// A class as far as it decides what can be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stand<'a> {
    pub(crate) detail: &'a ClassDetail,
    pub(crate) roster: &'a [Trainee],
}

impl Act {
    pub(crate) const ALL: [Self; 16] = [
        Self::Open,
        Self::Session,
        Self::Attendance,
        Self::Test,
        Self::Issue,
        Self::Hours,
        Self::Close,
        Self::Withdraw,
        Self::FixSession,
        Self::Annul,
        Self::FixAttendance,
        Self::FixTest,
        Self::VoidTest,
        Self::Reverse,
        Self::Reopen,
        Self::Cancel,
    ];

    /// The last part of the address of its form.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Session => "sessions",
            Self::Attendance => "attendance",
            Self::Test => "tests",
            Self::Issue => "certificates",
            Self::Hours => "hours",
            Self::Close => "close",
            Self::Withdraw => "withdraw",
            Self::FixSession => "correct-session",
            Self::Annul => "annul-session",
            Self::FixAttendance => "correct-attendance",
            Self::FixTest => "correct-test",
            Self::VoidTest => "void-test",
            Self::Reverse => "reverse-hours",
            Self::Reopen => "reopen",
            Self::Cancel => "cancel",
        }
    }

    /// The command that its form sends.
    pub(super) const fn command(self) -> &'static str {
        match self {
            Self::Open => OpenRun::NAME,
            Self::Session => HoldSession::NAME,
            Self::Attendance => RecordAttendance::NAME,
            Self::Test => RecordCompletionTest::NAME,
            Self::Issue => IssueTrainingCertificate::NAME,
            Self::Hours => PostHours::NAME,
            Self::Close => CloseRun::NAME,
            Self::Withdraw => WithdrawTrainee::NAME,
            Self::FixSession => CorrectSession::NAME,
            Self::Annul => AnnulSession::NAME,
            Self::FixAttendance => CorrectAttendance::NAME,
            Self::FixTest => CorrectCompletionTest::NAME,
            Self::VoidTest => VoidCompletionTest::NAME,
            Self::Reverse => ReverseHours::NAME,
            Self::Reopen => ReopenRun::NAME,
            Self::Cancel => CancelRun::NAME,
        }
    }

    /// Who may do it.
    pub(crate) const fn action(self) -> Action {
        match self {
            Self::Withdraw => Action::EnrolTrainees,
            Self::Issue | Self::Hours => Action::IssueCertificates,
            Self::Reverse => Action::RevokeCertificates,
            Self::Open
            | Self::Session
            | Self::Attendance
            | Self::Test
            | Self::Close
            | Self::FixSession
            | Self::Annul
            | Self::FixAttendance
            | Self::FixTest
            | Self::VoidTest
            | Self::Reopen
            | Self::Cancel => Action::RunClasses,
        }
    }

    /// Whether it belongs to the usual course of a class; the others mend something or end it early.
    pub(crate) const fn is_usual(self) -> bool {
        matches!(self, Self::Open | Self::Session | Self::Attendance | Self::Test | Self::Issue | Self::Hours | Self::Close)
    }

    /// Whether it takes something away.
    pub(super) const fn is_grave(self) -> bool {
        matches!(self, Self::Withdraw | Self::Annul | Self::VoidTest | Self::Reverse | Self::Cancel)
    }

    /// The member of the body that is filled in for each person, where it is recorded of many; empty where they are only chosen.
    pub(super) const fn of_many(self) -> Option<&'static str> {
        match self {
            Self::Attendance => Some("attendance"),
            Self::Test => Some("points"),
            Self::Issue | Self::Hours => Some(""),
            Self::Open
            | Self::Session
            | Self::Close
            | Self::Withdraw
            | Self::FixSession
            | Self::Annul
            | Self::FixAttendance
            | Self::FixTest
            | Self::VoidTest
            | Self::Reverse
            | Self::Reopen
            | Self::Cancel => None,
        }
    }

    /// Whether the session is chosen first, because the rest of the form depends on it.
    pub(super) const fn is_of_session(self) -> bool {
        matches!(self, Self::Attendance | Self::FixSession | Self::FixAttendance)
    }

    /// Whether it is about one or more trainees.
    pub(super) const fn is_of_persons(self) -> bool {
        self.of_many().is_some() || matches!(self, Self::Withdraw | Self::FixAttendance | Self::FixTest | Self::VoidTest | Self::Reverse)
    }

    pub(super) fn words(self, lang: Lang) -> Words {
        let t = &Texts::of(lang).forms;
        let (title, lead, go, done) = match self {
            Self::Open => (t.open, t.open_lead, t.open_go, t.open_done),
            Self::Session => (t.session, t.session_lead, t.session_go, t.session_done),
            Self::Attendance => (t.attendance, t.attendance_lead, t.attendance_go, t.attendance_done),
            Self::Test => (t.test, t.test_lead, t.test_go, t.test_done),
            Self::Issue => (t.issue, t.issue_lead, t.issue_go, t.issue_done),
            Self::Hours => (t.hours, t.hours_lead, t.hours_go, t.hours_done),
            Self::Close => (t.close, t.close_lead, t.close_go, t.close_done),
            Self::Withdraw => (t.withdraw, t.withdraw_lead, t.withdraw_go, t.withdraw_done),
            Self::FixSession => (t.fix_session, t.fix_session_lead, t.fix_go, t.fix_session_done),
            Self::Annul => (t.annul, t.annul_lead, t.fix_go, t.annul_done),
            Self::FixAttendance => (t.fix_attendance, t.fix_attendance_lead, t.fix_go, t.fix_attendance_done),
            Self::FixTest => (t.fix_test, t.fix_test_lead, t.fix_go, t.fix_test_done),
            Self::VoidTest => (t.void_test, t.void_test_lead, t.fix_go, t.void_test_done),
            Self::Reverse => (t.reverse, t.reverse_lead, t.fix_go, t.reverse_done),
            Self::Reopen => (t.reopen, t.reopen_lead, t.fix_go, t.reopen_done),
            Self::Cancel => (t.cancel, t.cancel_lead, t.cancel_go, t.cancel_done),
        };
        Words { title, lead, go, done }
    }

    /// Whether it can be recorded of a trainee, as far as the read model tells; `session` narrows it to one.
    pub(super) fn concerns(self, trainee: &Trainee, session: Option<SessionNumber>) -> bool {
        let seated = trainee.seat.is_some();
        let passed = trainee.test().is_some_and(|test| test.passed);
        let marked = |session: SessionNumber| trainee.attendance.iter().any(|one| one.session == session);
        match self {
            Self::Attendance => seated && session.is_none_or(|session| !marked(session)),
            Self::FixAttendance => seated && session.map_or(!trainee.attendance.is_empty(), marked),
            Self::Test | Self::Withdraw => seated && !passed,
            Self::Issue => {
                let revoked = trainee.certificate.as_ref().and_then(|held| held.revoked);
                let lacks = trainee.certificate.is_none() || revoked.is_some_and(|(_, ground)| ground != RevocationGround::Fraud);
                seated && passed && lacks
            }
            Self::Hours => seated && passed && trainee.hours.is_none(),
            Self::FixTest | Self::VoidTest => seated && trainee.test().is_some(),
            Self::Reverse => trainee.hours.is_some(),
            Self::Open | Self::Session | Self::Close | Self::FixSession | Self::Annul | Self::Reopen | Self::Cancel => false,
        }
    }

    /// Why it cannot be done now; none = it can.
    pub(crate) fn closed(self, lang: Lang, stand: &Stand) -> Option<Phrase> {
        let t = &Texts::of(lang).forms;
        let (status, taught) = (stand.detail.entry.status, !stand.detail.sessions.is_empty());
        let (planned, ended) = (status == ClassStatus::Planned, matches!(status, ClassStatus::Closed | ClassStatus::Cancelled));
        let first = |reasons: &[(bool, Phrase)]| reasons.iter().find(|(holds, _)| *holds).map(|(_, reason)| *reason);
        let cancelled = (status == ClassStatus::Cancelled, t.has_ended);
        let nobody = |reason: Phrase| (!stand.roster.iter().any(|trainee| self.concerns(trainee, None)), reason);
        let unseated = (!stand.roster.iter().any(|trainee| trainee.seat.is_some()), t.nobody_seated);
        let (before, untaught) = ((planned, t.planned_first), (!taught, t.not_taught));
        match self {
            Self::Open => first(&[(ended, t.has_ended), (!planned, t.opened_already)]),
            Self::Session => first(&[before, (ended, t.has_ended)]),
            Self::Attendance | Self::Test => first(&[cancelled, before, unseated, untaught, nobody(t.nobody_left)]),
            Self::Issue | Self::Hours => first(&[cancelled, before, untaught, nobody(t.nobody_passed)]),
            Self::Close => first(&[before, (ended, t.has_ended), (status != ClassStatus::Teaching, t.not_taught)]),
            Self::Withdraw => first(&[before, (ended, t.has_ended), unseated, nobody(t.nobody_left)]),
            Self::FixSession | Self::Annul => first(&[cancelled, before, untaught]),
            Self::FixAttendance | Self::FixTest | Self::VoidTest | Self::Reverse => {
                first(&[cancelled, before, untaught, nobody(t.nobody_left)])
            }
            Self::Reopen => first(&[(status != ClassStatus::Closed, t.not_closed)]),
            Self::Cancel => first(&[(ended, t.has_ended)]),
        }
    }

    /// Its title and its form.
    pub(crate) fn link(self, lang: Lang, class: &ClassEntry) -> Link {
        Link { label: self.words(lang).title.to_string(), href: format!("/classes/{}/{}", class.class, self.name()) }
    }

    /// Of how many trainees it is still to be recorded.
    pub(crate) fn open_for(self, stand: &Stand, session: Option<SessionNumber>) -> usize {
        stand.roster.iter().filter(|trainee| self.concerns(trainee, session)).count()
    }
}
