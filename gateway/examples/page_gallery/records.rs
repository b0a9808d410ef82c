//! Sign-in, certificates, timelines, figures, events, errors, status.

use super::*;

/// Every page of this group.
pub(crate) fn pages(lang: Lang) -> Vec<Sample> {
    let mut all = vec![
        ("sign_in", sign_in(lang).render(lang)),
        ("timeline", timeline(lang).render(lang)),
        ("why", why(lang).render(lang)),
        ("event", event(lang).render(lang)),
        ("error", error(lang).render(lang)),
        ("code", code(lang).render(lang)),
        ("status", status(lang).render(lang)),
    ];
    all.extend(certificates(lang));
    all
}

fn sign_in(lang: Lang) -> SignInView {
    let p = |zh, en| lang.pick(zh, en);
    let demo = |role: &str, scope: &str, account: &str| DemoAccount {
        role: s(role),
        scope: s(scope),
        account: s(account),
        password: s("demo-only"),
    };
    SignInView {
        frame: plain_frame(lang, "/signin", Nav::None, &[(p("登录", "Sign in"), None)]),
        account: s("hr-jiangsu"),
        return_to: s("/"),
        errors: vec![FieldError {
            field: s("password"),
            message: s(p("账号或密码不正确。请重新输入密码。", "The account or the password is wrong. Type the password again.")),
        }],
        demo_accounts: vec![
            demo(p("国家工程办公室", "National office"), p("全国", "whole country"), "national"),
            demo(p("省级管理员", "Provincial office"), p("江苏省", "Jiangsu"), "hr-jiangsu"),
            demo(p("培训机构", "Trainer"), p("东湖职业技术大学", "Donghu University"), "trainer-donghu"),
            demo(p("审计", "Auditor"), p("全国，只读", "whole country, read only"), "auditor"),
        ],
    }
}

fn certificates(lang: Lang) -> Vec<Sample> {
    let p = |zh, en| lang.pick(zh, en);
    let facts = CertificateFacts {
        holder: s("张*"),
        issuer: s(p("东湖职业技术大学继续教育学院", "Donghu University, School of Continuing Education")),
        occupation: s(p("大数据工程技术人员（2-02-38-03）", "Big data (2-02-38-03)")),
        direction: s(p("大数据分析", "Analysis")),
        grade: s(p("中级", "Intermediate")),
        hours: "96".to_owned(),
        issued_on: s(p("2025年9月28日", "28 Sep 2025")),
        position: 101_377,
    };
    let frame = plain_frame(
        lang,
        "/verify",
        Nav::Verify,
        &[(p("证书查询", "Check a certificate"), Some("/verify")), (p("查询结果", "Result"), None)],
    );
    let view = |state, check| VerifyView {
        frame: frame.clone(),
        number: s("T0003212202380322500012K"),
        state,
        why: Some(s("/why?model=certificates&row=8Q2M5XV0TD")),
        checked_at: s("2025-11-22 07:31:05"),
        check,
        errors: vec![],
    };
    let revoked = CertificateState::Revoked {
        facts: facts.clone(),
        on: s(p("2025年10月30日", "30 Oct 2025")),
        reason: s(p("考勤记录不实", "attendance record untrue")),
    };
    let not_found = CertificateState::NotFound {
        mistyped: false,
        coverage: vec![
            fact(p("培训合格证书", "Training certificates"), p("2025年1月1日起颁发", "issued from 1 Jan 2025"), None),
            fact(p("专业技术等级证书", "Grade certificates"), p("不在本页查询", "not checked here"), None),
        ],
        contact: vec![fact(p("国家工程办公室（演示）", "National office (demonstration)"), "010-0000 0000", None)],
    };
    let form = VerifyFormView {
        frame: Frame { crumbs: vec![Crumb { label: s(p("证书查询", "Check a certificate")), href: None }], ..frame.clone() },
        number: s("T00032"),
        errors: vec![FieldError {
            field: s("number"),
            message: s(p("编号应为 24 位，您输入了 6 位。", "The number has 24 characters; you typed 6.")),
        }],
    };
    vec![
        ("verify_form", form.render(lang)),
        ("verify_valid", view(CertificateState::Valid(facts.clone()), CheckOutcome::Compared { agrees: false }).render(lang)),
        ("verify_revoked", view(revoked, CheckOutcome::NotAsked).render(lang)),
        ("verify_awaiting", view(CertificateState::AwaitingProof(facts), CheckOutcome::TooMany(s("08:12"))).render(lang)),
        ("verify_not_found", view(not_found, CheckOutcome::NotAsked).render(lang)),
        ("verify_unavailable", view(CertificateState::Unavailable, CheckOutcome::NotAsked).render(lang)),
    ]
}

