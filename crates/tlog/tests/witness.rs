//! What a witness is asked, answers, and may sign.

use std::collections::HashMap;

use proptest::prelude::*;
use tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use tlog::cosignature::Cosigner;
use tlog::hash::{EMPTY_ROOT, Hash, leaf_hash, tree_hash};
use tlog::key::VerifierKey;
use tlog::note::{MAX_SIGNATURES, NoteError, NoteSigner};
use tlog::prove::ProofPlan;
use tlog::tile::TileSlot;
use tlog::verify::VerifyError;
use tlog::witness::{
    AddCheckpoint, AddCheckpointError, AnswerError, Known, MAX_ANSWER_LEN, MAX_PROOF_LINES, MAX_REQUEST_LEN,
    Refusal, decide, format_cosignatures, format_size, parse_cosignatures, parse_size, verify_cosignature,
};
use tlog::writer::TreeWriter;

const ORIGIN: &str = "log.example/1";

/// The request that the specification shows.
const PUBLISHED: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

/// The answer that the specification shows.
const PUBLISHED_ANSWER: &str = "\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
";

fn log_signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().expect("a name"), &[1; 32])
}

fn log_keys() -> [VerifierKey; 1] {
    [log_signer().verifier_key()]
}

fn witness(number: u8) -> Cosigner {
    Cosigner::new(format!("witness.example/{number}").parse().expect("a name"), &[number; 32])
}

/// A history that the log tells: `fork` leaves that all histories begin with, then leaves of its own.
struct Branch {
    leaves: Vec<Hash>,
    tiles: HashMap<TileSlot, Vec<u8>>,
}

impl Branch {
    fn new(name: u8, fork: usize, size: usize) -> Self {
        let text = |index| if index < fork { format!("entry {index}") } else { format!("{name}: {index}") };
        let leaves: Vec<Hash> = (0..size).map(|index| leaf_hash(text(index).as_bytes())).collect();
        let mut writer = TreeWriter::empty();
        leaves.iter().for_each(|leaf| writer.append(*leaf));
        let tiles = writer.finish().tiles.into_iter().map(|stored| (stored.tile.slot(), stored.bytes));
        Self { tiles: tiles.collect(), leaves }
    }

    fn head(&self, size: u64) -> Known {
        Known { size, root: tree_hash(&self.leaves[..size as usize]) }
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(ORIGIN, size, self.head(size).root).expect("a checkpoint");
        SignedCheckpoint::sign(checkpoint, &log_signer())
    }

    fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        let plan = ProofPlan::consistency(old, new).expect("it grows");
        plan.resolve(|tile| self.tiles.get(&tile.slot())).expect("all tiles are there")
    }

    fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        AddCheckpoint { old_size: old, proof: self.proof(old, new), checkpoint: self.checkpoint(new) }
    }
}

