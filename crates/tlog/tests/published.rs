//! Vectors that others have published: the reference tree of Certificate Transparency, the examples of the
//! signed-note specification and of Go's note package, and a head of the Go checksum database.

use tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use tlog::hash::{Hash, leaf_hash, tree_hash};
use tlog::key::{KeyError, SignatureType, VerifierKey};
use tlog::note::{NoteError, NoteSigner, SignedNote};
use tlog::tile::{Tile, TilePath};

const SUMDB_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "— PeterNeumann \
     x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The tree that the Certificate Transparency implementations test with.
#[test]
fn certificate_transparency_roots() {
    let vectors = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];
    let mut leaves: Vec<Hash> = Vec::new();
    for (leaf, root) in vectors {
        leaves.push(leaf_hash(&hex::decode(leaf).unwrap()));
        assert_eq!(hex::encode(tree_hash(&leaves)), root);
    }
}

#[test]
fn verifier_keys_derive_their_own_ids() {
    let keys = [
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", SignatureType::Ed25519),
        (GO_KEY, SignatureType::Ed25519),
        (SUMDB_KEY, SignatureType::Ed25519),
        ("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", SignatureType::Cosignature),
    ];
    for (text, signature_type) in keys {
        let key: VerifierKey = text.parse().unwrap();
        assert_eq!(key.to_string(), text);
        assert_eq!(key.signature_type(), signature_type);
    }
}

/// The keys that Go's note package must refuse, both with matching ids.
#[test]
fn malformed_verifier_keys() {
    let too_long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    let unknown_type = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert!(too_long.parse::<VerifierKey>().is_err());
    assert_eq!(unknown_type.parse::<VerifierKey>(), Err(KeyError::SignatureType(0x65)));
}

#[test]
fn example_of_the_signed_note_specification() {
    let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let text = "This is an example message.\n\n— example.com/foo \
                Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note: SignedNote = text.parse().unwrap();
    assert_eq!(note.verify(&[key]).unwrap().len(), 1);
    assert_eq!(note.to_string(), text);
}

/// The documentation of Go's note package gives the private key too: signing must give the same bytes.
#[test]
fn example_of_the_go_note_package() {
    // PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz, without the type byte.
    let seed = hex::decode("810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173").unwrap();
    let signer = NoteSigner::new("PeterNeumann".parse().unwrap(), &seed.try_into().unwrap());
    assert_eq!(signer.verifier_key().to_string(), GO_KEY);
    let note = SignedNote::new(GO_TEXT.to_owned(), vec![signer.sign(GO_TEXT)]).unwrap();
    assert_eq!(note.to_string(), format!("{GO_TEXT}\n{GO_SIGNATURE}"));
}

/// The messages that Go's note package must refuse.
#[test]
fn malformed_notes() {
    let malformed = [
        GO_TEXT.to_owned(),
        format!("{GO_TEXT}\n"),
        format!("{GO_TEXT}\n{}", GO_SIGNATURE.trim_end()),
        format!("\u{1}{GO_TEXT}\n{GO_SIGNATURE}"),
        format!("{GO_TEXT}\n{}", GO_SIGNATURE.replace("PeterNeumann", "Bad Name")),
        format!("{GO_TEXT}\n{GO_SIGNATURE}Unexpected line.\n"),
    ];
    for note in malformed {
        assert!(note.parse::<SignedNote>().is_err(), "{note:?}");
    }
    let hundred: SignedNote = format!("{GO_TEXT}\n{}", GO_SIGNATURE.repeat(100)).parse().unwrap();
    assert_eq!(hundred.verify(&[GO_KEY.parse().unwrap()]).unwrap().len(), 1);
    let too_many = format!("{GO_TEXT}\n{}", GO_SIGNATURE.repeat(101));
    assert_eq!(too_many.parse::<SignedNote>(), Err(NoteError::TooManySignatures));
}

#[test]
fn head_of_the_go_checksum_database() {
    let text = "go.sum database tree\n3935567\nSapHtgdNCeF00Cx8kqztePV24kgzNg++Xovae42HAMw=\n\n\
                — sum.golang.org \
                Az3grsm7Wm4CVNR1RHq9BFnu9jzcRlU2uw7lr0gfUWgO6+rqPNjT+fUTl9gH0NRTgdwW9nItuQSMbhSaLCsk8YeYSAs=\n";
    let signed: SignedCheckpoint = text.parse().unwrap();
    let key = SUMDB_KEY.parse().unwrap();
    let checkpoint = signed.verify("go.sum database tree", &key).unwrap();
    assert_eq!(checkpoint.size(), 3_935_567);
    assert_eq!(signed.to_string(), text);
    assert!(matches!(signed.verify("sum.golang.org", &key), Err(CheckpointError::OriginMismatch { .. })));

    let forged: SignedCheckpoint = text.replace("3935567", "3935568").parse().unwrap();
    let refused = forged.verify("go.sum database tree", &key).unwrap_err();
    assert!(matches!(refused, CheckpointError::Note(NoteError::InvalidSignature(_))));
}

/// The examples in the text of tlog-tiles.
#[test]
fn tiles_of_the_specification() {
    assert_eq!("tile/0/x001/x234/067".parse(), Ok(TilePath::Tile(Tile::new(0, 1_234_067, 256).unwrap())));
    let width = |level, index, size| Tile::in_tree(level, index, size).map(|tile| tile.width());
    assert_eq!(
        [width(0, 272, 70_000), width(0, 273, 70_000), width(0, 274, 70_000)],
        [Some(256), Some(112), None]
    );
    assert_eq!([width(1, 0, 70_000), width(1, 1, 70_000), width(1, 2, 70_000)], [Some(256), Some(17), None]);
    assert_eq!([width(2, 0, 70_000), width(3, 0, 70_000)], [Some(1), None]);
    assert_eq!([width(0, 0, 256), width(0, 1, 256), width(1, 0, 256)], [Some(256), None, Some(1)]);
}
