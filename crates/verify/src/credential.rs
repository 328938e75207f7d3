//! The checks of one credential.

use jose::{Header, Jws, PublicKey};
use model::Timestamp;
use serde_json::{Map, Value};
use vc::did::Purpose;
use vc::sd_jwt::{KeyBindingError, ProcessError, SdJwt, holder_key};
use vc::vcdm2::{self, Vcdm2Error};
use vc::{Expected, jwt_vc, validity};

use crate::document::{Format, MAX_LEN, unverified};
use crate::keys::{IssuerKeys, NoKey};
use crate::report::{Aspect, Report, State};
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

/// A signature that holds, and what follows from it.
pub(crate) struct Signed {
    /// The claims of the JWT, disclosures in their places.
    pub(crate) claims: Map<String, Value>,
    pub(crate) keys: IssuerKeys,
}

/// Why a signature does not hold.
pub(crate) enum Refusal {
    Format(String),
    Signature(String),
}

impl From<ProcessError> for Refusal {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::NotSdJwtVc
            | ProcessError::NoType
            | ProcessError::NotDisclosable(_)
            | ProcessError::Payload(_)
            | ProcessError::DigestAlgorithm
            | ProcessError::MalformedDigests
            | ProcessError::TooDeep => Self::Format(error.to_string()),
            error => Self::Signature(error.to_string()),
        }
    }
}

impl From<jwt_vc::VerifyError> for Refusal {
    fn from(error: jwt_vc::VerifyError) -> Self {
        match error {
            jwt_vc::VerifyError::Jws(error) => Self::Signature(error.to_string()),
            error => Self::Format(error.to_string()),
        }
    }
}

impl From<Vcdm2Error> for Refusal {
    fn from(error: Vcdm2Error) -> Self {
        match error {
            Vcdm2Error::Jws(error) => Self::Signature(error.to_string()),
            Vcdm2Error::SdJwt(error) => error.into(),
            error => Self::Format(error.to_string()),
        }
    }
}