#[test]
fn the_published_request_and_answer_are_read_and_written() {
    let request: AddCheckpoint = PUBLISHED.parse().expect("a request");
    assert_eq!((request.old_size, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.checkpoint.unverified().size(), 20_852_163);
    assert_eq!(request.checkpoint.note().signatures().len(), 2);
    assert_eq!(request.to_string(), PUBLISHED);

    let answer = parse_cosignatures(PUBLISHED_ANSWER).expect("an answer");
    let names: Vec<&str> = answer.iter().map(|line| line.name().as_str()).collect();
    assert_eq!(names, ["witness.example/w1", "witness.example/w1", "witness.example/w2"]);
    assert_eq!(format_cosignatures(&answer), PUBLISHED_ANSWER);
}

#[test]
fn a_request_without_a_proof_has_an_empty_line_all_the_same() {
    let text = Branch::new(0, 0, 3).request(0, 3).to_string();
    assert!(text.starts_with("old 0\n\nlog.example/1\n3\n"), "{text}");
    assert_eq!(text.parse::<AddCheckpoint>().expect("a request").to_string(), text);
}

#[test]
fn what_is_no_request_is_refused() {
    use AddCheckpointError as E;
    let good = Branch::new(0, 0, 7).request(3, 7);
    let text = good.to_string();
    let hash = good.proof[0].to_string();
    let replaced = |from: &str, to: &str| text.replacen(from, to, 1);
    for (what, text, error) in [
        ("nothing", String::new(), E::NoSeparator),
        ("a checkpoint alone", good.checkpoint.to_string(), E::OldSize),
        ("no old size", replaced("old 3\n", ""), E::OldSize),
        ("another word", replaced("old", "size"), E::OldSize),
        ("two spaces", replaced("old ", "old  "), E::OldSize),
        ("a leading zero", replaced("old 3", "old 03"), E::OldSize),
        ("a sign", replaced("old 3", "old +3"), E::OldSize),
        ("a space behind", replaced("old 3", "old 3 "), E::OldSize),
        ("a carriage return", replaced("old 3\n", "old 3\r\n"), E::OldSize),
        ("too large a size", replaced("old 3", "old 18446744073709551616"), E::OldSize),
        ("no size", replaced("old 3", "old "), E::OldSize),
        ("a line before", format!("\n{text}"), E::OldSize),
    ] {
        assert_eq!(text.parse::<AddCheckpoint>(), Err(error), "{what}");
    }
    for (what, text) in [
        ("a hash cut short", replaced(&hash, &hash[..40])),
        ("a hash without padding", replaced(&hash, hash.trim_end_matches('='))),
        ("a hash of another alphabet", replaced(&hash, &hash.replace(['+', '/'], "-").replace('A', "_"))),
        ("a hash with a space", replaced(&hash, &format!("{hash} "))),
    ] {
        let refused = text.parse::<AddCheckpoint>();
        assert!(matches!(refused, Err(E::Proof(_))) || text == good.to_string(), "{what}: {refused:?}");
    }
    for (what, text) in [
        ("no empty line before the checkpoint", replaced("\n\n", "\n")),
        ("two empty lines", replaced("\n\n", "\n\n\n")),
        ("no last newline", text.trim_end().to_owned()),
        ("no signature", text[..=text.rfind("\n\n").expect("a note") + 1].to_owned()),
        ("a size too large", replaced("\n7\n", "\n9223372036854775808\n")),
    ] {
        assert!(text.parse::<AddCheckpoint>().is_err(), "{what}");
    }
}

#[test]
fn a_request_has_limits() {
    let mut request = Branch::new(0, 0, 7).request(3, 7);
    request.proof = vec![EMPTY_ROOT; MAX_PROOF_LINES];
    assert_eq!(request.to_string().parse(), Ok(request.clone()));
    request.proof.push(EMPTY_ROOT);
    assert_eq!(request.to_string().parse::<AddCheckpoint>(), Err(AddCheckpointError::ProofTooLong));
    let long = "x".repeat(MAX_REQUEST_LEN + 1);
    assert_eq!(long.parse::<AddCheckpoint>(), Err(AddCheckpointError::TooLong(MAX_REQUEST_LEN + 1)));
}

#[test]
fn sizes_have_one_spelling() {
    for size in [0, 7, u64::MAX] {
        assert_eq!(parse_size(&format_size(size)), Ok(size));
    }
    for bad in ["", "\n", "7", " 7\n", "07\n", "7\n\n", "7\r\n", "+7\n", "18446744073709551616\n"] {
        assert_eq!(parse_size(bad), Err(AnswerError::Size), "{bad:?}");
    }
}

#[test]
fn only_a_valid_cosignature_of_the_witness_counts() {
    let branch = Branch::new(0, 0, 7);
    let (checkpoint, other) = (branch.checkpoint(7), branch.checkpoint(6));
    let key = witness(2).verifier_key();
    let sign = |number: u8, checkpoint: &SignedCheckpoint| {
        witness(number).cosign(checkpoint.unverified(), 1_679_315_147).expect("a time")
    };
    let (ours, theirs) = (sign(2, &checkpoint), sign(3, &checkpoint));
    let body = format_cosignatures(&[theirs.clone(), ours.clone()]);
    assert_eq!(verify_cosignature(&checkpoint, &body, &key), Ok((ours, 1_679_315_147)));

    let missing = Err(AnswerError::Missing("witness.example/2".to_owned()));
    assert_eq!(verify_cosignature(&checkpoint, &format_cosignatures(&[theirs]), &key), missing);
    let wrong = format_cosignatures(&[sign(2, &other)]);
    let invalid = AnswerError::Note(NoteError::InvalidSignature(key.name().clone()));
    assert_eq!(verify_cosignature(&checkpoint, &wrong, &key), Err(invalid));
    assert_eq!(parse_cosignatures(""), Err(AnswerError::Note(NoteError::NoSignatures)));
    for bad in ["\n", "ok\n", body.trim_end(), &format!("\n{body}"), &format!("{body}\n"), "404 not found"] {
        let refused = Err(AnswerError::Note(NoteError::SignatureLine));
        assert_eq!(parse_cosignatures(bad), refused, "{bad:?}");
    }
    let long = "x".repeat(MAX_ANSWER_LEN + 1);
    assert_eq!(parse_cosignatures(&long), Err(AnswerError::TooLong));
    assert_eq!(parse_cosignatures(&"\n".repeat(MAX_SIGNATURES + 1)), Err(AnswerError::TooLong));
}

#[test]
fn a_witness_answers_in_the_order_of_the_specification() {
    let (ours, theirs) = (Branch::new(1, 4, 12), Branch::new(2, 4, 12));
    let known = ours.head(6);
    let refused = |request: &AddCheckpoint| {
        let refusal = decide(Some(&known), request, &log_keys()).expect_err("refused");
        (refusal.status(), refusal)
    };

    let mut foreign = ours.request(7, 9);
    foreign.checkpoint = SignedCheckpoint::sign(
        Checkpoint::new("log.example/2", 6, EMPTY_ROOT).expect("a checkpoint"),
        &log_signer(),
    );
    assert_eq!(refused(&foreign), (404, Refusal::UnknownLog("log.example/2".to_owned())));

    // From here on each request is wrong in all that is checked later, too.
    let mut forged = ours.request(6, 12);
    let stranger = NoteSigner::new(ORIGIN.parse().expect("a name"), &[9; 32]);
    forged.checkpoint = SignedCheckpoint::sign(ours.checkpoint(5).unverified().clone(), &stranger);
    assert_eq!(refused(&forged), (403, Refusal::Unsigned(NoteError::NoTrustedSignature)));
    let damaged = ours.request(0, 5).to_string();
    let line = damaged.rfind(' ').expect("a signature") + 30;
    let letter = if &damaged[line..=line] == "A" { "B" } else { "A" };
    let damaged = format!("old 6{}{letter}{}", &damaged["old 0".len()..line], &damaged[line + 1..]);
    let invalid = NoteError::InvalidSignature(ORIGIN.parse().expect("a name"));
    assert_eq!(refused(&damaged.parse().expect("a request")), (403, Refusal::Unsigned(invalid)));

    let mut shrinking = theirs.request(5, 5);
    shrinking.old_size = 7;
    assert_eq!(refused(&shrinking), (400, Refusal::Shrinking { old: 7, new: 5 }));
    let mut stale = theirs.request(5, 9);
    stale.proof.pop();
    assert_eq!(refused(&stale), (409, Refusal::Conflict { size: 6 }));
    assert_eq!(refused(&ours.request(0, 9)).0, 409);
    assert_eq!(refused(&ours.request(7, 9)).0, 409);
    assert_eq!(refused(&theirs.request(6, 6)), (409, Refusal::Conflict { size: 6 }));

    assert_eq!(refused(&theirs.request(6, 9)).0, 422);
    let mut needless = ours.request(6, 6);
    needless.proof.push(known.root);
    assert_eq!(refused(&needless), (422, Refusal::Inconsistent(VerifyError::PathLength(1))));
}

#[test]
fn a_first_checkpoint_needs_no_proof_and_takes_none() {
    let branch = Branch::new(0, 0, 9);
    for size in [0, 1, 9] {
        let accepted = decide(None, &branch.request(0, size), &log_keys()).expect("the first");
        assert_eq!(accepted.head, branch.head(size));
    }
    let mut proven = branch.request(0, 9);
    proven.proof.push(EMPTY_ROOT);
    assert_eq!(decide(None, &proven, &log_keys()).expect_err("a proof").status(), 422);
    let refused = decide(None, &branch.request(3, 9), &log_keys()).expect_err("no such size");
    assert_eq!(refused, Refusal::Conflict { size: 0 });
    let not_empty = Checkpoint::new(ORIGIN, 0, branch.head(9).root).expect("a checkpoint");
    let checkpoint = SignedCheckpoint::sign(not_empty, &log_signer());
    let request = AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint };
    assert_eq!(decide(None, &request, &log_keys()), Err(Refusal::Conflict { size: 0 }));
}

