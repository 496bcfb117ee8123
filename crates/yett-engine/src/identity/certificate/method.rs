//! The method `certificate`: who has the key of a certificate of an app is that app.

use crate::Refusal;
use crate::identity::{Asked, Found, Method, Principal, Sent, refuse};
use http::HeaderName;
use yett_model::Code;

const CHALLENGE: &str = "Certificate realm=\"yett\"";

/// The method `certificate`.
#[derive(Debug)]
pub(crate) struct ByCertificate;

impl Method for ByCertificate {
    fn name(&self) -> &'static str {
        "certificate"
    }

    fn sent(&self, asked: &Asked<'_>) -> Sent {
        if asked.caller.certificate.is_some() { Sent::Elsewhere } else { Sent::Nothing }
    }

    fn look(&self, asked: &Asked<'_>) -> Result<Found, Box<Refusal>> {
        let Some(certificate) = &asked.caller.certificate else { return Ok(Found::Nothing) };
        let app = asked.proofs.app_of(certificate).map_err(|several| {
            let whose = if several { "several apps" } else { "no app" };
            refuse(
                CHALLENGE,
                Code::CredentialInvalid,
                format!("the certificate {} belongs to {whose}", short(&certificate.thumbprint)),
            )
        })?;
        let credential = Some(format!("certificate-{}", short(&certificate.thumbprint)).into());
        Ok(Found::Caller(Principal { credential, method: "certificate", ..Principal::of(app.clone()) }))
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn hint(&self) -> Option<String> {
        Some("Show a client certificate in the TLS handshake.".to_owned())
    }

    /// A certificate stands in no field: `Client-Cert` of a caller is never heard.
    fn takes(&self, _: &HeaderName) -> bool {
        false
    }
}

/// The first 16 hex digits.
fn short(thumbprint: &[u8]) -> String {
    thumbprint.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
