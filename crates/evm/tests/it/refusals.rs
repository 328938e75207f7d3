//! What a real node says of transactions that it does not take.

use evm::{Refusal, Signer, Tag};
use serde_json::json;

use crate::anvil::Anvil;

#[tokio::test]
async fn a_nonce_is_used_once() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    anvil.stop_mining().await;
    let first = anvil.next(&signer, Some(signer.address()), vec![1]).await;
    let signed = first.sign(&signer);
    rpc.send_raw(&signed.raw).await.expect("it is taken");
    let refused = rpc.send_raw(&signed.raw).await.expect_err("the same again");
    assert_eq!(refused.refusal(), Some(Refusal::AlreadyKnown), "{refused}");

    // Another one of this nonce has to pay a tenth more.
    let mut replacement = first.clone();
    replacement.input = vec![2];
    let refused = rpc.send_raw(&replacement.sign(&signer).raw).await.expect_err("no more than before");
    assert_eq!(refused.refusal(), Some(Refusal::Underpriced), "{refused}");
    replacement.max_fee_per_gas += first.max_fee_per_gas / 8;
    replacement.max_priority_fee_per_gas += first.max_priority_fee_per_gas / 8;
    let better = replacement.sign(&signer);
    rpc.send_raw(&better.raw).await.expect("it pays more");
    assert_eq!(rpc.knows_transaction(&signed.hash).await, Ok(false));
    assert_eq!(rpc.knows_transaction(&better.hash).await, Ok(true));

    anvil.mine(1).await;
    assert!(anvil.receipt(&better.hash).await.succeeded);
    for raw in [&signed.raw, &better.raw] {
        let refused = rpc.send_raw(raw).await.expect_err("the nonce is used up");
        assert_eq!(refused.refusal(), Some(Refusal::NonceTooLow), "{refused}");
    }
    assert_eq!(rpc.transaction_count(&signer.address(), Tag::Latest).await, Ok(1));
}

#[tokio::test]
async fn fees_have_to_reach_the_base_fee() {
    let anvil = Anvil::start();
    let signer = anvil.account(1).await;
    anvil.control("anvil_setNextBlockBaseFeePerGas", json!(["0x2540be400"])).await;
    let mut cheap = anvil.next(&signer, Some(signer.address()), Vec::new()).await;
    cheap.max_fee_per_gas = 9_999_999_999;
    let refused = anvil.rpc.send_raw(&cheap.sign(&signer).raw).await.expect_err("less than the base fee");
    assert_eq!(refused.refusal(), Some(Refusal::Underpriced), "{refused}");
}

#[tokio::test]
async fn an_account_has_to_pay() {
    let anvil = Anvil::start();
    let poor = Signer::from_bytes(&[9; 32]).expect("a key");
    let transaction = anvil.next(&poor, Some(poor.address()), Vec::new()).await;
    let refused = anvil.rpc.send_raw(&transaction.sign(&poor).raw).await.expect_err("it has nothing");
    assert_eq!(refused.refusal(), Some(Refusal::InsufficientFunds), "{refused}");
}

#[tokio::test]
async fn other_mistakes_are_other_refusals() {
    let anvil = Anvil::start();
    let signer = anvil.account(1).await;
    let good = anvil.next(&signer, Some(signer.address()), Vec::new()).await;
    let mut elsewhere = good.clone();
    elsewhere.chain_id = 1;
    let mut short_of_gas = good.clone();
    short_of_gas.gas_limit = 20_999;
    for (what, raw) in [
        ("another chain", elsewhere.sign(&signer).raw),
        ("too little gas", short_of_gas.sign(&signer).raw),
        ("rubbish", vec![2, 0xc0]),
    ] {
        let refused = anvil.rpc.send_raw(&raw).await.expect_err(what);
        assert_eq!(refused.refusal(), Some(Refusal::Other), "{what}: {refused}");
    }
}
