//! A log that a test makes by hand, as its mirror in a folder; and the contract into which its heads are written.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use evm::registry::{anchor_input, deploy_input};
use evm::{Address, B256, Receipt, Rpc, Signer, Tag, Transaction, address};
use model::{CoreClaimHash, LeafOp, LogLeaf, Timestamp};
use support::{Anvil, ChainSetup, Ran, bestow, eventually_some, http_client};
use tempfile::TempDir;
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::entries;
use tlog::hash::{Hash, leaf_hash, tree_hash};
use tlog::key::VerifierKey;
use tlog::note::NoteSigner;
use tlog::prove::ProofPlan;
use tlog::tile::{EntryBundle, TileSlot};
use tlog::tlog_proof::TlogProof;
use tlog::writer::{StoredTile, TreeWriter};

/// The name of the log.
pub(super) const ORIGIN: &str = "made.example/log";

/// When leaves are dated, in seconds since 1970.
const AT: i64 = 1_700_000_000;

/// The leaf of a credential that this number stands for.
pub(super) fn leaf(op: LeafOp, number: u64) -> String {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    LogLeaf::new(op, "did:x:1", CoreClaimHash(hash), Timestamp::from_seconds(AT)).to_json()
}

/// So many leaves, each of which issues something.
pub(super) fn issued(count: u64) -> Vec<String> {
    (0..count).map(|number| leaf(LeafOp::Issue, number)).collect()
}

/// A log, all of whose entries are known.
pub(super) struct MadeLog {
    signer: NoteSigner,
    entries: Vec<String>,
    tiles: Vec<StoredTile>,
}

impl MadeLog {
    pub(super) fn new(entries: Vec<String>) -> Self {
        let mut writer = TreeWriter::empty();
        entries.iter().for_each(|entry| writer.append(leaf_hash(entry.as_bytes())));
        let signer = NoteSigner::new(ORIGIN.parse().expect("a name"), &[21; 32]);
        Self { signer, entries, tiles: writer.finish().tiles }
    }

    pub(super) fn key(&self) -> VerifierKey {
        self.signer.verifier_key()
    }

    pub(super) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The root at a size.
    pub(super) fn root(&self, size: u64) -> Hash {
        let leaves: Vec<Hash> =
            self.entries[..size as usize].iter().map(|entry| leaf_hash(entry.as_bytes())).collect();
        tree_hash(&leaves)
    }

    /// The signed head at a size.
    pub(super) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(ORIGIN, size, self.root(size)).expect("a checkpoint");
        SignedCheckpoint::sign(checkpoint, &self.signer)
    }

    /// The inclusion path of an entry at a size.
    pub(super) fn path(&self, index: u64, size: u64) -> Vec<Hash> {
        let tiles: HashMap<TileSlot, &[u8]> =
            self.tiles.iter().map(|stored| (stored.tile.slot(), stored.bytes.as_slice())).collect();
        let plan = ProofPlan::inclusion(index, size).expect("it is in the tree");
        // Tiles may be wider than the tree of that size.
        plan.resolve(|tile| tiles.get(&tile.slot())).expect("all tiles are there")
    }

    /// The proof file of an entry, at the full size, with these extra data.
    pub(super) fn proof(&self, index: u64, extra: Vec<u8>) -> TlogProof {
        let size = self.size();
        let proof = TlogProof::new(index, self.path(index, size), extra, self.checkpoint(size));
        proof.expect("a proof")
    }

    /// Writes every file of the log.
    pub(super) fn publish(&self, folder: &Path) {
        let write = |path: String, bytes: &[u8]| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        };
        for index in 0.. {
            let Some(bundle) = EntryBundle::in_tree(index, self.size()) else { break };
            let first = index as usize * 256;
            let entries = &self.entries[first..first + usize::from(bundle.width())];
            write(bundle.to_string(), &entries::encode(entries).expect("short entries"));
        }
        for stored in &self.tiles {
            write(stored.tile.to_string(), &stored.bytes);
        }
        write("checkpoint".to_owned(), self.checkpoint(self.size()).to_string().as_bytes());
    }
}

/// A folder in which commands run.
pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A place with the mirror of a log in `mirror`.
    pub(super) fn with(log: &MadeLog) -> Self {
        let place = Self::new();
        log.publish(&place.path("mirror"));
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text")
    }

    /// Changes a file of the mirror; what it was.
    pub(super) fn spoil(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let file = self.path("mirror").join(path);
        let good = fs::read(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(file, bytes).expect("written");
        good
    }

    /// Runs `bestow` here.
    pub(super) async fn run(&self, arguments: &[&str]) -> Ran {
        bestow(self.folder.path(), arguments, &[]).await
    }

    /// Audits the mirror by the key of a log.
    pub(super) async fn audit(&self, log: &MadeLog, more: &[&str]) -> Ran {
        let key = log.key().to_string();
        self.run(&[&["log", "audit", "mirror", "--key", &key], more].concat()).await
    }
}

/// A chain with the contract, and senders with money.
pub(super) struct Chain {
    pub(super) anvil: Anvil,
    pub(super) rpc: Rpc,
    pub(super) contract: Address,
    chain_id: u64,
}

/// A sender that a number stands for.
pub(super) fn sender(number: u8) -> Signer {
    Signer::from_bytes(&[number; 32]).expect("a key")
}

impl Chain {
    pub(super) async fn new(setup: ChainSetup) -> Self {
        let chain_id = setup.chain_id;
        let anvil = Anvil::start_with(setup).await;
        let rpc = Rpc::new(http_client(), &anvil.url).expect("a URL");
        for number in 1..=2 {
            anvil.fund(&address::text(&sender(number).address())).await;
        }
        let mut chain = Self { anvil, rpc, contract: Address::ZERO, chain_id };
        chain.contract = chain.deploy(deploy_input()).await;
        chain
    }

    /// Deploys code; its address.
    pub(super) async fn deploy(&self, code: Vec<u8>) -> Address {
        let receipt = self.send(&sender(1), None, code).await;
        receipt.contract.expect("a contract")
    }

    /// Sends a transaction, and waits for its block.
    pub(super) async fn send(&self, signer: &Signer, to: Option<Address>, input: Vec<u8>) -> Receipt {
        let nonce = self.rpc.transaction_count(&signer.address(), Tag::Latest).await.expect("a count");
        let transaction = Transaction {
            chain_id: self.chain_id,
            nonce,
            max_fee_per_gas: 20_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            gas_limit: 1_000_000,
            to,
            input,
        };
        let hash = self.rpc.send_raw(&transaction.sign(signer).raw).await.expect("taken");
        let receipt = async || self.rpc.receipt(&hash).await.expect("an answer");
        eventually_some("a receipt", receipt).await
    }

    /// Writes a head into the contract; its transaction, which may have been refused.
    pub(super) async fn anchor(&self, signer: &Signer, size: u64, root: Hash) -> B256 {
        let input = anchor_input(ORIGIN, size, root.as_bytes());
        self.send(signer, Some(self.contract), input).await.transaction
    }

    /// Contract and publisher, as options of a command.
    pub(super) fn named(&self, publisher: &Signer) -> [String; 4] {
        let text = |address: &Address| address::text(address);
        ["--contract".to_owned(), text(&self.contract), "--publisher".to_owned(), text(&publisher.address())]
    }
}
