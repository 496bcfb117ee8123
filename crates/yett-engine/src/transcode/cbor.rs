//! CBOR (RFC 8949).

use super::json::{Fault, Item, number, take, text};
use serde_json::Value;

/// Takes the next item.
pub(super) fn next<'b>(rest: &mut &'b [u8]) -> Result<Item<'b>, Fault> {
    let lead = take(rest, 1)?.first().copied().ok_or(Fault::Malformed)?;
    let (major, minor) = (lead >> 5, lead & 0x1f);
    if major == 7 {
        return simple(minor, rest);
    }
    let argument = argument(minor, rest)?;
    Ok(match (major, argument) {
        (0, Some(value)) => Item::Unsigned(value),
        (1, Some(value)) => {
            let value = i64::try_from(value).map_err(|_| Fault::Foreign("has a whole number beyond 64 bits"))?;
            Item::Signed(-1 - value)
        }
        (2, _) => return Err(Fault::Foreign("has binary data, which JSON cannot say")),
        (3, Some(length)) => return text(rest, length),
        (3, None) => return Err(Fault::Foreign("has text in pieces")),
        (4, count) => Item::List(count),
        (5, count) => Item::Map(count),
        (6, Some(_)) => return Err(Fault::Foreign("has a tag, which JSON cannot say")),
        _ => return Err(Fault::Malformed),
    })
}

/// The number in or after the lead byte; `None` for an indefinite length.
fn argument(minor: u8, rest: &mut &[u8]) -> Result<Option<u64>, Fault> {
    Ok(Some(match minor {
        0..=23 => minor.into(),
        24 => number::<1>(rest)?,
        25 => number::<2>(rest)?,
        26 => number::<4>(rest)?,
        27 => number::<8>(rest)?,
        31 => return Ok(None),
        _ => return Err(Fault::Malformed),
    }))
}

fn simple<'b>(minor: u8, rest: &mut &'b [u8]) -> Result<Item<'b>, Fault> {
    Ok(match minor {
        20 => Item::Bool(false),
        21 => Item::Bool(true),
        22 => Item::Null,
        25 => Item::Float(half(number::<2>(rest)? as u16)),
        26 => Item::Float(f32::from_bits(number::<4>(rest)? as u32).into()),
        27 => Item::Float(f64::from_bits(number::<8>(rest)?)),
        31 => Item::Break,
        0..=19 | 23 | 24 => return Err(Fault::Foreign("has a simple value that JSON cannot say")),
        _ => return Err(Fault::Malformed),
    })
}

/// A number of 16 bits (RFC 8949 appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

/// Writes a value in the preferred serialization, but for floats, which stay of 64 bits.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(value) => out.push(if *value { 0xf5 } else { 0xf4 }),
        Value::Number(value) => match (value.as_u64(), value.as_i64()) {
            (Some(value), _) => head(out, 0, value),
            (None, Some(value)) => head(out, 1, value.unsigned_abs() - 1),
            (None, None) => {
                out.push(0xfb);
                out.extend(value.as_f64().unwrap_or(0.0).to_be_bytes());
            }
        },
        Value::String(value) => write_text(value, out),
        Value::Array(items) => {
            head(out, 4, items.len() as u64);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Object(members) => {
            head(out, 5, members.len() as u64);
            for (name, value) in members {
                write_text(name, out);
                write(value, out);
            }
        }
    }
}

fn write_text(value: &str, out: &mut Vec<u8>) {
    head(out, 3, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let lead = major << 5;
    match argument {
        0..=23 => out.push(lead | argument as u8),
        24..=0xff => out.extend([lead | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(lead | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(lead | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(lead | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}
