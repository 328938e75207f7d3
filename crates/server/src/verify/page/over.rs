//! The page that says why there is nothing.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::data::Trouble;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::on_behalf::ApiError;
use crate::web::html::{Needs, respond};
use crate::web::words::Titled;

#[derive(Template)]
#[template(path = "over.html")]
struct OverPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: &'a str,
    text: &'a str,
    done: bool,
    /// Whether it may be otherwise in a minute.
    reload: bool,
}

impl Trouble {
    const fn titled(self, texts: &'static Texts) -> &'static Titled {
        match self {
            Self::Unknown => &texts.unknown,
            Self::TooOften(_) => &texts.too_often,
            Self::Ours => &texts.trouble,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The page that says why there is nothing. A page that answers a form cannot be loaded anew.
pub(super) fn over(trouble: Trouble, visitor: &Visitor, answers_form: bool) -> Result<Response, ApiError> {
    let Visitor { texts, nonce, .. } = visitor;
    let Titled { title, text } = trouble.titled(texts);
    let reload = !answers_form && trouble != Trouble::Unknown;
    let page = OverPage { nonce, texts, title, text, done: false, reload };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    let needs = Needs { nonce, images_from: None, forms: false };
    let mut response = respond(trouble.status(), html, texts.language, needs)?;
    if let Trouble::TooOften(seconds) = trouble {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