/// One entry of a timeline.
pub(crate) fn item(lang: Lang, position: u64) -> Item {
    let p = |zh, en| lang.pick(zh, en);
    let mut item = Item {
        time: s("14:05"),
        machine_time: s("2025-09-26T14:05:12+08:00"),
        role: s(p("培训机构", "trainer")),
        position,
        hash: format!("{:08x}", position * 2_654_435),
        ..Item::default()
    };
    match position {
        126_011 => {
            item.sentence =
                s(p("四川省人社厅 暂停该机构举办智能制造培训", "Sichuan office suspended the trainer for intelligent manufacturing"));
            item.changes = vec![Change {
                field: s(p("状态", "Status")),
                before: Some(s(p("在册", "listed"))),
                after: Some(s(p("暂停", "suspended"))),
            }];
            item.effective_on = Some(s("2025-11-10"));
            item.role = s(p("省级管理员", "provincial office"));
        }
        88_320 => {
            item.sentence = s(p(
                "国家工程办公室 将该机构列入目录：人工智能工程技术人员",
                "National office listed the trainer for artificial intelligence",
            ));
        }
        101_290 => {
            item.sentence =
                s(p("东湖职业技术大学 更正了王*第 8 次课的考勤", "Donghu University corrected the attendance of Wang* in session 8"));
            item.changes = vec![Change {
                field: s(p("考勤", "Attendance")),
                before: Some(s(p("缺勤", "absent"))),
                after: Some(s(p("出勤", "present"))),
            }];
            item.corrects = Some(101_104);
            item.effective_on = Some(s("2025-09-16"));
        }
        101_104 => {
            item.sentence = s(p("东湖职业技术大学 登记王*第 8 次课缺勤", "Donghu University recorded Wang* absent in session 8"));
            item.corrected_by = Some(101_290);
            item.voided = true;
        }
        101_288 => {
            item.kind = ItemKind::Read;
            item.sentence = s(p("审计员 查阅了本班学员名单（12 人）", "The auditor looked at the roster (12 persons)"));
            item.role = s(p("审计", "auditor"));
        }
        _ => item.sentence = s(p("东湖职业技术大学 登记签到", "Donghu University recorded attendance")),
    }
    item
}

fn timeline(lang: Lang) -> TimelineView {
    let p = |zh, en| lang.pick(zh, en);
    let title = p("大数据分析中级2025年第3期", "Big data analysis, intermediate, 3/2025");
    TimelineView {
        frame: frame(
            lang,
            "/subjects/class/4T8KQ2ZM1C",
            Nav::Classes,
            &[(p("培训班", "Classes"), Some("/classes")), (title, Some("/classes/4T8KQ2ZM1C")), (p("变更记录", "History"), None)],
        ),
        kind: s(p("培训班", "Class")),
        title: s(title),
        record_href: Some(s("/classes/4T8KQ2ZM1C")),
        status: tag(p("结业考核", "Final test"), Tone::Neutral),
        version: 412,
        from: String::new(),
        to: String::new(),
        reads: Some(true),
        days: vec![
            Day {
                date: s(p("2025年9月26日 星期五", "Friday 26 Sep 2025")),
                entries: vec![
                    Entry::One(item(lang, 101_290)),
                    Entry::One(item(lang, 101_288)),
                    Entry::Run {
                        sentence: s(p("42 名学员签到", "42 trainees signed in")),
                        items: (101_200..101_203).map(|n| item(lang, n)).collect(),
                    },
                ],
            },
            Day { date: s(p("2025年9月16日 星期二", "Tuesday 16 Sep 2025")), entries: vec![Entry::One(item(lang, 101_104))] },
        ],
        older: Some(s("/subjects/class/4T8KQ2ZM1C?before=101104")),
    }
}

