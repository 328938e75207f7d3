//! Spanish.

use super::{Aspects, Findings, Form, Outcomes, Present, Problems, Stages, States, Texts};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

fn more(count: usize) -> String {
    format!("y {count} más")
}

pub(super) const TEXTS: Texts = Texts {
    language: Language::Spanish,
    form: Form {
        title: "Comprobar una credencial",
        intro: "Averigüe si una credencial digital es auténtica y si es válida ahora.",
        paste: Titled {
            title: "Pegar una credencial",
            text: "Todo su texto, tal como se lo dio su cartera o quien la envió.",
        },
        text: "Texto de la credencial",
        check: "Comprobar",
        picture: Titled {
            title: "Usar un código QR",
            text: "Una foto o imagen de un código QR que contiene la credencial: JPEG, PNG o WebP, de 5 MB como máximo.",
        },
        take_photo: "Fotografiar el código",
        choose_picture: "Elegir una imagen del código",
        check_picture: "Comprobar la imagen",
        ask: Titled {
            title: "Preguntar a una cartera",
            text: "Elija lo que se debe mostrar. Responde una cartera en un teléfono o en este dispositivo.",
        },
    },
    problems: Problems {
        empty: Titled {
            title: "No hay nada que comprobar",
            text: "Pegue el texto de una credencial o elija una imagen de un código QR.",
        },
        unreadable: Titled {
            title: "Esto no se puede leer",
            text: "No es una credencial de un tipo que se entienda aquí, o le falta una parte. Copie todo su texto e \
                   inténtelo de nuevo.",
        },
        link: Titled {
            title: "Esto es un enlace, no una credencial",
            text: "Lleva a una cartera o a un navegador a otro lugar; aquí no se abre. Pida la credencial misma.",
        },
        no_code: Titled {
            title: "No se ha encontrado ningún código QR",
            text: "No se ha podido leer nada en la imagen. Tómela de frente, nítida y con buena luz, de modo que el \
                   código ocupe la mayor parte.",
        },
        no_picture: Titled {
            title: "Este archivo no se puede leer como imagen",
            text: "Elija un archivo JPEG, PNG o WebP que no esté dañado.",
        },
        large_picture: Titled {
            title: "La imagen es demasiado grande",
            text: "Elija una de 5 MB y 40 megapíxeles como máximo.",
        },
        large_text: Titled { title: "El texto es demasiado largo", text: "Se lee 1 MB como máximo." },
        broken: Titled {
            title: "Lo que envió no ha llegado completo", text: "Envíelo de nuevo, por favor."
        },
    },
    states: States {
        valid: Titled { title: "Válida", text: "Ha superado todas las comprobaciones que le corresponden." },
        revoked: Titled { title: "Revocada", text: "Su emisor la ha retirado. Ya no cuenta." },
        suspended: Titled {
            title: "Suspendida",
            text: "Su emisor la ha suspendido. No cuenta hasta que el emisor lo levante.",
        },
        expired: Titled { title: "Caducada", text: "Fue válida, pero su tiempo ha pasado." },
        not_yet_valid: Titled { title: "Aún no válida", text: "Su tiempo todavía no ha llegado." },
        unknown_issuer: Titled {
            title: "Emisor desconocido",
            text: "No se le ha encontrado ningún fallo, pero su emisor no es de los que aquí se consideran de \
                   confianza. Decida usted si confía en él.",
        },
        invalid: Titled {
            title: "No válida", text: "No ha superado una comprobación. No se fíe de ella."
        },
        indeterminate: Titled {
            title: "No se ha podido comprobar",
            text: "Ninguna comprobación ha fallado, pero no se han podido hacer todas. Inténtelo más tarde.",
        },
    },
    outcomes: Outcomes {
        passed: "superada",
        failed: "no superada",
        not_applicable: "no comprobado",
        indeterminate: "no se ha podido comprobar",
    },
    aspects: Aspects {
        format: "Formato",
        key: "Clave del emisor",
        signature: "Firma",
        validity: "Tiempo de validez",
        schema: "Contenido",
        status: "Revocación y suspensión",
        holder_binding: "Mostrada por su titular",
        log: "Registro de transparencia",
        issuer: "Confianza en el emisor",
        credentials: "Credenciales contenidas",
    },
    findings: Findings {
        details: "Detalles",
        credential: "Credencial",
        issuer: "Emisor",
        alleged_issuer: "Emisor, según ella misma",
        holder: "Titular",
        types: "Tipo",
        format: "Formato",
        issued: "Emitida",
        valid_until: "Válida hasta el",
        claims: "Lo que dice",
        claims_withheld: "No se muestra, porque no está demostrado que alguien lo haya dicho.",
        more,
        yes: "sí",
        no: "no",
        nothing: "nada",
        image: "una imagen, que no se muestra aquí",
        shortened: "abreviado",
        checks: "Lo que se ha comprobado",
        another: "Comprobar otra credencial",
    },
    present: Present {
        heading: Around { before: "", after: " le pide que muestre algo" },
        purpose: "Finalidad:",
        this_device: Titled {
            title: "Con una cartera en este dispositivo",
            text: "El botón abre su aplicación de cartera, que le pregunta antes de mostrar nada.",
        },
        open_wallet: "Abrir mi cartera",
        other_device: Titled {
            title: "Con una cartera en su teléfono",
            text: "Abra la aplicación de cartera en su teléfono y escanee con ella este código.",
        },
        qr: "Código QR que abre la solicitud en una cartera",
        no_qr: "Esta solicitud es demasiado larga para un código QR. Abra esta página en el dispositivo en el que \
                tiene su cartera.",
        usable_until: "Se puede responder hasta el",
        no_wallet: Titled {
            title: "¿Qué es una cartera?",
            text: "Una aplicación en su teléfono en la que guarda credenciales digitales y las muestra cuando \
                   lo desea.",
        },
        stages: Stages {
            created: Titled {
                title: "Esperando a una cartera",
                text: "Esta página le avisará cuando una cartera haya abierto la solicitud.",
            },
            sent: Titled {
                title: "Una cartera ha abierto la solicitud",
                text: "Elija en la cartera lo que desea mostrar y confirme.",
            },
            verified: Titled {
                title: "Mostrado y comprobado",
                text: "La cartera ha mostrado lo que se pedía, y es válido.",
            },
            failed: Titled {
                title: "No aceptado",
                text: "Lo que la cartera ha mostrado no es válido o no es lo que se pedía.",
            },
            expired: Titled {
                title: "Esta solicitud ha caducado",
                text: "Ninguna cartera ha respondido a tiempo.",
            },
            ended: Titled {
                title: "Esta página ya no se actualiza",
                text: "Recárguela para ver qué ha sido de la solicitud.",
            },
        },
        yes: Titled {
            title: "Sí", text: "Lo que la cartera ha mostrado es válido y cumple la condición."
        },
        no: Titled {
            title: "No",
            text: "Lo que la cartera ha mostrado es válido, pero no cumple la condición.",
        },
        declined: Titled {
            title: "Rechazada",
            text: "La solicitud se ha rechazado en la cartera. No se ha mostrado nada.",
        },
        ask_again: "Preguntar de nuevo",
        new_request: "Para intentarlo de nuevo, pida una nueva solicitud a quien le envió aquí.",
        without_script: "Para ver si una cartera ha respondido, recargue esta página.",
    },
    unknown: Titled {
        title: "Aquí no hay nada",
        text: "Puede que el enlace esté incompleto o que aquello a lo que llevaba ya no se conserve.",
    },
    too_often: Titled {
        title: "Demasiadas solicitudes",
        text: "Esta página se ha usado muchas veces en poco tiempo. Espere un minuto e inténtelo de nuevo.",
    },
    trouble: Titled {
        title: "Algo ha salido mal",
        text: "Ha sido un fallo nuestro, no suyo. Espere unos minutos e inténtelo de nuevo.",
    },
    reload: "Recargar esta página",
};
