//! Seeds of `fuzz/seeds`, and many small changes of them, through one target: what a build without a fuzzer can run.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;

/// One change of a text: where, and what comes in place of how many bytes.
type Edit = (prop::sample::Index, Vec<u8>, usize);

/// What breaks parsers.
const WORDS: [&[u8]; 16] =
    [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"%", b"%2f", b"..", b"=", b"\"", b"\xff", b"0", b"ffffffffffffffff"];

fn edit() -> impl Strategy<Value = Edit> {
    let word = prop_oneof![
        prop::sample::select(&WORDS[..]).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..4),
        prop::collection::vec(32u8..127, 1..9),
    ];
    (any::<prop::sample::Index>(), word, 0usize..6)
}

fn apply(seed: &[u8], edits: &[Edit]) -> Vec<u8> {
    edits.iter().fold(seed.to_vec(), |mut bytes, (place, word, gone)| {
        let start = place.index(bytes.len() + 1);
        let end = bytes.len().min(start + gone);
        bytes.splice(start..end, word.iter().copied());
        bytes
    })
}

/// Runs a target on its seeds, which must be there, and on changes of them.
pub(crate) fn replay(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let seeds: Vec<Vec<u8>> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty(), "{name} has no seed");
    seeds.iter().for_each(|seed| target(seed));
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let changed = (prop::sample::select(seeds), prop::collection::vec(edit(), 1..6));
    let outcome = runner.run(&changed, |(seed, edits)| {
        target(&apply(&seed, &edits));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}
