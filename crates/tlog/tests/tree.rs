//! Appending, proving and verifying against the naive definitions of RFC 6962.

mod common;

use common::{Tiles, leaves, naive_consistency, naive_inclusion, naive_root};
use proptest::prelude::*;
use tlog::hash::{EMPTY_ROOT, Hash};
use tlog::prove::{ProofError, ProofPlan};
use tlog::tile::{MAX_TREE_SIZE, Tile, TileError};
use tlog::verify::{VerifyError, verify_consistency, verify_inclusion};
use tlog::writer::{TreeWriter, WriterError};

fn resolve(tiles: &Tiles, plan: &ProofPlan) -> Vec<Hash> {
    let listed = plan.tiles();
    plan.resolve(|tile| {
        assert!(listed.contains(tile), "{tile} is asked for but not listed");
        // No more than the tile as it was in the tree of that size: an older log must be able to prove the
        // same.
        tiles.get(tile.slot()).map(|bytes| &bytes[..tile.byte_len()])
    })
    .expect("all tiles are there")
}

/// Every way in which one bit of one hash differs, by choice of the bit.
fn flipped(hash: &Hash, bit: u8) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
    bytes.into()
}

#[test]
fn every_small_tree_in_one_batch() {
    let leaves = leaves(600);
    let mut writer = TreeWriter::empty();
    for size in 0..=leaves.len() {
        assert_eq!(writer.root(), naive_root(&leaves[..size]), "{size}");
        assert_eq!(writer.size(), size as u64);
        if let Some(leaf) = leaves.get(size) {
            writer.append(*leaf);
        }
    }
}

#[test]
fn every_proof_of_every_tiny_tree() {
    let leaves = leaves(40);
    let tiles = Tiles::of(&leaves);
    for size in 1..=leaves.len() {
        let root = naive_root(&leaves[..size]);
        for index in 0..size {
            let path = resolve(&tiles, &ProofPlan::inclusion(index as u64, size as u64).unwrap());
            assert_eq!(path, naive_inclusion(index, &leaves[..size]));
            for claimed in 0..=size {
                let verified = verify_inclusion(&leaves[index], claimed as u64, size as u64, &path, &root);
                assert_eq!(verified.is_ok(), claimed == index, "{index} as {claimed} in {size}");
            }
        }
        for old in 1..=size {
            let path = resolve(&tiles, &ProofPlan::consistency(old as u64, size as u64).unwrap());
            assert_eq!(path, naive_consistency(old, &leaves[..size]));
            for claimed in 1..=size {
                let old_root = naive_root(&leaves[..claimed]);
                let verified = verify_consistency(old as u64, size as u64, &old_root, &root, &path);
                assert_eq!(verified.is_ok(), claimed == old, "{old} with the root of {claimed} in {size}");
            }
        }
    }
}

#[test]
fn nothing_to_prove() {
    assert_eq!(ProofPlan::root(0).resolve(|_| None::<Vec<u8>>), Ok(vec![EMPTY_ROOT]));
    assert!(TreeWriter::right_edge(0).is_empty());
    assert_eq!(TreeWriter::empty().finish().tiles, []);

    let [one, two] = [1, 2].map(|size| naive_root(&leaves(size)));
    assert!(ProofPlan::consistency(0, 2).unwrap().tiles().is_empty());
    assert_eq!(verify_consistency(0, 2, &EMPTY_ROOT, &two, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 0, &EMPTY_ROOT, &EMPTY_ROOT, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 0, &EMPTY_ROOT, &two, &[]), Err(VerifyError::RootMismatch));
    assert_eq!(verify_consistency(0, 2, &one, &two, &[]), Err(VerifyError::OldRootMismatch));
    assert_eq!(verify_consistency(0, 2, &EMPTY_ROOT, &two, &[one]), Err(VerifyError::PathLength(1)));
    assert_eq!(verify_consistency(2, 2, &two, &two, &[]), Ok(()));
    assert_eq!(verify_consistency(2, 2, &one, &two, &[]), Err(VerifyError::RootMismatch));
    assert_eq!(verify_consistency(2, 1, &two, &one, &[]), Err(VerifyError::SizesReversed { old: 2, new: 1 }));
}

#[test]
fn impossible_proofs_are_refused() {
    let out_of_range = ProofError::IndexOutOfRange { index: 5, size: 5 };
    assert_eq!(ProofPlan::inclusion(5, 5), Err(out_of_range));
    assert_eq!(ProofPlan::consistency(6, 5), Err(ProofError::SizesReversed { old: 6, new: 5 }));
}

#[test]
fn missing_and_malformed_tiles_are_refused() {
    let tile = Tile::new(0, 0, 5).unwrap();
    let plan = ProofPlan::root(5);
    assert_eq!(plan.tiles(), [tile]);
    assert_eq!(plan.resolve(|_| None::<Vec<u8>>), Err(TileError::Missing(tile).into()));
    for len in [0, 4 * 32, 5 * 32 - 1, 5 * 32 + 1, 257 * 32] {
        let malformed = TileError::Length { tile, len };
        assert_eq!(plan.resolve(|_| Some(vec![0; len])), Err(malformed.clone().into()));
        let resumed = TreeWriter::resume(5, |_| Some(vec![0; len]));
        assert_eq!(resumed.unwrap_err(), WriterError::Edge(malformed));
    }
    assert!(plan.resolve(|_| Some(vec![0; 256 * 32])).is_ok());
}

