//! Formats that the JSON Schema library does not know.

/// RFC 4648 section 4 with padding, as OpenAPI's `byte`.
pub(super) fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    text.len().is_multiple_of(4) && padding <= 2 && digits.bytes().all(known)
}

/// The form of an internationalised host name (RFC 5890): its labels, but not the tables of which letters may meet.
pub(super) fn is_idn_hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    name.chars().count() <= 253 && name.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).all(is_label)
}

fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || !(c.is_ascii() || c.is_whitespace() || c.is_control());
    let ends = !label.starts_with('-') && !label.ends_with('-');
    (1..=63).contains(&label.chars().count()) && ends && label.chars().all(allowed)
}

/// The form of an internationalised mail address (RFC 6531): a local part, `@` and a host name.
pub(super) fn is_idn_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let allowed = |c: char| !(c.is_whitespace() || c.is_control() || "()<>[]:;@\\,\"".contains(c));
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (1..=64).contains(&local.len()) && dots && local.chars().all(allowed) && is_idn_hostname(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_base64_when_padded_right_then_it_is_known() {
        assert!(["", "YQ==", "YWI=", "YWJj", "+/+/"].iter().all(|text| is_base64(text)));
        assert!(["Y", "YQ=", "YWJ", "====", "a===", "YW-_", "YQ==YQ=="].iter().all(|text| !is_base64(text)));
    }

    #[test]
    fn test_international_names_when_well_formed_then_they_are_known() {
        assert!(["bücher.example", "実例。テスト", "a-b.c.", "xn--bcher-kva.example"].iter().all(|text| is_idn_hostname(text)));
        assert!(["", ".", "a..b", "-a.b", "a-.b", "a b", "a_b", "a/b", "a\u{3000}b"].iter().all(|text| !is_idn_hostname(text)));
        assert!(["jürgen@bücher.example", "実例@実例.テスト", "a.b+c@d"].iter().all(|text| is_idn_email(text)));
        assert!(["", "a", "@b", "a@", "a b@c", ".a@b", "a..b@c", "a@b@c", "a@-b"].iter().all(|text| !is_idn_email(text)));
    }
}
