//! The page on which a wallet is asked, and which shows what it has answered.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use axum::response::Response;
use issuance::PresentationPage;
use model::PresentationState;

use super::TAG;
use super::data::{self, Trouble};
use super::document::Document;
use super::form::ask_path;
use super::mark::Mark;
use super::over::over;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;
use crate::web::card::Colors;
use crate::web::date::Moment;
use crate::web::events::Stage as _;
use crate::web::html::{Needs, respond};
use crate::web::qr;
use crate::web::words::Titled;

/// The code of the error of wallets whose owners did not want to (OpenID4VP 1.0, section 8.5).
const DECLINED: &str = "access_denied";

/// A request that can be answered.
#[derive(Template)]
#[template(path = "present.html")]
struct OpenPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: String,
    request: &'a PresentationPage,
    /// The same as `request.uri`, as a QR code for wallets on another device.
    qr: Option<String>,
    until: Moment,
    stage: StageText,
    /// All that may become of it while the page is open.
    stages: Vec<StageText>,
}

/// A state, and what there is to read of it.
struct StageText {
    word: &'static str,
    is_final: bool,
    titled: &'static Titled,
}

impl StageText {
    fn new(stage: PresentationState, texts: &'static Texts) -> Self {
        Self { word: stage.word(), is_final: stage.is_final(), titled: texts.present.stages.of(stage) }
    }
}

/// A request that has been answered, or no longer can be.
#[derive(Template)]
#[template(path = "present_over.html")]
struct OverPage<'a> {
    nonce: &'a str,
    texts: &'static Texts,
    title: String,
    request: &'a PresentationPage,
    mark: Mark,
    state: &'static Titled,
    /// Why it failed, in English.
    reason: Option<&'a str>,
    documents: Vec<Document>,
    /// Of cards.
    colors: Colors,
    /// Where the form leads that asks again, if anybody may.
    again: Option<String>,
}

const STAGES: [PresentationState; 5] = [
    PresentationState::Created,
    PresentationState::Sent,
    PresentationState::Verified,
    PresentationState::Failed,
    PresentationState::Expired,
];

fn open_page(request: &PresentationPage, visitor: &Visitor) -> Result<Response, ApiError> {
    let Visitor { texts, nonce, .. } = visitor;
    let page = OpenPage {
        nonce,
        texts,
        title: texts.present.heading.with(&request.organisation),
        qr: qr::svg(&request.uri),
        until: Moment::new(request.expires_at, texts.language),
        stage: StageText::new(request.state, texts),
        stages: STAGES.map(|stage| StageText::new(stage, texts)).into(),
        request,
    };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    respond(StatusCode::OK, html, texts.language, Needs { nonce, images_from: None, forms: false })
}

/// What came of it, in a mark and a few words.
fn conclusion(request: &PresentationPage, texts: &'static Texts) -> (Mark, &'static Titled) {
    let present = &texts.present;
    let declined = request.error.as_ref().is_some_and(|(code, _)| code == DECLINED);
    match (request.state, request.verdict) {
        (PresentationState::Verified, Some(true)) => (Mark::Good, &present.yes),
        (PresentationState::Verified, Some(false)) => (Mark::Bad, &present.no),
        (PresentationState::Failed, _) if declined => (Mark::Warn, &present.declined),
        (state, _) => (Mark::of_stage(state), present.stages.of(state)),
    }
}

fn over_page(
    request: &PresentationPage,
    names: &HashMap<String, String>,
    visitor: &Visitor,
) -> Result<Response, ApiError> {
    let Visitor { texts, nonce, .. } = visitor;
    let (mark, state) = conclusion(request, texts);
    let reason = request.error.as_ref().map(|(_, reason)| reason.as_str());
    let shown = request.shown.iter().enumerate();
    let page = OverPage {
        nonce,
        texts,
        title: format!("{} – {}", state.title, request.name),
        mark,
        state,
        reason: reason.filter(|reason| !reason.is_empty() && request.state == PresentationState::Failed),
        documents: shown.map(|(number, each)| Document::of_shown(number, each, names, texts)).collect(),
        colors: Colors::new(None, None),
        again: request.public.then(|| ask_path(&request.env_id, &request.definition_id)),
        request,
    };
    let html = page.render().map_err(|error| ApiError::internal(&error))?;
    respond(StatusCode::OK, html, texts.language, Needs { nonce, images_from: None, forms: true })
}

/// The page on which a wallet is asked for a presentation
///
/// Needs no key: whoever has the link may answer. It holds the request as a QR code and as a link, follows what becomes of it,
/// and then shows that. What was shown is on it only if it was asked for on the page of the verifier.
#[utoipa::path(
    get,
    path = "/present/{id}",
    operation_id = "getPresentPage",
    tag = TAG,
    params(("id" = String, Path, description = "The request.", format = Uuid)),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such request.", body = String, content_type = "text/html"),
        (status = 429, description = "Asked too often.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn present_page(
    FromState(state): FromState<State>,
    visitor: Visitor,
    id: Result<PathOf<String>, ApiError>,
) -> Result<Response, ApiError> {
    if let Some(seconds) = visitor.too_often {
        return over(Trouble::TooOften(seconds), &visitor, false);
    }
    let Ok(PathOf(id)) = id else { return over(Trouble::Unknown, &visitor, false) };
    match data::presentation(&state, &id).await {
        Ok(request) if request.state.is_final() => {
            let types = request.shown.iter().flat_map(|shown| &shown.types).map(String::as_str);
            let names = data::type_names(&state, &types.collect::<Vec<_>>()).await;
            over_page(&request, &names, &visitor)
        }
        Ok(request) => open_page(&request, &visitor),
        Err(trouble) => over(trouble, &visitor, false),
    }
}

