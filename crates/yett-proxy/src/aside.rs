//! Listeners beside those of the workers: on a thread of their own, so that whoever floods them takes nothing from the
//! workers, and busy workers do not hide them. Each connection has one answer and little time; there are so many of them.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// A head has arrived by then: who asks for a small page sends it in one piece.
const HEAD_PATIENCE: Duration = Duration::from_secs(3);
/// A connection is over by then, whatever it did.
const PATIENCE: Duration = Duration::from_secs(10);
const HEAD_BUFFER: usize = 16 * 1024;
/// None of these answers is to be run, framed, guessed at or kept.
const PROTECTION: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// Text in one piece.
pub(crate) struct Page(Option<Bytes>);

impl Body for Page {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// An answer with a text.
pub(crate) fn page(status: StatusCode, text: impl Into<Bytes>) -> Response<Page> {
    let mut response = Response::new(Page(Some(text.into())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in PROTECTION {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Answers, on at most `most` connections at a time, until told to stop.
pub(crate) fn run<A>(listener: TcpListener, most: usize, answer: A, mut stop: watch::Receiver<bool>) -> io::Result<()>
where
    A: Fn(&Request<Incoming>) -> Response<Page> + Send + Sync + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::select! {
            () = accept(listener, most, Arc::new(answer)) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        Ok(())
    })
}

async fn accept<A>(listener: tokio::net::TcpListener, most: usize, answer: Arc<A>)
where
    A: Fn(&Request<Incoming>) -> Response<Page> + Send + Sync + 'static,
{
    let places = Arc::new(Semaphore::new(most));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: the connections that end make room.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            let answer = |request| std::future::ready(Ok::<_, Infallible>(answer(&request)));
            let mut builder = http1::Builder::new();
            builder.keep_alive(false).max_buf_size(HEAD_BUFFER).timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
            // An error here is the caller's own to see.
            let _ = tokio::time::timeout(PATIENCE, builder.serve_connection(TokioIo::new(stream), service_fn(answer))).await;
            drop(place);
        });
    }
}
