//! Directory, classes, imports.

use super::records::item;
use super::*;

/// Every page of this group.
pub(crate) fn pages(lang: Lang) -> Vec<Sample> {
    let mut bare = class(lang);
    bare.roster.clear();
    bare.sessions.clear();
    bare.tests.clear();
    bare.certificates.clear();
    bare.import = Some(ImportForm {
        errors: vec![FieldError {
            field: s("file"),
            message: s(
                lang.pick("文件不是 .xlsx 或 .csv。请另存后重新上传。", "The file is neither .xlsx nor .csv. Save it again and upload.")
            ),
        }],
        ..import_form()
    });
    vec![
        ("trainers", trainers(lang).render(lang)),
        ("trainer", trainer(lang).render(lang)),
        ("classes", classes(lang).render(lang)),
        ("class", class(lang).render(lang)),
        ("class_empty", bare.render(lang)),
        ("import_report", report(lang).render(lang)),
    ]
}

fn trainers(lang: Lang) -> TrainerListView {
    let p = |zh, en| lang.pick(zh, en);
    let ai = p("人工智能工程技术人员", "Artificial intelligence");
    let data = p("大数据工程技术人员", "Big data");
    let js = p("江苏省", "Jiangsu");
    TrainerListView {
        frame: frame(lang, "/directories/trainers?edition=12&since=11", Nav::Trainers, &[(p("培训机构目录", "Trainer directory"), None)]),
        query: String::new(),
        facets: vec![
            select("region", p("地区", "Region"), &[("", p("全部", "All")), ("32", js)], 0),
            select("occupation", p("职业", "Occupation"), &[("", p("全部", "All")), ("ai", ai), ("data", data)], 0),
            select("status", p("状态", "Status"), &[("", p("全部", "All")), ("listed", p("在册", "Listed"))], 0),
        ],
        edition: select(
            "edition",
            p("目录版本", "Edition"),
            &[("12", p("第12版（2025-11-03）", "12 (2025-11-03)")), ("11", p("第11版（2025-08-15）", "11 (2025-08-15)"))],
            0,
        ),
        since: select(
            "since",
            p("与此版本比较", "Compare with"),
            &[("", p("不比较", "None")), ("11", p("第11版（2025-08-15）", "11 (2025-08-15)"))],
            1,
        ),
        edition_shown: (s("12"), s(p("2025年11月3日", "3 Nov 2025"))),
        difference: Some(difference(lang)),
        rows: trainer_rows(lang),
        pager: Pager { first: 1, last: 3, total: 214, previous: None, next: Some(s("/directories/trainers?edition=12&after=x")) },
        csv: s("/api/v1/directories/trainers.csv"),
        json: s("/api/v1/directories/trainers"),
    }
}

fn difference(lang: Lang) -> Difference {
    let p = |zh, en| lang.pick(zh, en);
    let entry = |name: &str, detail: &str, position| DifferenceEntry {
        name: link(name, "/directories/trainers/7K2M9QX4TB"),
        detail: s(detail),
        position,
    };
    Difference {
        since: s(p("第11版（2025年8月15日）", "edition 11 (15 Aug 2025)")),
        added: vec![entry(p("云港数字技术培训中心", "Yungang Digital Training Centre"), p("列入：大数据", "listed for big data"), 120_114)],
        removed: vec![entry(
            p("华岭信息学院", "Hualing Institute"),
            p("移出目录：不再具备条件", "removed: conditions no longer met"),
            124_020,
        )],
        changed: vec![entry(p("东湖职业技术大学", "Donghu University"), p("增加职业：人工智能", "artificial intelligence added"), 125_338)],
    }
}

fn trainer_rows(lang: Lang) -> Vec<TrainerRow> {
    let p = |zh, en| lang.pick(zh, en);
    let row = |id: &str, zh, en, uscc: &str, region: &str, occupations: &[&str], status: Tag, validity: &str| TrainerRow {
        name: link(p(zh, en), &format!("/directories/trainers/{id}")),
        uscc: s(uscc),
        region: s(region),
        occupations: occupations.iter().map(|o| s(o)).collect(),
        status,
        validity: s(validity),
    };
    let listed = || tag(p("在册", "Listed"), Tone::Good);
    let ai = p("人工智能工程技术人员", "Artificial intelligence");
    let data = p("大数据工程技术人员", "Big data");
    let js = p("江苏省", "Jiangsu");
    vec![
        row(
            "7K2M9QX4TB",
            "东湖职业技术大学继续教育学院",
            "Donghu University, School of Continuing Education",
            "99320100MA0000001X",
            js,
            &[ai, data],
            listed(),
            "2024-01-15 – 2027-01-14",
        ),
        row(
            "3F8Z1NQ6WA",
            "云港数字技术培训中心",
            "Yungang Digital Training Centre",
            "99330200MA00000027",
            p("浙江省", "Zhejiang"),
            &[data],
            listed(),
            "2025-09-01 – 2028-08-31",
        ),
        row(
            "9D4R7YC2HE",
            "西岭智造研究院",
            "Xiling Manufacturing Institute",
            "99510100MA00000035",
            p("四川省", "Sichuan"),
            &[p("智能制造工程技术人员", "Intelligent manufacturing"), ai],
            tag(p("暂停", "Suspended"), Tone::Warning),
            "2023-06-01 – 2026-05-31",
        ),
    ]
}

