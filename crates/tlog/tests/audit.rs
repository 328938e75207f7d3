//! Replaying a log, and what is said of one that is wrong.

use proptest::prelude::*;
use tlog::audit::{Audit, Fault, steps};
use tlog::entries;
use tlog::hash::{EMPTY_ROOT, Hash, leaf_hash, tree_hash};
use tlog::tile::{EntryBundle, TILE_WIDTH, Tile, TilePath};
use tlog::writer::TreeWriter;

/// A log that is published: every bundle and tile of it, in the order of the audit.
#[derive(Clone)]
struct Published {
    size: u64,
    leaves: Vec<Hash>,
    files: Vec<(TilePath, Vec<u8>)>,
}

impl Published {
    fn new(size: u64) -> Self {
        let texts: Vec<String> = (0..size).map(|index| format!("entry {index}")).collect();
        let leaves: Vec<Hash> = texts.iter().map(|text| leaf_hash(text.as_bytes())).collect();
        let mut writer = TreeWriter::empty();
        leaves.iter().for_each(|leaf| writer.append(*leaf));
        let tiles = writer.finish().tiles;
        let file = |path: TilePath| {
            let bytes = match path {
                TilePath::Entries(bundle) => {
                    let first = (bundle.index() * u64::from(TILE_WIDTH)) as usize;
                    entries::encode(&texts[first..first + usize::from(bundle.width())]).expect("a good log")
                }
                TilePath::Tile(tile) => {
                    tiles.iter().find(|stored| stored.tile == tile).expect("a good log").bytes.clone()
                }
            };
            (path, bytes)
        };
        let files: Vec<_> = steps(size).map(file).collect();
        let stored = files.iter().filter(|(path, _)| matches!(path, TilePath::Tile(_))).count();
        assert_eq!(stored, tiles.len(), "each tile of the tree is a step");
        Self { size, leaves, files }
    }

    fn root(&self, size: u64) -> Hash {
        tree_hash(&self.leaves[..size as usize])
    }

    /// The bytes at a path, to be spoilt.
    fn file(&mut self, path: &str) -> &mut Vec<u8> {
        &mut self.files.iter_mut().find(|(known, _)| known.to_string() == path).expect("a good log").1
    }

    fn audit(&self) -> Audit {
        let mut audit = Audit::new(self.size);
        audit.expect_root_at(self.size, self.root(self.size), "the checkpoint").expect("a good log");
        audit
    }

    fn replay(&self, mut audit: Audit) -> Result<(), Fault> {
        for (path, bytes) in &self.files {
            match path {
                TilePath::Entries(bundle) => drop(audit.bundle(bundle, bytes)?),
                TilePath::Tile(tile) => audit.tile(tile, bytes)?,
            }
        }
        audit.finish()
    }

    fn fault(&self) -> String {
        self.replay(self.audit()).expect_err("something is wrong").to_string()
    }
}

#[test]
fn a_good_log_holds_at_every_size() {
    for size in (0..=600).chain([65_535, 65_536, 65_537, 66_000]) {
        let log = Published::new(size);
        log.replay(log.audit()).unwrap();
    }
}

#[test]
fn the_steps_are_in_the_order_in_which_a_log_grows() {
    let paths = |size| steps(size).map(|path| path.to_string()).collect::<Vec<_>>();
    assert!(paths(0).is_empty());
    assert_eq!(paths(2), ["tile/entries/000.p/2", "tile/0/000.p/2"]);
    assert_eq!(
        paths(257),
        ["tile/entries/000", "tile/0/000", "tile/entries/001.p/1", "tile/0/001.p/1", "tile/1/000.p/1"]
    );
    let long = paths(65_536 + 256);
    assert_eq!(
        long[2 * 255..],
        [
            "tile/entries/255",
            "tile/0/255",
            "tile/1/000",
            "tile/entries/256",
            "tile/0/256",
            "tile/1/001.p/1",
            "tile/2/000.p/1"
        ]
    );
    // A size that nobody can replay costs nothing to begin with.
    assert_eq!(steps(i64::MAX as u64).next().unwrap().to_string(), "tile/entries/000");
}

