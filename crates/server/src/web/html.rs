//! Pages as answers, with the headers that belong to them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::language::Language;
use crate::on_behalf::ApiError;

/// What a page may do: nothing that it does not need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs<'a> {
    /// Lets the page's own style and script through.
    pub(crate) nonce: &'a str,
    /// Where pictures come from, beside ourselves.
    pub(crate) images_from: Option<&'a str>,
    /// Whether it has forms, which lead to ourselves.
    pub(crate) forms: bool,
}

impl Needs<'_> {
    /// The content security policy.
    fn policy(&self) -> String {
        let Self { nonce, images_from, forms } = self;
        let images = images_from.map(|origin| format!(" {origin}")).unwrap_or_default();
        let forms = if *forms { "'self'" } else { "'none'" };
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'{images}; \
             connect-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
        )
    }
}

/// The page as an answer, for nobody to keep.
pub(crate) fn respond(
    status: StatusCode,
    html: String,
    language: Language,
    needs: Needs<'_>,
) -> Result<Response, ApiError> {
    let policy = HeaderValue::from_str(&needs.policy());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag())),
        (header::VARY, HeaderValue::from_static("accept-language")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, policy.map_err(|error| ApiError::internal(&error))?),
    ];
    Ok((status, headers, html).into_response())
}
