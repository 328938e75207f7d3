//! When something counts as anchored is what its issuer's policy says, for issuing and for revoking.

use serde_json::json;
use support::{
    ChainServer, ChainServerSetup, ChainSetup, Database, DevProcess, Mining, Server, WitnessServer, on_both,
    on_both_databases,
};

const ADA: &str = "ada@example.com";

/// How a credential stands under each policy.
async fn assert_stands(deployment: &ChainServer, hash: &str, stands: &[(&str, &str)]) {
    for (policy, wanted) in stands {
        deployment.set_policy(policy).await;
        deployment.wait_for(ADA, hash, wanted).await;
    }
}

/// A deployment whose blocks come by hand, and two witnesses of it, of which the second does not run.
async fn deployment(database: Database) -> (ChainServer, DevProcess, [WitnessServer; 2], DevProcess) {
    let chain = ChainSetup { mining: Mining::ByHand, slots_in_an_epoch: 1, ..ChainSetup::default() };
    let setup = ChainServerSetup { chain, policy: "log", settings: &[("BESTOW_CATALOG_SECONDS", "1")] };
    let mut deployment = ChainServer::new(database, setup).await;
    let log_key = deployment.log_key();
    let (first, running) = WitnessServer::start("first.example/witness", &log_key).await;
    let (second, stopped) = WitnessServer::start("second.example/witness", &log_key).await;
    stopped.kill().await;
    deployment.set_witnesses(&[(&first.url, &first.key), (&second.url, &second.key)]);
    let process = deployment.server.start().await;
    (deployment, process, [first, second], running)
}

on_both_databases!(each_policy_is_met_when_all_of_it_is, async |database: Database| {
    const WAIT: &str = "WAIT_ONCHAIN";
    const MET: &str = "ONCHAIN";
    let (deployment, process, [_, second], _first) = deployment(database).await;
    let hash = deployment.issue(ADA).await;
    let with_one_witness = [
        ("log+witnesses:2", WAIT),
        ("log", MET),
        ("log+evm:1", WAIT),
        ("log+witnesses:1", MET),
        ("log+witnesses:1+evm:1", WAIT),
    ];
    assert_stands(&deployment, &hash, &with_one_witness).await;
    deployment.pooled().await;
    deployment.chain.mine(1).await;
    let in_a_block = [
        ("log+evm:1", MET),
        ("log+evm:2", WAIT),
        ("log+witnesses:1+evm:1", MET),
        ("log+witnesses:2+evm:1", WAIT),
        ("log+evm:finalized", WAIT),
    ];
    assert_stands(&deployment, &hash, &in_a_block).await;
    deployment.chain.mine(1).await;
    assert_stands(&deployment, &hash, &[("log+evm:2", MET), ("log+evm:3", WAIT)]).await;
    assert_stands(&deployment, &hash, &[("log", MET), ("log+evm:finalized", WAIT)]).await;
    deployment.chain.mine(1).await;
    assert_stands(&deployment, &hash, &[("log+evm:3", MET), ("log+evm:finalized", MET)]).await;
    assert_stands(&deployment, &hash, &[("log+witnesses:2+evm:3", WAIT)]).await;
    let _second = second.start_again().await;
    assert_stands(&deployment, &hash, &[("log+witnesses:2+evm:3", MET), ("log+witnesses:2", MET)]).await;
    process.kill().await;
});

on_both_databases!(a_revocation_waits_as_an_issuance_does, async |database: Database| {
    let (deployment, process, [_, second], _first) = deployment(database).await;
    let hash = deployment.issue(ADA).await;
    let _second = second.start_again().await;
    deployment.set_policy("log+witnesses:2+evm:2").await;
    deployment.pooled().await;
    deployment.chain.mine(2).await;
    deployment.wait_for(ADA, &hash, "ONCHAIN").await;
    deployment.revoke(&hash).await;
    for wanted in ["WAIT_REMOVE", "REMOVE"] {
        deployment.wait_for(ADA, &hash, wanted).await;
        if wanted == "WAIT_REMOVE" {
            deployment.pooled().await;
            deployment.chain.mine(1).await;
            deployment.wait_for(ADA, &hash, "WAIT_REMOVE").await;
        }
        deployment.chain.mine(1).await;
    }
    process.kill().await;
});

