//! MessagePack.

use super::json::{Fault, Item, number, take, text};
use serde_json::Value;

/// Takes the next item.
pub(super) fn next<'b>(rest: &mut &'b [u8]) -> Result<Item<'b>, Fault> {
    let lead = take(rest, 1)?.first().copied().ok_or(Fault::Malformed)?;
    Ok(match lead {
        0x00..=0x7f => Item::Unsigned(lead.into()),
        0x80..=0x8f => Item::Map(Some((lead & 0x0f).into())),
        0x90..=0x9f => Item::List(Some((lead & 0x0f).into())),
        0xa0..=0xbf => return text(rest, (lead & 0x1f).into()),
        0xc0 => Item::Null,
        0xc2 => Item::Bool(false),
        0xc3 => Item::Bool(true),
        0xca => Item::Float(f32::from_bits(number::<4>(rest)? as u32).into()),
        0xcb => Item::Float(f64::from_bits(number::<8>(rest)?)),
        0xcc => Item::Unsigned(number::<1>(rest)?),
        0xcd => Item::Unsigned(number::<2>(rest)?),
        0xce => Item::Unsigned(number::<4>(rest)?),
        0xcf => Item::Unsigned(number::<8>(rest)?),
        0xd0 => Item::Signed((number::<1>(rest)? as u8 as i8).into()),
        0xd1 => Item::Signed((number::<2>(rest)? as u16 as i16).into()),
        0xd2 => Item::Signed((number::<4>(rest)? as u32 as i32).into()),
        0xd3 => Item::Signed(number::<8>(rest)? as i64),
        0xd9 => {
            let length = number::<1>(rest)?;
            return text(rest, length);
        }
        0xda => {
            let length = number::<2>(rest)?;
            return text(rest, length);
        }
        0xdb => {
            let length = number::<4>(rest)?;
            return text(rest, length);
        }
        0xdc => Item::List(Some(number::<2>(rest)?)),
        0xdd => Item::List(Some(number::<4>(rest)?)),
        0xde => Item::Map(Some(number::<2>(rest)?)),
        0xdf => Item::Map(Some(number::<4>(rest)?)),
        0xe0..=0xff => Item::Signed((lead as i8).into()),
        0xc4..=0xc6 => return Err(Fault::Foreign("has binary data, which JSON cannot say")),
        0xc7..=0xc9 | 0xd4..=0xd8 => return Err(Fault::Foreign("has an extension, which JSON cannot say")),
        0xc1 => return Err(Fault::Malformed),
    })
}

/// Writes a value.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Number(value) => write_number(value, out),
        Value::String(value) => {
            head(out, value.len(), 0xa0, 32, [Some(0xd9), Some(0xda), Some(0xdb)]);
            out.extend_from_slice(value.as_bytes());
        }
        Value::Array(items) => {
            head(out, items.len(), 0x90, 16, [None, Some(0xdc), Some(0xdd)]);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Object(members) => {
            head(out, members.len(), 0x80, 16, [None, Some(0xde), Some(0xdf)]);
            for (name, value) in members {
                write(&Value::String(name.clone()), out);
                write(value, out);
            }
        }
    }
}

/// The lead byte of what has a length. Bodies are far shorter than 4 GiB.
fn head(out: &mut Vec<u8>, length: usize, fixed: u8, limit: usize, leads: [Option<u8>; 3]) {
    let [one, two, four] = leads;
    match (one, two, four) {
        _ if length < limit => out.push(fixed | length as u8),
        (Some(one), ..) if length <= 0xff => out.extend([one, length as u8]),
        (_, Some(two), _) if length <= 0xffff => {
            out.push(two);
            out.extend((length as u16).to_be_bytes());
        }
        (_, _, four) => {
            out.push(four.unwrap_or(0xdd));
            out.extend((length as u32).to_be_bytes());
        }
    }
}

fn write_number(value: &serde_json::Number, out: &mut Vec<u8>) {
    match (value.as_u64(), value.as_i64()) {
        (Some(value @ 0..=0x7f), _) => out.push(value as u8),
        (Some(value), _) => {
            out.push(0xcf);
            out.extend(value.to_be_bytes());
        }
        (None, Some(value @ -32..)) => out.push(value as i8 as u8),
        (None, Some(value)) => {
            out.push(0xd3);
            out.extend(value.to_be_bytes());
        }
        (None, None) => {
            out.push(0xcb);
            out.extend(value.as_f64().unwrap_or(0.0).to_be_bytes());
        }
    }
}