fn why(lang: Lang) -> WhyView {
    let p = |zh, en| lang.pick(zh, en);
    let event = |position, n: u32, counts| WhyEvent {
        position,
        time: s("2025-09-26 14:05"),
        sentence: if counts < 0 {
            s(p("王*完成记录被更正为未完成", "completion of Wang* corrected to not completed"))
        } else {
            format!("{} {n}", p("学员完成培训，第", "A trainee completed, number"))
        },
        subject: Some(link(p("大数据分析中级2025年第3期", "Big data analysis, 3/2025"), "/classes/4T8KQ2ZM1C")),
        counts,
    };
    WhyView {
        frame: frame(
            lang,
            "/why?model=quota&row=2025/digital/region=32&field=completed",
            Nav::Dashboard,
            &[(p("数字来源", "Where this figure comes from"), None)],
        ),
        figure: s("8,198"),
        label: s(p(
            "2025 年江苏省数字技术工程师培育项目完成培训人数",
            "persons completed in Jiangsu in 2025, digital technology engineers",
        )),
        scope: vec![
            fact(p("年度", "Year"), "2025", None),
            fact(p("项目", "Line"), p("数字技术工程师培育项目", "Digital technology engineers"), None),
            fact(p("地区", "Region"), p("江苏省（按举办单位）", "Jiangsu (organiser)"), None),
            fact(p("计数单位", "Unit"), p("人", "persons"), None),
        ],
        rule: Some(s(p(
            "一人当年多次完成只计一次，以第一次完成为准；被更正的完成不计。",
            "A person counts once a year, by the first completion; corrected completions do not count.",
        ))),
        recount: 8_198,
        agrees: true,
        events: vec![event(101_210, 1, 1), event(101_211, 2, 1), event(101_290, 0, -1), event(101_295, 3, 0)],
        pager: Pager { first: 1, last: 4, total: 8_212, previous: None, next: Some(s("/why?model=quota&row=x&after=4")) },
        back: Some(s("/?year=2025")),
    }
}

fn event(lang: Lang) -> EventView {
    let p = |zh, en| lang.pick(zh, en);
    EventView {
        frame: Frame { as_of: None, ..frame(lang, "/events/101377", Nav::None, &[(p("事件", "Event"), None)]) },
        position: 101_377,
        sentence: s(p(
            "东湖职业技术大学继续教育学院 向 张* 颁发培训合格证书 T0003212202380322500012K",
            "Donghu University issued training certificate T0003212202380322500012K to Zhang*",
        )),
        event_type: s("training-certificate.issued"),
        recorded_at: s("2025-09-28 09:12:44.120"),
        effective_on: s("2025-09-28"),
        by: s(p("培训机构账号 trainer-donghu", "account trainer-donghu (trainer)")),
        subjects: vec![
            EventSubject { label: s("证书 8Q2M4XK7WD"), href: Some(s("/subjects/certificate/8Q2M4XK7WD")), ordinal: 1 },
            EventSubject { label: s("培训班 4T8KQ2ZM1C"), href: None, ordinal: 409 },
        ],
        leaf_hash: s("151b1f022dc17618da3eb6af5a79b641407e8f2a4763074510388195462202ac"),
        json: Some(s(
            r#"{"at":"2025-09-28T01:12:44.120Z","eo":"2025-09-28","n":101377,"r":"trainer","s":[["class/4T8KQ2ZM1C",409],["certificate/8Q2M4XK7WD",1]],"sd":["zIXT2EAVwzc75hyO63TMcl-_Nw_PTaFIqmQ5uYPYKdA"],"t":"training-certificate.issued","v":1,"x":{"number":"T0003212202380322500012K"},"z":"q83vEjRWeJCrze8SNFZ4kA"}"#,
        )),
        previous: Some(101_376),
        next: Some(101_378),
    }
}

