//! One request on one stream of an HTTP/2 connection (RFC 9113).

use super::content::Content;
use super::head::{Answered, Framing};
use super::shared::Place;
use super::{Failure, broken};
use crate::body::Upload;
use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Uri, Version};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Most that is handed to the library at once.
const PIECE: usize = 16 * 1024;

/// Where a request stands.
enum State {
    /// It could not be sent.
    Failed(Option<Failure>),
    /// Its answer's head is not there yet.
    Asked(ResponseFuture),
    /// The body of its answer arrives.
    Answered(RecvStream),
    /// Its answer is complete.
    Finished,
}

/// A request under way on HTTP/2.
pub(super) struct Http2 {
    place: Place,
    state: State,
    sending: Option<SendStream<Bytes>>,
    next: Bytes,
    upload: Option<Box<Upload>>,
    progress: u64,
    left: Option<u64>,
    trailers: Option<HeaderMap>,
}

impl Http2 {
    /// A request that is sent on a stream of its own.
    pub(super) fn new(mut place: Place, parts: &Parts, content: Content) -> Self {
        let framing = content.framing();
        let (next, upload) = match content {
            Content::None => (Bytes::new(), None),
            Content::Whole(bytes) => (bytes, None),
            Content::Stream(upload, _) => (Bytes::new(), Some(upload)),
        };
        let bodiless = next.is_empty() && upload.is_none();
        let sent = head(parts, framing, place.is_tls())
            .and_then(|request| place.sender().send_request(request, bodiless).map_err(|error| unanswered(&error)));
        let (state, sending) = match sent {
            Ok((asked, sending)) => (State::Asked(asked), (!bodiless).then_some(sending)),
            Err(failure) => (State::Failed(Some(failure)), None),
        };
        Self { place, state, sending, next, upload, progress: 0, left: None, trailers: None }
    }

    /// Bytes of the request that could be sent so far.
    pub(super) fn progress(&self) -> u64 {
        self.progress
    }

    /// Nothing came in time: whether the connection still lives is in doubt, so it takes no more requests.
    pub(super) fn doubt(&self) {
        self.place.retire();
    }

