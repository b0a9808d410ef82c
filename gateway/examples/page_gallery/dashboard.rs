//! The dashboard: latest, as of an earlier day, and without any data.

use super::*;

const UNITS: [(&str, &str, &str, u64, u64); 32] = [
    ("11", "北京市", "Beijing", 5_200, 5_460),
    ("12", "天津市", "Tianjin", 1_500, 1_312),
    ("13", "河北省", "Hebei", 2_900, 2_204),
    ("14", "山西省", "Shanxi", 1_600, 1_088),
    ("15", "内蒙古自治区", "Inner Mongolia", 1_200, 744),
    ("21", "辽宁省", "Liaoning", 2_300, 1_932),
    ("22", "吉林省", "Jilin", 1_300, 988),
    ("23", "黑龙江省", "Heilongjiang", 1_500, 1_035),
    ("31", "上海市", "Shanghai", 4_600, 4_738),
    ("32", "江苏省", "Jiangsu", 8_900, 8_198),
    ("33", "浙江省", "Zhejiang", 7_200, 7_056),
    ("34", "安徽省", "Anhui", 3_100, 2_728),
    ("35", "福建省", "Fujian", 3_000, 2_610),
    ("36", "江西省", "Jiangxi", 2_100, 1_554),
    ("37", "山东省", "Shandong", 6_300, 5_481),
    ("41", "河南省", "Henan", 4_200, 3_192),
    ("42", "湖北省", "Hubei", 4_000, 3_640),
    ("43", "湖南省", "Hunan", 3_300, 2_739),
    ("44", "广东省", "Guangdong", 9_300, 9_393),
    ("45", "广西壮族自治区", "Guangxi", 1_700, 1_190),
    ("46", "海南省", "Hainan", 700, 497),
    ("50", "重庆市", "Chongqing", 2_600, 2_366),
    ("51", "四川省", "Sichuan", 4_300, 3_741),
    ("52", "贵州省", "Guizhou", 1_400, 966),
    ("53", "云南省", "Yunnan", 1_500, 930),
    ("54", "西藏自治区", "Xizang", 200, 66),
    ("61", "陕西省", "Shaanxi", 2_700, 2_322),
    ("62", "甘肃省", "Gansu", 900, 522),
    ("63", "青海省", "Qinghai", 300, 141),
    ("64", "宁夏回族自治区", "Ningxia", 400, 256),
    ("65", "新疆维吾尔自治区", "Xinjiang", 900, 468),
    ("66", "新疆生产建设兵团", "Xinjiang Production and Construction Corps", 300, 0),
];

/// The three states.
pub(crate) fn pages(lang: Lang) -> Vec<Sample> {
    let latest = dashboard(lang);
    let mut past = latest.clone();
    past.frame.path = s("/?year=2025&as_of=2025-06-30");
    past.frame.as_of = Some(AsOf { as_of: Some(s("2025-06-30")), date: s("2025-06-30"), ..past.frame.as_of.unwrap_or_default() });
    past.frame.data_time = Some(DataTime {
        time: s(lang.pick("2025年6月30日 24:00", "the end of 30 Jun 2025")),
        position: 61_207,
        integrity: Integrity::CheckedTo(128_441),
    });
    past.frame.quarantine = Some(Quarantine { count: 2, href: s("/status#quarantine") });
    past.scope = Some((s(lang.pick("江苏省", "Jiangsu")), s("/?year=2025")));
    past.measure = MapMeasure::Count;
    let empty = DashboardView {
        frame: frame(lang, "/", Nav::Dashboard, &[]),
        year: 2026,
        group_label: s(lang.pick("地区", "Region")),
        ..DashboardView::default()
    };
    vec![("dashboard", latest.render(lang)), ("dashboard_past", past.render(lang)), ("dashboard_empty", empty.render(lang))]
}

fn dashboard(lang: Lang) -> DashboardView {
    let mut units: Vec<UnitRow> = UNITS.iter().map(|unit| unit_row(lang, *unit)).collect();
    units.sort_by_key(|unit| std::cmp::Reverse(unit.row.percent_bp));
    let rows: Vec<QuotaRow> = units.iter().take(8).map(|unit| unit.row.clone()).collect();
    let total = QuotaRow {
        key: s("all"),
        label: s(""),
        href: None,
        target: Some(80_000),
        enrolled: 88_120,
        completed: 71_557,
        certified: 66_904,
        percent_bp: Some(8_945),
    };
    DashboardView {
        offer: None,
        frame: frame(lang, "/", Nav::Dashboard, &[]),
        year: 2025,
        scope: None,
        filters: filters(lang),
        unit: CountUnit::Persons,
        measure: MapMeasure::Percent,
        headlines: headlines(lang),
        units,
        months: months(lang),
        grades: ["初级|Junior", "中级|Intermediate", "高级|Senior"].map(|name| both(lang, name)).into(),
        occupations: occupations(lang),
        occupations_total: StackRow {
            label: both(lang, "合计|Total"),
            parts: [40_060, 27_040, 5_787].map(|count| (s("2025/digital/grade"), count)).into(),
            total: (s("2025/digital/total"), 71_557),
        },
        group_label: s(lang.pick("地区", "Region")),
        rows,
        total,
        rule: s(lang.pick(
            "一人当年在同一项目中多次培训只计一人；人次按每期计。完成以培训班结束日期归入年度和月份，地区按举办单位所在地。",
            "A person counts once a year in a line however many classes; person-trainings count every class. Year and month are those of the end of the class, the region that of the organiser.",
        )),
        csv_units: s("/api/v1/quota.csv?year=2025&group_by=region"),
        csv_months: s("/api/v1/quota.csv?year=2025&group_by=month"),
        csv_occupations: s("/api/v1/quota.csv?year=2025&group_by=occupation_grade"),
        csv_rows: s("/api/v1/quota.csv?year=2025&group_by=region"),
    }
}

