//! French.

use super::super::view::TxCodeHint;
use super::{Forms, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn tx_code(hint: &TxCodeHint) -> String {
    let code = match (hint.numeric, hint.length) {
        (true, Some(length)) => format!("un code à {length} chiffres"),
        (false, Some(length)) => format!("un code de {length} caractères"),
        (_, None) => "un code".to_owned(),
    };
    format!("Votre portefeuille vous demandera {code}. Nous vous l’avons envoyé dans un e-mail séparé.")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::French,
    heading: Around { before: "", after: " vous propose une attestation" },
    logo: Around { before: "Logo de ", after: "" },
    valid_until: "Valable jusqu’au",
    this_device: Titled {
        title: "Avec un portefeuille sur cet appareil",
        text: "Le bouton ouvre votre application de portefeuille et lui transmet l’offre.",
    },
    open_wallet: "Ouvrir dans mon portefeuille",
    other_device: Titled {
        title: "Avec un portefeuille sur votre téléphone",
        text: "Ouvrez l’application de portefeuille sur votre téléphone et scannez ce code avec elle.",
    },
    qr: "Code QR qui ouvre l’offre dans un portefeuille",
    no_qr: "Cette offre est trop longue pour un code QR. Ouvrez cette page sur l’appareil où se trouve \
            votre portefeuille.",
    tx_code,
    forms: Forms {
        question: "Votre portefeuille ne reconnaît pas le code\u{202f}? Essayez celui pour",
        current: "les portefeuilles actuels",
        older: "les portefeuilles plus anciens",
        oldest: "les portefeuilles très anciens",
    },
    no_wallet: Titled {
        title: "Qu’est-ce qu’un portefeuille\u{202f}?",
        text: "Une application sur votre téléphone dans laquelle vous conservez vos attestations numériques \
               et les présentez quand vous le souhaitez. Si vous n’en avez pas, demandez à l’organisation \
               laquelle elle recommande.",
    },
    states: States {
        waiting: Titled {
            title: "En attente de votre portefeuille",
            text: "Cette page vous indiquera quand votre portefeuille aura ouvert l’offre.",
        },
        scanned: Titled {
            title: "Votre portefeuille a ouvert l’offre",
            text: "Confirmez dans votre portefeuille que vous souhaitez recevoir l’attestation.",
        },
        claimed: Titled {
            title: "L’attestation est dans votre portefeuille",
            text: "Vous n’avez plus rien à faire et pouvez fermer cette page.",
        },
        expired: Titled {
            title: "Cette offre a expiré",
            text: "Demandez-en une nouvelle à l’organisation qui vous a envoyé le lien.",
        },
        revoked: Titled {
            title: "Cette attestation a été révoquée",
            text: "L’organisation qui l’a délivrée l’a retirée. Si vous n’en connaissez pas la raison, \
                   demandez-la-lui.",
        },
        withdrawn: Titled {
            title: "Cette offre a été retirée",
            text: "L’organisation l’a retirée. Si vous n’en connaissez pas la raison, demandez-la-lui.",
        },
        ended: Titled {
            title: "Cette page n’est plus mise à jour",
            text: "Rechargez-la pour voir si l’attestation a été récupérée ou pour obtenir un nouveau code.",
        },
    },
    claimed_before: Titled {
        title: "Cette attestation a déjà été récupérée",
        text: "Elle se trouve dans le portefeuille qui l’a récupérée. Si ce n’était pas le vôtre, écrivez à \
               l’organisation qui vous a envoyé le lien.",
    },
    unknown: Titled {
        title: "Il n’y a rien à récupérer ici",
        text: "Le lien est peut-être incomplet, ou l’offre a été retirée. Ouvrez à nouveau le lien du \
               message ou demandez à l’organisation qui l’a envoyé.",
    },
    too_often: Titled {
        title: "Trop de requêtes",
        text: "Cette page a été ouverte très souvent en peu de temps. Attendez une minute, puis \
               rechargez-la.",
    },
    trouble: Titled {
        title: "Un problème est survenu",
        text: "Il vient de chez nous, pas de vous. Attendez quelques minutes, puis rechargez cette page.",
    },
    reload: "Recharger cette page",
    without_script: "Pour voir si votre portefeuille a récupéré l’attestation, rechargez cette page.",
    private: "Cette page vous est personnelle\u{a0}: toute personne qui en possède l’adresse peut récupérer \
              l’attestation à votre place. Ne la transmettez pas.",
};
