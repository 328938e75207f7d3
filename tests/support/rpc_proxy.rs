//! A JSON-RPC node that misbehaves as a test says: it stands between the one under test and a real chain.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use crate::{hex_bytes, http_client};

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// The connection is closed, and nothing forwarded.
    Close,
    /// It is forwarded, but the connection is closed without an answer.
    CloseAfter,
    /// There is no answer, as long as the proxy lives; nothing is forwarded.
    Hang,
    /// It is forwarded and answered, but only after a while.
    Delay(Duration),
    /// An HTTP error, with a text that is not JSON.
    Status(u16),
    /// 200 with something that is not JSON.
    Garbage,
    /// It is forwarded, and the first half of the answer sent.
    Truncated,
    /// Another result; nothing is forwarded.
    Result(Value),
    /// A JSON-RPC error of this code and message; nothing is forwarded.
    Error(i64, String),
    /// It is forwarded, and the result changed on its way back.
    Change(fn(Value) -> Value),
    /// A transaction is accepted by its hash, and thrown away.
    Swallow,
}

/// Where a request is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the chain has seen it.
    Before,
    /// When the chain has answered, and the one who asked has not heard of it.
    After,
}

/// A request that has arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its parameters.
    pub parameters: Value,
    /// What the chain answered: the result, or the error; `None` if it was not forwarded, or has no answer yet.
    pub answer: Option<Result<Value, Value>>,
}

#[derive(Debug)]
struct Rule {
    /// `None`: any.
    method: Option<String>,
    /// What is in its parameters, as JSON; empty: anything.
    about: String,
    act: Act,
    /// For how many requests more; `None`: for good.
    left: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<Seen>,
    /// The number of the request at which everything stops.
    stop: Option<(usize, Moment)>,
}

#[derive(Debug)]
struct Shared {
    upstream: Mutex<String>,
    state: Mutex<State>,
    client: Client,
    /// Whether everything is stopped.
    stopped: watch::Sender<bool>,
    arrived: Notify,
}

/// The proxy. Dropped, nobody listens there any more.
#[derive(Debug)]
pub struct RpcProxy {
    /// Where it listens.
    pub url: String,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl RpcProxy {
    /// Starts a proxy before the node at `upstream`, which behaves as that node does.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream.to_owned()),
            state: Mutex::default(),
            client: http_client(),
            stopped: watch::Sender::new(false),
            arrived: Notify::new(),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Self { url: format!("http://{address}"), shared, task: task.abort_handle() }
    }

    /// From now on it stands before another node.
    pub fn now_before(&self, upstream: &str) {
        upstream.clone_into(&mut lock(&self.shared.upstream));
    }

    /// Does this to every request.
    pub fn always(&self, act: Act) {
        self.rule(None, "", act, None);
    }

    /// Does this to every request of a method. Of two rules for a request, the newer one counts.
    pub fn on(&self, method: &str, act: Act) {
        self.rule(Some(method), "", act, None);
    }

    /// Does this to the next requests of a method, so many of them.
    pub fn next(&self, count: usize, method: &str, act: Act) {
        self.rule(Some(method), "", act, Some(count));
    }

    /// Does this to every request of a method whose parameters, as JSON, hold this text.
    pub fn on_about(&self, method: &str, about: &str, act: Act) {
        self.rule(Some(method), about, act, None);
    }

    /// Forgets all rules: it behaves as the node does.
    pub fn behave(&self) {
        lock(&self.shared.state).rules.clear();
    }

    fn rule(&self, method: Option<&str>, about: &str, act: Act, left: Option<usize>) {
        let rule = Rule { method: method.map(str::to_owned), about: about.to_owned(), act, left };
        lock(&self.shared.state).rules.push(rule);
    }

    /// Everything that was asked since the start.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.state).seen.clone()
    }

    /// How many requests have arrived.
    pub fn count(&self) -> usize {
        lock(&self.shared.state).seen.len()
    }

    /// How many requests of a method have arrived.
    pub fn asked(&self, method: &str) -> usize {
        lock(&self.shared.state).seen.iter().filter(|seen| seen.method == method).count()
    }

    /// The raw transactions that were handed in, in order, those that were refused or thrown away included.
    pub fn sent(&self) -> Vec<Vec<u8>> {
        let state = lock(&self.shared.state);
        let sent = state.seen.iter().filter(|seen| seen.method == "eth_sendRawTransaction");
        sent.map(|seen| hex_bytes(seen.parameters[0].as_str().expect("a text"))).collect()
    }

    /// Stops at the request that is the `number`th from now on, counted from 1: neither it nor any other is answered until
    /// [`Self::go_on`].
    pub fn stop_at(&self, number: usize, moment: Moment) {
        let mut state = lock(&self.shared.state);
        state.stop = Some((state.seen.len() + number, moment));
    }

    /// Waits until the request has come at which it is to stop.
    ///
    /// # Panics
    /// If all is lost.
    pub async fn stopped(&self) {
        self.shared.stopped.subscribe().wait_for(|stopped| *stopped).await.expect("the proxy is there");
    }

    /// Answers again. Who was waiting for an answer gets none.
    pub fn go_on(&self) {
        lock(&self.shared.state).stop = None;
        self.shared.stopped.send_replace(false);
    }

    /// Waits until so many more requests have arrived.
    pub async fn wait_for_requests(&self, more: usize) {
        let wanted = self.count() + more;
        loop {
            let arrived = self.shared.arrived.notified();
            if self.count() >= wanted {
                return;
            }
            arrived.await;
        }
    }
}