fn both(lang: Lang, pair: &str) -> String {
    let (zh, en) = pair.split_once('|').unwrap_or((pair, pair));
    s(lang.pick(zh, en))
}

fn unit_row(lang: Lang, (code, zh, en, target, completed): (&str, &str, &str, u64, u64)) -> UnitRow {
    let target = (code != "66").then_some(target);
    let row = QuotaRow {
        key: format!("2025/digital/region={code}"),
        label: s(lang.pick(zh, en)),
        href: Some(format!("/?year=2025&region={code}")),
        target,
        enrolled: completed * 11 / 10,
        completed,
        certified: completed * 93 / 100,
        percent_bp: target.map(|target| completed * 10_000 / target),
    };
    UnitRow { tile: Some(s(code)), row }
}

fn filters(lang: Lang) -> Vec<Select> {
    let p = |zh, en| lang.pick(zh, en);
    vec![
        select("year", p("年度", "Year"), &[("2025", "2025"), ("2024", "2024"), ("2023", "2023")], 0),
        select(
            "line",
            p("项目", "Line"),
            &[
                ("all", p("全部项目", "All lines")),
                ("advanced", p("高级研修", "Advanced study")),
                ("capability", p("能力提升", "Capability improvement")),
                ("digital", p("数字技术工程师", "Digital technology engineers")),
            ],
            0,
        ),
        select("region", p("地区", "Region"), &[("", p("全国", "Whole country")), ("32", p("江苏省", "Jiangsu"))], 0),
        select("unit", p("计数单位", "Counting unit"), &[("persons", p("人", "persons")), ("trainings", p("人次", "person-trainings"))], 0),
        select(
            "group_by",
            p("分组", "Grouped by"),
            &[
                ("region", p("地区", "Region")),
                ("month", p("月份", "Month")),
                ("occupation", p("职业", "Occupation")),
                ("grade", p("等级", "Grade")),
                ("trainer", p("培训机构", "Trainer")),
            ],
            0,
        ),
        select(
            "map",
            p("地图指标", "Map shows"),
            &[("percent", p("完成率", "Share of target")), ("count", p("完成数量", "Number completed"))],
            0,
        ),
    ]
}

fn headlines(lang: Lang) -> Vec<Headline> {
    let line = |id: &str, names: &str, persons: u64, trainings: u64, target: u64| Headline {
        key: format!("2025/{id}"),
        id: s(id),
        label: both(lang, names),
        completed_persons: persons,
        completed_trainings: trainings,
        target: Some(target),
        expected: Some(target * 8_904 / 10_000),
        percent_bp: Some(persons * 10_000 / target),
        by_month: [2, 3, 7, 9, 10, 12, 8, 7, 11, 13, 9].iter().map(|share| persons * share / 91).collect(),
    };
    vec![
        line("advanced", "高级研修项目|Advanced study", 18_420, 18_655, 20_000),
        line("capability", "能力提升项目|Capability improvement", 921_300, 1_204_118, 900_000),
        line("digital", "数字技术工程师培育项目|Digital technology engineers", 71_557, 73_020, 80_000),
        line("all", "合计|Total", 1_011_277, 1_295_793, 1_000_000),
    ]
}

fn months(lang: Lang) -> Vec<MonthPoint> {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const COUNTS: [u64; 12] = [1_204, 2_310, 5_480, 7_122, 8_015, 9_640, 6_233, 5_518, 8_907, 10_466, 6_662, 0];
    (1_u64..)
        .zip(NAMES)
        .zip(COUNTS)
        .map(|((month, name), completed)| MonthPoint {
            key: format!("2025/digital/month={month:02}"),
            label: if lang == Lang::Zh { format!("{month}月") } else { s(name) },
            completed,
            open: month == 11,
        })
        .collect()
}

fn occupations(lang: Lang) -> Vec<StackRow> {
    const ROWS: [(&str, [u64; 3]); 10] = [
        ("人工智能工程技术人员|Artificial intelligence", [8_120, 6_055, 1_480]),
        ("大数据工程技术人员|Big data", [6_940, 5_310, 1_022]),
        ("智能制造工程技术人员|Intelligent manufacturing", [6_011, 4_208, 977]),
        ("工业互联网工程技术人员|Industrial internet", [4_120, 3_015, 604]),
        ("物联网工程技术人员|Internet of things", [4_002, 2_417, 480]),
        ("云计算工程技术人员|Cloud computing", [3_480, 2_290, 455]),
        ("数字化管理师|Digital management", [3_655, 1_420, 208]),
        ("集成电路工程技术人员|Integrated circuits", [1_610, 1_205, 402]),
        ("虚拟现实工程技术人员|Virtual reality", [1_220, 640, 90]),
        ("区块链工程技术人员|Blockchain", [902, 480, 69]),
    ];
    ROWS.iter()
        .map(|(names, parts)| StackRow {
            label: both(lang, names),
            parts: parts.iter().map(|count| (format!("2025/digital/occupation={names}"), *count)).collect(),
            total: (format!("2025/digital/occupation={names}"), parts.iter().sum()),
        })
        .collect()
}
