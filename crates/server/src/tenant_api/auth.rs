//! Who asks: the `X-API-KEY` header, the environment in the path, and the roles.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use issuance::Caller;

use super::error::ApiError;
use crate::app::State;
use crate::limiter::{Admitted, TooOften};
use crate::observe::RequestOrigin;

/// Whoever may read what the issuing side has: `Issuer_Admin`, `Issuer_User`, `Issuer_Auditor`.
pub(crate) struct Reader(pub(crate) Caller);

/// Whoever may change offers: `Issuer_Admin`, `Issuer_User`.
pub(crate) struct Writer(pub(crate) Caller);

/// Whoever may manage keys and profiles: `Issuer_Admin`.
pub(crate) struct Admin(pub(crate) Caller);

/// Whoever may read the audit trail: `Issuer_Admin`, `Issuer_Auditor`.
pub(crate) struct AuditReader(pub(crate) Caller);

/// Whoever may manage templates of presentations: `Verifier_Admin`.
pub(crate) struct VerifierAdmin(pub(crate) Caller);

/// Whoever may ask for presentations and see what is shown: `Verifier_Admin`, `Verifier_User`.
pub(crate) struct VerifierUser(pub(crate) Caller);

/// Whoever may see templates and how requests stand: `Verifier_Admin`, `Verifier_User`, `Verifier_Auditor`.
pub(crate) struct VerifierReader(pub(crate) Caller);

/// Somebody without a key, who has not asked too often: the environment that the path names.
pub(crate) struct Visitor {
    pub(crate) env_id: String,
    pub(crate) origin: model::Origin,
}

async fn environment(parts: &mut Parts, state: &State) -> Result<String, ApiError> {
    let parameters = RawPathParams::from_request_parts(parts, state).await;
    let parameters = parameters.map_err(|_| ApiError::bad_request("The path is no text."))?;
    let named = parameters.iter().find(|(name, _)| *name == "env").map(|(_, value)| value.to_owned());
    // What has another form names nothing, and need not be looked for.
    let fits = |id: &String| id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(named.filter(fits).unwrap_or_default())
}

async fn origin(parts: &mut Parts, state: &State) -> model::Origin {
    match RequestOrigin::from_request_parts(parts, state).await {
        Ok(RequestOrigin(origin)) => origin,
        Err(never) => match never {},
    }
}

async fn caller(parts: &mut Parts, state: &State) -> Result<Caller, ApiError> {
    let env_id = environment(parts, state).await?;
    let origin = origin(parts, state).await;
    // Bytes that are no text are no key either.
    let header = parts.headers.get("x-api-key").map(|value| value.to_str().unwrap_or_default());
    Ok(state.engine.authenticate_caller(&env_id, header, origin).await?)
}

macro_rules! role {
    ($name:ident: $may:expr) => {
        impl FromRequestParts<State> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
                let caller = caller(parts, state).await?;
                let may: fn(&Caller) -> bool = $may;
                if may(&caller) { Ok(Self(caller)) } else { Err(ApiError::forbidden()) }
            }
        }
    };
}

role!(Reader: Caller::may_read);
role!(Writer: Caller::may_write);
role!(Admin: Caller::is_admin);
role!(AuditReader: Caller::may_audit);
role!(VerifierAdmin: Caller::manages_verification);
role!(VerifierUser: Caller::verifies);
role!(VerifierReader: Caller::reads_verification);

impl FromRequestParts<State> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
        Admitted::from_request_parts(parts, state).await.map_err(|TooOften(seconds)| {
            ApiError::too_many(
                seconds,
                "Too many requests from this address: wait as long as Retry-After says.",
            )
        })?;
        let env_id = environment(parts, state).await?;
        Ok(Self { env_id, origin: origin(parts, state).await })
    }
}
