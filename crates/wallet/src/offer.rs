//! Offers (section 4.1), and the requests that follow from them.

use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// The grant of an offer that was authorised beforehand.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// Why an offer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// No offer's address.
    #[error("`{0}` is no address of a credential offer")]
    Address(String),
    /// A member is missing, or of another type.
    #[error("the offer has no {0}")]
    Missing(&'static str),
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialOffer {
    /// The credential issuer identifier.
    pub issuer: String,
    /// The configurations on offer.
    pub configurations: Vec<String>,
    /// The pre-authorised code.
    pub code: String,
    /// Whether the person has to type a code.
    pub wants_tx_code: bool,
}

/// What an address holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    /// The offer.
    Value(CredentialOffer),
    /// Where the offer is.
    Reference(String),
}

impl Invitation {
    /// Reads `openid-credential-offer://?...`.
    pub fn read(uri: &str) -> Result<Self, OfferError> {
        let wrong = || OfferError::Address(uri.to_owned());
        let parsed = Url::parse(uri).map_err(|_| wrong())?;
        let parameter = |wanted: &str| {
            parsed.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        if let Some(reference) = parameter("credential_offer_uri") {
            return Ok(Self::Reference(reference));
        }
        let offer = parameter("credential_offer").ok_or_else(wrong)?;
        let offer: Value = serde_json::from_str(&offer).map_err(|_| wrong())?;
        CredentialOffer::read(&offer).map(Self::Value)
    }
}

impl CredentialOffer {
    /// Reads the document, of 1.0 or of any draft since 11.
    pub fn read(offer: &Value) -> Result<Self, OfferError> {
        let listed = offer.get("credential_configuration_ids").or_else(|| offer.get("credentials"));
        let listed =
            listed.and_then(Value::as_array).ok_or(OfferError::Missing("credential_configuration_ids"))?;
        let grant = &offer["grants"][GRANT];
        let code = grant["pre-authorized_code"].as_str().ok_or(OfferError::Missing("pre-authorized_code"))?;
        let issuer = offer["credential_issuer"].as_str().ok_or(OfferError::Missing("credential_issuer"))?;
        Ok(Self {
            issuer: issuer.to_owned(),
            configurations: listed.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            code: code.to_owned(),
            wants_tx_code: grant.get("tx_code").is_some() || grant["user_pin_required"] == true,
        })
    }

    /// The body of a token request (section 6.1): `application/x-www-form-urlencoded`.
    pub fn token_form(&self, tx_code: Option<&str>) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", GRANT).append_pair("pre-authorized_code", &self.code);
        if let Some(code) = tx_code {
            form.append_pair("tx_code", code);
        }
        form.finish()
    }

    /// The address of one of the issuer's endpoints, for an issuer whose endpoints are below its identifier.
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.issuer)
    }
}

/// A credential request (section 8.2).
pub fn credential_request(configuration: &str, proofs: &[String]) -> Value {
    json!({ "credential_configuration_id": configuration, "proofs": { "jwt": proofs } })
}
