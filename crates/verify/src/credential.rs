//! The checks of one credential.

use jose::PublicKey;
use model::Timestamp;
use serde_json::{Map, Value};
use vc::sd_jwt::{KeyBindingError, ProcessError, holder_key};
use vc::vcdm2::{self, Secured, Vcdm2Error};
use vc::{Expected, jwt_vc, validity};

use crate::document::{Document, Format, credential_in};
use crate::keys::IssuerKeys;
use crate::report::{Aspect, Report, State};
use crate::signature::{Refusal, Signer};
use crate::sources::Sources;
use crate::verifier::Run;

/// Claims of an SD-JWT VC that are not about its subject.
const ENVELOPE: [&str; 12] = [
    "iss",
    "iat",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
    "jti",
    "sub",
    "_sd_alg",
];

impl From<ProcessError> for Refusal {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::NotSdJwtVc
            | ProcessError::NoType
            | ProcessError::NotDisclosable(_)
            | ProcessError::Payload(_)
            | ProcessError::DigestAlgorithm
            | ProcessError::MalformedDigests
            | ProcessError::TooDeep => Self::Form(error.to_string()),
            error => Self::Signature(error.to_string()),
        }
    }
}

impl From<jwt_vc::VerifyError> for Refusal {
    fn from(error: jwt_vc::VerifyError) -> Self {
        match error {
            jwt_vc::VerifyError::Jws(error) => Self::Signature(error.to_string()),
            error => Self::Form(error.to_string()),
        }
    }
}

impl From<Vcdm2Error> for Refusal {
    fn from(error: Vcdm2Error) -> Self {
        match error {
            Vcdm2Error::Jws(error) => Self::Signature(error.to_string()),
            Vcdm2Error::SdJwt(error) => error.into(),
            error => Self::Form(error.to_string()),
        }
    }
}

