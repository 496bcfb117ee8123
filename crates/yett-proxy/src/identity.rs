//! Reading the keys that tokens for upstreams are signed with.

use crate::error::Error;
use crate::options::Secret;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use yett_engine::Signer;

/// The signer that options name; `None` if they name no key.
///
/// # Errors
/// `identity-key-invalid`; the message says what was expected and never what was found.
pub(crate) fn signer(keys: &[Secret]) -> Result<Option<Signer>, Error> {
    if keys.is_empty() {
        return Ok(None);
    }
    let keys = keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Signer::new(&keys).map(Some).map_err(|message| Error::new("identity-key-invalid", message))
}

fn read(key: &Secret) -> Result<Vec<u8>, Error> {
    let text = key.reveal().trim();
    let invalid = |message: &str| Error::new("identity-key-invalid", message);
    let pem = match text.starts_with("-----") {
        true => text.to_owned(),
        false => std::fs::read_to_string(text).map_err(|_| invalid("an identity key is neither PEM nor the path of a file"))?,
    };
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
    der.map(|der| der.secret_pkcs8_der().to_vec()).map_err(|_| invalid("an identity key must be PEM with a PKCS #8 private key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_in_pem_signs_and_no_key_is_no_signer() {
        assert!(signer(&[Secret::new(PEM)]).unwrap().is_some());
        assert!(signer(&[]).unwrap().is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for wrong in ["", "hush-hush", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"] {
            let error = signer(&[Secret::new(wrong)]).err().unwrap();
            assert_eq!(error.code(), "identity-key-invalid");
            assert!(!error.message().contains("hush"), "{error}");
        }
    }
}
