//! Nodes that answer rubbish, too much, too slowly, to somebody else, or with what must not be shown.

use evm::{Address, B256, LogFilter, Refusal, Rpc, RpcError, Tag, UrlError, keccak256};
use serde_json::{Value, json};

use crate::node::{Node, Reply, http, refusal, result};

/// What `eth_chainId` gives when the node answers with this body.
async fn chain_id(status: &'static str, body: impl Into<Vec<u8>>) -> Result<u64, RpcError> {
    let body = body.into();
    Node::start(move |_| http(status, "", &body)).await.rpc().chain_id().await
}

#[tokio::test]
async fn answers_that_are_none_are_malformed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "null",
        "text",
        "{}",
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"result":"0x1"}]"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":2,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":"1","result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":null,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","result":"0x1"}"#,
        r#"{"jsonrpc":"1.0","id":1,"result":"0x1"}"#,
        r#"{"id":1,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":"text"}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"message":"no code"}}"#,
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"of another question"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x1","error":{"code":-32000,"message":"both"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"1"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x01"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x10000000000000000"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":["0x1"]}"#,
        &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{deep}}}"#),
    ] {
        let error = chain_id("200 OK", body).await.expect_err(body);
        assert!(matches!(error, RpcError::Malformed { method: "eth_chainId", .. }), "{body}: {error:?}");
        assert_eq!(error.refusal(), None);
        assert!(error.to_string().len() < 500, "{error}");
    }
    assert_eq!(chain_id("200 OK", r#"{"jsonrpc":"2.0","id":1,"result":"0x1","more":[]}"#).await, Ok(1));
    assert_eq!(chain_id("200 OK", r#"{"jsonrpc":"2.0","id":1,"result":"0x1","error":null}"#).await, Ok(1));
}

#[tokio::test]
async fn errors_are_refusals_whatever_the_status() {
    for (status, body) in [
        ("200 OK", r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}"#),
        ("400 Bad Request", r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}"#),
        ("200 OK", r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"nonce too low"}}"#),
        (
            "200 OK",
            r#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":-32000,"message":"nonce too low"}}"#,
        ),
    ] {
        let error = chain_id(status, body).await.expect_err(body);
        assert_eq!(error.refusal(), Some(Refusal::NonceTooLow), "{body}: {error:?}");
    }
    let error = chain_id("200 OK", r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}"#).await;
    let refused = RpcError::Refused { code: -32601, message: String::new(), data: Vec::new() };
    assert_eq!(error, Err(refused));
    let long = "x\n".repeat(10_000);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": long } }).to_string();
    let Err(RpcError::Refused { message, .. }) = chain_id("200 OK", body).await else { panic!("refused") };
    assert_eq!(message, "x ".repeat(150));
}

#[tokio::test]
async fn what_a_proxy_says_is_no_answer() {
    for (status, body) in [
        ("429 Too Many Requests", "<html>slow down</html>"),
        ("502 Bad Gateway", ""),
        ("404 Not Found", r#"{"error":"no such project"}"#),
        ("500 Internal Server Error", r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#),
    ] {
        let error = chain_id(status, body).await.expect_err(status);
        let RpcError::Unreachable { why, .. } = &error else { panic!("{status}: {error:?}") };
        assert_eq!(why, &format!("it answers {status}"));
    }
}

#[tokio::test]
async fn a_large_answer_is_not_read_to_its_end() {
    let large = r#"{"jsonrpc":"2.0","id":1,"result":"0x1","more":""#.to_owned() + &"x".repeat(9 << 20);
    let error = chain_id("200 OK", large).await.expect_err("too large");
    assert!(error.to_string().ends_with("it is larger than 8388608 bytes"), "{error}");
    // The limit is not far below: this is a legal answer.
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"0x1","more":"{}"}}"#, "x".repeat(8_388_000));
    assert_eq!(chain_id("200 OK", large).await, Ok(1));
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for() {
    let silent = Node::start(|_| Reply::Nothing).await;
    let slow = Node::start(|_| Reply::Slowly(vec![b'H'; 1000])).await;
    let body = Node::start(|_| {
        let Reply::Bytes(bytes) = http("200 OK", "", &[b' '; 1000]) else { unreachable!("it is bytes") };
        Reply::Slowly(bytes)
    })
    .await;
    let (silent_rpc, slow_rpc, body_rpc) = (silent.rpc(), slow.rpc(), body.rpc());
    let (silent, slow, body) = tokio::join!(silent_rpc.chain_id(), slow_rpc.chain_id(), body_rpc.chain_id());
    for error in [silent, slow, body] {
        let RpcError::Unreachable { why, .. } = error.expect_err("too slow") else { panic!("unreachable") };
        assert_eq!(why, "it did not answer within 10 s");
    }
}

#[tokio::test]
async fn broken_connections_are_named() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", b"rubbish\r\n\r\n"] {
        let error = Node::start(|_| Reply::Bytes(bytes.to_vec())).await.rpc().chain_id().await;
        assert!(matches!(error, Err(RpcError::Unreachable { .. })), "{error:?}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let free = listener.local_addr().expect("an address");
    drop(listener);
    let rpc = Rpc::new(crate::client(), &format!("http://{free}/secret-of-the-path")).expect("a URL");
    let error = rpc.chain_id().await.expect_err("nobody listens").to_string();
    assert!(error.starts_with(&format!("the node {free} cannot be reached: ")), "{error}");
    assert!(error.contains("refused") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Node::start(|request| result(request, &json!("0x1"))).await;
    let location = format!("location: http://{}/\r\n", target.address);
    let to_target = move |_: &Value| http("307 Temporary Redirect", &location, b"");
    let node = Node::start(to_target).await;
    let error = node.rpc().chain_id().await.expect_err("a redirect");
    assert!(matches!(error, RpcError::Unreachable { .. }), "{error:?}");
    assert!(target.heads.lock().expect("no test panics with it").is_empty());

    // Not even its answer is taken, when a client has followed one.
    #[expect(clippy::disallowed_methods, reason = "a client that follows redirects, as ours must not")]
    let careless = reqwest::Client::builder().no_proxy().build().expect("a client");
    let rpc = Rpc::new(careless, &format!("http://{}/", node.address)).expect("a URL");
    let error = rpc.chain_id().await.expect_err("a redirect").to_string();
    assert!(error.ends_with("it redirects, which is not followed"), "{error}");
}

#[tokio::test]
async fn answers_about_something_else_are_malformed() {
    let hash = B256::repeat_byte(1);
    let zero = B256::ZERO.to_string();
    let block = json!({ "number": "0x7", "hash": zero, "parentHash": zero, "timestamp": "0x1" });
    let receipt = json!({
        "transactionHash": zero, "blockNumber": "0x7", "blockHash": zero, "status": "0x1", "gasUsed": "0x1",
        "effectiveGasPrice": "0x1", "contractAddress": null, "logs": [],
    });
    let node = Node::start(move |request| {
        let answer = match request["method"].as_str().expect("a method") {
            "eth_getBlockByNumber" => block.clone(),
            "eth_getTransactionReceipt" => receipt.clone(),
            "eth_getTransactionByHash" => json!({ "hash": zero }),
            _ => json!(zero),
        };
        result(request, &answer)
    })
    .await;
    let rpc = node.rpc();
    assert_eq!(rpc.block(Tag::Latest).await.expect("a block").expect("a block").number, 7);
    for error in [
        rpc.block(Tag::Number(8)).await.expect_err("block 7"),
        rpc.receipt(&hash).await.expect_err("of another transaction"),
        rpc.knows_transaction(&hash).await.expect_err("another transaction"),
        rpc.send_raw(&[1, 2, 3]).await.expect_err("another hash"),
    ] {
        assert!(matches!(error, RpcError::Malformed { .. }), "{error:?}");
    }
    assert!(rpc.receipt(&B256::ZERO).await.expect("a receipt").expect("a receipt").succeeded);
}

#[tokio::test]
async fn members_of_the_wrong_form_are_named() {
    let zero = B256::ZERO.to_string();
    let good = json!({
        "transactionHash": zero, "blockNumber": "0x7", "blockHash": zero, "status": "0x1", "gasUsed": "0x1",
        "effectiveGasPrice": "0x1", "contractAddress": null, "logs": [],
    });
    for (member, value) in [
        ("transactionHash", json!("0x00")),
        ("blockNumber", json!("7")),
        ("blockHash", json!(format!("{zero}00"))),
        ("status", json!("0x2")),
        ("status", json!("0x01")),
        ("gasUsed", json!("0x10000000000000000")),
        ("effectiveGasPrice", json!("0x100000000000000000000000000000000")),
        ("contractAddress", json!(zero)),
    ] {
        let mut receipt = good.clone();
        receipt[member] = value;
        let node = Node::start(move |request| result(request, &receipt)).await;
        let error = node.rpc().receipt(&B256::ZERO).await.expect_err(member).to_string();
        assert!(error.ends_with(&format!("the member {member} has the wrong form")), "{error}");
    }
    // One that is missing, and one that is no text.
    for receipt in [json!({}), json!({ "transactionHash": 1 }), json!([]), json!("0x")] {
        let node = Node::start(move |request| result(request, &receipt)).await;
        let error = node.rpc().receipt(&B256::ZERO).await.expect_err("no receipt");
        assert!(matches!(error, RpcError::Malformed { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn events_that_were_not_asked_for_are_malformed() {
    let filter = LogFilter {
        address: Address::repeat_byte(1),
        topics: vec![Some(B256::repeat_byte(2)), None],
        from: 7,
        to: 7,
    };
    let address = filter.address.to_string();
    let (topic, zero) = (B256::repeat_byte(2).to_string(), B256::ZERO.to_string());
    let good = json!({
        "address": address, "topics": [topic, zero], "data": "0x", "blockNumber": "0x7", "blockHash": zero,
        "transactionHash": zero, "logIndex": "0x0",
    });
    for (member, value) in [
        ("address", json!(Address::ZERO.to_string())),
        ("topics", json!([zero, topic])),
        ("topics", json!([])),
        ("topics", json!([topic, topic, topic, topic, topic])),
        ("blockNumber", json!("0x6")),
        ("blockNumber", json!("0x8")),
        ("blockNumber", json!(null)),
    ] {
        let mut log = good.clone();
        log[member] = value;
        let node = Node::start(move |request| result(request, &json!([log]))).await;
        let error = node.rpc().logs(&filter).await.expect_err(member);
        assert!(matches!(error, RpcError::Malformed { .. }), "{member}: {error:?}");
    }
    let node = Node::start(move |request| result(request, &json!([good]))).await;
    assert_eq!(node.rpc().logs(&filter).await.expect("events").len(), 1);
}

#[tokio::test]
async fn fees_are_looked_up_where_a_node_suggests_none() {
    let unknown = |request: &Value| refusal(request, -32601, "the method does not exist");
    let without_suggestion = |fees: Value| {
        Node::start(move |request| match request["method"].as_str() {
            Some("eth_feeHistory") => result(request, &fees),
            _ => refusal(request, -32601, "the method does not exist"),
        })
    };
    let node = Node::start(|request| result(request, &json!("0x7"))).await;
    assert_eq!(node.rpc().priority_fee().await, Ok(7));
    let node = without_suggestion(json!({ "reward": [["0x9"], ["0x1"], ["0x5"]] })).await;
    assert_eq!(node.rpc().priority_fee().await, Ok(5));
    for none in [json!({ "reward": [] }), json!({ "reward": null }), json!({}), json!({ "reward": [[]] })] {
        assert_eq!(without_suggestion(none).await.rpc().priority_fee().await, Ok(1_000_000_000));
    }
    assert_eq!(Node::start(unknown).await.rpc().priority_fee().await, Ok(1_000_000_000));
    let node = without_suggestion(json!({ "reward": [["5"]] })).await;
    assert!(matches!(node.rpc().priority_fee().await, Err(RpcError::Malformed { .. })));
    let node = Node::start(|_| http("502 Bad Gateway", "", b"")).await;
    assert!(matches!(node.rpc().priority_fee().await, Err(RpcError::Unreachable { .. })));
}

#[tokio::test]
async fn a_block_that_is_not_there_is_none() {
    for (code, message) in [
        (-39001, "finalized block not found"),
        (-39001, "Unknown block"),
        (-32000, "finalized block not found"),
        (-32000, "Block not found"),
        (-32001, "unknown block"),
    ] {
        let node = Node::start(move |request| refusal(request, code, message)).await;
        assert_eq!(node.rpc().block(Tag::Finalized).await, Ok(None), "{message}");
    }
    for message in ["method not found", "invalid argument 0: hex string without 0x prefix"] {
        let node = Node::start(move |request| refusal(request, -32601, message)).await;
        let error = node.rpc().block(Tag::Finalized).await.expect_err(message);
        assert_eq!(error.refusal(), Some(Refusal::Other));
    }
}

#[tokio::test]
async fn what_is_secret_in_the_url_is_not_shown() {
    let leaky = "no project of key-in-the-path, key-in-the-query, key-of-the-user, key-for-pass";
    let node = Node::start(move |request| refusal(request, -32000, leaky)).await;
    let url = format!(
        "http://key-of-the-user:key-for-pass@{}/v3/key-in-the-path?apikey=key-in-the-query",
        node.address
    );
    let rpc = Rpc::new(crate::client(), &url).expect("a URL");
    assert_eq!(rpc.host(), node.address);
    assert_eq!(format!("{rpc:?}"), format!("Rpc({:?})", node.address));
    let error = rpc.chain_id().await.expect_err("refused");
    assert_eq!(error.to_string(), "the node refused: no project of ***, ***, ***, *** (code -32000)");
    // But the node is told.
    let heads = node.heads.lock().expect("no test panics with it").join("\n");
    assert!(heads.starts_with("POST /v3/key-in-the-path?apikey=key-in-the-query HTTP/1.1"), "{heads}");
    assert!(heads.to_lowercase().contains("authorization: basic"), "{heads}");

    let broken = Node::start(|_| http("200 OK", "", b"key-in-the-path")).await;
    let rpc =
        Rpc::new(crate::client(), &format!("http://{}/v3/key-in-the-path", broken.address)).expect("a URL");
    let error = rpc.chain_id().await.expect_err("rubbish");
    assert!(!format!("{error} {error:?}").contains("key-in"), "{error:?}");
}

#[test]
fn only_http_urls_are_nodes() {
    let error = |url: &str| Rpc::new(crate::client(), url).expect_err("no node");
    for url in ["", "node.example", "http://", "https://:1/", "http://[::1/", "/v3/key"] {
        assert_eq!(error(url), UrlError::Form, "{url}");
    }
    for url in ["ws://node.example/key", "file:///ipc", "ftp://node.example", "data:text/plain,key"] {
        assert_eq!(error(url), UrlError::Scheme, "{url}");
        assert!(!error(url).to_string().contains("key"));
    }
    assert_eq!(
        Rpc::new(crate::client(), "https://node.example/v3/key").expect("a node").host(),
        "node.example"
    );
    assert_eq!(keccak256([]).0[..2], [0xc5, 0xd2]);
}
