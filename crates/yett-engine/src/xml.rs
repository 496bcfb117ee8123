//! XML in one strict reading, in one pass and with nothing copied: what could make a reader expand, fetch or run
//! something is refused, and so is what two readers could take differently.
//!
//! There are no document types (and so no entities but the five of XML itself), no processing instructions, no XInclude,
//! and no encoding but UTF-8.

/// How much a document may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) depth: usize,
    pub(crate) elements: usize,
    /// Of one element.
    pub(crate) attributes: usize,
    /// Bytes of a name.
    pub(crate) name: usize,
    /// Bytes of a text or of an attribute's value.
    pub(crate) text: usize,
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It holds more than it may.
    Exceeds(&'static str),
    /// It has a construct that is not taken, or is no XML.
    Refused(&'static str),
}

/// A piece of a document, as it is written: references in it are not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// An element begins.
    Open(&'t str),
    /// An attribute of the element that began last: its name and value.
    Attribute(&'t str, &'t str),
    /// A text.
    Text(&'t str),
    /// The element that began last ends.
    Close,
}

const XINCLUDE: &str = "www.w3.org/2001/XInclude";
const UNFINISHED: Fault = Fault::Refused("ends within something");

/// Reads a document whole and shows every piece.
///
/// # Errors
/// What is wrong with it, at the first place.
pub(crate) fn read<'t>(bytes: &'t [u8], limits: &Limits, mut show: impl FnMut(Piece<'t>)) -> Result<(), Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::Refused("is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Err(Fault::Refused("has control characters"));
    }
    let mut reader = Reader { rest: declaration(text)?, limits, open: Vec::new(), elements: 0 };
    while reader.step(&mut show)? {}
    match reader.elements {
        0 => Err(Fault::Refused("has no element")),
        _ if reader.open.is_empty() => Ok(()),
        _ => Err(UNFINISHED),
    }
}

/// What follows the XML declaration, which may name no encoding but UTF-8.
fn declaration(text: &str) -> Result<&str, Fault> {
    let Some(rest) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(is_space)) else { return Ok(text) };
    let (said, rest) = rest.split_once("?>").ok_or(UNFINISHED)?;
    let encoding = said.split_once("encoding").map(|(_, value)| value.trim_start_matches(|c| is_space(c) || c == '='));
    let known = |value: &str| {
        let name = value.get(1..).unwrap_or("").split(['"', '\'']).next().unwrap_or("");
        ["utf-8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    if said.len() > 200 || said.contains('<') || !encoding.is_none_or(known) {
        return Err(Fault::Refused("has an XML declaration that is not taken"));
    }
    Ok(rest)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || character == ':' || !character.is_ascii()
}

fn is_name(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '-' || character == '.'
}

struct Reader<'t, 'l> {
    rest: &'t str,
    limits: &'l Limits,
    open: Vec<&'t str>,
    elements: usize,
}

impl<'t> Reader<'t, '_> {
    /// Reads the next piece; `false` at the end.
    fn step(&mut self, show: &mut impl FnMut(Piece<'t>)) -> Result<bool, Fault> {
        let end = self.rest.find('<').unwrap_or(self.rest.len());
        if end > 0 {
            let text = self.take(end);
            self.text(text, show)?;
        }
        if self.rest.is_empty() {
            return Ok(false);
        }
        if self.skip("<!--") {
            let comment = self.until("-->")?;
            return if comment.contains("--") { Err(Fault::Refused("has a comment that is none")) } else { Ok(true) };
        }
        if self.skip("<![CDATA[") {
            let text = self.until("]]>")?;
            self.check(text.len(), self.limits.text, "has a text that is too long")?;
            if self.open.is_empty() {
                return Err(Fault::Refused("has a text outside of its element"));
            }
            show(Piece::Text(text));
            return Ok(true);
        }
        match self.rest.as_bytes().get(1) {
            Some(b'!') => Err(Fault::Refused("has a document type, so that entities could be declared")),
            Some(b'?') => Err(Fault::Refused("has a processing instruction")),
            Some(b'/') => self.close(show).map(|()| true),
            _ => self.open(show).map(|()| true),
        }
    }

    fn text(&self, text: &'t str, show: &mut impl FnMut(Piece<'t>)) -> Result<(), Fault> {
        if text.chars().all(is_space) {
            return Ok(());
        }
        if self.open.is_empty() {
            return Err(Fault::Refused("has a text outside of its element"));
        }
        self.check(text.len(), self.limits.text, "has a text that is too long")?;
        if text.contains("]]>") {
            return Err(Fault::Refused("has the end of a section that did not begin"));
        }
        check_references(text)?;
        show(Piece::Text(text));
        Ok(())
    }

    fn open(&mut self, show: &mut impl FnMut(Piece<'t>)) -> Result<(), Fault> {
        self.take(1);
        let name = self.name()?;
        if self.open.is_empty() && self.elements > 0 {
            return Err(Fault::Refused("has more than one outermost element"));
        }
        self.elements += 1;
        self.check(self.elements, self.limits.elements, "has too many elements")?;
        self.check(self.open.len() + 1, self.limits.depth, "nests too deep")?;
        show(Piece::Open(name));
        self.attributes(show)?;
        let is_empty = self.skip("/");
        if !self.skip(">") {
            return Err(Fault::Refused("has a tag that is none"));
        }
        match is_empty {
            true => show(Piece::Close),
            false => self.open.push(name),
        }
        Ok(())
    }

    fn attributes(&mut self, show: &mut impl FnMut(Piece<'t>)) -> Result<(), Fault> {
        let mut names: Vec<&str> = Vec::new();
        loop {
            let spaced = self.skip_space();
            if self.rest.starts_with(['>', '/']) {
                return Ok(());
            }
            if !spaced {
                return Err(Fault::Refused("has a tag that is none"));
            }
            let (name, value) = self.attribute()?;
            if names.contains(&name) {
                return Err(Fault::Refused("has an attribute twice"));
            }
            names.push(name);
            self.check(names.len(), self.limits.attributes, "has an element with too many attributes")?;
            if name.starts_with("xmlns") && includes(value) {
                return Err(Fault::Refused("has XInclude"));
            }
            show(Piece::Attribute(name, value));
        }
    }

    fn attribute(&mut self) -> Result<(&'t str, &'t str), Fault> {
        let name = self.name()?;
        self.skip_space();
        if !self.skip("=") {
            return Err(Fault::Refused("has an attribute without a value"));
        }
        self.skip_space();
        let value = match () {
            () if self.skip("\"") => self.until("\"")?,
            () if self.skip("'") => self.until("'")?,
            () => return Err(Fault::Refused("has an attribute without quotes")),
        };
        self.check(value.len(), self.limits.text, "has an attribute that is too long")?;
        if value.contains('<') {
            return Err(Fault::Refused("has a '<' in an attribute"));
        }
        check_references(value)?;
        Ok((name, value))
    }

    fn close(&mut self, show: &mut impl FnMut(Piece<'t>)) -> Result<(), Fault> {
        self.take(2);
        let name = self.name()?;
        self.skip_space();
        if !self.skip(">") || self.open.pop() != Some(name) {
            return Err(Fault::Refused("has a tag that closes nothing"));
        }
        show(Piece::Close);
        Ok(())
    }

    fn name(&mut self) -> Result<&'t str, Fault> {
        let end = self.rest.find(|character| !is_name(character)).unwrap_or(self.rest.len());
        self.check(end, self.limits.name, "has a name that is too long")?;
        let name = self.take(end);
        match name.starts_with(is_name_start) {
            true => Ok(name),
            false => Err(Fault::Refused("has a tag that is none")),
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) -> bool {
        let rest = self.rest.trim_start_matches(is_space);
        let skipped = rest.len() < self.rest.len();
        self.rest = rest;
        skipped
    }

    fn until(&mut self, end: &str) -> Result<&'t str, Fault> {
        let (taken, rest) = self.rest.split_once(end).ok_or(UNFINISHED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn check(&self, count: usize, most: usize, reason: &'static str) -> Result<(), Fault> {
        if count > most { Err(Fault::Exceeds(reason)) } else { Ok(()) }
    }
}

/// Only the five entities of XML itself and numbers of characters.
fn check_references(text: &str) -> Result<(), Fault> {
    text.split('&').skip(1).try_for_each(|after| match after.split_once(';').and_then(|(name, _)| resolve(name)) {
        Some(_) => Ok(()),
        None => Err(Fault::Refused("has an entity that is not XML's own")),
    })
}

fn resolve(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex.trim_start_matches('+'), 16),
                None => number.trim_start_matches('+').parse(),
            };
            char::from_u32(code.ok()?).filter(|one| *one >= ' ' || is_space(*one)).filter(|_| !number.contains('+'))
        }
    }
}

