//! Made-up people: names from two tables of syllables, numbers that nobody can hold.
//!
//! Identity numbers begin with 99, which GB/T 2260 gives to no province, so no authority ever issues one; their check character is right.
//! Passport numbers begin with `ZXDEMO`. Phone numbers have ten digits and begin with 1990: a mobile number has eleven, so none can be dialled.
//! Invariants: a person is a pure function of seed and index; numbers are unique below [`PEOPLE_MAX`].

use zhixin_events::document_number::identity_check_character;
use zhixin_events::{DocumentKind, Secret};

use super::chance::Chance;

/// People that can be told apart by number.
pub(crate) const PEOPLE_MAX: u64 = 1_000_000;
/// Every so many people one has a passport.
const PASSPORT_EVERY: u64 = 89;

const SURNAMES: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "梁", "宋",
    "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕",
];
const FIRST_SYLLABLES: [&str; 40] = [
    "子", "思", "雨", "浩", "嘉", "欣", "梓", "俊", "晓", "佳", "志", "文", "建", "丽", "海", "春", "秋", "玉", "明", "永", "泽", "诗",
    "若", "一", "宇", "奕", "可", "博", "景", "舒", "润", "鸿", "启", "承", "安", "乐", "知", "敬", "修", "清",
];
const LAST_SYLLABLES: [&str; 40] = [
    "涵", "轩", "怡", "然", "辰", "琪", "豪", "瑶", "峰", "婷", "磊", "娜", "洋", "倩", "鹏", "雪", "杰", "霞", "斌", "莹", "凯", "静",
    "龙", "慧", "军", "敏", "勇", "艳", "辉", "兰", "宁", "芳", "涛", "梅", "波", "菊", "哲", "蕾", "川", "岚",
];

/// Somebody who does not exist.
pub(crate) struct Person {
    /// Kind of the document.
    pub(crate) document_kind: DocumentKind,
    /// Its number.
    pub(crate) number: Secret<String>,
    /// Name.
    pub(crate) name: Secret<String>,
    /// Name as somebody mistypes it.
    pub(crate) name_mistyped: Secret<String>,
    /// Phone.
    pub(crate) phone: Secret<String>,
}

/// The person with this index.
pub(crate) fn person(seed: u64, index: u64) -> Person {
    let mut chance = Chance::new(seed, "person", index);
    let (surname, first) = (chance.index(SURNAMES.len()), chance.index(FIRST_SYLLABLES.len()));
    let last = chance.index(LAST_SYLLABLES.len());
    let name = |last: usize| {
        let parts = [SURNAMES.get(surname), FIRST_SYLLABLES.get(first), LAST_SYLLABLES.get(last)];
        Secret::new(parts.into_iter().flatten().copied().collect::<String>())
    };
    let (document_kind, number) = if has_passport(index) {
        (DocumentKind::Passport, format!("ZXDEMO{index:07}"))
    } else {
        (DocumentKind::IdentityCard, identity_number(&mut chance, index))
    };
    Person {
        document_kind,
        number: Secret::new(number),
        name: name(last),
        name_mistyped: name((last + 7) % LAST_SYLLABLES.len()),
        phone: Secret::new(format!("1990{index:06}")),
    }
}

/// Whether the person with this index has a passport instead of an identity card.
pub(crate) const fn has_passport(index: u64) -> bool {
    index % PASSPORT_EVERY == PASSPORT_EVERY - 1
}

/// The pair of place and order tells people apart, whatever the day of birth.
fn identity_number(chance: &mut Chance, index: u64) -> String {
    let place = index.wrapping_mul(7_919) % 10_000;
    let order = 2 * (index / 10_000) + chance.below(2);
    let (year, month, day) = (1_968 + chance.below(34), 1 + chance.below(12), 1 + chance.below(28));
    let body = format!("99{place:04}{year}{month:02}{day:02}{order:03}");
    let check = identity_check_character(&body).unwrap_or_default();
    format!("{body}{check}")
}

/// The same number with a wrong check character, as a clerk may once have issued it.
pub(crate) fn with_wrong_check(number: &Secret<String>) -> Secret<String> {
    let mut text = number.expose().clone();
    let wrong = match text.pop() {
        Some('0') => '1',
        Some(_) | None => '0',
    };
    text.push(wrong);
    Secret::new(text)
}
