//! What the leaves of a Bestow log must say, each by itself and all together.

use std::collections::HashMap;

use model::{LeafOp, LogLeaf, Timestamp};
use tlog::entries;

/// How far the clock of a log may be ahead of the auditor's, in seconds.
const AHEAD: i64 = 600;
/// How far a leaf may be dated back behind an earlier one, in seconds. Leaves of several servers, and those that waited, are
/// not in the order of their times.
const BEHIND: i64 = 3_600;

/// The leaves that were seen.
#[derive(Debug)]
pub(super) struct Leaves {
    now: i64,
    /// By the first half of the hash: half as much memory, and nobody has two hashes that begin with the same 128 bits.
    issued: HashMap<u128, Issued>,
    issuers: HashMap<String, u32>,
    /// The newest digest of each status list.
    lists: HashMap<String, String>,
    revoked: u64,
    digests: u64,
    newest: i64,
    odd: [Odd; 3],
}

#[derive(Debug)]
struct Issued {
    index: u64,
    issuer: u32,
    revoked: bool,
}

/// A kind of thing that is allowed, but odd.
#[derive(Debug, Default)]
struct Odd {
    first: String,
    count: u64,
}

impl Odd {
    fn add(&mut self, say: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = say();
        }
        self.count += 1;
    }
}

impl Leaves {
    /// No leaves yet; `now` in seconds since 1970.
    pub(super) fn new(now: i64) -> Self {
        Self {
            now,
            issued: HashMap::new(),
            issuers: HashMap::new(),
            lists: HashMap::new(),
            revoked: 0,
            digests: 0,
            newest: i64::MIN,
            odd: Default::default(),
        }
    }

    /// How many were issued and revoked, and how many digests of status lists there are.
    pub(super) fn counts(&self) -> [u64; 3] {
        [self.issued.len() as u64, self.revoked, self.digests]
    }

    /// What is odd, but not wrong.
    pub(super) fn warnings(&self) -> Vec<String> {
        let say = |odd: &Odd| match odd.count {
            0 => None,
            1 => Some(format!("{}.", odd.first)),
            count => Some(format!("{}, and {} more are so.", odd.first, count - 1)),
        };
        self.odd.iter().filter_map(say).collect()
    }

    /// Looks at the entries of the next bundle, the first of which has this index; says what is wrong with one of them.
    pub(super) fn add_all(&mut self, first: u64, bundle: &[u8]) -> Result<(), String> {
        let entries = entries::decode(bundle).map_err(|error| error.to_string())?;
        (first..).zip(entries).try_for_each(|(index, entry)| self.add(index, entry))
    }

    fn add(&mut self, index: u64, entry: &[u8]) -> Result<(), String> {
        let leaf = read(entry).map_err(|why| format!("entry {index} is no leaf of a Bestow log: {why}"))?;
        self.look_at_time(index, leaf.at);
        match leaf.op {
            LeafOp::Issue => self.issue(index, &leaf),
            LeafOp::Revoke => self.revoke(index, &leaf),
            LeafOp::Status => {
                self.digests += 1;
                let list = leaf.list.unwrap_or_default();
                if self.lists.get(&list) == Some(&leaf.hash) {
                    self.odd[2].add(|| format!("Entry {index} repeats the digest of {list}"));
                }
                self.lists.insert(list, leaf.hash);
                Ok(())
            }
        }
    }

    fn issue(&mut self, index: u64, leaf: &LogLeaf) -> Result<(), String> {
        let number = self.issuers.len() as u32;
        let issuer = *self.issuers.entry(leaf.issuer.clone()).or_insert(number);
        let issued = Issued { index, issuer, revoked: false };
        match self.issued.insert(key(leaf), issued) {
            None => Ok(()),
            Some(earlier) => Err(format!(
                "entry {index} issues {} again, which entry {} has issued",
                leaf.hash, earlier.index
            )),
        }
    }

    fn revoke(&mut self, index: u64, leaf: &LogLeaf) -> Result<(), String> {
        let hash = &leaf.hash;
        let Some(issued) = self.issued.get_mut(&key(leaf)) else {
            return Err(format!("entry {index} revokes {hash}, which no entry before it has issued"));
        };
        if self.issuers.get(&leaf.issuer) != Some(&issued.issuer) {
            let (issuer, earlier) = (&leaf.issuer, issued.index);
            return Err(format!(
                "entry {index} revokes {hash} in the name of {issuer}, but entry {earlier} has issued it in another"
            ));
        }
        if issued.revoked {
            return Err(format!("entry {index} revokes {hash}, which an entry before it has revoked"));
        }
        issued.revoked = true;
        self.revoked += 1;
        Ok(())
    }

    fn look_at_time(&mut self, index: u64, at: i64) {
        let time = |seconds: i64| Timestamp::from_seconds(seconds).rfc3339();
        if at > self.now + AHEAD {
            self.odd[0].add(|| format!("Entry {index} is dated {}, which is yet to come", time(at)));
        }
        if at < self.newest.saturating_sub(BEHIND) {
            let newest = self.newest;
            self.odd[1].add(|| {
                format!("Entry {index} is dated {}, though one before it is of {}", time(at), time(newest))
            });
        }
        // One leaf of the far future must not make all others look late.
        self.newest = self.newest.max(at.min(self.now + AHEAD));
    }
}

/// The first half of a leaf's hash.
fn key(leaf: &LogLeaf) -> u128 {
    u128::from_str_radix(&leaf.hash[..32], 16).expect("64 hex digits were read")
}

