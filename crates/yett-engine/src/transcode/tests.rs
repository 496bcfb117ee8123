use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(notation: Notation, body: &[u8]) -> Result<Value, Fault> {
    to_json(notation, body, 16, 10_000).map(|text| serde_json::from_slice(&text).unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn the_items_of_the_specifications_are_read() {
    for (notation, body, value) in [
        (Notation::Msgpack, "82 a7 63 6f 6d 70 61 63 74 c3 a6 73 63 68 65 6d 61 00", json!({"compact": true, "schema": 0})),
        (Notation::Msgpack, "94 7f e0 cc ff d1 ff 00", json!([127, -32, 255, -256])),
        (Notation::Msgpack, "93 ca 3f 80 00 00 cb bf f8 00 00 00 00 00 00 c0", json!([1.0, -1.5, null])),
        (Notation::Msgpack, "cf ff ff ff ff ff ff ff ff", json!(u64::MAX)),
        (Notation::Msgpack, "d3 80 00 00 00 00 00 00 00", json!(i64::MIN)),
        (Notation::Msgpack, "dc 00 01 d9 01 78", json!(["x"])),
        (Notation::Cbor, "a2 61 61 01 61 62 82 02 03", json!({"a": 1, "b": [2, 3]})),
        (Notation::Cbor, "1b ff ff ff ff ff ff ff ff", json!(u64::MAX)),
        (Notation::Cbor, "38 63", json!(-100)),
        (Notation::Cbor, "83 f9 3c 00 f9 00 01 fb 3f f1 99 99 99 99 99 9a", json!([1.0, 5.960464477539063e-8, 1.1])),
        (Notation::Cbor, "9f 01 bf 61 61 f4 ff f6 ff", json!([1, {"a": false}, null])),
        (Notation::Cbor, "64 f0 90 85 91", json!("\u{10151}")),
    ] {
        assert_eq!(read(notation, &hex(body)), Ok(value), "{body}");
    }
}

#[test]
fn what_json_cannot_say_or_two_could_read_differently_is_refused() {
    use Fault::{Duplicate, Malformed, Trailing};
    let foreign = |fault: &Fault| matches!(fault, Fault::Foreign(_));
    for (notation, body) in [
        (Notation::Msgpack, "c4 01 00"),
        (Notation::Msgpack, "d4 01 00"),
        (Notation::Msgpack, "d6 ff 00 00 00 00"),
        (Notation::Msgpack, "cb 7f f8 00 00 00 00 00 00"),
        (Notation::Msgpack, "cb 7f f0 00 00 00 00 00 00"),
        (Notation::Msgpack, "a1 ff"),
        (Notation::Msgpack, "81 01 02"),
        (Notation::Msgpack, "81 c0 02"),
        (Notation::Cbor, "41 00"),
        (Notation::Cbor, "c0 61 78"),
        (Notation::Cbor, "c2 41 00"),
        (Notation::Cbor, "d9 d9 f7 01"),
        (Notation::Cbor, "3b ff ff ff ff ff ff ff ff"),
        (Notation::Cbor, "f9 7e 00"),
        (Notation::Cbor, "f9 7c 00"),
        (Notation::Cbor, "f7"),
        (Notation::Cbor, "f8 ff"),
        (Notation::Cbor, "7f 61 61 ff"),
        (Notation::Cbor, "61 ff"),
        (Notation::Cbor, "a1 01 02"),
    ] {
        assert!(read(notation, &hex(body)).is_err_and(|fault| foreign(&fault)), "{body}");
    }
    for (notation, body, fault) in [
        (Notation::Msgpack, "", Malformed),
        (Notation::Msgpack, "c1", Malformed),
        (Notation::Msgpack, "01 02", Trailing),
        (Notation::Msgpack, "82 a1 61 01 a1 61 02", Duplicate),
        (Notation::Cbor, "", Malformed),
        (Notation::Cbor, "1c", Malformed),
        (Notation::Cbor, "ff", Malformed),
        (Notation::Cbor, "81 ff", Malformed),
        (Notation::Cbor, "bf 61 61 ff", Malformed),
        (Notation::Cbor, "9f 01", Malformed),
        (Notation::Cbor, "1f", Malformed),
        (Notation::Cbor, "df", Malformed),
        (Notation::Cbor, "01 02", Trailing),
        (Notation::Cbor, "a2 61 61 01 61 61 02", Duplicate),
    ] {
        assert_eq!(read(notation, &hex(body)), Err(fault), "{body}");
    }
}

#[test]
fn lengths_that_lie_cost_nothing() {
    for (notation, body) in [
        (Notation::Msgpack, "dd ff ff ff ff"),
        (Notation::Msgpack, "df ff ff ff ff a1 61"),
        (Notation::Msgpack, "db ff ff ff ff 61"),
        (Notation::Cbor, "9b ff ff ff ff ff ff ff ff"),
        (Notation::Cbor, "bb ff ff ff ff ff ff ff ff"),
        (Notation::Cbor, "7b ff ff ff ff ff ff ff ff"),
    ] {
        assert_eq!(read(notation, &hex(body)), Err(Fault::Malformed), "{body}");
    }
}

#[test]
fn nesting_and_growth_are_bounded() {
    for (notation, one, end) in [(Notation::Msgpack, 0x91, 0xc0), (Notation::Cbor, 0x81, 0xf6), (Notation::Cbor, 0x9f, 0xf6)] {
        let nested = |depth: usize| [vec![one; depth], vec![end], vec![0xff; if one == 0x9f { depth } else { 0 }]].concat();
        assert!(read(notation, &nested(16)).is_ok());
        assert_eq!(read(notation, &nested(17)), Err(Fault::Deep));
        assert_eq!(read(notation, &nested(1_000_000)), Err(Fault::Deep));
    }
    // One byte becomes six: a control character.
    let text = [&hex("da 10 00")[..], &[1; 0x1000]].concat();
    assert_eq!(read(Notation::Msgpack, &text), Err(Fault::Long));
    let list = [&hex("dc ff ff")[..], &[0xc0; 0xffff]].concat();
    assert_eq!(read(Notation::Msgpack, &list), Err(Fault::Long));
}

#[test]
fn a_notation_is_taken_only_if_it_is_on_offer_and_liked_better_than_json() {
    let take = |offered: &[Notation], content_type: &str, accept: &str| {
        let request = http::Request::builder().header("content-type", content_type).header("accept", accept);
        let mut parts = request.body(()).unwrap().into_parts().0;
        let notations = Notations::take(offered, &mut parts);
        let name = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
        (notations.sent, notations.wanted, name("content-type"), name("accept"))
    };
    let both = [Notation::Msgpack, Notation::Cbor];
    let json = || "application/json".to_owned();
    assert_eq!(
        take(&both, "Application/MsgPack", "application/cbor"),
        (Some(Notation::Msgpack), Some(Notation::Cbor), json(), json())
    );
    let same = |content_type: &str, accept: &str| (None, None, content_type.to_owned(), accept.to_owned());
    assert_eq!(take(&[], "application/cbor", "application/cbor"), same("application/cbor", "application/cbor"));
    assert_eq!(
        take(&[Notation::Cbor], "application/msgpack", "application/msgpack"),
        same("application/msgpack", "application/msgpack")
    );
    assert_eq!(take(&both, "application/cbor; x=1", "text/html"), same("application/cbor; x=1", "text/html"));
    for (accept, wanted) in [
        ("application/cbor, application/json", None),
        ("application/cbor, application/json;q=0.5", Some(Notation::Cbor)),
        ("application/cbor;q=0.4, application/json;q=0.5", None),
        ("application/cbor;q=0.4, application/msgpack;q=0.5", Some(Notation::Msgpack)),
        ("application/cbor;q=0", None),
        ("application/cbor;q=x", None),
        ("*/*", None),
        ("application/cbor, */*;q=0.1", Some(Notation::Cbor)),
    ] {
        assert_eq!(take(&both, "text/plain", accept).1, wanted, "{accept}");
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from);
        let map = prop::collection::btree_map("\\PC{0,4}", inner, 0..20);
        prop_oneof![list, map.prop_map(|map| Value::Object(map.into_iter().collect()))]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(value in values()) {
        for notation in [Notation::Msgpack, Notation::Cbor] {
            let text = to_json(notation, &from_json(notation, &value), 16, 1 << 20).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value.clone());
        }
    }

    #[test]
    fn hostile_bytes_never_panic_and_never_become_more_than_allowed(bytes in prop::collection::vec(any::<u8>(), 0..200), most in 0usize..400) {
        for notation in [Notation::Msgpack, Notation::Cbor] {
            if let Ok(text) = to_json(notation, &bytes, 8, most) {
                prop_assert!(text.len() <= most);
                prop_assert!(serde_json::from_slice::<Value>(&text).is_ok());
            }
        }
    }
}
