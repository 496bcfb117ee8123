//! Opening a connection: names, TCP, TLS.

use super::{Failure, Socket, Upstream};
use crate::clock::{Clock, within};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// How long the addresses of a name are believed.
const ADDRESSES_FOR_US: u64 = 10_000_000;

pub(super) async fn connect(upstream: &Upstream, clock: &Rc<Clock>) -> Result<Socket, Failure> {
    let late = || Failure::Unreachable(format!("no connection within {} ms", upstream.connect_timeout.as_millis()));
    within(clock, upstream.connect_timeout, open(upstream, clock)).await.ok_or_else(late)?
}

async fn open(upstream: &Upstream, clock: &Clock) -> Result<Socket, Failure> {
    let stream = tcp(upstream, clock).await.map_err(|error| {
        upstream.addresses.borrow_mut().0.clear();
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

async fn tcp(upstream: &Upstream, clock: &Clock) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses(upstream, clock).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn addresses(upstream: &Upstream, clock: &Clock) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = upstream.name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, upstream.port)]);
    }
    {
        let known = upstream.addresses.borrow();
        if !known.0.is_empty() && known.1 > clock.latest_us() {
            return Ok(known.0.clone());
        }
    }
    let found: Vec<SocketAddr> = lookup_host((upstream.name.as_str(), upstream.port)).await?.collect();
    *upstream.addresses.borrow_mut() = (found.clone(), clock.latest_us() + ADDRESSES_FOR_US);
    Ok(found)
}
