//! Positions in status lists, taken from the database in blocks: one short statement for many credentials.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use model::IssuerId;
use store::Store;

use crate::EngineError;

/// How many positions are taken at once. What a process has not used when it ends is lost; a list has 131,072.
const BLOCK: i64 = 512;

type Block = Arc<tokio::sync::Mutex<Range<i64>>>;

#[derive(Debug, Default)]
pub(crate) struct Positions {
    blocks: Mutex<HashMap<IssuerId, Block>>,
}

impl Positions {
    /// A position that nobody else gets.
    pub(crate) async fn next(&self, store: &Store, issuer: &IssuerId) -> Result<i64, EngineError> {
        let block = self.block(issuer);
        let mut block = block.lock().await;
        if let Some(position) = block.next() {
            return Ok(position);
        }
        let first = store.reserve_status_positions(issuer, BLOCK).await?;
        *block = first + 1..first + BLOCK;
        Ok(first)
    }

    fn block(&self, issuer: &IssuerId) -> Block {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(blocks.entry(issuer.clone()).or_insert_with(|| Arc::new(tokio::sync::Mutex::new(0..0))))
    }
}
