//! English.

use super::super::view::TxCodeHint;
use super::{Forms, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn tx_code(hint: &TxCodeHint) -> String {
    let code = match (hint.numeric, hint.length) {
        (true, Some(length)) => format!("a code of {length} digits"),
        (false, Some(length)) => format!("a code of {length} characters"),
        (_, None) => "a code".to_owned(),
    };
    format!("Your wallet will ask you for {code}. We have sent it to you by e-mail, in a message of its own.")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::English,
    heading: Around { before: "", after: " has a credential for you" },
    logo: Around { before: "Logo of ", after: "" },
    valid_until: "Valid until",
    this_device: Titled {
        title: "With a wallet on this device",
        text: "The button opens your wallet app and hands the offer to it.",
    },
    open_wallet: "Open in my wallet",
    other_device: Titled {
        title: "With a wallet on your phone",
        text: "Open the wallet app on your phone and scan this code with it.",
    },
    qr: "QR code that opens the offer in a wallet",
    no_qr: "This offer is too long for a QR code. Open this page on the device that has your wallet.",
    tx_code,
    forms: Forms {
        question: "Does your wallet not recognise the code? Try one for",
        current: "current wallets",
        older: "older wallets",
        oldest: "very old wallets",
    },
    no_wallet: Titled {
        title: "What is a wallet?",
        text: "An app on your phone in which you keep digital credentials, and show them when you want to. \
               If you have none, ask the organisation which one it recommends.",
    },
    states: States {
        waiting: Titled {
            title: "Waiting for your wallet",
            text: "This page will show when your wallet has opened the offer.",
        },
        scanned: Titled {
            title: "Your wallet has opened the offer",
            text: "Confirm in your wallet that you want to have the credential.",
        },
        claimed: Titled {
            title: "The credential is in your wallet",
            text: "There is nothing more to do. You can close this page.",
        },
        expired: Titled {
            title: "This offer has expired",
            text: "Ask the organisation that sent you the link for a new one.",
        },
        revoked: Titled {
            title: "This credential was revoked",
            text: "The organisation that issued it has taken it back. If you do not know why, ask it.",
        },
        withdrawn: Titled {
            title: "This offer was withdrawn",
            text: "The organisation has taken it back. If you do not know why, ask it.",
        },
        ended: Titled {
            title: "This page no longer follows what happens",
            text: "Reload it to see whether the credential was claimed, or to get a fresh code.",
        },
    },
    claimed_before: Titled {
        title: "This credential has been claimed already",
        text: "It is in the wallet that claimed it. If that was not yours, write to the organisation that \
               sent you the link.",
    },
    unknown: Titled {
        title: "There is nothing to claim here",
        text: "The link may be incomplete, or the offer was withdrawn. Open the link in the message once \
               more, or ask the organisation that sent it.",
    },
    too_often: Titled {
        title: "Too many requests",
        text: "This page was opened very often in a short time. Wait a minute, then reload it.",
    },
    trouble: Titled {
        title: "Something went wrong",
        text: "That was our fault, not yours. Wait a few minutes, then reload this page.",
    },
    reload: "Reload this page",
    without_script: "To see whether your wallet has claimed the credential, reload this page.",
    private: "This page is for you alone: whoever has its address can claim the credential in your place. \
              Do not pass it on.",
};
