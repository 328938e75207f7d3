//! Deploying, anchoring, reading back, on a real chain.

use evm::registry::{self, Anchored, Head, RegistryError};
use evm::{Address, Call, Refusal, Tag, address};
use serde_json::json;

use crate::anvil::Anvil;

const ORIGIN: &str = "log.example/1";
const NOTHING: Head = Head { size: 0, root: [0; 32] };

/// Gas is the same on every chain that follows Ethereum's rules of 2021 and later; these are the figures in
/// contract/README.md.
#[tokio::test]
async fn heads_are_anchored_and_read_back() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    let publisher = signer.address();

    let deployed = anvil.send(&signer, None, registry::deploy_input()).await;
    let contract = deployed.contract.expect("it is deployed");
    assert!(deployed.succeeded);
    assert!(registry::is_ours(&rpc.code(&contract, Tag::Latest).await.expect("code")));
    assert_eq!(registry::latest(rpc, &contract, ORIGIN, &publisher, Tag::Latest).await, Ok(NOTHING));

    let mut gas = vec![deployed.gas_used];
    for (size, root) in [(1, [0x11; 32]), (2, [0x22; 32]), (1_000_000, [0x33; 32])] {
        let receipt = anvil.send(&signer, Some(contract), registry::anchor_input(ORIGIN, size, &root)).await;
        assert!(receipt.succeeded && receipt.contract.is_none());
        let [log] = receipt.logs.as_slice() else { panic!("one event: {receipt:?}") };
        let event = Anchored {
            origin: registry::origin_id(ORIGIN),
            publisher,
            size,
            root,
            block: receipt.block_number,
            transaction: receipt.transaction,
        };
        assert_eq!((log.address, Anchored::from_log(log)), (contract, Some(event)));
        let latest = registry::latest(rpc, &contract, ORIGIN, &publisher, Tag::Latest).await;
        assert_eq!(latest, Ok(Head { size, root }));
        gas.push(receipt.gas_used);
    }
    assert_eq!(gas, [164_613, 69_140, 34_940, 34_964], "deploying, the first head, later heads");

    // As it was before.
    let before = registry::latest(rpc, &contract, ORIGIN, &publisher, Tag::Number(3)).await;
    assert_eq!(before, Ok(Head { size: 2, root: [0x22; 32] }));
    // No other log, and no other publisher, is touched.
    let other = registry::latest(rpc, &contract, "log.example/2", &publisher, Tag::Latest).await;
    assert_eq!(other, Ok(NOTHING));
    let other = registry::latest(rpc, &contract, ORIGIN, &contract, Tag::Latest).await;
    assert_eq!(other, Ok(NOTHING));
}

#[tokio::test]
async fn events_are_found_by_log_and_publisher() {
    let anvil = Anvil::start();
    let (rpc, one, two) = (&anvil.rpc, anvil.account(1).await, anvil.account(2).await);
    let contract = anvil.deploy(&one).await;
    for (signer, origin, size) in
        [(&one, ORIGIN, 5), (&two, ORIGIN, 3), (&one, "other.example", 7), (&one, ORIGIN, 6)]
    {
        anvil.send(signer, Some(contract), registry::anchor_input(origin, size, &[9; 32])).await;
    }
    let last = rpc.block_number().await.expect("a number");
    let sizes = async |origin: &str, publisher: Option<Address>, from: u64| {
        let found = registry::anchored_events(rpc, &contract, origin, publisher.as_ref(), from, last).await;
        found.expect("events").iter().map(|event| (event.publisher, event.size)).collect::<Vec<_>>()
    };
    let (one, two) = (one.address(), two.address());
    assert_eq!(sizes(ORIGIN, None, 0).await, [(one, 5), (two, 3), (one, 6)]);
    assert_eq!(sizes(ORIGIN, Some(one), 0).await, [(one, 5), (one, 6)]);
    assert_eq!(sizes(ORIGIN, Some(one), last).await, [(one, 6)]);
    assert_eq!(sizes(ORIGIN, Some(one), last + 1).await, []);
    assert_eq!(sizes("other.example", Some(two), 0).await, []);
}

#[tokio::test]
async fn a_head_that_does_not_grow_is_refused() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    let contract = anvil.deploy(&signer).await;
    anvil.send(&signer, Some(contract), registry::anchor_input(ORIGIN, 10, &[1; 32])).await;

    for offered in [10, 9, 0] {
        let input = registry::anchor_input(ORIGIN, offered, &[2; 32]);
        let call = Call { from: Some(signer.address()), to: Some(contract), input: input.clone() };
        for refused in [
            rpc.estimate_gas(&call).await.expect_err("it would revert"),
            rpc.call(&call, Tag::Latest).await.expect_err("it would revert"),
        ] {
            assert_eq!(refused.refusal(), Some(Refusal::Reverted), "{refused}");
            let evm::RpcError::Refused { data, .. } = refused else { panic!("{refused}") };
            assert_eq!(registry::not_growing(&data), Some((10, offered)));
        }
        // Sent all the same, it is in a block and has done nothing.
        let receipt = anvil.send(&signer, Some(contract), input).await;
        assert!(!receipt.succeeded && receipt.logs.is_empty() && receipt.gas_used > 21_000, "{receipt:?}");
        let latest = registry::latest(rpc, &contract, ORIGIN, &signer.address(), Tag::Latest).await;
        assert_eq!(latest, Ok(Head { size: 10, root: [1; 32] }));
    }
    // For an account that never anchored, nothing is too small but zero.
    let call = |input| Call { from: Some(contract), to: Some(contract), input };
    rpc.estimate_gas(&call(registry::anchor_input(ORIGIN, 1, &[2; 32]))).await.expect("it grows");
    rpc.estimate_gas(&call(registry::anchor_input(ORIGIN, 0, &[2; 32]))).await.expect_err("zero does not");
}

