//! Files of keys: read line by line, so that a million of them never stand in memory as text.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use yett_engine::{Engine, LoadedKeys};
use yett_model::Diagnostic;

const BUFFER: usize = 1 << 20;
const LONGEST_LINE: u64 = 64 << 10;

/// Loads the keys of a file, all or nothing.
///
/// # Errors
/// The first mistake, its path naming the line; the keys loaded before stay.
pub(crate) fn load(engine: &Engine, path: &Path) -> Result<LoadedKeys, Diagnostic> {
    let unread = |error: &std::io::Error| {
        Diagnostic::new("", "keys-unreadable", format!("the keys in {} cannot be read: {error}", path.display()))
    };
    let mut lines = BufReader::with_capacity(BUFFER, File::open(path).map_err(|error| unread(&error))?);
    let mut loader = engine.key_loader();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|error| unread(&error))?;
        if read == 0 {
            return engine.load_keys(loader);
        }
        // A longer one is cut, and so no JSON.
        loader.line(&line)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use yett_engine::Pepper;

    fn engine() -> Engine {
        Engine::new(Pepper::new(&[9; 32]).unwrap())
    }

    fn file(name: &str, lines: &[String]) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("yett-keys-{}-{name}", std::process::id()));
        File::create(&path).unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
        path
    }

    fn head() -> String {
        format!(r#"{{"yett_keys":1,"pepper_id":"{}"}}"#, Pepper::new(&[9; 32]).unwrap().id())
    }

    #[test]
    fn a_file_of_keys_is_loaded_and_one_with_a_mistake_changes_nothing() {
        let engine = engine();
        let key = |id: usize| format!(r#"{{"id":"k{id}","app":"a","prefix":"yett_live_00000000","hash":"{}"}}"#, "0".repeat(64));
        let good = file("good", &[vec![head()], (0..1000).map(key).collect()].concat());
        assert_eq!(load(&engine, &good).unwrap().keys, 1000);
        let bad = file("bad", &[head(), key(1), "x".repeat(200_000)]);
        assert_eq!(load(&engine, &bad).unwrap_err().path, "/3");
        assert_eq!(load(&engine, Path::new("/no/such/file")).unwrap_err().code, "keys-unreadable");
        [good, bad].iter().for_each(|path| std::fs::remove_file(path).unwrap());
    }
}
