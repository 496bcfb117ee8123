//! The addresses of a name: all of them are used, they are looked up again from time to time, and a name service that
//! fails takes nothing away that is known.

use crate::clock::Clock;
use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use tokio::net::lookup_host;
use tokio::task::spawn_local;

/// How soon a lookup that failed is tried again.
const AGAIN_US: u64 = 1_000_000;

/// The addresses of one name.
pub(super) struct Addresses {
    name: String,
    port: u16,
    refresh_us: u64,
    known: RefCell<Known>,
    /// What a name service that is not there says, the last first.
    #[cfg(test)]
    script: Option<RefCell<Vec<Vec<SocketAddr>>>>,
}

#[derive(Debug, Default, PartialEq)]
struct Known {
    addresses: Vec<SocketAddr>,
    due_us: u64,
    turn: usize,
}

impl Known {
    /// All addresses, each time another one first.
    fn next(&mut self) -> Vec<SocketAddr> {
        let mut addresses = self.addresses.clone();
        let turn = self.turn.checked_rem(addresses.len()).unwrap_or(0);
        addresses.rotate_left(turn);
        self.turn = self.turn.wrapping_add(1);
        addresses
    }

    /// Takes what a lookup found. One that found nothing changes nothing but the time of the next.
    fn learn(&mut self, found: io::Result<Vec<SocketAddr>>, now_us: u64, refresh_us: u64) -> io::Result<()> {
        match found {
            Ok(found) if !found.is_empty() => {
                self.addresses = found;
                self.due_us = now_us.saturating_add(refresh_us);
                Ok(())
            }
            failed => {
                self.due_us = now_us.saturating_add(refresh_us.min(AGAIN_US));
                failed.map(|_| ())
            }
        }
    }
}

impl Addresses {
    pub(super) fn new(name: &str, port: u16, refresh_ms: u64) -> Rc<Self> {
        let refresh_us = refresh_ms.saturating_mul(1000);
        Rc::new(Self {
            name: name.to_owned(),
            port,
            refresh_us,
            known: RefCell::default(),
            #[cfg(test)]
            script: None,
        })
    }

    /// Addresses of a name service that says these things in turn, and is asked every time.
    #[cfg(test)]
    pub(super) fn scripted(name: &str, port: u16, mut answers: Vec<Vec<SocketAddr>>) -> Rc<Self> {
        answers.reverse();
        let (known, script) = (RefCell::default(), Some(RefCell::new(answers)));
        Rc::new(Self { name: name.to_owned(), port, refresh_us: 0, known, script })
    }

    /// All addresses, in the order they should be tried. Only the first lookup is waited for.
    pub(super) async fn get(self: &Rc<Self>, clock: &Rc<Clock>) -> io::Result<Vec<SocketAddr>> {
        #[cfg(test)]
        if let Some(script) = &self.script {
            return script.borrow_mut().pop().ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        if let Ok(address) = self.name.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let (is_known, is_due) = {
            let known = self.known.borrow();
            (!known.addresses.is_empty(), known.due_us <= clock.latest_us())
        };
        match (is_known, is_due) {
            (false, _) => self.look_up(clock).await?,
            (true, true) => {
                // One lookup at a time: the next is due when this one has had its time.
                self.known.borrow_mut().due_us = clock.latest_us().saturating_add(self.refresh_us.max(AGAIN_US));
                let (addresses, clock) = (self.clone(), clock.clone());
                spawn_local(async move { addresses.look_up(&clock).await });
            }
            (true, false) => {}
        }
        Ok(self.known.borrow_mut().next())
    }

    async fn look_up(&self, clock: &Clock) -> io::Result<()> {
        let found = lookup_host((self.name.as_str(), self.port)).await.map(Iterator::collect);
        self.known.borrow_mut().learn(found, clock.latest_us(), self.refresh_us)
    }

    /// No address could be reached: they may have changed.
    pub(super) fn doubt(&self) {
        self.known.borrow_mut().due_us = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 80))
    }

    #[test]
    fn every_address_comes_first_in_its_turn() {
        let mut known = Known { addresses: vec![address(1), address(2), address(3)], ..Known::default() };
        let firsts: Vec<SocketAddr> = (0..6).map(|_| known.next()[0]).collect();
        assert_eq!(firsts, [1, 2, 3, 1, 2, 3].map(address));
        assert_eq!(known.next().len(), 3);
    }

    #[test]
    fn a_lookup_that_fails_or_finds_nothing_takes_nothing_away() {
        let mut known = Known::default();
        known.learn(Ok(vec![address(1)]), 0, 10_000_000).unwrap();
        assert_eq!(known.due_us, 10_000_000);
        assert!(known.learn(Err(io::ErrorKind::TimedOut.into()), 20, 10_000_000).is_err());
        known.learn(Ok(Vec::new()), 20, 10_000_000).unwrap();
        assert_eq!((known.next(), known.due_us), (vec![address(1)], 20 + AGAIN_US));
    }

    #[test]
    fn a_lookup_that_finds_others_replaces_them() {
        let mut known = Known { addresses: vec![address(1)], ..Known::default() };
        known.learn(Ok(vec![address(2), address(3)]), 0, 1).unwrap();
        assert_eq!(known.addresses, [address(2), address(3)]);
    }
}
