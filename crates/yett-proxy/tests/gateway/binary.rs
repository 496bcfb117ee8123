//! The `yett-gateway` program: its arguments, signals and exit codes.

use crate::common::{Caller, Origin, PATIENCE, get, snapshot};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yett-gateway"));
    command.env("YETT_PEPPER", "ab".repeat(32)).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A running program, ended when the test is.
struct Running {
    child: Child,
    messages: BufReader<Box<dyn Read + Send>>,
    snapshot: PathBuf,
}

impl Running {
    fn start(name: &str, snapshot: &str, more: &[&str]) -> Self {
        let path = std::env::temp_dir().join(format!("yett-binary-{name}-{}.json", std::process::id()));
        std::fs::write(&path, snapshot).unwrap();
        let mut child = program().arg(&path).args(["--listen=127.0.0.1:0", "--workers", "1"]).args(more).spawn().unwrap();
        let messages = BufReader::new(Box::new(child.stderr.take().unwrap()) as Box<dyn Read + Send>);
        Self { child, messages, snapshot: path }
    }

    /// The next message that has this in it.
    fn wait_for(&mut self, part: &str) -> String {
        loop {
            let mut message = String::new();
            assert_ne!(self.messages.read_line(&mut message).unwrap(), 0, "the program ended before it said {part:?}");
            if message.contains(part) {
                return message.trim_end().to_owned();
            }
        }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.snapshot);
    }
}

#[test]
fn it_serves_reloads_and_drains() {
    let (one, two) = (Origin::echo(), Origin::echo());
    let of = |origin: &Origin| snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})).to_string();
    let mut running = Running::start("serves", &of(&one), &[]);
    let line = running.wait_for("listening on");
    let mut caller = Caller::connect(line.rsplit(' ').next().unwrap().parse().unwrap());
    let mut ask = || {
        caller.send(get("/shop/books"));
        caller.read().unwrap().status()
    };
    assert_eq!(ask(), 200);
    one.next();
    std::fs::write(&running.snapshot, "{}").unwrap();
    running.signal("HUP");
    running.wait_for("the old snapshot keeps serving");
    assert_eq!(ask(), 200);
    one.next();
    std::fs::write(&running.snapshot, of(&two)).unwrap();
    running.signal("HUP");
    running.wait_for("is in force");
    assert_eq!(ask(), 200);
    two.next();
    running.signal("TERM");
    running.wait_for("stopped, 0 request(s) cut off");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    running.child.stdout.take().unwrap().read_to_string(&mut log).unwrap();
    let events: Vec<yett_model::Event> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 3);
}

#[test]
fn it_stops_though_nobody_reads_its_log() {
    let origin = Origin::echo();
    let served = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})).to_string();
    let mut running = Running::start("unread", &served, &["--grace", "1"]);
    let line = running.wait_for("listening on");
    let mut caller = Caller::connect(line.rsplit(' ').next().unwrap().parse().unwrap());
    // Events of more bytes than a pipe holds.
    for _ in 0..1000 {
        caller.send(get("/shop/books"));
        assert_eq!(caller.read().unwrap().status(), 200);
    }
    running.signal("TERM");
    let messages = std::mem::replace(&mut running.messages, BufReader::new(Box::new(std::io::empty())));
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || messages.lines().for_each(|message| drop(said.send(message.unwrap()))));
    let next = || heard.recv_timeout(PATIENCE).expect("the program hangs");
    assert!(next().contains("draining"));
    assert!(next().contains("event(s) were lost"));
    assert!(next().contains("stopped, 0 request(s) cut off"));
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn it_signs_tokens_for_upstreams_with_the_key_it_is_given() {
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";
    let mut served = snapshot(&json!({"targets": [{"url": "http://127.0.0.1:1"}]}));
    served["identity"] = json!({"issuer": "https://gateway.example", "jwks": "/keys.json"});
    served["apis"][0]["proxy"] = json!({"upstream_identity": {"audience": "shop"}});
    let key = std::env::temp_dir().join(format!("yett-binary-key-{}.pem", std::process::id()));
    std::fs::write(&key, PEM).unwrap();
    let mut running = Running::start("signs", &served.to_string(), &["--identity-key", key.to_str().unwrap()]);
    let line = running.wait_for("listening on");
    std::fs::remove_file(&key).unwrap();
    let mut caller = Caller::connect(line.rsplit(' ').next().unwrap().parse().unwrap());
    caller.send(get("/keys.json"));
    let answer = caller.read().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(String::from_utf8_lossy(&answer.body).contains("Ed25519"));
    let (code, _, message) = run(&[running.snapshot.to_str().unwrap(), "--identity-key=/no/such/key.pem"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("--identity-key /no/such/key.pem cannot be read"), "{message}");
}

#[test]
fn wrong_use_is_explained_with_exit_code_2() {
    let (code, _, message) = run(&["--workers", "many", "x"]);
    assert_eq!(code, Some(2));
    assert!(message.contains("--workers needs a whole number") && message.contains("--help"), "{message}");
    assert!(matches!(run(&["--help"]), (Some(0), help, _) if help.contains("Usage:")));
}

#[test]
fn what_cannot_run_says_why_with_exit_code_1() {
    let (code, _, message) = run(&["/no/such/snapshot.json"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("/no/such/snapshot.json cannot be read"), "{message}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let path = std::env::temp_dir().join(format!("yett-binary-taken-{}.json", std::process::id()));
    std::fs::write(&path, snapshot(&json!({"targets": [{"url": "http://127.0.0.1:1"}]})).to_string()).unwrap();
    let (code, _, message) = run(&[path.to_str().unwrap(), "--listen", &taken.local_addr().unwrap().to_string()]);
    std::fs::write(&path, r#"{"format": 1, "apis": [], "nonsense": 1}"#).unwrap();
    assert_eq!(code, Some(1));
    assert!(message.contains("another process has this port"), "{message}");
    let (code, _, message) = run(&[path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code, Some(1));
    assert!(message.contains("snapshot-malformed") && message.contains("nonsense"), "{message}");
}
