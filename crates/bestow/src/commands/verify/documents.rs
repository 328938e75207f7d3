//! Where the verifier of the command line finds what a credential only names: what was given, a folder, and the network if
//! that is allowed.

use std::sync::{Arc, Mutex, PoisonError};

use issuance::GuardedClient;
use model::Timestamp;
use serde_json::{Value, json};
use tlog::key::VerifierKey;
use tlog::tlog_proof::MAX_PROOF_LEN;
use verify::{Fetched, OwnEntry, Sources, Unavailable};

use super::cache::{Cache, Kept};
use super::given::{Document, Given};
use crate::explain::explain;

/// For how long a document is fresh if its server does not say, in seconds.
const FRESH_SECONDS: i64 = 60;
/// For how long a document is fresh at most, in seconds: a key that was withdrawn counts no longer than that.
const FRESH_AT_MOST: i64 = 3_600;
/// The largest schema that is read, in bytes.
const SCHEMA_LIMIT: usize = 256 * 1024;

/// The sources. What is given comes first, then what is fresh in the folder. Then the network decides if it is allowed:
/// what cannot be fetched is missing, even if the folder has an old copy, since whoever asked wants to know how things stand.
#[derive(Debug)]
pub(super) struct Documents {
    given: Given,
    cache: Option<Cache>,
    network: Option<GuardedClient>,
    development: bool,
    now: Timestamp,
    notes: Mutex<Vec<String>>,
}

impl Documents {
    pub(super) fn new(
        given: Given,
        cache: Option<Cache>,
        network: Option<GuardedClient>,
        development: bool,
        now: Timestamp,
    ) -> Self {
        Self { given, cache, network, development, now, notes: Mutex::default() }
    }

    /// What somebody who relies on the documents should know of them; each note once.
    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    fn note_given(&self, what: &str, document: &Document) {
        self.note(format!("{what} was taken from the file {}.", document.file));
    }

    fn kept(&self, url: &str, limit: usize) -> anyhow::Result<Option<Kept>> {
        self.cache.as_ref().map_or(Ok(None), |cache| cache.read(url, limit))
    }

    fn keep(&self, url: &str, kept: &Kept) {
        if let Some(Err(error)) = self.cache.as_ref().map(|cache| cache.write(url, kept)) {
            self.note(format!("{url} was fetched, but could not be kept in the cache: {}.", explain(&error)));
        }
    }

    /// How old a copy is, in seconds.
    fn age(&self, kept: &Kept) -> i64 {
        self.now.seconds() - kept.fetched_at.seconds()
    }

    fn is_fresh(&self, kept: &Kept) -> bool {
        (0..fresh_for(kept.fresh_seconds)).contains(&self.age(kept))
    }

    /// Without a network.
    fn look_up(&self, url: &str, limit: usize) -> Result<Fetched, Unavailable> {
        let kept = self.kept(url, limit).map_err(|error| {
            Unavailable(format!(
                "the copy of {url} cannot be used, fetch it anew with --online: {}",
                explain(&error)
            ))
        })?;
        let kept = kept.ok_or_else(|| {
            Unavailable(format!("{url} is not at hand, fetch it with --online, or give it with --with"))
        })?;
        let (age, fetched_at) = (self.age(&kept), kept.fetched_at.rfc3339());
        if age < 0 {
            self.note(format!(
                "The copy of {url} is of {fetched_at}, which is yet to come: is the clock right?"
            ));
        } else if !self.is_fresh(&kept) {
            self.note(format!(
                "The copy of {url} is {} old (of {fetched_at}): what has changed since is not seen; --online looks again.",
                span(age)
            ));
        }
        Ok(fetched(kept))
    }

    async fn go_and_get(
        &self,
        client: &GuardedClient,
        url: &str,
        limit: usize,
    ) -> Result<Fetched, Unavailable> {
        // A copy that cannot be used is replaced.
        let old = self.kept(url, limit).ok().flatten();
        if let Some(kept) = old.as_ref().filter(|kept| self.is_fresh(kept)) {
            return Ok(Fetched { body: kept.body.as_str().into(), fresh_seconds: kept.fresh_seconds });
        }
        let answer = client.get(url, limit).await.map_err(|error| match &old {
            None => Unavailable(format!("{url} cannot be fetched, {error}")),
            Some(old) => Unavailable(format!(
                "{url} cannot be fetched, {error}; without --online, the copy of {} is used",
                old.fetched_at.rfc3339()
            )),
        })?;
        let fresh_seconds = answer.fresh_seconds();
        let body = String::from_utf8(answer.body).map_err(|_| Unavailable(format!("{url} is no text")))?;
        let kept = Kept { body, fetched_at: self.now, fresh_seconds };
        self.keep(url, &kept);
        Ok(fetched(kept))
    }
}

