//! `yett-gateway`: runs a snapshot file without a control plane.
//!
//! `SIGTERM` and `SIGINT` drain, `SIGHUP` applies the file and reads the certificate again. Exit codes: 0 stopped as asked, 1 failed or cut
//! requests off, 2 used wrongly.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use yett_proxy::{Diagnostic, Finding, Gateway, Options, Secret, Tls};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often leaked keys that were handed in are looked at.
const TICK: Duration = Duration::from_millis(100);
const MOST_FINDINGS: usize = 100;

const HELP: &str = "\
Runs the snapshot of an API gateway.

Usage: yett-gateway [OPTIONS] SNAPSHOT

Arguments:
  SNAPSHOT                Snapshot file, as `yett` compiles it

Options:
  --listen ADDRESS        Address for callers, host:port (repeat for more) [default: 127.0.0.1:8080]
  --telemetry ADDRESS     Address for /metrics, /healthz and /readyz
  --workers N             Worker threads [default: one per core]
  --access-log TARGET     `-` for standard output, a path, or `off` [default: -]
  --pepper-file PATH      File with the pepper of the credentials [default: the variable YETT_PEPPER]
  --identity-key PATH     PEM file with the Ed25519 key that signs tokens for upstreams; repeat for a key that it replaces
  --secrets PATH          JSON file with the secrets of signing keys, webhooks and passwords, by the snapshot's names
  --tls-certificate PATH  PEM file with the certificate chain for callers (with --tls-key)
  --tls-key PATH          PEM file with its private key
  --grace SECONDS         How long requests in flight may take to end on SIGTERM or SIGINT [default: 30]
  --help                  Show this text
  --version               Show the version

SIGHUP applies the snapshot file, the secrets and the certificate again; what is bad is refused and the old keeps serving.
";

/// What the command line says.
#[derive(Debug, Default)]
struct Arguments {
    snapshot: Option<PathBuf>,
    listen: Vec<String>,
    telemetry: Option<String>,
    workers: Option<usize>,
    access_log: Option<String>,
    pepper_file: Option<String>,
    identity_keys: Vec<PathBuf>,
    secrets: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    grace: Option<u64>,
}

/// What to do.
#[derive(Debug)]
enum Command {
    Run(Box<Arguments>),
    Show(String),
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) if word.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
            _ => (word, None),
        };
        let mut value = || inline.clone().or_else(|| words.next()).ok_or_else(|| format!("{option} needs a value"));
        match option.as_str() {
            "--help" | "-h" => return Ok(Command::Show(HELP.to_owned())),
            "--version" | "-V" => return Ok(Command::Show(format!("yett-gateway {}\n", env!("CARGO_PKG_VERSION")))),
            "--listen" => arguments.listen.push(value()?),
            "--telemetry" => arguments.telemetry = Some(value()?),
            "--workers" => arguments.workers = Some(number(&option, &value()?)? as usize),
            "--access-log" => arguments.access_log = Some(value()?),
            "--pepper-file" => arguments.pepper_file = Some(value()?),
            "--identity-key" => arguments.identity_keys.push(value()?.into()),
            "--secrets" => arguments.secrets = Some(value()?.into()),
            "--tls-certificate" => arguments.certificate = Some(value()?.into()),
            "--tls-key" => arguments.key = Some(value()?.into()),
            "--grace" => arguments.grace = Some(number(&option, &value()?)?),
            unknown if unknown.starts_with('-') => return Err(format!("{unknown} is no option")),
            _ if arguments.snapshot.is_some() => return Err(format!("'{option}' is one argument too many")),
            _ => arguments.snapshot = Some(option.into()),
        }
    }
    match arguments.snapshot {
        Some(_) => Ok(Command::Run(Box::new(arguments))),
        None => Err("the snapshot file is missing".to_owned()),
    }
}

fn number(option: &str, text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{option} needs a whole number, not '{text}'"))
}

fn options(arguments: &Arguments) -> Result<Options, String> {
    let pepper = match &arguments.pepper_file {
        Some(path) => path.clone(),
        None => std::env::var("YETT_PEPPER").map_err(|_| "a pepper is needed: --pepper-file or the variable YETT_PEPPER")?,
    };
    let mut options = Options::new(Secret::new(pepper));
    if !arguments.listen.is_empty() {
        options.listen = arguments.listen.iter().map(|address| address.as_str().into()).collect();
    }
    options.identity_keys = arguments.identity_keys.iter().map(|path| identity_key(path)).collect::<Result<_, _>>()?;
    options.secrets = arguments.secrets.as_deref().map(secrets).transpose()?.unwrap_or_default();
    options.telemetry.clone_from(&arguments.telemetry);
    options.workers = arguments.workers;
    options.access_log = arguments.access_log.clone().unwrap_or_else(|| "-".to_owned());
    options.tls = match (&arguments.certificate, &arguments.key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(Tls::pair(certificate, key)),
        _ => return Err("--tls-certificate and --tls-key go together".to_owned()),
    };
    Ok(options)
}

fn identity_key(path: &Path) -> Result<Secret, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("--identity-key {} cannot be read: {error}", path.display()))?;
    Ok(Secret::new(text))
}

