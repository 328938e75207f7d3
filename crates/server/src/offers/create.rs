//! `POST /credential-offers` (seed 003): offers in bulk.

use axum::extract::State as FromState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use issuance::{Caller, ClaimInput, CreateOffers, CreatedOffers, OfferError, OfferItem};
use model::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use super::body::{OfferBody, ProfileBody, ShortProfileBody};
use crate::app::State;
use crate::body::idempotency_key;
use crate::tenant_api::auth::Writer;
use crate::tenant_api::error::{ApiError, ApiResult, ErrorBody};
use crate::tenant_api::extract::{BulkBody, optional_text, optional_uuid, required_text};
use crate::tenant_api::refusals::BodyRefusals;

/// How many offers a request may make.
const MOST: usize = 1_000;
/// The largest body, in bytes.
const LARGEST: usize = 5 * 1_024 * 1_024;
/// The longest `referenceId`, in characters.
const LONGEST_REFERENCE: usize = 255;

/// A claim of an offer to be.
#[derive(ToSchema)]
#[schema(as = NewCredentialOfferClaim, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
struct ClaimRequest {
    /// `string`, `number`, `boolean`, `date` or `image`: that of the credential's claim, and so may be left out.
    #[schema(example = "string")]
    data_type: Option<String>,
    /// The claim's name.
    #[schema(example = "fullName")]
    claim_name: String,
    /// Its value: a text, a number or a boolean. An image is named by the id that image-upload answered.
    #[schema(schema_with = claim_value)]
    claim_value: Value,
}

fn claim_value() -> Schema {
    let types = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]);
    let description = "Its value. An image is named by the id that image-upload answered.";
    let value = ObjectBuilder::new().schema_type(types).description(Some(description)).examples(["John Doe"]);
    Schema::Object(value.build())
}

/// An offer to be.
#[derive(ToSchema)]
#[schema(as = NewCredentialOffer, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
struct OfferRequest {
    /// The person's address. Without one, the offer cannot be shared by mail.
    #[schema(example = "example@example.com")]
    email: Option<String>,
    /// What is offered.
    #[schema(example = "exampleCredential")]
    credential_id: String,
    /// The caller's own id for it, up to 255 characters.
    #[schema(example = "439c355a-9d79-4ab6-88cd-d4a44edbb08c")]
    reference_id: Option<String>,
    /// The claims, at most 100.
    claims: Vec<ClaimRequest>,
    /// When the credential expires (RFC 3339); it cannot be claimed from then on.
    #[schema(example = "2035-06-20T06:44:22.629Z")]
    expiration_date: Option<String>,
}

/// Offers to be.
#[derive(ToSchema)]
#[schema(as = CreateCredentialOffers, rename_all = "camelCase")]
#[expect(dead_code, reason = "the OpenAPI document reads its shape")]
pub(super) struct CreateRequest {
    /// The issuer.
    #[schema(min_length = 1, example = "nchain")]
    correlation_id: String,
    /// The organisation profile shown to the people; the default one if absent.
    #[schema(format = Uuid)]
    organisation_profile_id: Option<String>,
    /// 1 to 1,000 offers.
    #[schema(min_items = 1, max_items = 1_000)]
    credential_offers: Vec<OfferRequest>,
    /// The collection that the offers are put into.
    #[schema(format = Uuid)]
    credential_offer_collection_id: Option<String>,
}

/// An item that became no offer: as it was sent, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailedCredentialOffer)]
struct FailedBody {
    /// The item's members, as they were sent.
    #[serde(flatten)]
    #[schema(inline, value_type = Object)]
    item: Map<String, Value>,
    correlation_id: String,
    organisation_profile_id: String,
    /// What is wrong, and what to do.
    error: String,
    /// What is wrong, for programs.
    #[schema(example = "claim_missing")]
    error_code: &'static str,
    /// The item's place in the request, from 0.
    index: usize,
}

/// What became of the request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedCredentialOffers)]
pub(super) struct CreateResponse {
    organisation_profile: ProfileBody,
    /// The offers, in the order of the request.
    credential_offers: Vec<OfferBody<ShortProfileBody>>,
    /// The items that became none, in the order of the request.
    failed_credential_offers: Vec<FailedBody>,
}