fn trainer(lang: Lang) -> TrainerView {
    let p = |zh, en| lang.pick(zh, en);
    let name = p("西岭智造研究院", "Xiling Manufacturing Institute");
    TrainerView {
        frame: frame(
            lang,
            "/directories/trainers/9D4R7YC2HE",
            Nav::Trainers,
            &[(p("培训机构目录", "Trainer directory"), Some("/directories/trainers")), (name, None)],
        ),
        name: s(name),
        status: tag(p("暂停", "Suspended"), Tone::Warning),
        listed: false,
        facts: vec![
            fact(p("统一社会信用代码", "Credit code"), "99510100MA00000035", None),
            fact(p("所在地区", "Region"), p("四川省 成都市", "Chengdu, Sichuan"), None),
            fact(p("国家级继续教育基地", "National base"), p("是（第9批）", "yes (batch 9)"), None),
            fact(p("本年完成人数", "Completed this year"), "412", Some("/why?model=quota&row=trainer&field=completed")),
        ],
        occupations: vec![
            ListedOccupation {
                occupation: s(p("智能制造工程技术人员（2-02-38-05）", "Intelligent manufacturing (2-02-38-05)")),
                status: tag(p("暂停", "Suspended"), Tone::Warning),
                from: s("2023-06-01"),
                until: s("2026-05-31"),
                decision: s(p("川人社〔2025〕演示3号", "Demonstration notice 3/2025")),
                position: 126_011,
            },
            ListedOccupation {
                occupation: s(p("人工智能工程技术人员（2-02-38-01）", "Artificial intelligence (2-02-38-01)")),
                status: tag(p("已移出", "Removed"), Tone::Bad),
                from: s("2024-03-01"),
                until: String::new(),
                decision: s(p("演示公告第12号", "Demonstration notice 12")),
                position: 88_320,
            },
        ],
        history: vec![
            Day { date: s(p("2025年11月12日", "12 Nov 2025")), entries: vec![Entry::One(item(lang, 126_011))] },
            Day { date: s(p("2024年3月1日", "1 Mar 2024")), entries: vec![Entry::One(item(lang, 88_320))] },
        ],
        timeline: s("/subjects/trainer/9D4R7YC2HE"),
        why: Some(s("/why?model=trainers&row=9D4R7YC2HE")),
        classes: Some(class_rows(lang)),
        citation: format!(
            "{name}, {}",
            p(
                "数字技术工程师培育项目培训机构目录（第12版），2025年11月3日公布，2025年11月22日查阅。",
                "Directory of trainers, edition 12, published 3 Nov 2025, seen 22 Nov 2025."
            )
        ),
    }
}

fn class_rows(lang: Lang) -> Vec<ClassRow> {
    let p = |zh, en| lang.pick(zh, en);
    let row = |id: &str, zh, en, dates: &str, status: Tag, counts: (u64, u64, u64)| ClassRow {
        name: link(p(zh, en), &format!("/classes/{id}")),
        trainer: link(p("东湖职业技术大学继续教育学院", "Donghu University"), "/directories/trainers/7K2M9QX4TB"),
        subject: s(p("大数据工程技术人员 · 大数据分析 · 中级", "Big data · analysis · intermediate")),
        dates: s(dates),
        status,
        registered: counts.0,
        completed: counts.1,
        certified: counts.2,
    };
    vec![
        row(
            "4T8KQ2ZM1C",
            "大数据分析中级2025年第3期",
            "Big data analysis, intermediate, 3/2025",
            "2025-09-01 – 09-26",
            tag(p("已结班", "Closed"), Tone::Good),
            (48, 43, 41),
        ),
        row(
            "8XW1B5D7NR",
            "大数据分析中级2025年第4期",
            "Big data analysis, intermediate, 4/2025",
            "2025-11-03 – 11-28",
            tag(p("授课中", "Teaching"), Tone::Neutral),
            (52, 0, 0),
        ),
        row(
            "2QH6F9J3VP",
            "大数据分析中级2025年第5期",
            "Big data analysis, intermediate, 5/2025",
            "2025-12-01 – 12-26",
            tag(p("报名中", "Open"), Tone::Neutral),
            (17, 0, 0),
        ),
    ]
}

