//! Credential issuer metadata (OpenID4VCI 1.0, section 12.2), made from the published programs.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use issuance::{BATCH_SIZE, ClaimName, IssuedConfiguration, WalletIssuer};
use jose::jwe::{COMPRESSION, ContentEncryption, KEY_AGREEMENT};
use model::Format;
use serde_json::{Map, Value, json};

use super::error::WalletRefusal;
use super::slug::Slug;
use crate::app::State;

/// The format of SD-JWT VCs before draft 15.
const OLD_SD_JWT: &str = "vc+sd-jwt";

/// How a credential looks, one entry a language.
fn display(configuration: &IssuedConfiguration) -> Value {
    let cards = &configuration.policy.look.display;
    if cards.is_empty() { json!([{ "name": configuration.name }]) } else { json!(cards) }
}

/// A claim's names, one entry a language.
fn names(claim: &ClaimName) -> Vec<Value> {
    let titles = claim.titles.iter().map(|(locale, name)| json!({ "name": name, "locale": locale }));
    let plain = claim.title.iter().map(|title| json!({ "name": title }));
    plain.chain(titles).collect()
}

/// Where a format keeps a claim (appendix C).
fn path(format: Format, claim: &ClaimName) -> Value {
    match format {
        Format::DcSdJwt => json!([claim.name]),
        Format::JwtVcJson => json!(["credentialSubject", claim.name]),
    }
}

fn claims(configuration: &IssuedConfiguration) -> Vec<Value> {
    let described = configuration.claims.iter().map(|claim| {
        let mut description =
            json!({ "path": path(configuration.format, claim), "mandatory": claim.required });
        let names = names(claim);
        if !names.is_empty() {
            description["display"] = names.into();
        }
        description
    });
    described.collect()
}

fn algorithms(configuration: &IssuedConfiguration) -> Vec<&'static str> {
    configuration.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
}

/// One entry of `credential_configurations_supported` (section 12.2.4). `display` beside `credential_metadata` is for wallets of
/// drafts 13 to 15, which look there.
fn configuration(issuer: &WalletIssuer, configuration: &IssuedConfiguration) -> Value {
    let display = display(configuration);
    let mut entry = json!({
        "format": configuration.format.as_str(),
        "cryptographic_binding_methods_supported": ["jwk", "did:jwk", "did:key"],
        "credential_signing_alg_values_supported": [issuer.signing_algorithm],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": algorithms(configuration) } },
        "display": display,
        "credential_metadata": { "display": display, "claims": claims(configuration) },
    });
    match configuration.format {
        Format::DcSdJwt => entry["vct"] = configuration.vct.as_str().into(),
        Format::JwtVcJson => entry["credential_definition"] = json!({ "type": types(configuration) }),
    }
    entry
}

fn types(configuration: &IssuedConfiguration) -> [&str; 2] {
    ["VerifiableCredential", &configuration.type_name]
}

/// The same for draft 11, which calls the address of a logo `url`.
fn old_display(configuration: &IssuedConfiguration) -> Value {
    let mut display = display(configuration);
    for card in display.as_array_mut().into_iter().flatten() {
        if let Some(logo) = card.get_mut("logo") {
            logo["url"] = logo["uri"].clone();
        }
    }
    display
}

/// One entry of `credentials_supported` (draft 11, section 10.2.3.1).
fn old_configuration(configuration: &IssuedConfiguration) -> Value {
    let subject: Map<String, Value> = configuration
        .claims
        .iter()
        .map(|claim| {
            let member = json!({ "mandatory": claim.required, "display": names(claim) });
            (claim.name.clone(), member)
        })
        .collect();
    let mut entry = json!({
        "id": configuration.id,
        "cryptographic_binding_methods_supported": ["jwk", "did:jwk", "did:key"],
        "cryptographic_suites_supported": algorithms(configuration),
        "display": old_display(configuration),
    });
    match configuration.format {
        Format::DcSdJwt => {
            entry["format"] = OLD_SD_JWT.into();
            entry["vct"] = configuration.vct.as_str().into();
            entry["claims"] = subject.into();
        }
        Format::JwtVcJson => {
            entry["format"] = configuration.format.as_str().into();
            entry["types"] = json!(types(configuration));
            entry["credentialSubject"] = subject.into();
        }
    }
    entry
}

