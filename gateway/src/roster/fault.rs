//! What can be wrong with a row. Codes are stable; texts never carry what a cell holds.

use super::header::RosterColumn;
use super::refusal::RosterRefusal;

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterFault {
    /// No name.
    NameEmpty,
    /// A name longer than any.
    NameLength,
    /// Digits, question marks or signs in a name; often what an encoding left of a rare character.
    NameCharacters,
    /// A kind of document that is not in the list.
    KindUnknown,
    /// No number.
    IdEmpty,
    /// A number cell or scientific notation: Excel keeps 15 digits and the rest is gone.
    IdDigitsLost,
    /// The fifteen-digit number of the 1989 standard.
    IdFifteenDigits,
    /// Wrong count of characters.
    IdLength,
    /// A character that does not belong.
    IdCharacters,
    /// No such day of birth.
    IdDate,
    /// The check character does not match and no reason is given.
    IdChecksum,
    /// The same document in an earlier row.
    DuplicateInFile,
    /// The same document in another row, with another name: one of the two is wrong, and nobody but the uploader knows which.
    NameConflict,
    /// Somebody of another name is recorded with the document.
    NameDiffers,
    /// A day of birth that is still to come.
    BornLater,
    /// No possible phone number.
    Phone,
    /// An employer's name longer than any.
    EmployerLength,
    /// The digits of an all-digit credit code were lost in a number cell.
    UsccDigitsLost,
    /// Wrong count of characters.
    UsccLength,
    /// A character that credit codes do not use.
    UsccCharacters,
    /// The registering division is not digits and no reason is given.
    UsccDivision,
    /// The check character does not match and no reason is given.
    UsccChecksum,
    /// A category that is not in the list.
    CategoryUnknown,
    /// A reason of fewer than four characters is none.
    ReasonShort,
    /// A cell longer than is read.
    CellTooLong,
    /// One of Excel's error values.
    CellError,
}

impl RosterFault {
    /// Every fault, for the pages of `ops/errors` and for tests.
    pub const ALL: [Self; 26] = [
        Self::NameEmpty,
        Self::NameLength,
        Self::NameCharacters,
        Self::KindUnknown,
        Self::IdEmpty,
        Self::IdDigitsLost,
        Self::IdFifteenDigits,
        Self::IdLength,
        Self::IdCharacters,
        Self::IdDate,
        Self::IdChecksum,
        Self::DuplicateInFile,
        Self::NameConflict,
        Self::NameDiffers,
        Self::BornLater,
        Self::Phone,
        Self::EmployerLength,
        Self::UsccDigitsLost,
        Self::UsccLength,
        Self::UsccCharacters,
        Self::UsccDivision,
        Self::UsccChecksum,
        Self::CategoryUnknown,
        Self::ReasonShort,
        Self::CellTooLong,
        Self::CellError,
    ];

    /// Whether a reason makes it a row that can be written. Source: SOURCES 4.
    pub const fn may_be_overridden(self) -> bool {
        matches!(self, Self::IdChecksum | Self::UsccDivision | Self::UsccChecksum)
    }

