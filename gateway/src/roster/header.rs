//! Finding the row of headings under titles, merged cells and notes, in Chinese or English.

use std::collections::{BTreeMap, BTreeSet};

use super::RosterRefusal;
use super::sheet::{Cell, Sheet, fold};

/// A column of a roster. The order is the order of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterColumn {
    /// Name as on the document. Needed.
    Name,
    /// Kind of the document; an identity card where nothing is said.
    DocumentKind,
    /// Number of the document. Needed.
    DocumentNumber,
    /// Phone.
    Phone,
    /// Name of the employer.
    EmployerName,
    /// Unified social credit code of the employer.
    EmployerUscc,
    /// Why the person counts among those the programme is for.
    Category,
    /// Level of the professional title, as written.
    TitleLevel,
    /// Why a credit code with a wrong check character is right.
    OverrideReason,
    /// Why an identity number with a wrong check character is right. Apart from the other, so that a reason given for
    /// a code never lets a mistyped person through.
    NumberReason,
}

impl RosterColumn {
    /// Every column, in the order of the template.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::DocumentKind,
        Self::DocumentNumber,
        Self::Phone,
        Self::EmployerName,
        Self::EmployerUscc,
        Self::Category,
        Self::TitleLevel,
        Self::OverrideReason,
        Self::NumberReason,
    ];

    /// The columns without which nothing can be read.
    pub fn required() -> Vec<Self> {
        Self::ALL.into_iter().filter(|column| column.is_required()).collect()
    }

    /// Whether it is needed.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Name | Self::DocumentNumber)
    }

    /// Stable name in HTTP bodies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::DocumentKind => "document_kind",
            Self::DocumentNumber => "document_number",
            Self::Phone => "phone",
            Self::EmployerName => "employer_name",
            Self::EmployerUscc => "employer_uscc",
            Self::Category => "category",
            Self::TitleLevel => "title_level",
            Self::OverrideReason => "override_reason",
            Self::NumberReason => "number_override_reason",
        }
    }

    /// Heading in the template.
    pub const fn header_zh(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::DocumentKind => "证件类型",
            Self::DocumentNumber => "证件号码",
            Self::Phone => "手机号码",
            Self::EmployerName => "工作单位",
            Self::EmployerUscc => "统一社会信用代码",
            Self::Category => "人员类别",
            Self::TitleLevel => "职称级别",
            Self::OverrideReason => "校验说明",
            Self::NumberReason => "证件校验说明",
        }
    }

    /// Heading in English.
    pub const fn header_en(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::DocumentKind => "Document type",
            Self::DocumentNumber => "Document number",
            Self::Phone => "Phone",
            Self::EmployerName => "Employer",
            Self::EmployerUscc => "Unified social credit code",
            Self::Category => "Category",
            Self::TitleLevel => "Title level",
            Self::OverrideReason => "Override reason",
            Self::NumberReason => "Number override reason",
        }
    }

    /// Other headings in use, in folded form: no spaces, lower case, without what stands in brackets.
    const fn aliases(self) -> &'static str {
        match self {
            Self::Name => {
                "学员姓名 人员姓名 参训人员姓名 学员名称 名字 \
                 fullname traineename studentname"
            }
            Self::DocumentKind => "证件种类 证件类别 有效证件类型 documentkind idtype idkind",
            Self::DocumentNumber => {
                "证件号 有效证件号码 有效证件号 身份证 身份证号 身份证号码 身份证件号码 居民身份证号 \
                 居民身份证号码 公民身份号码 公民身份证号 公民身份证号码 \
                 id idno idnumber identitynumber identitycardnumber documentno"
            }
            Self::Phone => {
                "手机 手机号 电话 电话号码 联系电话 联系方式 移动电话 联系手机 \
                 mobile mobilephone mobilenumber phonenumber telephone tel"
            }
            Self::EmployerName => {
                "单位 单位名称 单位全称 所在单位 所在单位名称 工作单位名称 工作单位全称 用人单位 用人单位名称 \
                 employername company organisation organization workunit"
            }
            Self::EmployerUscc => {
                "社会信用代码 信用代码 单位信用代码 单位统一社会信用代码 工作单位统一社会信用代码 单位代码 \
                 uscc employeruscc creditcode socialcreditcode"
            }
            Self::Category => "人才类别 学员类别 培养对象类别 talentcategory traineecategory",
            Self::TitleLevel => "职称 职称等级 专业技术职务 专业技术职称 职称/专业技术职务 professionaltitle title",
            Self::OverrideReason => "代码校验说明 信用代码校验说明 checknote",
            Self::NumberReason => "证件号码校验说明 身份证校验说明 numberchecknote",
        }
    }

    pub(super) fn of_heading(text: &str) -> Option<Self> {
        let folded = fold(&without_brackets(text));
        let bare = folded.trim_matches(['*', ':', '★', '、', '.']);
        Self::ALL.into_iter().find(|column| {
            fold(column.header_zh()) == bare || fold(column.header_en()) == bare || column.aliases().split(' ').any(|alias| alias == bare)
        })
    }
}

