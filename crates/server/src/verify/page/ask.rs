//! Asking a wallet by a public template.

use axum::extract::State as FromState;
use axum::response::{IntoResponse, Redirect, Response};

use super::TAG;
use super::data::{self, Trouble};
use super::over::over;
use super::visitor::Visitor;
use crate::app::State;
use crate::observe::RequestOrigin;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

/// Ask a wallet by a public template
///
/// The button of a template on the page of the verifier. It leads to the page that shows the request.
#[utoipa::path(
    post,
    path = "/verify/ask/{env}/{definitionId}",
    operation_id = "askPublicly",
    tag = TAG,
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("definitionId" = String, Path, description = "The template.", pattern = "^[A-Za-z0-9_-]{1,64}$"),
    ),
    responses(
        (status = 303, description = "The request was made: `Location` is its page."),
        (status = 404, description = "There is no such template.", body = String, content_type = "text/html"),
        (status = 429, description = "Asked too often.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn ask(
    FromState(state): FromState<State>,
    visitor: Visitor,
    RequestOrigin(origin): RequestOrigin,
    path: Result<PathOf<(String, String)>, ApiError>,
) -> Result<Response, ApiError> {
    if let Some(seconds) = visitor.too_often {
        return over(Trouble::TooOften(seconds), &visitor, true);
    }
    let Ok(PathOf((env_id, definition_id))) = path else { return over(Trouble::Unknown, &visitor, true) };
    match data::ask(&state, &env_id, &definition_id, origin).await {
        // Relative, for servers that are reached below a path.
        Ok(id) => Ok(Redirect::to(&format!("../../../present/{id}")).into_response()),
        Err(trouble) => over(trouble, &visitor, true),
    }
}
