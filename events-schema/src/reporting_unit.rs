//! Reporting units and administrative divisions.
//!
//! A *reporting unit* answers for yearly targets: the 31 provinces of the mainland and the Xinjiang Production and
//! Construction Corps. The national office and ministries report nothing and are not in the list. A *division* is a
//! place by GB/T 2260. The two are apart because the Corps has no province code of its own there (its cities stand
//! under 65): 66 is ours, as in many national systems, and never part of an identity number or a credit code.
//! Places are `open` data, so everything here may be printed.

use std::fmt;

/// One place of province level with its names and its tile on the dashboard's grid.
#[derive(Debug, PartialEq, Eq)]
pub struct Province {
    /// First two digits of GB/T 2260; 66 for the Corps.
    pub code: u8,
    /// Chinese name in full.
    pub name_zh: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// One-character Chinese short name.
    pub short_zh: &'static str,
    /// Column and row of its tile, from 0; no two share one.
    pub tile: (u8, u8),
    /// Whether it is one of the 32 reporting units.
    pub reports: bool,
}

const fn unit(code: u8, name_zh: &'static str, short_zh: &'static str, name_en: &'static str, tile: (u8, u8)) -> Province {
    Province { code, name_zh, name_en, short_zh, tile, reports: true }
}

const fn place(code: u8, name_zh: &'static str, short_zh: &'static str, name_en: &'static str, tile: (u8, u8)) -> Province {
    Province { code, name_zh, name_en, short_zh, tile, reports: false }
}

/// All places of province level, by code: 32 that report and three that are known but do not.
pub static PROVINCES: [Province; 35] = [
    unit(11, "北京市", "京", "Beijing", (6, 2)),
    unit(12, "天津市", "津", "Tianjin", (7, 2)),
    unit(13, "河北省", "冀", "Hebei", (5, 2)),
    unit(14, "山西省", "晋", "Shanxi", (4, 2)),
    unit(15, "内蒙古自治区", "蒙", "Inner Mongolia", (5, 1)),
    unit(21, "辽宁省", "辽", "Liaoning", (7, 1)),
    unit(22, "吉林省", "吉", "Jilin", (8, 1)),
    unit(23, "黑龙江省", "黑", "Heilongjiang", (8, 0)),
    unit(31, "上海市", "沪", "Shanghai", (6, 4)),
    unit(32, "江苏省", "苏", "Jiangsu", (5, 4)),
    unit(33, "浙江省", "浙", "Zhejiang", (5, 5)),
    unit(34, "安徽省", "皖", "Anhui", (4, 4)),
    unit(35, "福建省", "闽", "Fujian", (5, 6)),
    unit(36, "江西省", "赣", "Jiangxi", (4, 5)),
    unit(37, "山东省", "鲁", "Shandong", (5, 3)),
    unit(41, "河南省", "豫", "Henan", (4, 3)),
    unit(42, "湖北省", "鄂", "Hubei", (3, 4)),
    unit(43, "湖南省", "湘", "Hunan", (3, 5)),
    unit(44, "广东省", "粤", "Guangdong", (4, 6)),
    unit(45, "广西壮族自治区", "桂", "Guangxi", (3, 6)),
    unit(46, "海南省", "琼", "Hainan", (3, 7)),
    unit(50, "重庆市", "渝", "Chongqing", (2, 4)),
    unit(51, "四川省", "川", "Sichuan", (1, 4)),
    unit(52, "贵州省", "贵", "Guizhou", (2, 5)),
    unit(53, "云南省", "滇", "Yunnan", (1, 5)),
    unit(54, "西藏自治区", "藏", "Tibet", (0, 3)),
    unit(61, "陕西省", "陕", "Shaanxi", (3, 3)),
    unit(62, "甘肃省", "甘", "Gansu", (2, 2)),
    unit(63, "青海省", "青", "Qinghai", (1, 3)),
    unit(64, "宁夏回族自治区", "宁", "Ningxia", (3, 2)),
    unit(65, "新疆维吾尔自治区", "新", "Xinjiang", (0, 2)),
    unit(66, "新疆生产建设兵团", "兵", "Xinjiang Production and Construction Corps", (1, 2)),
    place(71, "台湾省", "台", "Taiwan", (6, 6)),
    place(81, "香港特别行政区", "港", "Hong Kong", (5, 7)),
    place(82, "澳门特别行政区", "澳", "Macao", (4, 7)),
];

/// Code of the Corps; ours, not of GB/T 2260.
const CORPS: u8 = 66;

fn province(code: u8) -> Option<&'static Province> {
    PROVINCES.iter().find(|province| province.code == code)
}

