//! French.

use super::{Aspects, Findings, Form, Outcomes, Present, Problems, Stages, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn more(count: usize) -> String {
    format!("et {count} de plus")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::French,
    form: Form {
        title: "Vérifier une attestation",
        intro: "Découvrez si une attestation numérique est authentique et si elle est valable aujourd’hui.",
        paste: Titled {
            title: "Coller une attestation",
            text: "Tout son texte, tel que votre portefeuille ou l’expéditeur vous l’a donné.",
        },
        text: "Texte de l’attestation",
        check: "Vérifier",
        picture: Titled {
            title: "Utiliser un code QR",
            text: "Une photo ou une image d’un code QR qui contient l’attestation\u{a0}: JPEG, PNG ou WebP, 5\u{a0}Mo au plus.",
        },
        take_photo: "Photographier le code",
        choose_picture: "Choisir une image du code",
        check_picture: "Vérifier l’image",
        ask: Titled {
            title: "Demander à un portefeuille",
            text: "Choisissez ce qui doit être présenté. Un portefeuille sur un téléphone ou sur cet appareil répond.",
        },
    },
    problems: Problems {
        empty: Titled {
            title: "Il n’y a rien à vérifier",
            text: "Collez le texte d’une attestation ou choisissez une image d’un code QR.",
        },
        unreadable: Titled {
            title: "Ceci est illisible",
            text: "Ce n’est pas une attestation d’un type reconnu ici, ou il en manque une partie. Copiez tout son \
                   texte, puis réessayez.",
        },
        link: Titled {
            title: "Ceci est un lien, pas une attestation",
            text: "Il mène un portefeuille ou un navigateur quelque part\u{a0}; il n’est pas ouvert ici. Demandez \
                   l’attestation elle-même.",
        },
        no_code: Titled {
            title: "Aucun code QR n’a été trouvé",
            text: "Rien n’a pu être lu sur l’image. Prenez-la bien en face, nette et bien éclairée, de sorte que le \
                   code en occupe la plus grande partie.",
        },
        no_picture: Titled {
            title: "Ce fichier ne peut pas être lu comme une image",
            text: "Choisissez un fichier JPEG, PNG ou WebP qui n’est pas endommagé.",
        },
        large_picture: Titled {
            title: "L’image est trop grande",
            text: "Choisissez-en une de 5\u{a0}Mo et 40\u{a0}mégapixels au plus.",
        },
        large_text: Titled { title: "Le texte est trop long", text: "1\u{a0}Mo au plus est lu." },
        broken: Titled {
            title: "Votre envoi n’est pas arrivé en entier",
            text: "Veuillez l’envoyer de nouveau.",
        },
    },
    states: States {
        valid: Titled {
            title: "Valable", text: "Elle a passé toutes les vérifications qui la concernent."
        },
        revoked: Titled { title: "Révoquée", text: "Son émetteur l’a retirée. Elle ne compte plus." },
        suspended: Titled {
            title: "Suspendue",
            text: "Son émetteur l’a suspendue. Elle ne compte pas tant que la suspension n’est pas levée.",
        },
        expired: Titled {
            title: "Expirée",
            text: "Elle a été valable, mais sa durée de validité est passée.",
        },
        not_yet_valid: Titled {
            title: "Pas encore valable", text: "Sa durée de validité n’a pas commencé."
        },
        unknown_issuer: Titled {
            title: "Émetteur inconnu",
            text: "Aucun défaut n’y a été trouvé, mais son émetteur ne fait pas partie de ceux auxquels on se fie ici. \
                   À vous de décider si vous lui faites confiance.",
        },
        invalid: Titled {
            title: "Non valable",
            text: "Elle a échoué à une vérification. Ne vous y fiez pas.",
        },
        indeterminate: Titled {
            title: "N’a pas pu être vérifiée",
            text: "Aucune vérification n’a échoué, mais toutes n’ont pas pu être faites. Réessayez plus tard.",
        },
    },
    outcomes: Outcomes {
        passed: "réussi",
        failed: "échoué",
        not_applicable: "non vérifié",
        indeterminate: "n’a pas pu être vérifié",
    },
    aspects: Aspects {
        format: "Format",
        key: "Clé de l’émetteur",
        signature: "Signature",
        validity: "Durée de validité",
        schema: "Contenu",
        status: "Révocation et suspension",
        holder_binding: "Présentée par son titulaire",
        log: "Journal de transparence",
        issuer: "Confiance envers l’émetteur",
        credentials: "Attestations contenues",
    },
    findings: Findings {
        details: "Détails",
        credential: "Attestation",
        issuer: "Émetteur",
        alleged_issuer: "Émetteur, selon elle",
        holder: "Titulaire",
        types: "Type",
        format: "Format",
        issued: "Délivrée",
        valid_until: "Valable jusqu’au",
        claims: "Ce qu’elle dit",
        claims_withheld: "Non affiché, car il n’est pas prouvé que quelqu’un l’ait dit.",
        more,
        yes: "oui",
        no: "non",
        nothing: "rien",
        image: "une image, qui n’est pas affichée ici",
        shortened: "abrégé",
        checks: "Ce qui a été vérifié",
        another: "Vérifier une autre attestation",
    },
    present: Present {
        heading: Around { before: "", after: " vous demande de présenter quelque chose" },
        purpose: "But\u{a0}:",
        this_device: Titled {
            title: "Avec un portefeuille sur cet appareil",
            text: "Le bouton ouvre votre application de portefeuille. Elle vous demande votre accord avant de \
                   présenter quoi que ce soit.",
        },
        open_wallet: "Ouvrir mon portefeuille",
        other_device: Titled {
            title: "Avec un portefeuille sur votre téléphone",
            text: "Ouvrez l’application de portefeuille sur votre téléphone et scannez ce code avec elle.",
        },
        qr: "Code QR qui ouvre la demande dans un portefeuille",
        no_qr: "Cette demande est trop longue pour un code QR. Ouvrez cette page sur l’appareil où se trouve \
                votre portefeuille.",
        usable_until: "Réponse possible jusqu’au",
        no_wallet: Titled {
            title: "Qu’est-ce qu’un portefeuille\u{202f}?",
            text: "Une application sur votre téléphone dans laquelle vous conservez vos attestations numériques \
                   et les présentez quand vous le souhaitez.",
        },
        stages: Stages {
            created: Titled {
                title: "En attente d’un portefeuille",
                text: "Cette page vous indiquera quand un portefeuille aura ouvert la demande.",
            },
            sent: Titled {
                title: "Un portefeuille a ouvert la demande",
                text: "Choisissez dans le portefeuille ce que vous souhaitez présenter, puis confirmez.",
            },
            verified: Titled {
                title: "Présenté et vérifié",
                text: "Le portefeuille a présenté ce qui était demandé, et c’est valable.",
            },
            failed: Titled {
                title: "Non accepté",
                text: "Ce que le portefeuille a présenté n’est pas valable, ou n’est pas ce qui était demandé.",
            },
            expired: Titled {
                title: "Cette demande a expiré",
                text: "Aucun portefeuille n’y a répondu à temps.",
            },
            ended: Titled {
                title: "Cette page n’est plus mise à jour",
                text: "Rechargez-la pour voir ce qu’est devenue la demande.",
            },
        },
        yes: Titled {
            title: "Oui",
            text: "Ce que le portefeuille a présenté est valable et remplit la condition.",
        },
        no: Titled {
            title: "Non",
            text: "Ce que le portefeuille a présenté est valable, mais ne remplit pas la condition.",
        },
        declined: Titled {
            title: "Refusé",
            text: "La demande a été refusée dans le portefeuille. Rien n’a été présenté.",
        },
        ask_again: "Demander de nouveau",
        new_request: "Pour réessayer, adressez-vous à qui vous a envoyé ici.",
        without_script: "Pour voir si un portefeuille a répondu, rechargez cette page.",
    },
    unknown: Titled {
        title: "Il n’y a rien ici",
        text: "Le lien est peut-être incomplet, ou ce à quoi il menait n’est plus conservé.",
    },
    too_often: Titled {
        title: "Trop de requêtes",
        text: "Cette page a été utilisée très souvent en peu de temps. Attendez une minute, puis réessayez.",
    },
    trouble: Titled {
        title: "Un problème est survenu",
        text: "Il vient de chez nous, pas de vous. Attendez quelques minutes, puis réessayez.",
    },
    reload: "Recharger cette page",
};