    /// Chinese and English, side by side so that they are changed together.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NameEmpty => ("姓名为空", "the name is empty"),
            Self::NameLength => ("姓名超过 50 个字", "the name has more than 50 characters"),
            Self::NameCharacters => ("姓名含有数字、问号或其他符号", "the name contains digits, question marks or other signs"),
            Self::KindUnknown => ("证件类型不在下拉列表中", "the document type is not in the list of the template"),
            Self::IdEmpty => ("证件号码为空", "the document number is empty"),
            Self::IdDigitsLost => (
                "证件号码被存为数值，后几位已丢失；请把该列设为文本后重新录入，并以 XLSX 上传",
                "the document number was stored as a number and its last digits are lost: make the column text, enter it \
                 again and upload XLSX",
            ),
            Self::IdFifteenDigits => {
                ("这是 15 位旧号码，请填写 18 位公民身份号码", "this is an old number of 15 digits; the one of 18 is needed")
            }
            Self::IdLength => ("证件号码位数不对", "the document number has the wrong count of characters"),
            Self::IdCharacters => ("证件号码含有不允许的字符", "the document number contains a character that does not belong there"),
            Self::IdDate => ("证件号码中的出生日期不存在", "the birth date in the document number does not exist"),
            Self::IdChecksum => (
                "证件号码校验位不符；如证件确实如此，请填写“证件校验说明”",
                "the check character of the document number does not match; if the document says so, fill in the number \
                 override reason",
            ),
            Self::DuplicateInFile => ("与前面的行是同一证件", "the same document stands in an earlier row"),
            Self::NameConflict => {
                ("同一证件号码在文件中对应不同的姓名", "the same document number stands in another row with another name")
            }
            Self::NameDiffers => (
                "姓名与该证件号码已登记的姓名不同；请核对，确需更正的请联系主管办公室",
                "the name differs from the one recorded for this document number: check both; an office can correct the record",
            ),
            Self::BornLater => ("证件号码中的出生日期晚于今天", "the birth date in the document number is later than today"),
            Self::Phone => ("电话号码格式不对", "the phone number is malformed"),
            Self::EmployerLength => ("工作单位超过 200 个字", "the employer has more than 200 characters"),
            Self::UsccDigitsLost => (
                "统一社会信用代码被存为数值，后几位已丢失；请设为文本后重新录入",
                "the credit code was stored as a number and its last digits are lost: make the column text and enter it \
                 again",
            ),
            Self::UsccLength => ("统一社会信用代码不是 18 位", "the credit code does not have 18 characters"),
            Self::UsccCharacters => (
                "统一社会信用代码含有不允许的字符（不使用 I、O、S、V、Z）",
                "the credit code contains a character that is not used (I, O, S, V and Z never are)",
            ),
            Self::UsccDivision => (
                "统一社会信用代码第 3 至 8 位不是数字；如登记证确实如此，请填写“校验说明”",
                "characters 3 to 8 of the credit code are not digits; if the certificate says so, fill in the override \
                 reason",
            ),
            Self::UsccChecksum => (
                "统一社会信用代码校验位不符；如登记证确实如此，请填写“校验说明”",
                "the check character of the credit code does not match; if the certificate says so, fill in the override \
                 reason",
            ),
            Self::CategoryUnknown => ("人员类别不在下拉列表中", "the category is not in the list of the template"),
            Self::ReasonShort => ("说明少于 4 个字，请写明依据", "the reason has fewer than 4 characters: say what it rests on"),
            Self::CellTooLong => ("单元格内容过长", "the cell is too long"),
            Self::CellError => ("单元格是 Excel 错误值（如 #N/A）", "the cell holds an error value of Excel, such as #N/A"),
        }
    }

    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NameEmpty => "ROSTER-NAME-EMPTY",
            Self::NameLength => "ROSTER-NAME-LENGTH",
            Self::NameCharacters => "ROSTER-NAME-CHARACTERS",
            Self::KindUnknown => "ROSTER-KIND-UNKNOWN",
            Self::IdEmpty => "ROSTER-ID-EMPTY",
            Self::IdDigitsLost => "ROSTER-ID-DIGITS-LOST",
            Self::IdFifteenDigits => "ROSTER-ID-15-DIGITS",
            Self::IdLength => "ROSTER-ID-LENGTH",
            Self::IdCharacters => "ROSTER-ID-CHARACTERS",
            Self::IdDate => "ROSTER-ID-DATE",
            Self::IdChecksum => "ROSTER-ID-CHECKSUM",
            Self::DuplicateInFile => "ROSTER-DUPLICATE-IN-FILE",
            Self::NameConflict => "ROSTER-NAME-CONFLICT",
            Self::NameDiffers => "ROSTER-NAME-DIFFERS",
            Self::BornLater => "ROSTER-ID-BORN-LATER",
            Self::Phone => "ROSTER-PHONE-FORM",
            Self::EmployerLength => "ROSTER-EMPLOYER-LENGTH",
            Self::UsccDigitsLost => "ROSTER-USCC-DIGITS-LOST",
            Self::UsccLength => "ROSTER-USCC-LENGTH",
            Self::UsccCharacters => "ROSTER-USCC-CHARACTERS",
            Self::UsccDivision => "ROSTER-USCC-DIVISION",
            Self::UsccChecksum => "ROSTER-USCC-CHECKSUM",
            Self::CategoryUnknown => "ROSTER-CATEGORY-UNKNOWN",
            Self::ReasonShort => "ROSTER-REASON-SHORT",
            Self::CellTooLong => "ROSTER-CELL-TOO-LONG",
            Self::CellError => "ROSTER-CELL-ERROR",
        }
    }

    /// What it is in Chinese, without what to do about it in a file.
    pub(crate) fn what_zh(self) -> &'static str {
        self.texts().0.split('；').next().unwrap_or_default()
    }
}

