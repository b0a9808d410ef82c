//! Forms: a fresh one, one that came back, one with a row a person, and one that cannot be used now.

use super::*;

pub(super) fn pages(lang: Lang) -> Vec<Sample> {
    vec![
        ("form-plan", plan(lang, false).render(lang)),
        ("form-plan-wrong", plan(lang, true).render(lang)),
        ("form-attendance", attendance(lang).render(lang)),
        (
            "form-closed",
            FormView { closed: Some(s(lang.pick("班次不在授课中", "the class is not being taught"))), ..empty(lang) }.render(lang),
        ),
    ]
}

fn empty(lang: Lang) -> FormView {
    let title = lang.pick("结班", "Close the class");
    FormView {
        frame: Frame { data_time: None, as_of: None, ..frame(lang, "/classes/7K3N8P4Q2R/close", Nav::Classes, &[(title, None)]) },
        title: s(title),
        lead: s(lang.pick("结班后不再登记课次。", "A closed class takes no more sessions.")),
        back: link(lang.pick("返回培训班", "Back to the class"), "/classes/7K3N8P4Q2R"),
        submit: s(lang.pick("提交", "Submit")),
        ..FormView::default()
    }
}

fn input(name: &str, label: &str, control: Control, value: &str) -> Input {
    Input { name: s(name), label: s(label), hint: String::new(), control, value: s(value), required: true }
}

fn plan(lang: Lang, is_wrong: bool) -> FormView {
    let choices = Control::Choice(vec![
        Choice { value: String::new(), label: s(lang.pick("请选择", "Choose")), selected: false },
        Choice { value: s("online"), label: s(lang.pick("线上", "online")), selected: false },
    ]);
    let told = |field: &str, zh: &str, en: &str, code: &str| Told { field: s(field), message: s(lang.pick(zh, en)), code: s(code) };
    let cells = |index: usize| {
        [("code", "代码", "Code"), ("hours_tenths", "学时", "Hours")]
            .map(|(member, zh, en)| input(&format!("modules/{index}/{member}"), lang.pick(zh, en), Control::Number("0.1"), ""))
            .to_vec()
    };
    FormView {
        title: s(lang.pick("计划一期培训班", "Plan a class")),
        action: s("/classes/plan"),
        key: Some(s("generated")),
        facts: vec![fact(lang.pick("职业", "Occupation"), lang.pick("人工智能工程技术人员", "Artificial intelligence engineer"), None)],
        inputs: vec![
            input("title", lang.pick("班名", "Title"), Control::Text, ""),
            Input {
                hint: s(lang.pick("六位数字", "Six digits")),
                ..input("division", lang.pick("地点代码", "Place"), Control::Text, "32")
            },
            input("mode", lang.pick("授课方式", "How it is held"), choices, ""),
            Input { required: false, ..input("starts_on", lang.pick("开班日期", "First day"), Control::Date, "2025-11-22") },
            input("grade", "", Control::Hidden, "junior"),
        ],
        table: Some(FormTable {
            name: s("modules"),
            caption: s(lang.pick("课程模块", "Modules")),
            hint: s(lang.pick("每个模块一行", "One row a module")),
            columns: [("模块", "Module"), ("代码", "Code"), ("学时", "Hours")].map(|(zh, en)| s(lang.pick(zh, en))).to_vec(),
            rows: (0..3).map(|index| FormRow { head: (index + 1).to_string(), note: String::new(), cells: cells(index) }).collect(),
            pager: Pager::default(),
        }),
        told: if is_wrong {
            vec![
                told("title", "请填写", "must be filled in", ""),
                told("modules", "模块的学时不足", "the modules have too few hours", "CLASS-0046"),
                told("modules/0/hours_tenths", "应为学时数", "must be a number of hours", ""),
                told("", "班次已经开放", "the class is open already", "CLASS-0010"),
            ]
        } else {
            Vec::new()
        },
        ..empty(lang)
    }
}

fn attendance(lang: Lang) -> FormView {
    let marks = [("", "暂不登记", "not recorded yet"), ("present", "出勤", "present"), ("absent", "缺勤", "absent")];
    let marks = marks.map(|(value, zh, en)| Choice { value: s(value), label: s(lang.pick(zh, en)), selected: false }).to_vec();
    let row = |index: usize| FormRow {
        head: format!("{} {index}", lang.pick("学员", "Trainee")),
        note: s(lang.pick("已完成 16/64 学时", "16 of 64 hours")),
        cells: vec![Input {
            required: false,
            ..input(&format!("rows/000000000{index}"), lang.pick("登记", "Record"), Control::Choice(marks.clone()), "present")
        }],
    };
    FormView {
        title: s(lang.pick("登记考勤", "Record attendance")),
        note: s(lang.pick("本页显示学员姓名，已留下查阅记录。", "This page shows names of trainees, which is recorded as a reading.")),
        action: s("/classes/7K3N8P4Q2R/attendance"),
        key: Some(s("generated")),
        inputs: vec![Input {
            required: false, ..input("rest", lang.pick("其余学员", "The others"), Control::Choice(marks.clone()), "")
        }],
        table: Some(FormTable {
            name: s("rows"),
            caption: s(lang.pick("学员", "Trainees")),
            hint: String::new(),
            columns: vec![s(lang.pick("学员", "Trainee")), s(lang.pick("登记", "Record"))],
            rows: (1..8).map(row).collect(),
            pager: Pager { first: 1, last: 7, total: 7, ..Pager::default() },
        }),
        ..empty(lang)
    }
}
