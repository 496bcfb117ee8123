//! What was asked, counted. Labels are names of the configuration, never anything that a caller sends.

use crate::metrics::Histogram;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A callout.
    Callout,
    /// An issuer, about a token.
    Introspection,
    /// An issuer, for its keys.
    KeySet,
    /// An issuer, for its metadata.
    Metadata,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Callout => "callout",
            Self::Introspection => "introspection",
            Self::KeySet => "keys",
            Self::Metadata => "metadata",
        }
    }
}

/// About one who is asked. The thread that asks writes all but `kept`.
#[derive(Debug, Default)]
pub(crate) struct Figure {
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Questions that a kept answer answered.
    pub(crate) kept: AtomicU64,
    pub(crate) durations: Histogram,
}

/// Whom a figure is about.
pub(crate) type Whom = (Kind, Arc<str>);

/// About all, by kind and name. Series outlive plans.
#[derive(Debug, Default)]
pub(crate) struct Figures(Mutex<BTreeMap<Whom, Arc<Figure>>>);

impl Figures {
    /// The figure of one; made when first asked for.
    pub(super) fn of(&self, kind: Kind, name: &Arc<str>) -> Arc<Figure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((kind, name.clone())).or_default().clone()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(Whom, Arc<Figure>)> {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        figures.iter().map(|(key, figure)| (key.clone(), figure.clone())).collect()
    }
}

impl Figure {
    pub(super) fn count_kept(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }
}
