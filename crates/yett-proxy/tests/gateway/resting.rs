//! Connections that are idle for long give back the room that requests need, and are as good as any when one comes.

use crate::common::{Caller, Origin, PATIENCE, Stage, get, options};
use crate::secure::{Authority, BOTH, Folder, Secured, client, secure, stage};
use std::sync::Arc;
use std::time::{Duration, Instant};
use yett_proxy::Tls;

/// Longer than a connection takes to give back its room, ticks of the worker included.
const LONG: Duration = Duration::from_millis(1_300);

/// Lets time pass, of which a connection has nothing.
fn pass(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ask(caller: &mut Caller) {
    caller.send(get("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 200);
}

#[test]
fn a_connection_that_rested_serves_its_next_requests_however_they_are_cut() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut callers: Vec<Caller> = (0..3).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(ask);
    for _ in 0..2 {
        pass(LONG);
        for caller in &mut callers {
            get("/shop/books").bytes().for_each(|byte| caller.send([byte]));
            assert_eq!(caller.read().unwrap().status(), 200);
            caller.send([get("/shop/books"), get("/shop/books?second")].concat());
            assert_eq!((caller.read().unwrap().status(), caller.read().unwrap().status()), (200, 200));
        }
    }
    pass(LONG);
    // What is refused without hyper knowing is refused after a rest too.
    callers[0].send("GET /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n");
    assert!(callers[0].read_to_end().starts_with(b"HTTP/1.1 400"));
    callers[1].send("nonsense\r\n\r\n");
    assert!(callers[1].read_to_end().starts_with(b"HTTP/1.1 400"));
    drop(callers);
    assert_eq!(stage.finish().len(), 3 + 2 * 3 * 3 + 2);
}

#[test]
fn a_session_that_rested_goes_on() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("resting"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let stage = stage(&origin, secure(Tls { certificates: vec![pair], ..Tls::default() }));
    let stream = std::net::TcpStream::connect(stage.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut caller = Secured::over(stream, "a.example", &Arc::new(client(&authority, None, BOTH)));
    for _ in 0..3 {
        assert_eq!(caller.ask("a.example").unwrap().status(), 200);
        pass(LONG);
    }
}

#[test]
fn a_connection_that_rests_ends_with_the_idle_timeout() {
    let origin = Origin::echo();
    let mut options = options();
    options.idle_timeout_ms = 1_500;
    let stage = stage(&origin, options);
    let mut caller = stage.caller();
    ask(&mut caller);
    assert_eq!(caller.read_to_end(), b"");
    assert!(stage.telemetry("/metrics").text().contains("yett_callers_cut_total{cause=\"idle\"} 1"));
}

#[test]
fn draining_ends_connections_that_rest() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    ask(&mut caller);
    pass(LONG);
    let began = Instant::now();
    assert_eq!(stage.gateway.stop(PATIENCE).cut, 0);
    assert_eq!(caller.read_to_end(), b"");
    assert!(began.elapsed() < PATIENCE / 2);
}
