//! What is found, what is not, and that no text takes long.

use super::*;
use proptest::prelude::*;

fn all() -> Kinds {
    Kinds::only(Kind::ALL.iter().copied())
}

fn classes(text: &str, kinds: Kinds) -> Vec<(&'static str, &str)> {
    find(text, kinds).into_iter().map(|one| (one.kind.class(), &text[one.span])).collect()
}

#[test]
fn what_has_a_checksum_is_found_with_it_and_not_without() {
    let weak = Kinds::of(["pii", "pii.identity.in-aadhaar", "pii.identity.nl-bsn"]);
    for (class, right, wrong) in [
        ("pii.card", "4539148803436467", "4539148803436468"),
        ("pii.card", "4539 1488 0343 6467", "4539 1488 0343 6466"),
        ("pii.card", "371449635398431", "371449635398432"),
        ("pii.account.iban", "DE89370400440532013000", "DE88370400440532013000"),
        ("pii.account.iban", "GB29 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 18"),
        ("pii.identity.us-ssn", "078-05-1120", "000-05-1120"),
        ("pii.identity.uk-nino", "AB 12 34 56 C", "DF 12 34 56 C"),
        ("pii.identity.de-tax", "86095742719", "86095742718"),
        ("pii.identity.fr-nir", "255081416802538", "255081416802539"),
        ("pii.identity.es-dni", "12345678Z", "12345678A"),
        ("pii.identity.es-dni", "X1234567L", "X1234567A"),
        ("pii.identity.it-codice-fiscale", "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
        ("pii.identity.br-cpf", "529.982.247-25", "529.982.247-24"),
        ("pii.identity.in-aadhaar", "2341 2341 2346", "2341 2341 2347"),
        ("pii.identity.nl-bsn", "111222333", "111222334"),
        ("pii.identity.pl-pesel", "44051401359", "44051401358"),
    ] {
        let found = |value: &str| {
            let text = format!("The number is {value}.");
            find(&text, weak).into_iter().map(|one| (one.kind.class(), text[one.span].to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(found(right), [(class, right.to_owned())]);
        assert!(found(wrong).iter().all(|(other, _)| *other != class), "{wrong}");
    }
}

#[test]
fn what_is_written_to_be_recognised_is_recognised() {
    for (class, text) in [
        ("pii.email", "a.b+c@mail.example.co.uk"),
        ("pii.email", "J\u{fc}rgen@b\u{fc}cher.example"),
        ("pii.phone", "+49 30 901820"),
        ("pii.phone", "(212) 555-0187"),
        ("pii.phone", "212-555-0187"),
        ("secret.aws", "AKIAIOSFODNN7EXAMPLE"),
        ("secret.github", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("secret.gitlab", "glpat-1a2B3c4D5e6F7g8H9i0J"),
        ("secret.slack", "xoxb-123456789012-abcdefABCDEF"),
        ("secret.stripe", "sk_test_4eC39HqLyjWDarjtT1zdp7dc"),
        ("secret.google", "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
        ("secret.npm", "npm_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("secret.jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"),
        ("secret.yett", "yett_test_0000000000000000000000000000000000000000_2SiFRe"),
    ] {
        assert_eq!(classes(&format!("see {text}, please"), all()), [(class, text)]);
    }
    let key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----";
    assert_eq!(classes(&format!("a {key} b"), all()), [("secret.private-key", key)]);
    assert_eq!(classes("db_password = \"t0p-S3cret!x\"; x", all()), [("secret.named", "t0p-S3cret!x")]);
}

#[test]
fn ordinary_texts_hold_nothing() {
    for text in [
        "The order of 2024-05-17 cost 1299.00 EUR for 12 books.",
        "uuid 3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90 at 1700000000000",
        "version 1.2.3-4, build 20240517.3, range 10.0.0.0/8",
        "the password is required, the secret garden",
        "a @ b, user@localhost, @example.com",
        "ISBN 978-3-16-148410-0",
    ] {
        assert_eq!(classes(text, all()), [], "{text}");
    }
}

#[test]
fn a_class_stands_for_those_below_it_and_weak_ones_only_for_themselves() {
    assert!(Kinds::of(["pii"]).has(Kind::Iban) && Kinds::of(["pii.account"]).has(Kind::Iban));
    assert!(!Kinds::of(["pii"]).has(Kind::NlBsn) && Kinds::of(["pii.identity.nl-bsn"]).has(Kind::NlBsn));
    assert!(!Kinds::of(["pii.acc"]).has(Kind::Iban) && !Kinds::of(["secret"]).has(Kind::Email));
    assert!(Kinds::of(["other"]).is_empty());
}

#[test]
fn no_text_takes_long() {
    for part in [
        "1 ",
        "22 ",
        "1234-",
        "a@",
        "+1-",
        "-----BEGIN ",
        "password:",
        "eyJ.",
        "((((",
        "DE89 3704 ",
        "ghp_",
        "@@",
        "a.b@c.",
        "44444-",
    ] {
        let text = part.repeat(100_000 / part.len());
        // Far more than it takes, far less than a square would.
        let begun = std::time::Instant::now();
        let _found = find(&text, all());
        assert!(begun.elapsed().as_secs() < 10, "{part}");
    }
}

proptest! {
    #[test]
    fn spans_are_in_order_within_the_text_and_between_characters(text in "(\\PC|[0-9 @.\\-]|4539148803436467|a@b\\.de|yett_){0,40}") {
        let mut end = 0;
        for one in find(&text, all()) {
            prop_assert!(one.span.start >= end && one.span.start < one.span.end);
            prop_assert!(text.get(one.span.clone()).is_some());
            end = one.span.end;
        }
    }
}

#[test]
fn an_address_that_is_cut_at_its_longest_is_cut_between_characters() {
    for text in [format!("{}®{}@b.de", "®".repeat(20), "a".repeat(62)), format!("a@b.{}", "é".repeat(300))] {
        for one in find(&text, all()) {
            assert!(text.get(one.span).is_some(), "{text}");
        }
    }
}
