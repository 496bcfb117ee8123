//! One connection of a caller, from accept to close.

use crate::answer::Answer;
use crate::clock::within;
use crate::line::{Cause, Line};
use crate::link::{Link, Socket, sniff};
use crate::listen::Door;
use crate::options::HEAD_BUFFER;
use crate::proxy_protocol;
use crate::serve::{self, serve};
use crate::streams::Streams;
use crate::tls::{Failed, accept};
use crate::upgrade::{Of, Opened};
use crate::worker::{Place, Worker};
use bytes::BytesMut;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yett_engine::Caller;
use yett_model::Code;

/// How long, and for how many bytes, a caller that is still sending after its answer is listened to: closing at once
/// would reset the connection and could destroy the answer on its way (RFC 9112 section 9.6).
const LINGER_FOR: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;
/// Fields of a head that the library takes where nothing else is said.
const LIBRARY_HEADERS: usize = 100;

/// How a conversation ended.
enum Ended {
    /// By itself.
    Over(hyper::Result<()>),
    /// The caller took too long.
    Overdue,
}

/// Serves a connection until it ends.
pub(crate) async fn attend(worker: Rc<Worker>, stream: TcpStream, caller: Caller, door: Door, mut place: Place) {
    let _ = stream.set_nodelay(true);
    let line = Line::new(caller, &worker);
    let _entry = worker.enter(&line);
    // Each stage has a box of its own, so that a connection keeps room for the one it is in only.
    let opening = Box::pin(begin(&worker, stream, &line, door, &mut place));
    let Some((link, is_http2)) = opening.await else { return };
    match is_http2 {
        true => Box::pin(attend_http2(&worker, &line, link)).await,
        false => Box::pin(attend_http1(&worker, &line, link)).await,
    }
}

/// Opens the conversation, unless it takes too long or the gateway drains.
async fn begin(worker: &Worker, stream: TcpStream, line: &Rc<Line>, door: Door, place: &mut Place) -> Option<(Link, bool)> {
    let mut opening = pin!(open(worker, stream, line, door, place));
    poll_fn(|context| {
        line.listen(context);
        match opening.as_mut().poll(context) {
            Poll::Pending if worker.retires(false) => Poll::Ready(None),
            Poll::Pending => match line.overdue() {
                Some(cause) => {
                    worker.shard.cut(cause);
                    if door.tls {
                        worker.shard.handshake_failed(Failed::Timeout);
                    }
                    Poll::Ready(None)
                }
                None => Poll::Pending,
            },
            ready => ready,
        }
    })
    .await
}

/// Finds out which protocol the caller speaks; `None` if the connection came to nothing.
async fn open(worker: &Worker, mut stream: TcpStream, line: &Rc<Line>, door: Door, place: &mut Place) -> Option<(Link, bool)> {
    if door.proxy_protocol {
        let reading = Box::pin(proxy_protocol::read(&mut stream, line.caller().address, &worker.shared.proxies));
        let source = reading.await.ok()?;
        match source.map(|source| source.ip().to_canonical()) {
            Some(address) => {
                line.introduce(address);
                if !worker.seat(place, address) {
                    worker.turned_away();
                    return None;
                }
            }
            None => line.leave_nameless(),
        }
    }
    let Some(security) = worker.shared.security.as_ref().filter(|_| door.tls) else {
        let (head, is_http2) = sniff(&mut stream).await.ok().filter(|(head, _)| !head.is_empty())?;
        return Some((Link::new(Socket::Plain(stream), head, line.clone(), !is_http2), is_http2));
    };
    let accepted = Box::pin(accept(security, stream)).await.inspect_err(|failed| worker.shard.handshake_failed(*failed));
    let (stream, proof) = accepted.ok()?;
    line.prove(proof);
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Some((Link::new(Socket::Tls(Box::new(stream)), BytesMut::new(), line.clone(), !is_http2), is_http2))
}

async fn attend_http1(worker: &Rc<Worker>, line: &Rc<Line>, mut link: Link) {
    // Only a connection with requests has room for them: most of the connections that are kept are idle.
    while let Some(idle) = Box::pin(talk_http1(worker, line, link)).await {
        link = idle;
        if !rest(worker, line, &link).await {
            return;
        }
    }
}

/// Waits for the next request; whether it comes.
async fn rest(worker: &Worker, line: &Line, link: &Link) -> bool {
    line.set_roomy(false);
    poll_fn(|context| {
        line.listen(context);
        if link.poll_readable(context).is_ready() {
            return Poll::Ready(true);
        }
        line.overdue().into_iter().for_each(|cause| worker.shard.cut(cause));
        match line.overdue().is_some() || worker.retires(false) {
            true => Poll::Ready(false),
            false => Poll::Pending,
        }
    })
    .await
}