/// Make credential offers
///
/// Makes offers in bulk. What is good is stored, all of it in one transaction; what is not comes back in
/// `failedCredentialOffers` as it was sent, with the reason. A fault of the request as a whole refuses all of it.
#[utoipa::path(
    post,
    path = "/credential-offers",
    operation_id = "createCredentialOffers",
    tag = "Credential offers",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "Up to 255 visible characters; a retry with the same key and body gets the first answer. Kept 24 hours.", pattern = "^[!-~]{1,255}$"),
    ),
    request_body = CreateRequest,
    responses(
        (status = 201, description = "Done, as far as it could be.", body = CreateResponse),
        (status = 404, description = "Record not found: the issuer, the profile or the collection.", body = ErrorBody),
        (status = 409, description = "The Idempotency-Key was used for another request.", body = ErrorBody),
        BodyRefusals,
    )
)]
pub(super) async fn create(
    FromState(state): FromState<State>,
    Writer(caller): Writer,
    headers: HeaderMap,
    body: BulkBody<LARGEST>,
) -> ApiResult<Response> {
    let key = idempotency_key(&headers).map_err(ApiError::bad_request)?.map(str::to_owned);
    let (request, items) = parse(body, key).map_err(ApiError::bad_request)?;
    if request.items.len() > MOST {
        let message = format!("credentialOffers holds at most {MOST} items: send several requests.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_items", message));
    }
    let render = |created: &CreatedOffers| render(&state, &caller, &request.correlation_id, &items, created);
    let answer = state.engine.create_offers(&caller, &request, render).await?;
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// The request, and its items as they were sent.
fn parse(body: BulkBody<LARGEST>, key: Option<String>) -> Result<(CreateOffers, Vec<Value>), String> {
    let BulkBody { mut members, bytes } = body;
    let correlation_id = required_text(&mut members, "correlationId")?;
    let profile = optional_uuid(&mut members, "organisationProfileId")?;
    let collection = optional_uuid(&mut members, "credentialOfferCollectionId")?;
    let items = match members.remove("credentialOffers") {
        Some(Value::Array(items)) if !items.is_empty() => items,
        _ => return Err("credentialOffers is required, and must be a list of at least one offer.".to_owned()),
    };
    let request = CreateOffers {
        correlation_id,
        profile,
        collection,
        items: items.iter().map(|item| parse_item(item).map_err(OfferError::Invalid)).collect(),
        idempotency: key.map(|key| (key, bytes.to_vec())),
    };
    Ok((request, items))
}

fn parse_item(item: &Value) -> Result<OfferItem, String> {
    let Value::Object(members) = item else { return Err("An offer must be an object.".to_owned()) };
    let mut members = members.clone();
    let reference_id = optional_text(&mut members, "referenceId")?;
    if reference_id.as_ref().is_some_and(|id| id.chars().count() > LONGEST_REFERENCE) {
        return Err(format!("referenceId is longer than {LONGEST_REFERENCE} characters."));
    }
    let expires_at = match optional_text(&mut members, "expirationDate")? {
        Some(text) => Some(
            Timestamp::parse_rfc3339(&text)
                .ok_or("expirationDate must be a moment such as 2035-06-20T06:44:22.629Z.")?,
        ),
        None => None,
    };
    let claims = match members.remove("claims") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(claims)) => claims.into_iter().map(parse_claim).collect::<Result<_, _>>()?,
        Some(_) => return Err("claims must be a list.".to_owned()),
    };
    Ok(OfferItem {
        email: optional_text(&mut members, "email")?.filter(|email| !email.is_empty()),
        credential_id: required_text(&mut members, "credentialId")?,
        reference_id,
        claims,
        expires_at,
    })
}

fn parse_claim(claim: Value) -> Result<ClaimInput, String> {
    let Value::Object(mut members) = claim else { return Err("A claim must be an object.".to_owned()) };
    Ok(ClaimInput {
        data_type: optional_text(&mut members, "dataType")?,
        name: required_text(&mut members, "claimName")?,
        value: members.remove("claimValue").ok_or("claimValue is required.")?,
    })
}

fn render(
    state: &State,
    caller: &Caller,
    correlation_id: &str,
    items: &[Value],
    created: &CreatedOffers,
) -> String {
    let failed = created.failed.iter().map(|failed| FailedBody {
        item: as_sent(&items[failed.index]),
        correlation_id: correlation_id.to_owned(),
        organisation_profile_id: created.profile.id.to_string(),
        error: failed.error.to_string(),
        error_code: failed.error.code(),
        index: failed.index,
    });
    let response = CreateResponse {
        organisation_profile: ProfileBody::new(&state.engine, &caller.tenant.env_id, created.profile.clone()),
        credential_offers: created.offers.iter().cloned().map(OfferBody::from).collect(),
        failed_credential_offers: failed.collect(),
    };
    serde_json::to_string(&response).expect("an answer holds nothing that JSON cannot")
}

/// The members of an item that our own do not replace. What is no object is shown under a name of its own.
fn as_sent(item: &Value) -> Map<String, Value> {
    const OURS: [&str; 5] = ["correlationId", "organisationProfileId", "error", "errorCode", "index"];
    match item {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !OURS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        other => Map::from_iter([("item".to_owned(), other.clone())]),
    }
}
