//! Leaves that say how status lists were, so that it can be shown that something was not revoked at a time.

use std::collections::HashMap;

use model::{Issuer, IssuerId, LogLeaf};
use store::StatusDigest;
use verify::sha256;

use crate::EngineError;
use crate::engine::Engine;
use crate::issuer::LIST_BITS;

impl Engine {
    /// Queues a leaf for each status list that has changed since its last one, and for each that has none yet; how many. Safe to
    /// run at any time and on several replicas at once.
    pub async fn digest_status_lists(&self) -> Result<usize, EngineError> {
        let keyed = |counts: Vec<(IssuerId, i64, i64)>| -> HashMap<(IssuerId, i64), i64> {
            counts.into_iter().map(|(issuer, list, count)| ((issuer, list), count)).collect()
        };
        let digested = keyed(self.store.digested_counts().await?);
        let revoked = keyed(self.store.revoked_counts().await?);
        let mut queued = 0;
        for issuer in self.store.issuers(None).await? {
            let taken = self.store.status_positions(&issuer.id).await?;
            let lists = if taken == 0 { 0 } else { ((taken - 1) >> LIST_BITS) + 1 };
            for list in 0..lists {
                let key = (issuer.id.clone(), list);
                let now = revoked.get(&key).copied().unwrap_or_default();
                if digested.get(&key) != Some(&now) && self.digest_list(&issuer, list, now).await? {
                    queued += 1;
                }
            }
        }
        Ok(queued)
    }

    async fn digest_list(&self, issuer: &Issuer, list: i64, revoked: i64) -> Result<bool, EngineError> {
        let Some(active) = self.issuer_by_slug(&issuer.slug).await? else { return Ok(false) };
        // The time first: what is revoked while the list is read may be in it already, and is counted next time.
        let at = self.clock.now();
        let bits = self.list_bits(&issuer.id, list).await?;
        let hash = sha256(bits.as_bytes());
        let leaf = LogLeaf::status(&issuer.did, &active.token_list_url(list), &hash, at).to_json();
        let digest = StatusDigest { revoked, hash, bits: bits.to_lst(), at };
        Ok(self.store.insert_status_digest(&issuer.id, list, &digest, &leaf).await?)
    }
}
