//! From an issuer's identifier to its keys.

use std::sync::Arc;

use jose::{Algorithm, Header, JwkSet, PublicKey};
use serde_json::Value;
use url::Url;
use vc::did::{self, Purpose};
use x509::Chain;

use crate::shelf::Read;
use crate::sources::{Sources, Unavailable};
use crate::verifier::Run;

/// The largest DID document, metadata or key set that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// The type of the service by which a DID document of Bestow names its log.
pub const LOG_SERVICE: &str = "TransparencyLog";

/// With how many keys a signature is tried.
const TRIED: usize = 16;

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// It could not be had.
    Unavailable(String),
    /// The document names none that could be its issuer's.
    Wrong(String),
}

impl NoKey {
    fn wrong(why: impl Into<String>) -> Self {
        Self::Wrong(why.into())
    }
}

/// Where keys were found.
#[derive(Clone, Debug)]
enum Keys {
    One(PublicKey),
    Set(Arc<Read<JwkSet>>),
    Document { did: String, document: Arc<Read<Value>> },
}

/// An issuer, and what it signs with.
#[derive(Clone, Debug)]
pub(crate) struct IssuerKeys {
    /// Its identifier: a DID, a URL, or a name in its certificate.
    pub(crate) issuer: String,
    /// Where the keys were found, for people.
    pub(crate) found: String,
    /// Whether a certificate authority that the verifier trusts says who it is.
    pub(crate) certified: bool,
    /// Where the issuer says that its log is.
    pub(crate) log: Option<String>,
    keys: Keys,
}

impl IssuerKeys {
    /// The keys that a header may mean, at least one.
    pub(crate) fn candidates(&self, header: &Header, purpose: Purpose) -> Result<Vec<PublicKey>, String> {
        let kid = header.kid.as_deref();
        match &self.keys {
            Keys::One(key) => Ok(vec![key.clone()]),
            Keys::Set(set) => {
                let fitting = set.value.keys_for(header).map_err(|error| error.to_string())?;
                Ok(fitting.into_iter().take(TRIED).map(|key| key.key.clone()).collect())
            }
            Keys::Document { did, document } => {
                let keys = did::key_of_document(&document.value, did, kid, purpose)
                    .map_err(|error| error.to_string())?;
                Ok(keys.into_iter().take(TRIED).collect())
            }
        }
    }
}

/// The DID in front of a fragment.
fn did_of(url: &str) -> &str {
    url.split_once('#').map_or(url, |(did, _)| did)
}