/// Headings that our own returned workbook adds and a person may leave in; neither read nor reported.
pub(super) const RETURNED: [&str; 4] = ["原行号", "错误列", "错误代码", "错误说明"];

/// The headings of a sheet.
pub(super) struct Header {
    /// The row of headings, the lower one if there are two. Rows above are titles.
    pub(super) row: u32,
    /// Which column of the sheet holds what.
    pub(super) columns: BTreeMap<u32, RosterColumn>,
    /// Headings that mean nothing to us.
    pub(super) ignored: Vec<String>,
}

/// Rows with anything in them that are looked at.
const ROWS_LOOKED_AT: usize = 30;
/// Characters kept of a heading that is reported as ignored.
const IGNORED_CHARS: usize = 40;

/// Finds the headings. `None` if no row looks like any.
///
/// # Errors
/// A row that looks like headings but lacks a needed column or names one twice.
pub(super) fn find(sheet: &Sheet) -> Result<Option<Header>, RosterRefusal> {
    let rows: Vec<(u32, &BTreeMap<u32, Cell>)> = sheet.rows.iter().take(ROWS_LOOKED_AT).map(|(number, cells)| (*number, cells)).collect();
    let mut missing: Option<Vec<RosterColumn>> = None;
    for (at, (number, cells)) in rows.iter().enumerate() {
        let single = labels(cells, None);
        let below = rows.get(at.saturating_add(1)).filter(|(next, _)| *next == number.saturating_add(1));
        let double = below.map(|(next, under)| (*next, labels(cells, Some(under))));
        let lacking = lacks(&single);
        // Two rows of headings: the second adds labels and holds no trainee.
        if let Some((next, both)) = double
            && lacks(&both).is_empty()
            && recognised(&both) > recognised(&single)
            && below.is_some_and(|(_, under)| !holds_a_trainee(under, &single))
        {
            return header(next, &both).map(Some);
        }
        if lacking.is_empty() {
            return header(*number, &single).map(Some);
        }
        if recognised(&single) >= 2 && missing.as_ref().is_none_or(|best| lacking.len() < best.len()) {
            missing = Some(lacking);
        }
    }
    match missing {
        Some(missing) => Err(RosterRefusal::MissingColumns { missing }),
        None => Ok(None),
    }
}

/// Headings by column. With a row below, a cell reads as its own text where that is known, else together with the merged
/// cell above it: 证件 over 类型 and 号码.
fn labels(top: &BTreeMap<u32, Cell>, below: Option<&BTreeMap<u32, Cell>>) -> BTreeMap<u32, String> {
    let mut found: BTreeMap<u32, String> = top.iter().map(|(column, cell)| (*column, cell.text().to_owned())).collect();
    for (column, cell) in below.into_iter().flatten() {
        let above = top.range(..=*column).next_back().map(|(_, cell)| without_brackets(cell.text())).unwrap_or_default();
        let joined = format!("{above}{}", cell.text());
        let own_top_known = found.get(column).is_some_and(|text| RosterColumn::of_heading(text).is_some());
        let alone = RosterColumn::of_heading(cell.text());
        if alone.is_some() && (!own_top_known || RosterColumn::of_heading(&joined).is_none()) {
            found.insert(*column, cell.text().to_owned());
        } else if RosterColumn::of_heading(&joined).is_some() {
            found.insert(*column, joined);
        }
    }
    found
}

fn recognised(labels: &BTreeMap<u32, String>) -> usize {
    labels.values().filter_map(|label| RosterColumn::of_heading(label)).collect::<BTreeSet<_>>().len()
}

fn lacks(labels: &BTreeMap<u32, String>) -> Vec<RosterColumn> {
    let found: BTreeSet<_> = labels.values().filter_map(|label| RosterColumn::of_heading(label)).collect();
    RosterColumn::required().into_iter().filter(|column| !found.contains(column)).collect()
}

/// Whether a row has, in a column already known from the row above, something that is no heading.
fn holds_a_trainee(row: &BTreeMap<u32, Cell>, above: &BTreeMap<u32, String>) -> bool {
    row.iter().any(|(column, cell)| {
        RosterColumn::of_heading(cell.text()).is_none()
            && above
                .get(column)
                .and_then(|label| RosterColumn::of_heading(label))
                .is_some_and(|known| known.is_required() && cell.text().chars().any(char::is_numeric))
    })
}

fn header(row: u32, labels: &BTreeMap<u32, String>) -> Result<Header, RosterRefusal> {
    let (mut columns, mut seen, mut ignored) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for (at, label) in labels {
        match RosterColumn::of_heading(label) {
            Some(column) if seen.insert(column) => {
                columns.insert(*at, column);
            }
            Some(column) if column.is_required() => return Err(RosterRefusal::ColumnTwice(column)),
            Some(_) | None => {
                let text: String = label.trim().chars().take(IGNORED_CHARS).collect();
                if !text.is_empty() && !RETURNED.contains(&text.as_str()) && !ignored.contains(&text) {
                    ignored.push(text);
                }
            }
        }
    }
    Ok(Header { row, columns, ignored })
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' | '\u{ff08}' | '[' | '【' => depth = depth.saturating_add(1),
            ')' | '\u{ff09}' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}
