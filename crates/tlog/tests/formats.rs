//! The text and binary formats: what is accepted comes back byte for byte, everything else is refused.

use proptest::prelude::*;
use tlog::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use tlog::cosignature::{CosignatureError, Cosigner, MAX_TIMESTAMP};
use tlog::entries::{self, EntryBundleError};
use tlog::hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
use tlog::key::{KeyError, KeyName, VerifierKey};
use tlog::note::{MAX_NOTE_LEN, NoteError, NoteSigner, SignedNote};
use tlog::tile::{EntryBundle, MAX_TREE_SIZE, Tile, TileError, TilePath};
use tlog::tlog_proof::{MAX_EXTRA_LEN, MAX_PATH_LEN, MAX_PROOF_LEN, TlogProof, TlogProofError};
use tlog::verify::VerifyError;

const ORIGIN: &str = "log.example/1";

fn name(text: &str) -> KeyName {
    text.parse().expect("a key name")
}

fn log_signer() -> NoteSigner {
    NoteSigner::new(name(ORIGIN), &[1; 32])
}

fn witness(number: u8) -> Cosigner {
    Cosigner::new(name(&format!("witness.example/{number}")), &[number; 32])
}

/// The second of two leaves, proven.
fn proof(extra: &[u8]) -> TlogProof {
    let leaves = [leaf_hash(b"first"), leaf_hash(b"second")];
    let checkpoint = Checkpoint::new(ORIGIN, 2, node_hash(&leaves[0], &leaves[1])).expect("a checkpoint");
    let signed = SignedCheckpoint::sign(checkpoint, &log_signer());
    TlogProof::new(1, vec![leaves[0]], extra.to_vec(), signed).expect("a proof")
}

fn verify(proof: &TlogProof) -> Result<&Checkpoint, TlogProofError> {
    proof.verify(&leaf_hash(b"second"), ORIGIN, &log_signer().verifier_key())
}

#[test]
fn tile_paths_have_one_spelling() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/256/000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/X001/000",
        "tile/0/x001/x000",
        "tile/0/xx01/000",
        "tile/0/x1/000",
        "tile/0/+01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/65536",
        "tile/0/000.p/1/2",
        "tile/0/000.p/1.p/1",
        "tile/entries",
        "tile/entries/",
        "tile/entries/0",
        "tile/entries/000.p/0",
        "tile/Entries/000",
        "tile/data/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/٠/000",
        "tile/0/٠٠٠",
    ] {
        assert!(path.parse::<TilePath>().is_err(), "{path:?}");
    }
    let largest = "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255";
    assert_eq!(largest.parse(), Ok(TilePath::Entries(EntryBundle::new(u64::MAX, 255).unwrap())));
}

#[test]
fn tile_coordinates_have_limits() {
    assert_eq!(Tile::new(64, 0, 1), Err(TileError::Level(64)));
    assert_eq!(Tile::new(0, 0, 0), Err(TileError::Width(0)));
    assert_eq!(EntryBundle::new(0, 257), Err(TileError::Width(257)));
    assert_eq!(Tile::in_tree(8, 0, u64::MAX), None);
    assert_eq!(Tile::in_tree(0, u64::MAX, u64::MAX), None);
    assert_eq!(EntryBundle::in_tree(1, 256), None);
    assert_eq!(EntryBundle::in_tree(1, 300), EntryBundle::new(1, 44).ok());
}

#[test]
fn entry_bundles_have_limits() {
    assert_eq!(entries::encode::<&[u8]>(&[]), Err(EntryBundleError::Empty));
    assert_eq!(entries::decode(&[]), Err(EntryBundleError::Empty));
    assert_eq!(entries::encode(&[b""; 257]), Err(EntryBundleError::TooMany));
    assert_eq!(entries::decode(&[0; 2 * 257]), Err(EntryBundleError::TooMany));
    assert_eq!(entries::decode(&[0; 2 * 256]).unwrap().len(), 256);
    assert_eq!(entries::encode(&[vec![0; 65_536]]), Err(EntryBundleError::TooLong { index: 0, len: 65_536 }));
    assert_eq!(entries::encode(&[vec![0; 65_535]]).unwrap().len(), 65_537);
    assert_eq!(entries::decode(&[0, 1, 7, 0]), Err(EntryBundleError::Truncated(1)));
    assert_eq!(entries::decode(&[0, 2, 7]), Err(EntryBundleError::Truncated(0)));
    assert_eq!(entries::decode(&[1, 0, 7]), Err(EntryBundleError::Truncated(0)));
    assert_eq!(entries::encode(&["a", "", "bc"]).unwrap(), b"\0\x01a\0\0\0\x02bc");
}

