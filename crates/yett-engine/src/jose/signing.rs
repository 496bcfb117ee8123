//! Keys and tokens for tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{hmac, rsa};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::sync::OnceLock;

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// A private key.
pub(crate) enum Private {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    Secret(Vec<u8>),
}

impl Private {
    pub(crate) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn rsa() -> &'static Self {
        static KEY: OnceLock<Private> = OnceLock::new();
        KEY.get_or_init(|| Self::Rsa(RsaKeyPair::generate(rsa::KeySize::Rsa2048).unwrap()))
    }

    fn alg(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
            Self::Rsa(_) => "RS256",
            Self::Secret(_) => "HS256",
        }
    }

    /// The public half, or the secret.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = self.bare();
        jwk["kid"] = json!(kid);
        jwk["alg"] = json!(self.alg());
        jwk
    }

    pub(crate) fn bare(&self) -> Value {
        match self {
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..])})
            }
            Self::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key())}),
            // RFC 8017 appendix A.1.1: a sequence of the modulus, of 256 bytes, and the exponent 65537.
            Self::Rsa(pair) => json!({"kty": "RSA", "n": encoded(&pair.public_key().as_ref()[9..265]), "e": "AQAB"}),
            Self::Secret(secret) => json!({"kty": "oct", "k": encoded(secret)}),
        }
    }

    pub(crate) fn set(&self, kid: &str) -> Vec<u8> {
        json!({"keys": [self.jwk(kid)]}).to_string().into_bytes()
    }

    pub(crate) fn sign(&self, message: &str) -> String {
        let message = message.as_bytes();
        let random = SystemRandom::new();
        encoded(match self {
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Secret(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
        })
    }

    /// A token with any header and payload.
    pub(crate) fn raw(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(payload));
        let signature = self.sign(&signed);
        format!("{signed}.{signature}")
    }

    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        self.raw(&json!({"alg": self.alg(), "kid": kid}).to_string(), &claims.to_string())
    }
}