#[cfg(test)]
mod tests {
    use issuance::ShownCredential;
    use serde_json::json;
    use verify::{Aspect, Outcome, State as DocumentState};

    use super::super::sample::{self, html, visitor};
    use super::*;
    use crate::web::language::Language;

    async fn over(request: &PresentationPage, language: Language) -> String {
        html(over_page(request, &HashMap::new(), &visitor(language)).expect("renders")).await
    }

    #[tokio::test]
    async fn an_open_request_says_who_asks_and_why() {
        for language in Language::ALL {
            for state in [PresentationState::Created, PresentationState::Sent] {
                let request = sample::request(state);
                let html = html(open_page(&request, &visitor(language)).expect("renders")).await;
                let present = &Texts::of(language).present;
                assert!(html.contains(&format!("{}<bdi>ACME", present.heading.before)), "{html}");
                assert!(html.contains("<bdi>To open the door &#34;"), "{html}");
                assert!(html.contains(&format!("data-state=\"{}\"", state.as_str())), "{html}");
                assert!(html.contains(present.stages.of(state).title), "{html}");
                assert!(html.contains("href=\"openid4vp://?client_id=x&#38;request_uri="), "{html}");
                assert!(html.contains("<svg viewBox"), "{html}");
                assert_eq!(html.matches(" data-reload>").count(), 3, "the final states");
            }
        }
    }

    #[tokio::test]
    async fn a_request_that_is_too_long_for_a_code_has_its_button() {
        let mut request = sample::request(PresentationState::Created);
        request.uri = format!("openid4vp://?dcql_query={}", "x".repeat(4_000));
        let html = html(open_page(&request, &visitor(Language::English)).expect("renders")).await;
        assert!(
            html.contains(Texts::of(Language::English).present.no_qr) && html.contains(&request.uri),
            "{html}"
        );
    }

    #[tokio::test]
    async fn what_came_of_it_is_told_in_words() {
        for language in Language::ALL {
            let present = &Texts::of(language).present;
            for (state, verdict, code, expected) in [
                (PresentationState::Verified, None, None, &present.stages.verified),
                (PresentationState::Verified, Some(true), None, &present.yes),
                (PresentationState::Verified, Some(false), None, &present.no),
                (PresentationState::Failed, None, Some("invalid_request"), &present.stages.failed),
                (PresentationState::Failed, None, Some("access_denied"), &present.declined),
                (PresentationState::Expired, None, None, &present.stages.expired),
            ] {
                let mut request = sample::request(state);
                request.verdict = verdict;
                request.error =
                    code.map(|code: &str| (code.to_owned(), "The <b>nonce</b> is another.".to_owned()));
                let html = over(&request, language).await;
                assert!(
                    html.contains(&format!("<h1>{}</h1>\n<p>{}</p>", expected.title, expected.text)),
                    "{html}"
                );
                assert_eq!(html.contains("The &#60;b&#62;nonce"), code.is_some(), "{html}");
                assert!(html.contains("action=\"../verify/ask/0123456789abcdef/membership\""), "{html}");
                assert!(!html.contains("EventSource"), "nothing to follow");
            }
        }
    }

    #[tokio::test]
    async fn what_a_tenant_asked_is_not_asked_again_by_others() {
        for (state, told) in [(PresentationState::Expired, true), (PresentationState::Verified, false)] {
            let mut request = sample::request(state);
            request.public = false;
            let html = over(&request, Language::English).await;
            assert!(!html.contains("<form"), "{html}");
            assert_eq!(html.contains(Texts::of(Language::English).present.new_request), told, "{html}");
        }
    }

    #[tokio::test]
    async fn what_was_shown_is_there_where_the_engine_hands_it_out() {
        let mut request = sample::request(PresentationState::Verified);
        request.shown = vec![ShownCredential {
            id: "card".to_owned(),
            format: "dc+sd-jwt".to_owned(),
            issuer: "did:web:issuer.example".to_owned(),
            types: vec!["https://issuer.example/types/membership".to_owned()],
            state: DocumentState::Valid,
            checks: vec![sample::check(Aspect::Signature, Outcome::Passed)],
            claims: vec![(json!(["address", "zip"]), json!("50667"))],
        }];
        let html = over(&request, Language::English).await;
        for expected in [
            "<article class=\"card good\"",
            "<bdi>issuer.example</bdi>",
            "<th scope=\"row\"><bdi>address</bdi> › <bdi>zip</bdi></th>",
            "<bdi>50667</bdi>",
            "<strong>Signature</strong>: passed",
        ] {
            assert!(html.contains(expected), "{expected}: {html}");
        }
    }
}
