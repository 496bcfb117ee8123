//! What the plan knows of apps' proofs: certificates, signing keys, secrets of webhooks, and passwords.
//!
//! Names are resolved when the plan is built. Secrets come beside the snapshot and are bound when it is applied.

mod public_key;

use super::AppPlan;
use super::basic::phc::Phc;
use super::certificate::name::Name;
use super::certificate::{ClientCertificate, OtherName, Thumbprint};
use super::secrets::Secrets;
use aws_lc_rs::hmac;
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::{App, AppCertificate, SigningAlgorithm};

pub use public_key::PublicKey;

/// Fewest bytes of a secret that hashes are keyed with.
const SHORTEST_SECRET: usize = 16;
/// For unknown users where there is no known one.
const NOBODYS_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What signatures of a key are verified with.
pub enum Signer {
    /// A public key.
    Public(PublicKey),
    /// A shared secret.
    Secret(Box<hmac::Key>),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signer")
    }
}

/// A key that an app signs requests with.
#[derive(Debug)]
pub struct SigningKey {
    /// `keyid`.
    pub id: Arc<str>,
    /// The one algorithm it is used with.
    pub algorithm: SigningAlgorithm,
    /// Absent while its secret is not bound.
    pub signer: Option<Signer>,
    /// The app.
    pub app: Arc<AppPlan>,
    secret: Option<Secret>,
}

/// A user name and its password's hash.
#[derive(Debug)]
pub struct Password {
    /// The user name.
    pub user: Arc<str>,
    /// The hash; absent while it is not bound.
    pub hash: Option<Arc<str>>,
    /// The app.
    pub app: Arc<AppPlan>,
    secret: Secret,
}

/// The name of a secret, and where it stands in the snapshot.
#[derive(Debug, Clone)]
struct Secret {
    name: String,
    path: String,
}

#[derive(Debug)]
struct Webhook {
    app: Arc<AppPlan>,
    secrets: Vec<Secret>,
    keys: Vec<hmac::Key>,
}

/// What a certificate is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Mark {
    Thumbprint(Thumbprint),
    Subject(String),
    Dns(String),
    Uri(String),
    Email(String),
}

#[derive(Debug)]
struct Marked {
    app: Arc<AppPlan>,
    authorities: Vec<Thumbprint>,
}

/// Every proof of every app.
#[derive(Debug, Default)]
pub struct Proofs {
    certificates: HashMap<Mark, Vec<Marked>>,
    signing_keys: HashMap<Box<str>, SigningKey>,
    webhooks: HashMap<Box<str>, Webhook>,
    passwords: HashMap<Box<str>, Password>,
    nobodys: Option<Arc<str>>,
}