#[test]
fn the_first_fault_is_named() {
    let log = Published::new(65_536 + 300);
    let entry = |spoil: &dyn Fn(&mut Published)| {
        let mut spoilt = log.clone();
        spoil(&mut spoilt);
        spoilt.fault()
    };
    // Two bytes of length and `entry 768`: the first character of the third entry.
    let flipped = entry(&|log| log.file("tile/entries/003")[2 * 11 + 2] ^= 1);
    assert_eq!(flipped, "tile/0/003 differs from what entries 768 to 1023 hash to, first at entry 770");
    let flipped = entry(&|log| log.file("tile/0/003")[2 * 32] ^= 1);
    assert_eq!(flipped, "tile/0/003 differs from what entries 768 to 1023 hash to, first at entry 770");
    let flipped = entry(&|log| log.file("tile/1/000")[3 * 32] ^= 1);
    assert_eq!(
        flipped,
        "tile/1/000 differs from what entries 0 to 65535 hash to, first at entries 768 to 1023"
    );
    let flipped = entry(&|log| *log.file("tile/2/000.p/1").last_mut().unwrap() ^= 1);
    assert_eq!(
        flipped,
        "tile/2/000.p/1 differs from what entries 0 to 65535 hash to, first at entries 0 to 65535"
    );
    let short = entry(&|log| log.file("tile/0/257.p/44").truncate(1_407));
    assert_eq!(short, "tile/0/257.p/44 has 1407 bytes; 1408 are wanted");
    let long = entry(&|log| log.file("tile/1/001.p/1").push(0));
    assert_eq!(long, "tile/1/001.p/1 has 33 bytes; 32 are wanted");
    let cut = entry(&|log| log.file("tile/entries/004").truncate(256 * 12 - 1));
    assert_eq!(cut, "tile/entries/004 is no entry bundle: the bundle ends inside entry 255");
    let empty = entry(&|log| log.file("tile/entries/004").clear());
    assert_eq!(empty, "tile/entries/004 is no entry bundle: an entry bundle has at least one entry");
    let fewer = entry(&|log| {
        let bytes = log.file("tile/entries/257.p/44");
        bytes.truncate(bytes.len() - 13);
    });
    assert_eq!(fewer, "tile/entries/257.p/44 has 43 entries; 44 are wanted");
    let more = entry(&|log| log.file("tile/entries/257.p/44").extend_from_slice(b"\0\x01x"));
    assert_eq!(more, "tile/entries/257.p/44 has 45 entries; 44 are wanted");
}

#[test]
fn roots_are_compared_where_they_were_vouched_for() {
    let log = Published::new(1_000);
    let mut audit = log.audit();
    for size in [0, 1, 255, 256, 257, 700, 999] {
        audit.expect_root_at(size, log.root(size), "a checkpoint from before").unwrap();
    }
    log.replay(audit).unwrap();

    let mut audit = log.audit();
    audit.expect_root_at(700, log.root(700), "one").unwrap();
    audit.expect_root_at(700, log.root(701), "another").unwrap();
    audit.expect_root_at(800, log.root(801), "a third").unwrap();
    let (computed, claimed) = (log.root(700), log.root(701));
    let expected = Fault::Root { by: "another".to_owned(), size: 700, claimed, computed };
    assert_eq!(log.replay(audit), Err(expected.clone()));
    let text = format!("another has the root {claimed} for the first 700 entries; they hash to {computed}");
    assert_eq!(expected.to_string(), text);

    let shrunk = log.audit().expect_root_at(1_001, log.root(5), "what was kept").expect_err("longer");
    assert_eq!(shrunk.to_string(), "what was kept is of 1001 entries; the log has 1000: it has shrunk");
    let empty = log.audit().expect_root_at(0, log.root(1), "an empty one").expect_err("not the empty root");
    assert!(matches!(empty, Fault::Root { size: 0, computed: EMPTY_ROOT, .. }));
}

#[test]
fn a_forked_log_is_found_by_its_root_alone() {
    // Its bundles and tiles agree with each other, but not with what was signed.
    let (mut log, other) = (Published::new(300), Published::new(301));
    log.leaves = other.leaves[1..].to_vec();
    assert!(log.fault().starts_with("the checkpoint has the root "), "{}", log.fault());
}

#[test]
fn an_auditor_gives_everything_in_order() {
    let log = Published::new(300);
    let (bundle, tile) = (EntryBundle::in_tree(0, 300).unwrap(), Tile::in_tree(0, 0, 300).unwrap());
    let (last, edge) = (EntryBundle::in_tree(1, 300).unwrap(), Tile::in_tree(0, 1, 300).unwrap());
    let mut audit = log.audit();
    assert!(audit.tile(&tile, &log.files[1].1).is_err(), "a tile before its entries");
    assert!(audit.bundle(&last, &log.files[2].1).is_err(), "the second bundle first");
    assert_eq!(audit.bundle(&bundle, &log.files[0].1).unwrap().len(), 256);
    assert!(audit.bundle(&last, &log.files[2].1).is_err(), "before the tile was compared");
    assert!(audit.tile(&edge, &log.files[3].1).is_err(), "another tile");
    audit.tile(&tile, &log.files[1].1).unwrap();
    assert!(audit.expect_root_at(255, log.root(255), "too late").is_err());
    let error = audit.finish().expect_err("the second bundle is missing").to_string();
    assert_eq!(error, "the audit was given an end, but wants tile/entries/001.p/44");
    let mut audit = Audit::new(0);
    let error = audit.bundle(&bundle, &[]).expect_err("an empty log").to_string();
    assert_eq!(error, "the audit was given tile/entries/000, but wants nothing more");
}

proptest! {
    /// Whichever byte of whichever file is another one: the audit fails, and not before that file's bundle.
    #[test]
    fn no_byte_may_differ(size in 1_u64..1_500, file: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8) {
        let mut log = Published::new(size);
        let file = file.index(log.files.len());
        let bytes = &mut log.files[file].1;
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let fault = log.replay(log.audit()).expect_err("a byte differs");
        prop_assert!(!matches!(fault, Fault::OutOfOrder { .. } | Fault::Shrunk { .. }), "{fault}");
    }
}