fn classes(lang: Lang) -> ClassListView {
    let p = |zh, en| lang.pick(zh, en);
    ClassListView {
        plan: Some("/classes/plan".to_owned()),
        frame: frame(lang, "/classes?year=2025", Nav::Classes, &[(p("培训班", "Classes"), None)]),
        filters: vec![
            select("year", p("年度", "Year"), &[("2025", "2025"), ("2024", "2024")], 0),
            select("region", p("地区", "Region"), &[("", p("全部", "All")), ("32", p("江苏省", "Jiangsu"))], 1),
            select("status", p("状态", "Status"), &[("", p("全部", "All")), ("teaching", p("授课中", "Teaching"))], 0),
        ],
        rows: class_rows(lang),
        pager: Pager { first: 1, last: 3, total: 3, previous: None, next: None },
        csv: s("/api/v1/classes.csv?year=2025"),
    }
}

fn import_form() -> ImportForm {
    ImportForm {
        action: s("/classes/4T8KQ2ZM1C/roster"),
        template: s("/classes/roster-template.xlsx"),
        limit: s("20 MB"),
        closed: None,
        errors: vec![],
    }
}

const NAMES: [(&str, &str); 12] = [
    ("王*", "南江软件有限公司"),
    ("李*", "东湖职业技术大学"),
    ("张**", "江州市大数据中心"),
    ("刘*", "华云科技有限公司"),
    ("陈**", "江州供电公司"),
    ("杨*", "南江软件有限公司"),
    ("赵*", "江州市人民医院"),
    ("黄**", "宁川数据服务有限公司"),
    ("周*", "江州市大数据中心"),
    ("吴*", "华云科技有限公司"),
    ("徐**", "自由职业"),
    ("孙*", "江州港务集团"),
];

fn class(lang: Lang) -> ClassView {
    let p = |zh, en| lang.pick(zh, en);
    let name = p("大数据分析中级2025年第3期", "Big data analysis, intermediate, 3/2025");
    let sessions: Vec<Session> = (1..=12_u32)
        .map(|i| Session { date: format!("09-{:02}", i * 2), title: format!("{} {i}", p("第", "Session")), hours: 8 })
        .collect();
    let roster: Vec<RosterRow> = (0_usize..).zip(NAMES).map(|(i, (person, employer))| roster_row(lang, i, person, employer)).collect();
    let passed = || tag(p("合格", "Passed"), Tone::Good);
    let tests = (0_u64..).zip(NAMES.iter().take(6)).map(|(i, (person, _))| TestRow {
        name: s(person),
        date: s("2025-09-26"),
        attempt: if i == 3 { 2 } else { 1 },
        score: format!("{}", 92 - i * 5),
        result: if i == 5 { tag(p("不合格", "Failed"), Tone::Bad) } else { passed() },
        position: 101_200 + i,
    });
    let certificates = (0_u64..).zip(NAMES.iter().take(5)).map(|(i, (person, _))| CertificateRow {
        number: link(&format!("T000321220238032250001{i}K"), &format!("/verify/T000321220238032250001{i}K")),
        name: s(person),
        issued_on: s("2025-09-28"),
        status: if i == 3 { tag(p("已撤销", "Revoked"), Tone::Bad) } else { tag(p("有效", "Valid"), Tone::Good) },
    });
    let step = |zh, en, state, when: &str| Step { label: s(p(zh, en)), state, when: s(when) };
    ClassView {
        next: vec![NextStep {
            link: link(lang.pick("登记考勤", "Record attendance"), "/classes/7K3N8P4Q2R/attendance?session=3"),
            note: s(lang.pick("第 3 次课（2025-06-04，技术），2 人待登记", "session 3 (2025-06-04, technique), 2 still to be recorded")),
        }],
        others: vec![link(lang.pick("取消本班", "Cancel the class"), "/classes/7K3N8P4Q2R/cancel")],
        who: Vec::new(),
        frame: frame(lang, "/classes/4T8KQ2ZM1C", Nav::Classes, &[(p("培训班", "Classes"), Some("/classes")), (name, None)]),
        name: s(name),
        status: tag(p("结业考核", "Final test"), Tone::Neutral),
        steps: vec![
            step("计划", "Planned", StepState::Done, "2025-07-14"),
            step("报名", "Open", StepState::Done, "2025-08-01"),
            step("授课", "Teaching", StepState::Done, "2025-09-02"),
            step("结业考核", "Final test", StepState::Now, "2025-09-26"),
            step("结班", "Closed", StepState::Later, ""),
        ],
        facts: vec![
            fact(
                p("培训机构", "Trainer"),
                p("东湖职业技术大学继续教育学院", "Donghu University"),
                Some("/directories/trainers/7K2M9QX4TB"),
            ),
            fact(p("职业", "Occupation"), p("大数据工程技术人员（2-02-38-03）", "Big data (2-02-38-03)"), None),
            fact(p("方向", "Direction"), p("大数据分析", "Analysis"), None),
            fact(p("等级", "Grade"), p("中级", "Intermediate"), None),
            fact(p("规定学时", "Hours required"), p("96 学时（测试数据）", "96 (test figure)"), None),
            fact(p("地点", "Place"), p("江苏省江州市", "Jiangzhou, Jiangsu"), None),
        ],
        timeline: s("/subjects/class/4T8KQ2ZM1C"),
        why: Some(s("/why?model=classes&row=4T8KQ2ZM1C")),
        names_masked: true,
        needs_case: false,
        sessions,
        roster,
        pager: Pager { first: 1, last: 12, total: 48, previous: None, next: Some(s("/classes/4T8KQ2ZM1C?after=12")) },
        tests: tests.collect(),
        certificates: certificates.collect(),
        import: Some(import_form()),
    }
}

