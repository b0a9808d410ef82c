//! Why nothing of a file can be taken. Codes are stable; texts never carry what a cell holds.

use super::header::RosterColumn;

/// A file of another kind, by what it seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherFile {
    /// Workbook of Excel 97–2003.
    Xls,
    /// Workbook locked with a password.
    Locked,
    /// PDF.
    Pdf,
    /// Web page, which many systems save under the name `.xls`.
    Html,
    /// Another office document or archive.
    Archive,
    /// Bytes that are no text.
    Binary,
}

/// Why nothing of the file was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterRefusal {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// The file itself is too large.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// Not a kind of file that is read.
    #[error("{}", other_en(*.0))]
    OtherFile(OtherFile),
    /// UTF-16 or UTF-32 text, as Excel's "Unicode text".
    #[error("the text is UTF-16; save it as XLSX or as CSV UTF-8")]
    Utf16,
    /// Text that is neither UTF-8 nor GB18030.
    #[error("the text is neither UTF-8 nor GB18030: byte {offset} cannot be decoded")]
    Encoding {
        /// First byte that cannot be decoded, from 0.
        offset: usize,
    },
    /// The archive of the workbook cannot be read: truncated, corrupt, encrypted or packed unusually.
    #[error("the workbook is damaged or incomplete")]
    Damaged,
    /// The archive unpacks to more than is allowed, or lies about its sizes.
    #[error("the workbook unpacks to more than is allowed")]
    UnpacksTooLarge,
    /// The archive is whole but its contents are no workbook we understand.
    #[error("the contents of the workbook cannot be understood")]
    Workbook,
    /// More text in cells than is allowed.
    #[error("the sheet holds more text than {limit} bytes")]
    TooMuchText {
        /// Bytes allowed.
        limit: usize,
    },
    /// More rows than one import takes.
    #[error("the roster has more than {limit} rows")]
    TooManyRows {
        /// Rows allowed.
        limit: usize,
    },
    /// A quotation mark in separated values is never closed.
    #[error("the quotation mark opened in row {row} is never closed")]
    OpenQuote {
        /// Excel's row number.
        row: u32,
    },
    /// No sheet has a row of headings, or it lacks a needed column.
    #[error("the headings lack {}; needed: {}", list_en(.missing), list_en(&RosterColumn::required()))]
    MissingColumns {
        /// The columns that no heading names.
        missing: Vec<RosterColumn>,
    },
    /// Two columns claim to be the same needed one.
    #[error("two columns are headed as {}", .0.header_en())]
    ColumnTwice(RosterColumn),
    /// Headings and nothing below.
    #[error("there is no trainee below the headings in row {header_row}")]
    NoRows {
        /// Excel's row number of the headings.
        header_row: u32,
    },
}

impl RosterRefusal {
    pub(super) fn no_header() -> Self {
        Self::MissingColumns { missing: RosterColumn::required() }
    }

