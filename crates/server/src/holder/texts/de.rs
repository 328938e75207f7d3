//! German.

use super::super::view::TxCodeHint;
use super::{Forms, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn tx_code(hint: &TxCodeHint) -> String {
    let code = match (hint.numeric, hint.length) {
        (true, Some(length)) => format!("einem Code aus {length} Ziffern"),
        (false, Some(length)) => format!("einem Code aus {length} Zeichen"),
        (_, None) => "einem Code".to_owned(),
    };
    format!("Ihre Wallet wird Sie nach {code} fragen. Wir haben ihn Ihnen in einer eigenen E-Mail geschickt.")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::German,
    heading: Around { before: "", after: " hat einen Nachweis für Sie" },
    logo: Around { before: "Logo von ", after: "" },
    valid_until: "Gültig bis",
    this_device: Titled {
        title: "Mit einer Wallet auf diesem Gerät",
        text: "Die Schaltfläche öffnet Ihre Wallet-App und übergibt ihr das Angebot.",
    },
    open_wallet: "In meiner Wallet öffnen",
    other_device: Titled {
        title: "Mit einer Wallet auf Ihrem Telefon",
        text: "Öffnen Sie die Wallet-App auf Ihrem Telefon und scannen Sie damit diesen Code.",
    },
    qr: "QR-Code, der das Angebot in einer Wallet öffnet",
    no_qr: "Dieses Angebot ist zu lang für einen QR-Code. Öffnen Sie diese Seite auf dem Gerät, auf dem \
            Ihre Wallet ist.",
    tx_code,
    forms: Forms {
        question: "Ihre Wallet erkennt den Code nicht? Versuchen Sie es mit einem für",
        current: "aktuelle Wallets",
        older: "ältere Wallets",
        oldest: "sehr alte Wallets",
    },
    no_wallet: Titled {
        title: "Was ist eine Wallet?",
        text: "Eine App auf Ihrem Telefon, in der Sie digitale Nachweise aufbewahren und sie vorzeigen, \
               wann Sie es möchten. Wenn Sie noch keine haben, fragen Sie die Organisation, welche sie \
               empfiehlt.",
    },
    states: States {
        waiting: Titled {
            title: "Warten auf Ihre Wallet",
            text: "Diese Seite zeigt es an, sobald Ihre Wallet das Angebot geöffnet hat.",
        },
        scanned: Titled {
            title: "Ihre Wallet hat das Angebot geöffnet",
            text: "Bestätigen Sie in Ihrer Wallet, dass Sie den Nachweis haben möchten.",
        },
        claimed: Titled {
            title: "Der Nachweis ist in Ihrer Wallet",
            text: "Sie brauchen nichts weiter zu tun und können diese Seite schließen.",
        },
        expired: Titled {
            title: "Dieses Angebot ist abgelaufen",
            text: "Bitten Sie die Organisation, die Ihnen den Link geschickt hat, um ein neues.",
        },
        revoked: Titled {
            title: "Dieser Nachweis wurde widerrufen",
            text: "Die Organisation, die ihn ausgestellt hat, hat ihn zurückgenommen. Wenn Sie den Grund \
                   nicht kennen, fragen Sie dort nach.",
        },
        withdrawn: Titled {
            title: "Dieses Angebot wurde zurückgezogen",
            text: "Die Organisation hat es zurückgenommen. Wenn Sie den Grund nicht kennen, fragen Sie dort \
                   nach.",
        },
        ended: Titled {
            title: "Diese Seite wird nicht mehr aktualisiert",
            text: "Laden Sie sie neu, um zu sehen, ob der Nachweis abgeholt wurde, oder um einen neuen Code \
                   zu erhalten.",
        },
    },
    claimed_before: Titled {
        title: "Dieser Nachweis wurde bereits abgeholt",
        text: "Er ist in der Wallet, die ihn abgeholt hat. Wenn das nicht Ihre war, schreiben Sie der \
               Organisation, die Ihnen den Link geschickt hat.",
    },
    unknown: Titled {
        title: "Hier gibt es nichts abzuholen",
        text: "Vielleicht ist der Link unvollständig, oder das Angebot wurde zurückgezogen. Öffnen Sie den \
               Link in der Nachricht noch einmal, oder fragen Sie die Organisation, die sie geschickt hat.",
    },
    too_often: Titled {
        title: "Zu viele Anfragen",
        text: "Diese Seite wurde in kurzer Zeit sehr oft geöffnet. Warten Sie eine Minute und laden Sie sie \
               dann neu.",
    },
    trouble: Titled {
        title: "Etwas ist schiefgegangen",
        text: "Das lag an uns, nicht an Ihnen. Warten Sie einige Minuten und laden Sie diese Seite dann neu.",
    },
    reload: "Diese Seite neu laden",
    without_script: "Um zu sehen, ob Ihre Wallet den Nachweis abgeholt hat, laden Sie diese Seite neu.",
    private: "Diese Seite ist nur für Sie: Wer ihre Adresse hat, kann den Nachweis an Ihrer Stelle abholen. \
              Geben Sie sie nicht weiter.",
};
