//! Documents that the caller gives, recognised by what they say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use url::Url;
use vc::{did, status};

use crate::files;

/// The longest document that can be given, in bytes: a status list.
const LIMIT: usize = 4 << 20;

const KINDS: &str = "a DID document (\"id\"), issuer metadata (\"issuer\" and \"jwks\"), a JSON Schema (\"$id\"), type \
                     metadata (\"vct\") and a status list (a signed JWT) are";

/// What a document is about, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// What is found at a URL.
    Url(String),
    /// A DID whose method names no URL.
    Did(String),
    /// The type of an SD-JWT VC.
    Type(String),
}

/// A document that was given.
#[derive(Debug)]
pub(super) struct Document {
    /// Its file, for people.
    pub(super) file: String,
    pub(super) body: Arc<str>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<Subject, Document>);

impl Given {
    /// Reads one more. `development` says whether a `did:web` may be found by http.
    pub(super) fn add(&mut self, path: &Path, development: bool) -> anyhow::Result<()> {
        let file = path.display().to_string();
        let body = files::read_text(path, LIMIT).context("--with")?;
        let subject = subject(&body, development).with_context(|| format!("--with {file}"))?;
        if let Some(other) = self.0.get(&subject) {
            bail!("--with {file}: {} is about the same: give one of them", other.file);
        }
        self.0.insert(subject, Document { file, body: body.into() });
        Ok(())
    }

    /// What is found at a URL.
    pub(super) fn at(&self, url: &str) -> Option<&Document> {
        self.0.get(&Subject::Url(url.to_owned()))
    }

    /// The document of a DID whose method names no URL.
    pub(super) fn of_did(&self, did: &str) -> Option<&Document> {
        self.0.get(&Subject::Did(did.to_owned()))
    }

    /// The metadata of a type.
    pub(super) fn of_type(&self, vct: &str) -> Option<&Document> {
        self.0.get(&Subject::Type(vct.to_owned()))
    }
}

fn subject(text: &str, development: bool) -> anyhow::Result<Subject> {
    let text = text.trim();
    if !text.starts_with('{') {
        let list = status::peek(text)
            .with_context(|| format!("it is neither JSON nor a signed JWT; {KINDS} read"))?;
        let url = list
            .subject
            .context("it is a signed JWT, but no status list: it does not say at which URL it is")?;
        return Ok(Subject::Url(url));
    }
    let json = jose::strict_json(text.as_bytes()).context("it is no JSON")?;
    let member = |name: &str| json.get(name).and_then(Value::as_str);
    if let Some(did) = member("id").filter(|id| id.starts_with("did:")) {
        return of_did(did, development);
    }
    let has_keys = json.get("jwks").is_some() || json.get("jwks_uri").is_some();
    if let Some(issuer) = member("issuer").filter(|_| has_keys) {
        return metadata_url(issuer).map(Subject::Url).context("its \"issuer\" is no URL of an issuer");
    }
    if let Some(vct) = member("vct") {
        return Ok(Subject::Type(vct.to_owned()));
    }
    if let Some(id) = member("$id") {
        return Ok(Subject::Url(id.to_owned()));
    }
    ensure!(
        json.get("keys").is_none(),
        "it is a set of keys, which does not say whose they are: put it into the issuer's metadata, {{\"issuer\": .., \
         \"jwks\": ..}}"
    );
    bail!("it is none of the documents that are read: {KINDS}")
}

fn of_did(did: &str, development: bool) -> anyhow::Result<Subject> {
    if did.starts_with("did:web:") {
        return Ok(Subject::Url(did::web_url(did, development).context("its \"id\"")?));
    }
    Ok(Subject::Did(did.to_owned()))
}

/// Where an issuer's metadata are (draft-ietf-oauth-sd-jwt-vc, section on issuer metadata): the well-known path goes before the
/// issuer's own.
fn metadata_url(issuer: &str) -> Option<String> {
    let mut url = Url::parse(issuer).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/jwt-vc-issuer{path}"));
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn jwt(header: &Value, payload: &Value) -> String {
        let part = |json: &Value| jose::b64url_encode(json.to_string().as_bytes());
        format!("{}.{}.AAAA", part(header), part(payload))
    }

    #[test]
    fn each_kind_is_known_by_what_it_says() {
        let read = |text: String| subject(&text, true).unwrap();
        let url = |url: &str| Subject::Url(url.to_owned());
        assert_eq!(
            read(json!({"id": "did:web:a.example:x"}).to_string()),
            url("https://a.example/x/did.json")
        );
        let local = "http://127.0.0.1:8080/x/did.json";
        assert_eq!(read(json!({"id": "did:web:127.0.0.1%3A8080:x"}).to_string()), url(local));
        assert_eq!(
            read(json!({"id": "did:air:id:test:1"}).to_string()),
            Subject::Did("did:air:id:test:1".into())
        );
        let metadata = json!({"issuer": "https://a.example/i/1", "jwks": {"keys": []}}).to_string();
        assert_eq!(read(metadata), url("https://a.example/.well-known/jwt-vc-issuer/i/1"));
        assert_eq!(read(json!({"vct": "urn:t", "$id": "x"}).to_string()), Subject::Type("urn:t".into()));
        assert_eq!(
            read(format!("\n {}\n", json!({"$id": "https://a.example/s"}))),
            url("https://a.example/s")
        );
        let token =
            jwt(&json!({"typ": "statuslist+jwt", "alg": "ES256"}), &json!({"sub": "https://a.example/l"}));
        assert_eq!(read(format!("{token}\n")), url("https://a.example/l"));
        for payload in [json!({"id": "https://a.example/b"}), json!({"vc": {"id": "https://a.example/b"}})] {
            let list = jwt(&json!({"typ": "vc+jwt", "alg": "ES256"}), &payload);
            assert_eq!(read(list), url("https://a.example/b"));
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_what_would_do() {
        for (text, wanted) in [
            ("".to_owned(), "neither JSON nor a signed JWT"),
            ("hello".to_owned(), "neither JSON nor a signed JWT"),
            ("{".to_owned(), "it is no JSON"),
            (r#"{"id":"did:web:a","id":"did:web:b"}"#.to_owned(), "it is no JSON"),
            ("{}".to_owned(), "none of the documents"),
            (json!({"keys": []}).to_string(), "does not say whose"),
            (json!({"issuer": "https://a.example"}).to_string(), "none of the documents"),
            (json!({"issuer": "x", "jwks": {}}).to_string(), "no URL of an issuer"),
            (json!({"issuer": "https://a.example?x", "jwks": {}}).to_string(), "no URL of an issuer"),
            (json!({"id": "did:web:"}).to_string(), "its \"id\""),
            (jwt(&json!({"alg": "ES256"}), &json!({"iss": "x"})), "no status list"),
        ] {
            let error = format!("{:#}", subject(&text, false).unwrap_err());
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn two_that_are_about_the_same_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut given = Given::default();
        for (name, good) in [("one", true), ("two", false)] {
            let path = folder.path().join(name);
            std::fs::write(&path, r#"{"vct":"urn:t"}"#).unwrap();
            assert_eq!(given.add(&path, false).is_ok(), good);
        }
        assert!(given.of_type("urn:t").unwrap().file.ends_with("one"));
        assert!(given.add(&folder.path().join("none"), false).is_err());
    }
}
