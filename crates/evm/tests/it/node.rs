//! A node that answers whatever the test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use evm::Rpc;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a node does with a request.
pub(crate) enum Reply {
    /// These bytes, HTTP and all, then the end of the connection.
    Bytes(Vec<u8>),
    /// These, one every 200 milliseconds.
    Slowly(Vec<u8>),
    /// Nothing, and the connection stays.
    Nothing,
}

type Behaviour = dyn Fn(&Value) -> Reply + Send + Sync;

/// It listens until the test's runtime ends.
pub(crate) struct Node {
    pub(crate) address: String,
    /// Headers of the requests, in their order.
    pub(crate) heads: Arc<Mutex<Vec<String>>>,
}

impl Node {
    pub(crate) async fn start(behaviour: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (behaviour, seen): (Arc<Behaviour>, _) = (Arc::new(behaviour), Arc::clone(&heads));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&behaviour), Arc::clone(&seen)));
            }
        });
        Self { address, heads }
    }

    pub(crate) fn rpc(&self) -> Rpc {
        Rpc::new(crate::client(), &format!("http://{}/", self.address)).expect("a URL")
    }
}

async fn answer(mut stream: TcpStream, behaviour: Arc<Behaviour>, heads: Arc<Mutex<Vec<String>>>) {
    let Some((head, body)) = request(&mut stream).await else { return };
    heads.lock().expect("no test panics with it").push(head);
    let body = serde_json::from_slice(&body).expect("we send JSON");
    // The other side may have enough before the end.
    match behaviour(&body) {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Slowly(bytes) => {
            for byte in bytes {
                tokio::time::sleep(Duration::from_millis(200)).await;
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
        Reply::Nothing => tokio::time::sleep(Duration::from_secs(60)).await,
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.as_bytes().to_vec()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// An HTTP answer.
pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Reply {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// A JSON-RPC answer to this request.
pub(crate) fn result(request: &Value, result: &Value) -> Reply {
    let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "result": result });
    http("200 OK", "", answer.to_string().as_bytes())
}

/// A JSON-RPC error for this request.
pub(crate) fn refusal(request: &Value, code: i64, message: &str) -> Reply {
    let answer =
        json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": code, "message": message } });
    http("200 OK", "", answer.to_string().as_bytes())
}
