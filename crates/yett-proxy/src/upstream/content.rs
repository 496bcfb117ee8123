//! Bodies on their way: the one that goes upstream, and the parts of the one that comes back.

use super::head::Framing;
use crate::body::Upload;
use bytes::{Bytes, BytesMut};

/// The body of a request as it goes upstream.
pub(crate) enum Content {
    /// There is none.
    None,
    /// It is here.
    Whole(Bytes),
    /// It is still arriving; the length if it is known.
    Stream(Box<Upload>, Option<u64>),
}

impl Content {
    /// The framing it needs.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Self::None => Framing::None,
            Self::Whole(bytes) => Framing::Length(bytes.len() as u64),
            Self::Stream(_, Some(length)) => Framing::Length(*length),
            Self::Stream(_, None) => Framing::Chunked,
        }
    }

    /// Whether it can be sent a second time.
    pub(crate) fn can_repeat(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    /// What can be sent a second time, for a second time.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Whole(bytes) => Self::Whole(bytes.clone()),
            Self::None | Self::Stream(..) => Self::None,
        }
    }
}

/// Parts of a body, in order. One part is kept as it is; more are joined only when asked for.
#[derive(Default)]
pub(crate) struct Gathered {
    first: Bytes,
    more: Vec<Bytes>,
    length: usize,
}

impl Gathered {
    pub(super) fn push(&mut self, data: Bytes) {
        self.length += data.len();
        match self.first.is_empty() {
            true => self.first = data,
            false => self.more.push(data),
        }
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// All parts in one piece.
    pub(crate) fn join(self) -> Bytes {
        if self.more.is_empty() {
            return self.first;
        }
        let mut whole = BytesMut::with_capacity(self.length);
        whole.extend_from_slice(&self.first);
        self.more.iter().for_each(|part| whole.extend_from_slice(part));
        whole.freeze()
    }
}
