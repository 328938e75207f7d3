//! Held against another implementation: `vectors/reference.json`, made by `vectors/generate.py` with
//! aics-tlog 0.2.1.

#[expect(dead_code, reason = "the naive tree is for the other tests")]
mod common;

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use common::{Tiles, leaves};
use serde_json::Value;
use tlog::checkpoint::SignedCheckpoint;
use tlog::cosignature::Cosigner;
use tlog::entries;
use tlog::hash::Hash;
use tlog::key::VerifierKey;
use tlog::note::NoteSigner;
use tlog::prove::ProofPlan;
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile, TilePath};
use tlog::verify::{verify_consistency, verify_inclusion};

const SIZE: u64 = 70_000;

static REFERENCE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("vectors/reference.json")).expect("the vectors are JSON")
});

static TILES: LazyLock<Tiles> = LazyLock::new(|| Tiles::of(&leaves(SIZE)));

fn cases(name: &str) -> &'static [Value] {
    REFERENCE[name].as_array().expect("a list of cases")
}

fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().expect("a number")
}

fn hashes(case: &Value, name: &str) -> Vec<Hash> {
    let hashes = case[name].as_array().expect("a list of hashes").iter();
    hashes.map(|hash| hash.as_str().and_then(|text| text.parse().ok()).expect("a hash")).collect()
}

fn resolve(plan: &ProofPlan) -> Vec<Hash> {
    plan.resolve(|tile| TILES.get(tile.slot())).expect("all tiles are there")
}

#[test]
fn roots() {
    for case in cases("roots") {
        let root = resolve(&ProofPlan::root(number(case, "size")));
        assert_eq!(root[0].to_string(), case["root"], "{case}");
    }
}

#[test]
fn inclusion_proofs() {
    let leaves = leaves(SIZE);
    for case in cases("inclusion") {
        let (index, size) = (number(case, "index"), number(case, "size"));
        let path = resolve(&ProofPlan::inclusion(index, size).unwrap());
        assert_eq!(path, hashes(case, "path"), "{index} in {size}");
        let root = resolve(&ProofPlan::root(size))[0];
        assert_eq!(verify_inclusion(&leaves[index as usize], index, size, &path, &root), Ok(()));
    }
}

#[test]
fn consistency_proofs() {
    for case in cases("consistency") {
        let (old, new) = (number(case, "old"), number(case, "new"));
        let path = resolve(&ProofPlan::consistency(old, new).unwrap());
        assert_eq!(path, hashes(case, "path"), "{old} to {new}");
        let [old_root, new_root] = [old, new].map(|size| resolve(&ProofPlan::root(size))[0]);
        assert_eq!(verify_consistency(old, new, &old_root, &new_root, &path), Ok(()));
    }
}

#[test]
fn tiles_and_entry_bundles() {
    for (path, digest_hex) in REFERENCE["tiles"].as_object().unwrap() {
        let bytes = match path.parse().unwrap() {
            TilePath::Tile(tile) => TILES.get(tile.slot()).unwrap().to_vec(),
            TilePath::Entries(bundle) => {
                let first = bundle.index() * u64::from(TILE_WIDTH);
                let texts: Vec<String> =
                    (first..first + u64::from(bundle.width())).map(|i| format!("entry {i}")).collect();
                entries::encode(&texts).unwrap()
            }
        };
        assert_eq!(hex::encode(digest(&SHA256, &bytes)), *digest_hex, "{path}");
    }
    // Theirs counts entry bundles too, one for each tile of leaf hashes.
    let bundles = SIZE.div_ceil(u64::from(TILE_WIDTH)) as usize;
    assert_eq!(TILES.len() + bundles, REFERENCE["tile_count"].as_u64().unwrap() as usize);
}

#[test]
fn paths() {
    for case in cases("paths") {
        let index = number(case, "index");
        let width = case["width"].as_u64().map_or(TILE_WIDTH, |width| width as u16);
        let tile = Tile::new(number(case, "level") as u8, index, width).unwrap();
        assert_eq!(tile.to_string(), case["tile"]);
        assert_eq!(tile.to_string().parse(), Ok(TilePath::Tile(tile)));
        let bundle = EntryBundle::new(index, width).unwrap();
        assert_eq!(bundle.to_string(), case["entries"]);
        assert_eq!(bundle.to_string().parse(), Ok(TilePath::Entries(bundle)));
    }
}

#[test]
fn checkpoint_and_cosignature() {
    let case = &REFERENCE["checkpoint"];
    let text = case["note"].as_str().unwrap();
    let seed = |name| hex::decode(case[name].as_str().unwrap()).unwrap().try_into().unwrap();
    let signer = NoteSigner::new("log.example/1".parse().unwrap(), &seed("log_seed"));
    let cosigner = Cosigner::new("witness.example/w1".parse().unwrap(), &seed("witness_seed"));
    assert_eq!(signer.verifier_key().to_string(), case["log_key"]);
    assert_eq!(cosigner.verifier_key().to_string(), case["witness_key"]);

    let theirs: SignedCheckpoint = text.parse().unwrap();
    let log_key: VerifierKey = case["log_key"].as_str().unwrap().parse().unwrap();
    let checkpoint = theirs.verify("log.example/1", &log_key).unwrap();
    assert_eq!((checkpoint.size(), checkpoint.extensions()), (SIZE, ["extension".to_owned()].as_slice()));
    let witnesses = [cosigner.verifier_key()];
    let timestamp = number(case, "timestamp");
    let verified = theirs.cosignatures(&witnesses).unwrap();
    assert_eq!((verified.len(), verified[0].timestamp), (1, Some(timestamp)));

    let cosignature = cosigner.cosign(checkpoint, timestamp).unwrap();
    let ours = SignedCheckpoint::sign(checkpoint.clone(), &signer).with_signature(cosignature).unwrap();
    assert_eq!(ours.to_string(), text);
}
