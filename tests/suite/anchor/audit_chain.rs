//! `bestow log audit --rpc`: a log and the heads of it that a chain has.

use evm::{Address, Signer, address};
use serde_json::json;
use support::{ChainSetup, Ran, nowhere};

use super::made_log::{Chain, MadeLog, ORIGIN, Place, issued, sender};

/// A mirror, and heads of its log on a chain.
struct Anchored {
    log: MadeLog,
    place: Place,
    chain: Chain,
    publisher: Signer,
}

impl Anchored {
    async fn new() -> Self {
        let log = MadeLog::new(issued(700));
        let chain = Chain::new(ChainSetup::default()).await;
        let anchored = Self { place: Place::with(&log), log, chain, publisher: sender(1) };
        for size in [1, 256, 300] {
            anchored.anchor(size, &anchored.log).await;
        }
        anchored
    }

    async fn anchor(&self, size: u64, log: &MadeLog) {
        self.chain.anchor(&self.publisher, size, log.root(size)).await;
    }

    /// Audits to the chain, with contract and publisher named.
    async fn audit(&self, more: &[&str]) -> Ran {
        let named = self.chain.named(&self.publisher);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        self.place.audit(&self.log, &[&["--rpc", &self.chain.anvil.url], &named[..], more].concat()).await
    }

    /// What a server says of its anchors.
    fn say(&self, chain_id: u64, contract: Address) {
        let evm = json!({
            "chainId": chain_id,
            "contract": address::text(&contract),
            "publisher": address::text(&self.publisher.address()),
        });
        let anchors = json!({"origin": ORIGIN, "checkpointSize": 700, "witnesses": [], "evm": evm});
        self.place.write("mirror/anchors", &anchors.to_string());
    }

    /// Audits to the chain that the server says.
    async fn audit_as_said(&self) -> Ran {
        self.place.audit(&self.log, &["--rpc", &self.chain.anvil.url, "--json"]).await
    }
}

#[tokio::test]
async fn every_head_on_the_chain_is_one_that_the_log_had() {
    let anchored = Anchored::new().await;
    let found = anchored.audit(&["--json"]).await.json();
    assert_eq!(found["headsOnChain"], 3, "{found}");
    assert_eq!(found["contract"], address::text(&anchored.chain.contract));
    assert_eq!(found["publisher"], address::text(&anchored.publisher.address()));
    // What somebody else writes under the log's name is not the log's.
    let stranger = MadeLog::new(issued(9));
    anchored.chain.anchor(&sender(2), 9, stranger.root(5)).await;
    assert_eq!(anchored.audit(&["--json"]).await.json()["headsOnChain"], 3);
    let latest = anchored.chain.anvil.block_number().await.to_string();
    assert_eq!(anchored.audit(&["--from-block", &latest, "--json"]).await.json()["headsOnChain"], 0);

    let mut entries = issued(500);
    entries.swap(400, 401);
    let forked = MadeLog::new(entries);
    anchored.anchor(450, &forked).await;
    let run = anchored.audit(&[]).await;
    let fault = format!("has the root {} for the first 450 entries; they hash to", forked.root(450));
    run.refuses(1, &fault).refuses(1, "error: the contract 0x");
    anchored.anchor(500, &anchored.log).await;
    anchored.audit(&[]).await.refuses(1, "error: the transaction 0x").refuses(1, &fault);
}

#[tokio::test]
async fn a_log_that_has_shrunk_is_found_by_the_chain() {
    let anchored = Anchored::new().await;
    anchored.anchor(701, &MadeLog::new(issued(701))).await;
    anchored.audit(&[]).await.refuses(1, "is of 701 entries; the log has 700: it has shrunk");
}

#[tokio::test]
async fn the_server_says_where_its_heads_are() {
    let anchored = Anchored::new().await;
    let run = anchored.audit_as_said().await;
    run.refuses(2, "give --contract and --publisher, since the log's server does not say them");
    anchored.say(31_337, anchored.chain.contract);
    let found = anchored.audit_as_said().await.json();
    assert_eq!(found["headsOnChain"], 3, "{found}");
    let warnings = found["warnings"].as_array().expect("warnings");
    assert_eq!(warnings.len(), 2, "{found}");
    assert!(warnings[0].as_str().expect("a text").contains("was taken from the audited server"), "{found}");

    anchored.say(1, anchored.chain.contract);
    anchored.audit_as_said().await.refuses(2, "writes to the chain 1; --rpc leads to the chain 31337");
    anchored.say(31_337, anchored.publisher.address());
    anchored.audit_as_said().await.refuses(1, "is not that of Bestow's registry");
    anchored.place.write("mirror/anchors", "{}");
    anchored.audit_as_said().await.refuses(2, "names no contract");
}

#[tokio::test]
async fn a_chain_that_cannot_be_asked_tells_nothing() {
    let anchored = Anchored::new().await;
    let named = anchored.chain.named(&anchored.publisher);
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let run = anchored.place.audit(&anchored.log, &[&["--rpc", &nowhere()], &named[..]].concat()).await;
    run.refuses(2, "error: the chain: ");
    let run = anchored.place.audit(&anchored.log, &[&["--rpc", "ftp://x"], &named[..]].concat()).await;
    run.refuses(2, "error: --rpc: ");
    let run = anchored.place.audit(&anchored.log, &["--contract", named[1]]).await;
    run.refuses(2, "--rpc");
    let none = ["--rpc", &anchored.chain.anvil.url, "--contract", named[3], "--publisher", named[3]];
    anchored.place.audit(&anchored.log, &none).await.refuses(1, "there is no contract at 0x");
}