    /// Every code with its meaning in Chinese and English, for its page: what a file's own refusal says with numbers and columns.
    pub const MEANINGS: [(&str, &str, &str); 18] = [
        ("ROSTER-FILE-EMPTY", "文件是空的", "the file is empty"),
        ("ROSTER-FILE-TOO-LARGE", "文件超过允许的大小", "the file is larger than is allowed"),
        ("ROSTER-FILE-XLS", other_zh(OtherFile::Xls), other_en(OtherFile::Xls)),
        ("ROSTER-FILE-LOCKED", other_zh(OtherFile::Locked), other_en(OtherFile::Locked)),
        ("ROSTER-FILE-PDF", other_zh(OtherFile::Pdf), other_en(OtherFile::Pdf)),
        ("ROSTER-FILE-HTML", other_zh(OtherFile::Html), other_en(OtherFile::Html)),
        ("ROSTER-FILE-TYPE", other_zh(OtherFile::Binary), other_en(OtherFile::Binary)),
        ("ROSTER-FILE-UTF16", "文本为 UTF-16 编码，请另存为 XLSX 或 CSV UTF-8", "the text is UTF-16; save it as XLSX or as CSV UTF-8"),
        ("ROSTER-FILE-ENCODING", "文本既不是 UTF-8 也不是 GB18030", "the text is neither UTF-8 nor GB18030"),
        ("ROSTER-FILE-DAMAGED", "工作簿损坏或不完整", "the workbook is damaged or incomplete"),
        ("ROSTER-FILE-UNPACKS-TOO-LARGE", "工作簿解压后超过允许的大小", "the workbook unpacks to more than is allowed"),
        ("ROSTER-FILE-WORKBOOK", "无法识别工作簿的内容", "the contents of the workbook cannot be understood"),
        ("ROSTER-FILE-TOO-MUCH-TEXT", "工作表文字过多", "the sheet holds more text than is allowed"),
        ("ROSTER-FILE-TOO-MANY-ROWS", "名单行数过多，请拆分后上传", "the roster has more rows than one import takes; split it"),
        ("ROSTER-FILE-OPEN-QUOTE", "有一个引号没有闭合", "a quotation mark is never closed"),
        ("ROSTER-COLUMN-MISSING", "表头缺少必须的列", "the headings lack a needed column"),
        ("ROSTER-COLUMN-TWICE", "表头有两列名称相同", "two columns are headed the same"),
        ("ROSTER-FILE-NO-ROWS", "表头以下没有学员", "there is no trainee below the headings"),
    ];

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "ROSTER-FILE-EMPTY",
            Self::TooLarge { .. } => "ROSTER-FILE-TOO-LARGE",
            Self::OtherFile(OtherFile::Xls) => "ROSTER-FILE-XLS",
            Self::OtherFile(OtherFile::Locked) => "ROSTER-FILE-LOCKED",
            Self::OtherFile(OtherFile::Pdf) => "ROSTER-FILE-PDF",
            Self::OtherFile(OtherFile::Html) => "ROSTER-FILE-HTML",
            Self::OtherFile(OtherFile::Archive | OtherFile::Binary) => "ROSTER-FILE-TYPE",
            Self::Utf16 => "ROSTER-FILE-UTF16",
            Self::Encoding { .. } => "ROSTER-FILE-ENCODING",
            Self::Damaged => "ROSTER-FILE-DAMAGED",
            Self::UnpacksTooLarge => "ROSTER-FILE-UNPACKS-TOO-LARGE",
            Self::Workbook => "ROSTER-FILE-WORKBOOK",
            Self::TooMuchText { .. } => "ROSTER-FILE-TOO-MUCH-TEXT",
            Self::TooManyRows { .. } => "ROSTER-FILE-TOO-MANY-ROWS",
            Self::OpenQuote { .. } => "ROSTER-FILE-OPEN-QUOTE",
            Self::MissingColumns { .. } => "ROSTER-COLUMN-MISSING",
            Self::ColumnTwice(_) => "ROSTER-COLUMN-TWICE",
            Self::NoRows { .. } => "ROSTER-FILE-NO-ROWS",
        }
    }

    /// Text for people, in English.
    pub fn message_en(&self) -> String {
        self.to_string()
    }

    /// Text for people, in Chinese.
    pub fn message_zh(&self) -> String {
        match self {
            Self::Empty => "文件是空的".to_owned(),
            Self::TooLarge { limit } => format!("文件超过 {limit} 字节"),
            Self::OtherFile(other) => other_zh(*other).to_owned(),
            Self::Utf16 => "文本为 UTF-16 编码，请另存为 XLSX 或 CSV UTF-8".to_owned(),
            Self::Encoding { offset } => format!("文本既不是 UTF-8 也不是 GB18030：第 {offset} 字节无法解码"),
            Self::Damaged => "工作簿损坏或不完整".to_owned(),
            Self::UnpacksTooLarge => "工作簿解压后超过允许的大小".to_owned(),
            Self::Workbook => "无法识别工作簿的内容".to_owned(),
            Self::TooMuchText { limit } => format!("工作表文字超过 {limit} 字节"),
            Self::TooManyRows { limit } => format!("名单超过 {limit} 行，请拆分后上传"),
            Self::OpenQuote { row } => format!("第 {row} 行的引号没有闭合"),
            Self::MissingColumns { missing } => {
                format!("表头缺少 {}；必须有：{}", list_zh(missing), list_zh(&RosterColumn::required()))
            }
            Self::ColumnTwice(column) => format!("表头有两列都是“{}”", column.header_zh()),
            Self::NoRows { header_row } => format!("第 {header_row} 行表头以下没有学员"),
        }
    }
}

const fn other_en(other: OtherFile) -> &'static str {
    match other {
        OtherFile::Xls => "the file is an Excel 97-2003 workbook (.xls); save it as .xlsx",
        OtherFile::Locked => "the workbook is locked with a password; save it without one",
        OtherFile::Pdf => "the file is a PDF; upload the XLSX or CSV it was made from",
        OtherFile::Html => "the file is a web page; open it in Excel or WPS and save it as .xlsx",
        OtherFile::Archive => "the file is another kind of document or archive; upload XLSX or CSV",
        OtherFile::Binary => "the file is no workbook and no text; upload XLSX or CSV",
    }
}

const fn other_zh(other: OtherFile) -> &'static str {
    match other {
        OtherFile::Xls => "文件是 Excel 97-2003 工作簿（.xls），请另存为 .xlsx",
        OtherFile::Locked => "工作簿设有密码，请取消密码后再上传",
        OtherFile::Pdf => "文件是 PDF，请上传原始的 XLSX 或 CSV",
        OtherFile::Html => "文件其实是网页，请用 Excel 或 WPS 打开后另存为 .xlsx",
        OtherFile::Archive => "文件是其他类型的文档或压缩包，请上传 XLSX 或 CSV",
        OtherFile::Binary => "文件既不是工作簿也不是文本，请上传 XLSX 或 CSV",
    }
}

fn list_en(columns: &[RosterColumn]) -> String {
    columns.iter().map(|column| column.header_en()).collect::<Vec<_>>().join(", ")
}

fn list_zh(columns: &[RosterColumn]) -> String {
    columns.iter().map(|column| column.header_zh()).collect::<Vec<_>>().join("、")
}