fn roster_row(lang: Lang, i: usize, person: &str, employer: &str) -> RosterRow {
    let mark = |session: usize| match (i * 7 + session * 5) % 23 {
        0 => Attendance::Absent,
        1 | 2 => Attendance::Excused,
        _ if i == 10 && session > 6 => Attendance::Absent,
        _ if i == 11 && session > 9 => Attendance::Unrecorded,
        _ => Attendance::Present,
    };
    let attendance: Vec<Attendance> = (0..12).map(mark).collect();
    let present = attendance.iter().filter(|a| matches!(a, Attendance::Present)).count();
    let hours = u32::try_from(present).unwrap_or(0) * 8;
    RosterRow {
        name: link(person, &format!("/subjects/person/0000P{i:05}")),
        employer: s(employer),
        attendance,
        hours: (hours, 88),
        why: Some(format!("/why?model=classes&row=4T8KQ2ZM1C%3A0000P{i:05}")),
        status: if hours >= 88 {
            tag(lang.pick("已完成", "Completed"), Tone::Good)
        } else {
            tag(lang.pick("学时不足", "Hours short"), Tone::Warning)
        },
    }
}

fn report(lang: Lang) -> ImportReportView {
    let p = |zh, en| lang.pick(zh, en);
    let problem = |code: &str, column: &str, message: &str| RowProblem { code: s(code), column: s(column), message: s(message) };
    let id = p("证件号码", "Identity number");
    ImportReportView {
        refused: None,
        day: s("2025-03-01"),
        seats: Some((30, 12)),
        frame: plain_frame(
            lang,
            "/classes/4T8KQ2ZM1C",
            Nav::Classes,
            &[
                (p("培训班", "Classes"), Some("/classes")),
                (p("大数据分析中级2025年第3期", "Big data analysis, 3/2025"), Some("/classes/4T8KQ2ZM1C")),
                (p("名单试读报告", "Roster check report"), None),
            ],
        ),
        class_name: s(p("大数据分析中级2025年第3期", "Big data analysis, intermediate, 3/2025")),
        class_href: s("/classes/4T8KQ2ZM1C"),
        file: s(p("学员名单.xlsx", "roster.xlsx")),
        format: s("XLSX"),
        sheet: Some(s(p("名单", "Roster"))),
        stage: ImportStage::Waiting,
        accepted: (2_u32..)
            .zip(NAMES)
            .map(|(row, (name, employer))| AcceptedRow {
                row,
                name: s(name),
                employer: s(employer),
                note: if row == 6 { s(p("县级代码已撤销", "abolished county code")) } else { String::new() },
            })
            .collect(),
        faulty: vec![
            FaultyRow {
                row: 14,
                name: s("马*"),
                problems: vec![problem(
                    "ROSTER-ID-NUMERIC",
                    id,
                    p("以数字格式保存，末三位已丢失。", "Stored as a number; its last three digits are lost."),
                )],
                reason: None,
            },
            FaultyRow {
                row: 15,
                name: s("朱*"),
                problems: vec![
                    problem("ROSTER-ID-CHECKSUM", id, p("校验位不正确。", "The check character is wrong.")),
                    problem("ROSTER-EMPLOYER-MISSING", p("单位", "Employer"), p("未填写。", "Empty.")),
                ],
                reason: Some(String::new()),
            },
        ],
        duplicates: vec![DuplicateRow { row: 16, name: s("王*"), duplicate_of: s(p("本文件第 2 行", "row 2 of this file")) }],
        confirm_action: s("/classes/4T8KQ2ZM1C/roster/J7/confirm"),
        marked_file: Some(s("/classes/4T8KQ2ZM1C/roster/J7/marked.xlsx")),
        expires: s(p("11月23日 07:30", "23 Nov 07:30")),
    }
}