impl Proofs {
    /// Adds those of an app; mistakes are reported.
    pub(crate) fn add(&mut self, app: &App, plan: &Arc<AppPlan>, path: &str, found: &mut Vec<Diagnostic>) {
        for (index, certificate) in app.certificates.iter().enumerate() {
            let path = format!("{path}/certificates/{index}");
            self.add_certificate(certificate, plan, &path).unwrap_or_else(|mistake| found.push(mistake));
        }
        for (index, key) in app.signing_keys.iter().enumerate() {
            let path = format!("{path}/signing_keys/{index}");
            match signing_key(key, plan, &path) {
                Ok(key) if self.signing_keys.contains_key(&*key.id) => found.push(taken(&path, "signing key", &key.id)),
                Ok(key) => drop(self.signing_keys.insert((*key.id).into(), key)),
                Err(mistake) => found.push(mistake),
            }
        }
        if !app.webhook_secrets.is_empty() {
            let secret =
                |(index, name): (usize, &String)| Secret { name: name.clone(), path: format!("{path}/webhook_secrets/{index}") };
            let secrets = app.webhook_secrets.iter().enumerate().map(secret).collect();
            self.webhooks.insert(app.name.as_str().into(), Webhook { app: plan.clone(), secrets, keys: Vec::new() });
        }
        for (index, password) in app.passwords.iter().enumerate() {
            let path = format!("{path}/passwords/{index}");
            let secret = Secret { name: password.hash.clone(), path: format!("{path}/hash") };
            let user: Arc<str> = password.user.as_str().into();
            if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
                found.push(Diagnostic::new(
                    format!("{path}/user"),
                    "user-invalid",
                    "a user name has no colon and no control character",
                ));
            }
            let known = Password { user: user.clone(), hash: None, app: plan.clone(), secret };
            if self.passwords.insert((*user).into(), known).is_some() {
                found.push(taken(&path, "user name", &user));
            }
        }
    }

    fn add_certificate(&mut self, certificate: &AppCertificate, app: &Arc<AppPlan>, path: &str) -> Result<(), Diagnostic> {
        let authorities: Option<Vec<Thumbprint>> = certificate.authorities.iter().map(|hex| thumbprint(hex)).collect();
        let invalid = |message: String| Diagnostic::new(path, "certificate-invalid", message);
        let authorities = authorities.ok_or_else(|| invalid("a thumbprint is 64 hex digits".to_owned()))?;
        let mark = mark(certificate).map_err(invalid)?;
        let marked = self.certificates.entry(mark).or_default();
        if marked.iter().any(|other| other.authorities == authorities) {
            return Err(Diagnostic::new(path, "certificate-taken", "another entry names the same certificates"));
        }
        marked.push(Marked { app: app.clone(), authorities });
        Ok(())
    }

    /// Gives every name its secret; mistakes are reported and never show one.
    pub(crate) fn bind(&mut self, secrets: &Secrets) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for key in self.signing_keys.values_mut() {
            if let Some(secret) = &key.secret {
                key.signer = hmac_key(secret, secrets, &mut found).map(|key| Signer::Secret(Box::new(key)));
            }
        }
        for webhook in self.webhooks.values_mut() {
            webhook.keys = webhook.secrets.iter().filter_map(|secret| hmac_key(secret, secrets, &mut found)).collect();
        }
        let mut dearest: Option<Phc> = None;
        for password in self.passwords.values_mut() {
            let Some(text) = get(&password.secret, secrets, &mut found) else { continue };
            match Phc::parse(text.trim()) {
                None => {
                    let message =
                        format!("the password of '{}' is no argon2id hash in PHC form, or costs too much", password.user);
                    found.push(
                        Diagnostic::new(&password.secret.path, "password-hash-invalid", message)
                            .hint("Make it with `yett password hash`."),
                    );
                }
                Some(phc) => {
                    password.hash = Some(text.trim().into());
                    dearest = [dearest, Some(phc)].into_iter().flatten().max_by_key(Phc::cost);
                }
            }
        }
        self.nobodys = dearest.map(|phc| phc.nobodys().into());
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    pub(crate) fn signing_key(&self, id: &str) -> Option<&SigningKey> {
        self.signing_keys.get(id)
    }

    /// The app that sends webhooks, and the keys of its hashes.
    pub(crate) fn webhook(&self, app: &str) -> Option<(&Arc<AppPlan>, &[hmac::Key])> {
        self.webhooks.get(app).map(|webhook| (&webhook.app, &*webhook.keys))
    }

    pub(crate) fn password(&self, user: &str) -> Option<&Password> {
        self.passwords.get(user)
    }

    /// A hash that no password has, and that costs as much to check as the dearest of those that are known.
    pub(super) fn nobodys_password(&self) -> Arc<str> {
        self.nobodys.clone().unwrap_or_else(|| NOBODYS_PASSWORD.into())
    }

    /// The app of a certificate: by its thumbprint, otherwise by its subject, otherwise by its other names.
    ///
    /// # Errors
    /// Whether several apps have it; `false` if none has.
    pub(crate) fn app_of(&self, certificate: &ClientCertificate) -> Result<&Arc<AppPlan>, bool> {
        let subject = certificate.subject.as_ref().map(|subject| Mark::Subject(subject.to_string()));
        let names = certificate.names.iter().map(Mark::of).collect::<Vec<_>>();
        for marks in [vec![Mark::Thumbprint(certificate.thumbprint)], subject.into_iter().collect(), names] {
            let marked = marks.iter().filter_map(|mark| self.certificates.get(mark)).flatten();
            let mut apps = marked.filter(|marked| marked.admits(certificate)).map(|marked| &marked.app);
            if let Some(app) = apps.next() {
                return if apps.all(|other| other.name == app.name) { Ok(app) } else { Err(true) };
            }
        }
        Err(false)
    }
}

