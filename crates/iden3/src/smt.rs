//! The iden3 sparse Merkle tree, in memory.
//!
//! An entry's place is given by the bits of its key, least significant first. A leaf hashes to
//! `Poseidon(key, value, 1)`, an inner node to `Poseidon(left, right)`, an empty subtree to 0. A subtree with a single
//! entry is that entry's leaf, so the root depends on the entries only, not on the order of insertion
//! (<https://docs.iden3.io/publications/pdfs/Merkle-Tree.pdf>).

use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};

use crate::field::Fr;
use crate::poseidon;

/// Levels of the tree: a leaf has at most `LEVELS - 1` siblings, the bound of the iden3 libraries and circuits.
pub const LEVELS: usize = 40;

/// Why an entry cannot be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtError {
    /// The key has an entry.
    #[error("the tree has an entry with this key")]
    KeyExists,
    /// Another key has the same low-order bits.
    #[error("the tree has an entry whose key agrees with this one in the low {} bits", LEVELS - 1)]
    LevelsExhausted,
}

/// A sparse Merkle tree of [`LEVELS`] levels.
#[derive(Debug, Clone, Default)]
pub struct SparseMerkleTree {
    root: Node,
}

impl SparseMerkleTree {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash of the root; 0 for an empty tree.
    #[must_use]
    pub fn root(&self) -> Fr {
        self.root.hash()
    }

    /// Adds an entry. On error the tree is unchanged.
    ///
    /// # Errors
    /// [`SmtError::KeyExists`] if the key has an entry; [`SmtError::LevelsExhausted`] if the key cannot be told from
    /// another one within [`LEVELS`].
    pub fn insert(&mut self, key: Fr, value: Fr) -> Result<(), SmtError> {
        self.root.insert(Leaf { key, hash: poseidon::hash_n(&[key, value, Fr::ONE]) }, 0)
    }
}

#[derive(Debug, Clone, Default)]
enum Node {
    #[default]
    Empty,
    Leaf(Leaf),
    Branch {
        hash: Fr,
        children: Box<[Node; 2]>,
    },
}

#[derive(Debug, Clone, Copy)]
struct Leaf {
    key: Fr,
    hash: Fr,
}

impl Leaf {
    /// Which child of a branch at this depth leads to the leaf.
    fn side(&self, depth: usize) -> usize {
        usize::from(self.key.into_bigint().get_bit(depth))
    }
}

impl Node {
    fn hash(&self) -> Fr {
        match self {
            Self::Empty => Fr::ZERO,
            Self::Leaf(leaf) => leaf.hash,
            Self::Branch { hash, .. } => *hash,
        }
    }

    fn branch(children: [Self; 2]) -> Self {
        Self::Branch { hash: hash_children(&children), children: Box::new(children) }
    }

    fn insert(&mut self, leaf: Leaf, depth: usize) -> Result<(), SmtError> {
        match self {
            Self::Empty => *self = Self::Leaf(leaf),
            Self::Leaf(existing) => *self = Self::fork(*existing, leaf, depth)?,
            Self::Branch { hash, children } => {
                children[leaf.side(depth)].insert(leaf, depth + 1)?;
                *hash = hash_children(children);
            }
        }
        Ok(())
    }

    /// The subtree at this depth of two leaves: a branch where their keys part, below as many branches with an empty
    /// side as their keys have bits in common from here.
    fn fork(existing: Leaf, leaf: Leaf, depth: usize) -> Result<Self, SmtError> {
        if existing.key == leaf.key {
            return Err(SmtError::KeyExists);
        }
        let parting = (depth..LEVELS - 1)
            .find(|&level| existing.side(level) != leaf.side(level))
            .ok_or(SmtError::LevelsExhausted)?;
        let mut pair = [Self::Leaf(existing), Self::Leaf(leaf)];
        if leaf.side(parting) == 0 {
            pair.reverse();
        }
        Ok((depth..parting).rev().fold(Self::branch(pair), |below, level| {
            let mut children = [Self::Empty, Self::Empty];
            children[leaf.side(level)] = below;
            Self::branch(children)
        }))
    }
}

fn hash_children([left, right]: &[Node; 2]) -> Fr {
    poseidon::hash_n(&[left.hash(), right.hash()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::field;

    fn tree(entries: &[(Fr, Fr)]) -> SparseMerkleTree {
        let mut tree = SparseMerkleTree::new();
        for (key, value) in entries {
            tree.insert(*key, *value).unwrap();
        }
        tree
    }

    #[test]
    fn an_empty_tree_is_zero() {
        assert_eq!(SparseMerkleTree::new().root(), Fr::ZERO);
    }

    /// Roots after each insertion, from the iden3 JavaScript library.
    #[test]
    fn roots_of_the_iden3_library() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../tests/vectors/primitives.json")).unwrap();
        let mut tree = SparseMerkleTree::new();
        for vector in vectors["smt"].as_array().unwrap() {
            let number = |name: &str| field::from_decimal(vector[name].as_str().unwrap()).unwrap();
            let inserted = tree.insert(number("key"), number("value"));
            if vector.get("error").is_some() {
                assert_eq!(inserted, Err(SmtError::LevelsExhausted));
            } else {
                inserted.unwrap();
                assert_eq!(tree.root(), number("root"));
            }
        }
    }

    #[test]
    fn keys_must_part_within_the_levels() {
        let one = (Fr::ONE, Fr::ONE);
        let mut tree = tree(&[one]);
        let root = tree.root();
        assert_eq!(tree.insert(Fr::from(1u64 | 1 << 39), Fr::ONE), Err(SmtError::LevelsExhausted));
        assert_eq!(tree.root(), root);
        assert_eq!(tree.insert(Fr::from(1u64 | 1 << 38), Fr::ONE), Ok(()));
        assert_ne!(tree.root(), root);
    }

    #[test]
    fn a_key_is_inserted_once() {
        let mut tree = tree(&[(Fr::from(5), Fr::from(6)), (Fr::from(7), Fr::from(8))]);
        let root = tree.root();
        assert_eq!(tree.insert(Fr::from(5), Fr::from(6)), Err(SmtError::KeyExists));
        assert_eq!(tree.insert(Fr::from(7), Fr::from(9)), Err(SmtError::KeyExists));
        assert_eq!(tree.root(), root);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_root_does_not_depend_on_the_order(
            (entries, shuffled) in prop::collection::btree_map(0u64..4096, any::<u64>(), 1..40)
                .prop_map(|map| map.into_iter().map(|(k, v)| (Fr::from(k), Fr::from(v))).collect::<Vec<_>>())
                .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
        ) {
            prop_assert_eq!(tree(&entries).root(), tree(&shuffled).root());
            prop_assert_ne!(tree(&entries).root(), tree(&entries[1..]).root());
        }
    }
}