#[test]
fn signatures_of_others_are_ignored_and_not_kept() {
    let branch = Branch::new(0, 0, 9);
    let mut request = branch.request(0, 9);
    let cosignature = witness(2).cosign(request.checkpoint.unverified(), 1).expect("a time");
    request.checkpoint = request.checkpoint.with_signature(cosignature).expect("room");
    let text = request.to_string();
    assert_eq!(text.parse(), Ok(request.clone()));
    let accepted = decide(None, &request, &log_keys()).expect("the log's signature counts");
    assert_eq!(accepted.checkpoint, branch.checkpoint(9));
    // Two keys of one log: either is enough.
    let second = NoteSigner::new(ORIGIN.parse().expect("a name"), &[5; 32]).verifier_key();
    let keys = [second.clone(), log_signer().verifier_key()];
    assert!(decide(None, &request, &keys).is_ok());
    assert_eq!(decide(None, &request, &[second]).expect_err("not signed by it").status(), 403);
}

/// What somebody asks of the witness next; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
struct Ask {
    branch: usize,
    /// From where the witness stands, mostly.
    from_known: bool,
    old: u64,
    grow: u64,
    /// Which bit of the proof is wrong, if any.
    flipped: Option<(prop::sample::Index, u8)>,
}

fn ask() -> impl Strategy<Value = Ask> {
    let flipped = prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
    (0_usize..2, prop::bool::weighted(0.8), any::<u64>(), 0_u64..90, flipped)
        .prop_map(|(branch, from_known, old, grow, flipped)| Ask { branch, from_known, old, grow, flipped })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The log told two histories. The witness follows whichever it heard first, and signs exactly what grows from
    /// what it signed before and is proven to.
    #[test]
    fn exactly_consistent_growth_is_accepted(
        fork in 0_usize..300,
        asks in prop::collection::vec(ask(), 1..40),
    ) {
        const SIZE: u64 = 600;
        let branches = [Branch::new(1, fork, SIZE as usize), Branch::new(2, fork, SIZE as usize)];
        let mut known: Option<Known> = None;
        let mut signed: Vec<Hash> = Vec::new();
        for Ask { branch, from_known, old, grow, flipped } in asks {
            let branch = &branches[branch];
            let at = known.map_or(0, |known| known.size);
            let old = if from_known { at } else { old % (SIZE + 1) };
            let new = (old + grow).min(SIZE);
            let mut request = branch.request(old, new);
            let mut proven = true;
            if let Some((index, bit)) = flipped && !request.proof.is_empty() {
                let place = index.index(request.proof.len());
                let mut bytes = *request.proof[place].as_bytes();
                bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
                request.proof[place] = bytes.into();
                proven = false;
            }
            prop_assert_eq!(request.to_string().parse::<AddCheckpoint>(), Ok(request.clone()));

            let offered = &branch.leaves[..new as usize];
            let decided = decide(known.as_ref(), &request, &log_keys());
            prop_assert_eq!(decided.is_ok(), old == at && proven && offered.starts_with(&signed), "{:?}", decided);
            match decided {
                Ok(accepted) => {
                    prop_assert_eq!(accepted.head, branch.head(new));
                    known = Some(accepted.head);
                    signed = offered.to_vec();
                }
                Err(refusal) if old != at => prop_assert_eq!(refusal, Refusal::Conflict { size: at }),
                Err(refusal) if old == new => prop_assert_eq!(refusal, Refusal::Conflict { size: at }),
                Err(refusal) => prop_assert_eq!(refusal.status(), 422),
            }
        }
    }

    #[test]
    fn reading_never_panics(text in ".{0,400}", lines in "(old [0-9]{1,20}\n)?([A-Za-z0-9+/=\n— ]{0,50}\n){0,8}") {
        for text in [text, lines] {
            if let Ok(request) = text.parse::<AddCheckpoint>() {
                prop_assert_eq!(request.to_string(), text);
            } else if let Ok(lines) = parse_cosignatures(&text) {
                prop_assert_eq!(format_cosignatures(&lines), text);
            }
        }
    }
}
