//! Whether a credential was revoked or suspended.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use serde_json::{Map, Value};
use vc::did::Purpose;
use vc::status::{self, CredentialList, INVALID, SUSPENDED, StatusReference, TokenList, VALID};

use crate::keys::NoKey;
use crate::report::{Aspect, Report, State};
use crate::sources::Sources;
use crate::verifier::{Lives, Run, lifetime};

/// The longest signed list that is read, in bytes.
const LIMIT: usize = 4 << 20;
/// The most entries of a list, in bits.
const MAX_BITS: u32 = status::MAX_SIZE;
/// How many lists a credential may name.
const MAX_REFERENCES: usize = 8;

/// A status list whose signature holds.
#[derive(Debug)]
pub(crate) struct List {
    form: Form,
    lives: Duration,
    /// Who signed it.
    signer: String,
}

#[derive(Debug)]
enum Form {
    Token(TokenList),
    Credential(CredentialList),
}

impl Lives for Arc<List> {
    fn lives(&self) -> Duration {
        self.lives
    }
}

/// What a list says of an entry.
enum Said {
    Nothing,
    Revoked,
    Suspended,
    Other(u8),
}

impl List {
    fn ttl(&self) -> Option<i64> {
        let ttl = match &self.form {
            Form::Token(list) => list.ttl,
            Form::Credential(list) => list.ttl,
        };
        ttl.and_then(|ttl| i64::try_from(ttl).ok())
    }

    fn ends(&self) -> Option<i64> {
        match &self.form {
            Form::Token(list) => list.exp,
            Form::Credential(list) => list.valid_until,
        }
    }

    fn starts(&self) -> Option<i64> {
        match &self.form {
            Form::Token(list) => Some(list.iat),
            Form::Credential(list) => list.valid_from,
        }
    }
}

/// Why a list says nothing.
#[derive(Clone, Debug)]
enum NoList {
    Unavailable(String),
    Wrong(String),
}

impl From<NoKey> for NoList {
    fn from(none: NoKey) -> Self {
        match none {
            NoKey::Unavailable(why) => Self::Unavailable(why),
            NoKey::Wrong(why) => Self::Wrong(why),
        }
    }
}

fn time(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).rfc3339()
}