#[test]
fn a_tree_can_be_as_large_as_it_gets() {
    // Level 7 is the last of a 64-bit tree; all of its tiles and those below are asked for.
    let edge = TreeWriter::right_edge(MAX_TREE_SIZE);
    assert_eq!(edge.iter().map(Tile::level).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
    assert_eq!(edge.last().map(Tile::width), Some(127));
    let zeroes = |_: &Tile| Some([0; 8192]);
    assert!(TreeWriter::resume(MAX_TREE_SIZE, zeroes).is_ok());
    let too_large = TreeWriter::resume(MAX_TREE_SIZE + 1, zeroes).unwrap_err();
    assert_eq!(too_large, WriterError::TooLarge(MAX_TREE_SIZE + 1));

    for size in [MAX_TREE_SIZE, u64::MAX] {
        let root = ProofPlan::root(size).resolve(zeroes).unwrap()[0];
        for index in [0, size / 2, size - 1] {
            let path = ProofPlan::inclusion(index, size).unwrap().resolve(zeroes).unwrap();
            // A tree of zeroes at every level is not consistent; that its shape is followed is what counts
            // here.
            let refused = verify_inclusion(&flipped(&root, 0), index, size, &path, &root);
            assert_eq!(refused, Err(VerifyError::RootMismatch));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_batches_give_the_naive_root(batches in prop::collection::vec(0_u64..2_000, 0..12)) {
        let leaves = leaves(batches.iter().sum());
        let mut tiles = Tiles::default();
        let mut size = 0;
        for batch in batches {
            let end = size + batch;
            let head = tiles.append(size, &leaves[size as usize..end as usize]);
            prop_assert_eq!(head.size, end);
            prop_assert_eq!(head.root, naive_root(&leaves[..end as usize]));
            for stored in &head.tiles {
                // Stored once, as wide as the tree of the new size has it, and only if wider than before.
                let slot = stored.tile.slot();
                prop_assert_eq!(Some(stored.tile), Tile::in_tree(slot.level, slot.index, end));
                prop_assert!(Some(stored.tile) != Tile::in_tree(slot.level, slot.index, size));
            }
            size = end;
        }
        prop_assert_eq!(tiles.len(), Tiles::of(&leaves).len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inclusion_proofs_hold_and_mutations_do_not(
        (size, index) in (1_u64..1_500).prop_flat_map(|size| (Just(size), 0..size)),
        other in 0_u64..1_500,
        at in any::<prop::sample::Index>(),
        bit in any::<u8>(),
    ) {
        let leaves = leaves(size);
        let (tiles, root, leaf) = (Tiles::of(&leaves), naive_root(&leaves), leaves[index as usize]);
        let path = resolve(&tiles, &ProofPlan::inclusion(index, size).unwrap());
        prop_assert_eq!(&path, &naive_inclusion(index as usize, &leaves));
        let verify = |leaf: &Hash, index, path: &[Hash], root: &Hash| {
            verify_inclusion(leaf, index, size, path, root).is_ok()
        };
        prop_assert!(verify(&leaf, index, &path, &root));

        prop_assert!(other == index || !verify(&leaf, other, &path, &root));
        prop_assert!(!verify(&flipped(&leaf, bit), index, &path, &root));
        prop_assert!(!verify(&leaf, index, &path, &flipped(&root, bit)));
        prop_assert!(!verify(&leaf, index, &[path.as_slice(), &[leaf]].concat(), &root));
        if !path.is_empty() {
            let mut mutated = path.clone();
            let at = at.index(path.len());
            mutated[at] = flipped(&path[at], bit);
            prop_assert!(!verify(&leaf, index, &mutated, &root));
            mutated.remove(at);
            prop_assert!(!verify(&leaf, index, &mutated, &root));
        }
    }

    #[test]
    fn consistency_proofs_hold_and_mutations_do_not(
        (new, old) in (2_u64..1_500).prop_flat_map(|new| (Just(new), 1..new)),
        at in any::<prop::sample::Index>(),
        bit in any::<u8>(),
    ) {
        let leaves = leaves(new);
        let tiles = Tiles::of(&leaves);
        let (old_root, new_root) = (naive_root(&leaves[..old as usize]), naive_root(&leaves));
        let path = resolve(&tiles, &ProofPlan::consistency(old, new).unwrap());
        prop_assert_eq!(&path, &naive_consistency(old as usize, &leaves));
        let verify = |old_root: &Hash, new_root: &Hash, path: &[Hash]| {
            verify_consistency(old, new, old_root, new_root, path).is_ok()
        };
        prop_assert!(verify(&old_root, &new_root, &path));

        prop_assert!(!verify(&flipped(&old_root, bit), &new_root, &path));
        prop_assert!(!verify(&old_root, &flipped(&new_root, bit), &path));
        prop_assert!(!verify(&old_root, &new_root, &[path.as_slice(), &[new_root]].concat()));
        let mut mutated = path.clone();
        let at = at.index(path.len());
        mutated[at] = flipped(&path[at], bit);
        prop_assert!(!verify(&old_root, &new_root, &mutated));
        mutated.remove(at);
        prop_assert!(!verify(&old_root, &new_root, &mutated));
    }

    #[test]
    fn verification_never_panics(
        index in any::<u64>(),
        sizes in any::<(u64, u64)>(),
        path in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from), 0..70),
    ) {
        let hash = EMPTY_ROOT;
        prop_assert!(verify_inclusion(&hash, index, sizes.0, &path, &hash).is_err());
        prop_assert!(sizes.0 == 0 || verify_consistency(sizes.0, sizes.1, &hash, &hash, &path).is_err());
    }
}
