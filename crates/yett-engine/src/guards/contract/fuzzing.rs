//! The parsers of the contract guard on arbitrary bytes; see `crate::fuzzing`.

use super::fields::{Field, Fields, cookie_pairs, form_pairs};
use super::header::{Parametrised, is_token};
use super::names::NO_TWINS;
use super::style::{Escapes, Spelling};
use super::{json as json_text, multipart as multipart_body};
use serde_json::Value;
use yett_model::snapshot::{Shape, SimpleType, Style};

/// JSON: what is taken, the usual library takes too, and reads alike.
pub fn json(bytes: &[u8]) {
    if let Ok(value) = json_text::parse(bytes, 32, &NO_TWINS) {
        let usual: Option<Value> = serde_json::from_slice(bytes).ok();
        assert_eq!(usual, Some(value), "two readings of one text");
    }
}

/// Multipart with the boundary `b`: parts are pieces of the body in order, none with a boundary of its own.
pub fn multipart(bytes: &[u8]) {
    let Ok(parts) = multipart_body::parse(bytes, "b") else { return };
    let mut rest = bytes.as_ptr_range().start as usize;
    for part in &parts {
        let range = part.bytes.as_ptr_range();
        assert!(part.bytes.is_empty() || range.start as usize >= rest, "parts overlap");
        rest = rest.max(range.end as usize);
        assert!(memchr::memmem::find(part.bytes, b"\r\n--b").is_none(), "a part has a boundary");
    }
}

/// A header value with parameters: what is taken has names that are tokens, and each once.
pub fn header(bytes: &[u8]) {
    let Some(read) = std::str::from_utf8(bytes).ok().and_then(Parametrised::parse) else { return };
    assert_eq!(read.value, read.value.to_ascii_lowercase());
    for name in ["charset", "boundary", "a"] {
        assert!(read.parameter(name).is_none() || is_token(name));
    }
}

/// Query strings, forms and cookies: pairs are assigned to fields and the fields read in every style.
pub fn fields(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let escapes = if choice & 1 == 0 { Escapes::Form } else { Escapes::Percent };
    let all = Fields::new(STYLES.iter().map(|style| field(*style, escapes, choice & 2 == 0)).collect());
    let pairs: Vec<(&str, &str)> = if choice & 4 == 0 { form_pairs(text).collect() } else { cookie_pairs(text).collect() };
    let assigned = all.assign(pairs.iter().copied(), escapes);
    assert_eq!(assigned.found.len(), STYLES.len());
    for style in STYLES {
        let spelling = Spelling { style, explode: choice & 2 == 0, name: "a", escapes };
        let _ = (spelling.scalar(text), spelling.items(text), spelling.pairs(text), escapes.decode(text));
    }
}

const STYLES: [Style; 8] = [
    Style::Matrix,
    Style::Label,
    Style::Simple,
    Style::Form,
    Style::SpaceDelimited,
    Style::PipeDelimited,
    Style::DeepObject,
    Style::Cookie,
];

fn field(style: Style, escapes: Escapes, explode: bool) -> Field {
    let shape = Shape { types: vec![SimpleType::Array, SimpleType::Object, SimpleType::Integer], ..Shape::default() };
    Field { name: format!("{style:?}").to_ascii_lowercase().into(), style, explode, escapes, shape }
}