/// Reads a leaf: it must be in the one form that docs/LOG.md gives.
fn read(entry: &[u8]) -> Result<LogLeaf, String> {
    let text = std::str::from_utf8(entry).map_err(|_| "it is no text".to_owned())?;
    let leaf: LogLeaf = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if leaf.v != 1 {
        return Err(format!("its version is {}, which is not known here", leaf.v));
    }
    if leaf.hash.len() != 64 || !leaf.hash.bytes().all(is_digit) {
        return Err("its hash is not 64 lower-case hex digits".to_owned());
    }
    if (leaf.op == LeafOp::Status) != leaf.list.is_some() {
        return Err("a leaf names a status list if it is about one, and only then".to_owned());
    }
    if !leaf.issuer.starts_with("did:") {
        return Err("its issuer is no DID".to_owned());
    }
    // Timestamps are kept in microseconds.
    if !(0..=i64::MAX / 1_000_000).contains(&leaf.at) {
        return Err("its time is none".to_owned());
    }
    if leaf.to_json() != text {
        return Err("it is not in the one form that a leaf has".to_owned());
    }
    Ok(leaf)
}

#[cfg(test)]
mod tests {
    use model::CoreClaimHash;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn leaf(op: LeafOp, issuer: &str, hash: u8, at: i64) -> String {
        LogLeaf::new(op, issuer, CoreClaimHash([hash; 32]), Timestamp::from_seconds(at)).to_json()
    }

    fn digest(list: &str, hash: u8) -> String {
        LogLeaf::status("did:x:1", list, &[hash; 32], Timestamp::from_seconds(NOW)).to_json()
    }

    fn add(entries: &[String]) -> (Leaves, Result<(), String>) {
        let mut leaves = Leaves::new(NOW);
        let mut numbered = (0..).zip(entries);
        let outcome = numbered.try_for_each(|(index, entry)| leaves.add(index, entry.as_bytes()));
        (leaves, outcome)
    }

    #[test]
    fn a_good_log_is_counted() {
        let (leaves, outcome) = add(&[
            leaf(LeafOp::Issue, "did:x:1", 1, NOW - 9),
            leaf(LeafOp::Issue, "did:x:2", 2, NOW - 10),
            leaf(LeafOp::Revoke, "did:x:1", 1, NOW),
            digest("https://x.example/0", 1),
            digest("https://x.example/0", 2),
            digest("https://x.example/1", 2),
        ]);
        assert_eq!((outcome, leaves.counts(), leaves.warnings()), (Ok(()), [2, 1, 3], vec![]));
    }

    #[test]
    fn what_contradicts_an_earlier_leaf_is_wrong() {
        let issue = leaf(LeafOp::Issue, "did:x:1", 1, NOW);
        let revoke = leaf(LeafOp::Revoke, "did:x:1", 1, NOW);
        let other = leaf(LeafOp::Issue, "did:x:2", 2, NOW);
        let by_other = leaf(LeafOp::Revoke, "did:x:2", 1, NOW);
        for (entries, wanted) in [
            (vec![&issue, &other, &issue], "entry 2 issues 0101"),
            (vec![&revoke, &issue], "entry 0 revokes 0101"),
            (vec![&issue, &revoke, &revoke], "which an entry before it has revoked"),
            (vec![&issue, &other, &by_other], "in the name of did:x:2, but entry 0 has issued it in another"),
        ] {
            let why = add(&entries.into_iter().cloned().collect::<Vec<_>>()).1.expect_err(wanted);
            assert!(why.contains(wanted), "{why}");
        }
    }

    #[test]
    fn a_leaf_has_one_form() {
        let good = leaf(LeafOp::Issue, "did:x:1", 10, NOW);
        let hash = "0a".repeat(32);
        for (spoilt, wanted) in [
            (good.replace(':', ": "), "the one form"),
            (good.replace("{\"v\":1,", "{").replace("}", ",\"v\":1}"), "the one form"),
            (good.replace("}", ",\"more\":1}"), "the one form"),
            (good.replace("\"v\":1", "\"v\":2"), "version is 2"),
            (good.replace(&hash, &hash.to_uppercase()), "lower-case"),
            (good.replace(&hash, &hash[..62]), "64"),
            (good.replace("did:x:1", "x"), "no DID"),
            (good.replace("issue\"", "burn\""), "burn"),
            (good.replace(&NOW.to_string(), "-1"), "its time"),
            (good.replace(&NOW.to_string(), "9223372036854775807"), "its time"),
            (good.replace("issue\",", "status\","), "names a status list"),
            (digest("https://x.example/0", 1).replace("\"status\"", "\"issue\""), "names a status list"),
            (String::new(), "EOF"),
        ] {
            let why = add(std::slice::from_ref(&spoilt)).1.expect_err(&spoilt);
            assert!(why.starts_with("entry 0 is no leaf") && why.contains(wanted), "{spoilt}: {why}");
        }
        assert!(Leaves::new(NOW).add(0, b"\xff").is_err());
    }

    #[test]
    fn what_is_odd_is_told_once_and_counted() {
        let (leaves, outcome) = add(&[
            leaf(LeafOp::Issue, "did:x:1", 1, NOW + 601),
            leaf(LeafOp::Issue, "did:x:1", 2, NOW + 9_000),
            leaf(LeafOp::Issue, "did:x:1", 3, NOW),
            leaf(LeafOp::Issue, "did:x:1", 4, NOW - 3_001),
            digest("https://x.example/0", 1),
            digest("https://x.example/0", 1),
        ]);
        outcome.unwrap();
        assert_eq!(
            leaves.warnings(),
            [
                "Entry 0 is dated 2027-01-15T08:10:01Z, which is yet to come, and 1 more are so.",
                "Entry 3 is dated 2027-01-15T07:09:59Z, though one before it is of 2027-01-15T08:10:00Z.",
                "Entry 5 repeats the digest of https://x.example/0.",
            ]
        );
    }
}
