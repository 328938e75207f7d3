//! The icon of the pages: a browser that is told of none asks for one that is not there.

use axum::http::header;
use axum::response::IntoResponse;

const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="12" fill="#1d4fd7"/>"##,
    r##"<path d="M7 12.5l3.5 3.5 6.5-7.5" fill="none" stroke="#fff" stroke-width="2.5"/></svg>"##,
);

/// `GET /verify/icon.svg`
pub(super) async fn icon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (headers, ICON)
}
