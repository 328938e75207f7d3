//! The page as HTML, with the headers that belong to it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::texts::Texts;
use super::view::{Progress, View, WalletForm};
use crate::on_behalf::ApiError;
use crate::web::card::{Card, Colors};
use crate::web::date::Moment;
use crate::web::html::{Needs, respond};
use crate::web::qr;
use crate::web::words::Titled;

/// What a person sees of an offer that can be claimed.
#[derive(Template)]
#[template(path = "claim.html")]
struct OfferPage<'a> {
    /// Lets this page's own style and script through the content security policy.
    nonce: &'a str,
    texts: &'static Texts,
    title: String,
    card: &'a Card,
    colors: Colors,
    expires: Option<Moment>,
    tx_code: Option<String>,
    /// For wallets on the same device.
    uri: &'a str,
    /// The same as a QR code, for wallets on another.
    qr: Option<String>,
    forms: Vec<FormLink>,
    /// How far the claiming has come.
    state: StateText,
    /// All that may become of it while the page is open.
    states: Vec<StateText>,
    /// The address of this page, as it was asked for.
    form: WalletForm,
}

/// What a person sees where nothing can be claimed.
#[derive(Template)]
#[template(path = "over.html")]
struct OverPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: &'a str,
    text: &'a str,
    /// Whether all is well.
    done: bool,
    /// Whether it may be otherwise in a minute.
    reload: bool,
}

/// A state, and what there is to read of it.
struct StateText {
    word: &'static str,
    is_final: bool,
    titled: &'static Titled,
}

impl StateText {
    fn new(progress: Progress, texts: &'static Texts) -> Self {
        let (word, is_final) = (progress.word(), progress.is_final());
        Self { word, is_final, titled: texts.states.of(progress) }
    }
}

/// One side of the switch between the forms of an offer.
struct FormLink {
    word: &'static str,
    label: &'static str,
    chosen: bool,
}

/// Why a page has nothing to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It was claimed before.
    Claimed,
    /// The offer has expired.
    Expired,
    /// The credential was revoked.
    Revoked,
    /// There is no such offer.
    Unknown,
    /// The reader's address has asked too often.
    TooOften,
    /// Our fault.
    Trouble,
}

impl Reason {
    fn titled(self, texts: &'static Texts) -> &'static Titled {
        match self {
            Self::Claimed => &texts.claimed_before,
            Self::Expired => &texts.states.expired,
            Self::Revoked => &texts.states.revoked,
            Self::Unknown => &texts.unknown,
            Self::TooOften => &texts.too_often,
            Self::Trouble => &texts.trouble,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Claimed => StatusCode::CONFLICT,
            Self::Expired | Self::Revoked => StatusCode::GONE,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Trouble => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The page of an offer.
pub(super) fn offer(
    view: &View,
    form: WalletForm,
    texts: &'static Texts,
    nonce: &str,
) -> Result<Response, ApiError> {
    let link =
        |each: WalletForm| FormLink { word: each.word(), label: texts.forms.of(each), chosen: each == form };
    let page = OfferPage {
        nonce,
        texts,
        title: texts.heading.with(&view.card.organisation),
        card: &view.card,
        colors: view.card.colors(),
        expires: view.expires.map(|moment| Moment::new(moment, texts.language)),
        tx_code: view.tx_code.as_ref().map(texts.tx_code),
        uri: &view.uri,
        qr: qr::svg(&view.uri),
        forms: WalletForm::ALL.map(link).into(),
        state: StateText::new(view.progress, texts),
        states: Progress::ALL.map(|progress| StateText::new(progress, texts)).into(),
        form,
    };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    let origin = view.card.logo_origin();
    let needs = Needs { nonce, images_from: origin.as_deref(), forms: false };
    respond(StatusCode::OK, html, texts.language, needs)
}

/// The page that says why there is nothing to claim.
pub(super) fn over(reason: Reason, texts: &'static Texts, nonce: &str) -> Result<Response, ApiError> {
    let Titled { title, text } = reason.titled(texts);
    let page = OverPage {
        nonce,
        texts,
        title,
        text,
        done: reason == Reason::Claimed,
        reload: matches!(reason, Reason::TooOften | Reason::Trouble),
    };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    let needs = Needs { nonce, images_from: None, forms: false };
    respond(reason.status(), html, texts.language, needs)
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use model::Timestamp;

    use super::super::view::TxCodeHint;
    use super::*;
    use crate::web::language::Language;

    const ENGLISH: &Texts = Texts::of(Language::English);

    fn view() -> View {
        View {
            card: Card {
                title: "<i>Diploma</i>".to_owned(),
                description: Some("What \"you\" learned & when".to_owned()),
                organisation: "</title><script>alert(1)</script>".to_owned(),
                logo_url: Some("https://logos.example/a.png?x=\"><script>".to_owned()),
                background_color: Some("#ffd700".to_owned()),
                text_color: Some("red;} body {display:none".to_owned()),
            },
            uri: "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example".to_owned(),
            expires: Timestamp::parse_rfc3339("2027-03-12T14:30:00Z"),
            tx_code: Some(TxCodeHint { numeric: true, length: Some(6) }),
            progress: Progress::Scanned,
        }
    }

    async fn shown(view: &View, texts: &'static Texts) -> (String, String) {
        let response = offer(view, WalletForm::Older, texts, "0123").expect("renders");
        let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
        let policy = policy.to_str().expect("ASCII").to_owned();
        let body = http_body_util::BodyExt::collect(response.into_body()).await.expect("a body");
        (policy, String::from_utf8(body.to_bytes().into()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn a_page_says_all_that_there_is_to_say() {
        for texts in Language::ALL.map(Texts::of) {
            let (_, html) = shown(&view(), texts).await;
            let code = (texts.tx_code)(&TxCodeHint { numeric: true, length: Some(6) });
            assert!(html.contains(&code), "{html}");
            assert!(html.contains(texts.states.scanned.title), "{html}");
            assert!(html.contains("background: #ffd700; color: #000000;"), "{html}");
            assert!(html.contains("<a href=\"?wallet=older\" aria-current=\"true\">"), "{html}");
            for progress in Progress::ALL {
                assert!(html.contains(&format!("<template data-state=\"{}\"", progress.word())), "{html}");
            }
        }
    }

    #[tokio::test]
    async fn what_organisations_write_stays_text() {
        let (policy, html) = shown(&view(), ENGLISH).await;
        for hostile in ["<script>", "<i>", "\"you\"", "display:none", "</title><"] {
            assert!(!html.contains(hostile), "{hostile}: {html}");
        }
        assert!(policy.contains("img-src 'self' https://logos.example; "), "{policy}");
    }

    #[tokio::test]
    async fn an_offer_that_is_too_long_for_a_code_has_its_button() {
        let mut view = view();
        view.uri = format!("openid-credential-offer://?credential_offer={}", "x".repeat(4_000));
        let (_, html) = shown(&view, ENGLISH).await;
        assert!(html.contains(ENGLISH.no_qr) && html.contains(&view.uri), "{html}");
    }
}
