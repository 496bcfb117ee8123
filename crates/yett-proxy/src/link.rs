//! The caller's side of a connection: plain or TLS, with the bytes that were read to tell the protocol.

use crate::chatter::Chatter;
use crate::line::Line;
use bytes::BytesMut;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SNIFF: usize = 4096;

/// The socket.
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Reads just enough to tell HTTP/2 with prior knowledge (RFC 9113 section 3.3) from HTTP/1; gives what was read.
pub(crate) async fn sniff(stream: &mut TcpStream) -> io::Result<(BytesMut, bool)> {
    // A caller that says nothing takes no room for what it says.
    stream.readable().await?;
    let mut head = BytesMut::with_capacity(SNIFF);
    loop {
        let read = stream.read_buf(&mut head).await?;
        let expected = PREFACE.get(..head.len()).unwrap_or(PREFACE);
        let alike = head.starts_with(expected);
        if read == 0 || !alike || expected.len() == PREFACE.len() {
            return Ok((head, alike && expected.len() == PREFACE.len()));
        }
    }
}

/// A socket that tells its [`Line`] what happens on it.
///
/// For HTTP/1 it holds back what hyper says by itself, outside any request: that is hyper's bare answer to a malformed
/// head, in the place of which the gateway gives its own.
pub(crate) struct Link {
    socket: Socket,
    head: BytesMut,
    line: Rc<Line>,
    guarded: bool,
    /// Of HTTP/2 only.
    chatter: Option<Box<Chatter>>,
}

impl Link {
    pub(crate) fn new(socket: Socket, head: BytesMut, line: Rc<Line>, is_http1: bool) -> Self {
        let chatter = (!is_http1).then(Box::default);
        Self { socket, head, line, guarded: is_http1, chatter }
    }

    /// Ready when the caller has sent something, or has gone.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        let stream = match &self.socket {
            Socket::Plain(stream) => stream,
            Socket::Tls(stream) => stream.get_ref().0,
        };
        // What went wrong shows where it is read.
        stream.poll_read_ready(context).map(|_| ())
    }

    /// From now on what is written is the gateway's own.
    pub(crate) fn release(&mut self) {
        self.guarded = false;
    }

    /// Tells whether the caller takes what there is for it.
    fn note(&self, wrote: &Poll<io::Result<usize>>) {
        match wrote {
            Poll::Ready(bytes) => self.line.spoke(bytes.as_ref().map_or(0, |bytes| *bytes)),
            Poll::Pending => self.line.stalls(),
        }
    }

    fn holds_back(&self) -> bool {
        self.guarded && self.line.hold_back()
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.head.is_empty() {
            ready!(match &mut self.socket {
                Socket::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
                Socket::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            })?;
        } else {
            let taken = self.head.len().min(buffer.remaining());
            buffer.put_slice(&self.head.split_to(taken));
            if self.head.is_empty() {
                // An idle connection keeps no room for what it read to tell the protocol.
                self.head = BytesMut::new();
            }
        }
        if let Some(heard @ [_, ..]) = buffer.filled().get(before..) {
            if self.guarded {
                self.line.heard(heard);
            }
            let idle = self.chatter.as_mut().map_or(0, |chatter| chatter.follow(heard));
            if idle > 0 {
                self.line.chattered(idle);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if self.holds_back() {
            return Poll::Ready(Ok(buffer.len()));
        }
        let wrote = match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write(context, buffer),
            Socket::Tls(stream) => Pin::new(stream).poll_write(context, buffer),
        };
        self.note(&wrote);
        wrote
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.holds_back() {
            return Poll::Ready(Ok(buffers.iter().map(|buffer| buffer.len()).sum()));
        }
        let wrote = match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
            Socket::Tls(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
        };
        self.note(&wrote);
        wrote
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(stream) => stream.is_write_vectored(),
            Socket::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_flush(context),
            Socket::Tls(stream) => Pin::new(stream).poll_flush(context),
        };
        match flushed.is_ready() {
            true => {
                self.line.spoke(0);
                self.line.flushed();
            }
            false => self.line.stalls(),
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.guarded && self.line.was_held_back() {
            return Poll::Ready(Ok(()));
        }
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
