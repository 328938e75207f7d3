//! `bestow verify-proof`: proofs of credentials and of status lists, with witnesses and to the chain; and the program of
//! docs/LOG.md, which does the same without Bestow.

use std::path::Path;

use evm::{B256, Signer, address};
use model::{LogLeaf, Timestamp};
use serde_json::{Value, json};
use support::{ChainSetup, Database, Mining, Ran, Server, nowhere};
use tlog::cosignature::Cosigner;
use tlog::tlog_proof::TlogProof;
use vc::status::StatusBits;
use verify::{EvmRecord, ListBits, ProofExtra, ProofSubject, sha256};

use super::made_log::{Chain, MadeLog, ORIGIN, Place, issued, sender};

/// Where the leaf is that is proven.
const INDEX: u64 = 123;
/// How many leaves the head on the chain covers.
const ANCHORED: u64 = 300;

/// A credential that a server has issued, its leaf in a log that was made by hand, and a place with the credential's documents.
struct Proven {
    place: Place,
    log: MadeLog,
    extra: ProofExtra,
    hash: String,
}

impl Proven {
    async fn new() -> Self {
        let server = Server::start(Database::Sqlite).await;
        let partner = server.partner("acme").await;
        let token = partner.token("ada@example.com", &server.clock);
        let answer = server.issued(&token, &partner.request()).await;
        let hash = answer["coreClaimHash"].as_str().expect("a hash").to_owned();
        server.wait_for(&token, &hash, "ONCHAIN").await;
        let place = Place::new();
        let documents = server.credential(&token, &hash).await["documents"].clone();
        for (name, format) in [("card.sd-jwt", "dc+sd-jwt"), ("card.jwt", "jwt_vc_json")] {
            place.write(name, documents[format].as_str().expect("a document"));
        }
        let answer = server.get_as(&token, &format!("/v1/credentials/proof?coreClaimHash={hash}")).await;
        let proof: TlogProof = answer.text.parse().expect("a proof");
        let extra: ProofExtra = serde_json::from_slice(proof.extra()).expect("our form");
        let log = log_with(&extra.leaf);
        let proven = Self { place, log, extra, hash };
        proven.write(&proven.extra);
        proven
    }

    /// Writes the proof file with these extra data.
    fn write(&self, extra: &ProofExtra) {
        let extra = serde_json::to_vec(extra).expect("text alone");
        self.place.write("proof", &self.log.proof(INDEX, extra).to_string());
    }

    /// Writes the proof file with this record of a chain.
    fn write_record(&self, record: EvmRecord) {
        self.write(&ProofExtra { evm: Some(record), ..self.extra.clone() });
    }

    async fn check(&self, more: &[&str]) -> Ran {
        let key = self.log.key().to_string();
        self.place.run(&[&["verify-proof", "proof", "--key", &key], more].concat()).await
    }
}

/// A log that has this leaf at [`INDEX`].
fn log_with(leaf: &str) -> MadeLog {
    let mut entries = issued(400);
    entries[INDEX as usize] = leaf.to_owned();
    MadeLog::new(entries)
}

#[tokio::test]
async fn a_proof_holds_offline_for_its_credential() {
    let proven = Proven::new().await;
    let found = proven.check(&["--credential", "card.jwt", "--json"]).await.json();
    let leaf: LogLeaf = serde_json::from_str(&proven.extra.leaf).expect("a leaf");
    let expected = json!({
        "valid": true, "op": "issue", "issuer": leaf.issuer, "coreClaimHash": proven.hash,
        "at": Timestamp::from_seconds(leaf.at).rfc3339(),
        "log": ORIGIN, "index": INDEX, "treeSize": 400, "credentialMatches": true,
    });
    assert_eq!(found, expected);
    let run = proven.check(&[]).await;
    assert!(run.done().starts_with("valid              true\nop                 issue\n"), "{run:?}");

    proven.place.write("other", &proven.place.read("card.jwt").replacen('.', ".e", 1));
    proven.check(&["--credential", "other"]).await.refuses(1, "the credential is none of those");
    let run = proven.check(&["--credential", "other", "--json"]).await;
    let found: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&found["valid"], found["reason"].is_string()), (&json!(false), true));
    proven.check(&["--credential", "none"]).await.refuses(2, "cannot read none");
    let other = MadeLog::new(issued(1)).key().to_string().replace(ORIGIN, "x");
    proven.place.run(&["verify-proof", "proof", "--key", &other]).await.refuses(2, "--key");
    proven.place.write("proof", "nothing");
    proven.check(&[]).await.refuses(1, "the proof does not hold: this is no proof file");
    proven.check(&["--rpc"]).await.refuses(2, "--rpc");
    proven.check(&["--contract", "0x"]).await.refuses(2, "--contract");
    proven
        .check(&["--finalized", "--confirmations", "2", "--rpc", "x"])
        .await
        .refuses(2, "cannot be used with");
}

