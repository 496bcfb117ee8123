//! A walk over values in DER (ITU-T X.690), as far as certificates need one.

/// Values that follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Der<'a>(pub &'a [u8]);

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    /// Tag and content of the next value; `None` at the end, and for what is no DER.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let digits = rest.get(..usize::from(first & 0x7F)).filter(|digits| (1..=4).contains(&digits.len()))?;
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            rest = rest.get(digits.len()..)?;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

impl<'a> Der<'a> {
    /// The content of the next value, if it has this tag; otherwise it stays the next.
    pub fn read(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (tag, content) = ahead.next()?;
        (tag == wanted).then(|| {
            *self = ahead;
            content
        })
    }
}
