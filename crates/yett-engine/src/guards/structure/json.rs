//! JSON by its brackets, quotes and commas: counted where it stands. Whether it is well-formed is the contract guard's
//! business; what is not, is counted all the same.

use crate::xml::Fault;
use memchr::memchr2;
use yett_model::snapshot::StructureGuard;

/// An array or object that is open.
struct Open {
    is_object: bool,
    /// Its values, or names.
    count: u32,
    /// Whether a value of it has begun.
    filled: bool,
}

/// Holds a text against the limits.
pub(crate) fn hold(bytes: &[u8], limits: &StructureGuard) -> Result<(), Fault> {
    // Text in 16 or 32 bits would hide its brackets from whoever reads bytes.
    if bytes.iter().take(4).any(|byte| matches!(byte, 0 | 0xfe | 0xff)) {
        return Err(Fault::Refused("is not UTF-8"));
    }
    Walk { bytes, at: 0, limits, open: Vec::new(), values: 0 }.run()
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
    limits: &'b StructureGuard,
    open: Vec<Open>,
    values: u32,
}

impl Walk<'_> {
    fn run(mut self) -> Result<(), Fault> {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b':' => {}
                b'[' | b'{' => self.enter(byte == b'{')?,
                b']' | b'}' => drop(self.open.pop()),
                b',' => {
                    if let Some(open) = self.open.last_mut() {
                        open.filled = false;
                    }
                }
                b'"' => self.string()?,
                _ => self.word()?,
            }
        }
        Ok(())
    }

    /// A value, or a name with its value, begins.
    fn begin(&mut self) -> Result<(), Fault> {
        self.values += 1;
        exceeds(u64::from(self.values), self.limits.max_values.into(), "has too many values")?;
        let Some(open) = self.open.last_mut().filter(|open| !open.filled) else { return Ok(()) };
        (open.count, open.filled) = (open.count + 1, true);
        match open.is_object {
            true => exceeds(open.count.into(), self.limits.max_keys.into(), "has an object with too many names"),
            false => exceeds(open.count.into(), self.limits.max_items.into(), "has an array with too many values"),
        }
    }

    fn enter(&mut self, is_object: bool) -> Result<(), Fault> {
        self.begin()?;
        exceeds(self.open.len() as u64 + 1, self.limits.max_depth.into(), "nests too deep")?;
        self.open.push(Open { is_object, count: 0, filled: false });
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(found) = memchr2(b'"', b'\\', self.bytes.get(self.at..).unwrap_or(&[])) {
            let at = self.at + found;
            if self.bytes.get(at) == Some(&b'"') {
                self.at = at + 1;
                return self.measure((at - start) as u64);
            }
            self.at = at + 2;
        }
        self.at = self.bytes.len();
        self.measure((self.at - start) as u64)
    }

    /// A string is a name if it is the first of its entry in an object; the name is counted, its value is not.
    fn measure(&mut self, length: u64) -> Result<(), Fault> {
        let is_name = self.open.last().is_some_and(|open| open.is_object && !open.filled);
        self.begin()?;
        match is_name {
            true => {
                self.values -= 1;
                exceeds(length, self.limits.max_key_bytes.into(), "has a name that is too long")
            }
            false => exceeds(length, self.limits.max_string_bytes, "has a string that is too long"),
        }
    }

    /// A number, or a word such as `true`.
    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        self.begin()?;
        exceeds(length as u64 + 1, self.limits.max_number_chars.into(), "has a number that is too long")
    }
}

fn exceeds(count: u64, most: u64, reason: &'static str) -> Result<(), Fault> {
    if count > most { Err(Fault::Exceeds(reason)) } else { Ok(()) }
}
