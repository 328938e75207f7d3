//! The checks of what a holder presents: its own signature, and each credential inside.

use jose::{Jws, PublicKey};
use vc::Expected;
use vc::did::Purpose;
use vc::jwt_vp::{self, VpError};
use vc::sd_jwt::SdJwt;
use vc::vcdm2::{self, Member, Vcdm2Error};

use crate::document::{Format, MAX_LEN, compact, format_of, unverified};
use crate::keys::NoKey;
use crate::report::{Aspect, Kind, Outcome, Report};
use crate::sources::Sources;
use crate::verifier::Run;

/// A presentation whose signature holds.
struct Presented {
    holder: String,
    /// The credentials, each as it was sent.
    credentials: Vec<Inner>,
    /// Whether its signature answers the request: it names the nonce and the audience that were asked for.
    bound: bool,
}

impl<S: Sources> Run<'_, S> {
    /// The whole verification.
    pub(crate) async fn verify(&self) -> Report {
        let read =
            compact(self.request.document).and_then(|text| format_of(&text).map(|format| (text, format)));
        let (text, format) = match read {
            Ok(read) => read,
            Err(why) => return unreadable(why),
        };
        match format.kind() {
            Kind::Credential => Box::pin(self.verify_credential(&text, format, None)).await,
            Kind::Presentation => Box::pin(self.verify_presentation(&text, format)).await,
        }
    }

    async fn verify_presentation(&self, text: &str, format: Format) -> Report {
        let mut report = Report::of(format);
        let Some(presented) = self.presented(text, format, &mut report).await else {
            report.not_applicable(
                Aspect::Credentials,
                "Not looked at, because the signature was not shown to hold.",
            );
            return report.finish();
        };
        report.holder = Some(presented.holder.clone());
        if presented.bound {
            report.passed(Aspect::HolderBinding, "Its holder has signed it for this request.");
        } else {
            report.not_applicable(
                Aspect::HolderBinding,
                "No proof was asked for that it was made just now and for us.",
            );
        }
        for credential in &presented.credentials {
            let inner = match credential {
                Inner::Text(text) => self.verify_inner(text, &presented.holder).await,
                Inner::Unreadable(why) => unreadable(why.clone()),
            };
            report.credentials.push(inner);
        }
        self.conclude(&mut report);
        report.finish()
    }

    /// One credential inside a presentation; a presentation inside another is none.
    async fn verify_inner(&self, credential: &str, holder: &str) -> Report {
        let read = compact(credential).and_then(|text| format_of(&text).map(|format| (text, format)));
        match read {
            Ok((text, format)) if format.kind() == Kind::Credential => {
                // An SD-JWT that is bound to a key has a proof of its own.
                let own = text.rsplit('~').next().is_some_and(|last| text.contains('~') && !last.is_empty());
                Box::pin(self.verify_credential(&text, format, (!own).then_some(holder))).await
            }
            read => {
                let why = read.err().unwrap_or_else(|| "It is a presentation inside another.".to_owned());
                unreadable(why)
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

    /// The first three checks of a presentation.
    async fn presented(&self, text: &str, format: Format, report: &mut Report) -> Option<Presented> {
        let sd_jwt = if format == Format::VpSdJwt { SdJwt::parse(text).ok() } else { None };
        let jws = match &sd_jwt {
            Some(parsed) => Ok(parsed.issuer_jwt().clone()),
            None => Jws::parse_within(text, MAX_LEN).map_err(|error| error.to_string()),
        };
        let jws = jws.and_then(|jws| unverified(&jws).map(|payload| (jws, payload)));
        let (jws, payload) = match jws {
            Ok(read) => read,
            Err(why) => {
                report.failed(Aspect::Format, format!("It cannot be read: {why}."));
                return None;
            }
        };
        report.passed(Aspect::Format, format!("It has the form of {}.", format.as_str()));
        let holder = payload.get("iss").or_else(|| payload.get("holder"));
        let holder = holder.map(|holder| holder.get("id").unwrap_or(holder)).and_then(|id| id.as_str());
        let keys = self.keys_of(holder, jws.header()).await.and_then(|keys| {
            let candidates = keys.candidates(jws.header(), Purpose::Authentication).map_err(NoKey::Wrong)?;
            Ok((keys, candidates))
        });
        let (keys, candidates) = match keys {
            Ok(found) => found,
            Err(NoKey::Unavailable(why)) => {
                report.indeterminate(Aspect::Key, why);
                report.indeterminate(Aspect::Signature, "It cannot be checked without the holder's key.");
                return None;
            }
            Err(NoKey::Wrong(why)) => {
                report.failed(Aspect::Key, why);
                report.not_applicable(Aspect::Signature, "It cannot be checked without the holder's key.");
                return None;
            }
        };
        report.passed(Aspect::Key, format!("The holder's key was found {}.", keys.found));
        let dated = payload.contains_key("iat") || payload.contains_key("nbf");
        let mut refusal = None;
        for key in &candidates {
            match self.read_presentation(text, format, key, dated) {
                Ok((credentials, bound)) => {
                    report.passed(Aspect::Signature, "It is signed with that key, and unchanged since.");
                    return Some(Presented { holder: keys.issuer, credentials, bound });
                }
                Err(why) => refusal = Some(why),
            }
        }
        match refusal {
            Some(Refused::Binding(why)) => {
                report.passed(Aspect::Signature, "It is signed with that key, and unchanged since.");
                report.failed(Aspect::HolderBinding, format!("It does not answer this request: {why}."));
            }
            Some(Refused::Other(why)) => {
                report.failed(Aspect::Signature, format!("The signature does not hold: {why}."));
            }
            None => report.failed(Aspect::Signature, "The holder has no key that fits its algorithm."),
        }
        None
    }

    fn read_presentation(
        &self,
        text: &str,
        format: Format,
        key: &PublicKey,
        dated: bool,
    ) -> Result<(Vec<Inner>, bool), Refused> {
        // A presentation need not say when it was made: the nonce tells that it was made for this request.
        let asked = self.expected();
        let expected = Expected { max_age: asked.max_age.filter(|_| dated), ..asked };
        let asked = expected.nonce.is_some() || expected.audience.is_some();
        let credentials = if format == Format::JwtVp {
            jwt_vp::verify(text, key, &expected)?.credentials.into_iter().map(Inner::Text).collect()
        } else {
            vcdm2::verify_presentation(text, key, &expected)?
                .credentials
                .into_iter()
                .map(Inner::from)
                .collect()
        };
        Ok((credentials, asked))
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

enum Refused {
    /// It is signed, but does not say what was asked.
    Binding(String),
    Other(String),
}

impl From<VpError> for Refused {
    fn from(error: VpError) -> Self {
        match error {
            VpError::Nonce | VpError::Audience | VpError::TooOld { .. } | VpError::InFuture { .. } => {
                Self::Binding(error.to_string())
            }
            error => Self::Other(error.to_string()),
        }
    }
}

impl From<Vcdm2Error> for Refused {
    fn from(error: Vcdm2Error) -> Self {
        match error {
            Vcdm2Error::Nonce
            | Vcdm2Error::Audience
            | Vcdm2Error::TooOld { .. }
            | Vcdm2Error::InFuture { .. } => Self::Binding(error.to_string()),
            error => Self::Other(error.to_string()),
        }
    }
}
