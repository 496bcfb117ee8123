//! The telemetry listener: `/metrics`, `/healthz`, `/readyz` and the key set.

use crate::aside::{self, Page, page};
use crate::gateway::Overview;
use crate::metrics::text;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::watch;

const MOST_CONNECTIONS: usize = 64;

/// Serves until told to stop.
pub(crate) fn run(listener: TcpListener, overview: Arc<Overview>, stop: watch::Receiver<bool>) -> io::Result<()> {
    aside::run(listener, MOST_CONNECTIONS, move |request| answer(&overview, request), stop)
}

fn answer(overview: &Overview, request: &Request<Incoming>) -> Response<Page> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return page(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
    }
    match request.uri().path() {
        "/healthz" => page(StatusCode::OK, "ok\n"),
        "/readyz" => match overview.unready() {
            None => page(StatusCode::OK, "ready\n"),
            Some(reason) => page(StatusCode::SERVICE_UNAVAILABLE, reason),
        },
        "/metrics" => {
            let mut response = page(StatusCode::OK, overview.metrics());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
            response
        }
        "/.well-known/jwks.json" => match overview.jwks() {
            None => page(StatusCode::NOT_FOUND, "there is no identity key\n"),
            Some(keys) => {
                let mut response = page(StatusCode::OK, keys);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
                response
            }
        },
        _ => page(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n"),
    }
}
