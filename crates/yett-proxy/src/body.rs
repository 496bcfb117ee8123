//! The caller's body: collected whole, streamed under a limit, or drained after a refusal.

use crate::clock::{Alarm, Clock, within};
use crate::patience::Patience;
use crate::upstream::Failure;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use hyper::body::Incoming;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use yett_engine::{Plan, trailers};

/// How long a refused caller's body is waited for, so that its connection can be used again.
const DRAIN_FOR: Duration = Duration::from_millis(250);

/// A body on its way upstream; it fails once it is longer than allowed, stalls or ends early.
pub(crate) struct Upload {
    body: Incoming,
    left: u64,
    counted: Rc<Cell<u64>>,
    clock: Rc<Clock>,
    patience: Patience,
    /// When it began to wait for the caller, and the end of its patience.
    waiting: Option<(u64, Alarm)>,
    trailers: Option<HeaderMap>,
    /// The plan, and the numbers of the API and the operation that the body is for: their rules hold for trailers too.
    plan: Arc<Plan>,
    api: u32,
    operation: Option<u32>,
    unhurried: bool,
}

impl Upload {
    /// A body of at most so many bytes for an API of a plan and one of its operations.
    pub(crate) fn new(
        body: Incoming,
        max_bytes: u64,
        clock: &Rc<Clock>,
        patience: Patience,
        (plan, api, operation): (Arc<Plan>, u32, Option<u32>),
    ) -> Self {
        Self {
            body,
            left: max_bytes,
            counted: Rc::default(),
            clock: clock.clone(),
            patience,
            waiting: None,
            trailers: None,
            plan,
            api,
            operation,
            unhurried: false,
        }
    }

    /// Makes it the body of a long stream: it may pause as long as `idle` again and again, and has no rate to keep to.
    pub(crate) fn unhurried(self, idle: Duration) -> Self {
        Self { unhurried: true, patience: Patience::new(idle, 0), ..self }
    }

    /// Bytes that were taken, readable after the upload has gone.
    pub(crate) fn counted(&self) -> Rc<Cell<u64>> {
        self.counted.clone()
    }

    /// The next part; `None` at the end.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let Poll::Ready(next) = poll_data(&mut self.body, &mut self.trailers, context) else {
            return self.wait(context).map(|()| Some(Err(Failure::BodyTimeout)));
        };
        let waited_us = self.waiting.take().map_or(0, |(since_us, _)| self.clock.latest_us().saturating_sub(since_us));
        Poll::Ready(next.map(|data| {
            let data = data?;
            self.patience.settle(if self.unhurried { 0 } else { waited_us }, data.len() as u64);
            self.left = self.left.checked_sub(data.len() as u64).ok_or(Failure::BodyTooLarge)?;
            self.counted.set(self.counted.get() + data.len() as u64);
            Ok(data)
        }))
    }

    /// Whether the caller has to send more before anything can go on.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// The fields after the body that may go upstream, once its end was reached.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        let mut trailers = self.trailers.take()?;
        trailers::of_request(&mut trailers, &self.plan, self.api, self.operation);
        (!trailers.is_empty()).then_some(trailers)
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (clock, patience) = (&self.clock, Duration::from_micros(self.patience.left_us()));
        let (_, alarm) = self.waiting.get_or_insert_with(|| (clock.latest_us(), Alarm::new(clock, patience)));
        alarm.poll(context)
    }
}

/// The next data of a body; trailers are laid aside.
fn poll_data(
    body: &mut Incoming,
    trailers: &mut Option<HeaderMap>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, Failure>>> {
    loop {
        match ready!(Pin::new(&mut *body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Err(_)) => return Poll::Ready(Some(Err(Failure::BodyIncomplete))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(data))),
                Err(frame) => *trailers = frame.into_trailers().ok(),
            },
        }
    }
}

/// The whole body.
///
/// # Errors
/// If it is longer than `max_bytes`, takes longer than `limit` or ends early.
pub(crate) async fn collect(body: &mut Incoming, max_bytes: u64, clock: &Rc<Clock>, limit: Duration) -> Result<Bytes, Failure> {
    within(clock, limit, gather(body, max_bytes)).await.unwrap_or(Err(Failure::BodyTimeout))
}

async fn gather(body: &mut Incoming, max_bytes: u64) -> Result<Bytes, Failure> {
    let mut whole = Bytes::new();
    let mut longer: Option<BytesMut> = None;
    while let Some(data) = poll_fn(|context| poll_data(body, &mut None, context)).await {
        let data = data?;
        let so_far = longer.as_ref().map_or(whole.len(), BytesMut::len) as u64;
        if so_far + data.len() as u64 > max_bytes {
            return Err(Failure::BodyTooLarge);
        }
        match &mut longer {
            None if whole.is_empty() => whole = data,
            None => longer = Some(join(&whole, &data, body.size_hint().lower())),
            Some(longer) => longer.extend_from_slice(&data),
        }
    }
    Ok(longer.map_or(whole, BytesMut::freeze))
}

/// Room is made for what the caller announced, within reason: an announcement alone must not take memory.
fn join(first: &Bytes, second: &Bytes, announced: u64) -> BytesMut {
    let more = usize::try_from(announced).unwrap_or(usize::MAX).min(64 * 1024);
    let mut joined = BytesMut::with_capacity(first.len() + second.len() + more);
    joined.extend_from_slice(first);
    joined.extend_from_slice(second);
    joined
}

/// Reads a small body that nobody wants, so that the connection can be used again; says whether its end was reached.
pub(crate) async fn drain(body: &mut Incoming, most: u64, clock: &Rc<Clock>) -> bool {
    match body.size_hint().exact() {
        Some(length) if length <= most => {}
        _ => return body.is_end_stream(),
    }
    within(clock, DRAIN_FOR, gather(body, most)).await.is_some_and(|drained| drained.is_ok())
}
