//! What is no attack after all, where it stands.

use super::signatures::{SIGNATURES, Signature};
use crate::guards::leaves::{Leaf, Place};
use yett_model::Diagnostic;
use yett_model::snapshot::{Api, InjectionException, Mode, ValuePlace};

/// An exception as it holds for one operation.
pub(super) struct Exception {
    place: Option<ValuePlace>,
    name: Option<String>,
    families: Vec<String>,
    signatures: Vec<String>,
}

impl Exception {
    /// The exception, if it is for this operation; one for every operation is also for what no operation describes.
    pub(super) fn of(settings: &InjectionException, operation: Option<&str>) -> Option<Self> {
        let meant = settings.operation.as_deref().is_none_or(|meant| operation == Some(meant));
        meant.then(|| Self {
            place: settings.place,
            name: settings.name.clone(),
            families: settings.families.clone(),
            signatures: settings.signatures.clone(),
        })
    }

    /// Whether a signature does not count for a leaf.
    pub(super) fn covers(&self, signature: &Signature, leaf: &Leaf<'_>) -> bool {
        (self.signatures.contains(&signature.id) || self.families.contains(&signature.family))
            && self.place.is_none_or(|place| place == place_of(leaf.place))
            && self.name.as_ref().is_none_or(|name| self.is_name(name, leaf))
    }

    /// Header fields have no case.
    fn is_name(&self, name: &str, leaf: &Leaf<'_>) -> bool {
        match place_of(leaf.place) {
            ValuePlace::Header => leaf.name().eq_ignore_ascii_case(name),
            _ => leaf.name() == name,
        }
    }
}

fn place_of(place: Place) -> ValuePlace {
    match place {
        Place::Path => ValuePlace::Path,
        Place::Query => ValuePlace::Query,
        Place::Header | Place::OtherHeader => ValuePlace::Header,
        Place::Cookie => ValuePlace::Cookie,
        Place::Body => ValuePlace::Body,
    }
}

/// Adds exceptions that except nothing: of no signature, or of one or an operation that there is not. `path` is the JSON
/// pointer of the API in the snapshot.
pub(crate) fn check(api: &Api, path: &str, diagnostics: &mut Vec<Diagnostic>) {
    let settings = &api.guards.injection;
    if settings.mode == Mode::Off {
        return;
    }
    for (index, exception) in settings.exceptions.iter().enumerate() {
        let path = format!("{path}/guards/injection/exceptions/{index}");
        let mut report = |field: &str, code: &str, message: String| {
            diagnostics.push(Diagnostic::new(format!("{path}{field}"), code, message));
        };
        if exception.families.is_empty() && exception.signatures.is_empty() {
            report("", "exception-empty", "an exception names families or signatures".to_owned());
        }
        if let Some(operation) = exception.operation.as_ref().filter(|id| api.operations.iter().all(|known| known.id != **id)) {
            report("/operation", "exception-operation-unknown", format!("there is no operation '{operation}'"));
        }
        for (at, id) in exception.signatures.iter().enumerate() {
            if SIGNATURES.iter().all(|known| known.id != *id) {
                report(&format!("/signatures/{at}"), "exception-signature-unknown", format!("there is no signature '{id}'"));
            }
        }
        for (at, name) in exception.families.iter().enumerate() {
            if SIGNATURES.iter().all(|known| known.family != *name) {
                report(&format!("/families/{at}"), "exception-family-unknown", format!("there is no family '{name}'"));
            }
        }
    }
}
