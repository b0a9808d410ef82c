//! Texts of the trainer directory.

super::texts! {
    /// The trainer directory.
    Trainers {
        title: "数字技术工程师培育项目培训机构目录", "Directory of trainers for digital technology engineers";
        lead: "目录内机构可在所列职业范围内举办培训。目录实行动态调整。", "A trainer listed here may train for the occupations named. The directory is adjusted as decisions are made.";
        in_directory: "在册和暂停", "Listed and suspended";
        search_label: "机构名称或统一社会信用代码", "Name or unified social credit code";
        edition: "目录版本", "Edition";
        edition_note: "第 {0} 版，公布于 {1}", "Edition {0}, published {1}";
        compare: "与此版本比较", "Compare with";
        difference_title: "自{0}以来的变化", "Changes since {0}";
        difference_counts: "新增 {0}，移出 {1}，调整 {2}", "{0} added, {1} removed, {2} changed";
        difference_none: "没有变化。", "No changes.";
        added: "新增", "Added";
        removed: "移出", "Removed";
        changed: "调整", "Changed";
        count: "共 {0} 家机构", "{0} trainers";
        uscc: "统一社会信用代码", "Unified social credit code";
        occupations: "可培训职业", "Occupations";
        validity: "有效期", "Valid";
        details: "机构信息", "About this trainer";
        listed_for: "可培训职业", "Listed for";
        listed_from: "列入日期", "Listed from";
        listed_until: "有效期至（或移出日期）", "Valid until, or removed on";
        decision: "依据", "Decision";
        history: "列入与调整", "Listing history";
        classes: "近期培训班", "Recent classes";
        no_classes: "没有您可以查看的培训班。", "No classes that you may see.";
        citation: "引用格式", "How to cite";
        completed: "完成人数", "Completed";
        certified: "发证人数", "Certified";
        not_listed: "该机构目前没有可以新办培训班的职业；此前颁发的证书不受影响。", "There is no occupation for which this trainer may start a class at present; certificates already issued stay valid.";
    }
}
