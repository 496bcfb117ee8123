//! Events on their way out: each worker collects lines, one thread writes them and holds the latest for the host.
//!
//! Nothing here makes a request wait: when the writer cannot follow, events are dropped and counted.

use crate::error::Error;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use yett_engine::{End, Exchange};

const BATCH: usize = 64 * 1024;
/// Batches under way to the writer, over all workers.
const UNDER_WAY: usize = 128;
/// How long the last events may take to be written even if there is no grace.
const LEAST: Duration = Duration::from_secs(1);

struct Batch {
    lines: Vec<u8>,
    count: u64,
}

/// The latest events, for the host.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    capacity: usize,
    lines: Mutex<VecDeque<Vec<u8>>>,
    dropped: AtomicU64,
    /// Handed to the writer and not written yet.
    under_way: AtomicU64,
}

impl Ring {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    fn hold(&self, batch: &[u8]) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for line in batch.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if lines.len() >= self.capacity {
                lines.pop_front();
                self.dropped(1);
            }
            lines.push_back(line.to_vec());
        }
    }

    /// Takes up to `most` events, the oldest first.
    pub(crate) fn take(&self, most: usize) -> Vec<Vec<u8>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lines.len().min(most);
        lines.drain(..taken).collect()
    }

    fn dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// Events that were lost: not written, or not fetched in time.
    pub(crate) fn lost(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A worker's end.
pub(crate) struct Recorder {
    lines: Vec<u8>,
    count: u64,
    out: Option<SyncSender<Batch>>,
    ring: Arc<Ring>,
}

impl Recorder {
    /// Writes an event; costs nothing when nobody wants events.
    pub(crate) fn record(&mut self, exchange: &Exchange, end: &End) {
        if self.out.is_none() {
            return;
        }
        if self.lines.capacity() == 0 {
            self.lines.reserve(BATCH + BATCH / 8);
        }
        exchange.record(end, &mut self.lines);
        self.count += 1;
        if self.lines.len() >= BATCH {
            self.flush();
        }
    }

    /// Hands over what was collected.
    pub(crate) fn flush(&mut self) {
        let Some(out) = self.out.as_ref().filter(|_| self.count > 0) else { return };
        let batch = Batch { lines: std::mem::take(&mut self.lines), count: std::mem::take(&mut self.count) };
        self.ring.under_way.fetch_add(batch.count, Ordering::Relaxed);
        if let Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) = out.try_send(batch) {
            self.ring.under_way.fetch_sub(batch.count, Ordering::Relaxed);
            self.ring.dropped(batch.count);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Where lines are written.
enum Log {
    Off,
    Standard,
    File(File),
}

impl Log {
    fn open(target: &str) -> Result<Self, Error> {
        match target {
            "off" => Ok(Self::Off),
            "-" => Ok(Self::Standard),
            path => OpenOptions::new().create(true).append(true).open(path).map(Self::File).map_err(|error| {
                Error::new(
                    "access-log-failed",
                    format!("the access log {path} cannot be opened ({error}): use a path that can be written, `-` or `off`"),
                )
            }),
        }
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Off => Ok(()),
            Self::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(lines)?;
                out.flush()
            }
            Self::File(file) => file.write_all(lines),
        }
    }
}

/// The writing thread and the way to it.
pub(crate) struct Writer {
    out: Option<SyncSender<Batch>>,
    ring: Arc<Ring>,
    /// Disconnects when the thread ends.
    ended: Receiver<()>,
    abandoned: Arc<AtomicBool>,
}

impl Writer {
    /// Opens the log and starts the thread; neither if nobody wants events.
    ///
    /// # Errors
    /// `access-log-failed` or `thread-failed`.
    pub(crate) fn start(target: &str, ring: Arc<Ring>) -> Result<Self, Error> {
        let log = Log::open(target)?;
        let (ending, ended) = sync_channel(0);
        let abandoned = Arc::new(AtomicBool::new(false));
        if matches!(log, Log::Off) && ring.capacity == 0 {
            return Ok(Self { out: None, ring, ended, abandoned });
        }
        let (out, batches) = sync_channel(UNDER_WAY);
        let (held, given_up) = (ring.clone(), abandoned.clone());
        let work = move || {
            let _ending = ending;
            write(log, &batches, &held, &given_up);
        };
        let thread = std::thread::Builder::new().name("yett-record".to_owned()).spawn(work);
        thread.map_err(|error| Error::new("thread-failed", format!("the record thread cannot start: {error}")))?;
        Ok(Self { out: Some(out), ring, ended, abandoned })
    }

    /// The end of a new worker.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder { lines: Vec::new(), count: 0, out: self.out.clone(), ring: self.ring.clone() }
    }

    /// Waits until everything is written, until `deadline` but for [`LEAST`]; the recorders must be gone. A log that
    /// takes nothing must not keep the gateway: what is not written then is lost, and the thread ends when it can.
    pub(crate) fn finish(mut self, deadline: Instant) {
        self.out = None;
        let patience = deadline.saturating_duration_since(Instant::now()).max(LEAST);
        if self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            self.abandoned.store(true, Ordering::Relaxed);
            self.ring.dropped(self.ring.under_way.swap(0, Ordering::Relaxed));
        }
    }
}

fn write(mut log: Log, batches: &Receiver<Batch>, ring: &Ring, abandoned: &AtomicBool) {
    for batch in batches {
        if log.write(&batch.lines).is_err() {
            ring.dropped(batch.count);
        }
        if abandoned.load(Ordering::Relaxed) {
            return;
        }
        ring.under_way.fetch_sub(batch.count, Ordering::Relaxed);
        if ring.capacity > 0 {
            ring.hold(&batch.lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_latest_and_counts_what_it_lost() {
        let ring = Ring::new(2);
        ring.hold(b"a\nb\nc\n");
        assert_eq!(ring.take(1), [b"b"]);
        assert_eq!(ring.take(9), [b"c"]);
        assert_eq!(ring.lost(), 1);
    }

    #[test]
    fn a_log_that_cannot_be_opened_says_so() {
        let error = Writer::start("/no/such/folder/log", Arc::new(Ring::new(0))).err().unwrap();
        assert_eq!(error.code(), "access-log-failed");
    }

    #[test]
    fn a_writer_that_is_gone_costs_events_but_no_more() {
        let ring = Arc::new(Ring::new(1));
        let (out, batches) = sync_channel(1);
        drop(batches);
        let mut recorder = Recorder { lines: b"x\n".to_vec(), count: 1, out: Some(out), ring: ring.clone() };
        recorder.flush();
        assert_eq!(ring.lost(), 1);
    }
}