/// A tenant is told what there is, and what still lacks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_why_something_waits() {
    let (deployment, process, [first, _], _first) = deployment(Database::Sqlite).await;
    deployment.set_policy("log+witnesses:2+evm:2").await;
    let hash = deployment.issue(ADA).await;
    deployment.pooled().await;
    deployment.chain.mine(1).await;
    deployment.wait_for(ADA, &hash, "WAIT_ONCHAIN").await;
    let block = deployment.chain.block_number().await;
    let anchor = support::eventually_some("block and cosignature are known", async || {
        let anchor = deployment.anchor(ADA, &hash).await;
        let signed = anchor["witnesses"]["cosignatures"].as_array().is_some_and(|names| names.len() == 1);
        (signed && anchor["evm"]["confirmations"] == 1).then_some(anchor)
    })
    .await;
    assert_eq!(anchor["policy"], "log+witnesses:2+evm:2", "{anchor}");
    assert_eq!(anchor["leafIndex"], 0, "{anchor}");
    assert!(anchor["checkpoint"]["size"].as_u64().is_some_and(|size| size >= 1), "{anchor}");
    assert_eq!(anchor["evm"]["block"], json!(block), "{anchor}");
    assert_eq!(anchor["evm"]["attempts"], 1, "{anchor}");
    let transaction = anchor["evm"]["transaction"].as_str().expect("a hash");
    assert!(deployment.chain.receipt(transaction).await.is_some(), "{anchor}");
    let text = anchor["witnesses"].to_string();
    let name = first.key.split('+').next().expect("a name");
    assert!(text.contains(name) && !text.contains("127.0.0.1"), "{anchor}");
    process.kill().await;
}

/// Whose policy asks for what the settings do not have is told so: it may come with other settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_cannot_be_met_is_warned_of() {
    let chain = ChainServerSetup { policy: "log", ..ChainServerSetup::default() };
    let mut deployment = ChainServer::new(Database::Sqlite, chain).await;
    let issuer = deployment.partner().issuer_did;
    let policy = |policy| ["issuer", "set", issuer.as_str(), "--anchor", policy];
    let met = deployment.run(&policy("log+evm:1")).await;
    assert_eq!((met.code, met.err.as_str()), (Some(0), ""), "{met:?}");
    let warned = deployment.run(&policy("log+witnesses:1")).await;
    assert!(warned.code == Some(0) && warned.err.contains("witnesses.urls"), "{warned:?}");
    deployment.set("BESTOW_EVM_RPC_URL", "");
    let warned = deployment.run(&policy("log+evm:1")).await;
    assert!(warned.code == Some(0) && warned.err.contains("evm.rpc_url"), "{warned:?}");
    for wrong in ["evm", "log+evm:0", "log+witnesses:0", "log+evm:1+witnesses:1", ""] {
        let refused = deployment.run(&policy(wrong)).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
}

on_both!(nobody_else_is_told, async |server: Server| {
    let (partner, other) = (server.partner("acme").await, server.partner("other").await);
    let token = partner.token(ADA, &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    let hash = issued["coreClaimHash"].as_str().expect("a hash");
    let path = format!("/v1/credentials/anchor?coreClaimHash={hash}");
    assert_eq!(server.get_as(&token, &path).await.status, 200);
    let answer = server.get_as(&other.token(ADA, &server.clock), &path).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let unknown = format!("/v1/credentials/anchor?coreClaimHash={}", "0".repeat(64));
    assert_eq!(answer.text, server.get_as(&token, &unknown).await.text, "as if there were none");
    server.wait_for(&token, hash, "ONCHAIN").await;
    let anchor = server.get_as(&token, &path).await.json();
    assert_eq!((&anchor["policy"], &anchor["leafIndex"]), (&json!("log"), &json!(0)), "{anchor}");
    assert!(anchor.get("evm").is_none(), "{anchor}");
});