impl<S: Sources> Run<'_, S> {
    /// Verifies one credential. `bound` says that whoever presents it was shown to be its subject by other means.
    pub(crate) async fn verify_credential(
        &self,
        compact: &str,
        format: Format,
        bound: Option<&str>,
    ) -> Report {
        let mut report = Report::of(format);
        let signed = match format {
            Format::SdJwtVc | Format::VcSdJwt => self.signed_sd_jwt(compact, format, &mut report).await,
            _ => self.signed_jwt(compact, format, &mut report).await,
        };
        let Some(signed) = signed else {
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
        describe(&signed.claims, format, &mut report);
        self.check_validity(&signed.claims, &mut report);
        Box::pin(self.check_schema(format, &mut report)).await;
        Box::pin(self.check_status(&signed.claims, &signed.keys.issuer, &mut report)).await;
        self.check_holder(compact, &signed.claims, bound, &mut report);
        let own = self.verifier.sources.is_own_issuer(&signed.keys.issuer).await;
        Box::pin(self.check_log(compact, own, signed.keys.log.as_deref(), &mut report)).await;
        self.check_issuer(&signed.keys, own, &mut report);
        report.finish()
    }

    async fn signed_sd_jwt(&self, compact: &str, format: Format, report: &mut Report) -> Option<Signed> {
        let parsed = match SdJwt::parse(compact) {
            Ok(parsed) => parsed,
            Err(error) => {
                report.failed(Aspect::Format, format!("It cannot be read: {error}."));
                return None;
            }
        };
        let process = |key: &PublicKey| match format {
            Format::SdJwtVc => parsed.process_vc(key).map_err(Refusal::from),
            _ => vcdm2::verify_credential(compact, key).map_err(Refusal::from),
        };
        self.signed(parsed.issuer_jwt(), process, report).await
    }

    async fn signed_jwt(&self, compact: &str, format: Format, report: &mut Report) -> Option<Signed> {
        let parsed = match Jws::parse_within(compact, MAX_LEN) {
            Ok(parsed) => parsed,
            Err(error) => {
                report.failed(Aspect::Format, format!("It cannot be read: {error}."));
                return None;
            }
        };
        let process = |key: &PublicKey| match format {
            Format::JwtVc => jwt_vc::verify(compact, key).map_err(Refusal::from),
            _ => vcdm2::verify_credential(compact, key).map_err(Refusal::from),
        };
        self.signed(&parsed, process, report).await
    }

    /// The first three checks: form, key, signature.
    pub(crate) async fn signed(
        &self,
        jws: &Jws<'_>,
        process: impl Fn(&PublicKey) -> Result<Map<String, Value>, Refusal>,
        report: &mut Report,
    ) -> Option<Signed> {
        let format = report.format.unwrap_or_default();
        let payload = match unverified(jws) {
            Ok(payload) => payload,
            Err(why) => {
                report.failed(Aspect::Format, format!("It cannot be read: {why}."));
                return None;
            }
        };
        let issuer = issuer_of(&payload);
        report.issuer = issuer.clone();
        let (keys, candidates) = match self.candidates(issuer.as_deref(), jws.header()).await {
            Ok(found) => found,
            Err(why) => {
                report.passed(Aspect::Format, format!("It has the form of {format}."));
                let consequence = "It cannot be checked without the issuer's key.";
                match why {
                    NoKey::Unavailable(why) => {
                        report.indeterminate(Aspect::Key, why);
                        report.indeterminate(Aspect::Signature, consequence);
                    }
                    NoKey::Wrong(why) => {
                        report.failed(Aspect::Key, why);
                        report.not_applicable(Aspect::Signature, consequence);
                    }
                }
                return None;
            }
        };
        report.issuer = Some(keys.issuer.clone());
        let mut refusal = None;
        for key in &candidates {
            match process(key) {
                Ok(claims) => {
                    report.passed(Aspect::Format, format!("It has the form of {format}."));
                    report
                        .passed(Aspect::Key, format!("The key of {} was found {}.", keys.issuer, keys.found));
                    report.passed(Aspect::Signature, "It is signed with that key, and unchanged since.");
                    return Some(Signed { claims, keys });
                }
                Err(why) => refusal = Some(why),
            }
        }
        let (form, signature) = match refusal {
            Some(Refusal::Format(why)) => (Some(why), None),
            Some(Refusal::Signature(why)) => (None, Some(why)),
            None => (None, Some("there is no key that fits its algorithm".to_owned())),
        };
        match form {
            Some(why) => report
                .failed(Aspect::Format, format!("It is signed, but not in the form of {format}: {why}.")),
            None => report.passed(Aspect::Format, format!("It has the form of {format}.")),
        }
        report.passed(Aspect::Key, format!("The key of {} was found {}.", keys.issuer, keys.found));
        if let Some(why) = signature {
            report.failed(Aspect::Signature, format!("The signature does not hold: {why}."));
        }
        None
    }

    async fn candidates(
        &self,
        issuer: Option<&str>,
        header: &Header,
    ) -> Result<(IssuerKeys, Vec<PublicKey>), NoKey> {
        let keys = Box::pin(self.keys_of(issuer, header)).await?;
        let candidates = keys.candidates(header, Purpose::AssertionMethod).map_err(|why| {
            NoKey::Wrong(format!("None of the keys of {} can have signed it: {why}.", keys.issuer))
        })?;
        Ok((keys, candidates))
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
        compact: &str,
        claims: &Map<String, Value>,
        bound: Option<&str>,
        report: &mut Report,
    ) {
        if let Some(holder) = bound {
            return self.check_subject(holder, claims, report);
        }
        let asked = self.request.nonce.is_some() || self.request.audience.is_some();
        let parsed = compact.contains('~').then(|| SdJwt::parse(compact).ok()).flatten();
        let Some(parsed) = parsed.filter(|parsed| parsed.key_binding_jwt().is_some()) else {
            return match (asked, claims.contains_key("cnf")) {
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
        let held = holder_key(claims)
            .map_err(KeyBindingError::from)
            .and_then(|key| parsed.verify_key_binding(&key, &self.expected()).map(|binding| (key, binding)));
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
        let credential = claims.get("vc").and_then(Value::as_object).unwrap_or(claims);
        let subjects = match credential.get("credentialSubject") {
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

/// Who issued it, by its own word: `iss`, or the `issuer` of a W3C credential.
fn issuer_of(payload: &Map<String, Value>) -> Option<String> {
    let credential = payload.get("vc").and_then(Value::as_object).unwrap_or(payload);
    let issuer = payload.get("iss").or_else(|| credential.get("issuer"))?;
    let issuer = issuer.get("id").unwrap_or(issuer);
    issuer.as_str().map(str::to_owned)
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
    let credential = claims.get("vc").and_then(Value::as_object).unwrap_or(claims);
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
