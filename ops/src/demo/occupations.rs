//! The ten occupations of the project, as far as they are known: both generations of codes, and directions by grade (listed, none, or not yet
//! known). Source: SOURCES 3.

use zhixin_events::{Grade, SourceMark};

/// An occupation.
pub(crate) struct Occupation {
    /// Chinese name.
    pub(crate) name_zh: &'static str,
    /// English name.
    pub(crate) name_en: &'static str,
    /// Code beside the classification of 2015, which the standards of 2021 carry.
    pub(crate) code_2015: &'static str,
    /// Code in the classification of 2022.
    pub(crate) code_2022: &'static str,
    /// How sure the later code is.
    pub(crate) mark: SourceMark,
    /// Directions of the grades whose directions are known; an empty list says that the grade has none.
    pub(crate) directions: &'static [(Grade, &'static [&'static str])],
}

/// Edition of the classification with the earlier codes.
pub(crate) const EDITION_2015: u16 = 2015;
/// Edition with the later ones.
pub(crate) const EDITION_2022: u16 = 2022;

const ARTIFICIAL_INTELLIGENCE: &[&str] =
    &["人工智能芯片产品实现", "人工智能平台产品实现", "自然语言及语音处理产品实现", "计算机视觉产品实现", "人工智能应用产品集成实现"];
const BIG_DATA: &[&str] = &["大数据处理", "大数据分析", "大数据管理"];
const CLOUD: &[&str] = &["云计算运维", "云计算开发"];
const INTERNET_OF_THINGS: &[&str] = &["物联网嵌入式开发", "物联网应用开发", "物联网系统集成与管理"];

const fn occupation(
    name_zh: &'static str,
    name_en: &'static str,
    codes: (&'static str, &'static str),
    directions: &'static [(Grade, &'static [&'static str])],
) -> Occupation {
    Occupation { name_zh, name_en, code_2015: codes.0, code_2022: codes.1, mark: SourceMark::Secondary, directions }
}

/// The ten, by their earlier code.
pub(crate) static OCCUPATIONS: [Occupation; 10] = [
    occupation("智能制造工程技术人员", "Intelligent manufacturing engineer", ("2-02-07-13", "2-02-38-05"), &[]),
    occupation("集成电路工程技术人员", "Integrated circuit engineer", ("2-02-09-06", "2-02-38-09"), &[]),
    occupation(
        "人工智能工程技术人员",
        "Artificial intelligence engineer",
        ("2-02-10-09", "2-02-38-01"),
        &[
            (Grade::Junior, ARTIFICIAL_INTELLIGENCE),
            (Grade::Intermediate, ARTIFICIAL_INTELLIGENCE),
            (Grade::Senior, ARTIFICIAL_INTELLIGENCE),
        ],
    ),
    // The directions of the two higher grades were not read.
    occupation("物联网工程技术人员", "Internet of things engineer", ("2-02-10-10", "2-02-38-02"), &[(Grade::Junior, INTERNET_OF_THINGS)]),
    occupation(
        "大数据工程技术人员",
        "Big data engineer",
        ("2-02-10-11", "2-02-38-03"),
        &[(Grade::Junior, BIG_DATA), (Grade::Intermediate, BIG_DATA), (Grade::Senior, &[])],
    ),
    occupation(
        "云计算工程技术人员",
        "Cloud computing engineer",
        ("2-02-10-12", "2-02-38-04"),
        &[(Grade::Junior, CLOUD), (Grade::Intermediate, CLOUD), (Grade::Senior, &[])],
    ),
    occupation("工业互联网工程技术人员", "Industrial internet engineer", ("2-02-10-13", "2-02-38-06"), &[]),
    occupation("虚拟现实工程技术人员", "Virtual reality engineer", ("2-02-10-14", "2-02-38-07"), &[]),
    occupation("区块链工程技术人员", "Blockchain engineer", ("2-02-10-15", "2-02-38-08"), &[]),
    occupation("数字化管理师", "Digital management specialist", ("2-02-30-11", "2-06-07-13"), &[]),
];

impl Occupation {
    /// The text that sets directions.
    pub(crate) fn standard(&self) -> String {
        format!("{}国家职业技术技能标准（2021年版）", self.name_zh)
    }
    /// Where the later code was read: not in the classification itself, as its mark says.
    pub(crate) fn code_source() -> String {
        "国家职业分类大典（2022年版），据公开摘录".to_owned()
    }
    /// Directions of a grade; `None` while they are not known.
    pub(crate) fn directions_of(&self, grade: Grade) -> Option<&'static [&'static str]> {
        self.directions.iter().find(|(of, _)| *of == grade).map(|(_, directions)| *directions)
    }
}

/// Chinese name of a grade.
pub(crate) const fn grade_name(grade: Grade) -> &'static str {
    match grade {
        Grade::Junior => "初级",
        Grade::Intermediate => "中级",
        Grade::Senior => "高级",
    }
}
