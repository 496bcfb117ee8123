//! The signatures hold what their own examples say, and everything stays linear.

use super::decode::{decoded, from_base64};
use super::signatures::{Role, SIGNATURES};
use super::{sql, views};
use crate::guards::leaves::Part;
use proptest::prelude::*;
use std::time::Instant;
use yett_model::snapshot::Level;

const VALUE: Role = Role { part: Part::Value, undescribed: false, agent: false };

fn found(text: &str) -> Option<&'static str> {
    SIGNATURES.find(text, VALUE, &|signature| signature.level <= Level::Standard).map(|found| &*found.family)
}

#[test]
fn the_bundle_is_read_and_every_pattern_compiles() {
    assert!(SIGNATURES.iter().count() > 60);
    assert!(SIGNATURES.iter().all(|signature| signature.compiles()));
}

#[test]
fn every_signature_finds_its_positive_examples_and_no_negative_one() {
    let mut wrong = Vec::new();
    for signature in SIGNATURES.iter() {
        let role = signature.example_role();
        let finds = |text: &str| SIGNATURES.find(text, role, &|other| other.id == signature.id).is_some();
        wrong.extend(signature.positive.iter().filter(|text| !finds(text)).map(|text| (&signature.id, text)));
        wrong.extend(signature.negative.iter().filter(|text| finds(text)).map(|text| (&signature.id, text)));
        assert!(!signature.positive.is_empty() && !signature.negative.is_empty(), "{}", signature.id);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_that_is_no_attack_here_is_one_there() {
    let mut wrong = Vec::new();
    for signature in SIGNATURES.iter().filter(|signature| signature.example_role().part == Part::Value) {
        wrong.extend(signature.negative.iter().filter_map(|text| Some((text, found(text)?))));
    }
    // A negative example says what one signature is not about; few of them are attacks of another kind.
    assert!(wrong.len() <= 6, "{wrong:#?}");
}

#[test]
fn encodings_are_undone_until_nothing_changes() {
    for (text, plain) in [
        ("%2527", "'"),
        ("%%32%37", "'"),
        ("&#x26;lt;", "<"),
        ("\\u0027\\x41\\u{42}", "'AB"),
        ("%u0027", "'"),
        ("%uff07", "'"),
        ("\u{ff1c}b\u{ff1e}", "<b>"),
        ("%c0%ae%c0%af", "./"),
        ("&Tab;&colon;", "\t:"),
        ("100%25", "100%"),
    ] {
        assert_eq!(decoded(text).as_deref(), Some(plain), "{text}");
    }
    for text in ["", "plain", "100%", "a & b", "C:\\dir", "é", "&unknown;"] {
        assert_eq!(decoded(text), None, "{text}");
    }
}

#[test]
fn base64_is_only_what_holds_text() {
    assert_eq!(from_base64("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==").as_deref(), Some("<script>alert(1)</script>"));
    for text in ["international", "short", "PHNjcmlwdD5hb GVy", "////////////////", "abcdefghijklm"] {
        assert_eq!(from_base64(text), None, "{text}");
    }
}

#[test]
fn sql_is_read_as_its_tokens() {
    for (text, shape) in [
        ("1 or 1=1", " 1 or 1 = 1 "),
        ("1/**/UNION/*x*/select 1", " 1 union select 1 "),
        ("1 /*!50000and*/ 2*3", " 1 and 1 "),
        ("select(1)", " select 1 "),
        ("(select 1)", " sub 1 "),
        ("sleep(5)", " F 1 "),
        ("a.b like 'x''y' -- z", " w like s c w "),
        ("0x41 1.5e3 @@version `a b` [c d]", " 1 1 v W "),
    ] {
        assert_eq!(sql::shapes(text)[0], shape, "{text}");
    }
    assert_eq!(sql::shapes("a' or ''='")[1], " q or s = s ");
    assert_eq!(sql::shapes("a\\' or").len(), 1);
}

#[test]
fn shells_file_systems_and_browsers_read_their_own_way() {
    assert_eq!(views::shell("c'a't${ifs}/e\\tc").as_deref(), Some("cat /etc"));
    assert_eq!(views::path("a\\..\\.\\b//c/./d\0").as_deref(), Some("a/../b/c/d"));
    assert_eq!(views::html("java\tscr/*x*/ipt").as_deref(), Some("javascript"));
    assert_eq!((views::shell("plain"), views::path("plain"), views::html("plain")), (None, None, None));
}

#[test]
fn what_is_hidden_is_found() {
    for (text, family) in [
        ("x%27%20or%20%271%27=%271", "sqli"),
        ("-1/*!uNiOn*//*!50000sElEcT*/1,2", "sqli"),
        (";c'a't$IFS/etc/pa\\sswd", "command"),
        ("%252e%252e%255c%252e%252e%255cx", "path-traversal"),
        ("..%c0%af..%c0%afetc", "path-traversal"),
        ("&#60;scr\u{0}ipt&gt;alert(1)", "xss"),
        ("\\u003cscript\\u003e", "xss"),
        ("JHtqbmRpOmxkYXA6Ly94L2F9", "log4shell"),
    ] {
        assert_eq!(found(text), Some(family), "{text}");
    }
}

/// Thirty-two times the text takes some as many times the time: far from the thousand times of a square.
#[test]
fn time_grows_no_faster_than_the_text() {
    for piece in [
        "/*", "'\\", "((((", "&#x", "%25", "<a ", "$(`", "../", "{{", "a' or ", "\\u00", "--", "select ", "on=", "\"", "[[", ";;",
    ] {
        let time = |count: usize| {
            let text = piece.repeat(count / piece.len());
            let once = || {
                let start = Instant::now();
                let _found = SIGNATURES.find(&text, VALUE, &|_| true);
                start.elapsed()
            };
            (0..3).map(|_| once()).min().unwrap_or_default()
        };
        let (short, long) = (time(10_000), time(320_000));
        assert!(long.as_secs_f64() < 300.0 * short.as_secs_f64().max(0.000_5), "{piece}: {short:?}, {long:?}");
    }
}

proptest! {
    #[test]
    fn decoding_ends_where_nothing_is_left_to_decode(text in "[%u0-9a-f&#x;lt\\\\'é]{0,40}") {
        if let Some(plain) = decoded(&text) {
            prop_assert!(plain.chars().count() <= text.chars().count());
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}") {
        let _shapes = sql::shapes(&text);
        let _found = SIGNATURES.find(&text, VALUE, &|_| true);
    }
}
