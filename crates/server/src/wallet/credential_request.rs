//! Credential requests, as each edition writes them (OpenID4VCI 1.0, section 8.2, and drafts 11 to 15).

use issuance::{BATCH_SIZE, CredentialRequest, WalletError, Wanted};
use serde_json::{Map, Value};

fn invalid(what: &str) -> WalletError {
    WalletError::InvalidCredentialRequest(what.to_owned())
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, WalletError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(&format!("{name} is no string."))),
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn wanted(members: &Map<String, Value>) -> Result<Wanted, WalletError> {
    let configuration = text(members, "credential_configuration_id")?;
    let identifier = text(members, "credential_identifier")?;
    match (configuration, identifier) {
        (Some(_), Some(_)) => {
            Err(invalid("credential_configuration_id and credential_identifier exclude each other."))
        }
        (Some(id), None) => Ok(Wanted::Configuration(id.to_owned())),
        (None, Some(id)) => Ok(Wanted::Identifier(id.to_owned())),
        (None, None) => {
            let format = text(members, "format")?;
            let format = format.ok_or_else(|| {
                invalid("credential_configuration_id or credential_identifier is required.")
            })?;
            let definition = members.get("credential_definition");
            let named =
                definition.and_then(|definition| definition.get("type").or_else(|| definition.get("types")));
            let vct = text(members, "vct")?.or_else(|| definition?.get("vct")?.as_str());
            Ok(Wanted::Format {
                format: format.to_owned(),
                types: texts(members.get("types").or(named)),
                vct: vct.map(str::to_owned),
            })
        }
    }
}

/// `proofs` of 1.0, `proof` of the drafts before it.
fn proofs(members: &Map<String, Value>) -> Result<Vec<String>, WalletError> {
    let refused = |what: &str| WalletError::InvalidProof(what.to_owned());
    match (members.get("proofs"), members.get("proof")) {
        (Some(_), Some(_)) => Err(invalid("proofs and proof exclude each other.")),
        (None, None) => Err(refused("The request proves no key: proofs is required.")),
        (Some(proofs), None) => {
            let proofs = proofs.as_object().ok_or_else(|| refused("proofs is no object."))?;
            let unknown = || refused("proofs has one member, jwt: it is the only proof type here.");
            let jwts = proofs.get("jwt").filter(|_| proofs.len() == 1).and_then(Value::as_array);
            let jwts = jwts.ok_or_else(unknown)?;
            if jwts.len() > BATCH_SIZE {
                return Err(refused(&format!("The request has more than {BATCH_SIZE} proofs.")));
            }
            let read =
                |jwt: &Value| jwt.as_str().map(str::to_owned).ok_or_else(|| refused("A proof is no string."));
            jwts.iter().map(read).collect()
        }
        (None, Some(proof)) => {
            if proof.get("proof_type").is_some_and(|kind| kind != "jwt") {
                return Err(refused("proof_type is not jwt: it is the only proof type here."));
            }
            let jwt = proof.get("jwt").and_then(Value::as_str);
            Ok(vec![jwt.ok_or_else(|| refused("proof has no jwt."))?.to_owned()])
        }
    }
}

/// Reads what is asked for.
pub(super) fn read(members: &Map<String, Value>) -> Result<CredentialRequest, WalletError> {
    Ok(CredentialRequest { wanted: wanted(members)?, proofs: proofs(members)? })
}

/// The format identifier by which a credential is asked for, in the editions that ask so: the answer repeats it (draft 11).
pub(super) fn asked_format(members: &Map<String, Value>) -> Option<String> {
    let by_id = ["credential_configuration_id", "credential_identifier"];
    if by_id.iter().any(|name| members.contains_key(*name)) {
        return None;
    }
    members.get("format")?.as_str().map(str::to_owned)
}