fn fetched(kept: Kept) -> Fetched {
    Fetched { body: kept.body.into(), fresh_seconds: kept.fresh_seconds }
}

/// For how many seconds a copy is fresh, by its server's word.
fn fresh_for(said: Option<i64>) -> i64 {
    said.unwrap_or(FRESH_SECONDS).clamp(0, FRESH_AT_MOST)
}

/// A span of time for people, in its largest whole unit.
fn span(seconds: i64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, "second"));
    let count = seconds / unit.0;
    format!("{count} {}{}", unit.1, if count == 1 { "" } else { "s" })
}

impl Sources for Documents {
    async fn fetch(&self, url: &str, limit: usize) -> Result<Fetched, Unavailable> {
        if let Some(document) = self.given.at(url) {
            if document.body.len() > limit {
                return Err(Unavailable(format!("the file {} is larger than {limit} bytes", document.file)));
            }
            self.note_given(url, document);
            return Ok(Fetched { body: Arc::clone(&document.body), fresh_seconds: None });
        }
        match &self.network {
            Some(client) => self.go_and_get(client, url, limit).await,
            None => self.look_up(url, limit),
        }
    }

    async fn did_document(&self, did: &str) -> Result<Option<Value>, Unavailable> {
        if did.starts_with("did:web:") {
            // Its document has a URL.
            return Ok(None);
        }
        let document = self.given.of_did(did).ok_or_else(|| {
            Unavailable(
                "its DID method names no URL to look at: give its DID document with --with".to_owned(),
            )
        })?;
        self.note_given(did, document);
        let value = jose::strict_json(document.body.as_bytes());
        value
            .map(Some)
            .map_err(|error| Unavailable(format!("the file {} is no JSON: {error}", document.file)))
    }

    async fn is_own_issuer(&self, _: &str) -> bool {
        false
    }

    /// The schema in the metadata of the type, if they were given.
    async fn own_schema(&self, vct: &str) -> Result<Option<Arc<str>>, Unavailable> {
        let Some(document) = self.given.of_type(vct) else { return Ok(None) };
        self.note_given(&format!("What {vct} demands"), document);
        let metadata = jose::strict_json(document.body.as_bytes())
            .map_err(|error| Unavailable(format!("the file {} is no JSON: {error}", document.file)))?;
        match (metadata.get("schema"), metadata.get("schema_uri").and_then(Value::as_str)) {
            (Some(schema), _) => Ok(Some(schema.to_string().into())),
            (None, Some(url)) => Ok(Some(self.fetch(url, SCHEMA_LIMIT).await?.body)),
            (None, None) => Ok(None),
        }
    }

    async fn own_entry(&self, _: &str) -> Result<OwnEntry, Unavailable> {
        Ok(OwnEntry::Unknown)
    }

    /// The network if it is allowed, and else the folder: a proof once given holds for good.
    async fn fetch_proof(&self, log: &str, jwt: &str) -> Result<String, Unavailable> {
        let url = format!("{log}/proof");
        // What a URL answers to one credential is no answer to another.
        let place = format!("{url}#{}", hex::encode(verify::sha256(jwt.as_bytes())));
        let kept = self.kept(&place, MAX_PROOF_LEN).ok().flatten().map(|kept| kept.body);
        let Some(client) = &self.network else {
            let missing = "it is not at hand, fetch it with --online, or give it with --proof";
            return kept.ok_or_else(|| Unavailable(missing.to_owned()));
        };
        let answer = match (client.post_json(&url, &json!({ "credential": jwt }), MAX_PROOF_LEN).await, kept)
        {
            (Ok(answer), _) => answer,
            (Err(_), Some(proof)) => return Ok(proof),
            (Err(error), None) => return Err(Unavailable(format!("{url} cannot be fetched, {error}"))),
        };
        let body = String::from_utf8(answer.body).map_err(|_| Unavailable(format!("{url} is no text")))?;
        self.keep(&place, &Kept { body: body.clone(), fetched_at: self.now, fresh_seconds: None });
        Ok(body)
    }

    fn own_log(&self) -> Option<VerifierKey> {
        None
    }

