//! Access tokens: who asks, and what for.

use std::sync::Arc;

use store::NewToken;
use verify::sha256;

use super::WalletError;
use crate::engine::Engine;
use crate::issuer::ActiveIssuer;

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449.
    Dpop,
}

impl Scheme {
    /// `token_type`, and the word in `Authorization`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// The credentials of a wallet's request.
#[derive(Clone, Copy)]
pub struct Authorization<'a> {
    /// How the token is presented.
    pub scheme: Scheme,
    /// The token.
    pub token: &'a str,
    /// The `DPoP` header.
    pub dpop: Option<&'a str>,
}

/// A token's text is a secret.
impl std::fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({})", self.scheme.as_str())
    }
}

/// An access token that is accepted.
#[derive(Clone, Debug)]
pub struct AccessToken {
    pub(super) token: NewToken,
    pub(super) issuer: Arc<ActiveIssuer>,
}

impl AccessToken {
    /// The edition in which the offer was written.
    pub fn draft(&self) -> model::OfferDraft {
        self.token.draft
    }

    /// The issuer's identifier.
    pub fn issuer_url(&self) -> &str {
        &self.issuer.url
    }
}

impl Engine {
    /// Who presents a token to the endpoint `path` of the issuer with this slug.
    pub async fn authorize_wallet(
        &self,
        slug: &str,
        path: &str,
        authorization: Option<Authorization<'_>>,
    ) -> Result<AccessToken, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        let refused = |what: &str| WalletError::InvalidToken(what.to_owned());
        let authorization = authorization.ok_or(WalletError::MissingToken)?;
        let hash = sha256(authorization.token.as_bytes());
        let token = self.store.access_token(&hash).await?;
        let token =
            token.filter(|token| token.issuer == issuer.issuer.id && self.clock.now() < token.expires_at);
        let token = token.ok_or_else(|| refused("The access token is unknown here, or over."))?;
        match (token.jkt, authorization.scheme, authorization.dpop) {
            (None, Scheme::Bearer, _) => {}
            (Some(jkt), Scheme::Dpop, Some(proof)) => {
                let url = format!("{}/{path}", issuer.url);
                if self.check_dpop(proof, &url, Some(authorization.token)).await?.jkt != jkt {
                    return Err(WalletError::InvalidDpop(
                        "The DPoP proof is of another key than the token is bound to.".into(),
                    ));
                }
            }
            (Some(_), ..) => return Err(WalletError::ProofRequired),
            (None, Scheme::Dpop, _) => {
                return Err(refused(
                    "The access token is not bound to a key: send it as Authorization: Bearer.",
                ));
            }
        }
        Ok(AccessToken { token, issuer })
    }
}