#[tokio::test]
async fn witnesses_count_and_are_named() {
    let proven = Proven::new().await;
    let cosigner = |name: &str, seed| Cosigner::new(name.parse().expect("a name"), &[seed; 32]);
    let (one, two) = (cosigner("one.example", 1), cosigner("two.example", 2));
    let text = proven.place.read("proof");
    let signature = one.cosign(proven.log.checkpoint(400).unverified(), 1_700_000_000).expect("a time");
    proven.place.write("proof", &format!("{text}{signature}"));
    let [one, two] = [one, two].map(|cosigner| cosigner.verifier_key().to_string());
    let found = proven.check(&["--witness", &one, "--json"]).await.json();
    assert_eq!(found["witnesses"], json!(["one.example"]));
    let both = ["--witness", &one, "--witness", &two];
    proven.check(&both).await.refuses(1, "has 1 cosignatures of the witnesses that were named; 2 are wanted");
    proven.check(&[&both[..], &["--witnesses", "1"]].concat()).await.done();
    proven
        .check(&["--witness", &one, "--witness", &one, "--witnesses", "2"])
        .await
        .refuses(2, "of 1 witnesses");
    proven.check(&["--witness", &proven.log.key().to_string()]).await.refuses(2, "it is the key of a log");
    proven.check(&["--witnesses", "1"]).await.refuses(2, "--witness");

    proven.place.write("proof", &format!("{text}{}", signature.to_string().replace("one.", "two.")));
    proven.check(&["--witness", &one, "--witnesses", "0"]).await.done();
    let spoilt = Cosigner::new("one.example".parse().expect("a name"), &[1; 32])
        .cosign(proven.log.checkpoint(399).unverified(), 1_700_000_000)
        .expect("a time");
    proven.place.write("proof", &format!("{text}{spoilt}"));
    proven.check(&["--witness", &one]).await.refuses(1, "the signature of one.example does not verify");
}

/// A credential with an entry of a status list; nothing of it is signed, and verify-proof does not ask.
fn listed(uri: &str, idx: u32) -> String {
    let payload = json!({"status": {"status_list": {"uri": uri, "idx": idx}}}).to_string();
    format!("e30.{}.AAAA~", jose::b64url_encode(payload.as_bytes()))
}

/// The proof of a status list in which one credential is revoked.
fn list_proof(list: &str) -> (MadeLog, ProofExtra) {
    let mut bits = StatusBits::new(131_072).expect("a size");
    bits.set(77, true).expect("an index");
    let at = Timestamp::from_seconds(1_700_000_000);
    let leaf = LogLeaf::status("did:x:1", list, &sha256(bits.as_bytes()), at).to_json();
    let subject = ProofSubject::List(ListBits { bits: bits.to_lst() });
    (log_with(&leaf), ProofExtra { leaf, subject, evm: None })
}

#[tokio::test]
async fn a_status_list_tells_who_was_revoked_when() {
    const LIST: &str = "https://a.example/issuers/x/status-lists/3";
    let (log, extra) = list_proof(LIST);
    let proven = Proven { place: Place::new(), log, extra, hash: String::new() };
    proven.write(&proven.extra);
    proven.place.write("revoked", &listed(LIST, 77));
    proven.place.write("good", &listed(LIST, 78));
    proven.place.write("other", &listed("https://a.example/issuers/x/status-lists/4", 78));

    let found = proven.check(&["--json"]).await.json();
    assert_eq!(
        (&found["op"], &found["list"], &found["revoked"]),
        (&json!("status"), &json!(LIST), &Value::Null)
    );
    let note = found["notes"][0].as_str().expect("a note");
    assert!(
        note.starts_with("At 2023-11-14T22:13:20Z, 1 of the list's 131072 entries were revoked"),
        "{note}"
    );
    for (credential, revoked) in [("revoked", true), ("good", false)] {
        let found = proven.check(&["--credential", credential, "--json"]).await.json();
        assert_eq!((&found["valid"], &found["revoked"]), (&json!(true), &json!(revoked)), "{found}");
    }
    let run = proven.check(&["--credential", "good"]).await;
    assert!(run.done().contains("The credential was not revoked as of 2023-11-14T22:13:20Z"), "{run:?}");
    proven.check(&["--credential", "other"]).await.refuses(1, "does not name the status list");

    for (credential, said) in
        [("good", "not revoked as of 1700000000"), ("revoked", "revoked as of 1700000000")]
    {
        let run = without_bestow(&proven, credential, &[]).await;
        assert_eq!(run.done().lines().next(), Some(said));
    }
    assert_ne!(without_bestow(&proven, "other", &[]).await.code, Some(0));
}

