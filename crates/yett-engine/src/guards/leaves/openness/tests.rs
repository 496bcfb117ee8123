use super::strings::is_closed_string;
use serde_json::{Value, json};

fn closed(schema: Value) -> bool {
    is_closed_string(schema.as_object().unwrap())
}

#[test]
fn patterns_of_harmless_characters_are_closed() {
    for pattern in ["^[a-z0-9-]+$", "^(?:[A-Z]{3})$", "^a$|^b$", "^[0-9]{4}-[0-9]{2}$", "^x(y|z)*$"] {
        assert!(closed(json!({"pattern": pattern})), "{pattern}");
    }
}

#[test]
fn patterns_that_leave_room_are_open() {
    for pattern in ["[a-z]+", "^[a-z]+", "^[a-z']+$", "^.*$", "^a$|b", "^[^<]+$", "^\\w+$", "^(?m:[a-z]+$)", "^[a-z ]+$", "("] {
        assert!(!closed(json!({"pattern": pattern})), "{pattern}");
    }
}

#[test]
fn short_texts_and_formats_are_closed() {
    assert!(closed(json!({"maxLength": 2})) && closed(json!({"format": "uuid"})));
    assert!(!closed(json!({"maxLength": 3})) && !closed(json!({"format": "email"})) && !closed(json!({"format": "uri"})));
}
