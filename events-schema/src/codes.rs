//! Closed lists with frozen codes: what an event may say where it does not say a number, a date, an id or a name.

use crate::macros::codes;

/// A code that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("code {code} is not a known {of}")]
pub struct UnknownCode {
    /// The list that was asked.
    pub of: &'static str,
    /// The code that it does not hold.
    pub code: u8,
}

codes! {
    /// The three lines of the programme. Source: Plan 3.1, 3.2, 3.3.
    pub enum Line {
        /// Advanced study (高级研修项目). Source: Plan 3.1.
        Advanced = 1 "advanced",
        /// Capability improvement (能力提升项目). Source: Plan 3.2.
        Capability = 2 "capability",
        /// Digital technology engineers (数字技术工程师培育项目). Source: Plan 3.3.
        Digital = 3 "digital",
    }
}

codes! {
    /// The three grades of a digital technology engineer. Source: Plan 3.3-3.
    pub enum Grade {
        /// 初级.
        Junior = 1 "junior",
        /// 中级.
        Intermediate = 2 "intermediate",
        /// 高级.
        Senior = 3 "senior",
    }
}

codes! {
    /// Why a person counts among those the programme is for. Source: Plan 2-1 (高层次、急需紧缺和骨干).
    pub enum TalentCategory {
        /// 高层次.
        HighLevel = 1 "high_level",
        /// 急需紧缺.
        UrgentlyNeeded = 2 "urgently_needed",
        /// 骨干.
        Backbone = 3 "backbone",
    }
}

codes! {
    /// The role an account acts in; what it may do is decided by the domain's `access` page.
    pub enum Role {
        /// The process itself: first start, expiry of jobs. Nobody signs in as it.
        System = 1 "system",
        /// Runs the installation: accounts, backups; sees no personal data.
        Operator = 2 "operator",
        /// Office of the national coordination group (全国指导协调小组办公室). Source: Plan 4.1-1.
        NationalOffice = 3 "national_office",
        /// Office of a province or of the Corps. Source: Plan 4.1-1.
        ProvincialOffice = 4 "provincial_office",
        /// Staff of a listed trainer (培训机构). Source: Plan 3.3-5.
        Trainer = 5 "trainer",
        /// Reads everything, personal data only for a named case; writes nothing.
        Auditor = 6 "auditor",
        /// Follows a complaint; reads the history of what it touches. Source: Plan 4.4-7.
        Investigator = 7 "investigator",
    }
}

codes! {
    /// How a class or a session is held. Source: Plan 3.3-8 (线上线下).
    pub enum DeliveryMode {
        /// In one place.
        InPerson = 1 "in_person",
        /// On a platform.
        Online = 2 "online",
        /// Some sessions in a place, some on a platform.
        Mixed = 3 "mixed",
    }
}

codes! {
    /// Whether a person was there. Source: Plan 3.3-5 (严格学员考勤管理).
    pub enum Attendance {
        /// Attended the whole session.
        Present = 1 "present",
        /// Was not there.
        Absent = 2 "absent",
        /// Excused; counts as not attended for the hours.
        Excused = 3 "excused",
    }
}

codes! {
    /// Why a trainer is suspended or removed from the directory. Ours: the plan says only 动态调整 (3.3-4).
    pub enum ListingGround {
        /// Did what the rules forbid.
        Violation = 1 "violation",
        /// No longer meets the conditions it was listed for.
        ConditionsLost = 2 "conditions_lost",
        /// Asked for it itself.
        OwnRequest = 3 "own_request",
        /// The decision to list was wrong.
        ListedInError = 4 "listed_in_error",
    }
}

codes! {
    /// Why a training certificate or posted hours are taken away. Ours: no official list is known.
    pub enum RevocationGround {
        /// Attendance, test or identity was faked.
        Fraud = 1 "fraud",
        /// Issued although a condition was not met.
        ConditionsNotMet = 2 "conditions_not_met",
        /// The facts it rests on were corrected afterwards.
        FactsCorrected = 3 "facts_corrected",
    }
}

