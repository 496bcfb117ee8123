//! WebSocket over HTTP/2 (RFC 8441): an extended CONNECT is spelled anew as the handshake of HTTP/1.1 that it stands for, so
//! that one set of checks holds for both, and the upstream hears nothing but HTTP/1.1.

use super::{Of, Tunnel};
use bytes::BytesMut;
use data_encoding::BASE64;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Version, response};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::task::spawn_local;
use yett_engine::upgrade::OverHttp2;

/// The stream of an extended CONNECT, which becomes a tunnel with the answer.
pub(crate) struct Extended(OnUpgrade);

impl Extended {
    /// Spells an extended CONNECT for a WebSocket anew; `None` for any other request. `random` makes its key, which proves
    /// to the gateway that the upstream has read the handshake: the caller's own, if it sent one, means nothing here.
    pub(crate) fn take(parts: &mut Parts, random: u128) -> Option<Self> {
        let is_websocket = parts.extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket");
        if parts.version != Version::HTTP_2 || parts.method != Method::CONNECT || !is_websocket {
            return None;
        }
        let stream = parts.extensions.remove::<OnUpgrade>()?;
        parts.method = Method::GET;
        parts.extensions.insert(OverHttp2);
        parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
        parts.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        let key = HeaderValue::from_str(&BASE64.encode(&random.to_be_bytes())).ok()?;
        parts.headers.insert(SEC_WEBSOCKET_KEY, key);
        Some(Self(stream))
    }

    /// Makes the upstream's agreement that of HTTP/2, and runs the tunnel once the caller is told.
    pub(crate) fn open(self, mut tunnel: Tunnel, head: &mut response::Parts) {
        head.status = StatusCode::OK;
        for name in [UPGRADE, CONNECTION, SEC_WEBSOCKET_ACCEPT] {
            head.headers.remove(name);
        }
        tunnel.trip.end.status = head.status.as_u16();
        spawn_local(async move {
            // Dropping the tunnel records that the caller has gone.
            if let Ok(stream) = self.0.await {
                tunnel.run(&mut TokioIo::new(stream), BytesMut::new(), Of::Stream).await;
            }
        });
    }
}
