//! A certificate of the gateway as its files hold it: the chain, the key, the names it is for and when it expires.

use super::{Sources, invalid};
use crate::error::Error;
use crate::options::CertificateFiles;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use yett_engine::der::Der;

/// A certificate with its key.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// The file it came from.
    pub(crate) path: PathBuf,
    /// Chain and key.
    pub(crate) key: Arc<CertifiedKey>,
    /// DNS names of the leaf, wildcards among them.
    pub(crate) names: Vec<String>,
    /// Unix time in seconds after which it is not valid.
    pub(crate) expires_s: i64,
}

/// Reads a certificate and its key.
///
/// # Errors
/// `tls-invalid`, saying which file is at fault.
pub(super) fn read(files: &CertificateFiles, sources: &mut Sources, provider: &CryptoProvider) -> Result<Certificate, Error> {
    let chain = read_chain(&files.certificate, sources)?;
    let pem = sources.read(&files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unreadable(&files.key, &error))?;
    let leaf = chain.first().cloned().ok_or_else(|| no_certificate(&files.certificate))?;
    let key = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        invalid(format!("{certificate} and {key} do not work together: {error}"))
    })?;
    Ok(Certificate {
        names: names(&leaf).map_err(|error| unreadable(&files.certificate, &error))?,
        expires_s: expiry(&leaf).ok_or_else(|| unreadable(&files.certificate, &"its validity is not as in RFC 5280"))?,
        path: files.certificate.clone(),
        key: Arc::new(key),
    })
}

/// The certificates of a PEM file, at least one.
pub(super) fn read_chain(path: &Path, sources: &mut Sources) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = sources.read(path)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| unreadable(path, &error))?;
    if chain.is_empty() { Err(no_certificate(path)) } else { Ok(chain) }
}

fn no_certificate(path: &Path) -> Error {
    invalid(format!("{} holds no certificate in PEM form", path.display()))
}

/// The error of a file that does not hold what it should.
pub(super) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    invalid(format!("{} cannot be read: {error}", path.display()))
}

fn names(leaf: &CertificateDer<'_>) -> Result<Vec<String>, webpki::Error> {
    Ok(webpki::EndEntityCert::try_from(leaf)?.valid_dns_names().map(str::to_owned).collect())
}

/// `notAfter` of a certificate (RFC 5280 section 4.1.2.5), in seconds of Unix time.
fn expiry(der: &[u8]) -> Option<i64> {
    let (_, certificate) = Der(der).next()?;
    let (_, body) = Der(certificate).next()?;
    let mut body = Der(body);
    // The version is the one optional part: a serial number follows, signature and issuer.
    if body.next()?.0 == VERSION {
        body.next()?;
    }
    body.next()?;
    body.next()?;
    let mut validity = Der(body.next()?.1);
    validity.next()?;
    let (kind, text) = validity.next()?;
    moment(kind, std::str::from_utf8(text).ok()?)
}

const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

fn moment(kind: u8, text: &str) -> Option<i64> {
    let (year, rest) = match kind {
        UTC_TIME => {
            let year: i16 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let digits = rest.strip_suffix('Z').filter(|digits| digits.len() == 10)?;
    let part = |number: usize| digits.get(2 * number..2 * number + 2)?.parse::<i8>().ok();
    let time = DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(year: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned(), "*.b.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 2, 3);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_expiry_is_read_in_both_forms() {
        assert_eq!(expiry(&certificate(2049)), Some(2_495_923_200));
        assert_eq!(expiry(&certificate(2050)), Some(2_527_459_200));
    }

    #[test]
    fn the_names_are_those_of_the_leaf() {
        assert_eq!(names(&certificate(2049)).unwrap(), ["a.example", "*.b.example"]);
    }

    proptest! {
        #[test]
        fn what_is_no_certificate_has_no_expiry(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = expiry(&bytes);
        }

        #[test]
        fn a_certificate_cut_off_has_no_expiry(length in 0usize..40) {
            prop_assert_eq!(expiry(&certificate(2049)[..length]), None);
        }
    }
}
