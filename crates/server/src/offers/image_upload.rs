//! `POST /credential-offers/image-upload` (seed 003).

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State as FromState};
use axum::http::StatusCode;
use issuance::ImageUpload;
use model::ImageKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::ImageBody;
use crate::app::State;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiError, ApiResult};
use crate::tenant_api::extract::Upload;
use crate::tenant_api::refusals::BodyRefusals;

/// The largest image, in bytes.
const LARGEST: usize = 5_242_880;

/// An image to be kept.
#[derive(ToSchema)]
#[schema(as = UploadImage)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct UploadForm {
    /// A JPEG, PNG or WebP image of at most 5,242,880 bytes.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// `cover_image`, which it is if nothing is said, or `claim_image`.
    #[schema(
        rename = "type",
        value_type = String,
        required = false,
        pattern = "^(cover_image|claim_image)$",
        example = "claim_image"
    )]
    kind: Option<String>,
}

/// An image that was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadedImage)]
pub(super) struct UploadResponse {
    #[serde(flatten)]
    image: ImageBody,
    /// `cover_image` or `claim_image`.
    #[serde(rename = "type")]
    #[schema(example = "cover_image")]
    kind: &'static str,
}

/// Upload an image
///
/// Its pixels are kept, and nothing else of the file: what it is is told by its content, metadata is dropped. A claim of type `image`
/// names it by its id.
#[utoipa::path(
    post,
    path = "/credential-offers/image-upload",
    operation_id = "uploadImage",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "The image.", body = UploadResponse), BodyRefusals)
)]
pub(super) async fn image_upload(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    form: Result<Multipart, MultipartRejection>,
) -> ApiResult<(StatusCode, Json<UploadResponse>)> {
    let upload = Upload::of(form, LARGEST).await?;
    let kind = match upload.text("type") {
        None => ImageKind::Cover,
        Some(word) => word
            .parse()
            .ok()
            .filter(|kind| *kind != ImageKind::Profile)
            .ok_or_else(|| ApiError::bad_request("type must be cover_image or claim_image."))?,
    };
    let (filename, bytes) =
        upload.image.ok_or_else(|| ApiError::bad_request("The form must have a file named image."))?;
    let image = state.engine.upload_image(&caller, ImageUpload { kind, filename, bytes }).await?;
    let kind = image.kind.as_str();
    let body = UploadResponse { image: ImageBody::new(&state.engine, image), kind };
    Ok((StatusCode::CREATED, Json(body)))
}
