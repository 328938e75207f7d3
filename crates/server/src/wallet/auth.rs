//! The access token of a request, and its proof of possession.

use axum::http::{HeaderMap, header};
use issuance::{AccessToken, Authorization, Scheme, WalletError};

use crate::app::State;

/// The `DPoP` header, at most one (RFC 9449, section 4.3).
pub(super) fn dpop(headers: &HeaderMap) -> Result<Option<&str>, WalletError> {
    let mut proofs = headers.get_all("dpop").iter();
    let Some(first) = proofs.next() else { return Ok(None) };
    let refused = |what: &str| WalletError::InvalidDpop(what.to_owned());
    if proofs.next().is_some() {
        return Err(refused("There is more than one DPoP header."));
    }
    first.to_str().map(Some).map_err(|_| refused("The DPoP header is no text."))
}

fn authorization(headers: &HeaderMap) -> Result<Option<Authorization<'_>>, WalletError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let refused =
        || WalletError::InvalidToken("Authorization is neither Bearer nor DPoP with a token.".into());
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(refused)?;
    let scheme = [Scheme::Bearer, Scheme::Dpop]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(scheme))
        .ok_or_else(refused)?;
    Ok(Some(Authorization { scheme, token: token.trim(), dpop: dpop(headers)? }))
}

/// Who asks the endpoint `path` of an issuer.
pub(super) async fn access(
    state: &State,
    slug: &str,
    path: &str,
    headers: &HeaderMap,
) -> Result<AccessToken, WalletError> {
    state.engine.authorize_wallet(slug, path, authorization(headers)?).await
}
