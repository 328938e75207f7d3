//! `GET /credential-offers` (seed 003): offers, filtered and sorted, a page at a time.

use axum::Json;
use axum::extract::{RawQuery, State as FromState};
use serde_json::{Value, json};
use store::OFFERS;

use super::address;
use super::body::{OfferBody, ShortProfileBody};
use crate::app::State;
use crate::paginate::{ListQuery, Page};
use crate::tenant_api::auth::Reader;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::list_parameters;
use crate::tenant_api::refusals::Refusals;

list_parameters!(OfferParameters: OFFERS);

/// Find credential offers
///
/// Lists offers. A filter that cannot be applied is refused: an answer never holds more than was asked for. Filters are remembered in
/// the history of searches.
#[utoipa::path(
    get,
    path = "/credential-offers",
    operation_id = "listCredentialOffers",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(OfferParameters),
    responses(
        (status = 200, description = "A page of offers.", body = Page<OfferBody<ShortProfileBody>>),
        (status = 400, description = "A filter cannot be applied.", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn list(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<Page<OfferBody<ShortProfileBody>>>> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default(), &OFFERS)?;
    let base = address(&state, &caller.tenant.env_id, "credential-offers");
    let search = search_of(&query, &base).map(|search| search.to_string());
    let (offers, total) = state.engine.list_offers(&caller, &query.request, search).await?;
    Ok(Json(query.answer(offers.into_iter().map(OfferBody::from).collect(), total, &base)))
}

/// What the history of searches remembers: a request with a filter, in the form of seed 003, `searchQuery`.
fn search_of(query: &ListQuery, base: &str) -> Option<Value> {
    if query.request.filters.is_empty() {
        return None;
    }
    let sort_by: Vec<String> =
        query.sort_by().iter().map(|[column, way]| format!("{column}:{way}")).collect();
    let mut search = json!({
        "filter": query.filters,
        "sortBy": sort_by,
        "page": query.request.page,
        "limit": query.request.limit,
        "path": base,
    });
    if let Some(words) = &query.search {
        search["search"] = json!(words);
    }
    Some(search)
}