fn error(lang: Lang) -> ErrorView {
    let p = |zh, en| lang.pick(zh, en);
    ErrorView {
        progress: None,
        sign_in: false,
        past: false,
        frame: plain_frame(lang, "/classes", Nav::None, &[]),
        status: 409,
        code: s("CLASS-0007"),
        title: s(p("不能开班", "The class cannot be opened")),
        detail: s(p(
            "该机构目前不在“大数据工程技术人员”培训机构目录内，不能为该职业开班。",
            "The trainer is not listed for big data at present and cannot open a class for it.",
        )),
        advice: vec![
            s(p("在培训机构目录中查看该机构的状态和原因。", "Look up the trainer in the directory for its state and the reason.")),
            s(p("恢复列入后再开班，已填内容不会丢失。", "Open the class once the trainer is listed again; nothing you entered is lost.")),
        ],
        errors: vec![FieldError {
            field: s("/occupation"), message: s(p("该机构未列入此职业", "not listed for this occupation"))
        }],
        code_href: Some(s("/docs/errors/CLASS-0007")),
        request_id: s("01JD8M3Q7F-0042"),
    }
}

fn code(lang: Lang) -> CodeView {
    let p = |zh, en| s(lang.pick(zh, en));
    CodeView {
        frame: plain_frame(lang, "/problems/CLASS-0005", Nav::None, &[("CLASS-0005", None)]),
        code: s("CLASS-0005"),
        title: p("班次名额已满", "every seat is taken"),
        parts: vec![(p("含义", "Meaning"), p("班次名额已满；未作任何改动。", "Every seat of the run is taken; nothing was done."))],
    }
}

fn status(lang: Lang) -> StatusView {
    let p = |zh, en| lang.pick(zh, en);
    let model = |zh, en, lag: u64, quarantined: u64| ModelStatus {
        name: s(p(zh, en)),
        position: 128_441 - lag,
        lag,
        quarantined,
        state: if lag == 0 { tag(p("最新", "Up to date"), Tone::Good) } else { tag(p("处理中", "Catching up"), Tone::Warning) },
    };
    StatusView {
        frame: Frame { as_of: None, ..frame(lang, "/status", Nav::Status, &[(p("系统状态", "System status"), None)]) },
        healthy: false,
        attention: vec![s(p(
            "“学员变更记录”落后 37 个事件，通常几秒内恢复。",
            "\"Timelines\" is 37 events behind; it usually catches up within seconds.",
        ))],
        head: 128_441,
        chain: s("9f2c66e0d1a84b7793ce5a0f4f5a7be2c1d2f3a495867768594a3b2c1d0e9f80"),
        checkpoint_size: 128_442,
        checkpoint_time: s("2025-11-22 07:30:04"),
        checkpoint_root: s("FRsfAi3BdhjaPrava1p5tkFAfo8qR2MHRRA4gZVGIgKs="),
        models: vec![
            model("任务完成统计", "Quota", 0, 0),
            model("证书登记", "Certificates", 0, 0),
            model("培训班", "Classes", 0, 2),
            model("学员变更记录", "Timelines", 37, 0),
        ],
        last_backup: Some(s("2025-11-22 02:00")),
        last_restore: None,
        last_verify: Some(s(p("2025-11-22 03:10，无差异", "2025-11-22 03:10, no difference"))),
        facts: vec![fact(p("版本", "Version"), "0.1.0", None), fact(p("磁盘剩余", "Disk free"), "412 GB", None)],
    }
}