/// The document.
fn document(state: &State, issuer: &WalletIssuer) -> Map<String, Value> {
    let at = |endpoint: &str| format!("{}/{endpoint}", issuer.url);
    let encryptions = ContentEncryption::ALL.map(ContentEncryption::as_str);
    let supported: Map<String, Value> =
        issuer.configurations.iter().map(|entry| (entry.id.clone(), configuration(issuer, entry))).collect();
    let mut display = json!({ "name": issuer.name });
    if let Some(logo) = &issuer.logo {
        display["logo"] = json!({ "uri": state.engine.image_url(logo.id.as_str()) });
    }
    let document = json!({
        "credential_issuer": issuer.url,
        "credential_endpoint": at("credential"),
        "nonce_endpoint": at("nonce"),
        "deferred_credential_endpoint": at("deferred-credential"),
        "notification_endpoint": at("notification"),
        "credential_request_encryption": {
            "jwks": { "keys": [issuer.encryption_key] },
            "enc_values_supported": encryptions,
            "zip_values_supported": [COMPRESSION],
            "encryption_required": false,
        },
        "credential_response_encryption": {
            "alg_values_supported": [KEY_AGREEMENT],
            "enc_values_supported": encryptions,
            "zip_values_supported": [COMPRESSION],
            "encryption_required": false,
        },
        "batch_credential_issuance": { "batch_size": BATCH_SIZE },
        "display": [display],
        "credential_configurations_supported": supported,
        "credentials_supported": issuer.configurations.iter().map(old_configuration).collect::<Vec<_>>(),
    });
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Whether the wallet would rather have a signed document (section 12.2.2): it names `application/jwt`, and JSON not before it.
fn wants_jwt(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named =
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let first = named
        .into_iter()
        .find(|name| matches!(name.as_str(), "application/jwt" | "application/json" | "*/*"));
    first.as_deref() == Some("application/jwt")
}

/// An issuer's credential issuer metadata
///
/// At the place that the specification says: the well-known path inserted before the issuer's own. Signed (`application/jwt`) if
/// `Accept` asks for that.
#[utoipa::path(
    get,
    path = "/.well-known/openid-credential-issuer/issuers/{slug}",
    operation_id = "getCredentialIssuer",
    tag = "Wallets",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses(
        (
            status = 200,
            description = "The metadata.",
            content((Object = "application/json"), (String = "application/jwt"))
        ),
        (status = 404, description = "No such issuer."),
    )
)]
pub(super) async fn inserted(
    FromState(state): FromState<State>,
    Slug(slug): Slug,
    headers: HeaderMap,
) -> Result<Response, WalletRefusal> {
    let issuer = state.engine.wallet_issuer(&slug).await?;
    let document = document(&state, &issuer);
    let cached = [(header::CACHE_CONTROL, "public, max-age=60"), (header::VARY, "accept")];
    if wants_jwt(&headers) {
        let jwt = state.engine.sign_metadata(&slug, document).await?;
        return Ok((cached, [(header::CONTENT_TYPE, "application/jwt")], jwt).into_response());
    }
    Ok((cached, Json(document)).into_response())
}

/// An issuer's credential issuer metadata, where some look for it
///
/// The same with the well-known path appended to the issuer's own.
#[utoipa::path(
    get,
    path = "/issuers/{slug}/.well-known/openid-credential-issuer",
    operation_id = "getCredentialIssuerAppended",
    tag = "Wallets",
    params(("slug" = String, Path, description = "The issuer.", pattern = "^[a-z0-9-]{1,64}$")),
    responses(
        (
            status = 200,
            description = "The metadata.",
            content((Object = "application/json"), (String = "application/jwt"))
        ),
        (status = 404, description = "No such issuer."),
    )
)]
pub(super) async fn appended(
    state: FromState<State>,
    slug: Slug,
    headers: HeaderMap,
) -> Result<Response, WalletRefusal> {
    inserted(state, slug, headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_document_is_for_those_who_ask_for_it() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            wants_jwt(&headers)
        };
        assert!(wants("application/jwt"));
        assert!(wants("text/html, application/jwt;q=0.9, application/json;q=0.5"));
        for accept in ["application/json", "*/*", "", "application/json, application/jwt", "application/jwts"]
        {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!wants_jwt(&HeaderMap::new()));
    }
}
