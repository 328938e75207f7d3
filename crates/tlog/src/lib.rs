//! A transparency log in the C2SP formats, as pure functions over bytes.
//!
//! The crate holds no database, no clock and no randomness: a sequencer loads tiles, hands them in, and
//! stores what comes back; a verifier needs nothing but a proof file and two keys.
//!
//! | module | what | specification |
//! |---|---|---|
//! | [`hash`] | leaf, node and root hashes | RFC 6962 section 2.1 |
//! | [`tile`] | tile coordinates and their paths | <https://c2sp.org/tlog-tiles> |
//! | [`entries`] | entry bundles | <https://c2sp.org/tlog-tiles> |
//! | [`writer`] | appending a batch of leaves to the right edge | <https://c2sp.org/tlog-tiles> |
//! | [`audit`] | replaying a whole log from its entries | <https://c2sp.org/tlog-tiles> |
//! | [`prove`] | inclusion and consistency proofs out of tiles | RFC 9162 sections 2.1.3.1 and 2.1.4.1 |
//! | [`verify`] | checking those proofs | RFC 9162 sections 2.1.3.2 and 2.1.4.2 |
//! | [`key`] | key names, key ids, verifier keys | <https://c2sp.org/signed-note> |
//! | [`note`] | signed notes and their signer | <https://c2sp.org/signed-note> |
//! | [`checkpoint`] | signed tree heads | <https://c2sp.org/tlog-checkpoint> |
//! | [`cosignature`] | what a witness signs | <https://c2sp.org/tlog-cosignature> |
//! | [`witness`] | asking a witness to cosign, and what it may sign | <https://c2sp.org/tlog-witness> |
//! | [`tlog_proof`] | a proof that verifies offline, in one file | <https://c2sp.org/tlog-proof> |
//!
//! A log, from its first leaf to a proof that a stranger can check:
//!
//! ```
//! use std::collections::HashMap;
//! use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
//! use tlog::hash::leaf_hash;
//! use tlog::note::NoteSigner;
//! use tlog::prove::ProofPlan;
//! use tlog::tlog_proof::TlogProof;
//! use tlog::writer::TreeWriter;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut writer = TreeWriter::empty();
//! for entry in ["first", "second", "third"] {
//!     writer.append(leaf_hash(entry.as_bytes()));
//! }
//! let head = writer.finish();
//! let database: HashMap<_, _> = head.tiles.into_iter().map(|t| (t.tile.slot(), t.bytes)).collect();
//!
//! let signer = NoteSigner::new("log.example/1".parse()?, &[7; 32]);
//! let checkpoint = Checkpoint::new("log.example/1", head.size, head.root)?;
//! let signed = SignedCheckpoint::sign(checkpoint, &signer);
//!
//! let plan = ProofPlan::inclusion(1, head.size)?;
//! let path = plan.resolve(|tile| database.get(&tile.slot()))?;
//! let file = TlogProof::new(1, path, Vec::new(), signed)?.to_string();
//!
//! let proof: TlogProof = file.parse()?;
//! let seen = proof.verify(&leaf_hash(b"second"), "log.example/1", &signer.verifier_key())?;
//! assert_eq!(seen.size(), 3);
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod checkpoint;
pub mod cosignature;
pub mod entries;
pub mod hash;
pub mod key;
pub mod note;
pub mod prove;
mod text;
pub mod tile;
pub mod tlog_proof;
pub mod verify;
pub mod witness;
pub mod writer;
