//! Copies of requests for a target whose answers nobody sees. Nothing here can delay or fail the request itself.

use crate::pools::{ApiState, LocalPool};
use crate::trip::Trip;
use crate::upstream::{Call, Content};
use http::header::UPGRADE;
use http::request::Parts;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::spawn_local;

/// How much of a mirror's answer is read so that its connection can be used again.
const READ: u64 = 64 * 1024;

/// A copy's place among those under way.
struct Copying(Arc<ApiState>);

impl Drop for Copying {
    fn drop(&mut self) {
        self.0.copying.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Sends a copy if it is this request's turn, there is room, and the body is here.
pub(super) fn copy(trip: &mut Trip, pool: &LocalPool, parts: &Parts, content: &Content) {
    let Some(mirror) = &pool.mirror else { return };
    // A connection that is taken over has no copy.
    if parts.headers.contains_key(UPGRADE) || trip.worker.random() % 100 >= u128::from(mirror.settings.share) {
        return;
    }
    let state = &pool.state;
    let before = state.copying.fetch_add(1, Ordering::Relaxed);
    let copying = Copying(state.clone());
    let head = trip.exchange.copy_for(parts, &mirror.target);
    let Some(head) = head.filter(|_| content.can_repeat() && before < mirror.settings.max_in_flight) else {
        state.not_copied.fetch_add(1, Ordering::Relaxed);
        return;
    };
    state.copied.fetch_add(1, Ordering::Relaxed);
    trip.end.mirrored = true;
    let (content, upstream, clock) = (content.repeat(), mirror.upstream.clone(), trip.worker.clock.clone());
    let (limit, idle) = (mirror.response_timeout, Duration::from_secs(5));
    spawn_local(async move {
        let _copying = copying;
        let connection = match upstream.idle(&clock) {
            Some(connection) => connection,
            None => match upstream.connect(&clock).await {
                Ok(connection) => connection,
                Err(_) => return,
            },
        };
        let mut call = Call::new(upstream, clock, connection, &head, content);
        if call.head(limit).await.is_ok() {
            let _ = call.collect(READ, idle).await;
        }
    });
}
