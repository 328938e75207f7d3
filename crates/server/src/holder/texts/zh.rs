//! Chinese, in simplified characters.

use super::super::view::TxCodeHint;
use super::{Forms, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn tx_code(hint: &TxCodeHint) -> String {
    let code = match (hint.numeric, hint.length) {
        (true, Some(length)) => format!("一个 {length} 位数字的验证码"),
        (false, Some(length)) => format!("一个 {length} 个字符的验证码"),
        (_, None) => "一个验证码".to_owned(),
    };
    format!("您的钱包会要求您输入{code}。我们已通过另一封电子邮件将其发送给您。")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::Chinese,
    heading: Around { before: "", after: "向您发放一份凭证" },
    logo: Around { before: "", after: "的标志" },
    valid_until: "有效期至",
    this_device: Titled {
        title: "使用本设备上的钱包",
        text: "点击按钮会打开您的钱包应用，并将凭证邀请交给它。",
    },
    open_wallet: "在我的钱包中打开",
    other_device: Titled {
        title: "使用手机上的钱包", text: "打开手机上的钱包应用，用它扫描此二维码。"
    },
    qr: "在钱包中打开凭证邀请的二维码",
    no_qr: "此邀请内容过长，无法生成二维码。请在装有钱包的设备上打开本页面。",
    tx_code,
    forms: Forms {
        question: "您的钱包无法识别此二维码？请尝试适用于以下钱包的二维码：",
        current: "当前版本的钱包",
        older: "较旧版本的钱包",
        oldest: "很旧版本的钱包",
    },
    no_wallet: Titled {
        title: "什么是钱包？",
        text: "钱包是手机上的一款应用，您可以用它保存数字凭证，并在需要时出示。如果您还没有钱包，请向该机构\
               询问其推荐的应用。",
    },
    states: States {
        waiting: Titled {
            title: "正在等待您的钱包", text: "您的钱包打开邀请后，本页面会显示。"
        },
        scanned: Titled {
            title: "您的钱包已打开邀请", text: "请在钱包中确认您要领取此凭证。"
        },
        claimed: Titled {
            title: "凭证已存入您的钱包", text: "您无需再做任何操作，可以关闭本页面。"
        },
        expired: Titled {
            title: "此邀请已过期", text: "请向给您发送链接的机构索取新的邀请。"
        },
        revoked: Titled {
            title: "此凭证已被撤销",
            text: "签发该凭证的机构已将其撤销。如果您不清楚原因，请向该机构咨询。",
        },
        withdrawn: Titled {
            title: "此邀请已被撤回",
            text: "该机构已撤回此邀请。如果您不清楚原因，请向该机构咨询。",
        },
        ended: Titled {
            title: "本页面已停止更新",
            text: "请重新加载，以查看凭证是否已被领取，或获取新的二维码。",
        },
    },
    claimed_before: Titled {
        title: "此凭证已被领取",
        text: "凭证保存在领取它的钱包中。如果那不是您的钱包，请联系给您发送链接的机构。",
    },
    unknown: Titled {
        title: "这里没有可领取的凭证",
        text: "链接可能不完整，或者邀请已被撤回。请重新打开消息中的链接，或向发送链接的机构询问。",
    },
    too_often: Titled {
        title: "请求过于频繁",
        text: "本页面在短时间内被打开的次数过多。请等待一分钟，然后重新加载。",
    },
    trouble: Titled {
        title: "出现问题",
        text: "这是我们的故障，与您无关。请等待几分钟，然后重新加载本页面。",
    },
    reload: "重新加载本页面",
    without_script: "要查看您的钱包是否已领取凭证，请重新加载本页面。",
    private: "本页面仅供您本人使用：任何人只要知道本页面的地址，就能代替您领取凭证。请勿转发。",
};
