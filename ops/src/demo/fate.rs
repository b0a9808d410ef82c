//! What becomes of a seat. A cast makes sure that each fate occurs even in the smallest demonstration; beyond it chance decides.

use zhixin_events::Attendance;

use super::chance::Chance;
use super::people;

/// The story of one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Attends, passes, is certified; may miss one session.
    Completes,
    /// Gives the seat up after two sessions; recorded a day late.
    Withdraws,
    /// Gives the seat up before the first session and takes it again.
    ComesBack,
    /// Misses the last four sessions: the test is refused.
    TooFewHours,
    /// Does not reach the pass mark.
    FailsTest,
    /// The marks were typed wrongly; corrected, the test is passed.
    TestCorrected,
    /// Recorded as absent twice; one of the two is corrected.
    AttendanceCorrected,
    /// One attendance is recorded days later.
    LateEntry,
    /// The certificate is revoked and the hours taken back.
    Revoked,
    /// The person is erased after the run.
    Erased,
    /// The name was mistyped and is corrected.
    NameCorrected,
    /// The registration is recorded days after it took effect.
    BackDated,
    /// The number has a wrong check character and is taken by the import with a reason.
    BadNumber,
}

/// Each fate but the usual one, dealt to the first seats.
pub(crate) const CAST: [Fate; 12] = [
    Fate::BadNumber,
    Fate::Withdraws,
    Fate::TooFewHours,
    Fate::FailsTest,
    Fate::TestCorrected,
    Fate::AttendanceCorrected,
    Fate::LateEntry,
    Fate::Revoked,
    Fate::Erased,
    Fate::NameCorrected,
    Fate::BackDated,
    Fate::ComesBack,
];
/// Seats from one member of the cast to the next.
const CAST_EVERY: u64 = 6;
/// The first seat of the cast.
const CAST_FROM: u64 = 3;

/// How often each fate comes beyond the cast. Unit: seats of ten thousand.
const ODDS: [(Fate, u64); 12] = [
    (Fate::Withdraws, 250),
    (Fate::TooFewHours, 250),
    (Fate::FailsTest, 300),
    (Fate::TestCorrected, 60),
    (Fate::AttendanceCorrected, 80),
    (Fate::LateEntry, 100),
    (Fate::Revoked, 25),
    (Fate::Erased, 5),
    (Fate::NameCorrected, 40),
    (Fate::BackDated, 60),
    (Fate::ComesBack, 30),
    (Fate::BadNumber, 10),
];

/// What a seat allows: not every fate fits everywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// The seat's number over all runs.
    pub(crate) number: u64,
    /// The index of the person.
    pub(crate) person: u64,
    /// Whether the seat is filled by an import.
    pub(crate) imported: bool,
    /// Whether the run ends early enough for something to happen after it.
    pub(crate) early: bool,
}

/// The fate of a seat.
pub(crate) fn of(seed: u64, setting: Setting) -> Fate {
    let place = setting.number.checked_sub(CAST_FROM).filter(|place| place % CAST_EVERY == 0).map(|place| place / CAST_EVERY);
    let cast = place.and_then(|place| CAST.get(usize::try_from(place).ok()?)).copied();
    let fate = cast.unwrap_or_else(|| by_chance(&mut Chance::new(seed, "fate", setting.number)));
    let fits = match fate {
        Fate::BadNumber => setting.imported && !people::has_passport(setting.person),
        Fate::Revoked | Fate::Erased => setting.early,
        Fate::Completes
        | Fate::Withdraws
        | Fate::ComesBack
        | Fate::TooFewHours
        | Fate::FailsTest
        | Fate::TestCorrected
        | Fate::AttendanceCorrected
        | Fate::LateEntry
        | Fate::NameCorrected
        | Fate::BackDated => true,
    };
    if fits { fate } else { Fate::Completes }
}

fn by_chance(chance: &mut Chance) -> Fate {
    let mut drawn = chance.below(10_000);
    for (fate, odds) in ODDS {
        match drawn.checked_sub(odds) {
            Some(left) => drawn = left,
            None => return fate,
        }
    }
    Fate::Completes
}

impl Fate {
    /// Whether the completion test is taken.
    pub(crate) const fn is_tested(self) -> bool {
        !matches!(self, Self::Withdraws | Self::TooFewHours)
    }
    /// Whether the run ends with a certificate.
    pub(crate) const fn is_certified(self) -> bool {
        self.is_tested() && !matches!(self, Self::FailsTest)
    }
    /// What is recorded of a session on its day; nothing when the seat is given up or the entry comes late. Sessions count from 0.
    pub(crate) fn attendance(self, session: usize, sessions: usize, missed: Option<(usize, Attendance)>) -> Option<Attendance> {
        match self {
            Self::Withdraws if session >= WITHDRAWN_BEFORE => None,
            Self::LateEntry if session == LATE_SESSION => None,
            Self::TooFewHours if session + 4 >= sessions => Some(Attendance::Absent),
            Self::AttendanceCorrected if session == CORRECTED_SESSION || session == CORRECTED_SESSION + 1 => Some(Attendance::Absent),
            Self::Completes => Some(missed.filter(|(at, _)| *at == session).map_or(Attendance::Present, |(_, how)| how)),
            Self::Withdraws
            | Self::ComesBack
            | Self::TooFewHours
            | Self::FailsTest
            | Self::TestCorrected
            | Self::AttendanceCorrected
            | Self::LateEntry
            | Self::Revoked
            | Self::Erased
            | Self::NameCorrected
            | Self::BackDated
            | Self::BadNumber => Some(Attendance::Present),
        }
    }
}

/// What goes wrong in the papers of a run, and is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// The hours of a session are mistyped.
    Hours,
    /// The last session is entered under the day on which it is entered.
    Day,
    /// A session is entered that was not held.
    Ghost,
    /// The run is closed under a wrong day.
    Closing,
    /// A test is entered of the wrong person.
    Test,
    /// A registration is entered under a wrong day.
    Seat,
}

/// The slip of a run, by its number.
pub(crate) const fn slip_of(run: usize) -> Slip {
    match run % 6 {
        0 => Slip::Seat,
        1 => Slip::Hours,
        2 => Slip::Day,
        3 => Slip::Ghost,
        4 => Slip::Closing,
        _ => Slip::Test,
    }
}

/// The session whose hours are mistyped.
pub(crate) const MISTYPED_SESSION: usize = 2;

/// Whoever withdraws does so before this session, counted from 0.
pub(crate) const WITHDRAWN_BEFORE: usize = 2;
/// The session whose attendance is recorded late for one person.
pub(crate) const LATE_SESSION: usize = 3;
/// The session whose attendance is corrected.
pub(crate) const CORRECTED_SESSION: usize = 1;