impl Marked {
    /// Whether the certificate comes from one of the authorities; where the host trusts others too, nobody can tell.
    fn admits(&self, certificate: &ClientCertificate) -> bool {
        let from = &certificate.authorities;
        self.authorities.is_empty() || (!from.is_empty() && from.iter().all(|authority| self.authorities.contains(authority)))
    }
}

impl Mark {
    fn of(name: &OtherName) -> Self {
        match name {
            OtherName::Dns(name) => Self::Dns(name.clone()),
            OtherName::Uri(name) => Self::Uri(name.clone()),
            OtherName::Email(name) => Self::Email(name.clone()),
        }
    }
}

fn mark(certificate: &AppCertificate) -> Result<Mark, String> {
    match (&certificate.thumbprint, &certificate.subject, &certificate.san) {
        (Some(hex), None, None) => {
            thumbprint(hex).map(Mark::Thumbprint).ok_or_else(|| "a thumbprint is 64 hex digits".to_owned())
        }
        (None, Some(subject), None) => Name::parse(subject)
            .map(|name| Mark::Subject(name.to_string()))
            .map_err(|why| format!("the subject '{subject}': {why}")),
        (None, None, Some(san)) => match san.split_once(':') {
            Some(("dns", name)) if !name.is_empty() => Ok(Mark::Dns(name.to_ascii_lowercase())),
            Some(("uri", name)) if !name.is_empty() => Ok(Mark::Uri(name.to_owned())),
            Some(("email", name)) if !name.is_empty() => Ok(Mark::Email(name.to_owned())),
            _ => Err(format!("'{san}' does not begin with dns:, uri: or email:")),
        },
        _ => Err("a certificate is named by exactly one of thumbprint, subject and san".to_owned()),
    }
}

fn thumbprint(hex: &str) -> Option<Thumbprint> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

fn signing_key(key: &yett_model::snapshot::SigningKey, app: &Arc<AppPlan>, path: &str) -> Result<SigningKey, Diagnostic> {
    let invalid = |message: &str| Diagnostic::new(path, "signing-key-invalid", message);
    let (signer, secret) = match (key.algorithm, &key.public_key, &key.secret) {
        (SigningAlgorithm::HmacSha256, None, Some(name)) => {
            (None, Some(Secret { name: name.clone(), path: format!("{path}/secret") }))
        }
        (algorithm, Some(public), None) if algorithm != SigningAlgorithm::HmacSha256 => {
            let key = PublicKey::read(algorithm, public).ok_or_else(|| {
                invalid(&format!("this is no public key for {} as SubjectPublicKeyInfo in base64", algorithm.name()))
            })?;
            (Some(Signer::Public(key)), None)
        }
        _ => return Err(invalid("hmac-sha256 needs a secret, every other algorithm a public key, and none needs both")),
    };
    if key.id.is_empty() {
        return Err(invalid("the id is empty"));
    }
    Ok(SigningKey { id: key.id.as_str().into(), algorithm: key.algorithm, signer, app: app.clone(), secret })
}

fn taken(path: &str, what: &str, name: &str) -> Diagnostic {
    Diagnostic::new(path, "proof-taken", format!("the {what} '{name}' is there twice"))
}

fn get<'s>(secret: &Secret, secrets: &'s Secrets, found: &mut Vec<Diagnostic>) -> Option<&'s str> {
    let text = secrets.get(&secret.name);
    if text.is_none() {
        let message = format!("there is no secret of the name '{}'", secret.name);
        found.push(Diagnostic::new(&secret.path, "secret-missing", message).hint("Give it to the gateway among its options."));
    }
    text
}

fn hmac_key(secret: &Secret, secrets: &Secrets, found: &mut Vec<Diagnostic>) -> Option<hmac::Key> {
    let text = get(secret, secrets, found)?;
    if text.len() < SHORTEST_SECRET {
        let message = format!("the secret '{}' has fewer than {SHORTEST_SECRET} bytes", secret.name);
        found.push(Diagnostic::new(&secret.path, "secret-short", message));
        return None;
    }
    Some(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests;
