//! What comes of checking a credential.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State as FromState};
use axum::http::StatusCode;
use axum::response::Response;
use utoipa::ToSchema;
use verify::Report;

use super::data::{self, Trouble};
use super::document::Document;
use super::mark::Mark;
use super::over::over;
use super::problem::Problem;
use super::scan::{Scanner, is_link};
use super::texts::Texts;
use super::upload::Upload;
use super::visitor::Visitor;
use super::{TAG, form};
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::web::card::Colors;
use crate::web::html::{Needs, respond};
use crate::web::words::Titled;

/// What is handed in: one of both.
#[derive(ToSchema)]
#[schema(as = VerifyForm)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct CheckForm {
    /// A credential or a presentation, of at most 1,048,576 bytes.
    #[schema(required = false)]
    text: Option<String>,
    /// A JPEG, PNG or WebP image of at most 5,242,880 bytes, with a QR code that holds one.
    #[schema(value_type = String, format = Binary, required = false)]
    picture: Option<Vec<u8>>,
}

/// What the page is made of.
#[derive(Template)]
#[template(path = "verify_result.html")]
struct ResultPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: String,
    mark: Mark,
    state: &'static Titled,
    documents: Vec<Document>,
    /// Of cards.
    colors: Colors,
}

fn page(visitor: &Visitor, report: &Report, documents: Vec<Document>) -> Result<Response, ApiError> {
    let Visitor { texts, nonce, .. } = visitor;
    let state = texts.states.of(report.state);
    let title = format!("{} – {}", state.title, texts.form.title);
    let page = ResultPage {
        nonce,
        texts,
        title,
        mark: Mark::of_state(report.state),
        state,
        documents,
        colors: Colors::new(None, None),
    };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    respond(StatusCode::OK, html, texts.language, Needs { nonce, images_from: None, forms: false })
}

/// What was handed in, as it is read: a compact serialization has no white space, but what people copy has.
fn tidy(text: &str) -> String {
    let text = text.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    if text.starts_with('{') {
        return text.to_owned();
    }
    text.chars().filter(|char| !char.is_whitespace()).collect()
}

/// What there is to say of what was handed in, or why there is nothing, and what the field holds then.
async fn checked(state: &State, scanner: &Scanner, upload: Upload) -> Result<Report, (Problem, String)> {
    let text = match upload.picture {
        Some(picture) => scanner.text_on(picture).await.map_err(|problem| (problem, upload.text))?,
        None => upload.text,
    };
    let document = tidy(&text);
    if document.is_empty() {
        return Err((Problem::Empty, text));
    }
    if is_link(&document) {
        return Err((Problem::Link, text));
    }
    let report = data::report(state, &document).await;
    match report.kind {
        Some(_) => Ok(report),
        None => {
            let reasons = report.checks.into_iter().map(|check| check.reason);
            Err((Problem::Unreadable(reasons.collect::<Vec<_>>().join(" ")), text))
        }
    }
}