impl<S: Sources> Run<'_, S> {
    /// The status check of a credential of `issuer` whose signature holds. `claims` are those of its JWT.
    pub(crate) async fn check_status(&self, claims: &Map<String, Value>, issuer: &str, report: &mut Report) {
        let references = match status::references(claims) {
            Ok(references) => references,
            Err(error) => return report.failed(Aspect::Status, format!("Its status entry: {error}.")),
        };
        if references.is_empty() {
            return report.not_applicable(
                Aspect::Status,
                "The credential cannot be revoked: it names no status list.",
            );
        }
        if references.len() > MAX_REFERENCES {
            return report
                .failed(Aspect::Status, format!("It names more than {MAX_REFERENCES} status lists."));
        }
        let mut seen = Vec::new();
        for reference in &references {
            let (url, said) = match self.look_up(reference, issuer).await {
                Ok(found) => found,
                Err(NoList::Unavailable(why)) => return report.indeterminate(Aspect::Status, why),
                Err(NoList::Wrong(why)) => return report.failed(Aspect::Status, why),
            };
            match said {
                Said::Nothing => seen.push(url),
                Said::Revoked => {
                    let reason = format!("Its issuer has revoked it, as the status list {url} says.");
                    return report.failed_as(State::Revoked, Aspect::Status, reason);
                }
                Said::Suspended => {
                    let reason = format!("Its issuer has suspended it, as the status list {url} says.");
                    return report.failed_as(State::Suspended, Aspect::Status, reason);
                }
                Said::Other(value) => {
                    let reason =
                        format!("The status list {url} gives it the status {value}, which is not \"valid\".");
                    return report.failed(Aspect::Status, reason);
                }
            }
        }
        report.passed(
            Aspect::Status,
            format!("Its issuer has not revoked it, as {} says.", seen.join(" and ")),
        );
    }

    async fn look_up(&self, reference: &StatusReference, issuer: &str) -> Result<(String, Said), NoList> {
        let wrong = |url: &str, error: &dyn std::fmt::Display| {
            NoList::Wrong(format!("The status list {url}: {error}."))
        };
        match reference {
            StatusReference::Token { uri, idx } => {
                let list = self.list(uri, issuer).await?;
                let Form::Token(token) = &list.form else {
                    return Err(wrong(uri, &"it is no status list token"));
                };
                let value = token.status(*idx).map_err(|error| wrong(uri, &error))?;
                Ok((uri.clone(), said(value)))
            }
            StatusReference::Bitstring { url, index, purpose, size, .. } => {
                let list = self.list(url, issuer).await?;
                let Form::Credential(credential) = &list.form else {
                    return Err(wrong(url, &"it is no status list credential"));
                };
                let value = credential.status(purpose, *index, *size).map_err(|error| wrong(url, &error))?;
                let said = match (purpose.as_str(), value) {
                    (_, VALID) => Said::Nothing,
                    ("revocation", _) => Said::Revoked,
                    ("suspension", _) => Said::Suspended,
                    // Messages and hints to refresh do not make a credential invalid.
                    _ => Said::Nothing,
                };
                Ok((url.clone(), said))
            }
            StatusReference::Unsupported { kind } => Err(NoList::Unavailable(format!(
                "Its status is published in a way that is not understood here: {kind}.",
            ))),
        }
    }

    /// The list at a URL, checked, for a credential of `issuer`.
    async fn list(&self, url: &str, issuer: &str) -> Result<Arc<List>, NoList> {
        // For whom a list counts is part of its address: the same one may be named by several issuers.
        let key = format!("{issuer} {url}");
        // Whoever asks at the same time shares the answer.
        let fetched =
            self.verifier.lists.try_get_with_by_ref(&key, Box::pin(self.fetch_list(url, issuer, &key)));
        let list = fetched.await.map_err(|why| (*why).clone())?;
        // Of whom the verifier takes it is asked each time: what is remembered was asked for by others, too.
        if list.signer != issuer {
            let own = self.verifier.sources.is_own_issuer(&list.signer).await;
            if !self.policy.trusts(&list.signer, own) {
                return Err(NoList::Wrong(format!(
                    "The status list {url}: it is signed by {}, who is neither the credential's issuer nor trusted here.",
                    list.signer
                )));
            }
        }
        let (now, leeway) = (self.request.now, self.policy.leeway);
        if let Some(end) = list.ends().filter(|end| now >= end.saturating_add(leeway)) {
            let why =
                format!("The status list {url} has expired ({}), and there is no newer one.", time(end));
            return Err(NoList::Unavailable(why));
        }
        if let Some(start) = list.starts().filter(|start| *start > now.saturating_add(leeway)) {
            let why = format!("The status list {url} is only valid from {} on.", time(start));
            return Err(NoList::Unavailable(why));
        }
        Ok(list)
    }

    async fn fetch_list(&self, url: &str, issuer: &str, key: &str) -> Result<Arc<List>, NoList> {
        let unavailable = |why: &dyn std::fmt::Display| {
            NoList::Unavailable(format!("The status list {url} cannot be had: {why}."))
        };
        let wrong = |error: &dyn std::fmt::Display| NoList::Wrong(format!("The status list {url}: {error}."));
        self.spend().map_err(|why| unavailable(&why))?;
        let fetched = self.verifier.sources.fetch(url, LIMIT).await.map_err(|why| unavailable(&why))?;
        if let Some(known) = self.verifier.read_lists.known(key, &fetched.body) {
            return Ok(Arc::clone(&known.value));
        }
        let peek = status::peek(fetched.body.trim()).map_err(|error| wrong(&error))?;
        if peek.subject.as_deref() != Some(url) {
            return Err(wrong(&"it is made out for another address"));
        }
        let signer = peek.issuer.as_deref().unwrap_or(issuer);
        let keys = self.keys_of(Some(signer), &peek.header).await?;
        let candidates =
            keys.candidates(&peek.header, Purpose::AssertionMethod).map_err(|error| wrong(&error))?;
        let read = self.verifier.read_lists.read(key, &fetched.body, |raw| {
            let form = first_that_verifies(raw.trim(), &candidates, peek.header.typ.as_deref());
            let form = form.map_err(|error| wrong(&error))?;
            let mut list = List { form, lives: Duration::ZERO, signer: signer.to_owned() };
            list.lives = lifetime(
                fetched.fresh_seconds.filter(|fresh| *fresh == 0).or(list.ttl()).or(fetched.fresh_seconds),
            );
            Ok(Arc::new(list))
        });
        read.map(|read| Arc::clone(&read.value))
    }
}

fn said(value: u8) -> Said {
    match value {
        VALID => Said::Nothing,
        INVALID => Said::Revoked,
        SUSPENDED => Said::Suspended,
        other => Said::Other(other),
    }
}

fn first_that_verifies(
    text: &str,
    keys: &[jose::PublicKey],
    typ: Option<&str>,
) -> Result<Form, status::ListError> {
    let mut refusal = None;
    for key in keys {
        let form = if typ == Some("statuslist+jwt") {
            TokenList::verify(text, key, MAX_BITS).map(Form::Token)
        } else {
            CredentialList::verify(text, key, MAX_BITS).map(Form::Credential)
        };
        match form {
            Ok(form) => return Ok(form),
            Err(error) => refusal = Some(error),
        }
    }
    Err(refusal.expect("there is a key to try"))
}
