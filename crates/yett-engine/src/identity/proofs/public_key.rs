//! Public keys as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), each for one algorithm.

use crate::der::Der;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use data_encoding::BASE64;
use yett_model::snapshot::SigningAlgorithm;

const SEQUENCE: u8 = 0x30;
const BITS: u8 = 0x03;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const ED25519_ID: &[u8] = &[0x2B, 0x65, 0x70];
const EC_ID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256_ID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const RSA_ID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const RSA_PSS_ID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];

/// A public key that verifies by the one algorithm it is for.
pub struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Reads a key in base64; `None` if it is not for the algorithm, or is too weak.
    #[must_use]
    pub fn read(algorithm: SigningAlgorithm, text: &str) -> Option<Self> {
        let der = BASE64.decode(text.as_bytes()).ok()?;
        let mut outer = Der(&der);
        let mut info = Der(outer.read(SEQUENCE)?);
        let mut kind = Der(info.read(SEQUENCE)?);
        let id = kind.read(OBJECT_ID)?;
        let key = info.read(BITS)?.strip_prefix(&[0])?;
        let verifier: &'static dyn VerificationAlgorithm = match algorithm {
            SigningAlgorithm::Ed25519 if id == ED25519_ID && key.len() == 32 => &ED25519,
            SigningAlgorithm::EcdsaP256Sha256 if id == EC_ID && kind.read(OBJECT_ID)? == P256_ID && key.len() == 65 => {
                &ECDSA_P256_SHA256_FIXED
            }
            SigningAlgorithm::RsaPssSha512 if (id == RSA_ID || id == RSA_PSS_ID) && modulus_bytes(key)? >= 256 => {
                &RSA_PSS_2048_8192_SHA512
            }
            _ => return None,
        };
        outer.0.is_empty().then(|| Self(UnparsedPublicKey::new(verifier, key.to_vec())))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), aws_lc_rs::error::Unspecified> {
        self.0.verify(message, signature)
    }
}

fn modulus_bytes(key: &[u8]) -> Option<usize> {
    let modulus = Der(Der(key).read(SEQUENCE)?).read(INTEGER)?;
    Some(modulus.strip_prefix(&[0]).unwrap_or(modulus).len())
}