#[tokio::test]
async fn an_address_without_the_contract_is_told_from_one_with_another() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    let publisher = signer.address();
    let nowhere = Address::repeat_byte(0x77);
    let refused = registry::latest(rpc, &nowhere, ORIGIN, &publisher, Tag::Latest).await;
    assert_eq!(refused, Err(RegistryError::NoContract(nowhere)));
    let text = refused.expect_err("nothing is there").to_string();
    assert!(text.starts_with(&format!("there is no contract at {} on", address::text(&nowhere))), "{text}");

    // One that stops at once and gives nothing, one that reverts, one that gives 64 bytes of ones.
    let ones = "0x600019600052600019602052604060 00f3".replace(' ', "");
    for code in ["0x00", "0x60006000fd", &ones] {
        anvil.control("anvil_setCode", json!([nowhere.to_string(), code])).await;
        let refused = registry::latest(rpc, &nowhere, ORIGIN, &publisher, Tag::Latest).await;
        assert_eq!(refused, Err(RegistryError::NotRegistry(nowhere)), "{code}");
    }
    // The contract is there now, but was not before.
    let contract = anvil.deploy(&signer).await;
    let refused = registry::latest(rpc, &contract, ORIGIN, &publisher, Tag::Number(0)).await;
    assert_eq!(refused, Err(RegistryError::NoContract(contract)));
}

#[tokio::test]
async fn accounts_blocks_and_fees_are_read() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    assert_eq!(rpc.chain_id().await, Ok(31337));
    assert_eq!(rpc.block_number().await, Ok(0));
    assert_eq!(rpc.balance(&signer.address(), Tag::Latest).await, Ok(10_u128.pow(20)));
    assert_eq!(rpc.balance(&Address::repeat_byte(0x77), Tag::Latest).await, Ok(0));
    assert_eq!(rpc.code(&signer.address(), Tag::Latest).await, Ok(Vec::new()));
    assert!(rpc.priority_fee().await.expect("a fee") > 0);

    anvil.mine(100).await;
    let latest = rpc.block(Tag::Latest).await.expect("an answer").expect("a block");
    let before = rpc.block(Tag::Number(99)).await.expect("an answer").expect("a block");
    assert_eq!((latest.number, latest.parent), (100, before.hash));
    assert!(latest.timestamp >= before.timestamp && latest.base_fee.is_some());
    assert_eq!(rpc.block(Tag::Number(101)).await, Ok(None));
    let final_one = rpc.block(Tag::Finalized).await.expect("an answer").expect("a block");
    assert!(final_one.number < 100, "{final_one:?}");

    anvil.stop_mining().await;
    let signed = anvil.next(&signer, Some(signer.address()), Vec::new()).await.sign(&signer);
    assert_eq!(rpc.knows_transaction(&signed.hash).await, Ok(false));
    rpc.send_raw(&signed.raw).await.expect("it is taken");
    assert_eq!(rpc.knows_transaction(&signed.hash).await, Ok(true));
    assert_eq!(rpc.receipt(&signed.hash).await, Ok(None));
    assert_eq!(rpc.transaction_count(&signer.address(), Tag::Latest).await, Ok(0));
    assert_eq!(rpc.transaction_count(&signer.address(), Tag::Pending).await, Ok(1));
    anvil.mine(1).await;
    let receipt = anvil.receipt(&signed.hash).await;
    assert_eq!((receipt.block_number, receipt.gas_used), (101, 21_000));
    let block = rpc.block(Tag::Number(101)).await.expect("an answer").expect("a block");
    assert_eq!(receipt.block_hash, block.hash);
    let base_fee = block.base_fee.expect("a chain with EIP-1559");
    assert_eq!(receipt.effective_gas_price, base_fee + 1_000_000_000);
    assert_eq!(rpc.transaction_count(&signer.address(), Tag::Latest).await, Ok(1));
}

#[tokio::test]
async fn a_reorganisation_takes_a_head_back() {
    let anvil = Anvil::start();
    let (rpc, signer) = (&anvil.rpc, anvil.account(1).await);
    let contract = anvil.deploy(&signer).await;
    anvil.mine(2).await;
    let receipt = anvil.send(&signer, Some(contract), registry::anchor_input(ORIGIN, 5, &[1; 32])).await;
    anvil.mine(1).await;

    anvil.control("anvil_reorg", json!([2, []])).await;
    assert_eq!(rpc.receipt(&receipt.transaction).await, Ok(None));
    let block = rpc.block(Tag::Number(receipt.block_number)).await.expect("an answer").expect("a block");
    assert_ne!(block.hash, receipt.block_hash);
    let latest = registry::latest(rpc, &contract, ORIGIN, &signer.address(), Tag::Latest).await;
    assert_eq!(latest, Ok(NOTHING));
    let last = rpc.block_number().await.expect("a number");
    assert_eq!(registry::anchored_events(rpc, &contract, ORIGIN, None, 0, last).await, Ok(Vec::new()));

    // The nonce is free again, and the same head can be anchored again.
    let again = anvil.send(&signer, Some(contract), registry::anchor_input(ORIGIN, 5, &[1; 32])).await;
    assert!(again.succeeded);
}
