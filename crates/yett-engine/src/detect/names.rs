//! Names that say that what they name is secret.

/// What such names have in them, without case and marks.
const SECRETS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
];
/// Longest name that is looked at.
const LONGEST: usize = 64;

/// Whether a name says that its value is secret: `clientSecret`, `api_key`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    if name.len() > LONGEST || name.len() < 6 {
        return false;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    SECRETS.iter().any(|secret| plain.contains(secret))
}