/// The proof of a credential, whose log has a head on a chain.
struct OnChain {
    proven: Proven,
    chain: Chain,
    publisher: Signer,
    record: EvmRecord,
}

impl OnChain {
    async fn new(setup: ChainSetup) -> Self {
        let (proven, chain) = tokio::join!(Proven::new(), Chain::new(setup));
        let publisher = sender(1);
        let transaction = chain.anchor(&publisher, ANCHORED, proven.log.root(ANCHORED)).await;
        let record = record_of(&proven.log, &chain, &publisher, ANCHORED, transaction);
        proven.write_record(record.clone());
        Self { proven, chain, publisher, record }
    }

    /// Checks to the chain, with contract and publisher named.
    async fn check(&self, more: &[&str]) -> Ran {
        let named = self.chain.named(&self.publisher);
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        self.check_unnamed(&[&named[..], more].concat()).await
    }

    async fn check_unnamed(&self, more: &[&str]) -> Ran {
        self.proven.check(&[&["--rpc", &self.chain.anvil.url], more].concat()).await
    }

    /// A file with another record must be refused.
    async fn refuses(&self, record: EvmRecord, why: &str) {
        self.proven.write_record(record);
        self.check_unnamed(&[]).await.refuses(1, why);
        self.proven.write_record(self.record.clone());
    }
}

fn record_of(log: &MadeLog, chain: &Chain, publisher: &Signer, size: u64, transaction: B256) -> EvmRecord {
    EvmRecord {
        chain_id: 31_337,
        contract: address::text(&chain.contract),
        publisher: address::text(&publisher.address()),
        transaction: transaction.to_string(),
        size,
        path: log.path(INDEX, size).iter().map(ToString::to_string).collect(),
    }
}

#[tokio::test]
async fn a_proof_holds_to_the_chain() {
    let on_chain = OnChain::new(ChainSetup::default()).await;
    let found = on_chain.check(&["--json"]).await.json();
    let record = &on_chain.record;
    assert_eq!(
        (&found["valid"], &found["chainId"], &found["notes"]),
        (&json!(true), &json!(31_337), &Value::Null)
    );
    assert_eq!(
        (&found["contract"], &found["publisher"]),
        (&json!(record.contract), &json!(record.publisher))
    );
    assert_eq!(
        (&found["transaction"], &found["anchoredSize"]),
        (&json!(record.transaction), &json!(ANCHORED))
    );
    assert_eq!(found["confirmations"], 1);

    let run = on_chain.check_unnamed(&[]).await;
    assert!(
        run.done().contains("was taken from the file: compare it with what the issuer publishes"),
        "{run:?}"
    );
    assert_eq!(run.out.matches("\nnote ").count(), 2, "{run:?}");
    let run = on_chain.proven.check(&[]).await;
    assert!(run.done().contains("without --rpc, it was not looked up on its chain"), "{run:?}");
}