/// Check a credential, and show what comes of it as a page
///
/// The form of the page. Software calls `POST /v1/verify`.
#[utoipa::path(
    post,
    path = "/verify",
    operation_id = "postVerifyPage",
    tag = TAG,
    request_body(content = CheckForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What the checks say.", body = String, content_type = "text/html"),
        (status = 400, description = "The form did not arrive whole.", body = String, content_type = "text/html"),
        (status = 413, description = "The text or the picture is too large.", body = String, content_type = "text/html"),
        (
            status = 422,
            description = "There is nothing in it that could be checked.",
            body = String,
            content_type = "text/html"
        ),
        (status = 429, description = "Asked too often.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn check(
    FromState(state): FromState<State>,
    Extension(scanner): Extension<Arc<Scanner>>,
    visitor: Visitor,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, ApiError> {
    if let Some(seconds) = visitor.too_often {
        return over(Trouble::TooOften(seconds), &visitor, true);
    }
    let checked = match Upload::of(form).await {
        Ok(upload) => checked(&state, &scanner, upload).await,
        Err(problem) => Err((problem, String::new())),
    };
    match checked {
        Ok(report) => {
            let names = data::type_names(&state, &data::proven_types(&report)).await;
            page(&visitor, &report, Document::all_of(&report, &names, visitor.texts))
        }
        Err((problem, text)) => form::page(&visitor, data::templates(&state).await, Some(&problem), &text),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use verify::{Aspect, Kind, Outcome, State};

    use super::super::sample::{self, html, visitor};
    use super::*;
    use crate::web::language::Language;

    const STATES: [State; 8] = [
        State::Valid,
        State::Revoked,
        State::Suspended,
        State::Expired,
        State::NotYetValid,
        State::UnknownIssuer,
        State::Invalid,
        State::Indeterminate,
    ];

    async fn shown(report: &Report, language: Language) -> String {
        let visitor = visitor(language);
        let documents = Document::all_of(report, &HashMap::new(), visitor.texts);
        html(page(&visitor, report, documents).expect("renders")).await
    }

    #[tokio::test]
    async fn every_state_is_told_by_a_word_and_a_mark() {
        for language in Language::ALL {
            for state in STATES {
                let html = shown(&sample::report(state), language).await;
                let texts = Texts::of(language);
                let titled = texts.states.of(state);
                assert!(html.contains(&format!("<title>{} – ", titled.title)), "{html}");
                assert!(
                    html.contains(&format!("<h1>{}</h1>\n<p>{}</p>", titled.title, titled.text)),
                    "{html}"
                );
                assert!(
                    html.contains(&format!("<div class=\"banner {}\">", Mark::of_state(state).word())),
                    "{html}"
                );
                let lang = format!("<html lang=\"{}\"", language.tag());
                assert!(html.contains(&lang), "{html}");
            }
        }
    }

    #[tokio::test]
    async fn checks_have_a_mark_a_name_an_outcome_and_a_reason_in_its_language() {
        let german = shown(&sample::report(State::Revoked), Language::German).await;
        for expected in [
            "<li data-result=\"good\">",
            "<li data-result=\"bad\">",
            "<li data-result=\"nothing\">",
            "<li data-result=\"open\">",
            "<strong>Widerruf und Aussetzung</strong>: nicht bestanden",
            "<p class=\"reason\" lang=\"en\" dir=\"auto\">Because of Status &#38; co.</p>",
        ] {
            assert!(german.contains(expected), "{expected}: {german}");
        }
        let english = shown(&sample::report(State::Revoked), Language::English).await;
        assert!(english.contains("<p class=\"reason\" dir=\"auto\">Because"), "{english}");
    }

    #[tokio::test]
    async fn a_credential_has_its_card_its_claims_and_its_details() {
        let html = shown(&sample::report(State::Valid), Language::English).await;
        for expected in [
            "<article class=\"card good\"",
            "<bdi>membership</bdi></h2>",
            "<bdi>issuer.example</bdi>",
            "<time datetime=\"2027-03-01T14:30:00Z\">1 March 2027, 14:30 UTC</time>",
            "<th scope=\"row\"><bdi>address</bdi> › <bdi>zip</bdi></th>",
            "<em>yes</em>",
            "&#62;&#60;script&#62;alert(1)&#60;/script&#62;",
            "<dt>Issuer</dt>\n<dd><span dir=\"auto\">https://issuer.example/acme</span></dd>",
        ] {
            assert!(html.contains(expected), "{expected}: {html}");
        }
    }

    #[tokio::test]
    async fn what_nobody_is_proven_to_have_said_is_not_shown() {
        for (aspect, outcome) in [
            (Aspect::Signature, Outcome::Failed),
            (Aspect::Key, Outcome::Indeterminate),
            (Aspect::Key, Outcome::Failed),
        ] {
            let mut report = sample::report(State::Invalid);
            report.claims.clear();
            report.checks.retain(|check| check.check != aspect);
            report.checks.push(sample::check(aspect, outcome));
            let html = shown(&report, Language::English).await;
            let texts = Texts::of(Language::English);
            assert!(html.contains(texts.findings.claims_withheld), "{html}");
            assert!(html.contains("<dt>Issuer, by its own word</dt>"), "{html}");
            assert!(!html.contains("class=\"card"), "{html}");
        }
    }

    #[tokio::test]
    async fn a_presentation_shows_each_credential_inside() {
        let mut report = sample::report(State::Revoked);
        report.kind = Some(Kind::Presentation);
        report.format = Some("vp+jwt");
        report.holder = Some("did:jwk:abc".to_owned());
        report.claims.clear();
        report.credentials = vec![sample::report(State::Valid), sample::report(State::Revoked)];
        let html = shown(&report, Language::English).await;
        assert_eq!(html.matches("<article class=\"card").count(), 2, "{html}");
        assert!(
            html.contains("<article class=\"card good\"") && html.contains("<article class=\"card bad\""),
            "{html}"
        );
        assert!(html.contains("<dt>Holder</dt>"), "{html}");
        for id in ["document-1", "document-2"] {
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{html}");
        }
    }

    #[test]
    fn what_people_copy_is_tidied() {
        assert_eq!(tidy(" \u{feff}eyJh.\r\n eyJi.\u{a0}c~\n"), "eyJh.eyJi.c~");
        assert_eq!(tidy("\n{ \"a b\": 1 }\r\n"), "{ \"a b\": 1 }");
        assert_eq!(tidy(" \u{feff}\r\n"), "");
    }
}
