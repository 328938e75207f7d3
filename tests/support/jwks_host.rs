//! Where a partner publishes its keys: a tiny HTTP server that counts who asks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::PartnerKey;

/// What the host answers, to whatever it is asked.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: String,
    body: String,
    delay: Duration,
}

impl Reply {
    /// 200 with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self { status: 200, headers: String::new(), body: body.into(), delay: Duration::ZERO }
    }

    /// 200 with a JWKS of these keys.
    pub fn keys(keys: &[&PartnerKey]) -> Self {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        Self::ok(json!({"keys": keys}).to_string())
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// The same, but only after a while.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { status, headers, body, .. } = self;
        let length = body.len();
        format!(
            "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes()
    }
}

#[derive(Debug)]
struct Shared {
    reply: Mutex<Reply>,
    asked: AtomicUsize,
}

/// A host of a JWKS. Dropped, nobody listens there any more.
#[derive(Debug)]
pub struct JwksHost {
    /// The URL to register.
    pub url: String,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl JwksHost {
    /// Starts a host that answers like this.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared { reply: Mutex::new(reply), asked: AtomicUsize::new(0) });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        Self { url: format!("http://{address}/jwks.json"), shared, task: task.abort_handle() }
    }

    /// Answers like this from now on.
    pub fn now_answers(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    /// How many requests have arrived.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Drop for JwksHost {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether a request has arrived with the body that it announces.
fn is_whole(received: &[u8]) -> bool {
    let Some(head) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&received[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().expect("a number"));
    received.len() >= head + 4 + length
}

async fn answer(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut received = Vec::new();
    while !is_whole(&received) {
        match stream.read_buf(&mut received).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let reply = shared.reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
    tokio::time::sleep(reply.delay).await;
    // The asker may have gone away: that is its business.
    let _ = stream.write_all(&reply.bytes()).await;
    let _ = stream.shutdown().await;
}