#[tokio::test]
async fn a_record_that_is_not_so_is_refused() {
    let on_chain = OnChain::new(ChainSetup::default()).await;
    let (chain, log, record) = (&on_chain.chain, &on_chain.proven.log, &on_chain.record);
    let stranger = address::text(&sender(2).address());
    let named = ["--contract", &record.contract, "--publisher", &stranger];
    on_chain.check_unnamed(&named).await.refuses(1, "the proof is of the publisher 0x");
    on_chain.check_unnamed(&["--contract", &stranger]).await.refuses(1, "the proof is of the contract 0x");
    let with = |change: &dyn Fn(&mut EvmRecord)| {
        let mut changed = record.clone();
        change(&mut changed);
        changed
    };
    let none = format!("0x{}", "11".repeat(32));
    for (changed, why) in [
        (with(&|record| record.chain_id = 1), "the proof is of the chain 1; --rpc leads to the chain 31337"),
        (with(&|record| record.contract.clone_from(&stranger)), "did not write a head of 300 entries"),
        (with(&|record| record.publisher.clone_from(&stranger)), "did not write a head of 300 entries"),
        (with(&|record| record.size = 301), "did not write a head of 301 entries"),
        (with(&|record| record.transaction.clone_from(&none)), "the chain has no transaction 0x1111"),
        (with(&|record| drop(record.path.pop())), "the leaf is not under the root that the chain holds"),
        (with(&|record| record.path.swap(0, 1)), "the leaf is not under the root that the chain holds"),
        (with(&|record| record.path[0] = "x".to_owned()), "the proof's record of a chain cannot be read"),
        (with(&|record| record.contract = "x".to_owned()), "the proof's record of a chain cannot be read"),
        (with(&|record| record.transaction = "x".to_owned()), "the proof's record of a chain cannot be read"),
    ] {
        on_chain.refuses(changed, why).await;
    }
    // A head of the right size with another root.
    let transaction = chain.anchor(&sender(2), ANCHORED, log.root(ANCHORED + 1)).await;
    let other = record_of(log, chain, &sender(2), ANCHORED, transaction);
    on_chain.refuses(other, "the leaf is not under the root that the chain holds").await;
    // A transaction that the contract refused.
    let transaction = chain.anchor(&on_chain.publisher, ANCHORED, log.root(ANCHORED)).await;
    on_chain.refuses(with(&|record| record.transaction = transaction.to_string()), "has failed").await;
    on_chain.check(&[]).await.done();

    on_chain.proven.write(&on_chain.proven.extra);
    on_chain.check(&[]).await.refuses(1, "the proof says nothing of a chain");
    on_chain.proven.write_record(record.clone());
    on_chain.proven.check(&["--rpc", &nowhere()]).await.refuses(2, "error: the chain: ");
}

/// Code that logs what it is given under whatever topics it is given: how somebody forges the event of our contract.
fn forgery() -> Vec<u8> {
    let init = "6016600c60003960166000f3";
    let code = "6040606060003760403560203560003560406000a300";
    hex(&[init, code].concat())
}

fn hex(text: &str) -> Vec<u8> {
    support::hex_bytes(&format!("0x{text}"))
}

#[tokio::test]
async fn another_contract_counts_only_for_who_names_it() {
    let on_chain = OnChain::new(ChainSetup::default()).await;
    let (chain, log) = (&on_chain.chain, &on_chain.proven.log);
    let forged = chain.deploy(forgery()).await;
    let topic = evm::keccak256("Anchored(bytes32,address,uint64,bytes32)");
    let (origin, publisher) = (evm::registry::origin_id(ORIGIN), on_chain.publisher.address().into_word());
    let size = hex(&format!("{ANCHORED:064x}"));
    let root = log.root(ANCHORED);
    let input = [topic.as_slice(), origin.as_slice(), publisher.as_slice(), &size, root.as_bytes()].concat();
    // A stranger sends it in the publisher's name.
    let receipt = chain.send(&sender(2), Some(forged), input).await;
    let forged = address::text(&forged);
    let record = EvmRecord {
        contract: forged.clone(),
        transaction: receipt.transaction.to_string(),
        ..on_chain.record.clone()
    };
    on_chain.proven.write_record(record);
    let publisher = on_chain.record.publisher.as_str();
    let run = on_chain.check_unnamed(&["--publisher", publisher]).await;
    run.refuses(
        1,
        "is not that of Bestow's registry: if you know that it is the issuer's, name it with --contract",
    );
    on_chain.check(&[]).await.refuses(1, "the proof is of the contract 0x");
    on_chain.check_unnamed(&["--contract", &forged]).await.done();
}

#[tokio::test]
async fn a_transaction_must_be_old_enough() {
    let setup = ChainSetup { slots_in_an_epoch: 2, ..ChainSetup::default() };
    let on_chain = OnChain::new(setup).await;
    let run = on_chain.check(&["--confirmations", "3"]).await;
    run.refuses(1, "the transaction has 1 confirmations; 3 are wanted: try again later");
    on_chain.check(&["--finalized"]).await.refuses(1, "is not final: ");
    on_chain.chain.anvil.mine(2).await;
    assert_eq!(on_chain.check(&["--confirmations", "3", "--json"]).await.json()["confirmations"], 3);
    on_chain.chain.anvil.mine(4).await;
    on_chain.check(&["--finalized"]).await.done();
    on_chain.check(&["--confirmations", "0"]).await.refuses(2, "--confirmations");
}

