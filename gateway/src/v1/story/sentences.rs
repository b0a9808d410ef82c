//! One sentence for each type of event; `{field}` stands for an open field of its leaf.

use super::{Entry, value_words};
use crate::problem::Problem;
use crate::v1::names::Names;

/// Type, Chinese, English.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "plan.target-set",
        "{unit} {year} 年{line}目标定为 {people} 人（{document_number}）",
        "Target of {unit} for {year}, {line}: {people} people ({document_number})",
    ),
    (
        "plan.target-adjusted",
        "{unit} {year} 年{line}目标由 {people_before} 人调整为 {people} 人（{document_number}）",
        "Target of {unit} for {year}, {line}, changed from {people_before} to {people} people ({document_number})",
    ),
    (
        "class.run-planned",
        "计划举办“{title}”（{occupation}，{grade}，{starts_on} 至 {ends_on}，{seats} 个名额）",
        "Planned “{title}” ({occupation}, {grade}, {starts_on} to {ends_on}, {seats} seats)",
    ),
    ("class.run-opened", "开放报名", "Opened enrolment"),
    ("class.trainee-registered", "登记一名学员", "Registered a trainee"),
    ("class.trainee-withdrawn", "一名学员退出", "A trainee gave up the seat"),
    (
        "class.session-held",
        "{held_on} 第 {session} 次课（模块 {module}，{hours} 学时，{mode}）",
        "Session {session} held on {held_on} (module {module}, {hours} hours, {mode})",
    ),
    (
        "class.session-corrected",
        "更正第 {session} 次课：{hours_before} 学时改为 {hours} 学时，模块 {module_before} 改为 {module}（{ground}，更正事件 #{corrects}）",
        "Corrected session {session}: {hours_before} hours to {hours}, module {module_before} to {module} ({ground}, event #{corrects})",
    ),
    (
        "class.session-annulled",
        "{held_on} 第 {session} 次课作废（{ground}，更正事件 #{corrects}）",
        "Annulled session {session} of {held_on} ({ground}, event #{corrects})",
    ),
    ("class.attendance-recorded", "登记第 {session} 次课的一名学员考勤", "Recorded an attendance at session {session}"),
    (
        "class.attendance-corrected",
        "更正第 {session} 次课的一名学员考勤（更正事件 #{corrects}）",
        "Corrected an attendance at session {session} (event #{corrects})",
    ),
    (
        "class.completion-test-recorded",
        "登记一名学员的结业考核成绩（合格线 {pass_mark} 分）",
        "Recorded a completion test (pass mark {pass_mark})",
    ),
    (
        "class.completion-test-corrected",
        "更正一名学员的结业考核成绩（更正事件 #{corrects}）",
        "Corrected a completion test (event #{corrects})",
    ),
    ("class.run-closed", "{closed_on} 结班", "Closed on {closed_on}"),
    (
        "class.run-reopened",
        "撤回 {closed_on} 的结班（{ground}，更正事件 #{corrects}）",
        "Took back the closing on {closed_on} ({ground}, event #{corrects})",
    ),
    (
        "class.completion-test-voided",
        "作废一名学员的结业考核（{ground}，更正事件 #{corrects}）",
        "Voided a completion test ({ground}, event #{corrects})",
    ),
    (
        "class.registration-annulled",
        "更正一名学员的报名（{ground}，更正事件 #{corrects}）",
        "Corrected the registration of a trainee ({ground}, event #{corrects})",
    ),
    ("class.run-cancelled", "取消培训班", "Cancelled the run"),
    ("class.roster-import-started", "开始导入学员名单（{rows} 行）", "Started the import of a roster ({rows} rows)"),
    (
        "class.roster-import-finished",
        "学员名单导入完成（{accepted} 行写入，{refused} 行未写入）",
        "Finished the import of a roster ({accepted} rows written, {refused} not)",
    ),
    ("person.person-registered", "登记一名人员", "Registered a person"),
    ("person.person-name-corrected", "更正姓名", "Corrected the name"),
    ("person.person-erased", "决定删除个人信息（{ground}）", "Decided to erase the personal data ({ground})"),
    ("person.erasure-completed", "个人信息的密钥已销毁", "Destroyed the keys of the personal data"),
    ("hours.hours-posted", "登记 {year} 年专业科目学时", "Posted hours of professional subjects for {year}"),
    ("hours.hours-reversed", "撤回 {year} 年登记的学时（更正事件 #{corrects}）", "Took back hours posted for {year} (event #{corrects})"),
    (
        "directory.occupation-added",
        "新增职业“{name_zh}”（{code}，{code_edition} 年版）",
        "Added the occupation “{name_en}” ({code}, edition {code_edition})",
    ),
    ("directory.occupation-code-assigned", "职业编码：{code}（{code_edition} 年版）", "Assigned the code {code} (edition {code_edition})"),
    ("directory.occupation-directions-set", "{grade}方向：{directions}（{source}）", "Directions for {grade}: {directions} ({source})"),
    (
        "directory.trainer-listed",
        "“{name}”列入培训机构目录（{document_number}，有效期 {listed_from} 至 {listed_until}）",
        "Listed “{name}” ({document_number}, {listed_from} to {listed_until})",
    ),
    (
        "directory.trainer-suspended",
        "暂停培训机构资格：{ground}（{document_number}）",
        "Suspended the trainer: {ground} ({document_number})",
    ),
    ("directory.trainer-reinstated", "恢复培训机构资格（{document_number}）", "Reinstated the trainer ({document_number})"),
    ("directory.trainer-removed", "移出培训机构目录：{ground}（{document_number}）", "Removed the trainer: {ground} ({document_number})"),
    (
        "directory.trainer-occupations-changed",
        "调整可培训职业（{document_number}）",
        "Changed the occupations of the trainer ({document_number})",
    ),
    (
        "directory.trainer-renewed",
        "培训机构有效期延至 {listed_until}（{document_number}）",
        "Extended the listing to {listed_until} ({document_number})",
    ),
    (
        "certificate.training-certificate-issued",
        "颁发培训合格证书 {number}（{occupation}，{grade}，{issued_on}）",
        "Issued training certificate {number} ({occupation}, {grade}, {issued_on})",
    ),
    (
        "certificate.training-certificate-revoked",
        "撤销培训合格证书 {number}：{ground}（{document_number}）",
        "Revoked training certificate {number}: {ground} ({document_number})",
    ),
    ("document.rule-pack-published", "发布规则包“{title}”第 {edition} 版", "Published edition {edition} of the rule pack “{title}”"),
    (
        "document.holiday-calendar-published",
        "发布 {year} 年节假日安排第 {edition} 版（{source}）",
        "Published edition {edition} of the holidays of {year} ({source})",
    ),
    ("access.organisation-registered", "登记单位“{name}”（{uscc}）", "Registered the organisation “{name}” ({uscc})"),
    ("access.account-opened", "开通账号（{roles}）", "Opened an account ({roles})"),
    ("access.account-roles-changed", "调整账号角色（{roles}）", "Changed the roles of an account ({roles})"),
    ("access.account-locked", "锁定账号", "Locked an account"),
    ("access.account-unlocked", "解锁账号", "Unlocked an account"),
    ("access.personal-data-read", "查阅个人信息", "Opened personal data"),
];

pub(super) fn sentence(entry: &Entry, names: &Names) -> Result<String, Problem> {
    let Some((_, zh, en)) = SENTENCES.iter().find(|sentence| sentence.0 == entry.event_type) else {
        return Ok(entry.event_type.to_owned());
    };
    let mut out = String::new();
    let mut rest = names.lang().pick(zh, en);
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = tail.split_once('}').unwrap_or((tail, ""));
        match entry.open.get(name) {
            Some(value) => out.push_str(&value_words(name, value, names)?),
            None => out.push('–'),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhixin_events::field::FieldClass;
    use zhixin_events::registry::TYPES;

    #[test]
    fn every_type_has_a_sentence_of_its_open_fields() {
        for known in TYPES.iter() {
            let (_, zh, en) =
                SENTENCES.iter().find(|sentence| sentence.0 == known.name).unwrap_or_else(|| panic!("{} has none", known.name));
            for text in [zh, en] {
                for name in text.split('{').skip(1).map(|tail| tail.split('}').next().unwrap()) {
                    let field = known.fields.iter().find(|field| field.name == name);
                    assert!(field.is_some_and(|field| field.class == FieldClass::Open), "{}: {{{name}}} is no open field", known.name);
                }
            }
        }
    }
}
