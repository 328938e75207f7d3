//! `GET /credential-offers/search-history` (seed 003): who searched for what.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::{SEARCHES, SearchRow};
use utoipa::ToSchema;

use super::address;
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::Reader;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::Refusals;

list_parameters!(SearchParameters: SEARCHES);

/// A search.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Search)]
pub(super) struct SearchBody {
    #[schema(format = Uuid)]
    id: String,
    created_by: String,
    updated_by: String,
    deleted_by: Option<String>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
    /// What was asked for: `filter`, `sortBy`, `page`, `limit`, `path`.
    #[schema(value_type = Object)]
    search_query: Value,
    /// How many offers were found.
    records_found: i64,
}

impl TryFrom<SearchRow> for SearchBody {
    type Error = ApiError;

    fn try_from(row: SearchRow) -> ApiResult<Self> {
        let at = Timestamp(row.created_at).rfc3339_millis();
        Ok(Self {
            search_query: serde_json::from_str(&row.search_query)
                .map_err(|error| ApiError::internal(&format_args!("search {}: {error}", row.id)))?,
            id: row.id,
            updated_by: row.created_by.clone(),
            created_by: row.created_by,
            deleted_by: None,
            created_at: at.clone(),
            updated_at: at,
            deleted_at: None,
            records_found: row.records_found,
        })
    }
}

/// Who searched for what
///
/// Searches among offers by filters, kept for 90 days. An Issuer_User sees its own.
#[utoipa::path(
    get,
    path = "/credential-offers/search-history",
    operation_id = "getSearchHistory",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(SearchParameters),
    responses(
        (status = 200, description = "A page of searches.", body = Page<SearchBody>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn search_history(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<SearchBody>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &SEARCHES)?;
    let (rows, total) = state.engine.list_searches(&caller, &query.request).await?;
    let rows = rows.into_iter().map(SearchBody::try_from).collect::<ApiResult<_>>()?;
    let base = address(&state, &caller.tenant.env_id, "credential-offers/search-history");
    Ok(Json(query.answer(rows, total, &base)))
}
