//! `/organisation-profiles`: the names and logos that people see.

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, RawQuery, State as FromState};
use axum::http::StatusCode;
use issuance::NewProfile;
use model::ProfileId;
use store::PROFILES;
use utoipa::ToSchema;

use super::address;
use super::body::ProfileBody;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::{Admin, Reader};
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::{Id, Upload};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::{BodyRefusals, Refusals};

list_parameters!(ProfileParameters: PROFILES);

/// The largest logo, in bytes.
const LARGEST: usize = 2_097_152;

/// An organisation profile to be.
#[derive(ToSchema)]
#[schema(as = CreateOrganisationProfile, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct ProfileForm {
    /// The organisation's name: 1 to 64 characters, not all of them blank, and no control characters.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// `true` makes it the default, which serves where none is named. The first one is in any case.
    #[schema(value_type = String, required = false, pattern = "^(true|false)$")]
    is_default: Option<String>,
    /// The logo: a JPEG, PNG or WebP image of at most 2,097,152 bytes.
    #[schema(value_type = String, required = false, format = Binary)]
    image: Option<Vec<u8>>,
}

/// Make an organisation profile
#[utoipa::path(
    post,
    path = "/organisation-profiles",
    operation_id = "createOrganisationProfile",
    tag = "Organisation profiles",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body(content = ProfileForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "The profile.", body = ProfileBody), BodyRefusals)
)]
pub(super) async fn create(
    FromState(state): FromState<State>,
    Admin(caller): Admin,
    form: Result<Multipart, MultipartRejection>,
) -> ApiResult<(StatusCode, Json<ProfileBody>)> {
    let upload = Upload::of(form, LARGEST).await?;
    let name = upload.text("name").ok_or_else(|| ApiError::bad_request("name is required."))?.to_owned();
    let is_default = match upload.text("isDefault") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::bad_request("isDefault must be true or false.")),
    };
    let new = NewProfile { name, is_default, image: upload.image };
    let profile = state.engine.create_profile(&caller, new).await?;
    let body = ProfileBody::new(&state.engine, &caller.tenant.env_id, profile);
    Ok((StatusCode::CREATED, Json(body)))
}

/// Find organisation profiles
#[utoipa::path(
    get,
    path = "/organisation-profiles",
    operation_id = "listOrganisationProfiles",
    tag = "Organisation profiles",
    security(("apiKey" = [])),
    params(ProfileParameters),
    responses(
        (status = 200, description = "A page of profiles.", body = Page<ProfileBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<ProfileBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &PROFILES)?;
    let (rows, total) = state.engine.list_profiles(&caller, &query.request).await?;
    let env_id = &caller.tenant.env_id;
    let rows = rows.into_iter().map(|profile| ProfileBody::new(&state.engine, env_id, profile)).collect();
    Ok(Json(query.answer(rows, total, &address(&state, env_id, "organisation-profiles"))))
}

/// One organisation profile
#[utoipa::path(
    get,
    path = "/organisation-profiles/{id}",
    operation_id = "getOrganisationProfile",
    tag = "Organisation profiles",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("id" = String, Path, description = "The profile.", format = Uuid),
    ),
    responses(
        (status = 200, description = "The profile.", body = ProfileBody),
        (status = 400, description = "The id is no UUID.", body = ErrorBody),
        (status = 404, description = "Record not found", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn get(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    Id(id): Id,
) -> ApiResult<Json<ProfileBody>> {
    let profile = state.engine.profile(&caller, &ProfileId::from(id)).await?;
    Ok(Json(ProfileBody::new(&state.engine, &caller.tenant.env_id, profile)))
}