codes! {
    /// Why a recorded fact is corrected or taken back. Ours: no official list is known.
    pub enum CorrectionGround {
        /// It was typed wrongly.
        Mistyped = 1 "mistyped",
        /// It was recorded of another person, session or run than it happened to.
        Misattributed = 2 "misattributed",
        /// It never took place.
        NeverHappened = 3 "never_happened",
        /// The papers were compared again and say otherwise.
        PapersReviewed = 4 "papers_reviewed",
        /// An inspection or complaint brought it to light. Source: Plan 4.4-2, 4.4-7.
        Supervision = 5 "supervision",
    }
}

codes! {
    /// Why something is told later than late entries may be told. Ours.
    pub enum LateGround {
        /// It was left out at the time.
        Omitted = 1 "omitted",
        /// It could not be entered at the time.
        Unavailable = 2 "unavailable",
        /// It comes from records kept before the system.
        OlderRecords = 3 "older_records",
        /// An inspection or complaint asked for it. Source: Plan 4.4-2, 4.4-7.
        Required = 4 "required",
    }
}

codes! {
    /// Why a seat is given up. Ours.
    pub enum WithdrawalGround {
        /// The person asked.
        Asked = 1 "asked",
        /// The employer called the person back.
        Recalled = 2 "recalled",
        /// The person did not come.
        NeverCame = 3 "never_came",
        /// The person broke the rules of the run.
        Dismissed = 4 "dismissed",
        /// The registration was a mistake.
        Mistaken = 5 "mistaken",
    }
}

codes! {
    /// Why a person's data are erased. Source: 个人信息保护法 Art. 47.
    pub enum ErasureGround {
        /// The person asked.
        PersonRequest = 1 "person_request",
        /// Consent was withdrawn.
        ConsentWithdrawn = 2 "consent_withdrawn",
        /// The retention period ended.
        RetentionEnded = 3 "retention_ended",
        /// The data were processed against the law.
        Unlawful = 4 "unlawful",
    }
}

codes! {
    /// Why personal data are opened. Every reading names one.
    pub enum ReadPurpose {
        /// Running a class: roster, attendance, certificate.
        ClassAdministration = 1 "class_administration",
        /// Checking a certificate that somebody holds up.
        CertificateCheck = 2 "certificate_check",
        /// An inspection.
        Inspection = 3 "inspection",
        /// A complaint.
        Complaint = 4 "complaint",
        /// An audit of the record.
        Audit = 5 "audit",
        /// The person asked for their own data.
        OwnData = 6 "own_data",
    }
}

codes! {
    /// How sure the source of a figure in a rule pack is.
    pub enum SourceMark {
        /// Stands in the Implementation Plan itself.
        Plan = 1 "plan",
        /// Read in the official text that it names.
        Official = 2 "official",
        /// Found in a text that repeats the official one.
        Secondary = 3 "secondary",
        /// No text is known: our default, shown as ours.
        Default = 4 "default",
        /// Made up for demonstrations and tests.
        TestData = 5 "test_data",
    }
}

codes! {
    /// The unit of a figure in a rule pack.
    pub enum FigureUnit {
        /// A plain count.
        Count = 1 "count",
        /// Tenths of a continuing-education hour (学时).
        HoursTenths = 2 "hours_tenths",
        /// Hundredths of a per cent.
        BasisPoints = 3 "basis_points",
        /// Points of a test, of 100.
        Points = 4 "points",
        /// Days on which offices work.
        WorkingDays = 5 "working_days",
        /// Days of the calendar.
        CalendarDays = 6 "calendar_days",
        /// Years of the calendar.
        CalendarYears = 7 "calendar_years",
        /// Money, in hundredths of a yuan.
        Fen = 8 "fen",
        /// A text or a comma-separated list of codes.
        Text = 9 "text",
    }
}

codes! {
    /// The state of a class. Source: SOURCES 2.1.
    pub enum ClassStatus {
        /// Its plan is recorded; nobody can enrol yet.
        Planned = 1 "planned",
        /// Enrolment is open.
        Open = 2 "open",
        /// The first session was held.
        Teaching = 3 "teaching",
        /// Ended; certificates may still be issued or revoked.
        Closed = 4 "closed",
        /// Given up before it was taught to the end.
        Cancelled = 5 "cancelled",
    }
}
