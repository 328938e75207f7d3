//! Reading a query.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::{DcqlError, Problem};
use super::{
    AuthorityKind, ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery, MAX_CLAIMS, MAX_CREDENTIALS,
    MAX_ID_LEN, MAX_SETS, MAX_TEXT_LEN, MAX_VALUES, Meta, TrustedAuthority,
};
use crate::path::Path;

impl DcqlQuery {
    /// Reads a query, with all rules of section 6.
    ///
    /// # Errors
    ///
    /// [`DcqlError`] for the first rule or limit that is broken, with the place.
    pub fn parse(query: &Value) -> Result<Self, DcqlError> {
        let root = Node { value: query, at: String::new() };
        root.object()?;
        let credentials = root.member("credentials").required()?.list(MAX_CREDENTIALS, credential)?;
        let ids: Vec<&str> = credentials.iter().map(|credential| credential.id.as_str()).collect();
        check_unique(&ids).map_err(|(index, id)| DcqlError {
            at: format!("credentials[{index}].id"),
            problem: Problem::Duplicate(id),
        })?;
        let credential_sets = match root.member("credential_sets").value {
            None => Vec::new(),
            Some(sets) => sets.list(MAX_SETS, |set| credential_set(set, &ids))?,
        };
        Ok(Self { credentials, credential_sets })
    }
}

/// Whether a text may be an id.
pub(crate) fn is_id(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_ID_LEN).contains(&text.len()) && text.bytes().all(is_fit)
}

fn credential(node: &Node<'_>) -> Result<CredentialQuery, DcqlError> {
    node.object()?;
    let id = node.member("id").required()?.id()?;
    let meta = meta(node)?;
    let claims =
        node.member("claims").value.map_or(Ok(Vec::new()), |claims| claims.list(MAX_CLAIMS, claim))?;
    check_claims(node, &claims)?;
    let claim_sets = match node.member("claim_sets").value {
        None => Vec::new(),
        Some(sets) if claims.is_empty() => return Err(sets.error(Problem::WithoutClaims)),
        Some(sets) => claim_sets(node, &sets, &claims)?,
    };
    let trusted_authorities = node.member("trusted_authorities");
    Ok(CredentialQuery {
        id,
        meta,
        multiple: node.member("multiple").flag(false)?,
        require_cryptographic_holder_binding: node
            .member("require_cryptographic_holder_binding")
            .flag(true)?,
        claims,
        claim_sets,
        trusted_authorities: trusted_authorities
            .value
            .map_or(Ok(Vec::new()), |list| list.list(MAX_SETS, authority))?,
    })
}

fn meta(node: &Node<'_>) -> Result<Meta, DcqlError> {
    let format = node.member("format").required()?;
    let meta = node.member("meta").required()?;
    meta.object()?;
    match format.str()? {
        "dc+sd-jwt" => {
            let values = meta.member("vct_values").required()?;
            Ok(Meta::VctValues(values.list(MAX_VALUES, Node::text)?))
        }
        "jwt_vc_json" => {
            let values = meta.member("type_values").required()?;
            Ok(Meta::TypeValues(values.list(MAX_VALUES, |types| types.list(MAX_VALUES, Node::text))?))
        }
        other => Err(format.error(Problem::Format(other.to_owned()))),
    }
}

fn claim(node: &Node<'_>) -> Result<ClaimQuery, DcqlError> {
    node.object()?;
    let path = node.member("path").required()?;
    Ok(ClaimQuery {
        id: node.member("id").value.map(|id| id.id()).transpose()?,
        path: Path::parse(path.value).map_err(|cause| path.error(cause.into()))?,
        values: node
            .member("values")
            .value
            .map_or(Ok(Vec::new()), |values| values.list(MAX_VALUES, accepted))?,
    })
}

/// A value that a claim may have.
fn accepted(node: &Node<'_>) -> Result<Value, DcqlError> {
    match node.value {
        Value::String(_) => node.text().map(Value::from),
        Value::Bool(_) => Ok(node.value.clone()),
        Value::Number(number) if is_integer(number.as_str()) => Ok(node.value.clone()),
        _ => Err(node.error(Problem::Value)),
    }
}

/// Whether a number is written as an integer, of a size that somebody could have meant.
fn is_integer(text: &str) -> bool {
    text.len() <= MAX_ID_LEN && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// Each claim is asked for once, and each id is there once.
fn check_claims(node: &Node<'_>, claims: &[ClaimQuery]) -> Result<(), DcqlError> {
    let at = |index: usize, member: &str| format!("{}.claims[{index}].{member}", node.at);
    let mut ids = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        if let Some(id) = claim.id.as_deref().filter(|id| !ids.insert(*id)) {
            return Err(DcqlError { at: at(index, "id"), problem: Problem::Duplicate(id.to_owned()) });
        }
        if let Some(earlier) = claims[..index].iter().position(|other| other.path.overlaps(&claim.path)) {
            return Err(DcqlError { at: at(index, "path"), problem: Problem::SameClaim(earlier) });
        }
    }
    Ok(())
}