#[test]
fn key_names_follow_the_rules() {
    for bad in ["", " ", "a b", "a+b", "a\u{2003}b", "a\u{a0}", "a\tb", "a\n", "\u{1}"] {
        assert_eq!(bad.parse::<KeyName>(), Err(KeyError::Name), "{bad:?}");
    }
    assert!("x".repeat(255).parse::<KeyName>().is_ok());
    assert!("x".repeat(256).parse::<KeyName>().is_err());
    assert_eq!(name("пример.example/—").as_str(), "пример.example/—");
}

#[test]
fn verifier_keys_have_one_spelling() {
    let key = log_signer().verifier_key().to_string();
    let (head, typed_key) = key.rsplit_once('+').unwrap();
    let (_, id) = head.split_once('+').unwrap();
    for (bad, error) in [
        (key.replace(id, &id.to_uppercase()), KeyError::Form),
        (key.replace(id, &id[1..]), KeyError::Form),
        (key.replace(ORIGIN, ""), KeyError::Name),
        (head.to_owned(), KeyError::Form),
        (format!("{head}+"), KeyError::Length(0)),
        (format!("{head}+AQ=="), KeyError::Length(0)),
        (format!("{head}+Ag=="), KeyError::SignatureType(2)),
        (format!("{head}+{}", typed_key.trim_end_matches('=')) + "!", KeyError::Encoding),
        (format!("{key}{}", "A".repeat(400)), KeyError::Form),
    ] {
        assert_eq!(bad.parse::<VerifierKey>(), Err(error), "{bad}");
    }
    let other_name = key.replace(ORIGIN, "log.example/2").parse::<VerifierKey>();
    assert!(matches!(other_name, Err(KeyError::IdMismatch { .. })));
    assert_ne!(log_signer().verifier_key().id(), Cosigner::new(name(ORIGIN), &[1; 32]).verifier_key().id());
}

#[test]
fn note_text_may_look_like_signatures() {
    let signer = log_signer();
    let text = "a\n\n— log.example/1 AAAAAAAA\n\n\nb\n";
    let note = SignedNote::new(text.to_owned(), vec![signer.sign(text)]).unwrap();
    let parsed: SignedNote = note.to_string().parse().unwrap();
    assert_eq!(parsed, note);
    assert_eq!(parsed.text(), text);
    assert!(parsed.verify(&[signer.verifier_key()]).is_ok());
}

#[test]
fn notes_have_limits() {
    let signature = log_signer().sign("x\n");
    let note = |text: &str| SignedNote::new(text.to_owned(), vec![signature.clone()]);
    assert_eq!(note("no newline"), Err(NoteError::Text));
    assert_eq!(note(""), Err(NoteError::Text));
    assert_eq!(note("a\r\n"), Err(NoteError::Text));
    assert_eq!(note("a\tb\n"), Err(NoteError::Text));
    assert_eq!(SignedNote::new("x\n".to_owned(), Vec::new()), Err(NoteError::NoSignatures));
    assert_eq!(
        SignedNote::new("x\n".to_owned(), vec![signature.clone(); 101]),
        Err(NoteError::TooManySignatures)
    );
    let long = "x".repeat(MAX_NOTE_LEN - 1) + "\n";
    assert!(matches!(note(&long), Err(NoteError::TooLong(_))));
    assert!(matches!(format!("{long}\n").parse::<SignedNote>(), Err(NoteError::TooLong(_))));
}

