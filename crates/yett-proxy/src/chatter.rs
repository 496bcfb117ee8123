//! Frames of HTTP/2 that ask for work and bring nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, and those of
//! kinds that nobody knows (RFC 9113 section 10.5).
//!
//! The library answers them as they come, and keeps none, so that they take no memory; but nothing else ends a caller that
//! sends them for ever beside one request. They are counted where the bytes pass.

const PREFACE: usize = 24;
const HEAD: usize = 9;

const DATA: u8 = 0x0;
const PRIORITY: u8 = 0x2;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;

/// Follows what a caller sends from the first byte.
#[derive(Debug, Default)]
pub(crate) struct Chatter {
    preface: usize,
    head: [u8; HEAD],
    held: usize,
    payload: usize,
}

impl Chatter {
    /// Reads along; gives the number of frames among these bytes that bring nothing.
    pub(crate) fn follow(&mut self, mut bytes: &[u8]) -> u64 {
        let skipped = bytes.len().min(PREFACE - self.preface);
        self.preface += skipped;
        bytes = bytes.get(skipped..).unwrap_or_default();
        let mut idle = 0;
        while !bytes.is_empty() {
            let taken = match self.payload {
                0 => self.read_head(bytes, &mut idle),
                payload => {
                    let passed = bytes.len().min(payload);
                    self.payload -= passed;
                    passed
                }
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        idle
    }

    fn read_head(&mut self, bytes: &[u8], idle: &mut u64) -> usize {
        let taken = bytes.len().min(HEAD - self.held);
        for (place, byte) in self.head.iter_mut().skip(self.held).zip(bytes) {
            *place = *byte;
        }
        self.held += taken;
        if self.held == HEAD {
            let [first, second, third, kind, flags, ..] = self.head;
            self.held = 0;
            self.payload = usize::from(first) << 16 | usize::from(second) << 8 | usize::from(third);
            *idle += u64::from(brings_nothing(kind, flags, self.payload));
        }
        taken
    }
}

fn brings_nothing(kind: u8, flags: u8, length: usize) -> bool {
    match kind {
        DATA => length == 0 && flags & END_STREAM == 0,
        SETTINGS | PING => flags & ACK == 0,
        PRIORITY | WINDOW_UPDATE => true,
        kind => kind > CONTINUATION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![(length >> 16) as u8, (length >> 8) as u8, length as u8, kind, flags, 0, 0, 0, 1];
        frame.extend(vec![PING; length]);
        frame
    }

    #[test]
    fn what_brings_something_is_not_counted() {
        for (kind, flags, length, idle) in [
            (DATA, 0, 5, false),
            (DATA, END_STREAM, 0, false),
            (DATA, 0, 0, true),
            (0x1, 0x5, 30, false),
            (PRIORITY, 0, 5, true),
            (0x3, 0, 4, false),
            (SETTINGS, 0, 6, true),
            (SETTINGS, ACK, 0, false),
            (PING, 0, 8, true),
            (PING, ACK, 8, false),
            (0x7, 0, 8, false),
            (WINDOW_UPDATE, 0, 4, true),
            (CONTINUATION, 0x4, 9, false),
            (0x10, 0, 9, true),
            (0xff, 0, 0, true),
        ] {
            assert_eq!(brings_nothing(kind, flags, length), idle, "{kind} {flags} {length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn frames_are_counted_however_their_bytes_come(
            frames in proptest::collection::vec((0u8..20, 0u8..2, 0usize..70_000), 0..12), piece in 1usize..40_000,
        ) {
            let expected: u64 = frames.iter().map(|(kind, flags, length)| u64::from(brings_nothing(*kind, *flags, *length))).sum();
            let mut bytes = vec![PING; PREFACE];
            frames.iter().for_each(|(kind, flags, length)| bytes.extend(frame(*kind, *flags, *length)));
            let mut chatter = Chatter::default();
            let counted: u64 = bytes.chunks(piece).map(|part| chatter.follow(part)).sum();
            proptest::prop_assert_eq!(counted, expected);
        }
    }
}
