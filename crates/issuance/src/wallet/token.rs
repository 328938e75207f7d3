//! The token endpoint (OpenID4VCI 1.0, section 6).

use std::sync::Arc;

use model::Timestamp;
use store::{ClaimCode, CodeExchange, NewToken};
use verify::sha256;

use super::invitation::read_code;
use super::{Scheme, WalletError};
use crate::catalog::ActiveProgram;
use crate::engine::Engine;

/// For how many seconds a token is good where the credential is signed later: the wallet comes back for it.
const DEFERRED_SECONDS: i64 = 86_400;

/// What a wallet asks for.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// `pre-authorized_code`
    pub code: Option<String>,
    /// `tx_code`; `user_pin` in draft 11.
    pub tx_code: Option<String>,
    /// `client_id`
    pub client_id: Option<String>,
    /// The configurations that `authorization_details` name.
    pub details: Option<Vec<String>>,
}

/// Codes are secrets.
impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenRequest")
    }
}

/// What a wallet gets.
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// How it has to be presented.
    pub scheme: Scheme,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// The configurations that it is for, where the wallet asked for them.
    pub identifiers: Option<Vec<String>>,
    /// A nonce, for the editions that expect one here.
    pub nonce: Option<String>,
}

/// So are tokens.
impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenAnswer")
    }
}

/// The configurations that are both asked for and offered, each once; nothing if none was named.
fn granted(asked: &TokenRequest, offered: &[String]) -> Result<Option<Vec<String>>, WalletError> {
    let Some(details) = &asked.details else { return Ok(None) };
    if let Some(other) = details.iter().find(|id| !offered.contains(id)) {
        let what = format!("authorization_details: the offer is not for the configuration {other}.");
        return Err(WalletError::InvalidDetails(what));
    }
    Ok(Some(offered.iter().filter(|id| details.contains(id)).cloned().collect()))
}

fn grant(what: &str) -> WalletError {
    WalletError::InvalidGrant(what.to_owned())
}

fn request(what: &str) -> WalletError {
    WalletError::InvalidRequest(what.to_owned())
}

impl Engine {
    /// Exchanges a pre-authorised code for an access token, once.
    pub async fn exchange_code(
        &self,
        slug: &str,
        asked: &TokenRequest,
        dpop: Option<&str>,
    ) -> Result<TokenAnswer, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        let text = asked.code.as_deref().ok_or_else(|| request("pre-authorized_code is required."))?;
        let (text, draft) = read_code(text);
        let hash = sha256(text.as_bytes());
        let now = self.clock.now();
        let code = self.store.claim_code_by_hash(&hash).await?;
        let code = code.filter(|code| code.issuer == issuer.issuer.id);
        let code = code.ok_or_else(|| grant("pre-authorized_code is invalid."))?;
        let jkt = match dpop {
            Some(proof) => Some(self.check_dpop(proof, &format!("{}/token", issuer.url), None).await?.jkt),
            None => None,
        };
        let (active, offered) = self.program_of(&code).await?;
        let policy = &active.program.wallet;
        if policy.require_dpop && jkt.is_none() {
            self.store.token_requested(&hash, now).await?;
            return Err(WalletError::InvalidDpop(
                "Tokens for this credential are bound to a key: send a DPoP proof.".into(),
            ));
        }
        let identifiers = granted(asked, &offered)?;
        // Last, since it counts the tries of a transaction code.
        self.check_code(&code, &hash, asked, now).await?;
        let seconds = if policy.deferred { DEFERRED_SECONDS } else { self.settings.access_token_seconds };
        let access_token = jose::b64url_encode(&self.entropy.bytes::<32>());
        let token = NewToken {
            hash: sha256(access_token.as_bytes()),
            subject: code.subject,
            tenant: code.tenant,
            issuer: code.issuer,
            program: code.program,
            draft,
            jkt,
            client_id: asked.client_id.clone(),
            expires_at: now.plus_seconds(seconds),
        };
        if !self.store.exchange_code(CodeExchange { code_hash: hash, token, now }).await? {
            return Err(grant("pre-authorized_code was used, or is over: ask for another offer."));
        }
        Ok(TokenAnswer {
            access_token,
            scheme: if jkt.is_some() { Scheme::Dpop } else { Scheme::Bearer },
            expires_in: seconds,
            identifiers,
            nonce: draft.nonce_in_answers().then(|| self.nonce(&issuer.url)),
        })
    }

    /// The program that a code is for, and the configurations that it issues.
    async fn program_of(&self, code: &ClaimCode) -> Result<(Arc<ActiveProgram>, Vec<String>), WalletError> {
        let active = self.active_program(&code.tenant, &code.program).await?;
        let active = active.ok_or_else(|| grant("What was offered is no longer to be had."))?;
        let program = &active.program;
        let ids =
            program.formats.iter().map(|format| super::configuration_id(&program.id, *format)).collect();
        Ok((active, ids))
    }

    /// Whether a code, and the transaction code that goes with it, are accepted.
    async fn check_code(
        &self,
        code: &ClaimCode,
        hash: &[u8; 32],
        asked: &TokenRequest,
        now: Timestamp,
    ) -> Result<(), WalletError> {
        if code.used_at.is_some() {
            return Err(grant("pre-authorized_code was used already: ask for another offer."));
        }
        if code.is_exhausted() {
            return Err(grant("tx_code was wrong too often: the code has ended."));
        }
        if now >= code.expires_at {
            self.store.token_requested(hash, now).await?;
            return Err(grant("pre-authorized_code is expired: ask for another offer."));
        }
        match (code.tx_code, asked.tx_code.as_deref()) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                self.store.token_requested(hash, now).await?;
                Err(request("tx_code is not expected: the offer does not ask for one."))
            }
            (Some(_), None) => {
                self.store.token_requested(hash, now).await?;
                Err(request("tx_code is required: the person has it by e-mail."))
            }
            (Some(mode), Some(typed)) => {
                if !self.store.count_try(hash, now).await? {
                    return Err(grant("tx_code was wrong too often: the code has ended."));
                }
                if self.is_tx_code(code, mode, typed) { Ok(()) } else { Err(grant("tx_code is wrong.")) }
            }
        }
    }
}