#[test]
fn signature_lines_are_strict() {
    for line in [
        "- log.example/1 AAAAAAA=\n",
        "—log.example/1 AAAAAAA=\n",
        "—  log.example/1 AAAAAAA=\n",
        "— log.example/1\n",
        "— log.example/1 AAAAAAA=",
        "— log.example/1 AAAAAA==\n",
        "— log.example/1 AAAAAAA= \n",
        "— log.example/1 AAAA\n",
        "— log.example/1 AAAAAAA\n",
        "—  AAAAAAA=\n",
        "— a+b AAAAAAA=\n",
        "\n",
    ] {
        assert!(format!("text\n\n{line}").parse::<SignedNote>().is_err(), "{line:?}");
    }
    assert!("text\n\n— log.example/1 AAAAAAA=\n".parse::<SignedNote>().is_ok());
}

#[test]
fn only_trusted_signatures_count() {
    let (signer, stranger) = (log_signer(), NoteSigner::new(name(ORIGIN), &[9; 32]));
    let text = "text\n".to_owned();
    let note =
        SignedNote::new(text.clone(), vec![stranger.sign(&text), signer.sign(&text), signer.sign(&text)]);
    let note = note.unwrap();
    let keys = [signer.verifier_key()];
    let verified = note.verify(&keys).unwrap();
    assert_eq!(verified.len(), 1, "repeated signatures count once");
    assert_eq!((verified[0].key, verified[0].timestamp), (&keys[0], None));
    let unknown = [NoteSigner::new(name("other.example"), &[1; 32]).verifier_key()];
    assert_eq!(note.verify(&unknown), Err(NoteError::NoTrustedSignature));
    assert_eq!(note.verified_signatures(&unknown), Ok(Vec::new()));
    let forged = SignedNote::new("txet\n".to_owned(), note.signatures().to_vec()).unwrap();
    assert_eq!(forged.verify(&keys), Err(NoteError::InvalidSignature(name(ORIGIN))));
}

#[test]
fn checkpoints_are_strict() {
    let root = EMPTY_ROOT;
    for (text, error) in [
        (String::new(), CheckpointError::Lines),
        (format!("origin\n1\n{root}"), CheckpointError::Lines),
        ("origin\n1\n".to_owned(), CheckpointError::Lines),
        (format!("\n1\n{root}\n"), CheckpointError::Origin),
        (format!("{}\n1\n{root}\n", "x".repeat(256)), CheckpointError::Origin),
        (format!("a\tb\n1\n{root}\n"), CheckpointError::Origin),
        (format!("origin\n01\n{root}\n"), CheckpointError::Size),
        (format!("origin\n+1\n{root}\n"), CheckpointError::Size),
        (format!("origin\n\n{root}\n"), CheckpointError::Size),
        (format!("origin\n{}\n{root}\n", MAX_TREE_SIZE + 1), CheckpointError::Size),
        (format!("origin\n1\n{root}\n\n"), CheckpointError::Extension),
        (format!("origin\n1\n{root}\na\n\nb\n"), CheckpointError::Extension),
        (format!("origin\n1\n{root}\n\u{1}\n"), CheckpointError::Extension),
        (format!("origin\n1\n{root}\n{}\n", "x".repeat(1 << 16)), CheckpointError::TooLong((1 << 16) + 55)),
    ] {
        assert_eq!(text.parse::<Checkpoint>(), Err(error), "{text:?}");
    }
    assert!(matches!("origin\n1\nAAAA\n".parse::<Checkpoint>(), Err(CheckpointError::Root(_))));
    let text = format!("an origin+with all\n{MAX_TREE_SIZE}\n{root}\next\next\n");
    assert_eq!(text.parse::<Checkpoint>().unwrap().to_string(), text);
}

