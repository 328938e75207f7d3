//! English.

use super::{Aspects, Findings, Form, Outcomes, Present, Problems, Stages, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn more(count: usize) -> String {
    format!("and {count} more")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::English,
    form: Form {
        title: "Check a credential",
        intro: "Find out whether a digital credential is genuine, and whether it is valid now.",
        paste: Titled {
            title: "Paste a credential",
            text: "All of its text, as your wallet or its sender gave it to you.",
        },
        text: "Text of the credential",
        check: "Check",
        picture: Titled {
            title: "Use a QR code",
            text: "A photo or a picture of a QR code that holds the credential: JPEG, PNG or WebP, at most 5 MB.",
        },
        take_photo: "Take a photo of the code",
        choose_picture: "Choose a picture of the code",
        check_picture: "Check the picture",
        ask: Titled {
            title: "Ask a wallet",
            text: "Choose what is to be shown. A wallet on a phone or on this device answers.",
        },
    },
    problems: Problems {
        empty: Titled {
            title: "There is nothing to check",
            text: "Paste the text of a credential, or choose a picture of a QR code.",
        },
        unreadable: Titled {
            title: "This cannot be read",
            text: "It is no credential of a kind that is understood here, or a part of it is missing. Copy all of \
                   its text, and try again.",
        },
        link: Titled {
            title: "This is a link, not a credential",
            text: "It leads a wallet or a browser somewhere; it is not opened here. Ask for the credential itself.",
        },
        no_code: Titled {
            title: "No QR code was found",
            text: "Nothing on the picture could be read. Take it from straight above, sharp and in good light, so \
                   that the code fills most of it.",
        },
        no_picture: Titled {
            title: "This file cannot be read as a picture",
            text: "Choose a JPEG, PNG or WebP file that is not damaged.",
        },
        large_picture: Titled {
            title: "The picture is too large",
            text: "Choose one of at most 5 MB and 40 megapixels.",
        },
        large_text: Titled { title: "The text is too long", text: "At most 1 MB is read." },
        broken: Titled { title: "What you sent did not arrive whole", text: "Please send it again." },
    },
    states: States {
        valid: Titled { title: "Valid", text: "It passed every check that applies to it." },
        revoked: Titled { title: "Revoked", text: "Its issuer has taken it back. It no longer counts." },
        suspended: Titled {
            title: "Suspended",
            text: "Its issuer has suspended it. Until the issuer lifts that, it does not count.",
        },
        expired: Titled { title: "Expired", text: "It was valid once, but its time is over." },
        not_yet_valid: Titled { title: "Not yet valid", text: "Its time has not come." },
        unknown_issuer: Titled {
            title: "Unknown issuer",
            text: "No fault was found in it, but its issuer is not one that is trusted here. Decide for yourself \
                   whether you trust it.",
        },
        invalid: Titled { title: "Not valid", text: "It failed a check. Do not rely on it." },
        indeterminate: Titled {
            title: "Could not be checked",
            text: "It failed no check, but not every check could be made. Try again later.",
        },
    },
    outcomes: Outcomes {
        passed: "passed",
        failed: "failed",
        not_applicable: "not checked",
        indeterminate: "could not be checked",
    },
    aspects: Aspects {
        format: "Format",
        key: "Key of the issuer",
        signature: "Signature",
        validity: "Time of validity",
        schema: "Contents",
        status: "Revocation and suspension",
        holder_binding: "Shown by its holder",
        log: "Transparency log",
        issuer: "Trust in the issuer",
        credentials: "Credentials inside",
    },
    findings: Findings {
        details: "Details",
        credential: "Credential",
        issuer: "Issuer",
        alleged_issuer: "Issuer, by its own word",
        holder: "Holder",
        types: "Type",
        format: "Format",
        issued: "Issued",
        valid_until: "Valid until",
        claims: "What it says",
        claims_withheld: "Not shown, because nobody is proven to have said it.",
        more,
        yes: "yes",
        no: "no",
        nothing: "nothing",
        image: "a picture, which is not shown here",
        shortened: "shortened",
        checks: "What was checked",
        another: "Check another credential",
    },
    present: Present {
        heading: Around { before: "", after: " asks you to show something" },
        purpose: "Purpose:",
        this_device: Titled {
            title: "With a wallet on this device",
            text: "The button opens your wallet app. It asks you before it shows anything.",
        },
        open_wallet: "Open my wallet",
        other_device: Titled {
            title: "With a wallet on your phone",
            text: "Open the wallet app on your phone and scan this code with it.",
        },
        qr: "QR code that opens the request in a wallet",
        no_qr: "This request is too long for a QR code. Open this page on the device that has your wallet.",
        usable_until: "Can be answered until",
        no_wallet: Titled {
            title: "What is a wallet?",
            text: "An app on your phone in which you keep digital credentials, and show them when you want to.",
        },
        stages: Stages {
            created: Titled {
                title: "Waiting for a wallet",
                text: "This page will show when a wallet has opened the request.",
            },
            sent: Titled {
                title: "A wallet has opened the request",
                text: "Choose in the wallet what you want to show, and confirm.",
            },
            verified: Titled {
                title: "Shown and verified",
                text: "The wallet has shown what was asked for, and it is valid.",
            },
            failed: Titled {
                title: "Not accepted",
                text: "What the wallet has shown is not valid, or not what was asked for.",
            },
            expired: Titled { title: "This request has expired", text: "No wallet has answered it in time." },
            ended: Titled {
                title: "This page no longer follows what happens",
                text: "Reload it to see what has become of the request.",
            },
        },
        yes: Titled { title: "Yes", text: "What the wallet has shown is valid, and meets the condition." },
        no: Titled {
            title: "No",
            text: "What the wallet has shown is valid, but does not meet the condition.",
        },
        declined: Titled {
            title: "Declined",
            text: "The request was declined in the wallet. Nothing was shown.",
        },
        ask_again: "Ask again",
        new_request: "To try again, ask whoever sent you here for a new request.",
        without_script: "To see whether a wallet has answered, reload this page.",
    },
    unknown: Titled {
        title: "There is nothing here",
        text: "The link may be incomplete, or what it led to is no longer kept.",
    },
    too_often: Titled {
        title: "Too many requests",
        text: "This page was used very often in a short time. Wait a minute, then try again.",
    },
    trouble: Titled {
        title: "Something went wrong",
        text: "That was our fault, not yours. Wait a few minutes, then try again.",
    },
    reload: "Reload this page",
};
