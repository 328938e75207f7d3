//! The checks of what a holder presents: its own signature, and each credential inside.

use jose::PublicKey;
use vc::Expected;
use vc::jwt_vp::{self, VpError};
use vc::vcdm2::{self, Member, Secured, Vcdm2Error};

use crate::document::{Document, Format, compact};
use crate::report::{Aspect, Kind, Outcome, Report};
use crate::signature::{Refusal, Signer};
use crate::sources::Sources;
use crate::verifier::Run;

impl<S: Sources> Run<'_, S> {
    /// The whole verification.
    pub(crate) async fn verify(&self) -> Report {
        let text = match compact(self.request.document) {
            Ok(text) => text,
            Err(why) => return unreadable(why),
        };
        match Document::parse(&text) {
            Err(why) => unreadable(why),
            Ok(document) => match document.format.kind() {
                Kind::Credential => Box::pin(self.verify_credential(&document, None)).await,
                Kind::Presentation => Box::pin(self.verify_presentation(&document)).await,
            },
        }
    }

    async fn verify_presentation(&self, document: &Document<'_>) -> Report {
        let mut report = Report::of(document.format);
        let read = |key: &PublicKey| self.read_presentation(document, key);
        let Some((credentials, keys)) = self.signed(document, Signer::Holder, read, &mut report).await else {
            report.not_applicable(
                Aspect::Credentials,
                "Not looked at, because the signature was not shown to hold.",
            );
            return report.finish();
        };
        if self.request.asks_for_proof() {
            report.passed(Aspect::HolderBinding, "Its holder has signed it for this request.");
        } else {
            report.not_applicable(
                Aspect::HolderBinding,
                "No proof was asked for that it was made just now and for us.",
            );
        }
        for credential in credentials {
            report.credentials.push(match credential {
                Inner::Text(text) => self.verify_inner(&text, &keys.issuer).await,
                Inner::Unreadable(why) => unreadable(why),
            });
        }
        report.holder = Some(keys.issuer);
        self.conclude(&mut report);
        report.finish()
    }

    /// One credential inside a presentation; a presentation inside another is none.
    async fn verify_inner(&self, credential: &str, holder: &str) -> Report {
        let text = match compact(credential) {
            Ok(text) => text,
            Err(why) => return unreadable(why),
        };
        match Document::parse(&text) {
            Err(why) => unreadable(why),
            Ok(document) if document.format.kind() == Kind::Presentation => {
                unreadable("It is a presentation inside another.".to_owned())
            }
            Ok(document) => {
                // An SD-JWT that is bound to a key has a proof of its own.
                let bound = document.key_bound().is_none().then_some(holder);
                Box::pin(self.verify_credential(&document, bound)).await
            }
        }
    }

    fn conclude(&self, report: &mut Report) {
        let total = report.credentials.len();
        if total == 0 {
            return report.failed(Aspect::Credentials, "It holds no credential.");
        }
        let valid = report.credentials.iter().filter(|credential| credential.valid).count();
        let reason = format!("{valid} of {total} credentials in it are valid.");
        let wrong = |credential: &&Report| {
            !credential.valid && credential.checks.iter().any(|check| check.result == Outcome::Failed)
        };
        // What is wrong with the first that is wrong is what is wrong with the whole.
        match report.credentials.iter().find(wrong).map(|first| first.state) {
            Some(state) => report.failed_as(state, Aspect::Credentials, reason),
            None if valid == total => report.passed(Aspect::Credentials, reason),
            None => report.indeterminate(Aspect::Credentials, reason),
        }
    }

    /// The credentials in a presentation that was signed with this key as it was asked for.
    fn read_presentation(&self, document: &Document<'_>, key: &PublicKey) -> Result<Vec<Inner>, Refusal> {
        // A presentation need not say when it was made: the nonce tells that it was made for this request.
        let dated = document.payload.contains_key("iat") || document.payload.contains_key("nbf");
        let asked = self.expected();
        let expected = Expected { max_age: asked.max_age.filter(|_| dated), ..asked };
        if let (Format::JwtVp, Secured::Jwt(jws)) = (document.format, &document.secured) {
            let presentation = jwt_vp::verify(jws, key, &expected)?;
            return Ok(presentation.credentials.into_iter().map(Inner::Text).collect());
        }
        let presentation = vcdm2::verify_presentation(&document.secured, key, &expected);
        let presentation = presentation.map_err(|error| match error {
            Vcdm2Error::Mismatch(_) => Refusal::Binding(error.to_string()),
            error => Refusal::Signature(error.to_string()),
        })?;
        Ok(presentation.credentials.into_iter().map(Inner::from).collect())
    }
}

/// A credential inside a presentation.
enum Inner {
    Text(String),
    Unreadable(String),
}

impl From<Member> for Inner {
    fn from(member: Member) -> Self {
        match member {
            Member::Jwt(text) | Member::SdJwt(text) => Self::Text(text),
            Member::Other { media_type } => {
                Self::Unreadable(format!("It is of the media type {media_type}, which is not read here."))
            }
            Member::Embedded(_) => Self::Unreadable(
                "It is embedded without an envelope: credentials with embedded proofs are not verified here."
                    .to_owned(),
            ),
        }
    }
}

/// The report of what is no document that is read here.
fn unreadable(why: String) -> Report {
    let mut report = Report::default();
    report.failed(Aspect::Format, why);
    report.finish()
}

impl From<VpError> for Refusal {
    fn from(error: VpError) -> Self {
        match error {
            VpError::Mismatch(_) => Self::Binding(error.to_string()),
            error => Self::Signature(error.to_string()),
        }
    }
}
