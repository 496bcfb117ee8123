//! Binding the listeners: one socket a worker on each address, all with `SO_REUSEPORT`.

use crate::error::Error;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

const BACKLOG: i32 = 1024;
/// Bytes the system may hold of an answer before its caller's window is open for them, inherited by what is accepted. It
/// would hold megabytes, and whether a caller takes anything could not be seen for as long as it holds them.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// How callers are met on a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door {
    pub(crate) tls: bool,
    pub(crate) proxy_protocol: bool,
}

/// The sockets of one address, one a worker, and the address with the port that was chosen.
pub(crate) fn bind(address: &str, workers: usize) -> Result<(SocketAddr, Vec<TcpListener>), Error> {
    let wanted = resolve(address)?;
    let failed = |error: io::Error| refused(address, &error);
    // Sockets with SO_REUSEPORT would share a port with another gateway of the same user without a word; one without
    // it finds out whether the port is taken.
    if wanted.port() != 0 {
        open(wanted, false).map_err(failed)?;
    }
    let first = open(wanted, true).map_err(failed)?;
    let bound = first.local_addr().map_err(failed)?;
    let mut sockets = vec![first];
    for _ in 1..workers {
        sockets.push(open(bound, true).map_err(failed)?);
    }
    Ok((bound, sockets))
}

/// A socket of its own, for telemetry.
pub(crate) fn bind_alone(address: &str) -> Result<(SocketAddr, TcpListener), Error> {
    let failed = |error: io::Error| refused(address, &error);
    let socket = open(resolve(address)?, false).map_err(failed)?;
    Ok((socket.local_addr().map_err(failed)?, socket))
}

fn resolve(address: &str) -> Result<SocketAddr, Error> {
    let found = address.to_socket_addrs().map_err(|error| {
        Error::new(
            "listen-failed",
            format!("'{address}' is no address to listen on ({error}): write host:port, such as 127.0.0.1:8080"),
        )
    });
    found?.next().ok_or_else(|| Error::new("listen-failed", format!("'{address}' has no address")))
}

fn refused(address: &str, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => ": another process has this port; stop it or choose another port",
        io::ErrorKind::PermissionDenied => ": ports below 1024 need a privilege; choose a higher port",
        io::ErrorKind::AddrNotAvailable => ": this machine does not have that address",
        _ => "",
    };
    Error::new("listen-failed", format!("cannot listen on {address} ({error}){hint}"))
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_gets_a_socket_on_the_same_port() {
        let (bound, sockets) = bind("127.0.0.1:0", 3).unwrap();
        assert_ne!(bound.port(), 0);
        assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == bound));
        assert_eq!(sockets.len(), 3);
    }

    #[test]
    fn a_port_in_use_is_refused_even_by_a_sharing_listener() {
        let (bound, _sockets) = bind("127.0.0.1:0", 1).unwrap();
        let error = bind(&bound.to_string(), 1).unwrap_err();
        assert!(error.message().contains("another process has this port"), "{error}");
    }

    #[test]
    fn nonsense_is_no_address() {
        assert_eq!(bind("nonsense", 1).unwrap_err().code(), "listen-failed");
    }
}