/// What a code of a row or a file means, in Chinese and English; none if it is no code of a roster.
pub(crate) fn meaning(code: &str) -> Option<(&'static str, &'static str)> {
    let faults = RosterFault::ALL.into_iter().map(|fault| (fault.code(), fault.texts().0, fault.texts().1));
    let all = faults.chain(RosterWarning::ALL.into_iter().map(RosterWarning::texts)).chain(RosterRefusal::MEANINGS);
    all.into_iter().find(|known| known.0 == code).map(|(_, zh, en)| (zh, en))
}

/// One thing wrong with one cell of a row; a row may have many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowError {
    /// What is wrong.
    pub fault: RosterFault,
    /// In which column.
    pub column: RosterColumn,
    /// The other row with the same document, for [`RosterFault::DuplicateInFile`] and [`RosterFault::NameConflict`].
    pub earlier_row: Option<u32>,
}

impl RowError {
    /// Something wrong with a cell.
    pub const fn new(fault: RosterFault, column: RosterColumn) -> Self {
        Self { fault, column, earlier_row: None }
    }

    /// Stable code.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// Text for people, in Chinese.
    pub fn message_zh(&self) -> String {
        match self.earlier_row {
            Some(row) => format!("{}（第 {row} 行）", self.fault.texts().0),
            None => self.fault.texts().0.to_owned(),
        }
    }

    /// Text for people, in English.
    pub fn message_en(&self) -> String {
        match self.earlier_row {
            Some(row) => format!("{} (row {row})", self.fault.texts().1),
            None => self.fault.texts().1.to_owned(),
        }
    }
}

/// What is odd about an accepted row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterWarning {
    /// The identity number begins with no known province.
    IdAddressUnknown,
    /// An identity card number that looks like a residence permit's.
    IdLooksLikePermit,
    /// The identity number was taken although its check character is wrong.
    IdOverridden,
    /// The credit code was taken although the standard refuses it.
    UsccOverridden,
    /// The organisation code inside the credit code has a wrong check character.
    UsccOrganisationCode,
    /// The credit code names an unknown department or division.
    UsccRegistrarUnknown,
}

impl RosterWarning {
    /// Every warning, for pages and tests.
    pub const ALL: [Self; 6] = [
        Self::IdAddressUnknown,
        Self::IdLooksLikePermit,
        Self::IdOverridden,
        Self::UsccOverridden,
        Self::UsccOrganisationCode,
        Self::UsccRegistrarUnknown,
    ];

    const fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::IdAddressUnknown => {
                ("ROSTER-WARN-ID-ADDRESS", "证件号码前两位不是已知省份", "the identity number names no known province")
            }
            Self::IdLooksLikePermit => (
                "ROSTER-WARN-ID-PERMIT",
                "号码像港澳台居民居住证，请核对证件类型",
                "the number looks like a residence permit's: check the document type",
            ),
            Self::IdOverridden => (
                "ROSTER-WARN-ID-OVERRIDDEN",
                "证件号码校验位不符，已按说明接受",
                "taken with a reason although the check character of the number does not match",
            ),
            Self::UsccOverridden => (
                "ROSTER-WARN-USCC-OVERRIDDEN",
                "统一社会信用代码不符合标准，已按说明接受",
                "taken with a reason although the credit code violates the standard",
            ),
            Self::UsccOrganisationCode => (
                "ROSTER-WARN-USCC-ORGANISATION",
                "信用代码中的组织机构代码校验位不符",
                "the organisation code inside the credit code has a wrong check character",
            ),
            Self::UsccRegistrarUnknown => (
                "ROSTER-WARN-USCC-REGISTRAR",
                "信用代码的登记部门或行政区划未知",
                "the credit code names an unknown department or division",
            ),
        }
    }

    /// Stable code.
    pub const fn code(self) -> &'static str {
        self.texts().0
    }

    /// Text for people, in Chinese.
    pub const fn message_zh(self) -> &'static str {
        self.texts().1
    }

    /// Text for people, in English.
    pub const fn message_en(self) -> &'static str {
        self.texts().2
    }
}
