//! The demo partner's side: its keys and the Partner JWTs that they sign (seed 001, `partnerJwt`).

use jose::SigningKey;
use model::Timestamp;
use serde_json::{Value, json};

/// Who a Partner JWT is from and for whom it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claims<'a> {
    /// The tenant's id.
    pub(crate) partner_id: &'a str,
    /// The person.
    pub(crate) email: &'a str,
    /// Space-separated.
    pub(crate) scope: &'a str,
    /// For how many seconds it is valid.
    pub(crate) life_seconds: u32,
}

/// Signs a Partner JWT.
pub(crate) fn sign(claims: Claims<'_>, key: &SigningKey, kid: &str, now: Timestamp) -> String {
    let header = json!({ "typ": "JWT", "kid": kid });
    let payload = json!({
        "partnerId": claims.partner_id,
        "email": claims.email,
        "scope": claims.scope,
        "iat": now.seconds(),
        "exp": now.plus_seconds(claims.life_seconds.into()).seconds(),
    });
    key.sign_compact(&header, payload.to_string().as_bytes())
}

/// The JWKS of these keys, as a partner would publish it.
pub(crate) fn key_set(keys: &[(&str, &SigningKey)]) -> Value {
    let publish = |(kid, key): &(&str, &SigningKey)| {
        let mut jwk = key.public_key().to_jwk();
        jwk["kid"] = (*kid).into();
        jwk["alg"] = key.algorithm().as_str().into();
        jwk["use"] = "sig".into();
        jwk
    };
    json!({ "keys": keys.iter().map(publish).collect::<Vec<_>>() })
}