#[test]
fn cosignatures_are_counted_by_witness() {
    let signed = proof(b"").checkpoint().clone();
    let head = signed.unverified().clone();
    let cosign = |number, time| witness(number).cosign(&head, time).unwrap();
    let cosigned = [cosign(2, 100), cosign(3, 0), cosign(2, 200), cosign(5, MAX_TIMESTAMP)]
        .into_iter()
        .try_fold(signed, SignedCheckpoint::with_signature)
        .unwrap();
    let witnesses = [2, 3, 4].map(|number| witness(number).verifier_key());
    let verified = cosigned.cosignatures(&witnesses).unwrap();
    let times: Vec<_> = verified.iter().map(|signature| (signature.key, signature.timestamp)).collect();
    assert_eq!(times, [(&witnesses[0], Some(100)), (&witnesses[1], Some(0))]);
    assert!(cosigned.verify(ORIGIN, &log_signer().verifier_key()).is_ok());
    let late = witness(2).cosign(&head, MAX_TIMESTAMP + 1);
    assert_eq!(late, Err(CosignatureError::Timestamp(MAX_TIMESTAMP + 1)));
}

#[test]
fn cosignatures_cover_time_and_checkpoint() {
    let signed = proof(b"").checkpoint().clone();
    let cosigner = witness(2);
    let cosignature = cosigner.cosign(signed.unverified(), 1_700_000_000).unwrap();
    let cosigned = signed.with_signature(cosignature).unwrap();
    let keys = [cosigner.verifier_key()];
    assert_eq!(cosigned.cosignatures(&keys).unwrap().len(), 1);
    for (from, to) in [("\n2\n", "\n3\n"), ("AABlU/EA", "AABlU/EB")] {
        let text = cosigned.to_string();
        assert!(text.contains(from), "{text}");
        let forged: SignedCheckpoint = text.replacen(from, to, 1).parse().unwrap();
        let refused = forged.cosignatures(&keys);
        let invalid = NoteError::InvalidSignature(name("witness.example/2"));
        assert_eq!(refused, Err(CheckpointError::Note(invalid)));
    }
    // A witness key must not pass as the key of the log: its signatures are of another type.
    let as_log = VerifierKey::new(
        name("witness.example/2"),
        log_signer().verifier_key().signature_type(),
        *keys[0].public_key(),
    );
    assert!(cosigned.verify(ORIGIN, &as_log).is_err());
}

#[test]
fn proof_files_have_the_specified_form() {
    let with_extra = proof(b"context");
    let text = with_extra.to_string();
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nextra Y29udGV4dA==\nindex 1\n{}\n\n{}",
        leaf_hash(b"first"),
        with_extra.checkpoint()
    );
    assert_eq!(text, expected);
    let parsed: TlogProof = text.parse().unwrap();
    assert_eq!(parsed, with_extra);
    assert_eq!(parsed.extra(), b"context");
    assert_eq!(verify(&parsed).unwrap().size(), 2);

    let single = Checkpoint::new(ORIGIN, 1, leaf_hash(b"only")).unwrap();
    let single =
        TlogProof::new(0, Vec::new(), Vec::new(), SignedCheckpoint::sign(single, &log_signer())).unwrap();
    assert!(single.to_string().starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example/1\n1\n"));
    assert_eq!(single.to_string().parse(), Ok(single));
}

#[test]
fn proof_files_are_strict() {
    let text = proof(b"").to_string();
    let hash = leaf_hash(b"first").to_string();
    for (from, to, error) in [
        ("@v1", "@v2", TlogProofError::Header),
        ("@v1\n", "@v1\r\n", TlogProofError::Header),
        ("index 1\n", "", TlogProofError::Index),
        ("index 1", "index 01", TlogProofError::Index),
        ("index 1", "index -1", TlogProofError::Index),
        ("index 1", "index  1", TlogProofError::Index),
        ("index 1", "extra \nindex 1", TlogProofError::Extra),
        ("index 1", "extra !\nindex 1", TlogProofError::Extra),
        ("index 1", "extra AAAA\nextra AAAA\nindex 1", TlogProofError::Index),
    ] {
        assert_eq!(text.replacen(from, to, 1).parse::<TlogProof>(), Err(error), "{from:?} to {to:?}");
    }
    // Without its own separator the file is cut at that of the note, and the checkpoint is taken for the
    // path.
    assert!(matches!(text.replacen("\n\n", "\n", 1).parse::<TlogProof>(), Err(TlogProofError::Path(_))));
    assert_eq!(text.replace("\n\n", "\n").parse::<TlogProof>(), Err(TlogProofError::NoSeparator));
    assert!(matches!(text.replacen(&hash, "AAAA", 1).parse::<TlogProof>(), Err(TlogProofError::Path(_))));
    let long_path = text.replacen(&hash, &vec![hash.as_str(); MAX_PATH_LEN + 1].join("\n"), 1);
    assert_eq!(long_path.parse::<TlogProof>(), Err(TlogProofError::PathTooLong));
    let long = format!("{text}{}", "x".repeat(MAX_PROOF_LEN));
    assert_eq!(long.parse::<TlogProof>(), Err(TlogProofError::TooLong(long.len())));
    let too_much_extra =
        TlogProof::new(0, Vec::new(), vec![0; MAX_EXTRA_LEN + 1], proof(b"").checkpoint().clone());
    assert_eq!(too_much_extra, Err(TlogProofError::Extra));
}