/// A code that names nothing known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not one of the 32.
    #[error("{0} is not a reporting unit")]
    NotReportingUnit(u8),
    /// Not six digits.
    #[error("{0} is not a six-digit division code")]
    NotSixDigits(u32),
    /// The first two digits are no province.
    #[error("division code {0} is in no known province")]
    UnknownProvince(u32),
    /// A county part below a prefecture part of 00.
    #[error("division code {0} names a county without a prefecture")]
    CountyWithoutPrefecture(u32),
}

/// One of the 32 reporting units, by code. Order is by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportingUnit(u8);

impl ReportingUnit {
    /// Jiangsu: the unit of examples and tests.
    pub const JIANGSU: Self = Self(32);

    /// The Xinjiang Production and Construction Corps.
    pub const CORPS: Self = Self(CORPS);

    /// The unit with this code.
    ///
    /// # Errors
    /// [`PlaceError::NotReportingUnit`], also for 71, 81 and 82.
    pub fn new(code: u8) -> Result<Self, PlaceError> {
        province(code).filter(|p| p.reports).map(|_| Self(code)).ok_or(PlaceError::NotReportingUnit(code))
    }

    /// All 32, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        PROVINCES.iter().filter(|province| province.reports).map(|province| Self(province.code))
    }

    /// The code written to the log.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Names and tile.
    pub fn province(self) -> &'static Province {
        #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "`new` and `all` make only codes of the table")]
        province(self.0).expect("a reporting unit is in the table of provinces")
    }

    /// Chinese name in full.
    pub fn name_zh(self) -> &'static str {
        self.province().name_zh
    }

    /// English name.
    pub fn name_en(self) -> &'static str {
        self.province().name_en
    }

    /// One-character Chinese short name.
    pub fn short_zh(self) -> &'static str {
        self.province().short_zh
    }

    /// Column and row on the tile map, from 0.
    pub fn tile(self) -> (u8, u8) {
        self.province().tile
    }

    /// The division of the whole unit: its code followed by 0000.
    pub fn division(self) -> DivisionCode {
        DivisionCode(u32::from(self.0).saturating_mul(10_000))
    }
}

impl fmt::Display for ReportingUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// How much a division code covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivisionLevel {
    /// `pp0000`.
    Province,
    /// `ppcc00`.
    Prefecture,
    /// `ppccxx`.
    County,
}

/// A six-digit division of GB/T 2260-2007, or 66 and four digits for places of the Corps.
///
/// The tree is the code itself: a province contains what shares its two digits, a prefecture four. Only the province
/// part is checked against a table: prefectures and counties come and go, and an abolished code stays in old records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode(u32);

impl DivisionCode {
    /// The division with this code.
    ///
    /// # Errors
    /// Not six digits, no known province, or a county part without a prefecture part.
    pub fn new(code: u32) -> Result<Self, PlaceError> {
        if !(100_000..=999_999).contains(&code) {
            return Err(PlaceError::NotSixDigits(code));
        }
        let (division, pair) = (Self(code), |at: u32| code.checked_div(at).map_or(0, |part| part.rem_euclid(100)));
        if province(division.province_code()).is_none() {
            return Err(PlaceError::UnknownProvince(code));
        }
        if pair(100) == 0 && pair(1) != 0 {
            return Err(PlaceError::CountyWithoutPrefecture(code));
        }
        Ok(division)
    }

    /// The code written to the log.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// First two digits.
    pub fn province_code(self) -> u8 {
        self.0.checked_div(10_000).and_then(|code| u8::try_from(code).ok()).unwrap_or(0)
    }

