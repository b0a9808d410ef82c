//! Texts of sign-in, errors and status.

super::texts! {
    /// Sign-in, errors, status.
    System {
        sign_in_title: "登录", "Sign in";
        account: "账号", "Account";
        password: "密码", "Password";
        sign_in_go: "登录", "Sign in";
        sign_in_public: "查询证书和目录无需登录。", "Certificates and directories can be checked without signing in.";
        done_signed_in: "登录成功。", "You are signed in.";
        done_signed_out: "您已退出登录。", "You are signed out.";
        done_role: "当前角色已切换为：{0}。", "You now act as: {0}.";
        password_title: "修改密码", "Change the password";
        password_lead: "修改后，您在其他设备上的登录会结束。", "Your other sessions end when the password is changed.";
        password_old: "原密码", "Password so far";
        password_new: "新密码", "New password";
        password_hint: "8 至 200 个字符。", "8 to 200 characters.";
        password_again: "再次输入新密码", "New password again";
        password_differs: "两次输入的新密码不同", "The new passwords differ";
        done_password: "密码已修改，其他设备上的登录已结束。", "The password is changed; your other sessions have ended.";
        demo_accounts: "演示账号", "Demonstration accounts";
        demo_accounts_note: "仅演示环境提供。不同账号看到的范围和可做的操作不同。", "Only in the demonstration. Each account sees and may do different things.";
        demo_role: "角色", "Role";
        demo_scope: "范围", "Scope";
        error_code: "问题代码", "Problem code";
        error_request: "请求编号", "Request number";
        error_what: "发生了什么", "What happened";
        error_meaning: "含义", "Meaning";
        error_cause: "常见原因", "Usual cause";
        error_do: "可以这样做", "What you can do";
        error_do_roster: "在原文件中更正，然后重新上传。试读报告会指出行和列。", "Correct your file and upload it again. The report of the trial names row and column.";
        error_details: "具体问题", "Details";
        error_code_page: "该代码的说明", "About this code";
        error_sign_in: "登录后会回到本页。", "After signing in you come back to this page.";
        error_home: "回到总览", "Go to the overview";
        error_keep: "联系管理员时，请提供请求编号。", "If you contact the administrator, give the request number.";
        status_title: "系统状态", "System status";
        status_ok: "各项正常", "All is well";
        status_attention: "有需要处理的项目", "Something needs attention";
        status_log: "记录", "Record";
        status_head: "最新事件", "Latest event";
        status_chain: "链首", "Chain head";
        status_checkpoint: "最近签署的检查点", "Last signed checkpoint";
        status_size: "覆盖 {0} 个事件", "covers {0} events";
        status_root: "树根", "Tree root";
        status_models: "统计数据", "Read models";
        status_model: "名称", "Name";
        status_position: "已处理到", "Reflects up to";
        status_lag: "落后", "Behind by";
        status_lag_events: "{0} 个事件", "{0} events";
        status_quarantined: "未计入", "Left out";
        status_safety: "备份与恢复", "Backup and restore";
        status_backup: "最近备份", "Last backup";
        status_restore: "最近恢复", "Last restore";
        status_never: "尚未进行", "never";
        status_verify: "最近完整核验", "Last full check";
        status_download: "下载检查点（可交第三方核验）", "Download the checkpoint (for independent checks)";
        status_good: "正常", "Good";
        status_catching_up: "正在生成", "Being made";
        status_stopped: "停止", "Stopped";
        error_progress: "已处理 {0} 个事件，共 {1} 个。", "{0} of {1} events so far.";
        status_version: "程序版本", "Version of the program";
        model_quota: "任务完成统计", "Targets and results";
        model_certificates: "证书登记", "Certificates";
        model_classes: "培训班与学员", "Classes and rosters";
        model_trainers: "培训机构目录", "Directory of trainers";
        model_occupations: "职业目录", "Directory of occupations";
        status_state: "状态", "State";
    }
}
