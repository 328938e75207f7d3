//! German.

use super::{Aspects, Findings, Form, Outcomes, Present, Problems, Stages, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn more(count: usize) -> String {
    format!("und {count} weitere")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::German,
    form: Form {
        title: "Nachweis prüfen",
        intro: "Finden Sie heraus, ob ein digitaler Nachweis echt und ob er jetzt gültig ist.",
        paste: Titled {
            title: "Nachweis einfügen",
            text: "Den ganzen Text, wie ihn Ihre Wallet oder der Absender Ihnen gegeben hat.",
        },
        text: "Text des Nachweises",
        check: "Prüfen",
        picture: Titled {
            title: "QR-Code verwenden",
            text: "Ein Foto oder Bild eines QR-Codes, der den Nachweis enthält: JPEG, PNG oder WebP, höchstens 5 MB.",
        },
        take_photo: "Code fotografieren",
        choose_picture: "Bild des Codes auswählen",
        check_picture: "Bild prüfen",
        ask: Titled {
            title: "Eine Wallet fragen",
            text: "Wählen Sie, was gezeigt werden soll. Eine Wallet auf einem Telefon oder auf diesem Gerät antwortet.",
        },
    },
    problems: Problems {
        empty: Titled {
            title: "Es gibt nichts zu prüfen",
            text: "Fügen Sie den Text eines Nachweises ein, oder wählen Sie das Bild eines QR-Codes aus.",
        },
        unreadable: Titled {
            title: "Das lässt sich nicht lesen",
            text: "Es ist kein Nachweis einer Art, die hier verstanden wird, oder ein Teil fehlt. Kopieren Sie den \
                   ganzen Text, und versuchen Sie es noch einmal.",
        },
        link: Titled {
            title: "Das ist ein Link, kein Nachweis",
            text: "Er führt eine Wallet oder einen Browser irgendwohin und wird hier nicht geöffnet. Bitten Sie um \
                   den Nachweis selbst.",
        },
        no_code: Titled {
            title: "Es wurde kein QR-Code gefunden",
            text: "Auf dem Bild ließ sich nichts lesen. Nehmen Sie es gerade von oben auf, scharf und bei gutem Licht, \
                   sodass der Code den größten Teil ausfüllt.",
        },
        no_picture: Titled {
            title: "Diese Datei lässt sich nicht als Bild lesen",
            text: "Wählen Sie eine unbeschädigte Datei aus: JPEG, PNG oder WebP.",
        },
        large_picture: Titled {
            title: "Das Bild ist zu groß",
            text: "Wählen Sie eines mit höchstens 5 MB und 40 Megapixeln aus.",
        },
        large_text: Titled { title: "Der Text ist zu lang", text: "Höchstens 1 MB wird gelesen." },
        broken: Titled {
            title: "Ihre Eingabe ist nicht vollständig angekommen",
            text: "Bitte senden Sie sie noch einmal.",
        },
    },
    states: States {
        valid: Titled { title: "Gültig", text: "Er hat jede Prüfung bestanden, die auf ihn zutrifft." },
        revoked: Titled {
            title: "Widerrufen",
            text: "Der Aussteller hat ihn zurückgenommen. Er zählt nicht mehr.",
        },
        suspended: Titled {
            title: "Ausgesetzt",
            text: "Der Aussteller hat ihn ausgesetzt. Bis er das aufhebt, zählt er nicht.",
        },
        expired: Titled { title: "Abgelaufen", text: "Er war einmal gültig, aber seine Zeit ist vorbei." },
        not_yet_valid: Titled { title: "Noch nicht gültig", text: "Seine Zeit ist noch nicht gekommen." },
        unknown_issuer: Titled {
            title: "Unbekannter Aussteller",
            text: "An ihm wurde kein Fehler gefunden, aber seinem Aussteller wird hier nicht von vornherein vertraut. \
                   Entscheiden Sie selbst, ob Sie ihm vertrauen.",
        },
        invalid: Titled {
            title: "Nicht gültig",
            text: "Er hat eine Prüfung nicht bestanden. Verlassen Sie sich nicht auf ihn.",
        },
        indeterminate: Titled {
            title: "Nicht vollständig prüfbar",
            text: "Keine Prüfung ist fehlgeschlagen, aber nicht jede war möglich. Versuchen Sie es später noch einmal.",
        },
    },
    outcomes: Outcomes {
        passed: "bestanden",
        failed: "nicht bestanden",
        not_applicable: "nicht geprüft",
        indeterminate: "nicht prüfbar",
    },
    aspects: Aspects {
        format: "Format",
        key: "Schlüssel des Ausstellers",
        signature: "Signatur",
        validity: "Zeit der Gültigkeit",
        schema: "Inhalt",
        status: "Widerruf und Aussetzung",
        holder_binding: "Gezeigt vom Inhaber",
        log: "Transparenzprotokoll",
        issuer: "Vertrauen in den Aussteller",
        credentials: "Enthaltene Nachweise",
    },
    findings: Findings {
        details: "Einzelheiten",
        credential: "Nachweis",
        issuer: "Aussteller",
        alleged_issuer: "Aussteller nach eigener Angabe",
        holder: "Inhaber",
        types: "Art",
        format: "Format",
        issued: "Ausgestellt",
        valid_until: "Gültig bis",
        claims: "Was er sagt",
        claims_withheld: "Wird nicht gezeigt, weil nicht bewiesen ist, dass jemand es gesagt hat.",
        more,
        yes: "ja",
        no: "nein",
        nothing: "nichts",
        image: "ein Bild, das hier nicht gezeigt wird",
        shortened: "gekürzt",
        checks: "Was geprüft wurde",
        another: "Weiteren Nachweis prüfen",
    },
    present: Present {
        heading: Around { before: "", after: " bittet Sie, etwas zu zeigen" },
        purpose: "Zweck:",
        this_device: Titled {
            title: "Mit einer Wallet auf diesem Gerät",
            text: "Die Schaltfläche öffnet Ihre Wallet-App. Sie fragt Sie, bevor sie etwas zeigt.",
        },
        open_wallet: "Meine Wallet öffnen",
        other_device: Titled {
            title: "Mit einer Wallet auf Ihrem Telefon",
            text: "Öffnen Sie die Wallet-App auf Ihrem Telefon und scannen Sie damit diesen Code.",
        },
        qr: "QR-Code, der die Anfrage in einer Wallet öffnet",
        no_qr: "Diese Anfrage ist zu lang für einen QR-Code. Öffnen Sie diese Seite auf dem Gerät, auf dem \
                Ihre Wallet ist.",
        usable_until: "Kann beantwortet werden bis",
        no_wallet: Titled {
            title: "Was ist eine Wallet?",
            text: "Eine App auf Ihrem Telefon, in der Sie digitale Nachweise aufbewahren und sie vorzeigen, \
                   wann Sie es möchten.",
        },
        stages: Stages {
            created: Titled {
                title: "Warten auf eine Wallet",
                text: "Diese Seite zeigt es an, sobald eine Wallet die Anfrage geöffnet hat.",
            },
            sent: Titled {
                title: "Eine Wallet hat die Anfrage geöffnet",
                text: "Wählen Sie in der Wallet, was Sie zeigen möchten, und bestätigen Sie.",
            },
            verified: Titled {
                title: "Gezeigt und geprüft",
                text: "Die Wallet hat gezeigt, wonach gefragt wurde, und es ist gültig.",
            },
            failed: Titled {
                title: "Nicht angenommen",
                text: "Was die Wallet gezeigt hat, ist nicht gültig oder nicht das, wonach gefragt wurde.",
            },
            expired: Titled {
                title: "Diese Anfrage ist abgelaufen",
                text: "Keine Wallet hat sie rechtzeitig beantwortet.",
            },
            ended: Titled {
                title: "Diese Seite wird nicht mehr aktualisiert",
                text: "Laden Sie sie neu, um zu sehen, was aus der Anfrage geworden ist.",
            },
        },
        yes: Titled {
            title: "Ja",
            text: "Was die Wallet gezeigt hat, ist gültig und erfüllt die Bedingung.",
        },
        no: Titled {
            title: "Nein",
            text: "Was die Wallet gezeigt hat, ist gültig, erfüllt die Bedingung aber nicht.",
        },
        declined: Titled {
            title: "Abgelehnt",
            text: "Die Anfrage wurde in der Wallet abgelehnt. Es wurde nichts gezeigt.",
        },
        ask_again: "Noch einmal fragen",
        new_request: "Um es noch einmal zu versuchen, bitten Sie um eine neue Anfrage, wo Sie diese erhalten haben.",
        without_script: "Um zu sehen, ob eine Wallet geantwortet hat, laden Sie diese Seite neu.",
    },
    unknown: Titled {
        title: "Hier gibt es nichts",
        text: "Vielleicht ist der Link unvollständig, oder das, wohin er führte, wird nicht mehr aufbewahrt.",
    },
    too_often: Titled {
        title: "Zu viele Anfragen",
        text: "Diese Seite wurde in kurzer Zeit sehr oft benutzt. Warten Sie eine Minute und versuchen Sie es dann \
               noch einmal.",
    },
    trouble: Titled {
        title: "Etwas ist schiefgegangen",
        text: "Das lag an uns, nicht an Ihnen. Warten Sie einige Minuten und versuchen Sie es dann noch einmal.",
    },
    reload: "Diese Seite neu laden",
};