fn claim_sets(
    node: &Node<'_>,
    sets: &Node<'_>,
    claims: &[ClaimQuery],
) -> Result<Vec<Vec<String>>, DcqlError> {
    if let Some(index) = claims.iter().position(|claim| claim.id.is_none()) {
        let at = format!("{}.claims[{index}].id", node.at);
        return Err(DcqlError { at, problem: Problem::IdForClaimSets });
    }
    let ids: Vec<&str> = claims.iter().filter_map(|claim| claim.id.as_deref()).collect();
    sets.list(MAX_SETS, |set| references(set, &ids))
}

fn credential_set(node: &Node<'_>, ids: &[&str]) -> Result<CredentialSet, DcqlError> {
    node.object()?;
    let options = node.member("options").required()?.list(MAX_SETS, |option| references(option, ids))?;
    Ok(CredentialSet { options, required: node.member("required").flag(true)? })
}

/// A list of ids, each of something in the query and each once.
fn references(node: &Node<'_>, ids: &[&str]) -> Result<Vec<String>, DcqlError> {
    let listed = node.list(MAX_CLAIMS, |id| match id.id()? {
        known if ids.contains(&known.as_str()) => Ok(known),
        unknown => Err(id.error(Problem::UnknownId(unknown))),
    })?;
    let texts: Vec<&str> = listed.iter().map(String::as_str).collect();
    check_unique(&texts).map_err(|(index, id)| node.element(index).error(Problem::Duplicate(id)))?;
    Ok(listed)
}

/// The place and the text of the first that is there twice.
fn check_unique(texts: &[&str]) -> Result<(), (usize, String)> {
    let mut seen = BTreeSet::new();
    match texts.iter().position(|text| !seen.insert(*text)) {
        Some(index) => Err((index, texts[index].to_owned())),
        None => Ok(()),
    }
}

fn authority(node: &Node<'_>) -> Result<TrustedAuthority, DcqlError> {
    node.object()?;
    let name = node.member("type").required()?;
    let found = AuthorityKind::ALL.into_iter().find(|kind| Some(kind.as_str()) == name.value.as_str());
    let kind = match found {
        Some(kind) => kind,
        None => return Err(name.error(Problem::Authority(name.str()?.to_owned()))),
    };
    let values = node.member("values").required()?;
    let values = values.list(MAX_VALUES, |value| {
        let text = value.text()?;
        let is_odd = kind == AuthorityKind::Aki && jose::b64url_decode(&text).is_err();
        if is_odd { Err(value.error(Problem::KeyIdentifier)) } else { Ok(text) }
    })?;
    Ok(TrustedAuthority { kind, values })
}

/// A value and where it is.
struct Node<'a> {
    value: &'a Value,
    at: String,
}

/// A member that may be absent.
struct Member<'a> {
    value: Option<Node<'a>>,
    at: String,
}

impl<'a> Member<'a> {
    fn required(self) -> Result<Node<'a>, DcqlError> {
        self.value.ok_or(DcqlError { at: self.at, problem: Problem::Missing })
    }

    fn flag(self, default: bool) -> Result<bool, DcqlError> {
        self.value.map_or(Ok(default), |node| {
            node.value.as_bool().ok_or_else(|| node.error(Problem::Expected("true or false")))
        })
    }
}

impl<'a> Node<'a> {
    fn error(&self, problem: Problem) -> DcqlError {
        let at = if self.at.is_empty() { "dcql_query".to_owned() } else { self.at.clone() };
        DcqlError { at, problem }
    }

    fn object(&self) -> Result<&'a Map<String, Value>, DcqlError> {
        self.value.as_object().ok_or_else(|| self.error(Problem::Expected("an object")))
    }

    fn member(&self, name: &str) -> Member<'a> {
        let at = if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) };
        let value = self.value.get(name).map(|value| Node { value, at: at.clone() });
        Member { value, at }
    }

    fn element(&self, index: usize) -> Node<'a> {
        Node { value: &self.value[index], at: format!("{}[{index}]", self.at) }
    }

    /// A non-empty array.
    fn list<T>(
        &self,
        max: usize,
        read: impl Fn(&Node<'a>) -> Result<T, DcqlError>,
    ) -> Result<Vec<T>, DcqlError> {
        let elements = self.value.as_array().ok_or_else(|| self.error(Problem::Expected("an array")))?;
        match elements.len() {
            0 => Err(self.error(Problem::Empty)),
            len if len > max => Err(self.error(Problem::TooMany(max))),
            len => (0..len).map(|index| read(&self.element(index))).collect(),
        }
    }

    fn str(&self) -> Result<&'a str, DcqlError> {
        self.value.as_str().ok_or_else(|| self.error(Problem::Expected("a string")))
    }

    fn text(&self) -> Result<String, DcqlError> {
        let text = self.str()?;
        let is_fit = (1..=MAX_TEXT_LEN).contains(&text.len());
        if is_fit { Ok(text.to_owned()) } else { Err(self.error(Problem::Text)) }
    }

    fn id(&self) -> Result<String, DcqlError> {
        let text = self.str()?;
        if is_id(text) { Ok(text.to_owned()) } else { Err(self.error(Problem::Id)) }
    }
}
