//! The stage of the tests: an origin in the place of an API, a gateway before it, and callers that speak raw HTTP/1.
#![allow(unreachable_pub, reason = "a program has no outside")]

use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use yett_engine::Pepper;
use yett_model::Event;
use yett_proxy::{Gateway, Options, Secret};

/// Nothing in these tests takes this long unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);
const PEPPER: [u8; 32] = [0xab; 32];

/// A message as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Request or status line and fields, with their line ends.
    pub head: String,
    pub body: Vec<u8>,
    /// Number of the connection it came on, for requests.
    pub connection: usize,
}

impl Message {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// The value of a field; panics if there are several.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        let value = values.next();
        assert!(values.next().is_none(), "{name} is there twice in {}", self.head);
        value
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }
}

/// Reads a message, or says why there is none whole.
pub fn read_message(stream: &mut impl Read, answer_to_head: bool) -> Result<Message, String> {
    let head = read_until(stream, b"\r\n\r\n")?;
    let mut message = Message { head: String::from_utf8(head).unwrap(), ..Message::default() };
    if message.head.starts_with("HTTP/") && (answer_to_head || [100, 204, 304].contains(&message.status())) {
        return Ok(message);
    }
    if message.field("transfer-encoding").is_some() {
        loop {
            let line = String::from_utf8(read_until(stream, b"\r\n")?).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).map_err(|error| format!("{line:?}: {error}"))?;
            let chunk = read_exactly(stream, size + 2)?;
            message.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return Ok(message);
            }
        }
    }
    if let Some(length) = message.field("content-length") {
        message.body = read_exactly(stream, length.parse().unwrap())?;
    } else if message.head.starts_with("HTTP/") {
        stream.read_to_end(&mut message.body).map_err(|error| error.to_string())?;
    }
    Ok(message)
}

fn read_until(stream: &mut impl Read, end: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        bytes.extend(read_exactly(stream, 1).map_err(|error| format!("{error} after {:?}", String::from_utf8_lossy(&bytes)))?);
    }
    Ok(bytes)
}

fn read_exactly(stream: &mut impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "the connection ended".to_owned(),
        _ => error.to_string(),
    })?;
    Ok(bytes)
}

/// An origin: it hands what it reads to the test and answers as the test says.
pub struct Origin {
    pub address: SocketAddr,
    pub requests: Receiver<Message>,
}

impl Origin {
    /// `answer` gets each whole request and its connection, and says whether the connection goes on.
    pub fn start(answer: impl Fn(&Message, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let (sender, requests) = channel();
        let answer = Arc::new(answer);
        let address = Self::raw(move |number, mut stream| {
            attend(number, &mut stream, &sender, &*answer);
        });
        Self { address, requests }
    }

    /// An origin that says which request it got.
    pub fn echo() -> Self {
        Self::start(|request, stream| {
            let target = request.head.split(' ').nth(1).unwrap_or_default();
            let body = json!({"target": target, "length": request.body.len()}).to_string();
            reply(stream, "200 OK", "content-type: application/json\r\n", body.as_bytes())
        })
    }

    /// An origin that gets bare connections, each on a thread of its own.
    pub fn raw(attend: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let attend = Arc::new(attend);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let attend = attend.clone();
                std::thread::spawn(move || attend(number, stream.unwrap()));
            }
        });
        address
    }

    /// The next request that arrived.
    pub fn next(&self) -> Message {
        self.requests.recv_timeout(PATIENCE).expect("the origin got no request")
    }
}

fn attend(
    number: usize,
    stream: &mut TcpStream,
    requests: &Sender<Message>,
    answer: &(impl Fn(&Message, &mut TcpStream) -> bool + ?Sized),
) {
    while let Ok(mut request) = read_message(stream, false) {
        request.connection = number;
        let _ = requests.send(request.clone());
        if !answer(&request, stream) {
            return;
        }
    }
}

/// Writes an answer with its length; `true` if it could be written.
pub fn reply(stream: &mut TcpStream, status: &str, fields: &str, body: &[u8]) -> bool {
    let head = format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).is_ok()
}

/// A gateway under test.
pub struct Stage {
    pub gateway: Arc<Gateway>,
    pub address: SocketAddr,
    pub telemetry: SocketAddr,
}

