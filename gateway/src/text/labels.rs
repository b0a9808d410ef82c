//! Words for values: lines, groupings, grades, states. The handlers put them into the views.

super::texts! {
    /// Words for values.
    Labels {
        line_all: "全部项目", "All lines";
        line_advanced: "高级研修项目", "Advanced study";
        line_capability: "能力提升项目", "Capability improvement";
        line_digital: "数字技术工程师培育项目", "Digital technology engineers";
        total: "合计", "Total";
        by_region: "地区", "Region";
        by_month: "月份", "Month";
        by_occupation: "职业", "Occupation";
        by_direction: "方向", "Direction";
        by_grade: "等级", "Grade";
        by_occupation_grade: "职业和等级", "Occupation and grade";
        by_trainer: "培训机构", "Trainer";
        by_category: "人才类别", "Category";
        grade_junior: "初级", "Junior";
        grade_intermediate: "中级", "Intermediate";
        grade_senior: "高级", "Senior";
        direction_none: "不分方向", "No directions";
        direction_unknown: "方向待定", "Directions not yet known";
        not_yet: "尚未生效", "Not yet listed";
        listed: "在册", "Listed";
        suspended: "暂停", "Suspended";
        removed: "已移出", "Removed";
        expired: "已到期", "Expired";
        class_planned: "已计划", "Planned";
        class_open: "报名中", "Open";
        class_teaching: "授课中", "Teaching";
        class_closed: "已结班", "Closed";
        class_cancelled: "已取消", "Cancelled";
        registered: "已报名", "Registered";
        attending: "学习中", "Attending";
        completed: "已完成", "Completed";
        not_completed: "未完成", "Not completed";
        withdrawn: "已退出", "Withdrawn";
        passed: "合格", "Passed";
        failed: "不合格", "Failed";
        certificate_valid: "有效", "Valid";
        certificate_revoked: "已撤销", "Revoked";
        certificate_awaiting: "存证生成中", "Proof being made";
        erased: "（信息已删除）", "(erased)";
        kind_class: "培训班", "Class";
        kind_person: "人员", "Person";
        kind_trainer: "培训机构", "Trainer";
        kind_occupation: "职业", "Occupation";
        kind_certificate: "证书", "Certificate";
        kind_target: "目标", "Target";
        kind_organisation: "单位", "Organisation";
        kind_account: "账号", "Account";
        kind_pack: "规则包", "Rule pack";
        kind_job: "名单导入", "Roster import";
        kind_calendar: "节假日安排", "Holiday calendar";
        kind_certificate_series: "证书编号序列", "Certificate series";
        kind_seat: "名额", "Seat";
        kind_organisation_code: "统一社会信用代码", "Credit code";
        kind_occupation_code: "职业编码", "Occupation code";
        kind_hours_once: "学时登记", "Hours posting";
        kind_certificate_once: "发证登记", "Certificate claim";
        kind_certificate_number: "证书编号", "Certificate number";
        kind_directory_number: "目录编号", "Directory number";
        kind_trainer_of_organisation: "单位的目录条目", "Directory entry of an organisation";
    }
}
