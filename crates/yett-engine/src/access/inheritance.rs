//! Which profiles a profile inherits, and whether that ever ends.

use std::collections::HashSet;

/// Longest line of profiles that inherit one another: more cannot be told to anybody.
pub(super) const DEEPEST: usize = 32;

/// What is wrong with inheritance.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The profiles inherit one another in a circle; the first is also the last.
    Cycle(Vec<u32>),
    /// The line that begins here is longer than [`DEEPEST`].
    TooDeep(u32),
}

/// The order in which every profile comes after those it inherits.
pub(super) fn order(parents: &[Vec<u32>]) -> Result<Vec<u32>, Vec<Fault>> {
    let mut walk = Walk { parents, depth: vec![0; parents.len()], order: Vec::new(), faults: Vec::new() };
    for start in 0..parents.len() as u32 {
        walk.from(start);
    }
    match walk.faults.is_empty() {
        true => Ok(walk.order),
        false => Err(walk.faults),
    }
}

/// A profile and those it inherits, each once, nearest first.
pub(super) fn with_inherited<'p>(parents: impl Fn(u32) -> Option<&'p [u32]>, profile: u32) -> Vec<u32> {
    let mut found = vec![profile];
    let mut seen = HashSet::from([profile]);
    let mut at = 0;
    while let Some(&next) = found.get(at) {
        found.extend(parents(next).into_iter().flatten().filter(|parent| seen.insert(**parent)));
        at += 1;
    }
    found
}

struct Walk<'a> {
    parents: &'a [Vec<u32>],
    /// Length of the longest line that begins at a profile; 0 while it was not left.
    depth: Vec<usize>,
    order: Vec<u32>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// Goes up from a profile, without recursion: a line may be as long as a file.
    fn from(&mut self, start: u32) {
        let mut path: Vec<(u32, usize)> = vec![(start, 0)];
        if self.is_left(start) {
            return;
        }
        let mut on_path = HashSet::from([start]);
        while let Some((profile, next)) = path.last_mut() {
            let profile = *profile;
            let parent = self.parents.get(profile as usize).and_then(|parents| parents.get(*next)).copied();
            *next += 1;
            match parent {
                None => {
                    path.pop();
                    on_path.remove(&profile);
                    self.leave(profile);
                }
                Some(parent) if on_path.contains(&parent) => self.note_cycle(&path, parent),
                Some(parent) if self.is_left(parent) => {}
                Some(parent) => {
                    path.push((parent, 0));
                    on_path.insert(parent);
                }
            }
        }
    }

    fn is_left(&self, profile: u32) -> bool {
        self.depth.get(profile as usize).is_some_and(|depth| *depth > 0)
    }

    fn leave(&mut self, profile: u32) {
        let parents = self.parents.get(profile as usize).into_iter().flatten();
        let above = parents.filter_map(|parent| self.depth.get(*parent as usize)).max().copied().unwrap_or(0);
        if above == DEEPEST {
            self.faults.push(Fault::TooDeep(profile));
        }
        if let Some(depth) = self.depth.get_mut(profile as usize) {
            *depth = above + 1;
        }
        self.order.push(profile);
    }

    fn note_cycle(&mut self, path: &[(u32, usize)], again: u32) {
        let circle = path.iter().map(|(profile, _)| *profile).skip_while(|profile| *profile != again);
        self.faults.push(Fault::Cycle(circle.chain([again]).collect()));
    }
}
