//! Texts of the timeline, the event page and the why page.

super::texts! {
    /// Timeline, event, why.
    Timeline {
        title: "变更记录", "History";
        record: "查看该记录", "See the record itself";
        version: "共 {0} 次变更", "{0} changes";
        filter_title: "筛选记录", "Filter the history";
        kind: "类别", "Kind";
        from: "起始日期", "From";
        to: "截止日期", "To";
        show_reads: "显示查阅记录", "Show who looked";
        planned: "后续安排", "What comes next";
        read: "查阅", "Looked at";
        read_one: "查阅{0}（用途：{1}）", "Opened {0} ({1})";
        read_many: "查阅 {2} 人的{0}（用途：{1}）", "Opened {0} of {2} persons ({1})";
        read_case: "，案号 {0}", ", case {0}";
        reader: "账号 {0}", "account {0}";
        read_number: "查阅记录 #{0}", "reading #{0}";
        voided: "已作废", "Void";
        effective_on: "生效日期 {0}", "effective {0}";
        before: "变更前", "Before";
        after: "变更后", "After";
        field: "项目", "Field";
        empty: "（无）", "(none)";
        by: "{0}", "by {0}";
        hash: "哈希 {0}", "hash {0}";
        proof: "存证", "Proof";
        corrects: "更正了事件 #{0}", "Corrects event #{0}";
        corrected_by: "已被事件 #{0} 更正", "Corrected by event #{0}";
        run: "展开 {0} 条", "Show all {0}";
        no_entries: "没有符合条件的变更。", "No changes match.";
        event_title: "事件 #{0}", "Event #{0}";
        event_type: "类型", "Type";
        event_subjects: "涉及对象", "Concerns";
        event_ordinal: "第 {0} 条", "number {0}";
        event_recorded: "记录时间", "Recorded";
        event_effective: "生效日期", "Effective";
        event_by: "操作人", "By";
        event_leaf: "叶哈希（SHA-256）", "Leaf hash (SHA-256)";
        event_json: "规范 JSON", "Canonical JSON";
        event_json_note: "即进入防篡改树的原始字节。个人信息以加盐摘要代替。", "The very bytes in the tamper-evident tree. Personal data is replaced by salted digests.";
        event_previous: "上一事件", "Previous event";
        event_next: "下一事件", "Next event";
        event_not_open: "您没有查看该事件内容的权限；存证不受影响。", "You may not see the content of this event; its proof is open to all.";
        why_title: "数字来源", "Where this figure comes from";
        why_rule: "统计口径", "Counting rule";
        why_events: "构成该结果的事件", "The events behind it";
        why_ok: "逐条复算结果为 {0}，与页面数字一致。", "Recounted from the events: {0}, the same as the figure.";
        why_differs: "逐条复算结果为 {0}，与页面数字 {1} 不一致，请联系管理员。", "Recounted from the events: {0}, but the figure says {1}. Please tell the administrator.";
        why_count: "计入", "Counts";
        why_event: "事件", "Event";
        why_sentence: "内容", "What happened";
        why_subject: "对象", "Record";
        why_back: "返回", "Back";
        why_scope: "统计范围", "Scope";
    }
}
