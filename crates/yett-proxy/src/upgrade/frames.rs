//! Where the frames of a WebSocket begin and end (RFC 6455 section 5.2). Nothing else of them is looked at.

/// Two bytes, eight of an extended length, four of a mask.
const LONGEST_HEAD: usize = 14;
/// Close with status 1001, going away: from a server.
const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];
/// Close with status 1008, policy violation: from a server.
const NO_LONGER_ALLOWED: [u8; 4] = [0x88, 0x02, 0x03, 0xf0];

/// Follows the bytes of one direction.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; LONGEST_HEAD],
    held: usize,
    payload: u64,
}

impl Frames {
    /// Reads along.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let passed = bytes.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
                self.payload -= passed as u64;
                bytes = bytes.get(passed..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.head.get_mut(self.held) {
                *place = *first;
            }
            self.held += 1;
            if let Some(payload) = payload(self.head.get(..self.held).unwrap_or_default()) {
                (self.held, self.payload) = (0, payload);
            }
            bytes = rest;
        }
    }

    /// Whether a frame may begin here.
    pub(super) fn is_between(&self) -> bool {
        self.held == 0 && self.payload == 0
    }
}

/// The length of a frame's payload, once its head is whole.
fn payload(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = usize::from(second >> 7) * 4;
    if head.len() < 2 + extended + mask {
        return None;
    }
    Some(match extended {
        0 => u64::from(second & 0x7f),
        _ => head.get(2..2 + extended)?.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    })
}

/// The gateway goes away: a frame for a client.
pub(super) fn goodbye() -> Vec<u8> {
    GOING_AWAY.to_vec()
}

/// A whole frame that tells a caller that it may not go on.
pub(super) fn no_longer_allowed() -> Vec<u8> {
    NO_LONGER_ALLOWED.to_vec()
}

/// What [`goodbye`] is for a server, which takes masked frames only.
pub(super) fn masked_goodbye(mask: [u8; 4]) -> Vec<u8> {
    let [first, second, code @ ..] = GOING_AWAY;
    let masked = code.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    [first, second | 0x80].into_iter().chain(mask).chain(masked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize, masked: bool) -> Vec<u8> {
        let bit = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match length {
            0..=125 => frame.push(bit | length as u8),
            126..=0xffff => {
                frame.push(bit | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(bit | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![0xff; length + if masked { 4 } else { 0 }]);
        frame
    }

    proptest::proptest! {
        #[test]
        fn the_end_of_every_frame_is_found_however_its_bytes_come(
            frames in proptest::collection::vec((proptest::prop_oneof![0usize..200, 65_500usize..65_600], proptest::bool::ANY), 1..4),
            piece in 1usize..5000,
        ) {
            let mut follower = Frames::default();
            for (length, masked) in frames {
                let bytes = frame(length, masked);
                let (last, before) = bytes.split_last().unwrap();
                before.chunks(piece).for_each(|part| follower.follow(part));
                proptest::prop_assert!(!follower.is_between());
                follower.follow(&[*last]);
                proptest::prop_assert!(follower.is_between());
            }
        }

        #[test]
        fn any_bytes_are_followed_without_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            Frames::default().follow(&bytes);
        }
    }

    #[test]
    fn farewells_are_whole_frames() {
        for farewell in [goodbye(), masked_goodbye([1, 2, 3, 4])] {
            let mut frames = Frames::default();
            frames.follow(&farewell);
            assert!(frames.is_between());
        }
        assert_eq!(masked_goodbye([1, 2, 3, 4]), [0x88, 0x82, 1, 2, 3, 4, 0x02, 0xeb]);
    }
}
