//! Detectors: personal data and secrets that stand in a text, found without a contract that says so.
//!
//! Pure functions over text, in time linear in its length: every look ahead is bounded. What has a checksum is held
//! against it (cards, IBANs, many national ids, our own keys); what has none (phone numbers) is found by its form, and may
//! be something else. Nothing here keeps or tells a value: what is found is a span and a class.
//!
//! Never here: what is done about a finding. That is the `mask` guard's.

mod checks;
mod contacts;
mod iban;
mod identities;
mod names;
mod numbers;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use checks::luhn_digit;
pub use names::is_secret_name;
pub use secrets::is_random;

use std::ops::Range;

macro_rules! kinds {
    ($($kind:ident $class:literal $weak:literal;)*) => {
        /// What can be found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $class] $kind,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// The class of the data, dotted: `pii.card`.
            #[must_use]
            pub fn class(self) -> &'static str {
                match self {
                    $(Kind::$kind => $class,)*
                }
            }

            /// Whether so many numbers pass its check that it is only looked for by its full name.
            #[must_use]
            pub fn is_weak(self) -> bool {
                match self {
                    $(Kind::$kind => $weak,)*
                }
            }
        }
    };
}

kinds! {
    Card "pii.card" false;
    Iban "pii.account.iban" false;
    Email "pii.email" false;
    Phone "pii.phone" false;
    UsSsn "pii.identity.us-ssn" false;
    UkNino "pii.identity.uk-nino" false;
    DeTax "pii.identity.de-tax" false;
    FrNir "pii.identity.fr-nir" false;
    EsDni "pii.identity.es-dni" false;
    ItCodice "pii.identity.it-codice-fiscale" false;
    BrCpf "pii.identity.br-cpf" false;
    InAadhaar "pii.identity.in-aadhaar" true;
    NlBsn "pii.identity.nl-bsn" true;
    PlPesel "pii.identity.pl-pesel" false;
    AwsKey "secret.aws" false;
    GithubToken "secret.github" false;
    GitlabToken "secret.gitlab" false;
    SlackToken "secret.slack" false;
    StripeKey "secret.stripe" false;
    GoogleKey "secret.google" false;
    NpmToken "secret.npm" false;
    Jwt "secret.jwt" false;
    PrivateKey "secret.private-key" false;
    YettKey "secret.yett" false;
    Named "secret.named" false;
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// The kinds whose class is one of these or below it; weak ones only by their full name.
    #[must_use]
    pub fn of<'c>(classes: impl IntoIterator<Item = &'c str> + Clone) -> Self {
        let wanted = |kind: &&Kind| {
            let named = |class: &str| if kind.is_weak() { kind.class() == class } else { covers(class, kind.class()) };
            classes.clone().into_iter().any(named)
        };
        Self(Kind::ALL.iter().filter(wanted).fold(0, |set, kind| set | 1 << *kind as u32))
    }

    /// These kinds.
    #[must_use]
    pub fn only(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u32))
    }

    /// Whether a kind is in it.
    #[must_use]
    pub fn has(self, kind: Kind) -> bool {
        self.0 >> kind as u32 & 1 == 1
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Whether a class is another or stands above it: `pii` covers `pii.email`.
#[must_use]
pub fn covers(class: &str, other: &str) -> bool {
    other.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Something that was found: bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What of `kinds` stands in a text, in its order; no two overlap.
#[must_use]
pub fn find(text: &str, kinds: Kinds) -> Vec<Found> {
    let mut found = Vec::new();
    if kinds.is_empty() {
        return found;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match look(text, at, kinds) {
            Some(one) => {
                at = one.span.end.max(at + 1);
                // An address is found by its `@`, behind which it began.
                while found.pop_if(|last: &mut Found| last.span.end > one.span.start).is_some() {}
                found.push(one);
            }
            None => at = next(bytes, at),
        }
    }
    found
}

/// What begins at a place, or has its mark there.
fn look(text: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let bytes = text.as_bytes();
    match *bytes.get(at)? {
        b'@' => contacts::email(bytes, at, kinds),
        b'-' => secrets::private_key(text, at, kinds),
        _ if !begins_word(bytes, at) => None,
        b'0'..=b'9' | b'+' | b'(' => numbers::at(bytes, at, kinds).or_else(|| identities::dni(bytes, at, kinds)),
        byte if byte.is_ascii_alphabetic() => iban::at(bytes, at, kinds)
            .or_else(|| identities::word(bytes, at, kinds))
            .or_else(|| secrets::token(text, at, kinds))
            .or_else(|| secrets::named(text, at, kinds)),
        _ => None,
    }
}

/// The next place where something can begin.
fn next(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let mark = |byte: &u8| matches!(byte, b'@' | b'-' | b'+' | b'(');
    let mut inside = bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let skipped = rest.iter().position(|byte| {
        let is_word = byte.is_ascii_alphanumeric();
        let begins = is_word && !inside;
        inside = is_word;
        begins || mark(byte)
    });
    skipped.map_or(bytes.len(), |skipped| at + 1 + skipped)
}

/// Whether what stands at a place is not the rest of a word or number.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    !at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a word ends before a place.
fn ends_word(bytes: &[u8], end: usize) -> bool {
    !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric)
}

/// One that was found, if it is wanted.
fn found(kinds: Kinds, kind: Kind, span: Range<usize>) -> Option<Found> {
    kinds.has(kind).then_some(Found { span, kind })
}