/// Answers requests until the connection ends, or has been idle for so long that it is given back.
async fn talk_http1(worker: &Rc<Worker>, line: &Rc<Line>, link: Link) -> Option<Link> {
    line.set_roomy(true);
    let limits = worker.shared.limits;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BUFFER).max_header_size(limits.max_head_bytes).header_read_timeout(None);
    // The library's own limit, where it is the one that is wanted, costs less: its room is not cleared for each head.
    if limits.max_headers != LIBRARY_HEADERS {
        builder.max_headers(limits.max_headers);
    }
    let opened = Opened::default();
    // The library keeps room for one request for as long as the connection lives: that room holds a box. The box comes
    // first, so that what goes into it is made in place: it is large, and copying all of it is dear.
    let answer = |request| {
        let room = Box::new_uninit();
        Box::into_pin(Box::write(room, respond(worker.clone(), line.clone(), opened.clone(), request)))
    };
    let mut conversation = builder.serve_connection(TokioIo::new(link), service_fn(answer));
    let idle = Cell::new(false);
    let poll = |conversation: Pin<&mut http1::Connection<_, _>>, context: &mut Context<'_>| match conversation.poll(context) {
        Poll::Pending if line.may_rest() => {
            idle.set(true);
            Poll::Ready(Ok(()))
        }
        polled => polled,
    };
    let ended = converse(worker, line, Pin::new(&mut conversation), poll, http1::Connection::graceful_shutdown).await;
    let mid_head = line.is_mid_head();
    let parts = conversation.into_parts();
    let mut link = parts.io.into_inner();
    if idle.get() {
        return Some(link);
    }
    link.release();
    let tunnel = opened.take();
    if let (Some(tunnel), Ended::Over(Ok(()))) = (tunnel, &ended) {
        Box::pin(tunnel.run(&mut link, parts.read_buf.into(), Of::Connection)).await;
        dismiss(worker, &mut link, b"").await;
        return None;
    }
    match ended {
        Ended::Over(Err(error)) if error.is_parse() => {
            let answer = match error.is_parse_too_large() {
                true => serve::refuse_large(worker, line),
                false => serve::refuse_raw(worker, line, |exchange| exchange.fail(Code::RequestMalformed, error.to_string())),
            };
            // What follows an answer that is still on its way cannot be held back: hyper has answered then.
            let answer = if line.was_held_back() { answer } else { Vec::new() };
            dismiss(worker, &mut link, &answer).await;
        }
        Ended::Over(_) if line.is_unread() => dismiss(worker, &mut link, b"").await,
        Ended::Over(_) => {}
        Ended::Overdue if mid_head => {
            let code = if worker.retires(false) { Code::Draining } else { Code::RequestTimeout };
            let late = "the head took too long to arrive";
            let answer = serve::refuse_raw(worker, line, |exchange| exchange.fail(code, late));
            dismiss(worker, &mut link, &answer).await;
        }
        Ended::Overdue => {}
    }
    None
}

async fn attend_http2(worker: &Rc<Worker>, line: &Rc<Line>, link: Link) {
    let limits = worker.shared.limits;
    let mut builder = http2::Builder::new(Streams::new(worker, line));
    builder
        .max_concurrent_streams(limits.max_streams)
        .enable_connect_protocol()
        .max_header_list_size((limits.max_head_bytes as u32).saturating_mul(2))
        .max_pending_accept_reset_streams(limits.max_resets.min(20) as usize)
        .max_local_error_reset_streams(100)
        .max_send_buf_size(HEAD_BUFFER);
    let answer = |request| respond(worker.clone(), line.clone(), Opened::default(), request);
    let mut conversation = pin!(builder.serve_connection(TokioIo::new(link), service_fn(answer)));
    let poll = |conversation: Pin<&mut _>, context: &mut Context<'_>| Future::poll(conversation, context);
    let ended = converse(worker, line, conversation.as_mut(), poll, http2::Connection::graceful_shutdown).await;
    // Nobody says goodbye to a flood: its caller would go on.
    if matches!(ended, Ended::Overdue) && line.overdue() != Some(Cause::Chatter) {
        conversation.as_mut().graceful_shutdown();
        let _ = within(&worker.clock, LINGER_FOR, conversation).await;
    }
}

async fn respond(
    worker: Rc<Worker>,
    line: Rc<Line>,
    opened: Opened,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    Ok(serve(worker, line, opened, request).await)
}

/// Drives a conversation; ends it when it is overdue, and lets it finish what it has begun when the gateway drains.
async fn converse<C>(
    worker: &Worker,
    line: &Line,
    mut conversation: Pin<&mut C>,
    poll: impl Fn(Pin<&mut C>, &mut Context<'_>) -> Poll<hyper::Result<()>>,
    retire: impl Fn(Pin<&mut C>),
) -> Ended {
    let mut retired = false;
    poll_fn(|context| {
        line.listen(context);
        if let Poll::Ready(result) = poll(conversation.as_mut(), context) {
            return Poll::Ready(Ended::Over(result));
        }
        if let Some(cause) = line.overdue() {
            worker.shard.cut(cause);
            line.give_up(Some(cause));
            return Poll::Ready(Ended::Overdue);
        }
        if !retired && worker.retires(line.active() > 0) {
            retired = true;
            retire(conversation.as_mut());
            if let Poll::Ready(result) = poll(conversation.as_mut(), context) {
                return Poll::Ready(Ended::Over(result));
            }
        }
        match worker.retires(false) && line.is_mid_head() {
            true => Poll::Ready(Ended::Overdue),
            false => Poll::Pending,
        }
    })
    .await
}

/// Writes last words and ends the sending side, then listens for a while to what the caller still sends.
async fn dismiss(worker: &Worker, link: &mut Link, last_words: &[u8]) {
    let listen = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut heard = 0;
        let _ = link.write_all(last_words).await;
        let _ = link.shutdown().await;
        while let Ok(more @ 1..) = link.read(&mut buffer).await {
            heard += more;
            if heard > LINGER_BYTES {
                break;
            }
        }
    };
    within(&worker.clock, LINGER_FOR, listen).await;
}
