//! The first three checks of every document: form, key, signature.

use jose::{Header, PublicKey};
use serde_json::{Map, Value};
use vc::did::Purpose;

use crate::document::{Document, credential_in};
use crate::keys::{IssuerKeys, NoKey};
use crate::report::{Aspect, Report};
use crate::sources::Sources;
use crate::verifier::Run;

/// Who has signed a document.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Signer {
    /// The issuer of a credential.
    Issuer,
    /// The holder of the credentials in a presentation.
    Holder,
}

/// Why what is signed is refused.
pub(crate) enum Refusal {
    /// It has not the form of its format.
    Form(String),
    /// The signature does not hold.
    Signature(String),
    /// The signature holds, but was made for another request.
    Binding(String),
}

impl Signer {
    /// Who it is, by the document's own word.
    fn named_in(self, payload: &Map<String, Value>) -> Option<&str> {
        let name = payload.get("iss").or_else(|| match self {
            Self::Issuer => credential_in(payload).get("issuer"),
            Self::Holder => payload.get("holder"),
        })?;
        name.get("id").unwrap_or(name).as_str()
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Holder => "holder",
        }
    }
}

impl<S: Sources> Run<'_, S> {
    /// Checks form, key and signature. `read` verifies the document with a key; what it has read, and whose key it was.
    pub(crate) async fn signed<T>(
        &self,
        document: &Document<'_>,
        signer: Signer,
        read: impl Fn(&PublicKey) -> Result<T, Refusal>,
        report: &mut Report,
    ) -> Option<(T, IssuerKeys)> {
        let format = document.format.as_str();
        let has_form = format!("It has the form of {format}.");
        let name = signer.named_in(&document.payload);
        if signer == Signer::Issuer {
            report.issuer = name.map(str::to_owned);
        }
        let (keys, candidates) = match self.candidates(name, document.secured.jws().header(), signer).await {
            Ok(found) => found,
            Err(why) => {
                report.passed(Aspect::Format, has_form);
                without_key(why, signer, report);
                return None;
            }
        };
        let found = &keys.found;
        let key_found = match signer {
            Signer::Issuer => {
                report.issuer = Some(keys.issuer.clone());
                format!("The key of {} was found {found}.", keys.issuer)
            }
            Signer::Holder => format!("The holder's key was found {found}."),
        };
        let (last, others) = candidates.split_last().expect("there is a key to try");
        let outcome = others.iter().find_map(|key| read(key).ok()).map_or_else(|| read(last), Ok);
        match &outcome {
            Err(Refusal::Form(why)) => {
                let why = format!("It is signed, but not in the form of {format}: {why}.");
                report.failed(Aspect::Format, why);
            }
            _ => report.passed(Aspect::Format, has_form),
        }
        report.passed(Aspect::Key, key_found);
        signature_checked(outcome.as_ref().err(), report);
        Some((outcome.ok()?, keys))
    }

    async fn candidates(
        &self,
        name: Option<&str>,
        header: &Header,
        signer: Signer,
    ) -> Result<(IssuerKeys, Vec<PublicKey>), NoKey> {
        let keys = Box::pin(self.keys_of(name, header)).await?;
        let candidates = match signer {
            Signer::Issuer => keys.candidates(header, Purpose::AssertionMethod).map_err(|why| {
                NoKey::Wrong(format!("None of the keys of {} can have signed it: {why}.", keys.issuer))
            })?,
            Signer::Holder => keys.candidates(header, Purpose::Authentication).map_err(NoKey::Wrong)?,
        };
        Ok((keys, candidates))
    }
}

fn without_key(why: NoKey, signer: Signer, report: &mut Report) {
    let consequence = format!("It cannot be checked without the {}'s key.", signer.as_str());
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
}

fn signature_checked(refusal: Option<&Refusal>, report: &mut Report) {
    match refusal {
        Some(Refusal::Form(_)) => {}
        Some(Refusal::Signature(why)) => {
            report.failed(Aspect::Signature, format!("The signature does not hold: {why}."));
        }
        None | Some(Refusal::Binding(_)) => {
            report.passed(Aspect::Signature, "It is signed with that key, and unchanged since.");
        }
    }
    if let Some(Refusal::Binding(why)) = refusal {
        report.failed(Aspect::HolderBinding, format!("It does not answer this request: {why}."));
    }
}
