//! The page on which a credential is handed in.

use askama::Template;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use axum::response::Response;
use issuance::PublicDefinition;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::TAG;
use super::data::{self, Trouble};
use super::over::over;
use super::problem::Problem;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::web::html::{Needs, respond};

/// What the page is made of.
#[derive(Template)]
#[template(path = "verify.html")]
struct FormPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: String,
    problem: Option<Shown<'a>>,
    /// Whether that is about the text.
    of_text: bool,
    /// Whether it is about the picture.
    of_picture: bool,
    /// What was pasted last.
    text: &'a str,
    /// The templates by which anybody may ask.
    templates: Vec<TemplateButton>,
}

/// Why nothing was checked, as the page says it.
struct Shown<'a> {
    title: &'static str,
    text: &'static str,
    /// More of it, in English.
    reason: Option<&'a str>,
}

/// A template, and where its form leads.
struct TemplateButton {
    path: String,
    template: PublicDefinition,
}

/// All that is not part of the identifiers of templates.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Where asking by a template leads, below the address of the server.
pub(super) fn ask_path(env_id: &str, definition_id: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    format!("verify/ask/{}/{}", encode(env_id), encode(definition_id))
}

/// The page, with what was handed in and why it was not checked.
pub(super) fn page(
    visitor: &Visitor,
    templates: Vec<PublicDefinition>,
    problem: Option<&Problem>,
    text: &str,
) -> Result<Response, ApiError> {
    let Visitor { texts, nonce, .. } = visitor;
    let own = texts.form.title;
    let title = problem.map_or(own.to_owned(), |problem| format!("{} – {own}", problem.titled(texts).title));
    let shown = problem.map(|problem| Shown {
        title: problem.titled(texts).title,
        text: problem.titled(texts).text,
        reason: match problem {
            Problem::Unreadable(reason) => Some(reason),
            _ => None,
        },
    });
    let button = |template: PublicDefinition| TemplateButton {
        path: ask_path(&template.env_id, &template.definition_id),
        template,
    };
    let templates = templates.into_iter().map(button).collect();
    let of_picture = problem.is_some_and(Problem::is_of_picture);
    let of_text = problem.is_some() && !of_picture;
    let page = FormPage { nonce, texts, title, problem: shown, of_text, of_picture, text, templates };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    let status = problem.map_or(StatusCode::OK, Problem::status);
    respond(status, html, texts.language, Needs { nonce, images_from: None, forms: true })
}

/// The page on which anybody checks a credential
///
/// Needs no key. A form takes the text of a credential or a picture of a QR code with one, and each public template has a
/// button by which a wallet is asked. In the language that the browser asks for; it works without JavaScript.
#[utoipa::path(
    get,
    path = "/verify",
    operation_id = "getVerifyPage",
    tag = TAG,
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 429, description = "Asked too often.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn form_page(
    FromState(state): FromState<State>,
    visitor: Visitor,
) -> Result<Response, ApiError> {
    if let Some(seconds) = visitor.too_often {
        return over(Trouble::TooOften(seconds), &visitor, false);
    }
    page(&visitor, data::templates(&state).await, None, "")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{HOSTILE, html, visitor};
    use super::*;
    use crate::web::language::Language;

    fn template() -> PublicDefinition {
        PublicDefinition {
            env_id: "0123456789abcdef".to_owned(),
            definition_id: "a/b".to_owned(),
            name: HOSTILE.to_owned(),
            purpose: Some(HOSTILE.to_owned()),
            organisation: HOSTILE.to_owned(),
        }
    }

    #[tokio::test]
    async fn the_page_takes_texts_and_pictures_and_asks_wallets() {
        for language in Language::ALL {
            let response = page(&visitor(language), vec![template()], None, "").expect("renders");
            assert_eq!(response.status(), StatusCode::OK);
            let html = html(response).await;
            assert!(html.contains(Texts::of(language).form.intro), "{html}");
            assert_eq!(
                html.matches("<form method=\"post\" enctype=\"multipart/form-data\">").count(),
                2,
                "{html}"
            );
            assert!(html.contains("action=\"verify/ask/0123456789abcdef/a%2Fb\""), "{html}");
            assert!(!html.contains("role=\"alert\"") && !html.contains("aria-invalid"), "{html}");
        }
        let none = html(page(&visitor(Language::English), Vec::new(), None, "").expect("renders")).await;
        assert!(!none.contains("id=\"ask\""), "{none}");
    }

    #[tokio::test]
    async fn what_cannot_be_read_stays_in_its_field() {
        let problem = Problem::Unreadable(format!("It says {HOSTILE}"));
        for language in Language::ALL {
            let text = format!("\nkept </textarea>{HOSTILE}");
            let response = page(&visitor(language), Vec::new(), Some(&problem), &text).expect("renders");
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let html = html(response).await;
            assert!(html.contains(">\n\nkept &#60;/textarea&#62;&#34;"), "{html}");
            assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
            assert_eq!(html.matches("aria-invalid=\"true\"").count(), 1, "{html}");
            let title = Texts::of(language).problems.unreadable.title;
            assert!(html.contains(&format!("<title>{title} – ")), "{html}");
            assert!(html.contains("lang=\"en\" dir=\"auto\">It says &#34;"), "{html}");
        }
    }

    #[tokio::test]
    async fn every_problem_has_its_status_and_words() {
        for (problem, status) in [
            (Problem::Empty, 422),
            (Problem::Link, 422),
            (Problem::NoCode, 422),
            (Problem::NoPicture, 422),
            (Problem::LargePicture, 413),
            (Problem::LargeText, 413),
            (Problem::Broken, 400),
        ] {
            let response = page(&visitor(Language::French), Vec::new(), Some(&problem), "").expect("renders");
            assert_eq!(response.status().as_u16(), status, "{problem:?}");
            let html = html(response).await;
            let field = if problem.is_of_picture() { "problem picture-text" } else { "problem paste-text" };
            assert!(html.contains(field), "{problem:?}: {html}");
        }
    }
}
