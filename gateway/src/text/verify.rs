//! Texts of the certificate look-up.

super::texts! {
    /// Certificate look-up.
    Verify {
        title: "培训合格证书查询", "Check a training certificate";
        lead: "输入证书编号，查看证书是否有效。无需登录。", "Enter the certificate number to see whether it is valid. No sign-in needed.";
        number: "证书编号", "Certificate number";
        number_hint: "印在证书右下角，由字母和数字组成。空格和连字符可以省略。", "Printed at the lower right of the certificate: letters and digits. Spaces and hyphens may be left out.";
        number_missing: "请输入证书编号", "Enter the certificate number";
        go: "查询", "Check";
        again: "查询另一张证书", "Check another certificate";
        valid: "有效", "Valid";
        valid_text: "该证书由下列培训机构颁发，目前有效。", "This certificate was issued by the trainer named below and is valid.";
        revoked: "已撤销", "Revoked";
        revoked_text: "该证书已于 {0} 撤销，不再有效。原因类别：{1}。", "This certificate was revoked on {0} and is no longer valid. Kind of reason: {1}.";
        not_found: "未查询到", "Not found";
        not_found_text: "没有编号为 {0} 的证书。可能的原因：", "There is no certificate numbered {0}. Possible reasons:";
        mistyped: "编号有误", "Mistyped number";
        mistyped_text: "编号 {0} 的位数或校验位不对，很可能输入有误。请对照证书逐位核对；确认无误的，可能的原因：", "The length or the check character of {0} is wrong: most likely it was mistyped. Compare it with the certificate character by character. If it is right, possible reasons:";
        reason_typing: "编号输入有误。请对照证书逐位核对，注意区分字母与数字。", "The number was mistyped. Compare it with the certificate character by character.";
        reason_coverage: "证书不在本系统查询范围内（见下表），例如专业技术等级证书由评价机构颁发。", "The certificate is of a kind or time not covered here (see the table); grade certificates, for example, are issued by evaluators.";
        reason_forged: "证书并非由目录内培训机构颁发。如有怀疑，请向当地人力资源社会保障部门反映。", "The certificate was not issued by a listed trainer. If in doubt, tell the local human resources authority.";
        awaiting: "已颁发，正在生成存证", "Issued, proof being made";
        awaiting_text: "该证书已颁发，防篡改存证通常在十秒内生成。请稍后刷新本页。", "The certificate has been issued; its tamper-evident proof is usually ready within ten seconds. Reload this page shortly.";
        unavailable: "暂不可用", "Temporarily unavailable";
        unavailable_text: "查询服务暂时不可用，这不代表证书无效。请稍后再试。", "The check is temporarily unavailable. This says nothing about the certificate. Please try again later.";
        coverage: "可查询的证书范围", "What can be checked here";
        contact: "联系单位", "Contact";
        holder: "持证人", "Holder";
        holder_note: "（仅显示姓氏）", "(family name only)";
        issuer: "颁发机构", "Issued by";
        hours: "学时", "Hours";
        issued_on: "颁发日期", "Issued on";
        proof: "防篡改存证", "Tamper-evident proof";
        proof_ok: "已存证于事件 #{0}，可独立核验", "Recorded as event #{0}; can be checked independently";
        proof_link: "下载存证文件", "Download the proof";
        checked_at: "查询时间：{0}", "Checked at {0}";
        check_title: "核对姓名与证件号码", "Check the name and identity number";
        check_lead: "持有证书的人或用人单位可核对是否一致。系统只回答一致或不一致，不显示任何个人信息。", "The holder or an employer can check whether they agree. The answer is only yes or no; no personal data is shown.";
        check_name: "姓名", "Name";
        check_last_six: "身份证件号码后六位", "Last six characters of the identity number";
        check_both: "姓名与证件号码后六位", "Name and last six characters";
        check_last_six_hint: "末位为 X 时请输入 X。", "If the last character is X, type X.";
        check_go: "核对", "Check";
        check_result: "核对结果", "Result of the check";
        match_word: "一致", "agrees";
        no_match: "不一致", "does not agree";
        too_many: "核对次数过多，请在 {0} 后再试。", "Too many checks. Try again after {0}.";
        limit: "每小时最多核对同一张证书 5 次、各张证书合计 30 次，核对会留下记录。", "At most five checks an hour of one certificate and thirty of all; each is recorded.";
        scheme: "编号规则为本系统自定，待国家规定公布后调整。", "The numbering scheme is ours until the official rule is known.";
        print_result: "打印查验结果", "Print this result";
    }
}
