//! `Link` (RFC 8288) and `Refresh`: only the places in them are touched.

use super::places::{Origin, Told};
use std::borrow::Cow;

/// The value with the targets of its links, and their `anchor`s, as the caller must spell them. A link to what callers
/// cannot reach is left out; `None` if nothing is left. What does not read as links stays as it is.
pub(super) fn translate_links<'v>(value: &'v str, origin: &Origin<'_>) -> Option<Cow<'v, str>> {
    let Some(links) = split_links(value) else { return Some(Cow::Borrowed(value)) };
    let mut changed = false;
    let mut kept: Vec<Cow<'_, str>> = Vec::new();
    for link in &links {
        match translate_link(link, origin) {
            Some(Cow::Borrowed(same)) => kept.push(Cow::Borrowed(same)),
            other => {
                changed = true;
                kept.extend(other);
            }
        }
    }
    match (changed, kept.is_empty()) {
        (false, _) => Some(Cow::Borrowed(value)),
        (true, true) => None,
        (true, false) => Some(Cow::Owned(kept.join(", "))),
    }
}

/// Cuts a value at the commas between its links; `None` if it is malformed.
fn split_links(value: &str) -> Option<Vec<&str>> {
    let mut links = Vec::new();
    let (mut start, mut in_place, mut in_quotes, mut escaped) = (0, false, false, false);
    for (index, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' if !in_place => in_quotes = !in_quotes,
            b'<' if !in_quotes => in_place = true,
            b'>' if in_place => in_place = false,
            b',' if !in_place && !in_quotes => {
                links.push(value.get(start..index)?.trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    links.push(value.get(start..)?.trim());
    links.retain(|link| !link.is_empty());
    let whole = !in_place && !in_quotes && links.iter().all(|link| link.starts_with('<') && link.contains('>'));
    whole.then_some(links)
}

fn translate_link<'l>(link: &'l str, origin: &Origin<'_>) -> Option<Cow<'l, str>> {
    let (place, rest) = link.strip_prefix('<').and_then(|inner| inner.split_once('>'))?;
    let rest = translate_anchor(rest, origin)?;
    match (origin.tell(place), rest) {
        (Told::Hidden, _) => None,
        (Told::Kept, Cow::Borrowed(_)) => Some(Cow::Borrowed(link)),
        (Told::Kept, rest) => Some(Cow::Owned(format!("<{place}>{rest}"))),
        (Told::As(public), rest) => Some(Cow::Owned(format!("<{public}>{rest}"))),
    }
}

/// `anchor="..."` names a place too.
fn translate_anchor<'r>(rest: &'r str, origin: &Origin<'_>) -> Option<Cow<'r, str>> {
    let lower = rest.to_ascii_lowercase();
    let Some(start) = lower.find("anchor=\"").map(|at| at + "anchor=\"".len()) else { return Some(Cow::Borrowed(rest)) };
    let Some(length) = rest.get(start..).and_then(|tail| tail.find('"')) else { return Some(Cow::Borrowed(rest)) };
    let (before, place, after) = (rest.get(..start)?, rest.get(start..start + length)?, rest.get(start + length..)?);
    match origin.tell(place) {
        Told::Kept => Some(Cow::Borrowed(rest)),
        Told::As(public) => Some(Cow::Owned(format!("{before}{public}{after}"))),
        Told::Hidden => None,
    }
}

/// `5; url=/place`, as browsers read it; `None` if the place must not be told.
pub(super) fn translate_refresh<'v>(value: &'v str, origin: &Origin<'_>) -> Option<Cow<'v, str>> {
    let Some(split) = value.find([';', ',']) else { return Some(Cow::Borrowed(value)) };
    let tail = value.get(split + 1..)?;
    let trimmed = tail.trim_start();
    let named = trimmed.get(..3).filter(|start| start.eq_ignore_ascii_case("url")).and_then(|_| trimmed.get(3..));
    let place = named.and_then(|rest| rest.trim_start().strip_prefix('=')).unwrap_or(trimmed).trim();
    let bare = place.trim_matches(['"', '\'']);
    match origin.tell(bare) {
        Told::Kept => Some(Cow::Borrowed(value)),
        Told::As(public) => Some(Cow::Owned(format!("{}; url={public}", value.get(..split)?.trim()))),
        Told::Hidden => None,
    }
}
