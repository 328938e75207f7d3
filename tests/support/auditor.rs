//! An outside auditor of the log: it knows the log's address, and believes nothing that it has not checked.

use std::collections::HashMap;

use model::LogLeaf;
use reqwest::Client;
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::entries;
use tlog::hash::{Hash, leaf_hash, tree_hash};
use tlog::key::VerifierKey;
use tlog::prove::ProofPlan;
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile};
use tlog::verify::verify_consistency;

use crate::http_client;

/// Reads a log over HTTP, by the key that it published when the auditor first came.
#[derive(Clone, Debug)]
pub struct Auditor {
    url: String,
    client: Client,
    key: VerifierKey,
}

impl Auditor {
    /// Comes to know the log of the server at `url` by its key.
    ///
    /// # Panics
    /// If there is no key.
    pub async fn new(url: &str) -> Self {
        let client = http_client();
        let key = client.get(format!("{url}/log/key")).send().await.expect("an answer");
        let key = key.text().await.expect("a text");
        Self { url: url.to_owned(), client, key: key.trim_end().parse().expect("a verifier key") }
    }

    /// The log's key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The same log by another address.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// The status and the bytes at a path below `/log/`.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.try_get(path).await.expect("an answer")
    }

    async fn try_get(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let answer = self.client.get(format!("{}/log/{path}", self.url)).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.bytes().await.ok()?.to_vec()))
    }

    async fn existing(&self, path: &str) -> Vec<u8> {
        let (status, bytes) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
        bytes
    }

    /// The published checkpoint, its signature checked.
    ///
    /// # Panics
    /// If there is none, or it is not signed by the log.
    pub async fn checkpoint(&self) -> Checkpoint {
        self.try_checkpoint().await.expect("an answer")
    }

    /// The published checkpoint, its signature checked; `None` if nobody answers.
    ///
    /// # Panics
    /// If an answer is no checkpoint that the log signed.
    pub async fn try_checkpoint(&self) -> Option<Checkpoint> {
        let (status, note) = self.try_get("checkpoint").await?;
        let note = String::from_utf8(note).expect("a text");
        assert_eq!(status, 200, "{note}");
        let signed: SignedCheckpoint = note.parse().expect("a checkpoint");
        Some(signed.verify(self.key.name().as_str(), &self.key).expect("signed by the log").clone())
    }

    /// Every entry of the log at this size, out of entry bundles.
    ///
    /// # Panics
    /// If one is missing.
    pub async fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for index in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
            let bundle = EntryBundle::in_tree(index, size).expect("below the size");
            let bytes = self.existing(&bundle.to_string()).await;
            let bundle = entries::decode(&bytes).expect("an entry bundle");
            found.extend(bundle.into_iter().map(<[u8]>::to_vec));
        }
        assert_eq!(found.len() as u64, size, "the bundles hold as many entries as the checkpoint says");
        found
    }

    /// The hashes of a plan, out of tiles.
    async fn resolve(&self, plan: &ProofPlan) -> Vec<Hash> {
        let mut tiles: HashMap<Tile, Vec<u8>> = HashMap::new();
        for tile in plan.tiles() {
            let bytes = self.existing(&tile.to_string()).await;
            assert_eq!(bytes.len(), tile.byte_len(), "{tile}");
            tiles.insert(tile, bytes);
        }
        plan.resolve(|tile| tiles.get(tile)).expect("the tiles prove it")
    }

    /// Checks that the log at `new` begins with the log at `old`.
    ///
    /// # Panics
    /// If it does not: the log has forked.
    pub async fn assert_consistent(&self, old: &Checkpoint, new: &Checkpoint) {
        let plan = ProofPlan::consistency(old.size(), new.size()).expect("a log does not shrink");
        let path = self.resolve(&plan).await;
        verify_consistency(old.size(), new.size(), old.root(), new.root(), &path)
            .unwrap_or_else(|error| panic!("from {} to {}: {error}", old.size(), new.size()));
    }

    /// Reads the whole log at a checkpoint, checks that its entries and its tiles both lead to the signed root, and answers
    /// with its leaves.
    ///
    /// # Panics
    /// If the log is not what the checkpoint says.
    pub async fn audit(&self, checkpoint: &Checkpoint) -> Vec<LogLeaf> {
        let entries = self.entries(checkpoint.size()).await;
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(tree_hash(&hashes), *checkpoint.root(), "the entries lead to the root");
        let tiles = self.resolve(&ProofPlan::root(checkpoint.size())).await;
        assert_eq!(tiles, [*checkpoint.root()], "the tiles lead to the root");
        entries.iter().map(|entry| serde_json::from_slice(entry).expect("a leaf")).collect()
    }
}