    /// Whether the caller's body has to go on before the request can.
    pub(super) fn awaits_caller(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| upload.is_waiting())
    }

    /// Sends the request and reads the head of the answer.
    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Answered, Failure>> {
        self.send(context)?;
        let asked = match &mut self.state {
            State::Asked(asked) => asked,
            State::Failed(failure) => return Poll::Ready(Err(failure.take().unwrap_or(Failure::Closed))),
            State::Answered(_) | State::Finished => return Poll::Ready(Err(broken("the answer was read already"))),
        };
        let (head, body) = match ready!(Pin::new(asked).poll(context)) {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                let failure = unanswered(&error);
                if matches!(failure, Failure::Unprocessed) {
                    self.place.retire();
                }
                return Poll::Ready(Err(failure));
            }
        };
        self.left = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let ended = body.is_end_stream();
        self.state = if ended { State::Finished } else { State::Answered(body) };
        let framing = match (ended, self.left) {
            (true, _) => Framing::None,
            (false, Some(left)) => Framing::Length(left),
            (false, None) => Framing::Close,
        };
        Poll::Ready(Ok(Answered { status: head.status, headers: head.headers, framing, keep_alive: true }))
    }

    /// Bytes of the body still to come, when known.
    pub(super) fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Finished => Some(0),
            _ => self.left,
        }
    }

    /// Whether the whole answer was taken, but for its trailers.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// The trailers of an answer that is finished.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Whether there are trailers to take.
    pub(super) fn has_trailers(&self) -> bool {
        self.trailers.is_some()
    }

    /// The next part of the body; `None` at its end.
    pub(super) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        if let Err(failure) = self.send(context) {
            return Poll::Ready(Some(Err(failure)));
        }
        loop {
            let State::Answered(body) = &mut self.state else { return Poll::Ready(None) };
            match ready!(body.poll_data(context)) {
                Some(Ok(data)) => {
                    // The upstream may send as much again only now: what a slow caller does not take is not read either.
                    let _ = body.flow_control().release_capacity(data.len());
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    if body.is_end_stream() {
                        self.state = State::Finished;
                    }
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(cut(&error)))),
                None => {
                    self.trailers = match ready!(body.poll_trailers(context)) {
                        Ok(trailers) => trailers,
                        Err(error) => return Poll::Ready(Some(Err(cut(&error)))),
                    };
                    self.state = State::Finished;
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// Sends as much as the upstream takes now. One that takes no more may still answer, so that is no failure.
    fn send(&mut self, context: &mut Context<'_>) -> Result<(), Failure> {
        while let Some(stream) = &mut self.sending {
            match poll_send(stream, &mut self.next, &mut self.upload, context) {
                Poll::Ready(Ok((sent, more))) => {
                    self.progress += sent as u64;
                    if !more {
                        self.sending = None;
                        self.upload = None;
                    }
                }
                Poll::Ready(Err(failure)) => {
                    stream.send_reset(Reason::CANCEL);
                    return Err(failure);
                }
                Poll::Pending => return Ok(()),
            }
        }
        Ok(())
    }
}

/// Sends the next piece; tells its length, and whether there may be more to send.
fn poll_send(
    stream: &mut SendStream<Bytes>,
    next: &mut Bytes,
    upload: &mut Option<Box<Upload>>,
    context: &mut Context<'_>,
) -> Poll<Result<(usize, bool), Failure>> {
    if next.is_empty() {
        let Some(arriving) = upload else { return Poll::Ready(Ok((0, false))) };
        match ready!(arriving.poll_next(context)) {
            Some(data) => *next = data?,
            None => {
                end(stream, arriving.take_trailers());
                return Poll::Ready(Ok((1, false)));
            }
        }
    }
    let Some(room) = ready!(poll_room(stream, next.len().min(PIECE), context)) else { return Poll::Ready(Ok((0, false))) };
    let piece = next.split_to(next.len().min(room));
    let (length, last) = (piece.len(), next.is_empty() && upload.is_none());
    let sent = stream.send_data(piece, last).is_ok();
    Poll::Ready(Ok((length, sent && !last)))
}

/// Waits for the upstream's window; `None` once it takes no more.
fn poll_room(stream: &mut SendStream<Bytes>, wanted: usize, context: &mut Context<'_>) -> Poll<Option<usize>> {
    stream.reserve_capacity(wanted);
    while stream.capacity() == 0 {
        match ready!(stream.poll_capacity(context)) {
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Poll::Ready(None),
        }
    }
    Poll::Ready(Some(stream.capacity()))
}

/// Ends a request; an upstream that has gone meanwhile shows where its answer is read.
fn end(stream: &mut SendStream<Bytes>, trailers: Option<HeaderMap>) {
    let _ = match trailers {
        Some(trailers) => stream.send_trailers(trailers),
        None => stream.send_data(Bytes::new(), true),
    };
}

/// The head of a request as HTTP/2 has it: `Host` becomes the authority, framing is the stream's own.
fn head(parts: &Parts, framing: Framing, tls: bool) -> Result<Request<()>, Failure> {
    let unsent = |error: http::Error| broken(format!("the request cannot be sent over HTTP/2: {error}"));
    let authority = parts.headers.get(HOST).map_or(&b""[..], HeaderValue::as_bytes);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let scheme = if tls { Scheme::HTTPS } else { Scheme::HTTP };
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(target).build().map_err(unsent)?;
    let mut request = Request::builder().method(&parts.method).uri(uri).version(Version::HTTP_2).body(()).map_err(unsent)?;
    let headers = request.headers_mut();
    headers.reserve(parts.headers.len());
    for (name, value) in &parts.headers {
        if !matches!(*name, HOST | CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION) {
            headers.append(name, value.clone());
        }
    }
    if let Framing::Length(length) = framing {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(request)
}

/// Why there is no head of an answer. The upstream says of some requests that it has not begun them (RFC 9113 sections
/// 6.8 and 8.7): those can be sent again whatever they are.
fn unanswered(error: &h2::Error) -> Failure {
    let refused = error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM);
    // The library refuses some answers itself, with the same words.
    if refused && error.is_remote() {
        return Failure::Unprocessed;
    }
    match error.is_io() || (error.is_reset() && error.is_remote()) {
        true => Failure::Closed,
        false => broken(format!("the upstream's answer is not HTTP/2: {error}")),
    }
}

fn cut(error: &h2::Error) -> Failure {
    broken(format!("the upstream's answer ended early: {error}"))
}
