//! `GET /credential-templates/correlation/{correlationId}`: what can be offered.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawPathParams, State as FromState};
use issuance::CredentialTemplate;
use model::Format;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::State;
use crate::tenant_api::auth::Reader;
use crate::tenant_api::error::{ApiResult, ErrorBody};
use crate::tenant_api::refusals::Refusals;

/// How a credential, or a claim, is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateDisplay)]
struct Display {
    name: String,
    locale: &'static str,
}

/// A claim of a credential.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateField)]
struct Field {
    /// `string`, `number`, `boolean`, `date` or `image`; `null` for what an offer cannot carry.
    #[schema(example = "string")]
    value_type: Option<&'static str>,
    /// Whether an offer must carry it.
    mandatory: bool,
    display: Vec<Display>,
}

/// What can be offered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialTemplate)]
struct Template {
    correlation_id: String,
    /// What an offer names as `credentialId`.
    credential_id: String,
    is_default_cover_image: bool,
    cover_image: Option<String>,
    display: Vec<Display>,
    /// The format that wallets of OpenID4VCI know it by.
    #[schema(example = "jwt_vc_json")]
    format: &'static str,
    /// The claims, in the order in which they are shown.
    field_order: Vec<String>,
    /// The claims by name.
    fields: BTreeMap<String, Field>,
}

/// What can be offered at a correlation id.
#[derive(Serialize, ToSchema)]
#[schema(as = CredentialTemplates)]
pub(super) struct Templates {
    credentials: Vec<Template>,
}

fn shown(name: &str) -> Vec<Display> {
    vec![Display { name: name.to_owned(), locale: "en" }]
}

impl Template {
    fn new(correlation_id: &str, template: CredentialTemplate) -> Self {
        let program = template.program;
        let fields = template.fields;
        // What the vendor's wallets know, if the program has it.
        let known = program.formats.contains(&Format::JwtVcJson);
        let format = if known { Format::JwtVcJson } else { program.formats[0] };
        Self {
            correlation_id: correlation_id.to_owned(),
            credential_id: program.id.to_string(),
            is_default_cover_image: true,
            cover_image: None,
            display: shown(&program.name),
            format: format.as_str(),
            field_order: fields.iter().map(|field| field.name.clone()).collect(),
            fields: fields
                .into_iter()
                .map(|field| {
                    let display = shown(field.title.as_deref().unwrap_or(&field.name));
                    let value_type = field.data_type.map(model::DataType::as_str);
                    (field.name, Field { value_type, mandatory: field.required, display })
                })
                .collect(),
        }
    }
}

/// What can be offered
///
/// The published credentials of an issuer, and the claims that an offer of each carries.
#[utoipa::path(
    get,
    path = "/credential-templates/correlation/{correlationId}",
    operation_id = "getCredentialTemplates",
    tag = "Credential templates",
    security(("apiKey" = [])),
    params(
        ("env" = String, Path, description = "The environment.", pattern = "^[0-9a-f]{16}$"),
        ("correlationId" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$"),
    ),
    responses(
        (status = 200, description = "The templates.", body = Templates),
        (status = 404, description = "Record not found", body = ErrorBody),
        Refusals,
    )
)]
pub(super) async fn credential_templates(
    FromState(state): FromState<State>,
    Reader(caller): Reader,
    path: RawPathParams,
) -> ApiResult<Json<Templates>> {
    // What has another form names nothing, and need not be looked for.
    let fits = |id: &&str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let id = path.iter().find(|(name, _)| *name == "correlationId").map(|(_, value)| value);
    let id = id.filter(fits).unwrap_or_default();
    let templates = state.engine.credential_templates(&caller, id).await?;
    let credentials = templates.into_iter().map(|template| Template::new(id, template)).collect();
    Ok(Json(Templates { credentials }))
}