impl<S: Sources> Run<'_, S> {
    /// Verifies one credential. `bound` says that whoever presents it was shown to be its subject by other means.
    pub(crate) async fn verify_credential(&self, document: &Document<'_>, bound: Option<&str>) -> Report {
        let mut report = Report::of(document.format);
        let read = |key: &PublicKey| Self::read_credential(document, key);
        let Some((claims, keys)) = self.signed(document, Signer::Issuer, read, &mut report).await else {
            let reason = "Not looked at, because the signature was not shown to hold.";
            for aspect in [
                Aspect::Validity,
                Aspect::Schema,
                Aspect::Status,
                Aspect::HolderBinding,
                Aspect::Log,
                Aspect::Issuer,
            ] {
                report.not_applicable(aspect, reason);
            }
            return report.finish();
        };
        describe(&claims, document.format, &mut report);
        self.check_validity(&claims, &mut report);
        Box::pin(self.check_schema(document.format, &mut report)).await;
        Box::pin(self.check_status(&claims, &keys.issuer, &mut report)).await;
        self.check_holder(document, &claims, bound, &mut report);
        let own = self.verifier.sources.is_own_issuer(&keys.issuer).await;
        Box::pin(self.check_log(document.text, own, keys.log.as_deref(), &mut report)).await;
        self.check_issuer(&keys, own, &mut report);
        report.finish()
    }

    /// The claims of a credential that was signed with this key, disclosures in their places.
    fn read_credential(document: &Document<'_>, key: &PublicKey) -> Result<Map<String, Value>, Refusal> {
        match (document.format, &document.secured) {
            (Format::SdJwtVc, Secured::SdJwt(sd_jwt)) => Ok(sd_jwt.process_vc(key)?),
            (Format::JwtVc, Secured::Jwt(jws)) => Ok(jwt_vc::verify(jws, key)?),
            (_, secured) => Ok(vcdm2::verify_credential(secured, key)?),
        }
    }

    fn check_validity(&self, claims: &Map<String, Value>, report: &mut Report) {
        let period = match validity(claims) {
            Ok(period) => period,
            Err(error) => {
                return report.failed(Aspect::Validity, format!("When it is valid cannot be told: {error}."));
            }
        };
        let (now, leeway) = (self.request.now, self.policy.leeway);
        let issued = claims.get("iat").and_then(serde_json::Value::as_i64).or(period.from);
        report.issued_at = issued.map(rfc3339);
        report.expires_at = period.until.map(rfc3339);
        if let Some(end) = period.until.filter(|end| now >= end.saturating_add(leeway)) {
            return report.failed_as(
                State::Expired,
                Aspect::Validity,
                format!("It has expired: it was valid until {}.", rfc3339(end)),
            );
        }
        if let Some(start) = period.from.filter(|start| *start > now.saturating_add(leeway)) {
            return report.failed_as(
                State::NotYetValid,
                Aspect::Validity,
                format!("It is not valid before {}.", rfc3339(start)),
            );
        }
        report.passed(
            Aspect::Validity,
            match period.until {
                Some(end) => format!("It is valid until {}.", rfc3339(end)),
                None => "It is valid, and does not expire.".to_owned(),
            },
        );
    }

    /// What a proof of possession of this verification must say.
    pub(crate) fn expected(&self) -> Expected<'_> {
        Expected {
            nonce: self.request.nonce,
            audience: self.request.audience,
            now: self.request.now,
            max_age: self.request.fresh.then_some(self.policy.binding_age),
            max_ahead: self.policy.leeway,
        }
    }

    fn check_holder(
        &self,
        document: &Document<'_>,
        claims: &Map<String, Value>,
        bound: Option<&str>,
        report: &mut Report,
    ) {
        if let Some(holder) = bound {
            return self.check_subject(holder, claims, report);
        }
        let Some(presented) = document.key_bound() else {
            return match (self.request.asks_for_proof(), claims.contains_key("cnf")) {
                (true, _) => report.failed(
                    Aspect::HolderBinding,
                    "A proof of possession was asked for, and there is none: present the credential from the wallet that holds it.",
                ),
                (false, true) => report.not_applicable(
                    Aspect::HolderBinding,
                    "It is bound to its holder's key; whoever sent it did not have to show that they have it.",
                ),
                (false, false) => report.not_applicable(Aspect::HolderBinding, "It is not bound to a key."),
            };
        };
        let held = holder_key(claims).map_err(KeyBindingError::from).and_then(|key| {
            presented.verify_key_binding(&key, &self.expected()).map(|binding| (key, binding))
        });
        match held {
            Ok((key, binding)) => {
                report.holder = Some(vc::did::did_jwk(&key));
                report.transaction_data_hashes = binding.transaction_data_hashes;
                report.transaction_data_hashes_alg = binding.transaction_data_hashes_alg;
                report.passed(Aspect::HolderBinding, "Whoever presents it has the key that it is bound to.");
            }
            Err(error) => {
                report.failed(
                    Aspect::HolderBinding,
                    format!("The proof of possession does not hold: {error}."),
                );
            }
        }
    }

    /// Inside a presentation that its holder has signed: is the holder the one whom the credential is about?
    fn check_subject(&self, holder: &str, claims: &Map<String, Value>, report: &mut Report) {
        let subjects = match credential_in(claims).get("credentialSubject") {
            Some(Value::Array(subjects)) => subjects.iter().collect(),
            Some(subject) => vec![subject],
            None => Vec::new(),
        };
        let mut ids =
            subjects.iter().filter_map(|subject| subject.get("id")).filter_map(Value::as_str).peekable();
        let mut ids_or_sub = match ids.peek() {
            Some(_) => ids.collect::<Vec<_>>(),
            None => claims.get("sub").and_then(Value::as_str).into_iter().collect(),
        };
        ids_or_sub.dedup();
        if ids_or_sub.is_empty() {
            return report.not_applicable(Aspect::HolderBinding, "It is about nobody in particular.");
        }
        if ids_or_sub.contains(&holder) {
            report.holder = Some(holder.to_owned());
            return report.passed(Aspect::HolderBinding, "Whoever presents it is the one whom it is about.");
        }
        // Who it is in either case is said to nobody: reasons are kept longer than what was shown.
        report
            .failed(Aspect::HolderBinding, "It is presented by somebody else than the one whom it is about.");
    }

    fn check_issuer(&self, keys: &IssuerKeys, own: bool, report: &mut Report) {
        let issuer = &keys.issuer;
        if keys.certified || self.policy.trusts(issuer, own) {
            let whose = if own { ", one of this deployment," } else { "" };
            report.passed(Aspect::Issuer, format!("The issuer {issuer}{whose} is trusted here."));
        } else {
            report.failed(
                Aspect::Issuer,
                format!("The issuer {issuer} is unknown here: anybody can sign a credential, and nobody has said that this one is to be trusted."),
            );
        }
    }
}

fn rfc3339(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).rfc3339()
}

/// What a report says of a credential whose signature holds.
fn describe(claims: &Map<String, Value>, format: Format, report: &mut Report) {
    if format == Format::SdJwtVc {
        report.types = claims.get("vct").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
        report.claims = claims
            .iter()
            .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        report.document = claims.clone();
        return;
    }
    let credential = credential_in(claims);
    report.types = match credential.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(name)) => vec![name.clone()],
        _ => Vec::new(),
    };
    report.claims = match credential.get("credentialSubject") {
        Some(Value::Object(subject)) => subject.clone(),
        Some(subjects) => [("credentialSubject".to_owned(), subjects.clone())].into_iter().collect(),
        None => Map::new(),
    };
    report.document = credential.clone();
}
