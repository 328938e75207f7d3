//! A folder of documents that were fetched, for the next time without a network.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files;

/// What an entry has beside its document: URL, moment and punctuation.
const OVERHEAD: usize = 16 * 1024;
/// A character of one byte takes at most this many in a JSON string.
const ESCAPED: usize = 6;

/// The folder. An entry's file is named after the SHA-256 of its URL, in hex.
#[derive(Debug)]
pub(super) struct Cache(PathBuf);

/// One document as it was fetched.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    url: String,
    /// RFC 3339.
    fetched_at: String,
    /// For how many seconds it may be used without another look, by its server's word.
    fresh_seconds: Option<i64>,
    body: String,
}

/// What the folder has of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) body: String,
    pub(super) fetched_at: Timestamp,
    pub(super) fresh_seconds: Option<i64>,
}

impl Cache {
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Makes the folder, unless there is one.
    pub(super) fn make(&self) -> anyhow::Result<()> {
        files::make_private_folder(&self.0).context("--cache")
    }

    fn path(&self, url: &str) -> PathBuf {
        self.0.join(format!("{}.json", hex::encode(verify::sha256(url.as_bytes()))))
    }

    /// What is kept of a URL, if anything is; a document of at most `limit` bytes.
    pub(super) fn read(&self, url: &str, limit: usize) -> anyhow::Result<Option<Kept>> {
        let path = self.path(url);
        if !path.try_exists().with_context(|| format!("cannot read {}", path.display()))? {
            return Ok(None);
        }
        let text = files::read_text(&path, limit.saturating_mul(ESCAPED).saturating_add(OVERHEAD))?;
        let read = || -> anyhow::Result<Kept> {
            let entry: Entry = serde_json::from_str(&text)?;
            ensure!(entry.url == url, "it is of another URL");
            ensure!(entry.body.len() <= limit, "its document is larger than {limit} bytes");
            let fetched_at = Timestamp::parse_rfc3339(&entry.fetched_at).context("fetchedAt is no moment")?;
            Ok(Kept { body: entry.body, fetched_at, fresh_seconds: entry.fresh_seconds })
        };
        read().map(Some).with_context(|| format!("{} is no entry of a cache", path.display()))
    }

    /// Keeps a document in place of what was kept of its URL before.
    pub(super) fn write(&self, url: &str, kept: &Kept) -> anyhow::Result<()> {
        let entry = Entry {
            url: url.to_owned(),
            fetched_at: kept.fetched_at.rfc3339(),
            fresh_seconds: kept.fresh_seconds,
            body: kept.body.clone(),
        };
        files::write_private(&self.path(url), &serde_json::to_string(&entry)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/did.json";

    fn kept(body: &str) -> Kept {
        Kept {
            body: body.to_owned(),
            fetched_at: Timestamp::from_seconds(1_700_000_000),
            fresh_seconds: Some(60),
        }
    }

    #[test]
    fn what_was_kept_is_found_again_and_the_last_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(&folder.path().join("new"));
        assert_eq!(cache.read(URL, 100).unwrap(), None, "a folder that is not there is empty");
        cache.make().unwrap();
        for body in ["{}", "\u{0}\"\\ä\n"] {
            cache.write(URL, &kept(body)).unwrap();
            assert_eq!(cache.read(URL, 100).unwrap(), Some(kept(body)));
        }
        assert_eq!(cache.read("https://a.example/other", 100).unwrap(), None);
        cache.write(URL, &kept(&"\u{1}".repeat(100_000))).unwrap();
        assert_eq!(cache.read(URL, 100_000).unwrap().unwrap().body.len(), 100_000, "escaped, it is longer");
    }

    #[test]
    fn the_file_is_as_documented() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        cache.write(URL, &kept("{}")).unwrap();
        // printf %s https://a.example/did.json | sha256sum
        let name = "d2adfa347db23bd9d39e309514e85a526d199d5a9237b40077b6c20b7fb07ddd.json";
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        let expected = r#"{"url":"https://a.example/did.json","fetchedAt":"2023-11-14T22:13:20Z","freshSeconds":60,"body":"{}"}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_broken_or_of_another_url_or_too_large_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        cache.write(URL, &kept("12345")).unwrap();
        let refused = |url, limit| format!("{:#}", cache.read(url, limit).unwrap_err());
        assert!(refused(URL, 4).ends_with("its document is larger than 4 bytes"));
        std::fs::copy(cache.path(URL), cache.path("https://b.example/")).unwrap();
        assert!(refused("https://b.example/", 100).ends_with("it is of another URL"));
        for text in
            ["", "{}", "[]", "\u{fffd}", r#"{"url":"https://a.example/did.json","fetchedAt":"x","body":""}"#]
        {
            std::fs::write(cache.path(URL), text).unwrap();
            assert!(refused(URL, 100).contains("is no entry of a cache"), "{text}");
        }
        std::fs::write(cache.path(URL), " ".repeat(OVERHEAD + 601)).unwrap();
        assert!(refused(URL, 100).contains("larger than"));
    }
}