/// Options of the tests: free ports, one worker, every event held.
pub fn options() -> Options {
    let mut options = Options::new(Secret::new("ab".repeat(32)));
    options.listen = vec!["127.0.0.1:0".into()];
    options.telemetry = Some("127.0.0.1:0".to_owned());
    options.workers = Some(1);
    options.event_capacity = 100_000;
    // The machine of a test may stop for a while: that is no reason to shed.
    options.overload.lag_ms = 60_000;
    options
}

impl Stage {
    pub fn start(options: Options, snapshot: &Value) -> Self {
        let gateway = Gateway::new(options).unwrap();
        gateway.apply(snapshot.to_string().as_bytes()).unwrap();
        let bound = gateway.start().unwrap();
        Self { gateway: Arc::new(gateway), address: bound.listen[0], telemetry: bound.telemetry.unwrap() }
    }

    /// A gateway with the test's API before an origin.
    pub fn before(origin: SocketAddr) -> Self {
        Self::start(options(), &snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]})))
    }

    /// The same, where what the contract does not have is refused.
    pub fn strictly_before(origin: SocketAddr) -> Self {
        let mut strict = snapshot(&json!({"targets": [{"url": format!("http://{origin}/v1")}]}));
        strict["apis"][0]["guards"]["contract"]["mode"] = json!("enforce");
        Self::start(options(), &strict)
    }

    pub fn caller(&self) -> Caller {
        Caller::connect(self.address)
    }

    /// Sends one request on a connection of its own and reads the answer.
    pub fn ask(&self, request: &str) -> Message {
        let mut caller = self.caller();
        caller.send(request);
        caller.read().unwrap()
    }

    /// A page of the telemetry listener.
    pub fn telemetry(&self, path: &str) -> Message {
        let mut caller = Caller::connect(self.telemetry);
        caller.send(get(path));
        caller.read().unwrap()
    }

    /// Stops the gateway and gives its events.
    pub fn finish(self) -> Vec<Event> {
        self.gateway.stop(PATIENCE);
        self.events()
    }

    /// The events that the host gets.
    pub fn events(&self) -> Vec<Event> {
        self.gateway.events(usize::MAX).iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

/// One connection to the gateway.
pub struct Caller {
    pub stream: TcpStream,
}

impl Caller {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub fn read(&mut self) -> Result<Message, String> {
        read_message(&mut self.stream, false)
    }

    /// Everything until the gateway closes.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => bytes,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
            Err(error) => panic!("the gateway did not close: {error}"),
        }
    }
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: shop.example\r\n\r\n")
}

pub fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: shop.example\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// A snapshot with one API: public operations, one that needs a key, no guards.
pub fn snapshot(upstream: &Value) -> Value {
    let key = api_key();
    let credential = |app: &str, key: &str| json!({"id": app, "app": app, "prefix": key[..18], "hash": hex(&Pepper::new(&PEPPER).unwrap().hash(key))});
    let public = |id: &str, method: &str, path: &str| json!({"id": id, "method": method, "path": path, "public": true});
    json!({
        "format": 1,
        "pepper_id": Pepper::new(&PEPPER).unwrap().id(),
        "apis": [{
            "name": "shop", "version": "1.0.0", "base_path": "/shop", "upstream": upstream,
            "identify": {"api_key": {"header": "x-api-key"}},
            "guards": {"contract": {"mode": "off", "responses": "off"}, "limits": {"mode": "off"}, "injection": {"mode": "off"}},
            "operations": [
                public("shop:list", "GET", "/books"),
                public("shop:head", "HEAD", "/books"),
                public("shop:add", "POST", "/books"),
                public("shop:put", "PUT", "/books/{id}"),
                {"id": "shop:secret", "method": "GET", "path": "/secret"},
            ],
        }],
        "profiles": [{"name": "reader", "operations": ["shop:secret"]}],
        "apps": [{"name": "reader", "team": "t", "profiles": ["reader"]}, {"name": "stranger", "team": "t"}],
        "credentials": [credential("reader", &key), credential("stranger", &strange_key())],
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of the app that may read the secret.
pub fn api_key() -> String {
    key_of('A')
}

/// The key of an app that may not.
pub fn strange_key() -> String {
    key_of('B')
}

fn key_of(letter: char) -> String {
    const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let body = format!("yett_test_{}", letter.to_string().repeat(40));
    let crc = !body.bytes().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let digits = (0..6).rev().map(|place| char::from(BASE62[(crc / 62u32.pow(place) % 62) as usize]));
    format!("{body}_{}", digits.collect::<String>())
}
