//! Opening a connection: names, TCP, TLS.

use super::{Failure, Socket, Upstream};
use crate::clock::{Clock, within};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(super) async fn connect(upstream: &Upstream, clock: &Rc<Clock>) -> Result<Socket, Failure> {
    let late = || Failure::Unreachable(format!("no connection within {} ms", upstream.connect_timeout.as_millis()));
    within(clock, upstream.connect_timeout, open(upstream, clock)).await.ok_or_else(late)?
}

async fn open(upstream: &Upstream, clock: &Rc<Clock>) -> Result<Socket, Failure> {
    let stream = tcp(upstream, clock).await.map_err(|error| {
        upstream.addresses.doubt();
        Failure::Unreachable(format!("{}:{} cannot be reached: {error}", upstream.name, upstream.port))
    })?;
    let _ = stream.set_nodelay(true);
    let Some(trust) = &upstream.trust else { return Ok(Socket::Plain(stream)) };
    let config = trust.config.clone().map_err(Failure::Unreachable)?;
    let name = trust.name.clone().map_err(Failure::Unreachable)?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let stream = stream.map_err(|error| Failure::Unreachable(format!("TLS with {} failed: {error}", upstream.name)))?;
    if trust.is_http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Failure::Unreachable(format!("{} does not agree to HTTP/2", upstream.name)));
    }
    Ok(Socket::Tls(Box::new(stream)))
}

/// Tries all addresses, each for its part of the time: one that answers nothing must not use it up.
async fn tcp(upstream: &Upstream, clock: &Rc<Clock>) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let addresses = upstream.addresses.get(clock).await?;
    check_reach(upstream, &addresses)?;
    let part = upstream.connect_timeout / addresses.len().max(1) as u32;
    for address in addresses {
        match within(clock, part, TcpStream::connect(address)).await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => failed = error,
            None => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

/// Judges the very addresses that are connected to. One that is out of reach spoils all: who controls the name must not
/// have another try.
fn check_reach(upstream: &Upstream, addresses: &[SocketAddr]) -> io::Result<()> {
    let Some(reach) = upstream.reach else { return Ok(()) };
    match addresses.iter().find(|address| !reach.allows(address.ip())) {
        None => Ok(()),
        Some(address) => {
            let message = format!("it is at {}, which the gateway does not ask by itself", address.ip());
            Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
        }
    }
}
