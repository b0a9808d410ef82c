//! Made-up organisations: every name says 示范, and every credit code names a division 99 that GB/T 2260 does not have, with both check
//! characters right. No name is a real institution's.

use zhixin_events::ReportingUnit;
use zhixin_events::uscc::{check_character, organisation_check_character};

/// What kind of organisation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A university, registered as a public institution.
    University,
    /// A vocational college.
    College,
    /// A training centre.
    Centre,
    /// A company that sends its people.
    Company,
}

impl Kind {
    /// Kinds of trainers, taken in turn.
    pub(crate) const TRAINERS: [Self; 3] = [Self::University, Self::College, Self::Centre];

    const fn name(self) -> &'static str {
        match self {
            Self::University => "示范大学",
            Self::College => "示范职业技术学院",
            Self::Centre => "示范数字技术培训中心",
            Self::Company => "示范科技有限公司",
        }
    }
    /// Registering department and kind of body, the first two characters of a code. Source: GB 32100-2015.
    const fn register(self) -> &'static str {
        match self {
            Self::University | Self::College | Self::Centre => "12",
            Self::Company => "91",
        }
    }
}

/// The name of an organisation; `number` counts within unit and kind, from 1.
pub(crate) fn name(unit: ReportingUnit, kind: Kind, number: usize) -> String {
    format!("{}{}{}号", short_name(unit), kind.name(), chinese_numeral(number))
}

/// The name of a unit without what kind of unit it is.
pub(crate) fn short_name(unit: ReportingUnit) -> &'static str {
    let full = unit.name_zh();
    let ends = ["生产建设兵团", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"];
    let bare = ends.into_iter().find_map(|end| full.strip_suffix(end)).unwrap_or(full);
    if unit == ReportingUnit::CORPS { "兵团" } else { bare }
}

/// 1 to 99 as 一 to 九十九; others in digits.
fn chinese_numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |value: usize| DIGITS.get(value).copied().unwrap_or_default();
    match (number / 10, number % 10) {
        (0, units) => digit(units).to_owned(),
        (1, units) => format!("十{}", digit(units)),
        (tens @ 2..=9, units) => format!("{}十{}", digit(tens), digit(units)),
        _ => number.to_string(),
    }
}

/// The credit code of the organisation with this number, unique below a million.
pub(crate) fn uscc(unit: ReportingUnit, kind: Kind, number: u32) -> String {
    let organisation = format!("DM{number:06}");
    let check = organisation_check_character(&organisation).unwrap_or_default();
    let body = format!("{}99{:02}00{organisation}{check}", kind.register(), unit.code());
    let check = check_character(&body).unwrap_or_default();
    format!("{body}{check}")
}

/// The same code with another check character.
pub(crate) fn with_wrong_check(uscc: &str) -> String {
    let body = uscc.get(..17).unwrap_or_default();
    format!("{body}{}", if uscc.ends_with('1') { '2' } else { '1' })
}
