//! Texts of the dashboard.

super::texts! {
    /// The dashboard.
    Dashboard {
        title: "{0} 年培训任务完成情况", "Training targets and results, {0}";
        scope: "范围：{0}", "Scope: {0}";
        scope_leave: "返回全国", "Back to the whole country";
        year_without_targets: "{0} 年尚未下达目标。", "No targets are set for {0} yet.";
        year_with_targets: "查看 {0} 年", "See {0}";
        national: "全国", "Whole country";
        filter_title: "统计条件", "What is counted";
        year: "年度", "Year";
        line: "项目", "Line";
        region: "地区", "Region";
        unit: "计数单位", "Counting unit";
        group_by: "分组", "Grouped by";
        map_by: "地图指标", "Map shows";
        map_percent: "完成率", "Share of target";
        map_count: "完成数量", "Number completed";
        headline: "年度目标与完成", "Targets and results";
        completed_in: "完成（{0}）", "Completed ({0})";
        of_target: "完成率 {0}", "{0} of target";
        target: "年度目标", "Year target";
        no_target: "未下达目标", "No target set";
        expected_gone: "年度已结束", "Year is over";
        enrolled: "报名", "Enrolled";
        completed_column: "完成培训", "Completed";
        certified: "取得证书", "Certified";
        classes: "已办班", "Classes held";
        pace_ahead: "快于进度", "Ahead of pace";
        pace_behind: "慢于进度", "Behind pace";
        pace_reached: "已达目标", "Target reached";
        spark: "{0}：每月完成走势", "{0}: completed by month";
        bullet_title: "{0}：完成 {1}，{2}", "{0}: {1} completed, {2}";
        bullet_target: "年度目标 {0}，完成 {1}", "year target {0}, {1} reached";
        key_target: "年度目标", "Year target";
        key_expected: "今日应达", "Due today";
        key_expected_then: "当日应达", "Due by that day";
        map_title: "各地完成情况", "Results by reporting unit";
        map_caption_percent: "{0} 个填报单位中，{1} 个已达年度目标", "{1} of {0} reporting units have reached the year target";
        map_caption_count: "完成最多的是{0}（{1} {2}）", "Most completed: {0} ({1} {2})";
        map_caption_none: "尚无完成数据", "Nothing completed yet";
        tile_title: "{0}：完成 {1}，完成率 {2}", "{0}: {1} completed, {2} of target";
        tile_title_no_target: "{0}：完成 {1}，未下达目标", "{0}: {1} completed, no target set";
        band_1: "不足 50%", "below 50%";
        band_2: "50%–75%", "50–75%";
        band_3: "75%–90%", "75–90%";
        band_4: "90%–100%", "90–100%";
        band_5: "已达目标", "target reached";
        count_1: "最少", "fewest";
        count_2: "较少", "fewer";
        count_3: "中等", "middle";
        count_4: "较多", "more";
        count_5: "最多", "most";
        band_none: "未下达目标", "no target";
        band_outside: "不适用（港澳台）", "not applicable (Hong Kong, Macao, Taiwan)";
        ranked: "按完成率排名", "Ranked by share of target";
        rank: "名次", "Rank";
        unit_column: "填报单位", "Reporting unit";
        month_title: "按月完成", "Completed by month";
        month_caption: "{0}完成最多（{1} {2}）", "{0} was highest ({1} {2})";
        month_caption_none: "本年度尚无完成", "Nothing completed in this year";
        month: "月份", "Month";
        month_open: "斜纹表示当月尚未结束。", "Hatched: the month is not over.";
        breakdown_title: "按职业和等级", "By occupation and grade";
        breakdown_caption: "{0}完成最多（{1} {2}）", "{0} has the most ({1} {2})";
        breakdown_caption_none: "尚无职业完成数据", "No occupation has results yet";
        total: "合计", "Total";
        group_title: "按{0}分组", "By {0}";
        group_note: "点击任一数字，可逐条查看构成它的事件。", "Select any figure to see the events behind it.";
        percent_short: "完成率", "% of target";
        basis: "统计口径", "Counting rule";
    }
}