impl Drop for RpcProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request of a connection, and no more.
async fn serve(mut stream: TcpStream, shared: &Shared) {
    let Some(body) = read_body(&mut stream).await else { return };
    let Some(bytes) = answer(&body, shared).await else { return };
    // The asker may have gone away: that is its business.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

/// The body of a request, by its `content-length`.
async fn read_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut received = Vec::new();
    loop {
        let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&received[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.expect("a length").trim().parse().expect("a number");
            if received.len() >= head + 4 + length {
                return Some(received.split_off(head + 4));
            }
        }
        match stream.read_buf(&mut received).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// What is sent back; `None` to close the connection.
async fn answer(body: &[u8], shared: &Shared) -> Option<Vec<u8>> {
    let request: Value = serde_json::from_slice(body).expect("JSON-RPC");
    let method = request["method"].as_str().expect("one request, not a batch").to_owned();
    if *shared.stopped.borrow() {
        return wait_for_go_on(shared).await;
    }
    let (number, act, moment) = arrive(shared, &method, &request);
    if moment == Some(Moment::Before) {
        shared.stopped.send_replace(true);
        return wait_for_go_on(shared).await;
    }
    let bytes = perform(act, &request, number, shared).await;
    if moment == Some(Moment::After) {
        shared.stopped.send_replace(true);
    }
    if *shared.stopped.borrow() {
        return wait_for_go_on(shared).await;
    }
    bytes
}

async fn wait_for_go_on(shared: &Shared) -> Option<Vec<u8>> {
    let _ = shared.stopped.subscribe().wait_for(|stopped| !*stopped).await;
    None
}

/// Writes a request down: its number, what is done to it, and whether everything stops at it.
fn arrive(shared: &Shared, method: &str, request: &Value) -> (usize, Option<Act>, Option<Moment>) {
    let mut state = lock(&shared.state);
    let parameters = request["params"].clone();
    let text = parameters.to_string();
    state.seen.push(Seen { method: method.to_owned(), parameters, answer: None });
    let number = state.seen.len();
    shared.arrived.notify_waiters();
    let concerns = |rule: &Rule| {
        rule.method.as_deref().is_none_or(|wanted| wanted == method) && text.contains(&rule.about)
    };
    let rule = state.rules.iter_mut().rev().find(|rule| rule.left != Some(0) && concerns(rule));
    let act = rule.map(|rule| {
        rule.left = rule.left.map(|left| left - 1);
        rule.act.clone()
    });
    let moment = state.stop.filter(|(at, _)| *at == number).map(|(_, moment)| moment);
    (number - 1, act, moment)
}

async fn perform(act: Option<Act>, request: &Value, number: usize, shared: &Shared) -> Option<Vec<u8>> {
    let own = |name: &str, value: Value| {
        Some(http(200, &json!({"jsonrpc": "2.0", "id": request["id"], name: value}).to_string()))
    };
    match act {
        Some(Act::Close) => return None,
        Some(Act::Hang) => std::future::pending().await,
        Some(Act::Status(status)) => return Some(http(status, "<html>not today</html>")),
        Some(Act::Garbage) => return Some(http(200, "<html>a captive portal</html>")),
        Some(Act::Result(result)) => return own("result", result),
        Some(Act::Error(code, message)) => return own("error", json!({"code": code, "message": message})),
        Some(Act::Swallow) => {
            let raw = hex_bytes(request["params"][0].as_str().expect("a raw transaction"));
            return own("result", json!(evm::keccak256(&raw).to_string()));
        }
        Some(Act::Delay(delay)) => tokio::time::sleep(delay).await,
        Some(Act::CloseAfter | Act::Truncated | Act::Change(_)) | None => {}
    }
    let mut answer = forward(request, shared).await?;
    let result = match answer.get("error") {
        Some(error) => Err(error.clone()),
        None => Ok(answer["result"].clone()),
    };
    lock(&shared.state).seen[number].answer = Some(result);
    match act {
        Some(Act::CloseAfter) => return None,
        Some(Act::Truncated) => {
            let whole = http(200, &answer.to_string());
            return Some(whole[..whole.len() - answer.to_string().len() / 2 - 1].to_vec());
        }
        Some(Act::Change(change)) if answer.get("error").is_none() => {
            answer["result"] = change(answer["result"].take());
        }
        _ => {}
    }
    Some(http(200, &answer.to_string()))
}

/// The chain's answer; `None` if there is none.
async fn forward(request: &Value, shared: &Shared) -> Option<Value> {
    let upstream = lock(&shared.upstream).clone();
    let answer = shared.client.post(upstream).json(request).send().await.ok()?;
    answer.json().await.ok()
}

fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-type: application/json\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
}