    /// The place of province level it lies in.
    pub fn province(self) -> &'static Province {
        #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "`new` accepts only codes of the table")]
        province(self.province_code()).expect("a division lies in a province of the table")
    }

    /// The reporting unit by prefix; none in 71, 81 and 82. The Corps' cities with codes 6590xx answer 65 here, because
    /// GB/T 2260 puts them there: who reports for such a place is told by the record, not by its code.
    pub fn reporting_unit(self) -> Option<ReportingUnit> {
        ReportingUnit::new(self.province_code()).ok()
    }

    /// Whether the code is GB/T 2260's own and not our 66.
    pub fn in_national_standard(self) -> bool {
        self.province_code() != CORPS
    }

    /// Province, prefecture or county.
    pub fn level(self) -> DivisionLevel {
        if self.0.rem_euclid(10_000) == 0 {
            DivisionLevel::Province
        } else if self.0.rem_euclid(100) == 0 {
            DivisionLevel::Prefecture
        } else {
            DivisionLevel::County
        }
    }

    /// The division one level up; none above a province.
    pub fn parent(self) -> Option<Self> {
        let unit = match self.level() {
            DivisionLevel::Province => return None,
            DivisionLevel::Prefecture => 10_000,
            DivisionLevel::County => 100,
        };
        Some(Self(self.0.saturating_sub(self.0.rem_euclid(unit))))
    }

    /// Whether `other` is this division or lies in it.
    pub fn contains(self, other: Self) -> bool {
        std::iter::successors(Some(other), |division| division.parent()).any(|division| division == self)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thirty_two_units_report_and_three_places_do_not() {
        assert_eq!(ReportingUnit::all().count(), 32);
        assert_eq!(ReportingUnit::CORPS.name_zh(), "新疆生产建设兵团");
        for code in [0, 71, 81, 82, 83, 99] {
            assert_eq!(ReportingUnit::new(code), Err(PlaceError::NotReportingUnit(code)));
        }
        let silent: Vec<u8> = PROVINCES.iter().filter(|p| !p.reports).map(|p| p.code).collect();
        assert_eq!(silent, [71, 81, 82]);
    }

    #[test]
    fn codes_ascend_and_names_and_tiles_are_distinct() {
        assert!(PROVINCES.is_sorted_by(|a, b| a.code < b.code));
        let distinct = |names: Vec<&str>| names.into_iter().collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(PROVINCES.iter().map(|p| p.name_zh).collect()), 35);
        assert_eq!(distinct(PROVINCES.iter().map(|p| p.name_en).collect()), 35);
        assert_eq!(distinct(PROVINCES.iter().map(|p| p.short_zh).collect()), 35);
        assert!(PROVINCES.iter().all(|p| p.short_zh.chars().count() == 1));
        assert_eq!(PROVINCES.iter().map(|p| p.tile).collect::<BTreeSet<_>>().len(), 35);
    }

    /// The picture is the design's own, so a tile moved by mistake shows as a changed line.
    #[test]
    fn tiles_draw_the_map_of_the_design() {
        let mut rows = vec![vec!['.'; 9]; 8];
        for province in &PROVINCES {
            let (column, row) = province.tile;
            rows[usize::from(row)][usize::from(column)] = province.short_zh.chars().next().unwrap();
        }
        let drawn: Vec<String> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        assert_eq!(
            drawn,
            [
                "........黑",
                ".....蒙.辽吉",
                "新兵甘宁晋冀京津.",
                "藏青.陕豫鲁...",
                ".川渝鄂皖苏沪..",
                ".滇贵湘赣浙...",
                "...桂粤闽台..",
                "...琼澳港...",
            ]
        );
    }

    #[test]
    fn divisions_form_a_tree_by_prefix() {
        let code = |code| DivisionCode::new(code).unwrap();
        let (jiangsu, nanjing, xuanwu) = (code(320_000), code(320_100), code(320_102));
        assert_eq!(xuanwu.parent(), Some(nanjing));
        assert_eq!(nanjing.parent(), Some(jiangsu));
        assert_eq!(jiangsu.parent(), None);
        assert!(jiangsu.contains(xuanwu) && jiangsu.contains(jiangsu) && nanjing.contains(xuanwu));
        assert!(!nanjing.contains(jiangsu) && !nanjing.contains(code(320_200)) && !code(330_000).contains(xuanwu));
        assert_eq!((jiangsu.level(), nanjing.level(), xuanwu.level()), {
            (DivisionLevel::Province, DivisionLevel::Prefecture, DivisionLevel::County)
        });
    }

    #[test]
    fn corps_is_apart_from_xinjiang() {
        let shihezi = DivisionCode::new(659_001).unwrap();
        let (xinjiang, corps) = (ReportingUnit::new(65).unwrap(), ReportingUnit::CORPS);
        assert_eq!(shihezi.reporting_unit(), Some(xinjiang));
        assert!(!xinjiang.division().contains(corps.division()));
        assert!(!corps.division().in_national_standard() && shihezi.in_national_standard());
        assert_eq!(DivisionCode::new(710_000).unwrap().reporting_unit(), None);
    }

    #[test]
    fn impossible_codes_are_refused() {
        assert_eq!(DivisionCode::new(3201), Err(PlaceError::NotSixDigits(3201)));
        assert_eq!(DivisionCode::new(1_000_000), Err(PlaceError::NotSixDigits(1_000_000)));
        assert_eq!(DivisionCode::new(990_000), Err(PlaceError::UnknownProvince(990_000)));
        assert_eq!(DivisionCode::new(320_001), Err(PlaceError::CountyWithoutPrefecture(320_001)));
    }

    proptest! {
        #[test]
        fn containment_is_a_shared_prefix(a in "[1-8][0-9]{5}", b in "[1-8][0-9]{5}", shared in 0usize..=6) {
            let b = format!("{}{}", &a[..shared], &b[shared..]);
            let code = |text: &str| DivisionCode::new(text.parse().unwrap());
            if let (Ok(outer), Ok(inner)) = (code(&a), code(&b)) {
                let width = match outer.level() {
                    DivisionLevel::Province => 2,
                    DivisionLevel::Prefecture => 4,
                    DivisionLevel::County => 6,
                };
                prop_assert_eq!(outer.contains(inner), a[..width] == b[..width]);
            }
        }
    }
}
