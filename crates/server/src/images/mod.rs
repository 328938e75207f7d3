//! Uploaded images, served to whoever knows their id: `keyUrl` (seed 003).

use axum::extract::State as FromState;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::ImageId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::State;
use crate::on_behalf::ApiError;
use crate::path::PathOf;

pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(image))
}

/// An uploaded image
///
/// What `keyUrl` leads to: logos and images of claims. The id is random, and whoever knows it may see the image.
#[utoipa::path(
    get,
    path = "/images/{id}",
    operation_id = "getImage",
    tag = "Images",
    params(("id" = String, Path, description = "The image's id.", pattern = "^[0-9a-f-]{36}$")),
    responses(
        (
            status = 200,
            description = "The image. It never changes.",
            content(("image/jpeg"), ("image/png"), ("image/webp"))
        ),
        (status = 404, description = "No such image."),
    )
)]
async fn image(FromState(state): FromState<State>, PathOf(id): PathOf<String>) -> Result<Response, ApiError> {
    let found = state.engine.image(&ImageId::from(id)).await?;
    let (image, bytes) = found.ok_or_else(|| ApiError::not_found("No such image."))?;
    let media_type = HeaderValue::from_str(&image.media_type).map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, bytes).into_response())
}
