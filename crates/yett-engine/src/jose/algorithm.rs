//! The signature algorithms (RFC 7518 section 3, RFC 8037). `none` is none of them.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};
use yett_model::snapshot::Algorithm::{self, *};

const NAMES: [(&str, Algorithm); 14] = [
    ("RS256", Rs256),
    ("RS384", Rs384),
    ("RS512", Rs512),
    ("PS256", Ps256),
    ("PS384", Ps384),
    ("PS512", Ps512),
    ("ES256", Es256),
    ("ES384", Es384),
    ("ES512", Es512),
    ("EdDSA", EdDsa),
    // RFC 9864 names the curve too.
    ("Ed25519", EdDsa),
    ("HS256", Hs256),
    ("HS384", Hs384),
    ("HS512", Hs512),
];

/// The algorithm of a name; `None` for any other name, `none` included.
pub(crate) fn named(name: &str) -> Option<Algorithm> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
}

/// Whether it needs a secret instead of a public key.
pub(crate) fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Hs256 | Hs384 | Hs512)
}

/// Those that an RSA key of an algorithm may be used with. The padding is bound. A key for PSS takes longer hashes
/// than it names (an issuer signs with one of them and publishes the key for all), never shorter ones.
pub(super) fn of_rsa(named: Option<Algorithm>) -> &'static [Algorithm] {
    match named {
        None => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
        Some(Rs256) => &[Rs256],
        Some(Rs384) => &[Rs384],
        Some(Rs512) => &[Rs512],
        Some(Ps256) => &[Ps256, Ps384, Ps512],
        Some(Ps384) => &[Ps384, Ps512],
        Some(Ps512) => &[Ps512],
        Some(_) => &[],
    }
}

pub(super) fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Ps256 => &RSA_PSS_2048_8192_SHA256,
        Ps384 => &RSA_PSS_2048_8192_SHA384,
        Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

pub(super) fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    Some(match algorithm {
        Hs256 => hmac::HMAC_SHA256,
        Hs384 => hmac::HMAC_SHA384,
        Hs512 => hmac::HMAC_SHA512,
        _ => return None,
    })
}

/// A curve by its name in a key (`crv`).
pub(super) struct Curve {
    /// The one algorithm it is used with.
    pub(super) algorithm: Algorithm,
    pub(super) verification: &'static dyn VerificationAlgorithm,
    /// Bytes of a coordinate.
    pub(super) size: usize,
}

static P256: EcdsaVerificationAlgorithm = ECDSA_P256_SHA256_FIXED;
static P384: EcdsaVerificationAlgorithm = ECDSA_P384_SHA384_FIXED;
static P521: EcdsaVerificationAlgorithm = ECDSA_P521_SHA512_FIXED;

impl Curve {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "P-256" => Self { algorithm: Es256, verification: &P256, size: 32 },
            "P-384" => Self { algorithm: Es384, verification: &P384, size: 48 },
            "P-521" => Self { algorithm: Es512, verification: &P521, size: 66 },
            "Ed25519" => Self { algorithm: EdDsa, verification: &ED25519, size: 32 },
            _ => return None,
        })
    }

    /// Whether a key's `alg` fits its curve. The curve alone says which algorithm it is, so that a frequent slip of the
    /// pen (`ES521` for the curve P-521) is harmless.
    pub(super) fn fits(&self, alg: &str) -> bool {
        named(alg) == Some(self.algorithm) || (alg == "ES521" && self.algorithm == Es512)
    }
}
