//! Client certificates: what a connection proved at its handshake, read once and asked about by every request on it.

pub(crate) mod method;
pub mod name;

use crate::der::Der;
use aws_lc_rs::digest;
use name::Name;
use std::sync::Arc;

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
/// `[0]`: the version. `[3]`: the extensions.
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
/// `2.5.29.17`.
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1D, 0x11];

/// SHA-256 of a certificate in DER: `x5t#S256` of RFC 8705 section 3.1 before it is spelled.
pub type Thumbprint = [u8; 32];

/// Another name of a certificate's subject (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherName {
    /// A host name, in lower case.
    Dns(String),
    /// A URI, such as a SPIFFE ID.
    Uri(String),
    /// A mail address.
    Email(String),
}

/// The certificate of a caller who proved to have its key, and whose authority was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// SHA-256 of the certificate.
    pub thumbprint: Thumbprint,
    /// Its subject; `None` if that is empty, or written in a way that is not compared.
    pub subject: Option<Name>,
    /// Other names of its subject.
    pub names: Vec<OtherName>,
    /// Thumbprints of the authorities that it may have come from.
    pub authorities: Arc<[Thumbprint]>,
}

impl ClientCertificate {
    /// Reads a certificate that was verified. What cannot be read of it is as if it were not there.
    #[must_use]
    pub fn read(der: &[u8], authorities: Arc<[Thumbprint]>) -> Self {
        let (subject, names) = parts(der).unwrap_or_default();
        let names = names.map(other_names).unwrap_or_default();
        let subject = subject.filter(|subject| !subject.is_empty()).and_then(Name::from_der);
        Self { thumbprint: thumbprint(der), subject, names, authorities }
    }
}

/// SHA-256 of a certificate in DER.
#[must_use]
pub fn thumbprint(der: &[u8]) -> Thumbprint {
    let mut thumbprint = [0; 32];
    let digest = digest::digest(&digest::SHA256, der);
    thumbprint.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    thumbprint
}

type Parts<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// The subject, and the value of the extension with other names.
fn parts(der: &[u8]) -> Option<Parts<'_>> {
    let mut body = Der(Der(Der(der).read(SEQUENCE)?).read(SEQUENCE)?);
    body.read(VERSION);
    // Serial number, signature, issuer, validity.
    let subject = body.nth(4).filter(|(tag, _)| *tag == SEQUENCE).map(|(_, subject)| subject)?;
    let extensions = body.find(|(tag, _)| *tag == EXTENSIONS).and_then(|(_, all)| Der(all).read(SEQUENCE));
    Some((Some(subject), extensions.and_then(subject_alternative_name)))
}

fn subject_alternative_name(extensions: &[u8]) -> Option<&[u8]> {
    Der(extensions).find_map(|(_, extension)| {
        let mut extension = Der(extension);
        let id = extension.read(OBJECT_ID)?;
        // Whether it is critical makes no difference here.
        let value = extension.find(|(tag, _)| *tag == OCTETS)?.1;
        (id == SUBJECT_ALTERNATIVE_NAME).then(|| Der(value).read(SEQUENCE))?
    })
}

fn other_names(names: &[u8]) -> Vec<OtherName> {
    let text = |value: &[u8]| std::str::from_utf8(value).ok().filter(|text| text.is_ascii()).map(str::to_owned);
    Der(names)
        .filter_map(|(tag, value)| match tag {
            0x81 => text(value).map(OtherName::Email),
            0x82 => text(value).map(|name| OtherName::Dns(name.to_ascii_lowercase())),
            0x86 => text(value).map(OtherName::Uri),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
