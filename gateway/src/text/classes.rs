//! Texts of classes, rosters and imports.

super::texts! {
    /// Classes.
    Classes {
        title: "培训班", "Classes";
        count: "共 {0} 个培训班", "{0} classes";
        class_name: "班名", "Class";
        dates: "培训时间", "Dates";
        registered: "报名", "Registered";
        completed: "完成", "Completed";
        certified: "发证", "Certified";
        facts: "基本信息", "Facts";
        steps: "办班进度", "Progress";
        step_done: "已完成", "done";
        step_now: "进行中", "now";
        step_later: "未开始", "not yet";
        roster: "学员与考勤", "Roster and attendance";
        roster_caption: "{0} 名学员，{1} 次课", "{0} trainees, {1} sessions";
        roster_empty: "还没有学员。可在本页下方上传学员名单。", "No trainees yet. Upload a roster at the end of this page.";
        names_masked: "姓名已遮盖。查看完整姓名须有权限，并会留下查阅记录。", "Names are masked. Seeing them in full needs permission and is recorded.";
        number: "序号", "No.";
        trainee: "学员", "Trainee";
        employer: "单位", "Employer";
        session_hours: "{0} 学时", "{0} hours";
        present: "出勤", "present";
        absent: "缺勤", "absent";
        late: "迟到", "late";
        excused: "请假", "excused";
        unrecorded: "未登记", "not recorded";
        legend: "标记说明：", "Key:";
        hours: "已完成学时", "Hours";
        hours_of: "{0}/{1}", "{0}/{1}";
        tests: "结业考核", "Completion test";
        tests_empty: "尚未举行结业考核。", "No completion test yet.";
        test_date: "考核日期", "Date";
        score: "成绩", "Mark";
        result: "结果", "Result";
        attempt: "次数", "Attempt";
        certificates: "培训合格证书", "Training certificates";
        certificates_empty: "尚未颁发证书。", "No certificates yet.";
        certificate_number: "证书编号", "Certificate number";
        issued_on: "发证日期", "Issued";
        import_title: "上传学员名单", "Upload a roster";
        import_lead: "支持 Excel（.xlsx）和 CSV（UTF-8 或 GB18030）。系统先试读并给出逐行报告，确认后才会写入。", "Excel (.xlsx) or CSV (UTF-8 or GB18030). The file is read on trial first, with a report row by row; nothing is written until you confirm.";
        import_file: "名单文件", "Roster file";
        import_hint: "身份证件号码一列请设为“文本”格式，否则 Excel 会丢失末几位数字。文件不超过 {0}。", "Format the identity number column as text, or Excel loses the last digits. At most {0}.";
        import_template: "下载名单模板", "Download the template";
        import_go: "上传并试读", "Upload and check";
        import_closed: "现在不能上传名单：{0}", "A roster cannot be uploaded now: {0}";
        report_title: "名单试读报告", "Roster check report";
        report_file: "文件：{0}，工作表：{1}", "File: {0}, sheet: {1}";
        report_counts: "共 {0} 行：可导入 {1} 行，不能导入 {2} 行。", "{0} rows: {1} can be imported, {2} cannot.";
        report_written: "以下内容尚未写入。请核对后确认。", "Nothing has been written yet. Check, then confirm.";
        accepted: "可导入", "Can be imported";
        faulty: "有问题", "With problems";
        duplicates: "重复", "Duplicates";
        accepted_note: "此类行确认后写入。", "These rows are written when you confirm.";
        faulty_note: "此类行不会写入。请在原文件中更正后重新上传，已导入的行不会重复。", "These rows are not written. Correct them in your file and upload it again; rows already imported are not repeated.";
        duplicates_note: "此类行与本文件其他行或已有学员相同，不会重复写入。", "These rows repeat another row of the file or a trainee already on the roster; they are not written again.";
        row: "行号", "Row";
        column: "列", "Column";
        problem: "问题", "Problem";
        fix: "更正方法：{0}", "What to do: {0}";
        override_label: "仍要导入第 {0} 行的理由", "Reason for importing row {0} anyway";
        override_hint: "仅在证件号码确认无误时填写。填写后该行将一并导入，理由会记入记录。", "Only if the number is confirmed to be right. The row is then imported and the reason is kept on record.";
        duplicate_of: "重复于", "Repeats";
        confirm_rows: "确认导入 {0} 行", "Import {0} rows";
        confirm_question: "将写入 {0} 名学员。写入后可以更正，但会保留记录。", "{0} trainees will be written. Later corrections stay on record.";
        confirm_none: "没有可导入的行。请更正文件后重新上传。", "No row can be imported. Correct the file and upload it again.";
        back_to_class: "返回培训班", "Back to the class";
        corrected_file: "下载标注了问题的名单", "Download the file with problems marked";
        expires: "报告保留至 {0}，之后须重新上传。", "This report is kept until {0}; afterwards upload again.";
        override_missing: "有 {0} 行可凭理由导入", "{0} rows may be imported with a reason";
    }
}
