//! Stamps the build with a checksum of the Rust sources, so that a stale native module is recognised.
//!
//! CRC-32 (ISO-HDLC) over every source file below a crate's `src`, in path order: its path from `crates`, a zero byte, its bytes, a
//! zero byte. `tests/test_native.py` computes the same.

use std::path::{Path, PathBuf};

fn main() {
    // The symbols of Python come from the process that loads the module; only macOS has to be told.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos") {
        println!("cargo:rustc-cdylib-link-arg=-undefined");
        println!("cargo:rustc-cdylib-link-arg=dynamic_lookup");
    }
    let crates = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    println!("cargo:rerun-if-changed={}", crates.display());
    let mut files = Vec::new();
    for member in std::fs::read_dir(&crates).into_iter().flatten().flatten() {
        collect(&member.path().join("src"), &mut files);
    }
    let mut named: Vec<(String, PathBuf)> = files.into_iter().map(|file| (name(&crates, &file), file)).collect();
    named.sort();
    let crc = named.iter().fold(!0, |crc, (name, file)| {
        let text = std::fs::read(file).unwrap_or_default();
        [name.as_bytes(), &[0], &text, &[0]].iter().fold(crc, |crc, bytes| extend(crc, bytes))
    });
    println!("cargo:rustc-env=YETT_SOURCES={:08x}", !crc);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn name(crates: &Path, file: &Path) -> String {
    let parts = file.strip_prefix(crates).unwrap_or(file).components();
    parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}

fn extend(crc: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(crc, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())))
}