/// A text with its references resolved; what has none stays as it is.
pub(crate) fn resolved(text: &str) -> std::borrow::Cow<'_, str> {
    let Some((first, rest)) = text.split_once('&') else { return text.into() };
    let mut whole = first.to_owned();
    for part in rest.split('&') {
        match part.split_once(';').and_then(|(name, after)| Some((resolve(name)?, after))) {
            Some((character, after)) => {
                whole.push(character);
                whole.push_str(after);
            }
            None => {
                whole.push('&');
                whole.push_str(part);
            }
        }
    }
    whole.into()
}

fn includes(namespace: &str) -> bool {
    resolved(namespace).contains(XINCLUDE)
}

/// Arbitrary bytes: what is taken is balanced, and its pieces are parts of it.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn hold(bytes: &[u8]) {
    let limits = Limits { depth: 16, elements: 100, attributes: 8, name: 32, text: 1_000 };
    let (mut depth, mut opened, mut whole) = (0_usize, 0_usize, true);
    let inside = |text: &str| {
        let (all, part) = (bytes.as_ptr_range(), text.as_bytes().as_ptr_range());
        part.start >= all.start && part.end <= all.end
    };
    let read = read(bytes, &limits, |piece| match piece {
        Piece::Open(name) => {
            (depth, opened, whole) = (depth + 1, opened + 1, whole && inside(name) && !name.is_empty());
        }
        Piece::Close => {
            whole &= depth > 0;
            depth = depth.saturating_sub(1);
        }
        Piece::Attribute(name, value) => whole &= inside(name) && inside(value) && !value.contains('<'),
        Piece::Text(text) => whole &= inside(text) && depth > 0,
    });
    assert!(whole && opened <= 101, "a piece that is none");
    if read.is_ok() {
        assert!(depth == 0 && opened > 0, "a document that is not balanced is taken");
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("<!DOCTYPE") || text.contains("<!--") || text.contains("<![CDATA["), "a document type is taken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { depth: 4, elements: 6, attributes: 3, name: 12, text: 40 };

    fn fault(text: &str) -> Option<Fault> {
        read(text.as_bytes(), &LIMITS, |_| {}).err()
    }

    fn refused(text: &str) -> bool {
        matches!(fault(text), Some(Fault::Refused(_)))
    }

    #[test]
    fn an_ordinary_document_is_read_as_it_stands() {
        let text = "\u{feff}<?xml version='1.0' encoding=\"UTF-8\"?>\n<!-- a - b -->\n<a:b xmlns:a=\"urn:x\" c = 'd&amp;'>\
                    e &lt; &#233;<![CDATA[<f>&g;]]><h/></a:b>\n<!-- end -->";
        let mut pieces = Vec::new();
        assert_eq!(read(text.as_bytes(), &LIMITS, |piece| pieces.push(piece)), Ok(()));
        assert_eq!(
            pieces,
            [
                Piece::Open("a:b"),
                Piece::Attribute("xmlns:a", "urn:x"),
                Piece::Attribute("c", "d&amp;"),
                Piece::Text("e &lt; &#233;"),
                Piece::Text("<f>&g;"),
                Piece::Open("h"),
                Piece::Close,
                Piece::Close,
            ]
        );
        assert_eq!(resolved("a &lt;&#x3c;&#60; &amp;lt; &nope; &"), "a <<< &lt; &nope; &");
    }

    #[test]
    fn what_makes_a_reader_expand_or_fetch_is_refused() {
        for text in [
            "<!DOCTYPE a><a/>",
            "<!doctype a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
            "<a><!DOCTYPE b></a>",
            "<a>&e;</a>",
            "<a b='&e;'/>",
            "<a>&#x0;</a>",
            "<a>&#+65;</a>",
            "<a>&amp</a>",
            "<?xml-stylesheet href='http://evil'?><a/>",
            "<a><?php x?></a>",
            "<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd'/></a>",
            "<a xmlns:x='http:&#47;/www&#46;w3.org/2001/XInclude'/>",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<?xml version='1.0' encoding='utf-7'?><a/>",
        ] {
            assert!(refused(text), "{text}");
        }
        assert!(read(b"\xfe\xff\0<\0a\0/\0>", &LIMITS, |_| {}).is_err());
        assert!(read(b"<\0a\0/\0>\0", &LIMITS, |_| {}).is_err());
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        for text in [
            "",
            " ",
            "a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a b/>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a b='1'c='2'/>",
            "<a b='<'/>",
            "<a",
            "<a b='",
            "<1/>",
            "< a/>",
            "<a>]]></a>",
            "<!-- -- --><a/>",
            "<![CDATA[x]]><a/>",
            "<a>\u{1}</a>",
            " <?xml version='1.0'?><a/>",
        ] {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn what_holds_more_than_it_may_is_told_so() {
        for text in [
            "<a><a><a><a><a/></a></a></a></a>",
            "<a><b/><b/><b/><b/><b/><b/></a>",
            "<a b='' c='' d='' e=''/>",
            "<abcdefghijklmnop/>",
            "<a>01234567890123456789012345678901234567890123456789</a>",
            "<a b='01234567890123456789012345678901234567890123456789'/>",
        ] {
            assert!(matches!(fault(text), Some(Fault::Exceeds(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>/!?&;'\"= ab:x#0-9\\[\\]-]{0,64}") {
            hold(text.as_bytes());
        }
    }
}
