//! What a presentation holds (VCDM 2.0, section 4.13).

use serde_json::{Map, Value};

use super::structure::{agree, check_common, has_context, is_url, wrong};
use super::{Kind, Vcdm2Error};
use crate::json::{id_of, texts};

/// The most credentials that a presentation may hold.
pub const MAX_CREDENTIALS: usize = 64;

/// The type of a node that stands for a secured credential.
const ENVELOPED: &str = "EnvelopedVerifiableCredential";

/// One credential of a presentation. Nothing in it is verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Member {
    /// Enveloped as `application/vc+jwt`: a compact JWS.
    Jwt(String),
    /// Enveloped as `application/vc+sd-jwt` or `application/dc+sd-jwt`: a compact SD-JWT. The first is one for
    /// [`verify_credential`](super::verify_credential), the second an SD-JWT VC; its `typ` says which.
    SdJwt(String),
    /// Enveloped in a form that is not read, such as `application/vc+cose`.
    Other {
        /// The media type, without parameters.
        media_type: String,
    },
    /// A credential without an envelope, which has an embedded `proof`. Such proofs are not read.
    Embedded(Value),
}

/// A verified presentation, with credentials that are not.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    /// The holder, where the presentation names one.
    pub holder: Option<String>,
    /// The credentials in their order.
    pub credentials: Vec<Member>,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: Option<i64>,
    /// The whole payload.
    pub claims: Map<String, Value>,
}

pub(super) fn read(claims: Map<String, Value>, iat: Option<i64>) -> Result<Presentation, Vcdm2Error> {
    let (holder, credentials) = check(&claims)?;
    Ok(Presentation { holder, credentials, iat, claims })
}

/// Checks the structure, and gives the holder and the credentials.
pub(super) fn check(claims: &Map<String, Value>) -> Result<(Option<String>, Vec<Member>), Vcdm2Error> {
    check_common(claims, Kind::Presentation)?;
    let holder = match claims.get("holder") {
        None => None,
        Some(holder) => {
            let id = id_of(holder).filter(|id| is_url(id));
            Some(id.ok_or_else(|| wrong("holder", "a URL or an object with a URL as its \"id\""))?)
        }
    };
    agree(claims, "iss", holder)?;
    let holder = holder.or_else(|| claims.get("iss")?.as_str());
    let credentials = match claims.get("verifiableCredential") {
        None => Vec::new(),
        Some(Value::Array(nodes)) if nodes.len() > MAX_CREDENTIALS => {
            return Err(Vcdm2Error::TooManyCredentials(nodes.len()));
        }
        Some(Value::Array(nodes)) => {
            (1..).zip(nodes).map(|(number, node)| member(node, number)).collect::<Result<_, _>>()?
        }
        Some(node) => vec![member(node, 1)?],
    };
    Ok((holder.map(str::to_owned), credentials))
}

fn member(node: &Value, number: usize) -> Result<Member, Vcdm2Error> {
    let refused = |what| Vcdm2Error::Credential { number, what };
    let types = node.get("type").and_then(texts).unwrap_or_default();
    if !types.contains(&ENVELOPED) {
        if !types.contains(&Kind::Credential.base_type()) {
            return Err(refused("it is neither a VerifiableCredential nor an EnvelopedVerifiableCredential"));
        }
        // Credentials in presentations must be secured (VC-JOSE-COSE, section 3.1.2).
        if node.get("proof").is_none() {
            return Err(refused("it is not secured: it has neither an envelope nor a \"proof\""));
        }
        return Ok(Member::Embedded(node.clone()));
    }
    if !has_context(node.get("@context")) {
        return Err(refused("its \"@context\" does not begin with https://www.w3.org/ns/credentials/v2"));
    }
    let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
    let (head, data) = id
        .strip_prefix("data:")
        .and_then(|url| url.split_once(','))
        .ok_or_else(|| refused("its \"id\" is not a data: URL with a secured credential"))?;
    let mut parameters = head.split(';');
    let media_type = parameters.next().unwrap_or_default().to_ascii_lowercase();
    let is_base64 = parameters.any(|parameter| parameter == "base64");
    match media_type.as_str() {
        "application/vc+jwt" | "application/vc+sd-jwt" | "application/dc+sd-jwt" if is_base64 => {
            Err(refused("its data: URL is in base64, which a JWT does not need"))
        }
        "application/vc+jwt" => Ok(Member::Jwt(data.to_owned())),
        "application/vc+sd-jwt" | "application/dc+sd-jwt" => Ok(Member::SdJwt(data.to_owned())),
        "" => Err(refused("its data: URL has no media type")),
        _ => Ok(Member::Other { media_type }),
    }
}