/// The message never holds what was found.
fn secrets(path: &Path) -> Result<HashMap<String, Secret>, String> {
    let text = std::fs::read(path).map_err(|error| format!("--secrets {} cannot be read: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|_| format!("--secrets {} is no JSON object of strings", path.display()))
}

fn say(text: impl AsRef<str>) {
    // Nobody may be reading: that must not stop a gateway.
    let _ = writeln!(io::stderr(), "yett-gateway: {}", text.as_ref());
}

/// Says what was noticed, as a line of JSON.
fn tell(finding: &Finding) {
    say(serde_json::to_string(finding).unwrap_or_default());
}

/// Applies the file; says what is in force, or every mistake.
fn apply(gateway: &Gateway, path: &Path) -> Result<(), String> {
    let snapshot = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    match gateway.apply(&snapshot) {
        Ok(applied) => {
            say(format!("snapshot {} is in force", applied.digest.get(..16).unwrap_or_default()));
            Ok(())
        }
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| say(describe(path, mistake)));
            Err(format!("{} was refused: {} mistake(s)", path.display(), mistakes.len()))
        }
    }
}

/// Reads the certificate again; says what is in force.
fn renew(gateway: &Gateway) {
    match gateway.renew_tls(None) {
        Ok(true) => say("the renewed certificate is in force"),
        Ok(false) => {}
        Err(error) => say(format!("{error}; the old certificate keeps serving")),
    }
}

fn describe(path: &Path, mistake: &Diagnostic) -> String {
    let hint = if mistake.hint.is_empty() { String::new() } else { format!(" ({})", mistake.hint) };
    format!("{}{}: {}: {}{hint}", path.display(), mistake.path, mistake.code, mistake.message)
}

/// Serves until a signal ends it; `true` if no request was cut off.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let path = arguments.snapshot.as_deref().unwrap_or(Path::new(""));
    let gateway = Gateway::new(options(arguments)?).map_err(|error| error.to_string())?;
    apply(&gateway, path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| format!("signals cannot be received: {error}"))?;
    runtime.block_on(async {
        // Before the sockets are open: a signal must never find the default action in place.
        let mut signals = Signals::new().map_err(|error| format!("signals cannot be received: {error}"))?;
        let bound = gateway.start().map_err(|error| error.to_string())?;
        bound.listen.iter().for_each(|address| say(format!("listening on {address}")));
        bound.telemetry.iter().for_each(|address| say(format!("telemetry on {address}")));
        loop {
            match signals.next().await {
                Signal::Stop => break,
                Signal::Tick => {
                    gateway.findings(MOST_FINDINGS).iter().for_each(tell);
                    continue;
                }
                Signal::Reload => {}
            }
            match arguments.secrets.as_deref().map(secrets).transpose() {
                Ok(secrets) => secrets.iter().for_each(|secrets| gateway.renew_secrets(secrets)),
                Err(message) => say(format!("{message}; the old secrets stay in force")),
            }
            if let Err(message) = apply(&gateway, path) {
                say(format!("{message}; the old snapshot keeps serving"));
            }
            if arguments.certificate.is_some() {
                renew(&gateway);
            }
        }
        say("draining");
        let stopped = gateway.stop(Duration::from_secs(arguments.grace.unwrap_or(30)));
        let lost = gateway.stats().events_dropped;
        if lost > 0 {
            say(format!("{lost} event(s) were lost: the access log did not take them"));
        }
        say(format!("stopped, {} request(s) cut off", stopped.cut));
        Ok(stopped.cut == 0)
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Signal {
    Tick,
    Reload,
    Stop,
}

struct Signals {
    ticks: tokio::time::Interval,
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Ok(Self {
            ticks,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.ticks.tick() => Signal::Tick,
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
        }
    }
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Command::Run(arguments)) => arguments,
        Ok(Command::Show(text)) => {
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            say(format!("{message}; see yett-gateway --help"));
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            say(message);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Command, String> {
        parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let Ok(Command::Run(arguments)) = words("--listen a:1 --listen=b:2 --workers=3 snapshot.json") else { panic!() };
        assert_eq!(arguments.listen, ["a:1", "b:2"]);
        assert_eq!((arguments.workers, arguments.snapshot), (Some(3), Some("snapshot.json".into())));
    }

    #[test]
    fn wrong_use_is_explained() {
        for (line, expected) in [
            ("", "missing"),
            ("a b", "'b'"),
            ("--workers x a", "'x'"),
            ("--listen", "--listen needs"),
            ("--wat a", "--wat is no option"),
        ] {
            let message = words(line).unwrap_err();
            assert!(message.contains(expected), "{line}: {message}");
        }
    }

    #[test]
    fn every_option_is_in_the_help() {
        assert!(matches!(words("--help"), Ok(Command::Show(text)) if text.contains("--pepper-file")));
        assert!(matches!(words("--version"), Ok(Command::Show(text)) if text.starts_with("yett-gateway ")));
    }

    #[test]
    fn secrets_are_read_by_name_and_never_shown() {
        let path = std::env::temp_dir().join(format!("yett-secrets-{}", std::process::id()));
        std::fs::write(&path, r#"{"webhook:forge:0": "hush"}"#).unwrap();
        assert!(secrets(&path).unwrap().contains_key("webhook:forge:0"));
        std::fs::write(&path, r#"{"webhook:forge:0": ["hush"]}"#).unwrap();
        assert!(!secrets(&path).unwrap_err().contains("hush"));
        std::fs::remove_file(&path).unwrap();
        assert!(secrets(&path).unwrap_err().contains("cannot be read"));
    }
}