#[tokio::test]
async fn a_transaction_that_a_re_organisation_took_is_gone() {
    let on_chain = OnChain::new(ChainSetup::default()).await;
    on_chain.chain.anvil.set_mining(Mining::ByHand).await;
    on_chain.check(&[]).await.done();
    on_chain.chain.anvil.reorg(1).await;
    on_chain.check(&[]).await.refuses(1, "the chain has no transaction");
}

/// Runs the program of docs/LOG.md on the proof.
async fn without_bestow(proven: &Proven, credential: &str, more: &[&str]) -> Ran {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LOG.md");
    let document = std::fs::read_to_string(document).expect("docs/LOG.md");
    let (_, program) = document.split_once("```python\n").expect("a program");
    let (program, _) = program.split_once("\n```\n").expect("its end");
    proven.place.write("check.py", program);
    let python = std::env::var_os("BESTOW_TEST_PYTHON")
        .expect("BESTOW_TEST_PYTHON must name a Python that has the packages of tests/log/requirements.txt: run scripts/test");
    let output = tokio::process::Command::new(python)
        .args(["check.py", "proof", &proven.log.key().to_string(), credential])
        .args(more)
        .current_dir(proven.place.path("."))
        // The chain is on this machine.
        .env("no_proxy", "*")
        .output()
        .await
        .expect("Python");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn the_documented_program_checks_the_same_without_bestow() {
    let on_chain = OnChain::new(ChainSetup::default()).await;
    let proven = &on_chain.proven;
    let cosigner = Cosigner::new("one.example".parse().expect("a name"), &[1; 32]);
    let signature = cosigner.cosign(proven.log.checkpoint(400).unverified(), 1_700_000_000).expect("a time");
    let text = format!("{}{signature}", proven.place.read("proof"));
    proven.place.write("proof", &text);
    let witness = cosigner.verifier_key().to_string();
    let stranger = Cosigner::new("two.example".parse().expect("a name"), &[2; 32]).verifier_key().to_string();
    let named = on_chain.chain.named(&on_chain.publisher);
    let all = [
        &["--witness", &witness, "--rpc", &on_chain.chain.anvil.url][..],
        &named.iter().map(String::as_str).collect::<Vec<_>>(),
    ]
    .concat();
    for credential in ["card.sd-jwt", "card.jwt"] {
        let run = without_bestow(proven, credential, &all).await;
        let lines: Vec<&str> = run.done().lines().collect();
        assert_eq!(lines.len(), 3, "{run:?}");
        assert_eq!(lines[0], "witnessed by one.example at 1700000000");
        assert!(
            lines[1].starts_with("on the chain 31337 in block ")
                && lines[1].ends_with(" with 1 confirmations")
        );
        assert_eq!(lines[2], format!("holds: {}", proven.extra.leaf));
    }
    let swapped: Vec<&str> = [&all[..5], &[&named[3]], &all[6..7], &[&named[1]]].concat();
    let more = ["--confirmations", "2"];
    for bad in [&["--witness", stranger.as_str()][..], &swapped, &[&all[..], &more].concat()] {
        assert_eq!(without_bestow(proven, "card.jwt", bad).await.code, Some(1), "{bad:?}");
    }
    let lines: Vec<&str> = text.lines().collect();
    // The core claim is left to iden3's own libraries; of the extra data, the leaf is checked.
    let checked = |line: &str| !line.is_empty() && !line.starts_with("extra ");
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| checked(line)) {
        // One character of each line is another one.
        let place = line.char_indices().map(|(at, _)| at).nth(line.chars().count() / 2).expect("a character");
        let replacement = if &line[place..=place] == "A" { "B" } else { "A" };
        let spoilt = format!("{}{replacement}{}", &line[..place], &line[place + 1..]);
        let mut changed = lines.clone();
        changed[number] = &spoilt;
        proven.place.write("proof", &format!("{}\n", changed.join("\n")));
        let run = without_bestow(proven, "card.jwt", &all).await;
        assert_eq!(run.code, Some(1), "line {number}: {spoilt}: {run:?}");
    }
    let leaf = proven.extra.leaf.replace("issue\"", "revoke\"");
    proven.write(&ProofExtra { leaf, ..proven.extra.clone() });
    assert_eq!(without_bestow(proven, "card.jwt", &[]).await.code, Some(1));
}
