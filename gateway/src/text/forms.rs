//! Texts of the forms: for each act its title, what it does and what comes after it, its button, and what is said when it is done.

super::texts! {
    /// Forms.
    Forms {
        next: "下一步办理", "What to do next";
        others: "其他办理事项", "Also possible";
        who_acts: "由举办单位 {0} 的账号办理。", "Done by an account of the organiser, {0}.";
        who_revokes: "撤销证书、冲回学时由国家或省级主管部门的账号办理。", "Certificates are revoked and posted hours taken back by the national or a provincial office.";
        who_corrects_names: "更正学员姓名由国家或省级主管部门的账号办理。", "Names of persons are corrected by the national or a provincial office.";
        closed: "现在不能办理：{0}", "This cannot be done now: {0}";
        back: "返回培训班", "Back to the class";
        back_to_list: "返回培训班列表", "Back to the list of classes";
        names_note: "本页显示学员姓名，已留下查阅记录。", "This page shows names of trainees, which is recorded as a reading.";
        optional: "（可不填）", " (optional)";
        choose: "请选择", "Choose";
        key_reused: "这份表单已经提交过一次，内容与这次不同；这次没有执行。请重新打开表单。", "This form was sent before with other content; this time nothing was done. Open the form anew.";
        none_chosen: "没有选择任何一名学员，未登记任何内容。", "Nobody is chosen; nothing was recorded.";
        some_refused: "已登记 {0} 人，另有 {1} 人未登记，原因见各行。", "{0} recorded; {1} not, each for the reason in its row.";
        no_trainer: "您的单位不在培训机构目录中，或已暂停、到期、移出；列入目录由国家主管部门办理", "your organisation is not in the directory of trainers, or suspended, expired or removed; the national office lists trainers";
        hours_fit: "应为学时数，至多一位小数，如 8 或 4.5", "must be a number of hours with at most one decimal, such as 8 or 4.5";
        number_fit: "应为整数", "must be a whole number";
        chosen_fit: "请选择一项", "choose one";
        missing: "请填写", "must be filled in";
        day: "办理日期", "Day on which it took place";
        day_hint: "不填为今天；补录过去的事项时填写实际日期。", "Today if left empty; for something recorded late, the day on which it took place.";
        ground: "原因", "Ground";
        note: "说明", "Explanation";
        note_hint: "加密保存，只有有权限的账号可以查看。", "Kept sealed; only those who may can read it.";
        reason: "理由", "Reason";
        decision: "文号", "Number of the decision";
        row_value: "登记", "Record";
        row_choose: "选择", "Choose";
        rest: "其余未选择的学员", "Everybody not chosen";
        rest_none: "暂不登记", "not recorded yet";
        attended: "已完成 {0}/{1} 学时", "{0} of {1} hours";
        test_so_far: "已考 {0} 次，最近 {1} 分", "sat {0} times, last {1} points";
        missed: "{0} 人待登记", "{0} still to be recorded";
        session_of: "第 {0} 次课（{1}，{2}）", "session {0} ({1}, {2})";

        planned_first: "班次还没有开放报名，请先开放报名", "the class is not open yet; open it first";
        opened_already: "班次已经开放", "the class is open already";
        has_ended: "班次已经结班或取消", "the class has ended";
        not_taught: "还没有登记课次，请先登记课次", "no session is recorded yet; record one first";
        not_teaching: "班次不在授课中", "the class is not being taught";
        not_closed: "班次没有结班", "the class is not closed";
        nobody_seated: "还没有学员，请先导入学员名单", "there are no trainees yet; import the roster first";
        nobody_left: "没有需要办理的学员", "there is nobody of whom it is to be recorded";
        nobody_passed: "没有考核合格、尚待办理的学员，请先登记结业考核成绩", "nobody who passed is still without; record the completion test first";

        plan: "计划一期培训班", "Plan a class";
        plan_lead: "填写后班次处于“已计划”状态，随后开放报名、导入学员名单。", "The class is then planned; next it is opened and its roster imported.";
        plan_first_lead: "先选择职业和等级，下一页填写班次内容。", "Choose occupation and grade first; the next page asks for the rest.";
        plan_continue: "下一步", "Continue";
        plan_change: "更改职业和等级", "Change occupation and grade";
        change: "选择有误？", "Not right?";
        plan_day: "计划日期", "Day of the plan";
        plan_go: "提交计划", "Plan it";
        plan_done: "培训班已计划。下一步请开放报名。", "The class is planned. Next, open it.";
        title: "班名", "Title";
        place: "办班地点行政区划代码", "Division code of the place";
        place_hint: "六位数字，如南京市为 320100。", "Six digits, such as 320100 for Nanjing.";
        mode: "授课方式", "How it is held";
        starts_on: "开班日期", "First day";
        ends_on: "结束日期", "Last day planned";
        seats: "名额（人）", "Seats (persons)";
        modules: "课程模块", "Modules";
        modules_hint: "每个模块一行，至少一行，不用的行留空。代码在本班内不重复；职业标准要求的模块按其代码填写。", "One row a module, at least one; leave the other rows empty. No code comes twice; modules that the standard wants keep its codes.";
        module: "模块", "Module";
        module_code: "代码", "Code";
        module_name: "名称", "Name";
        module_hours: "学时", "Hours";

        open: "开放报名", "Open enrolment";
        open_lead: "开放后可以导入学员名单、登记课次。", "Once it is open, the roster can be imported and sessions recorded.";
        open_go: "开放报名", "Open it";
        open_done: "已开放报名。下一步请导入学员名单。", "Enrolment is open. Next, import the roster.";

        session: "登记课次", "Record a session";
        session_lead: "登记已经上过的一次课，随后登记这次课的考勤。", "Records a session that was held; next, who was there.";
        session_go: "登记课次", "Record the session";
        session_done: "课次已登记。请登记考勤。", "The session is recorded. Now record who was there.";
        session_number: "课次", "Session";
        held_on: "上课日期", "Day";

        attendance: "登记考勤", "Record attendance";
        attendance_lead: "逐人选择；已登记的学员不再列出，需要改动的在“更正考勤”中办理。", "Choose for each person. Those recorded already are not listed; change them with a correction.";
        attendance_go: "登记考勤", "Record attendance";
        attendance_done: "已登记 {0} 人的考勤。", "Attendance of {0} recorded.";

        test: "登记结业考核成绩", "Record the completion test";
        test_lead: "只为参加考核的学员填写成绩（0 至 100 分），其余留空。学时和内容未达到要求的学员不能登记。", "Fill in the points (0 to 100) of those who sat the test, leave the others empty. Who lacks hours or content cannot be recorded.";
        test_go: "登记成绩", "Record the results";
        test_done: "已登记 {0} 人的结业考核成绩。", "Results of {0} recorded.";
        test_day: "考核日期", "Day of the test";
        points: "成绩（分）", "Points";

        issue: "颁发培训合格证书", "Issue training certificates";
        issue_lead: "为所选的合格学员颁发证书，编号自动生成，任何人都可以凭编号查询。", "Issues a certificate to each one chosen; the number is made, and anybody can look it up.";
        issue_go: "颁发证书", "Issue";
        issue_done: "已颁发 {0} 份证书。", "{0} certificates issued.";
        issue_day: "发证日期", "Day of issue";

        hours: "登记继续教育学时", "Post the hours";
        hours_lead: "把所选合格学员在本班完成的学时记入其继续教育记录。", "Posts the hours of this class to the record of each one chosen.";
        hours_go: "登记学时", "Post";
        hours_done: "已登记 {0} 人的学时。", "Hours of {0} posted.";

        close: "结班", "Close the class";
        close_lead: "结班后不再登记课次；统计计入结班日期所在的年份和月份。仍可登记考核、颁发证书。", "A closed class takes no more sessions and counts in the year and month of its last day. Tests and certificates are still possible.";
        close_go: "结班", "Close it";
        close_done: "已结班。", "The class is closed.";
        closed_on: "结班日期", "Last day";

        late: "迟报原因", "Why it is told late";
        late_hint: "仅在结班日期早于允许补录的期限时选择。", "Only where the last day lies further back than late entries may.";

        withdraw: "办理学员退班", "Withdraw a trainee";
        withdraw_lead: "退班后名额空出，学员不再计入本班；记录保留。", "The seat is free again and the trainee no longer counts; the record stays.";
        withdraw_go: "办理退班", "Withdraw";
        withdraw_done: "已办理退班。", "The trainee is withdrawn.";

        cancel: "取消本班", "Cancel the class";
        cancel_lead: "取消后不能恢复，本班学员不再计入统计；记录保留。", "This cannot be undone; its trainees no longer count. The record stays.";
        cancel_go: "取消本班", "Cancel the class";
        cancel_done: "本班已取消。", "The class is cancelled.";

        fix_session: "更正课次", "Correct a session";
        fix_session_lead: "把登记有误的课次改为实际情况，原记录保留。改了日期的课次连同考勤编为新的课次。", "States a session as it was; the first record stays. On another day it stands, with its attendance, under a new number.";
        fix_session_done: "课次已更正。", "The session is corrected.";
        annul: "撤回课次", "Take back a session";
        annul_lead: "撤回没有上过的课次，其考勤一并失效，原记录保留。", "Takes back a session that was not held, with its attendance; the record stays.";
        annul_done: "课次已撤回。", "The session is taken back.";
        fix_attendance: "更正考勤", "Correct attendance";
        fix_attendance_lead: "把一名学员登记有误的考勤改为实际情况，原记录保留。", "States the attendance of one trainee as it was; the first record stays.";
        fix_attendance_done: "考勤已更正。", "The attendance is corrected.";
        fix_test: "更正考核成绩", "Correct a test result";
        fix_test_lead: "把一名学员最近一次考核的成绩改为实际成绩，原记录保留。", "States the last result of one trainee as it was; the first record stays.";
        fix_test_done: "考核成绩已更正。", "The result is corrected.";
        void_test: "撤回考核成绩", "Take back a test result";
        void_test_lead: "撤回记错对象的考核成绩，原记录保留。", "Takes back a result that was recorded of the wrong person; the record stays.";
        void_test_done: "考核成绩已撤回。", "The result is taken back.";
        reopen: "撤回结班", "Take back the closing";
        reopen_lead: "班次恢复到授课中，可以补录后重新结班。", "The class is being taught again; record what is missing and close it anew.";
        reopen_done: "已撤回结班。", "The closing is taken back.";
        reverse: "冲回学时", "Take posted hours back";
        reverse_lead: "冲回已记入一名学员继续教育记录的本班学时，原记录保留。", "Takes the hours of this class back from the record of one trainee; the first posting stays.";
        reverse_done: "学时已冲回。", "The hours are taken back.";
        fix_go: "提交", "Submit";
    }
}
