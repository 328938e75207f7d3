//! What a text is: which format, by what it says of itself.

use std::borrow::Cow;

use jose::JwsError;
use serde_json::{Map, Value};
use vc::sd_jwt::{self, SdJwt};
use vc::vcdm2::{Secured, Vcdm2Error};

use crate::report::Kind;

/// The longest document that is read, in bytes.
pub const MAX_LEN: usize = sd_jwt::MAX_SIZE;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// SD-JWT VC.
    SdJwtVc,
    /// VCDM 1.1 as a JWT.
    JwtVc,
    /// VCDM 2.0 secured with JOSE.
    VcJwt,
    /// VCDM 2.0 secured with SD-JWT.
    VcSdJwt,
    /// A presentation of VCDM 1.1 as a JWT.
    JwtVp,
    /// A presentation of VCDM 2.0 secured with JOSE.
    VpJwt,
    /// A presentation of VCDM 2.0 secured with SD-JWT.
    VpSdJwt,
}

impl Format {
    /// Its identifier in OpenID4VCI, or its media type.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::JwtVc => "jwt_vc_json",
            Self::VcJwt => "vc+jwt",
            Self::VcSdJwt => "vc+sd-jwt",
            Self::JwtVp => "jwt_vp_json",
            Self::VpJwt => "vp+jwt",
            Self::VpSdJwt => "vp+sd-jwt",
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::SdJwtVc | Self::JwtVc | Self::VcJwt | Self::VcSdJwt => Kind::Credential,
            Self::JwtVp | Self::VpJwt | Self::VpSdJwt => Kind::Presentation,
        }
    }
}

/// The compact form of what somebody sent: of the JSON serializations of SD-JWT (RFC 9901, section 8) and of enveloped
/// credentials (VCDM 2.0, section 4.13), too.
pub(crate) fn compact(document: &str) -> Result<Cow<'_, str>, String> {
    let document = document.trim();
    if document.is_empty() {
        return Err("It is empty.".to_owned());
    }
    if document.len() > MAX_LEN {
        return Err(format!("It is longer than {MAX_LEN} bytes."));
    }
    if !document.starts_with('{') {
        return Ok(Cow::Borrowed(document));
    }
    let json = jose::strict_json(document.as_bytes()).map_err(|error| format!("It is no JSON: {error}."))?;
    if let Some(enveloped) = json.get("id").and_then(Value::as_str).and_then(enveloped) {
        return Ok(Cow::Owned(enveloped.to_owned()));
    }
    if json.get("payload").is_none() {
        return Err(
            "It is JSON, but no SD-JWT in its JSON serialization and no EnvelopedVerifiableCredential. Credentials with \
             embedded proofs (Data Integrity) are not verified here."
                .to_owned(),
        );
    }
    let forms = sd_jwt::from_json(&json).map_err(|error| format!("Its JSON serialization: {error}."))?;
    let first = forms.into_iter().next().ok_or("It has no signature.")?;
    Ok(Cow::Owned(first.compact))
}

/// The credential in the `data:` URL of an enveloped one.
fn enveloped(id: &str) -> Option<&str> {
    let (media_type, text) = id.strip_prefix("data:application/")?.split_once(',')?;
    matches!(media_type, "vc+jwt" | "vc+sd-jwt" | "dc+sd-jwt" | "vp+jwt" | "vp+sd-jwt" | "jwt")
        .then_some(text)
}

/// A document, taken apart once for all checks. Nothing in it is verified.
pub(crate) struct Document<'a> {
    pub(crate) format: Format,
    /// Its compact serialization.
    pub(crate) text: &'a str,
    pub(crate) secured: Secured<'a>,
    /// What is signed.
    pub(crate) payload: Map<String, Value>,
}

impl<'a> Document<'a> {
    /// Takes a compact serialization apart.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let broken = |error: &dyn std::fmt::Display| format!("It cannot be read: {error}.");
        let secured = Secured::parse(text).map_err(|error| match error {
            Vcdm2Error::Jws(JwsError::NotCompact) => "It is neither a JWT nor an SD-JWT.".to_owned(),
            Vcdm2Error::Jws(error) => broken(&error),
            error => broken(&error),
        })?;
        let payload = match jose::strict_json(secured.jws().payload()).map_err(|error| broken(&error))? {
            Value::Object(payload) => payload,
            _ => return Err(broken(&"its payload is no JSON object")),
        };
        Ok(Self { format: format_of(&secured, &payload)?, text, secured, payload })
    }

    /// The SD-JWT that it is, if its holder has signed it for somebody.
    pub(crate) fn key_bound(&self) -> Option<&SdJwt<'a>> {
        match &self.secured {
            Secured::SdJwt(sd_jwt) => sd_jwt.key_binding_jwt().map(|_| sd_jwt),
            Secured::Jwt(_) => None,
        }
    }
}

/// The credential in a payload: its member `vc` in data model 1.1, else the payload itself.
pub(crate) fn credential_in(payload: &Map<String, Value>) -> &Map<String, Value> {
    payload.get("vc").and_then(Value::as_object).unwrap_or(payload)
}

/// The format of a document, by what it says of itself.
fn format_of(secured: &Secured<'_>, payload: &Map<String, Value>) -> Result<Format, String> {
    let is_sd_jwt = matches!(secured, Secured::SdJwt(_));
    let has = |name: &str| payload.contains_key(name);
    let typ = secured.jws().header().typ.as_deref().map(|typ| typ.trim_start_matches("application/"));
    match (is_sd_jwt, typ) {
        (true, Some("dc+sd-jwt")) => Ok(Format::SdJwtVc),
        (true, Some("vc+sd-jwt")) if has("vct") => Err(
            "Its type \"vc+sd-jwt\" is that of an early draft of SD-JWT VC; \"dc+sd-jwt\" is read. Have it issued anew."
                .to_owned(),
        ),
        (true, Some("vc+sd-jwt")) => Ok(Format::VcSdJwt),
        (true, Some("vp+sd-jwt")) => Ok(Format::VpSdJwt),
        (false, Some("vc+jwt")) => Ok(Format::VcJwt),
        (false, Some("vp+jwt")) => Ok(Format::VpJwt),
        (false, Some("dc+sd-jwt")) => Err(
            "It is the signed part of an SD-JWT VC without what follows: copy the whole text, with every \"~\".".to_owned(),
        ),
        (false, None | Some("JWT" | "jwt")) if has("vp") => Ok(Format::JwtVp),
        (false, None | Some("JWT" | "jwt")) if has("vc") => Ok(Format::JwtVc),
        (_, typ) => Err(format!(
            "It is a signed text, but no credential and no presentation that is understood here: its \"typ\" is {}.",
            typ.map_or("missing".to_owned(), |typ| format!("\"{}\"", typ.chars().take(40).collect::<String>())),
        )),
    }
}

/// Whether a text is a credential or a presentation, by what it says of itself; nothing is verified.
pub fn kind_of(document: &str) -> Option<Kind> {
    let compact = compact(document).ok()?;
    Document::parse(&compact).ok().map(|document| document.format.kind())
}
