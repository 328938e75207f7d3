//! An identity at its genesis: one key, one claim that authorises it, nothing revoked.

use ark_ff::AdditiveGroup;

use crate::babyjubjub::PublicKey;
use crate::claim::CoreClaim;
use crate::did::DidMethod;
use crate::field::Fr;
use crate::id::Id;
use crate::poseidon;
use crate::smt::SparseMerkleTree;

/// The genesis identity of a key (<https://docs.iden3.io/protocol/spec/#genesis-id>).
#[derive(Debug, Clone)]
pub struct Identity {
    auth_claim: CoreClaim,
    claims_tree: SparseMerkleTree,
    state: Fr,
    id: Id,
    did: String,
}

impl Identity {
    /// Derives the identity of a public key under a DID method.
    #[must_use]
    pub fn genesis(public_key: &PublicKey, method: &DidMethod) -> Self {
        let auth_claim = CoreClaim::auth(public_key);
        let mut claims_tree = SparseMerkleTree::new();
        claims_tree
            .insert(auth_claim.h_index(), auth_claim.h_value())
            .expect("an empty tree has room for every key");
        let (no_revocations, no_earlier_roots) = (Fr::ZERO, Fr::ZERO);
        let state = poseidon::hash_n(&[claims_tree.root(), no_revocations, no_earlier_roots]);
        let id = Id::from_state(method.type_bytes(), &state);
        let did = method.did(&id).expect("the identifier was made with the method's type");
        Self { auth_claim, claims_tree, state, id, did }
    }

    /// The claim that authorises the key.
    #[must_use]
    pub fn auth_claim(&self) -> &CoreClaim {
        &self.auth_claim
    }

    /// The tree of claims; it holds the auth claim only.
    #[must_use]
    pub fn claims_tree(&self) -> &SparseMerkleTree {
        &self.claims_tree
    }

    /// The state: Poseidon of the roots of the claims, revocations and roots trees.
    #[must_use]
    pub fn state(&self) -> Fr {
        self.state
    }

    /// The identifier.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The identifier as a DID.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.did
    }
}