impl<S: Sources> Run<'_, S> {
    /// The keys of whoever calls itself `issuer`, or of whoever the header names.
    pub(crate) async fn keys_of(&self, issuer: Option<&str>, header: &Header) -> Result<IssuerKeys, NoKey> {
        if let Some(certified) = self.certified(issuer, header)? {
            return Ok(certified);
        }
        let kid = header.kid.as_deref().filter(|kid| kid.starts_with("did:"));
        let issuer = issuer.or(kid.map(did_of)).ok_or_else(|| {
            NoKey::wrong(
                "The document names no issuer: it has neither \"iss\" nor a \"kid\" that is a DID URL.",
            )
        })?;
        if kid.is_some_and(|kid| did_of(kid) != issuer) && issuer.starts_with("did:") {
            return Err(NoKey::wrong(format!("The key that signed it is not one of its issuer, {issuer}.")));
        }
        if issuer.starts_with("did:") {
            return self.keys_of_did(issuer, header).await;
        }
        self.keys_of_url(issuer).await
    }

    /// Keys in a certificate chain (`x5c`, RFC 7515, section 4.1.6), if the verifier trusts certificate authorities.
    fn certified(&self, issuer: Option<&str>, header: &Header) -> Result<Option<IssuerKeys>, NoKey> {
        let Some((anchors, x5c)) = self.policy.anchors.as_ref().zip(header.member("x5c")) else {
            return Ok(None);
        };
        let wrong = |why: &dyn std::fmt::Display| NoKey::wrong(format!("Its certificate chain: {why}."));
        let x5c = x5c.as_array().ok_or_else(|| wrong(&"\"x5c\" is no array"))?;
        let chain = Chain::from_x5c(x5c).map_err(|error| wrong(&error))?;
        anchors.verify(&chain, self.request.now).map_err(|error| wrong(&error))?;
        let names = chain.dns_names();
        let uris = chain.uris();
        let issuer = match issuer {
            Some(issuer) => {
                let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
                let named = uris.iter().any(|uri| uri == issuer)
                    || host.is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(&host)));
                if !named {
                    return Err(wrong(&format!("it is made out to others than the issuer {issuer}")));
                }
                issuer.to_owned()
            }
            None => uris
                .into_iter()
                .chain(names)
                .next()
                .ok_or_else(|| wrong(&"its certificate names nobody (no URI or DNS name)"))?,
        };
        let key = chain.leaf_key().map_err(|error| wrong(&error))?;
        let found = "by its certificate, which an authority that is trusted here has signed".to_owned();
        Ok(Some(IssuerKeys { issuer, found, certified: true, log: None, keys: Keys::One(key) }))
    }

    async fn keys_of_did(&self, issuer: &str, header: &Header) -> Result<IssuerKeys, NoKey> {
        let keys = |found: &str, keys| IssuerKeys {
            issuer: issuer.to_owned(),
            found: found.to_owned(),
            certified: false,
            log: None,
            keys,
        };
        let wrong = |why: &dyn std::fmt::Display| NoKey::wrong(format!("The issuer {issuer}: {why}."));
        if issuer.starts_with("did:jwk:") || issuer.starts_with("did:key:") {
            let kid = match header.kid.as_deref() {
                Some(kid) if kid.starts_with('#') => format!("{issuer}{kid}"),
                Some(kid) if kid.starts_with("did:") => kid.to_owned(),
                _ => issuer.to_owned(),
            };
            let (key, _) = did::resolve_key(&kid).map_err(|error| wrong(&error))?;
            return Ok(keys("in its DID", Keys::One(key)));
        }
        let read = |raw: &str| jose::strict_json(raw.as_bytes()).map_err(|error| wrong(&error));
        let document = self.verifier.sources.did_document(issuer).await;
        if let Some(document) = document.map_err(|why| unavailable(issuer, &why))? {
            let raw: Arc<str> = document.to_string().into();
            let document = self.verifier.documents.read(issuer, &raw, read)?;
            let found = "in its DID document, which is known here";
            return Ok(keys(found, Keys::Document { did: issuer.to_owned(), document }));
        }
        if issuer.starts_with("did:web:") {
            let url =
                did::web_url(issuer, self.verifier.sources.development()).map_err(|error| wrong(&error))?;
            let raw = self.source(&url, issuer).await?;
            let document = self.verifier.documents.read(&url, &raw, read)?;
            let found = format!("in its DID document {url}");
            let log = log_of(&document.value);
            let keys = keys(&found, Keys::Document { did: issuer.to_owned(), document });
            return Ok(IssuerKeys { log, ..keys });
        }
        Err(NoKey::Unavailable(format!(
            "The issuer {issuer} is not one of this deployment, and its DID method is not resolved here \
             (did:web, did:jwk and did:key are).",
        )))
    }

    /// By JWT VC issuer metadata (draft-ietf-oauth-sd-jwt-vc, section on issuer metadata).
    async fn keys_of_url(&self, issuer: &str) -> Result<IssuerKeys, NoKey> {
        let wrong = |why: &dyn std::fmt::Display| NoKey::wrong(format!("The issuer {issuer}: {why}."));
        let url = metadata_url(issuer).ok_or_else(|| wrong(&"it is neither a DID nor an https URL"))?;
        let raw = self.source(&url, issuer).await?;
        let metadata = self.verifier.documents.read(&url, &raw, |raw| {
            jose::strict_json(raw.as_bytes()).map_err(|error| wrong(&format!("its metadata: {error}")))
        })?;
        let metadata = &metadata.value;
        if metadata["issuer"] != issuer {
            return Err(wrong(&"its metadata are of another issuer"));
        }
        let (address, raw) = match (metadata.get("jwks"), metadata.get("jwks_uri").and_then(Value::as_str)) {
            (Some(jwks), None) => (url.clone(), Arc::from(jwks.to_string())),
            (None, Some(uri)) => (uri.to_owned(), self.source(uri, issuer).await?),
            _ => return Err(wrong(&"its metadata have neither jwks nor jwks_uri, or both")),
        };
        let set = self.verifier.key_sets.read(&address, &raw, |raw| {
            JwkSet::parse_with(raw.as_bytes(), &Algorithm::ALL).map_err(|error| wrong(&error))
        })?;
        let found = format!("in its metadata {url}");
        let log = metadata.get("transparency_log").and_then(Value::as_str).map(str::to_owned);
        Ok(IssuerKeys { issuer: issuer.to_owned(), found, certified: false, log, keys: Keys::Set(set) })
    }

    async fn source(&self, url: &str, issuer: &str) -> Result<Arc<str>, NoKey> {
        self.fetch(url, LIMIT).await.map_err(|why| unavailable(issuer, &why))
    }
}

/// The log that a DID document names as a service.
fn log_of(document: &Value) -> Option<String> {
    let services = document.get("service")?.as_array()?;
    let log = services.iter().find(|service| service["type"] == LOG_SERVICE)?;
    log.get("serviceEndpoint")?.as_str().map(str::to_owned)
}

fn unavailable(issuer: &str, why: &Unavailable) -> NoKey {
    NoKey::Unavailable(format!("The keys of the issuer {issuer} cannot be had: {why}."))
}

/// Where an issuer's metadata are: the well-known path goes before the issuer's own.
fn metadata_url(issuer: &str) -> Option<String> {
    let mut url = Url::parse(issuer).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/jwt-vc-issuer{path}"));
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_at_the_inserted_place() {
        let at = |issuer| metadata_url(issuer);
        let known = "https://a.example/.well-known/jwt-vc-issuer";
        assert_eq!(at("https://a.example").as_deref(), Some(known));
        assert_eq!(at("https://a.example/").as_deref(), Some(known));
        assert_eq!(at("https://a.example/t/1").as_deref(), Some(format!("{known}/t/1").as_str()));
        assert_eq!(at("https://a.example/?x=1"), None);
        assert_eq!(at("urn:x"), None);
        assert_eq!(at("file:///etc/passwd"), None);
    }
}
