//! A log that tells two histories, as no log may: what a witness is there for.

use std::collections::HashMap;

use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::hash::{Hash, leaf_hash, tree_hash};
use tlog::key::VerifierKey;
use tlog::note::NoteSigner;
use tlog::prove::ProofPlan;
use tlog::tile::TileSlot;
use tlog::witness::AddCheckpoint;
use tlog::writer::TreeWriter;

/// Both histories begin with the same leaves, and are signed by one key.
#[derive(Debug)]
pub struct SplitLog {
    signer: NoteSigner,
    branches: [Branch; 2],
}

#[derive(Debug)]
struct Branch {
    leaves: Vec<Hash>,
    tiles: HashMap<TileSlot, Vec<u8>>,
}

impl Branch {
    fn new(name: usize, fork: u64, size: u64) -> Self {
        let text = |index| if index < fork { format!("{index}") } else { format!("{name}: {index}") };
        let leaves: Vec<Hash> = (0..size).map(|index| leaf_hash(text(index).as_bytes())).collect();
        let mut writer = TreeWriter::empty();
        leaves.iter().for_each(|leaf| writer.append(*leaf));
        let tiles = writer.finish().tiles.into_iter().map(|stored| (stored.tile.slot(), stored.bytes));
        Self { tiles: tiles.collect(), leaves }
    }
}

impl SplitLog {
    /// A log of this name whose two histories have `fork` leaves in common, and `size` each.
    ///
    /// # Panics
    /// If the name is no name of a key.
    pub fn new(origin: &str, fork: u64, size: u64) -> Self {
        let signer = NoteSigner::new(origin.parse().expect("a name"), &[11; 32]);
        Self { signer, branches: [0, 1].map(|name| Branch::new(name, fork, size)) }
    }

    /// The log that servers of these tests are witnesses of, unless their setup says otherwise.
    pub fn witnessed() -> Self {
        Self::new("witnessed.example/log", 5, 40)
    }

    /// Its name.
    pub fn origin(&self) -> String {
        self.key().name().to_string()
    }

    /// Its key.
    pub fn key(&self) -> VerifierKey {
        self.signer.verifier_key()
    }

    /// The root of a history at a size.
    pub fn root(&self, branch: usize, size: u64) -> Hash {
        tree_hash(&self.branches[branch].leaves[..size as usize])
    }

    /// Anything, signed by the log.
    ///
    /// # Panics
    /// If the size is none.
    pub fn sign(&self, size: u64, root: Hash) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(self.origin(), size, root).expect("a checkpoint");
        SignedCheckpoint::sign(checkpoint, &self.signer)
    }

    /// A request to cosign a history at `new` leaves, with the proof that it begins with `old` of them.
    ///
    /// # Panics
    /// If it has not so many leaves.
    pub fn request(&self, branch: usize, old: u64, new: u64) -> AddCheckpoint {
        let plan = ProofPlan::consistency(old, new).expect("it grows");
        let tiles = &self.branches[branch].tiles;
        let proof = plan.resolve(|tile| tiles.get(&tile.slot())).expect("all tiles are there");
        AddCheckpoint { old_size: old, proof, checkpoint: self.sign(new, self.root(branch, new)) }
    }
}
