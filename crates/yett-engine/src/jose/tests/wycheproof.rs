//! Google's and C2SP's vectors of signatures and keys, where the corpora are at hand.

use super::*;
use std::path::PathBuf;

/// Vectors whose label cannot be right, whatever else they test.
///
/// 370 is byte for byte the valid vector 357 of the same group: padding that it should have was lost. 367 is the same.
/// 372 has a `?` in its header, which is not in the alphabet, and the signature of the header without it.
const MISLABELLED: [u64; 3] = [367, 370, 372];

fn corpus(name: &str) -> Option<Value> {
    let root = std::env::var_os("YETT_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"), PathBuf::from);
    let path = root.join("jose").join(name);
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            eprintln!("skipped: there is no {} (set YETT_CORPORA)", path.display());
            None
        }
    }
}

fn accepts(group: &Value, jws: &str) -> bool {
    let public = group.get("public");
    let key = public.unwrap_or(&group["private"]);
    let set = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) }.to_string();
    let keys = match public {
        Some(_) => KeySet::public(set.as_bytes()),
        None => KeySet::with_secrets(set.as_bytes()),
    };
    keys.is_ok_and(|keys| verify_jws(jws, &keys).is_ok())
}

fn judged_wrong(name: &str) -> Option<(usize, Vec<String>)> {
    let corpus = corpus(name)?;
    let groups = corpus["testGroups"].as_array().unwrap();
    let cases = groups.iter().flat_map(|group| group["tests"].as_array().unwrap().iter().map(move |test| (group, test)));
    let (mut count, mut wrong) = (0, Vec::new());
    for (group, test) in cases {
        let id = test["tcId"].as_u64().unwrap();
        if name.starts_with("jws") && MISLABELLED.contains(&id) {
            continue;
        }
        count += 1;
        if accepts(group, test["jws"].as_str().unwrap()) != (test["result"] == "valid") {
            wrong.push(format!("{id} {} should be {}", test["comment"], test["result"]));
        }
    }
    Some((count, wrong))
}

#[test]
fn every_vector_of_keys_is_judged_right() {
    let Some((count, wrong)) = judged_wrong("jwk.json") else { return };
    assert!(count >= 26 && wrong.is_empty(), "{count}: {wrong:#?}");
}

#[test]
fn every_vector_of_signatures_is_judged_right() {
    let Some((count, wrong)) = judged_wrong("jws-even.json") else { return };
    assert!(count >= 190 && wrong.is_empty(), "{count}: {wrong:#?}");
}