    fn development(&self) -> bool {
        self.development
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/list";
    const NOW: i64 = 1_700_000_000;

    fn documents(given: Given, cache: Option<Cache>) -> Documents {
        Documents::new(given, cache, None, false, Timestamp::from_seconds(NOW))
    }

    fn kept(age: i64, fresh_seconds: Option<i64>) -> Kept {
        Kept { body: "body".to_owned(), fetched_at: Timestamp::from_seconds(NOW - age), fresh_seconds }
    }

    #[tokio::test]
    async fn what_is_missing_is_named_with_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        for cache in [None, Some(Cache::at(folder.path()))] {
            let error = documents(Given::default(), cache).fetch(URL, 100).await.unwrap_err();
            assert_eq!(
                error.0,
                "https://a.example/list is not at hand, fetch it with --online, or give it with --with"
            );
        }
    }

    #[tokio::test]
    async fn a_copy_is_used_however_old_and_its_age_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        for (age, fresh, wanted) in [
            (0, Some(1), None),
            (59, None, None),
            (60, None, Some("is 1 minute old (of 2023-11-14T22:12:20Z)")),
            (0, Some(0), Some("is 0 seconds old")),
            (3_599, Some(i64::MAX), None),
            (7_300, Some(i64::MAX), Some("is 2 hours old")),
            (3 * 86_400, Some(60), Some("is 3 days old")),
            (-1, Some(60), Some("yet to come")),
        ] {
            let cache = Cache::at(folder.path());
            cache.write(URL, &kept(age, fresh)).unwrap();
            let documents = documents(Given::default(), Some(cache));
            for _ in 0..2 {
                assert_eq!(&*documents.fetch(URL, 100).await.unwrap().body, "body");
            }
            let notes = documents.notes();
            match wanted {
                None => assert_eq!(notes, Vec::<String>::new(), "{age} {fresh:?}"),
                Some(wanted) => {
                    assert_eq!(notes.len(), 1, "each note once: {notes:?}");
                    assert!(notes[0].contains(wanted), "{notes:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_given_comes_before_what_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        cache.write(URL, &kept(0, Some(60))).unwrap();
        let file = folder.path().join("schema");
        let text = format!(r#"{{"$id":"{URL}"}}"#);
        std::fs::write(&file, &text).unwrap();
        let mut given = Given::default();
        given.add(&file, false).unwrap();
        let documents = documents(given, Some(cache));
        assert_eq!(*documents.fetch(URL, 100).await.unwrap().body, text);
        assert!(documents.notes()[0].contains("was taken from the file"));
        let error = documents.fetch(URL, 10).await.unwrap_err();
        assert!(error.0.ends_with("larger than 10 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_broken_copy_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        cache.write(URL, &kept(0, None)).unwrap();
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        std::fs::write(file, "{").unwrap();
        let error = documents(Given::default(), Some(cache)).fetch(URL, 100).await.unwrap_err();
        assert!(error.0.contains(URL) && error.0.contains("--online"), "{error}");
    }

    #[tokio::test]
    async fn a_schema_comes_from_the_metadata_of_the_type_that_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let mut given = Given::default();
        let texts = [
            r#"{"vct":"urn:here","schema":{"type":"object"}}"#,
            r#"{"vct":"urn:there","schema_uri":"https://a.example/s"}"#,
            r#"{"vct":"urn:lost","schema_uri":"https://a.example/t"}"#,
            r#"{"vct":"urn:none"}"#,
            r#"{"$id":"https://a.example/s"}"#,
            r#"{"id":"did:air:id:test:1"}"#,
        ];
        for (number, text) in texts.iter().enumerate() {
            let file = folder.path().join(number.to_string());
            std::fs::write(&file, text).unwrap();
            given.add(&file, false).unwrap();
        }
        let documents = documents(given, None);
        let schema = async |vct| documents.own_schema(vct).await;
        assert_eq!(schema("urn:here").await.unwrap().as_deref(), Some(r#"{"type":"object"}"#));
        assert_eq!(schema("urn:there").await.unwrap().as_deref(), Some(texts[4]));
        assert!(schema("urn:lost").await.unwrap_err().0.contains("https://a.example/t"));
        assert_eq!(schema("urn:none").await.unwrap(), None);
        assert_eq!(schema("urn:unknown").await.unwrap(), None);
        assert_eq!(documents.did_document("did:web:a.example").await, Ok(None));
        assert!(documents.did_document("did:air:id:test:1").await.unwrap().is_some());
        assert!(documents.did_document("did:air:id:test:2").await.unwrap_err().0.contains("--with"));
    }
}
