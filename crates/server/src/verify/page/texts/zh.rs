//! Chinese, in simplified characters.

use super::{Aspects, Findings, Form, Outcomes, Present, Problems, Stages, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn more(count: usize) -> String {
    format!("以及另外 {count} 项")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::Chinese,
    form: Form {
        title: "核验凭证",
        intro: "核验一份数字凭证是否真实，以及目前是否有效。",
        paste: Titled {
            title: "粘贴凭证", text: "请粘贴钱包或发送者提供给您的完整文本。"
        },
        text: "凭证文本",
        check: "核验",
        picture: Titled {
            title: "使用二维码",
            text: "包含凭证的二维码照片或图片：JPEG、PNG 或 WebP 格式，最大 5 MB。",
        },
        take_photo: "拍摄二维码",
        choose_picture: "选择二维码图片",
        check_picture: "核验图片",
        ask: Titled {
            title: "请求钱包出示", text: "请选择需要出示的内容。手机或本设备上的钱包会作出回应。"
        },
    },
    problems: Problems {
        empty: Titled {
            title: "没有可核验的内容", text: "请粘贴凭证文本，或选择一张二维码图片。"
        },
        unreadable: Titled {
            title: "无法读取",
            text: "这不是此处支持的凭证类型，或者内容不完整。请复制完整文本后重试。",
        },
        link: Titled {
            title: "这是一个链接，而不是凭证",
            text: "它用于由钱包或浏览器打开，此处不会打开它。请索取凭证本身。",
        },
        no_code: Titled {
            title: "未找到二维码",
            text: "无法从图片中读取任何内容。请在光线充足的条件下正对二维码清晰拍摄，并使二维码占据画面的大部分。",
        },
        no_picture: Titled {
            title: "无法将此文件作为图片读取",
            text: "请选择未损坏的 JPEG、PNG 或 WebP 文件。",
        },
        large_picture: Titled {
            title: "图片过大", text: "请选择不超过 5 MB 且不超过 4000 万像素的图片。"
        },
        large_text: Titled { title: "文本过长", text: "最多读取 1 MB。" },
        broken: Titled { title: "您提交的内容不完整", text: "请重新提交。" },
    },
    states: States {
        valid: Titled { title: "有效", text: "该凭证通过了所有适用的检查。" },
        revoked: Titled { title: "已撤销", text: "签发者已撤销该凭证，它不再有效。" },
        suspended: Titled {
            title: "已暂停", text: "签发者已暂停该凭证，在恢复之前它无效。"
        },
        expired: Titled { title: "已过期", text: "该凭证曾经有效，但有效期已过。" },
        not_yet_valid: Titled { title: "尚未生效", text: "该凭证的有效期尚未开始。" },
        unknown_issuer: Titled {
            title: "签发者未知",
            text: "未发现该凭证有问题，但其签发者不在此处信任的范围内。请自行判断是否信任该签发者。",
        },
        invalid: Titled { title: "无效", text: "该凭证未通过某项检查，请勿信赖。" },
        indeterminate: Titled {
            title: "无法完成核验",
            text: "没有检查失败，但并非所有检查都能进行。请稍后重试。",
        },
    },
    outcomes: Outcomes {
        passed: "通过",
        failed: "未通过",
        not_applicable: "未检查",
        indeterminate: "无法检查",
    },
    aspects: Aspects {
        format: "格式",
        key: "签发者的密钥",
        signature: "签名",
        validity: "有效期",
        schema: "内容",
        status: "撤销与暂停",
        holder_binding: "由持有者出示",
        log: "透明日志",
        issuer: "对签发者的信任",
        credentials: "所含凭证",
    },
    findings: Findings {
        details: "详细信息",
        credential: "凭证",
        issuer: "签发者",
        alleged_issuer: "签发者（凭证自称）",
        holder: "持有者",
        types: "类型",
        format: "格式",
        issued: "签发时间",
        valid_until: "有效期至",
        claims: "凭证内容",
        claims_withheld: "由于无法证明是谁所述，此处不予显示。",
        more,
        yes: "是",
        no: "否",
        nothing: "无",
        image: "图片，此处不显示",
        shortened: "已截短",
        checks: "检查项目",
        another: "核验另一份凭证",
    },
    present: Present {
        heading: Around { before: "", after: "请您出示凭证" },
        purpose: "用途：",
        this_device: Titled {
            title: "使用本设备上的钱包",
            text: "点击按钮会打开您的钱包应用。出示任何内容之前，它都会征求您的同意。",
        },
        open_wallet: "打开我的钱包",
        other_device: Titled {
            title: "使用手机上的钱包", text: "打开手机上的钱包应用，用它扫描此二维码。"
        },
        qr: "在钱包中打开请求的二维码",
        no_qr: "此请求内容过长，无法生成二维码。请在装有钱包的设备上打开本页面。",
        usable_until: "可回应至",
        no_wallet: Titled {
            title: "什么是钱包？",
            text: "钱包是手机上的一款应用，您可以用它保存数字凭证，并在需要时出示。",
        },
        stages: Stages {
            created: Titled {
                title: "正在等待钱包", text: "钱包打开请求后，本页面会显示。"
            },
            sent: Titled {
                title: "钱包已打开请求", text: "请在钱包中选择您要出示的内容并确认。"
            },
            verified: Titled {
                title: "已出示并通过核验", text: "钱包已出示所请求的内容，且内容有效。"
            },
            failed: Titled {
                title: "未被接受", text: "钱包出示的内容无效，或不是所请求的内容。"
            },
            expired: Titled { title: "此请求已过期", text: "没有钱包及时回应。" },
            ended: Titled {
                title: "本页面已停止更新", text: "请重新加载，以查看请求的结果。"
            },
        },
        yes: Titled { title: "是", text: "钱包出示的内容有效，且符合条件。" },
        no: Titled { title: "否", text: "钱包出示的内容有效，但不符合条件。" },
        declined: Titled {
            title: "已拒绝", text: "该请求在钱包中被拒绝，未出示任何内容。"
        },
        ask_again: "再次请求",
        new_request: "如需重试，请向引导您到此页面的一方索取新的请求。",
        without_script: "要查看钱包是否已回应，请重新加载本页面。",
    },
    unknown: Titled {
        title: "这里没有内容", text: "链接可能不完整，或者其指向的内容已不再保留。"
    },
    too_often: Titled {
        title: "请求过于频繁",
        text: "本页面在短时间内被使用的次数过多。请等待一分钟，然后重试。",
    },
    trouble: Titled {
        title: "出现问题", text: "这是我们的故障，与您无关。请等待几分钟，然后重试。"
    },
    reload: "重新加载本页面",
};
