//! A connection that is encrypted on the way.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Gives its reader nothing beyond the answer to STARTTLS until that was read. Its reader has a buffer, and would otherwise take
/// what somebody put into the clear text behind that answer for the server's encrypted answer to the next command; so it is the
/// TLS handshake that gets it, and fails.
#[derive(Debug)]
pub(super) struct StarttlsStream {
    inner: TcpStream,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Clear text, before STARTTLS.
    Clear,
    /// STARTTLS was sent; of the line of its answer so many bytes were read, and it is the last one, or not.
    Answer { column: usize, last: bool },
    /// Whatever comes is for TLS.
    Encrypted,
}

impl StarttlsStream {
    pub(super) const fn new(inner: TcpStream) -> Self {
        Self { inner, phase: Phase::Clear }
    }
}

impl Phase {
    /// What follows on a byte read. In an answer of several lines, all but the last have a hyphen behind the code (RFC 5321,
    /// section 4.2.1).
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Answer { last: true, .. }, b'\n') => Self::Encrypted,
            (Self::Answer { last: false, .. }, b'\n') => Self::Answer { column: 0, last: true },
            (Self::Answer { column: 3, .. }, b'-') => Self::Answer { column: 4, last: false },
            (Self::Answer { column, last }, _) => Self::Answer { column: column.saturating_add(1), last },
            (other, _) => other,
        }
    }
}

impl AsyncTokioStream for StarttlsStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }
}

impl AsyncRead for StarttlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.phase, Phase::Encrypted) {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut one))?;
        if let [byte] = *one.filled() {
            buffer.put_slice(&[byte]);
            self.phase = std::mem::replace(&mut self.phase, Phase::Clear).after(byte);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for StarttlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if matches!(self.phase, Phase::Clear) && bytes.starts_with(b"STARTTLS") {
            self.phase = Phase::Answer { column: 0, last: true };
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
