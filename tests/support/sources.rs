//! Time and randomness for tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Clock, Entropy, Timestamp};

/// The real time, moved by as much as a test says.
#[derive(Debug, Default)]
pub struct TestClock {
    offset: AtomicI64,
}

impl TestClock {
    /// Moves the clock by this many seconds, forwards or back.
    pub fn advance(&self, seconds: i64) {
        self.offset.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is a clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp(now.as_micros() as i64 + self.offset.load(Ordering::SeqCst))
    }
}

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is a source of randomness")]
        aws_lc_rs::rand::fill(bytes).expect("the operating system has randomness");
    }
}
