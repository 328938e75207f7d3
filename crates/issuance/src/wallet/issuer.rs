//! What an issuer tells wallets about itself (OpenID4VCI 1.0, section 12.2).

use std::collections::BTreeMap;

use jose::SigningKey;
use model::{DataType, Format, Image, ProofAlgorithm, WalletPolicy};
use serde_json::{Map, Value, json};

use super::{WalletError, configuration_id};
use crate::engine::Engine;

/// A claim and its names.
#[derive(Clone, Debug)]
pub struct ClaimName {
    /// The claim.
    pub name: String,
    /// Whether every credential has it.
    pub required: bool,
    /// The type of its value, where it has one.
    pub data_type: Option<DataType>,
    /// Shown to people, in no particular language.
    pub title: Option<String>,
    /// Shown to people, by language.
    pub titles: BTreeMap<String, String>,
}

/// One credential in one format.
#[derive(Clone, Debug)]
pub struct IssuedConfiguration {
    /// Its id.
    pub id: String,
    /// The format.
    pub format: Format,
    /// Shown to people.
    pub name: String,
    /// The W3C type.
    pub type_name: String,
    /// The type of SD-JWT VCs.
    pub vct: String,
    /// The algorithms by which wallets prove their keys.
    pub algorithms: Vec<ProofAlgorithm>,
    /// What the program asks of wallets.
    pub policy: WalletPolicy,
    /// Its claims.
    pub claims: Vec<ClaimName>,
}

/// An issuer, as wallets see it.
#[derive(Clone, Debug)]
pub struct WalletIssuer {
    /// Its identifier.
    pub url: String,
    /// The organisation's name.
    pub name: String,
    /// Its logo.
    pub logo: Option<Image>,
    /// The algorithm of its signatures.
    pub signing_algorithm: &'static str,
    /// What it issues.
    pub configurations: Vec<IssuedConfiguration>,
    /// The key to which credential requests are encrypted.
    pub encryption_key: Value,
}

impl Engine {
    /// What the issuer with this slug tells wallets.
    pub async fn wallet_issuer(&self, slug: &str) -> Result<WalletIssuer, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        let tenant = &issuer.issuer.tenant_id;
        let mut configurations = Vec::new();
        for program in self.store.published_programs(&issuer.issuer.id).await? {
            let Some(active) = self.active_program(tenant, &program.id).await? else { continue };
            let program = &active.program;
            let claims: Vec<ClaimName> = active
                .schema
                .claims()
                .iter()
                .map(|claim| ClaimName {
                    titles: program.wallet.look.claims.get(&claim.name).cloned().unwrap_or_default(),
                    name: claim.name.clone(),
                    required: claim.required,
                    data_type: claim.data_type,
                    title: claim.title.clone(),
                })
                .collect();
            configurations.extend(program.formats.iter().map(|format| IssuedConfiguration {
                id: configuration_id(&program.id, *format),
                format: *format,
                name: program.name.clone(),
                type_name: program.type_name.clone(),
                vct: self.credential_type_url(program),
                algorithms: program.wallet.proof_algorithms.clone(),
                policy: program.wallet.clone(),
                claims: claims.clone(),
            }));
        }
        let profile = self.store.default_profile(tenant).await?;
        let (name, logo) = match profile {
            Some(profile) => (profile.name, profile.image),
            None => (issuer.issuer.name.clone(), None),
        };
        Ok(WalletIssuer {
            signing_algorithm: issuer.current().key.algorithm().as_str(),
            encryption_key: self.request_key(&issuer)?.public_jwk(),
            url: issuer.url.clone(),
            name,
            logo,
            configurations,
        })
    }

    /// Issuer metadata as a JWT (OpenID4VCI 1.0, section 12.2.3): all members, `sub` and `iat`, under the key that signs
    /// credentials.
    pub async fn sign_metadata(
        &self,
        slug: &str,
        mut metadata: Map<String, Value>,
    ) -> Result<String, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        metadata.insert("iss".into(), issuer.url.clone().into());
        metadata.insert("sub".into(), issuer.url.clone().into());
        metadata.insert("iat".into(), self.clock.now().seconds().into());
        let key = issuer.current();
        let signer: &SigningKey = &key.key;
        let header = json!({ "typ": "openidvci-issuer-metadata+jwt", "kid": key.kid.as_str() });
        Ok(signer.sign_compact(&header, Value::Object(metadata).to_string().as_bytes()))
    }
}
