//! What tests of the pages share.

use axum::http::header;
use axum::response::Response;
use http_body_util::BodyExt;
use issuance::PresentationPage;
use model::{PresentationState, Timestamp};
use serde_json::json;
use verify::{Aspect, Check, Kind, Outcome, Report, State};

use super::texts::Texts;
use super::visitor::Visitor;
use crate::web::language::Language;

/// Markup that must not become any.
pub(super) const HOSTILE: &str = "\"><script>alert(1)</script></title>";

pub(super) fn visitor(language: Language) -> Visitor {
    Visitor { texts: Texts::of(language), nonce: "0123".to_owned(), too_often: None }
}

/// A page without its style, once it is sure that it obeys the policy.
pub(super) async fn html(response: Response) -> String {
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("ASCII");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'nonce-0123'; style-src 'nonce-0123';"),
        "{policy}"
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body = response.into_body().collect().await.expect("a body");
    let html = String::from_utf8(body.to_bytes().into()).expect("UTF-8");
    let (head, rest) = html.split_once("<style nonce=\"0123\">").expect("a style");
    let (_, rest) = rest.split_once("</style>").expect("an end of the style");
    let html = format!("{head}{rest}");
    assert!(!html.contains("<script>"), "{html}");
    for inline in [" style=", " onclick=", " onload=", "src=\"http"] {
        assert!(!html.contains(inline), "{inline}: {html}");
    }
    html
}

pub(super) fn check(check: Aspect, result: Outcome) -> Check {
    Check { check, result, reason: format!("Because of {check:?} & co.") }
}

/// A credential whose issuer is certain.
pub(super) fn report(state: State) -> Report {
    let mut report = Report::default();
    let claims = json!({"name": HOSTILE, "address": {"zip": "50667"}, "member": true});
    (report.state, report.valid) = (state, state == State::Valid);
    report.kind = Some(Kind::Credential);
    report.format = Some("dc+sd-jwt");
    report.issuer = Some("https://issuer.example/acme".to_owned());
    report.types = vec!["https://issuer.example/types/membership".to_owned()];
    report.issued_at = Some("2026-03-01T14:30:00Z".to_owned());
    report.expires_at = Some("2027-03-01T14:30:00Z".to_owned());
    report.claims = claims.as_object().expect("an object").clone();
    report.checks = vec![
        check(Aspect::Format, Outcome::Passed),
        check(Aspect::Key, Outcome::Passed),
        check(Aspect::Signature, Outcome::Passed),
        check(Aspect::Status, Outcome::Failed),
        check(Aspect::Schema, Outcome::NotApplicable),
        check(Aspect::Log, Outcome::Indeterminate),
    ];
    report
}

pub(super) fn request(state: PresentationState) -> PresentationPage {
    PresentationPage {
        organisation: format!("ACME {HOSTILE}"),
        env_id: "0123456789abcdef".to_owned(),
        definition_id: "membership".to_owned(),
        public: true,
        name: format!("Membership {HOSTILE}"),
        purpose: Some(format!("To open the door {HOSTILE}")),
        uri: "openid4vp://?client_id=x&request_uri=https%3A%2F%2Fverifier.example".to_owned(),
        state,
        expires_at: Timestamp::parse_rfc3339("2027-03-01T14:30:00Z").expect("a moment"),
        verdict: None,
        error: None,
        shown: Vec::new(),
    }
}