#[test]
fn proofs_are_bound_to_leaf_log_and_key() {
    let proof = proof(b"");
    let key = log_signer().verifier_key();
    let refused = proof.verify(&leaf_hash(b"third"), ORIGIN, &key);
    assert_eq!(refused, Err(TlogProofError::Inclusion(VerifyError::RootMismatch)));
    let other_origin = proof.verify(&leaf_hash(b"second"), "log.example/2", &key).unwrap_err();
    assert!(matches!(other_origin, TlogProofError::Checkpoint(CheckpointError::OriginMismatch { .. })));
    let other_key = NoteSigner::new(name(ORIGIN), &[9; 32]).verifier_key();
    let unsigned = proof.verify(&leaf_hash(b"second"), ORIGIN, &other_key).unwrap_err();
    assert_eq!(unsigned, TlogProofError::Checkpoint(CheckpointError::Note(NoteError::NoTrustedSignature)));
}

/// Nothing in a proof file without extra data is without effect.
#[test]
fn every_flipped_bit_of_a_proof_file_is_refused() {
    let text = proof(b"").to_string();
    assert!(verify(&text.parse().unwrap()).is_ok());
    for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        let accepted = String::from_utf8(bytes)
            .is_ok_and(|text| text.parse::<TlogProof>().is_ok_and(|proof| verify(&proof).is_ok()));
        assert!(!accepted, "bit {bit} of byte {at}");
    }
}

proptest! {
    #[test]
    fn tile_paths_come_back(level in 0_u8..64, index in any::<u64>(), width in 1_u16..=256) {
        let tile = Tile::new(level, index, width).unwrap();
        prop_assert_eq!(tile.to_string().parse(), Ok(TilePath::Tile(tile)));
        let bundle = EntryBundle::new(index >> (level % 64), width).unwrap();
        prop_assert_eq!(bundle.to_string().parse(), Ok(TilePath::Entries(bundle)));
    }

    #[test]
    fn parsed_tile_paths_format_to_themselves(
        path in "tile/([0-9]{1,2}|entries)/(x[0-9]{3}/){0,2}[0-9]{3}(\\.p/[0-9]{1,3})?",
    ) {
        if let Ok(parsed) = path.parse::<TilePath>() {
            prop_assert_eq!(parsed.to_string(), path);
        }
    }

    #[test]
    fn entry_bundles_come_back(
        list in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20),
    ) {
        let bundle = entries::encode(&list).unwrap();
        prop_assert_eq!(entries::decode(&bundle).unwrap(), list);
    }

    #[test]
    fn parsed_notes_format_to_themselves(
        text in "([a—é +\n]{0,8}\n){1,3}\n(— [a+]{1,2} [A-Za-z0-9+/]{8}\n){0,2}",
    ) {
        if let Ok(note) = text.parse::<SignedNote>() {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn checkpoints_come_back(
        origin in "[^\\x00-\\x1f]{1,60}",
        size in 0..=MAX_TREE_SIZE,
        root in any::<[u8; 32]>(),
    ) {
        let checkpoint = Checkpoint::new(origin, size, Hash::from(root)).unwrap();
        let signed = SignedCheckpoint::sign(checkpoint, &log_signer());
        prop_assert_eq!(signed.to_string().parse(), Ok(signed));
    }
}
