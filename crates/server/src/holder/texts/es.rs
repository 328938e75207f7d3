//! Spanish.

use super::super::view::TxCodeHint;
use super::{Forms, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn tx_code(hint: &TxCodeHint) -> String {
    let code = match (hint.numeric, hint.length) {
        (true, Some(length)) => format!("un código de {length} dígitos"),
        (false, Some(length)) => format!("un código de {length} caracteres"),
        (_, None) => "un código".to_owned(),
    };
    format!("Su cartera le pedirá {code}. Se lo hemos enviado en un correo electrónico aparte.")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::Spanish,
    heading: Around { before: "", after: " tiene una credencial para usted" },
    logo: Around { before: "Logotipo de ", after: "" },
    valid_until: "Válida hasta el",
    this_device: Titled {
        title: "Con una cartera en este dispositivo",
        text: "El botón abre su aplicación de cartera y le entrega la oferta.",
    },
    open_wallet: "Abrir en mi cartera",
    other_device: Titled {
        title: "Con una cartera en su teléfono",
        text: "Abra la aplicación de cartera en su teléfono y escanee con ella este código.",
    },
    qr: "Código QR que abre la oferta en una cartera",
    no_qr: "Esta oferta es demasiado larga para un código QR. Abra esta página en el dispositivo en el que \
            tiene su cartera.",
    tx_code,
    forms: Forms {
        question: "¿Su cartera no reconoce el código? Pruebe con uno para",
        current: "carteras actuales",
        older: "carteras más antiguas",
        oldest: "carteras muy antiguas",
    },
    no_wallet: Titled {
        title: "¿Qué es una cartera?",
        text: "Una aplicación en su teléfono en la que guarda credenciales digitales y las muestra cuando \
               lo desea. Si no tiene ninguna, pregunte a la organización cuál recomienda.",
    },
    states: States {
        waiting: Titled {
            title: "Esperando a su cartera",
            text: "Esta página le avisará cuando su cartera haya abierto la oferta.",
        },
        scanned: Titled {
            title: "Su cartera ha abierto la oferta",
            text: "Confirme en su cartera que desea recibir la credencial.",
        },
        claimed: Titled {
            title: "La credencial está en su cartera",
            text: "No tiene que hacer nada más. Puede cerrar esta página.",
        },
        expired: Titled {
            title: "Esta oferta ha caducado",
            text: "Pida una nueva a la organización que le envió el enlace.",
        },
        revoked: Titled {
            title: "Esta credencial ha sido revocada",
            text: "La organización que la emitió la ha retirado. Si no conoce el motivo, consúltelo con \
                   ella.",
        },
        withdrawn: Titled {
            title: "Esta oferta ha sido retirada",
            text: "La organización la ha retirado. Si no conoce el motivo, consúltelo con ella.",
        },
        ended: Titled {
            title: "Esta página ya no se actualiza",
            text: "Recárguela para ver si la credencial se ha recogido o para obtener un código nuevo.",
        },
    },
    claimed_before: Titled {
        title: "Esta credencial ya se ha recogido",
        text: "Está en la cartera que la recogió. Si no era la suya, escriba a la organización que le envió \
               el enlace.",
    },
    unknown: Titled {
        title: "Aquí no hay nada que recoger",
        text: "Puede que el enlace esté incompleto o que la oferta se haya retirado. Abra de nuevo el \
               enlace del mensaje o pregunte a la organización que lo envió.",
    },
    too_often: Titled {
        title: "Demasiadas solicitudes",
        text: "Esta página se ha abierto muchas veces en poco tiempo. Espere un minuto y recárguela.",
    },
    trouble: Titled {
        title: "Algo ha salido mal",
        text: "Ha sido un fallo nuestro, no suyo. Espere unos minutos y recargue esta página.",
    },
    reload: "Recargar esta página",
    without_script: "Para ver si su cartera ha recogido la credencial, recargue esta página.",
    private: "Esta página es solo para usted: quien tenga su dirección puede recoger la credencial en su \
              lugar. No la comparta.",
};
