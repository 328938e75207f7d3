//! `/credential-offer-collections`: named sets of offers.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use axum::http::StatusCode;
use store::COLLECTIONS;
use utoipa::ToSchema;

use super::address;
use super::body::CollectionBody;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::{Reader, Writer};
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::{JsonBody, required_text};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::{BodyRefusals, Refusals};

list_parameters!(CollectionParameters: COLLECTIONS);

/// A collection to be.
#[derive(ToSchema)]
#[schema(as = CreateCredentialOfferCollection)]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct CollectionRequest {
    /// 1 to 50 characters, not all of them blank, and no control characters.
    #[schema(
        min_length = 1,
        max_length = 50,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
}

/// Make a collection
#[utoipa::path(
    post,
    path = "/credential-offer-collections",
    operation_id = "createCredentialOfferCollection",
    tag = "Collections",
    security(("apiKey" = [])),
    params(("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$")),
    request_body = CollectionRequest,
    responses((status = 201, description = "The collection.", body = CollectionBody), BodyRefusals)
)]
pub(super) async fn create(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    JsonBody(mut members): JsonBody,
) -> ApiResult<(StatusCode, Json<CollectionBody>)> {
    let name = required_text(&mut members, "name").map_err(ApiError::bad_request)?;
    let collection = state.engine.create_collection(&caller, name).await?;
    Ok((StatusCode::CREATED, Json(collection.into())))
}

/// Find collections
#[utoipa::path(
    get,
    path = "/credential-offer-collections",
    operation_id = "listCredentialOfferCollections",
    tag = "Collections",
    security(("apiKey" = [])),
    params(CollectionParameters),
    responses(
        (status = 200, description = "A page of collections.", body = Page<CollectionBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<CollectionBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &COLLECTIONS)?;
    let (rows, total) = state.engine.list_collections(&caller, &query.request).await?;
    let base = address(&state, &caller.tenant.env_id, "credential-offer-collections");
    Ok(Json(query.answer(rows.into_iter().map(CollectionBody::from).collect(), total, &base)))
}
